"""How the pages become a site: ``make docs`` builds it into ``build/site`` with Sphinx.

The source folder is the project's, so that a link means the same here as where the code is hosted.
What a page links that is no page (a scenario, a source file) is copied and can be downloaded. The
pages stay plain Markdown; the table of contents stands here and is added to the start page.
"""

from pathlib import Path

from sphinx.application import Sphinx

project = "propagation"
root_doc = "docs/index"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4

html_theme = "furo"
# what `check` prints begins with #, which looks like a prompt to whoever colours the pages
suppress_warnings = ["misc.highlighting_failure"]
html_title = "propagation"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_show_copyright = False
html_copy_source = False
html_extra_path = ["_start"]  # leads from the top of the site to the start page

CONTENTS = {
    "Begin": {"README": "Overview", "docs/tutorial": "Tutorial"},
    "How to": {
        "docs/reading-the-report": "Read the report",
        "docs/real-data": "Bring your own data",
        "docs/graph-folders": "Import a large graph once",
        "docs/own-agents": "Write your own behaviour",
    },
    "The model": {
        "docs/model": "The model",
        "docs/campaigns": "Campaigns",
        "docs/odd": "ODD description",
        "docs/luck": "Why luck is addressed",
        "docs/drawn-graphs": "Drawn follower graphs",
        "docs/exploring": "Where the answer holds",
        "docs/theory": "What theory expects",
        "docs/when-it-fails": "When the claim is false",
        "docs/statistics": "Statistics of a comparison",
    },
    "Look up": {
        "docs/scenario-reference": "Scenario file",
        "docs/evidence": "Published numbers",
        "docs/verification": "Verification",
        "results/reference/README": "Reference results",
        "docs/speed": "Speed",
        "results/benchmarks/peers": "Speed against other software",
        "results/benchmarks/scaling": "How time and memory grow",
        "results/benchmarks/throws": "Cost of a throw",
        "results/benchmarks/importing": "Speed of imports",
        "results/benchmarks/startup": "Start-up",
        "results/benchmarks/threads": "Two threads",
        "results/benchmarks/memory": "Memory, foreseen and measured",
        "results/benchmarks/campaigns": "Speed of campaigns",
    },
    "The project": {"CONTRIBUTING": "Contributing", "CHANGELOG": "Changelog"},
}
"""Every page of the site, by caption; a page left out is a warning, and warnings are errors."""

include_patterns = ["*.md", "docs/*.md", "results/*/*.md"]
exclude_patterns = [
    path.name
    for path in Path(__file__).parents[1].iterdir()
    if path.is_dir() and path.name not in ("docs", "results")
]  # not searched for pages


def contents() -> str:
    """Return the table of contents as Markdown for Sphinx."""
    parts = []
    for caption, pages in CONTENTS.items():
        lines = "\n".join(f"{title} </{page}>" for page, title in pages.items())
        parts.append(f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n")
    return "\n" + "\n".join(parts)


def add_contents(_: Sphinx, page: str, source: list[str]) -> None:
    """Add the table of contents to the start page."""
    if page == root_doc:
        source[0] += contents()


def setup(app: Sphinx) -> None:
    """Let Sphinx ask for what a page is to hold."""
    app.connect("source-read", add_contents)
