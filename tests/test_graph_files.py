"""Graph files: read as the edge list that holds the same, direction never guessed, none fatal."""

import contextlib
import gzip
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from propagation.audience import graph_files
from propagation.audience.importing import FollowsRead, read_follows, read_graph_file
from propagation.experiment.runner import Run
from propagation.problems import InputError
from propagation.scenario.reading import parse_scenario, read_scenario
from propagation.scenario.spec import GraphFile, Scenario

FORWARD, BACKWARD = "follower to followee", "followee to follower"
WRITERS: dict[str, Any] = {
    "graphml": nx.write_graphml,
    "gexf": nx.write_gexf,
    "gml": nx.write_gml,
}
KINDS = pytest.mark.parametrize("kind", WRITERS)

SCENARIO = """\
name: net
seed: 5
replicates: 30
graph: {graph}
accounts: {accounts}
ours:
  one: {{account: "7"}}
  two: {{account: "12"}}
messages:
  hello: {{topic: news, resonance: 0.4}}
strategies:
  first: [{{post: hello, by: one, at: 0 h}}]
  second: [{{post: hello, by: two, at: 0 h}}]
compare: {{on: reach, baseline: first}}
"""
ALIKE = "{attention: 0.3, interest: {news: 0.5}}"
BY_ATTRIBUTE = (
    "{segment: club, attention: {column: attention}, interest: {news: 0.3}, "
    "by segment: {a: {interest: {news: 0.8}}}}"
)


def follows(accounts: int = 60, count: int = 240) -> list[tuple[int, int]]:
    """Return distinct follows (follower, followee) in which every account takes part."""
    draw = random.Random(3)
    chosen = {(account, (account + 1) % accounts) for account in range(accounts)}
    while len(chosen) < count:
        follower, followee = draw.sample(range(accounts), 2)
        chosen.add((follower, followee))
    shuffled = sorted(chosen)
    draw.shuffle(shuffled)
    return shuffled


def network(edges: list[tuple[int, int]]) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((str(follower), str(followee)) for follower, followee in edges)
    for node in graph:
        graph.nodes[node].update(attention=0.1 + int(node) / 1000, club="ab"[int(node) % 2])
    return graph


def edge_list(folder: Path, edges: list[tuple[int, int]]) -> Path:
    path = folder / "net.csv"
    path.write_text("src,dst\n" + "".join(f"{a},{b}\n" for a, b in edges))
    return path


def runs_of(folder: Path, graph: str, accounts: str, out: str) -> bytes:
    path = folder / f"{out}.yaml"
    path.write_text(SCENARIO.format(graph=graph, accounts=accounts))
    Run(read_scenario(path), folder, folder / out)()
    return (folder / out / "runs.parquet").read_bytes()


def same(one: FollowsRead, other: FollowsRead) -> bool:
    return (
        one.follower.tolist() == other.follower.tolist()
        and one.followee.tolist() == other.followee.tolist()
        and one.labels.tolist() == other.labels.tolist()
        and one.labels.dtype == other.labels.dtype
    )


def refused(path: Path, arrows: str | None = FORWARD) -> str:
    with pytest.raises(InputError) as error:
        read_graph_file(path, arrows)
    (problem,) = error.value.problems
    told = str(problem)
    assert "\n" not in told
    return told.removeprefix(str(path))


# --- read as the edge list that holds the same ---


@KINDS
def test_runs_are_byte_equal_to_those_of_the_edge_list(tmp_path: Path, kind: str) -> None:
    edges = follows()
    edge_list(tmp_path, edges)
    WRITERS[kind](network(edges), tmp_path / f"net.{kind}")
    plain = runs_of(tmp_path, "{follows: net.csv, follower: src, followee: dst}", ALIKE, "plain")
    graph = f"{{follows: net.{kind}, arrows: {FORWARD}}}"
    assert runs_of(tmp_path, graph, ALIKE, "same") == plain
    turned = f"{{follows: net.{kind}, arrows: {BACKWARD}}}"
    assert runs_of(tmp_path, turned, ALIKE, "turned") != plain


