"""How a command starts: what is imported, what is compiled when, and what is said meanwhile."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from campaigns import DRAWN, REAL, write_campaign

from propagation import compiling
from propagation.compiling import COMPILING
from propagation.experiment import warming

HEAVY = ("numba", "pyarrow", "scipy", "networkx", "matplotlib", "mesa")
LOADED = (
    "import sys\n"
    "from propagation.cli import main\n"
    "try:\n"
    "    main()\n"
    "except SystemExit as end:\n"
    f"    print(end.code, *(name for name in {HEAVY!r} if name in sys.modules))\n"
)


def python(code: str, *words: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run code in a new process."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


# --- what is imported --------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    "text", [DRAWN.replace("horizon", "horizn"), "name: [", REAL.replace("rowing: 5", "rowing: x")]
)
def test_a_bad_scenario_is_refused_before_anything_heavy_is_imported(
    tmp_path: Path, command: str, text: str
) -> None:
    done = python(LOADED, command, write_campaign(tmp_path, text))
    assert done.stdout == "2\n"
    assert len(done.stderr.splitlines()) == 1


def test_what_is_imported_for_a_good_scenario_is_seen(tmp_path: Path) -> None:
    """The planted fault of the test above."""
    done = python(LOADED, "check", write_campaign(tmp_path, DRAWN))
    code, *heavy = done.stdout.splitlines()[-1].split()
    assert code == "0"
    assert "numba" in heavy
    assert not {"matplotlib", "mesa"} & set(heavy)


# --- what is compiled, and said ----------------------------------------------------------------

COMPILE_ONE = """
import numpy as np
from propagation.compiling import say_when_compiling
from propagation.luck import member_keys
say_when_compiling(print)
member_keys(np.uint64(1), np.arange(3, dtype=np.uint64))
"""


def test_compiling_is_said_once(tmp_path: Path) -> None:
    said = [python(COMPILE_ONE, NUMBA_CACHE_DIR=str(tmp_path)).stdout for _ in range(2)]
    assert said == [f"{COMPILING}\n", ""]


WARM = "from propagation.experiment.warming import warm; warm("
MISSES = """
import numba.core.event as event, sys
class Listener(event.Listener):
    def on_start(self, one): print(one.data["dispatcher"].py_func.__module__, file=sys.stderr)
    def on_end(self, one): pass
listener = Listener()
event.register("numba:compile", listener)
from pathlib import Path
from propagation.experiment.expectations import Expectations
from propagation.experiment.replicates import Laboratory
from propagation.scenario.reading import read_scenario
file = Path(sys.argv[1])
laboratory = Laboratory(read_scenario(file), file.parent)
laboratory.run(0, [0, 1])
Expectations(laboratory)(laboratory.agendas)
"""


@pytest.mark.parametrize("campaign", [False, True])
def test_the_helper_compiles_what_any_run_needs(tmp_path: Path, campaign: bool) -> None:
    """What the helper leaves uncompiled, the run would have to compile after it has waited."""
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    text = REAL if not campaign else f"{REAL}\nfollowing: {{follows: 2%}}\n"
    file = write_campaign(tmp_path, text)
    warmed = python(f"{WARM}{campaign})", **cache)
    assert warmed.returncode == 0, warmed.stderr
    done = python(MISSES, file, **cache)
    assert done.returncode == 0, done.stderr
    assert "propagation.spread" not in done.stderr


def test_the_helper_comes_for_the_first_run_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    class Process:
        def __init__(self, command: list[str], **options: object) -> None:
            started.append(command)

        def wait(self, seconds: float = 0.0) -> None:
            pass

        kill = wait

    monkeypatch.setattr(warming.subprocess, "Popen", Process)
    monkeypatch.setattr(warming, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(warming.os, "cpu_count", lambda: 2)
    for name in ("kept.nbc", "other.nbc"):
        with warming.helper() as wait:
            wait()
        (tmp_path / name).touch()
    assert len(started) == 1
    for _ in range(2):
        with warming.helper(campaign=True) as wait:
            wait()
        (tmp_path / "campaign.run_campaign-340.py311.1.nbc").touch()
    called = [command[-1].split("; ")[-1] for command in started]
    assert called == ["warm(campaign=False)", "warm(campaign=True)"]
    started.pop()
    (tmp_path / "campaign.run_campaign-340.py311.1.nbc").unlink()
    (tmp_path / "kept.nbc").unlink()
    (tmp_path / "other.nbc").unlink()
    monkeypatch.setattr(warming.os, "cpu_count", lambda: 1)
    with warming.helper() as wait:
        wait()
    assert len(started) == 1


# --- the cache is right ------------------------------------------------------------------------


def test_another_numpy_numba_or_python_has_a_cache_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = Path(compiling.__file__).parent
    names = {compiling.cache_name(package, compiling.compilers())}
    for module in (compiling.np, compiling.numba, compiling.llvmlite):
        with monkeypatch.context() as patched:
            patched.setattr(module, "__version__", "0.0")
            names.add(compiling.cache_name(package, compiling.compilers()))
    monkeypatch.setattr(compiling.platform, "python_version", lambda: "3.99.0")
    names.add(compiling.cache_name(package, compiling.compilers()))
    assert len(names) == 5


ADDING = """
import sys, time
from pathlib import Path
here, kind, locked = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "locked"
sys.path.insert(0, str(here))
from numba.core import caching
from propagation import compiling
if not locked:
    compiling._keep_one_at_a_time = lambda machine_code: None
