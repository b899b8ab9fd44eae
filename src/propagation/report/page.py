"""The report: one page that holds everything, and tables for spreadsheets."""

import base64
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from propagation.experiment.storage import FIGURES, REPORT, TABLES, cannot_write, escaped, replacing
from propagation.report.figures.rendering import Figure, render, told
from propagation.report.stored import Stored, read_stored
from propagation.report.wording import (
    Table,
    assumption_tables,
    citations,
    difference_table,
    level_table,
    method,
    outcome_table,
    provenance_rows,
    step_table,
)
from propagation.scenario.spec import METRICS

LARGEST_SVG = 400_000
"""Bytes from which on a figure goes into the page as PNG: trees of thousands of marks."""
LIMITS = (
    "How people decide whether to share changes results more than any parameter does. The rule in "
    "force is named in the verdict; another rule can give another answer.",
    "There is no algorithmic feed: people see what the accounts they follow share, and nothing "
    "else.",
    "There is no backlash: nobody is put off, unfollows or answers.",
    "Inactive followers are there only as given: an account that never looks has attention 0.",
    "The follows of other accounts do not change during a campaign.",
    "The numbers follow from the assumptions above. They say what these imply, not what will "
    "happen.",
)


def write_report(path: Path) -> Path:
    """Render figures, tables and the page of a finished run from its folder; return the page.

    Raises
    ------
    InputError
        If the folder holds no finished run.
    MachineError
        If a file cannot be read or written.
    """
    stored = read_stored(path)
    try:
        figures = render(stored, path / FIGURES)
        _write_tables(stored, path / TABLES)
    except OSError as error:
        raise cannot_write(path, error) from error
    page = path / REPORT
    with replacing(page) as unfinished:
        unfinished.write_text(page_of(stored, figures), encoding="utf-8", newline="\n")
    return page


def page_of(stored: Stored, figures: Sequence[Figure]) -> str:
    """Return the page as HTML; every text of the scenario is escaped in it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("propagation.report", "template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    by_name = {figure.name: figure for figure in figures}
    sources = {figure.name: _inlined(stored.path / FIGURES, figure.name) for figure in figures}
    verdict = stored.summary["verdict"]
    return environment.get_template("report.html.jinja").render(
        name=stored.scenario.name,
        question=stored.scenario.question,
        headline=_capital(verdict[0]),
        verdict=[_capital(sentence) for sentence in verdict[1:]],
        warnings=stored.summary["warnings"],
        levels=level_table(stored),
        figures=by_name,
        sources=sources,
        outcomes=outcome_table(stored, told(stored)),
        differences=difference_table(stored),
        steps=_steps(stored, by_name),
        further=[each for each in figures if not each.name.startswith(("outcomes", "step-"))],
        assumptions=assumption_tables(stored.scenario),
        assumption_sources=stored.scenario.sources,
        method=method(stored),
        limits=LIMITS,
        citations=citations(stored.scenario),
        provenance=provenance_rows(stored),
        missing=_missing(stored),
    )


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _missing(stored: Stored) -> list[str]:
    """Say what an older results folder does not hold."""
    missing = []
    if stored.curves is None:
        missing.append("the curves over time")
    if not stored.trees:
        missing.append("the typical cascades")
    return missing


def _steps(stored: Stored, figures: Mapping[str, Figure]) -> list[dict[str, Any]]:
    steps = []
    for place, step in enumerate(stored.summary.get("steps", []), 1):
        names = (f"step-{place}", f"step-{place}-value")
        steps.append(
            {
                "title": step["title"],
                "text": step["text"],
                "sentences": step["sentences"],
                "figures": [figures[name] for name in names if name in figures],
                "table": step_table(step),
            }
        )
    return steps


def _inlined(folder: Path, name: str) -> str:
    """Return a figure as a data address: SVG, or PNG where that would be too large."""
    picture, kind = (folder / f"{name}.svg").read_bytes(), "svg+xml"
    if len(picture) > LARGEST_SVG:
        picture, kind = (folder / f"{name}.png").read_bytes(), "png"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def _write_tables(stored: Stored, folder: Path) -> None:
    """Write the tables of the page, with full numbers, for spreadsheets."""
    folder.mkdir(exist_ok=True)
    columns = ("mean", "low", "high", "median", "p10", "p90", "defined")
    outcomes = [
        (name, metric, *(stored.summary["strategies"][name][metric][each] for each in columns))
        for name in stored.summary["strategies"]
        for metric in METRICS
    ]
    _write_csv(folder / "outcomes.csv", Table("", ("strategy", "metric", *columns), outcomes))
    _write_csv(folder / "differences.csv", _flat(stored.summary["differences"]))
    steps = [
        {"step": step["title"], **difference}
        for step in stored.summary.get("steps", [])
        for difference in step["differences"]
    ]
    if steps:
        _write_csv(folder / "steps.csv", _flat(steps))


def _flat(differences: Iterable[Mapping[str, Any]]) -> Table:
    """Return differences as a table, each end of an interval in a column of its own."""
    rows = []
    for each in differences:
        row: dict[str, Any] = {}
        for key, value in each.items():
            if key in ("difference", "ratio", "probability_better"):
                ends = value or {"mean": None, "low": None, "high": None}
                row |= {f"{key}_{end}": ends[end] for end in ("mean", "low", "high")}
            else:
                row[key] = value
        rows.append(row)
    heading = tuple(rows[0]) if rows else ("strategy", "baseline", "metric")
    return Table("", heading, [tuple(row.values()) for row in rows])


def _write_csv(target: Path, table: Table) -> None:
    """Write a table that spreadsheets open right: UTF-8 with its mark, and no text a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.heading)
    for row in table.rows:
        writer.writerow([escaped(cell) if isinstance(cell, str) else cell for cell in row])
    with replacing(target) as path:
        path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