@KINDS
def test_follows_labels_and_report_are_those_of_the_edge_list(tmp_path: Path, kind: str) -> None:
    edges = follows()
    path = tmp_path / f"net.{kind}"
    WRITERS[kind](network(edges), path)
    plain = read_follows(edge_list(tmp_path, edges), "src", "dst")
    read = read_graph_file(path, FORWARD).read
    assert same(read, plain)
    assert read.report[0] == plain.report[0].replace("lines", "edges").replace("csv", kind)
    assert read.report[1].startswith(f"arrows go from {FORWARD}: '")
    assert read.report[1].split(": ")[1] == plain.report[1].split(": ")[1]
    assert read.report[2:] == plain.report[2:]
    turned = read_graph_file(path, BACKWARD).read
    assert same(turned, read_follows(tmp_path / "net.csv", "dst", "src"))
    assert not same(turned, read)
    packed = tmp_path / f"net.{kind}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert same(read_graph_file(packed, FORWARD).read, plain)


@KINDS
def test_undirected_edges_are_follows_both_ways(tmp_path: Path, kind: str) -> None:
    graph: nx.Graph[str] = nx.Graph([("a", "b"), ("b", "c"), ("c", "c")])
    path = tmp_path / f"net.{kind}"
    WRITERS[kind](graph, path)
    read = read_graph_file(path).read
    assert read.labels.tolist() == ["a", "b", "c"]
    pairs = set(zip(read.follower.tolist(), read.followee.tolist(), strict=True))
    assert pairs == {(0, 1), (1, 0), (1, 2), (2, 1)}
    assert read.report[0] == (
        f"read 3 edges of net.{kind}: 3 accounts, 4 follows; dropped 1 self-follows, 0 duplicates"
    )
    assert read.report[1].startswith("edges have no direction, so each is a follow both ways: 'b'")
    assert read.selfish == 1
    assert "an undirected graph has no arrows" in refused(path, FORWARD)


@KINDS
@pytest.mark.parametrize("directed", [True, False])
def test_repeats_are_counted(tmp_path: Path, kind: str, directed: bool) -> None:
    graph: Any = (nx.MultiDiGraph if directed else nx.MultiGraph)()
    graph.add_edges_from([("a", "b"), ("a", "b"), ("b", "a"), ("b", "b"), ("b", "b"), ("c", "a")])
    path = tmp_path / f"net.{kind}"
    WRITERS[kind](graph, path)
    read = read_graph_file(path, FORWARD if directed else None).read
    said = (
        "3 follows; dropped 2 self-follows, 1"
        if directed
        else "4 follows; dropped 2 self-follows, 2"
    )
    assert read.report[0] == f"read 6 edges of net.{kind}: 3 accounts, {said} duplicates"


def test_accounts_without_follows_stay(tmp_path: Path) -> None:
    graph = network([(1, 2)])
    graph.add_node("9")
    nx.write_graphml(graph, tmp_path / "net.graphml")
    read = read_graph_file(tmp_path / "net.graphml", FORWARD).read
    assert read.labels.tolist() == [1, 2, 9]
    assert read.report[-1] == "accounts without followers: 2; accounts that follow nobody: 2"


def test_one_odd_id_makes_all_text_unless_the_scenario_says_otherwise(tmp_path: Path) -> None:
    graph: nx.DiGraph[str] = nx.DiGraph([("007", "7")])
    path = tmp_path / "net.graphml"
    nx.write_graphml(graph, path)
    read = read_graph_file(path, FORWARD).read
    assert read.labels.tolist() == ["007", "7"]
    assert read.report[-1].startswith("ids are compared as text, because 1 of 2 are no plain")
    with pytest.raises(InputError, match="2 nodes are the same account: '007', '7'"):
        read_graph_file(path, FORWARD, "integer")


