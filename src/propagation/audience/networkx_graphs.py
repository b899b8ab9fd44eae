"""Follower graphs from networkx: any of its generators by name, or a graph given in Python."""

import functools
import importlib
import inspect
import pkgutil
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from propagation.audience.arrows import ARROWS, refuse_arrows
from propagation.audience.labels import Labels
from propagation.luck import Purpose, stem, text_id
from propagation.problems import InputError, Problem, not_one_of

GRAPH_CLASSES = {
    graph.__name__: graph for graph in (nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph)
}
Follows = tuple[NDArray[np.int32], NDArray[np.int32], Labels]


def networkx_follows(
    generator: str, arguments: Mapping[str, object], arrows: str | None, seed: int
) -> Follows:
    """Draw a graph with one of networkx's generators; return (follower, followee, labels).

    A generator that takes ``seed`` gets one derived from ``seed``, unless ``arguments`` set it.
    Raises InputError for unknown names and wrong arguments; global random states are kept.
    """
    generators = graph_generators()
    if generator not in generators:
        raise InputError(Problem(_unknown(generator, generators), "graph.networkx"))
    function = generators[generator]
    given = dict(arguments)
    if given.get("create_using") in GRAPH_CLASSES:
        given["create_using"] = GRAPH_CLASSES[str(given["create_using"])]
    if "seed" in inspect.signature(function).parameters:
        # Some generators hand the seed to NumPy, which takes 32 bits.
        derived = stem(seed, Purpose.FOLLOWS, text_id("networkx", generator))
        given.setdefault("seed", int(derived) >> 32)
    graph = _call(generator, function, given)
    if not isinstance(graph, nx.Graph):
        raise InputError(Problem(f"{generator} returns no graph", "graph.networkx"))
    return graph_follows(graph, arrows)


@functools.cache
def graph_generators() -> dict[str, Callable[..., Any]]:
    """Return networkx's public generators that need no graph to start from, by name."""
    found: dict[str, Callable[..., Any]] = {}
    for module in pkgutil.iter_modules(nx.generators.__path__):
        if not module.ispkg:
            source = importlib.import_module(f"networkx.generators.{module.name}")
            found |= {name: getattr(source, name) for name in getattr(source, "__all__", ())}
    return {
        name: function
        for name, function in sorted(found.items())
        if not name.startswith("is_") and "G" not in inspect.signature(function).parameters
    }


def _unknown(name: str, generators: Mapping[str, object]) -> str:
    """Say what was probably meant; all names would fill a page."""
    hint = not_one_of(name, generators).rpartition(". ")[2]
    hint = hint if hint.startswith("Did you mean") else "Names look like 'barabasi_albert_graph'."
    return f"'{name}' is none of networkx's {len(generators)} graph generators. {hint}"


def _call(generator: str, function: Callable[..., Any], given: Mapping[str, object]) -> object:
    try:
        with _global_states_kept() as moved:
            graph: object = function(**given)
    except MemoryError:
        raise
    except (
        Exception
    ) as error:  # whatever a generator raises, the arguments are what the user can change
        message = " ".join(str(error).split()) or type(error).__name__
        takes = ", ".join(_parameters(function)) or "no arguments"
        raise InputError(
            Problem(f"{generator}: {message} (it takes: {takes})", "graph.arguments")
        ) from None
    if moved:
        raise InputError(
            Problem(
                f"{generator} draws from Python's or NumPy's global generator, so its graphs could "
                "not be drawn again",
                "graph.networkx",
            )
        )
    return graph


def _parameters(function: Callable[..., Any]) -> list[str]:
    hidden = ("backend", "backend_kwargs")
    return [name for name in inspect.signature(function).parameters if name not in hidden]


SPARE_BYTES = 4_000_000
"""Let go before random states are put back: where a graph has filled the memory, Python's generator
crashes in place of raising an error (seen with 3.12)."""


@contextmanager
def _global_states_kept() -> Iterator[list[bool]]:
    """Put Python's and NumPy's global random states back; the list is not empty if they moved."""
    moved: list[bool] = []
    state, numpy_state = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    spare = bytearray(SPARE_BYTES)
    try:
        yield moved
    finally:
        del spare
        after = np.random.get_state(legacy=False)  # noqa: NPY002
        if random.getstate() != state or str(after) != str(numpy_state):
            moved.append(True)
        random.setstate(state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def graph_follows(graph: "nx.Graph[Any]", arrows: str | None = None) -> Follows:
    """Read the follows of a networkx graph; return (follower, followee, labels).

    Accounts are numbered in order of label: integers as numbers, text by code point. ``arrows``
    says what an edge (u, v) of a directed graph means: u follows v ("follower to followee") or v
    follows u. Edges of an undirected graph are follows both ways. Loops and repeated edges are
    dropped. Follows are sorted by (follower, followee).
    """
    refuse_arrows(graph, arrows)
    labels = _sorted_labels(graph)
    number = {label: account for account, label in enumerate(labels.tolist())}
    ends = np.array([(number[u], number[v]) for u, v in graph.edges()], np.int64).reshape(-1, 2)
    tail, head = ends[:, 0], ends[:, 1]
    if not graph.is_directed():
        tail, head = np.concatenate((tail, head)), np.concatenate((head, tail))
    follower, followee = (head, tail) if arrows == ARROWS[1] else (tail, head)
    pairs = np.unique((follower * len(labels) + followee)[follower != followee])
    follower, followee = np.divmod(pairs, max(1, len(labels)))
    return follower.astype(np.int32), followee.astype(np.int32), labels


def _sorted_labels(graph: "nx.Graph[Any]") -> Labels:
    nodes = list(graph.nodes())
    if not nodes:
        raise InputError(Problem("the graph has no accounts", "graph"))
    if all(isinstance(node, str) for node in nodes):
        return np.array([*sorted(nodes), None], np.object_)[:-1]
    if all(isinstance(node, Integral) and not isinstance(node, bool) for node in nodes):
        return _as_numbers(sorted(int(node) for node in nodes))
    other = next((node for node in nodes if not isinstance(node, str | Integral)), None)
    found = "both kinds are mixed" if other is None else f"{other!r} is neither"
    message = f"accounts must be labelled by integers only or by text only, but {found}"
    raise InputError(Problem(message, "graph"))


def _as_numbers(nodes: list[int]) -> Labels:
    if nodes[0] < 0 or nodes[-1] >= 2**63:
        worst = nodes[0] if nodes[0] < 0 else nodes[-1]
        message = f"accounts labelled by integers need integers from 0 to 2**63 - 1, not {worst}"
        raise InputError(Problem(message, "graph"))
    return np.array(nodes, np.int64)
