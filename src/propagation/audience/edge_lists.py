"""Who follows whom, read from a file with one follow a line, or a row of Parquet.

Both columns are always named, by header or by number from 1, because no file says by itself which
of two ids follows which. Accounts are numbered by id and follows are sorted, so the result does
not depend on the order of the lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from propagation.audience import labels as account_labels
from propagation.audience.delimited_text import DelimitedText
from propagation.audience.labels import Kind, Labels
from propagation.audience.parquet_tables import open_table
from propagation.audience.records import Source, nothing_but_a_heading
from propagation.problems import InputError, Problem, in_one_line

HEADER_NAMES = """
    source src target tgt dst dest destination from to fromnode tonode fromnodeid tonodeid fromid
    toid fromuser touser sourceid targetid follower followers followerid followee followeeid
    followed followedid following follows friend friendid user userid account accountid
    node nodeid id node1 node2 id1 id2 user1 user2
"""
HEADER_WORDS = frozenset(HEADER_NAMES.split())
Counts: TypeAlias = NDArray[np.int64] | NDArray[np.int32]
"""A number for each account."""


@dataclass(frozen=True, eq=False)
class FollowsRead:
    """Follow i says that account ``follower[i]`` follows account ``followee[i]``.

    Sorted by (followee, follower), without repeats and self-follows. Account i is ``labels[i]``.
    ``report`` says in sentences what was read and what was dropped; ``selfish`` counts the accounts
    that follow themselves in the file.
    """

    follower: NDArray[np.int32]
    followee: NDArray[np.int32]
    labels: Labels
    report: tuple[str, ...]
    selfish: int


def read_follows(
    path: str | Path, follower: str | int, followee: str | int, ids: Kind | None = None
) -> FollowsRead:
    """Read follows from CSV, TSV or blank-separated text, gzipped or not, or from Parquet.

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
    source = open_table(path, (follower, followee), others=False)
    columns = locate(source, follower, followee)
    texts, codes = _coded(source.read(columns))
    titled = isinstance(follower, str) or isinstance(followee, str)
    header = titled or _starts_with_header(texts, codes, ids)
    codes = codes[:, int(header) :]
    if not codes.size:
        raise InputError(nothing_but_a_heading(source, "follows"))
    texts, codes = _used(texts, codes)
    first = [source.heading[column] for column in columns]
    names = first if header else [str(column + 1) for column in columns]
    _refuse_faults(source, names, header, texts, codes, ids)
    kind = ids or account_labels.kind_of(texts)
    labels, account = account_labels.sorted_labels(texts, kind)
    follows, selfish = sorted_follows(account[codes], len(labels))
    if not follows.size:
        raise InputError(Problem("holds only accounts that follow themselves", file=source.file))
    lines, counts = codes.shape[1], counts_of(follows, len(labels))
    report = (
        f"read {lines:,} {source.unit}s of {Path(path).name}: "
        f"{counted(len(labels), follows.shape[1], len(selfish), lines)}",
        f"column '{names[0]}' follows column '{names[1]}': {extremes(labels, *counts)}",
        lonely(*counts),
        *notes(source, first, titled, header, kind),
        *(account_labels.why_text(texts) if kind == "text" and ids is None else ()),
    )
    told = tuple(map(in_one_line, report))
    return FollowsRead(follows[0], follows[1], labels, told, len(np.unique(selfish)))


def locate(source: Source, follower: str | int, followee: str | int) -> tuple[int, int]:
    """Return the columns of the account that follows and of the one that is followed."""
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
    if are_header_words(first):
        return True
    if ids == "text" or codes.shape[1] == 1:
        return False
    others, _ = _used(texts, codes[:, 1:])
    numeric = account_labels.numeric(others).all()
    return bool(numeric) and not account_labels.numeric(pa.array(first)).any()


def are_header_words(cells: Sequence[str]) -> bool:
    """Tell whether two cells are words that headers use, and different ones."""
    words = ["".join(filter(str.isalnum, text)).casefold() for text in cells]
    return words[0] != words[1] and HEADER_WORDS.issuperset(words)


def _refuse_faults(
    source: Source,
    names: Sequence[str],
    header: bool,
    texts: pa.Array,
    codes: NDArray[np.int32],
    ids: Kind | None,
) -> None:
    problems = []
    for mask, message in account_labels.faults(texts, ids, source.unit):
        for name, column in zip(names, codes, strict=True):
            rows = np.flatnonzero(mask[column])
            if len(rows):
                value = texts[int(column[rows[0]])].as_py()
                problems.append(source.problem(rows + header, name, value, message))
    if problems:
        raise InputError(sorted(problems, key=lambda problem: problem.line or 0))


def sorted_follows(
    pairs: NDArray[np.int64], accounts: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return distinct follows sorted by (followee, follower), and who follows themselves.

    ``pairs`` has shape (2, follows), followers first. The second array has an account as often as
    it was found to follow itself.
    """
    follower, followee = pairs
    kept = follower != followee
    keys = np.sort(followee[kept] * accounts + follower[kept])
    new = np.ones(len(keys), dtype=np.bool_)
    new[1:] = keys[1:] != keys[:-1]
    followees, followers = np.divmod(keys[new], accounts)
    return np.stack([followers, followees]).astype(np.int32), follower[~kept]


def counts_of(follows: Iterable[NDArray[np.int32]], accounts: int) -> tuple[NDArray[np.int64], ...]:
    """Return how many accounts each account follows, and by how many it is followed."""
    followees, followers = (np.bincount(side, minlength=accounts) for side in follows)
    return followees, followers


def counted(accounts: int, follows: int, self_follows: int, found: int) -> str:
    """Say how many follows were ``found``, what they come to, and what was dropped."""
    return (
        f"{accounts:,} accounts, {follows:,} follows; dropped {self_follows:,} self-follows, "
        f"{found - self_follows - follows:,} duplicates"
    )


def extremes(labels: Labels, followees: Counts, followers: Counts) -> str:
    """Name the accounts by which everybody will see whether the direction is right."""
    star, fan = int(followers.argmax()), int(followees.argmax())
    return (
        f"'{labels[star]}' has the most followers ({followers[star]:,}), "
        f"'{labels[fan]}' follows the most accounts ({followees[fan]:,})"
    )


def lonely(followees: Counts, followers: Counts) -> str:
    """Say how many accounts are at one end of follows only."""
    return (
        f"accounts without followers: {np.count_nonzero(followers == 0):,}; "
        f"accounts that follow nobody: {np.count_nonzero(followees == 0):,}"
    )


def notes(
    source: Source, first: Sequence[str], titled: bool, header: bool, kind: Kind
) -> list[str]:
    """Say what was decided by looking at the file."""
    if not isinstance(source, DelimitedText):
        return []
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
