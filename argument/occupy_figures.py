"""Pictures of the replay, drawn into given axes."""

from datetime import date, timedelta

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from argument.occupy import CALL, EVE, LAUNCH, OUTER, Replay
from argument.occupy_targets import RANGE, TARGETS
from propagation.report.figures.style import COLOURS, FAINT, INK, thousands

COUNTED = ((CALL, "call_day"), (EVE, "eve"), (LAUNCH, "launch"))
"""Days of which iCrossing's count of tweets is known [3.1], with the keys of the targets."""
BARBERA = 0.5
"""Audience that was left when three outer k-cores were removed, about [3.8]."""


def draw_days(found: Replay, ax: Axes) -> Axes:
    """Draw tweets by day on a log axis, beside those counted and those without the launch day."""
    days = [found.starts + timedelta(days=day) for day in range(found.tweets.shape[1])]
    for values, colour, line, words in (
        (found.without, COLOURS[1], "--", "without 17 September, median"),
        (found.tweets, COLOURS[0], "-", "simulated, median"),
    ):
        low, middle, high = np.percentile(values, (RANGE[0], 50, RANGE[1]), axis=0)
        ax.fill_between(_numbers(days), low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(_numbers(days), middle, color=colour, linestyle=line, label=words)
    published = {target.key: target.low for target in TARGETS}
    ax.plot(
        _numbers([day for day, _ in COUNTED]),
        [published[key] for _, key in COUNTED],
        *("D",),
        color=INK,
        label="counted in 2011",
    )
    ax.set_yscale("symlog", linthresh=1)
    ax.set_ylim(bottom=0)
    ax.set_yticks([0, 1, 10, 100, 1000, 10_000])
    thousands(ax, y=True)
    ax.xaxis_date()
    ax.set_xticks(_numbers([date(2011, 7, 13), date(2011, 8, 13), EVE]), minor=False)
    ax.set_xticklabels(["13 July", "13 Aug.", "11 Sept."])
    ax.set_ylabel("tweets a day")
    return ax


def draw_peel(found: Replay, ax: Axes) -> Axes:
    """Draw the audience left as outer k-cores of the retweet network are removed."""
    removed = np.arange(found.peeled.shape[1])
    low, middle, high = np.percentile(found.peeled, (RANGE[0], 50, RANGE[1]), axis=0)
    ax.fill_between(removed, low, high, color=COLOURS[0], alpha=0.2, linewidth=0)
    ax.plot(removed, middle, "o-", color=COLOURS[0], label="simulated, median")
    ax.plot([OUTER], [BARBERA], "D", color=INK, label="published, about")
    ax.axhline(BARBERA, color=FAINT, linewidth=0.8, linestyle=":")
    ax.set_xticks(removed)
    ax.set_ylim(0, 1.02)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlabel("outer k-cores removed")
    ax.set_ylabel("audience left")
    return ax


def _numbers(days: list[date]) -> list[int]:
    """Return days as the axis counts them."""
    return [(day - date(1970, 1, 1)).days for day in days]
