"""What a reader must be warned of before trusting a comparison."""

from collections.abc import Iterator, Mapping

import numpy as np

from propagation.experiment.intervals import Floats, Integers
from propagation.experiment.phrases import counted, listed, phrase, share
from propagation.experiment.tails import enough, lacks_giants, shows_giants, top_share
from propagation.scenario.comparing import COST_PER
from propagation.spread.expected import Expected

FEWEST_REPLICATES = 100
FEWEST_DRAWS = 5


def cautions(
    runs: Mapping[str, Mapping[str, Floats]],
    draw: Integers,
    metric: str,
    expected: Mapping[str, Mapping[str, Expected]],
) -> Iterator[str]:
    """Say what keeps the runs (strategy, metric, values) from supporting the statement.

    ``expected`` (strategy, metric) is what theory expects, where it expects anything.
    """
    replicates, draws = len(draw), len(np.unique(draw))
    if replicates < FEWEST_REPLICATES:
        yield (
            f"Only {counted(replicates, 'replicate')}: too few to support the statement. "
            f"Run at least {FEWEST_REPLICATES}."
        )
    if 1 < draws < FEWEST_DRAWS:
        yield (
            f"Only {draws} draws: the intervals rest on {draws} worlds and are wide for that "
            f"reason. Use at least {FEWEST_DRAWS}, better 10."
        )
    for strategy, metrics in runs.items():
        defined = int(np.isfinite(metrics[metric]).sum())
        if defined < replicates and metric in COST_PER:
            yield (
                f"{counted(replicates - defined, 'campaign')} of {strategy} reached nobody who "
                f"counts in {phrase(metric).label}: their cost is in the mean, and in the chance "
                "to do better they are the dearest."
            )
        elif defined < replicates:
            yield (
                f"{phrase(metric).label} of {strategy} is defined in {defined:,} of "
                f"{counted(replicates, 'replicate')}; the comparison says nothing of the others."
            )
        yield from _seen(strategy, metrics)
        yield from _unseen(strategy, metrics, draw, expected.get(strategy, {}))


def _seen(strategy: str, metrics: Mapping[str, Floats]) -> Iterator[str]:
    heavy = [
        f"{phrase(name).label} ({share(top_share(values))})"
        for name, values in metrics.items()
        if shows_giants(values)
    ]
    if heavy:
        yield (
            f"Heavy tails in {strategy}: the top 1% of runs hold over a quarter of the total of "
            f"{listed(heavy)}. No interval of these means is claimed: use the medians."
        )


def _unseen(
    strategy: str,
    metrics: Mapping[str, Floats],
    draw: Integers,
    expected: Mapping[str, Expected],
) -> Iterator[str]:
    """Warn of giants that the runs need not have met, unless they have."""
    found = [
        name
        for name, values in metrics.items()
        if lacks_giants(values, draw, expected.get(name)) and not shows_giants(values)
    ]
    if found:
        needed = {name: enough(metrics[name], draw, expected[name]) for name in found}
        advice = sorted(filter(None, needed.values()), key=len)
        yield (
            f"Heavy tails in {strategy}: theory expects rare campaigns, or worlds, that are far "
            f"above all others, and {counted(len(draw), 'replicate')} are too few to count on "
            "having met them. No interval of the mean is claimed for "
            f"{listed([phrase(name).label for name in found])}: use the medians"
            f"{f', or {advice[-1]}' if advice else ''}."
        )
