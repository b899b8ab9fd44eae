"""The first replicates of the reference results, kept so that a change of the model is noticed.

``make reference`` runs the scenarios anew and then ``python -m tests.reference``, which writes
``first-replicates.json`` beside each summary.
"""

import json
from pathlib import Path

import pyarrow.parquet as pq

from propagation.experiment.storage import RUNS
from propagation.experiment.summarising import columns_of

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "results" / "reference"
NAMES = (
    "occupy",
    "ceo-and-brand",
    "pitch-or-blast",
    "cross-posting",
    "waking-a-silent-account",
    "limited-attention",
)
FIRST = 20
"""Replicates kept: at least one in each of the scenarios' worlds."""
COUNTS = ("reach", "relevant_reach", "shares")
"""Whole numbers, which are the same on every machine."""
KEPT = "first-replicates.json"


def first_replicates(runs: Path) -> dict[str, dict[str, list[int]]]:
    """Return the counts of the first replicates, by strategy and metric, from a table of runs."""
    columns, _ = columns_of(pq.read_table(runs))
    return {
        strategy: {metric: found[metric][:FIRST].astype(int).tolist() for metric in COUNTS}
        for strategy, found in columns.items()
    }


def main() -> None:
    """Write the first replicates of each reference result beside it."""
    for name in NAMES:
        found = first_replicates(REFERENCE / name / RUNS)
        text = json.dumps(found, indent=1, sort_keys=True).replace(",\n    ", ", ")
        (REFERENCE / name / KEPT).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
