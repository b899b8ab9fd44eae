"""The sides of this package: all that the benchmarks ask of its engines stands here."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from benchmarks.graphs import Graph
from propagation.audience.follower_graph import FollowerGraph, label_keys
from propagation.audience.population import Population
from propagation.audience.traits import Traits
from propagation.audience.world import World, settle
from propagation.scenario.spec import Message, OurAccount
from propagation.spread.bare import BareCascades
from propagation.spread.prepared import Prepared, prepare
from propagation.spread.simulate import CompiledEngine
from propagation.spread.tally import IMPRESSIONS, REACH, SHARES
from propagation.strategy.agenda import Agenda, MessageInstance, PostAction

Int64 = npt.NDArray[np.int64]

RELEVANT = 0.5
MESSAGES = {"call": Message(topic="topic", resonance=1.0)}
"""SEISMIC's power law of delays, and every notice a chance to share."""


def follower_graph(graph: Graph) -> FollowerGraph:
    """Return a graph as the package has it."""
    labels = np.arange(graph.accounts)
    keys = label_keys(labels)
    return FollowerGraph(
        list_starts=graph.starts,
        followers=graph.followers,
        first_list=np.arange(graph.accounts + 1, dtype=np.int32),
        account_keys=keys,
        list_keys=keys,
        followee_counts=np.bincount(graph.followers, minlength=graph.accounts).astype(np.int32),
        labels=labels,
    )


def world_of(graph: FollowerGraph, ours: Mapping[str, OurAccount], probability: float) -> World:
    """Return a world in which each follow carries a share with ``probability``.

    Attention is the probability and whoever notices shares, so that notices happen on the follows
    that are live, and reach is what others call infected or activated.
    """
    ones = np.ones(graph.accounts)
    population = Population(
        graph=graph,
        segments=("everybody",),
        segment_of=np.zeros(graph.accounts, np.int16),
        traits=Traits(ones * probability, ones, ones * np.nan, {"topic": ones}),
    )
    return settle(population, ours, 0)


def agenda_of(name: str) -> Agenda:
    """Return what our account of this name posts: the call, once, at the start."""
    return Agenda((MessageInstance("call", 0.0, (PostAction(0.0, name),)),))


class FullRuns:
    """The full model on one world: delays, notices, tree, and all metrics of every run."""

    def __init__(self, world: World, name: str, prepared: Prepared | None = None) -> None:
        self._world, self._agenda = world, agenda_of(name)
        self._prepared = prepared or prepare(world, MESSAGES)
        self._engine = CompiledEngine(world, MESSAGES, np.inf, self._prepared)

    def another(self, name: str) -> "FullRuns":
        """Return the same for another account of ours, on the same lists: as another thread has."""
        return FullRuns(self._world, name, self._prepared)

    def metrics(self, first: int, count: int) -> dict[str, Int64]:
        """Run the seeds from ``first`` on; return each run's reach, impressions and shares."""
        (instance,), seeds = self._agenda, range(first, first + count)
        found = self._engine.tallies(instance, seeds, RELEVANT, np.empty(0)).metrics
        columns = {"reach": REACH, "impressions": IMPRESSIONS, "shares": SHARES}
        return {name: found[:, column].astype(np.int64) for name, column in columns.items()}

    def __call__(self, first: int, count: int) -> Int64:
        """Return the reach of each run."""
        return self.metrics(first, count)["reach"]


class Full:
    """The compiled engine with the full model."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._root = follower_graph(graph), graph.root

    def at(self, probability: float) -> FullRuns:
        """Return how to run cascades at a probability."""
        us = {"us": OurAccount(account=str(self._root))}
        return FullRuns(world_of(self._graph, us, probability), "us")


class Bare:
    """Cascades without delays, order and trees."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._root = follower_graph(graph), graph.root

    def at(self, probability: float) -> "BareRuns":
        """Return how to run cascades at a probability."""
        us = {"us": OurAccount(account=str(self._root))}
        return BareRuns(world_of(self._graph, us, probability))


class BareRuns:
    """Cascades of our account's post without time on one world."""

    def __init__(self, world: World) -> None:
        self._cascades = BareCascades(world, MESSAGES["call"])
        (self._instance,) = agenda_of("us")

    def __call__(self, first: int, count: int) -> Int64:
        """Return the reach of each run."""
        return self._cascades.run(self._instance, range(first, first + count)).reach
