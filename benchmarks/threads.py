"""What a second thread gains: ``python -m benchmarks.threads``.

Method: cascades that reach about 15% of the Higgs-size graph, with all of the model and metrics;
one thread runs twice as many as each of two do at the same time on the same graph; wall time on an
otherwise idle machine; the two ways take turns in rounds. Writes ``results/benchmarks/threads.md``.
"""

import statistics
import threading
import time
from pathlib import Path

from benchmarks.graphs import graph
from benchmarks.levels import PROBABILITY
from benchmarks.machine import machine
from benchmarks.ours import Full, FullRuns

OUT = Path("results/benchmarks/threads.md")
ROUNDS, RUNS = 9, 40


def seconds(*threads: tuple[FullRuns, int, int]) -> float:
    """Return the wall time of threads that each run so many cascades from a seed on."""
    running = [threading.Thread(target=runs, args=(first, count)) for runs, first, count in threads]
    start = time.perf_counter()
    for one in running:
        one.start()
    for one in running:
        one.join()
    return time.perf_counter() - start


def gains(probability: float, rounds: int, count: int, name: str = "higgs") -> list[float]:
    """Return, round by round, how many times as fast two threads are as one."""
    first = Full(graph(name)).at(probability)
    second = first.another("us")
    seconds((first, 0, 1), (second, 0, 1))
    return [
        seconds((first, 0, 2 * count)) / seconds((first, 0, count), (second, count, count))
        for _ in range(rounds)
    ]


def main() -> None:
    """Measure, print, write."""
    found = sorted(gains(PROBABILITY["higgs"]["15%"], ROUNDS, RUNS))
    method = " ".join((__doc__ or "").split("\n\n")[1].split())
    text = (
        f"# Two threads against one\n\n{method}\n\n{machine()}\n\n"
        f"Two threads are {statistics.median(found):.2f} times as fast as one: median of "
        f"{len(found)} rounds, which lie between {found[0]:.2f} and {found[-1]:.2f}. More than 2 "
        "is the other's work on the machine.\n"
    )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
