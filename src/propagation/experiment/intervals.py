"""Intervals for means, ratios and chances over runs, some of which share a drawn world.

The *unit* is what was sampled independently: the replicate where there is one draw, the draw where
there are several. A mean's interval is Student's, on units - 1 degrees of freedom, widened where
Hall's monotone cubic transformation (J. R. Statist. Soc. B 54:221, 1992) says that skewness calls
for it: cascade sizes are skewed, and the plain interval lies below the mean far too often. It is
never narrowed, because the skewness is an estimate, and of a difference between skewed outcomes a
bad one (docs/statistics.md has the coverage measured).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CONFIDENCE = 0.95
RESAMPLES = 2000
MOST_BLOCKS = 2000
AT_ONCE = 500
"""Resampled worlds held in memory at a time."""


@dataclass(frozen=True)
class Interval:
    """A value called ``mean`` and the interval it is in; None where nothing can be said."""

    mean: float | None = None
    low: float | None = None
    high: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """Return what ``summary.json`` holds."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Moments:
    """The mean of ``count`` runs and how it varies.

    ``error`` is the standard error of the mean, ``within_error`` the part of it that more
    replicates of the same ``draws`` would reduce, ``skewness`` that of the mean's distribution.
    """

    count: int
    draws: int
    mean: float
    error: float
    within_error: float
    skewness: float

    @property
    def units(self) -> int:
        """How many were sampled independently: draws, or the replicates of a single draw."""
        return self.draws if self.draws > 1 else self.count

    @property
    def between_variance(self) -> float:
        """The part of the mean's variance that only more draws would reduce."""
        return max(0.0, self.error**2 - self.within_error**2)

    def interval(self, comparisons: int = 1) -> Interval:
        """Return the mean's interval, one of ``comparisons`` that hold together."""
        if self.units < 2:
            return Interval(self.mean if self.count else None)
        return around(
            self.mean, self.error, self.skewness, student_quantile(comparisons, self.units)
        )


@dataclass(frozen=True)
class Grouping:
    """Which runs belong to which draw: ``group`` (runs,) counts the draws that occur from 0."""

    group: Integers
    sizes: Integers

    @classmethod
    def of(cls, draw: Integers) -> "Grouping":
        """Return the grouping of runs (runs,) by the draw each used."""
        _, group, sizes = np.unique(draw, return_inverse=True, return_counts=True)
        return cls(group.astype(np.int64), sizes.astype(np.int64))

    def sums(self, values: Floats) -> Floats:
        """Return the sum of ``values`` (runs,) in each draw."""
        return np.bincount(self.group, values, len(self.sizes)).astype(np.float64)


def moments(values: Floats, draw: Integers) -> Moments:
    """Return the moments of the mean of the defined (finite) ``values``, each from its ``draw``."""
    defined = np.isfinite(values)
    values = values[defined]
    grouping = Grouping.of(draw[defined])
    count, groups = len(values), len(grouping.sizes)
    if count == 0:
        return Moments(0, 0, float("nan"), 0.0, 0.0, 0.0)
    shifted = values - values[0]  # so that equal values vary by exactly 0
    within = parts = (shifted - shifted.mean()) / count
    if groups > 1:
        parts = grouping.sums(parts)
        within = within - (parts / grouping.sizes)[grouping.group]
    within_variance = float(np.square(within).sum()) * count / max(1, count - groups)
    variance = float(np.square(parts).sum()) * len(parts) / max(1, len(parts) - 1)
    # By luck the draws' means may vary less than replicates alone make them vary.
    error = float(np.sqrt(max(variance, within_variance)))
    skewness = float((np.square(parts) * parts).sum()) / error**3 if error > 0 else 0.0
    mean = float(values[0] + shifted.mean())
    return Moments(count, groups, mean, error, float(np.sqrt(within_variance)), skewness)


def mean_interval(values: Floats, draw: Integers, comparisons: int = 1) -> Interval:
    """Return the interval of the mean of the defined values."""
    return moments(values, draw).interval(comparisons)


def around(mean: float, error: float, skewness: float, reach: float) -> Interval:
    """Return a mean's interval: ``reach`` errors to each side, more where skewness asks for it."""
    down = max(reach, unskewed(reach, skewness))
    up = max(reach, -unskewed(-reach, skewness))
    return Interval(mean, mean - down * error, mean + up * error)


def student_quantile(comparisons: int, units: float) -> float:
    """Return the two-sided Student quantile, split evenly over ``comparisons`` (Bonferroni)."""
    return float(special.stdtrit(units - 1, 1 - (1 - CONFIDENCE) / 2 / comparisons))


def normal_quantile(comparisons: int) -> float:
    """Return the two-sided normal quantile, split evenly over ``comparisons`` (Bonferroni)."""
    return float(special.ndtri(1 - (1 - CONFIDENCE) / 2 / comparisons))


def unskewed(reach: float, skewness: float) -> float:
    """Return the studentised mean that Hall's transformation takes to ``reach``.

    The inverse of ``t + a t**2 / 3 + a**2 t**3 / 27 + a / 6`` with a the mean's skewness.
    """
    if abs(skewness) < 1e-6:
        return reach
    cube = 1 + skewness * (reach - skewness / 6)
    return float(3 / skewness * (np.cbrt(cube) - 1))


