"""The systems compared, each as a function that runs one cascade and returns its size."""

import array
from collections.abc import Callable
from pathlib import Path

import numpy as np
from cynetdiff.models import IndependentCascadeModel

from propagation.audience.follower_graph import FollowerGraph, graph_from_follows, label_keys
from propagation.audience.importing import read_follows
from propagation.audience.population import Population
from propagation.audience.traits import Traits
from propagation.audience.world import World, settle
from propagation.scenario.spec import Message, OurAccount
from propagation.spread.model import PropagationModel
from propagation.spread.simulate import CompiledEngine, outcome_of
from propagation.strategy.agenda import Agenda, MessageInstance, PostAction

EGO = Path(__file__).parents[2] / "shared/data/ego_twitter/twitter_combined_rebuilt.txt.gz"
AGENDA: Agenda = (MessageInstance("call", 0.0, (PostAction(0.0, "us"),)),)
Side = Callable[[int], int]
"""Takes the number of a run, returns how many accounts shared, the root included."""


def ego_graph() -> FollowerGraph:
    """Return the ego-Twitter graph: 81,306 accounts, 1,768,135 follows."""
    read = read_follows(EGO, 1, 2)
    return graph_from_follows(read.follower, read.followee, label_keys(read.labels), read.labels)


def world_of(graph: FollowerGraph, probability: float) -> World:
    """Return a world in which each follow carries a share with ``probability``.

    Attention is the probability and whoever notices shares, so that notices, like cynetdiff's
    activations, happen on the follows that are live.
    """
    ones = np.ones(graph.accounts)
    population = Population(
        graph=graph,
        segments=("everybody",),
        segment_of=np.zeros(graph.accounts, np.int16),
        traits=Traits(ones * probability, ones, ones * np.nan, {"topic": ones}),
    )
    root = int(graph.follower_counts().argmax())
    return settle(population, {"us": OurAccount(account=str(graph.labels[root]))}, 0)


def message() -> Message:
    """Return a message of the full model: SEISMIC's delays, every notice a chance to share."""
    return Message(topic="topic", resonance=1.0)


def compiled(world: World) -> Side:
    """Return the compiled engine with all of the model: delays, tree, notices, valued reach."""
    messages = {"call": message()}
    engine = CompiledEngine(world, messages, np.inf)

    def run(seed: int) -> int:
        cascades = engine.run(AGENDA, seed)
        outcome_of(world, messages, AGENDA, cascades, 0.5)
        return len(cascades[0].share_order)

    return run


def mesa(
    world: World,
) -> tuple[Callable[[int], PropagationModel], Callable[[PropagationModel], int]]:
    """Return how to set up the Mesa model for a run, and how to run it."""

    def set_up(seed: int) -> PropagationModel:
        return PropagationModel(world, {"call": message()}, AGENDA, seed)

    def run(model: PropagationModel) -> int:
        return len(model.run()[0].share_order)

    return set_up, run


def cynetdiff(world: World, probability: float) -> Side:
    """Return cynetdiff's bare independent cascade: no delays, no tree, no notices."""
    graph = world.graph
    model = IndependentCascadeModel(
        array.array("I", graph.list_starts[:-1].astype(np.uint32)),
        array.array("I", graph.followers.astype(np.uint32)),
        activation_prob=probability,
    )
    model.set_seeds({world.ours["us"]})

    def run(_: int) -> int:
        model.reset_model()
        model.advance_until_completion()
        return int(model.get_num_activated_nodes())

    return run
