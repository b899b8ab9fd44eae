"""Posts by many accounts, each in a run of its own: what becomes of them, counted run by run."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.compiling import compiled
from propagation.luck import descend, text_id
from propagation.scenario.spec import Message
from propagation.spread.dynamics import Rules, factors_of, rules_of
from propagation.spread.loop import Touched, spread, touched_arrays
from propagation.spread.noticing import Ground
from propagation.spread.prepared import prepare
from verification.graphs import MESSAGE

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

GENERATIONS = 12
"""Generations that are counted apart; the last count holds all later ones too."""


@dataclass(frozen=True)
class Trees:
    """Trees of as many posts.

    Attributes
    ----------
    shares
        Posts and shares by generation; shape (posts, ``GENERATIONS`` + 1).
    depth
        The last generation; shape (posts,).
    reached
        Accounts that noticed; shape (posts,).
    soon
        Shares within each of the times asked for since the post; shape (posts, times).
    """

    shares: Int64
    depth: Int64
    reached: Int64
    soon: Int64

    @property
    def size(self) -> Int64:
        """Accounts in each tree, the one that posts included."""
        return np.asarray(self.shares.sum(axis=1))


@compiled
def _each(
    ground: Ground,
    people: npt.NDArray[np.void],
    rules: Rules,
    factors: Float64,
    seed: np.uint64,
    instance: np.uint64,
    roots: Int32,
    hours: Float64,
    touched: Touched,
    shares: Int64,
    depth: Int64,
    reached: Int64,
    soon: Int64,
) -> None:
    at_once, post = np.zeros(1), np.zeros(1, np.int32)
    last = shares.shape[1] - 1
    for run in range(len(roots)):
        post[0] = roots[run]
        kept = people[post[0]]["ours"]
        people[post[0]]["ours"] = 1  # posts, and decides nothing
        own = descend(seed, np.uint64(run))
        rows, count = spread(
            ground, people, rules, factors, own, instance, at_once, post, math.inf, touched
        )
        people[post[0]]["ours"] = kept
        reached[run] = rows - 1
        for i in range(count):
            row = touched.rows[touched.share_order[i]]
            shares[run, min(row["generation"], last)] += 1
            depth[run] = max(depth[run], row["generation"])
            for mark in range(len(hours)):
                soon[run, mark] += row["generation"] > 0 and row["share_time"] <= hours[mark]


def poster(
    world: World, what: Message, seed: int, hours: tuple[float, ...] = ()
) -> Callable[[npt.ArrayLike], Trees]:
    """Return what lets accounts of a world post a message, each in a run of its own.

    Nobody's posts know of the others. ``hours`` are times since the post at which shares are
    counted.
    """
    ready = prepare(world, {MESSAGE: what})
    begin = partial(
        _each,
        ready.ground,
        ready.people[MESSAGE],
        rules_of(what),
        factors_of(what),
    )
    touched = touched_arrays(world.graph.accounts)
    marks = np.array(hours, np.float64)

    def post(roots: npt.ArrayLike) -> Trees:
        by = np.asarray(roots, np.int32)
        found = Trees(
            np.zeros((len(by), GENERATIONS + 1), np.int64),
            np.zeros(len(by), np.int64),
            np.zeros(len(by), np.int64),
            np.zeros((len(by), len(marks)), np.int64),
        )
        begin(
            np.uint64(seed),
            text_id(MESSAGE),
            by,
            marks,
            touched,
            found.shares,
            found.depth,
            found.reached,
            found.soon,
        )
        return found

    return post
