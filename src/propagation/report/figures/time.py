"""Shares, reach and followers over time, with the band of 8 campaigns of 10."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from propagation.report.figures.style import FAINT, is_narrow, looks, thousands, wrapped
from propagation.report.stored import Stored
from propagation.scenario.spec import Repost, times_of

Float64 = npt.NDArray[np.float64]

EARLY = 0.02
"""If all posts fall into this part of the time shown, time is drawn on a logarithmic axis."""
WEEKS = 28 * 24.0
"""Hours from which on time is counted in weeks."""
LABELS = {
    "shares": "shares so far",
    "reach": "accounts reached so far",
    "valued": "valued reach so far",
    "followers": "followers gained less lost",
}
UNITS = (
    *((1 / 60, "1 min"), (10 / 60, "10 min"), (1.0, "1 h"), (6.0, "6 h"), (24.0, "1 day")),
    *((168.0, "1 week"), (720.0, "30 days"), (8766.0, "1 year")),
)


def over_time(ax: Axes, stored: Stored, strategies: list[str], counts: str) -> None:
    """Draw cumulative ``counts`` (a field of ``Curves``) of strategies into axes.

    Thick lines are medians, thin ones means, bands hold 8 campaigns of 10.
    """
    curves = stored.curves
    if curves is None:
        raise ValueError("this run has no curves")
    by_strategy: Mapping[str, npt.NDArray[Any]] = getattr(curves, counts)
    first = float(curves.hours[0])
    logarithmic = _posts_are_early(stored, curves.hours)
    hours = curves.hours - first
    shown = hours > 0 if logarithmic else hours >= 0
    for name, look in looks(strategies).items():
        runs = by_strategy[name]
        low, median, high = np.quantile(runs, [0.1, 0.5, 0.9], axis=0)
        line: dict[str, Any] = {"color": look.colour, "linestyle": look.line}
        label = wrapped(name, 34)
        ax.fill_between(hours[shown], low[shown], high[shown], color=look.colour, alpha=0.16, lw=0)
        ax.plot(hours[shown], median[shown], label=f"{label}: median", lw=2.2, **line)
        ax.plot(hours[shown], runs.mean(axis=0)[shown], label=f"{label}: mean", lw=0.9, **line)
    _time_axis(ax, hours, logarithmic)
    if min(float(by_strategy[name].min()) for name in strategies) >= 0:
        ax.set_ylim(bottom=0)
    else:
        ax.axhline(0, color=FAINT, lw=0.9)
    ax.set_ylabel(LABELS[counts])
    thousands(ax, y=True)


def _posts_are_early(stored: Stored, hours: Float64) -> bool:
    scenario = stored.scenario
    times = [
        time
        for actions in scenario.strategies.values()
        for action in actions
        if not isinstance(action, Repost)
        for time in times_of(action, scenario.starts)
    ]
    return max(times, default=0.0) - float(hours[0]) <= EARLY * float(hours[-1] - hours[0])


def _time_axis(ax: Axes, hours: Float64, logarithmic: bool) -> None:
    last = float(hours[-1])
    narrow = is_narrow(ax)
    if logarithmic:
        ax.set_xscale("log")
        ticks = [(at, words) for at, words in UNITS if float(hours[1]) * 0.99 <= at <= last * 1.01]
        ticks = ticks[:: 2 if narrow and len(ticks) > 5 else 1]
        ax.xaxis.set_major_locator(FixedLocator([at for at, _ in ticks]))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticklabels([words for _, words in ticks])
        ax.set_xlim(float(hours[1]), last)
        ax.set_xlabel("time since the first post (each step is a multiple)")
        return
    unit, name = (24.0, "days") if last > 72 else (1.0, "hours")
    if last > WEEKS:
        unit, name = 168.0, "weeks"
    ax.set_xlim(0, last)
    step = max(1.0, float(np.ceil(last / unit / (6 if narrow else 8))))
    ticks_at = np.arange(0, last / unit + 1e-9, step) * unit
    ax.xaxis.set_major_locator(FixedLocator(ticks_at.tolist()))
    ax.set_xticklabels([f"{at / unit:,.0f}" for at in ticks_at])
    ax.set_xlabel(f"time since the first post ({name})")
