"""The metrics of whole campaigns, counted where the loop has left its rows.

`cascade.measure` defines the metrics that all runs have. Here they are counted over the rows of all
instances at once, without a cascade for each; besides, who came and left, what became of pitches,
and how all of it grew over time.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined
from propagation.instructions import prefetch
from propagation.spread.campaign_runs import CampaignRuns
from propagation.spread.campaign_trees import measure_all_trees
from propagation.spread.cascade import Audience, peak_in_an_hour
from propagation.spread.coverage import reached_through_coverage
from propagation.spread.scene import MOVES, PITCHES, ROWS, SHARES, Scene
from propagation.spread.tally import (
    AHEAD,
    DOUBLING_TIME,
    IMPRESSIONS,
    PEAK_HOURLY_SHARES,
    REACH,
    RELEVANT_REACH,
    TIME_TO_HALF,
    VALUED_REACH,
    WASTED,
)
from propagation.spread.tally import SHARES as SHARES_METRIC

Bools = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

GAINED, LOST, SENT, OPENED, ANSWERED, COVERED, COVERAGE_REACH, ORIGINALS = range(8)
"""Columns of ``CampaignTallies.counts``."""
UNSEEN = -1.0
_NO_COUNTS = np.empty(0, np.int32)


class CampaignTallies(NamedTuple):
    """What a number of runs did, a row for each run.

    ``metrics``, ``reach``, ``valued`` as in ``tally.Tallies``; ``trees`` has a row for each
    instance and its columns; ``touched`` says which instances anybody noticed or shared;
    ``counts`` has the columns above, ``reposts`` one for each rule. Curves by hour have rows for
    the first runs only: shares by others, accounts reached, followers joined minus left, and
    valued reach.
    """

    metrics: Float64
    trees: Float64
    touched: Bools
    reach: Int64
    valued: Float64
    counts: Int64
    reposts: Int64
    shares_by_hour: Int32
    reach_by_hour: Int32
    followers_by_hour: Int32
    valued_reach_by_hour: Float64


def tally_campaigns(
    runs: CampaignRuns,
    audience: Audience,
    segments: int,
    seeds: Sequence[int],
    relevant: float,
    hours: Float64,
    curves: int,
) -> CampaignTallies:
    """Run a campaign once for each seed, and count what happened.

    Parameters
    ----------
    relevant
        An account counts as relevant at or above this relevance.
    hours, curves
        Hours at which the first ``curves`` runs are looked at; shape (points,).
    """
    agenda, accounts = runs.plan.agenda, runs.plan.world.graph.accounts
    found = empty_tallies(
        len(seeds), len(agenda), len(agenda.reposts), segments, curves, len(hours)
    )
    best = np.full(accounts, UNSEEN)
    for run, seed in enumerate(seeds):
        scene = runs.run(seed)
        rows = scene.rows[: scene.counts[ROWS]]
        _count(
            rows,
            _noticed_in_order(rows, audience.is_ours),
            scene.share_order[: scene.counts[SHARES]],
            runs.script.instances,
            runs.script.originals,
            runs.script.relevance,
            audience.value,
            audience.segment,
            audience.is_ours,
            best,
            relevant,
            agenda.start,
            hours if run < curves else hours[:0],
            found.metrics[run],
            found.trees[run],
            found.counts[run],
            found.touched[run],
            found.reach[run],
            found.valued[run],
            found.shares_by_hour[run] if run < curves else _NO_COUNTS,
            found.reach_by_hour[run] if run < curves else _NO_COUNTS,
            found.valued_reach_by_hour[run] if run < curves else hours[:0],
        )
        moves, pitches = scene.moves[: scene.counts[MOVES]], scene.pitches[: scene.counts[PITCHES]]
        count_outreach(moves, pitches, scene.reposts, hours, found, run)
        found.counts[run, COVERAGE_REACH] = _coverage_reach(scene, audience)
    return found


def _coverage_reach(scene: Scene, audience: Audience) -> int:
    """Return the accounts reached through coverage."""
    rows = scene.rows[: scene.counts[ROWS]]
    return reached_through_coverage(
        rows["instance"],
        rows["account"],
        rows["first_notice"],
        rows["share_time"],
        rows["parent"],
        scene.share_order[: scene.counts[SHARES]],
        scene.pitches[: scene.counts[PITCHES]],
        audience.is_ours,
    )


def empty_tallies(
    runs: int, instances: int, rules: int, segments: int, curves: int, hours: int
) -> CampaignTallies:
    """Return tallies for ``runs`` runs, with curves of the first ``curves`` of them."""
    return CampaignTallies(
        metrics=np.zeros((runs, 12)),
        trees=np.zeros((runs, instances, 5)),
        touched=np.zeros((runs, instances), np.bool_),
        reach=np.zeros((runs, segments), np.int64),
        valued=np.zeros((runs, segments)),
        counts=np.zeros((runs, 8), np.int64),
        reposts=np.zeros((runs, rules), np.int64),
        shares_by_hour=np.zeros((curves, hours), np.int32),
        reach_by_hour=np.zeros((curves, hours), np.int32),
        followers_by_hour=np.zeros((curves, hours), np.int32),
        valued_reach_by_hour=np.zeros((curves, hours)),
    )


def count_outreach(
    moves: Records,
    pitches: Records,
    reposts: Int64,
    hours: Float64,
    found: CampaignTallies,
    run: int,
) -> None:
    """Count who came and left, what became of pitches, and reposts."""
    joined = moves["joined"]
    found.counts[run, GAINED] = np.count_nonzero(joined)
    found.counts[run, LOST] = np.count_nonzero(~joined)
    found.counts[run, SENT] = len(pitches)
    for column, name in ((OPENED, "opened"), (ANSWERED, "answered"), (COVERED, "covered")):
        found.counts[run, column] = np.count_nonzero(pitches[name])
    found.reposts[run] = reposts
    if run < len(found.followers_by_hour):
        net = np.concatenate(([0], np.cumsum(np.where(joined, 1, -1))))
        found.followers_by_hour[run] = net[np.searchsorted(moves["time"], hours, side="right")]


@compiled
def _count(
    rows: Records,
    seen: Int64,
    share_order: Int32,
    instances: Records,
    originals: Records,
    topic_relevance: Float64,
    value: Float64,
    segment: Int16,
    is_ours: Bools,
    best: Float64,
    relevant: float,
    start: float,
    hours: Float64,
    metrics: Float64,
    trees: Float64,
    counts: Int64,
    touched: Bools,
    reach: Int64,
    valued: Float64,
    shares_by_hour: Int32,
    reach_by_hour: Int32,
    valued_by_hour: Float64,
) -> None:
    """Count a campaign; ``best``, by account, is UNSEEN everywhere before and after."""
    times = _shares_by_others(rows, share_order, is_ours)
    _measure_speed(times, start, metrics)
    counts[ORIGINALS] = measure_all_trees(rows, share_order, len(instances), trees, metrics)
    reached = impressions = 0
    total = 0.0
    hour = 0
    for i in range(len(seen)):
        if i + AHEAD < len(seen):
            prefetch(best, rows[seen[i + AHEAD]]["account"])
        row = rows[seen[i]]
        while hour < len(hours) and hours[hour] < row["first_notice"]:
            reach_by_hour[hour], valued_by_hour[hour] = reached, total
            hour += 1
        account = row["account"]
        topic = _topic_of(row["instance"], instances, originals, topic_relevance.shape[1])
        relevance = topic_relevance[topic, account]
        impressions += row["notices"]
        reached += best[account] == UNSEEN
        if relevance > best[account]:
            total += value[account] * (relevance - max(best[account], 0.0))
            best[account] = relevance
    while hour < len(hours):
        reach_by_hour[hour], valued_by_hour[hour] = reached, total
        hour += 1
    _settle_reach(rows, seen, value, segment, best, relevant, metrics, reach, valued)
    metrics[REACH], metrics[IMPRESSIONS] = reached, impressions
    metrics[WASTED] = impressions - len(times)
    for at in range(len(rows)):
        if rows[at]["instance"] < len(instances):
            touched[rows[at]["instance"]] = True
    happened = 0
    for i in range(len(hours)):
        while happened < len(times) and times[happened] <= hours[i]:
            happened += 1
        shares_by_hour[i] = happened


@inlined
def _topic_of(instance: int, instances: Records, originals: Records, accounts: int) -> int:
    """Return the topic of an instance; originals follow those scheduled, by topic and author."""
    if instance < len(instances):
        return int(instances[instance]["topic"])
    return int(originals[(instance - len(instances)) // accounts]["topic"])


@compiled
def _shares_by_others(rows: Records, share_order: Int32, is_ours: Bools) -> Float64:
    """Return the times of shares by others, seeds left out, in order."""
    times = np.empty(len(share_order), np.float64)
    count = 0
    for at in share_order:
        times[count] = rows[at]["share_time"]
        count += rows[at]["generation"] > 0 and not is_ours[rows[at]["account"]]
    return times[:count]


def _noticed_in_order(rows: Records, is_ours: Bools) -> Int64:
    """Return the rows of others who noticed something, in order of their first notice.

    Rows are in order of touch, and most are touched by a notice.
    """
    seen, in_order = _noticed(rows, is_ours)
    if in_order:
        return seen
    order: Int64 = seen[np.argsort(rows["first_notice"][seen], kind="stable")]
    return order


@compiled
def _noticed(rows: Records, is_ours: Bools) -> tuple[Int64, bool]:
    """Return the rows of others who noticed something, and whether they are in that order."""
    seen = np.empty(len(rows), np.int64)
    count = 0
    in_order = True
    for at in range(len(rows)):
        if rows[at]["notices"] > 0 and not is_ours[rows[at]["account"]]:
            if count > 0 and rows[seen[count - 1]]["first_notice"] > rows[at]["first_notice"]:
                in_order = False
            seen[count] = at
            count += 1
    return seen[:count], in_order


@compiled
def _settle_reach(
    rows: Records,
    seen: Int64,
    value: Float64,
    segment: Int16,
    best: Float64,
    relevant: float,
    metrics: Float64,
    reach: Int64,
    valued: Float64,
) -> None:
    """Count each account once, with its largest relevance, and make ``best`` UNSEEN again."""
    enough = 0
    total = 0.0
    for at in seen:
        account = rows[at]["account"]
        if best[account] == UNSEEN:
            continue
        worth = value[account] * best[account]
        enough += best[account] >= relevant
        total += worth
        if segment[account] >= 0:
            reach[segment[account]] += 1
            valued[segment[account]] += worth
        best[account] = UNSEEN
    metrics[RELEVANT_REACH], metrics[VALUED_REACH] = enough, total


@compiled
def _measure_speed(times: Float64, start: float, metrics: Float64) -> None:
    """Measure the speed of shares by others; see ``cascade.speed``."""
    count = len(times)
    metrics[SHARES_METRIC] = count
    metrics[TIME_TO_HALF], metrics[DOUBLING_TIME] = np.nan, np.nan
    if count == 0:
        return
    half = (count + 1) // 2
    metrics[TIME_TO_HALF] = times[half - 1] - start
    if half > 1:
        metrics[DOUBLING_TIME] = (times[half - 1] - times[0]) / math.log2(half)
    metrics[PEAK_HOURLY_SHARES] = peak_in_an_hour(times)
