"""Cost per reach: ratios of means with intervals that hold; metrics only where they are used."""

import numpy as np
import pytest

from propagation.experiment.comparison import difference, outcomes_of, pair_in, ratios
from propagation.experiment.contrasts import contrast, sample_of
from propagation.experiment.intervals import moments
from propagation.experiment.quotients import DEAREST, Quotient, quotients_difference
from propagation.experiment.summary import Standing
from propagation.problems import InputError
from propagation.scenario.comparing import ALL_METRICS, METRICS
from propagation.scenario.metrics import metrics_of
from propagation.scenario.reading import parse_scenario

METRIC = "cost_per_reach"


def runs_of(cost, reach) -> dict[str, np.ndarray]:
    cost, reach = np.asarray(cost, float), np.asarray(reach, float)
    return {METRIC: Quotient(cost, reach, "reach").per_run(), "cost": cost, "reach": reach}


def outcome_in(runs, draw=None):
    draw = np.zeros(len(runs["cost"]), np.int64) if draw is None else draw
    return outcomes_of(runs, draw, 1, {})[METRIC]


def test_the_mean_is_what_is_paid_in_all_for_all_who_are_reached() -> None:
    found = outcome_in(runs_of([10, 10, 40], [5, 0, 10]))
    assert found.mean == 4.0  # and not the mean of 2 and 4
    assert (found.p10, found.median, found.p90) == pytest.approx((2.2, 3.0, 3.8))
    assert found.defined == 2
    assert outcome_in(runs_of([10, 10], [0, 0])).mean is None
    assert outcome_in(runs_of([0, 0], [3, 1])).mean == 0


def test_linear_values_have_the_mean_and_the_error_of_the_ratio() -> None:
    """Var(C/R) by the delta method: (var c - 2 q cov + q^2 var r) / (n mean(r)^2), q = C/R."""
    rng = np.random.default_rng(3)
    reach, cost = rng.poisson(30, 500).astype(float), rng.poisson(100, 500).astype(float)
    linear = Quotient(cost, reach, "reach").linear()
    q = cost.sum() / reach.sum()
    assert linear.mean() == pytest.approx(q)
    (var_c, cov), (_, var_r) = np.cov(cost, reach)
    expected = np.sqrt((var_c - 2 * q * cov + q**2 * var_r) / 500) / reach.mean()
    assert moments(linear, np.zeros(500, np.int64)).error == pytest.approx(expected)


def compared(ours, theirs, draw=None):
    draw = np.zeros(len(ours["cost"]), np.int64) if draw is None else draw
    pair = pair_in(METRIC, "a", ours, theirs, draw, heavy=False, seed=1)
    (ratio,) = ratios([pair], draw, 1, 1)
    return difference(pair, ratio, "b", 0.05, 1)


def test_a_campaign_that_reaches_nobody_is_the_dearest() -> None:
    found = compared(runs_of([1, 1, 1, 9], [2, 2, 0, 0]), runs_of([1, 1, 1, 1], [1, 4, 1, 0]))
    assert found.difference.mean == pytest.approx(12 / 4 - 4 / 6)
    assert found.ratio.mean is None  # four runs leave open whether the baseline costs anything
    # cheaper, dearer, dearest, and both reach nobody
    assert found.probability_better.mean == pytest.approx((1 + 0 + 0 + 0.5) / 4)
    assert found.replicates == 4
    assert Quotient(np.ones(1), np.zeros(1), "reach").ranked()[0] == DEAREST


def test_nothing_is_compared_with_what_reaches_nobody_in_any_run() -> None:
    found = compared(runs_of([1, 1], [1, 1]), runs_of([0, 0], [0, 0]))
    assert found.replicates == 0
    assert found.standing is Standing.UNSETTLED
    assert found.ratio.mean is None


def test_lower_is_better() -> None:
    rng = np.random.default_rng(5)
    cheap = runs_of(np.full(300, 10.0), rng.poisson(40, 300))
    dear = runs_of(np.full(300, 10.0), rng.poisson(20, 300))
    assert compared(cheap, dear).standing is Standing.BETTER
    assert compared(dear, cheap).standing is Standing.WORSE
    draw = np.zeros(300, np.int64)
    one, other = (
        sample_of(name, METRIC, each, draw, heavy=False)
        for name, each in (("one", cheap), ("other", dear))
    )
    for paired in (True, False):
        found = contrast(
            *("a", METRIC, one, other), paired=paired, matters=0.05, seed=1, comparisons=1
        )
        assert found.standing is Standing.BETTER
        assert found.ratio.mean == pytest.approx(0.5, abs=0.05)
        assert found.chance.mean is not None
        assert found.chance.mean > 0.95


