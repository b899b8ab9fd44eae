"""Pairs of accounts of any number, made into sorted lists in bounded memory.

Pairs are distributed over the regions of a file by the account whose lists are wanted (the key), so
that each region can be sorted in memory. Regions follow each other in the order of accounts.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt32 = npt.NDArray[np.uint32]
Item = TypeVar("Item")
Result = TypeVar("Result")

BUCKETS = 22
"""Accounts are counted in at most 2**22 groups of neighbours."""
PAIR = 8
"""Bytes of a pair."""
SHORT, LONG = 48, 4096
"""Up to which length a list is sorted by insertion, and above which by numpy."""


class Lists(NamedTuple):
    """The lists of accounts that follow each other: their lengths, and all members."""

    lengths: Int64
    members: Int32


class Region(NamedTuple):
    """Accounts ``first`` to ``last - 1``, with ``size`` pairs from ``start`` on."""

    first: int
    last: int
    start: int
    size: int


@dataclass(frozen=True)
class Spans:
    """How many pairs groups of ``2**shift`` accounts have as keys."""

    accounts: int
    shift: int
    counts: Int64

    @classmethod
    def of(cls, accounts: int, buckets: int = BUCKETS) -> "Spans":
        """Return groups that have no pairs yet."""
        shift = max(0, (accounts - 1).bit_length() - buckets)
        return cls(accounts, shift, np.zeros(((accounts - 1) >> shift) + 1, np.int64))

    def regions(self, room: int) -> Iterator[Region]:
        """Yield regions of at most ``room`` pairs; of more where a single group has more."""
        ends = np.cumsum(self.counts)
        first, start = 0, 0
        while first < len(ends):
            after = max(int(np.searchsorted(ends, start + room, side="right")), first + 1)
            last = min(after << self.shift, self.accounts)
            end = int(ends[after - 1])
            yield Region(first << self.shift, last, start, end - start)
            first, start = after, end


def count_keys(pairs: UInt32, column: int, spans: Spans) -> int:
    """Count pairs of different accounts by their key; return how many others there are."""
    return _count(pairs, column, spans.shift, spans.counts)


class Distribution:
    """Pairs in the regions of a file.

    Attributes
    ----------
    column
        Which of a pair is the key.
    """

    def __init__(self, path: Path, spans: Spans, column: int, room: int) -> None:
        self.path, self.column = path, column
        self.accounts, self.room, self._shift = spans.accounts, room, spans.shift
        self.regions = list(spans.regions(room))
        groups = [(region.last - 1 >> spans.shift) + 1 for region in self.regions]
        sizes = np.diff(groups, prepend=0)
        self._region_of = np.repeat(np.arange(len(groups), dtype=np.int32), sizes)
        self._next = np.array([region.start for region in self.regions], np.int64)
        self._file: BinaryIO = path.open("wb", buffering=0)

    def arranged(self, pairs: UInt32) -> tuple[UInt32, Int64]:
        """Return pairs of different accounts by region, and where each region's end."""
        arranged = np.empty_like(pairs)
        ends = np.zeros(len(self.regions), np.int64)
        _arrange(pairs, self.column, self._shift, self._region_of, arranged, ends)
        return arranged, ends

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def write(self, arranged: UInt32, ends: Int64) -> None:
        """Write pairs to their regions."""
        start = 0
        for region in np.flatnonzero(np.diff(ends, prepend=0)).tolist():
            end = int(ends[region])
            self._file.seek(PAIR * int(self._next[region]))
            write_whole(self._file, arranged[start:end])
            self._next[region] += end - start
            start = end

    def lists(self, pool: ThreadPoolExecutor, ahead: int) -> Iterator[Lists]:
        """Yield the lists of all accounts in their order; each is sorted, without repeats."""
        self._file.close()
        filled = [
            region._replace(size=end - region.start)
            for region, end in zip(self.regions, self._next.tolist(), strict=True)
        ]
        found = in_order(pool, self._small_lists, filled, ahead)
        for region, lists in zip(filled, found, strict=True):
            yield from self._large_lists(region) if lists is None else (lists,)

    def _small_lists(self, region: Region) -> Lists | None:
        """Return the lists of a region that fits into memory."""
        if region.size > self.room:
            return None
        return sorted_lists(self._read(region), self.column, region.first, region.last)

    def _large_lists(self, region: Region) -> Iterator[Lists]:
        """Yield the lists of a region of few accounts with many pairs, reading it several times."""
        counts = np.zeros(region.last - region.first, np.int64)
        for pairs in self._parts(region):
            counts += np.bincount(pairs[:, self.column] - region.first, minlength=len(counts))
        for part in Spans(len(counts), 0, counts).regions(self.room):
            first, last = region.first + part.first, region.first + part.last
            if part.size > self.room:
                yield self._one_list(region, first)
                continue
            kept = [
                pairs[(pairs[:, self.column] >= first) & (pairs[:, self.column] < last)]
                for pairs in self._parts(region)
            ]
            yield sorted_lists(np.concatenate(kept), self.column, first, last)

    def _one_list(self, region: Region, account: int) -> Lists:
        """Return the list of an account that has more pairs than fit, by marking its members."""
        seen = np.zeros(self.accounts, np.bool_)
        for pairs in self._parts(region):
            seen[pairs[pairs[:, self.column] == account, 1 - self.column]] = True
        members = np.flatnonzero(seen).astype(np.int32)
        return Lists(np.array([len(members)]), members)

    def _parts(self, region: Region) -> Iterator[UInt32]:
        for start in range(region.start, region.start + region.size, self.room):
            size = min(self.room, region.start + region.size - start)
            yield self._read(Region(region.first, region.last, start, size))

    def _read(self, region: Region) -> UInt32:
        with self.path.open("rb", buffering=0) as file:
            file.seek(PAIR * region.start)
            return np.fromfile(file, np.uint32, 2 * region.size).reshape(-1, 2)


