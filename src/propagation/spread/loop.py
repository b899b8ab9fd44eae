"""The compiled loop: one message instance spreads over a world, share by share.

Functions here take plain arrays. A named tuple of arrays passed from function to function costs a
count of references for each array at each call: with tuples a cascade of 6,700 shares took 2.9 to
5.1 ms, with arrays 1.8 ms.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined
from propagation.instructions import lowest_bit, prefetch
from propagation.luck import BLOCK_EXPONENTS, block_below, candidates, descend, first_bits
from propagation.spread.dynamics import Rules, Stems, decides, delay, notices, stems
from propagation.spread.timeline import (
    IN_HEAP,
    NOBODY,
    ROW,
    Timeline,
    account_of,
    add,
    enter_next_bucket,
    new_timeline,
    take,
)

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
Records = npt.NDArray[np.void]

PERSON = np.dtype(
    [
        ("key", np.uint64),
        ("threshold", np.float64),
        ("relevance", np.float64),  # of the message
        ("followees", np.int32),
        ("ours", np.int32),
    ]
)
"""What a decision asks about an account; one record, since memory costs more than the rule."""

FOLLOWER_LIST = np.dtype(
    [
        ("start", np.int64),  # in the followers, or in the appended ones
        ("key", np.uint64),
        ("attention", np.uint64),  # of every member, or MIXED
        ("length", np.int32),
        ("envelope", np.int32),
    ]
)
"""What a share asks about a follower list; ``length`` counts places."""

MIXED = ~np.uint64(0)
"""Stands for the attention of a list whose members differ in it."""

DECIDED = np.int32(-(2**31))
"""Added to the notices of an account that decides no more."""
NOTICES = np.int32(2**31 - 1)
"""What is left of them without it, bit by bit."""


class Ground(NamedTuple):
    """The world as the loop sees it; arrays as in ``FollowerGraph`` and ``World``."""

    first_list: Int32
    lists: Records
    followers: Int32  # cannot be written to, like the next
    appended: Int32
    in_followers: int  # number of lists that lie in ``followers``
    attention: UInt64  # as thresholds on throws


class Touched(NamedTuple):
    """What has happened so far: one row per touched account, in the order of touch."""

    row_of: Int32  # by account: its row plus 1, or 0 while untouched; all 0 between runs
    notices: Int32  # by row, with DECIDED; apart from the rest, since most change nothing else
    rows: Records
    share_order: Int32  # rows in the order of their shares
    timeline: Timeline
    found: Int32  # candidate places, then the accounts that noticed
    counts: Int64  # numbers of rows and of shares


ROWS, SHARES = 0, 1
AHEAD = 8
"""How many accounts ahead the loop asks for what it will need of them."""


def touched_arrays(accounts: int) -> Touched:
    """Return arrays for up to ``accounts`` rows; memory is taken only as rows are written."""
    return Touched(
        row_of=np.zeros(accounts, np.int32),
        notices=np.empty(accounts, np.int32),
        rows=np.empty(accounts, ROW),
        share_order=np.empty(accounts, np.int32),
        timeline=new_timeline(accounts),
        found=np.empty(1024, np.int32),
        counts=np.zeros(2, np.int64),
    )


@compiled
def common_attention(list_starts: Int64, followers: Int32, attention: UInt64) -> UInt64:
    """Return the attention that all members of a list have, or ``MIXED``; shape (lists,)."""
    common = np.full(len(list_starts) - 1, MIXED, np.uint64)
    for one in range(len(common)):
        for place in range(list_starts[one], list_starts[one + 1]):
            if followers[place] < 0:
                continue
            own = attention[followers[place]]
            if common[one] == MIXED:
                common[one] = own
            elif common[one] != own:
                common[one] = MIXED
                break
    return common


@inlined
def _new_row(
    row_of: Int32,
    notice_counts: Int32,
    rows: Records,
    counts: Int64,
    people: Records,
    account: int,
    first_notice: float,
) -> int:
    """Return the row of an account that was not touched before; it has no notice yet."""
    at = int(counts[ROWS])
    counts[ROWS] += 1
    row_of[account] = at + 1
    notice_counts[at] = DECIDED if people[account]["ours"] else 0
    row = rows[at]
    row["account"] = account
    row["first_notice"] = first_notice
    row["share_time"] = np.nan
    row["parent"] = NOBODY
    row["generation"] = NOBODY
    return at


@inlined
def _decide(rows: Records, at: int, time: float, parent: int, generation: int) -> None:
    """Write down when an account will share, after whom, and in which generation."""
    row = rows[at]
    row["share_time"], row["parent"], row["generation"] = time, parent, generation


@inlined
def _posted(
    row_of: Int32,
    notice_counts: Int32,
    rows: Records,
    counts: Int64,
    people: Records,
    account: int,
    time: float,
) -> int:
    """Write down a post, and return its row; -1 if the account has posted before."""
    if row_of[account] > 0:
        return -1
    at = _new_row(row_of, notice_counts, rows, counts, people, account, np.nan)
    _decide(rows, at, time, NOBODY, 0)
    return at


@inlined
def _noticed(
    row_of: Int32,
    notice_counts: Int32,
    rows: Records,
    counts: Int64,
    people: Records,
    account: int,
    now: float,
) -> int:
    """Count a notice, and return the account's row."""
    at = int(row_of[account] - 1)
    if at < 0:
        at = _new_row(row_of, notice_counts, rows, counts, people, account, now)
    notice_counts[at] += 1
    if notice_counts[at] == DECIDED + 1:  # one of ours that had posted
        rows[at]["first_notice"] = now
    return at


