"""The results folder: never half written, never counted twice, nobody else's files touched."""

import errno
import json
import os
import pickle
import stat
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from propagation.experiment.batches import Batch, joined
from propagation.experiment.storage import (
    CASCADES,
    CURVES,
    LOCK,
    MARK,
    OURS,
    PARTS,
    RUNS,
    SCENARIO,
    SUMMARY,
    ResultsFolder,
    as_table,
    replacing,
)
from propagation.problems import InputError, MachineError, Problem
from propagation.scenario.spec import METRICS


def batch(*replicates: int, reach: float = 1.0) -> Batch:
    """Return finished replicates of two strategies, two message instances each."""
    named = [(strategy, one) for one in replicates for strategy in ("b", "a")]
    runs = {
        "strategy": [strategy for strategy, _ in named],
        "replicate": [one for _, one in named],
        "draw": [0 for _ in named],
        "seed": [2**63 - 1 - one for _, one in named],
        **{metric: [reach for _ in named] for metric in METRICS},
        "time_to_half": [float("nan") for _ in named],
        "reach_of it": [1 for _ in named],
    }
    cascades = {
        "strategy": [strategy for strategy, _ in named for _ in (5.0, 0.0)],
        "replicate": [one for _, one in named for _ in (5.0, 0.0)],
        "draw": [0 for _ in named for _ in (5.0, 0.0)],
        "message": ["call" for _ in named for _ in (5.0, 0.0)],
        "nominal_time": [time for _ in named for time in (5.0, 0.0)],
        "size": [2 for _ in named for _ in (5.0, 0.0)],
    }
    curves = {
        "strategy": [strategy for strategy, _ in named],
        "replicate": [one for _, one in named],
        "draw": [0 for _ in named],
        "hours": [np.array([0.0, 1.0]) for _ in named],
        "shares_by_hour": [np.array([0, 2], np.int32) for _ in named],
        "reach_by_hour": [np.array([1, 5], np.int32) for _ in named],
    }
    return Batch(replicates, runs, cascades, curves)


