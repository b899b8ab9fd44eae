"""A share appears in feeds: who notices it, what they do, and who comes and leaves."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.audience.attention import attention_at
from propagation.compiling import inlined, lean
from propagation.instructions import prefetch
from propagation.luck import descend, threshold, throw
from propagation.spread.campaign_dynamics import (
    PURPOSES,
    Moving,
    below,
    faded,
    follow_probability,
    happens,
    interest_units,
    is_relevant_to_followers,
    leave_probability,
)
from propagation.spread.dynamics import Rules, Stems, counted, decides, delay, stems
from propagation.spread.noticing import ALL, Ground, find_in_lists
from propagation.spread.scene import (
    FOLLOWS,
    FULL,
    GAINED,
    IN_LISTS,
    MOVES,
    NOTICED_US,
    SHARES,
    Scene,
    first_slot,
    plan_event,
    touch,
)
from propagation.spread.script import NOT_OURS, Limits, Script, our_number, rules_in_run, stem_of
from propagation.spread.timeline import NOBODY, tie

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
UInt8 = npt.NDArray[np.uint8]
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
    instance: int,
    account: int,
    now: float,
) -> None:
    """Let an account that noticed an instance for the first time follow those credited with it."""
    one = script.instances[instance]
    for i in range(one["first_credit"], one["first_credit"] + one["credits"]):
        number = script.credits[i]
        scene.bonds[number, account] |= NOTICED_US
        if moving.follows == 0.0 or scene.bonds[number, account] & FOLLOWS:
            continue
        key = below(follow_stem, people[script.ours[number]]["key"], people[account]["key"])
        chance = follow_probability(moving, script.relevance[one["topic"], account])
        if happens(key, 0, chance):
            join(scene, script, number, account, now)


@inlined
def _recent_shares(scene: Scene, number: int, now: float, within: float) -> int:
    """Return how many instances one of our accounts has shared of late, this one included."""
    times, at = scene.own_times[number], scene.own_counts[number]
    recent = 0
    while at > 0 and times[at - 1] > now - within:
        at -= 1
        recent += 1
    return recent


AHEAD = 16
"""How many accounts ahead of their use they are asked for."""


class Present(NamedTuple):
    """What is being noticed: rules and luck of an instance, and the share that brings it."""

    instance: int
    rules: Rules
    throws: Stems
    follow_stem: np.uint64
    now: float
    parent: int  # row of the sharer; NOBODY for a paid impression, which is no share
    generation: int  # of the shares it leads to
    ours: int  # number of the sharer among ours, or NOT_OURS
    leave_key: np.uint64
    leaving: bool  # whether anybody may leave the sharer
    recent_shares: int


@lean
def present_of(
    script: Script,
    people: Records,
    moving: Moving,
    scene: Scene,
    seed: np.uint64,
    instance: int,
    now: float,
    parent: int,
    generation: int,
    ours: int,
) -> Present:
    """Return what there is to know about an instance that is about to be noticed."""
    one = script.instances[instance]["id"]
    leaving = ours != NOT_OURS and (moving.irrelevant > 0.0 or moving.too_often > 0.0)
    leave_key, recent = stem_of(seed, PURPOSES.leave, one), 0
    if leaving:
        leave_key = descend(leave_key, people[script.ours[ours]]["key"])
        recent = _recent_shares(scene, ours, now, moving.within)
    return Present(
        instance,
        rules_in_run(script, seed, instance),
        stems(seed, one),
        stem_of(seed, PURPOSES.follow, one),
        now,
        parent,
        generation,
        ours,
        leave_key,
        leaving,
        recent,
    )


@lean
def take_in(
    scene: Scene,
    script: Script,
    people: Records,
    limits: Limits,
    present: Present,
    found: Int32,
    count: int,
) -> None:
    """Let the first ``count`` accounts in ``found`` notice an instance."""
    instance, now, rules = present.instance, present.now, present.rules
    one, moving = script.instances[instance], limits.moving
    factors, relevance = script.factors[one["message"]], script.relevance[one["topic"]]
    for i in range(count):
        if i + AHEAD < count:
            coming = int(np.int64(found[i + AHEAD]))
            prefetch(people, coming)
            prefetch(relevance, coming)
            prefetch(scene.slots, first_slot(scene.slots, instance, coming))
        account = int(np.int64(found[i]))
        at = touch(scene, instance, account)
        row, person = scene.rows[at], people[account]
        row["notices"] += 1
        row["outside_feed"] += present.parent == NOBODY
        if row["notices"] == 1:
            row["first_notice"] = now
        if person["ours"]:
            continue
        if not row["decided"] and decides(
            rules,
            factors,
            present.throws,
            person["key"],
            relevance[account],
            person["threshold"],
            person["followees"],
            counted(rules, row["notices"], row["outside_feed"]),
        ):
            row["decided"] = 1
            time = now + delay(rules, present.throws, person["key"])
            if time <= limits.horizon:
                plan_share(scene, at, time, present.parent, present.generation)
        if row["notices"] == 1:
            settle_gains(scene, script, people, moving, present.follow_stem, instance, account, now)
        if present.leaving:
            chance = leave_probability(moving, relevance[account], present.recent_shares)
            if happens(descend(present.leave_key, person["key"]), 0, chance):
                leave(scene, script, present.ours, account, now)


@inlined
def plan_share(scene: Scene, at: int, time: float, parent: int, generation: int) -> None:
    """Write down that a row will share, and put it on the heap."""
    row = scene.rows[at]
    row["share_time"], row["parent"], row["generation"] = time, parent, generation
    tied = tie(generation, int(np.int64(row["account"])))
    plan_event(scene, time, tied, int(np.int64(row["instance"])), at)


@inlined
def attention_now(
    script: Script, ground: Ground, scene: Scene, account: int, now: float
) -> np.uint64:
    """Return an account's attention as a threshold on throws."""
    if len(script.capacity) == 0 or np.isnan(script.capacity[account]):
        return np.uint64(ground.attention[account])
    left = faded(scene.load[account], now - scene.load_time[account])
    return threshold(attention_at(script.capacity[account], script.background[account], left))


