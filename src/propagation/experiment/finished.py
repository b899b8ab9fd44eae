"""A finished results folder, read back: the scenario, the summary and every run."""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from propagation.experiment.forms import damaged, is_provenance
from propagation.experiment.storage import (
    PROVENANCE,
    RUNS,
    SCENARIO,
    SUMMARY,
    ResultsFolder,
    unescaped,
)
from propagation.experiment.summarising import columns_of
from propagation.problems import InputError, Problem
from propagation.scenario.metrics import metrics_of
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import Scenario

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Finished:
    """A finished run.

    Attributes
    ----------
    runs
        Strategy in the order of the scenario, then column of ``runs.parquet`` (metrics,
        ``reach_<segment>``, ``valued_reach_<segment>``), to values (replicates,); NaN where
        undefined.
    draw
        The draw of each replicate (replicates,).
    """

    path: Path
    scenario: Scenario
    summary: Mapping[str, Any]
    provenance: Mapping[str, Any]
    runs: Mapping[str, Mapping[str, Float64]]
    draw: Int64

    @property
    def replicates(self) -> int:
        """How many replicates each strategy has."""
        return len(self.draw)


def read_finished(path: Path) -> Finished:
    """Read a finished results folder.

    Raises
    ------
    InputError
        If it is no results folder, or the run in it is not finished.
    MachineError
        If a file in it cannot be read, or is damaged.
    """
    folder = ResultsFolder(path)

    def refuse(message: str) -> InputError:
        return InputError(Problem(message, file=str(path)))

    if not path.is_dir():
        raise refuse("is no folder" if path.exists() else "there is no such folder")
    if not folder.is_ours() or not folder.is_taken():
        raise refuse("is no results folder written by 'propagation run'")
    if not folder.is_finished():
        raise refuse("holds an unfinished run: go on with 'propagation run ... --resume'")
    if not (path / RUNS).is_file():
        raise refuse(f"holds no {RUNS}, only what was found in it: run the scenario again")
    summary, scenario = folder.read_json(SUMMARY), read_scenario(path / SCENARIO)
    try:
        provenance = folder.read_json(PROVENANCE)
    except (OSError, ValueError) as error:
        raise refuse(f"holds no {PROVENANCE} that can be read: run the scenario again") from error
    if not is_provenance(provenance):
        raise damaged(path / PROVENANCE, "it is none")
    table = folder.table(RUNS, int(str(summary["replicates"])))
    counts = Counter(map(unescaped, table["strategy"].to_pylist()))
    if lost := [name for name in scenario.strategies if name not in counts]:
        raise refuse(f"its {RUNS} has no runs of '{lost[0]}': run the scenario again")
    if set(counts.values()) != {summary["replicates"]}:
        raise damaged(path / RUNS, "replicates are missing, or there more than once")
    told = set(metrics_of(scenario))
    if not told <= set(table.column_names):
        raise damaged(path / RUNS, "it is that of another scenario")
    if not _fits(summary, scenario, told):
        raise damaged(path / SUMMARY, "it is that of another scenario")
    runs, draw = columns_of(table)
    return Finished(
        path=path,
        scenario=scenario,
        summary=summary,
        provenance=provenance,
        runs={name: runs[name] for name in scenario.strategies},
        draw=draw,
    )


def _fits(summary: Mapping[str, Any], scenario: Scenario, metrics: Set[str]) -> bool:
    if any(not metrics <= set(found) for found in summary["strategies"].values()):
        return False
    asked = (scenario.compare.on, scenario.compare.baseline, set(scenario.strategies))
    return asked == (summary["metric"], summary["baseline"], set(summary["strategies"]))
