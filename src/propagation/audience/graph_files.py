"""Who follows whom, read from a graph file: GraphML, GEXF or GML, by networkx.

Such a file says whether its edges have a direction but not what the direction means, so a scenario
says it (``arrows``). What is known of each node stands in the file too, and can serve as a table
of accounts.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from propagation.audience import labels as account_labels
from propagation.audience.account_tables import AccountTable
from propagation.audience.arrows import ARROWS, refuse_arrows
from propagation.audience.edge_lists import (
    FollowsRead,
    counted,
    counts_of,
    extremes,
    lonely,
    sorted_follows,
)
from propagation.audience.files import content_of, unpacked
from propagation.audience.graph_xml import check_xml
from propagation.audience.labels import Kind, Labels
from propagation.audience.records import Records
from propagation.problems import InputError, Problem, in_one_line
from propagation.scenario.accounts import graph_format

LARGEST = {"GraphML": 64_000_000, "GEXF": 64_000_000, "GML": 20_000_000}
"""Bytes, unpacked: up to a minute and 2 GB, for networkx keeps a kilobyte for each edge."""
SCALARS = (str, int, float, bool, np.generic)


@dataclass(frozen=True, eq=False)
class GraphRead:
    """The follows of a graph file, and its nodes' attributes as a table in order of account."""

    read: FollowsRead
    nodes: AccountTable


def read_graph_file(
    path: str | Path, arrows: str | None = None, ids: Kind | None = None
) -> GraphRead:
    """Read follows and accounts from a GraphML, GEXF or GML file, gzipped or not.

    Parameters
    ----------
    path
        The file; its name says which format it is.
    arrows
        What an edge from u to v of a directed graph means: ``follower to followee`` or ``followee
        to follower``. Edges of an undirected graph are follows both ways.
    ids
        Whether ids are whole numbers or text; by default whole numbers if all of them are.

    Raises
    ------
    InputError
        If the file is none of these, is damaged or too large, or if the arrows do not fit it.
    """
    file = str(path)
    graph = _graph(Path(path), file)
    refuse_arrows(graph, arrows)
    if not graph.number_of_edges():
        nodes = graph.number_of_nodes()
        message = f"holds {nodes:,} nodes and no edges: nobody follows anybody"
        raise InputError(Problem(message, file=file))
    names = [str(node).strip() for node in graph]
    texts = pa.array(names, pa.large_string())
    _refuse_faults(texts, ids, file)
    kind = ids or account_labels.kind_of(texts)
    labels, account = account_labels.sorted_labels(texts, kind)
    if len(labels) < len(names):
        raise InputError(_repeated(names, account, file))
    read = _follows(graph, account, labels, arrows, file)
    if kind == "text" and ids is None:
        report = (*read.report, *map(in_one_line, account_labels.why_text(texts)))
        read = FollowsRead(read.follower, read.followee, labels, report, read.selfish)
    order = np.argsort(account)
    return GraphRead(read, _table(graph, order, [names[place] for place in order], labels, file))


def _graph(path: Path, file: str) -> "nx.Graph[Any]":
    """Have networkx read the file, once it is known to be small and sound enough."""
    kind = graph_format(file)
    if kind is None:
        message = "is not called .graphml, .gexf or .gml (or one of these with .gz)"
        raise InputError(Problem(message, file=file))
    limit = LARGEST[kind] + 1
    content = content_of(path, limit)
    content = unpacked(content, file, limit) if len(content) < limit else content
    if len(content) == limit:
        message = (
            f"is too large: {kind} is read up to {LARGEST[kind] // 1_000_000} MB (unpacked); "
            "write the follows as an edge list (CSV), which may have any size"
        )
        raise InputError(Problem(message, file=file))
    if not content.strip():
        raise InputError(Problem("is empty: there is nothing to read", file=file))
    if kind != "GML":
        check_xml(content, kind, file)
    try:
        if kind == "GraphML":
            return nx.read_graphml(io.BytesIO(content))
        if kind == "GEXF":
            return nx.read_gexf(io.BytesIO(content))
        return nx.parse_gml(_gml_lines(content, file))
    except (InputError, MemoryError):
        raise
    except Exception as error:  # whatever networkx stumbles over, the file is what can be changed
        raise InputError(Problem(_in_words(error, kind), file=file)) from None


