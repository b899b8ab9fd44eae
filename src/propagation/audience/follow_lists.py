"""Follow lists inside a segment, and the compiled loops that decide who follows whom there.

Accounts of a segment are numbered from 0. A *follow list* holds the followees of an account, first
those who follow back (``mutual`` of them), then the others (*singles*); ``start`` says where each
list begins in ``followee``. Lists are filled from the left, -1 marks a place still empty, and what
has been placed is always free of self-follows and duplicates: what does not fit waits and is then
exchanged with a follow drawn at random, which changes nobody's number of followers or followees.
"""

from typing import NamedTuple

import numpy as np

from propagation.audience.degrees import Ints, Longs, below, repeated, shuffle
from propagation.compiling import compiled
from propagation.luck import descend

MOST_TRIES = 200_000
"""Exchanges tried for one follow before a drawing is given up."""
TRIES_PER_FOLLOW = 200
"""No more than these for each follow there is, which counts in small graphs."""
SPARING_TRIES = 2_000
"""Of those, how many leave the follows inside circles alone."""


class Lists(NamedTuple):
    """Follow lists of a segment's accounts, being filled."""

    start: Longs  # (n + 1): where each list begins
    mutual: Ints  # (n): places for those who follow back, at the head of the list
    followee: Ints  # (follows): -1 where still empty
    owner: Ints  # (follows): whose list a place is in
    mutual_used: Ints  # (n): mutual places filled
    single_used: Ints  # (n): other places filled
    circle_mutual: Ints  # (n): mutual places filled inside the circle
    circle_single: Ints  # (n): other places filled inside the circle


def empty_lists(mutual: Ints, singles: Ints) -> Lists:
    """Return empty follow lists with these many places per account."""
    lengths = mutual.astype(np.int64) + singles
    start = np.concatenate(([0], np.cumsum(lengths)))
    used = [np.zeros(len(mutual), np.int32) for _ in range(4)]
    followee = np.full(start[-1], -1, np.int32)
    return Lists(start, mutual, followee, repeated(lengths), *used)


@compiled
def follows_back(lists: Lists, i: int, j: int) -> bool:
    """Whether i and j are placed as following each other."""
    for slot in range(lists.start[i], lists.start[i] + lists.mutual_used[i]):
        if lists.followee[slot] == j:
            return True
    return False


@compiled
def follows_singly(lists: Lists, i: int, j: int) -> bool:
    """Whether j is among the singles placed in i's list."""
    first = lists.start[i] + lists.mutual[i]
    for slot in range(first, first + lists.single_used[i]):  # noqa: SIM110 (numba)
        if lists.followee[slot] == j:
            return True
    return False


@compiled
def free(lists: Lists, i: int, j: int) -> bool:
    """Whether i may still follow j: neither follows the other yet."""
    if i == j or follows_back(lists, i, j):
        return False
    return not (follows_singly(lists, i, j) or follows_singly(lists, j, i))


@compiled
def add_single(lists: Lists, i: int, j: int) -> None:
    """Let i follow j."""
    lists.followee[lists.start[i] + lists.mutual[i] + lists.single_used[i]] = j
    lists.single_used[i] += 1


@compiled
def add_mutual(lists: Lists, i: int, j: int) -> None:
    """Let i and j follow each other."""
    lists.followee[lists.start[i] + lists.mutual_used[i]] = j
    lists.mutual_used[i] += 1
    lists.followee[lists.start[j] + lists.mutual_used[j]] = i
    lists.mutual_used[j] += 1


@compiled
def single_room(lists: Lists, i: int) -> int:
    """Return how many single places of i are empty."""
    return int(lists.start[i + 1] - lists.start[i] - lists.mutual[i] - lists.single_used[i])


