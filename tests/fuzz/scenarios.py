"""Scenario files with faults of every kind, grown from right ones and wrong ones."""

import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML, YAMLError

from propagation.problems import InputError
from propagation.scenario.reading import read_scenario
from propagation.scenario.writing import write_scenario

ROOT = Path(__file__).parents[2]
FILES = sorted(
    [
        *(ROOT / "tests/scenarios").rglob("*.yaml"),
        *(ROOT / "scenarios").glob("*.yaml"),
        ROOT / "src/propagation/scenario/starter.yaml",
    ]
)
LARGEST_BASE = 6000
"""Bytes of the files that grow; larger ones teach no more and take longer."""

NUMBERS = (
    *(0, -1, 1, 2, 0.5, -0.5, 1e-320, 1e308, 10**12, 2**31, 2**63, 2**64, 10**400),
    *(float("nan"), float("inf"), float("-inf")),
)
WORDS = (
    *("", " ", "~", "null", "yes", "no", ".nan", ".inf", "-.inf", "1e999", "0x10", "0o7", "1_000"),
    *("100%", "150%", "-5%", "5 %", "7 days", "0 h", "-1 h", "1e400 h", "1 fortnight", "none"),
    *("12:30:45", "2026-01-05", "a.b", "a[0]", "[x]", "<script>", "=1+1", "{{7*7}}", "'", '"'),
    *("\x00", "\x1b[31m", "\u202eabc", "\ufeff", "\ud800", "\u2028", "é" * 200, "x" * 2000, "\t"),
    *("independent", "single", "everybody", "power", "own", "../../etc/passwd", "/dev/null", "-"),
    *("weekday at 9:00", "Monday, day at 24:00", "2026-03-29 2:30 Europe/Zurich", "never", "cost"),
)
TEXTS = (
    *("&a [*a]", "*nobody", "!!python/object/apply:os.system [ls]", "!!binary aGVsbG8=", "<<: {}"),
    *(
        "{a: 1, a: 2}",
        "? [1, 2]\n: 3",
        "- - - -",
        "|\n  text",
        "%YAML 1.1",
        "---",
        "...",
        "\t",
        "@",
    ),
    *(
        "\t",
        "@",
        "[" * 300,
        "{" * 300,
        "&a a: *a",
        "'",
        '"',
        "`",
        "key: : value",
        "\x07",
        "\r",
        "\u2029",
        "#",
    ),
)
BYTES = (b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n", b"  ", b"\t", b"\xe9")


def copied(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {str(key): copied(value) for key, value in tree.items()}
    return [copied(value) for value in tree] if isinstance(tree, list) else tree


def tree_of(text: bytes) -> Any:
    """Return what a YAML text holds; None if it cannot be read or written again."""
    try:
        tree = copied(YAML(typ="safe", pure=True).load(text))
        json.dumps(tree, default=str)
        return tree
    except (YAMLError, ValueError, OverflowError, RecursionError):
        return None


def paths_of(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every key and entry of a tree."""
    if not isinstance(tree, dict | list):
        return
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (*path, key)
        yield from paths_of(value, (*path, key))


SMALL = {
    file: content
    for file, content in ((file, file.read_bytes()) for file in FILES)
    if len(content) <= LARGEST_BASE
}
BASES = list(SMALL.values())
MOST_PLACES = 300


def trees_of(contents: Iterable[bytes]) -> list[Any]:
    """Return the trees of the files that hold a block of no more than so many places."""
    return [
        tree
        for tree in map(tree_of, contents)
        if isinstance(tree, dict) and len(list(islice(paths_of(tree), MOST_PLACES))) < MOST_PLACES
    ]


TREES = trees_of(BASES)
RIGHT_TREES = trees_of(content for file, content in SMALL.items() if "invalid" not in file.parts)


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def scalars() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.sampled_from(NUMBERS),
        st.sampled_from(WORDS),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.booleans(),
        st.none(),
    )


def values() -> st.SearchStrategy[Any]:
    return st.one_of(
        scalars(),
        st.lists(scalars(), max_size=3),
        st.dictionaries(st.sampled_from(WORDS), scalars(), max_size=3),
    )


CHANGES = ("scale", "scale", "replace", "drop", "graft", "rename", "wrap", "double")


def scaled(value: Any, factor: float) -> Any:
    """Return a number times a factor, whole if it was; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return int(value * Fraction(factor)) if isinstance(value, int) else value * factor


@st.composite
def changed_trees(draw: st.DrawFn) -> str:
    """A scenario with up to four changes to its blocks, written as flow YAML."""
    right = draw(st.booleans())  # few changes to a right file, so that some stay right
    tree = copied(draw(st.sampled_from(RIGHT_TREES if right else TREES)))
    for _ in range(draw(st.integers(0, 2) if right else st.integers(1, 4))):
        paths = list(paths_of(tree))
        if not paths:
            break
        path = paths[draw(st.integers(0, len(paths) - 1))]
        around, key = at(tree, path[:-1]), path[-1]
        change = draw(st.sampled_from(CHANGES))
        if change == "scale":
            around[key] = scaled(around[key], draw(st.sampled_from((0, 0.5, 2, 3, 1000, 1e-9))))
        elif change == "replace":
            around[key] = draw(values())
        elif change == "drop":
            del around[key]
        elif change == "graft":
            other = draw(st.sampled_from(TREES))
            places = list(paths_of(other))
            around[key] = copied(at(other, places[draw(st.integers(0, len(places) - 1))]))
        elif change == "rename" and isinstance(around, dict):
            around[str(draw(scalars()))] = around.pop(key)
        elif change == "wrap":
            around[key] = draw(st.sampled_from(([around[key]], {"mean": around[key]})))
        elif isinstance(around, list):
            around.append(copied(around[key]))
    return json.dumps(tree, ensure_ascii=draw(st.booleans()), default=str)


@st.composite
def changed_texts(draw: st.DrawFn) -> bytes:
    """The bytes of a scenario file with up to four pieces cut out, put in or repeated."""
    text = draw(st.sampled_from(BASES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from((0, 0, 1, 3, 20, 200))))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.binary(max_size=6),
                st.sampled_from((*TEXTS, *WORDS)).map(lambda x: x.encode(errors="surrogatepass")),
                st.just(text[start:end] * 2),
                st.sampled_from(
                    (b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n", b"  ", b"\t", b"\xe9")
                ),
            )
        )
        text = text[:start] + piece + text[end:]
    return text


def scenario_files() -> st.SearchStrategy[bytes]:
    trees = changed_trees().map(lambda text: text.encode(errors="surrogatepass"))
    return st.one_of(trees, trees, changed_texts())


def check_scenario(content: bytes, folder: Path) -> str:
    """Read a file with this content; return how it ended, and raise what must not happen."""
    file = folder / "scenario.yaml"
    file.write_bytes(content)
    try:
        scenario = read_scenario(file)
    except InputError as error:
        check_messages(error, file)
        return "refused"
    written = write_scenario(scenario)
    file.write_text(written, encoding="utf-8")
    assert read_scenario(file) == scenario
    assert write_scenario(scenario) == written
    return "accepted"


def check_messages(error: InputError, file: Path) -> None:
    """Every problem stands on one line that begins with the file's name and can be printed."""
    assert error.problems
    for line in map(str, error.problems):
        assert line.startswith(str(file)), line
        assert len(line.splitlines()) == 1, line
        assert line.isprintable(), line
        assert len(line) < 2000, line
