"""Tables that have no lines: the columns of a Parquet file, what a graph file says of its nodes.

They answer what ``DelimitedText`` answers, so that the same checks read both. Row 0 is the heading
there and here, so that row n is the n-th record.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from propagation.problems import InputError, Problem

EXAMPLES = 5


class Source(Protocol):
    """Where a table's cells come from, and how to say in which row something is wrong."""

    @property
    def file(self) -> str:
        """The file, as it was named."""

    @property
    def heading(self) -> tuple[str, ...]:
        """The names of the columns."""

    @property
    def unit(self) -> str:
        """What a row is: a line, a row or a node."""

    def read(self, columns: Sequence[int]) -> list[pa.ChunkedArray]:
        """Return columns as text, the heading first."""

    def lines_of(self, rows: Iterable[int]) -> list[int]:
        """Return the numbers by which a user finds rows."""

    def locate(self, wanted: str | int, setting: str) -> int:
        """Return the number of a column from 0."""

    def problem(self, rows: NDArray[np.int64], column: str, value: str, message: str) -> Problem:
        """Return what is wrong with a column in rows of which the first is shown."""


@dataclass(frozen=True, eq=False)
class Records:
    """Columns of text with an empty cell for what is missing.

    Attributes
    ----------
    heading
        All columns of use; ``columns`` holds those that were read.
    refused
        Columns of no use, and what they hold.
    names
        What each record is called, if it is not found by its number.
    """

    file: str
    heading: tuple[str, ...]
    columns: Mapping[str, pa.Array] = field(repr=False)
    refused: Mapping[str, str] = field(default_factory=dict)
    unit: str = "row"
    names: Sequence[str] | None = field(default=None, repr=False)

    def read(self, columns: Sequence[int]) -> list[pa.ChunkedArray]:
        """Return columns as text, the heading first."""
        return [
            pa.chunked_array(
                [pa.array([self.heading[column]], pa.large_string()), self.columns[name]]
            )
            for column in columns
            for name in [self.heading[column]]
        ]

    def lines_of(self, rows: Iterable[int]) -> list[int]:
        """Return the numbers of records, counted from 1."""
        return sorted(rows)

    def locate(self, wanted: str | int, setting: str) -> int:
        """Return the number of a column from 0, given by its name."""
        kind = "attribute" if self.unit == "node" else "column"
        setting = kind if setting == "column" else setting
        if isinstance(wanted, int):
            message = f"a Parquet file is read by the names of its columns, not by {wanted}"
            raise InputError(Problem(f"{message}: {self._listed()}", setting, self.file))
        if wanted in self.refused:
            message = f"{kind} '{wanted}' holds {self.refused[wanted]}: text or numbers are read"
        elif self.heading.count(wanted) == 1:
            return self.heading.index(wanted)
        elif wanted in self.heading:
            message = f"{kind} '{wanted}' occurs more than once: rename one of them"
        else:
            close = difflib.get_close_matches(wanted, self.heading, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            message = f"'{wanted}' is not one of the {kind}s: {self._listed()}.{hint}"
        raise InputError(Problem(message, setting, self.file))

    def _listed(self) -> str:
        shown = ", ".join(f"'{name}'" for name in self.heading[:20])
        return shown or "there are none"

    def problem(self, rows: NDArray[np.int64], column: str, value: str, message: str) -> Problem:
        """Return what is wrong with a column in records of which the first is shown."""
        places = [self._place(row) for row in rows[:EXAMPLES].tolist()]
        more = ""
        if len(rows) > 1:
            dots = ", ..." if len(rows) > len(places) else ""
            more = f" ({len(rows):,} {self.unit}s: {', '.join(places)}{dots})"
        shown = f"'{value if len(value) <= 40 else value[:39] + '…'}' " if value else ""
        kind = "attribute" if self.unit == "node" else "column"
        path = f"{kind} '{column}', {self.unit} {places[0]}"
        return Problem(shown + message + more, path, self.file)

    def _place(self, row: int) -> str:
        return str(row) if self.names is None else f"'{self.names[row - 1]}'"


def nothing_but_a_heading(source: Source, what: str) -> Problem:
    """Say that a table has no rows."""
    heading = "a header but " if source.unit == "line" else ""
    return Problem(f"holds {heading}no {what}", file=source.file)
