"""Compiled loops that decide how many: followers, followees and followers who are followed."""

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled
from propagation.luck import throw

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

MOST_EXCHANGES = 200_000
"""Exchanges tried for one follower before a deal is given up."""


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


@compiled
def deal(stubs: Ints, sizes: Longs, rooms: Longs, accounts: int, key: np.uint64) -> Ints:
    """Deal shuffled ``stubs`` (accounts, once per follower) out to source segments.

    Returns counts (sources, accounts): source s deals ``sizes[s]`` follows and at most
    ``rooms[s]`` of them to one account. Empty (0, 0) if no way was found.
    """
    source = np.empty(len(stubs), np.int32)
    counts = np.zeros((len(sizes), accounts), np.int32)
    at = 0
    for s in range(len(sizes)):
        for _ in range(sizes[s]):
            source[at] = s
            counts[s, stubs[at]] += 1
            at += 1
    place = 0
    for a in range(len(stubs)):
        tries = 0
        while counts[source[a], stubs[a]] > rooms[source[a]]:
            b = below(key, place, len(stubs))
            place += 1
            tries += 1
            if tries > MOST_EXCHANGES:
                return np.zeros((0, 0), np.int32)
            s, t = source[a], source[b]
            if s == t or counts[t, stubs[a]] >= rooms[t] or counts[s, stubs[b]] >= rooms[s]:
                continue
            counts[s, stubs[a]] -= 1
            counts[t, stubs[a]] += 1
            counts[t, stubs[b]] -= 1
            counts[s, stubs[b]] += 1
            source[a], source[b] = t, s
    return counts
