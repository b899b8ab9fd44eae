"""The compiled loop over a whole campaign: many message instances in one clock.

``loop`` spreads one instance that nothing else touches, and is faster at it. Here instances share
what they change: who follows our accounts, how willing people are to open a pitch, and how much
lies in their feeds.
"""

import numpy as np
import numpy.typing as npt

from propagation.compiling import inlined, lean
from propagation.instructions import whole
from propagation.luck import descend, throw
from propagation.spread.campaign_dynamics import (
    PURPOSES,
    answer_probability,
    below,
    happens,
    is_posted,
    open_probability,
    place_among,
    worn,
)
from propagation.spread.dynamics import delay_of
from propagation.spread.feeds import attention_now, present_of, share, take_in
from propagation.spread.followers import followers_care, join, settle_gains
from propagation.spread.noticing import Ground
from propagation.spread.scene import (
    ACTIONS_FIRST,
    FOLLOWED,
    FOLLOWS,
    FULL,
    NOTICED_US,
    PENDING,
    PITCHES,
    Scene,
    drop_first_event,
    plan_event,
    plan_share,
    row_of,
    touch,
)
from propagation.spread.script import (
    NOT_OURS,
    NOT_WRITTEN,
    Limits,
    Script,
    instance_at,
    rates_at,
    stem_of,
)
from propagation.spread.timeline import NOBODY, tie
from propagation.spread.writing import write
from propagation.strategy.plan import BOOST, BY_CHANCE, PITCH, POST, SEED, WHEN_RELEVANT

Int32 = npt.NDArray[np.int32]
Records = npt.NDArray[np.void]


@lean
def _post(script: Script, seed: np.uint64, horizon: float, scene: Scene, entry: np.void) -> None:
    """Post an instance, if it is the one of its mix, and plan who reposts it."""
    instance, now = whole(entry["instance"]), entry["time"]
    if entry["high"] - entry["low"] < 1.0:
        key = descend(descend(seed, np.uint64(PURPOSES.mix)), entry["mix"])
        if not is_posted(key, entry["low"], entry["high"]):
            return
    at = touch(scene, instance, script.ours[entry["ours"]])
    if scene.rows[at]["generation"] != NOBODY:
        return
    plan_share(scene, at, now, whole(NOBODY), whole(0))
    for number in range(len(script.reposts)):
        rule = script.reposts[number]
        if rule["of"] == entry["ours"] and now + rule["after"] <= horizon:
            tied = tie(whole(1), script.ours[rule["by"]])
            plan_event(scene, now + rule["after"], tied, instance, -1 - number)


@lean
def _repost(
    ground: Ground,
    people: Records,
    script: Script,
    seed: np.uint64,
    scene: Scene,
    instance: int,
    number: int,
    now: float,
) -> int:
    """Decide on a repost; return the row that shares, or -1."""
    rule = script.reposts[number]
    account = script.ours[rule["by"]]
    known = row_of(scene, instance, account)
    if known >= 0 and scene.rows[known]["generation"] != NOBODY:
        return -1
    one = script.instances[instance]
    if rule["when"] == BY_CHANCE:
        key = descend(stem_of(seed, PURPOSES.repost, one["id"]), people[account]["key"])
        if not happens(key, 0, rule["limit"]):
            return -1
    if rule["when"] == WHEN_RELEVANT and not followers_care(
        ground, people, script, scene, whole(rule["by"]), one["topic"], rule["limit"]
    ):
        return -1
    at = touch(scene, instance, account)
    row = scene.rows[at]
    row["share_time"], row["generation"] = now, 1
    row["parent"] = row_of(scene, instance, script.ours[rule["of"]])
    scene.reposts[number] += 1
    return at


@lean
def _seed(
    people: Records, scene: Scene, entry: np.void, chosen: Int32, count: int, now: float
) -> None:
    """Let chosen accounts share an instance."""
    for i in range(entry["first"], entry["first"] + count):
        account = whole(chosen[i])
        if people[account]["ours"]:
            continue
        at = touch(scene, whole(entry["instance"]), account)
        if not scene.rows[at]["decided"]:
            scene.rows[at]["decided"] = 1
            plan_share(scene, at, now, whole(NOBODY), whole(0))


