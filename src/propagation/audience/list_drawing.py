"""Follower lists drawn one by one, each a pure function of its address.

The followers of an account are a uniformly random subset, of the size asked for, of those who can
follow it: the first so many *distinct* numbers of a sequence of throws, in ascending order. So
every list can be drawn on its own, in any order and by any number of threads.

Short lists are sorted; longer ones go through buckets by the leading bits of their throws; those
that hold a notable part of everybody are marked on a bitmap, and those with more than half of
everybody are what such a list leaves out.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.audience.follow_lists import Lists
from propagation.compiling import compiled, inlined
from propagation.instructions import lowest_bit
from propagation.luck import GOLDEN, descend, mix

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]

SHORT = 16
"""Up to so many followers a list is sorted by insertion alone."""
BITMAP = 256
"""A list with more than 1/256 of those who can follow is drawn on a bitmap."""
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


class Scratch(NamedTuple):
    """Room to draw lists in, one for each thread; all of it but ``words`` is zero between lists."""

    words: UInt64  # the throws of a list
    ends: Ints  # of the buckets
    bits: UInt64  # one for each account that can follow


class Sources(NamedTuple):
    """The segments that follow one segment; arrays have one entry for each."""

    first: Longs  # number of the segment's first account
    able: Longs  # accounts that can follow one and the same account
    keys: UInt64  # of the throws
    own: npt.NDArray[np.bool_]  # whether it is the followed segment itself
    by_lists: npt.NDArray[np.bool_]  # False: `place_lists` places these follows


def scratch_for(able: int) -> Scratch:
    """Return room for lists out of at most ``able`` accounts."""
    longest = max(able // BITMAP, 1)
    buckets = 1 << longest.bit_length()
    bits = np.zeros(able // 64 + 1, np.uint64)
    return Scratch(np.empty(longest, np.uint64), np.zeros(buckets + 1, np.int32), bits)


@inlined
def _word(key: np.uint64, place: int) -> np.uint64:
    return mix(key + np.uint64(place + 1) * GOLDEN)


@inlined
def pick(word: np.uint64, n: np.uint64) -> np.uint64:
    """Return ``word * n // 2**64``: a number below n < 2**32, its bias below n / 2**64."""
    return ((word >> HALF) * n + (((word & LOW) * n) >> HALF)) >> HALF


@compiled
def draw_list(
    key: np.uint64, able: int, followers: Ints, start: int, end: int, scratch: Scratch
) -> None:
    """Fill ``followers[start:end]`` with distinct numbers below ``able``, in ascending order.

    Every subset of that size is equally likely.
    """
    count = end - start
    if 2 * count > able:
        _mark(key, able, able - count, scratch.bits)
        _list_marks(followers, start, able, ~np.uint64(0), scratch.bits)
    elif BITMAP * count > able:
        _mark(key, able, count, scratch.bits)
        _list_marks(followers, start, able, np.uint64(0), scratch.bits)
    else:
        _throw_and_sort(key, able, followers, start, end, scratch)


@inlined
def _mark(key: np.uint64, able: int, count: int, bits: UInt64) -> None:
    """Set ``count`` of the first ``able`` bits."""
    n = np.uint64(able)
    marked, place = 0, 0
    while marked < count:
        number = pick(_word(key, place), n)
        place += 1
        at, bit = int(number >> np.uint64(6)), np.uint64(1) << (number & np.uint64(63))
        marked += int((bits[at] & bit) == np.uint64(0))
        bits[at] |= bit


