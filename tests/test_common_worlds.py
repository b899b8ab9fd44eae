"""Luck belongs to what it decides: a change has its own consequences and no others.

All comparisons here are exact, number for number. What they allow is called common random numbers:
replicate r of every strategy lives in the same world.
"""

import copy
import dataclasses
import json
import math
import random
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numba.core import config
from worlds import DELAYS, RESPONSES, make_world, post, same_arrays

from propagation.audience.follower_graph import DEAD_PLACE
from propagation.audience.world import World, build_world
from propagation.luck import run_seed, threshold
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import Message, OurAccount, Scenario
from propagation.spread.agents import Account
from propagation.spread.cascade import Cascade
from propagation.spread.simulate import CompiledEngine, Engine, MesaEngine, outcome_of
from propagation.strategy.agenda import Agenda, MessageInstance, PostAction, agenda_of

WORLDS, SEEDS = (2, 10) if config.DISABLE_JIT else (25, 40)
"""A thousand runs for each response and change, unless every one is interpreted."""
ACCOUNTS = 60
OURS = {
    "a": OurAccount(account=0),
    "b": OurAccount(account=1),
    "made": OurAccount(followers={"east": 20, "west": 4}),
    "wide": OurAccount(followers={"east": 20, "west": 15}),
}


# --------------------------------------------------------------- one cascade by account


@dataclass(frozen=True)
class Fate:
    """What happened to each account; infinite times for what did not happen."""

    notices: npt.NDArray[np.int32]
    first_notice: npt.NDArray[np.float64]
    share_time: npt.NDArray[np.float64]

    @property
    def shared(self) -> npt.NDArray[np.bool_]:
        return np.isfinite(self.share_time)


def fate(cascade: Cascade, accounts: int) -> Fate:
    notices = np.zeros(accounts, np.int32)
    first, share = np.full((2, accounts), np.inf)
    notices[cascade.account] = cascade.notices
    first[cascade.account] = np.nan_to_num(cascade.first_notice, nan=np.inf)
    share[cascade.account] = np.nan_to_num(cascade.share_time, nan=np.inf)
    return Fate(notices, first, share)


def shrank(before: Fate, after: Fate) -> bool:
    """Whether anybody is reached or shares less often, later or not at all."""
    return bool(
        (after.notices < before.notices).any()
        or (after.first_notice > before.first_notice).any()
        or (after.share_time > before.share_time).any()
    )


def same_fates(before: Fate, after: Fate, who: npt.NDArray[np.bool_] | slice) -> bool:
    return all(
        np.array_equal(getattr(before, name)[who], getattr(after, name)[who])
        for name in ("notices", "first_notice", "share_time")
    )


def follow_matrix(world: World) -> npt.NDArray[np.bool_]:
    """Who (row) follows whom (column)."""
    matrix = np.zeros((world.graph.accounts,) * 2, np.bool_)
    for account in range(world.graph.accounts):
        matrix[world.graph.followers_of(account), account] = True
    return matrix


# ------------------------------------------------------------------------- random worlds


def generator(number: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=number))


