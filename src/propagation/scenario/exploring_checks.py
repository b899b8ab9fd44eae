"""Checks of what is to be varied: paths that lead to a number, and ends of ranges that may be."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from propagation.problems import InputError
from propagation.scenario.comparing import COST_PER
from propagation.scenario.exploring import EXPLORING, Span
from propagation.scenario.findings import Finding, Path, reference

if TYPE_CHECKING:
    from propagation.scenario.spec import Scenario


def explores(scenario: "Scenario") -> bool:
    """Whether a scenario has any input to vary."""
    asked = (scenario.sweep, scenario.break_even, scenario.uncertain)
    return any(each is not None for each in asked)


def unexplored(scenario: "Scenario") -> "Scenario":
    """Return a scenario without what only says how its inputs are varied: all that a run needs."""
    blocks = [key.replace(" ", "_") for key in EXPLORING]
    return scenario.model_copy(update=dict.fromkeys(blocks))


def exploring_problems(scenario: "Scenario") -> Iterator[Finding]:
    """Return what cannot be varied as asked.

    Only of a scenario that is right in all else.
    """
    yield from _pairs(scenario)
    from propagation.scenario.varying import Inputs  # which needs the whole scenario

    inputs = Inputs(scenario)
    for place, path, values in _varied(scenario):
        try:
            inputs.number(path)
            if inputs.is_whole(path) and math.floor(max(values)) - math.ceil(min(values)) < 1:
                yield Finding(place, "holds no two whole numbers, and this input takes no others")
            for value in values:
                inputs.varied({path: value})
        except InputError as error:
            for problem in error.problems:
                yield Finding(place, problem.message)
    yield from _twice(scenario)
    yield from _shares_of_one(scenario)


def _shares_of_one(scenario: "Scenario") -> Iterator[Finding]:
    """Report two shares of one segment's follows: the one would change the other."""
    sweep = [] if scenario.sweep is None else list(scenario.sweep.over)
    named = {("sweep", "over"): sweep, ("uncertain",): list(scenario.uncertain or {})}
    for place, paths in named.items():
        seen: dict[str, str] = {}
        for path in paths:
            of, found, _ = path.rpartition(".follows.to.")
            if found and of in seen:
                yield Finding(
                    (*place, path),
                    f"varies with '{seen[of]}': of a segment's shares of follows only one can be "
                    "varied, the rest make up for it",
                )
            elif found:
                seen[of] = path


def _varied(scenario: "Scenario") -> Iterator[tuple[Path, str, Sequence[float]]]:
    """Yield every input that is varied: where that stands, its path, and values to try."""
    if scenario.sweep is not None:
        for path, axis in scenario.sweep.over.items():
            place = ("sweep", "over", path)
            if isinstance(axis, Span):
                yield from _of_span(place, path, axis)
            else:
                yield place, path, (min(axis), max(axis))
    if (search := scenario.break_even) is not None:
        yield ("break even", "vary"), search.vary, (search.low, search.high)
    for path, span in (scenario.uncertain or {}).items():
        yield from _of_span(("uncertain", path), path, span)


def _of_span(place: Path, path: str, span: Span) -> Iterator[tuple[Path, str, Sequence[float]]]:
    ends = (span.low, span.high)
    yield place, path, ends
    for other, factor in span.also.items():
        yield (*place, "also", other), other, [factor * end for end in ends]


def _twice(scenario: "Scenario") -> Iterator[Finding]:
    """Report inputs that one exploration would vary twice."""
    sweep = [] if scenario.sweep is None else list(scenario.sweep.over.items())
    for block, named in (("sweep", sweep), ("uncertain", list((scenario.uncertain or {}).items()))):
        seen: set[str] = set()
        for path, axis in named:
            also = list(axis.also) if isinstance(axis, Span) else []
            for one in (path, *also):
                if one in seen:
                    place = (block, "over", path) if block == "sweep" else (block, path)
                    yield Finding(place, f"'{one}' is varied twice")
                seen.add(one)
        if block == "uncertain" and scenario.break_even and scenario.break_even.vary in seen:
            message = "is uncertain as well: a tie is looked for in one input, the rest may vary"
            yield Finding(("break even", "vary"), message)


def _pairs(scenario: "Scenario") -> Iterator[Finding]:
    strategies = scenario.strategies
    if len(strategies) < 2:
        yield Finding(("strategies",), "needs two strategies to be compared while inputs vary")
    if scenario.compare.on in COST_PER:
        message = "a cost per reach cannot be compared while inputs vary; compare on its reach"
        yield Finding(("compare", "on"), message)
    if scenario.sweep is not None:
        named = scenario.sweep.strategies or ()
        for place, name in enumerate(named):
            yield from reference(("sweep", "strategies", place), name, strategies)
        if len(set(named)) < len(named):
            yield Finding(("sweep", "strategies"), f"'{named[0]}' is compared with itself")
    if scenario.break_even is not None:
        for one, other in (scenario.break_even.between or {}).items():
            yield from reference(("break even", "between"), one, strategies)
            yield from reference(("break even", "between", one), other, strategies)
            if one == other:
                yield Finding(("break even", "between"), f"'{one}' is compared with itself")


def compared_pair(scenario: "Scenario") -> tuple[str, str]:
    """Return the first strategy that the verdict compares, and the baseline."""
    return compared_with_baseline(scenario)[0], scenario.compare.baseline


def compared_with_baseline(scenario: "Scenario") -> list[str]:
    """Return the strategies that the verdict compares with the baseline."""
    named = scenario.compare.strategies or tuple(scenario.strategies)
    return [name for name in named if name != scenario.compare.baseline]
