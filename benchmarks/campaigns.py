"""Half a year of two accounts: how long three ways to repost take to compare, and how much memory.

``python -m benchmarks.campaigns`` prints the table and writes ``results/benchmarks/campaigns.md``.

Method: ``propagation run benchmarks/half-year.yaml --no-report`` with two workers, in a process of
its own. A run that had to compile is repeated, since that happens once. Time is wall time from the
start to the end, with drawing and storing; processor time is that of the process. *Held* is the
largest sum of what the process held for itself, as in ``benchmarks.memory``, and *resident* counts
also the graph, which is mapped from a file. R is the number of shares that a share leads to on
average in a large graph. The load is that of the last minute before.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.machine import machine
from benchmarks.memory import peak
from benchmarks.startup import load
from propagation.compiling import COMPILING
from propagation.experiment.estimates import drawn_estimate
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import Scenario

SCENARIO = Path(__file__).with_name("half-year.yaml")
OUT = Path("results/benchmarks/campaigns.md")
WORKERS = 2
SECONDS, BYTES, MOST_R = 120.0, 4 * 2**30, 0.8
"""What must not be exceeded."""


def reproduction(scenario: Scenario) -> float:
    """Return R of the message that spreads most, of segments with plain attention and interest."""
    segments = scenario.segments or {}
    sizes = np.array([one.accounts for one in segments.values()])
    # follows[s, t]: follows of members of segment t by a member of segment s
    follows = np.array(
        [
            [one.drawn_follows.mean * one.drawn_follows.to.get(name, 0.0) for name in segments]
            for one in segments.values()
        ]
    )
    attention = np.array([one.attention for one in segments.values()], np.float64)
    found = []
    for message in scenario.messages.values():
        interest = [one.interest[message.topic] for one in segments.values()]
        shares = attention * message.resonance * np.array(interest, np.float64)
        matrix = (shares * sizes)[:, None] * follows / sizes
        found.append(float(np.abs(np.linalg.eigvals(matrix)).max()))
    return max(found)


def measure(folder: Path) -> dict[str, float]:
    """Return seconds, seconds of processor time, bytes held and bytes resident of one run."""
    words = ["run", str(SCENARIO), "--out", str(folder), "--force", "--no-report"]
    command = [sys.executable, "-m", "propagation", *words, "--workers", str(WORKERS)]
    said = COMPILING
    while COMPILING in said:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        said, held = peak(command)
        seconds = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": seconds,
        "processor": spent,
        "held": float(held),
        "resident": 1024.0 * after.ru_maxrss,
    }


def main() -> int:
    """Measure and write; return 1 if it takes too long or too much."""
    if sys.platform != "linux":
        sys.exit("needs Linux, which says what a process holds for itself")
    scenario, load_before = read_scenario(SCENARIO), load()
    assert scenario.segments is not None
    foreseen = drawn_estimate(scenario, scenario.segments, WORKERS)
    runs = scenario.replicates if isinstance(scenario.replicates, int) else 0
    number = reproduction(scenario)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder) / "out")
    good = found["seconds"] <= SECONDS and found["resident"] <= BYTES and number <= MOST_R
    expected = foreseen.drawing_seconds + foreseen.seconds_per_thousand * runs / 1000
    lines = [
        "# Campaigns",
        "",
        " ".join((__doc__ or "").split("\n\n")[2].split()),
        "",
        f"Measured on: {machine()} Load {load_before} of {os.cpu_count()} processors.",
        "",
        f"{foreseen.accounts:,} accounts, {foreseen.follows:,} follows, {runs} replicates of "
        f"{len(scenario.strategies)} strategies over 26 weeks, R = {number:.2f}, "
        f"{foreseen.notices:,.0f} notices expected in a replicate of all strategies.",
        "",
        "| | measured | foreseen by `check` | at most |",
        "| --- | --- | --- | --- |",
        f"| wall time, s | {found['seconds']:.0f} | {expected:.0f} | {SECONDS:.0f} |",
        f"| processor time, s | {found['processor']:.0f} | | |",
        f"| memory held, MB | {found['held'] / 1e6:,.0f} | {foreseen.memory / 1e6:,.0f} | |",
        f"| resident at most, MB | {found['resident'] / 1e6:,.0f} | | {BYTES / 1e6:,.0f} |",
        "",
    ]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(lines), encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
