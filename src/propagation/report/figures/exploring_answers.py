"""Where two strategies tie along an input, and how their ratio varies over what is uncertain."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from propagation.experiment.phrases import decimals, number, phrase, share, span
from propagation.report.explored import Axis
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
from propagation.report.figures.style import FAINT, INK, is_narrow, looks, wrapped

Float64 = npt.NDArray[np.float64]

SIMULATION, UNCERTAIN = "simulation error alone", "over what is uncertain"
THEORY = "tie that theory expects"
ROW = 25.0
"""Points from one interval above the axes to the next."""
EQUAL_STEPS = 20.0
"""From this ratio of the highest to the lowest value on, equal factors are equal steps."""
LARGEST_BINS = 30


def break_even(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the means of both strategies against the input that is varied, and where they tie.

    Above the axes stand the intervals of the tie: the narrow one of simulation error, and the wide
    one over what is uncertain. ``found`` is the part ``break_even`` of ``summary.json``.
    """
    points = sorted(found["evaluated"], key=lambda each: float(each["value"]))
    values = np.array([each["value"] for each in points], np.float64)
    axis = axis_of(found, values)
    input_axis(ax.xaxis, axis, values[0], values[-1])
    narrow, ends = is_narrow(ax), []
    means, highs = list[Float64](), list[Float64]()
    for key, (name, look) in zip(("one", "other"), _looks(found), strict=True):
        mean, low, high = (_numbers(points, key, end) for end in ("mean", "low", "high"))
        ax.fill_between(values, low, high, color=look.colour, alpha=0.22, lw=0)
        label = wrapped(name, 34) if narrow else None
        style: dict[str, Any] = {"color": look.colour, "mec": "white", "mew": 0.5, "ms": 4.5}
        ax.plot(
            values, mean, ls="-", marker=look.marker, zorder=3, clip_on=False, label=label, **style
        )
        known = np.flatnonzero(np.isfinite(mean))
        if len(known):
            ends.append(End(name, float(mean[known[-1]]), look.colour))
        means.append(mean)
        highs.append(high)
    means_axis(ax, found["metric"], np.concatenate(means), np.concatenate(highs))
    if found["value"] is not None:
        ax.axvline(found["value"], color=INK, lw=1.1, zorder=2, gid="tie")
    if found.get("theory") is not None:
        ax.axvline(
            found["theory"], color=INK, lw=1, ls=(0, (4, 2)), zorder=2, label=THEORY, gid="theory"
        )
    for row, (interval, words, look) in enumerate(_intervals(found)):
        _interval_above(ax, row, interval, words, **look)
    if not narrow:
        name_ends(ax, ends)


def _looks(found: Mapping[str, Any]) -> Any:
    return looks(list(found["between"])).items()


def axis_of(found: Mapping[str, Any], values: Float64) -> Axis:
    """Return the axis of what is varied, on a log scale where the values lie far apart."""
    is_wide = values[0] > 0 and values[-1] >= EQUAL_STEPS * values[0]
    return Axis(found["path"], found["label"], "log" if is_wide else "linear")


def _numbers(points: Sequence[Mapping[str, Any]], key: str, end: str) -> Float64:
    return np.array([each[key][end] for each in points], np.float64)  # None becomes NaN


def _intervals(found: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str, dict[str, Any]]]:
    narrow = {"color": INK, "lw": 5.0}
    wide = {"color": FAINT, "lw": 2.0}
    rows: list[tuple[Mapping[str, Any], str, dict[str, Any]]] = []
    if found["value"] is not None:
        rows.append(({**found, "median": found["value"]}, SIMULATION, narrow))
    if found["range"] is not None:
        rows.append((found["range"], UNCERTAIN, wide))
    return rows


def _interval_above(
    ax: Axes, row: int, interval: Mapping[str, Any], words: str, **look: Any
) -> None:
    """Draw an interval of the tie above the axes; an end beyond the range is an arrow."""
    canvas = ax.get_figure(root=True)
    assert canvas is not None
    left, right = ax.get_xlim()
    low, high, middle = (interval[end] for end in ("low", "high", "median"))
    ends = np.clip([left if low is None else low, right if high is None else high], left, right)
    lift = ScaledTranslation(0, (8 + ROW * row) / 72, canvas.dpi_scale_trans)
    place = blended_transform_factory(ax.transData, ax.transAxes) + lift
    drawn: dict[str, Any] = {"transform": place, "clip_on": False, "color": look["color"]}
    ax.plot(ends, [1, 1], lw=look["lw"], solid_capstyle="butt", gid=words, **drawn)
    for end, given, mark in ((ends[0], low, "<"), (ends[1], high, ">")):
        if given is None or not left <= given <= right:
            ax.plot([end], [1], mark, ms=6, mew=0, **drawn)
    if middle is not None and left <= middle <= right:
        ax.plot([middle], [1], "o", ms=5.5, mec="white", mew=1, **drawn)
    ax.annotate(
        f"{words}: {interval_in_words(low, high, left, right)}",
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 13 + ROW * row),
        textcoords="offset points",
        fontsize=8,
        color=INK,
        annotation_clip=False,
    )


