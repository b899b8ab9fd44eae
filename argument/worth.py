"""The picture of the first page: how many random followers equal one who cares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from argument.answer import NAMES
from argument.ties import VARIANTS, is_above
from argument.words import few
from propagation.report.figures.drawing import Drawing, Figure
from propagation.report.figures.style import COLOURS, FAINT, INK, is_narrow, wrapped

NAME = "worth"
TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
ROOM = 1.25
"""Factor by which the axis goes beyond what it shows."""


@dataclass(frozen=True)
class Row:
    """A tie for each of the followers who care; ends are None where beyond what was searched."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    least: float
    most: float
    is_above: bool
    range: tuple[float | None, float | None] | None
    is_variant: bool


def rows_of(summary: Mapping[str, Any], ties: Mapping[str, Any], followers: int) -> list[Row]:
    """Return the ties by what is counted, then those with one assumption changed."""
    metric = summary["metric"]
    by_metric = {metric: summary["break_even"], **ties["by metric"]}
    rows = [_row(NAMES[name], found, followers) for name, found in by_metric.items()]
    rows += [
        _row(each.short, ties["variants"][each.name], followers, is_variant=True)
        for each in VARIANTS
    ]
    return rows


def _row(name: str, found: Mapping[str, Any], followers: int, *, is_variant: bool = False) -> Row:
    def each(key: str) -> float | None:
        return None if found[key] is None else found[key] / followers

    over = found.get("range")
    ends = (
        None
        if over is None
        else tuple(None if over[end] is None else over[end] / followers for end in ("low", "high"))
    )
    return Row(
        name,
        *(each("value"), each("low"), each("high")),
        least=found["from"] / followers,
        most=found["to"] / followers,
        is_above=is_above(found),
        range=None if ends is None else (ends[0], ends[1]),
        is_variant=is_variant,
    )


def draw_worth(ax: Axes, rows: Sequence[Row], times: float) -> None:
    """Draw ties with their intervals: thick by simulation, thin over what nobody knows."""
    ax.set_xscale("log")
    low, high = min(row.least for row in rows), max(row.most for row in rows)
    ax.set_xlim(low / ROOM, high * ROOM)
    for place, row in enumerate(rows):
        _draw_row(ax, -place, row)
    for at, words in ((1.0, "all followers alike"), (times, "the large audience here")):
        ax.axvline(at, color=INK, linewidth=1.0, linestyle="--", zorder=1)
        ax.annotate(
            wrapped(words, 12 if is_narrow(ax) else 30),
            (at, 0.75),
            xytext=(3, 0),
            textcoords="offset points",
            color=INK,
            fontsize=8,
            va="bottom",
        )
    first = next((place for place, row in enumerate(rows) if row.is_variant), None)
    if first is not None:
        ax.axhline(0.5 - first, color=FAINT, linewidth=0.6)
    ax.set_ylim(0.5 - len(rows), 1.5)
    ax.set_yticks([-place for place in range(len(rows))], [row.name for row in rows])
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if low <= tick <= high]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("random followers that equal one who cares")


def _draw_row(ax: Axes, height: float, row: Row) -> None:
    colour = COLOURS[1] if row.is_variant else COLOURS[0]
    if row.range is not None:
        _line(ax, height, row, row.range, color=FAINT, linewidth=1.2)
    if row.value is None:
        end, arrow = (row.most, ">") if row.is_above else (row.least, "<")
        ax.plot([end], [height], arrow, color=colour, markersize=8)
        words, at = f"{'more' if row.is_above else 'fewer'} than {few(end)}", end
    else:
        _line(ax, height, row, (row.low, row.high), color=colour, linewidth=7)
        ax.plot([row.value], [height], "o", color=INK, markersize=3.2)
        words, at = few(row.value), row.value
    ax.annotate(
        words, (at, height), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8.5
    )


def _line(
    ax: Axes, height: float, row: Row, ends: tuple[float | None, float | None], **look: Any
) -> None:
    """Draw an interval; an end beyond what was searched is an arrow."""
    low, high = (
        (row.least if ends[0] is None else ends[0]),
        (row.most if ends[1] is None else ends[1]),
    )
    ax.plot([low, high], [height, height], solid_capstyle="butt", **look)
    for end, place, arrow in ((ends[0], low, "<"), (ends[1], high, ">")):
        if end is None:
            ax.plot([place], [height], arrow, color=look["color"], markersize=6)


def worth_drawing(
    summary: Mapping[str, Any], ties: Mapping[str, Any], followers: int, times: float
) -> Iterator[Drawing]:
    """Yield the picture of the first page."""
    rows = rows_of(summary, ties, followers)

    def draw(ax: Axes) -> None:
        draw_worth(ax, rows, times)

    told = "; ".join(
        f"{row.name}: {few(row.value) if row.value is not None else 'beyond what was searched'}"
        for row in rows
    )
    yield Drawing(
        Figure(
            NAME,
            "How many random followers equal one who cares",
            "How many random followers equal one who cares: by what is counted (above the line), "
            "and in shares with one assumption changed (below). Thick: interval by simulation "
            "alone. Thin: nine of ten ties over what nobody knows. Arrows go on beyond what was "
            "searched.",
            f"Random followers that equal one who cares. {told}.",
        ),
        3.4,
        (draw,),
    )