@compiled
def _stuck(lists: Lists, tries: int) -> bool:
    """Whether so many exchanges were tried that follows inside circles are taken too."""
    return tries > min(SPARING_TRIES, TRIES_PER_FOLLOW // 10 * len(lists.followee))


@compiled
def place_mutual(lists: Lists, stubs: Ints, key: np.uint64) -> int:
    """Fill the empty mutual places by random pairs of accounts; return how many pairs failed.

    ``stubs`` holds each account once for each of its empty places.
    """
    shuffle(stubs, key)
    waiting = np.empty((len(stubs) // 2, 2), np.int32)
    n = 0
    for p in range(len(stubs) // 2):
        i, j = stubs[2 * p], stubs[2 * p + 1]
        if free(lists, i, j):
            add_mutual(lists, i, j)
        else:
            waiting[n, 0], waiting[n, 1] = i, j
            n += 1
    for p in range(n):
        if not _exchange_mutual(lists, waiting[p, 0], waiting[p, 1], descend(key, np.uint64(p))):
            return n - p
    return 0


@compiled
def _exchange_mutual(lists: Lists, i: int, j: int, key: np.uint64) -> bool:
    """Break a random mutual pair k, l and pair i with l and k with j instead."""
    for t in range(min(MOST_TRIES, TRIES_PER_FOLLOW * len(lists.followee))):
        slot = below(key, t, len(lists.followee))
        k = lists.owner[slot]
        at = slot - lists.start[k]
        spared = 0 if _stuck(lists, t) else lists.circle_mutual[k]
        if at < spared or at >= lists.mutual_used[k]:
            continue
        l = lists.followee[slot]  # noqa: E741
        if i == k or j == l or not (free(lists, i, l) and free(lists, k, j)):
            continue
        lists.followee[slot] = j
        _replace(lists, l, k, i)
        lists.followee[lists.start[i] + lists.mutual_used[i]] = l
        lists.mutual_used[i] += 1
        lists.followee[lists.start[j] + lists.mutual_used[j]] = k
        lists.mutual_used[j] += 1
        return True
    return False


@compiled
def place_singles(lists: Lists, stubs: Ints, key: np.uint64) -> int:
    """Fill the empty single places with the followees in ``stubs``; return how many failed.

    ``stubs`` holds each account once for each follower it lacks.
    """
    accounts = len(lists.mutual)
    shuffle(stubs, key)
    waiting = np.empty((len(stubs), 2), np.int32)
    n = 0
    at = 0
    # Neighbours of i carry the mark i: one look instead of a search through two lists.
    mark = np.full(accounts, -1, np.int32)
    begin, end, fans = _placed_fans(lists, stubs)
    for i in random_order(accounts, descend(key, np.uint64(len(stubs)))):
        mark_followees(lists, i, mark)
        mark[i] = i
        for place in range(begin[i], end[i]):
            mark[fans[place]] = i
        for _ in range(single_room(lists, i)):
            j = stubs[at]
            at += 1
            if mark[j] == i:
                waiting[n, 0], waiting[n, 1] = i, j
                n += 1
                continue
            add_single(lists, i, j)
            mark[j] = i
            fans[end[j]] = i
            end[j] += 1
    for p in range(n):
        i, j = waiting[p, 0], waiting[p, 1]
        if not _exchange_single(lists, i, j, descend(key, np.uint64(p))):
            return n - p
    return 0


@compiled
def random_order(n: int, key: np.uint64) -> Ints:
    """Return 0 to n - 1 in random order; who comes later meets more that does not fit."""
    order = np.empty(n, np.int32)
    for i in range(n):
        order[i] = i
    shuffle(order, key)
    return order


@compiled
def mark_followees(lists: Lists, i: int, mark: Ints) -> None:
    """Mark with i everybody placed in its list."""
    first = lists.start[i]
    for slot in range(first, first + lists.mutual_used[i]):
        mark[lists.followee[slot]] = i
    first += lists.mutual[i]
    for slot in range(first, first + lists.single_used[i]):
        mark[lists.followee[slot]] = i


@compiled
def _placed_fans(lists: Lists, stubs: Ints) -> tuple[Longs, Longs, Ints]:
    """Return lists of single followers (begin, end, follower), with room for those in ``stubs``."""
    accounts = len(lists.mutual)
    begin = np.zeros(accounts + 1, np.int64)
    end = np.zeros(accounts, np.int64)
    for j in stubs:
        begin[j + 1] += 1
    for i in range(accounts):
        first = lists.start[i] + lists.mutual[i]
        for slot in range(first, first + lists.single_used[i]):
            begin[lists.followee[slot] + 1] += 1
    for j in range(accounts):
        begin[j + 1] += begin[j]
        end[j] = begin[j]
    fans = np.empty(begin[accounts], np.int32)
    for i in range(accounts):
        first = lists.start[i] + lists.mutual[i]
        for slot in range(first, first + lists.single_used[i]):
            j = lists.followee[slot]
            fans[end[j]] = i
            end[j] += 1
    return begin, end, fans


@compiled
def _exchange_single(lists: Lists, i: int, j: int, key: np.uint64) -> bool:
    """Take followee l from a random k and give k followee j and i followee l instead.

    Where that hardly ever works (small and dense), k takes j all the same, i goes on with l, and
    pairs who follow each other are mixed.
    """
    for t in range(min(MOST_TRIES, TRIES_PER_FOLLOW * len(lists.followee))):
        stuck = _stuck(lists, t)
        if stuck:
            _mix_mutual(lists, descend(key, np.uint64(t)))
        slot = below(key, t, len(lists.followee))
        k = lists.owner[slot]
        at = slot - lists.start[k] - lists.mutual[k]
        if at < (0 if stuck else lists.circle_single[k]) or at >= lists.single_used[k]:
            continue
        l = lists.followee[slot]  # noqa: E741
        if not free(lists, k, j):
            continue
        if free(lists, i, l):
            lists.followee[slot] = j
            add_single(lists, i, l)
            return True
        if stuck:
            lists.followee[slot] = j
            j = l
    return False


@compiled
def _mix_mutual(lists: Lists, key: np.uint64) -> None:
    """Turn two random pairs i, j and k, l who follow each other into i, l and k, j if possible."""
    one = below(key, 0, len(lists.followee))
    two = below(key, 1, len(lists.followee))
    i, k = lists.owner[one], lists.owner[two]
    if one >= lists.start[i] + lists.mutual[i] or two >= lists.start[k] + lists.mutual[k]:
        return
    j, l = lists.followee[one], lists.followee[two]  # noqa: E741
    if i == k or j == l or not (free(lists, i, l) and free(lists, k, j)):
        return
    _replace(lists, j, i, k)
    _replace(lists, l, k, i)
    lists.followee[one] = l
    lists.followee[two] = j


@compiled
def _replace(lists: Lists, owner: int, old: int, new: int) -> None:
    """Put one mutual followee in the place of another."""
    slot = lists.start[owner]
    while lists.followee[slot] != old:
        slot += 1
    lists.followee[slot] = new
