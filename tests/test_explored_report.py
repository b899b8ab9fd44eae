"""The report of an exploration: its parts in order, its tables, and files that do not fit."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import explored
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from campaigns import DRAWN, run, write_campaign
from test_report import EVIL, Page, figures_of

from propagation.problems import MachineError
from propagation.report.explored import sweep_fits, sweep_from
from propagation.report.exploring import exploring_parts
from propagation.report.figures.exploring_drawings import exploring_drawings
from propagation.report.glossary import SWEPT, TIE, UNCERTAIN, glossary
from propagation.report.page import page_of, write_report
from propagation.report.soundness import read_sound
from propagation.report.spreadsheets import write_tables
from propagation.scenario.reading import parse_scenario

TITLES = (
    "Over what is uncertain",
    "Where small ties with large",
    "The map",
    "Why",
    "What the answer hangs on",
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("explored")
    run(write_campaign(home), home / "plain", 12)
    return home / "plain"


@pytest.fixture(scope="module")
def told(plain: Path) -> Path:
    copy = Path(shutil.copytree(plain, plain.parent / "told"))
    explored.add_explored(copy)
    write_report(copy)
    return copy


@pytest.fixture
def folder(told: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(told, tmp_path / "copy"))


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    change(summary)
    path.write_text(json.dumps(summary), encoding="utf-8")


def test_the_parts_follow_the_verdict_in_their_order(told: Path) -> None:
    page = Page((told / "report.html").read_text(encoding="utf-8"))
    headings = [text for _, text in page.headings]
    assert headings.index("Verdict") < headings.index("What else is here")
    start = headings.index("Where the answer holds")
    assert tuple(headings[start + 1 : start + 6]) == TITLES
    assert start < headings.index("Further pictures")
    text = page.everything()
    for words in (
        "20 equal 12,000.",
        "Why it is so.",
        "Because.",
        "11,100 to 12,900",
        "6,000 to 41,000",
    ):
        assert words in text
    pictures = page.named("img")
    assert len(pictures) == len(list((told / "figures").glob("*.png")))
    assert {"sweep-narrow.svg", "why-narrow.svg"} <= {
        path.name for path in (told / "figures").iterdir()
    }
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(str(link["href"])[1:] in ids for link in page.named("a"))


def test_what_was_not_explored_leaves_no_trace(plain: Path, told: Path) -> None:
    stored = read_sound(plain)
    assert list(exploring_drawings(stored)) == []
    page = page_of(replace(stored, path=told), figures_of(told))
    assert 'id="explored"' not in page
    assert 'id="explored"' in page_of(read_sound(told), figures_of(told))


@pytest.mark.parametrize("part", ["uncertain", "break_even", "sweep", "why"])
def test_each_part_stands_alone(folder: Path, part: str) -> None:
    rewrite(folder, lambda summary: [summary.pop(name) for name in PARTS if name != part])
    stored = read_sound(folder)
    titles = {each.title for each in exploring_parts(stored, {})}
    expected = {
        "uncertain": {TITLES[0], TITLES[4]},
        "break_even": {TITLES[1]},
        "sweep": {TITLES[2]},
        "why": {TITLES[3]},
    }
    assert titles == expected[part]


PARTS = ("uncertain", "break_even", "sweep", "why")


def test_what_is_gone_leaves_no_table(folder: Path) -> None:
    assert (folder / "tables" / "sweep.csv").exists()
    rewrite(folder, lambda summary: [summary.pop(name) for name in PARTS])
    write_tables(read_sound(folder), folder / "tables")
    assert not (folder / "tables" / "sweep.csv").exists()
    assert not (folder / "tables" / "uncertain.csv").exists()


def test_the_table_of_points_has_inputs_by_path_and_numbers_by_strategy(told: Path) -> None:
    with (told / "tables" / "sweep.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(told / "sweep.parquet")
    assert len(rows) == len(table)
    for name, column in (
        (explored.FOLLOWERS["path"], "axis_0"),
        (explored.RESONANCE["path"], "axis_1"),
        ("mean of small", "mean_0"),
        ("high of large", "high_1"),
        ("ratio", "ratio"),
    ):
        assert [float(row[name]) for row in rows] == table[column].to_pylist()


def test_undefined_numbers_are_empty_cells(folder: Path) -> None:
    table = pq.read_table(folder / "sweep.parquet")
    place = table.column_names.index("expected_1")
    pq.write_table(
        table.set_column(place, "expected_1", pa.array(np.full(len(table), np.inf))),
        folder / "sweep.parquet",
    )
    write_tables(read_sound(folder), folder / "tables")
    with (folder / "tables" / "sweep.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["expected of large"] for row in csv.DictReader(file)} == {""}


def test_a_sweep_along_one_input_has_its_points_on_the_page(folder: Path) -> None:
    explored.add_explored(folder, (explored.FOLLOWERS,))
    stored = read_sound(folder)
    (part,) = (each for each in exploring_parts(stored, {}) if each.title.startswith("Along"))
    (table,) = part.tables
    assert len(table.rows) == 14
    assert [row[0] for row in table.rows][:2] == ["1,000", "1,370.19"]
    assert table.rows[0][3] == "12.0 (10.8 to 13.2)"


def test_texts_of_an_exploration_stay_texts(folder: Path) -> None:
    def change(summary: dict[str, Any]) -> None:
        summary["sweep"]["axes"][0] |= {"label": EVIL[0], "path": EVIL[3]}
        summary["uncertain"]["inputs"][0]["label"] = EVIL[1]
        summary["break_even"] |= {"label": EVIL[4], "sentences": [EVIL[2]]}
        summary["why"][0]["factors"][0] |= {"name": EVIL[0], "meaning": EVIL[1]}

    rewrite(folder, change)
    stored = read_sound(folder)
    page = Page(page_of(stored, figures_of(folder)))
    write_tables(stored, folder / "tables")
    assert not page.named("script")
    assert all("onerror" not in attributes for _, attributes in page.tags)
    assert all(evil in page.everything() for evil in (*EVIL[:3], EVIL[4]))
    with (folder / "tables" / "sweep.csv").open(encoding="utf-8-sig", newline="") as file:
        heading = next(csv.reader(file))
    assert heading[0] == f"'{EVIL[3]}"


def test_words_are_explained_where_they_are_used() -> None:
    scenario = parse_scenario(DRAWN, "x")
    terms = {**UNCERTAIN, **TIE, **SWEPT}
    assert not set(terms) & set(glossary(scenario))
    blocks = """
