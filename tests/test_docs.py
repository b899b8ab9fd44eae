"""What the pages say is so: commands and examples run, names exist, numbers have their source.

Every page gets a folder of its own with the scenarios and examples beside it. Its commands and
Python examples run there in the order of the page, as somebody would type them.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer
from conftest import DATA
from ruamel.yaml import YAML
from typer.testing import CliRunner

from benchmarks import throws
from propagation.cli import app
from propagation.scenario.reading import read_scenario

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "results").glob("*/*.md")]
)
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
RESEARCH_DATA = {"follows.csv.gz": "olympics_multiview", "nodes.csv.gz": "olympics_multiview"}
"""Files that examples read from their own folder, and where the tests take them from."""
OCCUPY = "propagation run scenarios/occupy.yaml"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- commands and examples ---


@dataclass(frozen=True)
class Block:
    """A command with the output shown below it, or a Python example."""

    language: str
    code: str
    shown: str = ""


def blocks_of(page: str) -> Iterator[Block]:
    """Yield the commands of ``propagation`` and the Python examples of a page, in order."""
    for language, code in re.findall(r"^```(console|python)\n(.*?)^```", page, re.S | re.M):
        if language == "python":
            yield Block(language, code)
            continue
        for part in re.split(r"^\$ ", code, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            if command.split()[0] == "propagation":
                yield Block(language, command, shown)


def missing_lines(shown: str, output: str) -> list[str]:
    """Return the lines shown that the output does not have, in order; ``...`` leaves lines out."""
    real = iter(line.rstrip() for line in output.splitlines())
    wanted = [line.rstrip() for line in shown.splitlines() if line.strip() not in ("", "...")]
    return [line for line in wanted if line not in real]


def type_in(command: str, folder: Path) -> str:
    """Run a command as typed; return what it prints, messages last."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def needs_research_data(code: str) -> bool:
    files = (text_of(ROOT / name) for name in re.findall(r"scenarios/[\w-]+\.yaml", code))
    return any(name in code for name in RESEARCH_DATA) or any("shared/data" in f for f in files)


def follow(page: str, folder: Path) -> list[str]:
    """Do everything a page shows; return the lines it shows that were not printed."""
    wrong: list[str] = []
    names: dict[str, object] = {"__name__": "example"}
    for block in blocks_of(page):
        if needs_research_data(block.code) and not DATA.is_dir():
            pytest.skip(f"no real data: {DATA} is not there")
        if block.language == "python":
            exec(compile(block.code, "<example>", "exec"), names)
        else:
            wrong += missing_lines(block.shown, type_in(block.code, folder))
    return wrong


@pytest.fixture(scope="module")
def occupied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a results folder in which the Occupy scenario has been run, once for all pages."""
    folder = tmp_path_factory.mktemp("occupy")
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    type_in(OCCUPY, folder)
    return folder / "results"


@pytest.fixture(scope="module")
def desks() -> dict[str, Path]:
    """Return the folder of each page that has been followed."""
    return {}


def desk(page: Path, place: Path) -> Path:
    """Return a folder like the project's, as far as pages refer to it; research data beside it."""
    folder = place / "project"
    for name in ("scenarios", "docs"):
        shutil.copytree(ROOT / name, folder / name)
    if DATA.is_dir():
        (place / "shared").symlink_to(DATA.parent, target_is_directory=True)
        for name, source in RESEARCH_DATA.items():
            shutil.copy(DATA / source / name, folder / name)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any(blocks_of(text_of(p)))], ids=name_of)
def test_a_page_can_be_followed(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    desks: dict[str, Path],
    request: pytest.FixtureRequest,
) -> None:
    folder = desk(page, tmp_path)
    if any(block.code == OCCUPY for block in blocks_of(text_of(page))):
        shutil.copytree(request.getfixturevalue("occupied"), folder / "results")
    monkeypatch.chdir(folder)
    assert follow(text_of(page), folder) == []
    desks[page.name] = folder


