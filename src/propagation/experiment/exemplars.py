"""What is kept for looking at: the typical cascade of each strategy, and a small world's graph."""

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.experiment.batches import Columns
from propagation.experiment.replicates import Laboratory
from propagation.spread.cascade import Cascade
from propagation.strategy.agenda import Agenda

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Segments = npt.NDArray[np.str_]

MOST_ACCOUNTS, MOST_FOLLOWS = 1500, 20_000
"""Up to here a follower graph can be drawn and read, and is kept."""


def typical_replicate(shares: Float64) -> int:
    """Return the replicate of median shares (the lower one of two, the first of equals)."""
    return int(np.argsort(shares, kind="stable")[(len(shares) - 1) // 2])


def typical_cascades(
    laboratory: Laboratory, shares: dict[str, Float64], draw: Int64
) -> dict[str, list[object]]:
    """Return the posts and shares of each strategy's typical replicate, in order of time.

    ``shares`` holds the number of shares of each strategy's replicates (replicates,) and ``draw``
    the draw of each. The replicate is run once more, which gives the same cascade. Columns:
    ``account`` (its number in the world), ``segment`` ("" for ours), ``parent`` (the row within
    the strategy of the share that led to it, -1 for a post), ``generation``, ``share_time``.
    """
    columns: Columns = {
        name: []
        for name in (
            *("strategy", "replicate", "draw", "message", "nominal_time"),
            *("account", "segment", "parent", "generation", "share_time"),
        )
    }
    for strategy, counts in shares.items():
        replicate = typical_replicate(counts)
        arm = laboratory.arm(strategy, int(draw[replicate]))
        cascades = laboratory.cascades(arm, replicate)
        rows = _rows_in_order(arm.agenda, cascades, arm.world)
        columns["strategy"] += [strategy] * len(rows["account"])
        columns["replicate"] += [replicate] * len(rows["account"])
        columns["draw"] += [int(draw[replicate])] * len(rows["account"])
        for name, values in rows.items():
            columns[name] += values
    return columns


def segment_names(world: World, accounts: Int32 | slice = slice(None)) -> Segments:
    """Return the segment of accounts by name, "" for those in none; shape (accounts,)."""
    names = np.array([*world.segments, ""])
    return names[world.segment_of[accounts]]


def _rows_in_order(
    agenda: Agenda, cascades: tuple[Cascade, ...], world: World
) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {
        name: []
        for name in (
            *("message", "nominal_time", "account", "segment"),
            *("parent", "generation", "share_time"),
        )
    }
    for instance, one in zip(agenda.instances, cascades, strict=True):
        start, order = len(columns["account"]), one.share_order
        place = np.full(len(one.account) + 1, -1)  # the last one serves posts, whose parent is -1
        place[order] = start + np.arange(len(order))
        columns["message"] += [instance.message] * len(order)
        columns["nominal_time"] += [instance.nominal_time] * len(order)
        columns["account"] += one.account[order].tolist()
        accounts = one.account[order]
        segments = np.where(world.is_ours[accounts], "", segment_names(world, accounts))
        columns["segment"] += segments.tolist()
        columns["parent"] += place[one.parent[order]].tolist()
        columns["generation"] += one.generation[order].tolist()
        columns["share_time"] += one.share_time[order].tolist()
    return columns


def is_small(world: World) -> bool:
    """Whether a world's follower graph can be drawn and read."""
    return world.graph.accounts <= MOST_ACCOUNTS and world.graph.follows <= MOST_FOLLOWS


def small_graph(world: World) -> tuple[Columns, Columns]:
    """Return the columns of a world's follows, and of its accounts in order of their numbers."""
    graph = world.graph
    starts, followers = graph.places()
    followee = np.repeat(np.arange(graph.accounts), np.diff(starts))
    alive = followers >= 0
    ours = {number: name for name, number in world.ours.items()}
    follows: Columns = {
        "follower": followers[alive].tolist(),
        "followee": followee[alive].tolist(),
    }
    accounts: Columns = {
        "account": list(range(graph.accounts)),
        "label": [str(graph.labels[account]) for account in range(graph.accounts)],
        "segment": segment_names(world).tolist(),
        "ours": [ours.get(account, "") for account in range(graph.accounts)],
    }
    return follows, accounts
