"""Graph folders: written as a whole or not at all, checked when opened, mapped and not copied."""

import errno
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from propagation.audience.follower_graph import graph_from_follows, label_keys
from propagation.audience.graph_folder import (
    MANIFEST,
    GraphFolder,
    check_in_full,
    open_graph_folder,
    sealed,
)
from propagation.audience.new_graph_folder import NewGraphFolder, new_graph_folder
from propagation.problems import InputError, MachineError

LABELS = np.array([3, 8, 900, 70_000], np.int64)
FOLLOWERS = np.array([1, 3, 0, 2, 3, 0], np.int32)
STARTS = np.array([0, 2, 5, 6, 6], np.int64)
COUNTS = np.array([2, 1, 1, 2], np.int32)


def fill(folder: NewGraphFolder, **other: np.ndarray[Any, Any]) -> None:
    """Write a graph by all three means: at hand, as a stream, and mapped."""
    arrays = {"list_starts": STARTS, "followers": FOLLOWERS, "followee_counts": COUNTS, **other}
    folder.put("list_starts", arrays["list_starts"])
    stream = folder.stream("followers", np.int32)
    stream.write(arrays["followers"][:4])
    stream.write(arrays["followers"][4:])
    counts = arrays["followee_counts"]
    folder.create("followee_counts", np.int32, len(counts))[:] = counts
    folder.put_labels(arrays.get("labels", LABELS))


def written(target: Path, **given: Any) -> GraphFolder:
    with new_graph_folder(target, {"file": "follows.txt"}, **given) as folder:
        fill(folder)
    return open_graph_folder(target)


def check(folder: GraphFolder) -> None:
    check_in_full(folder, lambda done, total: None)


def test_arrays_come_back_as_they_were_written(tmp_path: Path) -> None:
    folder = written(tmp_path / "graph")
    assert np.array_equal(folder.list_starts, STARTS)
    assert np.array_equal(folder.followers, FOLLOWERS)
    assert np.array_equal(folder.followee_counts, COUNTS)
    assert np.array_equal(folder.labels, LABELS)
    assert folder.labels.dtype == np.uint32
    assert folder.manifest["most_followers"] == 3
    assert folder.manifest["most_followees"] == 2
    assert folder.manifest["made_from"] == {"file": "follows.txt"}
    check(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph"]


def test_numpy_reads_them(tmp_path: Path) -> None:
    folder = written(tmp_path / "graph")
    for name, array in folder.arrays.items():
        read = np.load(folder.path / f"{name}.npy", mmap_mode="r")
        assert read.dtype == array.dtype
        assert np.array_equal(read, array)


def test_the_graph_is_that_of_the_follows_and_its_lists_stay_in_the_file(tmp_path: Path) -> None:
    folder = written(tmp_path / "graph")
    graph = folder.graph()
    followee = np.repeat(np.arange(4, dtype=np.int32), np.diff(STARTS))
    expected = graph_from_follows(FOLLOWERS, followee, label_keys(LABELS), LABELS)
    for name in ("list_starts", "followers", "first_list", "account_keys", "list_keys"):
        assert np.array_equal(getattr(graph, name), getattr(expected, name)), name
    assert np.array_equal(graph.followee_counts, expected.followee_counts)
    assert np.shares_memory(graph.followers, folder.followers)
    assert not graph.followers.flags.writeable
    assert type(graph.followers) is np.ndarray


def test_ids_that_are_text(tmp_path: Path) -> None:
    names = np.array(["", "a b", "Zoë", "δ"], np.object_)
    with new_graph_folder(tmp_path / "graph", {}) as new:
        new.put("list_starts", STARTS)
        new.put("followers", FOLLOWERS)
        new.put("followee_counts", COUNTS)
        new.put_labels(names)
    folder = open_graph_folder(tmp_path / "graph")
    assert folder.labels.tolist() == names.tolist()
    assert np.array_equal(folder.graph().account_keys, label_keys(names))
    check(folder)


def test_accounts_without_ids_are_called_by_their_numbers(tmp_path: Path) -> None:
    with new_graph_folder(tmp_path / "graph", {"seed": 1}) as new:
        new.put("list_starts", STARTS)
        new.put("followers", FOLLOWERS)
        new.put("followee_counts", COUNTS)
    folder = open_graph_folder(tmp_path / "graph")
    assert folder.labels is None
    assert np.array_equal(folder.graph().labels, np.arange(4))


@pytest.mark.parametrize(
    ("largest", "kind"),
    [(255, "uint8"), (256, "uint16"), (2**16, "uint32"), (2**32, "int64"), (2**63 - 1, "int64")],
)
def test_ids_take_the_smallest_type(tmp_path: Path, largest: int, kind: str) -> None:
    with new_graph_folder(tmp_path / "graph", {}) as new:
        fill(new, labels=np.array([0, 1, 2, largest], np.int64))
    labels = open_graph_folder(tmp_path / "graph").labels
    assert labels.dtype == kind
    assert labels.tolist() == [0, 1, 2, largest]


def test_a_graph_without_follows(tmp_path: Path) -> None:
    with new_graph_folder(tmp_path / "graph", {}) as new:
        new.put("list_starts", np.zeros(3, np.int64))
        new.stream("followers", np.int32)
        new.create("followee_counts", np.int32, 2)
    folder = open_graph_folder(tmp_path / "graph")
    assert (folder.accounts, folder.follows) == (2, 0)
    check(folder)


class PlannedError(Exception):
    """What a test raises."""


def fail(target: Path, error: BaseException | type[BaseException], **given: Any) -> None:
    with new_graph_folder(target, {}, **given) as folder:
        fill(folder)
        (folder.scratch / "spill").write_bytes(b"x")
        raise error


@pytest.mark.parametrize("error", [PlannedError, KeyboardInterrupt, MemoryError])
def test_nothing_is_left_when_writing_fails(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        fail(tmp_path / "graph", error)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"graph: cannot be written: No space left on device$"):
        fail(tmp_path / "graph", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("list_starts", np.array([0, 2, 5, 6, 7])),
        ("list_starts", np.array([0, 2, 5, 6])),
        ("list_starts", np.array([0, 5, 2, 6, 6])),
        ("followee_counts", np.array([2, 1, 1, 1], np.int32)),
        ("followee_counts", np.array([3, 1, 3, -1], np.int32)),
        ("followers", FOLLOWERS[1:]),
    ],
)
def test_arrays_that_are_no_graph_are_not_finished(
    tmp_path: Path, name: str, values: np.ndarray[Any, Any]
) -> None:
    with (
        pytest.raises(ValueError, match="graph folder"),
        new_graph_folder(tmp_path / "graph", {}) as new,
    ):
        fill(new, **{name: values})
    assert list(tmp_path.iterdir()) == []


