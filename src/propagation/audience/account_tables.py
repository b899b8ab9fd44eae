"""What is known of each account, read from a table with one account a line.

An account of the follows without a row would get no traits, and ids that do not match would leave
every cascade flat, so both are refused. With a row for every account of the follows, a row too many
cannot stand for one of them: it is an account that nobody can reach, and may be left out if asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from propagation.audience import labels as account_labels
from propagation.audience.labels import Labels
from propagation.audience.parquet_tables import open_table
from propagation.audience.records import EXAMPLES, Source, nothing_but_a_heading
from propagation.problems import InputError, Problem, in_one_line


@dataclass(frozen=True, eq=False)
class AccountTable:
    """Accounts in the order of the file: row i is the account ``labels[i]``."""

    labels: Labels
    id_column: str
    source: Source = field(repr=False)
    ids: pa.Array = field(repr=False)
    cells: Mapping[str, pa.Array] = field(repr=False)

    @property
    def file(self) -> str:
        """The file the table was read from."""
        return self.source.file

    def line_of(self, row: int) -> int:
        """Return the line of the file in which a row stands, or its number if it has no lines."""
        return self.source.lines_of([row + 1])[0]

    def problem(self, column: str, row: int, message: str) -> Problem:
        """Return what is wrong with a cell."""
        return self.source.problem(np.array([row + 1]), column, "", message)

    @cached_property
    def columns(self) -> Mapping[str, NDArray[np.float64] | NDArray[np.object_]]:
        """Every column: float64 with NaN for empty cells if all others are numbers, else str."""
        return {
            name: account_labels.as_text(cells)
            if (numbers := _as_numbers(cells)) is None
            else numbers
            for name, cells in self.cells.items()
        }

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return a column of which every cell must be a finite number."""
        cells = self._cells_of(column)
        numeric = account_labels.matches(cells, account_labels.NUMBER)
        self._refuse(column, ~numeric, "is not a number such as 0.25 or 1e-3")
        values: NDArray[np.float64] = cells.cast(pa.float64()).to_numpy()
        self._refuse(column, ~np.isfinite(values), "is too large")
        return values

    def texts(self, column: str) -> NDArray[np.object_]:
        """Return a column as it is written, without blanks around the cells, none of them empty."""
        cells = self._cells_of(column)
        self._refuse(column, np.zeros(len(cells), dtype=np.bool_), "")
        return account_labels.as_text(cells)

    def _cells_of(self, column: str) -> pa.Array:
        if column not in self.cells:
            self.source.locate(column, "column")  # says what is wrong with the name
        return self.cells[column]

    def _refuse(self, column: str, bad: NDArray[np.bool_], message: str) -> None:
        cells = self._cells_of(column)
        empty = _mask(pc.equal(cells, ""))
        missing = "is missing" if self.source.unit == "node" else "is empty"
        problems = [
            _at(self.source, column, cells, mask, said)
            for mask, said in ((empty, missing), (bad & ~empty, message))
            if mask.any()
        ]
        if problems:
            raise InputError(sorted(problems, key=lambda problem: problem.line or 0))


def read_accounts(path: str | Path, id: str) -> AccountTable:
    """Read a table with one account a row; ``id`` names the column of their ids.

    A file called ``.parquet`` is read as such, every other one as text with a header.

    Raises
    ------
    InputError
        If the file is no table, has no such column, an empty id, or two rows for an account.
    """
    source = open_table(path, (id,))
    place = source.locate(id, "id")
    names = {name: n for n, name in enumerate(source.heading) if source.heading.count(name) == 1}
    names.pop("", None)
    columns = source.read(list(names.values()))
    cells = {
        name: pc.utf8_trim_whitespace(column.slice(1).combine_chunks())
        for name, column in zip(names, columns, strict=True)
    }
    ids = cells[source.heading[place]]
    if not len(ids):
        raise InputError(nothing_but_a_heading(source, "accounts"))
    problems = [
        _at(source, id, ids, mask, message)
        for mask, message in account_labels.faults(ids, "text", source.unit)
    ]
    problems += _repeats(source, id, ids)
    if problems:
        raise InputError(problems)
    integer = account_labels.kind_of(ids) == "integer"
    labels = ids.cast(pa.int64()).to_numpy() if integer else account_labels.as_text(ids)
    return AccountTable(labels, id, source, ids, cells)


