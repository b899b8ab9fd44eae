"""The compiled loop: one message instance spreads over a world, share by share.

Functions here take plain arrays. A named tuple of arrays passed from function to function costs a
count of references for each array at each call: with tuples a cascade of 6,700 shares took 2.9 to
5.1 ms, with arrays 1.8 ms.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined
from propagation.luck import candidates, descend
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
Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
Records = npt.NDArray[np.void]

UNDECIDED, DECIDED, NEVER = 0, 1, 2

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
        ("start", np.int64),
        ("key", np.uint64),
        ("attention", np.uint64),  # of every member, or MIXED
        ("length", np.int32),
        ("envelope", np.int32),
    ]
)
"""What a share asks about a follower list; ``length`` counts places."""

MIXED = ~np.uint64(0)
"""Stands for the attention of a list whose members differ in it."""


class Ground(NamedTuple):
    """The world as the loop sees it; arrays as in ``FollowerGraph`` and ``World``."""

    first_list: Int32
    lists: Records
    followers: Int32
    attention: UInt64  # as thresholds on throws


class Touched(NamedTuple):
    """What has happened so far: one row per touched account, in the order of touch."""

    row_of: Int32  # by account: its row plus 1, or 0 while untouched; all 0 between runs
    notices: Int32  # by row; apart from the rest, since most notices change nothing else
    decision: Int8  # by row
    rows: Records
    share_order: Int32  # rows in the order of their shares
    timeline: Timeline
    found: Int32  # candidate places, then the accounts that noticed
    counts: Int64  # numbers of rows and of shares


ROWS, SHARES = 0, 1


def touched_arrays(accounts: int) -> Touched:
    """Return arrays for up to ``accounts`` rows; memory is taken only as rows are written."""
    return Touched(
        row_of=np.zeros(accounts, np.int32),
        notices=np.empty(accounts, np.int32),
        decision=np.empty(accounts, np.int8),
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
def _touch(
    row_of: Int32,
    notice_counts: Int32,
    decision: Int8,
    rows: Records,
    counts: Int64,
    people: Records,
    account: int,
) -> int:
    """Return an account's row, a new one at its first touch."""
    known = row_of[account]
    if known > 0:
        return int(known - 1)
    at = int(counts[ROWS])
    counts[ROWS] += 1
    row_of[account] = at + 1
    notice_counts[at] = 0
    decision[at] = NEVER if people[account]["ours"] else UNDECIDED
    row = rows[at]
    row["account"] = account
    row["first_notice"] = np.nan
    row["share_time"] = np.nan
    row["parent"] = NOBODY
    row["generation"] = NOBODY
    return at


@inlined
def _note(notice_counts: Int32, rows: Records, at: int, now: float) -> None:
    """Count a notice, and write down when the first one was."""
    notice_counts[at] += 1
    if notice_counts[at] == 1:
        rows[at]["first_notice"] = now


@inlined
def _wants(rules: Rules, throws: Stems, person: np.void, k: int) -> bool:
    """Say whether a person decides to share on its k-th notice."""
    key, relevance = person["key"], person["relevance"]
    return decides(rules, throws, key, relevance, person["threshold"], person["followees"], k)


@inlined
def _decide(rows: Records, at: int, time: float, parent: int, generation: int) -> None:
    """Write down when an account will share, after whom, and in which generation."""
    row = rows[at]
    row["share_time"], row["parent"], row["generation"] = time, parent, generation


@inlined
def _forget(row_of: Int32, rows: Records, count: int) -> None:
    """Make ``row_of`` ready for the next run, at a cost that grows with the rows only."""
    for at in range(count):
        row_of[rows[at]["account"]] = 0


@inlined
def _fetch_lists(
    first_list: Int32, lists: Records, followers: Int32, ties: Int64, shares: int
) -> int:
    """Read the ends of the follower lists of the next few shares, and return something of them.

    These reads do not wait for one another as those in the loop do, so the lists are in the
    processor's cache when they are needed. On the ego-Twitter graph this takes a fifth to a third
    off a cascade of 40,000 shares.
    """
    sum_of_all = 0
    for i in range(shares):
        account = account_of(ties[i])
        one = first_list[account]
        if one == first_list[account + 1]:
            continue
        start, last = lists[one]["start"], lists[one]["start"] + lists[one]["length"] - 1
        if last >= start:
            sum_of_all += followers[start] + followers[min(start + 16, last)]
            sum_of_all += followers[min(start + 32, last)] + followers[last]
    return sum_of_all


@inlined
def _who_notice(
    lists: Records,
    followers: Int32,
    attention: UInt64,
    throws: Stems,
    one: int,
    place: int,
    found: Int32,
) -> tuple[int, int]:
    """Write to ``found`` who notices a share in list ``one``, from ``place`` on.

    Returns how many they are and the place to go on from, -1 at the end of the list.
    """
    this = lists[one]
    start, length, envelope = this["start"], this["length"], this["envelope"]
    common = this["attention"]
    skip_key = descend(throws.skip, this["key"])
    thin_key = descend(throws.thin, this["key"])
    count, after = candidates(skip_key, place, length, envelope, found)
    noticed = 0
    for i in range(count):
        here = found[i]
        account = followers[start + here]
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
    """Let one message instance spread; return the numbers of rows and of shares written.

    The posts, in order of time, start the trees; a second one by an account is ignored. Events at
    t <= horizon count.
    ``people`` holds a ``PERSON`` for each account. What is written stays until the next call.
    """
    first_list, lists, followers, attention = ground
    row_of, notice_counts, decision, rows, share_order, timeline, found, counts = touched
    buckets, times, ties, state = timeline
    throws = stems(seed, instance)
    counts[:] = 0
    for i in range(np.count_nonzero(post_times <= horizon)):
        if row_of[post_accounts[i]] == 0:
            at = _touch(row_of, notice_counts, decision, rows, counts, people, post_accounts[i])
            _decide(rows, at, post_times[i], NOBODY, 0)
            add(buckets, times, ties, state, rows, at)
    while True:
        if state[IN_HEAP] == 0:
            if not enter_next_bucket(buckets, times, ties, state, rows):
                _forget(row_of, rows, counts[ROWS])
                return counts[ROWS], counts[SHARES]
            found[0] = _fetch_lists(first_list, lists, followers, ties, state[IN_HEAP])
        sharer = take(times, ties, state)
        sharer_row = row_of[sharer] - 1
        now, generation = rows[sharer_row]["share_time"], rows[sharer_row]["generation"]
        share_order[counts[SHARES]] = sharer_row
        counts[SHARES] += 1
        for one in range(first_list[sharer], first_list[sharer + 1]):
            place = 0
            while place >= 0:
                noticed, place = _who_notice(lists, followers, attention, throws, one, place, found)
                for i in range(noticed):
                    account = found[i]
                    at = _touch(row_of, notice_counts, decision, rows, counts, people, account)
                    _note(notice_counts, rows, at, now)
                    if decision[at] != UNDECIDED:
                        continue
                    if not _wants(rules, throws, people[account], notice_counts[at]):
                        continue
                    decision[at] = DECIDED
                    time = now + delay(rules, throws, people[account]["key"])
                    if time <= horizon:
                        _decide(rows, at, time, sharer_row, generation + 1)
                        add(buckets, times, ties, state, rows, at)
