"""Roughly how large, how long and how much memory, from the scenario alone.

Time is guessed from the expected number of notices (a multi-type branching process over segments,
stopped at everybody) and rates measured on one core of an ordinary server; a first run also
compiles. Memory is what the arrays need.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from propagation.audience.memory import check_fits
from propagation.audience.world import World
from propagation.scenario.spec import Message, Precision, Scenario, Segment

Float64 = npt.NDArray[np.float64]

NANOSECONDS_PER_NOTICE = 60.0
MICROSECONDS_PER_INSTANCE = 120.0
NANOSECONDS_PER_DRAWN_FOLLOW = 250.0
GENERATIONS = 50
BYTES_PER_FOLLOW = 4
BYTES_PER_ACCOUNT = 100
BYTES_PER_ACCOUNT_AND_WORKER = 52
BYTES_WHILE_DRAWING_A_FOLLOW = 60
BYTES_OF_THE_PROGRAM = 250_000_000
ADVICE = "fewer accounts, follows, draws or workers need less"


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
    scenario: Scenario, accounts: int, follows: int, notices: float, workers: int
) -> Estimate:
    """Return a rough estimate for worlds of so many accounts and follows.

    ``notices`` are those expected of one replicate of all strategies.
    """
    drawn = scenario.segments is not None
    rule = scenario.replicates
    draws = min(scenario.draws, rule.at_most if isinstance(rule, Precision) else rule)
    instances = sum(len(post.at) for posts in scenario.strategies.values() for post in posts)
    seconds = instances * MICROSECONDS_PER_INSTANCE * 1e-6 + notices * NANOSECONDS_PER_NOTICE * 1e-9
    drawing = draws * follows * NANOSECONDS_PER_DRAWN_FOLLOW * 1e-9 if drawn else 0.0
    worlds = draws * (2 if scenario.shuffled else 1)
    memory = (
        BYTES_OF_THE_PROGRAM
        + worlds * (follows * BYTES_PER_FOLLOW + accounts * BYTES_PER_ACCOUNT)
        + workers * accounts * BYTES_PER_ACCOUNT_AND_WORKER
        + min(workers, draws) * follows * BYTES_WHILE_DRAWING_A_FOLLOW
    )
    return Estimate(
        accounts=accounts,
        follows=follows,
        notices=notices,
        drawing_seconds=drawing,
        seconds_per_thousand=1000 * seconds / workers,
        memory=int(memory),
    )


def check_memory(scenario: Scenario, workers: int) -> None:
    """Refuse drawn worlds that do not fit into the memory that is free.

    Raises
    ------
    MachineError
        If they do not.
    """
    if scenario.segments is not None:
        accounts, follows = drawn_size(scenario.segments)
        needed = estimate(scenario, accounts, follows, 0.0, workers).memory
        check_fits(needed, scenario.name, ADVICE)


def drawn_size(segments: Mapping[str, Segment]) -> tuple[int, int]:
    """Return the numbers of accounts and follows of a drawn world, our accounts left out."""
    accounts = sum(segment.accounts for segment in segments.values())
    follows = math.fsum(segment.accounts * segment.follows.mean for segment in segments.values())
    return accounts, round(follows)


def worker_count(asked: int) -> int:
    """Return how many workers to use: as many as asked for, or one for each processor."""
    return asked or os.cpu_count() or 1


def replicates_in_words(scenario: Scenario) -> str:
    """Say how many replicates there will be."""
    rule = scenario.replicates
    if isinstance(rule, Precision):
        return f"up to {rule.at_most:,} replicates of each strategy, until within {rule.within:.0%}"
    return f"{rule:,} replicates of each strategy"


def _instances(scenario: Scenario) -> Iterator[tuple[Message, str]]:
    """Yield the message and the author of every posting in the scenario."""
    for posts in scenario.strategies.values():
        for post in posts:
            for _ in post.at:
                yield scenario.messages[post.post], post.by


def drawn_notices(scenario: Scenario, segments: Mapping[str, Segment]) -> float:
    """Return the notices expected of one replicate of all strategies on a drawn graph."""
    names = list(segments)
    attention = np.array([_mean(segment.attention) for segment in segments.values()])
    sizes = np.array([segment.accounts for segment in segments.values()], np.float64)
    # follows[s, t]: how many members of segment s follow members of segment t
    follows = np.array(
        [
            [
                segment.accounts * segment.follows.mean * segment.follows.to.get(name, 0.0)
                for name in names
            ]
            for segment in segments.values()
        ]
    )
    at_most = attention * follows.sum(axis=1)
    total = 0.0
    for message, by in _instances(scenario):
        interest = [_mean(segment.interest[message.topic]) for segment in segments.values()]
        sharing = np.minimum(1.0, message.resonance * np.array(interest))
        audience = scenario.ours[by].followers or {}
        first = np.array([audience.get(name, 0) for name in names], np.float64) * attention
        matrix = attention[:, None] * (follows / sizes) * sharing
        total += _grown(first, partial(np.matmul, matrix), at_most)
    return total


def graph_notices(scenario: Scenario, world: World) -> float:
    """Return the notices expected of one replicate of all strategies on a given graph."""
    graph, attention = world.graph, world.traits.attention
    starts, followers = graph.places()
    owners = np.repeat(np.arange(graph.accounts), np.diff(starts))
    at_most = attention * graph.followee_counts
    total = 0.0
    for message, by in _instances(scenario):
        sharing = np.minimum(1.0, message.resonance * world.traits.interest[message.topic])
        sharing[world.is_ours] = 0.0

        def shown(sharers: Float64) -> Float64:
            weights = sharers[owners]
            return attention * np.bincount(followers, weights, minlength=graph.accounts)

        def spread_on(noticed: Float64, sharing: Float64 = sharing) -> Float64:
            return shown(np.minimum(1.0, sharing * noticed))

        author = np.zeros(graph.accounts)
        author[world.ours[by]] = 1.0
        total += _grown(shown(author), spread_on, at_most)
    return total


def _grown(first: Float64, spread_on: Callable[[Float64], Float64], at_most: Float64) -> float:
    """Return the notices of all generations, at most every follow once."""
    noticed = total = first
    for _ in range(GENERATIONS):
        noticed = spread_on(noticed)
        total = np.minimum(total + noticed, at_most)
        if noticed.sum() <= 1e-3 * total.sum():
            break
    return float(total.sum())


def _mean(trait: object) -> float:
    return float(getattr(trait, "mean", trait))  # type: ignore[arg-type]
