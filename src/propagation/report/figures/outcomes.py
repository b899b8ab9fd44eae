"""What came out: metrics by strategy, differences, reach by segment, steps and value."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from propagation.experiment.batches import reach_columns, value_columns
from propagation.experiment.comparison import outcome
from propagation.experiment.phrases import decimals, number, phrase, range_decimals
from propagation.report.figures.style import COLOURS, FAINT, GRID, INK, looks, thousands, wrapped
from propagation.report.stored import Stored

Float64 = npt.NDArray[np.float64]
MOST_SEGMENTS = 8
"""Segments with bars of their own."""
AND_INTERVAL = ", with its 95% interval"
UNIT_OF = {
    "reach": "accounts",
    "relevant_reach": "relevant accounts",
    "valued_reach": "value times interest, summed",
    "impressions": "notices",
    "wasted": "notices without a share",
    "shares": "shares",
    "time_to_half": "hours",
    "peak_hourly_shares": "shares an hour",
    "doubling_time": "hours",
    "largest_cascade": "posts and shares",
    "depth": "shares from the post",
    "structural_virality": "mean distance in the tree",
    "originals": "messages",
    "followers_gained": "accounts",
    "followers_lost": "accounts",
    "pitches_covered": "pitches covered",
    "coverage_reach": "accounts",
    "cost": "in the scenario's money",
    "cost_per_reach": "in the scenario's money",
    "cost_per_relevant_reach": "in the scenario's money",
    "cost_per_valued_reach": "in the scenario's money",
}


def axis_label(metric: str) -> str:
    """Return a metric with its unit, for an axis."""
    unit = UNIT_OF.get(metric, "")
    label = phrase(metric).label
    return f"{label} ({unit})" if unit not in ("", label) else label


def by_strategy(ax: Axes, outcomes: Mapping[str, Mapping[str, Any]], metric: str) -> None:
    """Draw a metric of each strategy: 8 of 10 campaigns as a thin line, the mean's interval thick.

    ``outcomes`` maps a strategy to what ``summary.json`` holds of it for the metric.
    """
    names = list(outcomes)
    for row, name in enumerate(names):
        found = outcomes[name]
        if found["p10"] is None:
            ax.text(0.02, row, "never defined", va="center", transform=ax.get_yaxis_transform())
            continue
        ax.plot([found["p10"], found["p90"]], [row, row], color=FAINT, lw=1.2, zorder=2)
        for end in (found["p10"], found["p90"]):
            ax.plot([end], [row], "|", color=FAINT, ms=9, zorder=2)
        if found["low"] is not None:
            ax.plot(
                [found["low"], found["high"]],
                [row, row],
                color=COLOURS[0],
                lw=7,
                solid_capstyle="butt",
                zorder=3,
            )
            ax.plot([found["mean"]], [row], "o", color=INK, ms=4.5, zorder=4)
        ax.plot([found["median"]], [row], "d", mfc="white", mec=INK, ms=5.5, zorder=5)
        ax.annotate(
            _in_words(found),
            (max(found["p90"], found["high"] or found["median"]), row),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    _rows(ax, names)
    ax.set_xlabel(axis_label(metric))
    ax.margins(x=0.06)
    left, right = ax.get_xlim()
    if 0 < left < right / 2:
        left = 0.0  # lengths can be compared, unless all lies far from zero
    ax.set_xlim(left, right + 0.2 * (right - left))  # for the numbers beside the lines
    thousands(ax, x=True)
    ax.plot([], [], color=FAINT, lw=1.2, marker="|", ms=8, label="8 of 10 campaigns")
    ax.plot([], [], color=COLOURS[0], lw=7, label="95% interval of the mean")
    ax.plot([], [], "o", color=INK, ms=4.5, label="mean")
    ax.plot([], [], "d", mfc="white", mec=INK, ms=5.5, label="median")


def _in_words(found: Mapping[str, Any]) -> str:
    if found["low"] is None:
        places = range_decimals(found["p10"], found["p90"])
        return f"median {number(found['median'], places)}"
    return (
        f"mean {number(found['mean'], decimals((found['high'] - found['low']) / 2, found['mean']))}"
    )


def _rows(ax: Axes, names: Sequence[str]) -> None:
    ax.set_yticks(range(len(names)), [wrapped(name) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")


def differences(ax: Axes, found: Sequence[Mapping[str, Any]], matters: float) -> None:
    """Draw differences in one metric, one row each, with the interval that holds for all together.

    The grey band is what would be called no practical difference.
    """
    names = [f"{each['strategy']} minus {each['baseline']}" for each in found]
    for row, each in enumerate(found):
        interval = each["difference"]
        if interval["low"] is None:
            ax.text(0.02, row, "no interval", va="center", transform=ax.get_yaxis_transform())
            continue
        ax.plot([interval["low"], interval["high"]], [row, row], color=INK, lw=2)
        for end in (interval["low"], interval["high"]):
            ax.plot([end], [row], "|", color=INK, ms=9)
        ax.plot([interval["mean"]], [row], "o", color=INK, ms=5.5)
        ax.annotate(
            _signed(interval),
            (interval["mean"], row),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    if matters > 0:
        ax.axvspan(-matters, matters, color=GRID, alpha=0.8, lw=0, label="no practical difference")
    ax.axvline(0, color=FAINT, lw=1)
    _rows(ax, names)
    ax.set_xlabel(f"difference in {axis_label(found[0]['metric'])}, 95% intervals")
    ax.margins(x=0.12)
    thousands(ax, x=True)


def _signed(interval: Mapping[str, float]) -> str:
    places = decimals((interval["high"] - interval["low"]) / 2, interval["mean"])
    sign = "+" if interval["mean"] > 0 else ""
    return f"{sign}{number(interval['mean'], places)}"


def reach_by_segment(ax: Axes, stored: Stored, strategies: list[str]) -> None:
    """Draw mean reach in each segment by strategy, with the mean's interval, on a log axis."""
    every = segments_of(stored)
    column_of = dict(zip(every, reach_columns(tuple(every)), strict=True))
    segments = most_reached(stored, strategies)
    columns = [column_of[segment] for segment in segments]
    height = 0.8 / len(strategies)
    for place, (name, look) in enumerate(looks(strategies).items()):
        for row, column in enumerate(columns):
            found = outcome(stored.runs[name][column].astype(np.float64), stored.draw)
            at = row - 0.4 + (place + 0.5) * height
            label = wrapped(name, 34) if row == 0 else None
            ax.barh(
                at,
                found.mean or 0.0,
                height * 0.92,
                color=look.colour,
                hatch=look.hatch,
                edgecolor="white",
                lw=0,
                label=label,
            )
            claimed = not stored.is_heavy("reach", name)
            if claimed and found.low is not None and found.high is not None:
                ax.plot([found.low, found.high], [at, at], color=INK, lw=1.6)
            if found.mean is not None:
                written = number(found.mean, 0 if found.mean >= 100 else 1)
                end = max(found.high or 0.0, found.mean)
                ax.annotate(
                    written,
                    (end, at),
                    xytext=(4, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=8,
                )
    _rows(ax, segments)
    ax.set_ylim(len(segments) - 0.5, -0.5)
    ax.set_xlim(left=0)
    ax.margins(x=0.14)
    none = all(stored.is_heavy("reach", name) for name in strategies)
    ax.set_xlabel(f"accounts reached (mean{', no interval claimed' if none else AND_INTERVAL})")
    thousands(ax, x=True)


def most_reached(stored: Stored, strategies: list[str]) -> list[str]:
    """Return the segments with bars: all, or those that the strategies reach most."""
    every = segments_of(stored)
    columns = reach_columns(tuple(every))
    reached = {
        segment: max(float(stored.runs[name][column].mean()) for name in strategies)
        for segment, column in zip(every, columns, strict=True)
    }
    largest = sorted(every, key=lambda segment: -reached[segment])[:MOST_SEGMENTS]
    return [segment for segment in every if segment in largest]


def segments_of(stored: Stored) -> list[str]:
    """Return the names of the segments, from the scenario or from the table's columns."""
    if stored.scenario.segments is not None:
        return sorted(stored.scenario.segments)
    columns = next(iter(stored.runs.values()))
    return [name.removeprefix("reach_") for name in columns if name.startswith("reach_")]


def equal_worth(stored: Stored, pair: tuple[str, str], worth: Mapping[str, float]) -> float | None:
    """Return the factor above 1 on the value of the segments in ``worth`` that makes means equal.

    None where there is none.
    """
    columns = [value_columns((segment,))[0] for segment in worth]
    means = [
        (
            stored.runs[name]["valued_reach"].mean(),
            sum(stored.runs[name][c].mean() for c in columns),
        )
        for name in pair
    ]
    (ours, ours_moved), (theirs, theirs_moved) = means
    if ours_moved == theirs_moved:
        return None
    factor = 1 + float((theirs - ours) / (ours_moved - theirs_moved))
    return factor if factor > 1 else None


def value_lines(
    ax: Axes, stored: Stored, strategies: list[str], worth: Mapping[str, float]
) -> None:
    """Draw mean valued reach against the factor on the value of the segments in ``worth``.

    Valued reach is linear in the factor, so a few points draw it exactly; bands are 95% intervals.
    """
    most = 1.5 * max(2.0, *worth.values())  # so that a crossing near the factor is seen
    factors = np.linspace(1.0, most, 41)
    moved = [value_columns((segment,))[0] for segment in worth]
    for name, look in looks(strategies).items():
        runs = stored.runs[name]
        extra = np.sum([runs[column] for column in moved], axis=0)
        found = [outcome(runs["valued_reach"] + (f - 1) * extra, stored.draw) for f in factors]
        mean = np.array([each.mean for each in found], np.float64)
        ax.plot(factors, mean, color=look.colour, ls=look.line, label=wrapped(name, 34))
        low, high = ([getattr(each, end) for each in found] for end in ("low", "high"))
        if None not in (*low, *high) and not stored.is_heavy("valued_reach", name):
            ax.fill_between(factors, low, high, color=look.colour, alpha=0.2, lw=0)
    ax.set_xlim(1, most)
    ax.set_ylim(bottom=0)
    named = " and ".join(wrapped(segment, 60) for segment in worth)
    ax.set_xlabel(f"worth of one account of {named}, as a multiple of the others'")
    ax.set_ylabel("valued reach (mean, 95% interval)")
    thousands(ax, x=True, y=True)
