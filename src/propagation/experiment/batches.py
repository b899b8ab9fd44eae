"""Finished replicates as columns, on their way to the tables of a results folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from propagation.scenario.metrics import is_campaign, metrics_of, moves
from propagation.scenario.spec import Scenario

Columns = dict[str, list[object]]

TREE_COLUMNS = ("size", "largest_tree", "depth", "largest_generation", "structural_virality")
TOUCHED = "cascades"
"""Column of runs: how many message instances touched anybody, where others are left out."""
MOST_CURVES = 1000
"""Curves over time are kept of the first replicates: enough for bands, and small on disk."""


@dataclass(frozen=True)
class Batch:
    """Finished replicates, as rows by strategy and replicate; cascades also by instance."""

    replicates: tuple[int, ...]
    runs: Columns
    cascades: Columns
    curves: Columns


def joined(batches: Sequence[Batch]) -> Batch:
    """Return several batches as one."""

    def columns(parts: list[Columns]) -> Columns:
        return {name: [value for part in parts for value in part[name]] for name in parts[0]}

    return Batch(
        tuple(one for batch in batches for one in batch.replicates),
        columns([batch.runs for batch in batches]),
        columns([batch.cascades for batch in batches]),
        columns([batch.curves for batch in batches]),
    )


def _column_names(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return segments in snake case where that is unique."""
    short = [segment.replace(" ", "_") for segment in segments]
    return tuple(
        name if short.count(name) == 1 else segment
        for name, segment in zip(short, segments, strict=True)
    )


def reach_columns(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns of reach by segment."""
    return tuple(f"reach_{name}" for name in _column_names(segments))


def value_columns(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns of valued reach by segment; they add up to it."""
    return tuple(f"valued_reach_{name}" for name in _column_names(segments))


def append(columns: Columns, row: Mapping[str, object]) -> None:
    """Add one row to columns."""
    for name, values in columns.items():
        values.append(row[name])


def extend(columns: Columns, rows: Mapping[str, Sequence[object]]) -> None:
    """Add rows to columns."""
    for name, values in columns.items():
        values.extend(rows[name])


def empty_batch(scenario: Scenario, segments: tuple[str, ...]) -> Batch:
    """Return the columns that the runs of a scenario have, without rows.

    Only what a campaign does besides posting brings further columns.
    """
    identity = ("strategy", "replicate", "draw")
    by_segment = (*reach_columns(segments), *value_columns(segments))
    curves = ["shares_by_hour", "reach_by_hour"]
    if is_campaign(scenario):
        curves += ["valued_reach_by_hour"]
    if moves(scenario):
        curves += ["followers_by_hour"]
    touched = (TOUCHED,) if is_campaign(scenario) else ()
    runs = (*identity, "seed", *metrics_of(scenario), *touched, *by_segment)
    return Batch(
        replicates=(),
        runs={name: [] for name in runs},
        cascades={name: [] for name in (*identity, "message", "nominal_time", *TREE_COLUMNS)},
        curves={name: [] for name in (*identity, "hours", *curves)},
    )
