"""Which accounts are chosen: a fixed order of a segment's accounts, chance, or acquaintances.

Every rule puts accounts into an order of which the first ones are chosen, so choosing more keeps
those chosen before.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from propagation.audience.follower_graph import finder
from propagation.audience.world import World
from propagation.compiling import compiled
from propagation.luck import descend, throw
from propagation.problems import InputError, Problem, not_one_of
from propagation.scenario.choices import Order
from propagation.strategy.centrality import core_numbers, once, pagerank

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
UInt64 = npt.NDArray[np.uint64]

MOST_WRONG = 10
"""Names told to be wrong: similar ones are looked for, which takes time."""
DECIMALS = 9
"""PageRank as a multiple of the mean is rounded to these, so that equals are equal however the
ranks of their followers were added up."""


def pool_of(world: World, segment: str | None, wanted: int = 0, path: str = "") -> Int32:
    """Return the accounts to choose from by number: a segment's, or all; ours left out.

    Raises
    ------
    InputError
        If there is no such segment, or it has fewer than ``wanted`` accounts; ``path`` says where
        in the scenario that is asked for.
    """
    if segment is None:
        pool = np.flatnonzero(~world.is_ours)
        whose = "that are not ours"
    elif segment in world.segments:
        number = world.segments.index(segment)
        pool = np.flatnonzero((world.segment_of == number) & ~world.is_ours)
        whose = f"of '{segment}' that are not ours"
    else:
        raise InputError(Problem(not_one_of(segment, world.segments), _below(path, "of")))
    if wanted > len(pool):
        message = f"{wanted:,} is more than the {len(pool):,} accounts {whose}"
        raise InputError(Problem(message, _below(path, "choose")))
    return pool.astype(np.int32)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def named_accounts(world: World, names: Sequence[str], path: str = "") -> Int32:
    """Return the accounts with these labels, in the order given.

    Raises
    ------
    InputError
        For every name that is not one of the accounts, is one of ours or names one again, up to
        ``MOST_WRONG``.
    """
    find, found = finder(world.graph), dict[int, str]()
    problems: list[Problem] = []
    our_names = {account: name for name, account in world.ours.items()}
    for i, name in enumerate(names):
        if len(problems) == MOST_WRONG:
            break
        place = _below(path, f"named[{i}]")
        try:
            account = find(name, place)
        except InputError as error:
            problems += error.problems
            continue
        if account in our_names:
            problems.append(Problem(f"'{name}' is our account '{our_names[account]}'", place))
        elif account in found:
            problems.append(Problem(f"'{name}' is named already, as '{found[account]}'", place))
        else:
            found[account] = name
    if problems:
        raise InputError(problems)
    return np.array(list(found), np.int32)


def order_of(rule: Order, pool: Int32, world: World, topic: str | None) -> Int32:
    """Return the pool in the order of a rule that leaves nothing to chance.

    Ties go by the hash of the account. ``topic`` is what interest is asked in.

    Raises
    ------
    ValueError
        If the rule leaves something to chance, or asks for interest in nothing.
    """
    scores = _scores(rule, world, topic)[pool]
    return pool[np.lexsort((world.graph.account_keys[pool], -scores))]


def _scores(rule: Order, world: World, topic: str | None) -> npt.NDArray[np.float64]:
    """Return by how much each account comes first."""
    graph = world.graph
    if rule == "most interested" and topic is not None:
        return world.traits.interest[topic]
    if rule == "most followers":
        return graph.follower_counts().astype(np.float64)
    if rule == "k-core":
        return once(core_numbers, graph).astype(np.float64)
    if rule == "pagerank":
        return np.asarray(np.round(once(pagerank, graph) * graph.ordinary, DECIMALS))
    raise ValueError(f"'{rule}' in {topic} gives accounts no fixed order")


@compiled
def _trade(pool: Int32, i: int, key: np.uint64) -> None:
    """Let place ``i`` trade with one from ``i`` on: a step of the shuffle, and its undoing."""
    after = np.uint64(len(pool) - i)
    chosen = i + np.int64(((throw(key, i) >> np.uint64(31)) * after) >> np.uint64(32))
    pool[i], pool[chosen] = pool[chosen], pool[i]


@compiled
def shuffle_chosen(pool: Int32, count: int, key: np.uint64, out: Int32, offset: int) -> int:
    """Write ``count`` random accounts of the pool to ``out`` from ``offset`` on; return how many.

    The first steps of a Fisher-Yates shuffle with one throw each. The steps are taken back, so
    that the pool is as it was, in time that depends on ``count`` alone.
    """
    chosen = min(count, len(pool))
    for i in range(chosen):
        _trade(pool, i, key)
        out[offset + i] = pool[i]
    for i in range(chosen - 1, -1, -1):
        _trade(pool, i, key)
    return chosen


@compiled
def acquaintances(
    pool: Int32,
    count: int,
    key: np.uint64,
    ask_key: np.uint64,
    followee_starts: Int64,
    followees: Int32,
    account_keys: UInt64,
    marks: UInt8,
    out: Int32,
    offset: int,
) -> int:
    """Ask random accounts of the pool for one each that they follow; return how many were named.

    They are asked in the order in which ``shuffle_chosen`` chooses with the same key, until
    ``count`` have been named or all have been asked. ``marks``, shape (accounts,), is all 0 before
    and after; the pool is as it was.
    """
    asked = named = 0
    while named < count and asked < len(pool):
        _trade(pool, asked, key)
        who = pool[asked]
        asked += 1
        first, length = followee_starts[who], followee_starts[who + 1] - followee_starts[who]
        if length == 0:
            continue
        thrown = throw(descend(ask_key, account_keys[who]), 0) >> np.uint64(31)
        account = followees[first + np.int64((thrown * np.uint64(length)) >> np.uint64(32))]
        if marks[account] == 0:
            marks[account] = 1
            out[offset + named] = account
            named += 1
    for i in range(asked - 1, -1, -1):
        _trade(pool, i, key)
    for i in range(named):
        marks[out[offset + i]] = 0
    return named
