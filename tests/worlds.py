"""Small worlds of every kind for property tests, and the naive twin's view of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import naive
import numpy as np
from hypothesis import strategies as st

from propagation.audience.attention import Limits
from propagation.audience.follower_graph import graph_from_follows, label_keys
from propagation.audience.population import Population
from propagation.audience.traits import Traits
from propagation.audience.world import World, settle
from propagation.luck import candidates, descend, threshold, throw, unit
from propagation.scenario.spec import (
    ExponentialDelay,
    FixedDelay,
    FractionThreshold,
    LognormalDelay,
    Message,
    NoticesThreshold,
    OurAccount,
    PowerDelay,
    Reinforced,
    Threshold,
)
from propagation.spread.cascade import Cascade
from propagation.spread.dynamics import Stems, delay, notices, rules_of, stems
from propagation.strategy.agenda import Agenda, MessageInstance, PostAction

SEGMENTS = ("east", "west")
TOPICS = ("art", "bread")

RESPONSES = {
    "independent": "independent",
    "single": "single",
    "reinforced": Reinforced(reinforced=(1.0, 2.0, 2.7)),
    "notices": Threshold(threshold=NoticesThreshold(notices=2)),
    "fraction": Threshold(threshold=FractionThreshold(fraction=0.4)),
    "own notices": Threshold(threshold=NoticesThreshold(notices="own")),
    "own fraction": Threshold(threshold=FractionThreshold(fraction="own")),
    "uniform fraction": Threshold(threshold=FractionThreshold(fraction="uniform")),
}
DELAYS = {
    "none": "none",
    "fixed": FixedDelay(law="fixed", time=1.0),
    "exponential": ExponentialDelay(law="exponential", mean=2.0),
    "lognormal": LognormalDelay(law="lognormal", median=0.7, sigma=1.5),
    "power": PowerDelay(law="power", exponent=0.2314843, flat=300 / 3600),
}


@dataclass(frozen=True)
class Case:
    """One run to make: a world, messages, an agenda, a seed and a horizon."""

    world: World
    messages: dict[str, Message]
    agenda: Agenda
    seed: int
    horizon: float


def make_world(
    follows: Sequence[tuple[int, int]],
    accounts: int,
    *,
    attention: Sequence[float] | float = 1.0,
    interest: Sequence[float] | float = 1.0,
    value: Sequence[float] | float = 1.0,
    thresholds: Sequence[float] | float = math.nan,
    ours: dict[str, OurAccount] | None = None,
    segment_of: Sequence[int] | None = None,
    seed: int = 0,
    limits: Limits | None = None,
) -> World:
    """Return a world of numbered accounts; ``follows`` holds (follower, followee)."""
    pairs = np.array(list(follows), np.int32).reshape(-1, 2)
    labels = np.arange(accounts, dtype=np.int64)

    def by_account(values: Sequence[float] | float) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, np.float64), accounts).copy()

    interests = by_account(interest)
    population = Population(
        graph=graph_from_follows(
            pairs[:, 0].copy(), pairs[:, 1].copy(), label_keys(labels), labels
        ),
        segments=SEGMENTS,
        segment_of=np.asarray(segment_of or [0] * accounts, np.int16),
        traits=Traits(
            attention=by_account(attention),
            value=by_account(value),
            threshold=by_account(thresholds),
            interest={"art": interests, "bread": interests[::-1].copy()},
            limits=limits,
        ),
    )
    return settle(population, ours or {"us": OurAccount(account=0)}, seed)


def post(message: str, by: str = "us", at: float = 0.0) -> MessageInstance:
    """Return an instance that one account posts."""
    return MessageInstance(message, at, (PostAction(at, by),))


PROBABILITIES = st.one_of(
    st.sampled_from([0.5, 1.0, 0.9, 0.25, 0.2, 0.03, 0.005, 0.0]), st.floats(0.0, 1.0)
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Worlds of up to 14 accounts (now and then a star of hundreds) with our accounts."""
    accounts = draw(st.integers(4, 14))
    account = st.integers(0, accounts - 1)
    follows = draw(
        st.sets(
            st.tuples(account, account).filter(lambda pair: pair[0] != pair[1]),
            min_size=accounts,
            max_size=60,
        )
    )
    if draw(st.integers(0, 9)) == 0:
        fans = draw(st.sampled_from([70, 300, 1500]))
        follows |= {(accounts + fan, 0) for fan in range(fans)}
        accounts += fans
    cycle = draw(st.lists(PROBABILITIES, min_size=2, max_size=7))
    cares = draw(st.lists(PROBABILITIES, min_size=2, max_size=7))
    limits = draw(st.lists(st.sampled_from([0.2, 0.34, 0.5, 1.0, 2.0]), min_size=1, max_size=5))
    split = draw(st.integers(1, accounts - 1))
    east = draw(st.integers(0, split))
    west = draw(st.integers(0, accounts - split))
    ours = {
        "found": OurAccount(account=draw(account)),
        "made": OurAccount(followers={"east": east, "west": west}),
        "quiet": OurAccount(followers={"west": west}),
    }
    return make_world(
        sorted(follows),
        accounts,
        attention=np.resize(cycle, accounts),
        interest=np.resize(cares, accounts),
        value=np.resize([1.0, 0.0, 2.5], accounts),
        thresholds=np.resize(limits, accounts),
        ours=ours,
        segment_of=[int(one >= split) for one in range(accounts)],
        seed=draw(st.integers(0, 2**63 - 1)),
    )


