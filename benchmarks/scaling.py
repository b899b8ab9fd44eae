"""How time and memory grow: ``python -m benchmarks.scaling``.

Graphs of ten thousand to a hundred million follows, 33 followers per account on average, drawn list
by list. An account of ours with an audience of n drawn accounts posts, and every share is expected
to lead to R = 0.5 further ones, so the size of the cascade depends on n and not on the graph.
Writes ``results/benchmarks/scaling.md``, its figure and raw numbers, and the part of
``docs/speed.md`` that shows them.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.drawing import Law, by_list
from benchmarks.graphs import SEED, Graph, graph
from benchmarks.ours import FullRuns, follower_graph, world_of
from benchmarks.scaling_page import write
from benchmarks.thread_memory import Held, extra_thread
from propagation.scenario.spec import OurAccount

SIZES = tuple(10**power for power in range(4, 9))
MEAN, TAIL, MOST = 33, 2.1, 50_000
R = 0.5
AUDIENCES = (33, 300, 3_000, 30_000, 300_000)
"""33 followers are what an account has on average: such a post stands for that of one account."""
ROOTS = 64
TURNS, SECONDS_A_TURN, SECONDS_A_ROOT = 7, 0.3, 0.05
MOST_RUNS = 100_000
MANY = 0.1
"""Probability per follow with which a run touches most accounts, to see what memory that takes."""


class Point(NamedTuple):
    """Cascades of one audience on one graph: their number of notices, and their time."""

    follows: int
    accounts: int
    audience: int
    notices: float
    seconds: float
    low: float
    high: float


def drawn(follows: int) -> Graph:
    """Return a graph of about this many follows."""
    accounts = round(follows / MEAN)
    starts, followers = by_list(accounts, Law(MEAN, TAIL, 0, min(MOST, accounts // 3)), SEED)
    return Graph("scaling", starts, followers)


class Timer:
    """Cascades of one account of ours, timed turn by turn."""

    def __init__(self, runs: FullRuns, seconds: float) -> None:
        """Warm up, and find how many cascades take so many seconds."""
        self._runs, self._count, taken = runs, 10, 0.0
        while taken < seconds / 4 and self._count < MOST_RUNS:
            taken, _ = self.turn(0)
            taken *= self._count
            fitting = round(self._count * seconds / max(taken, 1e-6))
            self._count = min(MOST_RUNS, max(self._count, fitting))

    def turn(self, number: int) -> tuple[float, float]:
        """Return seconds and notices per cascade."""
        start = time.thread_time()
        found = self._runs.metrics(number * self._count, self._count)["impressions"]
        return (time.thread_time() - start) / self._count, float(found.mean())


def audiences_of(accounts: int) -> dict[str, OurAccount]:
    """Return an account of ours for each audience that is small beside the graph."""
    fitting = [n for n in AUDIENCES if 3 * n <= accounts]
    return {str(n): OurAccount(followers={"everybody": n}) for n in fitting}


def audience_timers(on: Graph, seconds: float) -> list[Timer]:
    """Return what times each audience on a graph."""
    ours = audiences_of(on.accounts)
    world = world_of(follower_graph(on), ours, R * on.accounts / on.follows)
    first = FullRuns(world, next(iter(ours)))
    return [Timer(first.another(name), seconds) for name in ours]


def root_timers(on: Graph, seconds: float) -> list[Timer]:
    """Return what times each of the accounts drawn at random.

    R is the probability times the mean number of followers over the follower ends of follows.
    """
    onward = np.diff(on.starts)[on.followers].mean()
    roots = np.random.default_rng(SEED).choice(on.accounts, ROOTS, replace=False)
    ours = {str(root): OurAccount(account=str(root)) for root in roots}
    world = world_of(follower_graph(on), ours, R / onward)
    first = FullRuns(world, str(roots[0]))
    return [Timer(first.another(name), seconds) for name in ours]


def held(on: Graph) -> list[Held]:
    """Return what one more thread holds, after a small run and after one that touches most."""
    found = []
    for probability in (R * on.accounts / on.follows, MANY):
        ours = audiences_of(on.accounts)
        runs = FullRuns(world_of(follower_graph(on), ours, probability), "33")
        found.append(extra_thread(runs, list(ours)[-1], on.accounts))
    return found


def serve(follows: int) -> None:
    """Answer, on one graph, each number of a turn with its times, and ``memory`` with that.

    Without follows it is the graph of the Higgs network's size, from random roots.
    """
    on = drawn(follows) if follows else graph("higgs")
    timers = audience_timers(on, SECONDS_A_TURN) if follows else root_timers(on, SECONDS_A_ROOT)
    print(json.dumps([on.follows, on.accounts]), flush=True)
    for line in sys.stdin:
        asked = line.strip()
        found = held(on) if asked == "memory" else [one.turn(int(asked)) for one in timers]
        print(json.dumps(found), flush=True)


class Process:
    """The parent's end of one graph's process."""

    def __init__(self, follows: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.scaling", "--serve", str(follows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self.follows, self.accounts = self._answer()
        self._turns: list[list[tuple[float, float]]] = []

    def _answer(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def ask(self, what: str) -> Any:
        """Return the answer to a line."""
        assert self._process.stdin
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._answer()

    def turn(self, number: int) -> None:
        """Have all cascades of this graph timed once."""
        self._turns.append(self.ask(str(number)))

    def points(self) -> list[Point]:
        """Return the time of each audience: median and quartiles over turns."""
        found = []
        for audience, turns in zip(
            AUDIENCES, np.moveaxis(np.array(self._turns), 1, 0), strict=False
        ):
            low, middle, high = np.percentile(turns[:, 0], (25, 50, 75))
            notices = float(turns[:, 1].mean())
            times = float(middle), float(low), float(high)
            found.append(Point(self.follows, self.accounts, audience, notices, *times))
        return found

    def all_roots(self) -> Point:
        """Return the mean time over all roots: median and quartiles over turns."""
        by_turn = np.array(self._turns).mean(axis=1)
        low, middle, high = np.percentile(by_turn[:, 0], (25, 50, 75))
        notices = float(by_turn[:, 1].mean())
        times = float(middle), float(low), float(high)
        return Point(self.follows, self.accounts, 0, notices, *times)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Let a process for each graph take turns, then write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="follows of the largest")
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks"))
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve is not None:
        serve(chosen.serve)
        return
    processes: list[Process] = []
    try:
        for size in [0, *(size for size in SIZES if size <= chosen.largest)]:
            print(f"making a graph of {size or 'the Higgs size'}", file=sys.stderr)
            processes.append(Process(size))
        for number in range(TURNS):
            print(f"turn {number + 1} of {TURNS}", file=sys.stderr)
            for process in processes[:: -1 if number % 2 else 1]:
                process.turn(number)
        roots, *graphs = processes
        largest = graphs[-2:] if sys.platform == "linux" else []
        memory = [Held(*one) for process in largest for one in process.ask("memory")]
        points = [point for process in graphs for point in process.points()]
    finally:
        for process in processes:
            process.close()
    whole = chosen.largest == SIZES[-1]
    print(write(chosen.out, points, roots.all_roots(), memory, whole))


if __name__ == "__main__":
    main()
