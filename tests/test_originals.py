"""Originals: who writes about a topic, what theory says they come to, and what is told of them."""

import itertools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from campaign_worlds import CampaignCase, campaign_cases
from campaigns import run, write_campaign
from hypothesis import Phase, assume, given, settings
from numba.core import config
from test_campaign_closed_forms import cells, hits
from worlds import make_world

from propagation.audience.world import World
from propagation.experiment.checking import notes
from propagation.experiment.expectations import theory_in
from propagation.experiment.replicates import Laboratory
from propagation.experiment.table import table_rows
from propagation.luck import run_seed
from propagation.problems import InputError
from propagation.report.campaign_assumptions import campaign_tables
from propagation.report.glossary import glossary
from propagation.report.stored import read_stored
from propagation.report.tables import metrics_told
from propagation.report.wording import OF_THEIR_OWN, limits
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import (
    Action,
    Boost,
    FixedDelay,
    Message,
    NamedAccounts,
    Original,
    Pitch,
    Post,
    Seed,
    as_written,
)
from propagation.spread import campaign_runs, own_words
from propagation.spread.agents import Account
from propagation.spread.campaign_measures import measured
from propagation.spread.campaign_record import Campaign
from propagation.spread.campaign_runs import Room
from propagation.spread.simulate import CompiledEngine, MesaEngine
from propagation.strategy.agenda import agenda_of

FAMILY, CHECKS = 0.001, 10
LEVEL = FAMILY / CHECKS
"""So that one right program in a thousand is refused at most, over all p-values judged here."""

needs_machine_code = pytest.mark.skipif(config.DISABLE_JIT, reason="minutes without machine code")
POST = Post(post="call", by="us", at=(0.0,))


def engine_on(
    world: World,
    chance: float,
    *,
    shared: float = 0.0,
    own: float = 0.0,
    delay: object = "none",
    horizon: float = math.inf,
    room: Room | None = None,
    original: str = "own words",
) -> CompiledEngine:
    """Return an engine for a message and originals on the topic of art."""
    messages = {
        "call": Message(topic="art", resonance=shared, delay=delay),
        "own words": Message(topic="art", resonance=own, delay=delay),
    }
    originals = {"art": Original(chance=chance, message=original)}
    return CompiledEngine(world, messages, horizon, room=room, originals=originals)


def once(engine: CompiledEngine, *strategy: Action, seed: int = 1) -> Campaign:
    return engine.campaign(agenda_of(strategy), seed)


def authors(campaign: Campaign) -> list[int]:
    return campaign.originals.author.tolist()  # type: ignore[no-any-return]


# ---------------------------------------------------------------------------------- closed forms


def chains(count: int, length: int, **traits: float) -> World:
    """Return chains of accounts that each follow the one before; the first ones follow ours, 0."""
    follows = [
        (1 + one * length + place, one * length + place if place else 0)
        for one in range(count)
        for place in range(length)
    ]
    return make_world(follows, 1 + count * length, **traits)


State = tuple[int, int, tuple[bool, ...]]


def law_of_writing(
    length: int, attention: float, shared: float, own: float, chance: float, *, tries: int = 1
) -> dict[tuple[bool, ...], float]:
    """Return how likely it is that along a chain just these accounts write; a Markov chain.

    Its state is what the last account has posted: the call or not, and how many originals.
    ``tries`` is for a planted fault: so many notices of the topic are chances to write.
    """
    states: dict[State, float] = {(1, 0, ()): 1.0}
    for _ in range(length):
        after: dict[State, float] = {}
        for (call, originals, wrote), likely in states.items():
            for heard, told in itertools.product(range(call + 1), range(originals + 1)):
                noticed = binomial(heard, call, attention) * binomial(told, originals, attention)
                writes = 1 - (1 - chance) ** min(heard + told, tries)
                for on, more, does in itertools.product(
                    range(heard + 1), range(told + 1), (False, True)
                ):
                    passed = binomial(on, heard, shared) * binomial(more, told, own)
                    state = on, more + does, (*wrote, does)
                    step = likely * noticed * passed * (writes if does else 1 - writes)
                    after[state] = after.get(state, 0.0) + step
        states = after
    law: dict[tuple[bool, ...], float] = {}
    for (_, _, wrote), likely in states.items():
        law[wrote] = law.get(wrote, 0.0) + likely
    return law


