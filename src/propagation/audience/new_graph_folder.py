"""Writing a graph folder so that it is there as a whole or not at all.

Everything is written to a folder beside the target, which is renamed when all of it has reached the
disk. What a killed process has left is found by its lock, which nobody holds any more, and removed
by the next call for the same target.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from propagation.audience.graph_folder import (
    FORMAT,
    FORMAT_VERSION,
    HEADER,
    MANIFEST,
    NEEDED,
    OPTIONAL,
    AnyArray,
    ends_of,
    header,
    new_digest,
    package_version,
    pieces_of,
    read_manifest,
    sealed,
)
from propagation.audience.labels import Labels
from propagation.problems import InputError, MachineError, Problem

TRIES = 100
ROWS = 1 << 22
"""Accounts looked at together."""


class ArrayStream:
    """An array that grows at its end while it is written."""

    def __init__(self, path: Path, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.length = 0
        self._file: BinaryIO = path.open("wb")
        self._file.write(bytes(HEADER))
        self._digest: hashlib.blake2b = new_digest()

    def write(self, values: AnyArray) -> None:
        """Append numbers, which must be of the array's type."""
        if values.dtype != self.dtype or values.ndim != 1:
            raise TypeError(
                f"{values.ndim}-dimensional {values.dtype} for an array of {self.dtype}"
            )
        data = np.ascontiguousarray(values).view(np.uint8).data
        self._file.write(data)
        self._digest.update(data)
        self.length += len(values)

    def close(self) -> str:
        """Write down the length, bring all to the disk and return the checksum."""
        self._file.seek(0)
        self._file.write(header(self.dtype.str, self.length))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def abandon(self) -> None:
        """Close the file as it is."""
        with contextlib.suppress(OSError):
            self._file.close()


