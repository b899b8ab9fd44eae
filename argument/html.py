"""The document as one page of HTML that needs no network."""

import base64
from collections.abc import Mapping
from pathlib import Path

import jinja2

from argument.blocks import Block, Picture, Table, spans_of

FOLDER = Path(__file__).parent
NARROW = "-narrow"


def page_of(
    title: str,
    blocks: tuple[Block, ...],
    tables: Mapping[str, Table],
    pictures: Mapping[str, Picture],
    figures: Path,
) -> str:
    """Return the page; the pictures in ``figures`` are laid into it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["spans"] = spans_of
    environment.filters["kind"] = lambda block: type(block).__name__
    return environment.get_template("page.html.jinja").render(
        title=title,
        blocks=blocks,
        tables=tables,
        pictures=pictures,
        inlined={
            name: (_inlined(figures, picture.name), _inlined(figures, picture.name + NARROW))
            for name, picture in pictures.items()
        },
    )


def _inlined(figures: Path, name: str) -> str:
    svg = (figures / f"{name}.svg").read_bytes()
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"
