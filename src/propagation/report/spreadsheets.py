"""The tables of a report as CSV with full numbers, for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from propagation.experiment.storage import escaped, replacing
from propagation.report.stored import Stored
from propagation.scenario.metrics import metrics_of

OUTCOME = ("mean", "low", "high", "median", "p10", "p90", "defined", "heavy")
INTERVALS = ("difference", "ratio", "probability_better")
ENDS = ("mean", "low", "high")


def write_tables(stored: Stored, folder: Path) -> None:
    """Write ``outcomes.csv``, ``differences.csv`` and, where there are steps, ``steps.csv``.

    Raises
    ------
    MachineError
        If a file cannot be written.
    """
    folder.mkdir(exist_ok=True)
    found = stored.summary["strategies"]
    rows = [
        {"strategy": name, "metric": metric}
        | {column: found[name][metric].get(column) for column in OUTCOME}
        for name in found
        for metric in metrics_of(stored.scenario)
    ]
    _write(folder / "outcomes.csv", rows)
    _write(folder / "differences.csv", [_flat(each) for each in stored.summary["differences"]])
    steps = [
        {"step": step["title"], **_flat(difference)}
        for step in stored.summary.get("steps", [])
        for difference in step["differences"]
    ]
    if steps:
        _write(folder / "steps.csv", steps)


def _flat(difference: Mapping[str, Any]) -> dict[str, Any]:
    """Return a difference as one row, each end of an interval in a column of its own."""
    row: dict[str, Any] = {}
    for key, value in difference.items():
        if key in INTERVALS:
            row |= {f"{key}_{end}": value[end] if value else None for end in ENDS}
        else:
            row[key] = value
    return row


def _write(target: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of the same columns: Excel takes UTF-8 for another encoding without its mark."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(rows[0] if rows else ("strategy", "baseline", "metric"))
    writer.writerows(_cells(row.values()) for row in rows)
    with replacing(target) as path:
        path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")


def _cells(values: Iterable[Any]) -> list[Any]:
    """Return values as cells: no text a formula, numbers as they are."""
    return [escaped(value) if isinstance(value, str) else value for value in values]
