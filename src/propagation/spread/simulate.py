"""One run of one strategy, by either engine, on the world of a draw."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.scenario.messages import Following
from propagation.scenario.spec import Message, Original
from propagation.spread.campaign_dynamics import moving_of
from propagation.spread.campaign_record import Campaign
from propagation.spread.campaign_runs import CampaignRuns, Room
from propagation.spread.campaign_tally import CampaignTallies, tally_campaigns
from propagation.spread.cascade import Audience, Cascade, Outcome, measure
from propagation.spread.dynamics import factors_of, rules_of
from propagation.spread.loop import NOTICES, Touched, spread, touched_arrays
from propagation.spread.prepared import Prepared, prepare
from propagation.spread.tally import Tallies, empty_tallies, spread_many
from propagation.strategy.agenda import Agenda, MessageInstance
from propagation.strategy.plan import plan_of

if TYPE_CHECKING:
    from propagation.spread.agents import Account


Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]


class Engine(Protocol):
    """Turns an agenda and a seed into one cascade per message instance."""

    def run(self, agenda: Agenda, seed: int) -> tuple[Cascade, ...]:
        """Return the cascades of one run, in the order of the agenda."""

    def campaign(self, agenda: Agenda, seed: int) -> Campaign:
        """Return all that happened in one run."""


class CompiledEngine:
    """The compiled loop on one world; not to be shared between threads.

    Parameters
    ----------
    world, messages
        The world of a draw, and the scenario's messages by name.
    horizon
        Hours; ``math.inf`` for as long as anybody shares.
    prepared, touched
        What ``prepare`` and ``touched_arrays`` return, to use them again.
    following
        How followers of our accounts come and go; by default they do not.
    relevant
        A pitch of less relevance wears the willingness to open the next one.
    room
        What earlier runs have needed, and these will begin with.
    originals
        By topic, how those who notice it write about it; by default nobody does.
    """

    def __init__(
        self,
        world: World,
        messages: Mapping[str, Message],
        horizon: float,
        prepared: Prepared | None = None,
        touched: Touched | None = None,
        following: Following | None = None,
        relevant: float = 0.5,
        room: Room | None = None,
        originals: Mapping[str, Original] | None = None,
    ) -> None:
        self._room, self._originals = room or Room(), originals or {}
        self._messages, self._relevant = messages, relevant
        self._moving, self._moves = moving_of(following), following is not None
        self._campaigns: dict[int, CampaignRuns] = {}
        self._prepared = prepared or prepare(world, messages)
        self._rules = {
            name: (rules_of(message), factors_of(message)) for name, message in messages.items()
        }
        self._world = world
        self._horizon = horizon
        self._touched = touched or touched_arrays(world.graph.accounts)

    def stands_alone(self, agenda: Agenda) -> bool:
        """Say whether each instance spreads as if there were no other, by rules that are fixed."""
        varied = any(not isinstance(self._messages[one.message].resonance, float) for one in agenda)
        coupled = self._moves or self._world.is_limited or self._originals
        return agenda.posts_only and not (varied or coupled)

    def campaign(self, agenda: Agenda, seed: int) -> Campaign:
        """Return all that happened in one run."""
        return self.runs(agenda).record(seed)

    def runs(self, agenda: Agenda) -> CampaignRuns:
        """Return an agenda made ready to be run again and again."""
        if id(agenda) not in self._campaigns:  # which stays its own, since the plan holds it
            self._campaigns[id(agenda)] = CampaignRuns(
                plan_of(agenda, self._world, self._messages),
                self._prepared,
                self._messages,
                self._moving,
                self._relevant,
                self._horizon,
                self._originals,
                self._room,
            )
        return self._campaigns[id(agenda)]

    def run(self, agenda: Agenda, seed: int) -> tuple[Cascade, ...]:
        """Return the cascades of one run, in the order of the agenda."""
        if not self.stands_alone(agenda):
            return self.campaign(agenda, seed).cascades
        cascades = []
        for instance in agenda.instances:
            rows, shares = spread(
                self._prepared.ground,
                self._prepared.people[instance.message],
                *self._rules[instance.message],
                np.uint64(seed),
                instance.id,
                *self._posts(instance),
                self._horizon,
                self._touched,
            )
            cascades.append(_copy(self._touched, rows, shares))
        return tuple(cascades)

    def tallies(
        self,
        instance: MessageInstance,
        seeds: Sequence[int],
        relevant: float,
        hours: Float64,
        curves: int = 0,
    ) -> Tallies:
        """Return the metrics of runs of one instance, one for each seed, without their cascades.

        Parameters
        ----------
        relevant
            An account counts as relevant at or above this relevance.
        hours, curves
            Hours at which the first ``curves`` runs are looked at; shape (points,).
        """
        audience = audience_of(self._world)
        found = empty_tallies(len(seeds), len(self._world.segments), curves, len(hours))
        spread_many(
            self._prepared.ground,
            self._prepared.people[instance.message],
            audience.value,
            audience.segment,
            *self._rules[instance.message],
            np.array(seeds, np.uint64),
            instance.id,
            *self._posts(instance),
            self._horizon,
            relevant,
            hours,
            self._touched,
            found,
        )
        return found

    def campaign_tallies(
        self,
        agenda: Agenda,
        seeds: Sequence[int],
        relevant: float,
        hours: Float64,
        curves: int = 0,
    ) -> CampaignTallies:
        """Return the metrics of runs of an agenda, one for each seed; parameters as above."""
        audience, segments = audience_of(self._world), len(self._world.segments)
        runs = self.runs(agenda)
        return tally_campaigns(runs, audience, segments, seeds, relevant, hours, curves)

    def _posts(self, instance: MessageInstance) -> tuple[Float64, Int32]:
        """Return when an instance is posted, and by which accounts."""
        times = np.array([post.time for post in instance.posts], np.float64)
        return times, np.array([self._world.ours[post.by] for post in instance.posts], np.int32)


class MesaEngine:
    """The Mesa model on one world, built anew for each run.

    Parameters as for ``CompiledEngine``, and the class of the agents.
    """

    def __init__(
        self,
        world: World,
        messages: Mapping[str, Message],
        horizon: float,
        account_class: "type[Account] | None" = None,
        following: Following | None = None,
        relevant: float = 0.5,
        originals: Mapping[str, Original] | None = None,
    ) -> None:
        # here and not above, because Mesa takes longer to import than most scenarios to check
        from propagation.spread.agents import Account
        from propagation.spread.model import PropagationModel

        self._model = PropagationModel
        self._world, self._messages, self._horizon = world, messages, horizon
        self._account_class = account_class or Account
        self._following, self._relevant, self._originals = following, relevant, originals

    def run(self, agenda: Agenda, seed: int) -> tuple[Cascade, ...]:
        """Return the cascades of one run, in the order of the agenda."""
        return self.campaign(agenda, seed).cascades

    def campaign(self, agenda: Agenda, seed: int) -> Campaign:
        """Return all that happened in one run."""
        model = self._model(
            self._world,
            self._messages,
            agenda,
            seed,
            self._horizon,
            account_class=self._account_class,
            following=self._following,
            relevant=self._relevant,
            originals=self._originals,
        )
        return model.campaign()


def _copy(touched: Touched, rows: int, shares: int) -> Cascade:
    seen = touched.rows[:rows]
    return Cascade(
        account=seen["account"].copy(),
        notices=touched.notices[:rows] & NOTICES,
        first_notice=seen["first_notice"].copy(),
        share_time=seen["share_time"].copy(),
        parent=seen["parent"].copy(),
        generation=seen["generation"].copy(),
        share_order=touched.share_order[:shares].copy(),
    )


def audience_of(world: World) -> Audience:
    """Return what the metrics ask about the accounts."""
    return Audience(world.segment_of, world.traits.value, world.is_ours)


def outcome_of(
    world: World,
    messages: Mapping[str, Message],
    agenda: Agenda,
    cascades: tuple[Cascade, ...],
    relevant: float,
) -> Outcome:
    """Return the metrics of one run."""
    return measure(
        cascades,
        [world.traits.interest[messages[one.message].topic] for one in agenda.instances],
        audience_of(world),
        len(world.segments),
        relevant,
        agenda.start,
    )
