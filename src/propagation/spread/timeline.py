"""The shares to come, handed out in order of time.

Delays are drawn when a share is decided, so its time is known ahead. Shares wait in buckets, 256 to
the first hour and 256 to every doubling after it; only the shares of the present bucket are kept in
order, in a small heap. That makes the heap small, and it says which shares come next, so that the
loop can ask for their follower lists ahead of time.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import inlined
from propagation.instructions import lowest_bit

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.void]

NOBODY = -1

ROW = np.dtype(
    [
        ("first_notice", np.float64),
        ("share_time", np.float64),
        ("account", np.int32),
        ("parent", np.int32),
        ("generation", np.int32),
        ("next", np.int32),
    ]
)
"""What has happened to one account; ``share_time`` is NaN unless it shares, posts included.

``next`` is, while a share waits, the row plus 1 of another one in the same bucket or 0, and after
that for the use of others; it is 0 when the share comes.
"""

OCTAVE_BITS = 8
OCTAVES = 32
BUCKETS = OCTAVES << OCTAVE_BITS
MANTISSA_BITS, EXPONENT_OFFSET = 52, 1023
ONE = np.uint64(1)


@inlined
def tie(generation: int, account: int) -> int:
    """Return the place of a share among those of equal time (rule 5): generation, then account."""
    return int((np.int64(generation) << np.int64(32)) | np.int64(account))


@inlined
def account_of(tied: int) -> int:
    """Return the account that ``tie`` was made of."""
    return int(tied & np.int64(0x7FFFFFFF))


@inlined
def earlier(time: float, tied: int, time_2: float, tied_2: int) -> bool:
    """Say whether the first share comes before the second (rule 5)."""
    return bool(time < time_2 or (time == time_2 and tied < tied_2))


class Timeline(NamedTuple):
    """Rows whose share is still to come."""

    buckets: Int32  # by time: a waiting row plus 1, which names the next one; 0 at the end
    filled: UInt64  # a bit for each bucket that is not empty
    times: Float64  # the heap of the present bucket, by time and ...
    ties: Int64  # ... tie, which also names the account
    state: Int64  # present bucket, shares in the heap


PRESENT, IN_HEAP = 0, 1


def new_timeline(rows: int) -> Timeline:
    """Return an empty timeline with room for ``rows`` rows."""
    return Timeline(
        buckets=np.zeros(BUCKETS, np.int32),
        filled=np.zeros(BUCKETS // 64, np.uint64),
        times=np.empty(rows, np.float64),
        ties=np.empty(rows, np.int64),
        state=np.array([-1, 0], np.int64),
    )


@inlined
def _bucket(time: float) -> int:
    """Return the bucket of a time in hours: the leading bits of 1 + time, exponent and all."""
    bits = np.float64(time + 1.0).view(np.int64) >> np.int64(MANTISSA_BITS - OCTAVE_BITS)
    bucket = int(bits) - (EXPONENT_OFFSET << OCTAVE_BITS)
    return min(bucket, BUCKETS - 1)


@inlined
def _push(times: Float64, ties: Int64, size: int, time: float, tied: int) -> None:
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if not earlier(time, tied, times[above], ties[above]):
            break
        times[place], ties[place] = times[above], ties[above]
        place = above
    times[place], ties[place] = time, tied


@inlined
def _pop(times: Float64, ties: Int64, size: int) -> None:
    last = size - 1
    time, tied = times[last], ties[last]
    place, child = 0, 1
    while child < last:
        if child + 1 < last and earlier(
            times[child + 1], ties[child + 1], times[child], ties[child]
        ):
            child += 1
        if not earlier(times[child], ties[child], time, tied):
            break
        times[place], ties[place] = times[child], ties[child]
        place = child
        child = 2 * place + 1
    times[place], ties[place] = time, tied


@inlined
def _push_row(times: Float64, ties: Int64, state: Int64, rows: Rows, at: int) -> None:
    row = rows[at]
    _push(times, ties, state[IN_HEAP], row["share_time"], tie(row["generation"], row["account"]))
    state[IN_HEAP] += 1


@inlined
def add(
    buckets: Int32,
    filled: UInt64,
    times: Float64,
    ties: Int64,
    state: Int64,
    rows: Rows,
    at: int,
) -> None:
    """Put a row on the timeline at its ``share_time``, which must not lie in the past."""
    bucket = _bucket(rows[at]["share_time"])
    if bucket == state[PRESENT]:
        rows[at]["next"] = 0
        _push_row(times, ties, state, rows, at)
    else:
        rows[at]["next"] = buckets[bucket]
        buckets[bucket] = at + 1
        filled[bucket >> 6] |= ONE << np.uint64(bucket & 63)


@inlined
def _next_filled(filled: UInt64, bucket: int) -> int:
    """Return the first bucket at or after ``bucket`` that is not empty, or -1."""
    word = bucket >> 6
    bits = filled[word] >> np.uint64(bucket & 63)
    if bits != 0:
        return bucket + lowest_bit(bits)
    for later in range(word + 1, len(filled)):
        if filled[later] != 0:
            return int(64 * later + lowest_bit(filled[later]))
    return -1


@inlined
def enter_next_bucket(
    buckets: Int32, filled: UInt64, times: Float64, ties: Int64, state: Int64, rows: Rows
) -> bool:
    """Put the shares of the next bucket in order; False if none is left, ready for another run."""
    bucket = _next_filled(filled, max(state[PRESENT], 0))
    state[PRESENT] = bucket
    if bucket < 0:
        return False
    at = buckets[bucket] - 1
    buckets[bucket] = 0
    filled[bucket >> 6] &= ~(ONE << np.uint64(bucket & 63))
    while at >= 0:
        _push_row(times, ties, state, rows, at)
        following = rows[at]["next"] - 1
        rows[at]["next"] = 0
        at = following
    return True


@inlined
def take(times: Float64, ties: Int64, state: Int64) -> int:
    """Take the earliest share off the present bucket, which must hold one; return its account."""
    account = account_of(ties[0])
    _pop(times, ties, state[IN_HEAP])
    state[IN_HEAP] -= 1
    return account