def wilson(share: float, count: float, quantile: float) -> Interval:
    """Return Wilson's interval of a share seen in ``count`` independent cases."""
    spread = quantile**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = quantile / (1 + spread) * np.sqrt(share * (1 - share) / count + spread / (4 * count))
    return Interval(share, max(0.0, float(middle - half)), min(1.0, float(middle + half)))


def chance_interval(outcomes: Floats, draw: Integers, comparisons: int = 1) -> Interval:
    """Return the interval of a chance from ``outcomes`` of 0, 1/2 (a tie) or 1 in each replicate.

    Wilson's, with the number of replicates reduced to those that would be as informative if
    each were in a world of its own (Korn & Graubard, Survey Methodology 24:193, 1998).
    """
    found = moments(outcomes, draw)
    if found.units < 2:
        return Interval(found.mean if found.count else None)
    share, binomial = found.mean, found.mean * (1 - found.mean)
    informative = binomial / found.error**2 if found.error > 0 else float(found.count)
    return wilson(share, informative, student_quantile(comparisons, found.units))


def resampled_sums(columns: Floats, draw: Integers, rng: np.random.Generator) -> Floats:
    """Return the sums of ``columns`` (runs, k) in RESAMPLES worlds: (RESAMPLES, k).

    Draws are resampled, then replicates within them; all columns share the resampled runs, so
    what was paired stays paired. More than MOST_BLOCKS runs are taken in blocks of consecutive
    replicates of a draw, whose sums vary as their replicates' do.
    """
    sums_of_blocks, draw_of_block = _blocks(columns, draw)
    blocks, grouping = len(draw_of_block), Grouping.of(draw_of_block)
    starts = np.cumsum(grouping.sizes) - grouping.sizes
    sums = []
    for first in range(0, RESAMPLES, AT_ONCE):
        times = min(AT_ONCE, RESAMPLES - first)
        drawn = rng.integers(len(starts), size=(times, len(starts)))[:, grouping.group]
        place = (rng.random((times, blocks)) * grouping.sizes[drawn]).astype(np.int64)
        picks = starts[drawn] + place + blocks * np.arange(times)[:, None]
        weights = np.bincount(picks.ravel(), minlength=times * blocks).astype(np.float64)
        sums.append(weights.reshape(times, blocks) @ sums_of_blocks)
    return np.concatenate(sums)


def _blocks(columns: Floats, draw: Integers) -> tuple[Floats, Integers]:
    """Return the columns' sums over blocks of runs sorted by draw, and each block's draw."""
    order = np.argsort(draw, kind="stable")
    sizes = Grouping.of(draw).sizes
    in_draw = np.arange(len(draw)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    starts = np.flatnonzero(in_draw % -(-len(draw) // MOST_BLOCKS) == 0)
    return np.add.reduceat(columns[order], starts, axis=0), draw[order][starts]


def ratio_interval(
    above: Floats, below: Floats, draw: Integers, sums: Floats, comparisons: int = 1
) -> Interval:
    """Return the interval of mean(above) / mean(below) over runs where both are defined.

    Parameters
    ----------
    above, below
        Paired non-negative values (runs,), zero where either is undefined; mean(below) > 0.
    sums
        Their sums in resampled worlds (RESAMPLES, 2), from `resampled_sums`.
    """
    ratio = float(above.sum() / below.sum())
    if ratio == 0:
        return Interval(0.0, 0.0, 0.0)
    relative = above / above.sum() - below / below.sum()
    linear = sums[:, 0] / above.sum() - sums[:, 1] / below.sum()
    found = moments(relative * len(relative), draw)
    if found.units < 2 or linear.std() == 0:
        return Interval(ratio, ratio, ratio) if found.units > 1 else Interval(ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = sums[:, 0] / sums[:, 1] / ratio
    stretch = found.error / float(linear.std())
    return resampled_ratio(ratio, factor, stretch, found.skewness, found.units, comparisons)


def resampled_ratio(
    ratio: float,
    factor: Floats,
    stretch: float,
    skewness: float,
    units: float,
    comparisons: int = 1,
) -> Interval:
    """Return the interval of a ratio of means from how it came out in resampled worlds.

    Parameters
    ----------
    factor
        The ratio in each resampled world, as a multiple of ``ratio``.
    stretch
        The standard error of the ratio's logarithm over that which the resamples show.
    skewness, units
        Of that logarithm's linear part, and what it rests on.

    Notes
    -----
    Percentiles of the relative deviation, moved outwards where BCa would (Efron, JASA 82:171,
    1987), stretched on the log scale to the standard error that `moments` finds and from normal
    to Student quantiles: ten resampled draws vary less than draws do, and their error is
    itself known from ten only.
    """
    below_half = (np.count_nonzero(factor < 1) + np.count_nonzero(factor == 1) / 2) / len(factor)
    bias = special.ndtri(np.clip(below_half, 0.5 / len(factor), 1 - 0.5 / len(factor)))
    quantile = normal_quantile(comparisons)
    shifted = bias + np.array([-quantile, quantile])
    shifted = bias + shifted / (1 - skewness / 6 * shifted)
    levels = special.ndtr([min(shifted[0], -quantile), max(shifted[1], quantile)])
    power = stretch * student_quantile(comparisons, units) / quantile
    with np.errstate(invalid="ignore"):
        low, high = ratio * np.quantile(factor, levels) ** power
    if not np.isfinite([low, high]).all():
        return Interval()
    return Interval(ratio, float(low), float(high))
