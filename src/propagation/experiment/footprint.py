"""The private memory of a run at its peak, from the sizes of its arrays.

Private is what no other process shares and no file backs: a graph in a folder is mapped and counts
nothing. Constants are bytes. Most are sums over the arrays named beside them; those that are not
(libraries, what agents take) were measured by ``python -m benchmarks.memory``, which also says how
near the whole comes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from propagation.experiment import campaign_footprint
from propagation.scenario.actions import recipients_of
from propagation.scenario.choices import Choice
from propagation.scenario.metrics import is_limited
from propagation.scenario.spec import GrownGraph, Scenario, messages_of
from propagation.spread.theory import MOST_FOLLOWS

PROGRAM = 185_000_000
"""Python and the libraries of a run, with the machine code."""
REPORT = 330_000_000
"""The same with matplotlib and the figures of a report, when the worlds are gone again."""
RESAMPLING = 60_000_000
"""While the replicates are compared: blocks of them in so many resampled worlds at once."""

FOLLOW = 4
"""A follow in a follower list."""
ACCOUNT = 68
"""Graph: starts 8, first list 4, keys 8 + 8, followees 4. World: segment 2, ours 1, threshold 8 and
envelope 1 of throws. Traits: attention, value, threshold 8 each."""
LIMITED = 16
"""Where attention is limited, of each account: capacity and what fills its feed."""
INTEREST = 8
"""An account's interest in one topic."""
PERSON = 64
"""An account and its follower list as the loop sees them, for one topic of messages (`PERSON`)."""

DRAWING_ACCOUNT = 60
"""While accounts are drawn: counts of followers and followees, and what is settled into a world."""
CHOOSING_FOLLOW = 12
"""While core numbers are worked out: followees, and neighbours of both directions."""
CHOOSING_ACCOUNT = 40
"""Meanwhile: starts, neighbours left, and accounts in that order."""
CLUSTERED_FOLLOW = 30
"""While mutual follows and circles are placed: stubs, and follows before they stand in lists."""
GROWN_FOLLOW = 80
GROWN_ACCOUNT = 2_900
"""While a graph is grown by agents: a follow in two lists and a set, an agent with its throws."""
READ_FOLLOW = 8
"""A follow as it was read of a file, which is kept: follower and followee."""
READING_FOLLOW = 310
"""While follows are read of a file and sorted: its text, columns of ids, numbers and the order."""

WORKER_ACCOUNT = 5
"""Of each thread: the row of an account, and what is marked."""
WORKER_TOUCHED = 56
"""Of each thread and account touched: its row 32, notices 4, and its place among the shares 4; and
16 in the heap where all shares come at one time, as they do without delays."""
THEORY_ACCOUNT = 320
"""While theory finds what a share brings: 4 kinds of 3 cumulants of 8 bytes, three times (two
generations and what comes through a follower), and what is counted."""
THEORY_MESSAGE = 192
"""Kept of an account for each further message of which theory has found that."""
RUN = 1_000
"""A replicate of one strategy: its row in tables, joined and resampled."""
INSTANCE = 150
"""Likewise the row of each of its message instances beyond the first."""

PROCESS = 150_000_000
"""A worker process for agents: Python, its libraries and Mesa."""
AGENT = 1_500
"""An account as an agent, with what it remembers."""


@dataclass(frozen=True)
class Size:
    """What decides how much memory a run takes.

    Attributes
    ----------
    accounts, follows
        Of one world.
    worlds, drawn_at_once
        How many are kept (shuffled ones too), and how many are drawn at the same time.
    is_drawn, is_clustered, is_grown, is_mapped
        How its follows come about: drawn or read, with mutual follows or circles, by agents, in a
        folder.
    interests, topics, messages
        Topics accounts have an interest in, those of them that messages have, and messages (twice
        if in the shuffled world too).
    touched
        Accounts that one message instance reaches, at most as far as can be foreseen.
    scenes
        Bytes that a thread keeps of campaigns; 0 without.
    remembered
        Accounts and instances that agents remember in a campaign.
    runs, instances
        Replicates of all strategies together, and their message instances beyond the first.
    workers, in_processes
        How many, and whether they are processes of agents.
    is_limited
        Whether anybody's attention is.
    asks, peels
        Whether accounts are chosen by acquaintance (then followees are listed), by core number.
    """

    accounts: int
    follows: int
    worlds: int
    drawn_at_once: int
    is_drawn: bool
    is_clustered: bool
    is_mapped: bool
    interests: int
    topics: int
    messages: int
    touched: int
    runs: int
    workers: int
    in_processes: bool
    is_limited: bool
    asks: bool
    peels: bool
    is_grown: bool = False
    scenes: int = 0
    remembered: int = 0
    instances: int = 0


