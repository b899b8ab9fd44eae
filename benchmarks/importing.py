"""What importing a file of follows takes, and what others take merely to read the same file.

``python -m benchmarks.importing`` draws files of follows in random order, imports each in a process
of its own and lets polars, pyarrow and pandas read it in processes of their own; ``--python`` names
an interpreter that has them. Sides take turns. Processor time is the whole process's, start
included; memory is looked at every 20 ms. It prints a table and writes
``results/benchmarks/importing.md``.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from propagation.audience.graph_folder import open_graph_folder

OUT = Path("results/benchmarks/importing.md")
A_TURN = 5_000_000
FOLLOWS_AN_ACCOUNT = 35
FEW = 35_000
READERS = {
    "polars": "import polars; polars.read_csv({path!r}, separator='\\t', has_header=False)",
    "pyarrow": (
        "from pyarrow import csv; csv.read_csv({path!r}, csv.ReadOptions(column_names=['a', 'b']), "
        "csv.ParseOptions(delimiter='\\t'))"
    ),
    "pandas": "import pandas; pandas.read_csv({path!r}, sep='\\t', header=None)",
}
INTRODUCTION = """\
# What an import takes

{lines:,} lines of two ids, in random order, {accounts:,} accounts, heavy-tailed follower counts.
*small ids* are numbers up to 1.5 times the number of accounts (as in published crawls of Twitter),
*large ids* have 18 digits. Each side runs in a process of its own on {cores} processors, {rounds}
rounds in turns. Processor time is that of the whole process, all threads and start-up included
(median); *start-up* is what a file of {few:,} lines takes of it. *By the clock* is the shortest
round, for the machine did other work too. *Private* is the memory of the process itself at its
peak, *with files* what is mapped from files as well. polars, pyarrow and pandas only read the file
into memory: no ids are numbered, nothing is sorted and nothing written. Rates are million lines a
second. {versions}."""
HEADING = """\
| ids | side | start-up | rate by processor time | by the clock | private | with files |
| --- | --- | --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Taken:
    """Seconds of processor time and of time, and bytes at the peak."""

    processor: float
    elapsed: float
    private: int
    resident: int


def write_follows(path: Path, lines: int, *, large: bool) -> None:
    """Write follows in random order, the followed accounts with a heavy tail."""
    rng = np.random.default_rng(1)
    accounts = lines // FOLLOWS_AN_ACCOUNT
    ids = rng.choice(accounts * 3 // 2, accounts, replace=False).astype(np.int64)
    if large:
        ids = 10**17 + ids * 100_000_300
    schema = pa.schema([("follower", pa.int64()), ("followee", pa.int64())])
    options = csv.WriteOptions(include_header=False, delimiter="\t")
    with csv.CSVWriter(path, schema, write_options=options) as writer:
        for start in range(0, lines, A_TURN):
            count = min(A_TURN, lines - start)
            follower = ids[rng.integers(0, accounts, count)]
            followee = ids[(accounts * rng.random(count) ** 4).astype(np.int64)]
            writer.write_table(pa.table([follower, followee], schema=schema))


def memory_of(process: int) -> tuple[int, int]:
    """Return the private and all resident bytes of a process; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0, 0
    sizes = {line.split()[0]: 1024 * int(line.split()[1]) for line in lines if line[:3] == "Rss"}
    return sizes.get("RssAnon:", 0), sum(sizes.values())


def take(command: Sequence[str]) -> Taken:
    """Run a command and return what it took."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    private = resident = 0
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        found = memory_of(process.pid)
        private, resident = max(private, found[0]), max(resident, found[1])
        time.sleep(0.02)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    elapsed = time.monotonic() - start
    return Taken(usage.ru_utime + usage.ru_stime, elapsed, private, resident)


def sides(path: Path, target: Path, python: str) -> dict[str, list[str]]:
    """Return the commands that are compared."""
    importing = ["-m", "propagation", "graph", "import", str(path), "--to", str(target), "--force"]
    columns = ["--follower", "1", "--followee", "2"]
    readers = {
        f"{name}, reading only": [python, "-c", code.format(path=str(path))]
        for name, code in READERS.items()
    }
    return {
        "import": [sys.executable, *importing, *columns],
        "import, both directions": [sys.executable, *importing, *columns, "--both"],
        **readers,
    }


def measured(asked: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Yield the rows of the table."""
    for ids in ("small", "large"):
        few = folder / "few.tsv"
        write_follows(few, FEW, large=ids == "large")
        begun = {}
        for name, command in sides(few, folder / "few", asked.python).items():
            take(command)  # so that all is compiled
            begun[name] = min(take(command).processor for _ in range(3))
        path, target = folder / f"{ids}.tsv", folder / "graph"
        write_follows(path, asked.lines, large=ids == "large")
        commands = sides(path, target, asked.python)
        taken: dict[str, list[Taken]] = {name: [] for name in commands}
        for _ in range(asked.rounds):
            for name, command in commands.items():
                taken[name].append(take(command))
        for name, turns in taken.items():
            rates = [
                asked.lines / 1e6 / typical
                for typical in (
                    statistics.median(turn.processor for turn in turns),
                    min(turn.elapsed for turn in turns),
                )
            ]
            peaks = [
                max(getattr(turn, kind) for turn in turns) / 1e9 for kind in ("private", "resident")
            ]
            row = f"| {ids} | {name} | {begun[name]:.1f} s | {rates[0]:.1f} | {rates[1]:.1f} |"
            yield f"{row} {peaks[0]:.2f} GB | {peaks[1]:.2f} GB |"
        size = open_graph_folder(target).size / 1e9
        yield f"| {ids} | *finished arrays, both directions* | | | | | {size:.2f} GB |"
        path.unlink()
        shutil.rmtree(target)


def main() -> None:
    """Measure, print and write down."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=int, default=50_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--python", default=sys.executable, help="has polars, pyarrow and pandas")
    options.add_argument("--folder", type=Path, help="where files are written")
    asked = options.parse_args()
    code = (
        "from importlib.metadata import version as v; "
        "print(', '.join(f'{n} {v(n)}' for n in ('polars', 'pyarrow', 'pandas')))"
    )
    theirs = subprocess.run([asked.python, "-c", code], capture_output=True, text=True, check=True)
    ours = f"Python {platform.python_version()}, numpy {version('numpy')}, numba {version('numba')}"
    introduction = INTRODUCTION.format(
        lines=asked.lines,
        few=FEW,
        accounts=asked.lines // FOLLOWS_AN_ACCOUNT,
        cores=os.cpu_count(),
        rounds=asked.rounds,
        versions=f"{ours}; {theirs.stdout.strip()}; {platform.machine()}",
    )
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        rows = list(measured(asked, Path(folder)))
    page = "\n".join([introduction, "", HEADING, *rows, ""])
    print(page)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