def binomial(found: int, tries: int, chance: float) -> float:
    return math.comb(tries, found) * chance**found * (1 - chance) ** (tries - found)


@needs_machine_code
@pytest.mark.parametrize(("shared", "own"), [(0.0, 0.0), (0.5, 0.8), (0.9, 0.3)])
def test_who_writes_along_a_chain(shared: float, own: float) -> None:
    length, count, attention, chance = 4, 500, 0.7, 0.6
    world = chains(count, length, attention=attention, interest=0.8)
    engine = engine_on(world, chance / 0.8, shared=shared / 0.8, own=own / 0.8)
    law = law_of_writing(length, attention, shared, own, chance)
    found = dict.fromkeys(law, 0)
    for number in range(20):
        wrote = np.zeros(world.graph.accounts, bool)
        wrote[authors(once(engine, POST, seed=run_seed(3, number)))] = True
        for pattern in wrote[1:].reshape(count, length).tolist():
            found[tuple(pattern)] += 1
    counts = list(found.values())
    assert cells(counts, list(law.values())) >= LEVEL
    if shared:  # planted: every notice of the topic is a chance
        wrong = law_of_writing(length, attention, shared, own, chance, tries=9)
        assert cells(counts, [wrong[pattern] for pattern in found]) < LEVEL


@needs_machine_code
def test_originals_on_a_star_and_their_posts_together_with_shares() -> None:
    """Each of the fans brings ``shared`` shares and ``chance`` originals a notice, independently.

    So a post sets off attention x (shared + chance) posts for each follower: the reproduction
    number of a topic, where few notice it twice.
    """
    fans, attention, shared, chance, count = 1000, 0.3, 0.4, 0.25, 20
    world = make_world([(fan, 0) for fan in range(1, fans + 1)], fans + 1, attention=attention)
    engine = engine_on(world, chance, shared=shared)
    found = np.zeros((2, 2), np.int64)
    for number in range(count):
        campaign = once(engine, POST, seed=run_seed(7, number))
        one = campaign.cascades[0]
        on = {int(who) for who in one.account[one.generation == 1]}
        wrote = set(authors(campaign))
        found[1, 1] += len(on & wrote)
        found[1, 0] += len(on - wrote)
        found[0, 1] += len(wrote - on)
    found[0, 0] = count * fans - found.sum()
    both = attention * np.outer([1 - shared, shared], [1 - chance, chance])
    both[0, 0] += 1 - attention
    assert cells(found, both) >= LEVEL
    posts, expected = found[1].sum() + found[:, 1].sum(), attention * (shared + chance)
    mean = count * fans * expected
    variance = count * fans * (attention * (shared + chance + 2 * shared * chance) - expected**2)
    assert abs(posts - mean) < 4.42 * math.sqrt(variance)  # once in 100,000
    assert abs(posts - mean * shared / (shared + chance)) > 4.42 * math.sqrt(variance)
    assert hits(int(found[:, 1].sum()), count * fans, attention * chance) >= LEVEL


@pytest.mark.parametrize(
    "strategy", [(POST,), (Seed(seed="call", to=NamedAccounts(named=("3",)), at=(0.0,)),)]
)
def test_where_writing_is_certain_everybody_who_notices_writes_once(
    strategy: tuple[Action, ...],
) -> None:
    follows = [(i, (i * k + k) % 60) for i in range(60) for k in (1, 3, 7)]
    world = make_world(sorted({one for one in follows if one[0] != one[1]}), 60, interest=0.5)
    campaign = once(engine_on(world, 2.0, shared=0.5, own=0.5), *strategy)
    rows = campaign.originals.rows
    noticed = {*rows.account[rows.notices > 0].tolist()}
    for one in campaign.cascades:
        noticed |= {*one.account[one.notices > 0].tolist()}
    assert len(noticed) > 30
    assert authors(campaign) == sorted(noticed - {0})


# ------------------------------------------------------------------------------------- the rules


def line(length: int = 3) -> World:
    """Return accounts that each follow the one before; the first one is ours."""
    return make_world([(one + 1, one) for one in range(length)], length + 1)


