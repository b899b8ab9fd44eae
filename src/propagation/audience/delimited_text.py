"""Delimited text as people have it: CSV, TSV or blanks, gzipped or not; errors know their lines.

pyarrow reads the columns (millions of lines per second). It does not say on which line something
went wrong and lets an open quote swallow the lines after it, so whatever looks wrong is read once
more, slowly and strictly, by the standard library's ``csv``, which finds the lines.
"""

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from propagation.audience.files import content_of, unpacked
from propagation.audience.records import EXAMPLES
from propagation.problems import InputError, Problem

DELIMITERS = "\t|;, "
"""The rarer in ordinary text first, for where several fit; the blank stands for runs of blanks."""
COMMENT = (b"#", b"%")
SAMPLE = 1 << 16
BLOCK = 1 << 24


@dataclass(frozen=True)
class DelimitedText:
    """The rows of a file from ``first_line`` on; ``heading`` is the first row, header or not."""

    file: str
    body: bytes
    first_line: int
    delimiter: str
    heading: tuple[str, ...]
    unit: ClassVar[str] = "line"

    def read(self, columns: Sequence[int]) -> list[pa.ChunkedArray]:
        """Return the cells of columns (counted from 0) as written, the first row included."""
        width = len(self.heading)
        quoted = b'"' in self.body
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(self.body),
                arrow_csv.ReadOptions(
                    # threads that are still starting when the program ends make it abort
                    use_threads=len(self.body) > BLOCK,
                    column_names=list(map(str, range(width))),
                    block_size=BLOCK,
                ),
                arrow_csv.ParseOptions(
                    delimiter=self.delimiter,
                    quote_char='"' if quoted else False,
                    newlines_in_values=quoted,
                ),
                arrow_csv.ConvertOptions(
                    column_types={str(column): pa.large_string() for column in range(width)},
                    include_columns=list(map(str, columns)),
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid as error:
            raise self._not_a_table(str(error)) from None
        self._check_quotes_and_comments(table.num_rows)
        return [table[str(column)] for column in columns]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells of every row: slow, strict, for saying what is wrong."""
        reader = csv.reader(
            io.StringIO(self.body.decode(), newline=""), delimiter=self.delimiter, strict=True
        )
        line = self.first_line
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                message = f"quotes do not match in the row that starts here ({error})"
                raise InputError(Problem(message, file=self.file, line=line)) from None
            if row is None:
                return
            if row:
                yield line, row
            line = self.first_line + reader.line_num

    def lines_of(self, rows: Iterable[int]) -> list[int]:
        """Return the line numbers of rows (the first row is 0), in the order of the file."""
        wanted = set(rows)
        last = max(wanted, default=-1)
        lines = []
        for number, (line, _) in enumerate(self.rows()):
            if number > last:
                break
            if number in wanted:
                lines.append(line)
        return lines

    def problem(self, rows: NDArray[np.int64], column: str, value: str, message: str) -> Problem:
        """Return what is wrong with a column in rows (the first row is 0) of which one is shown."""
        lines = self.lines_of(rows[:EXAMPLES].tolist())
        more = ""
        if len(rows) > 1:
            dots = ", ..." if len(rows) > len(lines) else ""
            more = f" ({len(rows):,} lines: {', '.join(map(str, lines))}{dots})"
        shown = f"'{_short(value)}' " if value else ""
        return Problem(shown + message + more, f"column '{column}'", self.file, lines[0])

    def locate(self, wanted: str | int, setting: str) -> int:
        """Return the number from 0 of a column given by its name, or by its number from 1."""
        width = len(self.heading)
        if isinstance(wanted, int):
            if 1 <= wanted <= width:
                return wanted - 1
            message = f"there is no column {wanted}: the first line has {width}, counted from 1"
        elif self.heading.count(wanted) == 1:
            return self.heading.index(wanted)
        elif wanted in self.heading:
            message = f"column '{wanted}' occurs more than once: give its number, counted from 1"
        else:
            message = self._no_such_column(wanted)
        raise InputError(Problem(message, setting, self.file, self.first_line))

    def _no_such_column(self, wanted: str) -> str:
        names = [_short(name) for name in self.heading if name]
        close = difflib.get_close_matches(wanted, names, n=1) or [
            name for name in names if name.casefold() == wanted.casefold()
        ]
        hint = f" Did you mean '{close[0]}'?" if close else ""
        listed = ", ".join(f"'{name}'" for name in names[:20])
        if any(name.isdecimal() for name in names):
            hint = " If this line is no header, give the columns' numbers, counted from 1."
        elif self.first_line > 1:
            hint += " Lines before it that are empty or start with # or % are no header."
        return f"'{wanted}' is not one of the columns: {listed}.{hint}"

    def _not_a_table(self, reason: str) -> InputError:
        width = len(self.heading)
        wrong = [(line, len(row)) for line, row in self.rows() if len(row) != width]
        if not wrong:
            return InputError(Problem(f"cannot be read as a table: {reason}", file=self.file))
        line, cells = wrong[0]
        more = f" ({len(wrong):,} such lines)" if len(wrong) > 1 else ""
        message = f"{_cells(cells)} where the first line has {width}{more}"
        return InputError(Problem(message, file=self.file, line=line))

    def _has_odd_quotes(self) -> bool:
        """Whether a quote stands inside a cell without a second one, as in ``"say "hi""``."""
        outside = re.escape(self.delimiter.encode()) + rb'\n"'
        odd = rb'"(?<=[^' + outside + rb']")[^' + outside + rb" \t]"
        return re.search(odd, self.body) is not None

    def _check_quotes_and_comments(self, rows: int) -> None:
        """Refuse quotes that swallowed lines or cells, and comments that were read as data."""
        if self._has_odd_quotes():
            for _ in self.rows():
                pass
        if rows != _lines_with_text(self.body):
            for _ in self.rows():  # cells of several lines are fine where all quotes match
                pass
            return
        places = [place for mark in COMMENT if (place := self.body.find(b"\n" + mark)) >= 0]
        if places:
            line = self.first_line + 1 + self.body.count(b"\n", 0, min(places))
            mark = self.body[min(places) + 1 : min(places) + 2].decode()
            message = (
                f"starts with '{mark}': comments stand before the first line of data only; "
                "an id that starts so must be in quotes"
            )
            raise InputError(Problem(message, file=self.file, line=line))


def open_delimited(path: str | Path, wanted: Sequence[str | int]) -> DelimitedText:
    """Read a file and find its delimiter: the one under which the wanted columns are there."""
    file = str(path)
    return laid_out(as_text(unpacked(content_of(Path(path)), file), file), file, wanted)


def laid_out(text: bytes, file: str, wanted: Sequence[str | int]) -> DelimitedText:
    """Find where the rows of a text start and by what its cells are delimited."""
    start, comments = _after_comments(text)
    body = text[start:]
    if not body:
        kind = "holds only comments" if text.strip() else "is empty"
        raise InputError(Problem(f"{kind}: there is nothing to read", file=file))
    delimiter = _delimiter(body, wanted)
    if delimiter == " ":
        body = _single_blanks(body)
    heading = tuple(cell.strip() for cell in _sample_rows(body, delimiter)[0])
    return DelimitedText(file, body, comments + 1, delimiter, heading)


def as_text(content: bytes, file: str) -> bytes:
    """Return UTF-8 without byte order mark, its lines ended by line feeds."""
    if b"\0" in content:
        message = (
            "is not text (a spreadsheet, an archive, or UTF-16?): "
            "save it as CSV in UTF-8; gzip is the only packing that is read"
        )
        raise InputError(Problem(message, file=file))
    text = content.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError as error:
            line = 1 + text.count(b"\n", 0, error.start)
            message = f"byte 0x{text[error.start]:02x} is not UTF-8: save the file as UTF-8"
            raise InputError(Problem(message, file=file, line=line)) from None
    return text


def _after_comments(text: bytes) -> tuple[int, int]:
    """Return where the first row starts, and how many comments and empty lines precede it."""
    start = lines = 0
    while start < len(text):
        end = text.find(b"\n", start) + 1 or len(text)
        row = text[start:end]
        if not row.isspace() and not row.startswith(COMMENT):
            break
        start, lines = end, lines + 1
    return start, lines


def _delimiter(body: bytes, wanted: Sequence[str | int]) -> str:
    """Find the delimiter that shows most of the wanted columns, then the one that cuts best."""

    def fit(delimiter: str) -> tuple[int, bool, float, int]:
        rows = _sample_rows(body, delimiter)
        width = len(rows[0])
        names = {cell.strip() for cell in rows[0]}
        found = sum(
            1 <= column <= width if isinstance(column, int) else column in names
            for column in wanted
        )
        alike = sum(len(row) == width for row in rows) / len(rows)
        cut_quotes = sum(cell.count('"') % 2 for row in rows for cell in row)
        return found, width > 1, alike, -cut_quotes

    return max(DELIMITERS, key=fit)


def _sample_rows(body: bytes, delimiter: str) -> list[list[str]]:
    sample = body[:SAMPLE]
    if len(sample) < len(body) and b"\n" in sample:
        sample = sample[: sample.rindex(b"\n") + 1]
    if delimiter == " ":
        sample = _single_blanks(sample)
    text = sample.decode(errors="replace")
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    cut = len(sample) < len(body) and len(rows) > 1  # the last row may end inside quotes
    return rows[:-1] if cut else rows


def _single_blanks(text: bytes) -> bytes:
    if b"\t" in text or b"  " in text:
        text = re.sub(rb"[ \t]+", b" ", text)
    if text.startswith(b" ") or text.endswith(b" ") or b"\n " in text or b" \n" in text:
        text = re.sub(rb"(?m)^ | $", b"", text)
    return text


def _lines_with_text(body: bytes) -> int:
    ends = np.frombuffer(body, dtype=np.uint8) == ord("\n")
    empty = np.count_nonzero(ends[1:] & ends[:-1])
    return int(np.count_nonzero(ends) - empty + (not body.endswith(b"\n")))


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
