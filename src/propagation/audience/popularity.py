"""Heavy-tailed follower counts: a Pareto law cut off at a cap, with the mean the follows give it.

P(followers >= k) is proportional to k**-(tail - 1) - cap**-(tail - 1) from the scale (the fewest
followers) up to the cap. Tail and cap are asked for; the scale follows from the mean.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

SHORTEST_TAIL = 10.0
"""Least ratio of cap to scale that is called a heavy tail: one decade."""
FULLEST_HUBS = 0.8
"""Largest part of those who follow anybody that may be expected to follow the same hubs."""
FULLEST_PAIRS = 0.6
"""Largest part of the pairs hubs could be in at most that they may be expected to be in."""
FRACTIONS = 1 << 16
"""Bins by which the fractions of counts are told apart."""
HUBS = 500
"""How many of the most popular accounts are looked at, and at most a quarter of all."""


def curve(missed: Reals, scale: float, cap: float, tail: float) -> Reals:
    """Return the follower counts that a part ``missed`` of the accounts does not reach."""
    exponent = tail - 1.0
    span = 1.0 - (scale / cap) ** exponent
    return np.asarray(scale * (1.0 - missed * span) ** (-1.0 / exponent))


def mean_count(scale: float, cap: float, tail: float) -> float:
    """Return the mean of the law."""
    a, log_span = tail - 1.0, math.log(cap / scale)
    if abs(a - 1.0) < 1e-9:
        return scale * log_span / -math.expm1(-log_span)
    return scale * a / (a - 1) * math.expm1((1 - a) * log_span) / math.expm1(-a * log_span)


def _root(
    function: Callable[[float], float], low: float, high: float, xtol: float = 2e-12
) -> float:
    from scipy.optimize import brentq  # takes a fifth of a second, and only drawn graphs need it

    return float(brentq(function, low, high, xtol=xtol))


def expected_scale(mean: float, cap: float, tail: float) -> float:
    """Return the scale that gives the law this mean (0 < mean < cap)."""
    lowest = math.log(cap) - 2.0
    while mean_count(math.exp(lowest), cap, tail) > mean:
        lowest -= 2.0
    found = _root(lambda s: mean_count(math.exp(s), cap, tail) - mean, lowest, math.log(cap) - 1e-9)
    return math.exp(found)


def drawn_counts(units: Reals, total: int, cap: int, tail: float) -> Ints:
    """Return follower counts that sum to ``total``, one for each of the ``units`` in (0, 1).

    The scale is solved for these very units; counts are rounded so that the total comes out (those
    with the largest fractions up, as far as 1/65,536 tells them apart), which moves the rounding
    point a little off one half.
    """

    def excess(log_scale: float) -> float:
        return _drawn_sum(units, math.exp(log_scale), float(cap), tail) - total

    highest = math.log(cap)
    guess = math.log(expected_scale(total / len(units), cap, tail))
    low = high = guess
    step = 1e-3
    while excess(low) > 0:
        low, step = low - step, 4 * step
    while high < highest and excess(high) < 0:
        high, step = min(high + step, highest), 4 * step
    scale = math.exp(_root(excess, low, high, xtol=1e-12) if low < high else low)
    fractions = np.zeros(FRACTIONS, np.int64)
    missing = total - _rounded_down(units, scale, float(cap), tail, fractions)
    above = np.cumsum(fractions[::-1])
    threshold = int(np.searchsorted(above, missing))  # this many bins from the top are rounded up
    last = missing - int(above[threshold - 1] if threshold else 0)
    return _rounded(units, scale, float(cap), tail, FRACTIONS - 1 - threshold, last)


@inlined
def _count(missed: float, scale: float, cap: float, tail: float) -> float:
    """Return what ``curve`` does, for one account and at most the cap."""
    span = 1.0 - (scale / cap) ** (tail - 1.0)
    return min(float(scale * (1.0 - missed * span) ** (-1.0 / (tail - 1.0))), cap)


@compiled
def _drawn_sum(units: Reals, scale: float, cap: float, tail: float) -> float:
    total = 0.0
    for unit in units:
        total += _count(unit, scale, cap, tail)
    return total


@compiled
def _rounded_down(units: Reals, scale: float, cap: float, tail: float, fractions: Longs) -> int:
    """Return the sum of the counts rounded down; count what is cut off in ``fractions``."""
    total = 0
    for unit in units:
        exact = _count(unit, scale, cap, tail)
        whole = math.floor(exact)
        total += whole
        if exact < cap:
            fractions[int((exact - whole) * FRACTIONS)] += 1
    return total


@compiled
def _rounded(units: Reals, scale: float, cap: float, tail: float, above: int, further: int) -> Ints:
    """Return counts: rounded up in bins of fractions above this one, ``further`` times in it."""
    counts = np.empty(len(units), np.int32)
    for account in range(len(units)):
        exact = _count(units[account], scale, cap, tail)
        whole = math.floor(exact)
        counts[account] = whole
        fraction = int((exact - whole) * FRACTIONS)
        if exact < cap and (fraction > above or (fraction == above and further > 0)):
            counts[account] += 1
            further -= fraction == above
    return counts


def shortest_cap(mean: float, tail: float) -> float:
    """Return the cap at which a tail of one decade has this mean."""
    return mean * SHORTEST_TAIL / mean_count(1.0, SHORTEST_TAIL, tail)


class Sources(NamedTuple):
    """Where the followers of a segment come from; arrays have one entry per source segment."""

    follows: Longs
    accounts: Longs
    able: Longs  # accounts that can follow one and the same account of the segment
    own: npt.NDArray[np.bool_]  # whether the source is the segment itself
    reciprocity: float  # part of the follows inside the segment that are returned


def classes(accounts: int, mean: float, cap: float, tail: float) -> tuple[Reals, Reals]:
    """Return follower counts that stand for the law, finer towards the top, and their parts."""
    edges = np.append(np.geomspace(1.0, 1.0 / accounts, 60), 0.0)
    missed = 1.0 - np.append(np.sqrt(edges[:-2] * edges[1:-1]), 0.4 / accounts)
    return curve(missed, expected_scale(mean, cap, tail), cap, tail), -np.diff(edges)


def fill_level(parts: Reals, room: Reals, mean: float) -> float:
    """Return the level up to which classes are filled, as far as they have room, to give a mean."""
    if parts @ room <= mean * (1 + 1e-9):
        return math.inf
    low, high = 0.0, float(room.max())
    for _ in range(60):
        level = (low + high) / 2
        if parts @ np.minimum(room, level) < mean:
            low = level
        else:
            high = level
    return high


def largest_cap(accounts: int, tail: float, sources: Sources) -> int:
    """Return the most followers that the most popular accounts of a segment can be given."""
    low, high = 0, int(sources.able.sum())
    while low < high:
        middle = (low + high + 1) // 2
        if _hubs_fit(accounts, tail, middle, sources):
            low = middle
        else:
            high = middle - 1
    return low


def _hubs_fit(accounts: int, tail: float, cap: int, sources: Sources) -> bool:
    """Whether the most popular accounts find enough followers in every source segment."""
    received = int(sources.follows.sum())
    mean = received / accounts
    if cap <= mean:
        return True
    missed = 1.0 - (np.arange(max(1, min(accounts // 4, HUBS))) + 0.5) / accounts
    top = curve(missed, expected_scale(mean, cap, tail), cap, tail)
    top[0] = cap
    for follows, size, able, own, returned in zip(*sources[:4], _returned(sources), strict=True):
        share, followees = follows / received, follows / size
        level = 0.0
        if own and returned > 0:
            counts, parts = classes(accounts, mean, cap, tail)
            inside = share * counts
            level = fill_level(parts, inside, returned * float(parts @ inside))
            pairs = np.minimum(inside, level)
            if not _mutual_fit(np.minimum(share * top, level), pairs, parts * able):
                return False
        singles = np.maximum(share * top - level, 0.0)
        if not _singles_fit(singles, (1 - returned) * followees, able):
            return False
    return True


def _returned(sources: Sources) -> Reals:
    return np.where(sources.own, sources.reciprocity, 0.0)


def _singles_fit(top: Reals, followees: float, able: int) -> bool:
    """Follows to the h most popular are at most the sum of min(followees, h) (Gale and Ryser).

    Numbers of followees are taken as Poisson, and h a little smaller for ease.
    """
    from scipy.special import pdtrc  # slow to load, and graphs from files do not need it

    h = np.arange(len(top) + 1)
    most = np.concatenate(([0.0], np.cumsum(pdtrc(h[:-1], followees))))
    most = able * np.interp(FULLEST_HUBS * h[1:], h, most)
    return bool(np.all(np.cumsum(top) <= most + 1e-9))


def _mutual_fit(top: Reals, counts: Reals, numbers: Reals) -> bool:
    """Pairs with the h most popular: those among them and min(pairs, h) of the others (Erdős)."""
    h = np.arange(1, len(top) + 1)
    others = np.minimum(counts[None, :], h[:, None]) @ numbers
    return bool(np.all(np.cumsum(top) <= FULLEST_PAIRS * (h * (h - 1) + others)))
