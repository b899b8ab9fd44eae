"""Follows in plain text whose ids are whole numbers, read in pieces by compiled code.

This is for files of any size. Whatever is not written in the one usual way (quotes, leading zeros,
ids that are text, a line with too few cells) ends it with ``NotPlainError``: then the reader in
``edge_lists`` decides, which knows all dialects and says what is wrong, and holds the whole file.
"""

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from propagation.audience.delimited_text import SAMPLE, DelimitedText, as_text, laid_out
from propagation.audience.edge_lists import are_header_words, locate
from propagation.audience.files import GZIP, check_file
from propagation.audience.labels import LARGEST, MISSING_WORDS, NUMBER, PLAIN, Kind
from propagation.audience.parquet_tables import is_parquet
from propagation.compiling import compiled, inlined
from propagation.problems import InputError, Problem, reason
from propagation.scenario.accounts import graph_format

Bytes: TypeAlias = npt.NDArray[np.uint8]
Place = np.uint64
"""A place in text; compiled code need not look whether it is below 0."""
Pairs: TypeAlias = npt.NDArray[np.uint32] | npt.NDArray[np.uint64]
"""Followers and followees side by side; shape (follows, 2)."""

HEAD = 4 * SAMPLE
LONGEST_LINE = 1 << 20
SHORTEST_LINE = 4
"""Bytes of ``1 2`` and its line feed."""
MARK = b"\xef\xbb\xbf"
TAB, FEED, RETURN, BLANK, QUOTE, HASH, PERCENT, ZERO = b'\t\n\r "#%0'
LAST_ASCII = 127
MOST_DIGITS, LARGEST_ID, STEP = np.uint64(19), np.uint64(LARGEST), np.uint64(1)
FINE, FOREIGN, ODD, TOO_LARGE = range(4)
"""How text was read: plainly; plainly, but not as ASCII; not; an id is above the limit."""


class NotPlainError(Exception):
    """A file is not written in the one usual way; ``line`` is where, if that is known."""

    def __init__(self, line: int = 0, text: str = "") -> None:
        self.line, self.text = line, text
        super().__init__()


class IdTooLargeError(Exception):
    """An id is above the limit that was given."""


@dataclass(frozen=True)
class Layout:
    """How a file of plain follows is laid out.

    Attributes
    ----------
    source
        Its first rows.
    path
        The file.
    columns
        The columns of follower and followee, counted from 0.
    titled, header
        Whether columns are given by name, and whether the first row is a header.
    start, first_line
        Where the first follow stands: its byte and its line.
    size, modified
        Bytes of the file, and when it was changed last, to see if it changes.
    """

    source: DelimitedText
    path: Path
    columns: tuple[int, int]
    titled: bool
    header: bool
    start: int
    first_line: int
    size: int
    modified: int

    @property
    def names(self) -> list[str]:
        """What the two columns are called."""
        if self.header:
            return [self.source.heading[column] for column in self.columns]
        return [str(column + 1) for column in self.columns]

    @property
    def first(self) -> list[str]:
        """The first row's cells of the two columns."""
        return [self.source.heading[column] for column in self.columns]


class Piece(NamedTuple):
    """What a piece of a file holds: follows, line feeds, its bytes."""

    pairs: Pairs
    lines: int
    content: memoryview


def plain_layout(
    path: Path, follower: str | int, followee: str | int, ids: Kind | None = None
) -> Layout:
    """Find out from its first rows how a file is laid out.

    Raises
    ------
    InputError
        If the file cannot be read, or has no such columns.
    NotPlainError
        If it is not plain text with whole numbers.
    """
    size, file = check_file(path), str(path)
    if ids == "text" or is_parquet(path) or graph_format(file):
        raise NotPlainError
    modified = path.stat().st_mtime_ns
    raw = _read(path, 0, HEAD)
    whole = len(raw) == size
    if not whole:
        raw = raw[: raw.rfind(b"\n") + 1]
    if raw.startswith(GZIP) or b'"' in raw or b"\r" in raw.replace(b"\r\n", b""):
        raise NotPlainError
    try:
        source = laid_out(as_text(raw, file), file, (follower, followee))
    except InputError:
        raise NotPlainError from None  # what is wrong may be the end of what was read
    if not whole and len(source.body) <= SAMPLE:
        raise NotPlainError
    columns = locate(source, follower, followee)
    titled = isinstance(follower, str) or isinstance(followee, str)
    header = titled or _is_header([source.heading[column] for column in columns])
    lines = source.first_line - 1 + header
    start = len(MARK) if raw.startswith(MARK) else 0
    for _ in range(lines):
        start = raw.find(b"\n", start) + 1 or len(raw)
    return Layout(source, path, columns, titled, header, start, lines + 1, size, modified)


