"""How long the first run ever takes to start, and any later one.

``python -m benchmarks.startup`` prints the table and writes ``results/benchmarks/startup.md``.

Method: each run is a process of its own, ``propagation run`` on the starter scenario without a
report. For a first run the folder for machine code is new. *Until simulating* is from the start of
the process to the first replicate, *drawing* the part of it in which the world of the first draw is
made, and *compiling* how much longer a first run takes than a later one does until it has ended.
Wall time, and processor time of the process and all it started; the load is that of the last minute
before each half began.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from propagation.scenario.starter import starter_scenario

OUT = Path("results/benchmarks/startup.md")
FIRST_RUNS, LATER_RUNS = 3, 9
WATCHED = """\
import atexit, json, time
from propagation.experiment.replicates import Laboratory

def noting(name):
    function = getattr(Laboratory, name)
    def noted(self, *words, **options):
        start = time.time()
        moments.setdefault(name, start)
        result = function(self, *words, **options)
        moments.setdefault(name + " ended", time.time())
        return result
    setattr(Laboratory, name, noted)

moments = {}
noting("_build")
noting("run")
atexit.register(lambda: print(json.dumps(moments), file=open(notes, "w")))
"""
"""Notes when the first world is made and when the first replicates are run."""
HEADING = (
    "| run | until simulating, s | of it drawing | whole run, s | processor time, s |",
    "| --- | --- | --- | --- | --- |",
)


def one_run(cache: Path, folder: Path) -> dict[str, float]:
    """Return the seconds of one run."""
    file, notes = folder / "scenario.yaml", folder / "moments.json"
    file.write_text(starter_scenario(), encoding="utf-8")
    code = f"notes = {str(notes)!r}\n{WATCHED}from propagation.cli import main\nmain()"
    words = ["run", str(file), "--out", str(folder / "out"), "--force", "--no-report"]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.time()
    subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, check=True, capture_output=True
    )
    whole = time.time() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    moments = json.loads(notes.read_text(encoding="utf-8"))
    return {
        "until": moments["run"] - start,
        "drawing": moments["_build ended"] - moments["_build"],
        "whole": whole,
        "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def row(name: str, runs: list[dict[str, float]]) -> str:
    """Return a line of the table: medians, and the range."""
    cells = []
    for key in ("until", "drawing", "whole", "processor"):
        values = [one[key] for one in runs]
        cells.append(f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})")
    return f"| {name}, {len(runs)} times | {' | '.join(cells)} |"


def load() -> str:
    """Return the load of the last minute, where the system tells."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def main() -> None:
    """Measure and write the table."""
    loads, first, later = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loads.append(load())
        for number in range(FIRST_RUNS):
            first.append(one_run(folder / f"cache-{number}", folder))
        loads.append(load())
        for _ in range(LATER_RUNS):
            later.append(one_run(folder / "cache-0", folder))
    compiling, processor = (
        statistics.median(one[key] for one in first) - statistics.median(one[key] for one in later)
        for key in ("whole", "processor")
    )
    machine = (
        f"{platform.machine()}, {os.cpu_count()} processors, load {loads[0]} before the first runs "
        f"and {loads[1]} before the later ones; Python {platform.python_version()}, "
        f"numba {version('numba')}."
    )
    lines = [
        "# Start-up",
        "",
        " ".join((__doc__ or "").split("\n\n")[2].split()),
        "",
        machine,
        "",
        *HEADING,
        row("first ever", first),
        row("later", later),
        "",
        f"Compiling: {compiling:.1f} s, {processor:.1f} s of processor time.",
        "",
    ]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(lines), encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
