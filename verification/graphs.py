"""Random graphs as arrays, the worlds they make, and runs on them."""

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from propagation.audience.attention import Limits
from propagation.audience.follower_graph import graph_from_follows, label_keys
from propagation.audience.population import Population
from propagation.audience.traits import Traits
from propagation.audience.world import World, settle
from propagation.luck import run_seed
from propagation.scenario.spec import Message, OurAccount
from propagation.spread.cascade import Cascade
from propagation.spread.simulate import CompiledEngine
from propagation.strategy.agenda import Agenda, MessageInstance, PostAction

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Traitlike = npt.ArrayLike
Follows = tuple[Int32, Int32]
"""(follower, followee), one entry per follow."""

TOPIC, MESSAGE, SEGMENT = "topic", "message", "everybody"


def generator(*words: int) -> np.random.Generator:
    """Return a generator that depends on nothing but the given numbers."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))


def random_audiences(
    sizes: Int64, accounts: int, rng: np.random.Generator, first: int = 0
) -> Follows:
    """Give account ``first + i`` ``sizes[i]`` distinct followers, uniform among ``accounts``.

    Nobody follows itself. Repeats are drawn again until there are none, which leaves every set of
    followers equally likely.
    """
    followee = np.repeat(np.arange(first, first + len(sizes), dtype=np.int64), sizes)
    follower = rng.integers(accounts, size=len(followee))
    while True:
        key = followee * accounts + follower
        order = np.argsort(key, kind="stable")
        repeated = np.zeros(len(key), bool)
        repeated[order[1:]] = key[order[1:]] == key[order[:-1]]
        wrong = np.flatnonzero(repeated | (follower == followee))
        if not len(wrong):
            return follower.astype(np.int32), followee.astype(np.int32)
        follower[wrong] = rng.integers(accounts, size=len(wrong))


def mutual_poisson(accounts: int, mean_degree: float, rng: np.random.Generator) -> Follows:
    """Return a uniform random graph whose links are follows both ways (Erdos and Renyi)."""
    pairs = accounts * (accounts - 1) // 2
    links = int(rng.binomial(pairs, mean_degree / (accounts - 1)))
    keys = np.empty(0, np.int64)
    while len(keys) < links:
        ends = rng.integers(accounts, size=(links - len(keys), 2))
        ends = ends[ends[:, 0] != ends[:, 1]]
        new = ends.min(axis=1) * accounts + ends.max(axis=1)
        keys = np.unique(np.concatenate((keys, new)))
    low, high = (keys // accounts).astype(np.int32), (keys % accounts).astype(np.int32)
    return np.concatenate((low, high)), np.concatenate((high, low))


def _without_repeats(
    first: Int64, second: Int64, accounts: int, rng: np.random.Generator, mutual: bool
) -> tuple[Int64, Int64]:
    """Pair ends again until no pair is double or joins an account to itself.

    Wrong pairs exchange their second ends with those of random pairs.
    """
    while True:
        low, high = (
            (np.minimum(first, second), np.maximum(first, second)) if mutual else (first, second)
        )
        key = low * accounts + high
        order = np.argsort(key, kind="stable")
        repeated = np.zeros(len(key), bool)
        repeated[order[1:]] = key[order[1:]] == key[order[:-1]]
        wrong = np.flatnonzero(repeated | (first == second))
        if not len(wrong):
            return first, second
        for one in wrong:
            other = rng.integers(len(key))
            second[one], second[other] = second[other], second[one]


def mutual_configuration(degrees: Int64, rng: np.random.Generator) -> Follows:
    """Return a random graph of these degrees whose links are follows both ways.

    If their sum is odd, the first account that has a link has one less.
    """
    degrees = degrees.copy()
    degrees[np.flatnonzero(degrees)[0]] -= degrees.sum() % 2
    ends = rng.permutation(np.repeat(np.arange(len(degrees), dtype=np.int64), degrees))
    half = len(ends) // 2
    one, other = _without_repeats(ends[:half], ends[half:], len(degrees), rng, mutual=True)
    return _both_ways(one, other)


def directed_configuration(followers: Int64, followees: Int64, rng: np.random.Generator) -> Follows:
    """Return a random graph of these numbers of followers and followees, which have one sum."""
    accounts = np.arange(len(followers), dtype=np.int64)
    follower = rng.permutation(np.repeat(accounts, followees))
    followee = np.repeat(accounts, followers)
    follower, followee = _without_repeats(follower, followee, len(followers), rng, mutual=False)
    return follower.astype(np.int32), followee.astype(np.int32)


def branching_forest(roots: int, mean: float, rng: np.random.Generator) -> tuple[Follows, int]:
    """Return a forest in which every account has Poisson(mean) followers of its own, mean < 1.

    Account 0 is followed by the roots 1, ..., ``roots``. Also returns the number of accounts.
    """
    parents, children = [np.zeros(roots, np.int64)], [np.arange(1, roots + 1, dtype=np.int64)]
    accounts = roots + 1
    while len(children[-1]):
        litter = rng.poisson(mean, len(children[-1]))
        parents.append(np.repeat(children[-1], litter))
        children.append(np.arange(accounts, accounts + litter.sum(), dtype=np.int64))
        accounts += int(litter.sum())
    follower = np.concatenate(children).astype(np.int32)
    return (follower, np.concatenate(parents).astype(np.int32)), accounts


def world_of(
    follows: Follows,
    accounts: int,
    ours: Iterable[int] = (0,),
    *,
    attention: Traitlike = 1.0,
    interest: Traitlike = 1.0,
    audiences: dict[str, int] | None = None,
    limits: tuple[float, float] | None = None,
    seed: int = 0,
) -> World:
    """Return a world of numbered accounts; the accounts ``ours`` are called by their numbers.

    ``audiences`` adds accounts of ours by name and number of followers. ``limits``, everybody's
    capacity and the posts of each followee (both a day), take the place of ``attention``.
    """
    labels = np.arange(accounts, dtype=np.int64)

    def by_account(values: Traitlike) -> npt.NDArray[np.float64]:
        return np.broadcast_to(np.asarray(values, np.float64), accounts).copy()

    population = Population(
        graph=graph_from_follows(*follows, label_keys(labels), labels),
        segments=(SEGMENT,),
        segment_of=np.zeros(accounts, np.int16),
        traits=Traits(
            attention=by_account(attention if limits is None else math.nan),
            value=by_account(1.0),
            threshold=by_account(math.nan),
            interest={TOPIC: by_account(interest)},
            limits=limits and Limits(by_account(limits[0]), by_account(limits[1])),
        ),
    )
    found = {str(account): OurAccount(account=str(account)) for account in ours}
    added = {
        name: OurAccount(followers={SEGMENT: size}) for name, size in (audiences or {}).items()
    }
    return settle(population, found | added, seed)


def message(
    response: object = "independent", resonance: float = 1.0, delay: object = "none"
) -> Message:
    """Return a message on the one topic of these worlds."""
    return Message(topic=TOPIC, resonance=resonance, response=response, delay=delay)


class Runs:
    """Runs of one message on one world, with no horizon; run i has luck of its own."""

    def __init__(self, world: World, what: Message, seed: int) -> None:
        self._engine = CompiledEngine(world, {MESSAGE: what}, math.inf)
        self._seed = seed

    def run(self, number: int, by: Iterable[object]) -> Cascade:
        """Return the cascade of run ``number``, posted at time 0 by accounts of ours."""
        agenda = Agenda((instance(by),))
        return self._engine.run(agenda, run_seed(self._seed, number))[0]

    def shares(self, number: int, by: Iterable[object]) -> int:
        """Return the number of shares by others in a run."""
        return shares_of(self.run(number, by))


def instance(by: Iterable[object]) -> MessageInstance:
    """Return the message as posted by accounts of ours at time 0."""
    return MessageInstance(MESSAGE, 0.0, tuple(PostAction(0.0, str(one)) for one in by))


def shares_of(cascade: Cascade) -> int:
    """Return the number of shares by others."""
    return int(np.count_nonzero(cascade.generation > 0))


def rewired_ring(accounts: int, half: int, rewired: float, rng: np.random.Generator) -> Follows:
    """Return a ring whose accounts are linked to ``half`` on each side, some links moved at random.

    A moved link keeps its first end (Watts & Strogatz 1998); all links are follows both ways.
    """
    first = np.repeat(np.arange(accounts), half)
    second = (first + np.tile(np.arange(1, half + 1), accounts)) % accounts
    links = {_link(one, other) for one, other in zip(first.tolist(), second.tolist(), strict=True)}
    for i in np.flatnonzero(rng.random(len(first)) < rewired):
        one, before = int(first[i]), int(second[i])
        while True:
            new = int(rng.integers(accounts))
            if new != one and _link(one, new) not in links:
                break
        links.remove(_link(one, before))
        links.add(_link(one, new))
        second[i] = new
    return _both_ways(first, second)


def _link(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def torus(side: int) -> Follows:
    """Return a square of accounts without borders, each linked to the eight around it."""
    row, column = np.divmod(np.arange(side * side), side)
    steps = ((0, 1), (1, 0), (1, 1), (1, -1))
    ends = [(row + down) % side * side + (column + right) % side for down, right in steps]
    return _both_ways(np.tile(np.arange(side * side), len(steps)), np.concatenate(ends))


def _both_ways(first: Int64, second: Int64) -> Follows:
    one, other = first.astype(np.int32), second.astype(np.int32)
    return np.concatenate((one, other)), np.concatenate((other, one))
