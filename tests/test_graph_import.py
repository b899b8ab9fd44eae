"""Graph folders made from files of follows hold the graph that the readers in memory find."""

import errno
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from propagation.audience import graph_import, plain_follows
from propagation.audience.edge_lists import FollowsRead, read_follows
from propagation.audience.follower_graph import graph_from_follows, label_keys
from propagation.audience.graph_files import read_graph_file
from propagation.audience.graph_folder import GraphFolder, check_in_full, open_graph_folder
from propagation.audience.graph_import import GraphImport
from propagation.audience.plain_follows import NotPlainError, plain_layout
from propagation.audience.plain_import import Sizes
from propagation.problems import InputError, MachineError
from tests.fuzz.edge_lists import edge_lists
from tests.test_importing import Dialect, columns_of, dialects, edges, encode, names, numbers

DATA = Path(__file__).parents[2] / "shared" / "data"
EGO = DATA / "ego_twitter" / "twitter_combined_rebuilt.txt.gz"
thorough = settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
small_sizes = st.builds(
    Sizes,
    piece=st.sampled_from((3, 8, 40, 1 << 22)),
    block=st.sampled_from((1, 5, 1 << 10)),
    room=st.sampled_from((1, 3, 20, 1 << 10)),
    dense=st.sampled_from((31, 1 << 12)),
    buckets=st.sampled_from((0, 1, 3, 22)),
    workers=st.sampled_from((1, 2)),
)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def quiet(done: int, total: int) -> None:
    """Hear how far it is."""


def imported(
    path: Path, *columns: str | int, sizes: Sizes | None = None, **given: Any
) -> GraphFolder:
    """Import a file in place of what was imported before, and check the folder in full."""
    target = path.parent / "graph"
    shutil.rmtree(target, ignore_errors=True)
    GraphImport(path, target, *columns, **given)(quiet, sizes)
    folder = open_graph_folder(target)
    check_in_full(folder, quiet)
    assert not [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")]
    return folder


def differences(folder: GraphFolder, read: FollowsRead) -> list[str]:
    """Return in what a folder is not the graph of follows that were read into memory."""
    graph, labels = folder.graph(), read.labels
    expected = graph_from_follows(read.follower, read.followee, label_keys(labels), labels)
    arrays = ("list_starts", "followers", "first_list", "account_keys", "followee_counts")
    found = [
        name
        for name in arrays
        if not np.array_equal(getattr(graph, name), getattr(expected, name))
        or getattr(graph, name).dtype != getattr(expected, name).dtype
    ]
    if list(graph.labels) != labels.tolist():
        found.append("labels")
    if folder.manifest["made_from"]["report"] != list(read.report):
        found.append("report")
    if "followees" in folder.arrays:
        other = graph_from_follows(read.followee, read.follower, label_keys(labels), labels)
        if not np.array_equal(folder.arrays["followees"], other.followers):
            found.append("followees")
        if not np.array_equal(folder.followee_starts, other.list_starts):
            found.append("followee_starts")
    return found


def check_same(
    path: Path, columns: tuple[str | int, str | int], sizes: Sizes, ids: Any = None
) -> None:
    """Demand the same graph or the same words of what is wrong from both ways of reading."""
    try:
        read = read_follows(path, *columns, ids)
    except InputError as error:
        with pytest.raises(InputError) as caught:
            imported(path, *columns, sizes=sizes, ids=ids)
        assert str(caught.value) == str(error)  # noqa: PT017
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]
        return
    assert differences(imported(path, *columns, sizes=sizes, ids=ids, both=True), read) == []


@thorough
@given(data=st.data(), dialect=dialects, whole=st.integers(0, 4), sizes=small_sizes)
def test_every_dialect_gives_the_same_graph(
    tmp_path: Path, data: st.DataObject, dialect: Dialect, whole: int, sizes: Sizes
) -> None:
    follows = data.draw(edges(numbers if whole else names))
    path = tmp_path / "follows.csv"
    path.write_bytes(encode(follows, dialect))
    check_same(path, columns_of(dialect), sizes)


@thorough
@given(case=edge_lists(), sizes=small_sizes)
def test_any_file_gives_the_same_graph_or_the_same_words(
    tmp_path: Path, case: Any, sizes: Sizes
) -> None:
    content, packed, columns, ids = case
    for old in tmp_path.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    path = tmp_path / ("follows.csv.gz" if packed else "follows.csv")
    path.write_bytes(content)
    check_same(path, columns, sizes, ids)