def test_an_original_comes_after_the_delay_of_its_message() -> None:
    engine = engine_on(line(), 1.0, delay=FixedDelay(law="fixed", time=2.0))
    campaign = once(engine, POST)
    assert authors(campaign) == [1, 2, 3]
    assert campaign.originals.time.tolist() == [2.0, 4.0, 6.0]
    assert campaign.originals.topics == ("art",)
    first = campaign.originals.cascade(0)
    assert first.account.tolist() == [1, 2]
    assert first.notices.tolist() == [0, 1]
    assert first.share_time[0] == 2.0
    assert first.generation.tolist() == [0, -1]
    assert first.parent.tolist() == [-1, -1]


@pytest.mark.parametrize(("horizon", "written"), [(4.0, 2), (3.999, 1), (1.0, 0)])
def test_what_comes_after_the_horizon_has_not_been(horizon: float, written: int) -> None:
    engine = engine_on(line(), 1.0, delay=FixedDelay(law="fixed", time=2.0), horizon=horizon)
    campaign = once(engine, POST)
    assert len(campaign.originals) == written
    assert len(campaign.originals.starts) == written + 1


def test_an_author_notices_a_share_of_its_own_original_and_does_not_share_it_again() -> None:
    pair = make_world([(1, 0), (1, 2), (2, 1)], 3)
    campaign = once(engine_on(pair, 1.0, own=1.0), POST)
    assert authors(campaign) == [1, 2]
    first = campaign.originals.cascade(0)
    assert first.account.tolist() == [1, 2]
    assert first.notices.tolist() == [1, 1]
    assert first.generation.tolist() == [0, 1]
    assert first.share_order.tolist() == [0, 1]


def test_every_notice_counts_in_the_feed_or_outside_it() -> None:
    alone = make_world([], 3, segment_of=[0, 0, 0])
    rates = {"opens": 1.0, "answers": 0.0, "covers": 0.0}
    to = NamedAccounts(named=("2",))
    pitch = Pitch(pitch="call", by="us", to=to, at=(1.0,), **rates)
    boost = Boost(boost="call", by="us", to="east", impressions=9, per_hour=1.0, at=(0.0,))
    engine = engine_on(alone, 1.0)
    assert authors(once(engine, pitch)) == [2]
    assert authors(once(engine, pitch.model_copy(update={"opens": 0.0}))) == []
    assert authors(once(engine, boost)) == [1, 2]
    assert once(engine, pitch).originals.time.tolist() == [1.0]


def test_ours_write_nothing_and_each_writes_once_a_topic() -> None:
    written = []

    @settings(max_examples=30)
    @given(campaign_cases(written=True))
    def check(case: CampaignCase) -> None:
        campaign = case.run(CompiledEngine)
        made = campaign.originals
        both = list(zip(made.topic.tolist(), made.author.tolist(), strict=True))
        assert both == sorted(set(both))
        assert not set(made.author.tolist()) & set(case.world.ours.values())
        assert list(made.topics) == sorted(case.originals)
        for number in range(len(made)):
            one = made.cascade(number)
            assert one.account[0] == made.author[number]
            assert one.generation[0] == 0
            assert one.share_order[0] == 0
            assert one.share_time[0] == made.time[number] <= case.horizon
            assert np.count_nonzero(one.generation == 0) == 1
        written.append(len(made))

    check()
    assert sum(written) > 50


def kept(before: Campaign, after: Campaign) -> bool:
    """Say whether no original went missing, and none came later."""
    first, second = (
        dict(zip(zip(one.topic, one.author, strict=True), one.time, strict=True))
        for one in (before.originals, after.originals)
    )
    return all(second.get(original, math.inf) <= time for original, time in first.items())


def test_one_more_post_never_removes_an_original() -> None:
    caught, more = [], []

    @settings(max_examples=80)
    @given(campaign_cases(["post", "seed", "boost"], written=True))
    def check(case: CampaignCase) -> None:
        assume(not case.world.is_limited)
        case = replace(case, following=None)
        further = Post(post="call", by="made", at=(0.25,))
        before, after = (
            replace(case, strategy=strategy).run(CompiledEngine)
            for strategy in (case.strategy, (*case.strategy, further))
        )
        assert kept(before, after)
        more.append(len(after.originals) - len(before.originals))
        caught.append(not kept(after, before))

    check()
    assert any(more)
    assert any(caught)  # the comparison can fail