sweep: {over: {messages.call.resonance: [0.1, 0.2]}}
uncertain: {messages.call.resonance: [0.1, 0.3]}
"""
    assert set(terms) <= set(glossary(parse_scenario(DRAWN + blocks, "x")))


# files that do not fit


def damage_of(folder: Path) -> str:
    with pytest.raises(MachineError) as caught:
        read_sound(folder)
    (line,) = str(caught.value).splitlines()
    assert line.endswith("run the scenario again with --force")
    return line.removeprefix(f"{folder}/")


@pytest.mark.parametrize("file", ["sweep.parquet", "uncertain.parquet"])
def test_a_table_that_is_missing_or_cut_is_told(folder: Path, file: str) -> None:
    whole = pq.read_table(folder / file)
    pq.write_table(whole.slice(1), folder / file)
    assert damage_of(folder).startswith(f"{file}: is damaged (it does not fit the other files")
    for place, column in enumerate(whole.column_names[:2]):
        lost = whole.drop_columns([column])
        pq.write_table(lost, folder / file)
        assert f"no column '{column}'" in damage_of(folder) or place
    (folder / file).unlink()
    assert damage_of(folder) == (
        f"{file}: is damaged (it is missing, while summary.json tells of it): "
        "run the scenario again with --force"
    )


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("sweep", "axes", []),
        ("sweep", "strategies", ["small"]),
        ("sweep", "metric", "raech"),
        ("sweep", "points", "many"),
        ("break_even", "evaluated", []),
        ("break_even", "value", "12,000"),
        ("break_even", "range", {}),
        ("break_even", "scale", "round"),
        ("uncertain", "inputs", [{"path": "x"}]),
        ("uncertain", "pairs", [{}]),
        ("uncertain", "pairs", None),
        ("why", 0, {}),
    ],
)
def test_a_part_of_the_summary_of_another_form_is_told(
    folder: Path, part: str, key: Any, value: object
) -> None:
    rewrite(folder, lambda summary: summary[part].__setitem__(key, value))
    assert damage_of(folder) == (
        f"summary.json: is damaged (its part '{part}' is not what was written): "
        "run the scenario again with --force"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda summary: summary["sweep"]["strategies"].__setitem__(0, "nobody"),
        lambda summary: summary["break_even"]["between"].__setitem__(0, "nobody"),
        lambda summary: summary["uncertain"]["pairs"][0].__setitem__("baseline", "nobody"),
        lambda summary: summary["why"][0]["factors"][1].__setitem__("value", 25.0),
    ],
    ids=["sweep", "tie", "pair", "factors that do not multiply up"],
)
def test_a_summary_that_contradicts_itself_is_told(
    folder: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    rewrite(folder, change)
    assert damage_of(folder).startswith("summary.json: is damaged (it does not fit")


def test_points_that_make_no_grid_are_told() -> None:
    table, told = explored.sweep((explored.FOLLOWERS, explored.RESONANCE))
    assert sweep_fits(sweep_from(table, told), told)
    points = table["axis_0"].to_numpy().copy()
    points[0] = points[-1]
    for axis_0 in (points, -points, np.full(len(points), np.nan)):
        damaged = table.set_column(0, "axis_0", pa.array(axis_0))
        assert not sweep_fits(sweep_from(damaged, told), told)


def test_points_of_a_sequence_need_not_be_a_grid() -> None:
    table, told = explored.sweep((explored.FOLLOWERS, explored.RESONANCE), points=32)
    found = sweep_from(table, told)
    assert sweep_fits(found, told)
    assert not found.is_grid