ODD = (
    *("", " ", "x", "-1", "007", "0", "00", "1.5", "1 2", '"3"', "#4", "%", "NA", "é", "\0", "\r"),
    *(str(number) for number in (2**30, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 10**19, 10**25)),
)
LINES = st.sampled_from(("", " ", "\t", "# note", "%", "1", "1,2,3,4", ",", "1,2,", "\r"))


@st.composite
def nearly_plain(draw: st.DrawFn) -> bytes:
    """Lines of whole numbers, of which one is odd in one place, if any."""
    delimiter = draw(st.sampled_from((",", "\t", " ", ";", "  ", " \t", ", ")))
    width = draw(st.sampled_from((2, 2, 3)))
    few = st.integers(0, draw(st.sampled_from((5, 40, 2**62))))
    rows = draw(st.lists(st.lists(few.map(str), min_size=width, max_size=width), min_size=1))
    if draw(st.booleans()):
        row = draw(st.sampled_from(rows))
        row[draw(st.integers(0, width - 1))] = draw(st.sampled_from(ODD))
    lines = [delimiter.join(row) for row in rows]
    if not draw(st.integers(0, 3)):
        lines.insert(draw(st.integers(0, len(lines))), draw(LINES))
    end = draw(st.sampled_from(("\n", "\n", "\r\n")))
    return (end.join(lines) + draw(st.sampled_from((end, "")))).encode()


@settings(thorough, max_examples=300)
@given(content=nearly_plain(), columns=st.sampled_from(((1, 2), (2, 1), (3, 1))), sizes=small_sizes)
def test_nearly_plain_files_give_the_same_graph_or_the_same_words(
    tmp_path: Path, content: bytes, columns: tuple[int, int], sizes: Sizes
) -> None:
    for old in tmp_path.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    path = tmp_path / "follows.txt"
    path.write_bytes(content)
    check_same(path, columns, sizes)


def graph_text(lines: int, ids: int, seed: int = 1, largest: int = 0) -> str:
    """Return lines of follows in random order, with repeats and self-follows."""
    rng = random.Random(seed)
    known = [rng.randrange(largest) if largest else number for number in range(ids)]
    return "".join(
        f"{rng.choice(known)}\t{known[int(ids * rng.random() ** 4)]}\n" for _ in range(lines)
    )


@pytest.mark.parametrize("largest", [0, 2**29, 2**60], ids=["dense", "sparse", "64 bits"])
@pytest.mark.parametrize(
    "sizes", [Sizes(), Sizes(piece=500, block=300, room=200, buckets=4)], ids=["large", "small"]
)
def test_many_follows(tmp_path: Path, largest: int, sizes: Sizes) -> None:
    path = tmp_path / "follows.tsv"
    path.write_text("# follower followee\n" + graph_text(20_000, 300, largest=largest))
    plain_layout(path, 1, 2)  # this is the way of large files
    folder = imported(path, 1, 2, sizes=sizes, both=True)
    assert differences(folder, read_follows(path, 1, 2)) == []


@pytest.mark.skipif(not EGO.is_file(), reason="research data are not on this machine")
def test_the_ego_twitter_graph(tmp_path: Path) -> None:
    path = tmp_path / "ego.txt"
    path.write_bytes(gzip.decompress(EGO.read_bytes()))
    read = read_follows(path, 1, 2)
    assert differences(imported(path, 1, 2, both=True), read) == []
    small = Sizes(piece=100_000, block=50_000, room=60_000, buckets=6)
    assert differences(imported(path, 1, 2, sizes=small), read) == []
    large = Sizes(dense=1000)
    assert differences(imported(path, 1, 2, sizes=large), read) == []


def test_the_comparison_finds_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "follows.txt"
    path.write_text(graph_text(500, 30))
    read = read_follows(path, 1, 2)
    folder = imported(path, 1, 2, both=True)
    other = read_follows(path, 2, 1)  # the wrong direction
    assert {"followers", "list_starts", "followees", "report"} <= set(differences(folder, other))
    fewer = replace(read, follower=read.follower[1:], followee=read.followee[1:])
    assert {"followers", "followee_counts"} <= set(differences(folder, fewer))
    assert differences(folder, replace(read, labels=read.labels + 1)) == ["account_keys", "labels"]


