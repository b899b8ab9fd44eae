"""Puts the document together: what was found, the text with it, the page and the print."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from argument.answer import (
    COUNTED,
    METRICS,
    as_numbers,
    audiences,
    elasticity,
    interests,
    map_facts,
    message_of,
    outcomes,
    single_campaigns,
    ties_of,
    uncertain_of,
    variant_rows,
    world_of,
)
from argument.blocks import Heading, Picture, Table, blocks_of
from argument.client import client_facts, client_table
from argument.finite import find_sharers, finite_facts, finite_table
from argument.html import page_of
from argument.pictures import draw_pictures, of_exploration
from argument.pieces import Piece, Workshop
from argument.published import published
from argument.regions import regions_of, regions_table
from argument.replayed import compared_in, find_replay, replay_drawings, replay_facts, replay_table
from argument.ties import find_ties
from argument.typeset import source_of, write_pdf
from argument.words import few, spelled
from argument.worth import worth_drawing
from propagation.experiment.intervals import CONFIDENCE
from propagation.experiment.storage import replacing
from propagation.report.soundness import read_sound
from propagation.report.stored import Stored

FOLDER = Path(__file__).parent
TEXT = "text.md.jinja"
FALSE = "When it is false"
CHOSEN = "chosen and not measured"
"""The source that names what was chosen."""
MOST_PAGES = 12

Facts = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """All that the page and the print are made from."""

    facts: Facts
    tables: Mapping[str, Table]
    pictures: Mapping[str, Picture]


def build(workshop: Workshop, out: Path) -> int:
    """Make what is missing and write page, print and numbers; return the number of pages.

    Raises
    ------
    InputError
        If a scenario is wrong.
    MachineError
        If the disk is full or a file cannot be read.
    """
    made = document(workshop, workshop.work / "figures")
    return write(made, workshop.work, out)


def document(workshop: Workshop, figures: Path) -> Document:
    """Return the document, its pictures drawn into a folder."""
    stored = read_sound(workshop.run("argument"))
    ties, sharers, replayed = find_ties(workshop), find_sharers(workshop), find_replay(workshop)
    regions = regions_of(workshop)
    facts = argument_facts(stored, ties)
    facts |= {
        "regions": regions,
        "regions_count": spelled(len(regions)),
        "occupy": replay_facts(replayed),
        "finite": finite_facts(workshop, sharers),
        "client": client_facts(workshop),
        "beside": sources_beside(replayed),
    }
    tables = {
        **argument_tables(facts),
        "regions": regions_table(regions),
        "finite": finite_table(workshop, sharers),
        "occupy": replay_table(replayed),
        "client": client_table(workshop),
    }
    small, large = audiences(stored.scenario)
    drawings = (
        *worth_drawing(stored.summary, ties, small.count, large.count / small.count),
        *of_exploration(stored),
        *replay_drawings(replayed),
    )
    return Document(facts, tables, draw_pictures(iter(drawings), figures))


def argument_facts(stored: Stored, ties: Mapping[str, Any]) -> Facts:
    """Return what the text says of the small and the large audience."""
    scenario, summary = stored.scenario, stored.summary
    small, large = audiences(scenario)
    found = ties_of(summary, ties, small.count)
    world, uncertain = world_of(scenario, small, large), uncertain_of(summary)
    said, rows = variant_rows(ties, found[summary["metric"]], small.count)
    return {
        "small": small,
        "large": large,
        "times": few(large.count / small.count),
        "outcome": outcomes(summary),
        "single": single_campaigns(summary),
        "ties": found,
        "variants": said,
        "variant_rows": rows,
        "world": world,
        "ratio": interests(scenario, world),
        "formula": formula_facts(world["tie"], found[summary["metric"]].exact),
        "theory": {"tie": _theory(summary)},
        "uncertain": uncertain,
        "map": map_facts(summary["sweep"], stored),
        "why": why_facts(summary),
        "rule": message_of(scenario, small.name).response,
        "relevant_times": few(scenario.relevant / (world["base"])),
        "method": method_facts(stored),
        "sources": "\n".join(
            f"- *{name}*: {text}" for name, text in scenario.sources.items() if name != CHOSEN
        ),
        "published": published_facts(),
    }


def sources_beside(replayed: Piece) -> list[str]:
    """Return where the published numbers were read that the document sets beside its own."""
    read = [f"{each.source} [{each.row}]" for each in published().values()]
    read += [row.target.source for row in compared_in(replayed)]
    return list(dict.fromkeys(read))


def formula_facts(tie: float, found: float | None) -> Facts:
    """Return the tie by the formula, and what the simulated one is of it."""
    beside = "" if found is None else f"{few(100 * found / tie)}%"
    return {
        "tie": few(tie, 3),
        "beside": beside,
        "is_less": found is not None and found < tie,
    }


def _theory(summary: Mapping[str, Any]) -> str:
    tie = summary["break_even"]["theory"]
    return "" if tie is None else few(tie, 3)


def why_facts(summary: Mapping[str, Any]) -> Facts:
    """Return what the ratio is made of; empty where theory says nothing."""
    for found in summary.get("why", []):
        return {
            "ratio": few(found["ratio"]["mean"]),
            "count": spelled(len(found["factors"])),
            "factors": [
                {"name": each["name"], "value": few(each["value"]), "meaning": each["meaning"]}
                for each in found["factors"]
            ],
            "note": found["note"] or "",
        }
    return {}


def published_facts() -> Facts:
    """Return published numbers as the text writes them."""
    known = published()
    least, most = (f"{known[f'july retweets {end}'].value:.0f}" for end in ("least", "most"))
    return {
        "call": {"year": f"{known['year'].value:.0f}"},
        "july": f"{least} to {most}",
        "launch": {"value": f"{known['launch tweets'].value:,.0f}"},
        "elasticity": elasticity(),
    }


def method_facts(stored: Stored) -> Facts:
    """Return how much was run."""
    summary, scenario = stored.summary, stored.scenario
    return {
        "runs": f"{summary['replicates']:,}",
        "worlds": summary["draws"],
        "confidence": f"{100 * CONFIDENCE:.0f}%",
        "replicates_each": summary["uncertain"]["replicates"],
        "chosen": scenario.sources[CHOSEN].rstrip("."),
    }


def argument_tables(facts: Facts) -> dict[str, Table]:
    """Return the tables of the small and the large audience."""
    small, large = facts["small"], facts["large"]
    rows = []
    for metric in METRICS:
        outcome, tie = facts["outcome"][metric], facts["ties"][metric]
        rows.append(
            (COUNTED[metric], outcome.small, outcome.large, outcome.side, tie.place, tie.for_each)
        )
    counted = Table(
        ("counted", small.followers, large.followers, "the small is", "tie at", "for each"),
        tuple(rows),
    )
    variants = Table(
        ("assumption", "tie at random followers", "for each"),
        tuple(facts["variant_rows"]),
    )
    return {"counted": counted, "variants": variants}


# --- writing ---


def text_of(facts: Facts, template: str | None = None) -> str:
    """Return the text with everything filled in."""
    source = template or (FOLDER / TEXT).read_text(encoding="utf-8")
    parts = [line[3:].strip() for line in source.splitlines() if line.startswith("## ")]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    return environment.from_string(source).render(**facts, part={"false": parts.index(FALSE) + 1})


def write(made: Document, work: Path, out: Path) -> int:
    """Write the page, the print and the numbers; return the number of pages."""
    blocks = blocks_of(text_of(made.facts))
    title = next(each.text for each in blocks if isinstance(each, Heading))
    out.mkdir(parents=True, exist_ok=True)
    page = page_of(title, blocks, made.tables, made.pictures, work / "figures")
    source = work / "argument.typ"
    source.write_text(source_of(blocks, made.tables, made.pictures), encoding="utf-8")
    with replacing(out / "argument.pdf") as unfinished:
        pages = write_pdf(source, unfinished)
    numbers = json.dumps(as_numbers(made.facts), indent=1, ensure_ascii=False)
    for name, text in (("index.html", page), ("numbers.json", numbers + "\n")):
        with replacing(out / name) as unfinished:
            unfinished.write_text(text, encoding="utf-8", newline="\n")
    return pages
