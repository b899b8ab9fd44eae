"""Runs of a plan by the compiled loop: the plan as arrays, and what happened as a record."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from propagation.audience.world import starting_followers
from propagation.compiling import compiled
from propagation.scenario.spec import Message
from propagation.spread.campaign import INSTANCE, MESSAGE, RATES, Limits, Script, run_campaign
from propagation.spread.campaign_dynamics import Moving, rates_of, resonance_numbers
from propagation.spread.campaign_record import Campaign
from propagation.spread.cascade import Cascade
from propagation.spread.dynamics import factors_of, rules_of
from propagation.spread.prepared import Prepared
from propagation.spread.scene import (
    FOLLOWS,
    FULL,
    IN_LISTS,
    MOVES,
    PITCHES,
    ROWS,
    SHARES,
    Scene,
    clear,
    new_scene,
)
from propagation.strategy.plan import PITCH, Plan

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

FIRST_ROWS = 1 << 16
FIRST_ROOM = 1 << 12
"""Room for rows and for followers gained or lost that a scene begins with; it doubles as needed."""


class CampaignRuns:
    """A plan, run again and again by the compiled loop; not to be shared between threads."""

    def __init__(
        self,
        plan: Plan,
        prepared: Prepared,
        messages: Mapping[str, Message],
        moving: Moving,
        relevant: float,
        horizon: float,
    ) -> None:
        self.plan = plan
        self._ground = prepared.ground
        self._people = next(iter(prepared.people.values()))
        self.script = script_of(plan, messages)
        self._limits = Limits(moving, relevant, horizon)
        self._rows, self._room = FIRST_ROWS, FIRST_ROOM
        self._scene = self._new_scene()

    def _new_scene(self) -> Scene:
        plan = self.plan
        instances = len(plan.agenda.instances)
        pitched = plan.entries["kind"] == PITCH
        return new_scene(
            accounts=plan.world.graph.accounts,
            ours=len(plan.ours),
            instances=instances,
            reposts=len(plan.reposts),
            pitches=int(plan.entries["count"][pitched].sum()),
            further_events=len(plan.entries) + instances * len(plan.ours) * len(plan.reposts),
            rows=self._rows,
            pitched=bool(pitched.any()),
            limited=plan.world.is_limited,
            room=self._room,
        )

    def run(self, seed: int) -> Scene:
        """Run the plan once; the scene holds what happened until the next run."""
        chosen, counts = self.plan.chosen(seed)
        while True:
            clear(self._scene, self.script.starting)
            run_campaign(
                self._ground,
                self._people,
                self.script,
                self._limits,
                np.uint64(seed),
                chosen,
                counts,
                self._scene,
            )
            if not self._scene.counts[FULL]:
                return self._scene
            # the same seed does the same again, with more room
            self._rows, self._room = 2 * self._rows, 2 * self._room
            self._scene = self._new_scene()

    def record(self, seed: int) -> Campaign:
        """Run the plan once and return what happened."""
        scene = self.run(seed)
        counts = scene.counts
        return Campaign(
            cascades=_cascades(scene, len(self.plan.agenda.instances)),
            moves=scene.moves[: counts[MOVES]].copy(),
            pitches=scene.pitches[: counts[PITCHES]].copy(),
            reposts=scene.reposts.copy(),
        )


def script_of(plan: Plan, messages: Mapping[str, Message]) -> Script:
    """Return a plan as the compiled loop sees it."""
    world, names = plan.world, sorted(messages)
    return Script(
        instances=_instance_records(plan, messages, names),
        messages=_message_records([messages[name] for name in names]),
        factors=_factors([messages[name] for name in names]),
        credits=np.array([one for credited in plan.credits for one in credited], np.int32),
        entries=plan.entries,
        reposts=plan.reposts,
        pools=plan.pools,
        rates=np.array([tuple(rates_of(one)) for one in plan.pitches], RATES),
        ours=plan.ours,
        relevance=np.array([world.traits.interest[topic] for topic in plan.topics]),
        capacity=world.capacity if world.is_limited else np.empty(0),
        background=world.background if world.is_limited else np.empty(0),
        starting=starting_followers(world) * np.uint8(FOLLOWS | IN_LISTS),
    )


def _instance_records(plan: Plan, messages: Mapping[str, Message], names: list[str]) -> Records:
    records = np.zeros(len(plan.agenda.instances), INSTANCE)
    first = 0
    for record, one, credited in zip(records, plan.agenda.instances, plan.credits, strict=True):
        record["id"] = one.id
        record["message"] = names.index(one.message)
        record["topic"] = plan.topics.index(messages[one.message].topic)
        record["first_credit"], record["credits"] = first, len(credited)
        first += len(credited)
    return records


def _message_records(messages: list[Message]) -> Records:
    records = np.zeros(len(messages), MESSAGE)
    for record, message in zip(records, messages, strict=True):
        rules = rules_of(message)
        for name in ("response", "threshold", "threshold_source"):
            record[name] = getattr(rules, name)
        for name in ("delay_law", "delay_scale", "delay_shape"):
            record[name] = getattr(rules, name)
        law, scale, shape = resonance_numbers(message.resonance)
        record["resonance_law"], record["resonance"] = law, scale
        record["resonance_shape"] = shape
    return records


def _factors(messages: list[Message]) -> npt.NDArray[np.float64]:
    """Return the factors by notice of each message, the last one repeated."""
    factors = [factors_of(message) for message in messages]
    longest = max(map(len, factors))
    return np.array([np.pad(one, (0, longest - len(one)), mode="edge") for one in factors])


@compiled
def by_instance(instance: Int32, count: int, instances: int) -> tuple[Int64, Int32]:
    """Return the first ``count`` rows in order of instance, else as they are: starts, and rows."""
    starts = np.zeros(instances + 1, np.int64)
    for at in range(count):
        starts[instance[at] + 1] += 1
    for one in range(instances):
        starts[one + 1] += starts[one]
    ends = starts[:-1].copy()
    order = np.empty(count, np.int32)
    for at in range(count):
        order[ends[instance[at]]] = at
        ends[instance[at]] += 1
    return starts, order


def _cascades(scene: Scene, instances: int) -> tuple[Cascade, ...]:
    """Return what happened by instance; parents and orders are then numbers of its own rows."""
    rows = scene.rows[: scene.counts[ROWS]]
    shared = scene.share_order[: scene.counts[SHARES]]
    starts, order = by_instance(np.ascontiguousarray(rows["instance"]), len(rows), instances)
    number = np.empty(len(rows), np.int32)
    number[order] = np.arange(len(rows)) - np.repeat(starts[:-1], np.diff(starts))
    share_starts, share_order = by_instance(rows["instance"][shared], len(shared), instances)
    ordered, sharing = rows[order], number[shared[share_order]]
    parent = np.where(ordered["parent"] < 0, np.int32(-1), number[ordered["parent"]])
    cascades = []
    for one in range(instances):
        mine = slice(starts[one], starts[one + 1])
        seen = ordered[mine]
        cascades.append(
            Cascade(
                account=seen["account"].copy(),
                notices=seen["notices"].copy(),
                first_notice=seen["first_notice"].copy(),
                share_time=seen["share_time"].copy(),
                parent=parent[mine].astype(np.int32),
                generation=seen["generation"].copy(),
                share_order=sharing[share_starts[one] : share_starts[one + 1]],
            )
        )
    return tuple(cascades)
