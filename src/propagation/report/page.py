"""The report: one page that holds everything, and tables for spreadsheets."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from propagation.experiment.phrases import listed
from propagation.experiment.storage import FIGURES, REPORT, TABLES, cannot_write, replacing
from propagation.report.answer import answer_of
from propagation.report.assumptions import assumption_tables, compared_table
from propagation.report.campaign import as_run, campaign_parts
from propagation.report.exploring import exploring_parts
from propagation.report.figures.campaign_drawings import CAMPAIGN_FIGURES
from propagation.report.figures.drawing import Figure
from propagation.report.figures.exploring_drawings import is_explored
from propagation.report.figures.rendering import LARGEST_SVG, NARROW, render, told
from propagation.report.glossary import glossary
from propagation.report.soundness import read_sound
from propagation.report.spreadsheets import write_tables
from propagation.report.stored import Stored
from propagation.report.tables import (
    difference_table,
    level_table,
    metric_table,
    outcome_table,
    reach_in_words,
    step_table,
)
from propagation.report.wording import citations, limits, method, provenance_rows

UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that would turn the direction of a page's text, or that no page may hold."""
BRACKETS = re.compile(r"\([^()]{1,40}\)")
EVIDENCE_ROW = re.compile(r"\[\d+\.\d+\]")


def write_report(path: Path) -> Path:
    """Render figures, tables and the page of a finished run from its folder; return the page.

    Raises
    ------
    InputError
        If the folder holds no finished run.
    MachineError
        If a file cannot be read or written, or is damaged.
    """
    stored = read_sound(path)
    try:
        figures = render(stored, path / FIGURES)
        write_tables(stored, path / TABLES)
    except OSError as error:
        raise cannot_write(path, error) from error
    page = path / REPORT
    with replacing(page) as unfinished:
        unfinished.write_text(page_of(stored, figures), encoding="utf-8", newline="\n")
    return page


def page_of(stored: Stored, figures: Sequence[Figure]) -> str:
    """Return the page as HTML; every text of the scenario is escaped in it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("propagation.report", "template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = _unbroken
    return environment.get_template("report.html.jinja").render(
        **_results(stored, figures), **_grounds(stored)
    )


def _seen(value: Any) -> Any:
    """Write out control characters and those that turn the direction of all text after them."""
    if type(value) is not str:  # what is markup already has been through here
        return value
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", value)


def _unbroken(value: Any) -> str:
    """Keep an interval in brackets on one line."""
    return BRACKETS.sub(lambda found: found[0].replace(" ", "\u00a0"), str(value))


def _results(stored: Stored, figures: Sequence[Figure]) -> dict[str, Any]:
    """Return what the first part of the page tells: verdict, pictures and tables."""
    by_name = {figure.name: figure for figure in figures}
    verdict, strategies = stored.summary["verdict"], told(stored)
    return {
        "name": stored.scenario.name,
        "question": stored.scenario.question,
        "answer": answer_of(stored, strategies),
        "headline": _capital(verdict[0]),
        "verdict": [_capital(sentence) for sentence in verdict[1:-1]],
        "legend": verdict[-1],
        "compared": compared_table(as_run(stored), strategies),
        "warnings": [_capital(warning) for warning in stored.summary["warnings"]],
        "levels": level_table(stored),
        "figures": by_name,
        "sources": {name: _inlined(stored.path / FIGURES, name) for name in by_name},
        "narrow": _narrow(stored.path / FIGURES, by_name),
        "outcomes": outcome_table(stored, strategies),
        "reach_counts": reach_in_words(stored),
        "differences": difference_table(stored),
        "explored": exploring_parts(stored, by_name),
        "steps": _steps(stored, by_name),
        "parts": campaign_parts(stored, strategies, by_name),
        "further": [each for each in figures if _is_further(each)],
        "missing": _missing(stored),
    }


def _is_further(figure: Figure) -> bool:
    """Whether a figure has no place of its own."""
    has_place = figure.name in CAMPAIGN_FIGURES or is_explored(figure)
    return not has_place and not figure.name.startswith(("outcomes", "step-"))


def _grounds(stored: Stored) -> dict[str, Any]:
    """Return what the results rest on: assumptions, method, limits, literature, provenance."""
    sources = stored.scenario.sources
    return {
        "assumptions": assumption_tables(stored.scenario),
        "assumption_sources": sources,
        "cites_evidence": any(EVIDENCE_ROW.search(source) for source in sources.values()),
        "metrics": metric_table(stored),
        "method": method(stored),
        "limits": limits(stored.scenario),
        "glossary": glossary(stored.scenario),
        "citations": citations(stored),
        "provenance": provenance_rows(stored),
    }


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _missing(stored: Stored) -> list[str]:
    """Say what an older results folder does not hold."""
    missing = []
    if stored.curves is None:
        missing.append("the curves over time")
    if not stored.trees:
        missing.append("the typical cascades")
    return missing


def _steps(stored: Stored, figures: Mapping[str, Figure]) -> list[dict[str, Any]]:
    steps = []
    for place, step in enumerate(stored.summary.get("steps", []), 1):
        names = (f"step-{place}", f"step-{place}-value")
        steps.append(
            {
                "title": step["title"],
                "text": step["text"],
                "worth": _worth(step["worth"] or {}),
                "sentences": step["sentences"],
                "figures": [figures[name] for name in names if name in figures],
                "table": step_table(step),
            }
        )
    return steps


def _worth(factors: Mapping[str, float]) -> str:
    return listed([f"{segment} by {factor:g}" for segment, factor in factors.items()])


def _narrow(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the pictures made for phones, by figure."""
    made = {name: f"{name}{NARROW}" for name in names}
    return {
        name: _inlined(folder, narrow)
        for name, narrow in made.items()
        if (folder / f"{narrow}.svg").is_file()
    }


def _inlined(folder: Path, name: str) -> str:
    """Return a figure as a data address: SVG, or PNG where that would be too large."""
    picture, kind = (folder / f"{name}.svg").read_bytes(), "svg+xml"
    if len(picture) > LARGEST_SVG:
        picture, kind = (folder / f"{name}.png").read_bytes(), "png"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"
