"""The results folder: parts while a run goes on, whole tables when it is done.

Nothing in it is ever half written: every file is written beside its place and then moved there, and
``summary.json`` comes last, so a folder that has one is complete.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from propagation.experiment.batches import MOST_CURVES, TOUCHED, Batch
from propagation.experiment.forms import checked, damaged, is_summary
from propagation.problems import InputError, MachineError, Problem, reason

RUNS, CASCADES, CURVES = "runs.parquet", "cascades.parquet", "curves.parquet"
TREES, GRAPH_FOLLOWS, GRAPH_ACCOUNTS = "trees.parquet", "follows.parquet", "accounts.parquet"
ATTENTION, SIZES = "attention.parquet", "sizes.parquet"
SUMMARY, SCENARIO, PROVENANCE = "summary.json", "scenario.yaml", "provenance.json"
EXPLORED, EXPLORED_PARTS = "explored.parquet", "explored"
SWEEP, UNCERTAIN = "sweep.parquet", "uncertain.parquet"
REPORT, FIGURES, TABLES, PARTS, LOCK = "report.html", "figures", "tables", "parts", ".lock"
UNFINISHED = ".partial"
"""Ending of a file that is being written."""
MARK = "# As resolved by 'propagation run'."
"""First line of the stored scenario: what tells a results folder from a folder of one's own."""
OURS = (
    *(RUNS, CASCADES, CURVES, TREES, GRAPH_FOLLOWS, GRAPH_ACCOUNTS, ATTENTION, SIZES),
    *(EXPLORED, EXPLORED_PARTS, SWEEP, UNCERTAIN),
    *(SUMMARY, SCENARIO, PROVENANCE, REPORT, FIGURES, TABLES, PARTS, LOCK),
)
"""Everything this program writes into a results folder."""

