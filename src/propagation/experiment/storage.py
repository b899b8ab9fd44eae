"""The results folder: parts while a run goes on, whole tables when it is done.

Nothing in it is ever half written: every file is written beside its place and then moved there, and
``summary.json`` comes last, so a folder that has one is complete.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from propagation.experiment.replicates import Batch
from propagation.problems import InputError, MachineError, Problem

RUNS, CASCADES, SUMMARY = "runs.parquet", "cascades.parquet", "summary.json"
SCENARIO, PROVENANCE, PARTS, LOCK = "scenario.yaml", "provenance.json", "parts", ".lock"
UNFINISHED = ".partial"
"""Ending of a file that is being written."""
MARK = "# As resolved by 'propagation run'."
"""First line of the stored scenario: what tells a results folder from a folder of one's own."""
OURS = (RUNS, CASCADES, SUMMARY, SCENARIO, PROVENANCE, PARTS, LOCK)
"""Everything this program writes into a results folder."""

ORDER = {
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
    return MachineError(f"{path}: cannot be written: {error.strerror or error}")


class ResultsFolder:
    """A folder that one run writes to at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / LOCK)

    def is_finished(self) -> bool:
        """Whether it holds a complete result that can be read."""
        try:
            return bool(self.read_json(SUMMARY)["verdict"])
        except (OSError, ValueError, KeyError, TypeError):
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
        """Read a JSON file."""
        content: dict[str, object] = json.loads((self.path / name).read_text(encoding="utf-8"))
        return content

    def write_part(self, batch: Batch) -> None:
        """Keep finished replicates."""
        if batch.replicates:
            self._write_part(as_table(batch.cascades), as_table(batch.runs))

    def _write_part(self, cascades: pa.Table, runs: pa.Table) -> None:
        """Write a part; the runs come last and make it valid."""
        parts = self.path / PARTS
        try:
            parts.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(parts, error) from error
        stem = f"{pc.min(runs['replicate']).as_py():09d}-{len(list(parts.iterdir())):06d}"
        for kind, table in ((CASCADES, cascades), (RUNS, runs)):
            with replacing(parts / f"{stem}.{kind}") as path:
                pq.write_table(table, path)

    def stored(self, kind: str) -> pa.Table | None:
        """Return all rows kept so far, from the whole table and the parts; None if there are none.

        A part counts once its runs are there; what a whole table has, no part adds again.
        """
        try:
            parts = [
                pq.read_table(path.with_name(path.name.replace(RUNS, kind)))
                for path in sorted((self.path / PARTS).glob(f"*.{RUNS}"))
            ]
            if not (self.path / kind).is_file():
                return _each_once(parts) if parts else None
            whole = pq.read_table(self.path / kind)
        except (OSError, pa.ArrowInvalid) as error:
            raise MachineError(f"{self.path}: a stored table cannot be read: {error}") from error
        return _each_once([whole, *parts])

    def finished_replicates(self) -> set[int]:
        """Return the replicates that need not be run again: those that both tables have."""
        runs, cascades = self.stored(RUNS), self.stored(CASCADES)
        if runs is None or cascades is None:
            return set()
        return set(runs["replicate"].to_pylist()) & set(cascades["replicate"].to_pylist())

    def table(self, kind: str, replicates: int) -> pa.Table:
        """Return the rows of replicates 0 to ``replicates - 1``, in order."""
        rows = self.stored(kind)
        if rows is None:
            raise MachineError(f"{self.path}: holds no finished replicates")
        wanted = rows.filter(pc.less(rows["replicate"], replicates))
        return wanted.sort_by([(key, "ascending") for key in ORDER[kind]])

    def _keep_others(self, replicates: int) -> None:
        """Write finished replicates from ``replicates`` on into a part, for a later run."""
        tables = [self.stored(kind) for kind in (CASCADES, RUNS)]
        others = [
            table.filter(pc.greater_equal(table["replicate"], replicates))
            for table in tables
            if table is not None
        ]
        if len(others) == 2 and len(others[1]):
            self._write_part(*others)

    def merge(self, replicates: int) -> None:
        """Write the whole tables of replicates 0 to ``replicates - 1``; keep others as a part."""
        parts = sorted((self.path / PARTS).glob("*.parquet"))
        self._keep_others(replicates)
        for kind in (CASCADES, RUNS):
            table = self.table(kind, replicates)
            with replacing(self.path / kind) as path:
                pq.write_table(table, path)
        for part in parts:
            part.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (self.path / PARTS).rmdir()
        for name in OURS:  # what a killed run left half written
            for leftover in self.path.glob(f".{name}.*{UNFINISHED}"):
                with contextlib.suppress(OSError):
                    leftover.unlink()


def _each_once(tables: list[pa.Table]) -> pa.Table:
    """Join tables; replicates that an earlier table has are left out of the later ones."""
    known, kept = pa.array([], pa.int64()), []
    for table in tables:
        kept.append(table.filter(pc.invert(pc.is_in(table["replicate"], known))))
        known = pa.concat_arrays([known, kept[-1]["replicate"].combine_chunks()])
    return pa.concat_tables(kept)


WORDS = ("strategy", "message")
WHOLE_NUMBERS = ("replicate", "draw", "seed", "size", "largest_tree", "largest_generation")


def _type_of(column: str) -> pa.DataType:
    if column in WORDS:
        return pa.string()
    whole = column in WHOLE_NUMBERS or column.startswith("reach_")
    return pa.int64() if whole else pa.float64()


def as_table(columns: Mapping[str, list[object]]) -> pa.Table:
    """Return columns as a table: undefined numbers are null."""
    arrays = {
        name: pa.array(values, _type_of(name), from_pandas=True) for name, values in columns.items()
    }
    return pa.table(arrays)
