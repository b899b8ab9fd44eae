"""A file of follows made into a graph folder, whatever format it has.

Plain text with whole numbers may have any size. Everything else is read by the readers that hold it
in memory, and so is what turns out not to be plain: the graph is the same either way, and so is
what is said of it.
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np

from propagation.audience.edge_lists import FollowsRead, counts_of, read_follows
from propagation.audience.files import check_file, checksum
from propagation.audience.follower_graph import graph_from_follows
from propagation.audience.graph_folder import Progress
from propagation.audience.id_numbers import LargeIds, Numbers, SmallIds
from propagation.audience.labels import Kind
from propagation.audience.new_graph_folder import NewGraphFolder, check_target, new_graph_folder
from propagation.audience.plain_follows import (
    IdTooLargeError,
    Layout,
    NotPlainError,
    plain_layout,
)
from propagation.audience.plain_import import PlainImport, Sizes
from propagation.problems import InputError, MachineError, Problem, not_one_of
from propagation.scenario.accounts import graph_format

KINDS: tuple[Kind, ...] = get_args(Kind)


def _column(text: str | None) -> str | int | None:
    is_number = text is not None and text.isascii() and text.isdecimal()
    return int(text) if text is not None and is_number else text


@dataclass(frozen=True)
class GraphImport:
    """What is imported, and where to.

    Attributes
    ----------
    path
        The file of follows.
    target
        The graph folder to write.
    follower, followee
        The columns of a table of follows, by name or by number from 1.
    ids, arrows
        As for ``read_follows`` and ``read_graph_file``.
    both
        Whether lists of followees are written too.
    replace
        Whether a graph folder that is there already is replaced.
    """

    path: Path
    target: Path
    follower: str | int | None = None
    followee: str | int | None = None
    ids: Kind | None = None
    arrows: str | None = None
    both: bool = False
    replace: bool = False

    @classmethod
    def asked(
        cls,
        path: Path,
        target: Path,
        follower: str | None,
        followee: str | None,
        *,
        ids: str | None,
        arrows: str | None,
        both: bool,
        replace: bool,
    ) -> "GraphImport":
        """Return what a command line asks for: digits stand for the number of a column.

        Raises
        ------
        InputError
            If ``ids`` is not one of its values.
        """
        kind = next((known for known in KINDS if known == ids), None)
        if ids is not None and kind is None:
            raise InputError(Problem(not_one_of(ids, KINDS), "--ids"))
        one, other = _column(follower), _column(followee)
        return cls(path, target, one, other, kind, arrows, both, replace)

    def __call__(self, progress: Progress, sizes: Sizes | None = None) -> tuple[str, ...]:
        """Write the folder and return in sentences what was read.

        Parameters
        ----------
        progress
            Called with how far it has come, in percent, and with 100.
        sizes
            How much is held in memory at a time.

        Raises
        ------
        InputError
            If the file is wrong, or something is there already.
        MachineError
            If the disk is full, or a file that must be held in memory is too large.
        """
        self._check_question()
        check_target(self.target, replace=self.replace)
        if self.follower is None or self.followee is None:
            return self._in_memory(NotPlainError())
        sizes = sizes or Sizes()
        try:
            layout = plain_layout(self.path, self.follower, self.followee, self.ids)
            try:
                return self._plain(layout, SmallIds(sizes.dense), progress, sizes)
            except IdTooLargeError:
                return self._plain(layout, LargeIds(), progress, sizes)
        except NotPlainError as found:
            return self._in_memory(found)

    def _check_question(self) -> None:
        """Refuse what does not go with the kind of file."""
        kind = graph_format(str(self.path))
        columns = {"--follower": self.follower, "--followee": self.followee}
        problems = []
        for name, column in columns.items():
            if kind is None and column is None:
                message = "is missing: name the columns of a follow, or give their numbers from 1"
                problems.append(Problem(message, name))
            elif kind is not None and column is not None:
                message = f"is for tables: the edges of a {kind} file are follows"
                problems.append(Problem(message, name))
        if kind is None and self.arrows is not None:
            message = "is for graph files: --follower and --followee say who follows in a table"
            problems.append(Problem(message, "--arrows"))
        if problems:
            raise InputError(problems)

    def _plain(
        self, layout: Layout, numbers: Numbers, progress: Progress, sizes: Sizes
    ) -> tuple[str, ...]:
        with (
            new_graph_folder(self.target, {}, replace=self.replace) as folder,
            ThreadPoolExecutor(sizes.workers) as pool,
        ):
            steps = PlainImport(layout, numbers, folder, pool, progress, sizes)
            report = steps(both=self.both)
            folder.made_from |= self._made_from(layout.size, steps.sha256, report)
        return report

    def _in_memory(self, found: NotPlainError) -> tuple[str, ...]:
        """Import a file by way of the readers for every format."""
        size = check_file(self.path)
        try:
            read = self._read()
        except MachineError as error:
            if not found.line:
                raise
            self._tell_of_line(found)
            message = (
                f"{self.path}:{found.line}: '{found.text}' is not a line of plain whole numbers, "
                f"so the file must be read as a whole. {error}"
            )
            raise MachineError(message) from None
        with new_graph_folder(self.target, {}, replace=self.replace) as folder:
            _write(read, folder, both=self.both)
            folder.made_from |= self._made_from(size, checksum(self.path), read.report)
        return read.report

    def _tell_of_line(self, found: NotPlainError) -> None:
        """Refuse a line of a file that memory cannot hold, if it is wrong whatever else there is.

        It is read alone, below the first row of the file.
        """
        if self.follower is None or self.followee is None:
            return
        source = plain_layout(self.path, self.follower, self.followee, self.ids).source
        with tempfile.TemporaryDirectory() as folder:
            excerpt = Path(folder) / "excerpt"
            rows = f"{source.delimiter.join(source.heading)}\n{found.text}\n"
            excerpt.write_text(rows, encoding="utf-8", newline="")
            try:
                read_follows(excerpt, self.follower, self.followee, self.ids)
            except InputError as error:
                told = [
                    replace(problem, file=str(self.path), line=found.line)
                    for problem in error.problems
                    if problem.line == 2
                ]
                if told:
                    raise InputError(told) from None

    def _read(self) -> FollowsRead:
        if self.follower is None or self.followee is None:
            from propagation.audience.graph_files import read_graph_file  # networkx, if needed

            return read_graph_file(self.path, self.arrows, self.ids).read
        return read_follows(self.path, self.follower, self.followee, self.ids)

    def _made_from(self, size: int, sha256: str, report: tuple[str, ...]) -> dict[str, object]:
        """Return what the manifest says of the file."""
        given = {
            "follower": self.follower,
            "followee": self.followee,
            "ids": self.ids,
            "arrows": self.arrows,
        }
        return {
            "file": self.path.name,
            "bytes": size,
            "sha256": sha256,
            **{name: value for name, value in given.items() if value is not None},
            "report": list(report),
        }


def _write(read: FollowsRead, folder: NewGraphFolder, *, both: bool) -> None:
    """Write follows that were read into memory; they are in order of followee and follower."""
    followees, followers = counts_of((read.follower, read.followee), len(read.labels))
    folder.put_labels(read.labels)
    folder.put("list_starts", np.concatenate(([0], np.cumsum(followers))))
    folder.put("followers", read.follower)
    folder.put("followee_counts", followees.astype(np.int32))
    if both:
        keys = np.zeros(len(read.labels), np.uint64)
        reverse = graph_from_follows(read.followee, read.follower, keys, read.labels)
        folder.put("followees", reverse.followers)