@pytest.mark.slow
def test_the_sceptic_is_the_reinforced_response_that_ignores_the_first_notice(
    desks: dict[str, Path],
) -> None:
    if "own-agents.md" not in desks:
        pytest.skip("docs/own-agents.md was not followed in this session")
    folder = desks["own-agents.md"]
    starter = folder / "campaign" / "scenario.yaml"
    written = text_of(starter)
    changed = written.replace("response: independent", "response: {reinforced: [0, 1]}")
    assert changed != written
    (folder / "same.yaml").write_text(changed, encoding="utf-8")
    type_in("propagation run same.yaml --replicates 20 --out results/same", folder)
    for table in ("runs.parquet", "cascades.parquet"):
        by_agents = pq.read_table(folder / "results" / "sceptics" / table)
        assert by_agents.equals(pq.read_table(folder / "results" / "same" / table))
        assert not by_agents.equals(pq.read_table(folder / "results" / "as-shipped" / table))


def test_the_sceptic_on_the_page_is_the_one_in_the_file_and_is_short() -> None:
    page = text_of(ROOT / "docs" / "own-agents.md")
    shown = next(block.code for block in blocks_of(page) if block.language == "python")
    file = text_of(ROOT / "docs" / "examples" / "sceptic.py")
    assert file.endswith(shown)
    assert len(file.splitlines()) < 30


def told_ratios() -> dict[tuple[str, str], list[str]]:
    """Return reach and relevant reach in the table of variance ratios, by comparison and place."""
    rows = re.findall(
        r"^\| (.+?) \| (\d\.\d\d) \| (\d\.\d\d) \| (?:first|`)[ `]?(\w[\w-]*)",
        text_of(ROOT / "docs" / "luck.md"),
        re.M,
    )
    return {(comparison, place): [reach, relevant] for comparison, reach, relevant, place in rows}


def found_ratios(summary: Path, strategy: str) -> list[str]:
    differences = json.loads(text_of(summary))["differences"]
    by_metric = {
        each["metric"]: f"{each['variance_ratio']:.2f}"
        for each in differences
        if each["strategy"] == strategy
    }
    return [by_metric["reach"], by_metric["relevant_reach"]]


BOTH, CEO, OCCUPIERS = (
    "both accounts, against the brand alone",
    "the CEO alone, against the brand alone",
    "500 who care, against 20,000 who mostly do not",
)


def test_what_pairing_buys_is_told_as_it_was_found() -> None:
    reference, told = ROOT / "results" / "reference", told_ratios()
    assert len(told) == 5
    for place, comparison, strategy in (
        ("ceo-and-brand", BOTH, "through both"),
        ("ceo-and-brand", CEO, "through the CEO"),
        ("occupy", OCCUPIERS, "small and relevant"),
    ):
        found = found_ratios(reference / place / "summary.json", strategy)
        assert told[comparison, place] == found


@pytest.mark.slow
def test_what_pairing_buys_in_the_first_scenario_is_told(desks: dict[str, Path]) -> None:
    if "tutorial.md" not in desks:
        pytest.skip("docs/tutorial.md was not followed in this session")
    summary = desks["tutorial.md"] / "results" / "starter" / "summary.json"
    for comparison, strategy in ((BOTH, "both"), (CEO, "ceo only")):
        assert told_ratios()[comparison, "scenario"] == found_ratios(summary, strategy)


