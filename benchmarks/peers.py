"""Other software's sides. Each imports its library when it is built, so one can be missing.

A message goes from followee to follower, so the edges that a peer spreads along point that way.
Where a library does without something (states per account, a record of every follow's fate) it is
asked to; where it offers a faster way to the same answer, that way is taken.
"""

import array
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.graphs import Graph

if TYPE_CHECKING:
    import networkx

Int64 = npt.NDArray[np.int64]


def digraph(graph: Graph) -> "networkx.DiGraph[int]":
    """Return a graph as networkx has it, an edge from each followee to each follower."""
    import networkx

    made = networkx.DiGraph()
    made.add_nodes_from(range(graph.accounts))
    followees, followers = graph.ends()
    made.add_edges_from(zip(followees.tolist(), followers.tolist(), strict=True))
    return made


class CyNetDiff:
    """cynetdiff's independent cascade, on arrays as its own documentation builds them."""

    def __init__(self, graph: Graph) -> None:
        self._root = graph.root
        self._starts = array.array("I", graph.starts[:-1].astype(np.uint32).tobytes())
        self._edges = array.array("I", graph.followers.astype(np.uint32).tobytes())

    def at(self, probability: float) -> "CyNetDiff":
        """Make the model of one probability."""
        from cynetdiff.models import IndependentCascadeModel

        self._model = IndependentCascadeModel(
            self._starts, self._edges, activation_prob=probability
        )
        self._model.set_seeds({self._root})
        return self

    def __call__(self, first: int, count: int) -> Int64:
        """Return the reach of each run."""
        model = self._model
        model.set_rng(first)
        reach = np.empty(count, np.int64)
        for i in range(count):
            model.reset_model()
            model.advance_until_completion()
            reach[i] = model.get_num_activated_nodes() - 1
        return reach


class DiscreteSIR:
    """EoN's discrete SIR: ill for one round, so every follow is tried once."""

    def __init__(self, graph: Graph) -> None:
        import EoN

        self._eon, self._root, self._graph = EoN, graph.root, digraph(graph)

    def at(self, probability: float) -> "DiscreteSIR":
        """Note the probability."""
        self._probability = probability
        return self

    def _run(self, generator: np.random.Generator) -> int:
        _, _, ill, over = self._eon.basic_discrete_SIR(
            self._graph, self._probability, self._root, rng=generator
        )
        return int(ill[-1] + over[-1]) - 1

    def __call__(self, first: int, count: int) -> Int64:
        """Return the reach of each run."""
        generator = np.random.default_rng(first)
        return np.array([self._run(generator) for _ in range(count)], np.int64)


class FastSIR(DiscreteSIR):
    """EoN's event-driven SIR: times, and infections whose chance varies from account to account.

    What is given is the rate of infection where recovery has the rate 1.
    """

    def _run(self, generator: np.random.Generator) -> int:
        _, _, ill, over = self._eon.fast_SIR(
            self._graph, self._probability, 1.0, self._root, rng=generator
        )
        return int(ill[-1] + over[-1]) - 1


class NDlib:
    """ndlib's independent cascades, with the probability said for every edge, as it asks for."""

    def __init__(self, graph: Graph) -> None:
        self._root, self._graph = graph.root, digraph(graph)

    def at(self, probability: float) -> "NDlib":
        """Make the model of one probability."""
        from ndlib.models.epidemics import IndependentCascadesModel
        from ndlib.models.ModelConfig import Configuration

        said = Configuration()
        for edge in self._graph.edges:
            said.add_edge_configuration("threshold", edge, probability)
        said.add_model_initial_configuration("Infected", [self._root])
        self._model = IndependentCascadesModel(self._graph)
        self._model.set_initial_status(said)
        return self

    def __call__(self, first: int, count: int) -> Int64:
        """Return the reach of each run."""
        np.random.seed(first)  # noqa: NPY002  # ndlib draws from numpy's common generator
        model = self._model
        reach = np.empty(count, np.int64)
        for i in range(count):
            model.reset([self._root])
            now = model.iteration(node_status=False)
            while now["node_count"][1]:
                now = model.iteration(node_status=False)
            reach[i] = now["node_count"][2] - 1
        return reach


class LiveEdges:
    """networkx: keep each follow with the probability, and look what the root still leads to."""

    def __init__(self, graph: Graph) -> None:
        import networkx

        self._networkx, self._root = networkx, graph.root
        self._followees, self._followers = graph.ends()

    def at(self, probability: float) -> "LiveEdges":
        """Note the probability."""
        self._probability = probability
        return self

    def __call__(self, first: int, count: int) -> Int64:
        """Return the reach of each run."""
        generator = np.random.default_rng(first)
        reach = np.empty(count, np.int64)
        for i in range(count):
            kept = generator.random(len(self._followers)) < self._probability
            followees, followers = self._followees[kept].tolist(), self._followers[kept].tolist()
            live = self._networkx.DiGraph()
            live.add_node(self._root)
            live.add_edges_from(zip(followees, followers, strict=True))
            reach[i] = len(self._networkx.descendants(live, self._root))
        return reach
