"""What ``propagation check`` says of a scenario besides its resolved form."""

from collections.abc import Iterator
from pathlib import Path

from propagation.audience.memory import free_memory
from propagation.audience.population import segment_targets
from propagation.audience.targets import check_targets
from propagation.experiment.estimates import (
    Estimate,
    drawn_notices,
    drawn_size,
    estimate,
    graph_notices,
    replicates_in_words,
    worker_count,
)
from propagation.experiment.replicates import Laboratory, load_account_class
from propagation.luck import BLOCK_EXPONENTS
from propagation.problems import InputError
from propagation.scenario.spec import Scenario, Segment, Spread


def notes(scenario: Scenario, folder: Path) -> list[str]:
    """Return sentences on size, time, memory and luck.

    Raises
    ------
    InputError
        If targets cannot hold together, or a file is missing or wrong.
    """
    if scenario.agents is not None:
        load_account_class(scenario.agents, folder)
    if scenario.segments is not None:
        problems = check_targets(segment_targets(scenario.segments))
        if problems:
            raise InputError(problems)
        accounts, follows = drawn_size(scenario.segments)
        notices = drawn_notices(scenario, scenario.segments)
        return [
            *_size(scenario, estimate(scenario, accounts, follows, notices, worker_count(0))),
            *_envelopes(scenario.segments),
        ]
    laboratory = Laboratory(scenario, folder)
    world, real = laboratory.world(0), laboratory.real
    report = real.report if real else ()
    graph, notices = world.graph, graph_notices(scenario, world)
    found = estimate(scenario, graph.accounts, graph.follows, notices, worker_count(0))
    return [*report, *_size(scenario, found)]


def _size(scenario: Scenario, found: Estimate) -> Iterator[str]:
    worlds = "world" if scenario.draws == 1 else "worlds"
    yield (
        f"{scenario.draws} {worlds} of {found.accounts:,} accounts and about {found.follows:,} "
        f"follows; {replicates_in_words(scenario)}"
    )
    drawing = f"{_seconds(found.drawing_seconds)} to draw, " if found.drawing_seconds else ""
    yield (
        f"time (rough): {drawing}{_seconds(found.seconds_per_thousand)} for every 1,000 "
        f"replicates of all strategies on {worker_count(0)} processors"
    )
    free = free_memory()
    memory = f"memory (rough): {found.memory / 1e9:,.1f} GB"
    if free is not None and found.memory > free:
        memory += f", more than the {free / 1e9:,.1f} GB that are free: it would be refused"
    yield memory


def _seconds(seconds: float) -> str:
    if seconds < 1:
        return "under a second"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _envelopes(segments: dict[str, Segment]) -> Iterator[str]:
    """Say up to where attention can be changed without drawing other luck."""
    for name, segment in segments.items():
        attention = segment.attention
        if isinstance(attention, Spread) or attention == 0:
            continue
        envelope = 1.0
        while envelope / 2 >= attention:
            envelope /= 2
        in_blocks = envelope >= 0.5**BLOCK_EXPONENTS
        limit = f"above {0.5 ** (BLOCK_EXPONENTS + 1):g}" if in_blocks else f"up to {envelope:g}"
        yield (
            f"luck: attention of '{name}' can be changed to anything {limit} and everybody else "
            "notices what they noticed before; beyond that, notices are thrown anew"
        )
