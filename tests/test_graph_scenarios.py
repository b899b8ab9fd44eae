"""Scenarios on graph folders: the world, and so the results, of the file that was imported."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from propagation import cli
from propagation.audience import labels as account_labels
from propagation.audience.graph_facts import facts_of, returned
from propagation.audience.graph_folder import open_graph_folder
from propagation.audience.graph_import import GraphImport
from propagation.audience.labels import find_account
from propagation.audience.sources import read_real_graph
from propagation.audience.world import build_world
from propagation.experiment.runner import Run
from propagation.problems import InputError
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import FolderGraph
from tests.test_graph_import import quiet

SCENARIO = """\
name: test
replicates: 20
graph: {graph}
accounts: {accounts}
ours:
  ceo: {{account: "{ceo}"}}
  brand: {{followers: {{everybody: 30}}}}
messages:
  hello: {{topic: news, resonance: 0.9}}
strategies:
  small: [{{post: hello, by: ceo, at: 0 h}}]
  large: [{{post: hello, by: brand, at: 0 h}}]
compare: {{on: reach, baseline: large}}
"""
ALIKE = "{attention: 0.4, interest: {news: 0.4}}"
FILE = "{follows: follows.csv, follower: src, followee: dst}"
FOLDER = "{folder: graph}"


def follows(ids: list[object], lines: int = 3000) -> str:
    rng = random.Random(7)
    popular = [ids[int(len(ids) * rng.random() ** 3)] for _ in range(lines)]
    return "src,dst\n" + "".join(f"{rng.choice(ids)},{popular[i]}\n" for i in range(lines))


def lay_out(folder: Path, ids: list[object]) -> None:
    path = folder / "follows.csv"
    path.write_text(follows(ids), encoding="utf-8")
    GraphImport(path, folder / "graph", "src", "dst")(quiet)


def scenario_in(folder: Path, graph: str, ceo: object, accounts: str = ALIKE) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(SCENARIO.format(graph=graph, accounts=accounts, ceo=ceo), encoding="utf-8")
    return path


def tables(folder: Path, graph: str, ceo: object, accounts: str = ALIKE) -> list[object]:
    path, out = scenario_in(folder, graph, ceo, accounts), folder / f"results {len(graph)}"
    Run(read_scenario(path), folder, out)()
    return [
        pq.read_table(out / f"{name}.parquet")
        for name in ("runs", "cascades", "curves", "trees", "follows", "accounts")
        if (out / f"{name}.parquet").is_file()
    ]


IDS: dict[str, list[object]] = {
    "small": list(range(0, 800, 2)),
    "64 bits": [2**62 + 977 * number for number in range(400)],
    "text": [f"user {number:x}" for number in range(400)],
}


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
def test_results_are_those_of_the_file(tmp_path: Path, ids: list[object]) -> None:
    lay_out(tmp_path, ids)
    from_file, from_folder = (tables(tmp_path, graph, ids[3]) for graph in (FILE, FOLDER))
    assert from_file == from_folder
    assert len(from_file) >= 4
    assert tables(tmp_path, "{ folder: graph }", ids[9]) != from_file  # another account of ours


def test_a_table_of_accounts_is_matched_by_id(tmp_path: Path) -> None:
    lay_out(tmp_path, IDS["small"])
    known = open_graph_folder(tmp_path / "graph").labels
    assert known is not None
    rows = "".join(f"{number},{number % 7 / 10}\n" for number in known)
    (tmp_path / "accounts.csv").write_text(f"node,keen\n{rows}")
    accounts = "{table: accounts.csv, id: node, attention: 0.5, interest: {news: {column: keen}}}"
    from_file, from_folder = (tables(tmp_path, graph, 6, accounts) for graph in (FILE, FOLDER))
    assert from_file == from_folder
    (tmp_path / "accounts.csv").write_text(f"node,keen\n{rows}999999,0.5\n")
    path = scenario_in(tmp_path, FOLDER, 6, accounts)
    with pytest.raises(InputError, match="not in the follows: '999999'"):
        read_real_graph(read_scenario(path), tmp_path)


def test_the_world_holds_the_mapped_lists(tmp_path: Path) -> None:
    lay_out(tmp_path, IDS["small"])
    scenario = read_scenario(scenario_in(tmp_path, FOLDER, 6))
    real = read_real_graph(scenario, tmp_path)
    assert real is not None
    assert isinstance(real.graph.followers.base, np.memmap)
    assert not real.graph.followers.flags.writeable
    file = read_scenario(scenario_in(tmp_path, FILE, 6))
    other = read_real_graph(file, tmp_path)
    assert other is not None
    assert real.report == other.report
    world, expected = build_world(scenario, 0, real), build_world(file, 0, other)
    assert np.array_equal(world.graph.followers, expected.graph.followers)
    assert np.array_equal(world.graph.account_keys, expected.graph.account_keys)
    assert world.ours == expected.ours


def test_the_results_keep_the_checksum_and_can_be_made_again(tmp_path: Path) -> None:
    lay_out(tmp_path, IDS["small"])
    path = scenario_in(tmp_path, FOLDER, 6)
    Run(read_scenario(path), tmp_path, tmp_path / "results")()
    stored = read_scenario(tmp_path / "results" / "scenario.yaml")
    assert isinstance(stored.graph, FolderGraph)
    assert stored.graph.folder == "../graph"
    assert stored.graph.checksum == open_graph_folder(tmp_path / "graph").checksum
    runs = (tmp_path / "results" / "runs.parquet").read_bytes()
    Run(stored, tmp_path / "results", tmp_path / "again")()
    assert (tmp_path / "again" / "runs.parquet").read_bytes() == runs
    more = tmp_path / "more.csv"
    more.write_text(follows(IDS["small"]) + "1,2\n")
    GraphImport(more, tmp_path / "graph", "src", "dst", replace=True)(quiet)
    with pytest.raises(InputError, match=r"graph\.folder: 'graph' has changed since its checksum"):
        Run(stored, tmp_path / "results", tmp_path / "changed")()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32, np.int64])
def test_ids_of_any_type_are_found(kind: type[np.int64]) -> None:
    labels = np.array([2, 30, 200, 255], kind)
    assert [find_account(labels, str(label)) for label in labels] == [0, 1, 2, 3]
    for wanted in ("3", "256", "70000", str(2**63 - 1), str(2**70), "-2", "x"):
        with pytest.raises(InputError, match="is not among the 4 accounts"):
            find_account(labels, wanted)


def test_similar_ids_are_found_without_looking_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.array([12, 8151, 8152, 81520, 90000], np.uint32)
    monkeypatch.setattr(account_labels, "MOST_COMPARED", 3)
    for wanted, close in (
        ("8150", "Did you mean '81520' or '8152' or '8151'?"),
        ("@8151", "Did you mean '8151'"),
        ("5124444", None),
        ("word", None),
    ):
        with pytest.raises(InputError) as caught:
            find_account(labels, wanted)
        assert (close or "") in str(caught.value)
        assert ("Did you mean" in str(caught.value)) == (close is not None)


def invoke(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["graph", *words])
    return result.exit_code, result.stdout, result.stderr


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("follows.txt").write_text("# who whom\n7 8\n8 7\n9 7\n9 8\n7 7\n")
    asked = ("import", "follows.txt", "--to", "graph", "--follower", "1", "--followee", "2")
    code, out, err = invoke(*asked, "--both")
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "read 5 lines of follows.txt: 3 accounts, 4 follows; dropped 1 self-follows, 0 duplicates",
        "column '1' follows column '2': '7' has the most followers (2), "
        "'9' follows the most accounts (2)",
        "accounts without followers: 1; accounts that follow nobody: 0",
        "Graph folder: graph",
    ]
    assert invoke("check", "graph") == (
        0,
        "graph: 3 accounts and 4 follows, all as they were written\n",
        "",
    )
    code, out, err = invoke("show", "graph")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == ["accounts: 3", "follows: 4, 1.3 an account"]
    assert "follows that are returned: 50.0%" in out
    assert "file: follows.txt, bytes: 31, sha256: " in out
    assert invoke(*asked) == (2, "", "graph: is there already; --force replaces it\n")
    assert invoke(*asked, "--force")[0] == 0
    assert "returned" not in invoke("show", "graph")[1]
    with Path("graph/followers.npy").open("rb+") as file:
        file.seek(132)
        file.write(b"\x07")
    code, out, err = invoke("check", "graph")
    assert (code, out) == (2, "")
    assert err == (
        "graph/followers.npy: is damaged: it is not what was written; import the graph again\n"
    )


def test_returned_follows_are_counted() -> None:
    rng = np.random.default_rng(3)
    matrix = rng.random((20, 20)) < 0.3
    np.fill_diagonal(matrix, False)

    def lists(follows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        starts = np.concatenate(([0], np.cumsum(follows.sum(axis=1))))
        return starts, np.nonzero(follows)[1].astype(np.int32)

    followers, followees = lists(matrix), lists(matrix.T)
    assert returned(*followers, *followees) == np.count_nonzero(matrix & matrix.T)
    assert returned(*followers, *followers) == np.count_nonzero(matrix)


def test_bytes_per_follow_are_as_promised(tmp_path: Path) -> None:
    """At 35 follows an account: 4 bytes each, and 12 for each account; 8 and 12 with both."""
    accounts = 2000
    lines = (f"{a}\t{(a + 1 + i) % accounts}\n" for a in range(accounts) for i in range(35))
    path = tmp_path / "follows.txt"
    path.write_text("".join(lines))
    for both, promised in ((False, 4.5), (True, 8.5)):
        GraphImport(path, tmp_path / "graph", 1, 2, both=both, replace=True)(quiet)
        folder = open_graph_folder(tmp_path / "graph")
        ids = folder.manifest["arrays"]["labels"]["bytes"]
        assert (folder.size - ids) / folder.follows < promised
        assert any(
            f"{(folder.size - ids) / folder.follows:.2f} a follow" in line
            for line in facts_of(folder)
        )


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told as Linux tells it")
def test_a_scenario_on_a_folder_takes_no_memory_for_its_follows(tmp_path: Path) -> None:
    """8 million follows take 32 MB: once all is compiled, opening takes far less."""
    accounts, each = 20_000, 400
    from propagation.audience.new_graph_folder import new_graph_folder

    reach = np.arange(1, each + 1)
    members = np.sort((np.arange(accounts)[:, None] + reach) % accounts, axis=1)
    with new_graph_folder(tmp_path / "graph", {}) as new:
        new.put("list_starts", np.arange(accounts + 1) * each)
        new.put("followers", members.ravel().astype(np.int32))
        new.put("followee_counts", np.full(accounts, each, np.int32))
    path = scenario_in(tmp_path, FOLDER, 6)
    code = f"""
from pathlib import Path
from propagation.audience.sources import read_real_graph
from propagation.scenario.reading import read_scenario

def private():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))

scenario = read_scenario({str(path)!r})
real = read_real_graph(scenario, Path({str(tmp_path)!r}))
before = private()
another = read_real_graph(scenario, Path({str(tmp_path)!r}))
print(private() - before, int(another.graph.followers.sum()))  # all pages are read
print(private() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    opened, read = done.stdout.splitlines()
    assert int(opened.split()[0]) < 8_000
    assert int(read) < 8_000