FAULTY = {
    "a command that fails": ("```console\n$ propagation frobnicate\n```\n", AssertionError),
    "an option that is gone": (
        "```console\n$ propagation check --exactly x\n```\n",
        AssertionError,
    ),
    "an example that fails": ("```python\nfrom propagation import Acount\n```\n", ImportError),
    "a name defined nowhere": ("```python\nprint(model)\n```\n", NameError),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_page_that_is_wrong_cannot_be_followed(fault: str, tmp_path: Path) -> None:
    page, error = FAULTY[fault]
    with pytest.raises(error):
        follow(page, tmp_path)


def test_output_that_is_not_printed_is_found(tmp_path: Path) -> None:
    page = "```console\n$ propagation --version\npropagation 0.0.0\n```\n"
    assert follow(page, tmp_path) == ["propagation 0.0.0"]
    assert missing_lines("b\na\n", "a\nb\n") == ["a"]
    assert missing_lines("a\n...\nc\n", "a \nb\nc\n") == []


def test_blocks_are_found_in_the_order_of_the_page() -> None:
    page = (
        "```console\n$ make run\n$ propagation init x\nx\n$ propagation check x\n```\n"
        "```python\na = 1\n```\n```sh\npropagation run y\n```\n"
    )
    assert list(blocks_of(page)) == [
        Block("console", "propagation init x", "x\n"),
        Block("console", "propagation check x", ""),
        Block("python", "a = 1\n"),
    ]


def commands_in(page: str, language: str) -> list[str]:
    """Return all commands that a page shows in blocks of a language, comments left out."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", page, re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines()]
    if language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [command for line in lines if (command := line.partition("#")[0].strip())]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_in_a_console_is_run(page: Path) -> None:
    run = [block.code for block in blocks_of(text_of(page)) if block.language == "console"]
    assert commands_in(text_of(page), "console") == run


def test_a_command_in_a_console_that_is_not_run_is_found() -> None:
    page = "```console\n$ make run\n$ propagation check x\nmore\n```\n"
    assert commands_in(page, "console") == ["make run", "propagation check x"]
    assert [block.code for block in blocks_of(page)] == ["propagation check x"]


def misunderstood(command: str) -> str | None:
    """Return what is wrong with a command as typed, without running it; None if nothing is."""
    program, *words = shlex.split(command)
    if Path(program).name != "propagation":
        return None
    understood = CliRunner().invoke(app, [*words, "--help"])  # names are looked up before the help
    return None if understood.exit_code == 0 else understood.output


def commands_told(page: str) -> list[str]:
    """Return the commands in shell blocks and in the running text."""
    prose = re.sub(r"^```.*?^```", "", page, flags=re.S | re.M)
    inline = re.findall(r"`((?:\.venv/bin/)?propagation -*[a-z][^`]*)`", prose)
    return commands_in(page, "sh") + [" ".join(command.split()) for command in inline]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_are_only_told_are_understood(page: Path) -> None:
    wrong = {command: misunderstood(command) for command in commands_told(text_of(page))}
    assert {command: why for command, why in wrong.items() if why} == {}


def test_told_commands_that_are_wrong_are_found() -> None:
    page = (
        "Type `propagation run FILE --replicates\n20`.\n"
        "```sh\n.venv/bin/propagation chekc x  # no\npropagation run x --sed 1\nmake run\n```\n"
    )
    assert commands_told(page) == [
        ".venv/bin/propagation chekc x",
        "propagation run x --sed 1",
        "make run",
        "propagation run FILE --replicates 20",
    ]
    assert [misunderstood(command) is None for command in commands_told(page)] == [
        False,
        False,
        True,
        True,
    ]


def unknown_targets(page: str) -> set[str]:
    """Return the targets that a page tells ``make`` to make and that it cannot."""
    rules = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.M))
    told = commands_in(page, "sh") + re.findall(r"`(make [a-z][^`]*)`", page)
    return {
        word
        for command in told
        if "make" in command.split()
        for word in command.split()[command.split().index("make") + 1 :][:1]
    } - rules


def test_every_target_of_make_exists() -> None:
    assert unknown_targets("".join(map(text_of, PAGES))) == set()
    assert unknown_targets("```sh\nmake run\nX=1 make coffee T=1\n```\n`make tea`") == {
        "coffee",
        "tea",
    }


# --- names ---


def commands_of(group: typer.core.TyperGroup, typed: str) -> dict[str, Any]:
    """Return every command as typed, those inside groups too."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        inside = isinstance(command, typer.core.TyperGroup)
        found |= commands_of(command, f"{typed} {name}") if inside else {f"{typed} {name}": command}
    return found


def words_of_the_command_line() -> set[str]:
    """Return every command and option, as typed."""
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    commands = commands_of(command, "propagation")
    words = set(commands)
    for each in (command, *commands.values()):
        for parameter in each.params:
            words |= {option for option in parameter.opts if option.startswith("-")}
    return words


def unsaid(words: set[str], pages: str) -> set[str]:
    return {
        word for word in words if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", pages)
    }


def test_every_command_and_option_is_in_the_pages() -> None:
    words = words_of_the_command_line()
    assert {"propagation run", "propagation data get", "--resume", "--version", "--to"} <= words
    assert unsaid(words, "".join(map(text_of, PAGES))) == set()


def test_an_option_left_out_would_be_noticed() -> None:
    assert unsaid({"--resume", "--out"}, "`--out DIR`, --resumes") == {"--resume"}


def options_in_table(page: str) -> set[str]:
    return set(re.findall(r"^\| `(--[a-z][a-z-]*)", page, re.M))


def test_the_table_of_options_has_no_option_that_is_gone() -> None:
    table = options_in_table(text_of(ROOT / "README.md"))
    assert table
    assert table <= words_of_the_command_line()


@pytest.mark.parametrize("file", SCENARIOS, ids=name_of)
def test_every_scenario_is_read_and_is_in_the_readme(file: Path) -> None:
    assert read_scenario(file).name == file.stem
    assert f"(scenarios/{file.name})" in text_of(ROOT / "README.md")


def test_every_room_is_in_the_tour_of_the_house_and_every_room_in_it_exists() -> None:
    tour = re.search(r"```text\n(src/propagation/.*?)```", text_of(ROOT / "CONTRIBUTING.md"), re.S)
    assert tour
    shown = {name.rstrip("/") for name in re.findall(r"^  ([\w.]+/?) ", tour[1], re.M)}
    package = ROOT / "src" / "propagation"
    there = {
        path.name
        for path in package.iterdir()
        if not path.name.startswith("_") and (path.is_dir() or path.suffix == ".py")
    }
    assert shown == there
    for name in re.findall(r"^([\w.]+)/ ", tour[1], re.M):
        assert (ROOT / name).is_dir(), name


# --- links ---


def anchors_of(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page, flags=re.S | re.M), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> list[str]:
    """Return the links of a page that lead to no file or no heading."""
    dead = []
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.S | re.M)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors_of(text_of(target))):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    assert dead_links(page) == []


