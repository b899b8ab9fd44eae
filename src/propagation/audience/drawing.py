"""Compiled loops that draw follows: how many each account has, and then which.

Accounts of a segment are numbered from 0. A *follow list* holds the followees of an account, first
those who follow back (``mutual`` of them), then the others (*singles*); ``start`` says where each
list begins in ``followee``. Lists are filled from the left, -1 marks a place still empty, and what
has been placed is always free of self-follows and duplicates: what does not fit waits and is then
exchanged with a follow drawn at random, which changes nobody's number of followers or followees.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled
from propagation.luck import descend, threshold, throw

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

MOST_TRIES = 200_000
"""Exchanges tried for one follow before a drawing is given up."""
SPARING_TRIES = 2_000
"""Of those, how many leave the follows inside circles alone."""


class Lists(NamedTuple):
    """Follow lists of one segment's accounts (towards one segment), being filled."""

    start: Longs  # (n + 1): where each list begins
    mutual: Ints  # (n): places for those who follow back, at the head of the list
    followee: Ints  # (follows): -1 where still empty
    owner: Ints  # (follows): whose list a place is in
    mutual_used: Ints  # (n): mutual places filled
    single_used: Ints  # (n): other places filled
    circle_mutual: Ints  # (n): mutual places filled inside the circle
    circle_single: Ints  # (n): other places filled inside the circle


def repeated(counts: Ints | Longs) -> Ints:
    """Return each account as many times as it counts."""
    return np.repeat(np.arange(len(counts), dtype=np.int32), counts)


