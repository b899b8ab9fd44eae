"""Cascades among segments, against laws in closed form; and what check says of them."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats
from scipy.optimize import brentq

from propagation.audience.world import build_world, build_worlds
from propagation.experiment.checking import notes
from propagation.experiment.expectations import theory_of
from propagation.experiment.foresight import Foresight, Foresights, factors
from propagation.experiment.foresight_words import sentences
from propagation.experiment.replicates import Laboratory
from propagation.scenario.spec import Scenario
from propagation.spread.by_segment import BySegment, Told, chance_of
from propagation.spread.delay_sums import in_time
from propagation.spread.dynamics import rules_of
from propagation.strategy.agenda import Agenda
from verification.graphs import TOPIC, instance, message, world_of
from verification.oracles import borel, survival

HERE = Path()
ALWAYS = np.ones(400)


def poisson(matrix):
    """Segments whose accounts set off Poisson numbers: many followers, of whom hardly any share."""
    matrix = np.asarray(matrix, float)
    count, passing = len(matrix), 1e-9
    return BySegment(
        segments=tuple("abc"[:count]),
        accounts=np.full(count, 1e6),
        segment_of=np.arange(count),
        parts=np.ones(count),
        reached=np.ones(count),
        sets_off=matrix,
        shown=matrix / passing,
        passing=np.full(count, passing),
        counted=np.ones((count, 3)),
        willing=np.full(count, 1e3),
    )


def told(by, followers, chance, left=ALWAYS):
    """Posts to so many accounts of the first segment."""
    return Told(
        by=by,
        followers=np.array([followers]),
        chance=np.array([chance]),
        parts=np.eye(len(by.segments))[:1],
        noticed=np.array([[float(followers)] * 3] + [[0.0] * 3] * (len(by.segments) - 1)),
        in_time=left,
    )


@pytest.mark.parametrize(
    ("R", "ten", "hundred"), [(0.7, 0.071341, 2.914e-5), (0.9, 0.186271, 0.0174197)]
)
def test_sizes_of_one_segment_follow_the_borel_law(R, ten, hundred):
    by = poisson([[R]])
    assert by.size_tail(10)[0] == pytest.approx(ten, rel=1e-4)
    assert by.size_tail(100)[0] == pytest.approx(hundred, rel=1e-3)
    assert by.size_tail(1000)[0] == pytest.approx(1 - borel(R, 999).sum(), abs=1e-8)
    assert by.amplification == {"a": pytest.approx(1 / (1 - R))}
    assert poisson([[R + 0.01]]).size_tail(10)[0] != pytest.approx(ten, rel=0.01)  # the fault


@pytest.mark.parametrize("m", [1.1, 1.5, 3.0])
def test_survival_is_the_root_of_its_equation(m):
    by = poisson([[m]])
    assert by.survival[0] == pytest.approx(survival(m), rel=1e-9)
    assert by.amplification == {"a": math.inf}
    # sizes above criticality: what is not finite is as large as anything
    assert by.size_tail(2000)[0] == pytest.approx(survival(m), rel=0.1)
    assert by.size_tail(1)[0] == pytest.approx(1.0)


def test_two_segments_have_the_closed_forms_of_two_types():
    a, b, c, d = 0.5, 0.3, 0.1, 0.4  # a to a, a to b, b to a, b to b
    by = poisson([[a, b], [c, d]])
    largest = (a + d) / 2 + math.sqrt((a - d) ** 2 / 4 + b * c)
    assert by.reproduction == pytest.approx(largest)
    assert by.within == {"a": a, "b": d}
    determinant = (1 - a) * (1 - d) - b * c
    sizes = {"a": (1 - d + b) / determinant, "b": (1 - a + c) / determinant}
    assert by.amplification == pytest.approx(sizes)
    # alone: nobody is set off; two: one is, who sets off nobody
    alone = math.exp(-a - b), math.exp(-c - d)
    two = alone[0] * (a * alone[0] + b * alone[1]), alone[1] * (c * alone[0] + d * alone[1])
    assert by.size_tail(2) == pytest.approx([1 - one for one in alone], abs=1e-8)
    assert by.size_tail(3) == pytest.approx(
        [1 - one - other for one, other in zip(alone, two, strict=True)], abs=1e-8
    )
    # the planted fault: who sets off whom is turned round
    swapped = poisson([[a, c], [b, d]])
    assert swapped.reproduction == pytest.approx(largest)
    assert swapped.amplification["a"] != pytest.approx(sizes["a"], rel=0.01)


def test_all_shares_of_posts_follow_the_borel_tanner_law():
    """30 followers share with 0.1 each, and from each comes a tree of Borel's law."""
    R, n, p, least = 0.6, 30, 0.1, 12
    k = np.arange(1, n + 1)[:, None]
    s = np.arange(1, least)[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        law = np.log(k / s) - R * s + (s - k) * np.log(R * s) - special.gammaln(s - k + 1)
    law = np.where(s >= k, np.exp(np.where(s >= k, law, 0.0)), 0.0)
    few = stats.binom(n, p)
    expected = 1 - few.pmf(0) - (few.pmf(k) * law).sum()
    posts = told(poisson([[R]]), n, p)
    assert chance_of([posts], least) == pytest.approx(expected, rel=1e-6)
    assert posts.unlimited[3] == pytest.approx(n * p / (1 - R))
    # two posts are one to twice as many
    assert chance_of([posts, posts], least) == pytest.approx(
        chance_of([told(posts.by, 2 * n, p)], least)
    )
    assert chance_of([told(posts.by, n, p + 0.01)], least) != pytest.approx(expected, rel=0.05)


def test_means_up_to_the_horizon_add_up_generations():
    """Exponential delays of 2 h, 7 h: generation g is in time as a gamma variable says."""
    R, n, p = 1.2, 50, 0.1
    what = message(delay={"law": "exponential", "mean": "2 h"})
    left = in_time(rules_of(what), 7.0)
    posts = told(poisson([[R]]), n, p, left)
    g = np.arange(1, 60)
    exact = (n * p * R ** (g - 1) * stats.gamma(g, scale=2).cdf(7.0)).sum()
    assert posts.means[3] == pytest.approx(exact, rel=1e-5)
    assert posts.unlimited[3] == math.inf
    # kept is the part of all shares that gives this mean
    kept = posts.kept
    assert n * p * kept / (1 - R * kept) == pytest.approx(exact, rel=1e-5)


def two_generations(world, by=("we",), horizon=1.5):
    """What is expected by segment and by account, if shares take an hour and the second is late."""
    what = message(resonance=0.4, delay={"law": "fixed", "time": "1 h"})
    theory = theory_of_world(world, what, horizon)
    agenda = Agenda((instance(by),))
    return theory.told(agenda)[0], theory.means(agenda)


def theory_of_world(world, what, horizon=math.inf):
    scenario = Scenario.model_construct(
        ours={}, messages={"message": what}, relevant=0.5, horizon=horizon
    )
    return theory_of(scenario, world)


def random_world(accounts=200, follows=2000, **traits):
    rng = np.random.default_rng(8)
    pairs = np.unique(rng.integers(accounts, size=(2, follows)), axis=1)
    pairs = pairs[:, pairs[0] != pairs[1]].astype(np.int32)
    traits = traits or {"attention": rng.random(accounts), "interest": rng.random(accounts)}
    return world_of(pairs, accounts, ours=(), audiences={"we": 40}, **traits)


def test_the_first_generations_by_segment_are_those_by_account():
    posts, means = two_generations(random_world())
    names = ("reach", "relevant_reach", "valued_reach", "shares")
    found = dict(zip(names, posts.means.tolist(), strict=True))
    # classes of accounts are coarse where sets of followers differ this much: within a percent
    assert found["shares"] == pytest.approx(means["shares"], rel=1e-9)
    assert found["reach"] == pytest.approx(means["reach"], rel=0.01)
    assert posts.noticed.sum(axis=0)[0] < means["reach"]
    alike, means = two_generations(random_world(attention=0.5, interest=0.5))
    assert dict(zip(names, alike.means.tolist(), strict=True)) == pytest.approx(
        {name: means[name] for name in names}, rel=1e-9
    )


def test_by_segment_sharers_are_met_in_proportion_to_whom_they_follow():
    """One segment where followers and followees go together: <jk> / <k>, and not <j>."""
    rng = np.random.default_rng(4)
    popular = np.arange(300) < 60
    weight = np.where(popular, 8.0, 1.0)
    pairs = rng.choice(300, size=(2, 4000), p=weight / weight.sum())
    pairs = np.unique(pairs[:, pairs[0] != pairs[1]], axis=1).astype(np.int32)
    world = world_of(pairs, 300, ours=())
    by = theory_of_world(world, message(resonance=0.01)).by_segment("message")
    j, k = np.bincount(pairs[1], minlength=300), np.bincount(pairs[0], minlength=300)
    assert by.reproduction == pytest.approx(0.01 * (j @ k) / k.sum())
    assert by.reproduction != pytest.approx(0.01 * j.mean(), rel=0.5)  # the fault
    by_account = theory_of_world(world, message(resonance=0.01)).reproduction("message")
    assert by_account == pytest.approx(by.reproduction, rel=0.03)


def scenario(**changes):
    """Two segments who follow only their own, of evenly popular accounts; 500 against 7,700.

    Evidence for the numbers: of those told 0.3% and 0.03% share, and R is 0.5 and 0.23.
    """
    tree = {
        "name": "two",
        "horizon": "none",
        "segments": {
            "relevant": {
                **{"accounts": 4_000, "attention": 0.3, "interest": {TOPIC: 0.5}},
                "follows": {"mean": 0.5 / 0.003, "to": {"relevant": "100%"}},
            },
            "broad": {
                **{"accounts": 100_000, "attention": 0.3, "interest": {TOPIC: 0.05}},
                "follows": {"mean": 0.23 / 0.0003, "to": {"broad": "100%"}},
            },
        },
        "ours": {"ceo": {"followers": {"relevant": 500}}, "brand": {"followers": {"broad": 5_000}}},
        "messages": {"message": {"topic": TOPIC, "resonance": 0.02, "delay": "none"}},
        "strategies": {
            "small": [{"post": "message", "by": "ceo", "at": "0 h"}],
            "large": [{"post": "message", "by": "brand", "at": "0 h"}],
        },
        "compare": {"on": "shares", "baseline": "large"},
    }
    return Scenario.model_validate({**tree, **changes})


def with_followers(count):
    ours = {"ceo": {"followers": {"relevant": 500}}, "brand": {"followers": {"broad": int(count)}}}
    return Laboratory(scenario(ours=ours), HERE)


def test_theory_ties_where_the_formula_says():
    """N_b = N_c (p_c / p_b) (1 - R_b) / (1 - R_c) = 500 x 10 x 0.77 / 0.5 = 7,700 for shares."""
    found = Foresights(with_followers(5_000))
    small, large = found("small"), found("large")
    assert isinstance(small, Foresight)
    assert isinstance(large, Foresight)
    assert small.means["shares"] == pytest.approx(1.5 / 0.5)
    assert large.means["shares"] == pytest.approx(1.5 / 0.77)
    why = factors(small, large, "shares")
    assert why.ratio == pytest.approx(1.54)
    assert (why.head_count, why.engagement) == (pytest.approx(0.1), pytest.approx(10))
    assert (why.later, why.worth) == (pytest.approx(1.54), pytest.approx(1.0))
    assert 5_000 * why.ratio == pytest.approx(7_700)


def test_from_parameters_the_graph_is_foreseen_that_is_drawn():
    """Popularity, two segments that follow each other: matrices of what is asked and of a draw.

    An entry of a draw's matrix is the mean of its accounts' followers, which is exact but for the
    sampling of who follows: 5% is three standard errors of the least of them, some 3,000 follows.
    """
    segments = {
        "few": {
            **{
                "accounts": 1_500,
                "attention": 0.4,
                "interest": {TOPIC: {"mean": 0.5, "spread": 0.2}},
            },
            **{"value": 3, "follows": {"mean": 14, "to": {"few": "70%", "many": "30%"}}},
            **{"popularity": {"tail": 2.4, "at_most": 400}, "reciprocity": 0.2},
        },
        "many": {
            **{"accounts": 6_000, "attention": 0.2, "interest": {TOPIC: 0.1}},
            "follows": {"mean": 9, "to": {"many": "90%", "few": "10%"}},
        },
    }
    ours = {"ceo": {"followers": {"few": 100}}, "brand": {"followers": {"many": 1_000}}}
    what = {"message": {"topic": TOPIC, "resonance": 0.2, "delay": "none"}}
    one = scenario(segments=segments, ours=ours, messages=what)
    foreseen = Foresights(Laboratory(one, HERE))("small").told[0].by
    measured = theory_of(one, build_world(one)).by_segment("message")
    assert foreseen.segments == measured.segments
    assert foreseen.matrix == pytest.approx(measured.matrix, rel=0.05)
    assert foreseen.notices == pytest.approx(measured.notices, rel=0.05)
    assert foreseen.counted == pytest.approx(measured.counted, rel=0.05)
    assert foreseen.willing == pytest.approx(measured.willing, rel=0.05)
    assert foreseen.size_tail(5) == pytest.approx(measured.size_tail(5), rel=0.1)
    # the planted fault: shares travel the other way
    assert pytest.approx(measured.matrix, rel=0.05) != foreseen.matrix.T
    # where accounts trade places with those of as many followers: binned, so not as near
    mixed = one.model_copy(update={"shuffled": ("small",)})
    foreseen = Foresights(Laboratory(mixed, HERE))("small").told[0].by
    shuffled = build_worlds(mixed).shuffled
    measured = theory_of(mixed, shuffled).by_segment("message")
    assert foreseen.reproduction == pytest.approx(measured.reproduction, rel=0.1)
    assert foreseen.notices == pytest.approx(measured.notices, rel=0.15)


def test_with_many_segments_everybody_is_in_one():
    world = random_world()
    many = replace(
        world,
        segments=tuple(f"{one:03}" for one in range(100)),
        segment_of=(np.arange(len(world.is_ours)) % 100).astype(np.int16),
    )
    what = message(resonance=0.4)
    found, one = (theory_of_world(each, what).by_segment("message") for each in (many, world))
    assert found.segments == ("everybody",)
    assert found.reproduction == pytest.approx(one.reproduction)


def test_check_says_what_theory_expects():
    lines = [line for line in notes(scenario(), HERE) if line.startswith("theory")]
    text = "\n".join(lines)
    assert "'message' has a reproduction number of 0.5 " in text
    assert "0.5 within relevant and 0.23 within broad" in text
    assert "'small' speaks to 500 followers, who share 1.5 times at once" in text
    assert "shares in all, 2 for each of these; in all reach" in text
    assert "'small' does 1.54 times what 'large' does in shares" in text
    assert "they tie if 'large' speaks to 7,700 such followers, 15.4 for each of 'small'" in text


def test_check_says_if_so_many_followers_are_not_there():
    """5,000 of a segment that has 6,000; they tie at 7,700."""
    segments = scenario().model_dump(by_alias=True)["segments"]
    segments["broad"]["accounts"] = 6_000
    text = text_of(reasons(segments=segments))
    assert "speaks to 7,700 such followers, more than the 6,000 there are, 15.4 for each" in text


def reasons(**changes):
    return list(sentences(Foresights(Laboratory(scenario(**changes), HERE))))


def test_check_says_where_theory_stops():
    what = {"topic": TOPIC, "resonance": 0.02, "delay": "none"}
    several = {"message": {**what, "response": {"reinforced": [1, 2]}}}
    [line] = reasons(messages=several)
    assert line.startswith("theory says nothing of 'small' and 'large': 'message' may need")
    varied = {"message": {**what, "resonance": {"median": 0.02, "sigma": 1}}}
    assert "the resonance of 'message' varies" in text_of(reasons(messages=varied))
    strategies = {
        "small": [{"post": "message", "by": "ceo", "at": "0 h"}],
        "large": [
            {
                "boost": "message",
                "by": "brand",
                "to": "broad",
                "impressions": 5,
                "at": "0 h",
                "per hour": 5,
            }
        ],
    }
    text = text_of(reasons(strategies=strategies))
    assert "theory says nothing of 'large': it does more than post" in text
    assert "theory: 'small' speaks to" in text
    supercritical = {"message": {**what, "resonance": 0.05, "response": "single"}}
    text = text_of(reasons(messages=supercritical))
    assert "it may go on without end, with a chance of 37% from relevant and 0% from broad" in text
    assert (
        "'small' speaks to 500 followers, who share 3.75 times at once, which makes shares" in text
    )
    assert (
        "shares without end; too high, as 100% of its notices would fall on accounts told" in text
    )
    assert "who decide once: at most 100 would share on average" in text
    # the broad segment is followed by nobody else: there it ends
    assert (
        "'large' speaks to 5,000 followers, who share 3.75 times at once, which makes 8.82" in text
    )


def text_of(lines):
    return "\n".join(lines)


def test_outbreaks_of_two_segments_have_the_survival_of_their_own():
    """R = 1.25 within one of them, with Poisson offspring; see the sentence above."""
    assert brentq(lambda x: 1 - math.exp(-1.25 * x) - x, 0.1, 1) == pytest.approx(0.371, abs=0.001)
