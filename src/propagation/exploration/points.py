"""The points at which a scenario is explored: all combinations of values, or a Sobol sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

from propagation.scenario.exploring import Span, Sweep
from propagation.scenario.varying import Changes, Inputs, label_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """An input that is varied.

    Attributes
    ----------
    path, label
        Where it stands in the scenario, and what it is in words.
    values
        Those tried, in order; None where a Sobol sequence spreads over the range.
    scale
        ``linear`` or ``log``.
    """

    path: str
    label: str
    values: tuple[float, ...] | None
    scale: str

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds."""
        values = None if self.values is None else list(self.values)
        return {"path": self.path, "label": self.label, "values": values, "scale": self.scale}


@dataclass(frozen=True, eq=False)
class Design:
    """Points (points, axes) in the axes' values, and the changes that each stands for."""

    axes: tuple[Axis, ...]
    points: Floats
    changes: tuple[Changes, ...]


def design_of(sweep: Sweep, inputs: Inputs, seed: int) -> Design:
    """Return the points of a sweep; ``seed`` scrambles the Sobol sequence.

    Whole numbers are rounded, and what comes out twice stands once in a grid.
    """
    spans = {path: each for path, each in sweep.over.items() if isinstance(each, Span)}
    if sweep.sobol is not None:
        points = spread_over(list(spans.values()), sweep.sobol, seed)
        points = rounded(points, list(spans), inputs)
        axes = [Axis(path, label_of(path), None, span.scale) for path, span in spans.items()]
    else:
        values = {path: _values(each, inputs.is_whole(path)) for path, each in sweep.over.items()}
        points = np.array(list(product(*values.values())))
        axes = [
            Axis(path, label_of(path), found, spans[path].scale if path in spans else "linear")
            for path, found in values.items()
        ]
    changes = tuple(changes_at(point, sweep.over) for point in points)
    return Design(tuple(axes), points, changes)


def spread_over(spans: Sequence[Span], points: int, seed: int) -> Floats:
    """Return so many points of a scrambled Sobol sequence in the ranges: (points, inputs)."""
    unit = qmc.Sobol(len(spans), rng=np.random.default_rng(seed)).random(points)
    return scaled(unit, spans)


def scaled(unit: Floats, spans: Sequence[Span]) -> Floats:
    """Return points of the unit cube (points, inputs) in the ranges."""
    columns = [[span.at(part) for part in unit[:, place]] for place, span in enumerate(spans)]
    return np.array(columns).T


def changes_at(point: Sequence[float] | Floats, over: Mapping[str, object]) -> Changes:
    """Return what a point changes: its inputs, and those that go along with them."""
    changes: dict[str, float] = {}
    for value, (path, axis) in zip(point, over.items(), strict=True):
        changes[path] = float(value)
        if isinstance(axis, Span):
            changes |= {other: factor * float(value) for other, factor in axis.also.items()}
    return changes


def _values(axis: Span | tuple[float, ...], whole: bool) -> tuple[float, ...]:
    if isinstance(axis, Span):
        steps = (axis.points or 2) - 1
        values = [axis.at(step / steps) for step in range(steps + 1)]
    else:
        values = list(axis)
    return tuple(dict.fromkeys(float(round(value)) if whole else value for value in values))


def rounded(points: Floats, paths: Sequence[str], inputs: Inputs) -> Floats:
    """Return points (points, inputs) with those inputs rounded that take whole numbers only."""
    whole = [inputs.is_whole(path) for path in paths]
    return np.where(whole, np.round(points), points)
