"""What every action promises on every tiny graph, whether our account stands in it or outside."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from worlds import make_world, same_arrays

from propagation.audience.attention import Limits
from propagation.audience.world import World
from propagation.problems import InputError
from propagation.scenario.spec import (
    Action,
    Blast,
    Boost,
    Choice,
    Follow,
    Following,
    Message,
    NoticesThreshold,
    OurAccount,
    Pitch,
    Post,
    Repost,
    Seed,
    Threshold,
)
from propagation.spread.campaign_record import Campaign
from propagation.spread.cascade import Cascade
from propagation.spread.simulate import CompiledEngine
from propagation.strategy.agenda import agenda_of

FIVE = range(5)
GRAPHS: dict[str, tuple[int, list[tuple[int, int]]]] = {
    "isolated": (1, []),
    "pair": (2, [(0, 1), (1, 0)]),
    "path": (4, [(1, 0), (2, 1), (3, 2)]),
    "star": (6, [(leaf, 0) for leaf in range(1, 6)]),
    "complete": (5, list(permutations(FIVE, 2))),
    "cliques": (
        8,
        [
            *permutations(range(4), 2),
            *permutations(range(4, 8), 2),
            (3, 4),
            (4, 3),
        ],
    ),
}
KINDS = ("post", "mix", "repost", "pitch", "blast", "seed", "boost", "follow")
RULES = ("random", "most followers", "k-core", "pagerank", "most interested", "acquaintance")
HORIZON, TIMES, PER_HOUR, IMPRESSIONS = 24.0, (0.0, 5.0, 23.0, 30.0), 2.0, 5
DONE = tuple(time for time in TIMES if time <= HORIZON)
ELSEWHERE = 4
"""Accounts of a clique of their own, to which nothing leads."""


@dataclass(frozen=True)
class Tiny:
    """A tiny graph in the east, a clique in the west, and our accounts."""

    world: World
    size: int
    pool: tuple[int, ...]

    @property
    def some(self) -> int:
        """How many of the pool are chosen."""
        return min(2, len(self.pool))


def tiny(graph: str, inside: bool, *, limited: bool = False, **traits: Any) -> Tiny:
    size, follows = GRAPHS[graph]
    accounts = size + ELSEWHERE
    follows = follows + list(permutations(range(size, accounts), 2))
    us = OurAccount(account="0") if inside else OurAccount(followers={"east": min(2, size)})
    ours = {"us": us, "helper": OurAccount(followers={"east": 1})}
    ours["there"] = OurAccount(followers={"west": 2})
    if inside and size == 1:
        ours["helper"] = OurAccount(followers={"west": 1})
    if limited:
        traits["attention"] = math.nan
        traits["limits"] = Limits(np.full(accounts, 2.0), np.full(accounts, 0.3))
    world = make_world(
        follows,
        accounts,
        ours=ours,
        segment_of=[int(one >= size) for one in range(accounts)],
        **traits,
    )
    return Tiny(world, size, tuple(range(int(inside), size)))


def action(kind: str, at: Sequence[float], place: Tiny, rule: str = "random") -> list[Action]:
    """Return an action of a kind, with what it needs; all but a repost happen at the times."""
    to = {"to": Choice(choose=max(1, place.some), of="east", by=rule)}
    rest: dict[str, Any] = {"by": "us", "at": tuple(at)}
    rates = {"opens": 0.7, "answers": 0.9, "covers": 0.8, "wears": 0.5}
    match kind:
        case "post":
            return [Post(post="call", **rest)]
        case "mix":
            return [Post(post={"call": 1.0, "echo": 2.0}, **rest)]
        case "repost":
            return [Post(post="call", **rest), Repost(repost="us", by="helper", after=2.0)]
        case "pitch":
            return [Pitch(pitch="call", personal=2.0, **rest, **to, **rates)]
        case "blast":
            return [Blast(blast="call", **rest, **to, **rates)]
        case "seed":
            return [Seed(seed="call", at=tuple(at), **to)]
        case "boost":
            return [
                Boost(boost="call", to="east", impressions=IMPRESSIONS, per_hour=PER_HOUR, **rest)
            ]
    return [Follow(follow=to["to"], topic="art", per_day=24 * PER_HOUR, back=1.0, **rest)]


LIVELY = Message(topic="art", resonance=0.6, response="independent", delay="none")
SLOW = Message(topic="art", resonance=0.6, delay={"law": "exponential", "mean": 4.0})
SILENT = Message(
    topic="art", resonance=1.0, response=Threshold(threshold=NoticesThreshold(notices=1000))
)
MOVING = Following(**{"follows": 0.7, "irrelevant": 0.5, "too often": 0.3, "beyond": 1})


def run(
    place: Tiny,
    strategy: Sequence[Action],
    seed: int = 1,
    message: Message = SLOW,
    following: Following | None = MOVING,
) -> Campaign:
    messages = {"call": message, "echo": message}
    engine = CompiledEngine(place.world, messages, HORIZON, following=following)
    return engine.campaign(agenda_of(strategy), seed)


def cannot(kind: str, place: Tiny) -> bool:
    """Say whether an action has nobody to be for: our account is alone."""
    return not place.pool and kind in ("pitch", "blast", "seed", "boost", "follow")


EVERYWHERE = pytest.mark.parametrize("graph", GRAPHS)
IN_OR_OUT = pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def flat(lists: Sequence[list[int]]) -> list[int]:
    return [one for each in lists for one in each]


def of_generation_0(cascade: Cascade) -> list[int]:
    return cascade.account[cascade.generation == 0].tolist()


@EVERYWHERE
@IN_OR_OUT
@EVERY_KIND
def test_an_action_makes_so_many_posts_and_contacts(kind: str, inside: bool, graph: str) -> None:
    place = tiny(graph, inside)
    us, helper = place.world.ours["us"], place.world.ours["helper"]
    strategy = action(kind, TIMES, place)
    if cannot(kind, place):
        with pytest.raises(InputError, match=r"more than the 0 accounts|no accounts but ours"):
            run(place, strategy, message=SILENT)
        return
    made = run(place, strategy, message=SILENT, following=None)
    posts = [of_generation_0(one) for one in made.cascades]
    shares = sum(len(one.share_order) for one in made.cascades)
    if kind in ("post", "repost"):
        assert posts == [[us] if time in DONE else [] for time in TIMES]
        reposts = [time for time in TIMES if time + 2.0 <= HORIZON] if kind == "repost" else []
        assert made.reposts.tolist() == [len(reposts)] * (kind == "repost")
        again = [one.account[one.generation == 1].tolist() for one in made.cascades]
        assert flat(again) == [helper] * len(reposts)
        assert shares == len(DONE) + len(reposts)
    elif kind == "mix":
        assert sorted(flat(posts)) == [us] * len(DONE)
        assert shares == len(DONE)
    elif kind in ("pitch", "blast"):
        expected = [(time, us) for time in DONE for _ in range(place.some)]
        assert [(one["time"], one["ours"]) for one in made.pitches] == expected
        each = made.pitches["account"].reshape(len(DONE), place.some)
        assert set(each.ravel().tolist()) <= set(place.pool)
        assert all(len(set(row)) == place.some for row in each.tolist())
        assert (each == each[0]).all()  # a random order belongs to the run
        assert shares == np.count_nonzero(made.pitches["covered"])
    elif kind == "seed":
        assert [len(one) for one in posts] == [place.some * (time in DONE) for time in TIMES]
        assert len({tuple(sorted(one)) for one in posts if one}) == 1
        assert set(flat(posts)) <= set(place.pool)
    elif kind == "boost":
        shown = [sum(time + j / PER_HOUR <= HORIZON for j in range(IMPRESSIONS)) for time in TIMES]
        assert shown == [5, 5, 3, 0]
        assert [int(one.notices.sum()) for one in made.cascades] == shown
        assert shares == 0
    else:  # everybody cares and follows back, but who follows us already or has been followed
        followers = place.world.graph.followers_of(us).tolist()
        new = set(made.moves["account"].tolist())
        assert made.moves["joined"].all()
        assert len(new) == len(made.moves)
        assert new <= set(place.pool) - set(followers)
        if place.some == len(place.pool):
            assert new == set(place.pool) - set(followers)
        assert set(made.moves["time"].tolist()) <= {0.0, 1 / PER_HOUR}


@EVERYWHERE
@IN_OR_OUT
@EVERY_KIND
def test_a_run_ends_at_the_horizon_and_can_be_made_again(
    kind: str, inside: bool, graph: str
) -> None:
    place = tiny(graph, inside, interest=0.8, attention=0.9)
    if cannot(kind, place):
        return
    strategy = [*action(kind, TIMES, place), Post(post="echo", by="us", at=(1.0, 23.5))]
    different = set()
    for seed in range(6):
        made, again = run(place, strategy, seed), run(place, strategy, seed)
        assert all(map(same_arrays, made.cascades, again.cascades))
        for name in ("moves", "pitches", "reposts"):
            assert getattr(made, name).tobytes() == getattr(again, name).tobytes()
        for one in made.cascades:
            shared = one.share_time[one.generation >= 0]
            assert np.nanmax([*one.first_notice[one.notices > 0], *shared, 0.0]) <= HORIZON
        for table in (made.moves, made.pitches):
            assert (np.diff(table["time"]) >= 0).all()
            assert max([*table["time"], 0.0]) <= HORIZON
        different.add(tuple(one.notices.tobytes() for one in made.cascades))
    assert len(place.pool) < 3 or len(different) > 1


def fates(made: Campaign, strategy: Sequence[Action]) -> dict[Any, Any]:
    """Return, of each instance, what became of each account touched."""
    found = {}
    for instance, one in zip(agenda_of(strategy), made.cascades, strict=True):
        columns = (one.notices, one.first_notice, one.share_time, one.generation)
        rows = zip(one.account, *columns, one.parent_account(), strict=True)
        found[instance.message, instance.nominal_time] = {
            int(row[0]): np.array(row[1:], float).tobytes() for row in rows
        }
    return found


def among(made: Any, accounts: Sequence[int]) -> Any:
    return {account: made[account] for account in accounts if account in made}


@IN_OR_OUT
@EVERY_KIND
@pytest.mark.parametrize("limited", [False, True], ids=["plain", "limited"])
@pytest.mark.parametrize("same", [False, True], ids=["other instances", "same instances"])
def test_whom_an_action_cannot_reach_it_leaves_as_they_were(
    kind: str, inside: bool, limited: bool, same: bool
) -> None:
    # on the same instances, or, as what is credited to us may gain us followers there, on others
    times = (0.0, 5.0, 7.0) if same else (1.0, 4.0, 7.0)
    moving = MOVING.model_copy(update={"follows": 0.0}) if same else MOVING
    for graph in GRAPHS:
        place = anywhere(graph, inside, limited)
        if cannot(kind, place) or (graph, inside, kind) == ("isolated", True, "repost"):
            continue  # nobody to be for, and a helper who is followed in the west
        more = action(kind, times, place)
        touched = [changes_in_the_west(place, more, seed, moving) for seed in range(3)]
        assert min(touched) > 3, graph


def test_an_action_in_the_west_is_found_out() -> None:
    place = anywhere("star", False, False)
    seeds = [Seed(seed="call", to=Choice(choose=2, of="west"), at=0.0)]
    with pytest.raises(AssertionError):
        changes_in_the_west(place, seeds, 1, MOVING)


def anywhere(graph: str, inside: bool, limited: bool) -> Tiny:
    plain = {} if limited else {"attention": 0.7}
    return tiny(graph, inside, limited=limited, interest=0.8, **plain)


def changes_in_the_west(
    place: Tiny, more: Sequence[Action], seed: int, following: Following
) -> int:
    """Demand that more actions change nothing there; return how many notice something there."""
    west = [*range(place.size, place.size + ELSEWHERE), place.world.ours["there"]]
    base = [
        Post(post="call", by="there", at=(0.0, 5.0)),
        Post(post="echo", by="there", at=6.0),
        Post(post="call", by="us", at=6.5),
    ]
    strategies = base, [*base, *more]
    first, second = (run(place, one, seed, following=following) for one in strategies)
    before, after = (fates(*one) for one in zip((first, second), strategies, strict=True))
    for name, accounts in before.items():
        assert among(accounts, west) == among(after[name], west)
    for made in after.keys() - before.keys():
        assert not among(after[made], west)
    moves = [one.moves[np.isin(one.moves["account"], west)] for one in (first, second)]
    assert moves[0].tobytes() == moves[1].tobytes()
    return sum(len(among(accounts, west)) for accounts in before.values())


@pytest.mark.parametrize("graph", ["star", "complete", "cliques"])
@IN_OR_OUT
@EVERY_KIND
def test_where_it_reaches_only_its_consequences_change(kind: str, inside: bool, graph: str) -> None:
    # without delays, competition or a moving audience: whoever has another fate was contacted, is
    # one of ours, or follows somebody whose share is new or moved; and other instances stay
    place = tiny(graph, inside, attention=0.6, interest=0.7)
    graph_of = place.world.graph
    base = [Post(post="call", by="us", at=(0.0, 9.0)), Post(post="echo", by="helper", at=0.0)]
    more = [*base, *action(kind, (0.0, 4.0), place)]
    if kind in ("post", "mix", "repost"):
        added = action(kind, (0.0, 4.0), place)
        more = [*base, *(one.model_copy(update={"by": "helper"}) for one in added[-1:])]
    changed = 0
    for seed in range(30):
        first = run(place, base, seed, LIVELY, following=None)
        second = run(place, more, seed, LIVELY, following=None)
        before, after = fates(first, base), fates(second, more)
        contacted = set(place.world.ours.values())
        contacted |= set(second.pitches["account"].tolist())
        if kind in ("seed", "boost"):
            contacted |= set(place.pool)
        for name, accounts in before.items():
            differ = {
                one for one in accounts | after[name] if accounts.get(one) != after[name].get(one)
            }
            if name not in (("call", 0.0), ("echo", 0.0)) and kind not in ("follow", "repost"):
                assert not differ
            joined = set(second.moves["account"].tolist())
            reached = {int(v) for sharer in differ for v in graph_of.followers_of(sharer)}
            assert differ - contacted - joined <= reached
            changed += len(differ)
    everybody = set(place.world.graph.followers_of(place.world.ours["us"]).tolist())
    assert changed > 0 or (kind == "follow" and set(place.pool) <= everybody)


@pytest.mark.parametrize("rule", RULES)
@IN_OR_OUT
@EVERYWHERE
def test_choosing_more_keeps_those_chosen_before(graph: str, inside: bool, rule: str) -> None:
    place = tiny(graph, inside, interest=np.linspace(0.1, 0.9, GRAPHS[graph][0] + ELSEWHERE))
    for seed in range(3):
        chosen: list[int] = []
        for count in range(1, len(place.pool) + 1):
            blast = Blast(
                blast="call",
                by="us",
                to=Choice(choose=count, of="east", by=rule),
                at=0.0,
                opens=0.0,
                answers=0.0,
                covers=0.0,
            )
            made = run(place, [blast], seed).pitches["account"].tolist()
            assert made[: len(chosen)] == chosen
            assert len(set(made)) == len(made)
            assert set(made) <= set(place.pool)  # acquaintances too: nobody follows the west
            assert len(made) <= count
            assert rule == "acquaintance" or len(made) == count
            chosen = made
