"""Compiled loops that decide how many: followers, followees and followers who are followed."""

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled
from propagation.luck import descend, throw, unit

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

MOST_EXCHANGES = 200_000
"""Exchanges tried for one follower before a deal is given up."""
BLOCK = 1 << 16
"""Accounts among which follows are scattered at once."""


def repeated(counts: Ints | Longs) -> Ints:
    """Return each account as many times as it counts."""
    return np.repeat(np.arange(len(counts), dtype=np.int32), counts)


@compiled
def below(key: np.uint64, place: int, n: int) -> int:
    """Return a throw as a whole number below ``n`` (the remainder's bias is below n / 2**63)."""
    return int(np.int64(throw(key, place)) % n)


@compiled
def shuffle(items: Ints, key: np.uint64) -> None:
    """Bring ``items`` into random order, in place."""
    for i in range(len(items) - 1, 0, -1):
        j = below(key, i, i + 1)
        items[i], items[j] = items[j], items[i]


@compiled
def scatter(total: int, room: Ints, key: np.uint64) -> Ints:
    """Scatter ``total`` over accounts that have as many places each; return how many each got.

    Every free place is equally likely, so these are the degrees of a uniformly random graph
    (hypergeometric), except that an account with less room than others stops there.
    """
    counts = np.zeros(len(room), np.int32)
    places = 0
    for some in room:
        places = max(places, some)
    place = 0
    while total > 0:
        i = below(key, place, len(room))
        if counts[i] < room[i] and below(key, place + 1, places) < places - counts[i]:
            counts[i] += 1
            total -= 1
        place += 2
    return counts


@compiled
def fill_evenly(total: int, room: Ints, key: np.uint64) -> Ints:
    """Give ``total`` one by one to accounts chosen evenly among those with room left."""
    counts = np.zeros(len(room), np.int32)
    waiting = np.empty(len(room), np.int32)
    n = 0
    for i in range(len(room)):
        if room[i] > 0:
            waiting[n] = i
            n += 1
    for place in range(total):
        at = below(key, place, n)
        i = waiting[at]
        counts[i] += 1
        if counts[i] == room[i]:
            n -= 1
            waiting[at] = waiting[n]
    return counts


def scatter_evenly(total: int, accounts: int, places: int, key: np.uint64) -> Ints:
    """Scatter ``total`` over accounts with ``places`` each, all places equally likely.

    First over blocks of accounts, then within each, so that what is counted stays in the cache. The
    fewer of the taken and the free places are scattered.
    """
    if 2 * total > accounts * places:
        free = _scatter_in_blocks(accounts * places - total, accounts, places, key)
        return np.subtract(places, free, dtype=np.int32)
    return _scatter_in_blocks(total, accounts, places, key)


@compiled
def _scatter_in_blocks(total: int, accounts: int, places: int, key: np.uint64) -> Ints:
    counts = np.zeros(accounts, np.int32)
    taken = np.zeros((accounts - 1) // BLOCK + 1, np.int64)
    place = 0
    while total > 0:
        block = below(key, place, accounts) // BLOCK
        room = min(BLOCK, accounts - block * BLOCK) * places
        if below(key, place + 1, room) < room - taken[block]:
            taken[block] += 1
            total -= 1
        place += 2
    for block in range(len(taken)):
        first, own = block * BLOCK, descend(key, np.uint64(block))
        size = min(BLOCK, accounts - first)
        place, left = 0, taken[block]
        while left > 0:
            account = first + below(own, place, size)
            if below(own, place + 1, places) < places - counts[account]:
                counts[account] += 1
                left -= 1
            place += 2
    return counts


@compiled
def add_up(counts: Ints, first: int, starts: Longs) -> None:
    """Write to ``starts`` where each account's list begins and ends, the first one at ``first``."""
    starts[0] = first
    for account in range(counts.shape[1]):
        for s in range(counts.shape[0]):
            first += counts[s, account]
        starts[account + 1] = first


@compiled
def spread_units(size: int, key: np.uint64) -> Reals:
    """Return numbers in (0, 1), one at random in each of ``size`` equal parts, in random order.

    So every drawing has the popularity asked for, not a sample of it; who is popular is luck.
    """
    ranks = np.empty(size, np.int32)
    for account in range(size):
        ranks[account] = account
    shuffle(ranks, key)
    units = np.empty(size, np.float64)
    for account in range(size):
        jitter = unit(throw(descend(key, np.uint64(account)), 0))
        units[account] = (ranks[account] + jitter) / size
    return units


def deal(received: Ints, sizes: Longs, rooms: Longs, key: np.uint64) -> Ints:
    """Deal the followers that accounts receive out to source segments, at random.

    Returns counts (sources, accounts): source s deals ``sizes[s]`` follows and at most
    ``rooms[s]`` of them to one account. Empty (0, 0) if no way was found.
    """
    counts = _dealt(received, sizes.copy(), key)
    if np.all(counts.max(axis=1, initial=0) <= rooms):
        return counts
    ends = np.cumsum(received, dtype=np.int64)
    if _exchanged(counts, ends, rooms, np.uint64(descend(key, np.uint64(len(received))))):
        return counts
    return np.zeros((0, 0), np.int32)


@compiled
def _dealt(received: Ints, left: Longs, key: np.uint64) -> Ints:
    """Give each follower in turn one of the follows that are left, whichever source it is of."""
    counts = np.zeros((len(left), len(received)), np.int32)
    all_left = 0
    for one in left:
        all_left += one
    for account in range(len(received)):
        for _ in range(received[account]):
            at = below(key, all_left, all_left)
            s = 0
            while at >= left[s]:
                at -= left[s]
                s += 1
            left[s] -= 1
            all_left -= 1
            counts[s, account] += 1
    return counts


@compiled
def _exchanged(counts: Ints, ends: Longs, rooms: Longs, key: np.uint64) -> bool:
    """Exchange sources with followers drawn at random until nobody has more than there is room for.

    ``ends`` are the sums of the followers of the accounts so far. Returns whether that succeeded.
    """
    place = 0
    for a in range(len(ends)):
        for s in range(len(rooms)):
            tries = 0
            while counts[s, a] > rooms[s]:
                drawn = below(key, place, ends[-1])
                place += 1
                tries += 1
                if tries > MOST_EXCHANGES:
                    return False
                b = np.searchsorted(ends, drawn, side="right")
                left, t = ends[b] - 1 - drawn, 0
                while left >= counts[t, b]:
                    left -= counts[t, b]
                    t += 1
                if s == t or counts[t, a] >= rooms[t] or counts[s, b] >= rooms[s]:
                    continue
                counts[s, a] -= 1
                counts[t, a] += 1
                counts[t, b] -= 1
                counts[s, b] += 1
    return True
