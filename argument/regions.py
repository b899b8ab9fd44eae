"""The regions in which the claim is false, from their scenarios' results."""

from dataclasses import dataclass
from pathlib import Path

from argument.answer import side_of
from argument.blocks import Table
from argument.pieces import Workshop
from argument.words import few
from propagation.experiment.finished import read_finished
from propagation.experiment.phrases import phrase
from propagation.scenario.exploring_checks import compared_pair

FOLDER = "when-it-fails"
TOLD = "what to tell a client"
EVEN = 0.5
VERDICT = {"behind": "fails", "level": "not settled", "ahead": "holds"}


@dataclass(frozen=True)
class Region:
    """A region: what a client should hear, what came out, and the verdict."""

    number: str
    question: str
    told: str
    counted: str
    small: str
    large: str
    verdict: str


def regions_of(workshop: Workshop) -> list[Region]:
    """Return the regions, their scenarios run."""
    files = sorted((workshop.scenarios / FOLDER).glob("*.yaml"))
    return [_region(file, workshop.run(f"{FOLDER}/{file.stem}")) for file in files]


def _region(file: Path, results: Path) -> Region:
    found = read_finished(results)
    scenario, summary = found.scenario, found.summary
    metric = summary["metric"]
    pair = compared_pair(scenario)
    (difference,) = (
        each
        for each in summary["differences"]
        if each["metric"] == metric and (each["strategy"], each["baseline"]) == pair
    )
    small, large = (summary["strategies"][name][metric] for name in pair)
    interval, margin = difference["difference"], scenario.compare.matters * large["mean"]
    if interval["high"] is None:  # heavy tails: no interval of a mean is claimed
        better = difference["probability_better"]
        interval, margin = {end: better[end] - EVEN for end in ("low", "high")}, 0.0
    verdict = "fails" if interval["high"] < margin else VERDICT[side_of(interval)]
    return Region(
        file.stem.partition("-")[0],
        scenario.question or "",
        " ".join(scenario.sources[TOLD].split()),
        phrase(metric).label,
        few(small["mean"]),
        few(large["mean"]),
        verdict,
    )


def regions_table(regions: list[Region]) -> Table:
    """Return the regions as a table."""
    return Table(
        ("What a client should hear", "counted", "claimed", "other", "the claim"),
        tuple(
            (
                f"{each.number}. {each.told}",
                each.counted,
                each.small,
                each.large,
                f"**{each.verdict}**",
            )
            for each in regions
        ),
        words=2,
    )
