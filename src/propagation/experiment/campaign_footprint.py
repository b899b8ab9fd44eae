"""What a thread keeps while campaigns run, from the sizes of the arrays of ``spread.scene``.

A thread has a scene for each strategy, because it runs them in turn. Constants are bytes.
"""

from collections.abc import Iterator, Sequence

from propagation.scenario.actions import Blast, Boost, Pitch, recipients_of, times_of
from propagation.scenario.choices import Choice
from propagation.scenario.metrics import is_campaign, is_limited
from propagation.scenario.spec import Scenario
from propagation.spread.campaign_runs import Room

ROW = 48
"""What happened to an account and an instance, of each pair touched."""
SLOT = 4
"""A place in the hash table that finds it; there are two for each row there is room for, and the
room is doubled as it fills."""
BONDS = 2
"""Of each of our accounts and each other: what it is to it, and what it was at the start."""
WILLING = 8
"""Likewise how willing it is to open a pitch."""
RELEVANCE = 8
"""Of each account and topic."""
FEED = 24
"""Of each account whose attention is limited: what lies in its feed, since when, attention now."""
HEARD = 1
"""Of each account and topic with originals: whether it has noticed the topic."""
POOL = 4
"""Of each account in a segment that is boosted, or drawn from at random."""
SENT = 24
"""A pitch."""
COUNTED = 24
"""While a run is counted, of each row: its place in order, and what hangs below it."""
COUNTED_ACCOUNT = 8
"""And of each account: its best notice."""
REMEMBERED = 400
"""An agent's memory of an instance, in its dictionary."""


def rows_of(notices: Sequence[float], accounts: int) -> int:
    """Return the pairs of accounts and instances that the largest of many runs touches.

    Cascades may be ten times as large as their mean, but hardly many of them in one run.
    """
    if not notices:
        return 0
    expected = sum(min(one, accounts) for one in notices)
    return int(min(expected * (1 + 9 / len(notices)), accounts * len(notices)))


def scenes(scenario: Scenario, accounts: int, topics: int, rows: Sequence[int]) -> int:
    """Return the bytes one thread keeps, given the rows of each strategy; 0 if all only post."""
    if not is_campaign(scenario):
        return 0
    ours, each = len(scenario.ours), topics * RELEVANCE
    each += ours * BONDS + is_limited(scenario) * FEED + len(scenario.originals or ()) * HEARD
    total = 0
    for strategy, touched in zip(scenario.strategies, rows, strict=True):
        sent = sum(_sent(scenario, strategy))
        willing = ours * WILLING if sent else 0
        pools = len(set(_pools(scenario, strategy))) * POOL
        total += accounts * (each + willing + pools) + sent * SENT
        total += touched * ROW + _room(touched) * 2 * SLOT
    return total + max(rows, default=0) * COUNTED + accounts * COUNTED_ACCOUNT


def unforeseen(scenario: Scenario) -> Iterator[str]:
    """Say what estimates of time and memory leave out."""
    if scenario.originals is not None:
        yield (
            "originals: what people write, and what comes of it, is not foreseen in time and memory"
        )


def _room(rows: int) -> int:
    """Return the rows that there is room for in the end."""
    room = Room().rows
    while room <= rows:
        room *= 2
    return room


def _sent(scenario: Scenario, strategy: str) -> Iterator[int]:
    """Yield how many pitches each action sends."""
    for action in scenario.strategies[strategy]:
        if isinstance(action, Pitch | Blast):
            yield action.to.count * len(times_of(action, scenario.starts))


def _pools(scenario: Scenario, strategy: str) -> Iterator[tuple[object, ...]]:
    """Yield what accounts are drawn from."""
    for action in scenario.strategies[strategy]:
        if isinstance(action, Boost):
            yield "boost", action.to
        chosen = recipients_of(action)
        if isinstance(chosen, Choice) and chosen.by in ("random", "acquaintance"):
            yield "choice", chosen
