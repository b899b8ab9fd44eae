"""Who follows whom, read from a file with one follow a line.

Both columns are always named, by header or by number from 1, because no file says by itself which
of two ids follows which. Accounts are numbered by id and follows are sorted, so the result does
not depend on the order of the lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from propagation.audience import labels as account_labels
from propagation.audience.delimited_text import DelimitedText, open_delimited
from propagation.audience.labels import Kind, Labels
from propagation.problems import InputError, Problem, in_one_line

HEADER_NAMES = """
    source src target tgt dst dest destination from to fromnode tonode fromnodeid tonodeid fromid
    toid fromuser touser sourceid targetid follower followers followerid followee followeeid
    followed followedid following follows friend friendid user userid account accountid
    node nodeid id node1 node2 id1 id2 user1 user2
"""
HEADER_WORDS = frozenset(HEADER_NAMES.split())


@dataclass(frozen=True, eq=False)
class FollowsRead:
    """Follow i says that account ``follower[i]`` follows account ``followee[i]``.

    Sorted by (followee, follower), without repeats and self-follows. Account i is ``labels[i]``.
    ``report`` says in sentences what was read and what was dropped.
    """

    follower: NDArray[np.int32]
    followee: NDArray[np.int32]
    labels: Labels
    report: tuple[str, ...]


def read_follows(
    path: str | Path, follower: str | int, followee: str | int, ids: Kind | None = None
) -> FollowsRead:
    """Read follows from CSV, TSV or blank-separated text, gzipped or not.

    Parameters
    ----------
    path
        The file.
    follower, followee
        The column of the account that follows and of the one that is followed: its name in the
        header, or its number from 1.
    ids
        Whether ids are whole numbers or text; by default whole numbers if all of them are.

    Raises
    ------
    InputError
        If the file cannot be read as follows, each problem with its line where it has one.
    """
    source = open_delimited(path, (follower, followee))
    columns = _locate(source, follower, followee)
    texts, codes = _coded(source.read(columns))
    titled = isinstance(follower, str) or isinstance(followee, str)
    header = titled or _starts_with_header(texts, codes, ids)
    codes = codes[:, int(header) :]
    if not codes.size:
        raise InputError(Problem("holds a header but no follows", file=source.file))
    texts, codes = _used(texts, codes)
    first = [source.heading[column] for column in columns]
    names = first if header else [str(column + 1) for column in columns]
    _refuse_faults(source, names, header, texts, codes, ids)
    kind = ids or account_labels.kind_of(texts)
    labels, account = account_labels.sorted_labels(texts, kind)
    pairs = account[codes]
    follows, self_follows = _sorted_follows(pairs, len(labels))
    if not follows.size:
        raise InputError(Problem("holds only accounts that follow themselves", file=source.file))
    lines = codes.shape[1]
    report = (
        f"read {lines:,} lines of {Path(path).name}: {len(labels):,} accounts, "
        f"{follows.shape[1]:,} follows; dropped {self_follows:,} self-follows, "
        f"{lines - self_follows - follows.shape[1]:,} duplicates",
        *_direction(names, labels, follows),
        *_notes(source, first, titled, header, kind),
        *(account_labels.why_text(texts) if kind == "text" and ids is None else ()),
    )
    return FollowsRead(follows[0], follows[1], labels, tuple(map(in_one_line, report)))


def _locate(source: DelimitedText, follower: str | int, followee: str | int) -> tuple[int, int]:
    columns: list[int] = []
    problems: list[Problem] = []
    for setting, wanted in (("follower", follower), ("followee", followee)):
        try:
            columns.append(source.locate(wanted, setting))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    if columns[0] == columns[1]:
        message = f"follower and followee are the same column, '{followee}': name both columns"
        raise InputError(Problem(message, "followee", source.file))
    return columns[0], columns[1]


def _coded(cells: Sequence[pa.ChunkedArray]) -> tuple[pa.Array, NDArray[np.int32]]:
    """Return the distinct texts of both columns, and which of them every cell is: (2, rows)."""
    both = pa.chunked_array([chunk for column in cells for chunk in column.chunks])
    coded = both.dictionary_encode().unify_dictionaries()
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in coded.chunks])
    texts = pc.utf8_trim_whitespace(coded.chunk(0).dictionary)
    return texts, codes.reshape(2, -1)


def _used(texts: pa.Array, codes: NDArray[np.int32]) -> tuple[pa.Array, NDArray[np.int32]]:
    """Leave out the texts that only a header holds."""
    used = np.bincount(codes.ravel(), minlength=len(texts)) > 0
    if used.all():
        return texts, codes
    places = (np.cumsum(used) - 1).astype(np.int32)
    return texts.filter(pa.array(used)), places[codes]


def _starts_with_header(texts: pa.Array, codes: NDArray[np.int32], ids: Kind | None) -> bool:
    """Tell whether the first row of numbered columns is a header.

    It is if its ids are no numbers and all others are, or if both are words that headers use.
    """
    first = [texts[int(code)].as_py() for code in codes[:, 0]]
    words = ["".join(filter(str.isalnum, text)).casefold() for text in first]
    if words[0] != words[1] and HEADER_WORDS.issuperset(words):
        return True
    if ids == "text" or codes.shape[1] == 1:
        return False
    others, _ = _used(texts, codes[:, 1:])
    numeric = account_labels.numeric(others).all()
    return bool(numeric) and not account_labels.numeric(pa.array(first)).any()


def _refuse_faults(
    source: DelimitedText,
    names: Sequence[str],
    header: bool,
    texts: pa.Array,
    codes: NDArray[np.int32],
    ids: Kind | None,
) -> None:
    problems = []
    for mask, message in account_labels.faults(texts, ids):
        for name, column in zip(names, codes, strict=True):
            rows = np.flatnonzero(mask[column])
            if len(rows):
                value = texts[int(column[rows[0]])].as_py()
                problems.append(source.problem(rows + header, name, value, message))
    if problems:
        raise InputError(sorted(problems, key=lambda problem: problem.line or 0))


def _sorted_follows(pairs: NDArray[np.int64], accounts: int) -> tuple[NDArray[np.int32], int]:
    """Return distinct follows sorted by (followee, follower), and how many follow themselves."""
    follower, followee = pairs
    kept = follower != followee
    keys = np.sort(followee[kept] * accounts + follower[kept])
    new = np.ones(len(keys), dtype=np.bool_)
    new[1:] = keys[1:] != keys[:-1]
    followee, follower = np.divmod(keys[new], accounts)
    follows = np.stack([follower, followee]).astype(np.int32)
    return follows, int(len(kept) - np.count_nonzero(kept))


def _direction(names: Sequence[str], labels: Labels, follows: NDArray[np.int32]) -> tuple[str, ...]:
    """Say what the columns were taken to mean, by the accounts that everybody will recognise."""
    followees, followers = (np.bincount(side, minlength=len(labels)) for side in follows)
    star, fan = int(followers.argmax()), int(followees.argmax())
    return (
        f"column '{names[0]}' follows column '{names[1]}': "
        f"'{labels[star]}' has the most followers ({followers[star]:,}), "
        f"'{labels[fan]}' follows the most accounts ({followees[fan]:,})",
        f"accounts without followers: {np.count_nonzero(followers == 0):,}; "
        f"accounts that follow nobody: {np.count_nonzero(followees == 0):,}",
    )


def _notes(
    source: DelimitedText, first: Sequence[str], titled: bool, header: bool, kind: Kind
) -> list[str]:
    """Say what was decided by looking at the file."""
    line = f"line {source.first_line}"
    notes = []
    if header and not titled:
        notes.append(f"{line} ('{first[0]}', '{first[1]}') was read as a header")
    elif not header and kind == "text":
        notes.append(
            f"{line} was read as a follow: '{first[0]}' follows '{first[1]}'; "
            "if it is a header, give the columns' names instead of their numbers"
        )
    return notes
