"""What ``propagation check`` says of a scenario besides its resolved form."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from propagation.audience.drawn_folders import graph_cache, is_kept, room_for
from propagation.audience.graph_measures import measures_of
from propagation.audience.memory import free_memory
from propagation.audience.population import segment_targets
from propagation.audience.targets import Plan, SegmentTargets, check_targets
from propagation.audience.world import World
from propagation.experiment.campaign_footprint import unforeseen
from propagation.experiment.equal_cost import in_notes
from propagation.experiment.estimates import (
    ADVICE,
    Estimate,
    check_memory,
    drawn_estimate,
    given_estimate,
    replicates_in_words,
    worker_count,
)
from propagation.experiment.foresight import Foresights
from propagation.experiment.foresight_words import sentences
from propagation.experiment.own_agents import load_account_class
from propagation.experiment.phrases import counted, quoted
from propagation.experiment.replicates import Laboratory
from propagation.luck import BLOCK_EXPONENTS
from propagation.problems import InputError
from propagation.scenario.actions import Repost
from propagation.scenario.spec import Capacity, GrownGraph, Scenario, Segment, Spread


def notes(scenario: Scenario, folder: Path, *, exact: bool = False) -> list[str]:
    """Return sentences on size, time, memory and luck, and on what theory expects.

    Parameters
    ----------
    exact
        Whether theory goes by the accounts of a graph, which is drawn for it.

    Raises
    ------
    InputError
        If targets cannot hold together, or a file is missing or wrong.
    """
    if scenario.agents is not None:
        load_account_class(scenario.agents, folder)
    if scenario.segments is not None and not isinstance(scenario.graph, GrownGraph):
        problems = check_targets(segment_targets(scenario.segments))
        if problems:
            raise InputError(problems)
        if exact:
            check_memory(scenario, worker_count(0), "compiled")
        laboratory = Laboratory(scenario, folder)
        return [
            *_equal_cost(laboratory),
            *_circles(scenario),
            *_size(scenario, drawn_estimate(scenario, scenario.segments, worker_count(0))),
            *_disk(scenario, segment_targets(scenario.segments)),
            *_envelopes(scenario.segments),
            *sentences(Foresights(laboratory, exact=exact)),
        ]
    check_memory(scenario, worker_count(0), "compiled")
    laboratory = Laboratory(scenario, folder)
    laboratory.prepare()
    world, real = laboratory.world(0), laboratory.real
    report = real.report if real else ()
    size = _size(scenario, given_estimate(scenario, world, worker_count(0)))
    done = [*_equal_cost(laboratory), *_circles(scenario)]
    theory = sentences(Foresights(laboratory, exact=exact))
    if scenario.segments is None:
        return [*report, *done, *size, *theory]
    return [*done, *size, *_grown(world), *_envelopes(scenario.segments), *theory]


def _grown(world: World) -> Iterator[str]:
    """Say what has grown in the first draw, our accounts left out."""
    found = measures_of(world.graph, world.segment_of, world.traits.interest)
    yield (
        f"grown in draw 0: {found.follows:,} follows, {found.follows / found.accounts:,.1f} an "
        f"account; most followers {found.most_followers:,}, exponent of the tail {found.tail:.2f}; "
        f"followers times followees {found.together:.2f} times as if independent"
    )
    topics = "; ".join(
        f"by interest in {topic} {value:.2f}" for topic, value in found.by_interest.items()
    )
    yield (
        f"grown in draw 0: {found.reciprocity:.1%} of the follows are returned, clustering "
        f"{found.clustering:.3f}; assortativity by segment {found.by_segment:.2f}; {topics}"
    )


def _equal_cost(laboratory: Laboratory) -> Iterator[str]:
    """Say how strategies are scaled to one budget, if they are."""
    if laboratory.equal_cost is not None:
        yield from in_notes(laboratory.equal_cost)


def _circles(scenario: Scenario) -> Iterator[str]:
    """Say where accounts repost each other in a circle, and that it ends there."""
    for name, actions in scenario.strategies.items():
        rules = [one for one in actions if isinstance(one, Repost) and one.when != "never"]
        reach = {(one.by, one.repost) for one in rules}
        for via in sorted(scenario.ours):
            reach |= {(a, d) for a, b in reach for c, d in reach if b == c == via}
        if around := sorted(one for one, other in reach if one == other):
            yield (
                f"reposts: in '{name}' {quoted(around)} repost each "
                "other in a circle; only posts are reposted, so it ends with one repost by each"
            )


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
    threads = counted(worker_count(0), "thread")
    memory = f"memory: {found.memory / 1e9:,.2f} GB at its peak with {threads}"
    if free is not None and found.memory > free:
        refused = f"more than the {free / 1e9:,.2f} GB that are free: it would be refused"
        memory += f"; {refused}, {ADVICE}"
    yield memory
    yield from unforeseen(scenario)


def _disk(scenario: Scenario, targets: Mapping[str, SegmentTargets]) -> Iterator[str]:
    """Say how much of the disk drawn graphs take, if they are so large that they are kept there."""
    if not is_kept(targets):
        return
    needed, free = room_for(Plan(targets), graph_cache())
    graphs = "the drawn graph" if scenario.draws == 1 else f"each of {scenario.draws} drawn graphs"
    line = f"disk: {needed / 1e9:,.2f} GB for {graphs}, kept in {graph_cache()}"
    if needed > free:
        line += f"; more than the {free / 1e9:,.2f} GB that are free: it would be refused"
    yield line


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
        if isinstance(attention, Spread | Capacity) or attention == 0:
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
