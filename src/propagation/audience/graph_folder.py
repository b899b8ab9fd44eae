"""A follower graph in a folder: plain ``.npy`` arrays to map into memory, and a manifest.

The manifest is written last and holds its own checksum. Opening checks it, and of each array its
size, its header and its first and last bytes, which takes as long for a large graph as for a small
one; ``check_in_full`` reads everything. ``new_graph_folder`` writes such folders.
"""

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from propagation.audience.files import near
from propagation.audience.follower_graph import FollowerGraph, label_keys
from propagation.audience.labels import Labels
from propagation.compiling import compiled
from propagation.problems import InputError, Problem, reason

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
AnyArray: TypeAlias = npt.NDArray[Any]
Progress = Callable[[int, int], None]
"""Called with how much is done, and how much there is."""

FORMAT = "propagation graph folder"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1_000_000
HEADER = 128
"""Bytes before the numbers of every array."""
ENDS = 4096
"""Bytes at the start and at the end of an array's file that are checked when it is opened."""
PIECE = 1 << 24
"""Bytes read at a time."""
NEEDED = {"list_starts": "<i8", "followers": "<i4", "followee_counts": "<i4"}
"""What every folder holds, and as what type."""
OPTIONAL = {
    "labels": ("|u1", "<u2", "<u4", "<i8"),
    "label_starts": ("<i8",),
    "label_texts": ("|u1",),
    "followees": ("<i4",),
}
"""Ids that are numbers, ids that are text (UTF-8 one after another), the other direction."""


def header(dtype: str, length: int) -> bytes:
    """Return the start of an ``.npy`` file, of the same size whatever the length."""
    said = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({length},), }}"
    return b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little") + _padded(said)


def _padded(said: str) -> bytes:
    return said.ljust(HEADER - 11).encode("ascii") + b"\n"


def new_digest() -> "hashlib.blake2b":
    """Return what all checksums of a folder are made by."""
    return hashlib.blake2b(digest_size=16)


def ends_of(path: Path) -> str:
    """Return the checksum of a file's first and last bytes."""
    digest = new_digest()
    with path.open("rb") as file:
        digest.update(file.read(ENDS))
        size = file.seek(0, 2)
        file.seek(max(0, size - ENDS))
        digest.update(file.read(ENDS))
    return digest.hexdigest()


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield the numbers of an array's file as bytes."""
    with path.open("rb") as file:
        file.seek(HEADER)
        while piece := file.read(PIECE):
            yield piece


def sealed(facts: Mapping[str, object]) -> dict[str, object]:
    """Return a manifest's facts with the checksum over them."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    digest = new_digest()
    digest.update(text.encode("ascii"))
    return {**facts, "checksum": digest.hexdigest()}


@dataclass(frozen=True, eq=False)
class GraphFolder:
    """An opened folder; its arrays are mapped into memory and cannot be written to.

    Attributes
    ----------
    path
        Where it is.
    manifest
        What its manifest says.
    arrays
        The arrays by name.
    """

    path: Path
    manifest: Mapping[str, Any]
    arrays: Mapping[str, AnyArray]

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return int(self.manifest["accounts"])

    @property
    def follows(self) -> int:
        """Number of follows."""
        return int(self.manifest["follows"])

    @property
    def checksum(self) -> str:
        """The manifest's checksum, which stands for everything in the folder."""
        return str(self.manifest["checksum"])

    @property
    def size(self) -> int:
        """Bytes on disk of all arrays."""
        return sum(int(entry["bytes"]) for entry in self.manifest["arrays"].values())

    @property
    def list_starts(self) -> Int64:
        """Account v's followers are ``followers[list_starts[v]:list_starts[v + 1]]``."""
        return self.arrays["list_starts"]

    @property
    def followers(self) -> Int32:
        """All follower lists, each in ascending order."""
        return self.arrays["followers"]

    @property
    def followee_counts(self) -> Int32:
        """How many accounts each account follows."""
        return self.arrays["followee_counts"]

    @property
    def followees(self) -> Int32 | None:
        """All lists of accounts followed, each in ascending order; None if they are not kept."""
        return self.arrays.get("followees")

    @cached_property
    def followee_starts(self) -> Int64:
        """Account v follows ``followees[followee_starts[v]:followee_starts[v + 1]]``."""
        return starts_of(self.followee_counts)

    @cached_property
    def labels(self) -> Labels | None:
        """The accounts' ids in ascending order; None if accounts are known by their numbers."""
        if "labels" in self.arrays:
            return cast("Labels", self.arrays["labels"])
        if "label_texts" not in self.arrays:
            return None
        texts = self.arrays["label_texts"].tobytes()
        starts = self.arrays["label_starts"].tolist()
        named = [texts[start:end].decode() for start, end in pairwise(starts)]
        return np.array([*named, None], dtype=np.object_)[:-1]

    def graph(self) -> FollowerGraph:
        """Return the follower graph: its lists stay where they are, in the mapped file.

        Accounts without ids are called by their numbers.
        """
        labels = self.labels
        if labels is None:
            labels = cast("Labels", np.arange(self.accounts, dtype=np.int32))
        keys = label_keys(labels)
        return FollowerGraph(
            list_starts=self.list_starts,
            followers=self.followers,
            first_list=np.arange(self.accounts + 1, dtype=np.int32),
            account_keys=keys,
            list_keys=keys,
            followee_counts=self.followee_counts,
            labels=labels,
        )


