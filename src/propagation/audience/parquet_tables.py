"""Tables in Parquet, read as the text that stands in a CSV file, so that the same checks hold."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from propagation.audience.delimited_text import open_delimited
from propagation.audience.files import content_of
from propagation.audience.records import Records, Source
from propagation.problems import InputError, Problem

MAGIC = b"PAR1"
MOST_ROWS = 100_000_000
MOST_TEXT = 1 << 30
MOST_BYTES = 1 << 32
"""Rows, bytes of text and bytes unpacked: a few bytes of Parquet can claim any number of them."""


def is_parquet(path: str | Path) -> bool:
    """Say whether a file is called a Parquet file."""
    return Path(path).suffix.lower() == ".parquet"


def open_table(path: str | Path, wanted: Sequence[str | int], others: bool = True) -> Source:
    """Open a table, Parquet or text; ``wanted`` are columns of ids, ``others`` says if more count.

    Raises
    ------
    InputError
        If the file is none, or the wanted columns cannot be ids.
    """
    if is_parquet(path):
        return open_parquet(path, wanted, others)
    return open_delimited(path, wanted)


def open_parquet(path: str | Path, wanted: Sequence[str | int], others: bool = True) -> Records:
    """Read a Parquet file: the wanted columns, which hold ids, and the others if asked."""
    file = str(path)
    content = content_of(Path(path))
    if not content.startswith(MAGIC):
        message = "is no Parquet file: give it the ending of what it is, such as .csv"
        raise InputError(Problem(message, file=file))
    try:
        schema = pq.read_schema(pa.BufferReader(content))
        texts = [field.name for field in schema if _is_text(field.type)]
        opened = pq.ParquetFile(
            pa.BufferReader(content), read_dictionary=texts, page_checksum_verification=True
        )
    except (pa.ArrowException, OSError) as error:
        raise _damaged(error, file) from None
    _refuse_size(opened.metadata, file)
    refused = {field.name: f"{field.type}" for field in schema if not _is_cell(field.type)}
    heading = tuple(name for name in schema.names if name not in refused)
    _refuse_ids(schema, wanted, file)
    once = [name for name in heading if heading.count(name) == 1]
    columns = _texts(opened, [name for name in once if others or name in wanted], file)
    return Records(file, heading, columns, refused)


def _refuse_size(found: pq.FileMetaData, file: str) -> None:
    groups = map(found.row_group, range(found.num_row_groups))
    size = sum(group.total_byte_size for group in groups)
    for number, most, what in (
        (found.num_rows, MOST_ROWS, "rows"),
        (size, MOST_BYTES, "bytes unpacked"),
    ):
        if number > most:
            message = f"says that it holds {number:,} {what}; at most {most:,} are read"
            raise InputError(Problem(message, file=file))


def _texts(opened: pq.ParquetFile, names: Sequence[str], file: str) -> dict[str, pa.Array]:
    """Return columns as text, empty where null."""
    size = 0
    columns: dict[str, pa.Array] = {}
    try:
        for name in names:
            column = opened.read(columns=[name])[name]
            size += sum(map(_length, column.chunks))
            if size > MOST_TEXT:
                message = f"holds more than {MOST_TEXT:,} bytes of text: leave columns out"
                raise InputError(Problem(message, f"column '{name}'", file))
            columns[name] = _as_text(column)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, MemoryError):
            raise
        raise _damaged(error, file) from None
    return columns


def _length(chunk: pa.Array) -> int:
    """Return how many bytes of text a chunk holds once it is written out."""
    if not pa.types.is_dictionary(chunk.type) or not _is_text(chunk.type.value_type):
        return 0
    lengths = pc.binary_length(chunk.dictionary)
    return pc.sum(pc.take(lengths, chunk.indices)).as_py() or 0


def _as_text(column: pa.ChunkedArray) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    texts = pc.fill_null(column.cast(pa.large_string()), "")
    return texts.combine_chunks() if len(texts) else pa.array([], pa.large_string())


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_cell(kind: pa.DataType) -> bool:
    """Say whether a value can stand in one cell: text, a number, true or false, or nothing."""
    if pa.types.is_dictionary(kind):
        return _is_cell(kind.value_type)
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    return _is_text(kind) or pa.types.is_null(kind) or any(test(kind) for test in tests)


def _refuse_ids(schema: pa.Schema, wanted: Sequence[str | int], file: str) -> None:
    """Refuse ids that are no longer what they were: 12 as 12.0, or a large one rounded."""
    problems = []
    for name in wanted:
        if not isinstance(name, str) or schema.names.count(name) != 1:
            continue
        kind = schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind):
            message = f"holds {kind}, but ids must be whole numbers (int64) or text: save them so"
            problems.append(Problem(message, f"column '{name}'", file))
    if problems:
        raise InputError(problems)


def _damaged(error: Exception, file: str) -> InputError:
    reason = " ".join(str(error).split())
    message = f"is a damaged Parquet file, copy or write it again ({reason})"
    return InputError(Problem(message, file=file))
