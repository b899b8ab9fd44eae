"""What follows for a client with two accounts: the chief executive's and the brand's."""

from typing import Any

from argument.answer import COUNTED, METRICS, side_of
from argument.blocks import Table
from argument.pieces import Piece, Workshop, code
from argument.ties import Told, told
from argument.words import few, interval_of
from propagation.experiment.finished import Finished, read_finished
from propagation.experiment.phrases import listed, phrase
from propagation.exploration.explorer import Explorer
from propagation.exploration.ties import break_even_of
from propagation.scenario.exploring import BreakEven
from propagation.scenario.spec import Scenario
from propagation.scenario.writing import write_scenario

SCENARIO = "ceo-and-brand"
CEO, BRAND, BOTH = "through the CEO", "through the brand", "through both"
WHO_CARE = ("journalists", "officials")
VARIED = "ours.brand.followers.journalists"
SEARCHED = BreakEven.model_validate(
    {"vary": VARIED, "from": 1, "to": 2000, "between": {CEO: BRAND}, "within": 0.1, "at most": 400}
)
DRAWS = 6
OVERLAP = 0.15
"""Share of the audience up to which two accounts are said to hardly share it."""
SHORT = {metric: phrase(metric).label for metric in METRICS}


def find_count(workshop: Workshop) -> Piece:
    """Return how many of the brand's followers may care before it does better by itself."""
    scenario = workshop.scenario(SCENARIO)

    def make() -> Piece:
        explorer = Explorer(scenario, workshop.scenarios, draws=DRAWS, workers=workshop.workers)
        return dict(break_even_of(explorer, SEARCHED).as_dict())

    return workshop.piece("client", write_scenario(scenario) + code("client"), make)


def client_facts(workshop: Workshop) -> dict[str, Any]:
    """Return what the document says of the client."""
    found = read_finished(workshop.run(SCENARIO))
    sides = _sides(found)
    together, alone = _relevant(found)
    return {
        "ceo": f"{_followers(found.scenario, 'ceo'):,}",
        "brand": f"{_followers(found.scenario, 'brand'):,}",
        "sides": {
            side: listed([SHORT[metric] for metric in METRICS if sides[metric] == side])
            for side in ("ahead", "level", "behind")
        },
        "both": few(together),
        "of_sum": f"{few(100 * together / alone)}%",
        "apart": together / alone > 1 - OVERLAP,
        **_count(told(find_count(workshop), 1), found.scenario),
    }


def client_table(workshop: Workshop) -> Table:
    """Return what goes through which account."""
    strategies = read_finished(workshop.run(SCENARIO)).summary["strategies"]
    return Table(
        ("counted", "the CEO", "the brand", "both"),
        tuple(
            (
                COUNTED[metric],
                *(interval_of(strategies[name][metric]) for name in (CEO, BRAND, BOTH)),
            )
            for metric in METRICS
        ),
    )


def _followers(scenario: Scenario, account: str) -> int:
    return sum((scenario.ours[account].followers or {}).values())


def _sides(found: Finished) -> dict[str, str]:
    """Return where the CEO alone stands against the brand alone, by metric."""
    return {
        each["metric"]: side_of(each["difference"])
        for each in found.summary["differences"]
        if each["strategy"] == CEO and each["baseline"] == BRAND
    }


def _relevant(found: Finished) -> tuple[float, float]:
    """Return who care and are reached through both accounts, and through each added up."""
    strategies = found.summary["strategies"]
    both, ceo, brand = (strategies[name]["relevant_reach"]["mean"] for name in (BOTH, CEO, BRAND))
    return both, ceo + brand


def _count(found: Told, scenario: Scenario) -> dict[str, str]:
    """Return how many of the brand's followers care, and at how many it ties with the CEO."""
    followers = scenario.ours["brand"].followers or {}
    brand = _followers(scenario, "brand")
    others = sum(followers[name] for name in WHO_CARE if not VARIED.endswith(name))
    written = sum(followers[name] for name in WHO_CARE)
    tie = "" if found.exact is None else f"{few(100 * (found.exact + others) / brand)}%"
    return {
        "caring": f"{written:,}",
        "share": f"{few(100 * written / brand)}%",
        "tie": tie,
        "place": found.place,
    }
