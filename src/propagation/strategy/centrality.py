"""How central accounts are in the graph of the others' follows: core numbers and PageRank.

Our accounts that were added are left out, followers and all: they are what we do, not where we do
it. They get 0. Accounts of ours that the graph came with count as everybody else.
"""

import math
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from propagation.audience.follower_graph import FollowerGraph
from propagation.audience.world import World
from propagation.compiling import compiled

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DAMPING = 0.85
CONVERGED = 1e-14
"""PageRank is done when all changes of a round come to less; all ranks come to 1."""


def core_numbers(graph: FollowerGraph) -> Int32:
    """Return each account's core number, the direction of follows left out; shape (accounts,).

    The k-core is the largest set of accounts each of which has k neighbours in it (Seidman 1983);
    the core number is the largest such k. Takes 12 bytes a follow while at it, in time linear in
    the follows (Batagelj & Zaversnik 2003).
    """
    starts = _own_starts(graph)
    nobody = np.zeros(graph.ordinary, np.bool_)
    followee_starts, followees = _turned(starts, graph.followers, nobody, graph.ordinary)
    neighbour_starts, neighbours = _neighbours(
        starts, graph.followers, followee_starts, followees, graph.ordinary
    )
    del followees
    cores = _cores(neighbour_starts, neighbours)
    return np.concatenate((cores, np.zeros(graph.added, np.int32)))


def pagerank(graph: FollowerGraph, damping: float = DAMPING) -> Float64:
    """Return each account's PageRank, a follow linking follower to followee; shape (accounts,).

    Whoever follows nobody counts as following everybody equally. The ranks come to 1. A power
    iteration on the follower lists as they are: 24 bytes an account, no copy of the follows.
    """
    rounds = math.ceil(math.log(CONVERGED / 2) / math.log(damping)) if damping else 1
    ranks = _ranks(_own_starts(graph), graph.followers, damping, rounds)
    return np.concatenate((ranks, np.zeros(graph.added)))


def followee_lists(world: World) -> tuple[Int64, Int32]:
    """Return whom each account follows: (accounts + 1,) starts, and followees by number, not ours.

    Takes 4 bytes a follow, in time linear in the follows.
    """
    graph = world.graph
    return _turned(_own_starts(graph), graph.followers, world.is_ours, graph.accounts)


Subject = TypeVar("Subject", FollowerGraph, World)
Result = TypeVar("Result")
_known: weakref.WeakKeyDictionary[object, dict[str, Any]] = weakref.WeakKeyDictionary()


def once(work_out: Callable[[Subject], Result], subject: Subject) -> Result:
    """Return ``work_out(subject)``, worked out once and kept as long as the graph or world is."""
    known = _known.setdefault(subject, {})
    if work_out.__name__ not in known:
        known[work_out.__name__] = work_out(subject)
    result: Result = known[work_out.__name__]
    return result


def _own_starts(graph: FollowerGraph) -> Int64:
    """Return where the lists of the accounts that were not added start, and the last one ends."""
    return graph.list_starts[: graph.ordinary + 1]


@compiled
def _turned(starts: Int64, followers: Int32, left_out: Bools, accounts: int) -> tuple[Int64, Int32]:
    """Return the lists turned round, by a counting sort: each comes out in order of number."""
    next_place = np.zeros(accounts + 1, np.int64)
    for u in range(len(starts) - 1):
        for place in range(starts[u], starts[u + 1]):
            if followers[place] >= 0 and not left_out[u]:
                next_place[followers[place] + 1] += 1
    for w in range(accounts):
        next_place[w + 1] += next_place[w]
    turned = np.empty(next_place[accounts], np.int32)
    for u in range(len(starts) - 1):
        for place in range(starts[u], starts[u + 1]):
            if followers[place] >= 0 and not left_out[u]:
                w = followers[place]
                turned[next_place[w]] = u
                next_place[w] += 1
    next_place[1:] = next_place[:-1].copy()
    next_place[0] = 0
    return next_place, turned


@compiled
def _neighbours(
    starts: Int64, followers: Int32, followee_starts: Int64, followees: Int32, accounts: int
) -> tuple[Int64, Int32]:
    """Return who follows or is followed, each once; ``seen`` holds who met an account last."""
    neighbour_starts = np.zeros(accounts + 1, np.int64)
    neighbours = np.empty(2 * len(followees), np.int32)
    seen = np.full(accounts, -1, np.int32)
    found = 0
    for v in range(accounts):
        seen[v] = v
        for place in range(starts[v], starts[v + 1]):
            w = followers[place]
            if w >= 0 and seen[w] != v:
                seen[w] = v
                neighbours[found] = w
                found += 1
        for place in range(followee_starts[v], followee_starts[v + 1]):
            w = followees[place]
            if seen[w] != v:
                seen[w] = v
                neighbours[found] = w
                found += 1
        neighbour_starts[v + 1] = found
    return neighbour_starts, neighbours


@compiled
def _cores(starts: Int64, neighbours: Int32) -> Int32:
    """Take away the account with fewest neighbours left, again and again.

    ``order`` holds the accounts by neighbours left, those with d of them from ``first[d]`` on.
    """
    accounts = len(starts) - 1
    left = np.empty(accounts, np.int32)
    for v in range(accounts):
        left[v] = starts[v + 1] - starts[v]
    most = 0 if accounts == 0 else left.max()
    first = np.zeros(most + 2, np.int64)
    for v in range(accounts):
        first[left[v] + 1] += 1
    for d in range(most + 1):
        first[d + 1] += first[d]
    order, place_of = np.empty(accounts, np.int32), np.empty(accounts, np.int64)
    next_place = first.copy()
    for v in range(accounts):
        place_of[v] = next_place[left[v]]
        order[place_of[v]] = v
        next_place[left[v]] += 1
    for i in range(accounts):
        v = order[i]
        for place in range(starts[v], starts[v + 1]):
            w = neighbours[place]
            if left[w] > left[v]:
                # w trades places with the first of those with as many left, and leaves them
                front = first[left[w]]
                other = order[front]
                order[place_of[w]], place_of[other] = other, place_of[w]
                order[front], place_of[w] = w, front
                first[left[w]] += 1
                left[w] -= 1
    return left


@compiled
def _ranks(starts: Int64, followers: Int32, damping: float, rounds: int) -> Float64:
    """Go on until nothing changes, but no longer than the slowest graph takes."""
    accounts = len(starts) - 1
    follows = np.zeros(accounts, np.int64)
    for place in range(starts[0], starts[accounts]):
        if followers[place] >= 0:
            follows[followers[place]] += 1
    ranks, passed_on = np.full(accounts, 1.0 / max(1, accounts)), np.empty(accounts)
    for _ in range(rounds):
        kept = 0.0
        for v in range(accounts):
            if follows[v] == 0:
                kept += ranks[v]
            passed_on[v] = damping * ranks[v] / max(1, follows[v])
        everybody = (1.0 - damping + damping * kept) / max(1, accounts)
        change = 0.0
        for u in range(accounts):
            rank = everybody
            for place in range(starts[u], starts[u + 1]):
                if followers[place] >= 0:
                    rank += passed_on[followers[place]]
            change += abs(rank - ranks[u])
            ranks[u] = rank
        if change < CONVERGED:
            break
    return ranks
