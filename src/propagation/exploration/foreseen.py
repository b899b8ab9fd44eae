"""Roughly how much there is to explore, and how long it takes."""

from collections.abc import Iterator, Sequence

from propagation.experiment.estimates import drawn_estimate, worker_count
from propagation.exploration.points import changes_at, design_of, scaled
from propagation.exploration.uncertain import design_of as saltelli
from propagation.problems import InputError, Problem
from propagation.scenario.exploring import EXPLORED_DRAWS, Exploring
from propagation.scenario.exploring_checks import compared_with_baseline
from propagation.scenario.spec import GrownGraph, Scenario
from propagation.scenario.varying import Changes, Inputs, label_of

NANOSECONDS_PER_ACCOUNT = 300.0
"""To settle a world at a point: audiences, traits and what the loop needs of them."""
TIE_VALUES = 25
"""About so many values are looked at for one tie."""


def notes(scenario: Scenario) -> Iterator[str]:
    """Yield sentences on what `run` explores after the runs."""
    if (sweep := scenario.sweep) is not None:
        runs = sweep.points * sweep.replicates * 2
        yield (
            f"explore: a sweep of {sweep.points:,} points, {sweep.replicates:,} replicates of 2 "
            f"strategies at each: {runs:,} runs{_time(scenario, sweep.points, runs, sweep.draws)}"
        )
    if (uncertain := scenario.uncertain) is not None:
        how, told = scenario.exploring or Exploring(), len(compared_with_baseline(scenario)) + 1
        points = how.points * (len(uncertain) + 2)
        runs = points * how.replicates * told
        yield (
            f"explore: {points:,} combinations of what is uncertain, {how.replicates:,} replicates "
            f"of {told} strategies at each: {runs:,} runs{_time(scenario, points, runs, how.draws)}"
        )
    if (tie := scenario.break_even) is not None:
        runs = TIE_VALUES * tie.at_most * 2
        yield (
            f"explore: a tie in the {label_of(tie.vary)}, up to {tie.at_most:,} replicates of 2 "
            f"strategies at each of some {TIE_VALUES} values"
            f"{_time(scenario, TIE_VALUES, runs, scenario.draws)}"
        )


def _time(scenario: Scenario, points: int, runs: int, draws: int | None) -> str:
    """Return the time it takes, in words; nothing where no world is foreseen."""
    if scenario.segments is None or isinstance(scenario.graph, GrownGraph):
        return ""
    found = drawn_estimate(scenario, scenario.segments, worker_count(0))
    worlds = points * (draws or min(scenario.draws, EXPLORED_DRAWS))
    settling = 1e-9 * NANOSECONDS_PER_ACCOUNT * found.accounts * worlds / worker_count(0)
    each = found.seconds_per_thousand / 1000 / len(scenario.strategies)
    seconds = settling + each * runs
    if seconds < 1:
        return ", under a second"
    return f", roughly {seconds:.0f} s" if seconds < 120 else f", roughly {seconds / 60:.0f} min"


def check_points(scenario: Scenario) -> None:
    """Refuse a scenario of which some point cannot be, before anything is run.

    Each end of each range alone was looked at when the scenario was read.

    Raises
    ------
    InputError
        With the first such point of each block.
    """
    inputs, problems = Inputs(scenario), []
    for path, points in _points(scenario, inputs):
        try:
            for changes in points:
                inputs.varied(changes)
        except InputError as error:
            problems += [Problem(error.problems[0].message, path)]
    if problems:
        raise InputError(problems)


def _points(scenario: Scenario, inputs: Inputs) -> Iterator[tuple[str, Sequence[Changes]]]:
    """Yield the points of each block, with its path."""
    if scenario.sweep is not None:
        yield "sweep.over", design_of(scenario.sweep, inputs, scenario.seed).changes
    if (uncertain := scenario.uncertain) is not None:
        how, spans = scenario.exploring or Exploring(), list(uncertain.values())
        parts = saltelli(len(spans), how.points, scenario.seed).parts
        yield "uncertain", [changes_at(point, uncertain) for point in scaled(parts, spans)]
