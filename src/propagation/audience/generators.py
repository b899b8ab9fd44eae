"""Drawn follower graphs: by targets per segment, or by any of networkx's generators.

How a graph with targets is drawn, segment by segment followed (``docs/drawn-graphs.md``):

1. the numbers of follows between segments are fixed (`targets.Plan`);
2. every account gets its number of followers, and these are dealt out to the segments they follow
   from;
3. for each segment they follow from, every account there gets its number of followees, inside a
   segment also how many of them follow back;
4. inside a segment with clustering, circles take part of these follows; the rest are paired at
   random.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from propagation.audience import circles, degrees, follow_lists
from propagation.audience.clustering import circle_size, expected_clustering
from propagation.audience.follow_lists import Lists
from propagation.audience.networkx_graphs import graph_follows, networkx_follows
from propagation.audience.popularity import drawn_counts
from propagation.audience.targets import (
    CLUSTERING_WITHIN,
    Plan,
    SegmentTargets,
    check_targets,
    clustering_problem,
    inside_classes,
)
from propagation.luck import Purpose, first_units, member_keys, stem, text_id
from propagation.problems import InputError, Problem

__all__ = ["SegmentTargets", "check_targets", "draw_follows", "graph_follows", "networkx_follows"]

Ints: TypeAlias = npt.NDArray[np.int32]
Reals: TypeAlias = npt.NDArray[np.float64]
Block: TypeAlias = tuple[int, Ints, Ints]

CLOSE_ENOUGH = 0.005
"""Clustering this near to the one asked for is not improved further."""
MEASURED_ACCOUNTS = 5_000
"""Clustering is measured on about this many accounts, or on all if there are fewer."""
REDRAWINGS = 20
"""Drawings tried before targets that should hold are given up."""


class Step(IntEnum):
    """What a throw decides in the drawing of a graph; part of its address."""

    POPULARITY = 1
    SOURCES = 2
    DEALING = 3
    FOLLOWERS = 4
    MUTUAL = 5
    FOLLOWEES = 6
    CIRCLES = 7
    PAIRS = 8
    SINGLES = 9


def draw_follows(segments: Mapping[str, SegmentTargets], seed: int) -> tuple[Ints, Ints]:
    """Draw a follower graph; return (follower, followee), one entry per follow.

    Accounts are numbered from 0 by segment in order of name. No follow stands twice and nobody
    follows themselves. The same targets and seed (0 to 2**63 - 1) give the same arrays, whatever
    the order of ``segments``. Raises InputError if the targets cannot hold together.
    """
    problems = check_targets(segments)
    if problems:
        raise InputError(problems)
    plan = Plan(segments)
    first = np.concatenate(([0], np.cumsum(plan.sizes))).astype(np.int32)
    nothing = np.empty(0, np.int32)
    followers, followees = [nothing], [nothing]
    for to in range(len(plan.names)):
        for at, follower, followee in _column(plan, to, seed):
            followers.append(follower + first[at])
            followees.append(followee + first[to])
    return np.concatenate(followers), np.concatenate(followees)


class _Luck(NamedTuple):
    """The keys of all throws of one drawing of the follows to a segment."""

    seed: int
    drawing: int

    def __call__(self, step: Step, *names: str) -> np.uint64:
        words = text_id(*names), np.uint64(self.drawing), np.uint64(step)
        return stem(self.seed, Purpose.FOLLOWS, *words)


def _column(plan: Plan, to: int, seed: int) -> list[Block]:
    """Draw all follows to a segment: (source segment, follower, followee), numbered within each."""
    for drawing in range(REDRAWINGS):
        luck = _Luck(seed, drawing)
        received = _follower_counts(plan, to, luck)
        blocks: list[Block] = []
        for at in np.flatnonzero(plan.follows[:, to]).tolist():
            follows = _block(plan, at, to, received[at], luck) if received.size else None
            if follows is None:
                break
            blocks.append((at, *follows))
        else:
            return blocks
    name = plan.names[to]
    problem = f"no way is found to place the follows to '{name}'; fewer or less popular would fit"
    raise InputError(Problem(problem, f"segments.{name}.follows"))


def _follower_counts(plan: Plan, to: int, luck: _Luck) -> Ints:
    """Return (segments, accounts): followers from each segment of each account of one segment.

    Empty (0, 0) if no way is found to share the followers out.
    """
    name, size = plan.names[to], int(plan.sizes[to])
    asked, follows, sources = plan.segments[name], plan.follows[:, to], plan.sources[:, to]
    if asked.tail is None:
        counts = np.zeros((len(follows), size), np.int32)
        for at in np.flatnonzero(follows):
            room = np.full(size, sources[at], np.int32)
            key = luck(Step.FOLLOWERS, plan.names[at], name)
            counts[at] = degrees.scatter(int(follows[at]), room, key)
        return counts
    cap = asked.most_followers or plan.cap(to)
    units = _spread_units(size, luck(Step.POPULARITY, name))
    received = drawn_counts(units, int(follows.sum()), cap, asked.tail)
    if np.count_nonzero(follows) == 1:
        return np.outer(follows > 0, received).astype(np.int32)
    stubs = degrees.repeated(received)
    degrees.shuffle(stubs, luck(Step.SOURCES, name))
    return degrees.deal(stubs, follows, sources, size, luck(Step.DEALING, name))


def _spread_units(size: int, key: np.uint64) -> Reals:
    """Return numbers in (0, 1), one at random in each of ``size`` equal parts, in random order.

    So every drawing has the popularity asked for, not a sample of it; who is popular is luck.
    """
    ranks = np.arange(size, dtype=np.int32)
    degrees.shuffle(ranks, key)
    jitter = first_units(member_keys(key, np.arange(size, dtype=np.uint64)))
    return np.asarray((ranks + jitter) / size)


def _block(plan: Plan, at: int, to: int, received: Ints, luck: _Luck) -> tuple[Ints, Ints] | None:
    """Draw who follows whom from one segment to another; None if it cannot be completed."""
    size, room, total = int(plan.sizes[at]), int(plan.room[at, to]), int(received.sum())
    if total == size * room:
        everybody = np.ones((size, len(received)), np.bool_)
        if at == to:
            np.fill_diagonal(everybody, False)
        follower, followee = np.nonzero(everybody)
        return follower.astype(np.int32), followee.astype(np.int32)
    if at == to:
        lists = _inside(plan, at, received, luck)
    else:
        lists = _across(size, received, luck, (plan.names[at], plan.names[to]))
    return None if lists is None else (lists.owner, lists.followee)


def _across(size: int, received: Ints, luck: _Luck, names: tuple[str, str]) -> Lists | None:
    room = np.full(size, len(received), np.int32)
    followees = degrees.scatter(int(received.sum()), room, luck(Step.FOLLOWEES, *names))
    lists = follow_lists.empty_lists(np.zeros(size, np.int32), followees)
    stubs = degrees.repeated(received)
    key = luck(Step.SINGLES, *names)
    failed = follow_lists.place_singles(lists, stubs, len(received), False, key)
    return None if failed else lists


def _inside(plan: Plan, at: int, received: Ints, luck: _Luck) -> Lists | None:
    """Draw the follows inside a segment; None if this drawing cannot be completed."""
    name, total = plan.names[at], int(received.sum())
    asked = plan.segments[name]
    returned = 2 * min(round(total * asked.reciprocity / 2), total // 2)
    mutual = degrees.fill_evenly(returned, received, luck(Step.MUTUAL, name, name))
    room = (plan.room[at, at] - received).astype(np.int32)
    singles = degrees.scatter(total - returned, room, luck(Step.FOLLOWEES, name, name))
    inside = _Inside(name, received, mutual, singles, returned / total)
    if asked.clustering == 0:
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

    def draw(self, density: float, luck: _Luck) -> Lists | None:
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
        failed = follow_lists.place_singles(lists, stubs, len(wanted), True, key)
        return None if failed else lists


def _clustered(plan: Plan, at: int, inside: _Inside, luck: _Luck) -> Lists | None:
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