@lean
def _pitch(
    people: Records,
    script: Script,
    limits: Limits,
    seed: np.uint64,
    scene: Scene,
    entry: np.void,
    account: int,
    now: float,
) -> None:
    """Send a pitch to an account."""
    instance, number = whole(entry["instance"]), whole(entry["ours"])
    rates = rates_at(script, entry["spec"])
    one = instance_at(script, people, instance)
    ours, key = people[script.ours[number]]["key"], people[account]["key"]
    relevance = script.relevance[one.topic, account]
    willingness = scene.willingness[number, account]
    opens = happens(
        below(stem_of(seed, PURPOSES.open, one.id), ours, key),
        0,
        open_probability(rates, willingness),
    )
    scene.willingness[number, account] = worn(rates, willingness, relevance, limits.relevant)
    answers = opens and happens(
        below(stem_of(seed, PURPOSES.answer, one.id), ours, key),
        0,
        answer_probability(rates, relevance),
    )
    covers = answers and happens(
        below(stem_of(seed, PURPOSES.cover, one.id), ours, key), 0, rates.covers
    )
    log = scene.pitches[scene.counts[PITCHES]]
    scene.counts[PITCHES] += 1
    log["time"], log["instance"], log["ours"] = now, instance, script.ours[number]
    log["account"], log["opened"], log["answered"], log["covered"] = account, opens, answers, covers
    log["shared"] = False
    if not opens:
        return
    at = touch(scene, instance, account)
    row = scene.rows[at]
    row["notices"] += 1
    row["outside_feed"] += 1
    if row["notices"] == 1:
        row["first_notice"] = now
        if not people[account]["ours"]:
            if one.original != NOT_WRITTEN:
                write(scene, script, people, limits, seed, one, account, now)
            stem = stem_of(seed, PURPOSES.follow, one.id)
            settle_gains(scene, script, people, limits.moving, stem, one, account, now)
    if covers and not row["decided"] and not people[account]["ours"]:
        row["decided"] = 1
        log["shared"] = True
        delay_key = below(stem_of(seed, PURPOSES.cover_delay, one.id), ours, key)
        time = now + delay_of(rates.delay_law, rates.delay_scale, rates.delay_shape, delay_key)
        if time <= limits.horizon:
            plan_share(scene, at, time, whole(NOBODY), whole(1))


@inlined
def _impression(
    ground: Ground,
    people: Records,
    script: Script,
    limits: Limits,
    seed: np.uint64,
    scene: Scene,
    entry: np.void,
    step: int,
    now: float,
) -> None:
    """Show a paid impression to an account of the pool."""
    instance, found = whole(entry["instance"]), scene.found
    one = script.instances[instance]
    ours = people[script.ours[entry["ours"]]]["key"]
    to = below(stem_of(seed, PURPOSES.impression_to, one["id"]), ours, entry["pool_id"])
    place = place_among(to, step, entry["count"])
    account = whole(script.pools[entry["first"] + place])
    key = below(stem_of(seed, PURPOSES.impression, one["id"]), ours, entry["pool_id"])
    attention = attention_now(script, ground, scene, account, now)
    if np.uint64(throw(key, step)) >= np.uint64(attention):
        return
    found[0] = account
    present = present_of(
        script,
        people,
        limits.moving,
        scene,
        seed,
        instance,
        now,
        whole(NOBODY),
        whole(1),
        whole(NOT_OURS),
    )
    take_in(scene, script, people, limits, present, found, whole(1))


@inlined
def _follow(
    people: Records,
    script: Script,
    seed: np.uint64,
    scene: Scene,
    entry: np.void,
    account: int,
    now: float,
) -> None:
    """Let our account follow another, which may follow back."""
    number = whole(entry["ours"])
    bond = scene.bonds[number, account]
    scene.bonds[number, account] |= FOLLOWED
    if people[account]["ours"] or bond & (FOLLOWS | FOLLOWED):
        return
    back = entry["noticed"] if bond & NOTICED_US else entry["otherwise"]
    stem = descend(seed, np.uint64(PURPOSES.follow_back))
    key = below(stem, people[script.ours[number]]["key"], people[account]["key"])
    if happens(key, 0, back * script.relevance[entry["spec"], account]):
        join(scene, script, number, account, now)