KINDS = (CASCADES, CURVES, RUNS)
"""The tables with rows for each replicate, in the order in which a part's are written."""
ORDER = {
    CURVES: ("strategy", "replicate"),
    RUNS: ("strategy", "replicate"),
    CASCADES: ("strategy", "replicate", "nominal_time", "message"),
}


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to, and move it there when all went well.

    Raises
    ------
    MachineError
        If the disk is full or the folder cannot be written to.
    """
    try:
        handle, name = tempfile.mkstemp(UNFINISHED, f".{path.name}.", path.parent)
        os.close(handle)
        try:
            yield Path(name)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> MachineError:
    """Return the error for a file that cannot be written."""
    return MachineError(f"{path}: cannot be written: {reason(error)}")


class ResultsFolder:
    """A folder that one run writes to at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / LOCK)

    def is_finished(self) -> bool:
        """Whether it holds a complete result that can be read."""
        try:
            return is_summary(self.read_json(SUMMARY))
        except (OSError, ValueError):
            return False

    def is_ours(self) -> bool:
        """Whether it is empty or was written by this program."""
        if not self.is_taken():
            return True
        try:
            return (self.path / SCENARIO).read_text(encoding="utf-8").startswith(MARK)
        except (OSError, UnicodeDecodeError):
            return False

    def _is_empty(self) -> bool:
        return self.path.is_dir() and not any(entry.name != LOCK for entry in self.path.iterdir())

    def is_taken(self) -> bool:
        """Whether something is there already."""
        return self.path.exists() and not self._is_empty()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other run out.

        Raises
        ------
        MachineError
            If another run is writing to the folder, or it cannot be made.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InputError(Problem("is a file; results need a folder", "--out", str(self.path)))
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            message = f"{self.path}: another run is writing here; wait for it or choose --out"
            raise MachineError(message) from None
        except OSError as error:
            raise cannot_write(self.path, error) from error
        try:
            yield
        finally:
            # the file stays: a run that opens it while another removes it would lock nothing
            self._lock.release()

    def clear(self) -> None:
        """Remove what this program wrote, and nothing else."""
        for name in OURS:
            if name == LOCK:
                continue
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file."""
        with replacing(self.path / name) as path:
            path.write_text(text, encoding="utf-8", newline="\n")

    def write_json(self, name: str, content: Mapping[str, object]) -> None:
        """Write a JSON file."""
        text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
        self.write_text(name, text + "\n")

    def read_json(self, name: str) -> dict[str, object]:
        """Read a JSON file.

        Raises
        ------
        ValueError
            If it holds something other than one block of JSON.
        """
        return read_json(self.path / name)

    def write_part(self, batch: Batch) -> None:
        """Keep finished replicates."""
        if batch.replicates:
            columns = {CASCADES: batch.cascades, CURVES: batch.curves, RUNS: batch.runs}
            self._write_part({kind: as_table(columns[kind]) for kind in KINDS})

    def _write_part(self, tables: Mapping[str, pa.Table]) -> None:
        """Write a part; the runs come last and make it valid."""
        parts = self.path / PARTS
        try:
            parts.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(parts, error) from error
        first = pc.min(tables[RUNS]["replicate"]).as_py()
        stem = f"{first:09d}-{len(list(parts.iterdir())):06d}"
        for kind in KINDS:
            self._write_table(parts / f"{stem}.{kind}", tables[kind])

    def _write_table(self, target: Path, table: pa.Table) -> None:
        with replacing(target) as path:
            pq.write_table(table, path)

    def write_columns(self, name: str, columns: Mapping[str, list[object]]) -> None:
        """Write a table of its own, not made of parts."""
        self._write_table(self.path / name, as_table(columns))

    def optional_table(self, name: str) -> pa.Table | None:
        """Return a table that a folder need not have; None if it has none.

        Raises
        ------
        MachineError
            If it is there and cannot be read.
        """
        path = self.path / name
        return read_table(path) if path.is_file() else None

    def stored(self, kind: str) -> pa.Table | None:
        """Return all rows kept so far, from the whole table and the parts; None if there are none.

        A part counts once its runs are there; what a whole table has, no part adds again.
        """
        parts = [
            read_table(path.with_name(path.name.replace(RUNS, kind)))
            for path in sorted((self.path / PARTS).glob(f"*.{RUNS}"))
        ]
        if not (self.path / kind).is_file():
            return _each_once(parts) if parts else None
        return _each_once([read_table(self.path / kind), *parts])

    def finished_replicates(self) -> set[int]:
        """Return the replicates that need not be run again: those that every table has."""
        runs, cascades, curves = (self.stored(kind) for kind in (RUNS, CASCADES, CURVES))
        if runs is None or cascades is None or curves is None:
            return set()
        finished = set(runs["replicate"].to_pylist())
        kept = set(curves["replicate"].to_pylist())
        finished &= kept | {one for one in finished if one >= MOST_CURVES}  # of the first ones only
        return finished & whole(runs, cascades)

    def table(self, kind: str, replicates: int) -> pa.Table:
        """Return the rows of replicates 0 to ``replicates - 1``, in order."""
        rows = self.stored(kind)
        if rows is None:
            raise MachineError(f"{self.path}: holds no finished replicates")
        wanted = rows.filter(pc.less(rows["replicate"], replicates))
        return wanted.sort_by([(key, "ascending") for key in ORDER[kind]])

    def _keep_others(self, replicates: int) -> None:
        """Write finished replicates from ``replicates`` on into a part, for a later run."""
        tables = {kind: self.stored(kind) for kind in KINDS}
        others = {
            kind: table.filter(pc.greater_equal(table["replicate"], replicates))
            for kind, table in tables.items()
            if table is not None
        }
        if len(others) == len(KINDS) and len(others[RUNS]):
            self._write_part(others)

    def merge(self, replicates: int) -> None:
        """Write the whole tables of replicates 0 to ``replicates - 1``; keep others as a part."""
        parts = sorted((self.path / PARTS).glob("*.parquet"))
        self._keep_others(replicates)
        for kind in KINDS:
            self._write_table(self.path / kind, self.table(kind, replicates))
        # the runs first: they say that a part counts, and the rest of it must be there while they are
        for part in sorted(parts, key=lambda path: not path.name.endswith(RUNS)):
            part.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (self.path / PARTS).rmdir()
        for name in OURS:  # what a killed run left half written
            for leftover in self.path.glob(f".{name}.*{UNFINISHED}"):
                with contextlib.suppress(OSError):
                    leftover.unlink()


def whole(runs: pa.Table, cascades: pa.Table) -> set[int]:
    """Return the replicates whose cascades are all there.

    Runs that leave out cascades which touched nobody say how many they have.
    """
    rows = Counter(cascades["replicate"].to_pylist())
    if TOUCHED not in runs.column_names:
        return set(rows)
    wanted: Counter[int] = Counter()
    for one, count in zip(runs["replicate"].to_pylist(), runs[TOUCHED].to_pylist(), strict=True):
        wanted[one] += count
    return {one for one, count in wanted.items() if rows[one] == count}


def read_json(path: Path) -> dict[str, object]:
    """Read a file with one block of JSON.

    Raises
    ------
    ValueError
        If it holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(content, dict):
        raise ValueError("no block")
    return content


