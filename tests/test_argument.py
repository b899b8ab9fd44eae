"""The document: every number and word of verdict in it comes from what was found."""

import ast
import copy
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from argument.answer import METRICS, audiences
from argument.blocks import (
    Bullets,
    Heading,
    Paragraph,
    Placed,
    Span,
    Table,
    blocks_of,
    spans_of,
)
from argument.document import MOST_PAGES, argument_facts, argument_tables, text_of
from argument.html import page_of
from argument.pieces import Workshop
from argument.regions import Region
from argument.ties import VARIANTS, find_ties, told
from argument.words import few
from propagation.report.soundness import read_sound
from propagation.scenario.reading import read_scenario

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "argument"
TEMPLATE = FOLDER / "text.md.jinja"
SCENARIO = ROOT / "scenarios" / "argument.yaml"

# --- what results would say ---


def tie(value: float | None, *, ahead_at_most: bool = False) -> dict[str, Any]:
    ends = (None, None) if value is None else (0.9 * value, 1.1 * value)
    last = 5.0 if ahead_at_most else -5.0
    return {
        "value": value,
        "low": ends[0],
        "high": ends[1],
        "from": 100.0,
        "to": 20000.0,
        "range": {"low": 700.0, "high": None, "median": 2000.0},
        "evaluated": [
            {"value": 100.0, "difference": {"mean": 5.0}},
            {"value": 20000.0, "difference": {"mean": last}},
        ],
        "theory": 4000.0,
    }


def mean(value: float) -> dict[str, float]:
    ends = {"low": 0.95 * value, "high": 1.05 * value}
    return {"mean": value, "p10": round(0.5 * value), "p90": round(2 * value), **ends}


def summary(small: float = 31.0, large: float = 87.0, at: float | None = 3660.0) -> dict[str, Any]:
    """Return a summary in which the small audience has so many shares, and the large one."""
    small_name, large_name = "small and relevant", "large and random"
    means = {metric: (small, large) for metric in METRICS} | {"relevant_reach": (534.0, 394.0)}
    return {
        "metric": "shares",
        "replicates": 800,
        "draws": 6,
        "strategies": {
            name: {metric: mean(means[metric][place]) for metric in METRICS}
            for place, name in enumerate((small_name, large_name))
        },
        "differences": [
            {
                "strategy": small_name,
                "baseline": large_name,
                "metric": metric,
                "probability_better": {"mean": 0.04},
                "difference": {
                    "mean": one - other,
                    "low": one - other - 1,
                    "high": one - other + 1,
                },
            }
            for metric, (one, other) in means.items()
        ],
        "break_even": tie(at, ahead_at_most=at is None and small > large),
        "uncertain": {
            "inputs": [
                {"path": "a", "label": "interest of activists"},
                {"path": "b", "label": "resonance of call"},
            ],
            "evaluations": 384,
            "replicates": 100,
            "pairs": [
                {
                    "of": "ratio",
                    "range": {"low": 0.1, "high": 4.2, "median": 0.6},
                    "ahead": 0.23,
                    "noise": 0.02,
                    "combinations": 128,
                    "indices": [
                        {"path": "b", "first": 0.1, "total": 0.2},
                        {"path": "a", "first": 0.5, "total": 0.7},
                    ],
                }
            ],
        },
        "sweep": {"replicates": 120, "sentences": ["Ahead here.", "Beware of giants."]},
        "why": [
            {
                "ratio": {"mean": small / large},
                "factors": [{"name": "head count", "value": 0.05, "meaning": "followers"}],
                "note": None,
            }
        ],
    }


def stored(found: dict[str, Any]) -> Any:
    settled = np.array([1, 1, -1, 0])
    return SimpleNamespace(
        scenario=read_scenario(SCENARIO),
        summary=found,
        sweep=SimpleNamespace(settled=lambda: settled),
    )


