"""Drawn follower graphs: by targets per segment, or by any of networkx's generators.

How a graph with targets is drawn, segment by segment followed (``docs/drawn-graphs.md``):

1. the numbers of follows between segments are fixed (`targets.Plan`);
2. every account gets its number of followers, and these are dealt out to the segments they follow
   from;
3. inside a segment where some follows are returned or clustered, all are drawn together
   (`inside`);
4. everywhere else each account's followers are drawn on their own (`list_drawing`).
"""

import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.audience import degrees
from propagation.audience.follow_lists import Lists
from propagation.audience.inside import draw_inside
from propagation.audience.list_drawing import Sources, draw_lists, place_lists, scratch_for
from propagation.audience.networkx_graphs import graph_follows, networkx_follows
from propagation.audience.popularity import drawn_counts
from propagation.audience.steps import DrawingLuck, Step
from propagation.audience.targets import Plan, SegmentTargets, check_targets
from propagation.problems import InputError, Problem

__all__ = [
    "DrawnGraph",
    "SegmentTargets",
    "check_targets",
    "draw_graph",
    "graph_follows",
    "networkx_follows",
]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Called with how many follows have been drawn, and how many there are."""

REDRAWINGS = 20
"""Drawings tried before targets that should hold are given up."""
FOLLOWS_AT_ONCE = 1 << 20
"""Follows that a thread draws between two looks at whether to go on."""


class DrawnGraph(NamedTuple):
    """Every account's followers; accounts are numbered from 0 by segment in order of name.

    ``followers[list_starts[i]:list_starts[i + 1]]`` are the followers of account i, in ascending
    order; shapes (accounts + 1,), (follows,) and (accounts,).
    """

    list_starts: Longs
    followers: Ints
    followee_counts: Ints


def in_memory(accounts: int, follows: int) -> DrawnGraph:
    """Return room for a graph in memory."""
    starts, counts = np.zeros(accounts + 1, np.int64), np.zeros(accounts, np.int32)
    return DrawnGraph(starts, np.empty(follows, np.int32), counts)


def draw_graph(
    segments: Mapping[str, SegmentTargets],
    seed: int,
    room: Callable[[int, int], DrawnGraph] = in_memory,
    workers: int = 1,
    progress: Progress | None = None,
) -> DrawnGraph:
    """Draw a follower graph.

    No follow stands twice and nobody follows themselves. The same targets and seed (0 to 2**63 - 1)
    give the same arrays, whatever the order of ``segments`` and the number of threads. ``room``
    makes the arrays (zeros, but for ``followers``) for numbers of accounts and follows.

    Raises
    ------
    InputError
        If the targets cannot hold together.
    """
    problems = check_targets(segments)
    if problems:
        raise InputError(problems)
    plan = Plan(segments)
    graph = room(int(plan.sizes.sum()), int(plan.follows.sum()))
    drawing = _Drawing(plan, seed, graph, workers, progress)
    for to in range(len(plan.names)):
        drawing.draw_column(to)
    drawing.count_followees()
    return graph


class _Column(NamedTuple):
    """What is settled before the lists of one segment are drawn."""

    sources: Longs  # segments that follow it
    counts: Ints  # (sources, accounts): followers
    inside: Lists | None  # the follows inside it, if they were drawn together
    luck: DrawingLuck


class _Drawing:
    """A graph being drawn into its arrays."""

    def __init__(
        self,
        plan: Plan,
        seed: int,
        graph: DrawnGraph,
        workers: int,
        progress: Progress | None,
    ) -> None:
        self.plan, self.seed, self.graph, self.progress = plan, seed, graph, progress
        self.first = np.concatenate(([0], np.cumsum(plan.sizes)))
        self.offsets = np.concatenate(([0], np.cumsum(plan.follows.sum(axis=0))))
        # What is written at random stands in memory, not in a file.
        self.followees = [np.zeros(len(graph.followee_counts), np.int32) for _ in range(workers)]
        self.scratches = [scratch_for(int(plan.sizes.max())) for _ in range(workers)]

    def draw_column(self, to: int) -> None:
        """Draw all follows to a segment."""
        plan, first, size = self.plan, int(self.first[to]), int(self.plan.sizes[to])
        column = _settle(plan, to, self.seed)
        starts = self.graph.list_starts[first : first + size + 1]
        degrees.add_up(column.counts, int(self.offsets[to]), starts)
        if column.inside is not None:
            before = column.counts[column.sources < to].sum(axis=0, dtype=np.int64)
            before += starts[:-1]
            followers, followees = self.graph.followers, self.followees[0]
            place_lists(column.inside, first, before, followers, followees)
        self._draw_lists(to, column, starts)
        self._tell(int(self.offsets[to + 1]))

    def _draw_lists(self, to: int, column: _Column, starts: Longs) -> None:
        plan, at = self.plan, column.sources
        names = [(plan.names[s], plan.names[to]) for s in at]
        sources = Sources(
            first=self.first[at],
            able=plan.sources[at, to],
            keys=np.array([column.luck(Step.LISTS, *both) for both in names], np.uint64),
            own=at == to,
            by_lists=(at != to) | (column.inside is None),
        )

        def draw(worker: int, accounts: tuple[int, int]) -> None:
            own = self.followees[worker], self.scratches[worker]
            draw_lists(accounts, column.counts, sources, starts, self.graph.followers, *own)

        self._share_out(draw, starts)

    def _share_out(self, draw: Callable[[int, tuple[int, int]], None], starts: Longs) -> None:
        """Let each worker draw the lists of some accounts, and some more, until all are drawn."""
        parts = 1 + int(starts[-1] - starts[0]) // FOLLOWS_AT_ONCE
        wanted = starts[0] + np.arange(1, parts) * FOLLOWS_AT_ONCE
        ends = [0, *np.searchsorted(starts, wanted).tolist(), len(starts) - 1]
        tasks = iter(list(itertools.pairwise(ends)))
        stopped = threading.Event()
        drawn = [0] * len(self.followees)

        def work(worker: int) -> None:
            for first, last in tasks:  # an iterator of a list is safe to share
                if stopped.is_set():
                    return
                draw(worker, (first, last))
                drawn[worker] += int(starts[last] - starts[first])

        if len(drawn) == 1 and self.progress is None:
            work(0)
            return
        with ThreadPoolExecutor(len(drawn)) as pool:
            left = {pool.submit(work, worker) for worker in range(len(drawn))}
            try:
                while left:
                    done, left = wait(left, timeout=0.1)
                    for one in done:
                        one.result()
                    self._tell(int(starts[0]) + sum(drawn))
            finally:
                stopped.set()

    def _tell(self, drawn: int) -> None:
        if self.progress is not None:
            self.progress(drawn, len(self.graph.followers))

    def count_followees(self) -> None:
        """Put together what the workers have counted."""
        for counts in self.followees:
            np.add(self.graph.followee_counts, counts, out=self.graph.followee_counts)


def _settle(plan: Plan, to: int, seed: int) -> _Column:
    """Settle how many followers each account of a segment has, and the follows drawn together."""
    sources = np.flatnonzero(plan.follows[:, to])
    own = np.flatnonzero(sources == to)
    together = len(own) > 0 and not plan.drawn_by_lists(to)
    for drawing in range(REDRAWINGS):
        luck = DrawingLuck(seed, drawing)
        counts = _follower_counts(plan, to, sources, luck)
        if len(counts) < len(sources):
            continue
        inside = draw_inside(plan, to, counts[own[0]], luck) if together else None
        if inside is not None or not together:
            return _Column(sources, counts, inside, luck)
    name = plan.names[to]
    problem = f"no way is found to place the follows to '{name}'; fewer or less popular would fit"
    raise InputError(Problem(problem, f"segments.{name}.follows"))


def _follower_counts(plan: Plan, to: int, sources: Longs, luck: DrawingLuck) -> Ints:
    """Return (sources, accounts): followers from each source of each account of one segment.

    Empty (0, 0) if no way is found to share the followers out.
    """
    name, size = plan.names[to], int(plan.sizes[to])
    asked, follows, able = plan.segments[name], plan.follows[sources, to], plan.sources[sources, to]
    if asked.tail is None:
        counts = np.zeros((len(sources), size), np.int32)
        for row, at in enumerate(sources):
            key = luck(Step.FOLLOWERS, plan.names[at], name)
            counts[row] = degrees.scatter_evenly(int(follows[row]), size, int(able[row]), key)
        return counts
    cap = asked.most_followers or plan.cap(to)
    units = degrees.spread_units(size, luck(Step.POPULARITY, name))
    received = drawn_counts(units, int(follows.sum()), cap, asked.tail)
    if len(sources) == 1:
        return received[None, :]
    del units
    return degrees.deal(received, follows, able, luck(Step.SOURCES, name))
