"""The map of a sweep over two inputs: the ratio in colours, and where the two strategies tie."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import distance_transform_edt

from propagation.report.explored import Axis, Sweep
from propagation.report.figures.exploring import (
    HALO,
    LARGEST_RATIO,
    SIDES,
    input_axis,
    multiple,
    ratio_ticks,
)
from propagation.report.figures.style import GRID, INK, is_narrow, wrapped

Float64 = npt.NDArray[np.float64]

FINE = 241
"""Places along either side of the fine grid between the points."""
LEAST_SPAN = 1.5
"""The colours go at least so far to either side, that no small ratio looks large."""
LEAST_ROOM = 0.05
"""A side is named on the map where it has so much room, as a part of the map's width."""


def ratio_map(ax: Axes, sweep: Sweep) -> None:
    """Draw the ratio of the means over the two axes that vary.

    The thick line is where the means tie, the pale strip along it its 95% band, and the dashed
    line the tie that theory expects. A hatched cell has no ratio.
    """
    across, up = sweep.varying
    axes = sweep.axes[across], sweep.axes[up]
    values = sweep.values(across), sweep.values(up)
    ratio = sweep.grid("ratio", across, up)
    input_axis(ax.xaxis, axes[0], values[0][0], values[0][-1])
    input_axis(ax.yaxis, axes[1], values[1][0], values[1][-1])
    ax.grid(visible=False)
    ax.patch.set(facecolor=GRID, hatch="xxx", edgecolor="white")
    edges = [_edges(axis, each) for axis, each in zip(axes, values, strict=True)]
    most = widest(ratio)
    mesh = ax.pcolormesh(
        *edges,
        np.ma.masked_invalid(np.clip(ratio, 1 / LARGEST_RATIO, LARGEST_RATIO)),
        cmap=SIDES if sweep.sign > 0 else SIDES.reversed(),
        norm=LogNorm(1 / most, most),
        rasterized=True,
    )
    _draw_ties(ax, sweep, axes, values)
    _name_sides(ax, sweep, axes, values)
    _colour_bar(ax, mesh, sweep, most)


def widest(ratio: Float64) -> float:
    """Return the ratio at which the colours end: nearly all of the map lies within."""
    known = ratio[np.isfinite(ratio) & (ratio > 0)]
    if not len(known):
        return LEAST_SPAN
    far = float(np.exp(np.quantile(np.abs(np.log(known)), 0.98)))
    return min(max(far, LEAST_SPAN), LARGEST_RATIO)


def _edges(axis: Axis, values: Float64) -> Float64:
    """Return the edges of cells around values: half way between them as they are spaced."""
    places = axis.scaled(values)
    between = (places[1:] + places[:-1]) / 2
    first, last = 2 * places[0] - between[0], 2 * places[-1] - between[-1]
    return axis.unscaled(np.concatenate(([first], between, [last])))


def relative(sweep: Sweep, column: str) -> Float64:
    """Return a difference of the means relative to their sum, so that it changes evenly."""
    across, up = sweep.varying
    total = sum(sweep.grid(f"mean_{i}", across, up) for i in (0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, sweep.grid(column, across, up) / total, np.nan)


def finer(
    axes: Sequence[Axis], values: Sequence[Float64], heights: Float64
) -> tuple[Float64, Float64, Float64]:
    """Return a fine grid in the axes' values, and heights between those of the points."""
    places = [axis.scaled(each) for axis, each in zip(axes, values, strict=True)]
    fine = [np.linspace(each[0], each[-1], FINE) for each in places]
    between = RegularGridInterpolator((places[1], places[0]), heights)
    found = between(np.stack(np.meshgrid(fine[1], fine[0], indexing="ij"), axis=-1))
    x, y = (axis.unscaled(each) for axis, each in zip(axes, fine, strict=True))
    return x, y, found


def tie_lines(axes: Sequence[Axis], values: Sequence[Float64], heights: Float64) -> list[Float64]:
    """Return the lines along which heights (values up, values across) are zero."""
    x, y, fine = finer(axes, values, heights)
    lines = contour_generator(x, y, np.ma.masked_invalid(fine), line_type="Separate").lines(0.0)
    return [np.asarray(line, np.float64) for line in lines]


def _draw_ties(ax: Axes, sweep: Sweep, axes: Sequence[Axis], values: Sequence[Float64]) -> None:
    across, up = sweep.varying
    low, high = (relative(sweep, f"difference_{end}") for end in ("low", "high"))
    x, y, lower = finer(axes, values, low)
    _, _, upper = finer(axes, values, high)
    open_ = np.where(np.isfinite(lower + upper), np.minimum(-lower, upper), np.nan)
    if np.nanmax(open_, initial=-1.0) > 0:
        ax.contourf(
            x, y, np.ma.masked_invalid(open_), levels=[0, np.inf], colors="white", alpha=0.6
        )
        ax.fill_between([], [], [], color="#e4e4e4", ec=INK, lw=0.5, label="95% band of the tie")
    for bound in (low, high):
        _lines(ax, tie_lines(axes, values, bound), "", color=INK, lw=0.6, gid="band")
    difference = relative(sweep, "difference")
    _lines(
        ax, tie_lines(axes, values, difference), "tie of the means", color=INK, lw=2.2, gid="tie"
    )
    expected = [sweep.grid(f"expected_{i}", across, up) for i in (0, 1)]
    gap = expected[0] - expected[1]
    if np.isfinite(gap).any():
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = np.where(np.isfinite(gap), gap / (expected[0] + expected[1]), np.nan)
        dashed: dict[str, Any] = {"color": INK, "lw": 1.4, "ls": (0, (4, 2)), "gid": "theory"}
        _lines(ax, tie_lines(axes, values, gap), "tie that theory expects", **dashed)


def _lines(ax: Axes, lines: Sequence[Float64], label: str, **style: Any) -> None:
    halo = None if style.get("gid") == "band" else HALO
    for place, line in enumerate(lines):
        named = None if place else label or None
        ax.plot(*line.T, zorder=4, label=named, path_effects=halo, **style)


def _name_sides(ax: Axes, sweep: Sweep, axes: Sequence[Axis], values: Sequence[Float64]) -> None:
    """Write who is ahead where each side has most room."""
    heights = relative(sweep, "difference") * sweep.sign
    fine = finer(axes, values, heights)[2]
    longest = 14 if is_narrow(ax) else 20
    for side, name in zip((1, -1), sweep.strategies, strict=True):
        room = distance_transform_edt(np.pad(np.sign(np.nan_to_num(fine)) == side, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(int(np.argmax(room)), room.shape)
        if room[row, column] < LEAST_ROOM * FINE:
            continue
        part = column / (FINE - 1)
        ax.text(
            min(max(part, 0.18), 0.82),
            row / (FINE - 1),
            f"{wrapped(name, longest)}\nahead",
            transform=ax.transAxes,
            ha="center",
            va="center",
            fontweight="bold",
            fontsize=9,
            path_effects=HALO,
            zorder=6,
            gid=f"side {side}",
        )


def _colour_bar(ax: Axes, mesh: Any, sweep: Sweep, most: float) -> None:
    canvas = ax.get_figure(root=True)
    assert canvas is not None
    bar = canvas.colorbar(mesh, ax=ax, location="top", extend="both", aspect=34, pad=0.03)
    ticks = ratio_ticks(1 / most, most, 5 if is_narrow(ax) else 7)
    bar.set_ticks(ticks, labels=[f"{tick:,.4g}" for tick in ticks])
    bar.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label(multiple(ax, sweep.metric, sweep.strategies), labelpad=6)
