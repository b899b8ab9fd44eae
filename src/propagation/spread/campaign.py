"""The compiled loop over a whole campaign: many message instances in one clock.

``loop`` spreads one instance that nothing else touches, and is faster at it. Here instances share
what they change: who follows our accounts, how willing people are to open a pitch, and how much
lies in their feeds.
"""

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
    PitchRates,
    answer_probability,
    below,
    faded,
    follow_probability,
    happens,
    interest_units,
    is_posted,
    is_relevant_to_followers,
    leave_probability,
    open_probability,
    place_among,
    resonance,
    worn,
)
from propagation.spread.dynamics import Rules, Stems, counted, decides, delay, delay_of, stems
from propagation.spread.noticing import ALL, Ground, find_in_lists
from propagation.spread.scene import (
    ACTIONS_FIRST,
    FOLLOWS,
    FULL,
    GAINED,
    IN_LISTS,
    MOVES,
    NOTICED_US,
    PENDING,
    PITCHES,
    SHARES,
    Scene,
    drop_first_event,
    plan_event,
    row_of,
    touch,
)
from propagation.spread.timeline import NOBODY, tie
from propagation.strategy.plan import BOOST, BY_CHANCE, PITCH, POST, SEED, WHEN_RELEVANT

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
UInt64 = npt.NDArray[np.uint64]
Records = npt.NDArray[np.void]

INSTANCE = np.dtype(
    [
        ("id", np.uint64),
        ("message", np.int32),
        ("topic", np.int32),
        ("first_credit", np.int32),
        ("credits", np.int32),
    ]
)
"""What the loop asks about a message instance."""
MESSAGE = np.dtype(
    [
        ("resonance", np.float64),  # or the scale of its law
        ("resonance_shape", np.float64),
        ("threshold", np.float64),
        ("delay_scale", np.float64),
        ("delay_shape", np.float64),
        ("resonance_law", np.int32),
        ("response", np.int32),
        ("threshold_source", np.int32),
        ("delay_law", np.int32),
    ]
)
"""The rules of a message, and the law of its resonance."""
RATES = np.dtype([(name, np.float64) for name in PitchRates._fields])
"""What comes of a pitch."""

NOT_OURS = -1


class Script(NamedTuple):
    """What does not change from run to run: the agenda and the world in numbers."""

    instances: Records
    messages: Records
    factors: Float64  # by message; shape (messages, longest)
    credits: Int32
    entries: Records
    reposts: Records
    pools: Int32
    rates: Records
    ours: Int32  # account numbers
    relevance: Float64  # by topic; shape (topics, accounts)
    capacity: Float64  # NaN where attention is a number; empty if it is everywhere
    background: Float64
    starting: UInt8  # bonds at the start


class Limits(NamedTuple):
    """Numbers that hold for the whole campaign."""

    moving: Moving
    relevant: float
    horizon: float


@inlined
def _rules(script: Script, seed: np.uint64, instance: int) -> Rules:
    """Return the rules of an instance in this run."""
    one = script.instances[instance]
    of = script.messages[one["message"]]
    stem = _stem(seed, PURPOSES.resonance, one["id"])
    drawn = resonance(of["resonance_law"], of["resonance"], of["resonance_shape"], stem)
    return Rules(
        drawn,
        np.int64(of["response"]),
        of["threshold"],
        np.int64(of["threshold_source"]),
        np.int64(of["delay_law"]),
        of["delay_scale"],
        of["delay_shape"],
    )


@inlined
def _stem(seed: np.uint64, purpose: int, instance: np.uint64) -> np.uint64:
    return descend(descend(seed, np.uint64(purpose)), instance)


@inlined
def _rates(script: Script, number: int) -> PitchRates:
    of = script.rates[number]
    return PitchRates(
        of["opens"],
        of["answers"],
        of["covers"],
        of["wears"],
        np.int64(of["delay_law"]),
        of["delay_scale"],
        of["delay_shape"],
    )


