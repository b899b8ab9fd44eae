"""When to stop: the pilot, doubling, enough, too many, and replicates that cannot help."""

import numpy as np
import pytest

from propagation.experiment.intervals import mean_interval, moments
from propagation.experiment.stopping import next_total, precision, settling


def runs(replicates, *, cv=1.0, draws=1, between=0.0, seed=1):
    """Return values of mean 100 and their draws; ``cv`` and ``between`` are relative spreads."""
    rng = np.random.default_rng(seed)
    draw = np.arange(replicates) % draws
    levels = 1 + between * rng.standard_normal(draws)
    return 100 * levels[draw] * rng.gamma(cv**-2, cv**2, replicates), draw


def decide(values, draw, within=0.05, at_most=20_000):
    return next_total(
        {"steady": np.full(len(draw), 3.0), "wild": values}, draw, within, at_most, "reach"
    )


def test_precision_is_half_the_interval_over_the_mean():
    values, draw = runs(500)
    found = mean_interval(values, draw)
    expected = (found.high - found.low) / 2 / found.mean
    assert precision({"a": values, "b": np.ones(500)}, draw) == pytest.approx(
        {"a": expected, "b": 0}
    )


@pytest.mark.parametrize("values", [[np.nan, np.nan, 1.0], [1.0, -1.0, 0.0]])
def test_what_cannot_be_judged_is_infinitely_imprecise(values):
    assert precision({"a": np.array(values)}, np.zeros(3, np.int64)) == {"a": np.inf}


def test_nothing_at_all_is_known_precisely():
    assert precision({"a": np.zeros(9)}, np.zeros(9, np.int64)) == {"a": 0.0}


def test_the_pilot_comes_first():
    none = np.empty(0)
    assert decide(none, none.astype(np.int64)).total == 400
    assert decide(none, none.astype(np.int64), at_most=120).total == 120


def test_then_doubling_until_precise_enough():
    # a coefficient of variation of 2 needs (1.96 * 2 / 0.05)**2 = 6,147 replicates
    totals, total = [], 0
    while total is not None:
        values, draw = runs(total, cv=2.0)
        following = decide(values, draw)
        totals.append(total)
        total = following.total
    assert totals == [0, 400, 800, 1600, 3200, 6400] or totals[-1] == 12_800
    assert precision({"wild": values}, draw)["wild"] <= 0.05
    assert following.reason.startswith(
        f"Stopped after {totals[-1]:,} replicates: the mean raw reach"
    )


def test_at_most_is_the_end():
    values, draw = runs(12_800, cv=6.0)
    assert decide(values, draw).total == 20_000
    values, draw = runs(20_000, cv=6.0)
    stopped = decide(values, draw)
    assert stopped.total is None
    assert "20,000 replicates, the most allowed" in stopped.reason
    assert "wild" in stopped.reason


def test_different_draws_stop_it_early_with_advice():
    values, draw = runs(800, cv=0.3, draws=10, between=0.3)
    stopped = decide(values, draw)
    assert stopped.total is None
    assert "more replicates cannot bring it within 5%" in stopped.reason
    assert "Raise draws: about" in stopped.reason
    # the planted fault: with the draws left out, all seems well
    assert decide(values, np.zeros_like(draw)).reason.startswith(
        "Stopped after 800 replicates: the"
    )
    assert precision({"a": values}, np.zeros_like(draw))["a"] <= 0.05


@pytest.mark.parametrize("noise", [0.0, 1e-9, 1e-3])
def test_draws_decide_alone_where_replicates_hardly_vary(noise):
    draw = np.arange(400) % 10
    jitter = 1 + noise * np.sin(np.arange(400))
    assert decide((100 + 20.0 * (draw % 2)) * jitter, draw).total is None  # 9% apart
    alike = (100 + 2.0 * (draw % 2)) * jitter
    assert precision({"a": alike}, draw)["a"] < 0.05
    assert decide(alike, draw).reason.startswith("Stopped after 400 replicates: the mean raw reach")


def test_draws_that_differ_by_luck_alone_do_not_stop_it():
    stopped = 0
    for seed in range(300):  # a pilot far too small to tell, and nothing between the draws
        values, draw = runs(400, cv=1.5, draws=10, seed=seed)
        stopped += decide(values, draw).total is None
    assert stopped <= 2  # 0.3 are expected; 3 or more have a chance of 0.4%


def test_advice_comes_true():
    values, draw = runs(400)
    found = moments(values, draw)
    [count] = [
        int(word.replace(",", "")) for word in settling(found, 5.0).split() if word[0].isdigit()
    ]
    # 5 of 100 at a coefficient of variation of 1: (1.96 / 0.05)**2 = 1,537, known to 10% or so
    assert count == pytest.approx(1537, rel=0.25)
    assert settling(found, 5.0).endswith("replicates")


def test_advice_names_draws_when_replicates_cannot_help():
    values, draw = runs(4000, cv=0.3, draws=10, between=0.3)
    found = moments(values, draw)
    advice = settling(found, 5.0)
    count = int(advice.split()[1])
    interval = found.interval()
    half = (interval.high - interval.low) / 2
    # fewer than the square of the width says, as Student's quantile falls from 2.26 to 1.96 or so;
    # rounding up to two digits adds at most 10%
    assert (1.96 / 2.26) ** 2 < count / (10 * (half / 5) ** 2) < 1.1
    assert advice.endswith("draws of 400 replicates each")
    alike = values / np.array([values[draw == d].mean() for d in range(10)])[draw]
    assert settling(moments(alike, draw), 0.005).endswith("replicates")


def test_advice_is_for_more_than_there_is():
    values, draw = runs(400, cv=2.0)
    found = moments(values, draw)
    interval = found.interval()
    just_short = (interval.high - interval.low) / 2 * 0.999
    assert int(settling(found, just_short).split()[1]) > 400


def test_no_advice_where_there_is_none():
    assert settling(moments(*runs(400)), 0.0) == ""
    assert settling(moments(np.ones(1), np.zeros(1, np.int64)), 1.0) == ""
