"""Where the two audiences tie: by what is counted, and with one assumption changed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from argument.pieces import Piece, Workshop, code
from argument.words import few
from propagation.experiment.phrases import decimals, number, span
from propagation.exploration.explorer import Explorer
from propagation.exploration.ties import break_even_of
from propagation.scenario.exploring import BreakEven
from propagation.scenario.exploring_checks import compared_pair
from propagation.scenario.spec import Scenario
from propagation.scenario.varying import Changes, Inputs
from propagation.scenario.writing import write_scenario

FURTHER = ("relevant_reach", "valued_reach", "reach")
"""Counted besides what the scenario compares."""
DRAWS, WITHIN, AT_MOST = 6, 0.1, 800


@dataclass(frozen=True)
class Variant:
    """The scenario with one assumption changed; ``when`` begins a sentence, ``short`` a row."""

    name: str
    when: str
    short: str
    change: Callable[[Scenario], Scenario]


def _decides_once(scenario: Scenario) -> Scenario:
    """Return the scenario in which everybody decides at first sight only."""
    messages = {
        name: each.model_copy(update={"response": "single"})
        for name, each in scenario.messages.items()
    }
    return scenario.model_copy(update={"messages": messages})


def _without_bridges(scenario: Scenario) -> Scenario:
    """Return the scenario in which the community and the public do not follow each other."""
    return _varied(scenario, dict(_bridges(scenario)))


def _bridges(scenario: Scenario) -> Iterator[tuple[str, float]]:
    for name, segment in (scenario.segments or {}).items():
        assert segment.follows is not None
        to = segment.follows.to or {}
        yield f"segments.{name}.follows.mean", segment.follows.mean * to[name]
        for other in to:
            if other != name:
                yield f"segments.{name}.follows.to.{other}", 0.0


def _at_least_ratio(scenario: Scenario) -> Scenario:
    """Return the scenario in which interest is the least that is called uncertain."""
    least: Changes = {
        path: each.low for path, each in (scenario.uncertain or {}).items() if ".interest." in path
    }
    return _varied(scenario, least)


VARIANTS = (
    Variant(
        "single decision",
        "If everybody decides only once",
        "everybody decides once",
        _decides_once,
    ),
    Variant(
        "no bridges",
        "If the community and the public do not follow each other",
        "no bridges to the public",
        _without_bridges,
    ),
    Variant(
        "least interest",
        "If those who care do so only as much more as e-mail shows",
        "they care as e-mail shows",
        _at_least_ratio,
    ),
)


def _varied(scenario: Scenario, changes: Changes) -> Scenario:
    """Return the scenario with numbers exchanged, and the search for a tie as it is."""
    exchanged = Inputs(scenario).varied(changes)
    return exchanged.model_copy(update={"break_even": scenario.break_even})


def find_ties(workshop: Workshop, name: str = "argument") -> Piece:
    """Return ties by metric, and in shares with one assumption changed."""
    scenario = workshop.scenario(name)

    def make() -> Piece:
        return {
            "by metric": {metric: _tie(workshop, _on(scenario, metric)) for metric in FURTHER},
            "variants": {each.name: _tie(workshop, each.change(scenario)) for each in VARIANTS},
        }

    return workshop.piece("ties", write_scenario(scenario) + code("ties"), make)


def _on(scenario: Scenario, metric: str) -> Scenario:
    return scenario.model_copy(
        update={"compare": scenario.compare.model_copy(update={"on": metric})}
    )


def _tie(workshop: Workshop, scenario: Scenario) -> Piece:
    asked = scenario.break_even
    assert isinstance(asked, BreakEven)
    certain = scenario.model_copy(update={"uncertain": None})
    explorer = Explorer(certain, workshop.scenarios, draws=DRAWS, workers=workshop.workers)
    loose = asked.model_copy(update={"within": WITHIN, "at_most": AT_MOST})
    names, found = compared_pair(scenario), break_even_of(explorer, loose)
    return {**found.as_dict(), "between": list(names)}


# --- in words ---


@dataclass(frozen=True)
class Told:
    """A tie in words; ``found`` where there is one, ``above`` where it lies beyond the range."""

    found: bool
    above: bool
    value: str
    interval: str
    range: str
    each: str
    bound: str
    each_bound: str
    searched: str
    exact: float | None

    @property
    def place(self) -> str:
        """Where the tie is, in a table."""
        if self.found:
            return f"{self.value} ({self.interval})" if self.interval else self.value
        return f"{'more' if self.above else 'fewer'} than {self.bound}"

    @property
    def for_each(self) -> str:
        """How many equal one, in a table."""
        if self.found:
            return self.each
        return f"{'more' if self.above else 'fewer'} than {self.each_bound}"


def told(found: Mapping[str, Any], followers: int) -> Told:
    """Return a tie as ``summary.json`` has it in words, for so many followers who care."""
    value, low, high = found["value"], found["low"], found["high"]
    least, most = found["from"], found["to"]
    above = is_above(found)
    bound = most if above else least
    places = decimals((high - low) / 2, value) if None not in (value, low, high) else None
    return Told(
        found=value is not None,
        above=above,
        value="" if value is None else _at(value, places),
        interval=_ends(low, high, places, least, most) if value is not None else "",
        range=_range(found.get("range"), least, most),
        each="" if value is None else few(value / followers),
        bound=few(bound, 3),
        each_bound=few(bound / followers),
        searched=f"{few(least, 3)} and {few(most, 3)}",
        exact=value,
    )


def _at(value: float, places: int | None) -> str:
    return few(value, 3) if places is None else number(value, min(places, 0))


def _ends(
    low: float | None, high: float | None, places: int | None, least: float, most: float
) -> str:
    """Write an interval; an end beyond the range is said to be there."""
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return (
            f"more than {few(low, 3)}" if low is not None else f"fewer than {few(high or most, 3)}"
        )
    return span(low, high, min(places or 0, 0))


def _range(found: Mapping[str, Any] | None, least: float, most: float) -> str:
    if found is None:
        return ""
    low = f"fewer than {few(least, 3)}" if found["low"] is None else few(found["low"])
    high = f"more than {few(most, 3)}" if found["high"] is None else few(found["high"])
    return f"{low} and {high}"


def is_above(found: Mapping[str, Any]) -> bool:
    """Whether there is no tie, and the one is ahead at the highest value looked at."""
    if found["value"] is not None:
        return False
    last = max(found["evaluated"], key=lambda each: float(each["value"]))
    mean = last["difference"]["mean"]
    return mean is not None and mean > 0
