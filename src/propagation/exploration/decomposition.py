"""Why the answer is what it is: the ratio of two strategies as a product of five factors.

For each strategy N followers are spoken to, who share S1 times at the first hop, S times in all
generations together and so bring M_b of the metric if nobody is met twice; simulated is M. Then
M = N x S1/N x S/S1 x M_b/S x M/M_b, and so is the ratio of two strategies the product of the ratios
of these: head count, engagement, amplification, value of a share, overlap.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from propagation.experiment.expectations import theory_in
from propagation.experiment.intervals import (
    Floats,
    Integers,
    Interval,
    moments,
    resampled_ratio,
    resampled_sums,
)
from propagation.experiment.replicates import Laboratory
from propagation.luck import Purpose, stem
from propagation.spread.expected import Parts

METRICS = ("reach", "relevant_reach", "valued_reach", "shares")
"""The metrics that fall apart into these factors."""
COLUMNS = ("followers", "first_shares", "shares", "expected", "simulated")
"""N, S1, S, M_b and M."""
HEAD_COUNT, ENGAGEMENT, AMPLIFICATION = "head count", "engagement", "amplification"
VALUE, OVERLAP, ALL_ELSE = "value of a share", "overlap", "all that follows"
MEANINGS = {
    HEAD_COUNT: "followers spoken to",
    ENGAGEMENT: "shares by each follower",
    AMPLIFICATION: "shares of all generations for each share by a follower",
    VALUE: "of the metric for each share, what the posts themselves bring included",
    OVERLAP: "simulated, for what there would be if nobody were met twice and time had no end",
    ALL_ELSE: "simulated, for each share by a follower",
}
PARTS_OF = {
    HEAD_COUNT: ("followers", None),
    ENGAGEMENT: ("first_shares", "followers"),
    AMPLIFICATION: ("shares", "first_shares"),
    VALUE: ("expected", "shares"),
    OVERLAP: ("simulated", "expected"),
    ALL_ELSE: ("simulated", "first_shares"),
}
FIVE = (HEAD_COUNT, ENGAGEMENT, AMPLIFICATION, VALUE, OVERLAP)
THREE = (HEAD_COUNT, ENGAGEMENT, ALL_ELSE)
ENDLESS = (
    "Each share leads to one or more further ones somewhere, so that the generations do not die "
    "out by themselves: amplification, what a share carries and overlap cannot be told apart."
)


@dataclass(frozen=True)
class Factor:
    """One factor of a ratio; without an interval where nothing varies or none is to be trusted."""

    name: str
    value: float
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds."""
        return {
            "name": self.name,
            "meaning": MEANINGS[self.name],
            "value": self.value,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True)
