"""Follows inside a segment where some are returned or clustered: drawn together, in memory.

Every account gets its number of followees, and how many of them follow back; circles take part of
these follows, and the rest are paired at random.
"""

import numpy as np
import numpy.typing as npt

from propagation.audience import circles, degrees, follow_lists
from propagation.audience.clustering import circle_size, expected_clustering
from propagation.audience.follow_lists import Lists
from propagation.audience.steps import DrawingLuck, Step
from propagation.audience.targets import (
    CLUSTERING_WITHIN,
    Plan,
    clustering_problem,
    inside_classes,
)
from propagation.problems import InputError

Ints = npt.NDArray[np.int32]

CLOSE_ENOUGH = 0.005
"""Clustering this near to the one asked for is not improved further."""
MEASURED_ACCOUNTS = 5_000
"""Clustering is measured on about this many accounts, or on all if there are fewer."""


def draw_inside(plan: Plan, at: int, received: Ints, luck: DrawingLuck) -> Lists | None:
    """Draw the follows inside a segment; None if this drawing cannot be completed."""
    name, total = plan.names[at], int(received.sum(dtype=np.int64))
    returned = 2 * min(round(total * plan.returned(at) / 2), total // 2)
    mutual = degrees.fill_evenly(returned, received, luck(Step.MUTUAL, name, name))
    room = (plan.room[at, at] - received).astype(np.int32)
    singles = degrees.scatter(total - returned, room, luck(Step.FOLLOWEES, name, name))
    inside = _Inside(name, received, mutual, singles, returned / total)
    if plan.segments[name].clustering == 0:
        return inside.draw(0.0, luck)
    return _clustered(plan, at, inside, luck)


class _Inside:
    """A segment's inside: numbers of followers and followees that any density of circles keeps."""

    def __init__(
        self, name: str, received: Ints, mutual: Ints, singles: Ints, reciprocity: float
    ) -> None:
        self.names = name, name
        self.received, self.mutual, self.singles = received, mutual, singles
        self.mutual_part = reciprocity / (2 - reciprocity)
        self.circle = circle_size(float(np.median(received + singles)))

    def draw(self, density: float, luck: DrawingLuck) -> Lists | None:
        """Place all follows, in circles of this density and at random; None if some do not fit."""
        lists = follow_lists.empty_lists(self.mutual, self.singles)
        wanted = self.received - self.mutual
        if density > 0:
            key = luck(Step.CIRCLES, *self.names)
            circles.place_circles(lists, wanted, self.circle, density, self.mutual_part, key)
        stubs = degrees.repeated(lists.mutual - lists.mutual_used)
        if follow_lists.place_mutual(lists, stubs, luck(Step.PAIRS, *self.names)):
            return None
        stubs, key = degrees.repeated(wanted), luck(Step.SINGLES, *self.names)
        return None if follow_lists.place_singles(lists, stubs, key) else lists


def _clustered(plan: Plan, at: int, inside: _Inside, luck: DrawingLuck) -> Lists | None:
    """Draw with the density of circles that gives the clustering asked for.

    The expected clustering proposes a density; what is then measured corrects it.
    """
    asked = plan.segments[plan.names[at]].clustering
    classes, densities = inside_classes(plan, at), np.linspace(0.0, 1.0, 21)
    expected = np.maximum.accumulate([expected_clustering(classes, float(d)) for d in densities])
    every = max(1, int(plan.sizes[at]) // MEASURED_ACCOUNTS)
    low, high, aim = 0.0, 1.0, asked
    measured: dict[float, float] = {}
    best, off = None, np.inf
    while high - low > 1e-3 and off > CLOSE_ENOUGH:
        density = float(np.interp(aim, expected, densities))
        if density in measured or not low <= density <= high:
            density = (low + high) / 2
        lists = inside.draw(density, luck)
        if lists is None:
            return None
        found = measured[density] = circles.average_clustering(lists, every)
        if abs(found - asked) < off:
            best, off = lists, abs(found - asked)
        low, high = (density, high) if found < asked else (low, density)
        aim = asked + float(np.interp(density, densities, expected)) - found
    if off > CLUSTERING_WITHIN:
        ends = (measured.get(end, expected[int(20 * end)]) for end in (0.0, 1.0))
        raise InputError(clustering_problem(plan.names[at], asked, *map(float, ends)))
    return best