save = caching.IndexDataCacheFile._save_index
def slowly(self, overloads):
    (here / f"saving-{kind}").touch()
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline and len(list(here.glob("saving-*"))) < 2:
        time.sleep(0.01)
    save(self, overloads)
    time.sleep(0.1)
caching.IndexDataCacheFile._save_index = slowly
import added
(here / f"ready-{kind}").touch()
while len(list(here.glob("ready-*"))) < 2:
    time.sleep(0.01)
added.double(2 if kind == "whole" else 2.5)
"""
BOTH = """
import sys
sys.path.insert(0, sys.argv[1])
import added
print(added.double(2), added.double(2.5), sum(added.double.stats.cache_hits.values()))
"""


@pytest.mark.parametrize("locked", ["locked", "without a lock"])
def test_two_processes_may_add_to_the_cache_at_once(tmp_path: Path, locked: str) -> None:
    """Without the lock, the planted fault, one is lost or given machine code for other types."""
    (tmp_path / "added.py").write_text(
        "from propagation.compiling import compiled\n@compiled\ndef double(x):\n    return x * 2\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    both = [
        subprocess.Popen([sys.executable, "-c", ADDING, tmp_path, kind, locked], env=environment)
        for kind in ("whole", "real")
    ]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    done = python(BOTH, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert (done.stdout == "4 5.0 2\n") == (locked == "locked"), (done.stdout, done.stderr)


# --- the progress bar --------------------------------------------------------------------------


def on_a_terminal(*words: str | Path) -> str:
    """Run a command whose stderr is a terminal; return what it shows."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-m", "propagation", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:  # how Linux says that the other side is closed
            break
        if not more:
            break
        shown += more
    os.close(ours)
    assert process.wait() == 0
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


@pytest.mark.skipif(os.name == "nt", reason="Windows has other terminals")
def test_a_terminal_shows_how_far_a_run_is_and_a_file_does_not(tmp_path: Path) -> None:
    file = write_campaign(tmp_path, replicates="1000")
    words = ("run", file, "--no-report", "--out")
    shown = on_a_terminal(*words, tmp_path / "one")
    assert "tiny: reading and drawing" in shown
    assert "/1000 replicates" in shown
    assert "0:00:0" in shown  # the time that remains
    done = python("from propagation.cli import main; main()", *words, tmp_path / "two")
    assert "replicates" not in done.stderr.replace("1,000 replicates, as asked", "")
    assert "\x1b" not in done.stderr