# -------------------------------------------------------------------------- one rule, two engines


class Unbounded(own_words.OwnWords):
    """A planted wrong rule: every first notice of an instance is a chance to write."""

    def hear(self, account, topic):
        if topic in self._heard:
            self._heard[topic].discard(account)
        super().hear(account, topic)


class AtOnce(own_words.OwnWords):
    """A planted wrong rule: originals need no time."""

    def _plan(self, account, topic, message):
        super()._plan(account, topic, message.model_copy(update={"delay": "none"}))


class WithoutAuthor(own_words.OwnWords):
    """A planted wrong rule: the luck of an original does not depend on who wrote it."""

    def _plan(self, account, topic, message):
        key, account.key = account.key, np.uint64(0)
        super()._plan(account, topic, message)
        account.key = key


class OursToo(Account):
    """A planted wrong rule: our accounts write as well."""

    def remember(self, spreading, outside_feed=False):
        memory = super().remember(spreading, outside_feed)
        if self.is_ours and memory.notices == 1:
            self.is_ours = False
            self.model.hear(self, spreading.message.topic)
            self.is_ours = True
        return memory


def same_originals(case: CampaignCase, account_class: type[Account] = Account) -> bool:
    one = case.run(CompiledEngine).originals
    other = case.run(MesaEngine, account_class=account_class).originals
    names = ("topic", "author", "time", "starts", "share_starts")
    same = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
    return same and np.array_equal(one.rows.share_time, other.rows.share_time, equal_nan=True)


@pytest.mark.parametrize("wrong", [Unbounded, AtOnce, WithoutAuthor, OursToo])
def test_a_wrong_rule_is_caught(wrong: type, monkeypatch: pytest.MonkeyPatch) -> None:
    by = Account
    if issubclass(wrong, Account):
        by = wrong
    else:
        monkeypatch.setattr("propagation.spread.model.OwnWords", wrong)

    @settings(max_examples=300, database=None, phases=(Phase.generate,), report_multiple_bugs=False)
    @given(campaign_cases(["post"], written=True))
    def compare(case: CampaignCase) -> None:
        assert same_originals(case, by)

    with pytest.raises(AssertionError):
        compare()


def test_tallies_are_what_the_records_say() -> None:
    hours, told = np.array([0.0, 0.5, 1.0, 3.0, 30.0]), []

    @settings(max_examples=30)
    @given(campaign_cases(written=True))
    def compare(case: CampaignCase) -> None:
        agenda, given = agenda_of(case.strategy), (case.relevant, hours, 1)
        engine = CompiledEngine(
            *(case.world, case.messages, case.horizon),
            following=case.following,
            relevant=case.relevant,
            originals=case.originals,
        )
        counted = engine.campaign_tallies(agenda, [case.seed], *given)
        campaign = engine.campaign(agenda, case.seed)
        again = measured([campaign], case.world, case.messages, agenda, *given)
        for name, one, other in zip(counted._fields, counted, again, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, err_msg=name)
        without = replace(
            campaign,
            originals=replace(campaign.originals, author=np.empty(0, int), topic=np.empty(0, int)),
        )
        less = measured([without], case.world, case.messages, agenda, *given)
        told.append(not np.array_equal(less.metrics, counted.metrics, equal_nan=True))

    compare()
    assert any(told)  # the comparison can fail


def test_a_run_that_found_no_room_is_made_again_from_the_start() -> None:
    world = chains(40, 3)
    cramped, ample = (
        engine_on(world, 0.8, shared=0.5, own=0.5, room=room)
        for room in (Room(rows=4, moves=1), None)
    )
    for seed in range(3):
        one, other = (once(engine, POST, seed=seed).originals for engine in (cramped, ample))
        assert len(one) > 10
        assert one.author.tolist() == other.author.tolist()
        assert one.starts.tolist() == other.starts.tolist()


