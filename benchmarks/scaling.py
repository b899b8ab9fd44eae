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
from typing import NamedTuple

import numpy as np

from benchmarks.drawing import Law, by_list
from benchmarks.graphs import SEED, Graph, graph
from benchmarks.memory import Held, extra_thread
from benchmarks.ours import FullRuns, follower_graph, world_of
from benchmarks.scaling_page import write
from propagation.scenario.spec import OurAccount

SIZES = tuple(10**power for power in range(4, 9))
MEAN, TAIL, MOST = 33, 2.1, 50_000
R = 0.5
AUDIENCES = (33, 300, 3_000, 30_000, 300_000)
"""33 followers are what an account has on average: such a post stands for that of one account."""
ROOTS = 64
LINUX = sys.platform == "linux"
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


def timed(
    runs: FullRuns, turn_seconds: float = SECONDS_A_TURN
) -> tuple[float, tuple[float, float, float]]:
    """Return the mean notices, and the quartiles of the seconds per cascade."""
    count, taken = 10, 0.0
    while taken < turn_seconds / 4 and count < MOST_RUNS:
        start = time.thread_time()
        runs.metrics(0, count)
        taken = time.thread_time() - start
        count = min(MOST_RUNS, max(count, round(count * turn_seconds / max(taken, 1e-6))))
    seconds, notices = [], []
    for turn in range(TURNS):
        start = time.thread_time()
        notices.append(runs.metrics(turn * count, count)["impressions"].mean())
        seconds.append((time.thread_time() - start) / count)
    low, middle, high = np.percentile(seconds, (25, 50, 75))
    return float(np.mean(notices)), (float(low), float(middle), float(high))


def audiences_of(accounts: int) -> dict[str, OurAccount]:
    """Return an account of ours for each audience that is small beside the graph."""
    fitting = [n for n in AUDIENCES if 3 * n <= accounts]
    return {str(n): OurAccount(followers={"everybody": n}) for n in fitting}


def points(on: Graph) -> list[Point]:
    """Return the times on one graph."""
    ours = audiences_of(on.accounts)
    world = world_of(follower_graph(on), ours, R * on.accounts / on.follows)
    first = FullRuns(world, next(iter(ours)))
    found = []
    for name in ours:
        notices, (low, middle, high) = timed(first.another(name))
        found.append(Point(on.follows, on.accounts, int(name), notices, middle, low, high))
    return found


def random_roots(on: Graph) -> Point:
    """Return the time per cascade from accounts of the graph, drawn at random, one after another.

    ``R`` is the probability times the mean number of followers over the follower ends of follows.
    """
    graph_of_ours = follower_graph(on)
    counts = np.diff(on.starts)
    onward = counts[on.followers].mean()
    roots = np.random.default_rng(SEED).choice(on.accounts, ROOTS, replace=False)
    ours = {str(root): OurAccount(account=str(root)) for root in roots}
    world = world_of(graph_of_ours, ours, R / onward)
    first = FullRuns(world, str(roots[0]))
    taken = [timed(first.another(str(root)), SECONDS_A_ROOT) for root in roots]
    seconds = [middle for _, (_, middle, _) in taken]
    low, high = np.percentile(seconds, (25, 75))
    notices = float(np.mean([one for one, _ in taken]))
    mean = float(np.mean(seconds))
    return Point(on.follows, on.accounts, 0, notices, mean, float(low), float(high))


def held(on: Graph) -> list[Held]:
    """Return what one more thread holds, after a small run and after one that touches most."""
    found = []
    for probability in (R * on.accounts / on.follows, MANY):
        ours = audiences_of(on.accounts)
        runs = FullRuns(world_of(follower_graph(on), ours, probability), "33")
        found.append(extra_thread(runs, list(ours)[-1], on.accounts))
    return found


def one(follows: int, memory: bool) -> None:
    """Measure on one graph and print what was found: what a process of its own does."""
    on = drawn(follows) if follows else graph("higgs")
    answer = {"points": points(on) if follows else [random_roots(on)]}
    print(json.dumps({**answer, "held": held(on) if memory else []}))


def main() -> None:
    """Measure each graph in a process of its own, then write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="follows of the largest")
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks"))
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one is not None:
        one(chosen.one, chosen.memory)
        return
    found: list[Point] = []
    memory: list[Held] = []
    sizes = [size for size in SIZES if size <= chosen.largest]
    for size in [0, *sizes]:
        print(f"{size:,} follows" if size else "random roots", file=sys.stderr)
        command = [sys.executable, "-m", "benchmarks.scaling", "--one", str(size)]
        command += ["--memory"] if LINUX and size and size >= sizes[-1] / 10 else []
        done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True)
        answer = json.loads(done.stdout.splitlines()[-1])
        found += [Point(*point) for point in answer["points"]]
        memory += [Held(*one) for one in answer["held"]]
    text = write(chosen.out, found[1:], found[0], memory, chosen.largest == SIZES[-1])
    print(text)


if __name__ == "__main__":
    main()
