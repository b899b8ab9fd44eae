"""Campaigns: the coverage funnel, and what a strategy costs or loses against what it brings."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from propagation.experiment.cost_effect import Weighed, ellipse
from propagation.experiment.phrases import decimals, number
from propagation.report.figures.style import FAINT, INK, looks, thousands, wrapped

MOST_POINTS = 300
"""Points of a cloud that are drawn."""
Found = Mapping[str, Mapping[str, Any]]


def funnel(ax: Axes, stages: Mapping[str, Found]) -> None:
    """Draw the mean of every stage for each strategy, with the mean's interval, on a log axis.

    ``stages`` maps what a stage is called, then the strategy, to what ``summary.json`` holds.
    """
    names = list(next(iter(stages.values())))
    means = [each[name]["mean"] or 0.0 for each in stages.values() for name in names]
    least = min([mean for mean in means if mean > 0], default=1.0)
    edge = 10.0 ** np.floor(np.log10(least)) / 2
    step = 0.5 / max(1, len(names) - 1) if len(names) > 1 else 0.0
    for place, (name, look) in enumerate(looks(names).items()):
        rows = np.arange(len(stages)) + (place - (len(names) - 1) / 2) * step
        values = [each[name]["mean"] or 0.0 for each in stages.values()]
        drawn = np.maximum(values, edge)
        ax.plot(drawn, rows, color=look.colour, ls=look.line, lw=0.8, alpha=0.6)
        ax.plot(drawn, rows, look.marker, color=look.colour, ms=6, label=wrapped(name, 34))
        for row, value, found in zip(rows, values, stages.values(), strict=True):
            low, high = found[name]["low"], found[name]["high"]
            if low is not None and high > 0:
                ends = np.maximum([low, high], edge)
                ax.plot(ends, [row, row], color=INK, lw=1.6, zorder=3)
            ax.annotate(
                _count(value, low, high),
                (max(value, high or 0.0, edge), row),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
    ax.set_xscale("log")
    ax.set_xlim(edge, max([*means, 10 * edge]) * 4)
    ax.set_yticks(range(len(stages)), [wrapped(stage) for stage in stages])
    ax.set_ylim(len(stages) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    for line in np.arange(0.5, len(stages) - 1):
        ax.axhline(line, color=FAINT, lw=0.4)
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0,)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("mean of a campaign")
    thousands(ax, x=True)


def _count(mean: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return number(mean, max(0, decimals(mean))) if mean else "0"
    return number(mean, decimals((high - low) / 2, mean))


def plane(
    ax: Axes,
    found: Sequence[Weighed],
    labels: tuple[str, str],
    corners: tuple[str, str, str, str],
    least: tuple[float, float],
    *,
    claimed: bool,
) -> None:
    """Draw differences in two things from the baseline, a cloud of resampled means for each.

    Parameters
    ----------
    labels
        Of the horizontal and the vertical axis.
    corners
        What it means to lie upper left, upper right, lower left and lower right.
    least
        What the axes span at least, so that no small difference fills the picture.
    claimed
        Whether to draw the ellipse that holds 95% of a cloud.
    """
    for each, look in zip(found, looks([each.strategy for each in found]).values(), strict=True):
        cloud = each.cloud[:: max(1, len(each.cloud) // MOST_POINTS)]
        ax.plot(*cloud.T, ".", color=look.colour, ms=2, alpha=0.25, mew=0)
        if claimed:
            ax.plot(*ellipse(each.cloud).T, color=look.colour, ls=look.line, lw=1.4)
        ax.plot(
            [each.effect.mean or 0.0],
            [each.cost.mean or 0.0],
            look.marker,
            color=look.colour,
            mec="white",
            ms=8,
            ls=look.line,
            label=wrapped(each.strategy, 34),
        )
    ax.axhline(0, color=INK, lw=0.9)
    ax.axvline(0, color=INK, lw=0.9)
    ax.plot([0], [0], "*", color=INK, ms=9, label="the baseline")
    for axis, span in zip((ax.xaxis, ax.yaxis), least, strict=True):
        low, high = axis.get_data_interval()
        reach = max(high - low, span, 1e-9)
        room = (min(low, -0.2 * reach) - 0.12 * reach, max(high, 0.2 * reach) + 0.12 * reach)
        (ax.set_xlim if axis is ax.xaxis else ax.set_ylim)(*room)
    places = ((0.01, 0.99), (0.99, 0.99), (0.01, 0.01), (0.99, 0.01))
    for words, (x, y) in zip(corners, places, strict=True):
        ax.text(
            x,
            y,
            words,
            transform=ax.transAxes,
            ha="left" if x < 0.5 else "right",
            va="bottom" if y < 0.5 else "top",
            color=FAINT,
            fontsize=8.5,
            style="italic",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
    ax.set_xlabel(labels[0])
    ax.set_ylabel(labels[1])
    thousands(ax, x=True, y=True)
