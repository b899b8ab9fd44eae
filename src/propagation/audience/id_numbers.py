"""Whole numbers as ids: which there are, and what number an account gets by the order of its id.

Small ids are marked in a table with two bits for each possible id, large ones numbered by a hash
table in the order in which they come; either way a file is read once, in bounded memory.
"""

from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from propagation.audience.labels import LARGEST
from propagation.compiling import compiled
from propagation.luck import mix
from propagation.problems import InputError

AnyPairs: TypeAlias = npt.NDArray[Any]
Int32 = npt.NDArray[np.int32]
UInt32 = npt.NDArray[np.uint32]
UInt64 = npt.NDArray[np.uint64]

DENSE = (1 << 30) - 1
"""The largest id that is marked in a table, which takes 256 MB then."""
FULLEST = 0.7
"""Share of the hash table's slots that may be taken."""
FEWEST_SLOTS = 1 << 16
MOST_ACCOUNTS = 2**31 - 1
TOGETHER = 64
ONE, SPAN, LAST = np.uint64(1), np.uint64(32), np.uint64(31)
MARKS = np.uint64(0xFFFFFFFF)


class Numbers(Protocol):
    """Ids that are seen one after another, and numbered once all have been seen."""

    limit: int

    def see(self, pairs: AnyPairs) -> UInt32:
        """Take note of ids; return what is to be kept of them until all have been seen."""

    def settle(self) -> npt.NDArray[Any]:
        """Return the ids in ascending order, once all have been seen."""

    def to_accounts(self, kept: UInt32) -> None:
        """Turn what was kept into numbers of accounts, in its place."""


class SmallIds:
    """Ids up to a limit, each with its mark in a table.

    A word of the table stands for 32 ids: its lower half has their marks, its upper half tells, in
    the end, how many smaller ids there are.
    """

    def __init__(self, limit: int = DENSE) -> None:
        self.limit = limit
        self._table: UInt64 = np.zeros((limit >> 5) + 1, np.uint64)
        self._largest = 0

    def see(self, pairs: AnyPairs) -> UInt32:
        """Mark ids; they are kept as they are."""
        self._largest = max(self._largest, int(_mark(self._table, pairs)))
        return pairs

    def settle(self) -> npt.NDArray[Any]:
        """Return the ids in ascending order."""
        self._table = self._table[: (self._largest >> 5) + 1]
        ids = np.empty(_count(self._table), np.uint32)
        _list(self._table, ids)
        return ids

    def to_accounts(self, kept: UInt32) -> None:
        """Turn ids into numbers of accounts, in their place."""
        _rank(self._table, kept)


class LargeIds:
    """Ids of up to 63 bits, numbered as they come."""

    limit = LARGEST

    def __init__(self, slots: int = FEWEST_SLOTS) -> None:
        self._known = 0
        self._slots: Int32 = np.zeros(slots, np.int32)
        self._ids: UInt64 = np.empty(int(slots * FULLEST), np.uint64)
        self._accounts: UInt32 = np.empty(0, np.uint32)

    def see(self, pairs: AnyPairs) -> UInt32:
        """Give numbers to new ids; the numbers are kept."""
        while self._known + pairs.size > len(self._ids):
            self._grow()
        numbers = np.empty(pairs.shape, np.uint32)
        self._known = _number(self._ids, self._slots, self._known, pairs, numbers)
        if self._known > MOST_ACCOUNTS:
            raise InputError(f"there are more than {MOST_ACCOUNTS:,} accounts")
        return numbers

    def _grow(self) -> None:
        slots = 2 * len(self._slots)
        ids = np.empty(int(slots * FULLEST), np.uint64)
        ids[: self._known] = self._ids[: self._known]
        self._ids = ids
        self._slots = np.zeros(0, np.int32)  # before the larger one is made
        self._slots = np.zeros(slots, np.int32)
        _fill(self._ids, self._slots, self._known)

    def settle(self) -> npt.NDArray[Any]:
        """Return the ids in ascending order."""
        self._slots = np.zeros(0, np.int32)
        order = np.argsort(self._ids[: self._known])
        ids = self._ids[order].view(np.int64)
        self._ids = np.empty(0, np.uint64)
        self._accounts = np.empty(self._known, np.uint32)
        self._accounts[order] = np.arange(self._known, dtype=np.uint32)
        return ids

    def to_accounts(self, kept: UInt32) -> None:
        """Turn numbers in the order of coming into numbers of accounts, in their place."""
        _look_up(self._accounts, kept)