def test_dead_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    links = "[a](page.md) [b](#one-two) [c](#two) [d](gone.md) [e](https://example.org/x)"
    page.write_text(f"# One: two!\n{links}\n", encoding="utf-8")
    assert dead_links(page) == ["#two", "gone.md"]


def not_named(start: str, pages: list[Path]) -> list[str]:
    return [page.name for page in pages if f"]({page.name})" not in start]


def test_the_start_page_names_every_page() -> None:
    pages = [page for page in (ROOT / "docs").glob("*.md") if page.name != "index.md"]
    assert len(pages) > 10
    assert not_named(text_of(ROOT / "docs" / "index.md"), pages) == []
    assert not_named("[a](a.md)", [Path("a.md"), Path("b.md")]) == ["b.md"]


HOSTS = {
    "doi.org",
    "keepachangelog.com",
    "mesa.readthedocs.io",
    "semver.org",
    "snap.stanford.edu",
}
"""Where links may lead outside; nothing is fetched."""


def wrong_addresses(page: str) -> list[str]:
    """Return addresses of the web that are malformed or lead to a host nobody has looked at."""
    found = re.findall(r"(?:https?:)?//[^\s)>\]\"'`]*|\]\((?:www\.|mailto:)[^)]*", page)
    return [
        link
        for link in (one.rstrip(".,;:") for one in found)
        if not re.fullmatch(r"https://[a-z0-9.-]+(/[\w./~%+-]*)?(#[\w-]+)?", link)
        or link.split("/")[2] not in HOSTS
    ]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_addresses_of_the_web_are_well_formed_and_known(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.S | re.M)
    assert wrong_addresses(prose) == []


def test_wrong_addresses_are_found() -> None:
    assert wrong_addresses("https://doi.org/10.1/x-y, <https://semver.org/>") == []
    page = "[a](http://doi.org/1) https://doi.org.example/1 [b](https://doi.org/a b) [c](www.x.org)"
    assert wrong_addresses(page) == [
        "http://doi.org/1",
        "https://doi.org.example/1",
        "](www.x.org",
    ]


# --- numbers and papers ---

CITED = re.compile(r"\[(section \d|\d+\.\d+)[^\]]*\]")


