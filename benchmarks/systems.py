"""What is compared with what: this package's sides, and those of other software."""

import importlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.graphs import Graph

Int64 = npt.NDArray[np.int64]
Runs = Callable[[int, int], Int64]
"""Takes the seed of the first run and how many to do, returns the reach of each: how many accounts
other than the root shared."""


class Side(Protocol):
    """A system with its own form of a graph."""

    def __init__(self, graph: Graph) -> None: ...

    def at(self, probability: float) -> Runs:
        """Return how to run cascades in which a follow carries a share with ``probability``."""


class System(NamedTuple):
    """A side by name; ``place`` is ``module:class``, ``needs`` the distribution it comes in."""

    place: str
    needs: str
    what: str


OURS = {
    "full": System(
        "benchmarks.ours:Full",
        "propagation",
        "this package's compiled engine with all of the model: power-law delays, notices, tree, "
        "reach, valued reach and all other metrics of every run",
    ),
    "bare": System(
        "benchmarks.ours:Bare",
        "propagation",
        "this package's cascades without time: who is reached, with the same luck",
    ),
}
PEERS = {
    "cynetdiff": System(
        "benchmarks.peers:CyNetDiff", "cynetdiff", "independent cascade, compiled (C++)"
    ),
    "EoN, discrete": System(
        "benchmarks.peers:DiscreteSIR", "EoN", "`basic_discrete_SIR` on a networkx graph"
    ),
    "EoN, fast": System(
        "benchmarks.peers:FastSIR",
        "EoN",
        "`fast_SIR` on a networkx graph: another law, with times, set to reach about as many",
    ),
    "ndlib": System(
        "benchmarks.peers:NDlib", "ndlib", "`IndependentCascadesModel` on a networkx graph"
    ),
    "Mesa": System(
        "benchmarks.plain_mesa:PlainMesa", "mesa", "a plain model, one agent per account"
    ),
    "networkx": System(
        "benchmarks.peers:LiveEdges",
        "networkx",
        "a graph of the follows that are live, and the descendants of the root",
    ),
}
SIR_LAW = System("benchmarks.sir_law:SIRLaw", "numba", "the law of `fast_SIR`, for its reach only")
OTHER_LAW = {"EoN, fast": SIR_LAW}
"""Peers whose reach is compared with a law of their own."""

TARGETS = {("full", "15%"): 2, ("bare", "0.1%"): 3, ("bare", "15%"): 5, ("bare", "90%"): 5}
"""How many times as fast as cynetdiff this package's sides are meant to be, by side and level."""


def side_of(system: System) -> type[Side]:
    """Return a system's class; its library may be missing until it is built."""
    module, name = system.place.split(":")
    side: type[Side] = getattr(importlib.import_module(module), name)
    return side
