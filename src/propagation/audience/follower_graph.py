"""The follower graph: every account's followers, each at a place that never changes.

Direction is said once, here: the followers of u are the accounts a share by u is shown to.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from propagation.audience.labels import Labels, find_account
from propagation.compiling import compiled
from propagation.luck import member_keys, text_id
from propagation.problems import InputError, Problem

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
AccountLabels = Labels | Sequence[Hashable]

PLAIN = re.compile("0|[1-9][0-9]{0,9}")
MOST_SPANS = 8
"""Segments whose accounts are told where a label is none of them."""
DEAD_PLACE = -1
"""Stands in a follower list where somebody has left."""


@dataclass(frozen=True, eq=False)
class FollowerGraph:
    """Follower lists in compressed rows.

    An account has one list; an account with audiences drawn from several segments has one list per
    segment, so that each can grow at its end without moving the others.

    Attributes
    ----------
    list_starts
        List i has the places ``list_starts[i]`` to ``list_starts[i + 1] - 1``; shape (lists + 1,).
    followers
        Account numbers by place, ``DEAD_PLACE`` where a follower has left. Not to be written to: it
        may be a file of gigabytes that several programs have mapped into their memory.
    appended
        The places after those, of lists that were added.
    added
        Number of accounts that were added; they come last. All others have one list each.
    first_list
        Account v owns the lists ``first_list[v]`` to ``first_list[v + 1] - 1``;
        shape (accounts + 1,).
    account_keys, list_keys
        Hashes of names, the addresses of throws; shapes (accounts,) and (lists,).
    followee_counts
        How many accounts each account follows; shape (accounts,).
    labels
        Each account's own id or name.
    """

    list_starts: Int64
    followers: Int32
    first_list: Int32
    account_keys: UInt64
    list_keys: UInt64
    followee_counts: Int32
    labels: AccountLabels
    appended: Int32 = field(default_factory=lambda: np.empty(0, np.int32))
    added: int = 0

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return len(self.account_keys)

    @property
    def follows(self) -> int:
        """Number of follows, dead places not counted."""
        return int(self.followee_counts.sum(dtype=np.int64))

    def lists_of(self, account: int) -> range:
        """Return the numbers of an account's follower lists."""
        return range(int(self.first_list[account]), int(self.first_list[account + 1]))

    def followers_of(self, account: int) -> Int32:
        """Return an account's followers in the order of their places, dead places left out."""
        places = np.concatenate(
            [np.empty(0, np.int32), *(self.members(one) for one in self.lists_of(account))]
        )
        return np.compress(places != DEAD_PLACE, places)

    def members(self, one: int) -> Int32:
        """Return the accounts in list ``one`` by place."""
        start, end = self.list_starts[one], self.list_starts[one + 1]
        before = len(self.followers)
        if end <= before:
            return self.followers[start:end]
        return self.appended[start - before : end - before]

    @property
    def ordinary(self) -> int:
        """Number of accounts that were not added: each has one list, in ``followers``."""
        return self.accounts - self.added

    def places(self) -> tuple[Int64, Int32]:
        """Return all places by account, (accounts + 1,) starts and what stands there.

        Copies every follow if any were added: not for graphs that are larger than memory.
        """
        followers = self.followers
        if len(self.appended):
            followers = np.concatenate((followers, self.appended))
        return self.list_starts[self.first_list], followers

    def follower_counts(self) -> Int64:
        """Return how many followers each account has; shape (accounts,)."""
        counts = np.diff(self.list_starts)
        ordinary = self.ordinary
        counts[:ordinary] -= _dead_places(self.list_starts[: ordinary + 1], self.followers)
        added = self.list_starts[ordinary:] - len(self.followers)
        counts[ordinary:] -= _dead_places(added, self.appended)
        total = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
        return np.diff(total[self.first_list])


@compiled
def _dead_places(list_starts: Int64, followers: Int32) -> Int64:
    """Return how many places of each list are dead; shape (lists,)."""
    dead = np.zeros(len(list_starts) - 1, np.int64)
    for one in range(len(dead)):
        for place in range(list_starts[one], list_starts[one + 1]):
            dead[one] += followers[place] < 0
    return dead


@dataclass(frozen=True)
class FollowerList:
    """One further follower list: its name's hash and its members in the order of their places."""

    key: np.uint64
    members: Int32