def pairs(table: pa.Table) -> list[tuple[str, int]]:
    return list(zip(table["strategy"].to_pylist(), table["replicate"].to_pylist(), strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> ResultsFolder:
    return ResultsFolder(tmp_path)


# --- tables ------------------------------------------------------------------------------------


def test_parts_become_ordered_tables(folder: ResultsFolder) -> None:
    folder.write_part(batch(3, 1))
    folder.write_part(batch(0))
    folder.write_part(batch(2, 7))
    assert folder.finished_replicates() == {0, 1, 2, 3, 7}
    folder.merge(4)
    runs, cascades = (pq.read_table(folder.path / kind) for kind in (RUNS, CASCADES))
    assert pairs(runs) == [(strategy, one) for strategy in "ab" for one in range(4)]
    assert pairs(cascades) == [
        (strategy, one) for strategy in "ab" for one in range(4) for _ in range(2)
    ]
    assert cascades["nominal_time"].to_pylist() == [0.0, 5.0] * 8


def test_replicates_beyond_those_asked_for_are_kept(folder: ResultsFolder) -> None:
    folder.write_part(batch(0, 1, 2, 3, 4))
    folder.merge(2)
    assert pairs(pq.read_table(folder.path / RUNS)) == [(s, one) for s in "ab" for one in range(2)]
    assert folder.finished_replicates() == {0, 1, 2, 3, 4}
    folder.merge(5)
    assert pairs(pq.read_table(folder.path / RUNS)) == [(s, one) for s in "ab" for one in range(5)]
    assert not (folder.path / PARTS).exists()


def test_types_do_not_depend_on_the_values(folder: ResultsFolder) -> None:
    """A part in which a metric is never defined, or always whole, fits the others."""
    folder.write_part(batch(0))
    other = batch(1)
    other.runs["time_to_half"] = [1, 2]
    folder.write_part(other)
    runs = folder.table(RUNS, 2)
    assert runs.schema.field("time_to_half").type == pa.float64()
    assert runs.schema.field("seed").type == runs.schema.field("reach_of it").type == pa.int64()
    assert runs["time_to_half"].to_pylist() == [None, 2.0, None, 1.0]
    assert runs["seed"].to_pylist()[0] == 2**63 - 1


def test_undefined_is_null_not_nan() -> None:
    column = as_table({"doubling_time": [float("nan"), 1.5, 0.0]})["doubling_time"]
    assert column.to_pylist() == [None, 1.5, 0.0]


def test_joined_batches_keep_every_row() -> None:
    both = joined([batch(4), batch(0, 9)])
    assert both.replicates == (4, 0, 9)
    assert both.runs["replicate"] == [4, 4, 0, 0, 9, 9]
    assert len(both.cascades["message"]) == 12


def test_nothing_finished_writes_nothing(folder: ResultsFolder) -> None:
    folder.write_part(batch())
    assert not list(folder.path.iterdir())
    assert folder.finished_replicates() == set()
    with pytest.raises(MachineError, match="no finished"):
        folder.table(RUNS, 1)


def test_whole_tables_and_new_parts_add_up(folder: ResultsFolder) -> None:
    folder.write_part(batch(0, 1))
    folder.merge(2)
    folder.write_part(batch(2))
    assert folder.finished_replicates() == {0, 1, 2}
    folder.merge(3)
    assert pairs(pq.read_table(folder.path / RUNS)) == [(s, one) for s in "ab" for one in range(3)]


# --- killed at any moment ----------------------------------------------------------------------


def test_a_part_without_runs_does_not_count(folder: ResultsFolder) -> None:
    """Killed between the two files of a part."""
    folder.write_part(batch(0))
    (one,) = (folder.path / PARTS).glob(f"*{RUNS}")
    one.unlink()
    assert folder.finished_replicates() == set()
    folder.write_part(batch(0))
    folder.merge(1)
    assert pairs(pq.read_table(folder.path / CASCADES)) == [("a", 0)] * 2 + [("b", 0)] * 2


def test_killed_after_the_merge_of_cascades(folder: ResultsFolder) -> None:
    """The cascades are whole, the runs still in parts."""
    folder.write_part(batch(0, 1))
    pq.write_table(folder.table(CASCADES, 2), folder.path / CASCADES)
    folder.write_part(batch(2))
    folder.merge(3)
    assert pairs(pq.read_table(folder.path / RUNS)) == [(s, one) for s in "ab" for one in range(3)]
    assert pq.read_table(folder.path / CASCADES).num_rows == 12


def test_killed_before_the_parts_were_removed(folder: ResultsFolder) -> None:
    folder.write_part(batch(0, 1))
    for kind in (RUNS, CASCADES):
        pq.write_table(folder.table(kind, 2), folder.path / kind)
    folder.merge(2)
    assert pq.read_table(folder.path / RUNS).num_rows == 4
    assert pq.read_table(folder.path / CASCADES).num_rows == 8


@pytest.mark.parametrize("step", range(6))
def test_killed_while_the_parts_were_removed(
    folder: ResultsFolder, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """What is left of a part must never count without all of it."""
    folder.write_part(batch(0, 1))
    folder.write_part(batch(2, 3))
    unlink, left = Path.unlink, [step]

    def dies(path: Path, missing_ok: bool = False) -> None:
        if path.parent.name == PARTS:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", dies)
        with pytest.raises(KeyboardInterrupt):
            folder.merge(4)
    assert folder.finished_replicates() == {0, 1, 2, 3}
    assert folder.table(CASCADES, 4).num_rows == 2 * folder.table(RUNS, 4).num_rows
    folder.merge(4)
    assert not (folder.path / PARTS).exists()


def test_killed_while_fewer_replicates_were_merged(folder: ResultsFolder) -> None:
    """Cascades cut to the fewer, runs not yet: what is finished must have its cascades too."""
    folder.write_part(batch(0, 1, 2))
    folder.merge(3)
    pq.write_table(folder.table(CASCADES, 1), folder.path / CASCADES)
    finished = folder.finished_replicates()
    missing = [one for one in range(3) if one not in finished]
    if missing:
        folder.write_part(batch(*missing))
    folder.merge(3)
    assert pq.read_table(folder.path / CASCADES).num_rows == 12


def test_a_replicate_in_two_parts_counts_once(folder: ResultsFolder) -> None:
    folder.write_part(batch(0, 1))
    folder.write_part(batch(1, 2))
    folder.merge(3)
    assert pairs(pq.read_table(folder.path / RUNS)) == [(s, one) for s in "ab" for one in range(3)]
    assert pq.read_table(folder.path / CASCADES).num_rows == 12


def test_only_our_leftovers_are_removed(
    folder: ResultsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed run left half written goes; an editor's swap file and a backup stay."""

    def killed() -> None:
        with replacing(folder.path / RUNS), monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", lambda self, missing_ok=False: None)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    theirs = {".scenario.yaml.swp", ".runs.parquet.bak", ".summary.json.old", ".parts.zip"}
    for name in theirs:
        (folder.path / name).write_text("mine")
    (folder.path / ".runs.parquet.d").mkdir()
    folder.write_part(batch(0))
    folder.merge(1)
    left = {path.name for path in folder.path.iterdir()}
    assert left == {*theirs, ".runs.parquet.d", RUNS, CASCADES, CURVES}


def test_a_broken_table_is_said_in_one_line(folder: ResultsFolder) -> None:
    folder.write_part(batch(0))
    folder.merge(1)
    whole = (folder.path / RUNS).read_bytes()
    (folder.path / RUNS).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MachineError, match="is damaged") as caught:
        folder.finished_replicates()
    assert "\n" not in str(caught.value)


# --- writing -----------------------------------------------------------------------------------


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text("before")

    def interrupted() -> None:
        with replacing(path) as beside:
            beside.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["summary.json"]
    with replacing(path) as beside:
        beside.write_text("after")
    assert path.read_text() == "after"
    assert [one.name for one in tmp_path.iterdir()] == ["summary.json"]


def test_a_full_disk_is_the_machines_fault(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="No space left") as caught, replacing(tmp_path / "x"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(caught.value).startswith(str(tmp_path / "x"))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_others_may_read_what_is_written(folder: ResultsFolder) -> None:
    folder.write_text(SCENARIO, "name: x\n")
    assert stat.S_IMODE((folder.path / SCENARIO).stat().st_mode) & 0o044 == 0o044


def test_json_refuses_what_is_no_json(folder: ResultsFolder) -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            folder.write_json(SUMMARY, {"mean": value})
    assert not folder.is_finished()
    folder.write_json(SUMMARY, {"verdict": ["größer"], "mean": None})
    assert folder.read_json(SUMMARY) == {"verdict": ["größer"], "mean": None}
    assert "größer" in (folder.path / SUMMARY).read_text(encoding="utf-8")
    assert json.loads((folder.path / SUMMARY).read_bytes()) == folder.read_json(SUMMARY)


def test_lines_end_alike_everywhere(folder: ResultsFolder) -> None:
    folder.write_text(SCENARIO, "a: 1\nb: 2\n")
    assert (folder.path / SCENARIO).read_bytes() == b"a: 1\nb: 2\n"


# --- whose folder it is ------------------------------------------------------------------------


def test_whose_folder_it_is(tmp_path: Path) -> None:
    new, empty, own, foreign = (ResultsFolder(tmp_path / name) for name in "neof")
    for one in (empty, own, foreign):
        one.path.mkdir()
    (own.path / SCENARIO).write_text(f"{MARK}\nname: x\n")
    (foreign.path / SCENARIO).write_text("# my scenario\nname: x\n")
    assert [one.is_taken() for one in (new, empty, own, foreign)] == [False, False, True, True]
    assert [one.is_ours() for one in (new, empty, own, foreign)] == [True, True, True, False]
    (empty.path / LOCK).touch()
    assert not empty.is_taken()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    folder = ResultsFolder(tmp_path / "file")
    assert folder.is_taken()
    assert not folder.is_ours()
    with pytest.raises(InputError, match="is a file"), folder.locked():
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_clearing_removes_ours_and_nothing_else(folder: ResultsFolder) -> None:
    for name in OURS:
        if name != PARTS:
            (folder.path / name).write_text("x")
    folder.write_part(batch(0))
    others = ("notes.txt", "runs.csv", "scenario.yml", ".hidden")
    for name in others:
        (folder.path / name).write_text("mine")
    (folder.path / "photos").mkdir()
    folder.clear()
    left = {path.name for path in folder.path.iterdir()}
    assert left - {LOCK} == {*others, "photos"}
    folder.clear()  # nothing left to remove


# --- one run at a time -------------------------------------------------------------------------


def test_one_run_at_a_time(tmp_path: Path) -> None:
    first, second = ResultsFolder(tmp_path / "out"), ResultsFolder(tmp_path / "out")
    with first.locked():
        with pytest.raises(MachineError, match="another run"), second.locked():
            pass
        with pytest.raises(MachineError, match="another run"), second.locked():
            pass
    with second.locked():
        pass
    assert [path.name for path in (tmp_path / "out").iterdir()] == [LOCK]


def test_the_lock_goes_when_a_run_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), ResultsFolder(tmp_path).locked():
        raise KeyboardInterrupt
    with ResultsFolder(tmp_path).locked():
        pass


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    with ResultsFolder(tmp_path / "a" / "b").locked():
        assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs permissions as on Unix")
def test_a_folder_that_cannot_be_written_is_the_machines_fault(tmp_path: Path) -> None:
    """As somebody who may not write there; the administrator may write everywhere."""
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    if os.access(closed, os.W_OK):
        closed = Path("/proc")
        if sys.platform != "linux":
            pytest.skip("the administrator may write everywhere")
    for path in (closed / "sub", closed / "sub" / "sub"):
        folder = ResultsFolder(path)
        with pytest.raises(MachineError, match="cannot be written") as caught, folder.locked():
            pass
        assert "\n" not in str(caught.value)


def test_errors_survive_the_way_from_a_process() -> None:
    """A worker's problem arrives as it was, not as a failure to unpickle."""
    error = InputError([Problem("is wrong", "a.b", "file.yaml", 3), Problem("too")])
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == "file.yaml:3: a.b: is wrong\ntoo"
    assert again.problems == error.problems
