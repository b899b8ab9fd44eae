"""What an answer hangs on, and which factors make it up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from propagation.experiment.phrases import decimals, number, phrase
from propagation.report.figures.exploring import (
    FIRST,
    HALO,
    SECOND,
    multiple,
    ratio_axis,
    ratio_limits,
)
from propagation.report.figures.style import FAINT, INK, is_narrow, wrapped

ALONE, TOGETHER = "alone (first order)", "with the other inputs (total)"
APART = 0.16
"""From the row's middle to either mark, in rows."""


def by_total(indices: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return inputs in the order in which the answer hangs on them."""
    return sorted(indices, key=lambda each: -(each["total"] or 0.0))


def sensitivity(ax: Axes, indices: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> None:
    """Draw which share of the variance each input accounts for, alone and with the others.

    ``indices`` are those of ``summary.json``; ``labels`` maps the path of an input to its words.
    Lines are 95% intervals.
    """
    rows = by_total(indices)
    letters = 18 if is_narrow(ax) else 30
    of_first: dict[str, Any] = {"marker": "o", "color": FIRST}
    of_total: dict[str, Any] = {"marker": "D", "color": SECOND, "mfc": "white", "mew": 1.4}
    for row, each in enumerate(rows):
        for key, at, style in (("first", row - APART, of_first), ("total", row + APART, of_total)):
            low, high, value = each[f"{key}_low"], each[f"{key}_high"], each[key]
            if low is not None and high is not None:
                ax.plot([low, high], [at, at], color=style["color"], lw=1.8, gid=key)
            if value is not None:
                words = ALONE if key == "first" else TOGETHER
                ax.plot([value], [at], ms=6, ls="", gid=key, label=None if row else words, **style)
    ends = [
        each[f"{key}_{end}"]
        for each in rows
        for key in ("first", "total")
        for end in ("low", "high")
    ]
    known = [end for end in ends if end is not None]
    ax.set_xlim(min([0.0, *known]) - 0.02, max([1.0, *known]) + 0.02)
    ax.axvline(0, color=FAINT, lw=0.9)
    ax.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0", "20%", "40%", "60%", "80%", "100%"])
    ax.set_yticks(range(len(rows)), [wrapped(labels[each["path"]], letters) for each in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    for line in np.arange(0.5, len(rows) - 1):
        ax.axhline(line, color=FAINT, lw=0.3)
    ax.set_xlabel("share of the variance over the combinations")


def why(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the factors of a ratio one after another on a log axis; the last bar is the ratio.

    ``found`` is an entry of the part ``why`` of ``summary.json``. Each bar begins where the one
    above ends, so that its length is its factor; thin lines are 95% intervals.
    """
    bars = bars_of(found)
    limits = ratio_limits([place for bar in bars for place in bar.reached], 1.6)
    better = -1 if phrase(found["metric"]).lower_is_better else 1
    sides = {1: (FIRST, found["strategy"]), -1: (SECOND, found["baseline"])}
    drawn = set()
    for row, bar in enumerate(bars):
        colour, name = sides[1 if better * np.log(bar.end / bar.start) >= 0 else -1]
        label = None if bar.is_last or colour in drawn else wrapped(f"in favour of {name}", 34)
        drawn |= set() if bar.is_last else {colour}
        look: dict[str, Any] = {"color": FAINT if bar.is_last else colour, "label": label}
        ax.barh(row, bar.end - bar.start, 0.56, left=bar.start, zorder=2, **look)
        if not bar.is_last:
            ax.plot([bar.end, bar.end], [row, row + 1], color=FAINT, lw=0.8, zorder=1)
        _written(ax, row, bar, limits)
        if bar.interval is not None:
            line = np.clip(bar.interval, *limits)
            ax.plot(line, [row, row], color=INK, lw=1.3, zorder=4, gid="interval")
    ax.axvline(1, color=INK, lw=1.1, zorder=3)
    ratio_axis(ax.xaxis, *limits, 5 if is_narrow(ax) else 7)
    ax.set_yticks(range(len(bars)), [wrapped(bar.name, 18) for bar in bars])
    ax.get_yticklabels()[-1].set_fontweight("bold")
    ax.set_ylim(len(bars) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(multiple(ax, found["metric"], (found["strategy"], found["baseline"])))


@dataclass(frozen=True)
class Bar:
    """A bar on the axis of ratios: its name, its ends, its interval, and its factor in words."""

    name: str
    start: float
    end: float
    interval: tuple[float, float] | None
    words: str
    is_last: bool = False

    @property
    def reached(self) -> tuple[float, ...]:
        """Every place that the bar or its interval reaches."""
        return (self.start, self.end, *(self.interval or ()))


def bars_of(found: Mapping[str, Any]) -> list[Bar]:
    """Return the bars of a ratio's factors, each from where the one before ends, then the ratio."""
    bars, start = [], 1.0
    for each in found["factors"]:
        end = start * each["value"]
        bars.append(Bar(each["name"], start, end, _around(start, each), times(each)))
        start = end
    whole = {**found["ratio"], "value": found["ratio"]["mean"]}
    return [*bars, Bar("together", 1.0, whole["value"], _around(1.0, whole), times(whole), True)]


def _around(start: float, factor: Mapping[str, Any]) -> tuple[float, float] | None:
    low, high = factor["low"], factor["high"]
    return None if low is None or high is None else (start * low, start * high)


ROOMY = 0.3
"""Part of the axis's length from which on a bar holds its own words."""


def _written(ax: Axes, row: int, bar: Bar, limits: tuple[float, float]) -> None:
    """Write a factor into its bar, or beside it on the side with more room."""
    words: dict[str, Any] = {"va": "center", "fontsize": 8.5, "zorder": 5}
    words["fontweight"] = "bold" if bar.is_last else "normal"
    whole = np.log(limits[1] / limits[0])
    if abs(np.log(bar.end / bar.start)) > ROOMY * whole:
        middle = float(np.sqrt(bar.start * bar.end))
        ax.text(middle, row, bar.words, ha="center", color="white", **words)
        return
    least, most = min(bar.reached), max(bar.reached)
    on_right = np.log(limits[1] / most) >= np.log(least / limits[0])
    ax.annotate(
        bar.words,
        (most if on_right else least, row),
        xytext=(6 if on_right else -6, 0),
        textcoords="offset points",
        ha="left" if on_right else "right",
        path_effects=HALO,
        **words,
    )


def times(factor: Mapping[str, Any]) -> str:
    """Write a factor with as many digits as its interval supports, at most three."""
    value, low, high = factor["value"], factor["low"], factor["high"]
    if low is None or high is None or low == high or not value:
        return f"× {value:,.3g}"  # noqa: RUF001
    most = 2 - int(np.floor(np.log10(abs(value))))
    return f"× {number(value, min(decimals((high - low) / 2, value), most))}"  # noqa: RUF001
