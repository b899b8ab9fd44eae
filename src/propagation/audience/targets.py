"""What a drawn follower graph is asked to be like, and whether it can be.

``docs/drawn-graphs.md`` defines every target and says how exactly it is hit.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.audience.clustering import Inside, expected_clustering, poisson_classes
from propagation.audience.popularity import Sources, classes, largest_cap, shortest_cap
from propagation.problems import Problem, not_one_of

Longs = npt.NDArray[np.int64]

DENSEST = 0.8
"""Largest part of all possible follows (or pairs) that is drawn at random, unless it is all."""
CLUSTERING_WITHIN = 0.02
"""How near the clustering of a drawn graph is to the one asked for."""
DOUBT = 0.05
"""How far the expected range of clustering may be off; within it the drawing has the last word."""
DENSE_CIRCLES = 0.8
"""Density of circles whose clustering is promised as within reach."""


@dataclass(frozen=True)
class SegmentTargets:
    """What the follows of one segment's accounts are to be like.

    ``followees`` is the mean number of followees, ``shares`` says to which segments the follows
    go. ``tail`` is the exponent of the density of follower counts (None: all equally popular),
    ``most_followers`` their cap (None: as many as can hold). ``reciprocity`` (None: as chance makes
    it) and ``clustering`` (0: as chance makes it) concern the follows inside the segment.
    """

    accounts: int
    followees: float
    shares: Mapping[str, float]
    tail: float | None = None
    most_followers: int | None = None
    reciprocity: float | None = None
    clustering: float = 0.0


class Plan:
    """Whole numbers of follows between segments; rows follow columns, in order of name."""

    def __init__(self, segments: Mapping[str, SegmentTargets]) -> None:
        self.segments = segments
        self.names = sorted(segments)
        self.sizes = np.array([segments[name].accounts for name in self.names], np.int64)
        self.room = self.sizes[None, :] - np.eye(len(self.names), dtype=np.int64)
        """How many accounts of a column an account of a row can follow."""
        self.sources = self.sizes[:, None] - np.eye(len(self.names), dtype=np.int64)
        """How many accounts of a row can follow an account of a column."""
        self.follows = np.array([self._row(segments[name]) for name in self.names], np.int64)

    def _row(self, asked: SegmentTargets) -> Longs:
        """Round accounts times followees, then the shares of it by largest remainder."""
        total = math.floor(asked.accounts * asked.followees + 0.5)
        exact = np.array([total * asked.shares.get(name, 0.0) for name in self.names])
        counts: Longs = np.floor(exact).astype(np.int64)
        upwards = np.argsort(counts - exact, kind="stable")[: total - int(counts.sum())]
        counts[upwards] += 1
        return counts

    def drawn_by_lists(self, at: int) -> bool:
        """Whether each account's followers from its own segment are drawn on their own."""
        asked = self.segments[self.names[at]]
        complete = self.follows[at, at] == self.sizes[at] * self.room[at, at]
        return complete or (asked.reciprocity is None and asked.clustering == 0)

    def returned(self, at: int) -> float:
        """Return the part of the follows inside a segment that are returned, by targets or chance.

        By chance it is the part of all possible follows that there are.
        """
        asked = self.segments[self.names[at]].reciprocity
        possible = max(1, int(self.sizes[at] * self.room[at, at]))
        return float(self.follows[at, at] / possible) if asked is None else asked

    def cap(self, at: int) -> int:
        """Return the most followers an account of a segment with a tail can be given."""
        asked, follows = self.segments[self.names[at]], self.follows[:, at]
        assert asked.tail is not None
        used = np.flatnonzero(follows)
        returned = asked.reciprocity or 0.0
        sources = Sources(
            follows[used], self.sizes[used], self.sources[used, at], used == at, returned
        )
        return largest_cap(asked.accounts, asked.tail, sources)


def check_targets(segments: Mapping[str, SegmentTargets]) -> list[Problem]:
    """Return what cannot hold in these targets, without drawing; empty if all can."""
    problems = [problem for name in sorted(segments) for problem in _wrong_numbers(segments, name)]
    if problems or not segments:
        return problems or [Problem("there are no segments", "segments")]
    plan = Plan(segments)
    for check in (_too_dense, _unreturnable, _unpopular, _unclustered):
        problems = [problem for at in range(len(plan.names)) for problem in check(plan, at)]
        if problems:
            break
    return problems


def _wrong_numbers(segments: Mapping[str, SegmentTargets], name: str) -> Iterator[Problem]:
    asked, path = segments[name], f"segments.{name}"
    if asked.accounts < 1:
        yield Problem(f"{asked.accounts} is not at least 1", f"{path}.accounts")
    if not 0 <= asked.followees < math.inf:
        yield Problem(f"{asked.followees} is not a number of followees", f"{path}.follows.mean")
    for other, share in asked.shares.items():
        if other not in segments:
            yield Problem(not_one_of(other, sorted(segments)), f"{path}.follows.to")
        if not 0 <= share <= 1:
            yield Problem(f"{share} is not between 0 and 1", f"{path}.follows.to.{other}")
    if abs(math.fsum(asked.shares.values()) - 1) > 1e-6:
        total = math.fsum(asked.shares.values())
        yield Problem(f"the shares sum to {total:g}, not to 1", f"{path}.follows.to")
    if asked.tail is not None and not 2 < asked.tail < math.inf:
        yield Problem(f"{asked.tail} is not above 2", f"{path}.popularity.tail")
    if asked.tail is None and asked.most_followers is not None:
        yield Problem("a largest number of followers needs a tail", f"{path}.popularity")
    for target in ("reciprocity", "clustering"):
        value = getattr(asked, target)
        if value is not None and not 0 <= value <= 1:
            yield Problem(f"{value} is not between 0 and 1", f"{path}.{target}")