def random_world(number: int, ours: dict[str, OurAccount] | None = None) -> World:
    """Sixty accounts that follow five others on average."""
    lots = generator(2011 + number)
    follows = np.argwhere(lots.random((ACCOUNTS, ACCOUNTS)) < 5 / ACCOUNTS)
    follows = follows[follows[:, 0] != follows[:, 1]]
    return make_world(
        [(int(one), int(two)) for one, two in follows],
        ACCOUNTS,
        attention=lots.choice([0.2, 0.5, 0.6, 0.9], ACCOUNTS),
        interest=lots.choice([0.2, 0.5, 0.8, 1.0], ACCOUNTS),
        thresholds=lots.choice([0.2, 0.34, 0.5, 1.0, 2.0], ACCOUNTS),
        ours=ours or OURS,
        segment_of=[int(account >= ACCOUNTS // 2) for account in range(ACCOUNTS)],
        seed=number,
    )


def with_interest(world: World, who: int | slice, interest: float) -> World:
    raised = world.traits.interest["art"].copy()
    raised[who] = np.maximum(raised[who], interest)
    traits = dataclasses.replace(world.traits, interest={**world.traits.interest, "art": raised})
    return dataclasses.replace(world, traits=traits)


def with_attention(world: World, who: int, attention: float) -> World:
    """Another attention within the envelopes, which are fixed when a world is built."""
    values, thresholds = world.traits.attention.copy(), world.attention_thresholds.copy()
    values[who], thresholds[who] = attention, threshold(attention)
    traits = dataclasses.replace(world.traits, attention=values)
    return dataclasses.replace(world, traits=traits, attention_thresholds=thresholds)


@dataclass(frozen=True)
class Setting:
    """A world (with its number), a message, its posts and a horizon."""

    number: int
    world: World
    message: Message
    posts: tuple[PostAction, ...]
    horizon: float

    @property
    def agenda(self) -> Agenda:
        return Agenda((MessageInstance("call", 0.0, self.posts),))

    def engine(self) -> Engine:
        return CompiledEngine(self.world, {"call": self.message}, self.horizon)

    def fate(self, engine: Engine, seed: int) -> Fate:
        (cascade,) = engine.run(self.agenda, seed)
        return fate(cascade, self.world.graph.accounts)


def setting(number: int, response: str) -> Setting:
    """Worlds take turns with delay laws and horizons: ten worlds see every pair of them."""
    delay = list(DELAYS.values())[number % len(DELAYS)]
    resonance = 0.6 if response in ("independent", "single", "reinforced") else 1.2
    message = Message(topic="art", resonance=resonance, response=RESPONSES[response], delay=delay)
    horizon = math.inf if number % 2 else 4.0
    world = random_world(number)
    posts = (PostAction(0.0, "made"), PostAction(0.5, "wide"))  # both, so that thresholds are met
    return Setting(number, world, message, posts, horizon)


# --------------------------------- changes, with the accounts whose own inputs they touch

Who = int | slice
EVERYBODY = slice(None)


def _with_post(one: Setting, time: float, by: str) -> Setting:
    return dataclasses.replace(one, posts=(*one.posts, PostAction(time, by)))


def one_more_post(one: Setting) -> tuple[Setting, Who]:
    return _with_post(one, 0.0, "a"), 0


def one_later_post(one: Setting) -> tuple[Setting, Who]:
    return _with_post(one, 1.5, "b"), 1


def one_more_seed(one: Setting) -> tuple[Setting, Who]:
    """An ordinary account becomes ours and posts at the start; its world is built anew."""
    world = random_world(one.number, {**OURS, "new": OurAccount(account=17)})
    return _with_post(dataclasses.replace(one, world=world), 0.0, "new"), 17


def more_resonance(one: Setting) -> tuple[Setting, Who]:
    message = one.message.model_copy(update={"resonance": 1.25 * one.message.resonance})
    return dataclasses.replace(one, message=message), EVERYBODY


def more_interest_of_one(one: Setting) -> tuple[Setting, Who]:
    who = int(np.argmin(one.world.traits.interest["art"][2:ACCOUNTS])) + 2
    return dataclasses.replace(one, world=with_interest(one.world, who, 1.0)), who


def more_interest_of_all(one: Setting) -> tuple[Setting, Who]:
    return dataclasses.replace(one, world=with_interest(one.world, EVERYBODY, 0.7)), EVERYBODY


def more_attention_of_one(one: Setting) -> tuple[Setting, Who]:
    who = int(np.flatnonzero(one.world.traits.attention[:ACCOUNTS] == 0.2)[0])
    return dataclasses.replace(one, world=with_attention(one.world, who, 0.25)), who


CHANGES: dict[str, Callable[[Setting], tuple[Setting, Who]]] = {
    change.__name__: change
    for change in (
        one_more_post,
        one_later_post,
        one_more_seed,
        more_resonance,
        more_interest_of_one,
        more_interest_of_all,
        more_attention_of_one,
    )
}


def own_consequences_only(
    follows: npt.NDArray[np.bool_], before: Fate, after: Fate, touched: Who, perceives: bool
) -> bool:
    """Whether all who differ were touched themselves or follow somebody who differs.

    ``perceives``: whether the touched notice as before (attention is the one input that does not).
    """
    direct = np.zeros(len(follows), np.bool_)
    direct[touched] = True
    beyond = direct & (not perceives)
    joined = follows[:, before.shared != after.shared].any(axis=1)
    moved = follows[:, before.share_time != after.share_time].any(axis=1)
    return (
        np.array_equal(before.notices[~joined & ~beyond], after.notices[~joined & ~beyond])
        and np.array_equal(
            before.first_notice[~moved & ~beyond], after.first_notice[~moved & ~beyond]
        )
        and same_fates(before, after, ~moved & ~direct)
    )


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("response", RESPONSES)
def test_more_never_shrinks_and_has_only_its_consequences(response: str, change: str) -> None:
    grew = spared = 0
    for number in range(WORLDS):
        one = setting(number, response)
        other, touched = CHANGES[change](one)
        follows = follow_matrix(one.world)
        engine, changed_engine = one.engine(), other.engine()
        for replicate in range(SEEDS):
            seed = run_seed(number, replicate)
            before, after = one.fate(engine, seed), other.fate(changed_engine, seed)
            assert not shrank(before, after)
            assert own_consequences_only(
                follows, before, after, touched, change != "more_attention_of_one"
            )
            grew += shrank(after, before)
            spared += np.count_nonzero(before.notices) > 0
    assert grew >= (0 if config.DISABLE_JIT else 20)  # there was something to see
    assert spared >= WORLDS * SEEDS // 2


class TakesLuckInTurn(Account):
    """A planted wrong luck: the next number for whoever asks next, as most simulations have it."""

    def notices(self, feed, place):
        if not hasattr(self.model, "lots"):
            self.model.lots = generator(5)
        return self.model.lots.random() < self.attention


def other_luck(one: Setting, seed: int) -> tuple[Fate, Fate]:
    after, _ = one_more_post(one)
    return one.fate(one.engine(), seed), after.fate(after.engine(), seed + 1)


def luck_in_turn(one: Setting, seed: int) -> tuple[Fate, Fate]:
    after, _ = one_more_post(one)
    first, second = (
        MesaEngine(this.world, {"call": this.message}, this.horizon, TakesLuckInTurn)
        for this in (one, after)
    )
    return one.fate(first, seed), after.fate(second, seed)


@pytest.mark.parametrize("wrong", [other_luck, luck_in_turn])
def test_luck_that_is_not_addressed_is_caught(wrong: Callable[..., tuple[Fate, Fate]]) -> None:
    shrunk = spilled = 0
    for number in range(20):
        one = setting(number, "independent")
        before, after = wrong(one, run_seed(number, 0))
        shrunk += shrank(before, after)
        spilled += not own_consequences_only(follow_matrix(one.world), before, after, 0, True)
    assert shrunk >= 10
    assert spilled >= 10


def test_another_instance_changes_nothing() -> None:
    messages = {
        name: Message(topic="art", resonance=0.6, response=RESPONSES[name], delay=delay)
        for name, delay in zip(RESPONSES, [*DELAYS.values(), *DELAYS.values()], strict=False)
    }
    engine = CompiledEngine(random_world(1), messages, 24.0)
    posts = [post(name, "made", at) for name in messages for at in (0.0, 3.0)]
    for seed in range(20):
        alone = {one.id: engine.run(Agenda((one,)), seed)[0] for one in posts}
        for agenda in (Agenda(tuple(posts)), Agenda(tuple(posts[::-1]))):
            for one, cascade in zip(agenda, engine.run(agenda, seed), strict=True):
                assert same_arrays(cascade, alone[one.id])
        assert not same_arrays(alone[posts[0].id], alone[posts[1].id])  # another instance


# ----------------------------------------------------------------- attention and envelopes

FANS = 400
LEAVER = 51
"""An odd fan: follows the first of our accounts only."""


def two_stars(attention: float = 0.2, usual: float = 0.2) -> World:
    """Our a with all fans and our b with the even ones; one fan's attention differs."""
    follows = [(fan, 0) for fan in range(2, FANS)] + [(fan, 1) for fan in range(2, FANS, 2)]
    attentions = np.full(FANS, usual)
    attentions[LEAVER] = attention
    ours = {"a": OurAccount(account=0), "b": OurAccount(account=1)}
    return make_world(follows, FANS, attention=attentions, ours=ours)


def noticing(world: World, by: str, seeds: int = 200) -> npt.NDArray[np.bool_]:
    """Who notices a post; shape (seeds, accounts)."""
    message = Message(topic="art", resonance=0.0, response="independent", delay="none")
    engine = CompiledEngine(world, {"call": message}, math.inf)
    runs = (engine.run(Agenda((post("call", by),)), seed)[0] for seed in range(seeds))
    return np.array([fate(run, world.graph.accounts).notices > 0 for run in runs])


OTHERS = np.arange(FANS) != LEAVER


def test_attention_within_the_envelope_is_a_private_matter() -> None:
    before = two_stars()
    seen = {by: noticing(before, by) for by in "ab"}
    last = seen["a"][:, LEAVER]
    for attention in (0.2 + 1e-12, 0.22, 0.25):
        after = two_stars(attention)
        assert np.array_equal(after.envelopes, before.envelopes)
        now = noticing(after, "a")
        assert np.array_equal(now[:, OTHERS], seen["a"][:, OTHERS])
        assert np.array_equal(noticing(after, "b"), seen["b"])
        assert (now[:, LEAVER] >= last).all()
        last = now[:, LEAVER]
    assert last.sum() > seen["a"][:, LEAVER].sum()
    lower = noticing(two_stars(0.0), "a")
    assert np.array_equal(lower[:, OTHERS], seen["a"][:, OTHERS])
    assert not lower[:, LEAVER].any()


@pytest.mark.parametrize("attention", [float(np.nextafter(0.25, 1)), 0.3, 0.9])
def test_attention_beyond_the_envelope_of_a_list_in_blocks_is_private_too(attention: float) -> None:
    before, after = two_stars(), two_stars(attention)
    assert np.flatnonzero(after.envelopes != before.envelopes).tolist() == [0]
    for by in "ab":
        assert np.array_equal(noticing(after, by)[:, OTHERS], noticing(before, by)[:, OTHERS])


@pytest.mark.parametrize("attention", [float(np.nextafter(2.0**-6, 1)), 0.03, 0.9])
def test_attention_beyond_the_envelope_of_a_list_with_jumps_redraws_it(attention: float) -> None:
    usual = 0.015
    before, after = two_stars(usual, usual), two_stars(attention, usual)
    assert np.flatnonzero(after.envelopes != before.envelopes).tolist() == [0]
    assert np.array_equal(noticing(after, "b"), noticing(before, "b"))
    old, new = noticing(before, "a")[:, OTHERS], noticing(after, "a")[:, OTHERS]
    assert (old != new).any(axis=1).all()  # in every run, somebody else's luck has changed


def test_a_dead_place_changes_nobody_elses_luck() -> None:
    world = two_stars()
    followers = world.graph.followers.copy()
    followers[np.flatnonzero(followers == LEAVER)] = DEAD_PLACE
    after = dataclasses.replace(world, graph=dataclasses.replace(world.graph, followers=followers))
    old, new = noticing(world, "a"), noticing(after, "a")
    assert old[:, LEAVER].any()
    assert not new[:, LEAVER].any()
    assert np.array_equal(old[:, OTHERS], new[:, OTHERS])
    moved = dataclasses.replace(  # planted: the others move up
        world,
        graph=dataclasses.replace(
            world.graph,
            followers=np.append(np.delete(followers, LEAVER - 2), np.int32(2)).astype(np.int32),
        ),
    )
    assert not np.array_equal(old[:, OTHERS], noticing(moved, "a")[:, OTHERS])


@pytest.mark.parametrize("kind", [CompiledEngine, MesaEngine])
def test_who_leaves_unnoticed_is_not_missed(kind: Callable[..., Engine]) -> None:
    unnoticed = 0
    for number in range(10):
        one = setting(number, "independent")
        graph = one.world.graph
        eastern = graph.lists_of(one.world.ours["made"])[0]
        place = int(graph.list_starts[eastern + 1]) - 1 - len(graph.followers)
        leaver, appended = int(graph.appended[place]), graph.appended.copy()
        appended[place] = DEAD_PLACE
        without = dataclasses.replace(
            one.world, graph=dataclasses.replace(graph, appended=appended)
        )
        engines = [
            kind(world, {"call": one.message}, one.horizon) for world in (one.world, without)
        ]
        for seed in range(20 if kind is CompiledEngine else 5):
            (before,), (after,) = (engine.run(one.agenda, seed) for engine in engines)
            if leaver not in before.account:  # and so at no place of any list
                assert same_arrays(before, after)
                unnoticed += 1
            else:
                accounts = graph.accounts
                assert not shrank(fate(after, accounts), fate(before, accounts))
    assert unnoticed >= 5


# -------------------------------------------------------------------- audiences nest


def with_audience(east: int, west: int = 7) -> World:
    ours = {
        "a": OurAccount(account=0),
        "brand": OurAccount(followers={"west": 9}),
        "made": OurAccount(followers={"west": west, "east": east}),
    }
    return random_world(3, ours)


def stretches(world: World, name: str) -> list[list[int]]:
    graph = world.graph
    return [graph.members(one).tolist() for one in graph.lists_of(world.ours[name])]


def test_audiences_nest() -> None:
    east = ACCOUNTS // 2
    largest = with_audience(east)
    whole, seven = stretches(largest, "made")
    assert sorted(whole) == list(range(east))
    assert whole != sorted(whole)
    assert len(seven) == 7
    seen, before = noticing(largest, "made", 40), None
    brand = noticing(largest, "brand", 40)
    one = dataclasses.replace(setting(1, "reinforced"), posts=(PostAction(0.0, "made"),))
    for n in range(east + 1):
        world = with_audience(n)
        assert stretches(world, "made") == [whole[:n], seven]
        assert stretches(world, "brand") == stretches(largest, "brand")
        assert np.array_equal(world.graph.list_keys, largest.graph.list_keys)
        members = np.isin(np.arange(ACCOUNTS + 2), whole[:n] + seven)
        now = noticing(world, "made", 40)
        assert np.array_equal(now[:, members], seen[:, members])
        assert not now[:, ~members].any()
        assert np.array_equal(noticing(world, "brand", 40), brand)
        one = dataclasses.replace(one, world=world)
        engine = one.engine()
        fates_now = [one.fate(engine, seed) for seed in range(40)]
        assert before is None or not any(map(shrank, before, fates_now))
        before = fates_now
    assert stretches(with_audience(5, 30), "made")[0] == whole[:5]
    assert stretches(with_audience(5, 30), "made")[1][:7] == seven


def test_the_most_attentive_may_come_last() -> None:
    """An audience's envelope holds for all who may yet join it."""

    def world(n: int, attentive: int | None = None) -> World:
        attention = np.where(np.arange(ACCOUNTS) == attentive, 0.9, 0.015)
        ours = {"made": OurAccount(followers={"east": n})}
        return make_world([], ACCOUNTS, attention=attention, ours=ours, seed=4)

    (order,) = stretches(world(ACCOUNTS), "made")
    largest = world(ACCOUNTS, order[-1])
    seen = noticing(largest, "made")
    for n in (1, 5, ACCOUNTS - 1):
        now = noticing(world(n, order[-1]), "made")
        assert np.array_equal(now[:, order[:n]], seen[:, order[:n]])
    assert not np.array_equal(noticing(world(5), "made")[:, order[:5]], seen[:, order[:5]])


def test_an_audience_belongs_to_its_name_and_seed() -> None:
    def audience(name: str, seed: int) -> list[int]:
        everybody = OurAccount(followers={"east": ACCOUNTS})
        return stretches(make_world([], ACCOUNTS, ours={name: everybody}, seed=seed), name)[0]

    assert audience("ceo", 1) == audience("ceo", 1)
    assert audience("ceo", 1) != audience("brand", 1)
    assert audience("ceo", 1) != audience("ceo", 2)


# ------------------------------------------------------------ scenarios: names and order

Document = dict[str, Any]
SCENARIO: Document = {
    "name": "small",
    "seed": 7,
    "replicates": 10,
    "horizon": "2 days",
    "draws": 2,
    "segments": {
        "east": {
            "accounts": 80,
            "attention": {"mean": 0.4, "spread": 0.1},
            "value": 1,
            "interest": {"art": {"mean": 0.5, "spread": 0.2}, "bread": 0.3},
            "follows": {"mean": 6, "to": {"east": "60%", "west": "40%"}},
            "reciprocity": "20%",
        },
        "west": {
            "accounts": 120,
            "attention": 0.3,
            "value": {"mean": 2, "spread": 1},
            "interest": {"bread": 0.6, "art": {"mean": 0.3, "spread": 0.1}},
            "follows": {"mean": 5, "to": {"west": "100%"}},
        },
    },
    "ours": {
        "ceo": {"followers": {"east": 10}},
        "brand": {"followers": {"east": 5, "west": 20}},
    },
    "messages": {
        "call": {"topic": "art", "resonance": 0.9, "response": "independent"},
        "crumb": {
            "topic": "bread",
            "resonance": 0.9,
            "response": {"reinforced": [1, 2, 2.7]},
            "delay": {"law": "exponential", "mean": "2 h"},
        },
        "chat": {
            "topic": "bread",
            "resonance": 3,
            "response": {"threshold": {"fraction": "uniform"}},
            "delay": "none",
        },
    },
    "strategies": {
        "one": [
            {"post": "call", "by": "ceo", "at": "0 h"},
            {"post": "crumb", "by": "brand", "at": ["1 h", "5 h"]},
            {"post": "call", "by": "brand", "at": "0 h"},
        ],
        "two": [
            {"post": "chat", "by": "brand", "at": "0 h"},
            {"post": "chat", "by": "ceo", "at": "0 h"},
        ],
    },
    "compare": {"on": "reach", "baseline": "one"},
}
REPLICATES = 8
Runs = dict[tuple[str, int], tuple[Cascade, ...]]


def changed(*path: str, to: object) -> Document:
    """Return the scenario with one entry set or added."""
    document = copy.deepcopy(SCENARIO)
    block = document
    for key in path[:-1]:
        block = block[key]
    block[path[-1]] = to
    return document


def parsed(document: Document) -> Scenario:
    return parse_scenario(json.dumps(document))  # JSON is YAML


def worlds_of(scenario: Scenario) -> list[World]:
    return [build_world(scenario, draw) for draw in range(2)]


def runs_of(scenario: Scenario, worlds: list[World]) -> Runs:
    engines = [CompiledEngine(world, scenario.messages, scenario.horizon) for world in worlds]
    return {
        (name, r): engines[r % 2].run(agenda_of(posts), run_seed(scenario.seed, r))
        for name, posts in scenario.strategies.items()
        for r in range(REPLICATES)
    }


def lived(document: Document) -> tuple[list[World], Runs]:
    scenario = parsed(document)
    worlds = worlds_of(scenario)
    return worlds, runs_of(scenario, worlds)


def same_runs(first: Runs, second: Runs) -> bool:
    """Whether all runs of the first are, number for number, among the second."""
    return all(
        same_arrays(one, other)
        for key, cascades in first.items()
        for one, other in zip(cascades, second[key], strict=True)
    )


def same_worlds(first: World, second: World) -> bool:
    names = ("list_starts", "followers", "first_list", "account_keys", "list_keys")
    return (
        all(np.array_equal(getattr(first.graph, n), getattr(second.graph, n)) for n in names)
        and np.array_equal(first.graph.followee_counts, second.graph.followee_counts)
        and list(first.graph.labels) == list(second.graph.labels)
        and np.array_equal(first.envelopes, second.envelopes)
        and np.array_equal(first.attention_thresholds, second.attention_thresholds)
        and np.array_equal(first.segment_of, second.segment_of)
        and dict(first.ours) == dict(second.ours)
        and traits_by_label(first) == traits_by_label(second)
    )


def traits_by_label(world: World, topics: tuple[str, ...] = ("art", "bread")) -> dict[str, tuple]:
    traits = world.traits
    columns = [traits.attention, traits.value, *(traits.interest[topic] for topic in topics)]
    keys = world.graph.account_keys
    return dict(zip(world.graph.labels, zip(keys, *columns, strict=True), strict=True))


def by_label(cascade: Cascade, world: World) -> list[tuple]:
    """Return a cascade's rows with names in place of numbers."""
    names = [world.graph.labels[int(account)] for account in cascade.account]
    parents = [names[row] if row >= 0 else None for row in cascade.parent]
    columns = [cascade.notices, cascade.first_notice, cascade.share_time, cascade.generation]
    return [
        tuple(map(str, row))  # text, since NaN is not equal to itself
        for row in zip(names, parents, *(column.tolist() for column in columns), strict=True)
    ]


def shuffled(block: object, lots: random.Random) -> object:
    """Return a block with its keys, posts and times in another order."""
    if isinstance(block, dict):
        keys = lots.sample(list(block), len(block))
        return {
            key: block[key] if key == "reinforced" else shuffled(block[key], lots) for key in keys
        }
    if isinstance(block, list):
        return [shuffled(one, lots) for one in lots.sample(block, len(block))]
    return block


@pytest.fixture(scope="module")
def base() -> tuple[list[World], Runs]:
    worlds, runs = lived(SCENARIO)
    assert all(cascade.share_order.size >= 1 for run in runs.values() for cascade in run)
    assert sum(cascade.share_order.size for run in runs.values() for cascade in run) > 200
    return worlds, runs


def test_the_order_of_lines_changes_nothing(base: tuple[list[World], Runs]) -> None:
    lots = random.Random(5)
    for _ in range(6):
        document = shuffled(SCENARIO, lots)
        assert list(document) != list(SCENARIO)
        worlds, runs = lived(document)
        assert all(map(same_worlds, worlds, base[0]))
        assert runs.keys() == base[1].keys()
        assert same_runs(base[1], runs)


WITHOUT_EFFECT = {
    "the scenario's name": changed("name", to="another name"),
    "the question": changed("question", to="Why?"),
    "replicates": changed("replicates", to={"within": "2%", "at most": 50}),
    "draws": changed("draws", to=3),
    "the metric": changed("compare", to={"on": "shares", "baseline": "two", "matters": "1%"}),
    "the relevance cut": changed("relevant", to=0.1),
    "one more strategy": changed(
        "strategies", "a first", to=[{"post": "call", "by": "brand", "at": "3 h"}]
    ),
    "one more message": changed(
        "messages", "another", to={"topic": "art", "resonance": 1, "response": "single"}
    ),
    "one more topic": changed(
        "segments", "east", "interest", to={**SCENARIO["segments"]["east"]["interest"], "wine": 0.1}
    ),
}


@pytest.mark.parametrize("change", WITHOUT_EFFECT)
def test_what_has_no_effect_has_none(change: str, base: tuple[list[World], Runs]) -> None:
    worlds, runs = lived(WITHOUT_EFFECT[change])
    assert all(map(same_worlds, worlds, base[0]))
    assert same_runs(base[1], runs)


def test_a_strategys_name_and_company_change_nothing(base: tuple[list[World], Runs]) -> None:
    one, two = SCENARIO["strategies"].values()
    _, runs = lived(changed("strategies", to={"two": one, "one": two}))
    swapped = {("two" if name == "one" else "one", r): run for (name, r), run in runs.items()}
    assert same_runs(base[1], swapped)


def test_another_seed_is_another_world(base: tuple[list[World], Runs]) -> None:
    """The comparisons above can fail."""
    worlds, runs = lived(changed("seed", to=8))
    assert not same_worlds(worlds[0], base[0][0])
    assert not same_worlds(base[0][0], base[0][1])
    assert not any(same_runs({key: base[1][key]}, runs) for key in runs)
    longer = changed("ours", "ceo", to={"followers": {"east": 11}})
    assert not same_worlds(lived(longer)[0][0], base[0][0])


def test_one_more_account_of_ours_leaves_the_luck_of_others(
    base: tuple[list[World], Runs],
) -> None:
    worlds, runs = lived(changed("ours", "alpha", to={"followers": {"east": 30, "west": 30}}))
    for world, before in zip(worlds, base[0], strict=True):
        assert world.ours["brand"] == before.ours["brand"] + 1
        assert traits_by_label(world).items() >= traits_by_label(before).items()
        for name in ("brand", "ceo"):
            assert stretches(world, name) == stretches(before, name)
    for (name, r), cascades in base[1].items():
        if name == "one":  # in "two" people share at a fraction of followees, which are now more
            for cascade, other in zip(cascades, runs[name, r], strict=True):
                assert by_label(cascade, base[0][r % 2]) == by_label(other, worlds[r % 2])


def test_one_more_segment_leaves_the_luck_of_others(base: tuple[list[World], Runs]) -> None:
    hermits = {
        "accounts": 50,
        "attention": 0.9,
        "interest": {"other": 1},
        "follows": {"mean": 5, "to": {"hermits": "100%"}},
    }
    document = changed("segments", "hermits", to=hermits)
    document["ours"]["brand"]["followers"]["hermits"] = 0
    worlds, runs = lived(document)
    for world, before in zip(worlds, base[0], strict=True):
        assert world.segments == ("east", "hermits", "west")
        assert traits_by_label(world).items() >= traits_by_label(before).items()
    for (name, r), cascades in base[1].items():
        for cascade, other in zip(cascades, runs[name, r], strict=True):
            assert by_label(cascade, base[0][r % 2]) == by_label(other, worlds[r % 2])


def test_one_more_account_keeps_traits_keys_and_audiences(
    base: tuple[list[World], Runs],
) -> None:
    west = {**SCENARIO["segments"]["west"], "accounts": 121}
    worlds = worlds_of(parsed(changed("segments", "west", to=west)))
    for world, before in zip(worlds, base[0], strict=True):
        assert traits_by_label(world).items() >= traits_by_label(before).items()
        labels = world.graph.labels
        assert stretches(world, "ceo") == stretches(before, "ceo")
        (east, audience), (east_before, audience_before) = (
            stretches(one, "brand") for one in (world, before)
        )
        assert east == east_before
        old = [account for account in audience if labels[account] != "west 120"]
        assert old == audience_before[: len(old)]
        assert len(old) >= len(audience_before) - 1


# -------------------------------------------------------- order of asking, and threads


def test_the_order_of_asking_changes_nothing(base: tuple[list[World], Runs]) -> None:
    scenario = parsed(SCENARIO)
    keys = list(base[1])
    random.Random(3).shuffle(keys)
    worlds = worlds_of(scenario)
    engines = [CompiledEngine(world, scenario.messages, scenario.horizon) for world in worlds]
    for name, r in [*keys, *keys[::-1]]:
        agenda = agenda_of(scenario.strategies[name])
        cascades = engines[r % 2].run(agenda, run_seed(scenario.seed, r))
        assert same_runs({(name, r): base[1][name, r]}, {(name, r): cascades})
        fresh = CompiledEngine(worlds[r % 2], scenario.messages, scenario.horizon)
        cascades = fresh.run(agenda, run_seed(scenario.seed, r))
        assert same_runs({(name, r): base[1][name, r]}, {(name, r): cascades})


def test_draws_do_not_depend_on_the_order_of_asking(base: tuple[list[World], Runs]) -> None:
    scenario = parsed(SCENARIO)
    for draw in (1, 0, 1):
        assert same_worlds(build_world(scenario, draw), base[0][draw])


CROWD = 300 if config.DISABLE_JIT else 4000


def crowd() -> World:
    lots = generator(1)
    pairs = lots.integers(0, CROWD, (6 * CROWD, 2))
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    ours = {"a": OurAccount(account=0), "made": OurAccount(followers={"east": CROWD // 5})}
    return make_world([(int(one), int(two)) for one, two in pairs], CROWD, attention=0.4, ours=ours)


@pytest.fixture
def _eager_switching() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_eager_switching")
def test_any_number_of_threads_gives_identical_arrays() -> None:
    world = crowd()
    messages = {
        "call": Message(topic="art", resonance=0.5, delay=DELAYS["exponential"]),
        "crumb": Message(topic="art", resonance=0.9, response=RESPONSES["uniform fraction"]),
    }
    agenda = Agenda((post("call", "made"), post("crumb", "a", 1.0), post("crumb", "made", 2.0)))
    replicates = range(4 if config.DISABLE_JIT else 40)
    alone = [
        CompiledEngine(world, messages, math.inf).run(agenda, run_seed(1, r)) for r in replicates
    ]
    assert sum(cascade.share_order.size for cascade in alone[0]) > CROWD / 10
    assert not any(map(same_arrays, alone[0], alone[1]))  # the comparison can fail
    own = threading.local()

    def run(replicate: int) -> tuple[Cascade, ...]:
        if not hasattr(own, "engine"):
            own.engine = CompiledEngine(world, messages, math.inf)
        return own.engine.run(agenda, run_seed(1, replicate))

    for threads in (1, 2, 5):
        order = random.Random(threads).sample(replicates, len(replicates))
        with ThreadPoolExecutor(threads) as pool:
            for r, cascades in zip(order, pool.map(run, order), strict=True):
                assert all(map(same_arrays, cascades, alone[r]))


# ------------------------------------------------------------------ no hidden randomness

NETWORK: Document = {
    "name": "network",
    "graph": {"networkx": "barabasi_albert_graph", "arguments": {"n": 80, "m": 3}},
    "accounts": {"attention": 0.5, "interest": {"art": {"mean": 0.5, "spread": 0.2}}},
    "ours": {"us": {"account": "0"}},
    "messages": {"call": {"topic": "art", "resonance": 1}},
    "strategies": {"one": [{"post": "call", "by": "us", "at": "0 h"}]},
    "compare": {"on": "reach", "baseline": "one"},
}


def global_states() -> str:
    return repr((random.getstate(), [*map(str, np.random.get_state())]))  # noqa: NPY002


def live_through(document: Document, account_class: type[Account] = Account) -> list[Cascade]:
    """Build a world, run both engines on it and measure what came out."""
    scenario = parsed(document)
    world = build_world(scenario, 0)
    agenda = agenda_of(scenario.strategies["one"])
    compiled = CompiledEngine(world, scenario.messages, scenario.horizon)
    mesa = MesaEngine(world, scenario.messages, scenario.horizon, account_class)
    cascades = [*compiled.run(agenda, 5), *mesa.run(agenda, 5)]
    outcome_of(world, scenario.messages, agenda, tuple(cascades[: len(agenda)]), 0.5)
    return cascades


class Moody(Account):
    """A planted fault: asks a global generator."""

    def notices(self, feed, place):
        return random.random() < 0.5


@pytest.mark.parametrize("document", [SCENARIO, NETWORK], ids=["drawn", "networkx"])
def test_global_generators_are_neither_used_nor_moved(document: Document) -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    states = global_states()
    first = live_through(document)
    assert global_states() == states
    random.seed(2)
    np.random.seed(2)  # noqa: NPY002
    other = global_states()
    assert other != states
    assert all(map(same_arrays, first, live_through(document)))
    live_through(document, Moody)
    assert global_states() != other