def open_graph_folder(path: str | Path) -> GraphFolder:
    """Open a folder, checking what can be checked without reading all of it.

    Raises
    ------
    InputError
        If it is no graph folder, or damaged.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    arrays = {name: _mapped(folder, name, entry) for name, entry in manifest["arrays"].items()}
    return GraphFolder(folder, manifest, arrays)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder once its checksum fits.

    Raises
    ------
    InputError
        If the folder has none, or it was changed.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        kind = "is a file, not a graph folder"
        if not folder.exists():
            kind = f"there is no such folder{near(folder)}"
        raise InputError(Problem(kind, file=str(folder)))
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_MANIFEST)
    except FileNotFoundError:
        message = f"is no graph folder: it has no {MANIFEST}"
        raise InputError(Problem(message, file=str(folder))) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {reason(error)}", file=str(path))) from None
    found = _parsed(text)
    if found.get("format") != FORMAT:
        raise InputError(Problem("is not the manifest of a graph folder", file=str(path)))
    if found.get("version") != FORMAT_VERSION:
        message = (
            f"has version {found.get('version')} of the format, version {FORMAT_VERSION} is read: "
            "import the graph again"
        )
        raise InputError(Problem(message, file=str(path)))
    facts = {name: value for name, value in found.items() if name != "checksum"}
    if sealed(facts) != found or not _is_whole(found):
        message = "is damaged or was edited: import the graph again"
        raise InputError(Problem(message, file=str(path)))
    return found


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_whole(manifest: Mapping[str, Any]) -> bool:
    """Say whether the arrays of a manifest are those of the format, with lengths that fit."""
    try:
        lengths = {name: int(entry["length"]) for name, entry in manifest["arrays"].items()}
        types = {name: entry["dtype"] for name, entry in manifest["arrays"].items()}
        accounts, follows = int(manifest["accounts"]), int(manifest["follows"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    expected = {
        "list_starts": accounts + 1,
        "followers": follows,
        "followee_counts": accounts,
        "labels": accounts,
        "label_starts": accounts + 1,
        "followees": follows,
    }
    known = {name: (kind,) for name, kind in NEEDED.items()} | OPTIONAL
    return (
        NEEDED.keys() <= lengths.keys() <= known.keys()
        and all(types[name] in known[name] for name in types)
        and all(length == expected.get(name, length) for name, length in lengths.items())
        and ("label_starts" in lengths) == ("label_texts" in lengths)
    )


def _mapped(folder: Path, name: str, entry: Mapping[str, Any]) -> AnyArray:
    path = folder / f"{name}.npy"
    dtype, length = str(entry["dtype"]), int(entry["length"])
    size = HEADER + length * np.dtype(dtype).itemsize
    try:
        found = path.stat().st_size
        if found != size or entry["bytes"] != size:
            message = f"has {found:,} bytes where {size:,} were written"
            raise InputError(Problem(f"{message}: import the graph again", file=str(path)))
        with path.open("rb") as file:
            start = file.read(HEADER)
        if start != header(dtype, length) or ends_of(path) != entry["ends"]:
            raise damaged(path)
        mapped = np.memmap(path, dtype, "r", HEADER, (length,))
    except FileNotFoundError:
        message = "is missing: import the graph again"
        raise InputError(Problem(message, file=str(path))) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {reason(error)}", file=str(path))) from None
    return np.asarray(mapped)  # a plain array, which is one type to compiled functions


def damaged(path: Path) -> InputError:
    """Return the error for a file that is no longer what was written."""
    message = "is damaged: it is not what was written; import the graph again"
    return InputError(Problem(message, file=str(path)))


def check_in_full(folder: GraphFolder, progress: Progress) -> None:
    """Read everything in a folder and compare it with the checksums; see that the lists are lists.

    Raises
    ------
    InputError
        If anything is not what was written, or is no graph.
    """
    done, total = 0, folder.size
    problems: list[Problem] = []
    for name, entry in folder.manifest["arrays"].items():
        path, digest = folder.path / f"{name}.npy", new_digest()
        for piece in pieces_of(path):
            digest.update(piece)
            done += len(piece)
            progress(done, total)
        done += HEADER
        if digest.hexdigest() != entry["checksum"]:
            problems += damaged(path).problems
    if not problems:
        problems = faults(folder.arrays, folder.path)
    progress(total, total)
    if problems:
        raise InputError(problems)


def faults(arrays: Mapping[str, AnyArray], path: Path) -> list[Problem]:
    """Return in what the arrays of a folder are no follower graph."""
    accounts = len(arrays["followee_counts"])
    found = []
    followee_starts = starts_of(arrays["followee_counts"])
    for starts, members in ((arrays["list_starts"], "followers"), (followee_starts, "followees")):
        if members in arrays and not _are_lists(starts, arrays[members], accounts):
            message = f"{members} are not lists of accounts in ascending order"
            found.append(Problem(message, file=str(path / f"{members}.npy")))
    if int(arrays["followee_counts"].sum(dtype=np.int64)) != len(arrays["followers"]):
        message = "do not sum to the number of follows"
        found.append(Problem(message, file=str(path / "followee_counts.npy")))
    labels = arrays.get("labels")
    if labels is not None and not (labels[1:] > labels[:-1]).all():
        found.append(Problem("are not in ascending order", file=str(path / "labels.npy")))
    return found


def starts_of(counts: Int32) -> Int64:
    """Return where lists start that follow each other, and where the last one ends."""
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


@compiled
def _are_lists(starts: Int64, members: Int32, accounts: int) -> bool:
    """Say whether lists cover ``members``, each a set of accounts in ascending order."""
    if starts[0] != 0 or starts[accounts] != len(members):
        return False
    for one in range(accounts):
        if starts[one + 1] < starts[one] or starts[one + 1] > len(members):
            return False
        last = -1
        for place in range(starts[one], starts[one + 1]):
            if members[place] <= last:
                return False
            last = members[place]
        if last >= accounts:
            return False
    return True


def package_version() -> str:
    """Return the version of this package."""
    return importlib.metadata.version("propagation")