def _too_dense(plan: Plan, at: int) -> Iterator[Problem]:
    """Refuse more followees in a segment than it has accounts, or nearly as many."""
    name, size = plan.names[at], int(plan.sizes[at])
    for to, other in enumerate(plan.names):
        follows, room = int(plan.follows[at, to]), int(plan.room[at, to])
        if follows <= DENSEST * size * room or follows == size * room:
            continue
        yield Problem(
            f"asks for {follows / size:g} followees in '{other}' on average, but an account of "
            f"'{name}' can follow {room} there; up to {DENSEST * room:g}, or all {room}, would fit",
            f"segments.{name}.follows",
        )


def _unreturnable(plan: Plan, at: int) -> Iterator[Problem]:
    """Refuse reciprocity and clustering without follows inside, and follows without pairs."""
    name, size, follows = plan.names[at], int(plan.sizes[at]), int(plan.follows[at, at])
    asked = plan.segments[name]
    if follows < 2:
        for target in ("reciprocity", "clustering"):
            if (getattr(asked, target) or 0) > 0:
                yield Problem(
                    f"asks for {getattr(asked, target):g}, but accounts of '{name}' follow nobody "
                    "inside it; only 0 would fit",
                    f"segments.{name}.{target}",
                )
        return
    if asked.reciprocity is None and asked.clustering == 0:
        return
    complete = follows == size * (size - 1)
    pairs = size * (size - 1) / 2 * (1.0 if complete else DENSEST)
    least = 2 * (1 - pairs / follows)
    if plan.returned(at) < least - 1e-9:
        yield Problem(
            f"asks that {plan.returned(at):g} of the follows inside be returned, but "
            f"{follows / size:g} followees among {size} accounts leave too few pairs for that; at "
            f"least {math.ceil(least * 1e4) / 1e4:g} would fit",
            f"segments.{name}.reciprocity",
        )


def _unpopular(plan: Plan, at: int) -> Iterator[Problem]:
    """Refuse a heavy tail that has no room above the mean, or hubs without enough followers."""
    name, received = plan.names[at], int(plan.follows[:, at].sum())
    asked, path = plan.segments[name], f"segments.{name}.popularity"
    if asked.tail is None:
        return
    if received == 0:
        yield Problem(f"asks for a tail, but nobody follows '{name}'; leave it out", path)
        return
    mean = received / asked.accounts
    least, most = math.ceil(shortest_cap(mean, asked.tail)), plan.cap(at)
    cap = most if asked.most_followers is None else asked.most_followers
    law = f"a tail of {asked.tail:g} over the {mean:.4g} followers the follows give on average"
    if most < least:
        yield Problem(
            f"{law} needs accounts with {least} followers, but at most {most} fit; ask for fewer "
            "followees or leave popularity out",
            path,
        )
    elif cap < least:
        yield Problem(f"at most {cap} leave no room for {law}; at least {least} would fit", path)
    elif cap > most:
        yield Problem(
            f"asks for accounts with up to {cap} followers, but the segments' sizes and numbers "
            f"of followees leave room for {most}; at most {most} would fit",
            path,
        )


def _unclustered(plan: Plan, at: int) -> Iterator[Problem]:
    name = plan.names[at]
    asked = plan.segments[name].clustering
    if asked == 0:
        return
    size = int(plan.sizes[at])
    if plan.follows[at, at] == size * (size - 1):
        if abs(asked - (size > 2)) > CLUSTERING_WITHIN:
            yield clustering_problem(name, asked, float(size > 2), float(size > 2))
        return
    inside = inside_classes(plan, at)
    low, high = (expected_clustering(inside, density) for density in (0.0, 1.0))
    margin = CLUSTERING_WITHIN + DOUBT
    if not low - margin <= asked <= high + margin:
        high = max(low, expected_clustering(inside, DENSE_CIRCLES))
        yield clustering_problem(name, asked, low, high)


def clustering_problem(name: str, asked: float, low: float, high: float) -> Problem:
    """Say that the clustering asked for is out of reach, and what is within."""
    return Problem(
        f"asks for {asked:g}, but with these follows chance alone makes about {low:.2f} and dense "
        f"circles about {high:.2f}; what lies between would fit (0 leaves it to chance)",
        f"segments.{name}.clustering",
    )


def inside_classes(plan: Plan, at: int) -> Inside:
    """Describe the inside of a segment by classes of accounts, for the expected clustering."""
    asked = plan.segments[plan.names[at]]
    received, inside = float(plan.follows[:, at].sum()), float(plan.follows[at, at])
    mean = received / asked.accounts
    if asked.tail is None:
        followers = poisson_classes(inside / asked.accounts, 8)
        return Inside(asked.accounts, followers, np.full(8, 1 / 8), plan.returned(at))
    cap = asked.most_followers or plan.cap(at)
    followers, parts = classes(asked.accounts, mean, cap, asked.tail)
    return Inside(asked.accounts, followers * (inside / received), parts, plan.returned(at))
