"""What an arrow of a directed graph means: always said, never guessed."""

from typing import Any, get_args

import networkx as nx

from propagation.problems import InputError, Problem, not_one_of
from propagation.scenario.accounts import Arrows

ARROWS: tuple[str, str] = get_args(Arrows)


def refuse_arrows(graph: "nx.Graph[Any]", arrows: str | None) -> None:
    """Refuse to guess: a directed graph needs ``arrows``, an undirected one has none."""
    if graph.is_directed() and arrows not in ARROWS:
        given = "" if arrows is None else f"{not_one_of(arrows, ARROWS)} "
        message = (
            f"{given}A directed graph needs to say what its arrows mean: {' or '.join(ARROWS)}"
        )
        raise InputError(Problem(message, "graph.arrows"))
    if not graph.is_directed() and arrows is not None:
        message = "an undirected graph has no arrows (its accounts follow each other); leave it out"
        raise InputError(Problem(message, "graph.arrows"))
