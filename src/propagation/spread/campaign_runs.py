"""Runs of a plan by the compiled loop: the plan as arrays, and what happened as a record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled
from propagation.problems import InputError, Problem
from propagation.scenario.spec import Message, Original
from propagation.spread.campaign import run_campaign
from propagation.spread.campaign_dynamics import Moving, credits_in
from propagation.spread.campaign_record import Campaign, Originals, originals_in_order
from propagation.spread.cascade import Cascade
from propagation.spread.prepared import Prepared
from propagation.spread.scene import FULL, MOVES, PITCHES, ROWS, SHARES, Scene, clear, new_scene
from propagation.spread.script import Limits, script_of, with_credits
from propagation.strategy.plan import PITCH, Plan

MOST_INSTANCES = 2**31 - 1

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass
class Room:
    """Room for rows, and for followers gained or lost, that scenes begin with.

    It doubles where a run finds none, and stays so for the runs after it.
    """

    rows: int = 1 << 16
    moves: int = 1 << 12


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
        originals: Mapping[str, Original],
        room: Room | None = None,
    ) -> None:
        self.plan, self._topics = plan, sorted(originals)
        _check_numbers(plan, len(originals))
        self._ground = prepared.ground
        self._people = next(iter(prepared.people.values()))
        self.script = script_of(plan, messages, originals)
        self._mixed = any(post.mixed for one in plan.agenda for post in one.posts)
        if not self._mixed:  # then every run has the same credits
            self.script = with_credits(self.script, plan.credits)
        self._limits = Limits(moving, relevant, horizon)
        self._room = room or Room()
        self._scene = self._new_scene()

    def _new_scene(self) -> Scene:
        plan = self.plan
        instances = len(plan.agenda.instances)
        pitched = plan.entries["kind"] == PITCH
        scene = new_scene(
            accounts=plan.world.graph.accounts,
            ours=len(plan.ours),
            instances=instances,
            reposts=len(plan.reposts),
            written=len(self._topics),
            pitches=int(plan.entries["count"][pitched].sum()),
            further_events=len(plan.entries) + instances * len(plan.ours) * len(plan.reposts),
            rows=self._room.rows,
            attention=plan.world.attention_thresholds,
            pitched=bool(pitched.any()),
            limited=plan.world.is_limited,
            room=self._room.moves,
        )
        if plan.world.is_limited:  # then each share is noticed with the attention at that moment
            self._ground = self._ground._replace(attention=scene.attention)
        return scene

    def run(self, seed: int) -> Scene:
        """Run the plan once; the scene holds what happened until the next run."""
        chosen, counts = self.plan.chosen(seed)
        script = self.script
        if self._mixed:
            script = with_credits(script, credits_in(self.plan, seed))
        while True:
            clear(self._scene, self.script.starting)
            run_campaign(
                self._ground,
                self._people,
                script,
                self._limits,
                np.uint64(seed),
                chosen,
                counts,
                self._scene,
            )
            if not self._scene.counts[FULL]:
                return self._scene
            # the same seed does the same again, with more room
            if self._room.rows <= len(self._scene.rows):  # another thread has not doubled it yet
                self._room.rows, self._room.moves = 2 * self._room.rows, 2 * self._room.moves
            self._scene = self._new_scene()

    def record(self, seed: int) -> Campaign:
        """Run the plan once and return what happened."""
        scene = self.run(seed)
        counts, accounts = scene.counts, self.plan.world.graph.accounts
        *cascades, rest = _cascades(scene, len(self.plan.agenda.instances))
        return Campaign(
            cascades=tuple(cascades),
            originals=_originals(scene, self._topics, accounts, rest),
            moves=scene.moves[: counts[MOVES]].copy(),
            pitches=scene.pitches[: counts[PITCHES]].copy(),
            reposts=scene.reposts.copy(),
        )


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
    """Return what happened by instance; parents and orders are then numbers of its own rows.

    Behind those scheduled stands what happened to all originals.
    """
    rows = scene.rows[: scene.counts[ROWS]]
    shared = scene.share_order[: scene.counts[SHARES]]
    groups, instance = instances + 1, np.minimum(rows["instance"], np.int32(instances))
    starts, order = by_instance(instance, len(rows), groups)
    number = np.empty(len(rows), np.int32)
    number[order] = np.arange(len(rows)) - np.repeat(starts[:-1], np.diff(starts))
    share_starts, share_order = by_instance(instance[shared], len(shared), groups)
    ordered, sharing = rows[order], number[shared[share_order]]
    parent = np.where(ordered["parent"] < 0, np.int32(-1), number[ordered["parent"]])
    cascades = []
    for one in range(groups):
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


def _originals(scene: Scene, topics: Sequence[str], accounts: int, together: Cascade) -> Originals:
    """Return the originals, given what happened to all of them."""
    instance = scene.rows[: scene.counts[ROWS]]["instance"]
    scheduled = scene.own_times.shape[1]
    numbers = instance[instance >= scheduled].astype(np.int64) - scheduled
    return originals_in_order(topics, accounts, numbers, together)


def _check_numbers(plan: Plan, topics: int) -> None:
    """Refuse a world in which originals cannot be numbered.

    Raises
    ------
    InputError
        If there are too many accounts and topics.
    """
    possible = topics * plan.world.graph.accounts
    if len(plan.agenda.instances) + possible >= MOST_INSTANCES:
        text = f"{topics:,} topics of {plan.world.graph.accounts:,} accounts are too many: "
        most = f"their product must be below {MOST_INSTANCES:,}"
        raise InputError(Problem(text + most, "originals"))
