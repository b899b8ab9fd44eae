"""Roughly how large, how long and how much memory, from the scenario alone.

Both follow from the expected number of notices (a multi-type branching process over segments,
stopped at everybody, from the followers that our accounts have at the start). Time is what
``durations`` says of them, memory what ``footprint`` says; a first run also compiles.
"""

import math
import mmap
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from propagation.audience.attention import attention_at
from propagation.audience.drawn_folders import is_kept
from propagation.audience.memory import check_fits, private_memory
from propagation.audience.population import segment_targets
from propagation.audience.world import World
from propagation.experiment.beginnings import Beginning, beginnings
from propagation.experiment.durations import drawing_seconds, replicate_seconds
from propagation.experiment.footprint import peak, size_of
from propagation.scenario.spec import (
    Capacity,
    GrownGraph,
    Growth,
    LognormalResonance,
    Message,
    ParetoResonance,
    Precision,
    Scenario,
    Segment,
)
from propagation.spread.generations import noticed_of
from propagation.strategy.agenda import agenda_of

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

GENERATIONS = 50
LEVELS = 50
"""Resonance that varies is foreseen as so many values, equally likely."""
ENOUGH = 100.0
"""Logarithm of what any resonance is multiplied by at most: all share then."""
MOST_FOLLOWED = 2_000_000_000
"""Follows that an estimate on a given graph walks along at most: some seconds."""
ADVICE = "fewer accounts, follows, draws or workers need less"
FURTHER_ADVICE = "fewer draws or workers need less, as does a smaller graph"


@dataclass(frozen=True)
class Estimate:
    """Accounts and follows of one world, notices of one run of all strategies, seconds, bytes."""

    accounts: int
    follows: int
    notices: float
    drawing_seconds: float
    seconds_per_thousand: float
    memory: int


def estimate(
    scenario: Scenario,
    accounts: int,
    follows: int,
    notices: Sequence[float],
    workers: int,
    engine: str = "compiled",
    is_mapped: bool = False,
) -> Estimate:
    """Return an estimate for worlds of so many accounts and follows.

    ``notices`` are those expected of each message instance in one replicate of all strategies;
    a graph that ``is_mapped`` lies in a folder and takes no memory for its follows.
    """
    rule = scenario.replicates
    draws = min(scenario.draws, rule.at_most if isinstance(rule, Precision) else rule)
    total = math.fsum(notices)
    seconds = replicate_seconds(scenario, accounts, follows, notices)
    by_strategy = _by_strategy(scenario, notices)
    size = size_of(scenario, accounts, follows, by_strategy, workers, engine, is_mapped)
    return Estimate(
        accounts=accounts,
        follows=follows,
        notices=total,
        drawing_seconds=drawing_seconds(scenario, follows, draws),
        seconds_per_thousand=1e3 * seconds / workers,
        memory=peak(size),
    )


def _by_strategy(scenario: Scenario, notices: Sequence[float]) -> list[Sequence[float]]:
    """Return the notices of instances strategy by strategy; none where none are known."""
    parts, left = [], notices
    for actions in scenario.strategies.values():
        count = len(agenda_of(actions, scenario.starts))
        parts.append(left[:count])
        left = left[count:]
    return parts


def drawn_estimate(
    scenario: Scenario, segments: Mapping[str, Segment], workers: int, engine: str = "compiled"
) -> Estimate:
    """Return the estimate for worlds that are drawn, before they are."""
    accounts, follows = drawn_size(segments)
    notices = drawn_notices(scenario, segments)
    kept = is_kept(segment_targets(segments))
    return estimate(scenario, accounts, follows, notices, workers, engine, kept)


def given_estimate(
    scenario: Scenario, world: World, workers: int, engine: str = "compiled"
) -> Estimate:
    """Return the estimate for a given graph that has been read."""
    graph, notices = world.graph, graph_notices(scenario, world)
    mapped = lies_in_a_file(graph.followers)
    return estimate(scenario, graph.accounts, graph.follows, notices, workers, engine, mapped)


