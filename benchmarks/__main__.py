"""Measures, prints a table and writes ``results/benchmarks/engines.md``.

Method: one process, one thread; the sides take turns in rounds, so that a change in the machine's
speed meets all of them; processor time of the thread per cascade, median over rounds, after a
warm-up; reading the graph, compiling and building models are left out. The mean size of each side's
cascades stands beside its time and has to agree within 4 standard errors, so that nobody is fast by
doing less.
"""

import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.sides import EGO, compiled, cynetdiff, ego_graph, mesa, world_of

ROUNDS = 9
PROBABILITIES = (0.005, 0.02, 0.1)
SECONDS_A_TURN = 0.25
OUT = Path("results/benchmarks/engines.md")


INTRODUCTION = """\
# Engines on the ego-Twitter graph

81,306 accounts, 1,768,135 follows; one root, the account with the most followers; each follow
carries a share with the probability given. *compiled* is this package's compiled engine with the
full model (power-law delays, notices, tree, metrics), *cynetdiff* its bare independent cascade,
*Mesa* this package's Mesa engine with the full model."""
HEADING = """\
| probability | shares, compiled | cynetdiff | ms, compiled | cynetdiff | Mesa | gain | on Mesa |
| --- | --- | --- | --- | --- | --- | --- | --- |"""


@dataclass
class Timed:
    """One side's cascades: seconds per cascade in each round, and all sizes."""

    name: str
    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Seconds per cascade."""
        return statistics.median(self.seconds)

    def turn(self, run: Callable[[int], int], first: int, count: int) -> None:
        """Run ``count`` cascades and note their time."""
        start = time.thread_time()
        self.sizes += [run(first + i) for i in range(count)]
        self.seconds.append((time.thread_time() - start) / count)


def agree(first: Timed, second: Timed) -> bool:
    """Say whether two sides' mean sizes differ by less than 4 standard errors."""
    means = np.mean(first.sizes), np.mean(second.sizes)
    error = np.hypot(*(np.std(one.sizes) / np.sqrt(len(one.sizes)) for one in (first, second)))
    return bool(abs(means[0] - means[1]) <= 4 * error)


def measure(probability: float) -> list[Timed]:
    """Return the timings of all sides at one probability."""
    world = world_of(ego_graph(), probability)
    ours, theirs = compiled(world), cynetdiff(world, probability)
    set_up, run_model = mesa(world)
    full, bare, agents = Timed("compiled"), Timed("cynetdiff"), Timed("Mesa")
    for side in (ours, theirs):
        start = time.thread_time()
        side(0)
        side(1)
        each = (time.thread_time() - start) / 2
    count = max(3, int(SECONDS_A_TURN / max(each, 1e-6)))
    for turn in range(ROUNDS):
        full.turn(ours, 1 + turn * count, count)
        bare.turn(theirs, 0, count)
        if turn < 3:
            model = set_up(1 + turn)
            agents.turn(lambda _, model=model: run_model(model), 0, 1)
    # the Mesa runs have the seeds 1, 2, 3: compare with the same seeds on the compiled engine
    assert agents.sizes == [ours(1 + turn) for turn in range(3)]
    twin = Timed("compiled, seeds of Mesa")
    for turn in range(3):
        twin.turn(ours, 1 + turn, 1)
    return [full, bare, agents, twin]


def row(probability: float, sides: list[Timed]) -> str:
    """Return a line of the table."""
    full, bare, agents, twin = sides
    means = f"{np.mean(full.sizes):,.0f} | {np.mean(bare.sizes):,.0f}"
    times = " | ".join(f"{1000 * side.median:.3f}" for side in (full, bare, agents))
    ratios = f"{bare.median / full.median:.2f} | {agents.median / twin.median:,.0f}"
    return f"| {probability} | {means} | {times} | {ratios} |"


def main() -> None:
    """Measure everything and write the table."""
    if not EGO.is_file():
        sys.exit(f"no data to measure on: {EGO} is not there")
    machine = (
        f"{platform.machine()}, Python {platform.python_version()}, numba {version('numba')}, "
        f"cynetdiff {version('cynetdiff')}, Mesa {version('mesa')}."
    )
    method = " ".join((__doc__ or "").split("\n\n")[1].split())
    lines = [*INTRODUCTION.splitlines(), "", method, "", machine, "", *HEADING.splitlines()]
    for probability in PROBABILITIES:
        sides = measure(probability)
        if not agree(sides[0], sides[1]):
            sys.exit(f"mean sizes differ at {probability}: {row(probability, sides)}")
        lines.append(row(probability, sides))
        print(lines[-1], file=sys.stderr)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
