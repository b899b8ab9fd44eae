"""Results folders whose files hold together: damage is told before a figure asks for a value."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from propagation.experiment.batches import TOUCHED, reach_columns
from propagation.experiment.forms import damaged
from propagation.experiment.storage import (
    CASCADES,
    CURVES,
    GRAPH_FOLLOWS,
    RUNS,
    SUMMARY,
    SWEEP,
    TREES,
    UNCERTAIN,
)
from propagation.problems import InputError, MachineError
from propagation.report.explored import combinations_fit, sweep_fits
from propagation.report.stored import Stored, Tree, read_stored
from propagation.scenario.metrics import is_campaign, moves
from propagation.strategy.agenda import agenda_of


def read_sound(path: Path) -> Stored:
    """Read a finished results folder; what is not as it was written is told.

    Raises
    ------
    InputError
        If it is no results folder, or the run in it is not finished.
    MachineError
        If a file in it is damaged.
    """
    try:
        stored = read_stored(path)
    except (InputError, MachineError):
        raise
    except (LookupError, TypeError, ValueError) as error:  # pyarrow's errors are among them
        raise damaged(path, "its tables do not belong together") from error
    if wrong := unsound(stored):
        raise damaged(path / wrong, "it does not fit the other files of the folder")
    return stored


def unsound(stored: Stored) -> str:
    """Return the name of the file that does not fit the others, or nothing if all do."""
    checks: Mapping[str, Callable[[Stored], bool]] = {
        RUNS: _runs_fit,
        CASCADES: _sizes_fit,
        CURVES: _curves_fit,
        TREES: _trees_fit,
        GRAPH_FOLLOWS: _graph_fits,
        SWEEP: lambda each: sweep_fits(each.sweep, each.summary.get("sweep")),
        UNCERTAIN: lambda each: combinations_fit(each.combinations, each.summary.get("uncertain")),
        SUMMARY: _names_fit,
    }
    return next((name for name, fits in checks.items() if not fits(stored)), "")


def _runs_fit(stored: Stored) -> bool:
    reached = set(reach_columns(tuple(stored.scenario.segments or ())))
    needed = reached | ({TOUCHED} if is_campaign(stored.scenario) else set())
    return all(needed <= set(columns) for columns in stored.runs.values())


def _sizes_fit(stored: Stored) -> bool:
    if not is_campaign(stored.scenario):
        return all(len(sizes) and sizes.min() > 0 for sizes in stored.sizes.values())
    return all(
        len(sizes) == stored.runs[name][TOUCHED].sum() and sizes.min(initial=0) >= 0
        for name, sizes in stored.sizes.items()
    )


def _curves_fit(stored: Stored) -> bool:
    if stored.curves is None:
        return True
    names, hours = set(stored.scenario.strategies), len(stored.curves.hours)
    kept = stored.curves
    both: list[Mapping[str, npt.NDArray[Any]]] = [kept.shares, kept.reach]
    if is_campaign(stored.scenario):
        both.append(kept.valued)
    if moves(stored.scenario):
        both.append(kept.followers)
    shapes = {curves.shape for by_strategy in both for curves in by_strategy.values()}
    complete = all(names <= set(by_strategy) for by_strategy in both)
    return complete and len(shapes) == 1 and hours > 0 and shapes.pop()[1:] == (hours,)


def _trees_fit(stored: Stored) -> bool:
    if not stored.trees:
        return True
    agendas = {
        name: agenda_of(actions, stored.scenario.starts)
        for name, actions in stored.scenario.strategies.items()
    }  # those that post for certain have a tree in every run
    posting = {
        name
        for name, agenda in agendas.items()
        if any(post.low == 0 and post.high == 1 for one in agenda for post in one.posts)
    }
    complete = posting <= set(stored.trees)
    return complete and all(map(_is_tree, stored.trees.values()))


def _is_tree(tree: Tree) -> bool:
    """Whether every share comes after the one that led to it."""
    rows = np.arange(len(tree.parent))
    return bool((tree.parent >= -1).all() and (tree.parent < rows).all() and _counts(tree))


def _counts(tree: Tree) -> bool:
    return bool((tree.generation >= 0).all() and np.isfinite(tree.share_time).all())


def _graph_fits(stored: Stored) -> bool:
    graph = stored.graph
    return graph is None or all(
        _within(ends, len(graph.segment)) for ends in (graph.follower, graph.followee)
    )


def _within(places: npt.NDArray[np.int64], count: int) -> bool:
    return bool(((places >= 0) & (places < count)).all())


def _names_fit(stored: Stored) -> bool:
    """Whether what was explored is of strategies of the scenario, and its factors multiply up."""
    summary = stored.summary
    named = {*summary.get("sweep", {}).get("strategies", ())}
    named |= {*summary.get("break_even", {}).get("between", ())}
    pairs = [*summary.get("uncertain", {}).get("pairs", ()), *summary.get("why", ())]
    named |= {name for each in pairs for name in (each["strategy"], each["baseline"])}
    return named <= set(stored.scenario.strategies) and all(map(_adds_up, summary.get("why", ())))


def _adds_up(why: Mapping[str, Any]) -> bool:
    """Whether the factors of a ratio give it when multiplied."""
    values = [each["value"] for each in why["factors"]]
    if not values or None in values or why["ratio"] is None or why["ratio"]["mean"] is None:
        return True
    return bool(np.isclose(np.prod(values), why["ratio"]["mean"], rtol=1e-6))