def test_an_array_is_written_once(tmp_path: Path) -> None:
    with new_graph_folder(tmp_path / "graph", {}) as new:
        fill(new)
        with pytest.raises(ValueError, match="followers was written before"):
            new.put("followers", FOLLOWERS)
    assert np.array_equal(open_graph_folder(tmp_path / "graph").followers, FOLLOWERS)


def test_a_stream_takes_its_own_type_only(tmp_path: Path) -> None:
    with pytest.raises(TypeError), new_graph_folder(tmp_path / "graph", {}) as new:
        new.stream("followers", np.int32).write(np.zeros(2, np.int64))


def test_what_is_there_is_replaced_only_if_asked(tmp_path: Path) -> None:
    first = written(tmp_path / "graph")
    with pytest.raises(InputError, match="is there already; --force replaces it"):
        written(tmp_path / "graph")
    with new_graph_folder(tmp_path / "graph", {"file": "other"}, replace=True) as new:
        fill(new)
    assert open_graph_folder(tmp_path / "graph").checksum != first.checksum
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph"]


def test_a_replacement_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    first = written(tmp_path / "graph")
    with pytest.raises(PlannedError):
        fail(tmp_path / "graph", PlannedError, replace=True)
    assert open_graph_folder(tmp_path / "graph").checksum == first.checksum
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph"]


def test_nothing_but_a_graph_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").write_text("x")
    (tmp_path / "file").write_text("x")
    for name in ("folder", "file"):
        with pytest.raises(InputError, match="is no graph folder"):
            written(tmp_path / name, replace=True)
    assert (tmp_path / "folder" / "mine").read_text() == "x"
    (tmp_path / "empty").mkdir()
    check(written(tmp_path / "empty"))


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_kept(tmp_path: Path) -> None:
    for token in ("00000001", "00000002"):
        (tmp_path / f".graph.unfinished-{token}").mkdir()
        (tmp_path / f".graph.unfinished-{token}" / "followers.npy").write_bytes(b"x")
        (tmp_path / f".graph.unfinished-{token}.lock").touch()
    (tmp_path / ".graph.unfinished-00000003").mkdir()
    (tmp_path / ".other.unfinished-00000004").mkdir()
    with FileLock(tmp_path / ".graph.unfinished-00000002.lock"):
        written(tmp_path / "graph")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".graph.unfinished-00000002",
        ".graph.unfinished-00000002.lock",
        ".other.unfinished-00000004",
        "graph",
    ]


