"""Find the probabilities of ``benchmarks.levels``: ``python -m benchmarks.calibrate``.

Bisection of the mean reach, with the same runs at every probability; the compiled engine's for an
independent cascade, those of ``benchmarks.sir_law`` for EoN's ``fast_SIR``.
"""

import sys

from benchmarks.graphs import MADE, Graph, graph, has_data
from benchmarks.levels import LEVELS, wanted
from benchmarks.ours import Full
from benchmarks.sir_law import SIRLaw

RUNS = {"0.1%": 3_000, "15%": 30, "90%": 3}
HIGHEST = {"0.1%": 0.015, "15%": 0.1, "90%": 1.0}
STEPS = 11


def find(side: type[Full] | type[SIRLaw], on: Graph, level: str, highest: float) -> float:
    """Return the probability, or rate, that reaches the wanted share of the accounts on average."""
    made, low, high = side(on), 0.0, highest
    target = wanted(level, on.reachable() / on.accounts) * on.accounts
    for _ in range(STEPS):
        middle = (low + high) / 2
        mean = made.at(middle)(0, RUNS[level]).mean()
        low, high = (middle, high) if mean < target else (low, middle)
    return float(f"{high:.3g}")


def main() -> None:
    """Print both tables."""
    for name in [one for one in MADE if has_data(one)]:
        on = graph(name)
        print(name, f"reachable: {on.reachable() / on.accounts:.4f}", file=sys.stderr)
        for level in LEVELS:
            high = HIGHEST[level]
            print(name, level, find(Full, on, level, high), find(SIRLaw, on, level, 3 * high))


if __name__ == "__main__":
    main()
