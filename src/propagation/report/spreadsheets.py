"""The tables of a report as CSV with full numbers, for spreadsheets."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from propagation.experiment.storage import escaped, replacing
from propagation.report.stored import Stored
from propagation.scenario.metrics import metrics_of

OUTCOME = ("mean", "low", "high", "median", "p10", "p90", "defined", "heavy")
INTERVALS = ("difference", "ratio", "probability_better")
ENDS = ("mean", "low", "high")


def write_tables(stored: Stored, folder: Path) -> None:
    """Write ``outcomes.csv``, ``differences.csv``, and tables of steps and points if there are any.

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
    further: dict[str, Sequence[Mapping[str, Any]]] = {
        "steps": steps,
        "sweep": sweep_rows(stored),
        "uncertain": combination_rows(stored),
    }
    for name, found_rows in further.items():
        if found_rows:
            _write(folder / f"{name}.csv", found_rows)
        else:
            (folder / f"{name}.csv").unlink(missing_ok=True)  # of an earlier report


def sweep_rows(stored: Stored) -> list[Mapping[str, Any]]:
    """Return a row for each point of the sweep: its inputs by path, then what was found there."""
    sweep = stored.sweep
    if sweep is None:
        return []
    columns = {axis.path: sweep.points[:, place] for place, axis in enumerate(sweep.axes)}
    columns |= {_named(column, sweep.strategies): found for column, found in sweep.columns.items()}
    return _rows(columns)


def combination_rows(stored: Stored) -> list[Mapping[str, Any]]:
    """Return a row for each combination of what is uncertain: its inputs by path, then the rest."""
    found = stored.combinations
    if found is None:
        return []
    told = stored.summary["uncertain"]
    columns: dict[str, Any] = {
        each["path"]: found.inputs[:, place] for place, each in enumerate(told["inputs"])
    }
    return _rows(columns | {"matrix": np.array(found.matrix)} | dict(found.columns))


def _named(column: str, strategies: Sequence[str]) -> str:
    """Return a column with the name of its strategy in place of its number."""
    name, _, number = column.rpartition("_")
    return f"{name} of {strategies[int(number)]}" if number in ("0", "1") else column


def _rows(columns: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    values = [[_cell(value) for value in column.tolist()] for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _cell(value: Any) -> Any:
    """Leave what is undefined empty."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
    writer.writerow(_cells(rows[0]) if rows else ("strategy", "baseline", "metric"))
    writer.writerows(_cells(row.values()) for row in rows)
    with replacing(target) as path:
        path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")


def _cells(values: Iterable[Any]) -> list[Any]:
    """Return values as cells: no text a formula, numbers as they are."""
    return [escaped(value) if isinstance(value, str) else value for value in values]