# --- attributes of nodes as the table of accounts ---


@KINDS
def test_attributes_give_the_runs_that_a_table_gives(tmp_path: Path, kind: str) -> None:
    edges = follows()
    graph = network(edges)
    edge_list(tmp_path, edges)
    WRITERS[kind](graph, tmp_path / f"net.{kind}")
    rows = [f"{n},{data['attention']!r},{data['club']}" for n, data in graph.nodes(data=True)]
    (tmp_path / "table.csv").write_text("\n".join(["id,attention,club", *rows]))
    table = BY_ATTRIBUTE.replace("{segment", "{table: table.csv, id: id, segment", 1)
    plain = runs_of(tmp_path, "{follows: net.csv, follower: src, followee: dst}", table, "plain")
    arrows = f"{{follows: net.{kind}, arrows: {FORWARD}}}"
    assert runs_of(tmp_path, arrows, BY_ATTRIBUTE, "attributes") == plain
    assert runs_of(tmp_path, arrows, table, "table") == plain
    nx.set_node_attributes(graph, 0.9, "attention")
    WRITERS[kind](graph, tmp_path / f"net.{kind}")
    assert runs_of(tmp_path, arrows, BY_ATTRIBUTE, "other") != plain


def nodes_of(folder: Path, attributes: list[dict[str, object]], kind: str = "graphml") -> Any:
    graph: nx.DiGraph[str] = nx.DiGraph([("a", "b"), ("b", "c")])
    for node, block in zip("abc", attributes, strict=True):
        graph.nodes[node].update(block)
    path = folder / f"net.{kind}"
    WRITERS[kind](graph, path)
    return read_graph_file(path, FORWARD).nodes


@KINDS
def test_a_missing_attribute_is_one_line(tmp_path: Path, kind: str) -> None:
    nodes = nodes_of(tmp_path, [{"x": 0.5}, {}, {}], kind)
    with pytest.raises(InputError) as error:
        nodes.numbers("x")
    assert [str(problem) for problem in error.value.problems] == [
        f"{tmp_path / f'net.{kind}'}: attribute 'x', node 'b': is missing (2 nodes: 'b', 'c')"
    ]
    with pytest.raises(InputError, match=r"attribute: 'y' is not one of the attributes: .*'x'"):
        nodes.numbers("y")


def test_attributes_that_are_no_numbers_are_refused_where_numbers_are_needed(
    tmp_path: Path,
) -> None:
    nodes = nodes_of(tmp_path, [{"x": True}, {"x": False}, {"x": True}])
    with pytest.raises(InputError, match="attribute 'x', node 'a': 'True' is not a number"):
        nodes.numbers("x")
    assert nodes.texts("x").tolist() == ["True", "False", "True"]
    with pytest.raises(InputError, match=r"attribute 'x', node 'b': 7 is not between 0 and 1"):
        raise InputError(nodes.problem("x", 1, "7 is not between 0 and 1"))
    nested = nodes_of(tmp_path, [{"x": {"y": 1}}, {"x": 2}, {"x": 3}], "gml")
    with pytest.raises(InputError, match=r"attribute 'x' holds more than one value at a node"):
        nested.numbers("x")


def test_defaults_of_a_file_hold_where_a_node_says_nothing(tmp_path: Path) -> None:
    graph: nx.DiGraph[str] = nx.DiGraph([("a", "b")], node_default={"x": 0.25})
    graph.nodes["a"]["x"] = 0.5
    nx.write_graphml(graph, tmp_path / "net.graphml")
    nodes = read_graph_file(tmp_path / "net.graphml", FORWARD).nodes
    assert nodes.numbers("x").tolist() == [0.5, 0.25]


# --- files that are wrong ---

GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{}</graphml>'
GRAPH = '<graph edgedefault="directed">{}</graph>'
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]><graphml>&j;</graphml>"
)
EDGE = '<node id="a"/><node id="b"/><edge source="a" target="b"/>'
GML = "graph [ directed 1 {} ]"
TWO = 'node [ id 1 label "a" ] node [ id 2 label "b" ] '

