"""A sweep along one input, and one over many: lines with what theory expects, and scatters."""

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from propagation.experiment.phrases import decimals, number
from propagation.report.explored import Sweep
from propagation.report.figures.exploring import (
    FIRST,
    HALO,
    LARGEST_RATIO,
    SECOND,
    End,
    crossings,
    input_axis,
    means_axis,
    name_ends,
    padded,
    ratio_axis,
    ratio_limits,
)
from propagation.report.figures.style import FAINT, INK, is_narrow, looks, wrapped

Float64 = npt.NDArray[np.float64]

THEORY = "what theory expects"
MOST_MARKS = 45
BINS = 6
"""Parts of an axis with a median each."""
LEAST_IN_BIN = 5


def sweep_lines(ax: Axes, sweep: Sweep, ties: list[float] | None = None) -> None:
    """Draw the means of both strategies along the one axis that varies.

    Bands are 95% intervals of the means, black lines what theory expects, marks the points that
    were run. ``ties`` are the values at which the two tie; None finds them between the points.
    """
    place = (sweep.varying or (0,))[0]
    axis, order = sweep.axes[place], np.argsort(sweep.points[:, place])
    values = sweep.points[order, place]
    columns = {name: column[order] for name, column in sweep.columns.items()}
    narrow, ends = is_narrow(ax), []
    input_axis(ax.xaxis, axis, values[0], values[-1])
    for i, (name, look) in enumerate(looks(list(sweep.strategies)).items()):
        mean, expected = columns[f"mean_{i}"], columns[f"expected_{i}"]
        label = wrapped(name, 34) if narrow else None
        low, high = columns[f"low_{i}"], columns[f"high_{i}"]
        ax.fill_between(values, low, high, color=look.colour, alpha=0.22, lw=0)
        marks = look.marker if len(values) <= MOST_MARKS else ""
        style: dict[str, Any] = {"color": look.colour, "mec": "white", "mew": 0.5, "ms": 5.5}
        ax.plot(values, mean, ls="-", marker=marks, zorder=4, clip_on=False, label=label, **style)
        theory = np.where(np.isfinite(expected), expected, np.nan)
        if np.isfinite(theory).any():
            ax.plot(values, theory, color=INK, ls=(0, (4, 2)), lw=1.1, zorder=5, label=THEORY)
        known = np.flatnonzero(np.isfinite(mean))
        if len(known):
            ends.append(End(name, float(mean[known[-1]]), look.colour))
    both = [np.concatenate([columns[f"{kind}_{i}"] for i in (0, 1)]) for kind in ("mean", "high")]
    means_axis(ax, sweep.metric, *both)
    _mark_ties(ax, crossings(axis, values, columns["difference"]) if ties is None else ties)
    if not narrow:
        name_ends(ax, ends)


def _mark_ties(ax: Axes, ties: list[float]) -> None:
    low, high = sorted(ax.get_xlim())
    for tie in ties:
        ax.axvline(tie, color=FAINT, lw=1.1, zorder=1, gid="tie")
        part = ax.transAxes.inverted().transform(ax.transData.transform((tie, 0)))[0]
        ax.annotate(
            f"tie at {tie_in_words(tie, high - low)}",
            (tie, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4 if part < 0.6 else -4, -3),
            textcoords="offset points",
            ha="left" if part < 0.6 else "right",
            va="top",
            fontsize=8.5,
            path_effects=HALO,
        )


def tie_in_words(value: float, spread: float) -> str:
    """Return a tie read off a line between points: two digits are all that it is good for."""
    return number(value, decimals(abs(value) or spread))


def sweep_scatter(ax: Axes, sweep: Sweep, place: int) -> None:
    """Draw the ratio of the means at every point against one axis of the sweep.

    Marks say who is ahead for sure; the line joins the medians of six parts of the axis.
    """
    axis, values = sweep.axes[place], sweep.points[:, place]
    edge = 1 / LARGEST_RATIO, LARGEST_RATIO
    known = np.isfinite(sweep.columns["ratio"])
    ratios = np.clip(sweep.columns["ratio"], *edge)
    input_axis(ax.xaxis, axis, *padded(axis, values))
    one, other = (wrapped(name, 24) for name in sweep.strategies)
    for side, label, style in (
        (1, f"{one} ahead", {"marker": "o", "color": FIRST}),
        (-1, f"{other} ahead", {"marker": "s", "color": SECOND}),
        (0, "not settled", {"marker": "o", "mfc": "white", "mec": FAINT, "color": FAINT}),
    ):
        here = known & (sweep.settled() == side)
        if here.any():
            settings: dict[str, Any] = {"ls": "", "ms": 3.6, "alpha": 0.75, "mew": 0.7, **style}
            ax.plot(values[here], ratios[here], label=label, **settings)
    ax.axhline(1, color=INK, lw=1)
    middles, medians = _medians(axis.scaled(values[known]), ratios[known])
    if len(middles) > 1:
        ax.plot(
            axis.unscaled(middles), medians, color=INK, lw=1.8, label="median", path_effects=HALO
        )
    ratio_axis(ax.yaxis, *ratio_limits(ratios[known]), most=6)
    ax.set_ylabel("ratio of means")


def _medians(places: Float64, ratios: Float64) -> tuple[Float64, Float64]:
    """Return the middles of parts of an axis and the median ratio in each."""
    if len(places) < BINS * LEAST_IN_BIN or places.min() == places.max():
        return np.empty(0), np.empty(0)
    edges = np.linspace(places.min(), places.max(), BINS + 1)
    part = np.clip(np.searchsorted(edges, places, "right") - 1, 0, BINS - 1)
    full = [each for each in range(BINS) if np.count_nonzero(part == each) >= LEAST_IN_BIN]
    middles = np.array([(edges[each] + edges[each + 1]) / 2 for each in full])
    return middles, np.array([float(np.median(ratios[part == each])) for each in full])
