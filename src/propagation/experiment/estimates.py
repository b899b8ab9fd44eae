"""Roughly how large, how long and how much memory, from the scenario alone.

Time is guessed from the expected number of notices (a multi-type branching process over segments,
stopped at everybody) and rates measured on one core of an ordinary server; a first run also
compiles. Memory is what the arrays need.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.scenario.spec import Message, Precision, Scenario, Segment

Float64 = npt.NDArray[np.float64]

NANOSECONDS_PER_NOTICE = 60.0
MICROSECONDS_PER_INSTANCE = 120.0
NANOSECONDS_PER_DRAWN_FOLLOW = 250.0
BYTES_PER_FOLLOW = 4
BYTES_PER_ACCOUNT = 100
BYTES_PER_ACCOUNT_AND_WORKER = 52
BYTES_WHILE_DRAWING_A_FOLLOW = 60
BYTES_OF_THE_PROGRAM = 250_000_000


@dataclass(frozen=True)
class Estimate:
    """Accounts and follows of one world, notices of one run of all strategies, seconds, bytes."""

    accounts: int
    follows: int
    notices: float
    drawing_seconds: float
    seconds_per_thousand: float
    memory: int


def estimate(scenario: Scenario, accounts: int, follows: int, workers: int) -> Estimate:
    """Return a rough estimate for worlds of so many accounts and follows."""
    drawn = scenario.segments is not None
    notices = sum(
        _notices(scenario, scenario.messages[post.post], post.by, accounts, follows) * len(post.at)
        for posts in scenario.strategies.values()
        for post in posts
    )
    instances = sum(len(post.at) for posts in scenario.strategies.values() for post in posts)
    seconds = instances * MICROSECONDS_PER_INSTANCE * 1e-6 + notices * NANOSECONDS_PER_NOTICE * 1e-9
    worlds = scenario.draws if drawn or scenario.draws > 1 else 1
    memory = (
        BYTES_OF_THE_PROGRAM
        + worlds * (follows * BYTES_PER_FOLLOW + accounts * BYTES_PER_ACCOUNT)
        + workers * accounts * BYTES_PER_ACCOUNT_AND_WORKER
        + min(workers, worlds) * follows * BYTES_WHILE_DRAWING_A_FOLLOW
    )
    return Estimate(
        accounts=accounts,
        follows=follows,
        notices=notices,
        drawing_seconds=worlds * follows * NANOSECONDS_PER_DRAWN_FOLLOW * 1e-9 if drawn else 0.0,
        seconds_per_thousand=1000 * seconds / workers,
        memory=int(memory),
    )


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


def _notices(scenario: Scenario, message: Message, by: str, accounts: int, follows: int) -> float:
    """Return the notices one post is expected to lead to, at most every follow."""
    audience = scenario.ours[by].followers or {}
    if scenario.segments is None:
        return float(sum(audience.values()) or follows / max(accounts, 1))
    names = list(scenario.segments)
    segments = [scenario.segments[name] for name in names]
    attention = np.array([_mean(segment.attention) for segment in segments])
    sharing = np.array(
        [
            min(1.0, message.resonance * _mean(segment.interest[message.topic]))
            for segment in segments
        ]
    )
    sizes = np.array([segment.accounts for segment in segments], np.float64)
    # shown[s, t]: followers in segment s that an account of segment t has on average
    shown = np.array(
        [
            [
                segment.accounts * segment.follows.mean * segment.follows.to.get(name, 0.0)
                for name in names
            ]
            for segment in segments
        ]
    ) / np.maximum(sizes, 1.0)
    first = np.array([audience.get(name, 0) for name in names], np.float64) * attention
    noticed = total = first
    for _ in range(200):
        noticed = attention * (shown @ (sharing * noticed))
        total = np.minimum(total + noticed, attention * shown.sum(axis=1) * sizes)
        if noticed.sum() < 1e-6 * total.sum():
            break
    return float(total.sum())


def _mean(trait: object) -> float:
    return float(getattr(trait, "mean", trait))  # type: ignore[arg-type]
