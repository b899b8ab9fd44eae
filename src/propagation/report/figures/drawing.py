"""A figure and what is said of it, before it is drawn and saved."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes

from propagation.report.stored import Stored


@dataclass(frozen=True)
class Figure:
    """A figure as saved, with what the page says of it.

    ``name`` is that of its files without ending; ``alt`` says in words what the picture shows.
    """

    name: str
    title: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Drawing:
    """A figure to be made: its words, its height in inches, its axes and what goes into each.

    It is also made as wide as a phone, with letters of the same size.
    """

    figure: Figure
    height: float
    draw: tuple[Callable[[Axes], None], ...]


def of_all(stored: Stored, runs: int) -> str:
    """Say from how many campaigns a figure is drawn."""
    every = int(stored.summary["replicates"])
    if runs == every:
        return f"From all {every:,} campaigns of each strategy."
    return f"From the first {runs:,} of the {every:,} campaigns of each strategy."
