"""The pages as a site: built without a warning, no link is lost, and no network is needed."""

import importlib.util
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = ("sphinx", "myst_parser", "furo")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in NEEDED),
        reason="the extra `docs` is not installed",
    ),
]


def build(project: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Build the site as ``make docs`` does."""
    command = re.search(r"-m (sphinx .*) \. build/site", (ROOT / "Makefile").read_text("utf-8"))
    assert command
    options = command[1].replace("build/doctrees", str(out / "doctrees")).split()
    return subprocess.run(
        [sys.executable, "-m", *options, ".", str(out / "site")],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = build(ROOT, out)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return out / "site"


class Links(HTMLParser):
    """What a page of the site links to, what it loads, and where it can be linked to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif "src" in given or (tag == "link" and "href" in given):
            self.loads.append(given.get("src", given.get("href", "")))


def is_outside(link: str) -> bool:
    return re.match(r"[a-z]+:|//", link) is not None


def lost(site: Path) -> list[tuple[str, str]]:
    """Return (page, link) for every link and every loaded file that is not in the site."""
    pages = {page: Links(page) for page in site.rglob("*.html")}
    wrong = []
    for page, found in pages.items():
        for link in [*found.links, *found.loads]:
            if is_outside(link) or not link:
                continue
            file, anchor = urldefrag(link)
            target = (page.parent / unquote(file.split("?")[0])).resolve() if file else page
            known = pages.get(target)
            if not target.is_file() or (anchor and known and unquote(anchor) not in known.ids):
                wrong.append((page.name, link))
    return wrong


def test_every_page_is_in_the_site(site: Path) -> None:
    sources = {path for pattern in ("*.md", "docs/*.md") for path in ROOT.glob(pattern)}
    assert len(sources) > 12
    for source in sources:
        assert (site / source.relative_to(ROOT).with_suffix(".html")).is_file(), source.name
    assert 'url=docs/index.html"' in (site / "index.html").read_text(encoding="utf-8")


def test_links_of_the_site_lead_somewhere(site: Path) -> None:
    assert lost(site) == []


def test_a_lost_link_of_a_site_is_found(tmp_path: Path) -> None:
    page = '<p id="a"><a href="x.html#a">1</a><a href="x.html#b">2</a><img src="no.png"></p>'
    (tmp_path / "x.html").write_text(page, encoding="utf-8")
    assert lost(tmp_path) == [("x.html", "x.html#b"), ("x.html", "no.png")]


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    loaded = {link for page in site.rglob("*.html") for link in Links(page).loads}
    assert loaded
    assert {link for link in loaded if is_outside(link)} == set()
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(['\"]?(?:https?:)?//", styles) == []
    assert re.findall(r"@import", styles) == []


def test_a_dead_link_stops_the_site(tmp_path: Path) -> None:
    project = tmp_path / "project"
    left_out = shutil.ignore_patterns(".*", "build", "__pycache__", "*.parquet", "figures")
    for name in ("docs", "results", "scenarios", "src", "tests"):
        shutil.copytree(ROOT / name, project / name, ignore=left_out)
    shutil.copytree(ROOT / "docs" / "figures", project / "docs" / "figures")
    for page in [*ROOT.glob("*.md"), ROOT / "CITATION.cff"]:
        shutil.copy(page, project / page.name)
    tutorial = project / "docs" / "tutorial.md"
    planted = "\n[a page](gone.md) and [a heading](model.md#no-such-heading)\n"
    tutorial.write_text(tutorial.read_text(encoding="utf-8") + planted, encoding="utf-8")
    done = build(project, tmp_path)
    assert done.returncode != 0
    warnings = [line for line in done.stderr.splitlines() if "tutorial.md" in line]
    assert len(warnings) == 2, done.stderr
    assert "gone.md" in warnings[0]
    assert "no-such-heading" in warnings[1]