def test_a_wrong_rank_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "follows.txt"
    path.write_text(graph_text(500, 70))
    right = plain_follows._form

    def swapped(*given: Any) -> Any:
        return right(*given)._replace(swapped=1)

    monkeypatch.setattr(plain_follows, "_form", swapped)
    found = differences(imported(path, 1, 2), read_follows(path, 1, 2))
    assert {"followers", "list_starts"} <= set(found)


@pytest.mark.parametrize(
    "content",
    [
        "1,2\n3,4\n",
        "1\t2\r\n3\t4\r\n",
        "1 2\n\n  3 \t4 \n",
        "# note\n\n% note\nsource target\n1 2\n",
        "a;b;c\n1;2;x\n3;4;\n",
        "1|2|ü\n3|4|ß",
        "\ufeff1,2\n3,4",
        "1 , 2\n3,4\n",
        f"0,{2**63 - 1}\n",
    ],
)
def test_plain_files_are_not_held_in_memory(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "follows.txt"
    path.write_text(content, newline="")
    read = read_follows(path, 1, 2)
    monkeypatch.setattr(graph_import, "read_follows", lambda *given: pytest.fail("was read"))
    assert differences(imported(path, 1, 2), read) == []
    for piece in range(1, 12):  # whatever is cut where a piece ends
        assert differences(imported(path, 1, 2, sizes=Sizes(piece=piece)), read) == []


def test_a_last_line_without_an_end_may_begin_in_the_piece_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "follows.txt"
    path.write_text("10,20\n30,40")
    read = read_follows(path, 1, 2)
    monkeypatch.setattr(plain_follows, "LONGEST_LINE", 8)
    monkeypatch.setattr(graph_import, "read_follows", lambda *given: pytest.fail("was read"))
    assert differences(imported(path, 1, 2, sizes=Sizes(piece=8)), read) == []


@pytest.mark.parametrize("content", ['"1",2\n3,4\n', "1,2\n03,4\n", "1,2\na,b\n", "1,2\n", "1,1\n"])
def test_what_is_not_plain_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "follows.txt"
    path.write_text(content)
    if content in ("1,2\n", "1,1\n"):
        plain_layout(path, 1, 2)
        return
    with pytest.raises(NotPlainError):
        list(plain_layout(path, 1, 2) and _pieces(path))


def _pieces(path: Path) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        yield from plain_follows.read_pieces(plain_layout(path, 1, 2), 1 << 20, 100, pool, 1)


def test_other_formats(tmp_path: Path) -> None:
    text = graph_text(300, 40)
    packed = tmp_path / "follows.tsv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert differences(imported(packed, 1, 2, both=True), read_follows(packed, 1, 2)) == []
    columns = [[int(cell) for cell in line.split()] for line in text.splitlines()]
    parquet = tmp_path / "follows.parquet"
    pq.write_table(pa.table({"a": [a for a, _ in columns], "b": [b for _, b in columns]}), parquet)
    read = read_follows(parquet, "a", "b")
    assert differences(imported(parquet, "a", "b", both=True), read) == []
    gml = tmp_path / "net.gml"
    gml.write_text(
        'graph [ directed 1 node [ id 0 label "x" ] node [ id 1 label "y" ] '
        "edge [ source 0 target 1 ] ]"
    )
    for arrows in ("follower to followee", "followee to follower"):
        graph = read_graph_file(gml, arrows).read
        assert differences(imported(gml, arrows=arrows, both=True), graph) == []


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("f.txt", {}, "--follower: is missing"),
        ("f.txt", {"follower": 1}, "--followee: is missing"),
        ("f.txt", {"follower": 1, "followee": 2, "arrows": "x"}, "--arrows: is for graph files"),
        ("f.gml", {"follower": 1}, "--follower: is for tables"),
        ("f.txt", {"follower": 1, "followee": 1}, "follower and followee are the same column"),
        ("f.txt", {"follower": 1, "followee": 3}, "there is no column 3"),
        ("none.txt", {"follower": 1, "followee": 2}, "there is no such file"),
    ],
)
def test_what_is_asked_wrongly(
    tmp_path: Path, name: str, given: dict[str, Any], message: str
) -> None:
    for file in ("f.txt", "f.gml"):
        (tmp_path / file).write_text("1 2\n")
    with pytest.raises(InputError) as caught:
        GraphImport(tmp_path / name, tmp_path / "graph", **given)(quiet)
    assert message in str(caught.value)
    assert not (tmp_path / "graph").exists()