TIES = {
    "by metric": {"relevant_reach": tie(12000.0), "valued_reach": tie(3100.0), "reach": tie(860.0)},
    "variants": {each.name: tie(1000.0 + 100 * n) for n, each in enumerate(VARIANTS)},
}
REGION = Region("1", "Does it?", "It does not.", "shares", "25", "55", "fails")


def facts(found: dict[str, Any], ties: dict[str, Any] = TIES) -> dict[str, Any]:
    return argument_facts(stored(found), ties) | {
        "regions": [REGION],
        "beside": ["a source"],
        "regions_count": "one",
        "occupy": dict.fromkeys(
            (
                *("message", "topic", "runs", "worlds", "targets", "fitted", "predicted", "met"),
                *("seen", "seen_met", "adds_eve", "adds_launch"),
            ),
            "some",
        )
        | {"misses": "a miss", "is_below": True},
        "finite": dict.fromkeys(
            (
                *("row", "spoken_to", "chance", "followers", "smallest", "largest"),
                *("factor_smallest", "factor_largest"),
            ),
            "some",
        ),
        "client": {
            **dict.fromkeys(("ceo", "brand", "both", "of_sum", "caring", "share", "place"), "some"),
            "tie": "",
            "apart": True,
            "sides": {"ahead": "", "level": "", "behind": "shares"},
        },
    }


def answer(text: str) -> str:
    (found,) = (
        each for each in blocks_of(text) if isinstance(each, Paragraph) and each.kind == "answer"
    )
    return "".join(span.text for span in found.spans)


# --- the text follows what was found ---


def test_the_answer_is_computed() -> None:
    text = text_of(facts(summary()))
    assert answer(text).startswith("One follower who cares sets off as many shares as 7.3 picked")
    assert "20 times as many win all the same" in answer(text)
    assert "unless you count only people who care" in answer(text)
    assert "the two tie at 3,660 random followers" in text
    assert "Beware of giants." in text
    assert "Ahead here." not in text
    assert "between 700 and more than 20,000" in text


def test_another_result_gives_other_numbers_and_another_verdict() -> None:
    ahead = text_of(facts(summary(small=300.0, large=87.0, at=None)))
    assert answer(ahead).startswith("One follower who cares sets off more shares than 40 picked")
    assert "even 20 times as many do not make up for it" in answer(ahead)
    assert "However many random followers were tried" in ahead
    behind = text_of(facts(summary(small=1.0, large=87.0, at=None)))
    assert "fewer shares than 0.20 picked" in answer(behind)
    assert "However few random followers were tried" in behind
    level = text_of(facts(summary(small=87.0, large=87.0, at=10000.0)))
    assert "about as good" in answer(level)
    assert "as many shares as 20 picked" in answer(level)


def test_another_assumption_gives_other_numbers() -> None:
    found, written = summary(), text_of(facts(summary()))
    found["uncertain"]["pairs"][0]["of"] = "difference"
    assert "so differences are told" in text_of(facts(found)) != written
    found = summary()
    found["why"] = []
    assert "Theory has nothing to say" in text_of(facts(found))
    ties = copy.deepcopy(TIES)
    ties["by metric"]["relevant_reach"] = tie(None, ahead_at_most=True)
    assert "there is no tie up to 20,000, which is 40 for each" in text_of(facts(summary(), ties))
    ties["variants"]["no bridges"] = tie(4321.0)
    assert "4,3" in text_of(facts(summary(), ties))
    assert "4,3" not in written


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (("uncertain", "pairs", 0, "ahead"), "41%"),
        (("uncertain", "pairs", 0, "range", "low"), "0.41"),
        (("break_even", "theory"), "4,100"),
        (("sweep", "replicates"), "41 campaigns"),
        (("replicates",), "41 campaigns"),
    ],
)
def test_numbers_of_the_results_stand_in_the_text(place: tuple[Any, ...], words: str) -> None:
    found = summary()
    assert words not in text_of(facts(found))
    inside: Any = found
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = {"41%": 0.41, "0.41": 0.41, "4,100": 4100.0}.get(words, 41)
    assert words in text_of(facts(found))


