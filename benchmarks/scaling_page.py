"""The page and the figure of the scaling benchmark."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.machine import machine
from benchmarks.page import into_docs
from benchmarks.thread_memory import PER_ACCOUNT, PER_TOUCHED, Held

if TYPE_CHECKING:
    from benchmarks.scaling import Point

DOCS = Path("docs/speed.md")
STYLES = (("o", "-"), ("s", "--"), ("^", ":"), ("D", "-."), ("v", "-"), ("P", "--"))
"""Markers and lines that can be told apart in black and white."""
BLACK, GREY = "black", "0.45"
TARGET = 50_000
"""Cascades from one random root that one core is meant to run in a second."""


def plot_by_follows(points: Sequence["Point"], axes: Axes) -> None:
    """Draw time per cascade against the size of the graph, a line for each audience."""
    for number, audience in enumerate(sorted({one.audience for one in points})):
        own = [one for one in points if one.audience == audience]
        marker, line = STYLES[number]
        axes.plot(
            [one.follows for one in own],
            [1e6 * one.seconds for one in own],
            marker + line,
            color=(BLACK, GREY)[number % 2],
            label=f"audience of {audience:,}: {_short(own[-1].notices)} notices",
        )
    axes.set(xscale="log", yscale="log", xlabel="follows of the graph", ylabel="µs per cascade")
    axes.legend(fontsize="small", frameon=False)


def plot_by_notices(points: Sequence["Point"], axes: Axes) -> None:
    """Draw time per cascade against the notices in it, a mark for each graph."""
    for number, follows in enumerate(sorted({one.follows for one in points})):
        own = [one for one in points if one.follows == follows]
        axes.plot(
            [one.notices for one in own],
            [1e6 * one.seconds for one in own],
            STYLES[number][0],
            color=(BLACK, GREY)[number % 2],
            fillstyle="none",
            label=f"{follows:,} follows",
        )
    axes.set(xscale="log", yscale="log", xlabel="notices of a cascade", ylabel="µs per cascade")
    axes.legend(fontsize="small", frameon=False)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _times(points: Sequence["Point"]) -> str:
    rows = [
        f"| {one.follows:,} | {one.accounts:,} | {one.audience:,} | "
        f"{_short(one.notices)} | {_short(1e6 * one.seconds)} "
        f"({_short(1e6 * one.low)} to {_short(1e6 * one.high)}) |"
        for one in points
    ]
    head = "| follows | accounts | audience | notices | µs per cascade (quartiles) |"
    return "\n".join([head, "| --- " * 5 + "|", *rows])


def _growth(points: Sequence["Point"]) -> str:
    """Say how graph and time per cascade grow, for each audience from its first graph on."""
    found = []
    for audience in sorted({one.audience for one in points}):
        own = [one for one in points if one.audience == audience]
        if len(own) > 1:
            graph = own[-1].follows / own[0].follows
            cascade = own[-1].seconds / own[0].seconds
            found.append(
                f"audience of {audience:,}: {graph:,.0f} times the follows, "
                f"{cascade:.2g} times the time per cascade"
            )
    return f"From an audience's smallest graph to its largest: {'; '.join(found)}."


def _memory(held: Sequence[Held]) -> str:
    rows = [
        f"| {one.accounts:,} | {one.touched:,} | {one.kept / 1e6:,.1f} | {one.peak / 1e6:,.1f} | "
        f"{one.allowed / 1e6:,.1f} |"
        for one in held
    ]
    head = "| accounts | accounts touched | MB kept | MB at most during the run | MB allowed |"
    return "\n".join([head, "| --- " * 5 + "|", *rows])


def tables(points: Sequence["Point"], roots: "Point", held: Sequence[Held]) -> str:
    """Return what was measured, as Markdown."""
    return (
        f"Measured on: {machine()}\n\n"
        f"From one random root (64 accounts drawn at random, in turn) of the drawn graph of "
        f"{roots.follows:,} follows, {roots.notices:.3g} notices on average: "
        f"{1 / roots.seconds:,.0f} cascades per second on one core, metrics included; the target "
        f"is {TARGET:,}.\n\n{_times(points)}\n\n{_growth(points)}\n\n"
        f"One more thread on the same graph may hold {PER_ACCOUNT} bytes for each account and "
        f"{PER_TOUCHED} for each account touched in its run:\n\n{_memory(held)}\n"
    )


def page(shown: str) -> str:
    """Return the whole page."""
    return (
        "# How time and memory grow\n\nWritten by `python -m benchmarks.scaling`; the raw numbers "
        "are in `scaling.json`, and [docs/speed.md](../../docs/speed.md) says what they mean.\n\n"
        f"![Time per cascade against follows and against notices](scaling.png)\n\n{shown}"
    )


def write(
    out: Path, points: Sequence["Point"], roots: "Point", held: Sequence[Held], whole: bool
) -> str:
    """Write page, figure and raw numbers, and the docs if all was measured; return the tables."""
    out.mkdir(parents=True, exist_ok=True)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
    plot_by_follows(points, left)
    plot_by_notices(points, right)
    figure.savefig(out / "scaling.png", dpi=150)
    figure.savefig(out / "scaling.svg")
    plt.close(figure)
    shown = tables(points, roots, held)
    (out / "scaling.md").write_text(page(shown), encoding="utf-8")
    raw = {"points": points, "random roots": roots, "memory": held}
    (out / "scaling.json").write_text(json.dumps(raw) + "\n", encoding="utf-8")
    if whole:
        into_docs(DOCS, "scaling", shown)
    return shown
