"""From the table of runs to the contents of ``summary.json``."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from propagation.experiment.comparison import summarise
from propagation.experiment.decisions import response_in_words
from propagation.experiment.storage import unescaped
from propagation.scenario.spec import METRICS, FollowsFile, Scenario

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


def summary_of(
    scenario: Scenario, table: pa.Table, replicates: int, stopped: str
) -> dict[str, object]:
    """Return the contents of ``summary.json``.

    Parameters
    ----------
    table
        ``runs.parquet``, in order of strategy and replicate.
    stopped
        Why the run stopped at so many replicates.
    """
    runs, draw = runs_of(table)
    ordered = {name: runs[name] for name in scenario.strategies}
    found = summarise(
        ordered,
        draw,
        metric=scenario.compare.on,
        baseline=scenario.compare.baseline,
        matters=scenario.compare.matters,
        seed=scenario.seed,
        real_graph=isinstance(scenario.graph, FollowsFile),
        decision=response_in_words(scenario.messages, scenario.agents),
    )
    return {
        "scenario": scenario.name,
        "question": scenario.question,
        **found.as_dict(),
        "replicates": replicates,
        "draws": scenario.draws,
        "stopped": stopped,
    }


def runs_of(table: pa.Table) -> tuple[dict[str, dict[str, Float64]], Int64]:
    """Return the metrics by strategy, NaN where undefined, and each replicate's draw.

    ``table`` is ``runs.parquet`` in order of strategy and replicate.
    """
    strategy = np.asarray([unescaped(name) for name in table["strategy"].to_pylist()])
    metrics: dict[str, Float64] = {name: table[name].to_numpy() for name in METRICS}
    runs = {
        str(name): {metric: values[strategy == name] for metric, values in metrics.items()}
        for name in np.unique(strategy)
    }
    return runs, table["draw"].to_numpy()[strategy == strategy[0]]