def test_a_bad_line_of_a_file_too_large_for_memory_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "follows.txt"
    path.write_text(graph_text(300, 40) + "1\tanna\n1\t2\n")
    free = lambda: path.stat().st_size  # noqa: E731 (enough for a line, not for three times all)
    monkeypatch.setattr("propagation.audience.memory.free_memory", free)
    with pytest.raises(MachineError) as caught:
        GraphImport(path, tmp_path / "graph", 1, 2)(quiet)
    assert f"{path}:301: '1\tanna' is not a line of plain whole numbers" in str(caught.value)
    assert "of memory" in str(caught.value)
    for line, message in (
        ("1", "1 cell where the first line has 2"),
        ("1\t2\t3", "3 cells where the first line has 2"),
        ("\t3", "column '1': is empty, but every line needs it"),
        ("4\t-1", "column '2': '-1' is a number but not a whole one from 0 up; `ids: text` takes"),
        ("1e3\t4", "column '1': '1e3' is a number but not a whole one"),
    ):
        path.write_text(graph_text(300, 40) + f"{line}\n1\t2\n")
        with pytest.raises(InputError) as wrong:
            GraphImport(path, tmp_path / "graph", 1, 2)(quiet)
        assert str(wrong.value).startswith(f"{path}:301: {message}")
    assert [entry.name for entry in tmp_path.iterdir()] == ["follows.txt"]


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "follows.txt"
    path.write_text(graph_text(300, 40))

    def touch(done: int, total: int) -> None:
        os.utime(path, ns=(1, 1))

    with pytest.raises(MachineError, match="was changed while it was read"):
        GraphImport(path, tmp_path / "graph", 1, 2)(touch, Sizes(piece=100))
    assert [entry.name for entry in tmp_path.iterdir()] == ["follows.txt"]


def test_progress_comes_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "follows.txt"
    path.write_text(graph_text(3000, 40))
    seen: list[int] = []
    sizes = Sizes(piece=1000, block=300, room=500)
    GraphImport(path, tmp_path / "graph", 1, 2, both=True)(lambda done, _: seen.append(done), sizes)
    assert seen == sorted(seen)
    assert len(set(seen)) > 10
    assert seen[-1] == 100


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "follows.txt"
    path.write_text(graph_text(3000, 40))
    room = 20_000

    def full(file: Any, values: np.ndarray[Any, Any]) -> None:
        nonlocal room
        room -= values.nbytes
        if room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        file.write(values.tobytes())

    for module in ("plain_import", "list_sorting"):
        monkeypatch.setattr(f"propagation.audience.{module}.write_whole", full)
    with pytest.raises(MachineError, match=r"graph: cannot be written: No space left on device$"):
        GraphImport(path, tmp_path / "graph", 1, 2)(quiet, Sizes(piece=1000))
    assert [entry.name for entry in tmp_path.iterdir()] == ["follows.txt"]


KILLED = """
import sys
from pathlib import Path
from propagation.audience.graph_import import GraphImport
from propagation.audience.plain_import import Sizes
print("ready", flush=True)
sizes = Sizes(piece=20_000, block=2_000, room=5_000)
GraphImport(Path(sys.argv[1]), Path(sys.argv[2]), 1, 2, both=True, replace=True)(print, sizes)
"""


def test_a_killed_import_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    path, target = tmp_path / "follows.txt", tmp_path / "graph"
    path.write_text(graph_text(60_000, 3000))
    expected = imported(path, 1, 2, both=True).checksum
    shutil.rmtree(target)
    rng, whole, killed = random.Random(4), 1.0, 0
    for attempt in range(6):
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path), str(target)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        begun = time.monotonic()
        if attempt:  # the first is let through, to know how long it takes
            time.sleep(whole * rng.random())
            process.send_signal(signal.SIGKILL)
        process.communicate()
        if not attempt:
            whole = time.monotonic() - begun
            assert begun > started
            shutil.rmtree(target)
        killed += process.returncode == -signal.SIGKILL
        if target.exists():
            folder = open_graph_folder(target)
            check_in_full(folder, quiet)
            assert folder.checksum == expected
    assert killed
    again = imported(path, 1, 2, both=True)  # which finds no leftovers either
    assert again.checksum == expected
