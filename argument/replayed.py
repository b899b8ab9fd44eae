"""Occupy Wall Street, replayed: what the document says of it."""

from collections.abc import Iterator
from typing import Any

from argument.blocks import Table
from argument.pieces import Workshop
from propagation.report.figures.drawing import Drawing


def replay_facts(workshop: Workshop) -> dict[str, Any]:
    """Return what the document says of the replay."""
    return {"said": "", "text": "TODO", "caption": "", "figures": [], "after": "TODO"}


def replay_table(workshop: Workshop) -> Table:
    """Return published values beside those of the replay."""
    return Table(("a", "b"), (("x", "y"),))


def replay_drawings(workshop: Workshop) -> Iterator[Drawing]:
    """Yield the pictures of the replay."""
    return iter(())