@inlined
def _land(script: Script, scene: Scene, account: int, now: float) -> None:
    """Put a share into an account's feed; what it pays to it was settled before."""
    if np.isnan(script.capacity[account]):
        return
    left = faded(scene.load[account], now - scene.load_time[account])
    chance = attention_at(script.capacity[account], script.background[account], left)
    scene.attention[account] = threshold(chance)
    scene.load[account], scene.load_time[account] = left + 1.0, now


@lean
def _land_in_lists(
    ground: Ground,
    people: Records,
    script: Script,
    scene: Scene,
    sharer: int,
    ours: int,
    now: float,
) -> None:
    """Put a share into the feeds of all who follow the sharer now."""
    if sharer < ground.ordinary:
        own = people[sharer]
        for place in range(own["start"], own["start"] + own["length"]):
            account = int(np.int64(ground.followers[place]))
            if account >= 0 and _is_follower(scene, ours, account):
                _land(script, scene, account, now)
    else:
        added = sharer - ground.ordinary
        for one in range(ground.first_list[added], ground.first_list[added + 1]):
            start = ground.lists[one]["start"]
            for place in range(start, start + ground.lists[one]["length"]):
                account = int(np.int64(ground.appended[place]))
                if account >= 0 and _is_follower(scene, ours, account):
                    _land(script, scene, account, now)
    if ours != NOT_OURS:
        for i in range(scene.gained_counts[ours]):
            account = int(np.int64(scene.gained[ours, i]))
            if _is_follower(scene, ours, account):
                _land(script, scene, account, now)


@inlined
def _is_follower(scene: Scene, ours: int, account: int) -> bool:
    """Say whether an account in a list of one of ours has not left; nobody leaves others."""
    return bool(ours == NOT_OURS or scene.bonds[ours, account] & FOLLOWS)


@lean
def share(
    ground: Ground,
    people: Records,
    script: Script,
    limits: Limits,
    seed: np.uint64,
    scene: Scene,
    at: int,
) -> None:
    """Let a share appear in the feeds of all who follow the sharer."""
    row, found = scene.rows[at], scene.found
    sharer, instance = int(np.int64(row["account"])), int(np.int64(row["instance"]))
    now, generation = row["share_time"], int(np.int64(row["generation"])) + 1
    scene.share_order[scene.counts[SHARES]] = at
    scene.counts[SHARES] += 1
    ours = int(np.int64(NOT_OURS))
    if people[sharer]["ours"]:
        ours = our_number(script, sharer)
        scene.own_times[ours, scene.own_counts[ours]] = now
        scene.own_counts[ours] += 1
    if len(script.capacity) > 0:
        _land_in_lists(ground, people, script, scene, sharer, ours, now)
    present = present_of(
        script, people, limits.moving, scene, seed, instance, now, at, generation, ours
    )
    one, place = int(np.int64(ALL)), int(np.int64(0))
    while place >= 0:
        noticed, one, place = find_in_lists(
            ground, people, present.throws, sharer, one, place, found
        )
        if ours != NOT_OURS:
            noticed = _keep_followers(scene, ours, found, noticed)
        take_in(scene, script, people, limits, present, found, noticed)
    if ours == NOT_OURS:
        return
    stem = stem_of(seed, PURPOSES.gained, script.instances[instance]["id"])
    stem = descend(stem, people[sharer]["key"])
    done = 0
    while done < scene.gained_counts[ours]:
        noticed = 0
        while done < scene.gained_counts[ours] and noticed < len(found):
            account = int(np.int64(scene.gained[ours, done]))
            done += 1
            if scene.bonds[ours, account] & FOLLOWS:
                key = descend(stem, people[account]["key"])
                if np.uint64(throw(key, 0)) < np.uint64(ground.attention[account]):
                    found[noticed] = account
                    noticed += 1
        take_in(scene, script, people, limits, present, found, noticed)


@inlined
def _keep_followers(scene: Scene, ours: int, found: Int32, count: int) -> int:
    """Leave out those who have left; return how many are kept."""
    kept = 0
    for i in range(count):
        found[kept] = found[i]
        kept += (scene.bonds[ours, found[i]] & FOLLOWS) > 0
    return kept


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
    account, interest, bonds = script.ours[ours], script.relevance[topic], scene.bonds[ours]
    units = followers = int(np.int64(0))
    if account < ground.ordinary:
        own = people[account]
        for place in range(own["start"], own["start"] + own["length"]):
            follower = ground.followers[place]
            if follower >= 0 and bonds[follower] & FOLLOWS:
                units += interest_units(interest[follower])
                followers += 1
    else:
        added = account - ground.ordinary
        for one in range(ground.first_list[added], ground.first_list[added + 1]):
            start = ground.lists[one]["start"]
            for place in range(start, start + ground.lists[one]["length"]):
                follower = ground.appended[place]
                if follower >= 0 and bonds[follower] & FOLLOWS:
                    units += interest_units(interest[follower])
                    followers += 1
    for i in range(scene.gained_counts[ours]):
        follower = scene.gained[ours, i]
        if bonds[follower] & FOLLOWS:
            units += interest_units(interest[follower])
            followers += 1
    return is_relevant_to_followers(units, followers, cut)