def test_threads_change_nothing() -> None:
    world, agenda, seeds = chains(40, 3), agenda_of([POST]), range(8)
    engines = [engine_on(world, 0.5, shared=0.5, own=0.5) for _ in range(4)]

    def some(first: int) -> list[list[int]]:
        return [
            engines[first].campaign(agenda, seed).originals.starts.tolist()
            for seed in seeds[2 * first : 2 * first + 2]
        ]

    alone = [engines[0].campaign(agenda, seed).originals.starts.tolist() for seed in seeds]
    with ThreadPoolExecutor(4) as pool:
        assert [one for part in pool.map(some, range(4)) for one in part] == alone
    assert len(set(map(len, alone))) > 1


def test_accounts_that_cannot_be_numbered_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_runs, "MOST_INSTANCES", 6)
    once(engine_on(line(3), 1.0), POST)
    monkeypatch.setattr(campaign_runs, "MOST_INSTANCES", 5)
    with pytest.raises(InputError, match="originals: 1 topics of 4 accounts are too many"):
        once(engine_on(line(3), 1.0), POST)


# ------------------------------------------------------------------------------------- what is told

SCENARIO = """\
name: words
seed: 3
replicates: 12
horizon: 1 week
draws: 2
segments:
  fans: {accounts: 100, attention: 0.5, interest: {news: 0.6}, follows: {mean: 8}}
  public: {accounts: 300, attention: 0.4, interest: {news: 0.1}, follows: {mean: 8}}
ours:
  ceo: {followers: {fans: 10, public: 20}}
messages:
  essay: {topic: news, resonance: 0.3}
  own words: {topic: news, resonance: {median: 0.1, sigma: 1}}
originals: {news: {chance: 60%, message: own words}}
strategies:
  nothing: []
  once: [{post: essay, by: ceo, at: 0 h}]
  twice: [{post: essay, by: ceo, at: [0 h, 1 day]}]
compare: {on: originals, baseline: once}
"""

WITHOUT = "\n".join(
    line for line in SCENARIO.splitlines() if not line.startswith("originals")
).replace("on: originals", "on: reach")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("words")
    run(write_campaign(home, SCENARIO), home / "out", workers=2)
    return home / "out"


def columns(folder: Path) -> Iterator[dict[str, object]]:
    yield from pq.read_table(folder / "runs.parquet").to_pylist()


def test_tables_tell_of_originals(folder: Path, tmp_path: Path) -> None:
    laboratory = Laboratory(parse_scenario(SCENARIO), Path())
    for row in columns(folder):
        arm = laboratory.arm(str(row["strategy"]), int(row["draw"]))
        campaign = arm.engine.campaign(arm.agenda, int(row["seed"]))
        assert row["originals"] == len(campaign.originals)
    cascades = pq.read_table(folder / "cascades.parquet").to_pylist()
    assert {row["message"] for row in cascades} == {"essay"}
    assert sum(row["cascades"] for row in columns(folder)) == len(cascades)
    run(write_campaign(tmp_path, SCENARIO), tmp_path / "out", workers=1)
    assert list(columns(tmp_path / "out")) == list(columns(folder))


def test_a_report_tells_of_originals(folder: Path) -> None:
    stored = read_stored(folder)
    assert "originals" in metrics_told(stored)
    tables = {one.caption: one for one in campaign_tables(as_written(stored.scenario))}
    row = ("news", "60% times interest", "own words")
    assert list(tables["Who writes about a topic"].rows) == [row]
    assert "Original" in glossary(stored.scenario)
    assert OF_THEIR_OWN in limits(stored.scenario)
    told = [" ".join(row) for row in table_rows(stored.summary)]
    assert sum("original" in row for row in told) == 1  # one heading for all strategies
    assert any("sets off" in sentence for sentence in stored.summary["verdict"])
    plain = parse_scenario(WITHOUT)
    assert "Original" not in glossary(plain)
    assert OF_THEIR_OWN not in limits(plain)


def test_what_is_not_foreseen_is_said_and_theory_says_nothing() -> None:
    scenario = parse_scenario(SCENARIO)
    assert any("originals: what people write" in note for note in notes(scenario, Path()))
    assert theory_in(Laboratory(scenario, Path()), "once") is None
    plain = parse_scenario(WITHOUT)
    assert not any("originals" in note for note in notes(plain, Path()))
    assert theory_in(Laboratory(plain, Path()), "once") is not None