class Why:
    """The ratio of a strategy to the baseline and its factors, whose product it is.

    ``note`` says why there are fewer factors than five, or no intervals.
    """

    strategy: str
    baseline: str
    metric: str
    ratio: Interval
    factors: tuple[Factor, ...]
    note: str

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds."""
        return {
            "strategy": self.strategy,
            "baseline": self.baseline,
            "metric": self.metric,
            "ratio": self.ratio.as_dict(),
            "factors": [each.as_dict() for each in self.factors],
            "note": self.note,
        }


def parts_in(laboratory: Laboratory, strategy: str, draw: Integers) -> list[Parts] | None:
    """Return what theory expects of a strategy in the world of each draw that occurs, in order.

    None where it says nothing.
    """
    found = []
    for each in np.unique(draw).tolist():
        theory = theory_in(laboratory, strategy, each)
        parts = None if theory is None else theory.parts(laboratory.agendas[strategy])
        if parts is None:
            return None
        found.append(parts)
    return found


def columns_of(parts: Sequence[Parts], metric: str, runs: Floats, draw: Integers) -> Floats:
    """Return N, S1, S, M_b of the world of each run, and M: (replicates, 5).

    Parameters
    ----------
    parts
        For each draw that occurs, in order.
    runs
        The metric (replicates,).
    """
    _, place = np.unique(draw, return_inverse=True)
    by_draw = np.array(
        [[each.followers, each.first_shares, each.shares, each.expected[metric]] for each in parts]
    )
    return np.column_stack([by_draw[place], runs])


def why(
    ours: Floats,
    theirs: Floats,
    draw: Integers,
    names: tuple[str, str],
    metric: str,
    *,
    seed: int,
    heavy: bool,
) -> Why | None:
    """Return the factors of the ratio of two strategies' means.

    None where one brings nothing, or nobody is expected to share.

    Parameters
    ----------
    ours, theirs
        From `columns_of`: (replicates, 5) each, paired.
    names
        The strategy and the baseline.
    heavy
        Whether the tails of either are, so that no interval is claimed of what was simulated.

    Notes
    -----
    Intervals are from the paired bootstrap of draws, then replicates, that gives ratios of means
    (intervals.py). Factors that theory gives vary with the draws only.
    """
    both = np.isfinite(ours[:, -1]) & np.isfinite(theirs[:, -1])
    ours, theirs, draw = ours[both], theirs[both], draw[both]
    endless = not (np.isfinite(ours).all() and np.isfinite(theirs).all())
    told = THREE if endless else FIVE
    needed = [COLUMNS.index(part) for name in told for part in PARTS_OF[name] if part]
    if not len(draw) or min(each[:, needed].sum(axis=0).min() for each in (ours, theirs)) <= 0:
        return None
    columns = np.concatenate([ours[:, needed], theirs[:, needed]], axis=1)
    rng = np.random.Generator(np.random.Philox(key=int(stem(seed, Purpose.BOOTSTRAP))))
    sums = resampled_sums(columns, draw, rng)
    world = _Resampled(columns, draw, sums, needed)
    factors = []
    for name in told:
        found = world.ratio(*PARTS_OF[name])
        if heavy and "simulated" in PARTS_OF[name]:
            found = Interval(found.mean)
        factors.append(Factor(name, found.mean or 0.0, found.low, found.high))
    ratio = world.ratio("simulated", None)
    notes = [ENDLESS] if endless else []
    if heavy:
        ratio = Interval(ratio.mean)
        notes.append("Tails are heavy, so no interval of what was simulated is claimed.")
    return Why(*names, metric, ratio, tuple(factors), " ".join(notes))


@dataclass(frozen=True)
class _Resampled:
    """Columns of both strategies (replicates, 2k), and their sums in resampled worlds."""

    columns: Floats
    draw: Integers
    sums: Floats
    parts: Sequence[int]

    def ratio(self, above: str, below: str | None) -> Interval:
        """Return ours over theirs of the mean of a part, or of one part for each of another."""
        width, place = len(self.parts), {COLUMNS[part]: i for i, part in enumerate(self.parts)}
        powers = {place[above]: 1, width + place[above]: -1}
        if below is not None:
            powers |= {place[below]: -1, width + place[below]: 1}
        return product_of_means(self.columns, powers, self.draw, self.sums)


def product_of_means(
    columns: Floats, powers: Mapping[int, int], draw: Integers, sums: Floats
) -> Interval:
    """Return the interval of a product of the means of columns, each to a power.

    Parameters
    ----------
    columns, sums
        Non-negative values (runs, k), and their sums in resampled worlds (RESAMPLES, k).
    powers
        By column; they add up to 0.
    """
    totals, signs = columns.sum(axis=0), list(powers.items())
    value = float(np.prod([totals[k] ** float(power) for k, power in signs]))
    linear = np.sum([power * columns[:, k] / totals[k] for k, power in signs], axis=0)
    found = moments(linear * len(linear), draw)
    resampled = np.sum([power * sums[:, k] / totals[k] for k, power in signs], axis=0)
    varies = float(np.ptp(resampled)) > 1e-9  # less is what adding up numbers leaves
    if found.units < 2 or not varies or min(sums[:, k].min() for k, _ in signs) <= 0:
        return Interval(value)
    factor = np.prod([(sums[:, k] / totals[k]) ** float(power) for k, power in signs], axis=0)
    stretch = found.error / float(resampled.std())
    return resampled_ratio(value, factor, stretch, found.skewness, found.units)


def why_of(
    laboratory: Laboratory,
    runs: Mapping[str, Mapping[str, Floats]],
    draw: Integers,
    heavy: Mapping[str, bool],
) -> Iterator[Why]:
    """Yield the factors of every compared strategy against the baseline.

    Nothing where the compared metric does not fall apart, or theory says nothing of a strategy: of
    anything but plain posts, of responses that need several notices, of limited attention.

    Parameters
    ----------
    runs
        Strategy, then metric, to values (replicates,).
    heavy
        By strategy, whether the tails of the compared metric are.
    """
    compare = laboratory.scenario.compare
    if compare.on not in METRICS:
        return
    named = [name for name in compare.strategies or runs if name != compare.baseline]
    parts = {name: parts_in(laboratory, name, draw) for name in (compare.baseline, *named)}
    base = parts[compare.baseline]
    for name in named if base else ():
        mine = parts[name]
        if mine is None or base is None:
            continue
        ours, theirs = (
            columns_of(each, compare.on, runs[strategy][compare.on], draw)
            for each, strategy in ((mine, name), (base, compare.baseline))
        )
        found = why(
            *(ours, theirs, draw, (name, compare.baseline), compare.on),
            seed=laboratory.scenario.seed,
            heavy=heavy.get(name, False) or heavy.get(compare.baseline, False),
        )
        if found is not None:
            yield found