def _gml_lines(content: bytes, file: str) -> list[str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        message = f"byte 0x{content[error.start]:02x} is not UTF-8: it is no GML file, or damaged"
        raise InputError(Problem(message, file=file, line=line)) from None
    return text.split("\n")


def _in_words(error: Exception, kind: str) -> str:
    """Say what networkx did not understand."""
    if isinstance(error, RecursionError):
        return f"cannot be read as {kind}: it is nested too deeply"
    message = " ".join(str(error).split())
    if not isinstance(error, nx.NetworkXError | ValueError):
        return f"cannot be read as {kind}: it is not built like one ({type(error).__name__})"
    if re.match(r"edge #\d+ .* is duplicated", message) and "multigraph" not in message:
        message += "; take it out, or write 'multigraph 1' into the graph to have repeats counted"
    return f"cannot be read as {kind}: {message}"


def _refuse_faults(texts: pa.Array, ids: Kind | None, file: str) -> None:
    problems = []
    for mask, message in account_labels.faults(texts, ids, "node"):
        places = np.flatnonzero(mask)
        more = f" ({len(places):,} nodes)" if len(places) > 1 else ""
        value = texts[int(places[0])].as_py()
        problems.append(Problem(f"'{value}' {message}{more}", "node", file))
    if problems:
        raise InputError(problems)


def _repeated(names: list[str], account: NDArray[np.int64], file: str) -> Problem:
    """Say which nodes have names that are one and the same account."""
    counts = np.bincount(account)
    same = [names[place] for place in np.flatnonzero(account == counts.argmax()).tolist()]
    shown = ", ".join(f"'{name}'" for name in same[:3])
    message = f"{len(same)} nodes are the same account: {shown}; ids must differ"
    return Problem(message, "node", file)


def _follows(
    graph: "nx.Graph[Any]",
    account: NDArray[np.int64],
    labels: Labels,
    arrows: str | None,
    file: str,
) -> FollowsRead:
    number = dict(zip(graph, account.tolist(), strict=True))
    ends = np.array([(number[u], number[v]) for u, v in graph.edges()], np.int64)
    edges, loops = len(ends), int(np.count_nonzero(ends[:, 0] == ends[:, 1]))
    if loops == edges:
        raise InputError(Problem("holds only accounts that follow themselves", file=file))
    pairs = ends.T[::-1] if arrows == ARROWS[1] else ends.T
    if not graph.is_directed():
        pairs = np.concatenate([pairs, pairs[::-1]], axis=1)
    follows, selfish = sorted_follows(pairs, len(labels))
    if graph.is_directed():
        said = counted(len(labels), follows.shape[1], loops, edges)
        meaning = f"arrows go from {arrows}"
    else:
        distinct = follows.shape[1] // 2
        said = (
            f"{len(labels):,} accounts, {follows.shape[1]:,} follows; dropped {loops:,} "
            f"self-follows, {edges - loops - distinct:,} duplicates"
        )
        meaning = "edges have no direction, so each is a follow both ways"
    counts = counts_of(follows, len(labels))
    report = (
        f"read {edges:,} edges of {Path(file).name}: {said}",
        f"{meaning}: {extremes(labels, *counts)}",
        lonely(*counts),
    )
    told = tuple(map(in_one_line, report))
    return FollowsRead(follows[0], follows[1], labels, told, len(np.unique(selfish)))


def _table(
    graph: "nx.Graph[Any]",
    order: NDArray[np.int64],
    names: list[str],
    labels: Labels,
    file: str,
) -> AccountTable:
    """Return the attributes of nodes as text, empty where a node has none, by account."""
    given = [_by_name(data) for _, data in graph.nodes(data=True)]
    defaults = _by_name(graph.graph.get("node_default", {}))
    blocks = [given[place] for place in order.tolist()]
    attributes = sorted({name for block in (defaults, *blocks) for name in block})
    cells: dict[str, pa.Array] = {}
    refused: dict[str, str] = {}
    for name in attributes:
        values = [block.get(name, defaults.get(name)) for block in blocks]
        odd = next((v for v in values if v is not None and not isinstance(v, SCALARS)), None)
        if odd is not None:
            refused[name] = f"more than one value at a node ({type(odd).__name__})"
            continue
        texts = ["" if value is None else str(value).strip() for value in values]
        cells[name] = pa.array(texts, pa.large_string())
    source = Records(file, tuple(cells), cells, refused, unit="node", names=names)
    return AccountTable(labels, "id", source, pa.array(names, pa.large_string()), cells)


def _by_name(attributes: Mapping[object, object]) -> dict[str, object]:
    return {str(name): value for name, value in attributes.items()}