def empty_lists(mutual: Ints, singles: Ints) -> Lists:
    """Return empty follow lists with these many places per account."""
    lengths = mutual.astype(np.int64) + singles
    start = np.concatenate(([0], np.cumsum(lengths)))
    used = [np.zeros(len(mutual), np.int32) for _ in range(4)]
    followee = np.full(start[-1], -1, np.int32)
    return Lists(start, mutual, followee, repeated(lengths), *used)


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
    """Choose ``total`` of all the ``room`` there is, without preference; return how many of each.

    With equal rooms these are the degrees of a uniformly random graph (hypergeometric).
    """
    counts = np.zeros(len(room), np.int32)
    widest = 0
    for some in room:
        widest = max(widest, some)
    place = 0
    while total > 0:
        i = below(key, place, len(room))
        if below(key, place + 1, widest) < room[i] - counts[i]:
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
            if tries > MOST_TRIES:
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
def free(lists: Lists, i: int, j: int, inside: bool) -> bool:
    """Whether i may still follow j; inside a segment neither may follow the other yet."""
    if not inside:
        return not follows_singly(lists, i, j)
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
def place_circles(
    lists: Lists, wanted: Ints, size: int, density: float, mutual_part: float, key: np.uint64
) -> None:
    """Divide the accounts into circles and let each pair inside follow with odds ``density``.

    ``wanted`` (n) counts single followers still to be found and is used up. Pairs are visited
    around the circle, neighbours first, so that no member is served before the others.
    """
    n = len(wanted)
    order = np.empty(n, np.int32)
    for i in range(n):
        order[i] = i
    shuffle(order, descend(key, np.uint64(1)))
    linking = threshold(density)
    circles = max(1, n // size)
    place = 0
    for c in range(circles):
        first = c * n // circles
        members = (c + 1) * n // circles - first
        for step in range(1, members // 2 + 1):
            for x in range(members // 2 if 2 * step == members else members):
                place += 1
                if throw(key, 2 * place) < linking:
                    i = order[first + x]
                    j = order[first + (x + step) % members]
                    _link(lists, wanted, i, j, mutual_part, throw(key, 2 * place + 1))
    for i in range(n):
        lists.circle_mutual[i] = lists.mutual_used[i]
        lists.circle_single[i] = lists.single_used[i]


@compiled
def _link(
    lists: Lists, wanted: Ints, i: int, j: int, mutual_part: float, thrown: np.uint64
) -> None:
    """Let i and j follow each other, or one the other, as their empty places allow."""
    if thrown & np.uint64(1):
        i, j = j, i
    both = lists.mutual_used[i] < lists.mutual[i] and lists.mutual_used[j] < lists.mutual[j]
    if both and thrown < threshold(mutual_part):
        add_mutual(lists, i, j)
    elif single_room(lists, i) > 0 and wanted[j] > 0:
        add_single(lists, i, j)
        wanted[j] -= 1
    elif single_room(lists, j) > 0 and wanted[i] > 0:
        add_single(lists, j, i)
        wanted[i] -= 1
    elif both:
        add_mutual(lists, i, j)


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
        if free(lists, i, j, True):
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
    for t in range(MOST_TRIES):
        slot = below(key, t, len(lists.followee))
        k = lists.owner[slot]
        at = slot - lists.start[k]
        spared = lists.circle_mutual[k] if t < SPARING_TRIES else 0
        if at < spared or at >= lists.mutual_used[k]:
            continue
        l = lists.followee[slot]  # noqa: E741
        if i == k or j == l or not (free(lists, i, l, True) and free(lists, k, j, True)):
            continue
        back = lists.start[l]
        while lists.followee[back] != k:
            back += 1
        lists.followee[slot] = j
        lists.followee[back] = i
        lists.followee[lists.start[i] + lists.mutual_used[i]] = l
        lists.mutual_used[i] += 1
        lists.followee[lists.start[j] + lists.mutual_used[j]] = k
        lists.mutual_used[j] += 1
        return True
    return False


@compiled
def place_singles(lists: Lists, stubs: Ints, accounts: int, inside: bool, key: np.uint64) -> int:
    """Fill the empty single places with the followees in ``stubs``; return how many failed.

    ``stubs`` holds each of the followed segment's ``accounts`` once for each follower it lacks.
    """
    shuffle(stubs, key)
    waiting = np.empty((len(stubs), 2), np.int32)
    n = 0
    at = 0
    # Neighbours of i carry the mark i: one look instead of a search through two lists.
    mark = np.full(accounts, -1, np.int32)
    begin, end, fans = _placed_fans(lists, stubs, accounts, inside)
    for i in range(len(lists.mutual)):
        _mark_followees(lists, i, mark)
        if inside:
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
            if inside:
                fans[end[j]] = i
                end[j] += 1
    for p in range(n):
        i, j = waiting[p, 0], waiting[p, 1]
        if not _exchange_single(lists, i, j, inside, descend(key, np.uint64(p))):
            return n - p
    return 0


@compiled
def _mark_followees(lists: Lists, i: int, mark: Ints) -> None:
    """Mark with i everybody placed in its list."""
    first = lists.start[i]
    for slot in range(first, first + lists.mutual_used[i]):
        mark[lists.followee[slot]] = i
    first += lists.mutual[i]
    for slot in range(first, first + lists.single_used[i]):
        mark[lists.followee[slot]] = i


@compiled
def _placed_fans(
    lists: Lists, stubs: Ints, accounts: int, inside: bool
) -> tuple[Longs, Longs, Ints]:
    """Return lists of single followers (begin, end, follower), with room for those in ``stubs``."""
    begin = np.zeros(accounts + 1, np.int64)
    end = np.zeros(accounts, np.int64)
    if not inside:
        return begin, end, np.empty(0, np.int32)
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
def _exchange_single(lists: Lists, i: int, j: int, inside: bool, key: np.uint64) -> bool:
    """Take followee l from a random k and give k followee j and i followee l instead."""
    for t in range(MOST_TRIES):
        slot = below(key, t, len(lists.followee))
        k = lists.owner[slot]
        at = slot - lists.start[k] - lists.mutual[k]
        spared = lists.circle_single[k] if t < SPARING_TRIES else 0
        if at < spared or at >= lists.single_used[k]:
            continue
        l = lists.followee[slot]  # noqa: E741
        if free(lists, i, l, inside) and free(lists, k, j, inside):
            lists.followee[slot] = j
            add_single(lists, i, l)
            return True
    return False


@compiled
def average_clustering(lists: Lists, every: int) -> float:
    """Return the mean local clustering of the accounts 0, every, 2 every, ... of full lists.

    The graph is undirected: two accounts are neighbours if either follows the other. Fewer than
    two neighbours count 0.
    """
    n = len(lists.mutual)
    begin, fan = _fans_of_every(lists, every)
    mark = np.full(n, -1, np.int32)
    total = 0.0
    for v in range(0, n, every):
        _mark_followees(lists, v, mark)
        fans = fan[begin[v // every] : begin[v // every + 1]]
        for x in fans:
            mark[x] = v
        followees = lists.followee[lists.start[v] : lists.start[v + 1]]
        k = len(followees) + len(fans)
        if k >= 2:
            links = _links_from(lists, followees, mark, v) + _links_from(lists, fans, mark, v)
            total += links / (k * (k - 1))
    return total / ((n - 1) // every + 1)


@compiled
def _fans_of_every(lists: Lists, every: int) -> tuple[Longs, Ints]:
    """Return (begin, follower): single followers of the accounts 0, every, 2 every, ..."""
    n = len(lists.mutual)
    begin = np.zeros((n - 1) // every + 2, np.int64)
    for i in range(n):
        for slot in range(lists.start[i] + lists.mutual[i], lists.start[i + 1]):
            if lists.followee[slot] % every == 0:
                begin[lists.followee[slot] // every] += 1
    for j in range(1, len(begin)):
        begin[j] += begin[j - 1]
    fan = np.empty(begin[-1], np.int32)
    for i in range(n):
        for slot in range(lists.start[i] + lists.mutual[i], lists.start[i + 1]):
            if lists.followee[slot] % every == 0:
                begin[lists.followee[slot] // every] -= 1
                fan[begin[lists.followee[slot] // every]] = i
    return begin, fan


@compiled
def _links_from(lists: Lists, accounts: Ints, mark: Ints, v: int) -> int:
    """Count links from ``accounts`` to marked ones: 2 for each single, 1 for each of a mutual."""
    links = 0
    for x in accounts:
        single = lists.start[x] + lists.mutual[x]
        for slot in range(lists.start[x], lists.start[x + 1]):
            if mark[lists.followee[slot]] == v:
                links += 2 if slot >= single else 1
    return links
