"""What one run of a campaign yields: cascades, who came and left, what became of pitches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from propagation.spread.cascade import Cascade

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

MOVE = np.dtype(
    [("time", np.float64), ("ours", np.int32), ("account", np.int32), ("joined", np.bool_)]
)
"""An account follows one of ours from this time on, or leaves it."""
PITCH = np.dtype(
    [
        ("time", np.float64),
        ("instance", np.int32),
        ("ours", np.int32),
        ("account", np.int32),
        ("opened", np.bool_),
        ("answered", np.bool_),
        ("covered", np.bool_),
        ("shared", np.bool_),  # it led to the share, which comes unless that is after the horizon
    ]
)
"""A pitch that was sent, and what became of it."""


@dataclass(frozen=True, eq=False)
class Originals:
    """The originals of one run, by (topic, account number of the author); there may be very many.

    Attributes
    ----------
    topics
        Those with originals, in alphabetical order.
    topic, author
        Of each original: number among ``topics``, and who wrote it.
    time
        When it was posted, in hours.
    rows
        What happened to each account and original, one original after the other as if they were
        one cascade; the first of an original's rows is that of its author. Parents are numbers of
        these rows, and so is ``share_order``, one original's shares after another's.
    starts, share_starts
        Where the rows of each original begin, and where its shares begin in ``share_order``; and
        the ends.
    """

    topics: tuple[str, ...]
    topic: Int32
    author: Int32
    time: npt.NDArray[np.float64]
    rows: Cascade
    starts: Int64
    share_starts: Int64

    def __len__(self) -> int:
        return len(self.author)

    def cascade(self, number: int) -> Cascade:
        """Return what happened to one original, as for an instance that was scheduled."""
        first, last = self.starts[number], self.starts[number + 1]
        shares = slice(self.share_starts[number], self.share_starts[number + 1])
        parent = self.rows.parent[first:last]
        return Cascade(
            account=self.rows.account[first:last],
            notices=self.rows.notices[first:last],
            first_notice=self.rows.first_notice[first:last],
            share_time=self.rows.share_time[first:last],
            parent=np.where(parent < 0, parent, parent - np.int32(first)),
            generation=self.rows.generation[first:last],
            share_order=self.rows.share_order[shares] - np.int32(first),
        )


def originals_in_order(
    topics: Sequence[str], accounts: int, original: Int64, rows: Cascade
) -> Originals:
    """Return originals from the rows of all of them, in any order in which authors come first.

    Parameters
    ----------
    original
        Of each row: number of the topic x ``accounts`` + author.
    rows
        Parents and ``share_order`` are numbers of rows; the latter in the order of time.
    """
    order = np.argsort(original, kind="stable")
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    numbers, starts = np.unique(original[order], return_index=True)
    sharing = original[rows.share_order]
    shares = np.argsort(sharing, kind="stable")
    parent = rows.parent[order]
    return Originals(
        topics=tuple(topics),
        topic=(numbers // max(accounts, 1)).astype(np.int32),
        author=(numbers % max(accounts, 1)).astype(np.int32),
        time=rows.share_time[order][starts],
        rows=Cascade(
            account=rows.account[order],
            notices=rows.notices[order],
            first_notice=rows.first_notice[order],
            share_time=rows.share_time[order],
            parent=np.where(parent < 0, np.int32(-1), place[parent]),
            generation=rows.generation[order],
            share_order=place[rows.share_order[shares]],
        ),
        starts=np.append(starts, len(order)),
        share_starts=np.searchsorted(sharing[shares], [*numbers, np.iinfo(np.int64).max]),
    )


def originals_of(
    topics: Sequence[str], accounts: int, cascades: Mapping[int, Cascade]
) -> Originals:
    """Return originals from a cascade for each, by number of the topic x ``accounts`` + author."""
    sizes = [len(one.account) for one in cascades.values()]
    starts = np.cumsum([0, *sizes])[:-1].tolist()

    def column(name: str, dtype: type) -> npt.NDArray[Any]:
        parts = [getattr(one, name) for one in cascades.values()]
        return np.concatenate([np.empty(0, dtype), *parts])

    def rows_of(name: str) -> Int32:
        parts = [getattr(one, name) for one in cascades.values()]
        moved = [
            np.where(part < 0, part, part + start)
            for part, start in zip(parts, starts, strict=True)
        ]
        return np.concatenate([np.empty(0, np.int32), *moved]).astype(np.int32)

    rows = Cascade(
        account=column("account", np.int32),
        notices=column("notices", np.int32),
        first_notice=column("first_notice", np.float64),
        share_time=column("share_time", np.float64),
        parent=rows_of("parent"),
        generation=column("generation", np.int32),
        share_order=rows_of("share_order"),
    )
    numbers = np.repeat(np.array(list(cascades), np.int64), np.array(sizes, np.int64))
    return originals_in_order(topics, accounts, numbers, rows)


@dataclass(frozen=True, eq=False)
class Campaign:
    """One run of a strategy.

    Attributes
    ----------
    cascades
        One for each message instance of the agenda; without rows where nobody was touched.
    originals
        What others wrote themselves.
    moves, pitches
        Records ``MOVE`` and ``PITCH``, in the order in which they happened.
    reposts
        How many reposts each rule of the agenda made; shape (rules,).
    """

    cascades: tuple[Cascade, ...]
    originals: Originals
    moves: Records
    pitches: Records
    reposts: npt.NDArray[np.int64]
