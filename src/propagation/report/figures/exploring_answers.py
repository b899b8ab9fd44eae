"""Where two strategies tie along an input, and how their ratio varies over what is uncertain."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from propagation.experiment.phrases import decimals, number, phrase, share, span
from propagation.report.explored import Axis, is_ratio
from propagation.report.figures.exploring import (
    FIRST,
    HALO,
    SECOND,
    End,
    input_axis,
    means_axis,
    multiple,
    name_ends,
    ratio_axis,
    ratio_limits,
)
from propagation.report.figures.outcomes import axis_label
from propagation.report.figures.style import FAINT, INK, is_narrow, looks, thousands, wrapped

Float64 = npt.NDArray[np.float64]

SIMULATION, UNCERTAIN = "simulation error alone", "over what is uncertain"
THEORY = "tie that theory expects"
ROW = 25.0
"""Points from one interval above the axes to the next."""
TAIL = 0.05
"""Of the combinations, to either side of nine of ten."""
LARGEST_BINS = 30


def break_even(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the means of both strategies against the input that is varied, and where they tie.

    Above the axes stand the intervals of the tie: the narrow one of simulation error, and the wide
    one over what is uncertain. ``found`` is the part ``break_even`` of ``summary.json``.
    """
    points = sorted(found["evaluated"], key=lambda each: float(each["value"]))
    values = np.array([each["value"] for each in points], np.float64)
    axis = Axis(found["path"], found["label"], found["scale"])
    input_axis(ax.xaxis, axis, found["from"], found["to"])
    narrow, ends = is_narrow(ax), []
    means, highs = list[Float64](), list[Float64]()
    names = list(found["between"])
    for key, name, look in zip(("one", "other"), names, looks(names).values(), strict=True):
        mean, low, high = (_numbers(points, key, end) for end in ("mean", "low", "high"))
        ax.fill_between(values, low, high, color=look.colour, alpha=0.22, lw=0)
        label = wrapped(name, 34) if narrow else None
        style: dict[str, Any] = {"color": look.colour, "mec": "white", "mew": 0.4, "ms": 4}
        ax.plot(values, mean, marker=look.marker, zorder=3, clip_on=False, label=label, **style)
        known = np.flatnonzero(np.isfinite(mean))
        if len(known):
            ends.append(End(name, float(mean[known[-1]]), look.colour))
        means.append(mean)
        highs.append(high)
    means_axis(ax, found["metric"], np.concatenate(means), np.concatenate(highs))
    _mark(ax, found)
    if not narrow:
        name_ends(ax, ends)


def _numbers(points: Sequence[Mapping[str, Any]], key: str, end: str) -> Float64:
    return np.array([each[key][end] for each in points], np.float64)  # None becomes NaN


def ties_of(found: Mapping[str, Any]) -> list[float]:
    """Return the tie, or all of them where there are several."""
    if found["value"] is not None:
        return [found["value"]]
    return [each["value"] for each in found.get("crossings", [])]


def _mark(ax: Axes, found: Mapping[str, Any]) -> None:
    """Mark the ties, that of theory, and above the axes how well the one tie is known."""
    for tie in ties_of(found):
        ax.axvline(tie, color=INK, lw=1.1, zorder=2, gid="tie")
    if found.get("theory") is not None:
        style: dict[str, Any] = {"color": INK, "lw": 1, "ls": (0, (4, 2)), "zorder": 2}
        ax.axvline(found["theory"], label=THEORY, gid="theory", **style)
    row = 0
    if (ends := simulation_ends(found)) is not None:
        _interval_above(ax, row, ends, found["value"], SIMULATION, (INK, 5.0))
        row += 1
    if (ends := range_ends(found)) is not None:
        _interval_above(ax, row, ends, found["range"]["median"], UNCERTAIN, (FAINT, 2.0))


def simulation_ends(found: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the interval of the tie, infinite where an end lies beyond the values tried.

    None where there is no tie, or no interval.
    """
    low, high = found["low"], found["high"]
    if found["value"] is None or low is high is None:
        return None
    return -np.inf if low is None else low, np.inf if high is None else high


def range_ends(found: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the range of the tie over what is uncertain, infinite where beyond the values tried.

    None where there is none.
    """
    range_ = found["range"]
    if range_ is None:
        return None
    low, high = range_["low"], range_["high"]
    below, above = range_.get("below", 0.0), range_.get("above", 0.0)
    if low is None:  # the lowest twentieth lies below all values tried, or else nearly all above
        low = np.inf if below < TAIL and above > 1 - TAIL else -np.inf
    if high is None:
        high = -np.inf if above <= TAIL and below >= 1 - TAIL else np.inf
    return low, high


def _interval_above(
    ax: Axes,
    row: int,
    ends: tuple[float, float],
    middle: float | None,
    words: str,
    look: tuple[str, float],
) -> None:
    """Draw an interval of the tie above the axes; an end beyond the range is an arrow."""
    canvas = ax.get_figure(root=True)
    assert canvas is not None
    left, right = ax.get_xlim()
    lift = ScaledTranslation(0, (8 + ROW * row) / 72, canvas.dpi_scale_trans)
    place = blended_transform_factory(ax.transData, ax.transAxes) + lift
    drawn: dict[str, Any] = {"transform": place, "clip_on": False, "color": look[0]}
    ax.plot(
        np.clip(ends, left, right), [1, 1], lw=look[1], solid_capstyle="butt", gid=words, **drawn
    )
    for end in ends:
        if not left <= end <= right:
            edge, mark = (left, "<") if end < left else (right, ">")
            ax.plot([edge], [1], mark, ms=6, mew=0, **drawn)
    if middle is not None and left <= middle <= right:
        ax.plot([middle], [1], "o", ms=3.6, mfc="white", mew=1, zorder=4, **drawn)
    ax.annotate(
        f"{words}: {interval_in_words(ends, (left, right))}",
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 13 + ROW * row),
        textcoords="offset points",
        fontsize=8,
        color=INK,
        annotation_clip=False,
    )


