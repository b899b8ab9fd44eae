"""The pictures of the document, each for print and for phones."""

from collections.abc import Iterator
from pathlib import Path

from argument.blocks import Picture
from propagation.report.figures.drawing import Drawing
from propagation.report.figures.exploring_drawings import exploring_drawings
from propagation.report.figures.rendering import NARROW, canvas_of
from propagation.report.figures.style import PHONE_WIDTH, WIDTH, house_style
from propagation.report.stored import Stored


def draw_pictures(drawings: Iterator[Drawing], folder: Path) -> dict[str, Picture]:
    """Draw pictures into a folder; return what is said of them by name."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {}
    with house_style():
        for drawing in drawings:
            figure = drawing.figure
            for width, ending in ((WIDTH, ""), (PHONE_WIDTH, NARROW)):
                canvas = canvas_of(drawing, width)
                canvas.savefig(folder / f"{figure.name}{ending}.svg", metadata={"Date": None})
            pictures[figure.name] = Picture(figure.name, figure.caption, figure.alt)
    return pictures


def of_exploration(stored: Stored) -> Iterator[Drawing]:
    """Yield the pictures of a scenario that was explored."""
    yield from exploring_drawings(stored)
