"""Intervals for two samples that have no luck in common: other seeds, or other numbers of draws.

Each sample keeps its own draws, and so its own units. Errors are added as variances; the quantile
is Student's on the degrees of freedom of Welch and Satterthwaite (B. L. Welch, Biometrika 34:28,
1947), taken over units: of two samples the one that is known worse decides.
"""

from dataclasses import dataclass

import numpy as np

from propagation.experiment.intervals import (
    Floats,
    Integers,
    Interval,
    Moments,
    around,
    moments,
    resampled_ratio,
    resampled_sums,
    student_quantile,
    wilson,
)


@dataclass(frozen=True)
class Spread:
    """How an estimate varies: standard error, skewness, and the units that both rest on."""

    error: float
    skewness: float
    units: float


def difference_interval(ours: Moments, theirs: Moments, comparisons: int = 1) -> Interval:
    """Return the interval of the mean of ours less that of theirs."""
    if not ours.count or not theirs.count:
        return Interval()
    mean = ours.mean - theirs.mean
    if min(ours.units, theirs.units) < 2:
        return Interval(mean)
    found = spread_of_difference(_spread(ours), _spread(theirs))
    reach = student_quantile(comparisons, found.units)
    return around(mean, found.error, found.skewness, reach)


def spread_of_difference(ours: Spread, theirs: Spread) -> Spread:
    """Return how the difference of two independent estimates varies."""
    variance = ours.error**2 + theirs.error**2
    if variance == 0:
        return Spread(0.0, 0.0, min(ours.units, theirs.units))
    cubes = ours.skewness * ours.error**3 - theirs.skewness * theirs.error**3
    parts = [(each.error**2 / variance) ** 2 / (each.units - 1) for each in (ours, theirs)]
    return Spread(float(np.sqrt(variance)), cubes / variance**1.5, 1 + 1 / sum(parts))


def ratio_of_means(
    ours: Floats,
    draw_of_ours: Integers,
    theirs: Floats,
    draw_of_theirs: Integers,
    rng: np.random.Generator,
    comparisons: int = 1,
) -> Interval:
    """Return the interval of mean(ours) / mean(theirs).

    Each sample is resampled on its own; the rest is done as with pairs. There is no interval
    where that of theirs touches 0.

    Parameters
    ----------
    ours, theirs
        Non-negative values (runs,), NaN where undefined.
    draw_of_ours, draw_of_theirs
        The draw of each run (runs,).
    """
    above, below = moments(ours, draw_of_ours), moments(theirs, draw_of_theirs)
    low = below.interval(comparisons).low
    if not above.count or low is None or low <= 0:
        return Interval()
    ratio = above.mean / below.mean
    if ratio == 0 or above.units < 2:
        return Interval(ratio, ratio, ratio) if above.units > 1 else Interval(ratio)
    found = spread_of_difference(_spread(above, above.mean), _spread(below, below.mean))
    ups = _resampled(ours, draw_of_ours, rng) / above.mean
    downs = _resampled(theirs, draw_of_theirs, rng) / below.mean
    seen = float((ups - downs).std())
    if seen == 0:
        return Interval(ratio, ratio, ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = ups / downs
    stretch = found.error / seen
    return resampled_ratio(ratio, factor, stretch, found.skewness, found.units, comparisons)


def chance_of_more(
    ours: Floats,
    draw_of_ours: Integers,
    theirs: Floats,
    draw_of_theirs: Integers,
    comparisons: int = 1,
) -> Interval:
    """Return the chance that one of ours is larger than one of theirs, ties counted half.

    Over all pairs of runs, each of which is placed in the other sample; the error is that of the
    mean place in either (DeLong et al., Biometrics 44:837, 1988), by draws, and the interval
    Wilson's with as many cases as would be as informative.
    """
    defined, others = np.isfinite(ours), np.isfinite(theirs)
    ours, theirs = ours[defined], theirs[others]
    if not len(ours) or not len(theirs):
        return Interval()
    above = moments(_share_below(ours, theirs), draw_of_ours[defined])
    below = moments(_share_below(theirs, ours), draw_of_theirs[others])
    if min(above.units, below.units) < 2:
        return Interval(above.mean)
    found = spread_of_difference(_spread(above), _spread(below))
    binomial = above.mean * (1 - above.mean)
    certain = min(above.count, below.count)  # nothing varies: as with pairs, runs are counted
    cases = binomial / found.error**2 if found.error > 0 else certain
    return wilson(above.mean, cases, student_quantile(comparisons, found.units))


def _spread(found: Moments, scale: float = 1.0) -> Spread:
    return Spread(found.error / scale, found.skewness, found.units)


def _resampled(values: Floats, draw: Integers, rng: np.random.Generator) -> Floats:
    """Return the mean of the defined values in each resampled world."""
    defined = np.isfinite(values)
    columns = np.column_stack([values[defined], np.ones(np.count_nonzero(defined))])
    sums = resampled_sums(columns, draw[defined], rng)
    means: Floats = sums[:, 0] / sums[:, 1]
    return means


def _share_below(values: Floats, others: Floats) -> Floats:
    """Return, for each value, the share of the others that are smaller, ties counted half."""
    ordered = np.sort(others)
    sides = [np.searchsorted(ordered, values, side) for side in ("left", "right")]
    shares: Floats = (sides[0] + sides[1]) / 2 / len(others)
    return shares
