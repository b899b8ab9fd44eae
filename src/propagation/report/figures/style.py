"""How figures look: told apart without colour, printed or projected, names never as formulas."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from matplotlib.ticker import AutoLocator, FixedLocator, FuncFormatter, MaxNLocator

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8c6d00", "#444444", "#e69f00")
"""Okabe and Ito's colour-blind safe colours, the most different ones first; yellow darkened."""
LINES = ("-", "--", "-.", ":", (0, (7, 2, 1, 2)), (0, (1, 1)), (0, (9, 3)), (0, (3, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++", "oooo", "----")
INK, FAINT, GRID = "#1a1a1a", "#5c5c5c", "#d9d9d9"
WIDTH = 6.3
"""Inches: 16 cm, the width of the text on A4."""
PHONE_WIDTH = 3.7

SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "propagation",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "axes.unicode_minus": True,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Apply the style within a block and leave matplotlib's settings as they were."""
    with mpl.rc_context(SETTINGS):
        yield


@dataclass(frozen=True)
class Look:
    """How one strategy or segment is drawn in every figure: colour, line, marker and hatch."""

    colour: str
    line: str | tuple[int, tuple[int, ...]]
    marker: str
    hatch: str


def looks(names: list[str]) -> dict[str, Look]:
    """Return a look for each name, in their order; after eight they repeat."""
    return {
        name: Look(
            COLOURS[i % len(COLOURS)],
            LINES[i % len(LINES)],
            MARKERS[i % len(MARKERS)],
            HATCHES[i % len(HATCHES)],
        )
        for i, name in enumerate(names)
    }


def segment_colour(place: int) -> str:
    """Return the colour of the segment at a place; it begins where those of strategies are rare."""
    return COLOURS[(place + 2) % len(COLOURS)]


def wrapped(name: str, width: int = 24) -> str:
    """Return a name on lines of at most ``width`` letters, what has no glyph replaced."""
    shown = "".join(c if c.isprintable() and ord(c) < 0x2000 else "\ufffd" for c in name)
    return "\n".join(textwrap.wrap(shown, width)) or "\ufffd"


@cache
def _glyphs() -> frozenset[int]:
    """Return the letters that the font of the figures has."""
    return frozenset(FT2Font(findfont(SETTINGS["font.family"])).get_charmap())


def spell(canvas: Figure) -> None:
    """Replace letters in a figure's words that its font has no glyph for."""
    known = _glyphs()
    for text in canvas.findobj(Text):
        written = text.get_text()
        text.set_text("".join(c if c == "\n" or ord(c) in known else "\ufffd" for c in written))


def thousands(ax: Axes, *, x: bool = False, y: bool = False) -> None:
    """Write whole numbers on an axis with separators, small ones with their decimals."""

    def written(value: float, _: int | None) -> str:
        if value == round(value):
            return f"{value:,.0f}".replace("-", "\u2212")
        return f"{value:,.6g}".replace("-", "\u2212")

    if x:
        ax.xaxis.set_major_formatter(FuncFormatter(written))
    if y:
        ax.yaxis.set_major_formatter(FuncFormatter(written))


def add_legend(canvas: Figure) -> int:
    """Put one legend for all axes below them, where it covers nothing; equal entries once.

    Return how many lines it has.
    """
    entries: dict[str, Artist] = {}
    for ax in canvas.axes:
        handles, labels = ax.get_legend_handles_labels()
        entries.update(zip(labels, handles, strict=True))
    if not entries:
        return 0
    longest = max(len(line) for label in entries for line in label.splitlines())
    letters = 96 * canvas.get_figwidth() / WIDTH
    columns = max(1, min(4, int(letters // (longest + 9))))
    canvas.legend(
        list(entries.values()),
        list(entries),
        loc="outside lower center",
        ncols=columns,
        handlelength=3.2,
    )
    tallest = max(label.count("\n") + 1 for label in entries)
    return tallest * -(-len(entries) // columns)


LETTER = 0.078
"""Inches that a letter of an axis's words takes, in the mean."""
SHORT_LINE = 15
"""Letters on a line of the names beside a picture for a phone."""


def is_narrow(ax: Axes) -> bool:
    """Whether a picture is for a phone."""
    canvas = ax.get_figure(root=True)
    return canvas is not None and canvas.get_figwidth() < WIDTH


def fit(ax: Axes) -> None:
    """Break the words at the axes of a narrow picture, so that none is cut off."""
    if not ax.axison:
        return
    names = [each.get_text() for each in ax.get_yticklabels()]
    if isinstance(ax.yaxis.get_major_locator(), FixedLocator) and any(map(str.strip, names)):
        # names were broken into longer lines
        shorter = [wrapped(name.replace("\n", " "), SHORT_LINE) for name in names]
        ax.set_yticks(ax.get_yticks(), shorter)
    canvas = ax.get_figure(root=True)
    assert canvas is not None
    if isinstance(ax.xaxis.get_major_locator(), AutoLocator):
        ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    canvas.draw_without_rendering()
    box = ax.get_window_extent()
    for axis, size in ((ax.xaxis, box.width), (ax.yaxis, box.height)):
        letters = max(SHORT_LINE, int(size / canvas.dpi / LETTER))
        axis.set_label_text(
            wrapped(axis.get_label_text(), letters) if axis.get_label_text() else ""
        )
