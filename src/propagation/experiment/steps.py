"""The steps of an argument: further comparisons, each pair of strategies with its own other."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from propagation.experiment.batches import value_columns
from propagation.experiment.comparison import (
    NOTHING_EXPECTED,
    Expectations,
    difference,
    outcomes_of,
    pair_in,
    ratios,
)
from propagation.experiment.intervals import Floats, Integers
from propagation.experiment.quotients import quotient_of
from propagation.experiment.summary import Difference, Outcome
from propagation.experiment.verdict import of_pair
from propagation.problems import InputError, Problem, not_one_of
from propagation.scenario.spec import Scenario, Step

Columns = Mapping[str, Mapping[str, Floats]]
"""Strategy, then column of the table of runs, to values (replicates,)."""


@dataclass(frozen=True)
class StepFound:
    """What a step's comparisons find; ``outcomes`` by strategy, in its metric."""

    step: Step
    metric: str
    outcomes: Mapping[str, Outcome]
    differences: tuple[Difference, ...]
    sentences: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds."""
        return {
            "title": self.step.title,
            "text": self.step.text,
            "metric": self.metric,
            "worth": self.step.worth,
            "strategies": {name: asdict(each) for name, each in self.outcomes.items()},
            "differences": [each.as_dict() for each in self.differences],
            "sentences": list(self.sentences),
        }


def step_found(
    step: Step,
    scenario: Scenario,
    runs: Columns,
    draw: Integers,
    expected: Expectations = NOTHING_EXPECTED,
) -> StepFound:
    """Make the comparisons of a step; their intervals hold together.

    ``expected`` (strategy, metric) is what theory expects, with what the step makes accounts worth.

    Raises
    ------
    InputError
        If ``worth`` names a segment that the world does not have.
    """
    metric: str = step.on or scenario.compare.on
    names = dict.fromkeys(name for pair in step.against.items() for name in pair)
    values = {name: _values(runs[name], metric, step.worth) for name in names}
    outcomes = {
        name: outcomes_of(each, draw, scenario.seed, expected.get(name, {}))[metric]
        for name, each in values.items()
    }
    pairs = [
        pair_in(
            metric,
            strategy,
            values[strategy],
            values[other],
            draw,
            heavy=outcomes[strategy].heavy or outcomes[other].heavy,
            seed=scenario.seed,
        )
        for strategy, other in step.against.items()
    ]
    found = ratios(pairs, draw, scenario.seed, len(pairs))
    matters = scenario.compare.matters
    differences = tuple(
        difference(pair, ratio, step.against[pair.strategy], matters, len(pairs))
        for pair, ratio in zip(pairs, found, strict=True)
    )
    told = {name: {metric: each} for name, each in outcomes.items()}
    idle = [name for name in names if not scenario.strategies[name]]
    sentences = [
        sentence for each in differences for sentence in of_pair(each, told, matters, idle)
    ]
    return StepFound(step, metric, outcomes, differences, tuple(sentences))


def _values(
    runs: Mapping[str, Floats], metric: str, worth: Mapping[str, float] | None
) -> dict[str, Floats]:
    """Return a metric's values, and the parts of a cost per reach.

    Valued reach comes with the segments' values multiplied by ``worth``.
    """
    if worth:
        return {metric: _worth_more(runs, worth)}
    quotient = quotient_of(metric, runs)
    needed = (metric,) if quotient is None else (metric, "cost", quotient.divisor)
    return {name: runs[name] for name in needed}


def _worth_more(runs: Mapping[str, Floats], worth: Mapping[str, float]) -> Floats:
    """Return valued reach with the segments' values multiplied by ``worth``."""
    segments = {
        name.removeprefix("valued_reach_"): values
        for name, values in runs.items()
        if name.startswith("valued_reach_")
    }
    columns = {segment: value_columns((segment,))[0] for segment in worth}
    factors = {column.removeprefix("valued_reach_"): worth[s] for s, column in columns.items()}
    for segment in worth:
        name = columns[segment].removeprefix("valued_reach_")
        if name not in segments:
            raise InputError(Problem(not_one_of(segment, segments), "steps.worth"))
    total: Floats = np.sum([factors.get(n, 1.0) * each for n, each in segments.items()], axis=0)
    return total
