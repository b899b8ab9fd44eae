"""The shares to come, handed out in order of time.

Delays are drawn when a share is decided, so its time is known ahead. Shares wait in buckets, 128 to
the first hour and 128 to every doubling after it; only the shares of the present bucket are kept in
order, in a small heap. That makes the heap small, and it says which shares come next, so that the
loop can fetch their follower lists together.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import inlined

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
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
    """Rows whose share is still to come; functions take the arrays one by one (see ``loop``)."""

    buckets: Int32  # by time: a waiting row plus 1, which names the next one; 0 at the end
    times: Float64  # the heap of the present bucket, by time and ...
    ties: Int64  # ... tie, which also names the account
    state: Int64  # present bucket, shares in the heap, shares waiting in later buckets


PRESENT, IN_HEAP, WAITING = 0, 1, 2


def new_timeline(rows: int) -> Timeline:
    """Return an empty timeline with room for ``rows`` rows."""
    return Timeline(
        buckets=np.zeros(BUCKETS, np.int32),
        times=np.empty(rows, np.float64),
        ties=np.empty(rows, np.int64),
        state=np.array([-1, 0, 0], np.int64),
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
def add(buckets: Int32, times: Float64, ties: Int64, state: Int64, rows: Rows, at: int) -> None:
    """Put a row on the timeline at its ``share_time``, which must not lie in the past."""
    bucket = _bucket(rows[at]["share_time"])
    if bucket == state[PRESENT]:
        _push_row(times, ties, state, rows, at)
    else:
        rows[at]["next_in_bucket"] = buckets[bucket]
        buckets[bucket] = at + 1
        state[WAITING] += 1


@inlined
def enter_next_bucket(
    buckets: Int32, times: Float64, ties: Int64, state: Int64, rows: Rows
) -> bool:
    """Put the shares of the next bucket in order; False if none is left, ready for another run."""
    if state[WAITING] == 0:
        state[PRESENT] = -1
        return False
    bucket = state[PRESENT] + 1
    while buckets[bucket] == 0:
        bucket += 1
    at = buckets[bucket] - 1
    buckets[bucket] = 0
    state[PRESENT] = bucket
    while at >= 0:
        _push_row(times, ties, state, rows, at)
        state[WAITING] -= 1
        at = rows[at]["next_in_bucket"] - 1
    return True


@inlined
def take(times: Float64, ties: Int64, state: Int64) -> int:
    """Take the earliest share off the present bucket, which must hold one; return its account."""
    account = account_of(ties[0])
    _pop(times, ties, state[IN_HEAP])
    state[IN_HEAP] -= 1
    return account
