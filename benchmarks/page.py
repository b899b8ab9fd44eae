"""What was measured, as a page, as the part of the docs that shows it, and as raw numbers."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.graphs import FOLLOWEES, FOLLOWERS, SEED
from benchmarks.rounds import Cell, Plan, compare, comparisons, quartiles
from benchmarks.systems import OURS, PEERS, TARGETS, System

BLOCK = re.compile(r"(<!-- (\S+) begins -->\n).*?(<!-- \2 ends -->)", re.S)
"""A part of a page of the docs that is written by a benchmark, by the benchmark's name."""
FACTS = {
    "ego": "the ego-Twitter graph of SNAP",
    "higgs": (
        "drawn in the size of SNAP's Higgs network, as a configuration model in which followers "
        f"and followees both follow shifted power laws (k + s)^-a: a = {FOLLOWERS.tail} up to "
        f"{FOLLOWERS.most:,} followers and a = {FOLLOWEES.tail} from {FOLLOWEES.least} to "
        f"{FOLLOWEES.most:,} followees, s set by the mean {FOLLOWERS.mean}, follows drawn twice "
        f"and self-follows dropped, seed {SEED}"
    ),
    "small": "drawn, for tests",
}


class About(NamedTuple):
    """A graph in numbers."""

    accounts: int
    follows: int
    most_followers: int
    most_followees: int
    reachable: float


@dataclasses.dataclass
class Measured:
    """Everything a run of the benchmarks found out."""

    machine: str
    plan: Plan
    about: dict[str, About] = dataclasses.field(default_factory=dict)
    made: dict[str, float] = dataclasses.field(default_factory=dict)
    cells: list[Cell] = dataclasses.field(default_factory=list)
    left_out: list[str] = dataclasses.field(default_factory=list)

    def raw(self) -> dict[str, Any]:
        """Return everything as plain lists and numbers, reach as each round's mean."""
        plain = dataclasses.asdict(self)
        for cell in plain["cells"]:
            for side in cell["sides"].values():
                reach = np.reshape(side.pop("reach"), (len(side["seconds"]), -1))
                side["runs"] = reach.shape[1]
                side["reach"] = reach.mean(axis=1).round(3).tolist()
                side["spread of reach"] = float(reach.std())
        return plain


def _graph(name: str, about: About) -> str:
    return (
        f"{about.accounts:,} accounts, {about.follows:,} follows, at most {about.most_followers:,} "
        f"followers and {about.most_followees:,} followees; {FACTS[name]}. Every cascade starts at "
        f"the account with the most followers, from which {about.reachable:.1%} of the accounts "
        "can be reached at all."
    )


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:,.3g}" if seconds < 1 else f"{1000 * seconds:,.0f}"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:,.3g}"


def _row(cell: Cell, ours: str) -> str:
    head = f"| {cell.level} | {cell.peer} |"
    if cell.failed:
        return f"{head} {cell.failed} | | | | | | |"
    theirs, own = cell.sides[cell.peer], cell.sides[ours]
    low, ratio, high = (_times(one) for one in quartiles(cell.ratios(ours)))
    times = " | ".join(_milliseconds(quartiles(one.seconds)[1]) for one in (theirs, own))
    target = TARGETS.get((ours, cell.level), "") if cell.peer == "cynetdiff" else ""
    rounds = f"{len(own.seconds)} x {theirs.runs:,} / {own.runs:,}"
    one, other = next(pair for pair in comparisons(cell) if pair[0] == cell.peer)
    law = f" ({cell.sides[other].mean:,.0f})" if other != ours and other not in OURS else ""
    within = compare(cell.sides[one].reach, cell.sides[other].reach).limit / cell.sides[other].mean
    return (
        f"{head} {times} | {ratio} ({low} to {high}) | {target} | {rounds} | "
        f"{theirs.mean:,.0f}{law} / {own.mean:,.0f} | {within:.1%} |"
    )


def _table(cells: list[Cell], ours: str) -> Iterator[str]:
    yield (
        f"| reach | system | its ms | ms, {ours} | times as fast (quartiles) | target | "
        "rounds x cascades | mean reach | would be found |"
    )
    yield "| --- " * 9 + "|"
    for cell in cells:
        yield _row(cell, ours)


def _set_up(name: str, measured: Measured) -> Iterator[str]:
    """Yield the table of what is not in the times."""
    yield "| system | s to make its graph | s to make its model | peak memory, MB |"
    yield "| --- | --- | --- | --- |"
    for system in [*OURS, *PEERS]:
        sides = [one.sides[system] for one in measured.cells if _took_part(one, name, system)]
        made = measured.made.get(f"{name}, {system}")
        if made is None or not sides:
            continue
        model, peak = max(side.model for side in sides), max(side.peak for side in sides)
        yield f"| {system} | {made:.2f} | {model:.2f} | {peak / 1e6:,.0f} |"


def _took_part(cell: Cell, graph: str, system: str) -> bool:
    return cell.graph == graph and not cell.failed and system in cell.sides


def tables(measured: Measured) -> str:
    """Return machine and tables as Markdown."""
    parts = [f"Measured on: {measured.machine}\n"]
    for name, about in measured.about.items():
        parts.append(f"**Graph `{name}`**: {_graph(name, about)}\n")
        cells = [cell for cell in measured.cells if cell.graph == name]
        cells.sort(key=lambda cell: (list(PEERS).index(cell.peer), cell.probability))
        for ours in OURS:
            parts.append("\n".join(_table(cells, ours)) + "\n")
        chances = dict.fromkeys(
            f"{cell.level} at {cell.probability}"
            for cell in sorted(cells, key=lambda cell: cell.probability)
        )
        parts.append(f"Probability per follow: {', '.join(chances)}.\n")
        parts.append("\n".join(_set_up(name, measured)) + "\n")
    parts += [f"Left out: {what}.\n" for what in measured.left_out]
    return "\n".join(parts)


def _systems(systems: Mapping[str, System]) -> str:
    return "\n".join(f"- *{name}*: {one.what}." for name, one in systems.items())


def page(measured: Measured, method: str) -> str:
    """Return the whole page."""
    return (
        "# Speed against other software\n\n"
        "Written by `python -m benchmarks`; the raw rounds are in `peers.json`. What the columns "
        "mean and what is not compared stands in [docs/speed.md](../../docs/speed.md).\n\n"
        f"{_systems(OURS)}\n{_systems(PEERS)}\n\n{method}\n\n{tables(measured)}"
    )


def into_docs(path: Path, name: str, text: str) -> None:
    """Write what a benchmark measured into its part of a page of the docs."""
    before = path.read_text(encoding="utf-8")
    after = BLOCK.sub(
        lambda found: f"{found[1]}\n{text}\n{found[3]}" if found[2] == name else found[0],
        before,
    )
    path.write_text(after, encoding="utf-8")
