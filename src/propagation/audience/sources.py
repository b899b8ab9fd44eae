"""The files of a real graph, read once for all draws."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from propagation.audience.files import checksum
from propagation.audience.follower_graph import FollowerGraph, graph_from_follows, label_keys
from propagation.audience.graph_folder import open_graph_folder
from propagation.audience.importing import (
    AccountTable,
    FollowsRead,
    match_accounts,
    read_accounts,
    read_follows,
    read_graph_file,
)
from propagation.audience.traits import TraitTable
from propagation.problems import InputError, Problem, in_one_line
from propagation.scenario.spec import Accounts, FolderGraph, FollowsFile, GraphFile, Scenario


@dataclass(frozen=True, eq=False)
class RealGraph:
    """A real graph, what is known of its accounts, and what there is to say about it."""

    graph: FollowerGraph
    table: TraitTable | None
    report: tuple[str, ...]


def read_real_graph(scenario: Scenario, folder: Path) -> RealGraph | None:
    """Read the files a scenario names, relative to ``folder``; None if its graphs are drawn.

    Raises
    ------
    InputError
        If a file is missing, wrong, or not the one its checksum asks for.
    """
    source, nodes = scenario.graph, None
    if isinstance(source, FolderGraph):
        graph, report = _from_folder(source, folder)
    elif isinstance(source, GraphFile):
        found = read_graph_file(folder / source.follows, source.arrows, source.ids)
        graph, report, nodes = graph_of(found.read), found.read.report, found.nodes
    elif isinstance(source, FollowsFile):
        path = folder / source.follows
        read = read_follows(path, source.follower, source.followee, source.ids)
        graph, report = graph_of(read), read.report
    else:
        return None
    if isinstance(source, FollowsFile | GraphFile):
        _check_unchanged(folder / source.follows, source.sha256, "graph.follows")
    table = read_table(scenario.accounts, folder)
    if table is not None and scenario.accounts is not None:
        labels = np.asarray(graph.labels)
        rows, matched = match_accounts(labels, table, scenario.accounts.isolated)
        return RealGraph(graph, TraitTable(table, rows), (*report, *matched))
    if nodes is not None:
        return RealGraph(graph, TraitTable(nodes, np.arange(graph.accounts)), report)
    return RealGraph(graph, None, report)


def graph_of(read: FollowsRead) -> FollowerGraph:
    """Return the graph of follows that were read."""
    keys = label_keys(read.labels)
    return graph_from_follows(read.follower, read.followee, keys, read.labels)


def _from_folder(source: FolderGraph, folder: Path) -> tuple[FollowerGraph, tuple[str, ...]]:
    """Open a graph folder; return its graph and what was said when it was imported."""
    opened = open_graph_folder(folder / source.folder)
    if source.checksum is not None and opened.checksum != source.checksum:
        message = (
            f"'{opened.path.name}' has changed since its checksum ({source.checksum[:12]}...) was "
            "written down; import the graph again, or take the line 'checksum' out of the scenario"
        )
        raise InputError(Problem(message, "graph.folder", str(opened.path)))
    report = opened.manifest["made_from"].get("report", ())
    return opened.graph(), tuple(map(in_one_line, map(str, report)))


def read_table(accounts: Accounts | None, folder: Path) -> AccountTable | None:
    """Read the table of accounts that a scenario names, if it names one."""
    if accounts is None or accounts.table is None or accounts.id is None:
        return None
    table = read_accounts(folder / accounts.table, accounts.id)
    _check_unchanged(folder / accounts.table, accounts.sha256, "accounts.table")
    return table


def _check_unchanged(path: Path, expected: str | None, where: str) -> None:
    if expected is None or checksum(path) == expected:
        return
    message = (
        f"'{path.name}' has changed since its checksum (sha256 {expected[:12]}...) was written "
        "down; restore the file, or take the line 'sha256' out of the scenario"
    )
    raise InputError(Problem(message, where, str(path)))
