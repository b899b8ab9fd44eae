"""Measuring one peer against this package, at one level on one graph, round by round."""

import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from benchmarks.levels import PROBABILITY, RATE
from benchmarks.seat import Answer, Seat, SideFailed
from benchmarks.systems import OTHER_LAW, OURS

STANDARD_ERRORS = 4
"""How far apart two mean reaches may be."""
MOST_RUNS = 20_000
HIDDEN_THREADS = 1.1
"""Processor time of all threads over that of one, from which on a side is not alone."""


class Plan(NamedTuple):
    """How long to measure: seconds a turn, rounds, and seconds one side may take for its rounds.

    Where a round of one cascade takes so long that the rounds would take more than ``budget``,
    there are fewer rounds, but not less than ``fewest``.
    """

    turn: float = 0.5
    rounds: int = 9
    fewest: int = 3
    budget: float = 90.0


@dataclass
class Turns:
    """What one side did: seconds per cascade of every round, and the reach of every cascade."""

    seconds: list[float] = field(default_factory=list)
    reach: list[int] = field(default_factory=list)
    model: float = 0.0
    peak: int = 0

    @property
    def runs(self) -> int:
        """Cascades in a round."""
        return len(self.reach) // len(self.seconds)

    @property
    def mean(self) -> float:
        """Mean reach."""
        return statistics.fmean(self.reach)


@dataclass
class Cell:
    """One peer at one level on one graph; ``failed`` says why there are no times."""

    graph: str
    level: str
    peer: str
    probability: float
    sides: dict[str, Turns] = field(default_factory=dict)
    failed: str = ""

    def ratios(self, ours: str) -> list[float]:
        """Return in each round how many times as fast ours was."""
        pairs = zip(self.sides[self.peer].seconds, self.sides[ours].seconds, strict=True)
        return [theirs / own for theirs, own in pairs]


class Apart(NamedTuple):
    """Two sides' mean reaches: their difference, and the largest that counts as the same."""

    difference: float
    limit: float

    @property
    def agree(self) -> bool:
        """Whether the difference is within its error."""
        return abs(self.difference) <= self.limit


def compare(first: list[int], second: list[int]) -> Apart:
    """Compare two sides' mean reaches.

    Were they of one law, their common spread would be that of all runs together, which also holds
    where one side has three runs only.
    """
    sizes = len(first), len(second)
    squares = sum(float(np.var(one)) * len(one) for one in (first, second))
    spread = np.sqrt(squares / max(sum(sizes) - 2, 1))
    error = spread * np.sqrt(1 / sizes[0] + 1 / sizes[1])
    return Apart(float(np.mean(first) - np.mean(second)), STANDARD_ERRORS * float(error))


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    low, middle, high = np.percentile(values, (25, 50, 75))
    return float(low), float(middle), float(high)


def comparisons(cell: Cell) -> Iterator[tuple[str, str]]:
    """Yield the pairs of sides whose reach has to agree."""
    if cell.failed:
        return
    yield cell.peer, "SIR law" if cell.peer in OTHER_LAW else next(iter(OURS))
    first, *others = OURS
    yield from ((ours, first) for ours in others if ours in cell.sides)


def faults(cell: Cell) -> list[str]:
    """Return what is wrong with the reach of a cell's sides."""
    found = []
    for one, other in comparisons(cell):
        apart = compare(cell.sides[one].reach, cell.sides[other].reach)
        if not apart.agree:
            found.append(
                f"{cell.graph}, {cell.level}: {one} reaches {cell.sides[one].mean:,.1f} accounts "
                f"on average, {other} {cell.sides[other].mean:,.1f}; "
                f"they should be within {apart.limit:,.1f}"
            )
    return found


def _take(seat: Seat, first: int, count: int) -> Answer:
    answer = seat.ask(first=first, count=count)
    if answer["all"] > HIDDEN_THREADS * answer["seconds"] + 0.05:
        raise SideFailed("runs threads of its own")
    return answer


def _runs_a_turn(seat: Seat, plan: Plan) -> tuple[int, float]:
    """Warm a side up; return how many cascades fill a turn, and how long one takes."""
    count, each = 1, 0.0
    while True:
        taken = _take(seat, 10**9, count)["seconds"]
        each = max(taken / count, 1e-7)
        if taken >= plan.turn / 4 or count >= MOST_RUNS:
            return max(1, min(round(plan.turn / each), MOST_RUNS)), each
        count = min(MOST_RUNS, max(2 * count, round(plan.turn / 2 / each)))


def measure(cell: Cell, seats: Mapping[str, Seat], plan: Plan) -> Cell:
    """Fill a cell: all sides take their turns in every round, every other round backwards."""
    counts, longest = {}, 0.0
    for name, seat in seats.items():
        law = RATE if name in OTHER_LAW or name == "SIR law" else PROBABILITY
        turns = cell.sides[name] = Turns()
        turns.model = seat.ask(probability=law[cell.graph][cell.level])["seconds"]
        counts[name], each = _runs_a_turn(seat, plan)
        longest = max(longest, each * counts[name])
    rounds = min(plan.rounds, max(plan.fewest, int(plan.budget / longest)))
    for number in range(rounds):
        for name in list(seats)[:: -1 if number % 2 else 1]:
            answer = _take(seats[name], 1 + number * counts[name], counts[name])
            turns = cell.sides[name]
            turns.seconds.append(answer["seconds"] / counts[name])
            turns.reach += answer["reach"]
            turns.peak = answer["peak"]
    return cell


def measure_peer(
    peer: str, on: str, levels: list[str], plan: Plan, memory: int
) -> tuple[dict[str, float], list[Cell]]:
    """Return the seconds each side took to make its graph, and the cells of one peer."""
    names = [*OURS, peer, *(["SIR law"] if peer in OTHER_LAW else [])]
    cells = [
        Cell(on, level, peer, PROBABILITY[on][level], failed="not measured") for level in levels
    ]
    seats = {name: Seat(name, on, memory, max(600.0, 10 * plan.budget)) for name in names}
    made: dict[str, float] = {}
    try:
        made = {name: seat.ask()["seconds"] for name, seat in seats.items()}
        for cell in cells:
            print(f"{on}, {cell.level}, {peer}", file=sys.stderr)
            measure(cell, seats, plan).failed = ""
    except SideFailed as failed:
        for cell in cells:
            cell.failed = cell.failed and str(failed)
        print(f"{on}, {peer}: {failed}", file=sys.stderr)
    finally:
        for seat in seats.values():
            seat.close()
    return made, cells