def coverage(truth: float, estimate) -> float:
    """Return how often the interval of ``estimate(rng)`` holds the truth, in 400 tables."""
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(400):
        found = estimate(rng)
        held += found.low <= truth <= found.high
    return held / 400


def tables(rng, mean=20.0):
    """Return a fixed fee plus 3 a repost, and a skewed reach that grows with the reposts."""
    reposts = rng.poisson(4, 150)
    return runs_of(50 + 3 * reposts, rng.gamma(1.0, mean / 5, 150) * (1 + reposts))


def test_intervals_hold_what_they_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nominally 95%: of 400 tables fewer than 367 would hold it by chance in 1 case of 100."""
    monkeypatch.setattr("propagation.experiment.intervals.RESAMPLES", 400)
    truth = 62 / 20.0
    assert coverage(truth, lambda rng: outcome_in(tables(rng))) >= 367 / 400
    # planted: the mean of the runs' own ratios is another number
    naive = lambda rng: moments(tables(rng)[METRIC], np.zeros(150, np.int64)).interval()  # noqa: E731
    assert coverage(truth, naive) < 0.5


def test_difference_and_ratio_agree_where_few_are_reached() -> None:
    """One campaign in twelve reaches anybody, at a fixed cost: no cost per reach is below 0."""
    rng = np.random.default_rng(8)
    few = np.where(np.arange(60) % 12 == 0, rng.gamma(1.0, 9.0, 60), 0.01)
    ours, theirs = runs_of(np.full(60, 100.0), few), runs_of(np.full(60, 100.0), 500 + few)
    found = compared(ours, theirs)
    assert found.standing is Standing.WORSE
    assert found.difference.low > 0
    assert found.ratio.low > 1
    assert found.probability_better.mean == 0
    # planted: the linear values' interval goes below what is possible
    linear = (Quotient(each["cost"], each["reach"], "reach").linear() for each in (ours, theirs))
    apart = moments(np.subtract(*linear), np.zeros(60, np.int64)).interval()
    assert apart.low < 0


def test_differences_of_ratios_hold_what_they_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two strategies whose reach goes up and down together; as of intervals above."""
    monkeypatch.setattr("propagation.experiment.intervals.RESAMPLES", 400)
    draw = np.zeros(150, np.int64)

    def apart(rng):
        common = rng.gamma(1.0, 4.0, 150)
        both = [
            Quotient(np.full(150, 62.0), common + rng.gamma(1.0, m, 150), "reach")
            for m in (6.0, 16.0)
        ]
        return quotients_difference(*both, (draw, draw), 1, 1)

    assert coverage(62 / 10 - 62 / 20, apart) >= 367 / 400


BASE = """
name: which
segments: {all: {accounts: 100, attention: 0.5, interest: {news: 1}, follows: {mean: 3}}}
ours: {us: {followers: {all: 10}}}
messages: {call: {topic: news, resonance: 0.1}}
strategies:
  one: [{post: call, by: us, at: 0 h%s}]
  other: [{post: call, by: us, at: 1 h}%s]
compare: {on: %s, baseline: one}
%s
"""
BLAST = ", {blast: call, by: us, to: {choose: 3}, at: 0 h, opens: 1%, answers: 1%, covers: 1%}"


@pytest.mark.parametrize(
    ("cost", "more", "following", "further"),
    [
        ("", "", "", set()),
        (", cost: {fixed: 0}", "", "", set()),
        (", cost: {fixed: 1}", "", "", {"cost", "cost_per_reach"}),
        ("", BLAST, "", {"pitches_sent", "pitches_covered"}),
        ("", "", "following: {follows: 1%}", {"followers_gained", "followers_lost"}),
        (
            "",
            ", {follow: {choose: 3}, by: us, topic: news, per day: 2, back: 5%, at: 0 h}",
            "",
            {"followers_gained"},
        ),
    ],
)
def test_metrics_come_with_what_is_done(cost, more, following, further) -> None:
    metrics = metrics_of(parse_scenario(BASE % (cost, more, "reach", following)))
    assert metrics[: len(METRICS)] == METRICS
    assert further <= set(metrics)
    assert (len(metrics) == len(METRICS)) == (not further)
    assert list(metrics) == [name for name in ALL_METRICS if name in metrics]
    for name, metric in (("cost per reach", "cost_per_reach"), ("pitches sent", "pitches_sent")):
        text = BASE % (cost, more, name, following)
        if metric in metrics:
            assert parse_scenario(text).compare.on == metric
        else:
            with pytest.raises(InputError, match=f"compare.on: {name} needs an action"):
                parse_scenario(text)