def read_table(path: Path) -> pa.Table:
    """Read a stored table.

    Raises
    ------
    MachineError
        If it is not what was written.
    """
    try:
        table = pq.read_table(path)
    except OSError as error:
        if error.errno is None:  # how pyarrow says that the content is wrong
            raise damaged(path, "its content cannot be unpacked") from error
        raise MachineError(f"{path}: cannot be read: {error.strerror or error}") from error
    except pa.ArrowException as error:
        raise damaged(path, "no Parquet file, or a part of one") from error
    return checked(table, path.name.split(".")[-2], path)


def _each_once(tables: list[pa.Table]) -> pa.Table:
    """Join tables; replicates that an earlier table has are left out of the later ones."""
    known, kept = pa.array([], pa.int64()), []
    for table in tables:
        kept.append(table.filter(pc.invert(pc.is_in(table["replicate"], known))))
        known = pa.concat_arrays([known, kept[-1]["replicate"].combine_chunks()])
    return pa.concat_tables(kept)


WORDS = ("strategy", "message", "segment", "ours", "label", "matrix")
WHOLE_NUMBERS = (
    *("replicate", "draw", "seed", "size", "largest_tree", "largest_generation"),
    *("account", "parent", "generation", "follower", "followee", "low", "high", "accounts"),
)
LISTS = {
    "hours": pa.float64(),
    "shares_by_hour": pa.int32(),
    "reach_by_hour": pa.int32(),
    "followers_by_hour": pa.int32(),
    "valued_reach_by_hour": pa.float64(),
}


def _type_of(column: str) -> pa.DataType:
    if column in LISTS:
        return pa.list_(LISTS[column])
    is_whole = column in (*WHOLE_NUMBERS, TOUCHED) or column.startswith("reach_")
    return pa.int64() if is_whole else pa.float64()


def as_table(columns: Mapping[str, Sequence[object]]) -> pa.Table:
    """Return columns as a table: undefined numbers are null, and no text is a formula."""
    return pa.table({name: _as_array(name, values) for name, values in columns.items()})


def _as_array(column: str, values: Sequence[object]) -> pa.Array:
    if column in WORDS:
        return pa.array([escaped(str(value)) for value in values], pa.string())
    return pa.array(values, _type_of(column), from_pandas=True)


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
"""How a text begins that a spreadsheet would run as a formula, or that is escaped already."""


def escaped(text: str) -> str:
    """Return a text as a table holds it: an apostrophe before what a spreadsheet might run."""
    return f"'{text}" if text.startswith(FORMULA) else text


def unescaped(text: str) -> str:
    """Return the text that ``escaped`` was given."""
    return text.removeprefix("'")
