"""Input of any kind gets its one line (or several) and exit code 2; nothing is written."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from typer.testing import CliRunner

from propagation import cli
from propagation.scenario.reading import read_scenario
from tests.fuzz.edge_lists import check_edge_list, edge_lists
from tests.fuzz.scenarios import check_scenario, scenario_files

DRAWN = """name: test
segments:
  near: {accounts: 100, attention: 0.2, interest: {news: 0.5}, follows: {mean: 5}}
  far: {accounts: 200, attention: 0.2, interest: {news: 0.1}, follows: {mean: 5}}
ours:
  ceo: {followers: {near: 10}}
  brand: {followers: {far: 20}}
messages:
  hello: {topic: news, resonance: 0.1}
strategies:
  small: [{post: hello, by: ceo, at: 0 h}]
  large: [{post: hello, by: brand, at: 0 h}]
compare: {on: reach, baseline: large}
"""
REAL = """name: real
graph: {follows: FILE, follower: src, followee: dst}
accounts: {attention: 0.5, interest: {news: 0.5}}
ours: {a: {account: "1"}, b: {account: "2"}}
messages: {hello: {topic: news, resonance: 0.1}}
strategies: {x: [{post: hello, by: a, at: 0 h}], y: [{post: hello, by: b, at: 0 h}]}
compare: {on: reach, baseline: x}
"""


def bomb() -> bytes:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for i in range(12):
        before, here = chr(97 + i), chr(98 + i)
        lines.append(f"{here}: &{here} [{','.join([f'*{before}'] * 9)}]")
    return "\n".join([*lines, DRAWN]).encode()


def changed(old: str, new: str) -> bytes:
    assert old in DRAWN
    return DRAWN.replace(old, new).encode()


def loop(folder: Path) -> None:
    (folder / "loop.csv").symlink_to("loop.csv")


def nothing(folder: Path) -> None:
    """Nothing else is needed."""


@dataclass(frozen=True)
class Bad:
    """A scenario file, the file of follows beside it, and the lines it must get."""

    content: bytes
    lines: tuple[str, ...]
    files: dict[str, bytes] = field(default_factory=dict)
    prepare: Callable[[Path], None] = nothing


def follows(text: str | bytes, line: str, name: str = "e.csv") -> Bad:
    content = text.encode() if isinstance(text, str) else text
    return Bad(REAL.replace("FILE", name).encode(), (line,), {name: content})


IDS = "`ids: text` takes every id as it is written"
BAD = {
    "a YAML bomb": Bad(
        bomb(), ("s.yaml:1: aliases expand the file to more than 100,000 values",)
    ),
    "deep nesting": Bad(
        DRAWN.encode() + b"question: " + b"[" * 3000,
        ("s.yaml:14: nested too deeply: at most 20 levels",),
    ),
    "a key twice": Bad(
        DRAWN.encode() + b"name: two\n", ("s.yaml:14: 'name' is given twice, first in line 1",)
    ),
    "a tag that would construct an object": Bad(
        DRAWN.encode() + b"question: !!python/object/apply:os.system ['touch pwned']\n",
        (
            "s.yaml:14: question: must be text, not a list of 1; put it in quotes if it is meant "
            "as text",
            "s.yaml:14: question: the tag '!!python/object/apply:os.system' is not allowed: write "
            "plain values",
        ),
    ),
    "10^12 accounts": Bad(
        changed("accounts: 100", "accounts: 1000000000000"),
        (
            "s.yaml:2: segments: 1,000,000,000,202 accounts in all are too many: at most "
            "2,147,483,647",
            "s.yaml:3: segments.near.accounts: must be at most 2,147,483,647, not 1000000000000",
        ),
    ),
    "600 kB": Bad(
        DRAWN.encode() + b"# " + b"x" * 600_000,
        ("s.yaml: is larger than 512 kB: long lists belong in tables",),
    ),
    "UTF-16": Bad(DRAWN.encode("utf-16"), ("s.yaml:1: is not UTF-8 text: save it as UTF-8",)),
    "mixed encodings": Bad(
        DRAWN.encode() + b"question: caf\xe9\n",
        ("s.yaml:14: is not UTF-8 text: save it as UTF-8",),
    ),
    "a percentage above 100": Bad(
        changed("accounts: 100, attention: 0.2", "accounts: 100, attention: 150%"),
        ("s.yaml:3: segments.near.attention: must be at most 1, not '150%'",),
    ),
    "NaN": Bad(
        changed("resonance: 0.1", "resonance: .nan"),
        ("s.yaml:9: messages.hello.resonance: must be a finite number, not nan",),
    ),
    "infinity": Bad(
        changed("resonance: 0.1", "resonance: .inf"),
        ("s.yaml:9: messages.hello.resonance: must be a finite number, not inf",),
    ),
    "a segment without members": Bad(
        changed("accounts: 100", "accounts: 0"),
        ("s.yaml:3: segments.near.accounts: must be at least 1, not 0",),
    ),
    "a name with a dot": Bad(
        changed("small:", "sm.all:"),
        ("s.yaml:11: strategies: 'sm.all' must not contain '.': names exclude . [ ]",),
    ),
    "a name with brackets": Bad(
        changed("small:", '"sm[a]ll":'),
        ("s.yaml:11: strategies: 'sm[a]ll' must not contain '[': names exclude . [ ]",),
    ),
    "two strategies of one name": Bad(
        changed("large: [", "small: [").replace(b"baseline: large", b"baseline: small"),
        ("s.yaml:12: strategies: 'small' is given twice, first in line 11",),
    ),
    "a horizon before the first post": Bad(
        changed("by: ceo, at: 0 h", "by: ceo, at: 5 h") + b"horizon: 2 h\n",
        ("s.yaml:11: strategies.small[0].at: '5 h' is not before the horizon of 2 h",),
    ),
    "a missing file": Bad(
        REAL.replace("FILE", "no.csv").encode(),
        ("no.csv: cannot be read: No such file or directory",),
    ),
    "a folder for a file": Bad(
        REAL.replace("FILE", "d").encode(),
        ("d: cannot be read: Is a directory",),
        prepare=lambda folder: (folder / "d").mkdir(),
    ),
    "a link to itself": Bad(
        REAL.replace("FILE", "loop.csv").encode(),
        ("loop.csv: cannot be read: it is a link that leads back to itself",),
        prepare=loop,
    ),
    "the scenario itself as data": Bad(
        REAL.replace("FILE", "s.yaml").encode(),
        (
            "s.yaml:1: follower: 'src' is not one of the columns: 'name:', 'real'.",
            "s.yaml:1: followee: 'dst' is not one of the columns: 'name:', 'real'.",
        ),
    ),
    "a truncated gzip file": follows(
        gzip.compress(b"src,dst\n" + b"1,2\n3,4\n" * 5000, mtime=0)[:60],
        "t.csv.gz: is a damaged gzip file, copy or download it again (Compressed file ended before "
        "the end-of-stream marker was reached)",
        "t.csv.gz",
    ),
    "a ragged table": follows(
        "src,dst\n1,2\n3\n4,5,6\n", "e.csv:3: 1 cell where the first line has 2 (2 such lines)"
    ),
    "negative ids": follows(
        "src,dst\n-1,2\n",
        "e.csv:2: column 'src': '-1' is a number but not a whole one from 0 up; "
        f"{IDS}",
    ),
    "fractional ids": follows(
        "src,dst\n1,2\n1.5,2\n",
        "e.csv:3: column 'src': '1.5' is a number but not a whole one from 0 up; "
        f"{IDS}",
    ),
    "one column for both ends": Bad(
        REAL.replace("FILE", "e.csv").replace("followee: dst", "followee: src").encode(),
        (
            "s.yaml:2: graph.followee: follower and followee are the same column; name the two "
            "columns of a follow",
        ),
        {"e.csv": b"src,dst\n1,2\n"},
    ),
    "an empty graph": follows("src,dst\n", "e.csv: holds a header but no follows"),
    "an empty file": follows("", "e.csv: is empty: there is nothing to read"),
    "follows of oneself only": follows(
        "src,dst\n1,1\n", "e.csv: holds only accounts that follow themselves"
    ),
}  # fmt: skip


def lay_out(case: Bad, folder: Path) -> set[str]:
    """Write a case's files into a folder; return what is in it."""
    (folder / "s.yaml").write_bytes(case.content)
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
    case.prepare(folder)
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_its_lines_and_nothing_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lay_out(BAD[name], tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.app, ["run", "s.yaml", "--replicates", "2"])
    assert tuple(result.stderr.splitlines()) == BAD[name].lines
    assert result.exit_code == 2
    assert result.stdout == ""
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["a YAML bomb", "deep nesting", "600 kB", "10^12 accounts"])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell what a child used")
def test_the_worst_take_less_than_2_seconds_and_500_megabytes(name: str, tmp_path: Path) -> None:
    """Processor seconds, so that a busy machine raises no false alarm; a child's alone."""
    lay_out(BAD[name], tmp_path)
    measured = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run([sys.executable, '-m', 'propagation', 'run', 's.yaml'])\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", measured], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    code, seconds, megabytes = map(float, done.stdout.split())
    assert code == 2
    assert seconds < 2
    assert megabytes < (500 if sys.platform == "linux" else 500e3)


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + DRAWN.encode(), DRAWN.replace("\n", "\r\n").encode()],
    ids=["BOM", "CRLF"],
)
def test_marks_and_line_ends_of_other_systems_change_nothing(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "plain.yaml").write_bytes(DRAWN.encode())
    (tmp_path / "other.yaml").write_bytes(content)
    assert read_scenario(tmp_path / "other.yaml") == read_scenario(tmp_path / "plain.yaml")


@pytest.mark.parametrize(
    ("table", "account"),
    [
        ("src,dst\nanna karenina,2\n", "anna karenina"),
        ('src,dst\n"say ""hi""",2\n', 'say "hi"'),
        ("src,dst\n99999999999999999999,2\n", "99999999999999999999"),
        ("src,dst\n1,1\n1,2\n", "1"),
    ],
    ids=["blanks", "quotes", "beyond 64 bits", "our account follows itself"],
)
def test_odd_ids_are_read_as_they_stand(
    table: str, account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "e.csv").write_text(table, encoding="utf-8")
    named = account.replace('"', '\\"')
    text = REAL.replace("FILE", "e.csv").replace('account: "1"', f'account: "{named}"')
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.app, ["run", "s.yaml", "--replicates", "2", "--no-report"])
    assert result.exit_code == 0, result.stderr


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


def test_no_bad_input_has_run_anything() -> None:
    assert not os.path.lexists("pwned")
