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
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from propagation.audience import drawing
from propagation.audience.clustering import circle_size, expected_clustering
from propagation.audience.drawing import Lists
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
    FOLLOWERS = 3
    MUTUAL = 4
    FOLLOWEES = 5
    CIRCLES = 6
    PAIRS = 7
    SINGLES = 8


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
    followers, followees = [], []
    for to, other in enumerate(plan.names):
        received = _follower_counts(plan, to, seed)
        for at, name in enumerate(plan.names):
            if plan.follows[at, to]:
                luck = _Luck(seed, name, other)
                follower, followee = _block(plan, at, to, received[at], luck)
                followers.append(follower + first[at])
                followees.append(followee + first[to])
    nothing = [np.empty(0, np.int32)]
    return np.concatenate(nothing + followers), np.concatenate(nothing + followees)


class _Luck:
    """The keys of all throws for the follows from one segment to another."""

    def __init__(self, seed: int, name: str, other: str) -> None:
        self.key = stem(seed, Purpose.FOLLOWS, text_id(name, other))
        self.drawing = 0

    def __call__(self, step: Step) -> np.uint64:
        parent = member_keys(self.key, np.array([self.drawing], np.uint64))[0]
        return np.uint64(member_keys(parent, np.array([step], np.uint64))[0])


def _follower_counts(plan: Plan, to: int, seed: int) -> Ints:
    """Return (segments, accounts): followers from each segment of each account of one segment."""
    name, size = plan.names[to], int(plan.sizes[to])
    asked, follows, sources = plan.segments[name], plan.follows[:, to], plan.sources[:, to]
    if asked.tail is None:
        counts = np.zeros((len(follows), size), np.int32)
        for at in np.flatnonzero(follows):
            room = np.full(size, sources[at], np.int32)
            key = _Luck(seed, plan.names[at], name)(Step.FOLLOWERS)
            counts[at] = drawing.scatter(int(follows[at]), room, key)
        return counts
    key = stem(seed, Purpose.FOLLOWS, text_id(name), np.uint64(Step.POPULARITY))
    units = first_units(member_keys(key, np.arange(size, dtype=np.uint64)))
    cap = asked.most_followers or plan.cap(to)
    received = drawn_counts(units, int(follows.sum()), cap, asked.tail)
    if np.count_nonzero(follows) == 1:
        return np.outer(follows > 0, received).astype(np.int32)
    key = stem(seed, Purpose.FOLLOWS, text_id(name), np.uint64(Step.SOURCES))
    stubs = drawing.repeated(received)
    drawing.shuffle(stubs, key)
    counts = drawing.deal(stubs, follows, sources, size, key)
    if not counts.size:
        problem = "finds no way to share its followers out; a lower cap would fit"
        raise InputError(Problem(problem, f"segments.{name}.popularity"))
    return counts


def _block(plan: Plan, at: int, to: int, received: Ints, luck: _Luck) -> tuple[Ints, Ints]:
    """Draw who follows whom from one segment to another; accounts are numbered within each."""
    size, room, total = int(plan.sizes[at]), int(plan.room[at, to]), int(received.sum())
    if total == size * room:
        everybody = np.ones((size, len(received)), np.bool_)
        if at == to:
            np.fill_diagonal(everybody, False)
        follower, followee = np.nonzero(everybody)
        return follower.astype(np.int32), followee.astype(np.int32)
    for luck.drawing in range(REDRAWINGS):
        lists = _inside(plan, at, received, luck) if at == to else _across(size, received, luck)
        if lists is not None:
            return lists.owner, lists.followee
    name, other = plan.names[at], plan.names[to]
    problem = "finds no way to place the follows to '{}'; fewer followees or followers would fit"
    raise InputError(Problem(problem.format(other), f"segments.{name}.follows"))


def _across(size: int, received: Ints, luck: _Luck) -> Lists | None:
    room = np.full(size, len(received), np.int32)
    followees = drawing.scatter(int(received.sum()), room, luck(Step.FOLLOWEES))
    lists = drawing.empty_lists(np.zeros(size, np.int32), followees)
    stubs = drawing.repeated(received)
    failed = drawing.place_singles(lists, stubs, len(received), False, luck(Step.SINGLES))
    return None if failed else lists


def _inside(plan: Plan, at: int, received: Ints, luck: _Luck) -> Lists | None:
    """Draw the follows inside a segment; None if this drawing cannot be completed."""
    asked, total = plan.segments[plan.names[at]], int(received.sum())
    returned = 2 * min(round(total * asked.reciprocity / 2), total // 2)
    mutual = drawing.fill_evenly(returned, received, luck(Step.MUTUAL))
    room = (plan.room[at, at] - received).astype(np.int32)
    singles = drawing.scatter(total - returned, room, luck(Step.FOLLOWEES))
    degrees = _Degrees(received, mutual, singles, returned / total)
    if asked.clustering == 0:
        return degrees.draw(0.0, luck)
    return _clustered(plan, at, degrees, luck)


class _Degrees:
    """The numbers of followers and followees inside a segment that every drawing keeps."""

    def __init__(self, received: Ints, mutual: Ints, singles: Ints, reciprocity: float) -> None:
        self.received, self.mutual, self.singles = received, mutual, singles
        self.mutual_part = reciprocity / (2 - reciprocity)
        self.circle = circle_size(float(np.median(received + singles)))

    def draw(self, density: float, luck: _Luck) -> Lists | None:
        """Place all follows, in circles of this density and at random."""
        lists = drawing.empty_lists(self.mutual, self.singles)
        wanted = self.received - self.mutual
        if density > 0:
            drawing.place_circles(
                lists, wanted, self.circle, density, self.mutual_part, luck(Step.CIRCLES)
            )
        pairing = drawing.repeated(lists.mutual - lists.mutual_used)
        if drawing.place_mutual(lists, pairing, luck(Step.PAIRS)):
            return None
        stubs = drawing.repeated(wanted)
        if drawing.place_singles(lists, stubs, len(wanted), True, luck(Step.SINGLES)):
            return None
        return lists


def _clustered(plan: Plan, at: int, degrees: _Degrees, luck: _Luck) -> Lists | None:
    """Draw with the density of circles that gives the clustering asked for.

    The expected clustering proposes a density; what is then measured corrects it.
    """
    asked = plan.segments[plan.names[at]].clustering
    inside = inside_classes(plan, at)
    densities = np.linspace(0.0, 1.0, 21)
    expected = np.maximum.accumulate([expected_clustering(inside, float(d)) for d in densities])
    every = max(1, int(plan.sizes[at]) // MEASURED_ACCOUNTS)
    low, high, aim = 0.0, 1.0, asked
    measured: dict[float, float] = {}
    best, off = None, np.inf
    while high - low > 1e-3 and off > CLOSE_ENOUGH:
        density = float(np.interp(aim, expected, densities))
        if density in measured or not low <= density <= high:
            density = (low + high) / 2
        lists = degrees.draw(density, luck)
        if lists is None:
            return None
        found = measured[density] = drawing.average_clustering(lists, every)
        if abs(found - asked) < off:
            best, off = lists, abs(found - asked)
        low, high = (density, high) if found < asked else (low, density)
        aim = asked + float(np.interp(density, densities, expected)) - found
    if off > CLUSTERING_WITHIN:
        ends = (measured.get(end, expected[int(20 * end)]) for end in (0.0, 1.0))
        raise InputError(clustering_problem(plan.names[at], asked, *map(float, ends)))
    return best
