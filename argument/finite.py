"""A community that is used up: sharers by its size, its density and the rule of decision."""

from collections.abc import Iterator

from argument.blocks import Table
from argument.pieces import Piece, Workshop, code
from argument.published import published
from argument.words import few
from propagation.experiment.intervals import Interval, mean_interval
from propagation.experiment.phrases import with_interval
from propagation.exploration.explorer import Explorer
from propagation.scenario.spec import Scenario
from propagation.scenario.writing import write_scenario

SCENARIO = "when-it-fails/3-one-decision"
SIZES, DENSITIES = (1000, 5000, 20000), (24, 30, 60)
RULES = {"independent": "the community, each notice a chance", "single": "the community"}
DRAWS, REPLICATES = 8, 160
ROW = "6.4"


def find_sharers(workshop: Workshop) -> Piece:
    """Return the mean number of sharers in every case, with its interval."""
    scenario = workshop.scenario(SCENARIO)

    def make() -> Piece:
        explorer = Explorer(scenario, workshop.scenarios, draws=DRAWS, workers=workshop.workers)
        cases = list(_cases())

        def at(place: int) -> dict[str, list[float]]:
            size, density = cases[place]
            changes = {
                "segments.community.accounts": float(size),
                "segments.community.follows.mean": float(density),
                "segments.public.follows.to.community": 0.0,
            }
            replicates = range(REPLICATES)
            values = explorer.runs(changes, replicates, tuple(RULES.values()), ("shares",))[:, 0]
            draw = explorer.draw(replicates)
            return {
                rule: _listed(mean_interval(each, draw))
                for rule, each in zip(RULES, values, strict=True)
            }

        found: dict[int, dict[str, list[float]]] = {}
        explorer.over(at, len(cases), found.__setitem__)
        return {f"{size} {density}": found[place] for place, (size, density) in enumerate(cases)}

    return workshop.piece("finite", write_scenario(scenario) + code("finite"), make)


def _cases() -> Iterator[tuple[int, int]]:
    for size in SIZES:
        for density in DENSITIES:
            yield size, density


def _listed(found: Interval) -> list[float]:
    return [float(each) for each in (found.mean, found.low, found.high) if each is not None]


def finite_table(workshop: Workshop, found: Piece) -> Table:
    """Return the table, published values beside those found."""
    rows, chance = [], _chance(workshop.scenario(SCENARIO))
    for size, density in _cases():
        cells = [f"{size:,}", f"{density}", few(density * chance)]
        for rule in RULES:
            mean, low, high = found[f"{size} {density}"][rule]
            value = published()[f"sharers {size} {density} {rule}"].value
            cells += [with_interval(Interval(mean, low, high)), f"{value:,g}"]
        rows.append(tuple(cells))
    return Table(
        (
            "members",
            "followers inside",
            "R",
            "each sight a chance",
            "published",
            "one decision",
            "published",
        ),
        tuple(rows),
        words=1,
    )


def finite_facts(workshop: Workshop, found: Piece) -> dict[str, str]:
    """Return how much the rule matters where the community is smallest, and where it is largest."""
    scenario = workshop.scenario(SCENARIO)
    smallest, largest = (f"{size} {DENSITIES[0]}" for size in (SIZES[0], SIZES[-1]))
    return {
        "row": ROW,
        "spoken_to": f"{(scenario.ours['ceo'].followers or {})['community']:,}",
        "chance": few(_chance(scenario), 1),
        "followers": f"{DENSITIES[0]}",
        "smallest": f"{SIZES[0]:,}",
        "largest": f"{SIZES[-1]:,}",
        "factor_smallest": few(_factor(found[smallest])),
        "factor_largest": few(_factor(found[largest])),
    }


def _factor(found: dict[str, list[float]]) -> float:
    """Return how many times as many share if each sight is a chance."""
    return found["independent"][0] / found["single"][0]


def _chance(scenario: Scenario) -> float:
    """Return the chance that a member who sees it shares it."""
    message = scenario.messages["once"]
    interest = (scenario.segments or {})["community"].interest[message.topic]
    assert isinstance(message.resonance, float)
    assert isinstance(interest, float)
    return message.resonance * interest
