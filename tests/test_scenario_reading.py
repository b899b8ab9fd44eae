import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propagation.problems import InputError
from propagation.scenario import wording
from propagation.scenario.reading import (
    LARGEST,
    located,
    parse_scenario,
    read_scenario,
    write_scenario,
)
from propagation.scenario.spec import as_written
from propagation.scenario.writing import dump
from propagation.strategy.budget import at_equal_cost, choosable

FOLDER = Path(__file__).parent / "scenarios"
VALID = sorted((FOLDER / "valid").glob("*.yaml"))
INVALID = sorted((FOLDER / "invalid").glob("*.yaml"))
OCCUPY = (FOLDER / "valid" / "occupy.yaml").read_text(encoding="utf-8")
EXPECT = b"# expect: "


def expected(file: Path) -> list[str]:
    lines = file.read_bytes().splitlines()
    return [line.removeprefix(EXPECT).decode() for line in lines if line.startswith(EXPECT)]


def messages(file: Path) -> list[str]:
    def read() -> None:
        with located(file):
            scenario = read_scenario(file)
            at_equal_cost(scenario, choosable(scenario) or {})  # as `check` and `run` do next

    with pytest.raises(InputError) as error:
        read()
    return [str(p).removeprefix(f"{file}:").strip() for p in error.value.problems]


def problems(text: str) -> str:
    with pytest.raises(InputError) as error:
        parse_scenario(text, "occupy.yaml")
    return str(error.value)


def test_there_are_files() -> None:
    assert len(VALID) >= 6
    assert len(INVALID) >= 140


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_a_valid_file_is_accepted_and_survives_writing(file: Path) -> None:
    scenario = read_scenario(file)
    written = write_scenario(scenario)
    assert parse_scenario(written) == scenario
    assert write_scenario(parse_scenario(written)) == written


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_an_invalid_file_gets_exactly_the_messages_it_expects(file: Path) -> None:
    assert expected(file)
    assert messages(file) == expected(file)


def test_a_wrong_expectation_is_noticed(tmp_path: Path) -> None:
    for file in INVALID[:3]:
        changed = tmp_path / file.name
        changed.write_bytes(file.read_bytes().replace(b"\n", b"!\n", 1))
        assert messages(changed) != expected(changed)


def test_every_sentence_has_a_file() -> None:
    everything = "\n".join(message for file in INVALID for message in expected(file))
    for kind, sentence in wording.SENTENCES.items():
        pattern = re.sub(r"\\\{.*?\\\}", ".*", re.escape(sentence))
        assert re.search(f": {pattern}$", everything, re.MULTILINE), kind


def test_no_message_is_in_the_words_of_a_library() -> None:
    everything = "\n".join(message for file in INVALID for message in expected(file))
    assert not re.search(
        r"\b(Input|Value error|pydantic|dictionary|instance|NoneType)\b", everything
    )


def test_all_of_many_mistakes_are_told_with_the_lines_they_are_in() -> None:
    text = OCCUPY
    for right, wrong in {
        "by: brand": "by: brnad",
        "{activists: 500}": "{activsts: 500}",
        "seed: 2011": "seed: -1",
        "horizon: 7 days": "horizon: 7",
    }.items():
        assert right in text
        text = text.replace(right, wrong)
    assert problems(text).splitlines() == [
        "occupy.yaml:3: seed: must be at least 0, not -1",
        "occupy.yaml:5: horizon: 7 needs a unit (s, min, h, days, weeks), for example '7 days'",
        "occupy.yaml:28: ours.ceo.followers: 'activsts' is not one of: activists, public. "
        "Did you mean 'activists'?",
        "occupy.yaml:36: strategies.large and random[0].by: 'brnad' is not one of: brand, ceo. "
        "Did you mean 'brand'?",
    ]


def problems_or_none(text: str) -> str | None:
    try:
        parse_scenario(text, "occupy.yaml")
    except InputError as error:
        return str(error)
    return None


@pytest.mark.parametrize("line", [line for line in OCCUPY.splitlines() if line.startswith("  ")])
def test_a_file_without_one_line_is_never_a_traceback(line: str) -> None:
    assert problems_or_none(OCCUPY.replace(line, "", 1)) != ""


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every block and list with every key or index in it."""
    for key, inner in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        yield tree, key
        if isinstance(inner, dict | list):
            yield from places(inner)


@pytest.mark.parametrize("value", [None, 5, "text", [[1]], {"a": True}])
def test_a_value_of_another_kind_is_never_a_traceback(value: object) -> None:
    tree = as_written(parse_scenario(OCCUPY))
    found = 0
    for block, key in places(tree):
        right = block[key]
        block[key] = value
        wrong = problems_or_none(dump(tree))
        block[key] = right
        if wrong is not None:
            found += 1
            assert all(re.match("occupy.yaml:[0-9]+: ", line) for line in wrong.splitlines()), wrong
            assert "Input should" not in wrong
    assert found > 40


@given(st.integers(0, len(OCCUPY)), st.integers(0, 30), st.text(max_size=5))
def test_damaged_text_is_never_a_traceback(at: int, length: int, inserted: str) -> None:
    damaged = OCCUPY[:at] + inserted + OCCUPY[at + length :]
    assert problems_or_none(damaged) != ""


def test_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    file = tmp_path / "occupy.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + OCCUPY.replace("\n", "\r\n").encode())
    assert read_scenario(file) == parse_scenario(OCCUPY)
    assert parse_scenario("\ufeff" + OCCUPY) == parse_scenario(OCCUPY)


def test_lines_are_counted_alike_with_windows_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "occupy.yaml"
    file.write_bytes(OCCUPY.replace("by: brand", "by: brnad").replace("\n", "\r\n").encode())
    assert [message.split(":")[0] for message in messages(file)] == ["36"]


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    assert messages(tmp_path / "missing.yaml") == ["there is no such file"]
    assert messages(tmp_path) == ["is a folder, not a scenario file"]
    with pytest.raises(InputError, match="cannot be read"):
        read_scenario("null\0byte.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: a\nquestion: où\n".encode("latin-1"))
    assert messages(latin) == ["2: is not UTF-8 text: save it as UTF-8"]


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text(OCCUPY + "#" * LARGEST, encoding="utf-8")
    assert messages(file) == ["is larger than 512 kB: long lists belong in tables"]
    assert "larger than 512 kB" in problems("#" * (LARGEST + 1))
    just_fits = "#" * (LARGEST - len(OCCUPY.encode()) - 1) + "\n" + OCCUPY
    assert parse_scenario(just_fits).name == "occupy"


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "{a: " * 100_000, "- " * 100_000, "&a " * 1000, "? " * 100_000]
)
def test_hostile_nesting_is_one_line_and_fast(text: str) -> None:
    start = time.perf_counter()
    assert len(problems(text).splitlines()) == 1
    assert time.perf_counter() - start < 10


def test_the_order_of_keys_does_not_matter() -> None:
    lines = OCCUPY[: OCCUPY.index("segments:")], OCCUPY[OCCUPY.index("segments:") :]
    assert parse_scenario(lines[1] + lines[0]) == parse_scenario(OCCUPY)


def test_reading_is_fast() -> None:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        parse_scenario(OCCUPY)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1  # seconds; promised in the design, measured 0.015


def test_reading_needs_none_of_the_heavy_libraries() -> None:
    heavy = ("numba", "scipy", "mesa", "networkx", "pyarrow", "matplotlib")
    code = (
        "import sys, propagation.scenario.reading, propagation.scenario.reference;"
        f"print(*(name for name in {heavy} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [], "")