WRONG: dict[str, tuple[str, str | tuple[str, ...]]] = {
    "cut.graphml": (
        GRAPHML.format(GRAPH.format(EDGE))[:-30],
        ":1: is no GraphML file, or a damaged",
    ),
    "csv.gexf": ("a,b\n1,2\n", ":1: is no GEXF file, or a damaged one (syntax error)"),
    "page.graphml": ("<html/>", ":1: holds <html>, not <graphml>: it is no GraphML file"),
    "other.gexf": (GRAPHML.format(""), ":1: holds <graphml>, not <gexf>: it is no GEXF file"),
    "bomb.graphml": (BOMB, ":1: declares the entity 'a': entities are not read"),
    "outside.gexf": (
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><gexf>&f;</gexf>',
        ":1: declares the entity 'f'",
    ),
    "deep.graphml": (
        GRAPHML.format("<a>" * 9999 + "</a>" * 9999),
        ":1: elements stand more than 50",
    ),
    "encoding.graphml": (
        '<?xml version="1.0" encoding="x"?><graphml/>',
        ": is in an encoding that",
    ),
    "empty.graphml": ("", ": is empty: there is nothing to read"),
    "empty.gml": (" \n", ": is empty: there is nothing to read"),
    "no-graph.graphml": (GRAPHML.format(""), ": holds no graph"),
    "no-nodes.graphml": (GRAPHML.format(GRAPH.format("")), ": holds 0 nodes and no edges"),
    "no-edges.graphml": (GRAPHML.format(GRAPH.format('<node id="a"/>')), ": holds 1 nodes and no"),
    "loops.graphml": (
        GRAPHML.format(GRAPH.format('<edge source="a" target="a"/>')),
        ": holds only accounts that follow themselves",
    ),
    "no-id.graphml": (GRAPHML.format(GRAPH.format("\n<node/>")), ":2: <node> has no 'id'"),
    "no-source.graphml": (
        GRAPHML.format(GRAPH.format('<edge target="a"/>')),
        ":1: <edge> has no 'source'",
    ),
    "repeated.graphml": (
        GRAPHML.format(GRAPH.format('<node id="a"/>\n\n<node id="a"/>')),
        ":3: node 'a' stands in the file twice, first on line 1",
    ),
    "two.graphml": (GRAPHML.format(GRAPH.format(EDGE) * 2), ":1: a second graph starts here"),
    "inner.graphml": (
        GRAPHML.format(GRAPH.format(f'<node id="x">{GRAPH.format(EDGE)}</node>')),
        ":1: a graph stands inside a node",
    ),
    "no-direction.graphml": (
        GRAPHML.format(f"<graph>{EDGE}</graph>"),
        ":1: <graph> must say which edges it has: edgedefault '' is not one of: directed, undirec",
    ),
    "mixed.graphml": (
        GRAPHML.format(GRAPH.format('<edge source="a" target="b" directed="false"/>')),
        ": cannot be read as GraphML: directed=false edge found in directed graph.",
    ),
    "number.graphml": (
        GRAPHML.format(
            '<key id="k" for="node" attr.name="x" attr.type="int"/>'
            + GRAPH.format('<node id="a"><data key="k">one</data></node>')
        ),
        ": cannot be read as GraphML: invalid literal for int() with base 10: 'one'",
    ),
    "class.gexf": (
        '<gexf xmlns="http://www.gexf.net/1.2draft"><graph><attributes class="x"/></graph></gexf>',
        (  # networkx up to 3.6 raises nothing by name here
            ": cannot be read as GEXF: Unknown attribute class x.",
            ": cannot be read as GEXF: it is not built like one (RuntimeError)",
        ),
    ),
    "id-twice.gml": (
        GML.format('node [ id 1 label "a" ] node [ id 1 label "b" ]'),
        ": cannot be read as GML: node id 1 is duplicated",
    ),
    "label-twice.gml": (
        GML.format('node [ id 1 label "a" ] node [ id 2 label "a" ]'),
        ": cannot be read as GML: node label 'a' is duplicated",
    ),
    "alike.gml": (
        GML.format('node [ id 1 label "7" ] node [ id 2 label 7 ] edge [ source 1 target 2 ]'),
        ": node: 2 nodes are the same account: '7', '7'; ids must differ",
    ),
    "no-label.gml": (
        GML.format("node [ id 1 ]"),
        ": cannot be read as GML: node #0 has no 'label'",
    ),
    "blank.gml": (
        GML.format('node [ id 1 label " " ] node [ id 2 label "b" ] edge [ source 1 target 2 ]'),
        ": node: '' is empty, but every node needs it",
    ),
    "negative.gml": (
        GML.format("node [ id 1 label -1 ] node [ id 2 label 5 ] edge [ source 1 target 2 ]"),
        ": node: '-1' is a number but not a whole one from 0 up; `ids: text` takes every id",
    ),
    "repeat.gml": (
        GML.format(TWO + "edge [ source 1 target 2 ]" * 2),
        ": cannot be read as GML: edge #1 (1->2) is duplicated; take it out, or write 'multigraph",
    ),
    "nowhere.gml": (
        GML.format(TWO + "edge [ source 1 target 9 ]"),
        ": cannot be read as GML: edge #0 has undefined target 9",
    ),
    "nested.gml": (
        GML.format("x [ " * 200_000 + "]" * 200_000),
        ": cannot be read as GML: it is nested too deeply",
    ),
    "quote.gml": ('graph [ label "', ': cannot be read as GML: cannot tokenize " at (1, 15)'),
    "word.gml": ("graph 5", ": cannot be read as GML: it is not built like one (AttributeError)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content, expected = WRONG[name]
    path = tmp_path / name
    path.write_bytes(content.encode())
    assert refused(path).startswith(expected)


@KINDS
def test_junk_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"net.{kind}"
    draw = np.random.default_rng(1)
    for _ in range(30):
        path.write_bytes(draw.bytes(500))
        assert refused(path)
    WRITERS[kind](network(follows()), path)
    whole = gzip.compress(path.read_bytes())
    packed = tmp_path / f"net.{kind}.gz"
    packed.write_bytes(whole[:-40])
    assert refused(packed).startswith(": is a damaged gzip file, copy or download it again (")


@KINDS
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"net.{kind}"
    WRITERS[kind](network(follows(6, 10)), path)
    whole = path.read_bytes()
    draw = random.Random(2)
    read = 0
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 3)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        path.write_bytes(damaged)
        with contextlib.suppress(InputError):
            read_graph_file(path, FORWARD)
            read += 1
    assert 0 < read < 200


def test_what_is_too_large_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(graph_files.LARGEST, "GML", 1_000_000)
    path = tmp_path / "net.gml.gz"
    path.write_bytes(gzip.compress(b" " * 1_000_001))
    assert refused(path).startswith(": is too large: GML is read up to 1 MB (unpacked); write the")
    path.write_bytes(gzip.compress(b" " * 1_000_000))
    assert refused(path).startswith(": is empty")
    plain = tmp_path / "net.gml"
    plain.write_bytes(b" " * 1_000_001)
    assert refused(plain).startswith(": is too large")


def test_other_names_and_missing_files_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "net.xml").startswith(": is not called .graphml, .gexf or .gml")
    nx.write_gml(network([(1, 2)]), tmp_path / "net.gml")
    assert refused(tmp_path / "nat.gml") == ": there is no such file. Did you mean 'net.gml'?"


