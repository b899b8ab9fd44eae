"""What follows for a client with two accounts: the chief executive's and the brand's."""

from typing import Any

from argument.answer import COUNTED, METRICS, side_of
from argument.blocks import Table
from argument.pieces import Piece, Workshop, code
from argument.ties import Told, told
from argument.words import few, interval_of
from propagation.experiment.finished import Finished, read_finished
from propagation.experiment.phrases import listed
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
    scenario, count = found.scenario, find_count(workshop)
    ceo, brand = (_followers(scenario, name) for name in ("ceo", "brand"))
    sides = _sides(found)
    return {
        "text": _text(sides, ceo, brand),
        "after": _after(found),
        "count": _count(told(count, 1), scenario, brand),
    }


def client_table(workshop: Workshop) -> Table:
    """Return what goes through which account."""
    strategies = read_finished(workshop.run(SCENARIO)).summary["strategies"]
    return Table(
        "The announcement through either account and through both. Means with intervals.",
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


def _text(sides: dict[str, str], ceo: int, brand: int) -> str:
    words = {
        side: [COUNTED[metric].partition(" (")[0] for metric in METRICS if sides[metric] == side]
        for side in ("ahead", "level", "behind")
    }
    told_sides = [
        f"{verb} in {listed(words[side])}"
        for side, verb in (("ahead", "ahead"), ("level", "level"), ("behind", "behind"))
        if words[side]
    ]
    return (
        f"A client has the chief executive's account with {ceo:,} followers, most of whom care, and the "
        f"brand's with {brand:,}, of whom hardly any do. Should an announcement go out through the small "
        f"one or the large one? Through the chief executive alone it is {', '.join(told_sides)}."
    )


def _after(found: Finished) -> str:
    strategies = found.summary["strategies"]
    ceo, brand, both = (strategies[name]["relevant_reach"]["mean"] for name in (CEO, BRAND, BOTH))
    apart = both / (ceo + brand)
    return (
        f"Through both it reaches {few(both)} people who care, {few(100 * apart)}% of what the two reach by "
        "themselves added up: the accounts hardly share an audience, so use both. What a follower is worth "
        "is no reason to give up the other account."
        if apart > 1 - OVERLAP
        else f"Through both it reaches {few(both)} people who care, {few(100 * apart)}% of what the two reach "
        "by themselves added up: they share much of their audience."
    )


OVERLAP = 0.15
"""Share of the audience up to which two accounts are said to hardly share it."""


def _count(found: Told, scenario: Scenario, brand: int) -> str:
    followers = scenario.ours["brand"].followers or {}
    others = sum(followers[name] for name in WHO_CARE if not VARIED.endswith(name))
    written = sum(followers[name] for name in WHO_CARE)
    if found.exact is None:
        place = "more" if found.above else "fewer"
        return f"Here they are {written:,}, and the brand ties at {place} than {found.bound}."
    share = 100 * (found.exact + others) / brand
    return (
        f"Here {written:,} of {brand:,} do, {few(100 * written / brand)}%. Were it more than "
        f"{few(share)}%, the brand alone would reach more people who care than the chief executive alone."
    )
