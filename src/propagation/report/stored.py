"""A finished results folder, read back: everything the figures and the page are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from propagation.experiment.attention_classes import AttentionClass
from propagation.experiment.finished import Finished, read_finished
from propagation.experiment.storage import (
    ATTENTION,
    CASCADES,
    CURVES,
    GRAPH_ACCOUNTS,
    GRAPH_FOLLOWS,
    SIZES,
    TREES,
    ResultsFolder,
    unescaped,
)
from propagation.report.explored import Combinations, Sweep, read_explored

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Curves:
    """Cumulative counts over time, by strategy: shape (replicates kept, hours).

    ``valued`` (valued reach) is empty but for campaigns, ``followers`` (joined less left) but where
    they come and go.
    """

    hours: Float64
    shares: Mapping[str, Int32]
    reach: Mapping[str, Int32]
    valued: Mapping[str, Float64] = field(default_factory=dict)
    followers: Mapping[str, Int32] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Tree:
    """The typical cascade of a strategy: its posts and shares in order of time; shape (shares,).

    ``parent`` is the row of the share that led to it, -1 for a post; ``segment`` is "" for our own
    accounts; ``message`` tells the instances apart.
    """

    replicate: int
    account: Int64
    segment: Texts
    message: Texts
    parent: Int64
    generation: Int64
    share_time: Float64


@dataclass(frozen=True, eq=False)
class SmallGraph:
    """The follower graph of the first draw, where it is small enough to draw.

    ``follower`` and ``followee`` have shape (follows,); ``segment`` ("" for ours) and ``ours`` (the
    name of our account, or "") have shape (accounts,).
    """

    follower: Int64
    followee: Int64
    segment: Texts
    ours: Texts


@dataclass(frozen=True, eq=False)
class Stored(Finished):
    """A finished run with all that its pictures need.

    Attributes
    ----------
    sizes
        Strategy to the posts and shares of each cascade, all message instances and replicates but
        those that touched nobody.
    attention
        Where it is limited, attention by how many accounts followers follow.
    choosable
        Where strategies were scaled to one cost: accounts to choose from by segment (None: all).
    sweep, combinations
        What was explored: points of a sweep, and combinations of what is uncertain.
    """

    sizes: Mapping[str, Int64]
    curves: Curves | None
    trees: Mapping[str, Tree]
    graph: SmallGraph | None
    attention: tuple[AttentionClass, ...] = ()
    choosable: Mapping[str | None, int] = field(default_factory=dict)
    sweep: Sweep | None = None
    combinations: Combinations | None = None

    def is_heavy(self, metric: str, *strategies: str) -> bool:
        """Whether tails of any strategy are so heavy that no interval of a mean is claimed."""
        outcomes = (self.summary["strategies"][name][metric] for name in strategies)
        return any(each.get("heavy", False) for each in outcomes)


def read_stored(path: Path) -> Stored:
    """Read a finished results folder.

    Raises
    ------
    InputError
        If it is no results folder, or the run in it is not finished.
    MachineError
        If a table in it cannot be read.
    """
    finished, folder = read_finished(path), ResultsFolder(path)
    sweep, combinations = read_explored(path, finished.summary)
    sizes = _columns(folder.table(CASCADES, finished.replicates), ("size",))
    return Stored(
        path=path,
        scenario=finished.scenario,
        summary=finished.summary,
        provenance=finished.provenance,
        runs=finished.runs,
        draw=finished.draw,
        sizes={name: _sizes(sizes.get(name)) for name in finished.scenario.strategies},
        curves=_curves(folder.optional_table(CURVES)),
        trees=_trees(folder.optional_table(TREES)),
        attention=_attention(folder.optional_table(ATTENTION)),
        choosable=_choosable(folder.optional_table(SIZES)),
        graph=_graph(folder.optional_table(GRAPH_FOLLOWS), folder.optional_table(GRAPH_ACCOUNTS)),
        sweep=sweep,
        combinations=combinations,
    )


def _sizes(columns: Mapping[str, Any] | None) -> Int64:
    """Return the sizes of cascades; a campaign has instances that were noticed and not shared."""
    return np.empty(0, np.int64) if columns is None else columns["size"]


def _columns(table: pa.Table, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return columns by strategy, in the table's order."""
    strategy = np.asarray([unescaped(name) for name in table["strategy"].to_pylist()])
    columns = {name: table[name].to_numpy() for name in names}
    return {
        str(each): {name: values[strategy == each] for name, values in columns.items()}
        for each in dict.fromkeys(strategy.tolist())
    }


def _curves(table: pa.Table | None) -> Curves | None:
    if table is None:
        return None
    kinds = ("shares_by_hour", "reach_by_hour", "valued_reach_by_hour", "followers_by_hour")
    there = tuple(kind for kind in kinds if kind in table.column_names)
    found = _columns(table, there)
    return Curves(
        np.asarray(table["hours"][0].as_py()),
        *(
            {name: np.stack(columns[kind]) for name, columns in found.items() if kind in there}
            for kind in kinds
        ),
    )


def _trees(table: pa.Table | None) -> dict[str, Tree]:
    if table is None:
        return {}
    names = ("replicate", "account", "segment", "message", "parent", "generation", "share_time")
    return {
        name: Tree(
            replicate=int(columns["replicate"][0]),
            account=columns["account"],
            segment=_texts(columns["segment"]),
            message=_texts(columns["message"]),
            parent=columns["parent"],
            generation=columns["generation"],
            share_time=columns["share_time"],
        )
        for name, columns in _columns(table, names).items()
    }


def _attention(table: pa.Table | None) -> tuple[AttentionClass, ...]:
    rows = [] if table is None else table.to_pylist()
    return tuple(
        AttentionClass(
            unescaped(row["ours"]),
            row["low"],
            None if row["high"] < 0 else row["high"],
            row["accounts"],
            row["attention"],
        )
        for row in rows
    )


def _choosable(table: pa.Table | None) -> dict[str | None, int]:
    rows = [] if table is None else table.to_pylist()
    return {unescaped(row["segment"]) or None: row["accounts"] for row in rows}


def _graph(follows: pa.Table | None, accounts: pa.Table | None) -> SmallGraph | None:
    if follows is None or accounts is None:
        return None
    return SmallGraph(
        follows["follower"].to_numpy(),
        follows["followee"].to_numpy(),
        _texts(accounts["segment"].to_pylist()),
        _texts(accounts["ours"].to_pylist()),
    )


def _texts(values: Any) -> Texts:
    return np.asarray([unescaped(value) for value in values], dtype=np.str_)
