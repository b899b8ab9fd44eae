"""Occupy Wall Street, replayed: what the document says of it."""

from collections.abc import Iterator
from typing import Any

from argument.blocks import Table
from argument.pieces import Workshop
from propagation.report.figures.drawing import Drawing


def replay_facts(workshop: Workshop) -> dict[str, Any]:
    return {"sentence": "", "text": "TODO", "after": "TODO"}


def replay_table(workshop: Workshop) -> Table:
    return Table("TODO", ("a", "b"), (("x", "y"),))


def replay_drawings(workshop: Workshop) -> Iterator[Drawing]:
    return iter(())