def lies_in_a_file(array: object) -> bool:
    """Whether an array, or the one it is a part of, is mapped from a file."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


def check_memory(scenario: Scenario, workers: int, engine: str) -> None:
    """Refuse drawn or grown worlds that do not fit into the memory that is free.

    Raises
    ------
    MachineError
        If they do not.
    """
    if scenario.segments is None:
        return
    if isinstance(scenario.graph, GrownGraph):
        size = grown_size(scenario.graph.grown, scenario.segments)
        needed = estimate(scenario, *size, (), workers, engine).memory
    else:
        needed = drawn_estimate(scenario, scenario.segments, workers, engine).memory
    check_fits(needed, scenario.name, ADVICE)


def check_further_memory(scenario: Scenario, world: World, workers: int, engine: str) -> None:
    """Refuse a run on a given graph, once read, if the rest does not fit into what is free.

    Raises
    ------
    MachineError
        If it does not, however small the cascades are.
    """
    held = private_memory()
    if scenario.segments is None and held is not None:
        graph = world.graph
        mapped = lies_in_a_file(graph.followers)
        found = estimate(scenario, graph.accounts, graph.follows, (), workers, engine, mapped)
        check_fits(found.memory - held, scenario.name, FURTHER_ADVICE)


def drawn_size(segments: Mapping[str, Segment]) -> tuple[int, int]:
    """Return the numbers of accounts and follows of a drawn world, our accounts left out."""
    accounts = sum(segment.accounts for segment in segments.values())
    follows = math.fsum(
        segment.accounts * segment.drawn_follows.mean for segment in segments.values()
    )
    return accounts, round(follows)


def grown_size(growth: Growth, segments: Mapping[str, Segment]) -> tuple[int, int]:
    """Return the numbers of accounts and, at most, of follows of a grown world."""
    accounts = sum(segment.accounts for segment in segments.values())
    back = growth.back
    returned = back if isinstance(back, float) else max(back.alike, back.otherwise)
    return accounts, round(accounts * growth.follows * (1 + returned))


def worker_count(asked: int) -> int:
    """Return how many workers to use: as many as asked for, or one for each processor."""
    return asked or os.cpu_count() or 1


def replicates_in_words(scenario: Scenario) -> str:
    """Say how many replicates there will be."""
    rule = scenario.replicates
    if isinstance(rule, Precision):
        return f"up to {rule.at_most:,} replicates of each strategy, until within {rule.within:.0%}"
    return f"{rule:,} replicates of each strategy"


def drawn_notices(scenario: Scenario, segments: Mapping[str, Segment]) -> list[float]:
    """Return the notices expected of each message instance on a drawn graph."""
    names = list(segments)
    sizes = np.array([segment.accounts for segment in segments.values()], np.float64)
    # follows[s, t]: how many members of segment s follow members of segment t
    follows = np.array(
        [
            [
                segment.accounts
                * segment.drawn_follows.mean
                * segment.drawn_follows.to.get(name, 0.0)
                for name in names
            ]
            for segment in segments.values()
        ]
    )
    followees = zip(segments.values(), follows.sum(axis=1) / sizes, strict=True)
    attention = np.array([_attention(segment, count) for segment, count in followees])
    at_most = attention * follows.sum(axis=1)
    shown = attention[:, None] * (follows / sizes)
    anybody = shown @ sizes / sizes.sum()

    def notices(one: Beginning) -> float:
        message = scenario.messages[one.message]
        interest = [_mean(segment.interest[message.topic]) for segment in segments.values()]
        sharing = _sharing(message, np.array(interest))
        first = np.zeros(len(names))
        for by, times in one.ours:
            audience = scenario.ours[by].followers or {}
            first += times * attention * [audience.get(name, 0) for name in names]
        for segment, count in one.sharers:
            first += count * (anybody if segment is None else shown[:, names.index(segment)])
        for segment, impressions in one.shown:
            first[names.index(segment)] += impressions * attention[names.index(segment)]
        return _grown(first, partial(np.matmul, shown * sharing), at_most)

    return _each_once(scenario, notices)


def _each_once(scenario: Scenario, notices: Callable[[Beginning], float]) -> list[float]:
    """Return the notices of each message instance; those that begin alike are counted once."""
    known = cache(notices)
    return [known(one) for one in beginnings(scenario)]


def graph_notices(scenario: Scenario, world: World) -> list[float]:
    """Return the notices expected of each message instance on a given graph."""
    graph, attention = world.graph, world.traits.attention
    starts = graph.list_starts[: graph.ordinary + 1]
    at_most = attention * graph.followee_counts
    different = len(set(beginnings(scenario)))
    generations = min(GENERATIONS, max(2, MOST_FOLLOWED // (1 + graph.follows * different)))

    def notices(one: Beginning) -> float:
        message = scenario.messages[one.message]
        sharing = _sharing(message, world.traits.interest[message.topic])
        sharing[world.is_ours] = 0.0

        def spread_on(noticed: Float64, sharing: Float64 = sharing) -> Float64:
            sharers = np.minimum(1.0, sharing * noticed)
            return noticed_of(starts, graph.followers, attention, sharers)

        first = np.zeros(graph.accounts)
        for by, times in one.ours:
            members = graph.followers_of(world.ours[by])
            np.add.at(first, members, times * attention[members])
        for segment, count in one.sharers:
            sharers = _spread_over(world, segment, count)
            first += noticed_of(starts, graph.followers, attention, sharers)
        for segment, impressions in one.shown:
            first += attention * _spread_over(world, segment, impressions)
        return _grown(first, spread_on, at_most, generations)

    return _each_once(scenario, notices)


def _spread_over(world: World, segment: str | None, count: float) -> Float64:
    """Return a number of accounts or impressions as shares of each account that it may fall on."""
    chosen = ~world.is_ours
    if segment is not None:
        chosen = chosen & (world.segment_of == world.segments.index(segment))
    return np.where(chosen, count / max(1, int(chosen.sum())), 0.0)


def _grown(
    first: Float64,
    spread_on: Callable[[Float64], Float64],
    at_most: Float64,
    generations: int = GENERATIONS,
) -> float:
    """Return the notices of all generations, at most every follow once.

    What comes after so many ``generations`` is taken to grow or shrink on at the last one's pace.
    """
    noticed = total = first
    pace = 0.0
    for _ in range(generations):
        before, noticed = noticed, spread_on(noticed)
        total = np.minimum(total + noticed, at_most)
        if noticed.sum() <= 1e-3 * total.sum():
            return float(total.sum())
        pace = float(noticed.sum() / before.sum())
    rest = noticed * pace / (1 - pace) if pace < 1 else at_most
    return float(np.minimum(total + rest, at_most).sum())


def _attention(segment: Segment, followees: float) -> float:
    """Return the mean attention; if limited, of an account with so many followees, at rest."""
    limits = segment.attention
    if isinstance(limits, Capacity):
        return float(attention_at(limits.capacity, limits.per_followee * followees, 0.0))
    return _mean(limits)


def _sharing(message: Message, interest: Float64) -> Float64:
    """Return the probability to share at a first notice; with resonance that varies, the mean."""
    total = np.zeros_like(interest)
    levels = _levels(message.resonance)
    for level in levels:
        total += np.minimum(1.0, level * interest)
    return total / len(levels)


def _levels(resonance: float | LognormalResonance | ParetoResonance) -> list[float]:
    """Return resonances that are equally likely: the middles of so many parts of its law."""
    if isinstance(resonance, float):
        return [resonance]
    middles = [(i + 0.5) / LEVELS for i in range(LEVELS)]
    if isinstance(resonance, LognormalResonance):
        return [
            resonance.median * math.exp(resonance.sigma * NormalDist().inv_cdf(u)) for u in middles
        ]
    logarithms = [min(-math.log1p(-u) / resonance.tail, ENOUGH) for u in middles]
    return [resonance.least * math.exp(each) for each in logarithms]


def _mean(trait: object) -> float:
    return float(getattr(trait, "mean", trait))  # type: ignore[arg-type]
