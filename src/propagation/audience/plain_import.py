"""Follows in plain text made into a graph folder in bounded memory.

The file is read once. Its follows are kept in a file beside the arrays as pairs of ids, distributed
over regions of accounts once all ids are known, and sorted region by region.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.audience.edge_lists import counted, extremes, lonely, notes
from propagation.audience.graph_folder import Progress
from propagation.audience.id_numbers import DENSE, Numbers, UInt32
from propagation.audience.labels import Labels
from propagation.audience.list_sorting import (
    BUCKETS,
    PAIR,
    Distribution,
    Lists,
    Result,
    Spans,
    count_keys,
    in_order,
    pairs_of,
    tally,
    write_whole,
)
from propagation.audience.new_graph_folder import NewGraphFolder
from propagation.audience.plain_follows import Layout, NotPlainError, read_pieces
from propagation.problems import InputError, MachineError, Problem, in_one_line

Int32 = npt.NDArray[np.int32]

FOLLOWER, FOLLOWEE = 0, 1
"""The columns of a pair."""
READ, COUNTED, DISTRIBUTED, SORTED, DONE = 50, 60, 75, 95, 100
"""How far an import has come when a step is done, in percent."""


@dataclass(frozen=True)
class Sizes:
    """How much is held in memory at a time: the fixed part of what an import needs.

    Attributes
    ----------
    piece
        Bytes of text read at a time.
    block
        Pairs read at a time from the file that keeps them.
    room
        Pairs sorted at a time.
    dense
        The largest id that is marked in a table.
    buckets
        Exponent of the number of groups in which accounts are counted.
    workers
        Threads.
    """

    piece: int = 1 << 22
    block: int = 1 << 20
    room: int = 1 << 23
    dense: int = DENSE
    buckets: int = BUCKETS
    workers: int = max(1, min(4, os.cpu_count() or 1))


class PlainImport:
    """The steps of an import, and what is known after each.

    Attributes
    ----------
    rows, selfish
        How many follows the file holds, and how many of accounts that follow themselves.
    sha256
        Checksum of the file.
    """

    def __init__(
        self,
        layout: Layout,
        numbers: Numbers,
        folder: NewGraphFolder,
        pool: ThreadPoolExecutor,
        progress: Progress,
        sizes: Sizes,
    ) -> None:
        self._layout, self._numbers, self._folder = layout, numbers, folder
        self._pool, self._progress, self._sizes = pool, progress, sizes
        self._ahead = 2 * sizes.workers
        self._kept = folder.scratch / "ids"
        self.rows = self.selfish = 0
        self.sha256 = ""

    def __call__(self, *, both: bool) -> tuple[str, ...]:
        """Write the arrays and return in sentences what was read.

        Raises
        ------
        InputError
            If there is nobody who follows another.
        NotPlainError, IdTooLargeError
            If the file must be read in another way.
        """
        self._read()
        labels = self._numbers.settle()
        self._folder.put_labels(labels)
        by_followee, by_follower = (Spans.of(len(labels), self._sizes.buckets) for _ in range(2))
        for pairs in self._blocks(self._accounts_at, READ, COUNTED):
            self.selfish += count_keys(pairs, FOLLOWEE, by_followee)
            if both:
                count_keys(pairs, FOLLOWER, by_follower)
        if self.selfish == self.rows:
            message = "holds only accounts that follow themselves"
            raise InputError(Problem(message, file=self._layout.source.file))
        with contextlib.ExitStack() as files:
            distribution = files.enter_context(self._opened("follows", by_followee, FOLLOWEE))
            returns = None
            if both:
                returns = files.enter_context(self._opened("returns", by_follower, FOLLOWER))
            self._distribute(distribution)
            counts = self._sort(distribution, returns, len(labels))
            if returns is not None:
                for _ in self._written(returns, None, "followees", SORTED, DONE):
                    pass
        return self._report(labels, *counts)

    def _read(self) -> None:
        """Keep the follows of the file as pairs of ids, or of what stands for them."""
        layout, digest = self._layout, hashlib.sha256()
        with layout.path.open("rb") as file:
            digest.update(file.read(layout.start))
        done = layout.start
        pieces = read_pieces(
            layout, self._sizes.piece, self._numbers.limit, self._pool, self._ahead
        )
        with self._kept.open("wb", buffering=0) as kept:
            for piece in pieces:
                write_whole(kept, self._numbers.see(piece.pairs))
                digest.update(piece.content)
                self.rows += len(piece.pairs)
                done += len(piece.content)
                self._progress(READ * done // layout.size, DONE)
        if not self.rows:
            raise NotPlainError
        self.sha256 = digest.hexdigest()
        status = layout.path.stat()
        if (status.st_size, status.st_mtime_ns) != (layout.size, layout.modified):
            raise MachineError(f"{layout.path}: was changed while it was read: import it again")

    def _blocks(
        self, function: Callable[[int], Result], before: int, after: int
    ) -> Iterator[Result]:
        """Yield a function's results for all blocks of kept pairs."""
        starts = range(0, self.rows, self._sizes.block)
        results = in_order(self._pool, function, starts, self._ahead)
        for start, result in zip(starts, results, strict=True):
            yield result
            self._progress(before + (after - before) * start // self.rows, DONE)

    def _accounts_at(self, start: int) -> UInt32:
        """Return a block of pairs of accounts."""
        with self._kept.open("rb", buffering=0) as file:
            file.seek(PAIR * start)
            pairs = np.fromfile(file, np.uint32, 2 * self._sizes.block).reshape(-1, 2)
        self._numbers.to_accounts(pairs)
        return pairs

    def _opened(self, name: str, spans: Spans, column: int) -> contextlib.closing[Distribution]:
        path = self._folder.scratch / name
        return contextlib.closing(Distribution(path, spans, column, self._sizes.room))

    def _distribute(self, distribution: Distribution) -> None:
        arranged = self._blocks(
            lambda start: distribution.arranged(self._accounts_at(start)), COUNTED, DISTRIBUTED
        )
        for pairs, ends in arranged:
            distribution.write(pairs, ends)
        self._kept.unlink()

    def _sort(
        self, distribution: Distribution, returns: Distribution | None, accounts: int
    ) -> tuple[Int32, Int32]:
        """Write follower lists; return how many accounts each follows, and is followed by."""
        followees, followers = np.zeros(accounts, np.int32), np.zeros(accounts, np.int32)
        after = DONE if returns is None else SORTED
        written = self._written(distribution, "list_starts", "followers", DISTRIBUTED, after)
        for first, lists in written:
            followers[first : first + len(lists.lengths)] = lists.lengths
            tally(followees, lists.members)
            if returns is not None:
                returns.write(*returns.arranged(pairs_of(lists.lengths, lists.members, first)))
        self._folder.put("followee_counts", followees)
        return followees, followers

    def _written(
        self, distribution: Distribution, starts: str | None, members: str, before: int, after: int
    ) -> Iterator[tuple[int, Lists]]:
        """Write sorted lists, and yield them with their first account."""
        stream = self._folder.stream(members, np.int32)
        starts_stream = None if starts is None else self._folder.stream(starts, np.int64)
        if starts_stream is not None:
            starts_stream.write(np.zeros(1, np.int64))
        first = 0
        for lists in distribution.lists(self._pool, self._ahead):
            if starts_stream is not None:
                starts_stream.write(stream.length + np.cumsum(lists.lengths))
            stream.write(lists.members)
            yield first, lists
            first += len(lists.lengths)
            self._progress(before + (after - before) * first // distribution.accounts, DONE)

    def _report(self, labels: Labels, followees: Int32, followers: Int32) -> tuple[str, ...]:
        layout, follows = self._layout, int(followees.sum(dtype=np.int64))
        names = layout.names
        said = (
            f"read {self.rows:,} {layout.source.unit}s of {layout.path.name}: "
            f"{counted(len(labels), follows, self.selfish, self.rows)}",
            f"column '{names[0]}' follows column '{names[1]}': "
            f"{extremes(labels, followees, followers)}",
            lonely(followees, followers),
            *notes(layout.source, layout.first, layout.titled, layout.header, "integer"),
        )
        return tuple(map(in_one_line, said))