def test_the_first_table_tells_by_what_is_counted() -> None:
    table = argument_tables(facts(summary()))["counted"]
    assert [row[3] for row in table.rows] == ["behind", "ahead", "behind", "behind"]
    assert table.rows[1][-1] == "24"
    assert table.columns[1:3] == ("500", "10,000")


def test_audiences_are_those_of_the_scenario() -> None:
    small, large = audiences(read_scenario(SCENARIO))
    assert (small.count, small.segment) == (500, "activists")
    assert (large.count, large.segment) == (10000, "public")


def test_ties_are_told_also_where_there_is_none() -> None:
    above, below = told(tie(None, ahead_at_most=True), 500), told(tie(None), 500)
    assert (above.place, above.for_each) == ("more than 20,000", "more than 40")
    assert (below.place, below.for_each) == ("fewer than 100", "fewer than 0.20")
    found = told(tie(3660.0), 500)
    assert (found.place, found.for_each) == ("3,660 (3,290 to 4,030)", "7.3")


@pytest.mark.parametrize(
    ("value", "words"), [(7.32, "7.3"), (4.0, "4"), (3660.0, "3,700"), (0, "0")]
)
def test_numbers_are_written_with_two_digits(value: float, words: str) -> None:
    assert few(value) == words


# --- from the file to the words ---

SMALLER = {
    "replicates: 800": "replicates: 60",
    "draws: 6\n": "draws: 3\n",
    "accounts: 2000 ": "accounts: 400 ",
    "accounts: 20000\n": "accounts: 4000\n",
    "{activists: 500}": "{activists: 100}",
    "{public: 10000}": "{public: 2000}",
    "to: 20000": "to: 4000",
    "at most: 1000}": "at most: 200}",
    "at most: 5000}": "at most: 500}",
    "at most: 1600": "at most: 60",
    "points: 64, replicates: 100, draws: 6": "points: 2, replicates: 20, draws: 2",
    "points: 16": "points: 3",
    "points: 9": "points: 3",
    "replicates: 120": "replicates: 20",
}
ASSUMPTIONS = {
    "one decision": {"response: independent": "response: single"},
    "no bridges": {
        "mean: 40, to: {activists: 62.5%, public: 37.5%}": "mean: 25, to: {activists: 100%}",
        "to: {activists: 1%, public: 99%}": "to: {public: 100%}",
        "segments.activists.follows.to.activists: {from: 45%, to: 80%}": "",
    },
    "twice as interested": {"interest: {protest: 0.4}": "interest: {protest: 0.2}"},
}


def made(folder: Path, changes: dict[str, str]) -> dict[str, Any]:
    """Return the facts that a small copy of the scenario with some assumptions changed gives."""
    text = SCENARIO.read_text(encoding="utf-8")
    for old, new in {**SMALLER, **changes}.items():
        assert old in text, old
        text = text.replace(old, new)
    folder.mkdir()
    (folder / "argument.yaml").write_text(text, encoding="utf-8")
    shop = Workshop(folder, folder / "work", workers=2, tell=lambda _: None)
    results = read_sound(shop.run("argument"))
    found = argument_facts(results, find_ties(shop))
    return facts(summary()) | found


@pytest.mark.slow
def test_the_verdict_follows_the_assumptions_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argument.ties.DRAWS", 2)
    monkeypatch.setattr("argument.ties.AT_MOST", 60)
    written = made(tmp_path / "written", {})
    for name, changes in ASSUMPTIONS.items():
        changed = made(tmp_path / name.replace(" ", "-"), changes)
        assert changed["ties"]["shares"].place != written["ties"]["shares"].place, name
        assert answer(text_of(changed)) != answer(text_of(written)), name


# --- no number is typed ---

PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)


