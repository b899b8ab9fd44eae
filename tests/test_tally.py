"""Metrics counted in machine code, and cascades without time, against the full model's cascades."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import DELAYS, RESPONSES, Case, cases, make_world, post

from propagation.scenario.spec import METRICS, Message, OurAccount
from propagation.spread import tally
from propagation.spread.bare import BareCascades
from propagation.spread.curves import curves_of
from propagation.spread.simulate import CompiledEngine, outcome_of
from propagation.spread.tally import Tallies
from propagation.strategy.agenda import Agenda

HOURS = np.array([0.0, 0.5, 1.0, 2.5, 24.0, 1e4])
RELEVANT = 0.4


def one_by_one(case: Case, seeds: list[int]) -> Tallies:
    """The same runs of the first instance, each as cascades that are measured afterwards."""
    engine = CompiledEngine(case.world, case.messages, case.horizon)
    agenda = Agenda(case.agenda.instances[:1])
    runs = [engine.run(agenda, seed) for seed in seeds]
    outcomes = [outcome_of(case.world, case.messages, agenda, run, RELEVANT) for run in runs]
    curves = [curves_of(run, case.world.is_ours, HOURS) for run in runs]
    return Tallies(
        metrics=np.array([[one.metrics[name] for name in METRICS] for one in outcomes]),
        trees=np.array([[*one.trees[0].values()] for one in outcomes], np.float64),
        reach=np.array([one.reach for one in outcomes]),
        valued=np.array([one.valued for one in outcomes]),
        shares_by_hour=np.array([shares for shares, _ in curves]),
        reach_by_hour=np.array([reach for _, reach in curves]),
    )


def together(case: Case, seeds: list[int]) -> Tallies:
    engine = CompiledEngine(case.world, case.messages, case.horizon)
    return engine.tallies(case.agenda[0], seeds, RELEVANT, HOURS, len(seeds))


def differing(first: Tallies, second: Tallies) -> list[str]:
    return [
        name
        for name in Tallies._fields
        if not np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)
    ]


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(0, 2**63 - 8))
def test_tallies_are_the_metrics_of_the_cascades(case: Case, seed: int) -> None:
    seeds = list(range(seed, seed + 5))
    assert differing(one_by_one(case, seeds), together(case, seeds)) == []


def a_case(response: str = "independent", delay: str = "power", resonance: float = 0.6) -> Case:
    rng = np.random.default_rng(5)
    follows = {(int(a), int(b)) for a, b in rng.integers(0, 300, (3000, 2)) if a != b}
    world = make_world(
        sorted(follows),
        300,
        attention=rng.random(300),
        interest=rng.random(300),
        thresholds=0.2,
        ours={"us": OurAccount(account=0), "made": OurAccount(followers={"east": 40})},
    )
    message = Message(
        topic="art", resonance=resonance, response=RESPONSES[response], delay=DELAYS[delay]
    )
    posts = tuple(one for by in ("made", "us") for one in post("call", by).posts)
    agenda = Agenda((dataclasses.replace(post("call"), posts=posts),))
    return Case(world, {"call": message}, agenda, 1, math.inf)


@pytest.mark.parametrize("delay", DELAYS)
def test_tallies_of_cascades_of_hundreds(delay: str) -> None:
    case, seeds = a_case(delay=delay), list(range(20))
    found = together(case, seeds)
    assert found.metrics[:, tally.SHARES].max() > 100
    assert differing(one_by_one(case, seeds), found) == []


def test_a_wrong_tally_would_be_noticed() -> None:
    case, seeds = a_case(), list(range(20))
    found = together(case, seeds)
    assert differing(found, together(case, seeds[::-1])) == list(Tallies._fields)
    found.metrics[3, tally.PEAK_HOURLY_SHARES] += 1
    assert differing(one_by_one(case, seeds), found) == ["metrics"]


def test_columns_stand_in_the_order_of_the_metrics() -> None:
    for name in METRICS:
        assert METRICS[getattr(tally, name.upper())] == name


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("resonance", [0.3, 5.0])
def test_bare_cascades_reach_whom_the_full_model_reaches(response: str, resonance: float) -> None:
    case, seeds = a_case(response, resonance=resonance), list(range(50))
    check_bare(case, seeds)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(0, 2**63 - 8))
def test_bare_cascades_are_the_full_model_without_a_horizon(case: Case, seed: int) -> None:
    instance = case.agenda[0]
    posts = tuple(dataclasses.replace(one, time=0.0) for one in instance.posts)
    instance = dataclasses.replace(instance, posts=posts)
    check_bare(
        dataclasses.replace(case, agenda=Agenda((instance,)), horizon=math.inf),
        list(range(seed, seed + 5)),
    )


def check_bare(case: Case, seeds: list[int]) -> None:
    (instance,) = case.agenda
    bare = BareCascades(case.world, case.messages[instance.message])
    full = together(case, seeds).metrics
    for _ in range(2):  # a run leaves nothing behind
        found = bare.run(instance, seeds)
        assert found.reach.tolist() == full[:, tally.REACH].tolist()
        assert found.impressions.tolist() == full[:, tally.IMPRESSIONS].tolist()
        assert found.shares.tolist() == full[:, tally.SHARES].tolist()


def test_certain_sharers_of_all_kinds_of_lists() -> None:
    rng = np.random.default_rng(6)
    hubs = [(fan, hub) for hub in range(1, 6) for fan in range(10, 3000) if rng.random() < 0.9]
    others = [(int(a), int(b)) for a, b in rng.integers(0, 3000, (20_000, 2)) if a != b]
    for attention in (0.9, 0.3, 0.02, 0.01, rng.choice([0.02, 0.4], 3000)):
        world = make_world(
            sorted(set(hubs + others)),
            3000,
            attention=attention,
            ours={"us": OurAccount(account=1), "made": OurAccount(followers={"east": 900})},
        )
        posts = tuple(one for by in ("made", "us") for one in post("call", by).posts)
        instance = dataclasses.replace(post("call"), posts=posts)
        message = Message(topic="art", resonance=1.0, response="independent", delay="none")
        case = Case(world, {"call": message}, (instance,), 1, math.inf)
        check_bare(case, list(range(5)))
        assert together(case, [1]).metrics[0, tally.SHARES] > 10


def test_a_missed_notice_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case()
    shorter = case.world.graph.followers.copy()
    shorter[100] = -1
    other = dataclasses.replace(
        case.world, graph=dataclasses.replace(case.world.graph, followers=shorter)
    )
    seeds = list(range(50))
    bare = BareCascades(other, case.messages["call"]).run(case.agenda[0], seeds)
    assert bare.impressions.tolist() != together(case, seeds).metrics[:, 3].tolist()
