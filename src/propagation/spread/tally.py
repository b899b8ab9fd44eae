"""The metrics of runs with one message instance, counted where the loop has left its rows.

`cascade.measure` defines the metrics, of any number of instances; here the same numbers come
without copying anything, run after run, so that a cascade of a few shares takes microseconds.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import inlined, lean
from propagation.instructions import prefetch
from propagation.spread.dynamics import Rules
from propagation.spread.loop import NOTICES, Touched, spread
from propagation.spread.noticing import Ground

Float64 = npt.NDArray[np.float64]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
Records = npt.NDArray[np.void]

(
    REACH,
    RELEVANT_REACH,
    VALUED_REACH,
    IMPRESSIONS,
    WASTED,
    SHARES,
    TIME_TO_HALF,
    PEAK_HOURLY_SHARES,
    DOUBLING_TIME,
    LARGEST_CASCADE,
    DEPTH,
    STRUCTURAL_VIRALITY,
) = range(12)
"""Columns of ``Tallies.metrics``, in the order of ``METRICS``."""
SIZE, LARGEST_TREE, TREE_DEPTH, LARGEST_GENERATION, TREE_VIRALITY = range(5)
"""Columns of ``Tallies.trees``."""

AHEAD = 16
"""How many accounts or shares ahead of their use they are asked for."""


class Tallies(NamedTuple):
    """What a number of runs did, a row for each run.

    Columns are those above; ``reach`` and ``valued`` have one for each segment, the curves one for
    each of the hours at which runs are looked at, and rows for the first runs only.
    """

    metrics: Float64
    trees: Float64
    reach: Int64
    valued: Float64
    shares_by_hour: Int32
    reach_by_hour: Int32


def empty_tallies(runs: int, segments: int, curves: int, hours: int) -> Tallies:
    """Return tallies for ``runs`` runs, with curves of the first ``curves`` of them."""
    return Tallies(
        metrics=np.zeros((runs, 12)),
        trees=np.zeros((runs, 5)),
        reach=np.zeros((runs, segments), np.int64),
        valued=np.zeros((runs, segments)),
        shares_by_hour=np.zeros((curves, hours), np.int32),
        reach_by_hour=np.zeros((curves, hours), np.int32),
    )


@inlined
def _count_reached(
    rows: Records,
    notices: Int32,
    count: int,
    people: Records,
    value: Float64,
    segment: Int16,
    relevant: float,
    metrics: Float64,
    reach: Int64,
    valued: Float64,
) -> None:
    """Count those who noticed, but for our own accounts; by segment too."""
    reached = enough = impressions = 0
    total = 0.0
    for at in range(count):
        if at + AHEAD < count:
            later = rows[at + AHEAD]["account"]
            prefetch(people, later)
            prefetch(value, later)
            prefetch(segment, later)
        account = rows[at]["account"]
        person = people[account]
        noticed = notices[at] & NOTICES
        if noticed == 0 or person["ours"]:
            continue
        worth = value[account] * person["relevance"]
        reached += 1
        impressions += noticed
        enough += person["relevance"] >= relevant
        total += worth
        if segment[account] >= 0:
            reach[segment[account]] += 1
            valued[segment[account]] += worth
    metrics[REACH], metrics[RELEVANT_REACH], metrics[VALUED_REACH] = reached, enough, total
    metrics[IMPRESSIONS] = impressions


@inlined
def _measure_trees(
    rows: Records, share_order: Int32, count: int, breadth: Int64, trees: Float64
) -> None:
    """Measure the shape of the trees; see ``cascade.Trees``.

    ``next`` of a row, which is 1, becomes the number of shares below it, its own included, and
    ``parent`` the root of its tree, -1 for roots. ``breadth`` is room for as many generations as
    there are shares.
    """
    largest = widest = 0
    depth = -1
    for i in range(count - 1, -1, -1):
        if i >= AHEAD:
            prefetch(rows, share_order[i - AHEAD])
        row = rows[share_order[i]]
        generation = row["generation"]
        while depth < generation:
            depth += 1
            breadth[depth] = 0
        breadth[generation] += 1
        if generation > 0:
            widest = max(widest, breadth[generation])
        if row["parent"] >= 0:
            rows[row["parent"]]["next"] += row["next"]
    distance = pairs = 0.0
    for i in range(count):
        if i + AHEAD < count:
            prefetch(rows, share_order[i + AHEAD])
        row = rows[share_order[i]]
        below = row["next"]
        if row["parent"] < 0:
            largest = max(largest, below)
            pairs += 0.5 * below * (below - 1)
            continue
        root = rows[row["parent"]]["parent"]  # of the parent, which comes before
        if root >= 0:
            row["parent"] = root
        distance += float(below) * float(rows[row["parent"]]["next"] - below)
    trees[SIZE], trees[LARGEST_TREE], trees[TREE_DEPTH] = count, largest, max(depth, 0)
    trees[LARGEST_GENERATION] = widest
    trees[TREE_VIRALITY] = distance / pairs if pairs > 0 else np.nan


@inlined
def _keep_shares_by_others(rows: Records, share_order: Int32, count: int) -> int:
    """Move the rows of shares to the front of ``share_order``, without posts; return how many."""
    shares = 0
    for i in range(count):
        row = share_order[i]
        share_order[shares] = row
        shares += rows[row]["generation"] > 0
    return shares


@inlined
def _measure_speed(
    rows: Records, share_order: Int32, shares: int, first_post: float, metrics: Float64
) -> None:
    """Measure the speed of shares by others in order of time; see ``cascade.speed``."""
    metrics[SHARES] = shares
    metrics[TIME_TO_HALF], metrics[DOUBLING_TIME] = np.nan, np.nan
    if shares == 0:
        return
    half = (shares + 1) // 2
    to_half = rows[share_order[half - 1]]["share_time"]
    metrics[TIME_TO_HALF] = to_half - first_post
    if half > 1:
        first_share = rows[share_order[0]]["share_time"]
        metrics[DOUBLING_TIME] = (to_half - first_share) / math.log2(half)
    peak = first = 0
    for last in range(shares):
        if last + AHEAD < shares:
            prefetch(rows, share_order[last + AHEAD])
        now = rows[share_order[last]]["share_time"]
        while now - rows[share_order[first]]["share_time"] >= 1.0:
            first += 1
        peak = max(peak, last - first + 1)
    metrics[PEAK_HOURLY_SHARES] = peak


@inlined
def _count_by_hour(
    rows: Records,
    notices: Int32,
    count: int,
    people: Records,
    share_order: Int32,
    shares: int,
    hours: Float64,
    shares_by_hour: Int32,
    reach_by_hour: Int32,
) -> None:
    """Count shares by others and accounts reached up to each hour; both happen in order of time.

    Rows are in the order of touch, and all but posts are touched by a notice.
    """
    happened = 0
    for i in range(len(hours)):
        while happened < shares and rows[share_order[happened]]["share_time"] <= hours[i]:
            happened += 1
        shares_by_hour[i] = happened
    at = reached = 0
    for i in range(len(hours)):
        while at < count:
            counts = notices[at] & NOTICES > 0 and not people[rows[at]["account"]]["ours"]
            if counts and rows[at]["first_notice"] > hours[i]:
                break
            reached += counts
            at += 1
        reach_by_hour[i] = reached


@lean
def spread_many(
    ground: Ground,
    people: Records,
    value: Float64,
    segment: Int16,
    rules: Rules,
    factors: Float64,
    seeds: UInt64,
    instance: np.uint64,
    post_times: Float64,
    post_accounts: Int32,
    horizon: float,
    relevant: float,
    hours: Float64,
    touched: Touched,
    tallies: Tallies,
) -> None:
    """Spread one message instance once for each seed, and fill in a row of tallies for each.

    Parameters as for ``loop.spread``; ``value`` and ``segment`` are by account, ``relevant`` is the
    least relevance that counts as such, ``hours`` are those of the curves.
    """
    metrics, trees, reach, valued, shares_by_hour, reach_by_hour = tallies
    notices, rows, order = touched.notices, touched.rows, touched.share_order
    room = touched.timeline.ties  # which holds nothing once a cascade has ended
    for run in range(len(seeds)):
        count, posts_and_shares = spread(
            ground,
            people,
            rules,
            factors,
            seeds[run],
            instance,
            post_times,
            post_accounts,
            horizon,
            touched,
        )
        own = metrics[run]
        _count_reached(
            rows,
            notices,
            count,
            people,
            value,
            segment,
            relevant,
            own,
            reach[run],
            valued[run],
        )
        _measure_trees(rows, order, posts_and_shares, room, trees[run])
        own[LARGEST_CASCADE], own[DEPTH] = trees[run, LARGEST_TREE], trees[run, TREE_DEPTH]
        own[STRUCTURAL_VIRALITY] = trees[run, TREE_VIRALITY]
        shares = _keep_shares_by_others(rows, order, posts_and_shares)
        _measure_speed(rows, order, shares, post_times[0], own)
        own[WASTED] = own[IMPRESSIONS] - shares
        if run < len(shares_by_hour):
            _count_by_hour(
                rows,
                notices,
                count,
                people,
                order,
                shares,
                hours,
                shares_by_hour[run],
                reach_by_hour[run],
            )
