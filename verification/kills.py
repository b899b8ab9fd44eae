"""Runs that are killed without warning, and what is left when they have been resumed.

A server process imports the program once and forks for every command, so that a kill costs a
fraction of a second; what it forks is the command line as it is, on folders on disk. Commands come
as lines of JSON, and an answer goes back for each.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SCENARIO = """\
name: killed
seed: 8
replicates: {within: 2%, at most: 240}
horizon: 2 days
draws: 4
segments:
  fans: {accounts: 400, attention: 0.5, interest: {news: 0.6}, follows: {mean: 6}}
  the public: {accounts: 900, attention: 0.3, value: 2, interest: {news: 0.1}, follows: {mean: 5}}
ours:
  ceo: {followers: {fans: 20}}
  brand: {followers: {the public: 100, fans: 5}}
messages:
  call: {topic: news, resonance: 0.5}
  echo: {topic: news, resonance: 0.2, response: single}
strategies:
  small: [{post: call, by: ceo, at: 0 h}]
  large: [{post: call, by: brand, at: [0 h, 5 h]}, {post: echo, by: ceo, at: 1 h}]
shuffled: [small]
compare: {on: reach, baseline: large}
"""
UNTIMED = ("report.html", "provenance.json", ".lock", "figures")
"""What holds times or may be drawn again; all else has to be equal byte for byte."""
REPORTED = 10
"""Every tenth run is killed while its report is drawn, which takes longer than all else."""
PHASES = ("nothing yet", "begun", "parts", "joined", "summary", "report")
"""How far a killed run was, as its folder shows."""
NOT_ATOMIC = (
    "import contextlib\n"
    "from propagation.experiment import storage\n"
    "@contextlib.contextmanager\n"
    "def replacing(path):\n"
    "    path.write_bytes(b'')\n"
    "    import time; time.sleep(0.1)\n"
    "    yield path\n"
    "storage.replacing = replacing\n"
)
"""A planted fault: files are written in their place."""


def serve(first: str = "") -> None:
    """Fork for every command that comes on stdin; ``first`` is code to run before."""
    from propagation import cli
    from propagation.experiment import runner, warming
    from propagation.report import page  # noqa: F401  what a report takes is imported too

    runner.FLUSH_SECONDS, runner.POLL_SECONDS = 0.02, 0.01  # many parts
    warming.warm()
    exec(first, {})
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        start = time.monotonic()
        child = os.fork()
        if not child:
            _become(asked["words"], cli)
        if asked["after"] is not None:
            time.sleep(asked["after"])
            os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"status": status, "seconds": time.monotonic() - start}), flush=True)


def _become(words: list[str], cli: object) -> None:
    """Be the command line from now on, quietly."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    sys.argv = ["propagation", *words]
    code = 1
    try:
        cli.main()  # type: ignore[attr-defined]
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    finally:
        os._exit(code)


class Server:
    """The server, seen from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._in: IO[str] = process.stdin  # type: ignore[assignment]
        self._out: IO[str] = process.stdout  # type: ignore[assignment]
        self._out.readline()

    def run(self, *words: object, after: float | None = None) -> tuple[int, float]:
        """Run a command, killed so many seconds ``after`` its start; return status and seconds."""
        self._in.write(json.dumps({"words": [*map(str, words)], "after": after}) + "\n")
        self._in.flush()
        answer = json.loads(self._out.readline())
        return answer["status"], answer["seconds"]


@contextlib.contextmanager
def server(first: str = "") -> Iterator[Server]:
    """Start a server, and end it."""
    code = f"from verification.kills import serve; serve({first!r})"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Server(process)
    finally:
        process.kill()
        process.communicate()


def contents(out: Path) -> dict[str, bytes]:
    """Return every file of a results folder that has to be equal, by its path."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.relative_to(out).parts[0] not in UNTIMED
    }


def phase(out: Path) -> str:
    """Say how far a killed run was."""
    if (out / "report.html").exists():
        return "report"
    if (out / "summary.json").exists():
        return "summary"
    if (out / "runs.parquet").exists():
        return "joined"
    if any((out / "parts").glob("*runs.parquet")):
        return "parts"
    return "begun" if (out / "scenario.yaml").exists() else "nothing yet"


@dataclass(frozen=True)
class Killed:
    """What came of kills: how far the runs were, and what differed after they were resumed."""

    phases: Counter[str]
    differences: tuple[str, ...]


def kill_and_resume(folder: Path, count: int, seed: int, first: str = "") -> Killed:
    """Kill ``count`` runs, every other one again while it is resumed, and compare what they leave.

    The moments are random, one in each of ``count`` equal parts of what an undisturbed run takes,
    so that every phase that lasts gets its share; a tenth are in the report.
    """
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "killed.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    phases: Counter[str] = Counter()
    differences = []
    with server(first) as running:
        short, full = _undisturbed(running, file, folder)
        expected = contents(folder / "whole")
        for number in range(count):
            out = folder / f"out-{number}"
            drawn = number % REPORTED == REPORTED - 1
            command = ("run", file, "--out", out, "--resume", *(() if drawn else ("--no-report",)))
            moment = (number + chance.random()) / count
            after = short + (full - short) * chance.random() if drawn else short * moment
            running.run(*command, after=after)
            phases[phase(out)] += 1
            if number % 2:
                running.run(*command, after=short * chance.random())
            status, _ = running.run(*command)
            found = contents(out)
            differences += [
                f"{number}: {name}"
                for name in sorted(expected.keys() | found.keys())
                if found.get(name) != expected.get(name) and (drawn or "/" not in name)
            ]
            if status:
                differences.append(f"{number}: ended with {status}")
            shutil.rmtree(out, ignore_errors=True)
    return Killed(phases, tuple(differences))


def _undisturbed(running: Server, file: Path, folder: Path) -> tuple[float, float]:
    """Run undisturbed, into ``whole``; return the seconds without a report and with it."""
    seconds = []
    for out, options in (("warm-up", ("--no-report",)), ("short", ("--no-report",)), ("whole", ())):
        status, took = running.run("run", file, "--out", folder / out, *options)
        if status:
            raise RuntimeError(f"the undisturbed run ends with {status}")
        seconds.append(took)
    return seconds[1], seconds[2]
