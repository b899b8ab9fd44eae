"""Who notices a share: the world as compiled code sees it, and its follower lists."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined
from propagation.instructions import lowest_bit, prefetch
from propagation.luck import BLOCK_EXPONENTS, block_below, candidates, descend, first_bits
from propagation.spread.dynamics import Stems, notices

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
Records = npt.NDArray[np.void]

LIST_FIELDS = [
    ("start", np.int64),  # in the followers, or in the appended ones
    ("key", np.uint64),
    ("attention", np.uint64),  # of every member, or MIXED
    ("length", np.int32),  # in places
    ("envelope", np.int32),
]
PERSON_FIELDS = [
    ("threshold", np.float64),
    ("relevance", np.float64),  # of the message
    ("followees", np.int32),
    ("ours", np.int32),
]
FOLLOWER_LIST = np.dtype(LIST_FIELDS)
"""What a share asks about a follower list that was added."""
PERSON = np.dtype([*LIST_FIELDS, *PERSON_FIELDS, ("unused", np.int64)])
"""What a decision and a share ask about an account, in one line of the processor's cache.

Memory costs more than the rules do. An account that was not added has one follower list, whose key
is its own; one that was has its lists among the appended ones, and length 0 here.
"""

MIXED = ~np.uint64(0)
"""Stands for the attention of a list whose members differ in it."""


class Ground(NamedTuple):
    """The world as the loop sees it; arrays as in ``FollowerGraph`` and ``World``."""

    followers: Int32  # cannot be written to, like the next
    appended: Int32
    first_list: Int32  # of each account that was added: where its lists begin, and the end
    lists: Records
    ordinary: int  # number of accounts that were not added
    attention: UInt64  # as thresholds on throws


PRESENT_SHARE = 1024
"""Room in ``found`` for those who notice the present share, or some of them."""


@compiled
def common_attention(list_starts: Int64, followers: Int32, attention: UInt64) -> UInt64:
    """Return the attention that all members of a list have, or ``MIXED``; shape (lists,)."""
    common = np.full(len(list_starts) - 1, MIXED, np.uint64)
    for one in range(len(common)):
        for place in range(list_starts[one], list_starts[one + 1]):
            if followers[place] < 0:
                continue
            own = attention[followers[place]]
            if common[one] == MIXED:
                common[one] = own
            elif common[one] != own:
                common[one] = MIXED
                break
    return common


@inlined
def ask_for_list(people: Records, followers: Int32, account: int) -> None:
    """Ask for the first 64 places of an account's own list ahead of their use."""
    own = people[account]
    for place in range(0, min(own["length"], 64), 16):  # 16 to a line of the cache
        prefetch(followers, own["start"] + place)


@inlined
def who_notice(
    start: int,
    length: int,
    envelope: int,
    common: np.uint64,
    key: np.uint64,
    followers: Int32,
    appended: Int32,
    is_appended: bool,
    attention: UInt64,
    throws: Stems,
    place: int,
    found: Int32,
    first: int,
    end: int,
) -> tuple[int, int]:
    """Write who notices a share in a list, from ``place`` on, to ``found[first:end]``.

    Returns how many they are and the place to go on from, -1 at the end of the list.
    """
    skip_key = descend(throws.skip, key)
    noticed = first
    if common != MIXED and envelope <= BLOCK_EXPONENTS:
        while place < length and noticed + 64 <= end:
            bits = block_below(skip_key, place >> 6, common) & first_bits(min(length - place, 64))
            while bits != np.uint64(0):
                at = start + place + lowest_bit(bits)
                account = appended[at] if is_appended else followers[at]
                bits &= bits - np.uint64(1)
                found[noticed] = account
                noticed += account >= 0
            place += 64
        return noticed - first, place if place < length else -1
    thin_key = descend(throws.thin, key)
    count, after = candidates(skip_key, place, length, envelope, found, first, end)
    for i in range(first, first + count):
        here = found[i]
        account = appended[start + here] if is_appended else followers[start + here]
        found[noticed] = account
        if account >= 0:
            own = attention[account] if common == MIXED else common
            noticed += notices(skip_key, thin_key, here, own, envelope)
    return noticed - first, after if after < length else -1


ALL, OWN = -2, -1
"""All lists of an account, none of which has been begun; and its own one, in ``followers``."""


@inlined
def lists_of(ground: Ground, account: int) -> tuple[int, int]:
    """Return the first and the last of an account's lists."""
    if account < ground.ordinary:
        return OWN, OWN
    added = account - ground.ordinary
    return int(ground.first_list[added]), int(ground.first_list[added + 1]) - 1


@inlined
def list_fields(
    people: Records, lists: Records, account: int, one: int
) -> tuple[int, int, int, np.uint64, np.uint64]:
    """Return start, length, envelope, attention and key of a list of an account."""
    if one == OWN:
        own = people[account]
        return own["start"], own["length"], own["envelope"], own["attention"], own["key"]
    this = lists[one]
    return this["start"], this["length"], this["envelope"], this["attention"], this["key"]


@inlined
def find_in_lists(
    ground: Ground,
    people: Records,
    throws: Stems,
    sharer: int,
    one: int,
    place: int,
    found: Int32,
) -> tuple[int, int, int]:
    """Find who notices a share in the sharer's list ``one``, from ``place`` on.

    Begins with list ALL and place 0. Returns how many were written to the first ``PRESENT_SHARE``
    entries of ``found``, the list and the place to go on with; ALL and -1 once there is none.
    """
    first, last = lists_of(ground, sharer)
    if one == ALL:
        one = first
    if one > last:
        return 0, ALL, -1
    start, length, envelope, common, key = list_fields(people, ground.lists, sharer, one)
    noticed, place = who_notice(
        start,
        length,
        envelope,
        common,
        key,
        ground.followers,
        ground.appended,
        one >= 0,
        ground.attention,
        throws,
        place,
        found,
        0,
        PRESENT_SHARE,
    )
    if place >= 0:
        return noticed, one, place
    if one == last:
        return noticed, ALL, -1
    return noticed, one + 1, 0
