"""Who is reached when time does not matter: cascades without delays, order and trees.

Every throw is addressed by what it decides, so who shares in the end does not depend on the order
in which shares happen, as long as nothing ends them: an account shares if any of its notices makes
it decide to (Kempe, Kleinberg & Tardos 2003 show the same for the independent cascade and for
thresholds). Without a horizon this gives the reach, the impressions and the shares of the full
model, number for number, and several times faster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.compiling import inlined, lean
from propagation.instructions import lowest_bit, prefetch
from propagation.luck import BLOCK_EXPONENTS, CERTAIN, block_below, descend, first_bits, threshold
from propagation.scenario.spec import Message
from propagation.spread.dynamics import (
    BY_CHANCE,
    Rules,
    Stems,
    factors_of,
    rules_of,
    share_probability,
    stems,
)
from propagation.spread.loop import wants
from propagation.spread.noticing import (
    ALL,
    MIXED,
    PRESENT_SHARE,
    Ground,
    ask_for_list,
    find_in_lists,
)
from propagation.spread.prepared import Prepared, prepare
from propagation.strategy.agenda import MessageInstance

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
UInt64 = npt.NDArray[np.uint64]
Records = npt.NDArray[np.void]

NEAR, FAR = 4, 8
"""How many sharers ahead the loop asks for a follower list, and for what is known of the sharer."""


@dataclass(frozen=True, eq=False)
class Reached:
    """How many noticed and shared, and how often, in each of a number of runs; shapes (runs,).

    ``reach`` counts accounts that noticed and ``shares`` those that shared, both without our own;
    ``impressions`` counts notices.
    """

    reach: Int64
    impressions: Int64
    shares: Int64


class _Marks(NamedTuple):
    """What is remembered of accounts in a run, and its queues.

    A run leaves notices and marks as it found them, but for marks of our accounts that noticed.
    """

    notices: Int32  # by account
    marks: UInt8  # by account: OURS, and MARKED once it is in the queue
    reached: Int32  # accounts that noticed
    queue: Int32  # accounts that share
    found: Int32


MARKED, OURS = np.uint8(1), np.uint8(2)


class BareCascades:
    """Cascades of one message without time on one world; not to be shared between threads.

    Parameters
    ----------
    world, message
        The world of a draw, and what spreads in it.
    prepared
        What ``prepared.prepare`` returns for the message under the name ``message``.
    """

    def __init__(self, world: World, message: Message, prepared: Prepared | None = None) -> None:
        prepared = prepared or prepare(world, {"message": message})
        self._ground, self._people = prepared.ground, prepared.people["message"]
        self._rules, self._factors = rules_of(message), factors_of(message)
        self._world, accounts = world, world.graph.accounts
        self._certain = _all_share(self._rules, self._factors, self._people)
        self._marks = _Marks(
            notices=np.zeros(accounts, np.int32),
            marks=np.where(world.is_ours, OURS, np.uint8(0)),
            reached=np.empty(accounts + 1, np.int32),
            queue=np.empty(accounts + 1, np.int32),
            found=np.empty(PRESENT_SHARE, np.int32),
        )

    def run(self, instance: MessageInstance, seeds: Sequence[int] | Int64) -> Reached:
        """Return what happens after the posts of an instance in one run for each seed."""
        authors = np.unique([self._world.ours[post.by] for post in instance.posts])
        counts = np.zeros((len(seeds), 3), np.int64)
        spread = _spread_certain if self._certain else _spread_by_choice
        spread(
            self._ground,
            self._people,
            self._rules,
            self._factors,
            np.asarray(seeds).astype(np.uint64),
            instance.id,
            authors.astype(np.int32),
            self._marks,
            counts,
        )
        return Reached(counts[:, 0], counts[:, 1], counts[:, 2])


@lean
def _all_share(rules: Rules, factors: Float64, people: Records) -> bool:
    """Say whether everybody but our own accounts shares for certain at the first notice."""
    if rules.response != BY_CHANCE:
        return False
    for person in people:
        chance = threshold(share_probability(rules, factors, person["relevance"], 1))
        if chance < CERTAIN and not person["ours"]:
            return False
    return True


@inlined
def _ask_ahead(people: Records, followers: Int32, queue: Int32, now: int, end: int) -> None:
    """Ask for what the sharers to come will need."""
    if now + FAR < end:
        prefetch(people, queue[now + FAR])
    if now + NEAR < end:
        ask_for_list(people, followers, queue[now + NEAR])


@inlined
def _find_in_blocks(
    ground: Ground,
    people: Records,
    throws: Stems,
    queue: Int32,
    now: int,
    end: int,
    place: int,
    found: Int32,
) -> tuple[int, int, int]:
    """Find who notices the next sharers, as long as their lists are thrown in blocks.

    Returns how many were found, the sharer to go on with and the place in its list. Many at once,
    so that what is done to those found is not interrupted after every list.
    """
    noticed = 0
    while now < end and noticed + 64 <= PRESENT_SHARE:
        this = people[queue[now]]
        length, common = this["length"], this["attention"]
        if queue[now] >= ground.ordinary or common == MIXED or this["envelope"] > BLOCK_EXPONENTS:
            break
        if place == 0:
            _ask_ahead(people, ground.followers, queue, now, end)
        if place < length:
            block = block_below(descend(throws.skip, this["key"]), place >> 6, common)
            bits = block & first_bits(min(length - place, 64))
            start = this["start"] + place
            while bits != np.uint64(0):
                account = ground.followers[np.uint64(start + lowest_bit(bits))]
                bits &= bits - np.uint64(1)
                found[np.uint64(noticed)] = account
                noticed += account >= 0
        place += 64
        if place >= length:
            now, place = now + 1, 0
    return noticed, now, place


@lean
def _spread_certain(
    ground: Ground,
    people: Records,
    rules: Rules,
    factors: Float64,
    seeds: UInt64,
    instance: np.uint64,
    authors: Int32,
    kept: _Marks,
    counts: Int64,
) -> None:
    """Run cascades in which whoever notices shares; fill in ``counts``, (runs, 3)."""
    _, marks, _, queue, found = kept
    for run in range(len(seeds)):
        throws = stems(seeds[run], instance)
        end = now = place = impressions = 0
        one = ALL
        for author in authors:
            queue[end] = author
            end += 1
        while now < end:
            noticed = 0
            if one == ALL:
                noticed, now, place = _find_in_blocks(
                    ground, people, throws, queue, now, end, place, found
                )
            if noticed == 0 and now < end:
                noticed, one, place = find_in_lists(
                    ground, people, throws, queue[now], one, place, found
                )
                now, place = now + (one == ALL), max(place, 0)
            impressions += noticed
            for i in range(noticed):
                account = np.uint32(found[i])
                mark = marks[account]
                queue[np.uint64(end)] = account
                end += mark == 0
                impressions -= mark >> np.uint8(1)
                marks[account] = mark | MARKED
        shares = end - len(authors)
        counts[run, 0], counts[run, 1], counts[run, 2] = shares, impressions, shares
        for i in range(len(authors), end):
            marks[queue[i]] = 0


@lean
def _spread_by_choice(
    ground: Ground,
    people: Records,
    rules: Rules,
    factors: Float64,
    seeds: UInt64,
    instance: np.uint64,
    authors: Int32,
    kept: _Marks,
    counts: Int64,
) -> None:
    """Run cascades in which a notice may lead to a share; fill in ``counts``, (runs, 3)."""
    notices, marks, reached, queue, found = kept
    for run in range(len(seeds)):
        throws = stems(seeds[run], instance)
        end = now = noticing = place = 0
        one = ALL
        for author in authors:
            queue[end] = author
            end += 1
        while now < end:
            if one == ALL:
                _ask_ahead(people, ground.followers, queue, now, end)
            noticed, one, place = find_in_lists(
                ground, people, throws, queue[now], one, place, found
            )
            now, place = now + (one == ALL), max(place, 0)
            for i in range(noticed):
                prefetch(notices, found[i])
                prefetch(people, found[i])
            for i in range(noticed):
                account = found[i]
                k = notices[account] + 1
                notices[account] = k
                reached[noticing] = account
                noticing += k == 1
                if marks[account] == 0 and wants(rules, factors, throws, people[account], k):
                    marks[account] = MARKED
                    queue[end] = account
                    end += 1
        counts[run, 0] = counts[run, 1] = 0
        for i in range(noticing):
            account = reached[i]
            if not marks[account] & OURS:
                counts[run, 0] += 1
                counts[run, 1] += notices[account]
            notices[account] = 0
        counts[run, 2] = end - len(authors)
        for i in range(len(authors), end):
            marks[queue[i]] = 0
