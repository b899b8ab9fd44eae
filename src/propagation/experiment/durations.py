"""Roughly how long drawing and running take, by rates measured on one core of a server."""

import math
from collections.abc import Sequence

from propagation.audience.attention import attention_at
from propagation.scenario.metrics import is_campaign, is_limited
from propagation.scenario.spec import Capacity, GrownGraph, Scenario

NANOSECONDS_PER_NOTICE = 60.0
NANOSECONDS_PER_CAMPAIGN_NOTICE = 250.0
"""In a campaign: with who follows us, the table of instances, and counting."""
NANOSECONDS_PER_LANDING = 30.0
"""Where attention is limited, of every follow of every share, noticed or not."""
NANOSECONDS_PER_CAMPAIGN_ACCOUNT = 3.0
"""To begin a run of a campaign and to count it."""
MICROSECONDS_PER_INSTANCE = 15.0
NANOSECONDS_PER_DRAWN_FOLLOW = 60.0
NANOSECONDS_PER_GROWN_FOLLOW = 8_000.0


def replicate_seconds(
    scenario: Scenario, accounts: int, follows: int, notices: Sequence[float]
) -> float:
    """Return what one replicate of all strategies takes on one core.

    ``notices`` are those expected of each message instance.
    """
    each = len(notices) * MICROSECONDS_PER_INSTANCE * 1e-6
    return each + 1e-9 * _nanoseconds(scenario, accounts, follows, notices)


def _nanoseconds(
    scenario: Scenario, accounts: int, follows: int, notices: Sequence[float]
) -> float:
    """Return what the notices of one replicate of all strategies take, and what goes with them.

    ``follows`` stand for the follows that could have been noticed: at most each once an instance.
    """
    total = math.fsum(notices)
    if not is_campaign(scenario):
        return total * NANOSECONDS_PER_NOTICE
    begun = len(scenario.strategies) * accounts * NANOSECONDS_PER_CAMPAIGN_ACCOUNT
    found = begun + total * NANOSECONDS_PER_CAMPAIGN_NOTICE
    if is_limited(scenario):
        attention = _least_attention(scenario, follows / max(1, accounts))
        landed = math.fsum(min(one / max(attention, 1e-9), float(follows)) for one in notices)
        found += landed * NANOSECONDS_PER_LANDING
    return found


def _least_attention(scenario: Scenario, followees: float) -> float:
    """Return the lowest mean attention of a segment, at rest, with so many followees."""
    given: list[object] = [each.attention for each in (scenario.segments or {}).values()]
    if scenario.accounts is not None:
        given += [scenario.accounts.attention]
        given += [each.attention for each in scenario.accounts.by_segment.values()]
    limits = [one for one in given if isinstance(one, Capacity)]
    return min(attention_at(one.capacity, one.per_followee * followees, 0.0) for one in limits)


def drawing_seconds(scenario: Scenario, follows: int, draws: int) -> float:
    """Return what it takes to make the worlds."""
    return 1e-9 * draws * follows * _nanoseconds_per_follow(scenario)


def _nanoseconds_per_follow(scenario: Scenario) -> float:
    """Return what it takes to make a follow; one that is given is read only once."""
    if isinstance(scenario.graph, GrownGraph):
        return NANOSECONDS_PER_GROWN_FOLLOW
    return NANOSECONDS_PER_DRAWN_FOLLOW if scenario.segments is not None else 0.0
