"""What a campaign keeps while it runs: rows, who follows us, and the events to come."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined
from propagation.instructions import whole
from propagation.luck import mix
from propagation.spread.campaign_record import MOVE, PITCH
from propagation.spread.noticing import PRESENT_SHARE
from propagation.spread.timeline import NOBODY, earlier, tie

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
UInt64 = npt.NDArray[np.uint64]
Records = npt.NDArray[np.void]

CAMPAIGN_ROW = np.dtype(
    [
        ("first_notice", np.float64),
        ("share_time", np.float64),
        ("account", np.int32),
        ("instance", np.int32),
        ("parent", np.int32),
        ("generation", np.int32),
        ("notices", np.int32),
        ("outside_feed", np.int32),
        ("slot", np.int32),
        ("decided", np.int32),
    ]
)
"""What has happened to one account and one message instance."""

EVENT = np.dtype(
    [("time", np.float64), ("tie", np.int64), ("instance", np.int32), ("what", np.int32)]
)
"""Something to come. What: a row that shares, an entry's number, or -1 - the number of a repost."""

FOLLOWS, IN_LISTS, GAINED, NOTICED_US, FOLLOWED = 1, 2, 4, 8, 16
"""Bits of what an account is to one of ours: follows it now; has a place in its lists; stands among
those gained; has noticed something credited to it; is followed by it."""

ACTIONS_FIRST = -(1 << 62)
"""Added to the tie of an action, so that actions come before shares of the same time."""

ROWS, SHARES, PENDING, MOVES, PITCHES, FULL = range(6)
"""Numbers kept in ``counts``; FULL is 1 once there was no room for something."""
EMPTY = -1


class Scene(NamedTuple):
    """The state of one campaign; rows in the order of touch."""

    rows: Records
    slots: Int32  # hash table of rows by (instance, account)
    share_order: Int32
    events: Records  # a heap
    bonds: UInt8  # shape (ours, accounts): the bits above
    willingness: Float64  # shape (ours, accounts), or (0, 0) if nobody pitches
    gained: Int32  # shape (ours, room)
    gained_counts: Int64
    own_times: Float64  # times of shares by our accounts; shape (ours, instances)
    own_counts: Int64
    load: Float64  # what landed in a feed of late, and when that was; empty without capacities
    load_time: Float64
    attention: UInt64  # at the present share, as thresholds; empty without capacities
    found: Int32
    moves: Records
    pitches: Records
    reposts: Int64  # how many each rule made
    heard: UInt8  # by topic with originals and account: has it noticed anything on the topic?
    counts: Int64


def new_scene(
    accounts: int,
    ours: int,
    instances: int,
    reposts: int,
    written: int,
    pitches: int,
    further_events: int,
    rows: int,
    attention: UInt64,
    *,
    pitched: bool,
    limited: bool,
    room: int,
) -> Scene:
    """Return a scene with room for so many rows, pitches and followers gained or lost.

    ``written`` is the number of topics with originals; ``attention`` is that of accounts while
    nothing is in their feeds.
    """
    table = 1 << (2 * rows - 1).bit_length()
    return Scene(
        rows=np.empty(rows, CAMPAIGN_ROW),
        slots=np.full(table, EMPTY, np.int32),
        share_order=np.empty(rows, np.int32),
        events=np.empty(rows + further_events, EVENT),
        bonds=np.zeros((ours, accounts), np.uint8),
        willingness=np.ones((ours, accounts) if pitched else (0, 0)),
        gained=np.empty((ours, room), np.int32),
        gained_counts=np.zeros(ours, np.int64),
        own_times=np.empty((ours, instances)),
        own_counts=np.zeros(ours, np.int64),
        load=np.zeros(accounts if limited else 0),
        load_time=np.zeros(accounts if limited else 0),
        attention=attention.copy() if limited else np.zeros(0, np.uint64),
        found=np.empty(PRESENT_SHARE, np.int32),
        moves=np.empty(room, MOVE),
        pitches=np.empty(pitches, PITCH),
        reposts=np.zeros(reposts, np.int64),
        heard=np.zeros(written * accounts, np.uint8),
        counts=np.zeros(6, np.int64),
    )


@inlined
def first_slot(slots: Int32, instance: int, account: int) -> int:
    """Return where in the hash table a row is looked for first."""
    key = (np.uint64(instance) << np.uint64(32)) | np.uint64(account)
    return int(np.int64(mix(key) & np.uint64(len(slots) - 1)))


