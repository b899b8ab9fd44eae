"""The search for ties: where the lead of one strategy over another changes sign, and how surely."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from propagation.experiment.intervals import Floats, Integers
from propagation.exploration.looks import By, Lead, Looks, UndefinedError
from propagation.exploration.roots import Axis, root_between, root_from

Heavy = Callable[[float, Floats, Floats, Integers], bool]
"""From a value, the runs of both strategies there and their draws to whether tails are heavy."""

PILOT = 200
SCANNED = 9
"""Values over the range at which the pilot looks for changes of who is ahead."""
MORE_THAN_NEEDED = 1.1
FASTEST_GROWTH = 8
FINENESS = 10
"""Ties and ends lie on a straight line between values at most this part of ``within`` apart."""
LITTLE = 0.1
"""Part of a difference's variance that more replicates are not played for, draws being the rest."""


class Kind(Enum):
    """What was found in the range."""

    TIE = "tie"
    SEVERAL = "several ties"
    BEYOND = "beyond the range"
    NEVER = "one is ahead throughout"
    UNSETTLED = "not settled"
    UNDEFINED = "undefined"


@dataclass(frozen=True)
class Crossing:
    """A tie and its interval, None where an end lies beyond the range.

    ``falls``: below it the one is ahead, above it the other.
    """

    value: float
    low: float | None
    high: float | None
    falls: bool

    @property
    def width(self) -> float:
        """The half width of the interval relative to the value, by the known end if there is one.

        Infinite where neither end is known.
        """
        parts = [abs(self.value - end) for end in (self.low, self.high) if end is not None]
        if not parts or not self.value:
            return float("inf")
        return sum(parts) / len(parts) / abs(self.value)


