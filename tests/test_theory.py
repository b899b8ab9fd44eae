"""What theory expects, against every possible outcome counted out and against closed forms."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from propagation.scenario.spec import LognormalResonance, Message, PowerDelay, Reinforced
from propagation.spread.branching import SHARES, counted_at_notice, cumulants_brought
from propagation.spread.delay_sums import in_time, share_within
from propagation.spread.dynamics import rules_of
from propagation.spread.expected import Spread
from propagation.spread.generations import brought_by, reproduction
from propagation.spread.theory import Theory
from propagation.strategy.agenda import Agenda
from verification.graphs import MESSAGE, SEGMENT, TOPIC, instance, message, world_of

# account 0 is ours; 1, 2 and 3 follow it, 4 and 5 follow 1, 6 follows 4
TREE = ((1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 4))
ATTENTION = np.array([1.0, 0.9, 0.3, 1.0, 0.5, 0.25, 0.6])
INTEREST = np.array([0.0, 0.7, 1.0, 0.2, 0.9, 0.4, 0.6])
RESONANCE, RELEVANT = 0.8, 0.5


def tree_world():
    follower, followee = np.array(TREE, np.int32).T
    return world_of((follower, followee), 7, attention=ATTENTION, interest=INTEREST)


def all_outcomes(attention):
    """Return probability and (notices, relevant, valued, shares) of every course of events."""
    sharing = RESONANCE * INTEREST
    for course in itertools.product((0, 1, 2), repeat=6):  # not noticed, noticed, shared
        state = (2, *course)
        chance, sums = 1.0, np.zeros(4)
        for follower, followee in TREE:
            shown = state[followee] == 2
            noticed = attention[follower] if shown else 0.0
            shares = sharing[follower]
            chance *= (1 - noticed, noticed * (1 - shares), noticed * shares)[state[follower]]
            seen = state[follower] > 0
            cares = INTEREST[follower]
            sums += np.array([1, cares >= RELEVANT, cares, 0]) * seen
            sums[3] += state[follower] == 2
        if chance:
            yield chance, sums


def moments_counted_out(attention):
    chances, sums = map(np.array, zip(*all_outcomes(attention), strict=True))
    assert chances.sum() == pytest.approx(1.0)
    mean = chances @ sums
    return mean, chances @ (sums - mean) ** 2, chances @ (sums - mean) ** 3


def theory_of(world, what, horizon=math.inf):
    return Theory(world, {MESSAGE: what}, RELEVANT, horizon, {})


def expected_on_tree():
    theory = theory_of(tree_world(), message(resonance=RESONANCE))
    found = theory.outcomes(Agenda((instance([0]),)))
    assert found is not None
    metrics = ("reach", "relevant_reach", "valued_reach", "shares")
    assert found["impressions"] == found["wasted"] == found["reach"]
    return [found[metric] for metric in metrics]


def test_moments_on_a_tree_are_those_of_all_outcomes_counted_out():
    expected = moments_counted_out(ATTENTION)
    for place, found in enumerate(expected_on_tree()):
        assert found.mean == pytest.approx(expected[0][place], rel=1e-12)
        assert found.within.variance == pytest.approx(expected[1][place], rel=1e-12)
        assert found.within.third == pytest.approx(expected[2][place], rel=1e-9)
    # the planted fault: one follower is a little more attentive
    wrong = moments_counted_out(ATTENTION + 0.01 * (np.arange(7) == 6))
    assert expected_on_tree()[0].within.third != pytest.approx(wrong[2][0], rel=1e-4)


def ring(accounts, followers):
    """Everybody is followed by the next ``followers`` accounts of a circle."""
    followee = np.repeat(np.arange(accounts), followers)
    follower = (followee + np.tile(np.arange(1, followers + 1), accounts)) % accounts
    return follower.astype(np.int32), followee.astype(np.int32)


def test_shares_where_all_are_alike_have_the_closed_form_of_a_branching_process():
    """Total progeny by the offspring's cumulants: k2 / (1-R)^3, k3 / (1-R)^4 + 3 k2^2 / (1-R)^5."""
    followers, noticing, sharing = 8, 0.5, 0.15
    world = world_of(ring(40, followers), 40, ours=(), attention=noticing, interest=1.0)
    counted = counted_at_notice(world, TOPIC, 0.5)
    brought = cumulants_brought(world, np.full(40, sharing), counted)
    assert brought is not None
    mean, variance, third = brought.by[7, SHARES]
    law = stats.binom(followers, noticing * sharing)
    R, k2, k3 = law.mean(), law.var(), law.stats("s") * law.std() ** 3
    assert mean == pytest.approx(R / (1 - R), rel=0.005)
    assert variance == pytest.approx(k2 / (1 - R) ** 3, rel=0.01)
    assert third == pytest.approx(k3 / (1 - R) ** 4 + 3 * k2**2 / (1 - R) ** 5, rel=0.01)