def interval_in_words(ends: tuple[float, float], tried: tuple[float, float]) -> str:
    """Return an interval of a tie; an infinite end lies beyond the values ``tried``."""
    low, high = ends
    if np.isfinite(ends).all():
        return span(low, high, decimals(abs(high - low) / 2, high))
    if low == high:
        return f"beyond {bound(tried[1])}" if low > 0 else f"below {bound(tried[0])}"
    if np.isinf(low) and np.isinf(high):
        return f"anywhere from below {bound(tried[0])} to beyond {bound(tried[1])}"
    return f"at most {bound(high)}" if np.isinf(low) else f"at least {bound(low)}"


def bound(value: float) -> str:
    """Return a value of which no interval is known, with three digits."""
    return number(value, 1 + decimals(abs(value))) if value else "0"


def uncertain(
    ax: Axes, effects: Float64, pair: Mapping[str, Any], written: float | None = None
) -> None:
    """Draw how often a ratio comes out over the combinations of what is uncertain; 1 is marked.

    ``pair`` is an entry of ``pairs`` of the part ``uncertain`` of ``summary.json``, ``written`` the
    ratio of the scenario as written. Where means may be 0 it is a difference, and 0 is marked. The
    bar below holds nine of ten combinations.
    """
    even = 1.0 if is_ratio(pair) else 0.0
    edges = _bins(np.array([*effects, *([] if written is None else [written])]), even)
    counts, _ = np.histogram(np.clip(effects, edges[0], edges[-1]), edges)
    middles = (edges[:-1] + edges[1:]) / 2
    better = _better(pair)
    colours = [FIRST if better * (middle - even) > 0 else SECOND for middle in middles]
    ax.bar(edges[:-1], counts, np.diff(edges), align="edge", color=colours, ec="white", lw=0.8)
    if is_ratio(pair):
        ratio_axis(ax.xaxis, edges[0], edges[-1], 5 if is_narrow(ax) else 7)
        ax.set_xlabel(multiple(ax, pair["metric"], (pair["strategy"], pair["baseline"])))
    else:
        ax.set_xlim(edges[0], edges[-1])
        thousands(ax, x=True)
        ax.set_xlabel(f"difference in {axis_label(pair['metric'])}")
    tallest = max(int(counts.max(initial=1)), 1)
    ax.set_ylim(-0.2 * tallest, 1.3 * tallest)
    ax.axhline(0, color=FAINT, lw=0.8)
    ax.axvline(even, color=INK, lw=1.3, gid="even")
    _ranges(ax, pair["range"], -0.1 * tallest, written)
    _shares(ax, pair, even)
    ticks = MaxNLocator(5, integer=True).tick_values(0, tallest)
    ax.set_yticks([tick for tick in ticks if 0 <= tick <= 1.05 * tallest])
    ax.grid(visible=False, axis="x")
    ax.set_ylabel("combinations")


def _better(pair: Mapping[str, Any]) -> int:
    return -1 if phrase(pair["metric"]).lower_is_better else 1


def _bins(effects: Float64, even: float) -> Float64:
    """Return edges of equal steps, or factors, one of them where both do equally well.

    So no bar holds both sides.
    """
    count = int(np.clip(2 * np.sqrt(len(effects)), 8, LARGEST_BINS))
    if even:
        low, high = np.log(ratio_limits(effects, 0.5))
    else:
        low, high = min(0.0, *effects), max(0.0, *effects)
        room = 0.03 * (high - low) or 1.0
        low, high = low - room, high + room
    step = (high - low) / count
    edges: Float64 = step * np.arange(np.floor(low / step), np.ceil(high / step) + 1)
    return np.exp(edges) if even else edges


def _ranges(ax: Axes, found: Mapping[str, Any], height: float, written: float | None) -> None:
    low, high, median = found["low"], found["high"], found["median"]
    words = "nine of ten combinations"
    if low is not None and high is not None:
        style: dict[str, Any] = {"color": INK, "lw": 4, "solid_capstyle": "butt"}
        ax.plot([low, high], [height, height], gid="range", label=words, **style)
    if median is not None:
        ax.plot([median], [height], "o", color=INK, mec="white", ms=7, label="median")
    if written is not None:
        ax.plot([written], [height], "D", mfc="white", mec=INK, ms=5, label="as written")


def _shares(ax: Axes, pair: Mapping[str, Any], even: float) -> None:
    """Write on either side in how many of the combinations each is ahead."""
    better = _better(pair)
    middle = ax.transAxes.inverted().transform(ax.transData.transform((even, 0)))[0]
    for side, name, part, colour in (
        (better, pair["strategy"], pair["ahead"], FIRST),
        (-better, pair["baseline"], 1 - pair["ahead"], SECOND),
    ):
        room = 1 - middle if side > 0 else middle
        if room < LEAST_ROOM:
            continue
        letters = max(12, int(room * 60 / (1.7 if is_narrow(ax) else 1)))
        ax.annotate(
            wrapped(f"{name} ahead: {share(part)}", letters),
            (even, 1),
            xycoords=("data", "axes fraction"),
            xytext=(6 * side, -2),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="top",
            fontsize=8.5,
            fontweight="bold",
            color=colour,
            path_effects=HALO,
        )


LEAST_ROOM = 0.12
"""A side is named where it has so much room, as a part of the width."""
