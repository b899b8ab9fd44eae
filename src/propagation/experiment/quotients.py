"""Cost per reach: a ratio of two means over the same runs, its interval and its comparison.

A mean of the ratios of single runs would be another number, pulled up by runs that reach hardly
anybody and undefined in those that reach nobody. The ratio of means says what is paid in all for
each account reached in all.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from propagation.experiment.intervals import (
    Floats,
    Integers,
    Interval,
    moments,
    ratio_interval,
    resampled_ratio,
    resampled_sums,
)
from propagation.experiment.summary import Outcome
from propagation.luck import Purpose, stem
from propagation.scenario.comparing import COST_PER

DEAREST = float(np.finfo(np.float64).max)
"""Stands for the cost per reach of a run that reaches nobody, in comparisons of single runs."""


@dataclass(frozen=True)
class Quotient:
    """Cost and reach of the runs of a strategy, both (replicates,); ``divisor`` names the reach."""

    cost: Floats
    reach: Floats
    divisor: str

    @property
    def is_defined(self) -> bool:
        """Whether any run reaches anybody."""
        return bool(self.reach.sum() > 0)

    def per_run(self) -> Floats:
        """Return the cost per reach of each run, NaN where nobody is reached."""
        reached = self.reach > 0
        return np.where(reached, self.cost / np.where(reached, self.reach, 1.0), np.nan)

    def ranked(self) -> Floats:
        """Return the same with runs that reach nobody as the dearest of all."""
        return np.nan_to_num(self.per_run(), nan=DEAREST)

    def linear(self) -> Floats:
        """Return values whose mean is the ratio of means, and varies as it does (delta method).

        NaN if no run reaches anybody.
        """
        if not self.is_defined:
            return np.full(len(self.reach), np.nan)
        ratio, mean = self.cost.sum() / self.reach.sum(), self.reach.mean()
        return np.asarray(ratio + (self.cost - ratio * self.reach) / mean)

    def first(self, count: int) -> "Quotient":
        """Return the first ``count`` replicates."""
        return Quotient(self.cost[:count], self.reach[:count], self.divisor)

    def sums(self, draw: Integers, seed: int) -> Floats:
        """Return the sums of cost and reach in resampled worlds: (RESAMPLES, 2)."""
        rng = np.random.Generator(np.random.Philox(key=int(stem(seed, Purpose.BOOTSTRAP))))
        return resampled_sums(np.stack([self.cost, self.reach], axis=1), draw, rng)

    def interval(self, draw: Integers, seed: int, comparisons: int = 1) -> Interval:
        """Return the ratio of means, without limits where too few runs reach anybody."""
        sums = self.sums(draw, seed)
        if sums[:, 1].min() <= 0:
            return Interval(float(self.cost.sum() / self.reach.sum()))
        return ratio_interval(self.cost, self.reach, draw, sums, comparisons)


def quotient_of(metric: str, runs: Mapping[str, Floats]) -> Quotient | None:
    """Return the two parts of a metric that is a cost per reach, else None."""
    divisor: str | None = next((each for name, each in COST_PER.items() if name == metric), None)
    return None if divisor is None else Quotient(runs["cost"], runs[divisor], divisor)


def precisely(metric: str, runs: Mapping[str, Floats]) -> Floats:
    """Return values (replicates,) whose mean is that of a metric and varies as it does."""
    found = quotient_of(metric, runs)
    return runs[metric] if found is None else found.linear()


def quotient_outcome(found: Quotient, draw: Integers, seed: int, *, heavy: bool) -> Outcome:
    """Summarise a cost per reach: the ratio of means over all runs, quantiles of those defined.

    ``heavy``: the tails of cost or reach are, so that no interval is claimed.
    """
    if not found.is_defined:
        return Outcome(None, None, None, None, None, None, 0)
    defined = found.per_run()
    defined = defined[np.isfinite(defined)]
    p10, median, p90 = map(float, np.quantile(defined, [0.1, 0.5, 0.9]))
    interval = Interval(float(found.cost.sum() / found.reach.sum()))
    if not heavy:
        interval = found.interval(draw, seed)
    return Outcome(
        interval.mean, interval.low, interval.high, median, p10, p90, len(defined), heavy
    )


def quotients_ratio(
    ours: Quotient, theirs: Quotient, draw: Integers, seed: int, comparisons: int
) -> Interval:
    """Return how many times as dear ours is as theirs, over the same resampled replicates.

    Without an interval where theirs costs nothing, or a resampled world reaches nobody.
    """
    parts = (ours.cost, theirs.reach, theirs.cost, ours.reach)
    totals = [float(part.sum()) for part in parts]
    if min(totals[1:]) <= 0:
        return Interval()
    ratio = totals[0] * totals[1] / (totals[2] * totals[3])
    if ratio == 0:
        return Interval(0.0, 0.0, 0.0)
    sums = np.concatenate([ours.sums(draw, seed), theirs.sums(draw, seed)], axis=1)
    above_ours, below_ours, above_theirs, below_theirs = sums.T
    if min(below_ours.min(), above_theirs.min()) <= 0:
        return Interval()
    signs = (1, 1, -1, -1)
    pieces = list(zip(signs, parts, totals, strict=True))
    relative = np.sum([sign * part / total for sign, part, total in pieces], axis=0)
    found = moments(relative * len(relative), draw)
    resampled = (above_ours, below_theirs, above_theirs, below_ours)
    linear = np.sum(
        [sign * each / total for (sign, _, total), each in zip(pieces, resampled, strict=True)],
        axis=0,
    )
    if found.units < 2 or linear.std() == 0:
        return Interval(ratio, ratio, ratio) if found.units > 1 else Interval(ratio)
    factor = above_ours * below_theirs / (above_theirs * below_ours) / ratio
    stretch = found.error / float(linear.std())
    return resampled_ratio(ratio, factor, stretch, found.skewness, found.units, comparisons)


def quotients_difference(
    ours: Quotient,
    theirs: Quotient,
    draws: tuple[Integers, Integers],
    seed: int,
    comparisons: int,
    *,
    paired: bool = True,
) -> Interval:
    """Return how much dearer ours is than theirs, from the limits of each.

    Notes
    -----
    Each side of the difference is as far from it as the limits of the two that lead there are from
    them, added as errors are with the correlation of the two (MOVER: Zou & Donner, Statistics in
    Medicine 27:1693, 2008). A cost per reach of few reached is skewed, with limits that are not
    below 0; the linear values, which serve means, would not know.
    """
    if not (ours.is_defined and theirs.is_defined):
        return Interval()
    one, other = (
        each.interval(draw, seed, comparisons)
        for each, draw in zip((ours, theirs), draws, strict=True)
    )
    assert one.mean is not None
    assert other.mean is not None
    found = one.mean - other.mean
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return Interval(found)
    shared = _correlation(ours, theirs, draws[0]) if paired else 0.0

    def together(first: float, second: float) -> float:
        square = first**2 + second**2 - 2 * shared * first * second
        return float(np.sqrt(max(0.0, square)))

    low = found - together(one.mean - one.low, other.high - other.mean)
    high = found + together(one.high - one.mean, other.mean - other.low)
    return Interval(found, low, high)


def _correlation(ours: Quotient, theirs: Quotient, draw: Integers) -> float:
    """Return the correlation of the two ratios of means."""
    first, second = ours.linear(), theirs.linear()
    errors = [moments(each, draw).error for each in (first, second, first - second)]
    if min(errors[:2]) == 0:
        return 0.0
    shared = (errors[0] ** 2 + errors[1] ** 2 - errors[2] ** 2) / (2 * errors[0] * errors[1])
    return min(1.0, max(-1.0, shared))
