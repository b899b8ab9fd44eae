"""Measures this package against other software: ``python -m benchmarks`` (``make bench``).

Prints the tables and writes ``results/benchmarks/peers.md``, the raw rounds beside it and the part
of ``docs/speed.md`` that shows them. What measures only a part (``--graph``, ``--peer``,
``--level``, ``--quick``) is printed and kept under ``build/`` only. Ends with 1 if a side reaches
other accounts in number than it should, or if the cascades do not go as far as they are meant to.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from benchmarks.graphs import KEPT, graph, has_data
from benchmarks.levels import LEVELS, NEAR, wanted
from benchmarks.machine import machine, memory
from benchmarks.page import About, Measured, into_docs, page, tables
from benchmarks.rounds import STANDARD_ERRORS, Cell, Plan, faults, measure_peer
from benchmarks.systems import OURS, PEERS

OUT = Path("results/benchmarks")
DOCS = Path("docs/speed.md")
GRAPHS = ("ego", "higgs")
QUICK = Plan(turn=0.01, rounds=3, fewest=3, budget=5.0)
METHOD = """\
Method: each side runs in a process of its own and does nothing but what it is told, one side at a
time. In every round all sides of a comparison take a turn, every other round backwards, so that a
change in the machine's speed meets all of them. A turn is as many cascades as fill {turn} s, at
least one. Times are processor time of the one thread that runs, per cascade: median over {rounds}
rounds after a warm-up, fewer, but at least {fewest}, where one side's rounds would take more than
{budget:.0f} s. Importing, compiling and making graphs and models is not in the times; the second
table of each graph tells what it took. A side that uses threads of its own is not measured."""


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--graph", choices=GRAPHS, action="append", help="only this graph")
    parser.add_argument("--peer", choices=list(PEERS), action="append", help="only this peer")
    parser.add_argument("--level", choices=list(LEVELS), action="append", help="only this reach")
    parser.add_argument("--quick", action="store_true", help="a small graph, three short rounds")
    parser.add_argument("--budget", type=float, default=Plan().budget, help="s for slow rounds")
    parser.add_argument("--turn", type=float, default=Plan().turn, help="s that a turn takes")
    parser.add_argument("--memory", type=float, help="GB that a side may take")
    return parser.parse_args()


def about(name: str) -> About:
    """Return a graph in numbers."""
    one = graph(name)
    return About(
        accounts=one.accounts,
        follows=one.follows,
        most_followers=int(np.diff(one.starts).max()),
        most_followees=int(np.bincount(one.followers).max()),
        reachable=one.reachable() / one.accounts,
    )


def too_far(cell: Cell, on: About) -> list[str]:
    """Return what is wrong with how far a cell's cascades go."""
    if cell.failed:
        return []
    aim = wanted(cell.level, on.reachable) * on.accounts
    found = []
    for name in (next(iter(OURS)), "SIR law"):
        if name not in cell.sides:
            continue
        reach = np.array(cell.sides[name].reach)
        error = STANDARD_ERRORS * reach.std() / np.sqrt(len(reach))
        if abs(reach.mean() - aim) > NEAR * aim + error:
            found.append(
                f"{cell.graph}, {cell.level}: {name} reaches {reach.mean():,.0f} accounts on "
                f"average, {aim:,.0f} are meant"
            )
    return found


def measure(chosen: argparse.Namespace) -> tuple[Measured, list[str]]:
    """Measure what is asked for; return it, and what is wrong with it."""
    plan = QUICK if chosen.quick else Plan(budget=chosen.budget, turn=chosen.turn)
    limit = int(chosen.memory * 1e9) if chosen.memory else int(0.8 * memory()) or 8 * 10**9
    measured, wrong = Measured(machine(), plan), []
    for name in ["small"] if chosen.quick else chosen.graph or GRAPHS:
        if not has_data(name):
            measured.left_out.append(f"graph `{name}`, whose data are not here")
            continue
        measured.about[name] = about(name)
        for peer in chosen.peer or PEERS:
            made, cells = measure_peer(peer, name, chosen.level or list(LEVELS), plan, limit)
            measured.made |= {f"{name}, {system}": seconds for system, seconds in made.items()}
            measured.cells += cells
            for cell in cells:
                wrong += faults(cell) + too_far(cell, measured.about[name])
            write(measured, KEPT)
    return measured, wrong


def write(measured: Measured, folder: Path) -> None:
    """Write the page and the raw rounds into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    method = METHOD.format(**measured.plan._asdict())
    (folder / "peers.md").write_text(page(measured, method), encoding="utf-8")
    raw = json.dumps(measured.raw(), indent=None, separators=(",", ":"))
    (folder / "peers.json").write_text(raw + "\n", encoding="utf-8")


def main() -> None:
    """Measure, print, write."""
    chosen = arguments()
    measured, wrong = measure(chosen)
    print(tables(measured))
    if wrong:
        sys.exit("\n".join(wrong))
    if chosen.quick or chosen.graph or chosen.peer or chosen.level:
        print("A part only: nothing written to results/.", file=sys.stderr)
        return
    write(measured, OUT)
    into_docs(DOCS, "peers", tables(measured))


if __name__ == "__main__":
    main()
