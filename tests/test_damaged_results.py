"""A results folder that somebody has cut, edited or mixed up: one line, and nothing is drawn."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from campaigns import DRAWN, run, write_campaign
from explored import add_explored
from typer.testing import CliRunner

from propagation import cli
from propagation.experiment.forms import COLUMNS, is_summary
from propagation.problems import InputError, MachineError
from propagation.report.soundness import read_sound

SCALED = (
    DRAWN.replace("attention: 0.5", "attention: {capacity: 50, per followee: 2}")
    .replace("at: 0 h}]", "at: 0 h}, *]".replace("*", "{seed: echo, to: {choose: 9}, at: 0 h, *}"))
    .replace("*", "cost: {per contact: 2}")
    .replace("at: 1 h}", "at: 1 h, cost: {fixed: 10}}")
    .replace("baseline: large", "baseline: large, at equal: cost")
)
"""With all that a results folder may hold: limited attention, and strategies scaled to one cost."""
Damage = Callable[[Path], object]
TABLES = [f"{kind}.parquet" for kind in COLUMNS]
FILES = [*TABLES, "summary.json", "provenance.json", "scenario.yaml"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged")
    run(write_campaign(folder / "drawn", SCALED), folder / "whole", replicates=4)
    add_explored(folder / "whole")
    return folder / "whole"


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def lines_of(folder: Path) -> list[str]:
    with pytest.raises((InputError, MachineError)) as caught:
        read_sound(folder)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(folder)) for line in lines)
    return lines


def line_of(folder: Path) -> str:
    (line,) = lines_of(folder)
    return line


def test_what_was_written_is_sound(whole: Path) -> None:
    assert read_sound(whole).summary["replicates"] == 4
    assert {path.name for path in whole.iterdir()} >= set(FILES)


@pytest.mark.parametrize(
    "content", [b"", b"half", b"random", b"[" * 100_000], ids=["empty", "half", "random", "deep"]
)
@pytest.mark.parametrize("file", FILES)
def test_a_file_of_something_else_is_told(copy: Path, file: str, content: bytes) -> None:
    right = (copy / file).read_bytes()
    found = {b"half": right[: len(right) // 2], b"random": random.Random(1).randbytes(500)}
    (copy / file).write_bytes(found.get(content, content))
    assert len(lines_of(copy)) == 1 or file == "scenario.yaml"


@pytest.mark.parametrize(
    ("file", "column"), [(f"{kind}.parquet", name) for kind in COLUMNS for name in COLUMNS[kind]]
)
def test_a_column_that_is_missing_or_of_another_kind_is_told(
    copy: Path, file: str, column: str
) -> None:
    table = pq.read_table(copy / file)
    place = table.column_names.index(column)
    wrong = pa.array([{"not": "this"}] * len(table))
    for damaged in (table.drop_columns([column]), table.set_column(place, column, wrong)):
        pq.write_table(damaged, copy / file)
        assert line_of(copy).startswith(f"{copy / file}: is damaged (no column '{column}'")


@pytest.mark.parametrize("file", ["runs.parquet", "cascades.parquet", "curves.parquet"])
@pytest.mark.parametrize("rows", [0, 1])
def test_rows_that_are_missing_are_told(copy: Path, file: str, rows: int) -> None:
    pq.write_table(pq.read_table(copy / file).slice(0, rows), copy / file)
    assert "run the scenario again" in line_of(copy)


def changed(file: str, column: str, value: object) -> Damage:
    """Return what sets the last cell of a column."""

    def damage(folder: Path) -> None:
        table = pq.read_table(folder / file)
        place, kind = table.column_names.index(column), table[column].type
        cells = [*table[column].to_pylist()[:-1], value]
        pq.write_table(table.set_column(place, column, pa.array(cells, kind)), folder / file)

    return damage


@pytest.mark.parametrize(
    ("file", "column", "value"),
    [
        ("trees.parquet", "parent", 10**6),
        ("trees.parquet", "parent", -2),
        ("trees.parquet", "generation", -1),
        ("trees.parquet", "share_time", float("nan")),
        ("trees.parquet", "strategy", "another"),
        ("follows.parquet", "follower", 10**6),
        ("follows.parquet", "followee", -1),
        ("cascades.parquet", "size", -1),
        ("cascades.parquet", "message", None),
        ("curves.parquet", "reach_by_hour", [1]),
        ("runs.parquet", "strategy", "another"),
        ("runs.parquet", "replicate", None),
    ],
)
def test_a_cell_that_fits_nothing_is_told(
    copy: Path, file: str, column: str, value: object
) -> None:
    changed(file, column, value)(copy)
    assert "is damaged" in line_of(copy)


def test_a_column_of_reach_that_is_missing_is_told(copy: Path) -> None:
    table = pq.read_table(copy / "runs.parquet")
    column = next(name for name in table.column_names if name.startswith("reach_"))
    pq.write_table(table.drop_columns([column]), copy / "runs.parquet")
    assert line_of(copy).startswith(f"{copy / 'runs.parquet'}: is damaged")


def test_a_summary_without_any_of_its_parts_is_none(whole: Path) -> None:
    """A folder with such a summary counts as unfinished, so that ``--resume`` mends it."""
    right: dict[str, Any] = json.loads((whole / "summary.json").read_text(encoding="utf-8"))
    assert is_summary(right)
    explored = {"sweep", "uncertain", "break_even", "why"}  # told when the report reads them
    needed = set(right) - {"scenario", "question", "steps"} - explored
    for part in needed:
        assert not is_summary({name: right[name] for name in right if name != part}), part
        for wrong in ({"a": 1}, [None], -1.5):
            assert not is_summary({**right, part: wrong}), part
    for part, wrong in (("metric", "raech"), ("baseline", "nobody"), ("verdict", [])):
        assert not is_summary({**right, part: wrong}), part


def test_a_summary_that_tells_nothing_of_a_metric_is_none(whole: Path) -> None:
    summary: dict[str, Any] = json.loads((whole / "summary.json").read_text(encoding="utf-8"))
    outcome = next(iter(summary["strategies"].values()))["reach"]
    outcome["median"] = None
    assert outcome["defined"] > 0
    assert not is_summary(summary)


@pytest.mark.parametrize("part", ["command", "packages", "git"])
def test_a_provenance_of_other_kinds_is_told(copy: Path, part: str) -> None:
    content = json.loads((copy / "provenance.json").read_text(encoding="utf-8"))
    (copy / "provenance.json").write_text(json.dumps({**content, part: 17}), encoding="utf-8")
    assert line_of(copy).startswith(f"{copy / 'provenance.json'}: is damaged")


def test_the_results_of_another_scenario_are_told(copy: Path) -> None:
    text = (copy / "scenario.yaml").read_text(encoding="utf-8")
    other = text.replace("on: reach", "on: shares").replace("on: relevant reach", "on: shares")
    assert other != text
    (copy / "scenario.yaml").write_text(other, encoding="utf-8")
    assert line_of(copy).startswith(f"{copy / 'summary.json'}: is damaged")


@pytest.mark.parametrize("file", ["runs.parquet", "summary.json", "provenance.json"])
def test_a_comparison_tells_a_damaged_folder_too(whole: Path, copy: Path, file: str) -> None:
    for damage in (b"", b"[1]", (copy / file).read_bytes()[:-20]):
        (copy / file).write_bytes(damage)
        result = CliRunner().invoke(cli.app, ["compare", str(whole), str(copy)])
        assert result.exit_code in (1, 2)
        assert isinstance(result.exception, SystemExit)
        (line,) = result.stderr.splitlines()
        assert line.startswith(str(copy))


def test_a_damaged_folder_is_told_by_the_command_and_nothing_is_drawn(copy: Path) -> None:
    before = {path.name for path in copy.iterdir()}
    (copy / "trees.parquet").write_bytes(b"PAR1")
    result = CliRunner().invoke(cli.app, ["report", str(copy)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"{copy / 'trees.parquet'}: is damaged (no Parquet file, or a part of one): "
        "run the scenario again with --force\n"
    )
    assert {path.name for path in copy.iterdir()} == before
