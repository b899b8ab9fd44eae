"""The control that takes clustering away: accounts trade places with others of as many followers.

The graph stays as it is, and so does every account's number of followers, up to the merging of rare
numbers; segments and traits move as a whole. What is left of a community's clustering is what
chance gives to scattered accounts of those degrees. The null model is the usual one of permuting
attributes within classes of equal degree.
"""

import numpy as np
import numpy.typing as npt

from propagation.luck import Purpose, member_keys, stem

Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]

FEWEST = 10
"""Accounts that trade places with each other at least: hubs of rare sizes trade with the next."""


def shuffled_places(
    follower_counts: Int64, fixed: npt.NDArray[np.bool_], keys: UInt64, seed: int
) -> Int64:
    """Return, for each place in the graph, the account that moves there; shape (accounts,).

    Parameters
    ----------
    follower_counts
        Of each place; those who trade have the same one, or neighbouring ones where fewer than
        ``FEWEST`` places have it.
    fixed
        Accounts that stay where they are.
    keys, seed
        Addresses of the accounts, and the seed of the draw.
    """
    movable = np.flatnonzero(~fixed)
    group = _groups(follower_counts[movable])
    luck = member_keys(stem(seed, Purpose.SHUFFLE), keys[movable])
    in_order = np.lexsort((movable, group))
    by_luck = np.lexsort((movable, luck, group))
    accounts = np.arange(len(follower_counts))
    accounts[movable[in_order]] = movable[by_luck]
    return accounts


def _groups(counts: Int64) -> Int64:
    """Return the class of each follower count; classes of neighbouring counts are merged."""
    values, inverse, sizes = np.unique(counts, return_inverse=True, return_counts=True)
    classes = np.zeros(len(values), np.int64)
    current = members = 0
    for i, size in enumerate(sizes):
        if members >= FEWEST:
            current, members = current + 1, 0
        classes[i] = current
        members += size
    if current and members < FEWEST:  # the largest hubs, too few on their own
        classes[classes == current] = current - 1
    return classes[inverse]
