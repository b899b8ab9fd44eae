"""The world of a draw: the follower graph, what its accounts are like, and our accounts in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.audience.attention import attention_at_rest
from propagation.audience.drawn_folders import Asked, drawn_graph
from propagation.audience.follower_graph import FollowerGraph, FollowerList, add_accounts
from propagation.audience.generators import DrawnGraph
from propagation.audience.importing import AccountTable, find_account
from propagation.audience.population import Population, populate, shuffled
from propagation.audience.sources import RealGraph
from propagation.audience.traits import Traits
from propagation.compiling import compiled
from propagation.luck import (
    CERTAIN,
    SMALLEST_ENVELOPE,
    Purpose,
    draw_seed,
    member_keys,
    stem,
    text_id,
    threshold,
)
from propagation.problems import InputError, Problem, not_one_of
from propagation.scenario.spec import OurAccount, Scenario

Float64 = npt.NDArray[np.float64]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
UInt64 = npt.NDArray[np.uint64]

NO_SEGMENT = -1


@dataclass(frozen=True, eq=False)
class World:
    """Everything a run needs to know about the accounts; arrays have shape (accounts,).

    Attributes
    ----------
    graph
        Who follows whom, our accounts included.
    segments, segment_of
        Names in alphabetical order, and each account's number among them (-1 for those of our
        accounts that were added).
    traits
        Attention, value, threshold and interest by topic; attention is that while no message of
        the scenario is in an account's feed.
    capacity, background
        Posts a day that an account can take in, and that those it follows at the start put into
        its feed, ours included; NaN and 0 where attention is a plain number.
    is_limited
        Whether anybody's attention is limited. If nobody's is, ``capacity`` and ``background`` take
        no memory and cannot be written to.
    ours, is_ours
        Our accounts' numbers by name, and a mask.
    attention_thresholds
        Attention as a threshold on throws.
    envelopes
        For each follower list the exponent e of its envelope ``2**-e``, the smallest power of 1/2
        not below any attention its members can have; shape (lists,). Limited attention counts as
        if nobody followed our added accounts, so that whom they have does not touch it.
    """

    graph: FollowerGraph
    segments: tuple[str, ...]
    segment_of: Int16
    traits: Traits
    ours: Mapping[str, int]
    is_ours: npt.NDArray[np.bool_]
    attention_thresholds: UInt64
    envelopes: npt.NDArray[np.uint8]
    capacity: Float64
    background: Float64
    is_limited: bool


class Worlds(NamedTuple):
    """The world of a draw, and the same with its places shuffled, if a strategy runs in that."""

    plain: World
    shuffled: World | None


def build_worlds(
    scenario: Scenario,
    draw: int = 0,
    real: RealGraph | None = None,
    table: AccountTable | None = None,
    drawing: Callable[[Asked], DrawnGraph] = drawn_graph,
) -> Worlds:
    """Return the worlds of a draw; parameters and errors as for ``build_world``.

    ``drawing`` returns the graph asked for; it may be one that was drawn before.
    """
    seed = draw_seed(scenario.seed, draw)
    population = populate(scenario, draw, real, table, drawing)
    plain = settle(population, scenario.ours, seed)
    if not scenario.shuffled:
        return Worlds(plain, None)
    moved = shuffled(population, plain.is_ours[: population.graph.accounts], seed)
    return Worlds(plain, settle(moved, scenario.ours, seed))


def build_world(
    scenario: Scenario,
    draw: int = 0,
    real: RealGraph | None = None,
    table: AccountTable | None = None,
) -> World:
    """Return the world of a draw.

    Parameters
    ----------
    scenario
        What is asked.
    draw
        Number of the draw; the same number gives the same world.
    real
        The graph read by ``read_real_graph``, if the scenario names a file of follows.
    table
        The table of accounts for a graph of networkx's, if the scenario names one.

    Raises
    ------
    InputError
        If targets cannot hold together, or accounts of ours do not fit the graph.
    """
    population = populate(scenario, draw, real, table)
    return settle(population, scenario.ours, draw_seed(scenario.seed, draw))


def settle(population: Population, ours: Mapping[str, OurAccount], seed: int) -> World:
    """Return the population's world with our accounts in it.

    Raises
    ------
    InputError
        If an account of ours is not in the graph, or a segment has too few members to follow it.
    """
    problems = [
        problem
        for name, our in ours.items()
        for problem in _audience_problems(population, name, our)
    ]
    if problems:
        raise InputError(problems)
    found = _found(population, ours)
    added = sorted(name for name, our in ours.items() if our.account is None)
    audiences = {
        name: _audience(population, name, ours[name].followers or {}, seed) for name in added
    }
    before = population.graph.accounts
    graph = add_accounts(
        population.graph, [(name, text_id("ours", name), audiences[name]) for name in added]
    )
    numbers = {**found, **{name: before + i for i, name in enumerate(added)}}
    is_ours = np.zeros(graph.accounts, np.bool_)
    is_ours[list(numbers.values())] = True
    traits = _extended(population.traits, len(added))
    segment_of = np.concatenate((population.segment_of, np.full(len(added), NO_SEGMENT, np.int16)))
    attention = _attention(population, graph, traits.attention)
    return World(
        graph=graph,
        segments=population.segments,
        segment_of=segment_of,
        traits=replace(traits, attention=attention.at_rest),
        ours={name: numbers[name] for name in ours},
        is_ours=is_ours,
        attention_thresholds=attention.thresholds,
        envelopes=_envelopes(
            graph, attention.ceilings, segment_of, before, len(population.graph.list_keys)
        ),
        capacity=attention.capacity,
        background=attention.background,
        is_limited=population.traits.limits is not None,
    )


class _Attention(NamedTuple):
    at_rest: Float64
    thresholds: UInt64
    ceilings: UInt64  # thresholds that nobody exceeds, whomever our added accounts have
    capacity: Float64
    background: Float64


def _attention(population: Population, graph: FollowerGraph, plain: Float64) -> _Attention:
    """Return the attention of accounts, ours included; ``plain`` is that which is not limited."""
    limits = population.traits.limits
    if limits is None:
        nothing = np.broadcast_to(np.nan, len(plain)), np.broadcast_to(0.0, len(plain))
        thresholds = _thresholds(plain)
        return _Attention(plain, thresholds, thresholds, *nothing)
    ours = np.zeros(len(plain) - population.graph.accounts)
    capacity = np.concatenate((limits.capacity, ours * np.nan))
    # whoever follows fewer accounts notices more of each
    fewest = limits.per_followee * population.graph.followee_counts
    highest = attention_at_rest(plain, capacity, np.concatenate((fewest, ours)))
    counts = graph.followee_counts[: population.graph.accounts]
    background = np.concatenate((limits.per_followee * counts, ours))
    at_rest = attention_at_rest(plain, capacity, background)
    return _Attention(at_rest, _thresholds(at_rest), _thresholds(highest), capacity, background)


def starting_followers(world: World) -> UInt8:
    """Return who follows which of our accounts at the start; shape (ours, accounts).

    Our accounts in order of name.
    """
    follows = np.zeros((len(world.ours), world.graph.accounts), np.uint8)
    for row, name in zip(follows, sorted(world.ours), strict=True):
        row[world.graph.followers_of(world.ours[name])] = 1
    return follows


def _found(population: Population, ours: Mapping[str, OurAccount]) -> dict[str, int]:
    """Return the numbers of those of our accounts that are accounts of a given graph."""
    named = {name: our.account for name, our in ours.items() if our.account is not None}
    labels = population.graph.labels
    if not isinstance(labels, np.ndarray):
        problem = "names an account of a given graph, but the accounts of this world are drawn"
        if named:
            raise InputError(Problem(problem, f"ours.{name}.account") for name in named)
        return {}
    found = {
        name: find_account(labels, label, f"ours.{name}.account") for name, label in named.items()
    }
    first: dict[int, str] = {}
    twice = [
        Problem(
            f"'{named[name]}' is the account that ours.{first[account]} names too",
            f"ours.{name}.account",
        )
        for name, account in found.items()
        if first.setdefault(account, name) != name
    ]
    if twice:
        raise InputError(twice)
    return found


def _audience_problems(population: Population, name: str, our: OurAccount) -> list[Problem]:
    problems = []
    for segment, wanted in (our.followers or {}).items():
        path = f"ours.{name}.followers.{segment}"
        if segment not in population.segments:
            problems.append(Problem(not_one_of(segment, population.segments), path))
            continue
        members = np.count_nonzero(population.segment_of == population.segments.index(segment))
        if wanted > members:
            message = f"{wanted:,} is more than the {members:,} accounts of '{segment}'"
            problems.append(Problem(message, path))
    return problems


def _audience(
    population: Population, name: str, followers: Mapping[str, int], seed: int
) -> list[FollowerList]:
    """Return an account's follower lists, one for each segment in order of name.

    An audience of n is the n members of lowest hash, listed in that order: a larger audience
    contains the smaller one and appends to it.
    """
    parent = stem(seed, Purpose.AUDIENCE, text_id(name))
    lists = []
    for segment in sorted(followers):
        members = np.flatnonzero(population.segment_of == population.segments.index(segment))
        hashes = member_keys(parent, population.graph.account_keys[members])
        chosen = members[np.argsort(hashes, kind="stable")[: followers[segment]]]
        lists.append(FollowerList(text_id("audience", name, segment), chosen.astype(np.int32)))
    return lists


def _extended(traits: Traits, count: int) -> Traits:
    """Return the traits with ``count`` more accounts that notice and are worth nothing."""

    def extend(values: Float64) -> Float64:
        return np.concatenate((values, np.zeros(count)))

    return Traits(
        attention=extend(traits.attention),
        value=extend(traits.value),
        threshold=extend(traits.threshold),
        interest={topic: extend(values) for topic, values in traits.interest.items()},
    )


@compiled
def _thresholds(probabilities: Float64) -> UInt64:
    thresholds = np.empty(len(probabilities), np.uint64)
    for i in range(len(probabilities)):
        thresholds[i] = threshold(probabilities[i])
    return thresholds


@compiled
def _highest_in_lists(list_starts: Int64, followers: Int32, attention: UInt64) -> UInt64:
    highest = np.zeros(len(list_starts) - 1, np.uint64)
    for one in range(len(highest)):
        for place in range(list_starts[one], list_starts[one + 1]):
            if followers[place] >= 0:
                highest[one] = max(highest[one], attention[followers[place]])
    return highest


def _envelopes(
    graph: FollowerGraph, attention: UInt64, segment_of: Int16, accounts: int, ordinary: int
) -> npt.NDArray[np.uint8]:
    """Return each list's envelope; an audience may grow, so its whole segment counts.

    The ``accounts`` and ``ordinary`` lists that were there before our accounts come first.
    """
    highest = np.zeros(len(graph.list_keys), np.uint64)
    starts, members = graph.list_starts[: ordinary + 1], attention[:accounts]
    if members.min(initial=CERTAIN) == members.max(initial=np.uint64(0)):
        highest[:ordinary][np.diff(starts) > 0] = members[0]  # no need to read all follows
    else:
        highest[:ordinary] = _highest_in_lists(starts, graph.followers, attention)
    for one in range(ordinary, len(highest)):
        audience = graph.members(one)
        if len(audience):
            highest[one] = attention[segment_of == segment_of[audience[0]]].max()
    # the largest e with 2**-e not below the highest attention
    limits = np.array([CERTAIN >> np.uint64(e) for e in range(SMALLEST_ENVELOPE + 1)])
    above = np.searchsorted(limits[::-1], highest, side="left")
    return (SMALLEST_ENVELOPE - above).astype(np.uint8)