@inlined
def _our_number(script: Script, account: int) -> int:
    """Return which of our accounts this is, or NOT_OURS."""
    for number in range(len(script.ours)):
        if script.ours[number] == account:
            return number
    return NOT_OURS


# ------------------------------------------------------------------ followers come and go


@inlined
def _join(scene: Scene, script: Script, number: int, account: int, now: float) -> None:
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
    _note_move(scene, script.ours[number], account, now, True)


@inlined
def _leave(scene: Scene, script: Script, number: int, account: int, now: float) -> None:
    """Let an account follow one of ours no more."""
    scene.bonds[number, account] &= ~np.uint8(FOLLOWS)
    _note_move(scene, script.ours[number], account, now, False)


@inlined
def _note_move(scene: Scene, ours: int, account: int, now: float, joined: bool) -> None:
    at = scene.counts[MOVES]
    if at == len(scene.moves):
        scene.counts[FULL] = 1
        return
    scene.counts[MOVES] += 1
    move = scene.moves[at]
    move["time"], move["ours"], move["account"], move["joined"] = now, ours, account, joined


@inlined
def _settle_gains(
    scene: Scene,
    script: Script,
    people: Records,
    moving: Moving,
    seed: np.uint64,
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
        stem = _stem(seed, PURPOSES.follow, one["id"])
        key = below(stem, people[script.ours[number]]["key"], people[account]["key"])
        chance = follow_probability(moving, script.relevance[one["topic"], account])
        if happens(key, 0, chance):
            _join(scene, script, number, account, now)


@inlined
def _recent_shares(scene: Scene, number: int, now: float, within: float) -> int:
    """Return how many instances one of our accounts has shared of late, the present one included."""
    times, at = scene.own_times[number], scene.own_counts[number]
    recent = 0
    while at > 0 and times[at - 1] > now - within:
        at -= 1
        recent += 1
    return recent


# ------------------------------------------------------------------ notices


@lean
def _take_in(
    scene: Scene,
    script: Script,
    people: Records,
    limits: Limits,
    rules: Rules,
    throws: Stems,
    seed: np.uint64,
    instance: int,
    found: Int32,
    count: int,
    now: float,
    parent: int,
    generation: int,
    from_ours: int,
) -> None:
    """Let the first ``count`` accounts in ``found`` notice an instance.

    ``parent`` is the row of the sharer; NOBODY for a paid impression, which is no share.
    """
    one, moving = script.instances[instance], limits.moving
    factors, relevance = script.factors[one["message"]], script.relevance[one["topic"]]
    recent = 0
    if from_ours != NOT_OURS and moving.too_often > 0.0:
        recent = _recent_shares(scene, from_ours, now, moving.within)
    for i in range(count):
        account = found[i]
        at = touch(scene, instance, account)
        row, person = scene.rows[at], people[account]
        row["notices"] += 1
        row["outside_feed"] += parent == NOBODY
        if row["notices"] == 1:
            row["first_notice"] = now
        if person["ours"]:
            continue
        if not row["decided"] and decides(
            rules,
            factors,
            throws,
            person["key"],
            relevance[account],
            person["threshold"],
            person["followees"],
            counted(rules, row["notices"], row["outside_feed"]),
        ):
            row["decided"] = 1
            time = now + delay(rules, throws, person["key"])
            if time <= limits.horizon:
                _plan_share(scene, at, time, parent, generation)
        if row["notices"] == 1:
            _settle_gains(scene, script, people, moving, seed, instance, account, now)
        if from_ours != NOT_OURS and (moving.irrelevant > 0.0 or moving.too_often > 0.0):
            chance = leave_probability(moving, relevance[account], recent)
            stem = _stem(seed, PURPOSES.leave, one["id"])
            key = below(stem, people[script.ours[from_ours]]["key"], person["key"])
            if happens(key, 0, chance):
                _leave(scene, script, from_ours, account, now)


@inlined
def _plan_share(scene: Scene, at: int, time: float, parent: int, generation: int) -> None:
    row = scene.rows[at]
    row["share_time"], row["parent"], row["generation"] = time, parent, generation
    plan_event(scene, time, tie(generation, row["account"]), row["instance"], at)


@inlined
def _attention_now(script: Script, ground: Ground, scene: Scene, account: int, now: float) -> int:
    """Return an account's attention as a threshold on throws."""
    if len(script.capacity) == 0 or np.isnan(script.capacity[account]):
        return ground.attention[account]
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


@inlined
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
            account = ground.followers[place]
            if account >= 0 and _is_follower(scene, ours, account):
                _land(script, scene, account, now)
    else:
        added = sharer - ground.ordinary
        for one in range(ground.first_list[added], ground.first_list[added + 1]):
            start = ground.lists[one]["start"]
            for place in range(start, start + ground.lists[one]["length"]):
                account = ground.appended[place]
                if account >= 0 and _is_follower(scene, ours, account):
                    _land(script, scene, account, now)
    if ours != NOT_OURS:
        for i in range(scene.gained_counts[ours]):
            account = scene.gained[ours, i]
            if _is_follower(scene, ours, account):
                _land(script, scene, account, now)


@inlined
def _is_follower(scene: Scene, ours: int, account: int) -> bool:
    """Say whether an account in a list of one of ours has not left; nobody leaves others."""
    return bool(ours == NOT_OURS or scene.bonds[ours, account] & FOLLOWS)


# ------------------------------------------------------------------ events


@inlined
def _share(
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
    sharer, instance, now = row["account"], row["instance"], row["share_time"]
    generation = row["generation"] + 1
    scene.share_order[scene.counts[SHARES]] = at
    scene.counts[SHARES] += 1
    ours = NOT_OURS
    if people[sharer]["ours"]:
        ours = _our_number(script, sharer)
        scene.own_times[ours, scene.own_counts[ours]] = now
        scene.own_counts[ours] += 1
    if len(script.capacity) > 0:
        _land_in_lists(ground, people, script, scene, sharer, ours, now)
    one_id = script.instances[instance]["id"]
    throws, rules = stems(seed, one_id), _rules(script, seed, instance)
    one, place = ALL, 0
    while place >= 0:
        noticed, one, place = find_in_lists(ground, people, throws, sharer, one, place, found)
        if ours != NOT_OURS:
            noticed = _keep_followers(scene, ours, found, noticed)
        for i in range(noticed):
            prefetch(people, found[i])
        _take_in(
            scene,
            script,
            people,
            limits,
            rules,
            throws,
            seed,
            instance,
            found,
            noticed,
            now,
            at,
            generation,
            ours,
        )
    if ours == NOT_OURS:
        return
    stem = descend(_stem(seed, PURPOSES.gained, one_id), people[sharer]["key"])
    done = 0
    while done < scene.gained_counts[ours]:
        noticed = 0
        while done < scene.gained_counts[ours] and noticed < len(found):
            account = scene.gained[ours, done]
            done += 1
            if scene.bonds[ours, account] & FOLLOWS:
                key = descend(stem, people[account]["key"])
                attention = _attention_at_share(script, ground, scene, account)
                if np.uint64(throw(key, 0)) < np.uint64(attention):
                    found[noticed] = account
                    noticed += 1
        _take_in(
            scene,
            script,
            people,
            limits,
            rules,
            throws,
            seed,
            instance,
            found,
            noticed,
            now,
            at,
            generation,
            ours,
        )


@inlined
def _attention_at_share(script: Script, ground: Ground, scene: Scene, account: int) -> int:
    """Return attention as settled when the present share landed."""
    if len(script.capacity) == 0:
        return ground.attention[account]
    return scene.attention[account]


@inlined
def _keep_followers(scene: Scene, ours: int, found: Int32, count: int) -> int:
    """Leave out those who have left; return how many are kept."""
    kept = 0
    for i in range(count):
        found[kept] = found[i]
        kept += (scene.bonds[ours, found[i]] & FOLLOWS) > 0
    return kept


@inlined
def _post(
    people: Records, script: Script, seed: np.uint64, horizon: float, scene: Scene, entry: np.void
) -> None:
    """Post an instance, if it is the one of its mix, and plan who reposts it."""
    instance, now = entry["instance"], entry["time"]
    if entry["high"] - entry["low"] < 1.0:
        key = descend(descend(seed, np.uint64(PURPOSES.mix)), entry["mix"])
        if not is_posted(key, entry["low"], entry["high"]):
            return
    at = touch(scene, instance, script.ours[entry["ours"]])
    if scene.rows[at]["generation"] != NOBODY:
        return
    _plan_share(scene, at, now, NOBODY, 0)
    for number in range(len(script.reposts)):
        rule = script.reposts[number]
        if rule["of"] == entry["ours"] and now + rule["after"] <= horizon:
            tied = tie(1, script.ours[rule["by"]])
            plan_event(scene, now + rule["after"], tied, instance, -1 - number)


@inlined
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
        key = descend(_stem(seed, PURPOSES.repost, one["id"]), people[account]["key"])
        if not happens(key, 0, rule["limit"]):
            return -1
    if rule["when"] == WHEN_RELEVANT and not _is_relevant(
        ground, people, script, scene, rule["by"], one["topic"], rule["limit"]
    ):
        return -1
    at = touch(scene, instance, account)
    row = scene.rows[at]
    row["share_time"], row["generation"] = now, 1
    row["parent"] = row_of(scene, instance, script.ours[rule["of"]])
    scene.reposts[number] += 1
    return at


@inlined
def _is_relevant(
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
    units = followers = 0
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


@inlined
def _seed(
    people: Records, scene: Scene, entry: np.void, chosen: Int32, count: int, now: float
) -> None:
    """Let chosen accounts share an instance."""
    for i in range(entry["first"], entry["first"] + count):
        account = chosen[i]
        if people[account]["ours"]:
            continue
        at = touch(scene, entry["instance"], account)
        if not scene.rows[at]["decided"]:
            scene.rows[at]["decided"] = 1
            _plan_share(scene, at, now, NOBODY, 0)


@inlined
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
    instance, number, rates = entry["instance"], entry["ours"], _rates(script, entry["spec"])
    one = script.instances[instance]
    ours, key = people[script.ours[number]]["key"], people[account]["key"]
    relevance = script.relevance[one["topic"], account]
    willingness = scene.willingness[number, account]
    opens = happens(
        below(_stem(seed, PURPOSES.open, one["id"]), ours, key),
        0,
        open_probability(rates, willingness),
    )
    scene.willingness[number, account] = worn(rates, willingness, relevance, limits.relevant)
    answers = opens and happens(
        below(_stem(seed, PURPOSES.answer, one["id"]), ours, key),
        0,
        answer_probability(rates, relevance),
    )
    covers = answers and happens(
        below(_stem(seed, PURPOSES.cover, one["id"]), ours, key), 0, rates.covers
    )
    log = scene.pitches[scene.counts[PITCHES]]
    scene.counts[PITCHES] += 1
    log["time"], log["instance"], log["ours"] = now, instance, script.ours[number]
    log["account"], log["opened"], log["answered"], log["covered"] = account, opens, answers, covers
    if not opens:
        return
    at = touch(scene, instance, account)
    row = scene.rows[at]
    row["notices"] += 1
    row["outside_feed"] += 1
    if row["notices"] == 1:
        row["first_notice"] = now
        if not people[account]["ours"]:
            _settle_gains(scene, script, people, limits.moving, seed, instance, account, now)
    if covers and not row["decided"] and not people[account]["ours"]:
        row["decided"] = 1
        delay_key = below(_stem(seed, PURPOSES.cover_delay, one["id"]), ours, key)
        time = now + delay_of(rates.delay_law, rates.delay_scale, rates.delay_shape, delay_key)
        if time <= limits.horizon:
            _plan_share(scene, at, time, NOBODY, 1)


@inlined
def _impression(
    ground: Ground,
    people: Records,
    script: Script,
    limits: Limits,
    rules: Rules,
    throws: Stems,
    seed: np.uint64,
    scene: Scene,
    entry: np.void,
    step: int,
    now: float,
) -> None:
    """Show a paid impression to an account of the pool."""
    instance, found = entry["instance"], scene.found
    one = script.instances[instance]
    ours = people[script.ours[entry["ours"]]]["key"]
    to = below(_stem(seed, PURPOSES.impression_to, one["id"]), ours, entry["pool_id"])
    account = script.pools[entry["first"] + place_among(to, step, entry["count"])]
    key = below(_stem(seed, PURPOSES.impression, one["id"]), ours, entry["pool_id"])
    attention = _attention_now(script, ground, scene, account, now)
    if np.uint64(throw(key, step)) >= np.uint64(attention):
        return
    found[0] = account
    _take_in(
        scene,
        script,
        people,
        limits,
        rules,
        throws,
        seed,
        instance,
        found,
        1,
        now,
        NOBODY,
        1,
        NOT_OURS,
    )


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
    number = entry["ours"]
    bond = scene.bonds[number, account]
    if people[account]["ours"] or bond & FOLLOWS:
        return
    back = entry["noticed"] if bond & NOTICED_US else entry["otherwise"]
    stem = descend(seed, np.uint64(PURPOSES.follow_back))
    key = below(stem, people[script.ours[number]]["key"], people[account]["key"])
    if happens(key, 0, back * script.relevance[entry["spec"], account]):
        _join(scene, script, number, account, now)


@inlined
def _is_next(scene: Scene, time: float, tied: int) -> bool:
    """Say whether an action comes before everything on the heap."""
    if scene.counts[PENDING] == 0:
        return True
    first = scene.events[0]
    return bool(time < first["time"] or (time == first["time"] and tied < first["tie"]))


@inlined
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
    instance = entry["instance"]
    throws = stems(seed, script.instances[instance]["id"])
    rules = _rules(script, seed, instance)
    while step < entry["impressions"]:
        now = entry["time"] + step / entry["pace"]
        if now > limits.horizon:
            return
        if not _is_next(scene, now, tied):
            plan_event(scene, now, tied, step, what)
            return
        _impression(ground, people, script, limits, rules, throws, seed, scene, entry, step, now)
        step += 1


@inlined
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
        _follow(people, script, seed, scene, entry, chosen[entry["first"] + step], now)
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
            tied = ACTIONS_FIRST + tie(entry["place"], number)
            plan_event(scene, entry["time"], tied, 0, number)
    while scene.counts[PENDING] > 0 and scene.counts[FULL] == 0:
        event = scene.events[0]
        now, tied, instance, what = event["time"], event["tie"], event["instance"], event["what"]
        drop_first_event(scene)
        if tied >= 0:
            if what < 0:
                what = _repost(ground, people, script, seed, scene, instance, -1 - what, now)
            if what >= 0:
                _share(ground, people, script, limits, seed, scene, what)
            continue
        entry, count = script.entries[what], chosen_counts[what]
        if entry["kind"] == POST:
            _post(people, script, seed, limits.horizon, scene, entry)
        elif entry["kind"] == SEED:
            _seed(people, scene, entry, chosen, count, now)
        elif entry["kind"] == PITCH:
            for i in range(entry["first"], entry["first"] + count):
                _pitch(people, script, limits, seed, scene, entry, chosen[i], now)
        elif entry["kind"] == BOOST:
            _show(ground, people, script, limits, seed, scene, entry, instance, tied, what)
        else:
            _follow_some(
                people, script, limits, seed, scene, chosen, count, entry, instance, tied, what
            )
