"""The report page: verdict first, one file, nothing in it that a scenario's texts could do."""

import base64
import csv
import itertools
import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from campaigns import DRAWN, REAL, run, write_campaign
from typer.testing import CliRunner

from propagation import cli
from propagation.report import page as page_module
from propagation.report.actions import delay_in_words
from propagation.report.answer import answer_of
from propagation.report.assumptions import assumption_tables
from propagation.report.figures.rendering import LARGEST_SVG
from propagation.report.glossary import SHUFFLED, TERMS
from propagation.report.page import page_of, write_report
from propagation.report.stored import Stored, read_stored
from propagation.report.wording import (
    CASCADE,
    CONTAGION,
    LIMITS,
    SEISMIC,
    THRESHOLDS,
    VIRALITY,
    citations,
    provenance_rows,
)
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import Scenario
from propagation.scenario.writing import write_scenario

EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "=HYPERLINK(1)",
    "</style><b>",
)


class Page(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("h1", "h2", "h3"):
            self.headings.append((self._open[-1], data))
        if not self._open or self._open[-1] != "style":
            self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def everything(self) -> str:
        return " ".join(" ".join(self.text).split())


STEPS = """
steps:
  - {title: How much is reach?, text: A step., on: reach, against: {small: large}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("report")
    file = write_campaign(home)
    file.write_text(file.read_text() + STEPS + "sources: {attention: Chosen by us.}\n")
    run(file, home / "out", 30)
    write_report(home / "out")
    return home / "out"


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_the_verdict_comes_first_and_all_of_it_is_there(folder: Path, page: Page) -> None:
    summary = read_stored(folder).summary
    text = page.everything()
    for sentence in [*summary["verdict"], *summary["warnings"], *summary["steps"][0]["sentences"]]:
        assert " ".join((sentence[0].upper() + sentence[1:]).split()) in text
    places = [text.index(part) for part in ("Verdict", "Results by strategy", "Step by step")]
    assert places == sorted(places)
    for part in ("What was assumed", "Method", "Limits", "Literature", "Provenance"):
        assert part in text
    assert "Chosen by us." in text
    for limit in LIMITS:
        assert limit in text


def test_headings_are_in_order_with_one_at_the_top(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_page_needs_no_network_and_runs_nothing(page: Page) -> None:
    assert not page.named("script")
    assert not page.named("link")
    assert not page.named("iframe")
    policy = [meta for meta in page.named("meta") if "http-equiv" in meta]
    assert "default-src 'none'" in str(policy[0]["content"])
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert str(attributes.get(name) or "#").startswith(("#", "data:image/"))


def test_every_picture_has_words_and_every_table_a_caption(page: Page, folder: Path) -> None:
    pictures = page.named("img")
    assert len(pictures) == len(list((folder / "figures").glob("*.png")))
    for picture in pictures:
        assert len(str(picture["alt"])) > 20
        kind, _, data = str(picture["src"]).partition(",")
        assert kind in ("data:image/svg+xml;base64", "data:image/png;base64")
        assert len(base64.b64decode(data)) <= max(LARGEST_SVG, 10**6)
    assert len(page.named("caption")) == len(page.named("table"))
    for cell in page.named("th"):
        assert cell["scope"] in ("col", "row")
    assert page.named("html")[0]["lang"] == "en"
    identities = [a["id"] for _, a in page.tags if "id" in a]
    assert len(identities) == len(set(identities))
    for link in page.named("a"):
        assert str(link["href"])[1:] in identities


def evil_campaign(folder: Path) -> Path:
    file = write_campaign(folder)
    text = file.read_text(encoding="utf-8")
    for plain, evil in (("small", EVIL[0]), ("large", EVIL[3]), ("fans", EVIL[1])):
        quoted = "'" + evil.replace("'", "''") + "'"
        text = re.sub(rf"\b{plain}\b", lambda _, q=quoted: q, text)
    text += f"""
question: "{EVIL[2]} {EVIL[0]}"
steps: [{{title: '{EVIL[4]}', text: '{EVIL[0]}', on: reach, against: {{'{EVIL[0]}': '{EVIL[3]}'}}}}]
sources: {{'{EVIL[0]}': '{EVIL[2]}'}}
"""
    text = "\n".join(
        line for i, line in enumerate(text.splitlines())
        if not (line.startswith("question:") and i < 5)
    )  # fmt: skip
    file.write_text(text + "\n", encoding="utf-8")
    return file


def test_texts_of_a_scenario_stay_texts(folder: Path, page: Page, tmp_path: Path) -> None:
    run(evil_campaign(tmp_path), tmp_path / "out", 5)
    found = Page(write_report(tmp_path / "out").read_text(encoding="utf-8"))
    assert {tag for tag, _ in found.tags} <= {tag for tag, _ in page.tags} | {"div", "ul", "h3"}
    assert not found.named("script")
    assert all("onerror" not in attributes for _, attributes in found.tags)
    text = found.everything()
    for evil in EVIL:
        assert evil in text
    assert "49" not in [part.strip() for part in found.text]


def test_an_unescaped_page_would_be_noticed() -> None:
    assert Page("<p><script>alert(1)</script>").named("script")


TURNING = "\u202eevil\u2066 \x07"
"""Turns the direction of all text after it, and rings a bell."""


def test_no_text_turns_the_page_around(folder: Path) -> None:
    stored = read_stored(folder)
    for plain in (TURNING, stored.scenario.name):
        scenario = stored.scenario.model_copy(
            update={"question": plain, "sources": {"attention": plain}}
        )
        summary = {**stored.summary, "warnings": [plain]}
        text = page_of(replace(stored, scenario=scenario, summary=summary), figures_of(folder))
        page = Page(text).everything()
        unseen = {unicodedata.category(c) for c in page} & {"Cc", "Cf", "Cs"}
        assert not unseen
        assert text.count("\\u202eevil\\u2066 \\u0007") == (3 if plain is TURNING else 0)


def figures_of(folder: Path) -> tuple[page_module.Figure, ...]:
    """Return figures of a rendered folder without drawing them again; their words do not matter."""
    names = sorted(path.stem for path in (folder / "figures").glob("*.svg"))
    return tuple(page_module.Figure(n, n, "A caption.", "What it shows in words.") for n in names)


def test_file_names_and_agents_stay_texts(folder: Path, page: Page, tmp_path: Path) -> None:
    file = write_campaign(tmp_path, REAL)
    stored = replace(read_stored(folder), scenario=parse_scenario(file.read_text(), str(file)))
    scenario = stored.scenario
    assert scenario.graph is not None
    assert scenario.accounts is not None
    update = {
        "agents": f"{EVIL[1]}.py:Eager",
        "graph": scenario.graph.model_copy(update={"follows": EVIL[0], "sha256": "0" * 64}),
        "accounts": scenario.accounts.model_copy(update={"table": f"x/{EVIL[2]}"}),
    }
    names = stored.summary["strategies"]
    posts = next(iter(scenario.strategies.values()))
    update |= {
        "compare": scenario.compare.model_copy(update={"baseline": "large"}),
        "strategies": dict.fromkeys(names, posts),
    }
    evil = replace(stored, scenario=scenario.model_copy(update=update))
    found = Page(page_of(evil, figures_of(folder)))
    assert {tag for tag, _ in found.tags} <= {tag for tag, _ in page.tags}
    assert all("onerror" not in attributes for _, attributes in found.tags)
    for text in ("script>", EVIL[2], f"{EVIL[1]}.py:Eager"):
        assert text in found.everything()


def test_segments_of_a_table_stay_texts(page: Page, tmp_path: Path) -> None:
    file = write_campaign(tmp_path, REAL.replace("diving", f"'{EVIL[0]}'"))
    table = tmp_path / "accounts.csv"
    table.write_text(table.read_text().replace("diving", EVIL[0]))
    run(file, tmp_path / "out", 5)
    found = Page(write_report(tmp_path / "out").read_text(encoding="utf-8"))
    assert {tag for tag, _ in found.tags} <= {tag for tag, _ in page.tags} | {"div", "ul", "h3"}
    assert any(EVIL[0] in str(picture["alt"]) for picture in found.named("img"))


def test_tables_hold_no_formula_and_all_numbers(tmp_path: Path) -> None:
    run(evil_campaign(tmp_path), tmp_path / "out", 5)
    write_report(tmp_path / "out")
    for name in ("outcomes", "differences", "steps"):
        content = (tmp_path / "out" / "tables" / f"{name}.csv").read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 1
        for row in rows[1:]:
            for cell in row:
                is_number = re.fullmatch(r"-?[0-9.e+-]*", cell)
                assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert "'=HYPERLINK(1)" in (tmp_path / "out" / "tables" / "outcomes.csv").read_text("utf-8-sig")


def test_the_same_run_gives_the_same_page(folder: Path) -> None:
    before = (folder / "report.html").read_bytes()
    assert write_report(folder).read_bytes() == before


def test_report_is_a_command(folder: Path) -> None:
    (folder / "report.html").unlink()
    result = CliRunner().invoke(cli.app, ["report", str(folder)])
    assert result.exit_code == 0
    assert result.stdout.strip() == str(folder / "report.html")
    assert (folder / "report.html").is_file()


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: None, "there is no such folder"),
        (lambda path: path.write_text("x"), "is no folder"),
        (lambda path: path.mkdir(), "is no results folder"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, prepare: object, words: str) -> None:
    prepare(tmp_path / "x")  # type: ignore[operator]
    result = CliRunner().invoke(cli.app, ["report", str(tmp_path / "x")])
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    run(write_campaign(tmp_path), tmp_path / "out", 3)
    (tmp_path / "out" / "summary.json").unlink()
    result = CliRunner().invoke(cli.app, ["report", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "unfinished" in result.stderr
    assert not (tmp_path / "out" / "report.html").exists()


def test_a_folder_without_curves_and_cascades_says_what_is_missing(tmp_path: Path) -> None:
    run(write_campaign(tmp_path), tmp_path / "out", 3)
    for name in ("curves", "trees"):
        (tmp_path / "out" / f"{name}.parquet").unlink()
    text = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert "does not hold the curves over time and the typical cascades" in text


def test_an_older_summary_without_steps_and_levels_is_told(folder: Path) -> None:
    stored = read_stored(folder)
    older = {k: v for k, v in stored.summary.items() if k not in ("steps", "at_least")}
    older["strategies"] = {
        name: {m: {k: v for k, v in each.items() if k != "heavy"} for m, each in metrics.items()}
        for name, metrics in stored.summary["strategies"].items()
    }
    found = Page(page_of(replace(stored, summary=older, curves=None), figures_of(folder)))
    assert "Results by strategy" in found.everything()
    assert "Step by step" not in found.everything()


@pytest.mark.parametrize("content", [None, "{"])
def test_a_folder_without_provenance_is_refused(
    folder: Path, tmp_path: Path, content: str | None
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in folder.iterdir():
        if path.is_file():
            (broken / path.name).write_bytes(path.read_bytes())
    (broken / "provenance.json").unlink()
    if content is not None:
        (broken / "provenance.json").write_text(content)
    result = CliRunner().invoke(cli.app, ["report", str(broken)])
    assert result.exit_code == 2
    assert "provenance.json" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["figures", "tables", "report.html"])
def test_a_folder_that_cannot_be_written_to_is_the_machines_trouble(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file where a folder is wanted, or the reverse: what no user, root included, can write."""
    monkeypatch.setattr(page_module, "render", lambda stored, path: draw_nothing(stored, path))
    run(write_campaign(tmp_path), tmp_path / "out", 3)
    if name == "report.html":
        (tmp_path / "out" / name).mkdir()
    else:
        (tmp_path / "out" / name).write_text("x")
    result = CliRunner().invoke(cli.app, ["report", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def draw_nothing(stored: Stored, folder: Path) -> tuple[page_module.Figure, ...]:
    """Write two figures by hand: what is tested is what becomes of them."""
    folder.mkdir(exist_ok=True)
    for name in ("outcomes", "differences"):
        (folder / f"{name}.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return figures_of(stored.path)


def test_run_writes_the_report_unless_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_campaign(tmp_path)
    asked = ["run", str(file), "--replicates", "4", "--out", "out"]
    result = CliRunner().invoke(cli.app, [*asked, "--no-report"])
    assert result.exit_code == 0
    assert not (tmp_path / "out" / "report.html").exists()
    result = CliRunner().invoke(cli.app, asked)  # the same run: only the report is missing
    assert result.exit_code == 0
    assert (tmp_path / "out" / "report.html").is_file()
    assert "report.html" in result.stderr


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2)."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes() -> list[dict[str, str]]:
    """Return the colours of the page in light, in dark and in print."""
    style = (Path(page_module.__file__).parent / "template" / "report.css").read_text()
    blocks = re.findall(r":root \{([^}]*)\}", style)
    first: dict[str, str] = {}
    found = []
    for block in blocks:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", block))
        full = {
            name: colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:])
            for name, colour in colours.items()
        }
        first = first or full
        found.append({**first, **full})
    return found


def test_texts_stand_out_from_what_they_stand_on() -> None:
    assert len(palettes()) == 3
    for colours in palettes():
        for text in ("ink", "soft", "link"):
            assert contrast(colours[text], colours["paper"]) >= 4.5
        assert contrast(colours["ink"], colours["band"]) >= 4.5
        assert contrast(colours["ink"], colours["warn"]) >= 4.5


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def with_runs(stored: Stored, ours: float, theirs: float, apart: float = 0.0) -> Stored:
    """Return a run in which ``small`` has ``ours`` in every metric and ``large`` ``theirs``.

    Every other replicate of ``small`` has ``apart`` more: what leaves the difference open.
    """
    count = len(stored.draw)
    runs = {
        "small": {m: ours + apart * (np.arange(count) % 2) for m in stored.runs["small"]},
        "large": {m: np.full(count, theirs) for m in stored.runs["large"]},
    }
    return replace(stored, runs=runs, draw=np.zeros(count, np.int64))


@pytest.mark.parametrize(
    ("ours", "theirs", "apart", "words"),
    [
        (20.0, 10.0, 0.0, "'small' does better than 'large'."),
        (10.0, 20.0, 0.0, "'small' does worse than 'large'."),
        (10.0, 10.1, 0.0, "no practical difference between 'small' and 'large'."),
        (5.0, 10.0, 10.0, "it is not settled whether 'small' does better than 'large'."),
    ],
)
def test_the_answer_is_that_of_the_runs(
    folder: Path, ours: float, theirs: float, apart: float, words: str
) -> None:
    answer = answer_of(with_runs(read_stored(folder), ours, theirs, apart), ["small", "large"])
    assert answer is not None
    assert answer.first == f"In raw reach, {answer.first.partition(', ')[2]}"
    assert answer.first.endswith(words)


def test_where_other_metrics_say_the_opposite_the_answer_depends(folder: Path) -> None:
    stored = with_runs(read_stored(folder), 20.0, 10.0)
    turned = {name: {**each, "shares": -each["shares"]} for name, each in stored.runs.items()}
    answer = answer_of(replace(stored, runs=turned), ["small", "large"])
    assert answer is not None
    assert answer.first == (
        "It depends on what counts. In raw reach, 'small' does better than 'large'."
    )


def test_a_step_in_which_the_winner_loses_is_told(folder: Path) -> None:
    stored = with_runs(read_stored(folder), 20.0, 10.0)
    runs = {**stored.runs, "other": {k: v + 5 for k, v in stored.runs["small"].items()}}
    told = {name: stored.summary["strategies"]["small"] for name in runs}
    pair = {"strategy": "other", "baseline": "small"}
    step = {"metric": "reach", "worth": None, "title": "What if?", "differences": [pair]}
    turned = {"steps": [step], "strategies": told, "metric": "reach"}
    stored = replace(stored, runs=runs, summary={**stored.summary, **turned})
    answer = answer_of(stored, ["small", "large"])
    assert answer is not None
    assert answer.turned == "But 'other' does better than 'small' (step 1: What if)."
    for change in ({"metric": "shares"}, {"worth": {"fans": 2.0}}):
        silent = {**stored.summary, "steps": [{**step, **change}]}
        answer = answer_of(replace(stored, summary=silent), ["small", "large"])
        assert answer is not None
        assert answer.turned == ""
    beaten = {**pair, "strategy": "small", "baseline": "large"}  # the verdict says this already
    silent = {**stored.summary, "steps": [{**step, "differences": [beaten]}]}
    answer = answer_of(replace(stored, summary=silent), ["small", "large"])
    assert answer is not None
    assert answer.turned == ""


def test_less_time_is_better_in_the_answer(folder: Path) -> None:
    answer = answer_of(with_runs(read_stored(folder), 20.0, 10.0), ["small", "large"])
    assert answer is not None
    better, worse = answer.elsewhere.split("; ")
    assert better == "It does better in relevant reach, valued reach and shares"
    assert worse == "it does worse in time to half of the shares."


def test_the_answer_agrees_with_the_verdict_and_leads_the_page(folder: Path, page: Page) -> None:
    stored, text = read_stored(folder), page.everything()
    answer = answer_of(stored, ["small", "large"])
    assert answer is not None
    fails = any("fails here" in sentence for sentence in stored.summary["verdict"])
    assert fails == ("does worse" in answer.first)
    assert fails
    first = stored.summary["verdict"][0]
    assert text.index(answer.first) < text.index(first[0].upper() + first[1:])
    assert answer.elsewhere in text


def test_many_strategies_are_sorted_by_how_they_stand(folder: Path) -> None:
    stored = with_runs(read_stored(folder), 20.0, 10.0)
    names = [f"s{i}" for i in range(5)]
    runs = dict.fromkeys(names, stored.runs["small"]) | {"none": stored.runs["large"]}
    told = {name: stored.summary["strategies"]["small"] for name in runs}
    summary = {**stored.summary, "strategies": told | stored.summary["strategies"]}
    stored = replace(stored, runs=runs | dict(stored.runs), summary=summary)
    answer = answer_of(stored, [*names, "none", "large"])
    assert answer is not None
    assert answer.first == (
        "In raw reach, compared with 'large': better: 5 strategies; "
        "no practical difference: 'none'."
    )
    assert answer_of(stored, ["large"]) is None


def test_under_heavy_tails_the_answer_is_one_of_chances(folder: Path) -> None:
    stored = with_runs(read_stored(folder), 20.0, 10.0)
    outcomes = stored.summary["strategies"]
    heavy = {**outcomes["small"], "reach": {**outcomes["small"]["reach"], "heavy": True}}
    summary = {**stored.summary, "strategies": {**outcomes, "small": heavy}}
    answer = answer_of(replace(stored, summary=summary), ["small", "large"])
    assert answer is not None
    assert answer.first.endswith("does better than 'large', more often than not.")


FULL = """\
    accounts: 60
    attention: {mean: 0.55, spread: 0.125}
    value: 3.5
    threshold: 0.815
    interest: {news: 0.65}
    follows: {mean: 6.25, to: {fans: 70%, the public: 30%}}
    popularity: {tail: 2.375, at most: 43}
    reciprocity: 17%
    clustering: 0.0625
"""


def test_every_number_of_a_segment_is_told() -> None:
    lines = [line for line in DRAWN.splitlines() if not line.startswith("  fans:")]
    place = lines.index("segments:") + 1
    text = "\n".join([*lines[:place], "  fans:", FULL.rstrip(), *lines[place:]])
    tables = assumption_tables(parse_scenario(text, "x"))
    cells = " | ".join(str(cell) for table in tables for row in table.rows for cell in row)
    for told in (
        *("60", "0.55", "0.125", "3.5", "0.65", "6.25", "70% fans", "2.375", "43", "0.815", "17%"),
        *("0.0625", "20 fans", "100 the public", "brand posts call at 0 h, 5 h", "decides once"),
    ):
        assert told in cells


@pytest.mark.parametrize(
    ("delay", "words"),
    [
        ("none", "at once"),
        ({"law": "fixed", "time": "1 h"}, "always 1 h"),
        ({"law": "exponential", "mean": "2 h"}, "2 h on average"),
        ({"law": "lognormal", "median": "40 min", "sigma": 1.5}, "half within 40 min"),
        ({"law": "power", "exponent": 0.25, "flat": "5 min"}, "up to 5 min"),
    ],
)
def test_delays_are_told_in_words(delay: object, words: str) -> None:
    assert words in delay_in_words(delay)


def changed(stored: Stored, **messages: object) -> Stored:
    """Return a run whose messages all have the ``response`` or ``delay`` given."""
    text = write_scenario(stored.scenario)
    for key, value in messages.items():
        text = re.sub(rf"^(    {key}:).*$", rf"\1 {json.dumps(value)}", text, flags=re.M)
    return replace(stored, scenario=parse_scenario(text, "x"))


def test_only_what_is_used_is_cited(folder: Path) -> None:
    stored = read_stored(folder)
    plain = citations(changed(stored, response="single", delay="none"))
    assert not {CASCADE, SEISMIC, THRESHOLDS, CONTAGION, VIRALITY} & set(plain)
    assert {CASCADE, SEISMIC} <= set(citations(changed(stored, response="independent")))
    threshold = citations(changed(stored, response={"threshold": {"notices": 2}}))
    assert THRESHOLDS in threshold
    assert CASCADE not in threshold
    assert CONTAGION in citations(changed(stored, response={"reinforced": [1, 2]}))
    on_virality = {**stored.summary, "metric": "structural_virality"}
    assert VIRALITY in citations(replace(stored, summary=on_virality))


def test_provenance_tells_how_to_make_it_again(folder: Path) -> None:
    stored = read_stored(folder)
    made = {**stored.provenance, "command": ["propagation", "run", "a b.yaml"]}
    made["git"] = {"program": {"commit": "c0ffee", "changed": True}, "scenario": None}
    told = provenance_rows(replace(stored, provenance=made))
    rows = dict(told)
    assert rows["Command"] == "propagation run 'a b.yaml'"
    assert rows["Commit of the program"] == "c0ffee, with changes since"
    assert "Commit of the scenario" not in rows
    assert rows["Seed"] == "3"
    assert f"numpy {np.__version__}" in rows["Python and packages"]
    assert "propagation run provenance.json" in rows["To run it again"]


def test_every_input_is_told_with_its_checksum(folder: Path) -> None:
    update = {
        "graph": {"follows": "/a/folder/of/somebody/follows.csv", "follower": "a", "followee": "b"}
        | {"sha256": "1" * 64},
        "accounts": {"table": "t.csv", "id": "n", "attention": 1, "interest": {"news": 1}}
        | {"sha256": "2" * 64},
    }
    plain = parse_scenario(REAL, "x").model_dump(mode="json", by_alias=True, exclude_none=True)
    scenario = Scenario.model_validate({**plain, **update, "ours": {"star": {"account": "0"},
        "brand": {"account": "1"}}, "agents": "mine.py:Eager"})  # fmt: skip
    stored = read_stored(folder)
    made = {**stored.provenance, "agents_sha256": "3" * 64}
    rows = provenance_rows(replace(stored, scenario=scenario, provenance=made))
    assert [value for key, value in rows if key == "Input"] == [
        f"follows.csv (sha256 {'1' * 64})",
        f"t.csv (sha256 {'2' * 64})",
        f"mine.py:Eager (sha256 {'3' * 64})",
    ]


def test_words_are_explained_folded_on_screen_and_open_on_paper(page: Page) -> None:
    assert page.named("details") == [{}]
    assert {*TERMS} <= {" ".join(text.split()) for text in page.text}
    assert SHUFFLED not in page.everything()
    style = (Path(page_module.__file__).parent / "template" / "report.css").read_text()
    paper = style.partition("@media print")[2]
    assert "details::details-content { content-visibility: visible" in paper
    hidden = re.findall(r"([^{};]*)\{[^}]*display: none", paper)
    assert hidden
    assert not any("nav" in selectors for selectors in hidden)


def test_rows_of_the_evidence_are_said_to_be_such(folder: Path) -> None:
    stored, cites = read_stored(folder), "rows of the page of evidence"
    for source, told in (("Measured [2.11].", True), ("Measured [by us].", False)):
        scenario = stored.scenario.model_copy(update={"sources": {"attention": source}})
        text = page_of(replace(stored, scenario=scenario), figures_of(folder))
        assert (cites in text) is told
    scenario = stored.scenario.model_copy(update={"sources": {}})
    text = page_of(replace(stored, scenario=scenario), figures_of(folder))
    assert "gives no source" in text
