"""How a message spreads among segments, counted on a follower graph."""

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.compiling import compiled
from propagation.spread.by_segment import BySegment, Told, parts_of

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

MOST_SEGMENTS = 50
"""With more, everybody is in one."""
MOST_CLASSES = 100
"""Accounts of a segment are told apart by what their shares set off, if it is not more values."""
CLASSES = 8
"""Otherwise by so many classes for each doubling of it."""


class Measured:
    """A message on a graph, with accounts in classes by what their shares set off.

    Parameters
    ----------
    world
        The world it spreads in.
    sharing
        The probability that a notice leads to a share; (accounts,).
    at_notice
        What a notice by each account adds to reach, relevant and valued reach; (accounts, 3).
    """

    def __init__(self, world: World, sharing: Float64, at_notice: Float64) -> None:
        self._world, self._at_notice = world, at_notice
        self._attention = np.where(world.is_ours, 0.0, world.traits.attention)
        self._passing = self._attention * sharing
        few = len(world.segments) <= MOST_SEGMENTS
        segments = world.segments if few else ("everybody",)
        own = world.segment_of.astype(np.int64) if few else np.where(world.is_ours, -1, 0)
        # an account of the graph that is ours belongs to a segment, but neither makes nor is made
        segment = np.where(world.is_ours, -1, own)
        sets_off, shown, followees = _set_off(
            *world.graph.places(), self._attention, self._passing, segment, len(segments)
        )
        self._class_of, segment_of = _classes(segment, sets_off, len(segments))
        self._classes, inside = len(segment_of), self._class_of >= 0
        notices, counts = followees * self._attention, followees * self._passing

        def mean(values: Float64, weight: Float64) -> Float64:
            """Return means by class, plain ones where nobody has any weight."""
            columns = np.atleast_2d(values.T)
            plain, heavy = self._sums(np.ones(len(weight))), self._sums(weight)
            sums = np.stack([self._sums(one * weight) for one in columns], axis=1)
            others = np.stack([self._sums(one) for one in columns], axis=1)
            is_heavy = (heavy > 0)[:, None]
            weights = np.where(is_heavy, heavy[:, None], np.maximum(plain, 1.0)[:, None])
            return np.asarray(np.where(is_heavy, sums, others) / weights)

        def totals(values: Float64) -> Float64:
            return np.bincount(segment[inside], values[inside], len(segments)).astype(np.float64)

        def of_segment(values: Float64, weight: Float64) -> Float64:
            """Return means by segment; 0 where nobody has any weight."""
            total = totals(weight)
            return np.divide(
                totals(values * weight), total, out=np.zeros(len(segments)), where=total > 0
            )

        self.by = BySegment(
            segments=segments,
            accounts=totals(np.ones(len(segment))),
            segment_of=segment_of,
            parts=parts_of(self._sums(np.ones(len(segment))), segment_of),
            reached=parts_of(self._sums(counts), segment_of),
            sets_off=mean(sets_off, counts),
            shown=mean(shown, counts),
            passing=of_segment(self._passing, followees),
            counted=np.stack([of_segment(one, notices) for one in at_notice.T], axis=1),
            willing=totals(sharing),
        )

    def told(self, posts: Float64, in_time: Float64) -> Told:
        """Return whom posts are shown to; ``posts`` (accounts,) is how often each account posts."""
        shown = np.zeros(len(posts))
        for author in np.flatnonzero(posts):
            shown[self._world.graph.followers_of(int(author))] += posts[author]
        shown[self._class_of < 0] = 0.0
        followers, shares = self._sums(shown), self._sums(shown * self._passing)
        adds = (shown * self._attention)[:, None] * self._at_notice
        by_class = np.stack([self._sums(one) for one in adds.T], axis=1)
        segments = range(len(self.by.segments))
        return Told(
            by=self.by,
            followers=followers,
            chance=np.divide(shares, followers, out=np.zeros_like(shares), where=followers > 0),
            parts=np.eye(self._classes),
            noticed=np.stack([by_class[self.by.segment_of == s].sum(axis=0) for s in segments]),
            in_time=in_time,
        )

    def _sums(self, values: Float64) -> Float64:
        inside = self._class_of >= 0
        return np.bincount(self._class_of[inside], values[inside], self._classes).astype(np.float64)


def _classes(segment: Int64, sets_off: Float64, segments: int) -> tuple[Int64, Int64]:
    """Return each account's class (-1: none), and each class's segment.

    Every segment has a class, if only an empty one.
    """
    class_of, segment_of = np.full(len(segment), -1, np.int64), np.empty(0, np.int64)
    for one in range(segments):
        members = np.flatnonzero(segment == one)
        total = np.round(sets_off[members].sum(axis=1), 12)
        values, own = np.unique(total, return_inverse=True)
        if len(values) > MOST_CLASSES:
            octaves = np.full(len(total), -(10**6))
            octaves[total > 0] = np.floor(CLASSES * np.log2(total[total > 0]))
            values, own = np.unique(octaves, return_inverse=True)
        class_of[members] = len(segment_of) + own
        segment_of = np.append(segment_of, np.full(max(1, len(values)), one))
    return class_of, segment_of


@compiled
def _set_off(
    starts: Int64,
    followers: Int32,
    attention: Float64,
    passing: Float64,
    segment: Int64,
    segments: int,
) -> tuple[Float64, Float64, Float64]:
    """Return the shares and notices in each segment of a share by each account, and its followees.

    Accounts with segment -1 take no part.
    """
    accounts = len(starts) - 1
    sets_off, shown = np.zeros((accounts, segments)), np.zeros((accounts, segments))
    followees = np.zeros(accounts)
    for u in range(accounts):
        if segment[u] < 0:
            continue
        for place in range(starts[u], starts[u + 1]):
            w = followers[place]
            if w >= 0 and segment[w] >= 0:
                sets_off[u, segment[w]] += passing[w]
                shown[u, segment[w]] += attention[w]
                followees[w] += 1
    return sets_off, shown, followees
