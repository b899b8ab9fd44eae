"""All that a scenario asks for besides its runs: what is uncertain, where strategies tie, a sweep.

Each part is made on its own, and what it found is added to ``summary.json``, the verdict too: the
range over what is uncertain comes first.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from propagation.experiment.provenance import SOURCES, agents_checksum, anchored
from propagation.experiment.replicates import Laboratory
from propagation.experiment.runner import Interrupted
from propagation.experiment.storage import (
    MARK,
    REPORT,
    RUNS,
    SCENARIO,
    SUMMARY,
    SWEEP,
    UNCERTAIN,
    ResultsFolder,
)
from propagation.experiment.summarising import columns_of
from propagation.exploration.decomposition import why_of
from propagation.exploration.explorer import Explorer
from propagation.exploration.kept import KeptRuns, metrics_kept
from propagation.exploration.sentences import of_uncertainty, of_why
from propagation.exploration.sweep import sweep_of
from propagation.exploration.tie_sentences import of_break_even
from propagation.exploration.ties import break_even_of
from propagation.exploration.uncertainty import uncertainty_of
from propagation.scenario.exploring import EXPLORED_DRAWS, Exploring
from propagation.scenario.exploring_checks import unexplored
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import Scenario
from propagation.scenario.writing import write_scenario

FIRST, LAST = ("uncertain", "break_even"), ("sweep",)
"""The parts that the verdict tells before what the runs found, and after it."""
PARTS = (*FIRST, *LAST, "why")
"""What the parts are called in ``summary.json``."""
OF_THE_RUNS = "verdict_of_runs"
"""The verdict before anything was explored."""

Progress = Callable[[int, int], None]
Bar = Callable[[str], AbstractContextManager[Progress]]
Summary = dict[str, Any]


@contextlib.contextmanager
def _silent(what: str) -> Iterator[Progress]:
    yield lambda done, total: None


@dataclass
class Study:
    """What a scenario asks for besides its runs, into the results folder of these.

    Attributes
    ----------
    scenario, source
        What is asked, and the folder its file names are relative to.
    out
        The results folder, in which the scenario's runs are finished.
    engine, workers
        As for a run.
    bar
        Called with what is being done, for something to be told how far it is.
    """

    scenario: Scenario
    source: Path
    out: Path
    engine: str = "compiled"
    workers: int = 0
    bar: Bar = _silent
    _kept: KeptRuns | None = field(default=None, repr=False)

    def __call__(self) -> Mapping[str, object]:
        """Explore what is asked for and not found yet; return the summary with all of it.

        Raises
        ------
        InputError
            If a point cannot be run.
        MachineError
            If the disk is full or the folder is in use.
        Interrupted
            If the user stopped it; what was finished is kept.
        """
        folder = ResultsFolder(self.out)
        with folder.locked():
            summary = self._begun(folder)
            asked = [part for part in PARTS if self._asks(part) and part not in summary]
            if not asked:
                return summary
            try:
                for part in asked:
                    self._add(part, summary, folder)
                self._runs_kept().join()
            except KeyboardInterrupt:
                self._runs_kept().write()
                raise Interrupted(self.out, int(summary["replicates"]), exploring=True) from None
        return summary

    def _add(self, part: str, summary: Summary, folder: ResultsFolder) -> None:
        """Find a part, and write the summary with it: what comes later may fail."""
        found = getattr(self, f"_{part}")(folder)
        if found is None:
            return
        summary[part] = found
        summary["verdict"] = _verdict(summary)
        (self.out / REPORT).unlink(missing_ok=True)  # it does not tell of this
        folder.write_json(SUMMARY, summary)

    def _begun(self, folder: ResultsFolder) -> Summary:
        """Return the summary; what was found for other questions is dropped, runs are kept."""
        summary: Summary = dict(folder.read_json(SUMMARY))
        summary.setdefault(OF_THE_RUNS, summary["verdict"])
        stored = anchored(self.scenario, self.source, self.out)
        earlier = read_scenario(self.out / SCENARIO)
        if earlier != stored and unexplored(earlier) == unexplored(stored):
            for part in PARTS:
                summary.pop(part, None)
            summary["verdict"] = summary[OF_THE_RUNS]
            # first, or what was found for the other questions would pass for an answer to these
            folder.write_json(SUMMARY, summary)
            for outdated in (SWEEP, UNCERTAIN, REPORT):
                (self.out / outdated).unlink(missing_ok=True)
            folder.write_text(SCENARIO, f"{MARK}\n{write_scenario(stored)}")
        return summary

    def _asks(self, part: str) -> bool:
        return part == "why" or getattr(self.scenario, part) is not None

    def _explorer(self, draws: int | None) -> Explorer:
        return Explorer(
            self.scenario,
            self.source,
            draws=draws or min(self.scenario.draws, EXPLORED_DRAWS),
            workers=self.workers,
            kept=self._runs_kept(),
            engine=self.engine,
        )

    def _runs_kept(self) -> KeptRuns:
        if self._kept is None:
            agents = agents_checksum(self.scenario, self.source)
            made_by = f"{SOURCES} {agents} {write_scenario(unexplored(self.scenario))}"
            self._kept = KeptRuns(self.out, made_by, metrics_kept(self.scenario))
        return self._kept

    def _uncertain(self, folder: ResultsFolder) -> Mapping[str, object] | None:
        how = self.scenario.exploring or Exploring()
        with self.bar("what is uncertain") as progress:
            found = uncertainty_of(self._explorer(how.draws), progress)
        folder.write_columns(UNCERTAIN, found.columns())
        return {**found.as_dict(), "sentences": list(of_uncertainty(found))}

    def _break_even(self, folder: ResultsFolder) -> Mapping[str, object] | None:
        asked = self.scenario.break_even
        if asked is None:
            return None
        with self.bar("break-even") as progress:
            found = break_even_of(self._explorer(self.scenario.draws), asked, progress)
        return {**found.as_dict(), "sentences": list(of_break_even(found))}

    def _why(self, folder: ResultsFolder) -> list[object] | None:
        summary = folder.read_json(SUMMARY)
        runs, draw = columns_of(folder.table(RUNS, int(str(summary["replicates"]))))
        outcomes: Any = summary["strategies"]
        heavy = {name: each[self.scenario.compare.on]["heavy"] for name, each in outcomes.items()}
        laboratory = Laboratory(self.scenario, self.source)
        found = why_of(laboratory, runs, draw, heavy)
        return [{**each.as_dict(), "sentences": list(of_why(each))} for each in found]

    def _sweep(self, folder: ResultsFolder) -> Mapping[str, object] | None:
        sweep = self.scenario.sweep
        if sweep is None:
            return None
        with self.bar("sweep") as progress:
            found = sweep_of(self._explorer(sweep.draws), sweep, progress)
        folder.write_columns(SWEEP, found.columns())
        return found.as_dict()


def _verdict(summary: Mapping[str, Any]) -> list[str]:
    """Return the verdict: what holds over all that is uncertain, then the scenario as written."""
    *of_the_runs, legend = summary[OF_THE_RUNS]
    before, after = (
        [sentence for part in parts for sentence in summary.get(part, {}).get("sentences", [])]
        for parts in (FIRST, LAST)
    )
    return [*before, *of_the_runs, *after, legend]