@compiled
def _mark(table: UInt64, pairs: UInt32) -> np.int64:
    """Mark ids and return the largest."""
    largest = np.uint64(0)
    for i in range(len(pairs)):
        for side in range(2):
            number = np.uint64(pairs[i, side])
            largest = max(largest, number)
            table[number // SPAN] |= ONE << (number & LAST)
    return np.int64(largest)


@compiled
def _bits(word: np.uint64) -> np.uint64:
    """Return how many of the lower 32 bits are set."""
    word = word - ((word >> ONE) & np.uint64(0x55555555))
    word = (word & np.uint64(0x33333333)) + ((word >> np.uint64(2)) & np.uint64(0x33333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F)
    return (word * np.uint64(0x01010101) & MARKS) >> np.uint64(24)


@compiled
def _count(table: UInt64) -> np.int64:
    """Write into each word how many marks there are before it; return how many there are."""
    before = np.uint64(0)
    for i in range(len(table)):
        marks = table[i] & MARKS
        table[i] = marks | (before << SPAN)
        before += _bits(marks)
    return np.int64(before)


@compiled
def _list(table: UInt64, ids: UInt32) -> None:
    place = 0
    for i in range(len(table)):
        if table[i] & MARKS:
            for bit in range(32):
                if table[i] & (ONE << np.uint64(bit)):
                    ids[place] = 32 * i + bit
                    place += 1


@compiled
def _rank(table: UInt64, pairs: UInt32) -> None:
    for i in range(len(pairs)):
        for side in range(2):
            number = np.uint64(pairs[i, side])
            word = table[number // SPAN]
            smaller = word & ((ONE << (number & LAST)) - ONE)
            pairs[i, side] = (word >> SPAN) + _bits(smaller & MARKS)


@compiled
def _look_up(accounts: UInt32, pairs: UInt32) -> None:
    for i in range(len(pairs)):
        for side in range(2):
            pairs[i, side] = accounts[pairs[i, side]]


@compiled
def _number(ids: UInt64, slots: Int32, known: int, pairs: UInt64, numbers: UInt32) -> int:
    """Give numbers to new ids; return how many are known. A slot holds a number plus 1, or 0.

    Slots of some pairs are looked at together, so that the memory is waited for once.
    """
    last = np.uint64(len(slots) - 1)
    places, found = np.empty(TOGETHER, np.uint64), np.empty(TOGETHER, np.int32)
    wanted, given = pairs.reshape(-1), numbers.reshape(-1)
    for first in range(0, len(wanted), TOGETHER):
        some = min(TOGETHER, len(wanted) - first)
        for i in range(some):
            places[i] = mix(np.uint64(wanted[first + i])) & last
            found[i] = slots[places[i]]
        for i in range(some):
            number = np.uint64(wanted[first + i])
            if found[i] and ids[found[i] - 1] == number:
                given[first + i] = found[i] - 1
                continue
            place = places[i]
            while slots[place] and ids[slots[place] - 1] != number:
                place = (place + ONE) & last
            if not slots[place]:
                ids[known] = number
                known += 1
                slots[place] = known
            given[first + i] = slots[place] - 1
    return known


@compiled
def _fill(ids: UInt64, slots: Int32, known: int) -> None:
    last = np.uint64(len(slots) - 1)
    for i in range(known):
        slot = mix(ids[i]) & last
        while slots[slot]:
            slot = (slot + ONE) & last
        slots[slot] = i + 1
