"""Runs an experiment: replicates of every strategy until they are enough, then the comparison."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from propagation.experiment.attention_classes import attention_classes
from propagation.experiment.batches import Batch, joined
from propagation.experiment.estimates import check_further_memory, check_memory, worker_count
from propagation.experiment.exemplars import is_small, small_graph, typical_cascades
from propagation.experiment.expectations import Expectations
from propagation.experiment.phrases import counted
from propagation.experiment.provenance import SOURCES, agents_checksum, anchored, provenance
from propagation.experiment.quotients import precisely
from propagation.experiment.replicates import Laboratory
from propagation.experiment.stopping import Next, next_total
from propagation.experiment.storage import (
    ATTENTION,
    GRAPH_ACCOUNTS,
    GRAPH_FOLLOWS,
    MARK,
    PROVENANCE,
    REPORT,
    RUNS,
    SCENARIO,
    SIZES,
    SUMMARY,
    TREES,
    ResultsFolder,
)
from propagation.experiment.summarising import columns_of, summary_of
from propagation.experiment.warming import helper as compiling_helper
from propagation.experiment.workers import Task, Workers, noted_interrupts
from propagation.problems import InputError, Problem
from propagation.scenario.exploring_checks import unexplored
from propagation.scenario.metrics import is_campaign
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import Precision, Scenario
from propagation.scenario.writing import write_scenario
from propagation.strategy.budget import choosable_in

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

BATCH = 20
"""Replicates handed to a worker at once."""
FLUSH_SECONDS = 5.0
"""Finished replicates are written to disk at least this often."""
MOST_UNWRITTEN = 5_000
"""Finished replicates that wait in memory at most, however fast they come."""
POLL_SECONDS = 0.2


class Progress(Protocol):
    """Whoever wants to know how far a run is."""

    def __call__(self, done: int, total: int) -> None:
        """Take note that ``done`` of ``total`` replicates are finished."""


class Interrupted(KeyboardInterrupt):
    """The user stopped a run; ``kept`` replicates lie in ``folder``.

    ``exploring`` says that the run itself was finished.
    """

    def __init__(self, folder: Path, kept: int, *, exploring: bool = False) -> None:
        super().__init__()
        self.folder, self.kept, self.exploring = folder, kept, exploring


@dataclass(frozen=True)
class Result:
    """A finished run: its folder, and the contents of ``summary.json``."""

    folder: Path
    summary: Mapping[str, object]
    stopped: str
    new: bool


@dataclass
class Run:
    """One run of a scenario into a results folder.

    Attributes
    ----------
    scenario, source
        What is asked, and the folder its file names are relative to.
    out
        The results folder.
    engine, workers
        ``compiled`` or ``mesa``; how many threads (compiled) or processes (agents).
    resume, force
        What to do with an earlier run in the folder: go on with it, or replace it.
    command
        The command line, for the provenance.
    progress
        Told how far the run is.
    tell
        Told what was read of a real graph, line by line.
    """

    scenario: Scenario
    source: Path
    out: Path
    engine: str = "compiled"
    workers: int = 0
    resume: bool = False
    force: bool = False
    command: Sequence[str] = ()
    progress: Progress = lambda done, total: None
    tell: Callable[[str], None] = lambda message: None
    _timings: dict[str, float] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.folder = ResultsFolder(self.out)
        self.workers = worker_count(self.workers)
        self.laboratory = Laboratory(self.scenario, self.source, self.engine)
        self.expectations = Expectations(self.laboratory)

    def __call__(self) -> Result:
        """Run, compare and store; or return what is there if it is the same run, finished.

        Raises
        ------
        InputError
            If the input is wrong, or the folder holds another run.
        MachineError
            If the disk is full or the folder is in use.
        Interrupted
            If the user stopped it; what was finished is kept.
        """
        stored = self._stored_form()
        if self._is_done_already(stored):
            return self._earlier_result()
        self._check_folder(stored)
        check_memory(self.scenario, self.workers, self.engine)
        helper = compiling_helper(is_campaign(self.scenario))
        with self._timed("reading and first world"), helper as wait_for_helper:
            self.laboratory.prepare()
            wait_for_helper()
        check_further_memory(self.scenario, self.laboratory.world(0), self.workers, self.engine)
        for line in self.laboratory.real.report if self.laboratory.real else ():
            self.tell(line)
        try:
            return self._run(stored)
        except Interrupted:
            raise
        except KeyboardInterrupt:
            kept = len(self.folder.finished_replicates()) if self.out.is_dir() else 0
            raise Interrupted(self.out, kept) from None

    def _run(self, stored: Scenario) -> Result:
        with self.folder.locked():
            self._check_folder(stored)  # again: another run may just have finished here
            if self.force:
                self.folder.clear()
            # a summary from before would call the folder finished while it is not
            for outdated in (SUMMARY, REPORT):
                (self.out / outdated).unlink(missing_ok=True)
            self.folder.write_text(SCENARIO, f"{MARK}\n{write_scenario(stored)}")
            started = time.time()
            self.folder.write_json(PROVENANCE, self._provenance(stored, started))
            total, stopped = self._run_until_enough()
            self.folder.merge(total)
            facts = {"replicates": total, "stopped": stopped, "finished": _moment(time.time())}
            self.folder.write_json(PROVENANCE, self._provenance(stored, started, facts))
            runs = self.folder.table(RUNS, total)
            self._keep_exemplars(runs)
            summary = summary_of(
                self.scenario,
                runs,
                total,
                stopped,
                self.expectations,
                self.laboratory.equal_cost,
            )
            self.folder.write_json(SUMMARY, summary)
        return Result(self.out, summary, stopped, new=True)

    def _keep_exemplars(self, table: pa.Table) -> None:
        """Store the typical cascades, and the follower graph if it is small."""
        runs, draw = columns_of(table)
        shares = {name: runs[name]["shares"] for name in self.scenario.strategies}
        cascades = typical_cascades(self.laboratory, shares, draw)
        self.folder.write_columns(TREES, cascades)
        world = self.laboratory.world(0)
        if world.is_limited:
            self.folder.write_columns(ATTENTION, attention_classes(world))
        if self.scenario.compare.at_equal is not None:
            sizes = choosable_in(world).items()
            self.folder.write_columns(
                SIZES,
                {"segment": [name or "" for name, _ in sizes], "accounts": [n for _, n in sizes]},
            )
        if is_small(world):
            follows, accounts = small_graph(world)
            self.folder.write_columns(GRAPH_FOLLOWS, follows)
            self.folder.write_columns(GRAPH_ACCOUNTS, accounts)

    def _stored_form(self) -> Scenario:
        try:
            return anchored(self.scenario, self.source, self.out)
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            raise InputError(Problem(message, file=str(error.filename))) from error

    def _earlier_scenario(self) -> Scenario | None:
        path = self.out / SCENARIO
        if not path.is_file():
            return None
        try:
            return read_scenario(path)
        except InputError:
            return None

    def _same_makers(self) -> bool:
        """Whether the folder's replicates come from this version and these agents."""
        try:
            before = self.folder.read_json(PROVENANCE)
        except (OSError, ValueError):
            return self.scenario.agents is None  # nothing left to compare with
        agents = agents_checksum(self.scenario, self.source)
        return (before.get("sources"), before.get("agents_sha256")) == (SOURCES, agents)

    def _is_done_already(self, stored: Scenario) -> bool:
        if self.force or not self.folder.is_finished():
            return False
        earlier = self._earlier_scenario()
        is_same = earlier is not None and unexplored(earlier) == unexplored(stored)
        return is_same and self._same_makers()

    def _earlier_result(self) -> Result:
        summary = self.folder.read_json(SUMMARY)
        return Result(self.out, summary, str(summary.get("stopped", "")), new=False)

    def _check_folder(self, stored: Scenario) -> None:
        if not self.folder.is_taken():
            return

        def refuse(message: str) -> InputError:
            return InputError(Problem(message, file=str(self.out)))

        if not self.out.is_dir():
            raise refuse("is a file; results need a folder")
        if not self.folder.is_ours():
            raise refuse("holds something other than results; choose another folder with --out")
        if self.force:
            return
        what, resumable = self._what_is_there(stored)
        if self.resume and not resumable:
            raise refuse(f"holds {what}, which cannot be resumed; --force replaces it")
        if not self.resume:
            advice = "--resume goes on with it, " if resumable else ""
            raise refuse(f"holds {what}; {advice}--force replaces it, --out writes elsewhere")

    def _what_is_there(self, stored: Scenario) -> tuple[str, bool]:
        """Return what the folder holds, in words, and whether this run can go on with it."""
        earlier = self._earlier_scenario()
        if earlier is None:
            return "a run whose scenario cannot be read", False
        if _but_for_replicates(earlier) != _but_for_replicates(stored):
            same_but_seed = earlier.model_copy(update={"seed": stored.seed})
            if _but_for_replicates(same_but_seed) == _but_for_replicates(stored):
                return f"a run of this scenario with seed {earlier.seed}", False
            return "a run of another scenario", False
        if not self._same_makers():
            return (
                "a run of this scenario by other agents or another version",
                False,
            )
        if self.folder.is_finished():
            return "a run of this scenario with other replicates", True
        return "an unfinished run of this scenario", True

    @contextlib.contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._timings[what] = round(time.perf_counter() - start, 3)

    def _run_until_enough(self) -> tuple[int, str]:
        """Run replicates until the scenario's rule is met; return how many and why."""
        finished = self.folder.finished_replicates() if self.resume else set()
        total = 0
        with (
            self._timed("simulation"),
            noted_interrupts() as interrupted,
            Workers(self.laboratory, self.workers) as workers,
        ):
            while (decision := self._next(total)).total is not None:
                total = decision.total
                self._run_up_to(total, finished, workers, interrupted)
        return total, decision.reason

    def _next(self, total: int) -> Next:
        rule = self.scenario.replicates
        if not isinstance(rule, Precision):
            return Next(rule if total < rule else None, f"{counted(rule, 'replicate')}, as asked.")
        metric = self.scenario.compare.on
        compare = self.scenario.compare
        told = {compare.baseline, *(compare.strategies or self.scenario.strategies)}
        values: dict[str, Float64] = {name: np.empty(0) for name in told}
        draw = np.empty(0, np.int64)
        if total:
            runs, draw = columns_of(self.folder.table(RUNS, total))
            values = {
                name: precisely(metric, runs[name])
                for name in self.scenario.strategies
                if name in told
            }
        asked = told if total else ()  # the pilot comes whatever is expected
        expected = {
            name: each[metric] for name, each in self.expectations(asked).items() if metric in each
        }
        return next_total(values, draw, rule.within, rule.at_most, metric, expected)

    def _tasks(self, total: int, finished: set[int]) -> list[Task]:
        """Return (draw, replicates) batches; the draws take turns, so several are built at once."""
        draws = self.scenario.draws
        size = 1 if self.laboratory.in_processes else BATCH
        batches = []
        for draw in range(min(draws, total)):
            mine = [one for one in range(draw, total, draws) if one not in finished]
            batches += [
                (start, draw, mine[start : start + size]) for start in range(0, len(mine), size)
            ]
        return [(draw, replicates) for _, draw, replicates in sorted(batches)]

    def _run_up_to(
        self, total: int, finished: set[int], workers: Workers, interrupted: threading.Event
    ) -> None:
        """Run the replicates below ``total`` that are not ``finished``, and keep them on disk."""
        unwritten: list[Batch] = []
        written = time.monotonic()
        wanted = set(range(total))
        self.progress(len(finished & wanted), total)
        try:
            workers.submit(self._tasks(total, finished))
            while workers.busy:
                if interrupted.is_set():
                    raise KeyboardInterrupt
                for batch in workers.done(POLL_SECONDS):
                    unwritten.append(batch)
                    finished.update(batch.replicates)
                self.progress(len(finished & wanted), total)
                waiting = sum(len(batch.replicates) for batch in unwritten)
                if time.monotonic() - written > FLUSH_SECONDS or waiting > MOST_UNWRITTEN:
                    self._write(unwritten)
                    written = time.monotonic()
        except KeyboardInterrupt:
            self._write(unwritten + workers.stop())
            raise Interrupted(self.out, len(self.folder.finished_replicates())) from None
        except BaseException:
            self._write(unwritten)
            raise
        self._write(unwritten)

    def _write(self, batches: list[Batch]) -> None:
        if batches:
            self.folder.write_part(joined(batches))
            batches.clear()

    def _provenance(
        self, stored: Scenario, started: float, facts: Mapping[str, object] | None = None
    ) -> dict[str, object]:
        """Return the provenance, complete once the run's results are among the ``facts``."""
        return provenance(
            stored,
            self.command,
            self.source,
            self.out,
            {
                "draws": self.scenario.draws,
                "engine": "mesa" if self.laboratory.in_processes else "compiled",
                "workers": self.workers,
                "started": _moment(started),
                "seconds": dict(self._timings),
                **(facts or {}),
            },
        )


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _but_for_replicates(scenario: Scenario) -> Scenario:
    return unexplored(scenario).model_copy(update={"replicates": 1})
