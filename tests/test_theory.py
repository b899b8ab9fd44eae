"""What theory expects, against every possible outcome counted out and against closed forms."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from propagation.scenario.spec import Message, PowerDelay, Reinforced
from propagation.spread.dynamics import rules_of
from propagation.spread.theory import (
    Cumulants,
    Theory,
    cumulants_of,
    moments_brought,
    raw_moments_of,
    share_within,
)
from verification.graphs import MESSAGE, TOPIC, instance, message, world_of

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


def expected_on_tree():
    theory = Theory(tree_world(), {MESSAGE: message(resonance=RESONANCE)}, RELEVANT, math.inf)
    found = theory.outcomes((instance([0]),))
    assert found is not None
    metrics = ("reach", "relevant_reach", "valued_reach", "shares")
    assert found["impressions"] == found["wasted"] == found["reach"]
    return [found[metric] for metric in metrics]


def test_moments_on_a_tree_are_those_of_all_outcomes_counted_out():
    expected = moments_counted_out(ATTENTION)
    for place, found in enumerate(expected_on_tree()):
        assert found.mean == pytest.approx(expected[0][place], rel=1e-12)
        assert found.variance == pytest.approx(expected[1][place], rel=1e-12)
        assert found.third == pytest.approx(expected[2][place], rel=1e-9)
    # the planted fault: one follower is a little more attentive
    wrong = moments_counted_out(ATTENTION + 0.01 * (np.arange(7) == 6))
    assert expected_on_tree()[0].third != pytest.approx(wrong[2][0], rel=1e-4)


def ring(accounts, followers):
    """Everybody is followed by the next ``followers`` accounts of a circle."""
    followee = np.repeat(np.arange(accounts), followers)
    follower = (followee + np.tile(np.arange(1, followers + 1), accounts)) % accounts
    return follower.astype(np.int32), followee.astype(np.int32)


def test_shares_where_all_are_alike_have_the_closed_form_of_a_branching_process():
    """Total progeny by the offspring's cumulants: k2 / (1-R)^3, k3 / (1-R)^4 + 3 k2^2 / (1-R)^5."""
    followers, noticing, sharing = 8, 0.5, 0.15
    world = world_of(ring(40, followers), 40, ours=(), attention=noticing, interest=1.0)
    brought = moments_brought(world, TOPIC, np.full(40, sharing), 0.5)
    assert brought is not None
    mean, variance, third = cumulants_of(brought[7, 3])
    law = stats.binom(followers, noticing * sharing)
    R, k2, k3 = law.mean(), law.var(), law.stats("s") * law.std() ** 3
    assert mean == pytest.approx(R / (1 - R), rel=0.005)
    assert variance == pytest.approx(k2 / (1 - R) ** 3, rel=0.01)
    assert third == pytest.approx(k3 / (1 - R) ** 4 + 3 * k2**2 / (1 - R) ** 5, rel=0.01)


def test_raw_moments_and_cumulants_are_each_others_inverse():
    cumulants = np.array([[2.0, 3.0, -1.0], [0.5, 0.1, 7.0]])
    assert cumulants_of(raw_moments_of(cumulants)) == pytest.approx(cumulants)
    ones = raw_moments_of(np.array([1.0, 1.0, 1.0]))  # Poisson(1): 1, 2, 5
    assert list(ones) == [1, 2, 5]


def test_skewness():
    assert Cumulants(1.0, 4.0, 8.0).skewness == 1.0
    assert Cumulants(1.0, 0.0, 0.0).skewness == 0.0


def outcomes_of(world, what, *, posts=1):
    theory = Theory(world, {MESSAGE: what}, 0.5, math.inf)
    return theory.outcomes((instance([0]),) * posts)


def test_theory_says_nothing_where_it_has_nothing_to_say():
    world = tree_world()
    assert outcomes_of(world, message()) is not None
    assert outcomes_of(world, message("single")) == outcomes_of(world, message())
    assert outcomes_of(world, message(Reinforced(reinforced=(1.0, 2.0)))) is None
    assert outcomes_of(world, message({"threshold": {"notices": 2}})) is None
    assert outcomes_of(world, message(), posts=3) is None  # everybody notices most of them
    beyond = world_of(ring(40, 8), 40, attention=0.5, interest=0.3)  # R = 1.2
    assert outcomes_of(beyond, message()) is None
    meeting = world_of(ring(12, 8), 12, attention=0.9, interest=0.12)  # R = 0.86, but 12 accounts
    assert outcomes_of(meeting, message()) is None


def test_shares_after_the_horizon_are_left_out():
    hours = 2.0
    late = {"law": "exponential", "mean": "2 h"}
    theory = Theory(tree_world(), {MESSAGE: message(delay=late)}, RELEVANT, hours)
    at_once = Theory(
        tree_world(), {MESSAGE: message(resonance=1 - math.exp(-1))}, RELEVANT, math.inf
    )
    agenda = (instance([0]),)
    assert theory.outcomes(agenda) == at_once.outcomes(agenda)


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