def outcomes_of(world, what, *, posts=1):
    return theory_of(world, what).outcomes(Agenda((instance([0]),) * posts))


def test_theory_says_nothing_where_it_has_nothing_to_say():
    world = tree_world()
    assert outcomes_of(world, message()) is not None
    assert outcomes_of(world, message("single")) == outcomes_of(world, message())
    assert outcomes_of(world, message(Reinforced(reinforced=(1.0, 2.0)))) is None
    assert outcomes_of(world, message({"threshold": {"notices": 2}})) is None
    meeting = world_of(ring(12, 8), 12, attention=0.9, interest=0.12)  # R = 0.86, but 12 accounts
    assert outcomes_of(meeting, message()) is None
    varied = LognormalResonance(median=0.1, sigma=1.0)
    assert outcomes_of(world, message(resonance=varied)) is None
    assert outcomes_of(replace(world, is_limited=True), message()) is None


def test_on_a_forest_nobody_meets_however_attentive_and_posts_add_up():
    certain = world_of(np.array(TREE, np.int32).T, 7, attention=1.0, interest=INTEREST)
    assert outcomes_of(certain, message()) is not None
    once, thrice = (outcomes_of(tree_world(), message(), posts=n)["reach"] for n in (1, 3))
    assert thrice.mean == pytest.approx(3 * once.mean)
    assert thrice.within.variance == pytest.approx(3 * once.within.variance)
    assert thrice.within.third == pytest.approx(3 * once.within.third)


def test_near_criticality_theory_still_speaks():
    """Closed forms as above, R = 0.97 by 8 followers; found to 1% by 400 generations."""
    world = world_of(ring(40, 8), 40, ours=(), attention=0.5, interest=1.0)
    sharing = np.full(40, 0.97 / 4)
    brought = cumulants_brought(world, sharing, counted_at_notice(world, TOPIC, 0.5))
    assert brought is not None
    mean, variance, third = brought.by[7, SHARES]
    law = stats.binom(8, 0.97 / 8)
    k2, k3, left = law.var(), law.stats("s") * law.std() ** 3, 0.03
    assert mean == pytest.approx(0.97 / left, rel=0.01)
    assert variance == pytest.approx(k2 / left**3, rel=0.01)
    assert third == pytest.approx(k3 / left**4 + 3 * k2**2 / left**5, rel=0.02)
    beyond = cumulants_brought(world, np.full(40, 0.26), counted_at_notice(world, TOPIC, 0.5))
    assert beyond is None


def test_a_community_that_may_ignite_is_expected_to():
    """Chance and size of an outbreak where all are alike: x = 1 - (1 - x T)^8, here T = 0.25."""
    world = world_of(ring(4000, 8), 4000, attention=0.5, interest=0.5)
    found = outcomes_of(world, message())
    assert found is not None
    root = brentq(lambda x: 1 - (1 - x / 4) ** 8 - x, 0.1, 1)
    assert found["shares"].partial
    assert found["shares"].mean == pytest.approx(root * root * 3999, rel=0.01)
    # a Bernoulli law times its size
    expected = root * (1 - root) * (1 - 2 * root) * (root * 3999) ** 3
    assert found["shares"].within.third == pytest.approx(expected, rel=0.02)


def test_worlds_differ_by_who_follows_us():
    """An audience of 2 drawn from 7 accounts of which one is followed by 4: all cases counted."""
    follower, followee = np.array([(3, 0), (4, 0), (5, 0), (6, 0)], np.int32).T
    world = world_of((follower, followee), 7, ours=(), audiences={"we": 2})
    everybody = Theory(
        world, {MESSAGE: message(resonance=0.5)}, 0.5, math.inf, {"we": {SEGMENT: 2}}
    )
    found = everybody.outcomes(Agenda((instance(["we"]),)))
    assert found is not None
    means = np.array([1 + 0.5 * 4, *[1.0] * 6])  # notices through each of the seven accounts
    sums = np.array([a + b for a, b in itertools.combinations(means, 2)])
    central = sums - sums.mean()
    assert found["reach"].between.variance == pytest.approx((central**2).mean())
    assert found["reach"].between.third == pytest.approx((central**3).mean())
    assert (
        theory_of(world, message()).outcomes(Agenda((instance(["we"]),)))["reach"].between
        == Spread()
    )


