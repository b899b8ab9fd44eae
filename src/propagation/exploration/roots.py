"""Where a function of one input changes sign, found with few looks at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Function = Callable[[float], float]
Look = tuple[float, float]
"""A value, and the function there."""

MOST_DOUBLINGS = 60


@dataclass(frozen=True)
class Axis:
    """The values an input may take: from ``low`` to ``high``, on a ``log`` scale, ``whole`` or not.

    A *place* is a value's position on the scale.
    """

    low: float
    high: float
    log: bool
    whole: bool

    def place(self, value: float) -> float:
        """Return where a value is on the scale."""
        return float(np.log(value)) if self.log else value

    def value(self, place: float) -> float:
        """Return the value at a place, or the nearest that the input may take."""
        found = float(np.exp(place)) if self.log else place
        found = float(round(found)) if self.whole else found
        return min(self.high, max(self.low, found))

    def scan(self, points: int) -> list[float]:
        """Return so many values spread over the range, ends included; fewer where they coincide."""
        places = np.linspace(self.place(self.low), self.place(self.high), points)
        inner = [self.value(float(place)) for place in places[1:-1]]
        return sorted({self.low, *inner, self.high})


def root_between(
    function: Function, axis: Axis, left: float, right: float, tolerance: float
) -> float:
    """Return where the function changes sign between two values at which its signs differ.

    Parameters
    ----------
    tolerance
        How near the place of the root must be known. Whole numbers are told apart down to two
        neighbours at most. Within what is left the root is where a straight line crosses 0.

    Notes
    -----
    Chandrupatla's method (Adv. Eng. Softw. 28:145, 1997), begun with a straight line: a quadratic
    step where the last three looks show the function to be near enough to straight, else the
    middle.
    """
    bracket = [(left, function(left)), (right, function(right))]
    newest, before = bracket
    part = _part(axis, newest, before, before, tolerance)
    while bracket[0][1] and bracket[1][1] and not _is_narrow(axis, bracket, tolerance):
        other = bracket[1] if newest is bracket[0] else bracket[0]
        places = axis.place(newest[0]), axis.place(other[0])
        value = _inside(axis, places[0] + part * (places[1] - places[0]), bracket)
        found = value, function(value)
        if (found[1] > 0) == (newest[1] > 0) and found[1]:
            before, kept = newest, other
        else:
            before, kept = other, newest
        newest = found
        bracket = sorted((newest, kept))
        part = _part(axis, newest, kept, before, tolerance)
    return _straight(*bracket)


def _part(axis: Axis, newest: Look, kept: Look, before: Look, tolerance: float) -> float:
    """Return how far from the newest look to the kept one, of other sign, to look next."""
    (a, b, c), (at_a, at_b, at_c) = (
        [axis.place(value) for value, _ in (newest, kept, before)],
        [found for _, found in (newest, kept, before)],
    )
    if not at_a or not at_b:
        return 0.5
    least = min(0.5, tolerance / 2 / max(abs(b - a), 1e-300))
    if c == b:  # two looks only: a straight line
        return min(1 - least, max(least, at_a / (at_a - at_b)))
    if at_c in (at_a, at_b):
        return 0.5
    place, rise = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    part = 0.5
    if rise**2 < place and (1 - rise) ** 2 < 1 - place:
        part = at_a / (at_b - at_a) * at_c / (at_b - at_c)
        part += (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
    return min(1 - least, max(least, part))


def _straight(left: Look, right: Look) -> float:
    """Return where a straight line between two looks crosses 0."""
    if left[1] == right[1]:  # both 0
        return left[0]
    return (left[0] * right[1] - right[0] * left[1]) / (right[1] - left[1])


def _is_narrow(axis: Axis, bracket: Sequence[Look], tolerance: float) -> bool:
    left, right = bracket[0][0], bracket[1][0]
    if axis.whole and right - left <= 1:
        return True
    return axis.place(right) - axis.place(left) <= tolerance


def _inside(axis: Axis, place: float, bracket: Sequence[Look]) -> float:
    """Return the value at a place, strictly between two others."""
    left, right, value = bracket[0][0], bracket[1][0], axis.value(place)
    if axis.whole:
        return min(right - 1, max(left + 1, value))
    return value if left < value < right else (left + right) / 2


def root_from(
    function: Function,
    axis: Axis,
    start: float,
    step: float,
    limits: tuple[float, float],
    tolerance: float,
) -> float | None:
    """Return where a function that falls from above 0 to below it does so; None beyond limits.

    It is sought from ``start`` in the direction that the sign there tells, in steps of a place
    that double.
    """
    at_start = function(start)
    if at_start == 0:
        return start
    onwards = 1 if at_start > 0 else -1
    near = start
    for doubling in range(MOST_DOUBLINGS):
        place = axis.place(start) + onwards * step * 2.0**doubling
        far = _beyond(axis, place, near, onwards, limits)
        if far == near:
            return None
        if function(far) * onwards <= 0:
            left, right = sorted((near, far))
            return root_between(function, axis, left, right, tolerance)
        near = far
    return None


def _beyond(
    axis: Axis, place: float, near: float, direction: int, limits: tuple[float, float]
) -> float:
    """Return the value at a place or, if that is none, the next whole one; within limits."""
    ends = tuple(axis.place(limit) for limit in limits)
    value = axis.value(min(ends[1], max(ends[0], place)))
    if axis.whole and (value - near) * direction <= 0:
        value = near + direction
    return min(limits[1], max(limits[0], value))