@dataclass(frozen=True)
class Found:
    """What a search finds on so many replicates; ``low`` and ``high`` where nothing crosses."""

    kind: Kind
    crossings: tuple[Crossing, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def width(self) -> float:
        """The widest relative half width; 0 where there is nothing to narrow."""
        if self.kind in (Kind.NEVER, Kind.UNDEFINED):
            return 0.0
        return max((each.width for each in self.crossings), default=float("inf"))


class Search:
    """The search for ties on a number of replicates that grows."""

    def __init__(self, axis: Axis, looks: Looks, within: float, heavy: Heavy) -> None:
        self.axis, self.looks, self.within, self._heavy = axis, looks, within, heavy
        self.by, self.limited, self.replicates = By.MEANS, False, 0
        self.scan: list[float] = []

    def start(self, replicates: int) -> None:
        """Look at values over the range, and keep those at which there is something to compare."""
        self.replicates = replicates
        self.scan = [value for value in self.axis.scan(SCANNED) if self._is_defined(value)]
        if not self.scan:
            raise UndefinedError

    def _is_defined(self, value: float) -> bool:
        one, _ = self.looks.runs(value, self.replicates)
        return bool(np.isfinite(one).any())

    def settle(self, at_most: int) -> Found:
        """Search by means or, if these are not to be trusted with all replicates, by chances."""
        found = self._narrowed(at_most)
        if any(map(self._is_heavy, self._spoken_of(found))):
            self.by = By.CHANCES
            found = self._narrowed(at_most)
        return found

    def _narrowed(self, at_most: int) -> Found:
        """Search on more and more replicates, until the interval is narrow enough or no more go."""
        while True:
            found = self.find()
            needed = self.needed(found)
            if self.replicates >= min(needed, at_most):
                return found
            wanted = min(MORE_THAN_NEEDED * needed, FASTEST_GROWTH * self.replicates)
            self.replicates = min(at_most, int(np.ceil(wanted)))

    def _spoken_of(self, found: Found) -> set[float]:
        """Return values at which means are claimed: those nearest to ties, or the range's ends."""
        if not found.crossings:
            return {self.scan[0], self.scan[-1]}
        looked = self.looks.values
        return {min(looked, key=lambda v: abs(v - each.value)) for each in found.crossings}

    def _is_heavy(self, value: float) -> bool:
        count = self.looks.replicates(value)
        return self._heavy(value, *self.looks.runs(value, count), self.looks.draw(count))

    def lead(self, value: float) -> Lead:
        """Return the lead of the one at a value on the replicates of now."""
        return self.looks.lead(value, self.replicates, self.by)

    def find(self) -> Found:
        """Return what there is on the replicates of now."""
        changes = list(self._changes())
        if not changes:
            return self._without_change()
        crossings = [self._crossing(*change) for change in changes]
        known = tuple(each for each in crossings if each is not None)
        if len(known) < len(crossings):  # it has moved out of the range as replicates were added
            return self._without_change()
        if len(known) > 1:
            return Found(Kind.SEVERAL, known)
        if known[0].low is None and known[0].high is None:
            return Found(Kind.UNSETTLED, known)
        return Found(Kind.TIE, known)

    def _changes(self) -> Iterator[tuple[float, float, float, float, int]]:
        """Yield where who is ahead changes: two values, limits for the interval, and direction.

        Only changes that are beyond doubt at both values count, all scanned ones taken together;
        where there are none, a change from one end of the range to the other.
        """
        scan = self.scan
        leads = [
            self.looks.lead(each, self.looks.replicates(each), self.by, len(scan)) for each in scan
        ]
        sure = [i for i, each in enumerate(leads) if each.low > 0 or each.high < 0]
        sides = [int(np.sign(leads[i].middle)) for i in sure]
        turns = [k for k in range(1, len(sure)) if sides[k] != sides[k - 1]]
        for k, turn in enumerate(turns):
            first = scan[sure[turns[k - 1]]] if k else scan[0]
            last = scan[sure[turns[k + 1] - 1]] if k + 1 < len(turns) else scan[-1]
            yield scan[sure[turn - 1]], scan[sure[turn]], first, last, sides[turn - 1]
        ends = leads[0].middle, leads[-1].middle
        if not turns and ends[0] * ends[1] < 0:
            yield scan[0], scan[-1], scan[0], scan[-1], int(np.sign(ends[0]))

    def _crossing(
        self, left: float, right: float, first: float, last: float, direction: int
    ) -> Crossing | None:
        """Return the tie between two values, and its interval within limits."""

        def middle(value: float) -> float:
            return self.lead(value).turned(direction).middle

        axis, tolerance = self.axis, self.within / FINENESS
        if not axis.log:
            tolerance *= max(abs(left), abs(right))
        start = self._nearest(left, right, direction)
        step = min(self._reach(start), (axis.place(right) - axis.place(left)) / 2)
        value = root_from(middle, axis, start, step, (first, last), tolerance)
        if value is None:
            return None
        low, high = (
            self._end(value, side, direction, (first, last), tolerance) for side in (1, -1)
        )
        return Crossing(value, low, high, falls=direction > 0)

    def _nearest(self, left: float, right: float, direction: int) -> float:
        """Return the value looked at whose lead is nearest to 0, between two values."""
        between = [each for each in self.looks.values if left <= each <= right]

        def distance(value: float) -> float:
            return abs(self.looks.lead(value, self.looks.replicates(value), self.by).middle)

        return min(between, key=distance)

    def _end(
        self, value: float, side: int, direction: int, limits: tuple[float, float], tolerance: float
    ) -> float | None:
        """Return the end of a tie's interval: on the left where the lead's lower limit is 0."""

        def limit(at: float) -> float:
            found = self.lead(at).turned(direction)
            return found.low if side > 0 else found.high

        axis = self.axis
        start = min(limits[1], max(limits[0], axis.value(axis.place(value))))
        step = self._reach(start)
        return root_from(limit, axis, start, step, limits, tolerance)

    def _reach(self, value: float) -> float:
        """Return roughly how far from a tie the ends of its interval are, as a step of a place."""
        here, axis = self.lead(value), self.axis
        wanted = self.within * (1.0 if axis.log else abs(value))
        others = [each for each in self.looks.values if self._apart(each, value) > wanted / 4]
        if not others or not np.isfinite(here.high - here.low):
            return wanted
        other = min(others, key=lambda each: self._apart(each, value))
        count = min(self.looks.replicates(other), self.replicates)
        rise = self.looks.lead(other, count, self.by).middle
        rise -= self.looks.lead(value, count, self.by).middle
        half, slope = (here.high - here.low) / 2, abs(rise) / self._apart(other, value)
        widest = axis.place(axis.high) - axis.place(axis.low)
        return min(widest, 1.1 * half / slope) if slope and half else wanted

    def _apart(self, value: float, other: float) -> float:
        return abs(self.axis.place(value) - self.axis.place(other))

    def _without_change(self) -> Found:
        """Return what there is where the same one is ahead at both ends of the range."""
        ends = self.scan[0], self.scan[-1]
        leads = [self.lead(end) for end in ends]
        unsure = [each.low <= 0 <= each.high for each in leads]
        if all(unsure):
            return Found(Kind.UNSETTLED)
        if not any(unsure):
            return Found(Kind.NEVER)
        at = unsure.index(True)  # the tie may be here, or beyond
        side = int(np.sign(leads[1 - at].middle))

        def limit(value: float) -> float:
            found = self.lead(value).turned(side)
            return found.low if at else -found.low

        tolerance = self.within / FINENESS * (1.0 if self.axis.log else abs(ends[at]))
        bound = root_between(limit, self.axis, *ends, tolerance)
        return Found(Kind.BEYOND, low=bound) if at else Found(Kind.BEYOND, high=bound)

    def needed(self, found: Found) -> float:
        """Return how many replicates would make the interval as narrow as wanted.

        Or, where the draws keep it wider, hardly wider than more replicates would.
        """
        self.limited = False
        if found.width <= self.within:
            return self.replicates
        if not found.crossings or not np.isfinite(found.width):
            return FASTEST_GROWTH * self.replicates
        widest = max(found.crossings, key=lambda each: each.width)
        seen = self.lead(self.axis.value(self.axis.place(widest.value))).found
        allowed = seen.error**2 * (self.within / widest.width) ** 2
        between = seen.between_variance
        self.limited = between > allowed * (1 - LITTLE)
        if self.limited:
            return self.replicates * seen.within_error**2 / (LITTLE * between)
        return self.replicates * seen.within_error**2 / (allowed - between)