def test_what_a_killed_replacement_had_moved_aside_is_put_back(tmp_path: Path) -> None:
    first = written(tmp_path / "graph")
    (tmp_path / "graph").rename(tmp_path / ".graph.replaced-00000001")
    (tmp_path / ".graph.unfinished-00000001.lock").touch()
    with pytest.raises(InputError, match="is there already"):
        written(tmp_path / "graph")
    assert open_graph_folder(tmp_path / "graph").checksum == first.checksum
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph"]


def edit(path: Path, **changes: object) -> None:
    """Change a manifest so that its checksum fits again."""
    facts = json.loads(path.read_text())
    del facts["checksum"]
    path.write_text(json.dumps(sealed(facts | changes)))


def other(path: Path, old: bytes, new: bytes) -> None:
    path.write_bytes(path.read_bytes().replace(old, new))


def into_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("1 2")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing array": lambda folder: (folder / "followers.npy").unlink(),
    "shorter": lambda folder: os.truncate(folder / "followers.npy", 148),
    "other type": lambda folder: other(folder / "followers.npy", b"<i4", b"<u4"),
    "other numbers": lambda folder: other(folder / "followers.npy", b"\3\0\0\0", b"\2\0\0\0"),
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "edited manifest": lambda folder: other(folder / MANIFEST, b'"follows": 6', b'"follows": 7'),
    "not JSON": lambda folder: (folder / MANIFEST).write_text("{"),
    "other format": lambda folder: (folder / MANIFEST).write_text("[]"),
    "newer version": lambda folder: edit(folder / MANIFEST, version=2),
    "other length": lambda folder: edit(folder / MANIFEST, accounts=5),
    "no folder": shutil.rmtree,
    "a file": into_a_file,
}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing array", "followers.npy: is missing"),
        ("shorter", "followers.npy: has 148 bytes where 152 were written"),
        ("other type", "followers.npy: is damaged"),
        ("other numbers", "followers.npy: is damaged"),
        ("no manifest", "graph: is no graph folder: it has no manifest.json"),
        ("edited manifest", "manifest.json: is damaged or was edited"),
        ("not JSON", "manifest.json: is not the manifest of a graph folder"),
        ("other format", "manifest.json: is not the manifest of a graph folder"),
        ("newer version", "manifest.json: has version 2 of the format, version 1 is read"),
        ("other length", "manifest.json: is damaged or was edited"),
        ("no folder", "graph: there is no such folder"),
        ("a file", "graph: is a file, not a graph folder"),
    ],
)
def test_damage_is_told_when_it_is_opened(tmp_path: Path, kind: str, message: str) -> None:
    written(tmp_path / "graph")
    DAMAGE[kind](tmp_path / "graph")
    with pytest.raises(InputError) as caught:
        open_graph_folder(tmp_path / "graph")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def large(target: Path, accounts: int) -> Path:
    """Write a graph in which everybody follows the next 20 accounts."""
    reach = np.arange(1, 21)
    with new_graph_folder(target, {}) as new:
        new.put("list_starts", np.arange(accounts + 1) * 20)
        followers = np.sort((np.arange(accounts)[:, None] - reach) % accounts, axis=1)
        new.put("followers", followers.ravel().astype(np.int32))
        new.put("followee_counts", np.full(accounts, 20, np.int32))
    return target


def test_damage_in_the_middle_is_found_in_full(tmp_path: Path) -> None:
    path = large(tmp_path / "graph", 10_000)
    check(open_graph_folder(path))
    with (path / "followers.npy").open("rb+") as file:
        file.seek(400_000)
        file.write(b"\x01\x02")
    folder = open_graph_folder(path)
    with pytest.raises(InputError, match=r"followers\.npy: is damaged"):
        check(folder)


def test_lists_out_of_order_are_found_in_full(tmp_path: Path) -> None:
    with new_graph_folder(tmp_path / "graph", {}) as new:
        fill(new, followers=FOLLOWERS[[1, 0, 2, 3, 4, 5]])
    with pytest.raises(InputError, match="not lists of accounts in ascending order"):
        check(open_graph_folder(tmp_path / "graph"))


def test_opening_takes_no_longer_for_a_large_graph(tmp_path: Path) -> None:
    path = large(tmp_path / "graph", 400_000)  # 33 MB, 8 ms to read on a fast machine
    taken = []
    for _ in range(5):
        start = time.thread_time()
        open_graph_folder(path)
        taken.append(time.thread_time() - start)
    assert min(taken) < 0.005
