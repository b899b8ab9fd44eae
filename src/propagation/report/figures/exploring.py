"""What the figures of an exploration share: axes of inputs and of ratios, colours of either side.

The first strategy of a pair is blue and the second orange in all of them. The functions of the
modules ``exploring_...`` take axes and draw into them, so they serve a printed page as well.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patheffects import withStroke
from matplotlib.ticker import (
    FixedFormatter,
    FixedLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from propagation.experiment.phrases import phrase
from propagation.report.explored import Axis
from propagation.report.figures.outcomes import axis_label
from propagation.report.figures.style import COLOURS, is_narrow, thousands, wrapped

Float64 = npt.NDArray[np.float64]

FIRST, SECOND = COLOURS[0], COLOURS[1]
SIDES = LinearSegmentedColormap.from_list(
    "sides",
    [
        *("#4f2000", "#a34700", "#d97a3a", "#f3c9a8"),
        *("#f6f6f6", "#b3d3e8", "#4f9aca", "#0068a6", "#00335c"),
    ],
)
"""From the second strategy ahead to the first: told apart by lightness on either side too."""
HALO = [withStroke(linewidth=3, foreground="white")]
"""Keeps letters and lines legible on any colour."""
STEPS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0))
FEWEST_TICKS, MOST_TICKS = 4, 7
LARGEST_RATIO = 1000.0
"""Beyond it, and below one over it, a ratio lies at the edge of a picture."""


def ratio_ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Return round ratios between two, 1 among them if it lies there."""
    decades = range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 1)
    for steps in STEPS:
        every = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in every if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
        if len(ticks) > most:
            thinned = ticks[_one(ticks) % 2 :: 2]
            return thinned if len(thinned) <= most else thinned[_one(thinned) % 2 :: 2]
        if len(ticks) >= FEWEST_TICKS:
            return ticks
    found = MaxNLocator(most - 1).tick_values(low, high)
    return [float(tick) for tick in found if low <= tick <= high]


def _one(ticks: Sequence[float]) -> int:
    """Return the place of the tick nearest to 1."""
    return int(np.argmin(np.abs(np.log(ticks))))


def ratio_axis(axis: XAxis | YAxis, low: float, high: float, most: int = MOST_TICKS) -> None:
    """Make an axis one of ratios from ``low`` to ``high``, equal factors equally far."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}lim": (low, high)})
    ticks = ratio_ticks(low, high, most)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([f"{tick:,.4g}" for tick in ticks]))
    axis.set_minor_locator(NullLocator())


def ratio_limits(values: npt.ArrayLike, room: float = 1.0) -> tuple[float, float]:
    """Return limits that hold 1 and the ratios, with room at both ends, at most a thousandfold."""
    given = np.asarray(values, np.float64).ravel()
    finite = given[np.isfinite(given) & (given > 0)]
    low, high = min([1.0, *finite]), max([1.0, *finite])
    extra = max((high / low) ** 0.06, 1.05) ** room
    return max(low / extra, 1 / LARGEST_RATIO), min(high * extra, LARGEST_RATIO)


def input_axis(axis: XAxis | YAxis, of: Axis, low: float, high: float) -> None:
    """Make an axis that of an input, from ``low`` to ``high``."""
    if low == high:
        low, high = low * 0.9 - (low == 0), high * 1.1 + (high == 0)
    name, most = axis.axis_name, _most_ticks(axis)
    axis.axes.set(**{f"{name}scale": of.scale, f"{name}lim": (low, high)})
    axis.set_label_text(of.label)
    axis.set_minor_formatter(NullFormatter())
    if of.is_log:
        axis.set_major_locator(FixedLocator(ratio_ticks(low, high, most)))
        axis.set_minor_locator(NullLocator())
    else:
        every = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        axis.set_major_locator(FixedLocator([tick for tick in every if low <= tick <= high]))
    thousands(axis.axes, **{name: True})


def _most_ticks(axis: XAxis | YAxis) -> int:
    """Return how many ticks an axis has room for: fewer in a panel among others, or on a phone."""
    place = axis.axes.get_subplotspec()
    columns = 1 if place is None else place.get_gridspec().ncols
    return MOST_TICKS if columns == 1 and not is_narrow(axis.axes) else 5


def padded(of: Axis, values: Float64, room: float = 0.03) -> tuple[float, float]:
    """Return limits around values with room at both ends, as they are spaced on an axis."""
    places = of.scaled(values)
    extra = room * (places.max() - places.min())
    low, high = of.unscaled(np.array([places.min() - extra, places.max() + extra]))
    return float(low), float(high)


def multiple(ax: Axes, metric: str, pair: Sequence[str]) -> str:
    """Return what a ratio is one of, for an axis; on phones ``fit`` breaks it into lines."""
    one, other = pair
    words = f"{phrase(metric).label} of {one}, as a multiple of that of {other}"
    return words if is_narrow(ax) else wrapped(words, 84)


MANY_DECADES = 40.0
"""From this ratio of the largest to the smallest mean on, means are drawn on a log axis."""


def means_axis(ax: Axes, metric: str, means: Float64, highs: Float64) -> None:
    """Make the vertical axis one of means: from 0, or logarithmic where they lie far apart."""
    known = means[np.isfinite(means)]
    highest = max([1e-9, *known, *highs[np.isfinite(highs)]])
    if len(known) and known.min() > 0 and known.max() > MANY_DECADES * known.min():
        ax.set_yscale("log")
        ax.set_ylim(known.min() / 1.6, highest * 2)
    else:
        lowest = min([0.0, *known])
        ax.set_ylim(1.1 * lowest, 1.14 * highest)
    ax.set_ylabel(axis_label(metric))
    thousands(ax, y=True)


@dataclass(frozen=True)
class End:
    """A line that ends at the right edge: its name, the height of its end, and its colour."""

    name: str
    height: float
    colour: str


LINE_OF_TEXT = 0.16
"""Inches from one line of a label to the next."""


def name_ends(ax: Axes, ends: Sequence[End]) -> None:
    """Write names beside the right ends of lines, apart from each other; limits are set before."""
    canvas = ax.get_figure(root=True)
    tall = canvas.get_figheight() * 0.7 if canvas is not None else 2.0
    names = [wrapped(end.name, 18) for end in ends]
    heights = np.array([ax.transAxes.inverted().transform(
        ax.transData.transform((ax.get_xlim()[1], end.height)))[1] for end in ends])  # fmt: skip
    order = np.argsort(heights)
    for lower, upper in itertools.pairwise(order):
        lines = sum(names[place].count("\n") + 1 for place in (lower, upper)) / 2
        missing = lines * LINE_OF_TEXT / tall - (heights[upper] - heights[lower])
        if missing > 0:
            heights[lower] -= missing / 2
            heights[upper] += missing / 2
    for end, name, height in zip(ends, names, heights, strict=True):
        ax.annotate(
            name,
            (1, height),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=end.colour,
            fontweight="bold",
            annotation_clip=False,
        )


def crossings(axis: Axis, values: Float64, heights: Float64) -> list[float]:
    """Return where a line through points at rising values crosses zero, drawn on that axis."""
    known = np.isfinite(heights)
    places, heights = axis.scaled(values[known]), heights[known]
    found = []
    for place in range(len(heights) - 1):
        here, there = heights[place], heights[place + 1]
        if here == 0 or here * there < 0:
            part = here / (here - there) if here != there else 0.0
            found.append(places[place] + part * (places[place + 1] - places[place]))
    if len(heights) and heights[-1] == 0:
        found.append(places[-1])
    return [float(value) for value in axis.unscaled(np.array(found))]
