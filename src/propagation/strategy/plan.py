"""An agenda in numbers, on one world: what both engines work through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.luck import Purpose, stem, text_id
from propagation.problems import InputError, Problem
from propagation.scenario.actions import Blast, Boost, Follow, FollowBack, Pitch, Seed
from propagation.scenario.choices import Choice, NamedAccounts
from propagation.scenario.reposts import ByChance, Repost, WhenRelevant
from propagation.scenario.spec import Message
from propagation.strategy.agenda import Agenda, Occasion, PostAction
from propagation.strategy.centrality import followee_lists, once
from propagation.strategy.choosing import (
    acquaintances,
    named_accounts,
    order_of,
    pool_of,
    shuffle_chosen,
)

Int32 = npt.NDArray[np.int32]
Records = npt.NDArray[np.void]

POST, SEED, PITCH, BOOST, FOLLOW = range(5)
"""Kinds of entries."""
ALWAYS, BY_CHANCE, WHEN_RELEVANT = range(3)
"""When one of our accounts reposts another's post."""
NONE = -1

ENTRY = np.dtype(
    [
        ("time", np.float64),
        ("pace", np.float64),  # steps an hour: impressions, accounts followed
        ("low", np.float64),  # part of a mix's throw
        ("high", np.float64),
        ("mix", np.uint64),
        ("kind", np.int32),
        ("place", np.int32),  # number of the action in the strategy
        ("instance", np.int32),
        ("ours", np.int32),  # number among our accounts in order of name
        ("first", np.int32),  # of the chosen accounts, or of the pool of a boost
        ("count", np.int32),  # chosen accounts, or accounts in the pool
        ("impressions", np.int32),
        ("spec", np.int32),  # number among the pitches' rates, or topic of a follow
        ("pool_id", np.uint64),
        ("noticed", np.float64),  # chances to follow back
        ("otherwise", np.float64),
    ]
)
"""One occasion: a post, or a time at which something else happens."""

REPOST = np.dtype(
    [
        ("of", np.int32),  # number among our accounts in order of name
        ("by", np.int32),
        ("when", np.int32),
        ("place", np.int32),
        ("limit", np.float64),  # a chance, or the cut of mean interest
        ("after", np.float64),
    ]
)
"""A rule by which one of our accounts reposts another."""


@dataclass(frozen=True)
class Chosen:
    """Where a choice stands among the chosen accounts, and what it takes to draw it anew."""

    first: int
    count: int
    pool: Int32
    rule: str
    segment_id: np.uint64


@dataclass(frozen=True, eq=False)
class Plan:
    """An agenda on one world.

    Attributes
    ----------
    agenda, world
        What was planned, and on what.
    entries, reposts
        Records ``ENTRY``, in order of (time, place), and ``REPOST``.
    ours
        Account numbers of our accounts in order of name.
    credits
        For each instance the accounts credited with it whatever is thrown, as numbers among ours.
    pools
        The accounts that boosts choose from, one pool after the other.
    pitches
        The pitches whose rates entries name.
    topics
        Topics in alphabetical order.
    """

    agenda: Agenda
    world: World
    entries: Records
    reposts: Records
    ours: Int32
    credits: tuple[tuple[int, ...], ...]
    pools: Int32
    pitches: tuple[Pitch | Blast, ...]
    topics: tuple[str, ...]
    _fixed: Int32
    _random: tuple[Chosen, ...]

    def chosen(self, seed: int) -> tuple[Int32, Int32]:
        """Return the accounts chosen in a run, and how many of each choice's were found.

        Entries point into the first; the second has one number for each entry.
        """
        accounts, counts = self._fixed.copy(), self.entries["count"].copy()
        for one in self._random:
            found = self._draw(one, seed, accounts)
            if found < one.count:
                counts[self._of(one)] = found
        return accounts, counts

    def _of(self, one: Chosen) -> npt.NDArray[np.bool_]:
        """Say which entries have a choice; one that was scaled to nobody begins there as well."""
        entries = self.entries
        is_there = (entries["first"] == one.first) & (entries["count"] == one.count)
        return np.asarray(is_there & np.isin(entries["kind"], (SEED, PITCH, FOLLOW)))

    def _draw(self, one: Chosen, seed: int, accounts: Int32) -> int:
        key = stem(seed, Purpose.CHOICE, one.segment_id)
        if one.rule == "random":
            shuffle_chosen(one.pool, one.count, key, accounts, one.first)
            return one.count
        starts, followees = self._followees
        return int(
            acquaintances(
                one.pool,
                one.count,
                key,
                stem(seed, Purpose.ACQUAINTANCE, one.segment_id),
                starts,
                followees,
                self.world.graph.account_keys,
                np.zeros(self.world.graph.accounts, np.uint8),
                accounts,
                one.first,
            )
        )

    @cached_property
    def _followees(self) -> tuple[npt.NDArray[np.int64], Int32]:
        return once(followee_lists, self.world)