# --- in a scenario ---


def scenario(graph: str, accounts: str = ALIKE) -> Scenario:
    return parse_scenario(SCENARIO.format(graph=graph, accounts=accounts), "net.yaml")


@pytest.mark.parametrize("name", ["net.graphml", "Net.GEXF", "net.gml.gz", "a/b.gml"])
def test_the_ending_says_that_it_is_a_graph_file(name: str) -> None:
    read = scenario(f"{{follows: {name}, arrows: {BACKWARD}}}")
    assert isinstance(read.graph, GraphFile)
    assert (read.graph.arrows, read.draws) == (BACKWARD, 1)


COMBINATIONS: dict[str, tuple[str, str, str]] = {
    "columns for a graph file": (
        "{follows: net.graphml, follower: 1, followee: 2}",
        ALIKE,
        "net.yaml:4: graph: 'net.graphml' is a graph file (GraphML), which has no columns: give "
        "'arrows' in place of 'follower' and 'followee' ('follower to followee' or 'followee to "
        "follower'; nothing if it is undirected)",
    ),
    "arrows for a table of follows": (
        f"{{follows: net.csv, arrows: {FORWARD}}}",
        ALIKE,
        "net.yaml:4: graph: 'net.csv' is read as a table of follows, which needs 'follower' and "
        "'followee', its two columns; 'arrows' is for .graphml, .gexf and .gml",
    ),
    "no columns": (
        "{follows: net.csv, follower: 1}",
        ALIKE,
        "net.yaml:4: graph: 'followee' is missing; needed: follows, follower, followee",
    ),
    "unknown arrows": (
        "{follows: net.gml, arrows: up}",
        ALIKE,
        "net.yaml:4: graph.arrows: 'up' is not one of: follower to followee, followee to follower.",
    ),
    "misspelt": (
        f"{{follows: net.gml, arrow: {FORWARD}}}",
        ALIKE,
        "net.yaml:4: graph: 'arrow' is not one of: follows, arrows, ids, sha256. "
        "Did you mean 'arrows'?",
    ),
    "id without table": (
        "{follows: net.gml}",
        "{id: node, attention: 0.1, interest: {news: 1}}",
        "net.yaml:5: accounts.id: needs a table: give accounts.table",
    ),
}