def match_accounts(
    labels: Labels, table: AccountTable, isolated: Literal["refuse", "leave out"] = "refuse"
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the row of the table for every label, and sentences for the report.

    Parameters
    ----------
    labels
        Ids of the accounts of the follows, as ``read_follows`` returns them.
    table
        One row for each of them; ids are compared as numbers if ``labels`` are numbers.
    isolated
        What to do with rows of accounts that follow nobody and are followed by nobody.

    Raises
    ------
    InputError
        If an account has no row, if a row has no account (unless they are to be left out), or if
        the ids are of different kinds.
    """
    ids = _like(labels, table)
    wanted = pa.array(labels, ids.type)
    rows = pc.fill_null(pc.index_in(wanted, value_set=ids), -1).to_numpy().astype(np.int64)
    unknown = ~_mask(pc.is_in(ids, value_set=wanted))
    if unknown.all():
        message = (
            f"none of the {len(ids):,} ids of the table is in the follows "
            f"(table: {_some(table.ids, unknown)}; follows: {_some(wanted, rows < 0)}): "
            "different ids for the same accounts, or the wrong column"
        )
        raise InputError(Problem(message, "id", table.file))
    problems = []
    if (rows < 0).any():
        message = (
            f"{np.count_nonzero(rows < 0):,} of the {len(rows):,} accounts of the follows are not "
            f"in the table: {_some(wanted, rows < 0)}; every account needs its row"
        )
        problems.append(Problem(message, "id", table.file))
    report = [f"every account of the follows has its row in {Path(table.file).name}"]
    if unknown.any():
        extra = (
            f"{np.count_nonzero(unknown):,} of the {len(ids):,} accounts of the table are not in "
            f"the follows: {_some(table.ids, unknown)}"
        )
        report.append(f"{extra}; they are left out, no message can reach them")
        if isolated == "refuse":
            advice = "correct the ids, or take these rows out: no message can reach them"
            line = table.line_of(int(unknown.argmax()))
            problems.append(_placed(table.source, f"{extra}; {advice}", "id", line))
    if problems:
        raise InputError(problems)
    return rows, tuple(map(in_one_line, report))


def _like(labels: Labels, table: AccountTable) -> pa.Array:
    """Return the table's ids as numbers where the labels are numbers, else as written."""
    if labels.dtype == np.object_:
        return table.ids
    column = table.id_column
    bad = ~account_labels.fits_64_bits(table.ids)
    if bad.any():
        said = "is not a whole number, as the ids of the follows are: ids must be the same in both"
        raise InputError(_at(table.source, column, table.ids, bad, said))
    ids = table.ids.cast(pa.int64())
    if problems := _repeats(table.source, column, ids):
        raise InputError(problems)
    return ids


def _repeats(source: Source, column: str, ids: pa.Array) -> list[Problem]:
    """Return a problem if an account has two rows."""
    coded = ids.dictionary_encode()
    codes = coded.indices.to_numpy()
    counts = np.bincount(codes)
    repeated = np.flatnonzero(
        (counts > 1) & ~_mask(pc.equal(coded.dictionary.cast(pa.large_string()), ""))
    )
    if not len(repeated):
        return []
    code = codes[np.isin(codes, repeated).argmax()]
    lines = source.lines_of((np.flatnonzero(codes == code)[:EXAMPLES] + 1).tolist())
    others = f"; {len(repeated):,} accounts have more than one row" if len(repeated) > 1 else ""
    message = f"'{coded.dictionary[int(code)]}' has {counts[code]} rows, one is allowed"
    listed = f" ({source.unit}s {', '.join(map(str, lines))}{others})"
    return [_placed(source, message + listed, f"column '{column}'", lines[1])]


def _placed(source: Source, message: str, path: str, line: int) -> Problem:
    """Return a problem with its line, or with the number of its row where there are no lines."""
    if source.unit == "line":
        return Problem(message, path, source.file, line)
    return Problem(message, f"{path}, {source.unit} {line}", source.file)


def _at(
    source: Source, column: str, cells: pa.Array, bad: NDArray[np.bool_], message: str
) -> Problem:
    rows = np.flatnonzero(bad)
    return source.problem(rows + 1, column, cells[int(rows[0])].as_py(), message)


def _as_numbers(cells: pa.Array) -> NDArray[np.float64] | None:
    """Return cells as float64, NaN where empty; None if one is no number or all are empty."""
    empty = _mask(pc.equal(cells, ""))
    if empty.all() or not (empty | account_labels.matches(cells, account_labels.NUMBER)).all():
        return None
    numbers = pc.if_else(pa.array(empty), pa.scalar("nan", cells.type), cells).cast(pa.float64())
    values: NDArray[np.float64] = numbers.to_numpy()
    return values


def _mask(values: pa.Array) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = values.to_numpy(zero_copy_only=False)
    return mask


def _some(ids: pa.Array, mask: NDArray[np.bool_]) -> str:
    """Return the first few ids of a mask, quoted."""
    places = np.flatnonzero(mask)
    named = ", ".join(f"'{ids[int(place)].as_py()}'" for place in places[:EXAMPLES])
    return named + (", ..." if len(places) > EXAMPLES else "")