@st.composite
def agendas(draw: st.DrawFn, messages: Sequence[str]) -> Agenda:
    """One to three instances, each posted by one to three of our accounts."""
    names = st.sampled_from(["found", "made", "quiet"])
    instances = {}
    for _ in range(draw(st.integers(1, 3))):
        message, at = (
            draw(st.sampled_from(sorted(messages))),
            draw(st.sampled_from([0.0, 1.0, 2.5])),
        )
        by = draw(st.sets(names, min_size=1))
        instances[message, at] = tuple(PostAction(at, name) for name in sorted(by))
    return Agenda(
        tuple(MessageInstance(message, at, posts) for (message, at), posts in instances.items())
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Everything the engines must agree on."""
    messages = {
        name: Message(
            topic=topic,
            resonance=draw(st.sampled_from([1.0, 3.0, 0.5, 0.1])),
            response=RESPONSES[draw(st.sampled_from(sorted(RESPONSES)))],
            delay=DELAYS[draw(st.sampled_from(sorted(DELAYS)))],
        )
        for name, topic in zip(("call", "crumb"), TOPICS, strict=True)
    }
    return Case(
        world=draw(worlds()),
        messages=messages,
        agenda=draw(agendas(list(messages))),
        seed=draw(st.integers(0, 2**63 - 1)),
        horizon=draw(st.sampled_from([math.inf, 24.0, 2.0])),
    )


class LuckyThrows:
    """The package's throws for one instance, as the naive twin asks for them."""

    def __init__(self, case: Case, instance: MessageInstance) -> None:
        self.world, self.rules = case.world, rules_of(case.messages[instance.message])
        self.stems = Stems(*map(np.uint64, stems(np.uint64(case.seed), instance.id)))

    def _key(self, account: int) -> np.uint64:
        return self.world.graph.account_keys[account]

    def notices(self, followee: int, list_index: int, place: int, follower: int) -> bool:
        graph = self.world.graph
        one = graph.lists_of(followee)[list_index]
        length = len(graph.members(one))
        envelope, key = int(self.world.envelopes[one]), graph.list_keys[one]
        skip_key = np.uint64(descend(self.stems.skip, key))
        found, after, places = np.empty(64, np.int32), 0, set()
        while after < length:
            count, after = candidates(skip_key, after, length, envelope, found, 0, len(found))
            places |= set(found[:count].tolist())
        thin_key = np.uint64(descend(self.stems.thin, key))
        attention = self.world.attention_thresholds[follower]
        return place in places and bool(notices(skip_key, thin_key, place, attention, envelope))

    def decides(self, account: int, k: int, probability: float) -> bool:
        key = np.uint64(descend(self.stems.decide, self._key(account)))
        return throw(key, k - 1) < threshold(probability)

    def willing(self, account: int, probability: float) -> bool:
        key = np.uint64(descend(self.stems.willing, self._key(account)))
        return throw(key, 0) < threshold(probability)

    def delay(self, account: int) -> float:
        return float(delay(self.rules, self.stems, self._key(account)))

    def uniform(self, account: int) -> float:
        key = np.uint64(descend(self.stems.threshold, self._key(account)))
        return float(unit(np.uint64(throw(key, 0))))


def naive_message(case: Case, instance: MessageInstance) -> naive.Message:
    """Return a message as the naive twin wants it, from the scenario's words."""
    message = case.messages[instance.message]
    if message.response == "independent":
        return naive.Message(message.resonance, "factors", [1.0])
    if message.response == "single":
        return naive.Message(message.resonance, "factors", [1.0, 0.0])
    if isinstance(message.response, Reinforced):
        return naive.Message(message.resonance, "factors", list(message.response.reinforced))
    limit = message.response.threshold
    kind = "fraction" if isinstance(limit, FractionThreshold) else "notices"
    needed = getattr(limit, kind)
    accounts = range(case.world.graph.accounts)
    if needed == "own":
        needed = dict(enumerate(case.world.traits.threshold))
    elif needed == "uniform":
        luck = LuckyThrows(case, instance)
        needed = {account: luck.uniform(account) for account in accounts}
    return naive.Message(message.resonance, kind, needed=needed)


def naive_outcome(case: Case, instance: MessageInstance) -> naive.Outcome:
    """Return the naive twin's run of one instance of a case."""
    world, graph = case.world, case.world.graph
    lists = {
        account: [
            [None if follower < 0 else int(follower) for follower in graph.members(one)]
            for one in graph.lists_of(account)
        ]
        for account in range(graph.accounts)
    }
    twin = naive.World(
        followers=lists,
        followees=dict(enumerate(graph.followee_counts.tolist())),
        relevance=dict(
            enumerate(world.traits.interest[case.messages[instance.message].topic].tolist())
        ),
        ours=set(world.ours.values()),
        order={account: account for account in range(graph.accounts)},
    )
    posts = [naive.Post(one.time, world.ours[one.by]) for one in instance.posts]
    horizon = None if math.isinf(case.horizon) else case.horizon
    return naive.spread(
        twin, naive_message(case, instance), posts, horizon, LuckyThrows(case, instance)
    )


def as_outcome(cascade: Cascade) -> naive.Outcome:
    """Return an engine's arrays as the dictionaries of the naive twin."""
    outcome = naive.Outcome()
    parents = cascade.parent_account()
    for row, account in enumerate(cascade.account.tolist()):
        if cascade.notices[row]:
            outcome.first_notice[account] = float(cascade.first_notice[row])
            outcome.notices[account] = int(cascade.notices[row])
        if cascade.generation[row] >= 0:
            outcome.share_time[account] = float(cascade.share_time[row])
            outcome.parent[account] = int(parents[row]) if parents[row] >= 0 else None
            outcome.generation[account] = int(cascade.generation[row])
    return outcome


def same_arrays(first: Cascade, second: Cascade) -> bool:
    """Say whether two cascades are equal number for number, rows in the same order."""
    return all(
        np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)
        for name in first.__dataclass_fields__
    )