class NumberedLabels(Sequence[str]):
    """Labels of drawn accounts, ``segment 0``, ``segment 1``, ..., made when asked for."""

    def __init__(self, sizes: Iterable[tuple[str, int]]) -> None:
        names, counts = zip(*sizes, strict=True)
        self._names: tuple[str, ...] = names
        self._ends: Int64 = np.cumsum(counts, dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, account: int) -> str:  # type: ignore[override]
        if not 0 <= account < len(self):
            raise IndexError(account)
        segment = int(np.searchsorted(self._ends, account, side="right"))
        start = self._ends[segment - 1] if segment else 0
        return f"{self._names[segment]} {account - start}"

    def find(self, label: str, path: str) -> int:
        """Return the account with this label; ``path`` says where in the scenario it stands."""
        name, _, digits = label.strip().rpartition(" ")
        ends: list[int] = self._ends.tolist()
        for segment, start, end in zip(self._names, (0, *ends[:-1]), ends, strict=True):
            account = start + int(digits) if name == segment and PLAIN.fullmatch(digits) else end
            if account < end:
                return account
        raise InputError(Problem(f"'{label}' is no account; there are {self._spans()}", path))

    def _spans(self) -> str:
        counts = np.diff(self._ends, prepend=0).tolist()
        spans = [
            f"'{name} 0' to '{name} {count - 1}'"
            for name, count in zip(self._names, counts, strict=True)
        ]
        more = f" and {len(spans) - MOST_SPANS:,} segments more" if len(spans) > MOST_SPANS else ""
        return ", ".join(spans[:MOST_SPANS]) + more


def finder(graph: FollowerGraph) -> Callable[[str, str], int]:
    """Return a function that finds accounts by label, of those that were not added.

    It is given a label and where in the scenario that stands, and raises `InputError` if there is
    no such account.
    """
    labels = graph.labels.first if isinstance(graph.labels, _Extended) else graph.labels
    if isinstance(labels, NumberedLabels):
        return labels.find
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        return partial(find_account, labels)
    texts = np.array([*map(str, labels), None], np.object_)[:-1]
    places = {text: place for place, text in enumerate(texts)}

    def find(label: str, path: str) -> int:
        place = places.get(label.strip())
        return find_account(texts, label, path) if place is None else place

    return find


def label_keys(labels: AccountLabels) -> UInt64:
    """Return the hash of each account's label: integers as numbers, anything else as text."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        return member_keys(text_id("account"), labels.astype(np.uint64))
    return np.array([text_id("account", str(label)) for label in labels], np.uint64)


def graph_from_follows(
    follower: Int32, followee: Int32, account_keys: UInt64, labels: AccountLabels
) -> FollowerGraph:
    """Build a graph from follows (``follower[i]`` follows ``followee[i]``), in any order.

    Each list is in order of account number, so the order of the follows does not matter.
    """
    accounts = len(account_keys)
    by_follower = _counting_sort(follower, np.arange(len(follower)), accounts)
    order = _counting_sort(followee, by_follower, accounts)
    counts = np.bincount(followee, minlength=accounts)
    return FollowerGraph(
        list_starts=np.concatenate(([0], np.cumsum(counts, dtype=np.int64))),
        followers=follower[order].astype(np.int32),
        first_list=np.arange(accounts + 1, dtype=np.int32),
        account_keys=account_keys,
        list_keys=account_keys,
        followee_counts=np.bincount(follower, minlength=accounts).astype(np.int32),
        labels=labels,
    )


@compiled
def _counting_sort(group: Int32, order: Int64, groups: int) -> Int64:
    """Return ``order`` stably sorted by ``group[order]``."""
    next_place = np.zeros(groups + 1, np.int64)
    for i in range(len(group)):
        next_place[group[i] + 1] += 1
    for g in range(groups):
        next_place[g + 1] += next_place[g]
    arranged = np.empty(len(order), np.int64)
    for i in order:
        arranged[next_place[group[i]]] = i
        next_place[group[i]] += 1
    return arranged


def add_accounts(
    graph: FollowerGraph, added: Sequence[tuple[str, np.uint64, Sequence[FollowerList]]]
) -> FollowerGraph:
    """Append accounts that follow nobody, each given as (label, key, its follower lists)."""
    lists = [one for _, _, own in added for one in own]
    ends = np.cumsum([len(one.members) for one in lists], dtype=np.int64)
    first = np.cumsum([len(own) for _, _, own in added], dtype=np.int32)
    counts = graph.followee_counts.copy()
    for one in lists:
        counts[one.members] += 1
    new_accounts = np.array([key for _, key, _ in added], np.uint64)
    new_lists = np.array([one.key for one in lists], np.uint64)
    return FollowerGraph(
        list_starts=np.concatenate((graph.list_starts, graph.list_starts[-1] + ends)),
        followers=graph.followers,
        appended=np.concatenate((graph.appended, *(one.members for one in lists))),
        added=graph.added + len(added),
        first_list=np.concatenate((graph.first_list, graph.first_list[-1] + first)),
        account_keys=np.concatenate((graph.account_keys, new_accounts)),
        list_keys=np.concatenate((graph.list_keys, new_lists)),
        followee_counts=np.concatenate((counts, np.zeros(len(added), np.int32))),
        labels=_Extended(graph.labels, [label for label, _, _ in added]),
    )


class _Extended(Sequence[Hashable]):
    """Labels followed by further labels, without copying the first."""

    def __init__(self, labels: AccountLabels, further: Sequence[Hashable]) -> None:
        self.first, self._further = labels, further

    def __len__(self) -> int:
        return len(self.first) + len(self._further)

    def __getitem__(self, account: int) -> Hashable:  # type: ignore[override]
        if not 0 <= account < len(self):
            raise IndexError(account)
        known = len(self.first)
        return self.first[account] if account < known else self._further[account - known]