def test_shares_after_the_horizon_are_left_out():
    late = {"law": "exponential", "mean": "2 h"}
    at_once = theory_of(tree_world(), message(resonance=1 - math.exp(-1)))
    agenda = Agenda((instance([0]),))
    theory = theory_of(tree_world(), message(delay=late), horizon=2.0)
    assert theory.outcomes(agenda) == at_once.outcomes(agenda)
    posted = replace(agenda[0], nominal_time=5.0)
    theory = theory_of(tree_world(), message(delay=late), horizon=7.0)
    assert theory.outcomes(Agenda((posted,))) == at_once.outcomes(agenda)


@pytest.mark.parametrize(
    ("delay", "hours", "expected"),
    [
        ("none", 0.0, 1.0),
        ({"law": "fixed", "time": "2 h"}, 1.9, 0.0),
        ({"law": "fixed", "time": "2 h"}, 2.0, 1.0),
        ({"law": "exponential", "mean": "2 h"}, 3.0, stats.expon(scale=2).cdf(3)),
        (
            {"law": "lognormal", "median": "2 h", "sigma": 1.5},
            3.0,
            stats.lognorm(1.5, scale=2).cdf(3),
        ),
        # Zhao et al. (2015): within 5 minutes, an hour, a day, a week
        ("power", 1 / 12, 0.18797),
        ("power", 1.0, 0.54317),
        ("power", 24.0, 0.78109),
        ("power", 168.0, 0.86048),
        ("power", 1 / 24, 0.18797 / 2),
        ("power", math.inf, 1.0),
    ],
)
def test_the_share_of_delays_within_a_time(delay, hours, expected):
    law = (
        PowerDelay(law="power", exponent=0.2314843, flat=300 / 3600) if delay == "power" else delay
    )
    what = Message(topic=TOPIC, resonance=1.0, delay=law)
    assert share_within(rules_of(what), hours) == pytest.approx(expected, abs=1e-5)


# 0 and 7 are ours; as in TREE, and 2 also follows 7
TWO_OF_OURS = (*TREE, (2, 7))


def test_parts_add_up_what_posts_bring():
    """By hand on a tree: two posts by 0 and one by 7, which 2 follows, whom nobody follows."""
    follower, followee = np.array(TWO_OF_OURS, np.int32).T
    attention, interest = np.append(ATTENTION, 1.0), np.append(INTEREST, 0.0)
    world = world_of((follower, followee), 8, (0, 7), attention=attention, interest=interest)
    agenda = Agenda((instance([0]), replace(instance([0, 7]), nominal_time=5.0)))
    what = message(resonance=RESONANCE, delay={"law": "exponential", "mean": "2 h"})
    theory = theory_of(world, what, horizon=7.0)
    found = theory.parts(agenda)
    sharing = ATTENTION * INTEREST * RESONANCE
    once, by_7 = moments_counted_out(ATTENTION)[0], np.array([1.0, 1.0, 1.0, 0.8]) * ATTENTION[2]
    assert found is not None
    assert found.followers == 3 + 3 + 1
    assert found.first_shares == pytest.approx(2 * sharing[1:4].sum() + sharing[2])
    assert found.shares == found.expected["shares"]
    names = ("reach", "relevant_reach", "valued_reach", "shares")
    values = [found.expected[name] for name in names]
    assert values == pytest.approx(list(2 * once + by_7))
    # the planted fault: the second post is forgotten
    assert values != pytest.approx(list(once + by_7), rel=0.01)
    assert found.in_time == theory.means(agenda)
    assert found.in_time["shares"] < found.shares


@pytest.mark.parametrize(
    ("delay", "sums"),
    [
        (
            {"law": "exponential", "mean": "2 h"},
            [stats.gamma(g, scale=2).cdf(5) for g in (1, 2, 3)],
        ),
        ({"law": "fixed", "time": "2 h"}, [1, 1, 0]),
        ("none", [1, 1, 1]),
    ],
)
def test_shares_are_in_time_if_their_delays_add_up_to_less(delay, sums):
    """A chain of three below our account 0, everybody attentive and sharing with 0.5; 5 hours."""
    world = world_of(np.array([(1, 0), (2, 1), (3, 2)], np.int32).T, 4)
    what = message(resonance=0.5, delay=delay)
    found = theory_of(world, what, horizon=5.0).means(Agenda((instance([0]),)))
    assert found["shares"] == pytest.approx(np.array([0.5, 0.25, 0.125]) @ sums, rel=1e-6)
    assert found["reach"] == pytest.approx(1 + np.array([0.5, 0.25]) @ sums[:2], rel=1e-6)