@pytest.mark.parametrize("case", COMBINATIONS)
def test_wrong_combinations_get_their_line(case: str) -> None:
    graph, accounts, expected = COMBINATIONS[case]
    with pytest.raises(InputError) as error:
        scenario(graph, accounts)
    assert [str(problem) for problem in error.value.problems] == [expected]


def test_a_direction_is_asked_for_at_its_line(tmp_path: Path) -> None:
    nx.write_gml(network([(7, 12), (12, 7)]), tmp_path / "net.gml")
    path = tmp_path / "net.yaml"
    path.write_text(SCENARIO.format(graph="{follows: net.gml}", accounts=ALIKE))
    command = [sys.executable, "-m", "propagation", "check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"{path}:4: graph.arrows: A directed graph needs to say what its arrows mean: "
        f"{FORWARD} or {BACKWARD}\n"
    )


def test_the_results_keep_the_checksum_and_can_be_made_again(tmp_path: Path) -> None:
    nx.write_gexf(network(follows()), tmp_path / "blob")
    (tmp_path / "net.gexf").symlink_to("blob")  # a link's own name says what it leads to
    graph = f"{{follows: net.gexf, arrows: {FORWARD}}}"
    runs = runs_of(tmp_path, graph, BY_ATTRIBUTE, "results")
    stored = read_scenario(tmp_path / "results" / "scenario.yaml")
    assert isinstance(stored.graph, GraphFile)
    assert (stored.graph.follows, len(str(stored.graph.sha256))) == ("../net.gexf", 64)
    Run(stored, tmp_path / "results", tmp_path / "again")()
    assert (tmp_path / "again" / "runs.parquet").read_bytes() == runs
    with (tmp_path / "blob").open("a") as file:
        file.write(" ")
    with pytest.raises(InputError, match=r"'net.gexf' has changed since its checksum"):
        Run(stored, tmp_path / "results", tmp_path / "changed")()
