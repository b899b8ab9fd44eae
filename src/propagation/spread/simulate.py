"""One run of one strategy, by either engine, on the world of a draw."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.luck import CERTAIN
from propagation.scenario.spec import Message
from propagation.spread.cascade import Audience, Cascade, Outcome, measure
from propagation.spread.dynamics import rules_of
from propagation.spread.loop import (
    FOLLOWER_LIST,
    NOTICES,
    PERSON,
    Ground,
    Touched,
    common_attention,
    spread,
    touched_arrays,
)
from propagation.strategy.agenda import Agenda

if TYPE_CHECKING:
    from propagation.spread.agents import Account


Int32 = npt.NDArray[np.int32]


class Engine(Protocol):
    """Turns an agenda and a seed into one cascade per message instance."""

    def run(self, agenda: Agenda, seed: int) -> tuple[Cascade, ...]:
        """Return the cascades of one run, in the order of the agenda."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A world as the compiled loop sees it: its lists, and its people by message."""

    ground: Ground
    people: Mapping[str, npt.NDArray[np.void]]


def prepare(world: World, messages: Mapping[str, Message]) -> Prepared:
    """Return a world made ready for the compiled loop; threads may share it."""
    by_topic = {
        topic: people_of(world, topic) for topic in {one.topic for one in messages.values()}
    }
    return Prepared(
        ground_of(world), {name: by_topic[message.topic] for name, message in messages.items()}
    )


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
    """

    def __init__(
        self,
        world: World,
        messages: Mapping[str, Message],
        horizon: float,
        prepared: Prepared | None = None,
        touched: Touched | None = None,
    ) -> None:
        self._prepared = prepared or prepare(world, messages)
        self._rules = {name: rules_of(message) for name, message in messages.items()}
        self._ours = world.ours
        self._horizon = horizon
        self._touched = touched or touched_arrays(world.graph.accounts)

    def run(self, agenda: Agenda, seed: int) -> tuple[Cascade, ...]:
        """Return the cascades of one run, in the order of the agenda."""
        cascades = []
        for instance in agenda:
            rows, shares = spread(
                self._prepared.ground,
                self._prepared.people[instance.message],
                self._rules[instance.message],
                np.uint64(seed),
                instance.id,
                np.array([post.time for post in instance.posts], np.float64),
                np.array([self._ours[post.by] for post in instance.posts], np.int32),
                self._horizon,
                self._touched,
            )
            cascades.append(_copy(self._touched, rows, shares))
        return tuple(cascades)


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
    ) -> None:
        # here and not above, because Mesa takes longer to import than most scenarios to check
        from propagation.spread.agents import Account
        from propagation.spread.model import PropagationModel

        self._model = PropagationModel
        self._world, self._messages, self._horizon = world, messages, horizon
        self._account_class = account_class or Account

    def run(self, agenda: Agenda, seed: int) -> tuple[Cascade, ...]:
        """Return the cascades of one run, in the order of the agenda."""
        model = self._model(
            self._world,
            self._messages,
            agenda,
            seed,
            self._horizon,
            account_class=self._account_class,
        )
        return model.run()


def people_of(world: World, topic: str) -> npt.NDArray[np.void]:
    """Return what decisions about a message on ``topic`` ask of each account."""
    people = np.empty(world.graph.accounts, PERSON)
    people["key"] = world.graph.account_keys
    people["threshold"] = world.traits.threshold
    people["relevance"] = world.traits.interest[topic]
    people["followees"] = world.graph.followee_counts
    people["ours"] = world.is_ours
    return people


def ground_of(world: World) -> Ground:
    """Return the follower lists as the compiled loop sees them."""
    graph, attention = world.graph, world.attention_thresholds
    ordinary, before = graph.lists_of_followers, len(graph.followers)
    lists = np.empty(len(graph.list_keys), FOLLOWER_LIST)
    lists["start"] = graph.list_starts[:-1]
    lists["start"][ordinary:] -= before
    lists["key"] = graph.list_keys
    lists["length"] = np.diff(graph.list_starts)
    lists["envelope"] = world.envelopes
    followers, appended = read_only(graph.followers), read_only(graph.appended)
    accounts = attention[: graph.first_list.searchsorted(ordinary)]
    if accounts.min(initial=CERTAIN) == accounts.max(initial=np.uint64(0)):
        lists["attention"][:ordinary] = accounts[0]  # no need to read all follows
    else:
        starts = graph.list_starts[: ordinary + 1]
        lists["attention"][:ordinary] = common_attention(starts, followers, attention)
    starts = graph.list_starts[ordinary:] - before
    lists["attention"][ordinary:] = common_attention(starts, appended, attention)
    return Ground(graph.first_list, lists, followers, appended, ordinary, attention)


def read_only(values: Int32) -> Int32:
    """Return a view that cannot be written to: for the compiler the type of a file in memory."""
    view = values.view()
    view.flags.writeable = False
    return view


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
        [world.traits.interest[messages[one.message].topic] for one in agenda],
        audience_of(world),
        len(world.segments),
        relevant,
        min(post.time for one in agenda for post in one.posts),
    )