def _is_header(first: list[str]) -> bool:
    """Tell whether the first row is a header, if all other rows hold whole numbers."""
    if are_header_words(first):
        return True
    if all(re.fullmatch(PLAIN, cell) and int(cell) <= LARGEST for cell in first):
        return False
    if any(re.fullmatch(NUMBER, cell) or cell.lower() in ("", *MISSING_WORDS) for cell in first):
        raise NotPlainError
    return True


def _read(path: Path, start: int, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(size)
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {reason(error)}", file=str(path))) from None


def read_pieces(
    layout: Layout, chunk: int, limit: int, pool: ThreadPoolExecutor, ahead: int
) -> Iterator[Piece]:
    """Yield the follows of a file piece by piece, in its order.

    Parameters
    ----------
    chunk
        Bytes of a piece.
    limit
        The largest id allowed. Ids up to 2**32 - 1 come as uint32, larger ones as uint64.
    pool, ahead
        Who reads, and how many pieces are read before they are asked for.

    Raises
    ------
    NotPlainError, IdTooLargeError
        If a line holds something else than plain whole numbers, or one above the limit.
    """
    coming: list[Future[tuple[Piece, int, int]]] = []
    starts = iter(range(layout.start, layout.size, chunk))
    line = layout.first_line
    try:
        while True:
            while len(coming) < ahead and (start := next(starts, None)) is not None:
                coming.append(pool.submit(_piece, layout, start, chunk, limit))
            if not coming:
                return
            piece, found, place = coming.pop(0).result()
            if found == TOO_LARGE:
                raise IdTooLargeError
            if found == ODD:
                raise NotPlainError(line + piece.lines, _line_at(piece.content, place))
            line += piece.lines
            yield piece
    finally:
        for future in coming:
            future.cancel()


def _piece(layout: Layout, start: int, chunk: int, limit: int) -> tuple[Piece, int, int]:
    """Read the lines that begin in a piece; return also what was found, and where it ended."""
    before = int(start > layout.start)  # the byte before tells whether a line begins here
    content = _read(layout.path, start - before, chunk + before)
    begin = content.find(b"\n") + 1 if before else 0
    if before and not begin:
        return _none(content)
    if start + chunk < layout.size and not content.endswith(b"\n"):
        rest = _read(layout.path, start + chunk, LONGEST_LINE)
        cut = rest.find(b"\n") + 1
        if not cut and start + chunk + len(rest) < layout.size:
            return Piece(np.empty((0, 2), np.uint32), 0, memoryview(content)), ODD, begin
        content += rest[:cut] if cut else rest
    view = memoryview(content)[begin:]
    if not content.endswith(b"\n"):
        content += b"\n"
    most = (len(content) - begin) // SHORTEST_LINE + 1
    small = limit < 1 << 32
    pairs: Pairs = np.empty((most, 2), np.uint32) if small else np.empty((most, 2), np.uint64)
    data = np.frombuffer(content, np.uint8)
    with np.errstate(over="ignore"):  # threads have their own; compiled code never warns
        rows, lines, found, place = _parse(data, Place(begin), _form(layout, limit), pairs)
    if found == FOREIGN:
        try:
            str(view, "utf-8")
        except UnicodeDecodeError:
            found = ODD
    return Piece(pairs[:rows], lines, view), found, int(place) - begin


def _none(content: bytes) -> tuple[Piece, int, int]:
    """Return a piece in which no line begins, unless the line is too long.

    A last line without a line feed that begins in the piece before ends here like that.
    """
    found = ODD if len(content) > LONGEST_LINE else FINE
    return Piece(np.empty((0, 2), np.uint32), 0, memoryview(b"")), found, 0


def _line_at(content: memoryview, place: int) -> str:
    """Return the start of the line around a place."""
    text = bytes(content[max(0, place - 200) : place + 200])
    middle = min(place, 200)
    start = text.rfind(b"\n", 0, middle) + 1
    end = text.find(b"\n", middle)
    return text[start : end if end >= 0 else len(text)].decode(errors="replace").strip("\r\n")


class Form(NamedTuple):
    """What a line of follows looks like: ``width`` cells, ids in ``first`` and ``second``.

    ``swapped`` is 1 if the follower is the second of the two, ``tab`` what is skipped beside blanks
    before and after a cell, and ``by_blanks`` whether cells are delimited by runs of these.
    """

    delimiter: int
    tab: int
    by_blanks: bool
    width: int
    first: int
    second: int
    swapped: int
    limit: int


def _form(layout: Layout, limit: int) -> Form:
    delimiter, (follower, followee) = ord(layout.source.delimiter), layout.columns
    return Form(
        delimiter=delimiter,
        tab=BLANK if delimiter == TAB else TAB,  # a tab that delimits is not skipped
        by_blanks=delimiter == BLANK,
        width=len(layout.source.heading),
        first=min(follower, followee),
        second=max(follower, followee),
        swapped=int(follower > followee),
        limit=limit,
    )


@compiled
def _parse(data: Bytes, place: Place, form: Form, pairs: Pairs) -> tuple[int, int, int, Place]:
    """Read the ids of lines; the last one too must end with a line feed.

    Returns
    -------
    rows, lines, found, place
        How many follows were read, how many line feeds; how it ended, and where.
    """
    rows = lines = 0
    result = FINE
    end = np.uint64(len(data))
    while place < end:
        cells, found, place = _parse_line(data, place, form, pairs, rows)
        if found != FINE and found != FOREIGN:
            return rows, lines, found, place
        result = max(result, found)
        if cells == form.width:
            rows += 1
        elif cells:
            return rows, lines, ODD, place
        if data[place] == RETURN:
            place += STEP
            if data[place] != FEED:
                return rows, lines, ODD, place
        place += STEP
        lines += 1
    return rows, lines, result, place


@inlined
def _parse_line(
    data: Bytes, place: Place, form: Form, pairs: Pairs, row: int
) -> tuple[int, int, Place]:
    """Read the ids of a line; return how many cells it has, how it ended, and where."""
    line, cells, result = place, 0, FINE
    place = _past_blanks(data, place, form.tab)
    while not _is_end(data[place]) or not (form.by_blanks or place == line):
        start = place
        if cells in (form.first, form.second):
            value, place, is_plain = _parse_id(data, start)
            if not is_plain:
                return cells, ODD, start
            if value > np.uint64(form.limit):
                return cells, TOO_LARGE, start
            pairs[row, np.int64(cells == form.second) ^ form.swapped] = value
        else:
            place, found = _past_cell(data, start, form)
            if found == ODD or (cells == 0 and _is_comment(data[start])):
                return cells, ODD, start
            result = max(result, found)
        cells += 1
        after = place
        place = _past_blanks(data, place, form.tab)
        if _is_end(data[place]):
            break
        if form.by_blanks:
            if place == after:
                return cells, ODD, place
        elif data[place] == form.delimiter:
            place = _past_blanks(data, place + STEP, form.tab)
        else:
            return cells, ODD, place
    return cells, result, place


@inlined
def _is_end(byte: int) -> bool:
    return byte in (FEED, RETURN)


@inlined
def _is_comment(byte: int) -> bool:
    return byte in (HASH, PERCENT)


@inlined
def _past_blanks(data: Bytes, place: Place, tab: int) -> Place:
    while data[place] == BLANK or data[place] == tab:
        place += STEP
    return place


@inlined
def _parse_id(data: Bytes, start: Place) -> tuple[np.uint64, Place, bool]:
    """Read a whole number; return it, where it ends, and whether it is a plain one."""
    value, place = np.uint64(0), start
    while True:
        digit = np.uint8(data[place] - ZERO)
        if digit > 9:
            break
        value = value * np.uint64(10) + np.uint64(digit)
        place += STEP
    digits = place - start
    fits = STEP <= digits <= MOST_DIGITS and value <= LARGEST_ID
    return value, place, bool(fits and (digits == STEP or data[start] != ZERO))


@inlined
def _past_cell(data: Bytes, place: Place, form: Form) -> tuple[Place, int]:
    """Return where a cell ends, and whether it is plain text."""
    found = FINE
    while True:
        byte = data[place]
        if _is_end(byte) or byte == form.delimiter or (form.by_blanks and byte == TAB):
            return place, found
        if byte == 0 or byte == QUOTE:
            return place, ODD
        if byte > LAST_ASCII:
            found = FOREIGN
        place += STEP