def typed_digits(template: str) -> list[str]:
    return re.findall(r"\S*\d\S*", PLACEHOLDER.sub("", template))


def test_no_number_is_typed_in_the_text() -> None:
    assert typed_digits(TEMPLATE.read_text(encoding="utf-8")) == []


def test_a_typed_number_is_found() -> None:
    assert typed_digits("a {{ tie.value3 }} b 41 {% if x == 2 %}{% endif %}") == ["41"]


def prose_of(source: str) -> Iterator[str]:
    """Yield strings of several words in code, docstrings left out."""
    tree = ast.parse(source)
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


@pytest.mark.parametrize(
    "module", ["answer", "client", "document", "finite", "regions", "replayed", "ties", "worth"]
)
def test_no_number_is_typed_in_the_words_of_the_code(module: str) -> None:
    prose = prose_of((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    assert [text for text in prose if " " in text and re.search(r"\d", text)] == []


# --- blocks, page and print ---

MARKED = """# The title

! Large *words*.

Plain **strong** and a [link](https://doi.org/x_y).

> A remark.

- one
  goes on
- two

::table t
Its caption.

::break
"""


def test_blocks_are_what_was_written() -> None:
    title, large, plain, remark, bullets, table, end = blocks_of(MARKED)
    assert title == Heading(1, "The title")
    assert large == Paragraph(
        (Span("plain", "Large "), Span("emph", "words"), Span("plain", ".")), "answer"
    )
    assert isinstance(plain, Paragraph)
    assert [span.kind for span in plain.spans] == ["plain", "strong", "plain", "link", "plain"]
    assert isinstance(remark, Paragraph)
    assert remark.kind == "remark"
    assert isinstance(bullets, Bullets)
    assert bullets.items == (spans_of("one goes on"), spans_of("two"))
    assert table == Placed("table", "t", "Its caption.")
    assert end == Placed("break")


TABLES = {"t": Table(("<what>", "how many"), (("a & b", "1 (0 to 2)"),))}


def test_the_page_escapes_what_it_is_given(tmp_path: Path) -> None:
    page = page_of("A <title>", blocks_of(MARKED), TABLES, {}, tmp_path)
    assert "A &lt;title&gt;" in page
    assert "&lt;what&gt;" in page
    assert "a &amp; b" in page
    assert '<p class="answer">Large <em>words</em>.</p>' in page
    assert "http" not in page.replace("https://doi.org/x_y", "")


HARSH = 'cost: $5 #1 @x_y *a* `b` <c> [d] \\e ~f = "g" /* h // i -- j'


def test_print_sets_every_letter(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    from argument.typeset import escaped, source_of, write_pdf

    source = tmp_path / "a.typ"
    source.write_text(source_of(blocks_of(MARKED), TABLES, {}), encoding="utf-8")
    assert write_pdf(source, tmp_path / "a.pdf") == 1 <= MOST_PAGES
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    source.write_text(f"{escaped(HARSH)}\n#pagebreak()\n", encoding="utf-8")
    import typst

    typst.compile(str(source), output=str(tmp_path / "b.pdf"))
    source.write_text(HARSH, encoding="utf-8")  # as it stands it is no text
    with pytest.raises(typst.TypstError):
        typst.compile(str(source), output=str(tmp_path / "b.pdf"))


# --- what is kept ---


def test_a_piece_is_made_once_and_again_when_something_changes(tmp_path: Path) -> None:
    shop, made = Workshop(tmp_path, tmp_path, tell=lambda _: None), []

    def make(value: int) -> dict[str, Any]:
        made.append(value)
        return {"value": value}

    for made_from, value in (("a", 1), ("a", 2), ("b", 3)):
        found = shop.piece("one", made_from, lambda value=value: make(value))
    assert made == [1, 3]
    assert found == {"value": 3}
    shop.piece("one-other", "a", lambda: {})
    assert len(list((tmp_path / "pieces").iterdir())) == 2  # what was made of "a" is gone