def rows_of_evidence() -> dict[str, str]:
    """Return the rows of the table of published numbers by their number."""
    page = text_of(ROOT / "docs" / "evidence.md")
    return {row[1]: row[0] for row in re.finditer(r"^\| (section \d|\d+\.\d+) \|.*$", page, re.M)}


def without_row(scenario: str) -> set[str]:
    return set(CITED.findall(scenario)) - rows_of_evidence().keys()


def test_every_number_cited_has_a_row_of_evidence() -> None:
    small = sorted((ROOT / "scenarios" / "when-it-fails").glob("*.yaml"))
    citing = [*SCENARIOS, *small, ROOT / "docs" / "odd.md"]
    cited = {number for file in citing for number in CITED.findall(text_of(file))}
    assert len(cited) > 5
    assert {file.name: without_row(text_of(file)) for file in citing} == {
        file.name: set() for file in citing
    }
    assert cited == rows_of_evidence().keys(), "rows that nothing cites"


def test_a_citation_without_a_row_is_found() -> None:
    assert without_row("mean: 40  # [9.99], [2.11: so] and [section 7, Nobody]") == {
        "9.99",
        "section 7",
    }


def test_every_row_of_evidence_says_how_it_was_checked() -> None:
    for number, row in rows_of_evidence().items():
        check = row.split(" | ")[3]
        assert re.match(r"([PSC]\b|\*\*not verified\*\*)", check), number


def numbers_of_table(page: str, header: str) -> list[str]:
    """Return the last column of the table with this last heading."""
    table = re.search(rf"^\|.*{header} \|\n\|[ |-]+\|\n((?:\|.*\n)+)", page, re.M)
    assert table
    return re.findall(r"\| ([\d.]+) \|$", table[1], re.M)


def test_the_cost_of_a_throw_is_told_as_it_was_measured() -> None:
    header = "nanoseconds per number"
    measured = numbers_of_table(text_of(ROOT / "results" / "benchmarks" / "throws.md"), header)
    assert len(measured) == 5
    assert numbers_of_table(text_of(ROOT / "docs" / "luck.md"), header) == measured


@pytest.mark.slow
def test_the_cost_of_a_throw_can_be_measured_anew() -> None:
    measured = throws.nanoseconds(numbers=1000, rounds=3)
    assert all(cost > 0 for cost in measured.values())
    rows = numbers_of_table(throws.page(measured), "nanoseconds per number")
    assert rows == [f"{cost:.1f}" for cost in measured.values()]


def version() -> str:
    project: str = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["version"]
    return project


def test_the_change_log_has_the_version() -> None:
    headings = re.findall(r"^## (.+)$", text_of(ROOT / "CHANGELOG.md"), re.M)
    assert any(version() in heading for heading in headings)


def test_the_citation_is_complete_and_of_this_version() -> None:
    citation = YAML(typ="safe").load(text_of(ROOT / "CITATION.cff"))
    assert citation.keys() >= {"cff-version", "message", "title", "authors", "license", "type"}
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == version()
    assert all("name" in author or "family-names" in author for author in citation["authors"])


MACHINE_PATH = re.compile(r"(?<![\w.])(?:/(?:work|root|home|Users|mnt)/\w|[A-Z]:\\\w)")


def machine_paths(text: str) -> list[str]:
    return [line for line in text.splitlines() if MACHINE_PATH.search(line)]


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Yield name and text of every text file under version control."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, encoding="utf-8"
    )
    for name in filter(None, listed.stdout.split("\0")):
        try:
            yield name, text_of(ROOT / name)
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # not text, or removed but not yet committed


def test_no_file_names_a_path_of_one_machine() -> None:
    found = {name: lines for name, text in tracked_texts() if (lines := machine_paths(text))}
    assert found == {}


@pytest.mark.parametrize("path", ["/ho" + "me/ann/x", "see /wo" + "rk/main", "C:" + "\\Users"])
def test_a_path_of_one_machine_would_be_found(path: str) -> None:
    assert machine_paths(f"first\n{path}\n") == [path]
    assert machine_paths("docs/work/x, ../shared/home/y and https://a.org/home/z") == []
