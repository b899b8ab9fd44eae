"""Where two strategies tie: the value of an input at which neither is ahead, and its interval.

With the same replicates at every value (common random numbers) the mean difference of the two is a
fixed function of the input, steady where audiences nest. The tie is its root.
Its interval inverts the paired test: it holds the values at which the 95% interval of the
difference holds 0, so its ends are the roots of that interval's ends, on the same replicates.

Under heavy tails no interval of a mean is claimed. There the tie is the value at which each does
better in half of the paired campaigns, and the interval that of the chance.
"""

from dataclasses import dataclass

import numpy as np

from propagation.experiment.intervals import Floats, Integers
from propagation.experiment.tails import is_heavy
from propagation.exploration.looks import By, Draw, Evaluated, Looks, Pair, UndefinedError
from propagation.exploration.roots import Axis, root_from
from propagation.exploration.searching import PILOT, SCANNED, Crossing, Found, Heavy, Kind, Search


@dataclass(frozen=True)
class Tie:
    """Where two strategies tie.

    Attributes
    ----------
    value, low, high
        The tie and its 95% interval. ``value`` is None unless there is one tie; an end is None
        where it lies beyond the range (``range``), or where there is no interval.
    crossings
        Every tie found; several only where who is ahead changes more than once beyond doubt.
    by
        Whether it is a tie of means or, under heavy tails, of chances to do better.
    evaluated
        All values looked at.
    precise
        Whether the interval is as narrow as was asked for.
    limited
        Whether more replicates of the same draws would not make it so.
    """

    kind: Kind
    by: By
    value: float | None
    low: float | None
    high: float | None
    crossings: tuple[Crossing, ...]
    evaluated: tuple[Evaluated, ...]
    range: tuple[float, float]
    replicates: int
    draws: int
    precise: bool
    limited: bool
    lower_is_better: bool

    def ahead(self, at: Evaluated) -> int:
        """Return 1 where the one does better at a value, -1 where the other does, 0 at a tie."""
        return int(np.sign(self._lead(at)))

    @property
    def falls(self) -> bool | None:
        """Whether the lead of the one falls with the input; None where that is not said."""
        if self.kind in (Kind.SEVERAL, Kind.UNDEFINED):
            return None
        if self.crossings:
            return self.crossings[0].falls
        ends = self._lead(self.evaluated[0]), self._lead(self.evaluated[-1])
        return None if ends[0] == ends[1] else ends[0] > ends[1]

    def _lead(self, at: Evaluated) -> float:
        if self.by is By.CHANCES:
            return (at.better.mean if at.better.mean is not None else 0.5) - 0.5
        difference = at.difference.mean or 0.0
        return -difference if self.lower_is_better else difference


def shows_heavy(value: float, one: Floats, other: Floats, draw: Integers) -> bool:
    """Whether the runs of either strategy show heavy tails."""
    return is_heavy(one, draw) or is_heavy(other, draw)


def find_tie(
    pair: Pair,
    draw: Draw,
    low: float,
    high: float,
    *,
    whole: bool,
    log: bool,
    within: float,
    at_most: int,
    lower_is_better: bool = False,
    heavy: Heavy = shows_heavy,
) -> Tie:
    """Find where two strategies tie.

    Parameters
    ----------
    pair, draw
        The metric of both strategies at a value in some replicates, and the draws of those.
    low, high
        The range of values; ``whole`` numbers or not; searched on a ``log`` scale or not.
    within
        The half width of the interval that is wanted, relative to the tie.
    at_most
        The most replicates at a value.
    heavy
        Whether the tails of either are heavy at a value.

    Notes
    -----
    A pilot at `SCANNED` values, then as many replicates as ``within`` needs by what they show.
    """
    if whole:
        low, high = float(np.ceil(low)), float(np.floor(high))
    axis = Axis(low, high, log, whole)
    looks = Looks(pair, draw, -1 if lower_is_better else 1)
    search = Search(axis, looks, within, heavy)
    try:
        search.start(min(PILOT, at_most))
        found = search.settle(at_most)
    except UndefinedError:
        found = Found(Kind.UNDEFINED)
    heavy_everywhere = search.by is By.CHANCES
    crossing = found.crossings[0] if len(found.crossings) == 1 else None
    replicates = max(map(looks.replicates, looks.values))
    return Tie(
        kind=found.kind,
        by=search.by,
        value=crossing.value if crossing else None,
        low=crossing.low if crossing else found.low,
        high=crossing.high if crossing else found.high,
        crossings=found.crossings,
        evaluated=tuple(looks.evaluated(each, heavy=heavy_everywhere) for each in looks.values),
        range=(low, high),
        replicates=replicates,
        draws=len(np.unique(looks.draw(replicates))),
        precise=found.width <= within,
        limited=search.limited,
        lower_is_better=lower_is_better,
    )


def tie_near(
    pair: Pair, draw: Draw, axis: Axis, start: float, replicates: int, by: By, sign: int
) -> float:
    """Return where two strategies tie in few looks, without an interval.

    Infinite, or its negative, where they tie beyond the axis; NaN where nothing is defined.

    Parameters
    ----------
    start
        Where to begin.
    sign
        1 where the metric of the one is larger below a tie, -1 where that of the other is.
    """
    looks = Looks(pair, draw, sign)

    def lead(value: float) -> float:
        return looks.lead(value, replicates, by).middle

    step = (axis.place(axis.high) - axis.place(axis.low)) / 2 / SCANNED
    try:
        found = root_from(lead, axis, start, step, (axis.low, axis.high), step / 10)
        if found is not None:
            return found
        return float("inf") if lead(start) > 0 else float("-inf")
    except UndefinedError:
        return float("nan")