def peak(size: Size) -> int:
    """Return the bytes of private memory that a run of such a size takes at its peak."""
    if size.in_processes:
        return _in_processes(size)
    ready, bare = (_world(size, prepared=prepared) for prepared in (True, False))
    if size.scenes:
        threads = size.workers * size.scenes
    else:
        threads = size.workers * (size.accounts * WORKER_ACCOUNT + size.touched * WORKER_TOUCHED)
    tables = size.runs * RUN + size.instances * INSTANCE
    drawn = size.drawn_at_once
    making = (size.worlds - drawn) * ready + drawn * (bare + _making(size))
    further = max(_theory(size), RESAMPLING, min(size.workers, size.worlds) * _choosing(size))
    at_the_end = size.worlds * ready + threads + further + tables
    return max(REPORT + tables, PROGRAM + _read(size) + max(making, at_the_end))


def _world(size: Size, *, prepared: bool) -> int:
    """Return what is kept of one world."""
    follows = 0 if size.is_mapped else size.follows * FOLLOW
    account = ACCOUNT + size.interests * INTEREST + size.is_limited * LIMITED
    if prepared:
        account += size.topics * PERSON
    if size.asks and (prepared or size.in_processes):
        follows += size.follows * FOLLOW
    return follows + size.accounts * account


def _read(size: Size) -> int:
    """Return what is kept of a file that was read, for further draws of our accounts."""
    return 0 if size.is_drawn or size.is_mapped else size.follows * READ_FOLLOW


def _making(size: Size) -> int:
    """Return what drawing or reading one world takes for a while."""
    if not size.is_drawn and not size.is_mapped:
        return size.follows * READING_FOLLOW + size.accounts * DRAWING_ACCOUNT
    if size.is_grown:
        return size.accounts * (DRAWING_ACCOUNT + GROWN_ACCOUNT) + size.follows * GROWN_FOLLOW
    together = size.follows * CLUSTERED_FOLLOW if size.is_clustered else 0
    return size.accounts * DRAWING_ACCOUNT + together


def _choosing(size: Size) -> int:
    """Return what choosing accounts takes for a while."""
    if not size.peels:
        return 0
    return size.follows * CHOOSING_FOLLOW + size.accounts * CHOOSING_ACCOUNT


def _theory(size: Size) -> int:
    if size.follows > MOST_FOLLOWS:
        return 0
    further = max(0, size.messages - 1) * THEORY_MESSAGE
    return size.accounts * (THEORY_ACCOUNT + further)


def _in_processes(size: Size) -> int:
    """Return the sum over the run and its worker processes, which each make their own worlds."""
    making = max(_making(size), _choosing(size))
    worlds = size.worlds * _world(size, prepared=False) + _read(size)
    agents = size.accounts * AGENT + size.remembered * campaign_footprint.REMEMBERED
    each = PROCESS + worlds + max(making, agents)
    own = PROGRAM + worlds + max(making, _theory(size), RESAMPLING, size.accounts * AGENT)
    return own + size.workers * each


def size_of(
    scenario: Scenario,
    accounts: int,
    follows: int,
    notices: Sequence[Sequence[float]],
    workers: int,
    engine: str,
    is_mapped: bool,
) -> Size:
    """Return the size of a run of a scenario on worlds of so many accounts and follows.

    ``notices`` are those expected of each message instance, by strategy.
    """
    rule = scenario.replicates
    replicates = rule if isinstance(rule, int) else rule.at_most
    draws = min(scenario.draws, replicates)
    segments = (scenario.segments or {}).values()
    actions = [action for strategy in scenario.strategies.values() for action in strategy]
    used = {message for action in actions for message in messages_of(action)}
    topics = {scenario.messages[name].topic for name in used}
    interests = [len(segment.interest) for segment in segments]
    doubled = 2 if scenario.shuffled else 1
    orders = set(_orders(scenario))
    touched = max((one for strategy in notices for one in strategy), default=0.0)
    rows = [campaign_footprint.rows_of(one, accounts) for one in notices]
    known_topics = max(interests, default=len(topics))
    worth = {tuple(step.worth.items()) for step in scenario.steps if step.worth}
    return Size(
        accounts=accounts,
        follows=follows,
        worlds=draws * doubled,
        drawn_at_once=min(workers, max(1, draws - 1)),  # the first is drawn before all others
        is_drawn=scenario.segments is not None,
        is_clustered=any(one.reciprocity or one.clustering for one in segments),
        is_mapped=is_mapped,
        interests=known_topics,
        topics=len(topics),
        messages=len(used) * doubled * (1 + len(worth)),
        touched=min(accounts, int(OUTLIERS * touched)),
        runs=replicates * len(scenario.strategies),
        workers=workers,
        in_processes=engine == "mesa" or scenario.agents is not None,
        is_limited=is_limited(scenario),
        asks="acquaintance" in orders,
        peels="k-core" in orders,
        is_grown=isinstance(scenario.graph, GrownGraph),
        scenes=campaign_footprint.scenes(scenario, accounts, known_topics, rows),
        remembered=max(rows, default=0),
        instances=replicates * sum(max(0, len(one) - 1) for one in notices),
    )


def _orders(scenario: Scenario) -> Iterator[str]:
    """Yield the orders by which accounts are chosen."""
    for actions in scenario.strategies.values():
        for action in actions:
            chosen = recipients_of(action)
            if isinstance(chosen, Choice):
                yield chosen.by


OUTLIERS = 10.0
"""The largest of many cascades, as a multiple of their mean: only small ones exceed it."""
