"""Input of any kind gets its one line (or several) and exit code 2; nothing is written."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from typer.testing import CliRunner

from propagation import cli
from propagation.scenario.reading import read_scenario
from tests.corpus import DRAWN, INVALID, SCENARIO, VALID, Case, cases, copier, expected, measure
from tests.fuzz.edge_lists import check_edge_list, edge_lists
from tests.fuzz.scenarios import check_scenario, scenario_files

CASES = {case.name: case for case in cases()}
FOLDERS = sorted(path.name for path in VALID.iterdir() if path.is_dir())
WORST = ("a YAML bomb", "half a million of '{a: '", "600 kB", "accounts-a-million-million")


def contents(folder: Path) -> dict[str, float]:
    """Return every path below a folder with the time of its last change."""
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture(scope="module", autouse=True)
def libraries_loaded() -> None:
    """What a first command imports and compiles is not to be counted with the first case."""
    file = str(VALID / "table-with-bom" / SCENARIO)
    assert CliRunner().invoke(cli.app, ["check", file]).exit_code == 0


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in an empty folder, where a file of Python leaves no compiled one behind."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_file_of_the_corpus_says_what_it_expects() -> None:
    assert len(CASES) > 240
    assert [case.name for case in CASES.values() if not case.lines] == []
    assert {path.name for path in INVALID.iterdir() if path.is_dir()} <= set(CASES)


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("name", CASES)
def test_bad_input_gets_its_lines_and_nothing_is_written(
    name: str, command: str, here: Path
) -> None:
    case = CASES[name]
    case.lay_out(here)
    before, start = contents(here), time.process_time()
    result = CliRunner().invoke(cli.app, [command, case.file])
    seconds = time.process_time() - start
    assert case.is_told_by(result.stderr.splitlines()), result.stderr
    assert (result.exit_code, result.stdout) == (2, "")
    assert contents(here) == before
    assert seconds < 2


def test_another_line_or_one_more_is_noticed() -> None:
    case = Case("", SCENARIO, copier(VALID, ""), ("a: b", "c: (..."))
    assert case.is_told_by(["a: b", "c: (..."])
    assert not case.is_told_by(["a: b"])
    assert not case.is_told_by(["a: b", "c: (", "d"])
    assert not case.is_told_by(["a: b!", "c: (..."])
    open_end = Case("", SCENARIO, copier(VALID, ""), ("a: ( ...",))
    assert open_end.is_told_by(["a: (anything)"])
    assert not open_end.is_told_by(["a: anything"])


@pytest.mark.parametrize("name", WORST)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell what a child used")
def test_the_worst_take_less_than_2_seconds_and_500_megabytes(name: str) -> None:
    """The others take less: ``python -m tests.corpus`` measures them all."""
    code, seconds, megabytes = measure(CASES[name], "run")
    assert code == 2
    assert seconds < 2
    assert megabytes < 500


@pytest.mark.parametrize("file", ["byte-order-mark", "windows-line-ends", "old-line-ends"])
def test_marks_and_line_ends_of_other_systems_change_nothing(file: str, tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text(DRAWN, encoding="utf-8", newline="\n")
    content = (VALID / f"{file}.yaml").read_bytes()
    assert content != DRAWN.encode()
    assert read_scenario(VALID / f"{file}.yaml") == read_scenario(tmp_path / "plain.yaml")


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("options", [["check"], ["run", "--no-report"]], ids=["check", "run"])
def test_odd_but_right_input_is_read_as_it_stands(
    name: str, options: list[str], here: Path
) -> None:
    copier(VALID / name, "")(here)
    result = CliRunner().invoke(cli.app, [*options, SCENARIO])
    assert result.exit_code == 0, result.stderr
    assert expected(here / SCENARIO) == ()


FEW = settings(
    max_examples=200,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@seed(20260105)
@FEW
@given(scenario_files())
def test_any_scenario_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    check_scenario(content, tmp_path_factory.getbasetemp())


@seed(20260105)
@FEW
@given(edge_lists())
def test_any_edge_list_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    case: tuple[bytes, bool, tuple[str | int, str | int], str | None],
) -> None:
    check_edge_list(case, tmp_path_factory.getbasetemp())


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted as Linux counts them")
def test_a_small_table_starts_no_pool_of_threads(tmp_path: Path) -> None:
    """Threads that are still starting when the program ends made it abort one time in twelve."""
    (tmp_path / "follows.csv").write_text("src,dst\n1,2\n", encoding="utf-8")
    code = (
        "import os, sys\n"
        "from pyarrow import csv\n"
        "from propagation.audience.edge_lists import read_follows\n"
        "def started(read):\n"
        "    before = len(os.listdir('/proc/self/task'))\n"
        "    read(sys.argv[1])\n"
        "    return len(os.listdir('/proc/self/task')) - before\n"
        "print(started(lambda file: read_follows(file, 'src', 'dst')), started(csv.read_csv))\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "follows.csv")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    ours, with_a_pool = map(int, done.stdout.split())
    assert ours <= 1 < ours + with_a_pool  # the one that reads ahead, and the others
