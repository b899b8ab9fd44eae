"""The command line as its users meet it: words, exit codes, and what goes where."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from campaigns import DRAWN, REAL, strict_json, tables, without_processes, write_campaign
from filelock import FileLock
from typer.testing import CliRunner, Result

from propagation import cli
from propagation.experiment.runner import Interrupted, Run
from propagation.problems import MachineError
from propagation.scenario.reading import parse_scenario, read_scenario

COMMANDS = ("init", "check", "run", "compare", "schema")


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(one) for one in arguments])


def refused(*arguments: str | Path, code: int = 2, usage: bool = False) -> list[str]:
    """Call what must be refused; return its lines on stderr."""
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    assert not result.stdout
    assert "Traceback" not in result.stderr
    # whichever test comes first on a machine also sees that rules are being compiled
    lines = [each for each in result.stderr.splitlines() if not each.startswith("Compiling ")]
    assert lines
    assert usage or all(lines)
    return lines


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- help, version -----------------------------------------------------------------------------


def test_help_names_every_command() -> None:
    for words in (["--help"], ["-h"]):
        result = call(*words)
        assert result.exit_code == 0
        for command in COMMANDS:
            assert re.search(rf"\b{command}\b", result.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_an_example(command: str) -> None:
    for word in ("--help", "-h"):
        result = call(command, word)
        assert result.exit_code == 0
        text = result.stdout
        assert f"propagation {command}" in text[text.index("Example") :]


def test_help_of_run_names_every_option() -> None:
    text = call("run", "--help").stdout
    options = ("replicates", "seed", "out", "engine", "agents", "workers", "resume", "force")
    assert all(f"--{option}" in text for option in (*options, "json"))
    assert "provenance.json" in text


def test_version() -> None:
    result = call("--version")
    assert result.exit_code == 0
    assert re.fullmatch(r"propagation \d+\.\d+\.\d+\S*\n", result.stdout)


def test_no_command_shows_help_and_an_unknown_one_is_refused() -> None:
    assert "propagation run FILE" in call().output
    assert "rnu" in "".join(refused("rnu", usage=True))
    assert "--forse" in "".join(refused("run", "x.yaml", "--forse", usage=True))


def test_help_comes_before_anything_heavy_is_imported() -> None:
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from propagation import cli\n"
        "assert CliRunner().invoke(cli.app, ['run', '--help']).exit_code == 0\n"
        "heavy = {'numba', 'mesa', 'scipy', 'pyarrow', 'networkx', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


# --- init, check, schema -----------------------------------------------------------------------


def test_init_writes_a_scenario_that_holds(tmp_path: Path) -> None:
    result = call("init", "new/campaign")
    path = Path("new/campaign/scenario.yaml")
    assert result.exit_code == 0
    assert result.stdout == f"{path}\n"
    assert "propagation run" in result.stderr
    assert call("check", path).exit_code == 0
    text = path.read_text()
    assert "#" in text
    (line,) = refused("init", "new/campaign")
    assert line.startswith(f"{path}: ")
    assert path.read_text() == text


def test_init_here() -> None:
    assert call("init").stdout == "scenario.yaml\n"
    assert Path("scenario.yaml").is_file()


def test_init_where_a_file_is() -> None:
    Path("campaign").write_text("mine")
    (line,) = refused("init", "campaign")
    assert line.startswith("campaign: ")
    assert Path("campaign").read_text() == "mine"


@pytest.mark.parametrize("text", [DRAWN, REAL], ids=["drawn", "given"])
def test_check_prints_the_resolved_scenario(tmp_path: Path, text: str) -> None:
    path = write_campaign(tmp_path / "in", text)
    before = everything(tmp_path)
    result = call("check", path)
    assert result.exit_code == 0
    assert parse_scenario(result.stdout) == read_scenario(path)
    comments = "\n".join(line for line in result.stdout.splitlines() if line.startswith("#"))
    for word in ("accounts", "follows", "replicates", "time", "memory"):
        assert word in comments
    if text == REAL:
        assert "40 accounts" in comments
    assert everything(tmp_path) == before


def test_check_says_all_problems_with_their_lines(tmp_path: Path) -> None:
    text = DRAWN.replace("by: brand", "by: brnad").replace("attention: 0.3", "attention: 3")
    path = write_campaign(tmp_path, text)
    lines = refused("check", path)
    assert len(lines) == 2
    for line, word in zip(lines, ("attention", "brnad"), strict=True):
        place, rest = line.split(": ", 1)
        number = int(place.rsplit(":", 1)[1])
        assert word in text.splitlines()[number - 1]
        assert word in rest
    assert "Did you mean 'brand'?" in lines[1]


def test_schema_is_json() -> None:
    schema = json.loads(call("schema").stdout)
    assert {"segments", "strategies", "compare"} <= set(schema["properties"])


# --- bad input: exit code 2, one line per problem, nothing written ------------------------------


def agents_option(reference: str) -> Callable[[Path], list[str]]:
    return lambda path: ["run", str(path), "--agents", reference]


BAD = {
    "no such scenario": lambda path: ["run", "nosuch.yaml"],
    "no such scenario to check": lambda path: ["check", "nosuch.yaml"],
    "a folder as scenario": lambda path: ["run", "."],
    "a folder to check": lambda path: ["check", "."],
    "no such provenance": lambda path: ["run", "nosuch.json"],
    "unknown engine": lambda path: ["run", str(path), "--engine", "mesaa"],
    "agents without class": agents_option("agents.py"),
    "agents without file": agents_option(":Same"),
    "agents in an empty word": agents_option(""),
    "agents in a folder": agents_option(".:Same"),
    "agents missing": agents_option("nosuch.py:Same"),
    "agents without such a class": agents_option("in/agents.py:Smae"),
    "agents of another kind": agents_option("in/agents.py:Stranger"),
    "agents without a name": agents_option("in/agents.py:"),
    "agents that are no Python": agents_option("in/campaign.yaml:Same"),
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_code_2(
    tmp_path: Path, arguments: Callable[[Path], list[str]]
) -> None:
    path = write_campaign(tmp_path / "in")
    before = everything(tmp_path)
    lines = refused(*arguments(path))
    assert len(lines) == 1
    assert everything(tmp_path) == before
    assert not Path("results").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--replicates", "0"),
        ("--replicates", "1000001"),
        ("--replicates", "1.5"),
        ("--seed", "-1"),
        ("--seed", str(2**63)),
        ("--seed", "one"),
        ("--workers", "-1"),
        ("--workers", "2000"),
    ],
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, options: tuple[str, str]) -> None:
    path = write_campaign(tmp_path / "in")
    before = everything(tmp_path)
    assert options[0] in "".join(refused("run", path, *options, usage=True))
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "5",
        "null",
        '"scenario"',
        "{}",
        '{"scenario": 5}',
        '{"scenario": null}',
        '{"scenario": {"name": "x"}}',
        '{"scenario": ["name: x"]}',
        '{"propagation": "0.1.0", "scenario": 5}',
        '{"propagation": "0.1.0", "scenario": null}',
        '{"propagation": "0.1.0", "scenario": ""}',
        '{"propagation": "0.1.0", "scenario": {}}',
    ],
)
@pytest.mark.parametrize("command", ["run", "check"])
def test_what_is_no_provenance_is_refused(command: str, content: str) -> None:
    Path("provenance.json").write_text(content)
    lines = refused(command, "provenance.json")
    assert all(line.startswith("provenance.json") for line in lines)
    assert not Path("results").exists()


def test_a_provenance_in_another_encoding_is_refused() -> None:
    Path("provenance.json").write_bytes(b'{"scenario": "\xff\xfe"}')
    assert len(refused("run", "provenance.json")) == 1


FAILING = {
    "syntax": "class Same(\n",
    "name": "from propagation import Acount\n",
    "raise": "raise ValueError('first line\\nsecond line')\n",
    "empty": "",
    "exit": "import sys\nsys.exit('good bye')\n",
}


@pytest.mark.parametrize("text", FAILING.values(), ids=FAILING)
def test_agents_that_do_not_load_are_one_line(tmp_path: Path, text: str) -> None:
    path = write_campaign(tmp_path / "in")
    Path("own.py").write_text(text)
    (line,) = refused("run", path, "--agents", "own.py:Same")
    assert line.startswith(f"{tmp_path / 'own.py'}: agents: ")
    assert not Path("results").exists()


def test_agents_that_fail_while_running_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_processes(monkeypatch)
    path = write_campaign(tmp_path / "in")
    (line,) = refused("run", path, "--agents", "in/agents.py:Failing", "--replicates", "2")
    for word in ("agents", "agents.py", "ZeroDivisionError", "no reason"):
        assert word in line


def test_check_looks_at_the_agents_too(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in", agents="agents.py:Smae")
    (line,) = refused("check", path)
    assert "Smae" in line


@pytest.mark.parametrize(
    ("before", "after"), [('account: "0"', 'account: "99"'), ("rowing: 5", "rowing: 13")]
)
def test_what_does_not_fit_the_graph_is_found_in_the_scenario(
    tmp_path: Path, before: str, after: str
) -> None:
    """The file is named, as for every other problem."""
    path = write_campaign(tmp_path / "in", REAL.replace(before, after))
    for command in ("check", "run"):
        (line,) = refused(command, path)
        number = int(line.removeprefix(f"{path}:").split(":")[0])
        assert after in path.read_text().splitlines()[number - 1]


def test_a_refusal_is_nothing_but_problems(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    result = call("run", path, "--agents", "nosuch.py:Same")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("options", [(), ("--force",), ("--resume",)])
def test_out_that_is_a_file(tmp_path: Path, options: tuple[str, ...]) -> None:
    path = write_campaign(tmp_path / "in")
    Path("out").write_text("mine")
    (line,) = refused("run", path, "--out", "out", *options)
    assert line.startswith("out: ")
    assert Path("out").read_text() == "mine"


def test_out_below_a_file(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    Path("out").write_text("mine")
    result = call("run", path, "--out", "out/below")
    assert result.exit_code in (1, 2)
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("options", [(), ("--force",), ("--resume",)])
def test_out_with_files_of_ones_own(tmp_path: Path, options: tuple[str, ...]) -> None:
    path = write_campaign(tmp_path / "in")
    shutil.copy(path, tmp_path / "in" / "scenario.yaml")
    before = everything(tmp_path)
    (line,) = refused("run", path, "--out", "in", *options)
    assert line.startswith("in: ")
    assert everything(tmp_path) == before


# --- the machine cannot: exit code 1 -----------------------------------------------------------


def test_a_folder_in_use(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    Path("out").mkdir()
    with FileLock("out/.lock"):
        (line,) = refused("run", path, "--out", "out", code=1)
    assert line.startswith("out: another run")
    assert set(everything(Path("out"))) <= {".lock"}


@pytest.mark.skipif(sys.platform != "linux", reason="needs a place where nobody may write")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    (line,) = refused("run", path, "--out", "/proc/propagation", code=1)
    assert line.startswith("/proc/propagation: cannot be written")


@pytest.mark.parametrize(
    ("error", "word"), [(MachineError("no space"), "no space"), (MemoryError(), "memory")]
)
def test_what_the_machine_cannot_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, word: str
) -> None:
    def fail(self: Run) -> None:
        raise error

    monkeypatch.setattr(Run, "__call__", fail)
    (line,) = refused("run", write_campaign(tmp_path / "in"), code=1)
    assert word in line


# --- interrupts: exit code 130 -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyboardInterrupt(), ("nothing was finished",)),
        (Interrupted(Path("out"), 0), ("nothing was finished",)),
        (Interrupted(Path("out"), 1), ("1 finished replicate is", "out", "--resume")),
        (Interrupted(Path("out"), 1234), ("1,234 finished replicates are", "out", "--resume")),
    ],
)
def test_an_interrupt_says_what_is_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: KeyboardInterrupt,
    words: tuple[str, ...],
) -> None:
    def fail(self: Run) -> None:
        raise error

    monkeypatch.setattr(Run, "__call__", fail)
    (line,) = refused("run", write_campaign(tmp_path / "in"), code=130)
    assert all(word in line for word in words)


# --- run ---------------------------------------------------------------------------------------


def test_run_prints_the_verdict_and_a_table(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    result = call("run", path)
    assert result.exit_code == 0
    out = Path("results/tiny")
    summary = strict_json(out / "summary.json")
    lines = result.stdout.splitlines()
    assert lines[: len(summary["verdict"])] == summary["verdict"]
    for word in ("small", "large", "strategy", "8 of 10 runs"):
        assert word in result.stdout
    assert str(out) in result.stderr
    assert str(out) not in result.stdout
    assert max(map(len, lines[len(summary["verdict"]) + len(summary["warnings"]) :])) <= 100


def test_json_is_the_summary_and_nothing_else(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    result = call("run", path, "--json", "--replicates", "3")
    assert json.loads(result.stdout) == strict_json(Path("results/tiny/summary.json"))
    again = call("run", path, "--json", "--replicates", "3")
    assert again.exit_code == 0
    assert again.stdout == result.stdout
    assert "--force" in again.stderr


def test_options_reach_the_run(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    call("run", path, "--replicates", "2", "--seed", "77", "--workers", "1", "--out", "other")
    found = strict_json(Path("other/provenance.json"))
    assert (found["seed"], found["replicates"], found["workers"]) == (77, 2, 1)
    stored = read_scenario(Path("other/scenario.yaml"))
    assert (stored.seed, stored.replicates) == (77, 2)
    assert not Path("results").exists()


def test_a_finished_run_another_and_force(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    first = call("run", path, "--replicates", "3")
    again = call("run", path, "--replicates", "3")
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert "before" in again.stderr
    (line,) = refused("run", path, "--replicates", "3", "--seed", "9")
    assert "--force" in line
    (line,) = refused("run", path, "--replicates", "3", "--seed", "9", "--resume")
    assert "--force" in line
    assert call("run", path, "--replicates", "3", "--seed", "9", "--force").exit_code == 0
    (line,) = refused("run", path, "--replicates", "5", "--seed", "9")
    assert "--resume" in line
    more = call("run", path, "--replicates", "5", "--seed", "9", "--resume")
    assert more.exit_code == 0
    assert tables(Path("results/tiny"))[0].num_rows == 10


def test_a_provenance_is_run_again(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in", REAL)
    call("run", path, "--out", "one", "--replicates", "3")
    result = call("run", "one/provenance.json", "--out", "far/two")
    assert result.exit_code == 0
    for mine, theirs in zip(tables(Path("one")), tables(Path("far/two")), strict=True):
        assert mine.equals(theirs)
    assert call("check", "one/provenance.json").exit_code == 0
    with (tmp_path / "in" / "follows.csv").open("a") as file:
        file.write("3,39\n")
    (line,) = refused("run", "one/provenance.json", "--out", "three")
    assert "follows.csv" in line
    assert "changed" in line
    assert not Path("three").exists()


def test_a_summary_that_cannot_be_read_is_no_result(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    call("run", path, "--replicates", "2")
    summary = Path("results/tiny/summary.json").read_bytes()
    for content in (b"", b"{", b"[]", b"\xff", summary[:100]):
        Path("results/tiny/summary.json").write_bytes(content)
        refused("run", path, "--replicates", "2")
        assert call("run", path, "--replicates", "2", "--resume").exit_code == 0
        assert Path("results/tiny/summary.json").read_bytes() == summary


def test_a_lost_provenance_does_not_lose_the_result(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "in")
    first = call("run", path, "--replicates", "2")
    Path("results/tiny/provenance.json").unlink()
    again = call("run", path, "--replicates", "2")
    assert again.exit_code == 0
    assert again.stdout == first.stdout


def test_names_in_any_script(tmp_path: Path) -> None:
    text = DRAWN.replace("small", "小さい").replace("name: tiny", "name: Größe")
    result = call("run", write_campaign(tmp_path / "in", text), "--replicates", "2", "--json")
    assert result.exit_code == 0
    assert "小さい" in json.loads(result.stdout)["strategies"]
    assert Path("results/Größe/summary.json").is_file()


# --- as a process ------------------------------------------------------------------------------


def command(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "propagation", *map(str, arguments)]
    return subprocess.run(words, text=True, timeout=120, check=False, **options)


@pytest.mark.skipif(os.name == "nt", reason="pipes close otherwise on Windows")
@pytest.mark.parametrize("arguments", [["schema"], ["check", "in/campaign.yaml"]])
def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path, arguments: list[str]) -> None:
    """As in ``propagation check FILE | head -1``, with output of any length."""
    write_campaign(tmp_path / "in")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = command(*arguments, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_names_in_any_script_on_a_terminal_that_has_few(tmp_path: Path) -> None:
    text = DRAWN.replace("small", "小さい")
    path = write_campaign(tmp_path / "in", text)
    for extra in ([], ["--json"]):
        done = command(
            "run",
            path,
            "--replicates",
            "2",
            *extra,
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == 0
    assert "小さい" in json.loads(done.stdout)["strategies"]


def test_json_is_json_on_any_terminal(tmp_path: Path) -> None:
    text = DRAWN.replace("small", "größer 😀")
    done = command(
        "run",
        write_campaign(tmp_path / "in", text),
        "--replicates",
        "2",
        "--json",
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert set(json.loads(done.stdout)["strategies"]) == {"größer 😀", "large"}


def test_signals_are_left_as_they_were() -> None:
    before = signal.getsignal(signal.SIGINT)
    call("schema")
    assert signal.getsignal(signal.SIGINT) is before


# --- surroundings of any kind --------------------------------------------------------------------


def program(code: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run the program in a process of its own, after some code that spoils its surroundings."""
    start = (
        f"import os, signal, sys\n{code}\nsys.argv = ['propagation', *sys.argv[1:]]\n"
        "from propagation.__main__ import main\nmain()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", start, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(os.name == "nt", reason="streams are closed in another way")
@pytest.mark.parametrize(("file", "code"), [("campaign.yaml", 0), ("none.yaml", 2)])
def test_streams_may_be_closed_from_the_start(somewhere: Path, file: str, code: int) -> None:
    path = write_campaign(somewhere / "mine").parent / file
    quoted = f"'{sys.executable}' -m propagation check '{path}' >&- 2>&-"
    assert subprocess.run(quoted, shell=True, check=False).returncode == code


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")  # noqa: PTH110
@pytest.mark.parametrize("words", [["schema"], ["check", "mine/campaign.yaml"]])
def test_a_full_disk_behind_stdout_is_one_line(somewhere: Path, words: list[str]) -> None:
    write_campaign(somewhere / "mine")
    with Path("/dev/full").open("w") as full:
        done = command(*words, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, "No space left on device\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(somewhere: Path) -> None:
    limit = (
        "import resource\n"
        "from propagation.experiment.storage import ResultsFolder\n"
        "write = ResultsFolder.write_part\n"
        "def limited(*words):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))\n"
        "    write(*words)\n"
        "ResultsFolder.write_part = limited"
    )
    out = somewhere / "out"
    done = program(limit, "run", write_campaign(somewhere / "mine"), "--out", out, "--no-report")
    assert done.returncode == 1
    assert re.fullmatch(rf"{re.escape(str(out))}\S+: cannot be written: .*\n", done.stderr)
    assert not (out / "summary.json").exists()
    assert not list(out.rglob("*.partial"))


def test_an_interrupt_while_the_program_is_loaded_is_no_error() -> None:
    code = (
        "import importlib.abc\n"
        "class Interrupting(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())"
    )
    done = program(code, "--help")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no folder that is in use")
def test_a_working_folder_that_is_gone_is_one_line(somewhere: Path) -> None:
    file = write_campaign(somewhere / "mine")
    code = "os.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')"
    for words in (["run", file], ["init"], ["report", "results"]):
        done = program(code, *words)
        assert done.returncode in (1, 2), done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
    assert program(code, "check", file).returncode == 0


@pytest.mark.parametrize("out", ["x" * 300, "file", "file/inner", "dangling"])
def test_a_results_folder_that_cannot_be_is_one_line(somewhere: Path, out: str) -> None:
    (somewhere / "file").touch()
    try:
        (somewhere / "dangling").symlink_to("nowhere")
    except OSError:
        pytest.skip("this system gives no links")
    file = write_campaign(somewhere / "mine")
    before = everything(somewhere)
    result = call("run", file, "--out", out, "--replicates", "1", "--no-report")
    assert result.exit_code in (1, 2)
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(out[:200])
    assert everything(somewhere) == before


@pytest.mark.parametrize("content", ["raise BaseException('no')", "import sys; sys.exit()"])
def test_agents_may_raise_anything(somewhere: Path, content: str) -> None:
    (somewhere / "mine.py").write_text(content, encoding="utf-8")
    file = write_campaign(somewhere / "mine")
    (line,) = refused("run", file, "--agents", "mine.py:Mine")
    assert "fails when it is loaded" in line


def test_results_that_were_damaged_are_mended_by_resuming(somewhere: Path) -> None:
    file = write_campaign(somewhere / "mine")
    words = ["run", file, "--out", "out", "--replicates", "3", "--no-report"]
    assert call(*words).exit_code == 0
    right = (somewhere / "out" / "summary.json").read_text(encoding="utf-8")
    damaged = json.loads(right)
    del damaged["strategies"]
    (somewhere / "out" / "summary.json").write_text(json.dumps(damaged), encoding="utf-8")
    (line,) = refused(*words)
    assert "--resume goes on with it" in line
    assert call(*words, "--resume").exit_code == 0
    assert (somewhere / "out" / "summary.json").read_text(encoding="utf-8") == right
