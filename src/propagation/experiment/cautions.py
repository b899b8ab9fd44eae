"""What a reader must be warned of before trusting a comparison."""

from collections.abc import Iterator, Mapping

import numpy as np

from propagation.experiment.intervals import Floats, Integers
from propagation.experiment.phrases import counted, listed, phrase, share
from propagation.experiment.tails import HEAVY, top_share

FEWEST_REPLICATES = 100
FEWEST_DRAWS = 5


def cautions(
    runs: Mapping[str, Mapping[str, Floats]], draw: Integers, metric: str
) -> Iterator[str]:
    """Say what keeps the runs (strategy, metric, values) from supporting the statement."""
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
        if defined < replicates:
            yield (
                f"{phrase(metric).label} of {strategy} is defined in {defined:,} of "
                f"{counted(replicates, 'replicate')}; the comparison says nothing of the others."
            )
        if replicates >= FEWEST_REPLICATES:
            yield from _heavy(strategy, metrics)


def _heavy(strategy: str, metrics: Mapping[str, Floats]) -> Iterator[str]:
    held = {name: top_share(values) for name, values in metrics.items()}
    heavy = [f"{phrase(n).label} ({share(s)})" for n, s in held.items() if s > HEAVY]
    if heavy:
        yield (
            f"Heavy tails in {strategy}: the top 1% of runs hold over a quarter of the total of "
            f"{listed(heavy)}. No interval of these means is claimed: use the medians."
        )
