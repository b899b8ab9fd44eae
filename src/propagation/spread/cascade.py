"""What one run yields: who noticed and shared what, when and through whom; and its metrics."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled
from propagation.scenario.spec import METRICS

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cascade:
    """What one message instance did in one run: one row per account it touched.

    Rows are in the order of touch, which is the same for both engines.

    Attributes
    ----------
    account
        Account numbers; shape (rows,), like all others but ``share_order``.
    notices
        How often the account noticed the instance.
    first_notice
        Hours from the start; NaN for an account of ours that never noticed it.
    share_time
        Hours from the start; NaN if the account did not share (or not within the horizon).
    parent
        Row of the account whose share led to this share; -1 for posts and without a share.
    generation
        0 for a post, one more than the parent's for a share, -1 without a share.
    share_order
        Rows in the order in which they shared; shape (posts and shares,).
    """

    account: Int32
    notices: Int32
    first_notice: Float64
    share_time: Float64
    parent: Int32
    generation: Int32
    share_order: Int32

    def parent_account(self) -> Int32:
        """Return the account whose share led to each row's share, or -1; shape (rows,)."""
        return np.where(self.parent < 0, np.int32(-1), self.account[self.parent])


class Audience(NamedTuple):
    """What the metrics ask about the accounts; one entry per account."""

    segment: npt.NDArray[np.int16]  # -1 for accounts in no segment
    value: Float64
    is_ours: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outcome:
    """One run in numbers: ``METRICS`` by name, and one tree row per instance.

    ``reach`` and ``valued`` are reach and valued reach by segment; shape (segments,).
    """

    metrics: Mapping[str, float]
    reach: Int64
    valued: Float64
    trees: tuple[Mapping[str, float], ...]


@dataclass(frozen=True)
class Trees:
    """The shape of an instance's trees, one tree per post.

    ``size`` counts posts and shares, ``depth`` is the last generation, ``largest_generation`` the
    shares in the most populous one. ``distance`` sums the distances over the ``pairs`` of accounts
    that stand in the same tree.
    """

    size: int
    largest_tree: int
    depth: int
    largest_generation: int
    distance: float
    pairs: float

    @property
    def structural_virality(self) -> float:
        """Mean distance over pairs in one tree (Goel et al. 2016); NaN without a pair."""
        return self.distance / self.pairs if self.pairs else math.nan


@compiled
def _tree_shape(
    parent: Int32, generation: Int32, share_order: Int32
) -> tuple[int, int, int, float, float]:
    """Return (largest tree, depth, largest generation, sum of distances, pairs).

    An edge with s of a tree's n accounts below it lies on the way of s (n - s) pairs, so one pass
    over the subtree sizes replaces a search from every account.
    """
    below = np.zeros(len(parent), np.int64)
    tree = np.zeros(len(parent), np.int64)
    breadth = np.zeros(len(share_order) + 1, np.int64)
    largest = depth = widest = 0
    for i in range(len(share_order) - 1, -1, -1):
        row = share_order[i]
        below[row] += 1
        breadth[generation[row]] += 1
        depth = max(depth, generation[row])
        if generation[row] > 0:
            widest = max(widest, breadth[generation[row]])
        if parent[row] >= 0:
            below[parent[row]] += below[row]
    distance = pairs = 0.0
    for row in share_order:
        if parent[row] < 0:
            size = below[row]
            tree[row] = size
            largest = max(largest, size)
            pairs += 0.5 * size * (size - 1)
        else:
            tree[row] = tree[parent[row]]
            distance += float(below[row]) * float(tree[row] - below[row])
    return largest, depth, widest, distance, pairs


def trees_of(cascade: Cascade) -> Trees:
    """Return the shape of a cascade's trees."""
    shape = _tree_shape(cascade.parent, cascade.generation, cascade.share_order)
    return Trees(len(cascade.share_order), *shape)


@compiled
def _best_rows(account: Int32, relevance: Float64) -> Int64:
    """Return, for each account that occurs, the row with its largest relevance."""
    order = np.argsort(account, kind="mergesort")
    best = np.empty(len(order), np.int64)
    count = 0
    for row in order:
        if count > 0 and account[best[count - 1]] == account[row]:
            if relevance[row] > relevance[best[count - 1]]:
                best[count - 1] = row
        else:
            best[count] = row
            count += 1
    return best[:count]


@compiled
def peak_in_an_hour(times: Float64) -> int:
    """Return the largest number of sorted times within one hour, [t, t + 1)."""
    peak = first = 0
    for last in range(len(times)):
        # a difference, since late times swallow a single hour that is added to them
        while times[last] - times[first] >= 1.0:
            first += 1
        peak = max(peak, last - first + 1)
    return peak


def speed(share_times: Float64, first_post: float) -> tuple[float, float, float]:
    """Return (time to half, peak hourly shares, doubling time) of sorted shares, in hours.

    Time to half runs from the first post to the moment when half of the shares have happened.
    Doubling time is the mean one from the first share to that moment; it needs three shares.
    """
    count = len(share_times)
    if count == 0:
        return math.nan, 0.0, math.nan
    half = (count + 1) // 2
    to_half = float(share_times[half - 1])
    doubling = (to_half - float(share_times[0])) / math.log2(half) if half > 1 else math.nan
    return to_half - first_post, float(peak_in_an_hour(share_times)), doubling