class _Choices:
    """Chosen accounts, gathered entry by entry; equal choices stand there once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[object, str | None], tuple[int, int]] = {}
        self.fixed: list[Int32] = []
        self.random: list[Chosen] = []
        self._end = 0

    def add(self, choice: Choice | NamedAccounts, topic: str | None) -> tuple[int, int]:
        """Return where a choice begins among the chosen accounts, and how many it is."""
        key = choice, topic
        if key not in self._known:
            self._known[key] = self._new(choice, topic)
        return self._known[key]

    def _new(self, choice: Choice | NamedAccounts, topic: str | None) -> tuple[int, int]:
        first = self._end
        if isinstance(choice, NamedAccounts):
            accounts = named_accounts(self._world, choice.named)
        else:
            count = choice.choose
            pool = pool_of(self._world, choice.of, count)
            if choice.by in ("random", "acquaintance"):
                segment_id = segment_id_of(choice.of)
                self.random.append(Chosen(first, count, pool, choice.by, segment_id))
                accounts = np.zeros(count, np.int32)
            else:
                accounts = order_of(choice.by, pool, self._world, topic or "")[:count]
        self.fixed.append(accounts)
        self._end += len(accounts)
        return first, len(accounts)


def segment_id_of(segment: str | None) -> np.uint64:
    """Return the address of choices from a segment; None stands for all accounts."""
    return text_id("segment") if segment is None else text_id("segment", segment)


def plan_of(agenda: Agenda, world: World, messages: Mapping[str, Message]) -> Plan:
    """Return an agenda in numbers.

    Raises
    ------
    InputError
        If an account that is named is not there.
    """
    names = sorted(world.ours)
    index = {name: i for i, name in enumerate(names)}
    topics = tuple(sorted(world.traits.interest))
    choices, pools, pitches = _Choices(world), _Pools(world), list[Pitch | Blast]()
    entries = [
        _post_entry(post, number, index)
        for number, instance in enumerate(agenda.instances)
        for post in instance.posts
    ]
    for occasion in agenda.occasions:
        topic = None
        if occasion.instance != NONE:
            topic = messages[agenda.instances[occasion.instance].message].topic
        entries.append(_entry(occasion, topic, index, topics, choices, pools, pitches))
    records = np.array(entries, ENTRY) if entries else np.empty(0, ENTRY)
    return Plan(
        agenda=agenda,
        world=world,
        entries=records[np.lexsort((records["place"], records["time"]))],
        reposts=_repost_records(agenda, index),
        ours=np.array([world.ours[name] for name in names], np.int32),
        credits=tuple(
            tuple(sorted(index[name] for name in one.credited)) for one in agenda.instances
        ),
        pools=_joined(pools.pools),
        pitches=tuple(pitches),
        topics=topics,
        _fixed=_joined(choices.fixed),
        _random=tuple(choices.random),
    )


def _joined(parts: Sequence[Int32]) -> Int32:
    return np.concatenate([np.empty(0, np.int32), *parts])


class _Pools:
    """The accounts boosts choose from, each segment's once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[str, tuple[int, int]] = {}
        self.pools: list[Int32] = []

    def add(self, segment: str) -> tuple[int, int]:
        """Return where a segment's pool begins, and how many accounts it has."""
        if segment not in self._known:
            pool = pool_of(self._world, segment)
            if not len(pool):  # an impression must be shown to somebody
                raise InputError(Problem(f"'{segment}' has no accounts but ours", "to"))
            self._known[segment] = sum(map(len, self.pools)), len(pool)
            self.pools.append(pool)
        return self._known[segment]


def _record(**values: object) -> tuple[object, ...]:
    """Return an entry; what it does not need is 0."""
    return tuple(values.get(name, 0) for name in ENTRY.names or ())


def _post_entry(post: PostAction, instance: int, index: Mapping[str, int]) -> tuple[object, ...]:
    return _record(
        kind=POST,
        time=post.time,
        place=post.place,
        instance=instance,
        ours=index[post.by],
        low=post.low,
        high=post.high,
        mix=post.mix_id,
    )


def _entry(
    occasion: Occasion,
    topic: str | None,
    index: Mapping[str, int],
    topics: Sequence[str],
    choices: _Choices,
    pools: _Pools,
    pitches: list[Pitch | Blast],
) -> tuple[object, ...]:
    """Return an occasion as an entry; chosen accounts, pools and rates are added to the lists."""
    action = occasion.action
    common = {"time": occasion.time, "place": occasion.place, "instance": occasion.instance}
    if isinstance(action, Seed):
        first, count = choices.add(action.to, topic)
        return _record(kind=SEED, ours=NONE, first=first, count=count, **common)
    if isinstance(action, Pitch | Blast):
        if action not in pitches:
            pitches.append(action)
        first, count = choices.add(action.to, topic)
        spec, ours = pitches.index(action), index[action.by]
        return _record(kind=PITCH, ours=ours, first=first, count=count, spec=spec, **common)
    if isinstance(action, Boost):
        first, count = pools.add(action.to)
        return _record(
            kind=BOOST,
            ours=index[action.by],
            first=first,
            count=count,
            impressions=action.impressions,
            pace=action.per_hour,
            pool_id=segment_id_of(action.to),
            **common,
        )
    if isinstance(action, Follow):
        first, count = choices.add(action.follow, action.topic)
        back = action.back
        noticed, otherwise = (
            (back.noticed, back.otherwise) if isinstance(back, FollowBack) else (back, back)
        )
        return _record(
            kind=FOLLOW,
            ours=index[action.by],
            first=first,
            count=count,
            pace=action.per_day / 24.0,
            spec=topics.index(action.topic),
            noticed=noticed,
            otherwise=otherwise,
            **common,
        )
    raise TypeError(f"no such action: {action!r}")


def _repost_records(agenda: Agenda, index: Mapping[str, int]) -> Records:
    records = np.zeros(len(agenda.reposts), REPOST)
    for record, rule in zip(records, agenda.reposts, strict=True):
        action = rule.action
        assert isinstance(action, Repost)
        when, limit = ALWAYS, 1.0
        if isinstance(action.when, ByChance):
            when, limit = BY_CHANCE, action.when.chance
        elif isinstance(action.when, WhenRelevant):
            when, limit = WHEN_RELEVANT, action.when.relevant
        record["of"], record["by"] = index[action.repost], index[action.by]
        record["when"], record["limit"] = when, limit
        record["after"], record["place"] = action.after, rule.place
    return records
