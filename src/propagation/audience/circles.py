"""Circles: small groups that take part of a segment's follows, and the clustering they make."""

import numpy as np

from propagation.audience.degrees import Ints, Longs
from propagation.audience.follow_lists import (
    Lists,
    add_mutual,
    add_single,
    mark_followees,
    random_order,
    single_room,
)
from propagation.compiling import compiled
from propagation.luck import descend, threshold, throw


@compiled
def place_circles(
    lists: Lists, wanted: Ints, size: int, density: float, mutual_part: float, key: np.uint64
) -> None:
    """Divide the accounts into circles and let each pair inside follow with odds ``density``.

    ``wanted`` (n) counts single followers still to be found and is used up. Pairs are visited
    around the circle, neighbours first, so that no member is served before the others.
    """
    n = len(wanted)
    order = random_order(n, descend(key, np.uint64(1)))
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
        mark_followees(lists, v, mark)
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
