"""Graphs drawn for the benchmarks: heavy tails in both directions, or one far larger than memory.

The law of a count k is a shifted power law, P(k) in proportion to ``(k + shift) ** -tail`` between
``least`` and ``most``; the shift is the one that gives the mean asked for.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Lists = tuple[Int64, Int32]
"""Where each account's follower list starts (accounts + 1), and the followers list by list."""

PLACES_AT_ONCE = 10_000_000


class Law(NamedTuple):
    """How many follows accounts have on one side: the shifted power law above."""

    mean: float
    tail: float
    least: int
    most: int


def chances(law: Law) -> Float64:
    """Return the chance of each count from ``least`` to ``most``."""
    counts = np.arange(law.least, law.most + 1, dtype=np.float64)
    low, high = 1e-9 - law.least, 1e6
    for _ in range(200):  # the mean grows with the shift
        shift = (low + high) / 2
        weights = ((counts + shift) / (law.most + shift)) ** -law.tail
        weights /= weights.sum()
        low, high = (shift, high) if weights @ counts < law.mean else (low, shift)
    return weights


def counts_of(law: Law, accounts: int, generator: np.random.Generator) -> Int64:
    """Draw the counts of all accounts."""
    bounds = np.cumsum(chances(law))
    drawn = np.searchsorted(bounds, generator.random(accounts) * bounds[-1], side="right")
    return drawn.astype(np.int64) + law.least


def distinct(lists: Int64, members: Int64, accounts: int) -> tuple[Int64, Int64]:
    """Return the follows in order of list and member, each once, nobody following oneself."""
    keys = lists * accounts + members
    keys.sort()  # np.unique would take ten times as long
    real = np.concatenate(([True], keys[1:] != keys[:-1]))
    lists = keys // accounts
    members = keys - lists * accounts
    real &= lists != members
    return lists[real], members[real]


def starts_of(counts: Int64) -> Int64:
    """Return where lists of these lengths start."""
    return np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))


def configuration(accounts: int, followers: Law, followees: Law, seed: int) -> Lists:
    """Draw a configuration model: both counts of an account from their laws, independently.

    Every account lays out as many ends as it is to have followers and followees, and the ends are
    joined at random. The longer side loses ends at random, and follows drawn twice count once.
    """
    generator = np.random.default_rng(seed)
    numbers = np.arange(accounts, dtype=np.int64)
    followed = np.repeat(numbers, counts_of(followers, accounts, generator))
    following = np.repeat(numbers, counts_of(followees, accounts, generator))
    joined = min(len(followed), len(following))
    if len(followed) > joined:
        followed = generator.permutation(followed)
    following = generator.permutation(following)
    lists, members = distinct(followed[:joined], following[:joined], accounts)
    return starts_of(np.bincount(lists, minlength=accounts)), members.astype(np.int32)


def by_list(accounts: int, followers: Law, seed: int) -> Lists:
    """Draw follower lists one after the other, each of accounts drawn at random.

    Only the followers are kept, and some ten million places at a time are worked on. Followee
    counts have Poisson's law.
    """
    generator = np.random.default_rng(seed)
    wanted = counts_of(followers, accounts, generator)
    part = starts_of(wanted)[:-1] // PLACES_AT_ONCE
    counts, parts = np.zeros(accounts, np.int64), []
    for number in range(int(part[-1]) + 1):
        first, last = np.searchsorted(part, (number, number + 1))
        lists = np.repeat(np.arange(first, last), wanted[first:last])
        lists, members = distinct(lists, generator.integers(0, accounts, len(lists)), accounts)
        counts[first:last] = np.bincount(lists - first, minlength=last - first)
        parts.append(members.astype(np.int32))
    return starts_of(counts), np.concatenate(parts)
