"""From the table of runs to the contents of ``summary.json``."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from propagation.experiment.comparison import NOTHING_EXPECTED, Skewness, summarise
from propagation.experiment.decisions import response_in_words
from propagation.experiment.steps import step_found
from propagation.experiment.storage import unescaped
from propagation.scenario.spec import METRICS, FollowsFile, GraphFile, Scenario

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


def summary_of(
    scenario: Scenario,
    table: pa.Table,
    replicates: int,
    stopped: str,
    skewness: Skewness = NOTHING_EXPECTED,
) -> dict[str, object]:
    """Return the contents of ``summary.json``.

    Parameters
    ----------
    table
        ``runs.parquet``, in order of strategy and replicate.
    stopped
        Why the run stopped at so many replicates.
    skewness
        Strategy, then metric, to what theory expects of one run.
    """
    columns, draw = columns_of(table)
    ordered: dict[str, dict[str, Float64]] = {
        name: {metric: columns[name][metric] for metric in METRICS} for name in scenario.strategies
    }
    found = summarise(
        ordered,
        draw,
        metric=scenario.compare.on,
        baseline=scenario.compare.baseline,
        matters=scenario.compare.matters,
        seed=scenario.seed,
        real_graph=isinstance(scenario.graph, FollowsFile | GraphFile),
        decision=response_in_words(scenario.messages, scenario.agents),
        strategies=scenario.compare.strategies,
        at_least=scenario.compare.at_least,
        skewness=skewness,
    )
    steps = [step_found(step, scenario, columns, draw, skewness) for step in scenario.steps]
    return {
        "scenario": scenario.name,
        "question": scenario.question,
        **found.as_dict(),
        "steps": [step.as_dict() for step in steps],
        "replicates": replicates,
        "draws": scenario.draws,
        "stopped": stopped,
    }


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
