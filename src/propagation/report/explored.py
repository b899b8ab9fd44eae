"""What an exploration stored, read back: the points of a sweep, and those of what is uncertain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from propagation.experiment.explored_forms import part_out_of_form
from propagation.experiment.forms import damaged
from propagation.experiment.phrases import phrase
from propagation.experiment.storage import SUMMARY, SWEEP, UNCERTAIN, ResultsFolder

Float64 = npt.NDArray[np.float64]


def is_ratio(pair: Mapping[str, Any]) -> bool:
    """Whether a pair is compared by the ratio of means, and not by their difference."""
    return str(pair.get("of", "ratio")) == "ratio"


BASE = ("A", "B")
"""Rows of the design from which ranges are told: the two independent samples."""


@dataclass(frozen=True)
class Axis:
    """An input that was varied: its path, its label in words, and ``linear`` or ``log``."""

    path: str
    label: str
    scale: str

    @property
    def is_log(self) -> bool:
        """Whether equal factors are equal steps."""
        return self.scale == "log"

    def scaled(self, values: Float64) -> Float64:
        """Return values as they are spaced on the axis."""
        return np.log(values) if self.is_log else values

    def unscaled(self, places: Float64) -> Float64:
        """Return the values at places on the axis."""
        return np.exp(places) if self.is_log else places


@dataclass(frozen=True, eq=False)
class Sweep:
    """Two strategies compared at many points.

    Attributes
    ----------
    points
        The values of the axes (points, axes).
    columns
        The other columns of ``sweep.parquet``, (points,) each.
    is_grid
        Whether the points are all combinations of some values.
    """

    axes: tuple[Axis, ...]
    strategies: tuple[str, str]
    metric: str
    points: Float64
    columns: Mapping[str, Float64]
    is_grid: bool

    @property
    def varying(self) -> tuple[int, ...]:
        """The places of the axes that have more than one value."""
        count = self.points.shape[1]
        return tuple(i for i in range(count) if len(np.unique(self.points[:, i])) > 1)

    @property
    def sign(self) -> int:
        """1 where more of the metric is better, -1 where less is."""
        return -1 if phrase(self.metric).lower_is_better else 1

    def values(self, axis: int) -> Float64:
        """Return the values on an axis, rising."""
        return np.unique(self.points[:, axis])

    def grid(self, column: str, across: int, up: int) -> Float64:
        """Return a column of a sweep over two axes as (values up, values across)."""
        values = self.values(across), self.values(up)
        found = np.full((len(values[1]), len(values[0])), np.nan)
        places = (
            np.searchsorted(values[1], self.points[:, up]),
            np.searchsorted(values[0], self.points[:, across]),
        )
        found[places] = self.columns[column]
        return found

    def settled(self) -> npt.NDArray[np.int64]:
        """Return 1 where the first is ahead for sure, -1 where the second, 0 where it is open."""
        low, high = (self.columns[f"difference_{end}"] for end in ("low", "high"))
        return np.where(low > 0, self.sign, np.where(high < 0, -self.sign, 0)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Combinations:
    """Combinations of what is uncertain: inputs (points, inputs), and columns (points,) each."""

    inputs: Float64
    matrix: Sequence[str]
    columns: Mapping[str, Float64]

    def effects(self, place: int, pair: Mapping[str, Any]) -> Float64:
        """Return the ratios (or differences) of a pair over the independent combinations.

        ``pair`` is the entry at that ``place`` of ``pairs`` in ``summary.json``.
        """
        found = self.columns[f"effect_{place}"][np.isin(self.matrix, BASE)]
        found = found[~np.isnan(found)]
        return np.exp(found) if is_ratio(pair) else found


def read_explored(
    path: Path, summary: Mapping[str, Any]
) -> tuple[Sweep | None, Combinations | None]:
    """Read what a folder holds of an exploration; None of what its summary does not tell.

    Raises
    ------
    MachineError
        If a part of the summary or a table is damaged, or a table is missing.
    """
    if wrong := part_out_of_form(summary):
        raise damaged(path / SUMMARY, f"its part '{wrong}' is not what was written")
    sweep, uncertain = None, None
    if "sweep" in summary:
        sweep = sweep_from(_table(path, SWEEP), summary["sweep"])
    if "uncertain" in summary:
        uncertain = _combinations(_table(path, UNCERTAIN), summary["uncertain"])
    return sweep, uncertain


def _table(path: Path, name: str) -> pa.Table:
    table = ResultsFolder(path).optional_table(name)
    if table is None:
        raise damaged(path / name, f"it is missing, while {SUMMARY} tells of it")
    return table


def sweep_from(table: pa.Table, told: Mapping[str, Any]) -> Sweep:
    """Return a sweep from its table and what the summary tells of it."""
    axes = tuple(Axis(each["path"], each["label"], each["scale"]) for each in told["axes"])
    columns = _columns(table)
    points = [columns.pop(f"axis_{place}") for place in range(len(axes))]
    one, other = told["strategies"]
    return Sweep(
        axes=axes,
        strategies=(one, other),
        metric=told["metric"],
        points=np.stack(points, axis=1),
        columns=columns,
        is_grid=all(each["values"] is not None for each in told["axes"]),
    )


def _combinations(table: pa.Table, told: Mapping[str, Any]) -> Combinations:
    matrix = table["matrix"].to_pylist()
    columns = _columns(table.drop_columns(["matrix"]))
    inputs = [columns.pop(f"input_{place}") for place in range(len(told["inputs"]))]
    for pair in range(len(told["pairs"])):
        columns[f"effect_{pair}"]  # a column that is asked for later is there
    return Combinations(np.stack(inputs, axis=1), matrix, columns)


def _columns(table: pa.Table) -> dict[str, Float64]:
    return {name: table[name].to_numpy().astype(np.float64) for name in table.column_names}


def sweep_fits(sweep: Sweep | None, told: Mapping[str, Any] | None) -> bool:
    """Whether the points are as many as told, and those of a grid all its combinations."""
    if sweep is None or told is None:
        return sweep is None
    count = told["points"]
    if len(sweep.points) != count or not _may_stand(sweep.points, sweep.axes):
        return False
    if not sweep.is_grid:
        return True
    values = [sorted(set(each["values"])) for each in told["axes"]]
    combinations = int(np.prod([len(each) for each in values]))
    distinct = len(np.unique(sweep.points, axis=0))
    found = [sweep.values(place).tolist() for place in range(len(values))]
    return combinations == count == distinct and found == values


def combinations_fit(found: Combinations | None, told: Mapping[str, Any] | None) -> bool:
    """Whether there are as many combinations as told, all within the ranges of the inputs."""
    if found is None or told is None:
        return found is None
    axes = [Axis(each["path"], each["label"], each["scale"]) for each in told["inputs"]]
    return len(found.inputs) == told["evaluations"] and _may_stand(found.inputs, axes)


def _may_stand(points: Float64, axes: Sequence[Axis]) -> bool:
    """Whether points have places on their axes."""
    logarithmic = [place for place, axis in enumerate(axes) if axis.is_log]
    return bool(np.isfinite(points).all() and (points[:, logarithmic] > 0).all())
