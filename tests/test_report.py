"""The report page: verdict first, one file, nothing in it that a scenario's texts could do."""

import base64
import csv
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from campaigns import run, write_campaign
from typer.testing import CliRunner

from propagation import cli
from propagation.report import page as page_module
from propagation.report.page import LARGEST_SVG, LIMITS, write_report
from propagation.report.stored import read_stored

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
