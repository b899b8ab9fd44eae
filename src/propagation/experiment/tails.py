"""Heavy tails: where a few runs hold so much of the total that no interval of a mean is claimed.

There medians and chances to reach a level are told instead. The runs themselves may show it. Where
they happen to hold no giant they cannot, so what theory expects of them is asked as well.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from propagation.experiment.intervals import Floats, Integers, Interval, chance_interval
from propagation.experiment.phrases import (
    counted,
    number,
    phrase,
    plural,
    range_decimals,
    roughly,
    share_with_interval,
)
from propagation.experiment.summary import Difference, Outcome, Standing
from propagation.spread.expected import Expected

HEAVY = 0.25
"""Share of the total in the top 1% of runs beyond which a mean's interval is not trusted."""
MOST_SKEWED = 0.4
"""Expected skewness of a mean over the runs beyond which its interval is not trusted: the largest
at which it covered the mean of heavy-tailed cascades well enough (docs/statistics.md)."""
FEWEST_TO_TELL = 100
"""Runs below which the top 1% is less than one run, and says nothing of a tail."""


@dataclass(frozen=True)
class Level:
    """A level of the compared metric, and each strategy's chance to reach it."""

    level: float
    chances: Mapping[str, Interval]

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds."""
        chances = {name: found.as_dict() for name, found in self.chances.items()}
        return {"level": self.level, "strategies": chances}


def top_share(values: Floats) -> float:
    """Return the share of the total that the top 1% of the defined runs hold."""
    ordered = np.sort(values[np.isfinite(values)])
    total = ordered.sum()
    return float(ordered[-max(1, len(ordered) // 100) :].sum() / total) if total > 0 else 0.0


def is_heavy(values: Floats, draw: Integers, expected: Expected | None = None) -> bool:
    """Whether no interval of the mean of the runs (replicates,) is to be trusted.

    ``expected`` is what theory expects of them, if it expects anything.
    """
    return shows_giants(values) or lacks_giants(values, draw, expected)


def shows_giants(values: Floats) -> bool:
    """Whether the top 1% of the runs (replicates,) hold over a quarter of the total."""
    return _defined(values) >= FEWEST_TO_TELL and top_share(values) > HEAVY


def lacks_giants(
    values: Floats, draw: Integers, expected: Expected | None, runs: int | None = None
) -> bool:
    """Whether the runs (replicates,) are too few for outcomes as skewed as theory expects.

    ``runs`` asks the same of so many runs of the same draws.
    """
    defined = values[np.isfinite(values)]
    if expected is None or len(defined) < 2:
        return False
    draws, seen = len(np.unique(draw)), float(defined.var())
    return expected.skewness(runs or len(defined), draws, seen) > MOST_SKEWED


def enough(values: Floats, draw: Integers, expected: Expected) -> str:
    """Say roughly how many runs, or worlds, a mean needs for its interval to be trusted."""
    defined = values[np.isfinite(values)]
    draws, seen = len(np.unique(draw)), float(defined.var())
    for runs in np.geomspace(len(defined), 1e9, 400):
        if expected.skewness(int(runs), draws, seen) <= MOST_SKEWED:
            return f"about {roughly(runs)} replicates"
    each = len(defined) / draws
    for more in np.geomspace(draws, 1e7, 400):
        if expected.skewness(int(more * each), int(more), seen) <= MOST_SKEWED:
            return f"about {roughly(more)} draws of {counted(round(each), 'replicate')} each"
    return ""


def _defined(values: Floats) -> int:
    return int(np.isfinite(values).sum())


def levels(
    values: Mapping[str, Floats], draw: Integers, asked: Sequence[float] | None
) -> tuple[Level, ...]:
    """Return the chances to reach the levels asked for, or two round ones.

    Those lie near the median and the 90% quantile of the runs of all strategies. Intervals are
    Wilson's, as of every chance here.
    """
    if asked is None:
        asked = round_levels(list(values.values()))
    return tuple(
        Level(
            level,
            {
                name: chance_interval(np.where(np.isfinite(each), each >= level, np.nan), draw)
                for name, each in values.items()
            },
        )
        for level in asked
    )


def round_levels(values: Sequence[Floats]) -> list[float]:
    """Return two round levels near the median and the 90% quantile of all runs, or fewer."""
    pooled = np.concatenate([each[np.isfinite(each)] for each in values])
    near = np.quantile(pooled, [0.5, 0.9]) if len(pooled) else np.empty(0)
    return sorted({_round(float(one)) for one in near if one > 0})


def _round(value: float) -> float:
    """Return the nearest of 1, 2, 5, 10, 20, ... on a logarithmic scale."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = [power * one for one in (1.0, 2.0, 5.0, 10.0)]
    return min(steps, key=lambda step: abs(math.log(value / step)))


def level_sentences(metric: str, found: Sequence[Level], names: Sequence[str]) -> Iterator[str]:
    """Say in how many campaigns each strategy reaches a level."""
    for each in found:
        chances = ", ".join(
            f"{name} in {share_with_interval(each.chances[name])}"
            for name in names
            if each.chances[name].mean is not None
        )
        yield f"At least {each.level:,g} in {phrase(metric).label}: {chances} of campaigns."


def _of_some_runs(metric: str, outcomes: Mapping[str, Outcome], runs: int) -> Iterator[str]:
    """Say of which runs the medians are, where a metric is undefined in others."""
    some = [
        f"{name} in {found.defined:,}" for name, found in outcomes.items() if found.defined < runs
    ]
    if some:
        yield (
            f"Only runs count here in which there is a {phrase(metric).label}: of {runs:,}, "
            f"{', '.join(some)}."
        )


def medians_first(
    metric: str, baseline: str, outcomes: Mapping[str, Outcome], compared: Sequence[Difference]
) -> Iterator[str]:
    """Say medians, and how surely one strategy does better, where no mean is claimed."""
    said = []
    for name, found in outcomes.items():
        if found.median is None or found.p10 is None or found.p90 is None:
            continue
        shown = number(found.median, range_decimals(found.p10, found.p90))
        said.append(f"{name} {plural(phrase(metric).does, shown)}")
    if said:
        yield f"In the median campaign {', '.join(said)}."
    yield from _of_some_runs(metric, outcomes, max(each.of for each in compared) if compared else 0)
    for each in compared:
        pair, chance = f"{each.strategy} does better than {baseline}", each.probability_better
        if chance.mean is None:
            yield f"Whether {pair}: there is nothing to compare."
            continue
        told = f"it did in {share_with_interval(chance)} of paired campaigns"
        if each.standing is Standing.BETTER:
            yield f"{each.strategy} does better than {baseline} more often than not: {told}."
        elif each.standing is Standing.WORSE:
            yield f"The claim that {pair} fails here: {told}."
        else:
            yield f"Whether {pair} is not settled: {told}."
    yield (
        "A few campaigns hold much of the total, or may: so means are not given, for their "
        "intervals could not be trusted."
    )
