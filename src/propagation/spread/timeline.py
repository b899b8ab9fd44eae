"""The shares to come, handed out in order of time.

Delays are drawn when a share is decided, so its time is known ahead. Shares wait in buckets, 128 to
the first hour and 128 to every doubling after it; only the shares of the present bucket are kept in
order, in a small heap. (One heap of all waiting shares costs the full model about a third more at
10^4 shares a cascade.)
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled

Int32 = npt.NDArray[np.int32]
Rows = npt.NDArray[np.void]

NOBODY = -1

ROW = np.dtype(
    [
        ("first_notice", np.float64),
        ("share_time", np.float64),
        ("account", np.int32),
        ("parent", np.int32),
        ("generation", np.int32),
        ("next_in_bucket", np.int32),
    ]
)
"""What has happened to one account; ``share_time`` is NaN unless it shares, posts included."""

OCTAVE_BITS = 7
OCTAVES = 32
BUCKETS = OCTAVES << OCTAVE_BITS
MANTISSA_BITS, EXPONENT_OFFSET = 52, 1023


@compiled
def earlier(
    time: float, generation: int, account: int, time_2: float, generation_2: int, account_2: int
) -> bool:
    """Say whether the first share comes before the second (rule 5)."""
    if time != time_2:
        return time < time_2
    if generation != generation_2:
        return generation < generation_2
    return account < account_2


class Timeline(NamedTuple):
    """Rows whose share is still to come."""

    buckets: Int32  # by time: a waiting row plus 1, which names the next one; 0 at the end
    heap: Int32  # the rows of the present bucket
    state: npt.NDArray[np.int64]  # present bucket, rows in the heap, rows waiting in later buckets


PRESENT, IN_HEAP, WAITING = 0, 1, 2


def new_timeline(rows: int) -> Timeline:
    """Return an empty timeline with room for ``rows`` rows."""
    return Timeline(
        buckets=np.zeros(BUCKETS, np.int32),
        heap=np.empty(rows, np.int32),
        state=np.array([-1, 0, 0], np.int64),
    )


@compiled
def _bucket(time: float) -> int:
    """Return the bucket of a time in hours: the leading bits of 1 + time, exponent and all."""
    bits = np.float64(time + 1.0).view(np.int64) >> np.int64(MANTISSA_BITS - OCTAVE_BITS)
    bucket = int(bits) - (EXPONENT_OFFSET << OCTAVE_BITS)
    return min(bucket, BUCKETS - 1)


@compiled
def _row_earlier(rows: Rows, i: int, j: int) -> bool:
    a, b = rows[i], rows[j]
    return earlier(
        a["share_time"],
        a["generation"],
        a["account"],
        b["share_time"],
        b["generation"],
        b["account"],
    )


@compiled
def _push(rows: Rows, heap: Int32, size: int, row: int) -> None:
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if not _row_earlier(rows, row, heap[above]):
            break
        heap[place] = heap[above]
        place = above
    heap[place] = row


@compiled
def _pop(rows: Rows, heap: Int32, size: int) -> None:
    last = size - 1
    row = heap[last]
    place, child = 0, 1
    while child < last:
        if child + 1 < last and _row_earlier(rows, heap[child + 1], heap[child]):
            child += 1
        if not _row_earlier(rows, heap[child], row):
            break
        heap[place] = heap[child]
        place = child
        child = 2 * place + 1
    heap[place] = row


@compiled
def add(timeline: Timeline, rows: Rows, row: int) -> None:
    """Put a row on the timeline at its ``share_time``, which must not lie in the past."""
    buckets, heap, state = timeline
    bucket = _bucket(rows[row]["share_time"])
    if bucket == state[PRESENT]:
        _push(rows, heap, state[IN_HEAP], row)
        state[IN_HEAP] += 1
    else:
        rows[row]["next_in_bucket"] = buckets[bucket]
        buckets[bucket] = row + 1
        state[WAITING] += 1


@compiled
def _enter_next_bucket(timeline: Timeline, rows: Rows) -> None:
    buckets, heap, state = timeline
    bucket = state[PRESENT] + 1
    while buckets[bucket] == 0:
        bucket += 1
    row = buckets[bucket] - 1
    buckets[bucket] = 0
    count = 0
    while row >= 0:
        _push(rows, heap, count, row)
        count += 1
        row = rows[row]["next_in_bucket"] - 1
    state[PRESENT] = bucket
    state[IN_HEAP] = count
    state[WAITING] -= count


@compiled
def take(timeline: Timeline, rows: Rows) -> int:
    """Take the earliest row off the timeline, or ``NOBODY`` when it is empty and starts anew."""
    state = timeline.state
    if state[IN_HEAP] == 0:
        if state[WAITING] == 0:
            state[PRESENT] = -1
            return NOBODY
        _enter_next_bucket(timeline, rows)
    row = timeline.heap[0]
    _pop(rows, timeline.heap, state[IN_HEAP])
    state[IN_HEAP] -= 1
    return int(row)