@inlined
def _wants(rules: Rules, throws: Stems, person: np.void, k: int) -> bool:
    """Say whether a person decides to share on its k-th notice."""
    key, relevance = person["key"], person["relevance"]
    return decides(rules, throws, key, relevance, person["threshold"], person["followees"], k)


@inlined
def _forget(row_of: Int32, rows: Records, count: int) -> None:
    """Make ``row_of`` ready for the next run, at a cost that grows with the rows only."""
    for at in range(count):
        row_of[rows[at]["account"]] = 0


@inlined
def _ask_for_lists(
    first_list: Int32, lists: Records, followers: Int32, in_followers: int, ties: Int64, shares: int
) -> None:
    """Ask for the follower lists of the next shares ahead of their use, first lists only.

    What is asked for comes while the loop goes on, and several at once: a list that is not in the
    processor's cache takes as long to come as a hundred operations.
    """
    for i in range(min(shares, 4 * AHEAD)):
        prefetch(lists, first_list[account_of(ties[i])])
    for i in range(min(shares, 4 * AHEAD)):
        one = first_list[account_of(ties[i])]
        if one < in_followers:
            _ask_for_list(lists, followers, one)


@inlined
def _ask_for_list(lists: Records, followers: Int32, one: int) -> None:
    """Ask for the first 64 places of a list: four lines of the cache."""
    start, length = lists[one]["start"], lists[one]["length"]
    for place in range(0, min(length, 64), 16):
        prefetch(followers, start + place)


@inlined
def _who_notice(
    this: np.void,
    members: Int32,
    attention: UInt64,
    skip_key: np.uint64,
    thin_key: np.uint64,
    place: int,
    found: Int32,
) -> tuple[int, int]:
    """Write to ``found`` who notices a share in a list, from ``place`` on.

    Returns how many they are and the place to go on from, -1 at the end of the list.
    """
    start, length, envelope = this["start"], this["length"], this["envelope"]
    common = this["attention"]
    noticed = 0
    if common != MIXED and envelope <= BLOCK_EXPONENTS:
        while place < length and noticed + 64 <= len(found):
            bits = block_below(skip_key, place >> 6, common) & first_bits(min(length - place, 64))
            while bits != np.uint64(0):
                account = members[start + place + lowest_bit(bits)]
                bits &= bits - np.uint64(1)
                found[noticed] = account
                noticed += account >= 0
            place += 64
        return noticed, place if place < length else -1
    count, after = candidates(skip_key, place, length, envelope, found)
    for i in range(count):
        here = found[i]
        account = members[start + here]
        found[noticed] = account
        if account >= 0:
            own = attention[account] if common == MIXED else common
            noticed += notices(skip_key, thin_key, here, own, envelope)
    return noticed, after if after < length else -1


@compiled
def spread(
    ground: Ground,
    people: Records,
    rules: Rules,
    seed: np.uint64,
    instance: np.uint64,
    post_times: Float64,
    post_accounts: Int32,
    horizon: float,
    touched: Touched,
) -> tuple[int, int]:
    """Spread one message instance; fill ``touched`` and return the numbers of rows and of shares.

    Parameters
    ----------
    ground, people, rules
        The world, its accounts as the message finds them, and the message's rules.
    seed, instance
        Seed of the run and hash of the instance's name, the addresses of all throws.
    post_times, post_accounts
        In order; posts after the horizon or by an account that has posted before are left out.
    horizon
        Hours; nothing happens after it.
    """
    first_list, lists, followers, appended, in_followers, attention = ground
    row_of, notice_counts, rows, share_order, timeline, found, counts = touched
    buckets, filled, times, ties, state = timeline
    throws = stems(seed, instance)
    counts[:] = 0
    for i in range(np.count_nonzero(post_times <= horizon)):
        at = _posted(row_of, notice_counts, rows, counts, people, post_accounts[i], post_times[i])
        if at >= 0:
            add(buckets, filled, times, ties, state, rows, at)
    while True:
        if state[IN_HEAP] == 0:
            if not enter_next_bucket(buckets, filled, times, ties, state, rows):
                _forget(row_of, rows, counts[ROWS])
                return counts[ROWS], counts[SHARES]
            _ask_for_lists(first_list, lists, followers, in_followers, ties, state[IN_HEAP])
        sharer = take(times, ties, state)
        sharer_row = row_of[sharer] - 1
        now, generation = rows[sharer_row]["share_time"], rows[sharer_row]["generation"]
        share_order[counts[SHARES]] = sharer_row
        counts[SHARES] += 1
        for one in range(first_list[sharer], first_list[sharer + 1]):
            this = lists[one]
            members = followers if one < in_followers else appended
            skip_key = descend(throws.skip, this["key"])
            thin_key = descend(throws.thin, this["key"])
            place = 0
            while place >= 0:
                noticed, place = _who_notice(
                    this, members, attention, skip_key, thin_key, place, found
                )
                for i in range(noticed):
                    prefetch(row_of, found[i])
                    prefetch(people, found[i])
                for i in range(noticed):
                    account = found[i]
                    at = _noticed(row_of, notice_counts, rows, counts, people, account, now)
                    k = notice_counts[at]
                    if k < 0 or not _wants(rules, throws, people[account], k):
                        continue
                    notice_counts[at] = k | DECIDED
                    time = now + delay(rules, throws, people[account]["key"])
                    if time <= horizon:
                        _decide(rows, at, time, sharer_row, generation + 1)
                        add(buckets, filled, times, ties, state, rows, at)