@compiled
def _noticed(
    account: Int32, notices: Int32, is_ours: npt.NDArray[np.bool_], by_account: Float64
) -> tuple[Int32, Float64, int]:
    """Return the others who noticed one instance, their relevance, and their notices in all."""
    others = np.empty(len(account), np.int32)
    relevance = np.empty(len(account), np.float64)
    count = impressions = 0
    for row in range(len(account)):
        if notices[row] > 0 and not is_ours[account[row]]:
            others[count] = account[row]
            relevance[count] = by_account[account[row]]
            impressions += notices[row]
            count += 1
    return others[:count], relevance[:count], impressions


@compiled
def _tally(
    account: Int32,
    relevance: Float64,
    value: Float64,
    segment: npt.NDArray[np.int16],
    relevant: float,
    reach: Int64,
    valued: Float64,
) -> tuple[int, float]:
    """Return relevant and valued reach of accounts that each stand once; fill in both by segment.

    ``reach`` and ``valued`` have shape (segments,).
    """
    enough = 0
    total = 0.0
    for i in range(len(account)):
        worth = value[account[i]] * relevance[i]
        enough += relevance[i] >= relevant
        total += worth
        if segment[account[i]] >= 0:
            reach[segment[account[i]]] += 1
            valued[segment[account[i]]] += worth
    return enough, total


def _reached(
    cascades: Sequence[Cascade], relevances: Sequence[Float64], audience: Audience
) -> tuple[Int32, Float64, int]:
    """Return the accounts reached, each once, with their largest relevance; and impressions."""
    found = [
        _noticed(one.account, one.notices, audience.is_ours, by_account)
        for one, by_account in zip(cascades, relevances, strict=True)
    ]
    if len(found) == 1:
        return found[0]
    account = np.concatenate([np.empty(0, np.int32), *(accounts for accounts, _, _ in found)])
    relevance = np.concatenate([np.empty(0), *(largest for _, largest, _ in found)])
    best = _best_rows(account, relevance)
    return account[best], relevance[best], sum(impressions for _, _, impressions in found)


def times_of_shares(cascades: Sequence[Cascade], is_ours: npt.NDArray[np.bool_]) -> Float64:
    """Return the sorted times of all shares by others; one instance has them in order already.

    Those who were asked to begin, in generation 0, are left out.
    """
    times = []
    for one in cascades:
        shared = one.share_time[one.share_order]
        counts = (one.generation > 0) & ~is_ours[one.account]
        times.append(shared[counts[one.share_order]])
    return times[0] if len(times) == 1 else np.sort(np.concatenate([np.empty(0), *times]))


def _tree_rows(trees: Sequence[Trees]) -> tuple[dict[str, float], ...]:
    return tuple(
        {
            "size": tree.size,
            "largest_tree": tree.largest_tree,
            "depth": tree.depth,
            "largest_generation": tree.largest_generation,
            "structural_virality": tree.structural_virality,
        }
        for tree in trees
    )


def measure(
    cascades: Sequence[Cascade],
    relevances: Sequence[Float64],
    audience: Audience,
    segments: int,
    relevant: float,
    first_post: float,
) -> Outcome:
    """Return the metrics of a run.

    Parameters
    ----------
    cascades, relevances
        One for each message instance; relevance is that of its message to each account.
    segments
        Number of segments.
    relevant
        An account counts as relevant at or above this relevance.
    first_post
        Hours from the start.

    Notes
    -----
    An account counts once, with the largest relevance among the instances it noticed. Valued
    reach sums value times relevance. Our own accounts count only as roots of trees.
    """
    account, relevance, impressions = _reached(cascades, relevances, audience)
    trees = [trees_of(one) for one in cascades]
    times = times_of_shares(cascades, audience.is_ours)
    to_half, peak, doubling = speed(times, first_post)
    pairs = math.fsum(tree.pairs for tree in trees)
    reach, valued = np.zeros(segments, np.int64), np.zeros(segments)
    relevant_reach, valued_reach = _tally(
        account, relevance, audience.value, audience.segment, relevant, reach, valued
    )
    metrics: dict[str, float] = {
        "reach": len(account),
        "relevant_reach": relevant_reach,
        "valued_reach": valued_reach,
        "impressions": impressions,
        "wasted": impressions - len(times),
        "shares": len(times),
        "time_to_half": to_half,
        "peak_hourly_shares": peak,
        "doubling_time": doubling,
        "largest_cascade": max((tree.largest_tree for tree in trees), default=0),
        "depth": max((tree.depth for tree in trees), default=0),
        "structural_virality": (
            math.fsum(tree.distance for tree in trees) / pairs if pairs else math.nan
        ),
    }
    return Outcome(
        metrics={name: float(metrics[name]) for name in METRICS},
        reach=reach,
        valued=valued,
        trees=_tree_rows(trees),
    )
