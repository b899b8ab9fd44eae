"""The files of a real graph, read once for all draws."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from propagation.audience.files import checksum
from propagation.audience.importing import (
    AccountTable,
    FollowsRead,
    match_accounts,
    read_accounts,
    read_follows,
    read_graph_file,
)
from propagation.audience.traits import TraitTable
from propagation.problems import InputError, Problem
from propagation.scenario.spec import Accounts, FollowsFile, GraphFile, Scenario


@dataclass(frozen=True, eq=False)
class RealGraph:
    """What was read of a real graph, and what there is to say about it."""

    read: FollowsRead
    table: TraitTable | None
    report: tuple[str, ...]


def read_real_graph(scenario: Scenario, folder: Path) -> RealGraph | None:
    """Read the files a scenario names, relative to ``folder``; None if its graphs are drawn.

    Raises
    ------
    InputError
        If a file is missing, wrong, or not the one its checksum asks for.
    """
    source = scenario.graph
    if not isinstance(source, FollowsFile | GraphFile):
        return None
    path = folder / source.follows
    nodes = None
    if isinstance(source, GraphFile):
        graph = read_graph_file(path, source.arrows, source.ids)
        read, nodes = graph.read, graph.nodes
    else:
        read = read_follows(path, source.follower, source.followee, source.ids)
    _check_unchanged(path, source.sha256, "graph.follows")
    table = read_table(scenario.accounts, folder)
    if table is not None and scenario.accounts is not None:
        rows, matched = match_accounts(read.labels, table, scenario.accounts.isolated)
        return RealGraph(read, TraitTable(table, rows), (*read.report, *matched))
    if nodes is not None:
        return RealGraph(read, TraitTable(nodes, np.arange(len(read.labels))), read.report)
    return RealGraph(read, None, read.report)


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
