"""Runs at points of a scenario's inputs, kept so that none is ever made twice.

They lie in ``explored.parquet`` of a results folder, and while more are made in parts beside it.
"""

import hashlib
import json
import shutil
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from propagation.experiment.storage import (
    EXPLORED,
    EXPLORED_PARTS,
    cannot_write,
    escaped,
    replacing,
    unescaped,
)
from propagation.scenario.spec import Scenario
from propagation.scenario.varying import Changes

Floats = npt.NDArray[np.float64]
Point = str
"""A point's changes as JSON, paths in order."""
Key = tuple[int, Point, str]

MADE_BY = b"made by"
FLUSH_SECONDS = 5.0


ALWAYS_KEPT = ("reach", "relevant_reach", "valued_reach", "shares")
"""Metrics kept of every run besides the compared one."""


def metrics_kept(scenario: Scenario) -> tuple[str, ...]:
    """Return the metrics that are kept of runs at points."""
    return tuple(dict.fromkeys((scenario.compare.on, *ALWAYS_KEPT)))


def point_of(changes: Changes) -> Point:
    """Return a point as a text."""
    return json.dumps({path: float(changes[path]) for path in sorted(changes)})


class KeptRuns:
    """Metrics of runs by (draws, point, strategy): arrays (metrics, replicates).

    Parameters
    ----------
    folder
        The results folder; None keeps them in memory only.
    made_by
        All that the runs depend on besides the point; runs made by anything else are
        not used.
    metrics
        Names of the metrics kept.
    """

    def __init__(self, folder: Path | None, made_by: str, metrics: tuple[str, ...] = ()) -> None:
        self._folder, self._metrics = folder, metrics
        self._made_by = hashlib.sha256(made_by.encode()).hexdigest().encode()
        self._lock = threading.Lock()
        self._values: dict[Key, Floats] = {}
        self._unwritten: list[tuple[Key, int, Floats]] = []
        self._written = time.monotonic()
        if folder is not None:
            for path in self._files(folder):
                self._read(path)

    def _files(self, folder: Path) -> list[Path]:
        parts = sorted((folder / EXPLORED_PARTS).glob("*.parquet"))
        whole = folder / EXPLORED
        return [whole, *parts] if whole.is_file() else parts

    def count(self, draws: int, point: Point, strategy: str) -> int:
        """Return how many replicates there are, from the first on."""
        with self._lock:
            found = self._values.get((draws, point, strategy))
        return 0 if found is None else found.shape[1]

    def values(self, draws: int, point: Point, strategy: str) -> Floats:
        """Return the metrics of all replicates there are; (metrics, replicates)."""
        with self._lock:
            return self._values[draws, point, strategy]

    def add(self, draws: int, point: Point, strategy: str, start: int, values: Floats) -> None:
        """Add replicates from ``start`` on; those known already stay as they are."""
        with self._lock:
            key = draws, point, strategy
            self._unwritten.append((key, *self._new(key, start, values)))
            is_due = time.monotonic() - self._written > FLUSH_SECONDS
        if is_due:
            self.write()

    def _new(self, key: Key, start: int, values: Floats) -> tuple[int, Floats]:
        """Append what is not known yet, and return it with the number of its first replicate."""
        known = self._values.get(key)
        count = 0 if known is None else known.shape[1]
        new = values[:, max(0, count - start) :]
        self._values[key] = new if known is None else np.concatenate((known, new), axis=1)
        return count, new

    def write(self) -> None:
        """Keep on disk what is not there yet.

        Raises
        ------
        MachineError
            If the disk is full or the folder cannot be written to.
        """
        with self._lock:
            self._written = time.monotonic()
            if self._folder is None or not self._unwritten:
                self._unwritten.clear()
                return
            parts = self._folder / EXPLORED_PARTS
            try:
                parts.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise cannot_write(parts, error) from error
            number = len(list(parts.glob("*.parquet")))
            self._store(parts / f"{number:06d}.parquet", self._table(self._unwritten))
            self._unwritten.clear()

    def join(self) -> None:
        """Put all that is kept into one file, sorted."""
        self.write()
        if self._folder is None or not self._values:
            return
        with self._lock:
            rows = [(key, 0, self._values[key]) for key in sorted(self._values)]
            self._store(self._folder / EXPLORED, self._table(rows))
        shutil.rmtree(self._folder / EXPLORED_PARTS, ignore_errors=True)

    def _table(self, rows: list[tuple[Key, int, Floats]]) -> pa.Table:
        counts = [values.shape[1] for _, _, values in rows]
        columns: dict[str, object] = {
            "draws": np.repeat([key[0] for key, _, _ in rows], counts),
            "point": _repeated([key[1] for key, _, _ in rows], counts),
            "strategy": _repeated([escaped(key[2]) for key, _, _ in rows], counts),
            "replicate": np.concatenate(
                [np.arange(first, first + n) for (_, first, _), n in zip(rows, counts, strict=True)]
            ),
        }
        together = np.concatenate([values for _, _, values in rows], axis=1)
        columns |= {name: together[place] for place, name in enumerate(self._metrics)}
        return pa.table(columns).replace_schema_metadata({MADE_BY: self._made_by})

    def _store(self, target: Path, table: pa.Table) -> None:
        with replacing(target) as path:
            pq.write_table(table, path, compression="zstd")

    def _read(self, path: Path) -> None:
        """Take what a file holds, unless it is damaged or made by something else."""
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowException):
            return  # what cannot be read is made again
        if (table.schema.metadata or {}).get(MADE_BY) != self._made_by:
            return
        if not {"draws", "point", "strategy", "replicate", *self._metrics} <= set(
            table.column_names
        ):
            return
        keys = pa.table({name: table[name] for name in ("draws", "point", "strategy")})
        codes = [pc.dictionary_encode(keys[name]).combine_chunks() for name in keys.column_names]
        change = np.zeros(len(table), bool)
        for code in codes:
            numbers = np.asarray(code.indices)
            change[1:] |= numbers[1:] != numbers[:-1]
        replicate = table["replicate"].to_numpy()
        change[1:] |= replicate[1:] != replicate[:-1] + 1
        starts = [0, *np.flatnonzero(change).tolist(), len(table)] if len(table) else []
        values = np.stack([table[name].to_numpy() for name in self._metrics]).astype(np.float64)
        for first, last in pairwise(starts):
            draws, point, strategy = (keys[name][first].as_py() for name in keys.column_names)
            key = int(draws), str(point), unescaped(str(strategy))
            known = self._values.get(key)
            if replicate[first] <= (0 if known is None else known.shape[1]):
                self._new(key, int(replicate[first]), values[:, first:last])


def _repeated(texts: list[str], counts: list[int]) -> pa.DictionaryArray:
    """Return a column of texts, each so many times."""
    names = list(dict.fromkeys(texts))
    place = {name: number for number, name in enumerate(names)}
    codes = np.repeat(np.array([place[text] for text in texts], np.int32), counts)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, pa.string()))