def write_whole(file: BinaryIO, values: npt.NDArray[np.uint32]) -> None:
    """Write numbers to a file without buffer, which may take them in parts."""
    left = np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
    while left:
        left = left[file.write(left) :]


def in_order(
    pool: ThreadPoolExecutor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    ahead: int,
) -> Iterator[Result]:
    """Yield a function's results for items in their order, some of them made ahead by threads."""
    waiting: list[Future[Result]] = []
    coming = iter(items)
    try:
        while True:
            while len(waiting) < ahead:
                try:
                    item = next(coming)
                except StopIteration:
                    break
                waiting.append(pool.submit(function, item))
            if not waiting:
                return
            yield waiting.pop(0).result()
    finally:
        for future in waiting:
            future.cancel()


def sorted_lists(pairs: UInt32, column: int, first: int, last: int) -> Lists:
    """Return the lists of accounts ``first`` to ``last - 1`` from all their pairs."""
    starts = np.zeros(last - first + 1, np.int64)
    members = np.empty(len(pairs), np.int32)
    _group(pairs, column, first, starts, members)
    large = np.empty(len(pairs) // LONG + 1, np.int64)
    for account in large[: _sort(starts, members, large)].tolist():
        members[starts[account] : starts[account + 1]].sort()
    lengths = np.empty(last - first, np.int64)
    kept = _drop_repeats(starts, members, lengths)
    return Lists(lengths, members[:kept])


@compiled
def _count(pairs: UInt32, column: int, shift: int, counts: Int64) -> int:
    others = 0
    for i in range(len(pairs)):
        if pairs[i, 0] == pairs[i, 1]:
            others += 1
        else:
            counts[pairs[i, column] >> shift] += 1
    return others


@compiled
def _arrange(
    pairs: UInt32, column: int, shift: int, region_of: Int32, arranged: UInt32, ends: Int64
) -> None:
    """Sort pairs stably by region, leaving out those of an account with itself."""
    for i in range(len(pairs)):
        if pairs[i, 0] != pairs[i, 1]:
            ends[region_of[pairs[i, column] >> shift]] += 1
    start = 0
    for region in range(len(ends)):
        size = ends[region]
        ends[region] = start
        start += int(size)
    for i in range(len(pairs)):
        if pairs[i, 0] != pairs[i, 1]:
            region = region_of[pairs[i, column] >> shift]
            place = ends[region]
            arranged[place, 0] = pairs[i, 0]
            arranged[place, 1] = pairs[i, 1]
            ends[region] = place + 1


@compiled
def _group(pairs: UInt32, column: int, first: int, starts: Int64, members: Int32) -> None:
    """Sort the other account of each pair stably by its key."""
    for i in range(len(pairs)):
        starts[np.int64(pairs[i, column]) - first + 1] += 1
    for account in range(len(starts) - 1):
        starts[account + 1] += starts[account]
    places = starts[:-1].copy()
    for i in range(len(pairs)):
        key = np.int64(pairs[i, column]) - first
        members[places[key]] = pairs[i, 1 - column]
        places[key] += 1


@compiled
def _sort(starts: Int64, members: Int32, large: Int64) -> int:
    """Sort each list, but for large ones; return how many those are."""
    found = 0
    for account in range(len(starts) - 1):
        start, end = starts[account], starts[account + 1]
        in_order = True
        for place in range(start + 1, end):
            if members[place] < members[place - 1]:
                in_order = False
                break
        if in_order:
            continue
        if end - start > LONG:
            large[found] = account
            found += 1
        elif end - start > SHORT:
            members[start:end].sort()
        else:
            for place in range(start + 1, end):
                member = members[place]
                hole = place
                while hole > start and members[hole - 1] > member:
                    members[hole] = members[hole - 1]
                    hole -= 1
                members[hole] = member
    return found


@compiled
def _drop_repeats(starts: Int64, members: Int32, lengths: Int64) -> int:
    """Move the distinct members of sorted lists to the front; return how many there are."""
    kept = 0
    for account in range(len(lengths)):
        first = kept
        for place in range(starts[account], starts[account + 1]):
            if kept == first or members[kept - 1] != members[place]:
                members[kept] = members[place]
                kept += 1
        lengths[account] = kept - first
    return kept


@compiled
def tally(counts: Int32, members: Int32) -> None:
    """Count how often each account is a member."""
    for place in range(len(members)):
        counts[members[place]] += 1


@compiled
def pairs_of(lengths: Int64, members: Int32, first: int) -> UInt32:
    """Return lists of accounts from ``first`` on as pairs of member and account."""
    pairs = np.empty((len(members), 2), np.uint32)
    place = 0
    for account in range(len(lengths)):
        for _ in range(lengths[account]):
            pairs[place, 0] = members[place]
            pairs[place, 1] = first + account
            place += 1
    return pairs
