"""A share appears in feeds: who notices it, and what they do."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.audience.attention import attention_at
from propagation.compiling import inlined, lean
from propagation.instructions import prefetch, whole
from propagation.luck import descend, threshold, throw
from propagation.spread.campaign_dynamics import PURPOSES, Moving, faded, happens, leave_probability
from propagation.spread.dynamics import Rules, Stems, counted, decides, delay, stems
from propagation.spread.followers import keep_followers, leave, present_followers, settle_gains
from propagation.spread.noticing import ALL, Ground, find_in_lists
from propagation.spread.scene import FOLLOWS, SHARES, Scene, first_slot, plan_share, touch
from propagation.spread.script import (
    NOT_OURS,
    NOT_WRITTEN,
    Instance,
    Limits,
    Script,
    instance_at,
    our_number,
    rules_in_run,
    stem_of,
)
from propagation.spread.timeline import NOBODY
from propagation.spread.writing import write

Int32 = npt.NDArray[np.int32]
Records = npt.NDArray[np.void]


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
    one: Instance
    seed: np.uint64
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
    one = instance_at(script, people, instance)
    leaving = ours != NOT_OURS and (moving.irrelevant > 0.0 or moving.too_often > 0.0)
    leave_key, recent = stem_of(seed, PURPOSES.leave, one.id), 0
    if leaving:
        leave_key = descend(leave_key, people[script.ours[ours]]["key"])
        recent = _recent_shares(scene, ours, now, moving.within)
    return Present(
        instance,
        one,
        seed,
        rules_in_run(script, seed, one),
        stems(seed, one.id),
        stem_of(seed, PURPOSES.follow, one.id),
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
    one, moving = present.one, limits.moving
    factors, relevance = script.factors[one.message], script.relevance[one.topic]
    for i in range(count):
        if i + AHEAD < count:
            coming = whole(found[i + AHEAD])
            prefetch(people, coming)
            prefetch(relevance, coming)
            prefetch(scene.slots, first_slot(scene.slots, instance, coming))
        account = whole(found[i])
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
            if one.original != NOT_WRITTEN:
                write(scene, script, people, limits, present.seed, one, account, now)
            settle_gains(scene, script, people, moving, present.follow_stem, one, account, now)
        if present.leaving:
            chance = leave_probability(moving, relevance[account], present.recent_shares)
            if happens(descend(present.leave_key, person["key"]), 0, chance):
                leave(scene, script, present.ours, account, now)


@inlined
def _load_now(scene: Scene, account: int, now: float) -> float:
    """Return what is left in a feed of the scenario's own messages."""
    return faded(scene.load[account], now - scene.load_time[account])


@inlined
def _attention_under(script: Script, account: int, load: float) -> np.uint64:
    """Return a limited attention as a threshold on throws."""
    return threshold(attention_at(script.capacity[account], script.background[account], load))


@inlined
def attention_now(
    script: Script, ground: Ground, scene: Scene, account: int, now: float
) -> np.uint64:
    """Return an account's attention as a threshold on throws."""
    if len(script.capacity) == 0 or np.isnan(script.capacity[account]):
        return np.uint64(ground.attention[account])
    return _attention_under(script, account, _load_now(scene, account, now))


@inlined
def _land(script: Script, scene: Scene, account: int, now: float) -> None:
    """Put a share into an account's feed; what it pays to it was settled before."""
    if np.isnan(script.capacity[account]):
        return
    load = _load_now(scene, account, now)
    scene.attention[account] = _attention_under(script, account, load)
    scene.load[account], scene.load_time[account] = load + 1.0, now


@lean
def _land_with_followers(
    ground: Ground,
    people: Records,
    script: Script,
    scene: Scene,
    sharer: int,
    ours: int,
    now: float,
) -> None:
    """Put a share into the feeds of all who follow the sharer now."""
    one, place = whole(ALL), whole(0)
    while place >= 0:
        count, one, place = present_followers(ground, people, scene, sharer, ours, one, place)
        for i in range(count):
            _land(script, scene, whole(scene.found[i]), now)


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
    sharer, instance = whole(row["account"]), whole(row["instance"])
    now, generation = row["share_time"], whole(row["generation"]) + 1
    scene.share_order[scene.counts[SHARES]] = at
    scene.counts[SHARES] += 1
    ours = whole(NOT_OURS)
    if people[sharer]["ours"]:
        ours = our_number(script, sharer)
        scene.own_times[ours, scene.own_counts[ours]] = now
        scene.own_counts[ours] += 1
    if len(script.capacity) > 0:
        _land_with_followers(ground, people, script, scene, sharer, ours, now)
    present = present_of(
        script, people, limits.moving, scene, seed, instance, now, at, generation, ours
    )
    one, place = whole(ALL), whole(0)
    while place >= 0:
        noticed, one, place = find_in_lists(
            ground, people, present.throws, sharer, one, place, found
        )
        if ours != NOT_OURS:
            noticed = keep_followers(scene, ours, found, noticed)
        take_in(scene, script, people, limits, present, found, noticed)
    if ours == NOT_OURS:
        return
    stem = stem_of(seed, PURPOSES.gained, present.one.id)
    stem = descend(stem, people[sharer]["key"])
    done = 0
    while done < scene.gained_counts[ours]:
        noticed = 0
        while done < scene.gained_counts[ours] and noticed < len(found):
            account = whole(scene.gained[ours, done])
            done += 1
            if scene.bonds[ours, account] & FOLLOWS:
                key = descend(stem, people[account]["key"])
                if np.uint64(throw(key, 0)) < np.uint64(ground.attention[account]):
                    found[noticed] = account
                    noticed += 1
        take_in(scene, script, people, limits, present, found, noticed)