def test_sums_of_heavy_tailed_delays_are_those_drawn():
    """Three delays of 200,000 each; by the binomial law a false alarm in 10,000."""
    rules = rules_of(message(delay={"law": "power", "exponent": 0.2314843, "flat": "300 s"}))
    rng, n = np.random.default_rng(1), 200_000
    chance, theta = rng.random((3, n)), rules.delay_shape
    flat = theta / (1 + theta)  # part of the delays that are evenly spread over the flat part
    tail = ((1 + theta) * (1 - np.maximum(chance, flat))) ** (-1 / theta)
    drawn = rules.delay_scale * np.where(chance < flat, chance / flat, tail)
    expected = in_time(rules, 24.0)
    for generation in (1, 2, 3):
        share = (drawn[:generation].sum(axis=0) <= 24.0).mean()
        error = math.sqrt(share * (1 - share) / n)
        assert expected[generation] == pytest.approx(share, abs=stats.norm.isf(5e-5) * error)
        # the planted fault: each delay alone is in time
        assert generation == 1 or abs(share_within(rules, 24.0) ** generation - share) > 5 * error


@pytest.mark.parametrize("R", [0.3, 0.9, 0.99])
def test_means_have_the_closed_form_of_a_branching_process(R):
    """After a post to all 8 followers R shares in generation 1, and R / (1 - R) in all."""
    world = world_of(ring(40, 8), 40, attention=0.5, interest=1.0)
    sharing = np.full(40, R / 4)  # also by the account that posts
    _, shares = brought_by(world, sharing, (np.arange(40) == 0) * 1.0, np.ones(400))
    assert shares.sum() == pytest.approx(R / (1 - R), rel=1e-6)
    assert reproduction(replace(world, is_ours=np.zeros(40, bool)), sharing) == pytest.approx(R)


def test_beyond_criticality_means_are_infinite():
    world = world_of(ring(40, 8), 40, ours=(), attention=0.5, interest=1.0, audiences={"we": 3})
    theory = theory_of(world, message(resonance=0.26))
    agenda = Agenda((instance(["we"]),))
    parts, means = theory.parts(agenda), theory.means(agenda)
    assert parts.shares == parts.expected["reach"] == means["valued_reach"] == math.inf
    assert (parts.followers, parts.first_shares) == (3, pytest.approx(3 * 0.13))


def test_reproduction_is_the_largest_eigenvalue():
    rng = np.random.default_rng(5)
    follower, followee = (rng.integers(60, size=300).astype(np.int32) for _ in range(2))
    distinct = np.unique(np.stack((follower, followee)), axis=1)
    distinct = distinct[:, distinct[0] != distinct[1]]
    attention, sharing = rng.random(60), rng.random(60)
    world = world_of(distinct, 60, ours=(), attention=attention)
    follows = np.zeros((60, 60))
    follows[distinct[0], distinct[1]] = 1

    def largest(matrix):
        return np.abs(np.linalg.eigvals(matrix)).max()

    setting_off = (attention * sharing)[:, None] * follows
    assert reproduction(world, sharing) == pytest.approx(largest(setting_off), rel=1e-5)
    among = np.arange(60) < 30
    expected = largest(setting_off[:30, :30])
    assert reproduction(world, sharing, among) == pytest.approx(expected, rel=1e-5)
    # the planted fault: somebody else's attention and interest decide
    # (swapped follows alone have the same eigenvalues)
    swapped = np.roll(attention * sharing, 1)[:, None] * follows
    assert largest(swapped) != pytest.approx(largest(setting_off), rel=1e-3)


def test_two_sides_that_take_turns_have_a_reproduction_number():
    """0 and 1 are followed by 2 to 9, and these by 0 and 1: the root of 8 a times 2 a, a = 0.1."""
    pairs = [(v, u) for u in (0, 1) for v in range(2, 10)]
    both = np.array(pairs + [(u, v) for v, u in pairs], np.int32).T
    world = world_of(both, 10, ours=())
    assert reproduction(world, np.full(10, 0.1)) == pytest.approx(0.4)
    one_way = world_of(np.array(pairs, np.int32).T, 10, ours=())
    assert reproduction(one_way, np.full(10, 0.1)) == 0.0
