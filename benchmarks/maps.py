"""How long a map takes: ``python -m benchmarks.maps``.

1,600 points of two strategies, 100 replicates each, on ten worlds of 20,000 accounts; theory's line
and all intervals included, reading and compiling not.
"""

import resource
import statistics
import tempfile
import time
from pathlib import Path

from propagation.experiment.expectations import theory_in
from propagation.exploration.explorer import Explorer
from propagation.exploration.kept import KeptRuns, metrics_kept
from propagation.exploration.sweep import sweep_of
from propagation.scenario.reading import read_scenario
from propagation.spread.generations import reproduction

HERE = Path(__file__).parent


def main() -> None:
    """Measure the map and print a line for each number."""
    scenario = read_scenario(HERE / "map.yaml")
    assert scenario.sweep is not None
    with tempfile.TemporaryDirectory() as folder:
        kept = KeptRuns(Path(folder), "a benchmark", metrics_kept(scenario))
        explorer = Explorer(scenario, HERE, draws=scenario.draws, kept=kept)
        explorer.runs({}, range(scenario.draws), tuple(scenario.strategies), ("reach",))
        explorer.expected({}, tuple(scenario.strategies), "reach")
        wall, processor = time.perf_counter(), time.process_time()
        found = sweep_of(explorer, scenario.sweep, lambda done, total: None)
        kept.join()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    numbers = [_reproduction(explorer, value) for value in found.design.axes[1].values or ()]
    print(
        f"{len(found.rows):,} points, {found.replicates} replicates of 2 strategies, "
        f"{found.draws} worlds"
    )
    print(f"wall {wall:.0f} s, processor {processor:.0f} s")
    print(f"median reproduction number {statistics.median(numbers):.2f}")
    print(f"runs on disk {size / 1e6:.1f} MB")
    print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def _reproduction(explorer: Explorer, resonance: float) -> float:
    """Return the reproduction number of the message in the first world."""
    laboratory = explorer.laboratory({"messages.call.resonance": resonance})
    theory = theory_in(laboratory, "large and random")
    assert theory is not None
    world = laboratory.world(0)
    interest = world.traits.interest["protest"]
    return reproduction(world, (interest * resonance).clip(0, 1))


if __name__ == "__main__":
    main()