def interval_in_words(low: float | None, high: float | None, least: float, most: float) -> str:
    """Return an interval of a tie; an open end is said to lie beyond the values looked at."""
    if low is not None and high is not None:
        return span(low, high, decimals(abs(high - low) / 2, high))
    if low is None and high is None:
        return f"anywhere from below {_bound(least)} to beyond {_bound(most)}"
    return f"at most {_bound(high)}" if low is None else f"at least {_bound(low)}"


def _bound(value: float | None) -> str:
    """Return an end of an interval whose other end is not known, with two or three digits."""
    return number(value, decimals(abs(value) / 20, value)) if value else "0"


def uncertain(
    ax: Axes, ratios: Float64, pair: Mapping[str, Any], written: float | None = None
) -> None:
    """Draw how often a ratio comes out over the combinations of what is uncertain; 1 is marked.

    ``pair`` is an entry of ``pairs`` of the part ``uncertain`` of ``summary.json``, ``written`` the
    ratio of the scenario as written. The bar below holds nine of ten combinations.
    """
    low, high = ratio_limits([*ratios, *([written] if written else [])], 0.5)
    count = int(np.clip(2 * np.sqrt(max(len(ratios), 1)), 8, LARGEST_BINS))
    edges = _bins(low, high, count)
    counts, _ = np.histogram(np.clip(ratios, edges[0], edges[-1]), edges)
    better = _better(pair)
    colours = [FIRST if better * np.log(edge) >= -1e-9 else SECOND for edge in edges[:-1]]
    ax.bar(edges[:-1], counts, np.diff(edges), align="edge", color=colours, ec="white", lw=0.8)
    ratio_axis(ax.xaxis, low, high, 5 if is_narrow(ax) else 7)
    tallest = max(counts.max(initial=1), 1)
    ax.set_ylim(-0.2 * tallest, 1.3 * tallest)
    ax.axhline(0, color=FAINT, lw=0.8)
    ax.axvline(1, color=INK, lw=1.3, gid="one")
    _ranges(ax, pair["range"], -0.1 * tallest, written)
    _shares(ax, pair)
    ax.set_yticks(
        [tick for tick in ax.get_yticks() if 0 <= tick <= 1.05 * tallest and tick % 1 == 0]
    )
    ax.grid(visible=False, axis="x")
    ax.set_ylabel("combinations")
    ax.set_xlabel(multiple(ax, pair["metric"], (pair["strategy"], pair["baseline"])))


def _better(pair: Mapping[str, Any]) -> int:
    return -1 if phrase(pair["metric"]).lower_is_better else 1


def _bins(low: float, high: float, count: int) -> Float64:
    """Return edges of equal factors, one of them 1, so that no bar holds both sides."""
    step = np.log(high / low) / count
    first, last = np.floor(np.log(low) / step), np.ceil(np.log(high) / step)
    edges: Float64 = np.exp(step * np.arange(first, last + 1))
    return edges


def _ranges(ax: Axes, found: Mapping[str, Any], height: float, written: float | None) -> None:
    low, high, median = found["low"], found["high"], found["median"]
    if low is not None and high is not None:
        ax.plot([low, high], [height, height], color=INK, lw=4, solid_capstyle="butt", gid="range",
                label="nine of ten combinations")  # fmt: skip
    if median is not None:
        ax.plot([median], [height], "o", color=INK, mec="white", ms=7, label="median")
    if written is not None and written > 0:
        ax.plot([written], [height], "D", mfc="white", mec=INK, ms=5, label="as written")


def _shares(ax: Axes, pair: Mapping[str, Any]) -> None:
    """Write on either side of 1 in how many of the combinations each is ahead."""
    better = _better(pair)
    middle = ax.transAxes.inverted().transform(ax.transData.transform((1, 0)))[0]
    for side, name, part, colour in (
        (better, pair["strategy"], pair["ahead"], FIRST),
        (-better, pair["baseline"], 1 - pair["ahead"], SECOND),
    ):
        room = 1 - middle if side > 0 else middle
        if room < 0.12:
            continue
        letters = max(12, int(room * 60 / (1.7 if is_narrow(ax) else 1)))
        ax.annotate(
            wrapped(f"{name} ahead: {share(part)}", letters),
            (1, 1),
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