@inlined
def row_of(scene: Scene, instance: int, account: int) -> int:
    """Return the row of an account and an instance, or -1 if it was not touched."""
    slots, rows = scene.slots, scene.rows
    slot = first_slot(slots, instance, account)
    while slots[slot] != EMPTY:
        row = rows[slots[slot]]
        if row["account"] == account and row["instance"] == instance:
            return int(slots[slot])
        slot = (slot + 1) & (len(slots) - 1)
    return -1


@inlined
def touch(scene: Scene, instance: int, account: int) -> int:
    """Return the row of an account and an instance, a new one if there is none."""
    slots, rows, counts = scene.slots, scene.rows, scene.counts
    slot = first_slot(slots, instance, account)
    while slots[slot] != EMPTY:
        known = rows[slots[slot]]
        if known["account"] == account and known["instance"] == instance:
            return int(slots[slot])
        slot = (slot + 1) & (len(slots) - 1)
    at = int(counts[ROWS])
    if at == len(rows) - 1:
        counts[FULL] = 1  # the last row serves for what finds no room; the run is repeated
    else:
        counts[ROWS] += 1
        slots[slot] = at
    row = rows[at]
    row["first_notice"], row["share_time"] = np.nan, np.nan
    row["account"], row["instance"] = account, instance
    row["parent"], row["generation"] = NOBODY, NOBODY
    row["notices"], row["outside_feed"] = 0, 0
    row["slot"], row["decided"] = slot, 0
    return at


@inlined
def _comes_before(one: np.void, other: np.void) -> bool:
    if one["time"] == other["time"] and one["tie"] == other["tie"]:
        if one["instance"] == other["instance"]:
            return bool(one["what"] > other["what"])  # reposts in the order of their rules
        return bool(one["instance"] < other["instance"])
    return bool(earlier(one["time"], one["tie"], other["time"], other["tie"]))


@inlined
def _copy_event(events: Records, source: int, target: int) -> None:
    events[target]["time"] = events[source]["time"]
    events[target]["tie"] = events[source]["tie"]
    events[target]["instance"] = events[source]["instance"]
    events[target]["what"] = events[source]["what"]


@inlined
def _swap(events: Records, one: int, other: int) -> None:
    first, second = events[one], events[other]
    first["time"], second["time"] = second["time"], first["time"]
    first["tie"], second["tie"] = second["tie"], first["tie"]
    first["instance"], second["instance"] = second["instance"], first["instance"]
    first["what"], second["what"] = second["what"], first["what"]


@inlined
def plan_event(scene: Scene, time: float, tied: int, instance: int, what: int) -> None:
    """Put an event on the heap."""
    events, counts = scene.events, scene.counts
    place = counts[PENDING]
    if place == len(events):
        counts[FULL] = 1
        return
    counts[PENDING] += 1
    event = events[place]
    event["time"], event["tie"], event["instance"], event["what"] = time, tied, instance, what
    while place > 0:
        above = (place - 1) >> 1
        if not _comes_before(events[place], events[above]):
            break
        _swap(events, place, above)
        place = above


@inlined
def plan_share(scene: Scene, at: int, time: float, parent: int, generation: int) -> None:
    """Write down that a row will share, and put it on the heap."""
    row = scene.rows[at]
    row["share_time"], row["parent"], row["generation"] = time, parent, generation
    tied = tie(generation, whole(row["account"]))
    plan_event(scene, time, tied, whole(row["instance"]), at)


@inlined
def drop_first_event(scene: Scene) -> None:
    """Take the earliest event, which stands first, off the heap."""
    events, counts = scene.events, scene.counts
    counts[PENDING] -= 1
    last = counts[PENDING]
    if last == 0:
        return
    _copy_event(events, last, 0)
    place, child = whole(0), whole(1)
    while child < last:
        if child + 1 < last and _comes_before(events[child + 1], events[child]):
            child += 1
        if not _comes_before(events[child], events[place]):
            break
        _swap(events, place, child)
        place = child
        child = 2 * place + 1


def clear(scene: Scene, starting: UInt8) -> None:
    """Make the scene ready for another run; ``starting`` holds the bonds at the start."""
    _forget_rows(scene.slots, scene.rows, scene.counts[ROWS])
    scene.bonds[:] = starting
    scene.willingness[:] = 1.0
    for numbers in (scene.counts, scene.gained_counts, scene.own_counts, scene.reposts):
        numbers[:] = 0
    scene.load[:] = 0.0
    scene.load_time[:] = 0.0
    scene.heard[:] = 0


@compiled
def _forget_rows(slots: Int32, rows: Records, count: int) -> None:
    for at in range(count):
        slots[rows[at]["slot"]] = EMPTY