@inlined
def _is_next(scene: Scene, time: float, tied: int) -> bool:
    """Say whether an action comes before everything on the heap."""
    if scene.counts[PENDING] == 0:
        return True
    first = scene.events[0]
    return bool(time < first["time"] or (time == first["time"] and tied < first["tie"]))


@lean
def _show(
    ground: Ground,
    people: Records,
    script: Script,
    limits: Limits,
    seed: np.uint64,
    scene: Scene,
    entry: np.void,
    step: int,
    tied: int,
    what: int,
) -> None:
    """Show paid impressions from number ``step`` on, until something else comes first."""
    while step < entry["impressions"]:
        now = entry["time"] + step / entry["pace"]
        if now > limits.horizon:
            return
        if not _is_next(scene, now, tied):
            plan_event(scene, now, tied, step, what)
            return
        _impression(ground, people, script, limits, seed, scene, entry, step, now)
        step += 1


@lean
def _follow_some(
    people: Records,
    script: Script,
    limits: Limits,
    seed: np.uint64,
    scene: Scene,
    chosen: Int32,
    count: int,
    entry: np.void,
    step: int,
    tied: int,
    what: int,
) -> None:
    """Follow chosen accounts from number ``step`` on, until something else comes first."""
    while step < count:
        now = entry["time"] + step / entry["pace"]
        if now > limits.horizon:
            return
        if not _is_next(scene, now, tied):
            plan_event(scene, now, tied, step, what)
            return
        account = whole(chosen[entry["first"] + step])
        _follow(people, script, seed, scene, entry, account, now)
        step += 1


@lean
def run_campaign(
    ground: Ground,
    people: Records,
    script: Script,
    limits: Limits,
    seed: np.uint64,
    chosen: Int32,
    chosen_counts: Int32,
    scene: Scene,
) -> None:
    """Run a campaign on a scene that was cleared.

    What happened stands in the scene then, and is of no use if ``counts[FULL]`` is set.

    Parameters
    ----------
    ground, people
        The world; the relevance in ``people`` is not looked at.
    script, limits
        What is done, and by which numbers.
    seed, chosen, chosen_counts
        Of the run; see ``Plan.chosen``.
    """
    for number in range(len(script.entries)):
        entry = script.entries[number]
        if entry["time"] <= limits.horizon:
            # of an action the event's instance is the number of its next step
            tied = ACTIONS_FIRST + tie(whole(entry["place"]), number)
            plan_event(scene, entry["time"], tied, whole(0), number)
    while scene.counts[PENDING] > 0 and scene.counts[FULL] == 0:
        event = scene.events[0]
        now, tied = event["time"], event["tie"]
        instance, what = whole(event["instance"]), whole(event["what"])
        drop_first_event(scene)
        if tied >= 0:
            if what < 0:
                what = _repost(ground, people, script, seed, scene, instance, -1 - what, now)
            if what >= 0:
                share(ground, people, script, limits, seed, scene, what)
            continue
        entry, count = script.entries[what], whole(chosen_counts[what])
        if entry["kind"] == POST:
            _post(script, seed, limits.horizon, scene, entry)
        elif entry["kind"] == SEED:
            _seed(people, scene, entry, chosen, count, now)
        elif entry["kind"] == PITCH:
            for i in range(entry["first"], entry["first"] + count):
                account = whole(chosen[i])
                _pitch(people, script, limits, seed, scene, entry, account, now)
        elif entry["kind"] == BOOST:
            _show(ground, people, script, limits, seed, scene, entry, instance, tied, what)
        else:
            _follow_some(
                people, script, limits, seed, scene, chosen, count, entry, instance, tied, what
            )
