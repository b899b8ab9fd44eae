"""What an addressed throw costs, against a number from a stream of numpy's.

Method: one process, one thread; a million numbers at a time, written to an array that is there
already; the sides take turns in rounds; processor time of the thread per number, median over
rounds, after a warm-up. Prints a table and writes ``results/benchmarks/throws.md``.
"""

import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numba import njit

from propagation.luck import Purpose, descend, stem, throw

UInt64 = npt.NDArray[np.uint64]

NUMBERS = 1_000_000
ROUNDS = 15
OUT = Path("results/benchmarks/throws.md")
KEY = stem(1, Purpose.DECIDE)
NAME = {
    "addressed, one list": "addressed throws, place after place under one key",
    "addressed, many accounts": "addressed throws, each under a key of its own",
    "addressed, each after the last": "the same, where each address waits for the throw before it",
    "stream, at once": "numpy's PCG64 as a stream, `Generator.random(out=...)`",
    "stream, one by one": "the same stream, one number at a time in a compiled loop",
}


@njit
def places(key: np.uint64, out: UInt64) -> None:
    """Write the throws at the first places under a key."""
    for i in range(len(out)):
        out[i] = throw(key, i)


@njit
def accounts(key: np.uint64, out: UInt64) -> None:
    """Write the first throw of each of many accounts."""
    for i in range(len(out)):
        out[i] = throw(descend(key, np.uint64(i)), 0)


@njit
def chained(key: np.uint64, out: UInt64) -> None:
    """Write throws of which each is the address of the next: nothing can be done side by side."""
    last = np.uint64(0)
    for i in range(len(out)):
        last = np.uint64(throw(descend(key, last), 0))
        out[i] = last


@njit
def one_by_one(generator: np.random.Generator, out: npt.NDArray[np.float64]) -> None:
    """Write numbers taken from a generator one at a time."""
    for i in range(len(out)):
        out[i] = generator.random()


def sides(numbers: int) -> dict[str, Callable[[], object]]:
    """Return what is timed, by name."""
    whole, real = np.empty(numbers, np.uint64), np.empty(numbers)
    generator = np.random.default_rng(1)
    return {
        "addressed, one list": lambda: places(KEY, whole),
        "addressed, many accounts": lambda: accounts(KEY, whole),
        "addressed, each after the last": lambda: chained(KEY, whole),
        "stream, at once": lambda: generator.random(out=real),
        "stream, one by one": lambda: one_by_one(generator, real),
    }


def nanoseconds(numbers: int = NUMBERS, rounds: int = ROUNDS) -> dict[str, float]:
    """Return each side's nanoseconds per number."""
    timed: dict[str, list[float]] = {name: [] for name in NAME}
    for turn in range(rounds + 1):
        for name, run in sides(numbers).items():
            start = time.thread_time()
            run()
            if turn:  # the first one compiles
                timed[name].append((time.thread_time() - start) / numbers * 1e9)
    return {name: statistics.median(values) for name, values in timed.items()}


def page(measured: dict[str, float]) -> str:
    """Return the table as a page."""
    rows = "\n".join(f"| {NAME[name]} | {value:.1f} |" for name, value in measured.items())
    return (
        "# What a throw costs\n\n"
        f"{NUMBERS:,} numbers a turn, {ROUNDS} rounds, median; Python {platform.python_version()}, "
        f"numpy {version('numpy')}, numba {version('numba')}, {platform.machine()}.\n\n"
        f"| side | nanoseconds per number |\n| --- | --- |\n{rows}\n"
    )


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(page(nanoseconds()), encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))