class NewGraphFolder:
    """A folder that is being written; ``scratch`` is a place for files that are not kept."""

    def __init__(self, path: Path, made_from: Mapping[str, object]) -> None:
        self.path = path
        self.made_from = dict(made_from)
        self.scratch = path / "scratch"
        self.scratch.mkdir()
        self._streams: dict[str, ArrayStream] = {}
        self._mapped: dict[str, np.memmap[Any, np.dtype[Any]]] = {}

    def put(self, name: str, values: AnyArray) -> None:
        """Write an array that is at hand."""
        self.stream(name, values.dtype).write(values)

    def stream(self, name: str, dtype: npt.DTypeLike) -> ArrayStream:
        """Return an array to write from its start to its end; its length need not be known."""
        stream = ArrayStream(self._new(name), np.dtype(dtype).str)
        self._streams[name] = stream
        return stream

    def create(self, name: str, dtype: npt.DTypeLike, length: int) -> AnyArray:
        """Return an array of zeros to write to in any order, mapped into memory.

        Its room on the disk is taken now: a disk that is full later would end the process.
        """
        path, kind = self._new(name), np.dtype(dtype)
        with path.open("wb") as file:
            file.write(header(kind.str, length))
            file.flush()
            _take_room(file, HEADER + length * kind.itemsize)
        self._mapped[name] = np.memmap(path, kind, "r+", HEADER, (length,))
        return np.asarray(self._mapped[name])

    def put_labels(self, labels: Labels) -> None:
        """Write the accounts' ids, which are in ascending order and differ."""
        if labels.dtype != np.object_:
            largest = int(labels[-1]) if len(labels) else 0
            fitting = (kind for kind in OPTIONAL["labels"] if largest <= np.iinfo(kind).max)
            self.put("labels", labels.astype(next(fitting), copy=False))
            return
        starts = self.stream("label_starts", np.int64)
        texts = self.stream("label_texts", np.uint8)
        starts.write(np.zeros(1, np.int64))
        for first in range(0, len(labels), ROWS):
            encoded = [str(label).encode() for label in labels[first : first + ROWS]]
            ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
            starts.write(texts.length + ends)
            texts.write(np.frombuffer(b"".join(encoded), np.uint8))

    def finish(self) -> None:
        """Bring everything to the disk, the manifest last."""
        shutil.rmtree(self.scratch)
        checksums = {name: stream.close() for name, stream in self._streams.items()}
        for name, mapped in self._mapped.items():
            mapped.flush()
            checksums[name] = _stored(self.path / f"{name}.npy")
        facts = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "propagation": package_version(),
            **self._sizes(),
            "made_from": self.made_from,
            "arrays": {name: self._entry(name, checksums[name]) for name in sorted(checksums)},
        }
        text = json.dumps(sealed(facts), indent=2) + "\n"
        with (self.path / MANIFEST).open("w", encoding="ascii", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        read_manifest(self.path)  # whatever is wrong with it is told here, not to who opens it
        _sync_folder(self.path)

    def abandon(self) -> None:
        """Close all files."""
        self._mapped.clear()
        for stream in self._streams.values():
            stream.abandon()

    def _new(self, name: str) -> Path:
        path = self.path / f"{name}.npy"
        if path.exists():
            raise ValueError(f"{name} was written before")
        return path

    def _length(self, name: str) -> int:
        return self._streams[name].length if name in self._streams else len(self._mapped[name])

    def _entry(self, name: str, checksum: str) -> dict[str, object]:
        kind = self._streams[name].dtype if name in self._streams else self._mapped[name].dtype
        path = self.path / f"{name}.npy"
        return {
            "dtype": kind.str,
            "length": self._length(name),
            "bytes": path.stat().st_size,
            "checksum": checksum,
            "ends": ends_of(path),
        }

    def _sizes(self) -> dict[str, int]:
        """Return how many accounts and follows there are, once the arrays agree on it."""
        missing = NEEDED.keys() - self._streams.keys() - self._mapped.keys()
        if missing:
            raise ValueError(f"a graph folder needs {', '.join(sorted(missing))}")
        starts, counts = (self._read(name) for name in ("list_starts", "followee_counts"))
        accounts, follows, sums, most = len(counts), self._length("followers"), 0, [0, 0]
        for first in range(0, accounts, ROWS):
            lengths = np.diff(starts[first : first + ROWS + 1])
            some = counts[first : first + ROWS]
            if lengths.min() < 0 or some.min() < 0:
                raise ValueError("the lists of a graph folder are in order of account")
            most = [max(most[0], int(lengths.max())), max(most[1], int(some.max()))]
            sums += int(some.sum(dtype=np.int64))
        if len(starts) != accounts + 1 or starts[0] != 0 or not starts[-1] == follows == sums:
            raise ValueError("the arrays of a graph folder must agree on the number of follows")
        return {
            "accounts": accounts,
            "follows": follows,
            "most_followers": most[0],
            "most_followees": most[1],
        }

    def _read(self, name: str) -> AnyArray:
        length = self._length(name)
        return np.memmap(self.path / f"{name}.npy", NEEDED[name], "r", HEADER, (length,))


@contextlib.contextmanager
def new_graph_folder(
    target: str | Path, made_from: Mapping[str, object], *, replace: bool = False
) -> Iterator[NewGraphFolder]:
    """Yield a folder to write arrays to; it becomes ``target`` when all went well.

    Parameters
    ----------
    target
        Where the graph folder is to be.
    made_from
        What it is made from, for its manifest: text, numbers and blocks of these.
    replace
        Whether a graph folder that is there already is replaced.

    Raises
    ------
    InputError
        If something is there already that is not to be replaced.
    MachineError
        If the disk is full or the folder cannot be written to.
    """
    place = Path(os.path.abspath(target))  # noqa: PTH100 (".." needs a name, links are kept)
    check_target(place, replace=replace)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_unfinished(place)
        with _reserved(place) as unfinished:
            new = NewGraphFolder(unfinished, made_from)
            try:
                yield new
                new.finish()
            finally:
                new.abandon()
            check_target(place, replace=replace)  # who else has been here in the meantime
            _move(unfinished, place)
    except OSError as error:
        raise MachineError(f"{place}: cannot be written: {error.strerror or error}") from error


def check_target(target: Path, *, replace: bool) -> None:
    """Refuse a target that is there, unless it is a graph folder and to be replaced.

    Raises
    ------
    InputError
        If it is refused.
    """
    if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return
    if not target.is_dir() or not (target / MANIFEST).is_file():
        message = "is there already and is no graph folder: choose another name"
    elif not replace:
        message = "is there already; --force replaces it"
    else:
        return
    raise InputError(Problem(message, file=str(target)))


def remove_unfinished(target: Path) -> None:
    """Remove what killed processes have left beside a target, and put back what they had moved."""
    for token in _tokens(target):
        unfinished, replaced, lock = _names(target, token)
        held = FileLock(lock)
        try:
            held.acquire(timeout=0)
        except Timeout:
            continue  # somebody is writing
        if replaced.exists() and not os.path.lexists(target):
            replaced.rename(target)
        for folder in (unfinished, replaced):
            if folder.exists():
                shutil.rmtree(folder)
        _unlock(held, lock)


def _tokens(target: Path) -> list[str]:
    name = re.compile(rf"{re.escape(f'.{target.name}.')}(?:unfinished|replaced)-([0-9a-f]{{8}})\b")
    found = {match[1] for entry in target.parent.iterdir() if (match := name.match(entry.name))}
    return sorted(found)


def _names(target: Path, token: str) -> tuple[Path, Path, Path]:
    """Return the folder that is written, that of what it replaces, and its lock."""
    unfinished = target.with_name(f".{target.name}.unfinished-{token}")
    replaced = target.with_name(f".{target.name}.replaced-{token}")
    return unfinished, replaced, unfinished.with_name(f"{unfinished.name}.lock")


@contextlib.contextmanager
def _reserved(target: Path) -> Iterator[Path]:
    """Yield a new folder beside the target, whose lock tells others that it is in use."""
    for _ in range(TRIES):
        unfinished, replaced, lock = _names(target, secrets.token_hex(4))
        held = FileLock(lock)
        try:
            held.acquire(timeout=0)
        except Timeout:
            continue
        if lock.exists():  # it was not taken for a leftover before it could be locked
            break
        held.release()
    else:
        raise MachineError(f"{target}: no lock can be had beside it")
    try:
        unfinished.mkdir()
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        if os.path.lexists(target):
            shutil.rmtree(replaced, ignore_errors=True)
        _unlock(held, lock)


def _unlock(held: FileLock, lock: Path) -> None:
    if os.name == "posix":  # a lock's file is removed while it is held, where the system can
        lock.unlink(missing_ok=True)
    held.release()
    with contextlib.suppress(OSError):
        lock.unlink(missing_ok=True)


def _move(unfinished: Path, target: Path) -> None:
    """Put a finished folder in its place, moving aside what is there."""
    token = unfinished.name.rpartition("-")[2]
    _, replaced, _ = _names(target, token)
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
    elif target.exists():
        target.rename(replaced)
    try:
        unfinished.rename(target)
    except OSError:
        if replaced.exists():
            replaced.rename(target)
        raise
    _sync_folder(target.parent)


def _take_room(file: BinaryIO, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    file.seek(0, 2)
    for start in range(HEADER, size, ROWS):
        file.write(bytes(min(ROWS, size - start)))


def _stored(path: Path) -> str:
    """Bring a file to the disk and return the checksum of its numbers."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    digest = new_digest()
    for piece in pieces_of(path):
        digest.update(piece)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
