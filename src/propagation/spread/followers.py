"""Who follows our accounts now: how they come and leave, and what the present ones care about."""

import numpy as np
import numpy.typing as npt

from propagation.compiling import inlined, lean
from propagation.instructions import whole
from propagation.spread.campaign_dynamics import (
    Moving,
    below,
    follow_probability,
    happens,
    interest_units,
    is_relevant_to_followers,
)
from propagation.spread.noticing import ALL, Ground, list_fields, lists_of
from propagation.spread.scene import FOLLOWS, FULL, GAINED, IN_LISTS, MOVES, NOTICED_US, Scene
from propagation.spread.script import NOT_OURS, Instance, Script

Int32 = npt.NDArray[np.int32]
Records = npt.NDArray[np.void]


@inlined
def join(scene: Scene, script: Script, number: int, account: int, now: float) -> None:
    """Let an account follow one of ours from now on."""
    counts, bonds = scene.counts, scene.bonds
    bonds[number, account] |= FOLLOWS
    if not bonds[number, account] & (IN_LISTS | GAINED):
        at = scene.gained_counts[number]
        if at == scene.gained.shape[1]:
            counts[FULL] = 1
            return
        bonds[number, account] |= GAINED
        scene.gained[number, at] = account
        scene.gained_counts[number] += 1
    _note_move(scene, script, number, account, now)


@inlined
def leave(scene: Scene, script: Script, number: int, account: int, now: float) -> None:
    """Let an account follow one of ours no more."""
    scene.bonds[number, account] &= ~np.uint8(FOLLOWS)
    _note_move(scene, script, number, account, now)


@inlined
def _note_move(scene: Scene, script: Script, number: int, account: int, now: float) -> None:
    """Write down that an account follows one of ours now, or does so no more."""
    at = scene.counts[MOVES]
    if at == len(scene.moves):
        scene.counts[FULL] = 1
        return
    scene.counts[MOVES] += 1
    move = scene.moves[at]
    move["time"], move["ours"], move["account"] = now, script.ours[number], account
    move["joined"] = (scene.bonds[number, account] & FOLLOWS) > 0


@lean
def settle_gains(
    scene: Scene,
    script: Script,
    people: Records,
    moving: Moving,
    follow_stem: np.uint64,
    one: Instance,
    account: int,
    now: float,
) -> None:
    """Let an account that noticed an instance for the first time follow those credited with it."""
    for i in range(one.first_credit, one.first_credit + one.credits):
        number = script.credits[i]
        scene.bonds[number, account] |= NOTICED_US
        if moving.follows == 0.0 or scene.bonds[number, account] & FOLLOWS:
            continue
        key = below(follow_stem, people[script.ours[number]]["key"], people[account]["key"])
        chance = follow_probability(moving, script.relevance[one.topic, account])
        if happens(key, 0, chance):
            join(scene, script, number, account, now)


@inlined
def is_follower(scene: Scene, ours: int, account: int) -> bool:
    """Say whether an account in a list of one of ours has not left; nobody leaves others."""
    return bool(ours == NOT_OURS or scene.bonds[ours, account] & FOLLOWS)


@inlined
def keep_followers(scene: Scene, ours: int, found: Int32, count: int) -> int:
    """Leave out those who have left; return how many are kept."""
    kept = 0
    for i in range(count):
        found[kept] = found[i]
        kept += (scene.bonds[ours, found[i]] & FOLLOWS) > 0
    return kept


@lean
def present_followers(
    ground: Ground, people: Records, scene: Scene, followee: int, ours: int, one: int, place: int
) -> tuple[int, int, int]:
    """Write to ``found`` who follows an account now, from ``place`` of list ``one`` on.

    Begins with list ALL and place 0; those gained during the run stand behind the lists, as one
    more. Returns how many were written, and the list and the place to go on with; ALL and -1 once
    there is none. ``ours`` is the account's number among ours, or NOT_OURS.
    """
    found, count = scene.found, whole(0)
    first, last = lists_of(ground, followee)
    if one == ALL:
        one = first
    while one <= last:
        start, length, _, _, _ = list_fields(people, ground.lists, followee, one)
        while place < length:
            if count == len(found):
                return count, one, place
            at = start + place
            follower = whole(ground.appended[at] if one >= 0 else ground.followers[at])
            place += 1
            if follower >= 0 and is_follower(scene, ours, follower):
                found[count] = follower
                count += 1
        one, place = one + 1, whole(0)
    gained = scene.gained_counts[ours] if ours != NOT_OURS else 0
    while place < gained:
        if count == len(found):
            return count, one, place
        follower = whole(scene.gained[ours, place])
        place += 1
        if is_follower(scene, ours, follower):
            found[count] = follower
            count += 1
    return count, whole(ALL), whole(-1)


@lean
def followers_care(
    ground: Ground,
    people: Records,
    script: Script,
    scene: Scene,
    ours: int,
    topic: int,
    cut: float,
) -> bool:
    """Say whether the present followers of one of ours care enough about a topic."""
    interest = script.relevance[topic]
    units = followers = whole(0)
    one, place = whole(ALL), whole(0)
    while place >= 0:
        count, one, place = present_followers(
            ground, people, scene, script.ours[ours], ours, one, place
        )
        for i in range(count):
            units += interest_units(interest[scene.found[i]])
        followers += count
    return is_relevant_to_followers(units, followers, cut)