@inlined
def _list_marks(followers: Ints, start: int, able: int, turned: np.uint64, bits: UInt64) -> None:
    """List the accounts whose bits differ from those of ``turned``, and clear the marks."""
    for at in range(able // 64 + 1):
        word = bits[at] ^ turned
        bits[at] = np.uint64(0)
        if at == able // 64:
            word &= (np.uint64(1) << np.uint64(able % 64)) - np.uint64(1)
        while word != np.uint64(0):
            followers[start] = 64 * at + lowest_bit(word)
            start += 1
            word &= word - np.uint64(1)


@inlined
def _throw_and_sort(
    key: np.uint64, able: int, followers: Ints, start: int, end: int, scratch: Scratch
) -> None:
    n = np.uint64(able)
    if end - start <= SHORT:
        for place in range(end - start):
            followers[start + place] = np.int32(pick(_word(key, place), n))
    else:
        _throw_into_buckets(key, n, followers, start, end, scratch)
    _sort(followers, start, end)
    place, last = end - start, start + 1
    for at in range(start + 1, end):
        if followers[at] != followers[last - 1]:
            followers[last] = followers[at]
            last += 1
    while last < end:
        number = np.int32(pick(_word(key, place), n))
        place += 1
        low, high = start, last
        while low < high:
            middle = (low + high) // 2
            if followers[middle] < number:
                low = middle + 1
            else:
                high = middle
        if low == last or followers[low] != number:
            for moved in range(last, low, -1):
                followers[moved] = followers[moved - 1]
            followers[low] = number
            last += 1


@inlined
def _throw_into_buckets(
    key: np.uint64, n: np.uint64, followers: Ints, start: int, end: int, scratch: Scratch
) -> None:
    """Throw the numbers so that they are sorted by their leading bits, one bucket for each."""
    count, leading = end - start, 1
    while (1 << leading) < count:
        leading += 1
    shift = np.uint64(64 - leading)
    for place in range(count):
        word = _word(key, place)
        scratch.words[place] = word
        scratch.ends[np.int64(word >> shift) + 1] += 1
    for bucket in range(1, 1 << leading):
        scratch.ends[bucket + 1] += scratch.ends[bucket]
    for place in range(count):
        word = scratch.words[place]
        bucket = int(np.int64(word >> shift))
        followers[start + scratch.ends[bucket]] = np.int32(pick(word, n))
        scratch.ends[bucket] += 1
    for bucket in range((1 << leading) + 1):
        scratch.ends[bucket] = 0


@inlined
def _sort(followers: Ints, start: int, end: int) -> None:
    """Sort by insertion."""
    for at in range(start + 1, end):
        number = followers[at]
        before = at - 1
        while before >= start and followers[before] > number:
            followers[before + 1] = followers[before]
            before -= 1
        followers[before + 1] = number


@compiled
def draw_lists(
    accounts: tuple[int, int],
    counts: Ints,
    sources: Sources,
    starts: Longs,
    followers: Ints,
    followee_counts: Ints,
    scratch: Scratch,
) -> None:
    """Draw the lists of some accounts of a segment (from, to), numbered within it.

    ``counts`` says how many followers each source gives each account, ``starts`` where the list of
    each account begins; who is in a list is counted in ``followee_counts``.
    """
    for account in range(accounts[0], accounts[1]):
        start = starts[account]
        for s in range(len(sources.able)):
            end = start + counts[s, account]
            if sources.by_lists[s] and end > start:
                key = np.uint64(descend(sources.keys[s], np.uint64(account)))
                draw_list(key, sources.able[s], followers, start, end, scratch)
                for place in range(start, end):
                    follower = np.int64(followers[place])
                    follower += sources.first[s] + (sources.own[s] and follower >= account)
                    followers[place] = np.int32(follower)
                    followee_counts[follower] += 1
            start = end


@compiled
def place_lists(
    lists: Lists, first: int, next_place: Longs, followers: Ints, followee_counts: Ints
) -> None:
    """Turn the follow lists inside a segment, whose accounts begin at ``first``, into followers.

    ``next_place`` says where each account's followers from inside begin; it is moved on.
    """
    for account in range(len(lists.mutual)):
        for slot in range(lists.start[account], lists.start[account + 1]):
            followee = lists.followee[slot]
            followers[next_place[followee]] = first + account
            next_place[followee] += 1
        followee_counts[first + account] += lists.start[account + 1] - lists.start[account]
