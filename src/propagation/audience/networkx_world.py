"""A world straight from a networkx graph, for notebooks."""

import math
from collections.abc import Collection, Hashable
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from propagation.audience.follower_graph import graph_from_follows, label_keys
from propagation.audience.networkx_graphs import graph_follows
from propagation.audience.population import Population
from propagation.audience.traits import Traits
from propagation.audience.world import World, settle
from propagation.problems import InputError, Problem
from propagation.scenario.choice_checks import EVERYBODY
from propagation.scenario.spec import OurAccount

Float64 = npt.NDArray[np.float64]

TOPIC = "topic"
"""The one topic of such a world."""


def world_from_networkx(
    graph: "nx.Graph[Any]",
    ours: Collection[Hashable],
    *,
    attention: float | str = 1.0,
    interest: float | str = 1.0,
    value: float | str = 1.0,
    threshold: float | str = math.nan,
    arrows: str | None = None,
    seed: int = 1,
) -> World:
    """Return the world of a networkx graph's nodes.

    Parameters
    ----------
    graph
        Undirected: every edge is a follow both ways.
    ours
        Nodes that are the communicator's accounts.
    attention, interest, value, threshold
        One number for all nodes, or the name of a node attribute.
    arrows
        For a directed graph what an arrow means: ``follower to followee`` or ``followee to
        follower``.
    seed
        Only ties between the world and its luck; the graph is taken as it is.

    Raises
    ------
    InputError
        If a node is not in the graph, an attribute is missing, or a trait is out of range.
    """
    if isinstance(ours, str) or not ours:
        raise InputError(Problem("must be a list of at least one node", "posts"))
    missing = [node for node in ours if node not in graph]
    if missing:
        raise InputError(Problem(f"{node!r} is not a node of the graph") for node in missing)
    if len({str(node) for node in ours}) < len(ours):
        raise InputError(Problem("names a node twice", "posts"))
    follower, followee, labels = graph_follows(graph, arrows)
    nodes = labels.tolist()

    def trait(name: str, source: float | str, highest: float) -> Float64:
        if isinstance(source, str):
            values = np.array([_attribute(graph, node, source) for node in nodes], np.float64)
        else:
            values = np.full(len(nodes), float(source))
        if name != "threshold" and not ((values >= 0) & (values <= highest)).all():
            allowed = f"between 0 and {highest:g}" if highest < math.inf else "0 or more"
            raise InputError(Problem(f"every value must be {allowed}", name))
        return values

    population = Population(
        graph=graph_from_follows(follower, followee, label_keys(labels), labels),
        segments=(EVERYBODY,),
        segment_of=np.zeros(len(nodes), np.int16),
        traits=Traits(
            attention=trait("attention", attention, 1.0),
            value=trait("value", value, math.inf),
            threshold=trait("threshold", threshold, math.inf),
            interest={TOPIC: trait("interest", interest, 1.0)},
        ),
    )
    return settle(population, {str(node): OurAccount(account=str(node)) for node in ours}, seed)


def _attribute(graph: "nx.Graph[Any]", node: Hashable, name: str) -> float:
    try:
        return float(graph.nodes[node][name])
    except (KeyError, TypeError, ValueError):
        message = f"node {node!r} has no number as attribute '{name}'"
        raise InputError(Problem(message, name)) from None
