"""From the table of runs to the contents of ``summary.json``."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from propagation.experiment.comparison import NOTHING_EXPECTED, Expectations, summarise
from propagation.experiment.decisions import rule_in_force
from propagation.experiment.equal_cost import in_the_verdict
from propagation.experiment.steps import step_found
from propagation.experiment.storage import unescaped
from propagation.scenario.metrics import metrics_of
from propagation.scenario.spec import FolderGraph, FollowsFile, GraphFile, Scenario, Step
from propagation.strategy.budget import EqualCost

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


Expecting = Callable[[Iterable[str], Mapping[str, float] | None], Expectations]


def _nothing(strategies: Iterable[str], worth: Mapping[str, float] | None) -> Expectations:
    """Expect nothing of anything."""
    return NOTHING_EXPECTED


def summary_of(
    scenario: Scenario,
    table: pa.Table,
    replicates: int,
    stopped: str,
    expected: Expecting = _nothing,
    equal_cost: EqualCost | None = None,
) -> dict[str, object]:
    """Return the contents of ``summary.json``.

    Parameters
    ----------
    table
        ``runs.parquet``, in order of strategy and replicate.
    stopped
        Why the run stopped at so many replicates.
    expected
        Called with strategies, and what accounts are worth by segment, for what theory expects.
    equal_cost
        How strategies were scaled to one budget, if they were; the verdict says so.
    """
    columns, draw = columns_of(table)
    told = metrics_of(scenario)
    ordered: dict[str, dict[str, Float64]] = {
        name: {metric: columns[name][metric] for metric in told} for name in scenario.strategies
    }
    found = summarise(
        ordered,
        draw,
        metric=scenario.compare.on,
        baseline=scenario.compare.baseline,
        matters=scenario.compare.matters,
        seed=scenario.seed,
        real_graph=isinstance(scenario.graph, FollowsFile | GraphFile | FolderGraph),
        decision=rule_in_force(scenario),
        strategies=scenario.compare.strategies,
        at_least=scenario.compare.at_least,
        expected=expected(scenario.strategies, None),
        idle=[name for name, actions in scenario.strategies.items() if not actions],
    )
    steps = [
        step_found(step, scenario, columns, draw, expected(_compared(step), step.worth))
        for step in scenario.steps
    ]
    *sentences, legend = found.verdict
    scaled = in_the_verdict(equal_cost)
    return {
        "scenario": scenario.name,
        "question": scenario.question,
        **found.as_dict(),
        "verdict": [*sentences, *([scaled] if scaled else []), legend],
        "steps": [step.as_dict() for step in steps],
        "replicates": replicates,
        "draws": scenario.draws,
        "stopped": stopped,
    }


def _compared(step: Step) -> list[str]:
    """Return the strategies that a step compares, once each."""
    return list(dict.fromkeys(name for pair in step.against.items() for name in pair))


def columns_of(table: pa.Table) -> tuple[dict[str, dict[str, Float64]], Int64]:
    """Return every column by strategy, NaN where undefined, and each replicate's draw.

    ``table`` is ``runs.parquet`` in order of strategy and replicate; columns have shape
    (replicates,).
    """
    strategy = np.asarray([unescaped(name) for name in table["strategy"].to_pylist()])
    values = {name: table[name].to_numpy() for name in table.column_names if name != "strategy"}
    columns = {
        str(name): {column: each[strategy == name] for column, each in values.items()}
        for name in np.unique(strategy)
    }
    return columns, table["draw"].to_numpy()[strategy == strategy[0]]
