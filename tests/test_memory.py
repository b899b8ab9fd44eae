"""What memory cannot hold is told in one line before it is begun, and never ends the program."""

import re
import subprocess
import sys
import weakref
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from propagation import cli
from propagation.audience import drawn_folders, memory
from propagation.audience.files import check_file, content_of
from propagation.cli.terminal import guarded
from propagation.problems import MachineError
from tests.corpus import DRAWN, REAL, SCENARIO

HUGE = DRAWN.replace("accounts: 100,", "accounts: 1000000,").replace("mean: 5", "mean: 10000")


class FullDisk(NamedTuple):
    """A disk with little room."""

    free: int = 10**9


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a program's data")


def test_free_memory_is_known_here() -> None:
    free = memory.free_memory()
    if sys.platform == "linux":
        assert free is not None
    assert free is None or 10**7 < free < 10**15


def test_nothing_is_refused_where_free_memory_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    memory.check_fits(1e30, "a world", "take less")


def test_what_does_not_fit_is_refused_with_both_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 2 * 10**9)
    memory.check_fits(2e9, "a world", "take less")
    with pytest.raises(MachineError) as caught:
        memory.check_fits(2.1e9, "a world", "take less")
    assert str(caught.value) == (
        "a world: needs about 2.1 GB of memory, 2.0 GB are free; take less"
    )


def test_worlds_beyond_memory_are_refused_before_they_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    together = HUGE.replace("follows: {", "reciprocity: 20%, follows: {")  # in memory
    (tmp_path / SCENARIO).write_text(together.replace("accounts: 200,", "accounts: 1000000,"))
    checked = CliRunner().invoke(cli.app, ["check", SCENARIO])
    assert checked.exit_code == 0
    result = CliRunner().invoke(cli.app, ["run", SCENARIO])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("test: needs about ")
    assert len(result.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == [SCENARIO]
    assert "that are free: it would be refused" in checked.stdout


def test_a_graph_beyond_the_disk_is_refused_before_it_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn_folders.shutil, "disk_usage", lambda _: FullDisk())
    monkeypatch.setenv("PROPAGATION_GRAPHS", str(tmp_path))
    file = tmp_path / SCENARIO
    file.write_text(HUGE)
    checked = CliRunner().invoke(cli.app, ["check", str(file)])
    assert f"kept in {tmp_path}; more than the 1.00 GB that are free" in checked.stdout
    result = CliRunner().invoke(cli.app, ["run", str(file), "--out", str(tmp_path / "out")])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "GB of disk, 1.0 GB are free; " in result.stderr.splitlines()[-1]


def test_draws_that_no_replicate_asks_for_need_no_memory(tmp_path: Path) -> None:
    (tmp_path / SCENARIO).write_text(f"{DRAWN}draws: 1000000\n")
    checked = CliRunner().invoke(cli.app, ["check", str(tmp_path / SCENARIO)])
    assert re.search(r"memory: 0\.[23]\d GB", checked.stdout)


def test_a_file_larger_than_memory_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "follows.csv"
    with file.open("wb") as stream:
        stream.truncate(10**7)  # all zeros, and no room on the disk where it can be spared
    monkeypatch.setattr(memory, "free_memory", lambda: 2 * 10**7)
    assert check_file(file) == 10**7
    with pytest.raises(MachineError, match=r"needs about 0\.0 GB of memory"):
        content_of(file)
    assert len(content_of(file, at_most=10)) == 10


@LINUX
def test_a_graph_too_large_to_foresee_ends_in_one_line(tmp_path: Path) -> None:
    graph = "graph: {networkx: complete_graph, arguments: {n: 100000}}"
    text = REAL.replace("graph: {follows: follows.csv, follower: src, followee: dst}", graph)
    assert graph in text
    (tmp_path / SCENARIO).write_text(text)
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (600_000_000, 600_000_000))\n"
        f"sys.argv = ['propagation', 'check', {SCENARIO!r}]\n"
        "from propagation.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    told = [each for each in done.stderr.splitlines() if not each.startswith("Compiling ")]
    assert told == ["not enough memory; try fewer accounts, fewer draws or --workers 1"]


def test_what_filled_the_memory_is_let_go_before_leaving() -> None:
    class Filler:
        """Holds itself, as networkx's graphs do."""

        def __init__(self) -> None:
            self.itself = self

    kept: list[weakref.ref[Filler]] = []

    @guarded
    def command() -> None:
        filler = Filler()
        kept.append(weakref.ref(filler))
        raise MemoryError

    with pytest.raises(typer.Exit):
        command()
    assert kept[0]() is None


@LINUX
def test_the_command_line_limits_itself_to_what_is_free() -> None:
    code = (
        "import resource\n"
        "from propagation.audience.memory import free_memory, limit_memory\n"
        "limit_memory()\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA)[0] / free_memory())\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (10**9, 10**9))\n"
        "limit_memory()\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA)[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ratio, kept = done.stdout.split()
    assert 1.0 < float(ratio) < 1000
    assert int(kept) == 10**9  # a stricter limit of somebody else's stays
