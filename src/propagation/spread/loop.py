"""The compiled loop: one message instance spreads over a world, share by share."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import inlined, lean
from propagation.instructions import prefetch, whole
from propagation.spread.dynamics import Rules, Stems, decides, delay, stems
from propagation.spread.noticing import (
    ALL,
    PRESENT_SHARE,
    Ground,
    ask_for_list,
    find_in_lists,
    who_notice,
)
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
Records = npt.NDArray[np.void]

DECIDED = np.int32(-(2**31))
"""Added to the notices of an account that decides no more."""
NOTICES = np.int32(2**31 - 1)
"""What is left of them without it, bit by bit."""


class Touched(NamedTuple):
    """What has happened so far: one row per touched account, in the order of touch."""

    row_of: Int32  # by account: its row plus 1, or 0 while untouched; all 0 between runs
    notices: Int32  # by row, with DECIDED; apart from the rest, since most change nothing else
    rows: Records
    share_order: Int32  # rows in the order of their shares
    timeline: Timeline
    found: Int32  # those who notice the present share, then those found ahead of time
    counts: Int64  # numbers of rows and of shares


ROWS, SHARES = 0, 1
LONGEST_AHEAD = 512
"""Lists of more places are not looked at ahead of their share."""
AHEAD = 16 * LONGEST_AHEAD
"""Room in ``found`` for those who notice the other shares of a bucket."""


def touched_arrays(accounts: int) -> Touched:
    """Return arrays for up to ``accounts`` rows; memory is taken only as rows are written."""
    return Touched(
        row_of=np.zeros(accounts, np.int32),
        notices=np.empty(accounts, np.int32),
        rows=np.empty(accounts, ROW),
        share_order=np.empty(accounts, np.int32),
        timeline=new_timeline(accounts),
        found=np.empty(PRESENT_SHARE + AHEAD, np.int32),
        counts=np.zeros(2, np.int64),
    )


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
    horizon: float,
) -> int:
    """Write down a post, and return its row; -1 if it is late or the account has posted before."""
    if row_of[account] > 0 or time > horizon:
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
def wants(rules: Rules, factors: Float64, throws: Stems, person: np.void, k: int) -> bool:
    """Say whether a person decides to share on its k-th notice."""
    return decides(
        rules,
        factors,
        throws,
        person["key"],
        person["relevance"],
        person["threshold"],
        person["followees"],
        k,
    )


@inlined
def _forget(row_of: Int32, rows: Records, count: int) -> None:
    """Make ``row_of`` ready for the next run, at a cost that grows with the rows only."""
    for at in range(count):
        row_of[rows[at]["account"]] = 0


@inlined
def _find_ahead(
    ground: Ground,
    people: Records,
    throws: Stems,
    row_of: Int32,
    rows: Records,
    ties: Int64,
    shares: int,
    found: Int32,
) -> None:
    """Find out who notices the shares of a new bucket, and ask for what is known of them.

    Who notices is settled whenever the share comes. What is asked for arrives while the loop goes
    on, and several things at once; one that is not in the processor's cache takes as long as a
    hundred operations. Those found stand in ``found`` behind their number, whose place the row's
    ``next`` holds.
    """
    for i in range(shares):
        prefetch(people, account_of(ties[i]))
        prefetch(row_of, account_of(ties[i]))
    for i in range(shares):
        ask_for_list(people, ground.followers, account_of(ties[i]))
    room = PRESENT_SHARE
    for i in range(shares):
        account = account_of(ties[i])
        this = people[account]
        length = this["length"]
        if account >= ground.ordinary or length > LONGEST_AHEAD or room + length + 65 > len(found):
            continue
        noticed, _ = who_notice(
            this["start"],
            length,
            this["envelope"],
            this["attention"],
            this["key"],
            ground.followers,
            ground.appended,
            False,
            ground.attention,
            throws,
            0,
            found,
            room + 1,
            len(found),
        )
        found[room] = noticed
        rows[row_of[account] - 1]["next"] = room
        for at in range(room + 1, room + 1 + noticed):
            prefetch(row_of, found[at])
            prefetch(people, found[at])
        room += 1 + noticed


@lean
def spread(
    ground: Ground,
    people: Records,
    rules: Rules,
    factors: Float64,
    seed: np.uint64,
    instance: np.uint64,
    post_times: Float64,
    post_accounts: Int32,
    horizon: float,
    touched: Touched,
) -> tuple[int, int]:
    """Spread one message instance; fill ``touched`` and return the numbers of rows and of shares.

    ``next`` of each row that shared is 1 in the end, for whoever counts shares.

    Parameters
    ----------
    ground, people, rules, factors
        The world, its accounts as the message finds them, and the message's rules.
    seed, instance
        Seed of the run and hash of the instance's name, the addresses of all throws.
    post_times, post_accounts
        In order; posts after the horizon or by an account that has posted before are left out.
    horizon
        Hours; nothing happens after it.
    """
    row_of, notice_counts, rows, share_order, timeline, found, counts = touched
    buckets, filled, times, ties, state = timeline
    throws = stems(seed, instance)
    counts[:] = 0
    for i in range(len(post_times)):
        time = post_times[i]
        at = _posted(row_of, notice_counts, rows, counts, people, post_accounts[i], time, horizon)
        if at >= 0:
            add(buckets, filled, times, ties, state, rows, at)
    while True:
        if state[IN_HEAP] == 0:
            if not enter_next_bucket(buckets, filled, times, ties, state, rows):
                _forget(row_of, rows, counts[ROWS])
                return counts[ROWS], counts[SHARES]
            _find_ahead(ground, people, throws, row_of, rows, ties, state[IN_HEAP], found)
        sharer = take(times, ties, state)
        sharer_row = row_of[sharer] - 1
        now, generation = rows[sharer_row]["share_time"], rows[sharer_row]["generation"]
        share_order[counts[SHARES]] = sharer_row
        counts[SHARES] += 1
        first, rows[sharer_row]["next"] = rows[sharer_row]["next"], 1
        one, place = whole(ALL), whole(0)
        while place >= 0:
            if first > 0:
                noticed, place, first = found[first], -1, first + 1
            else:
                noticed, one, place = find_in_lists(
                    ground, people, throws, sharer, one, place, found
                )
                for i in range(noticed):
                    prefetch(row_of, found[i])
                    prefetch(people, found[i])
            for i in range(first, first + noticed):
                account = found[i]
                at = _noticed(row_of, notice_counts, rows, counts, people, account, now)
                k = notice_counts[at]
                if k < 0 or not wants(rules, factors, throws, people[account], k):
                    continue
                notice_counts[at] = k | DECIDED
                time = now + delay(rules, throws, people[account]["key"])
                if time <= horizon:
                    _decide(rows, at, time, sharer_row, generation + 1)
                    add(buckets, filled, times, ties, state, rows, at)
