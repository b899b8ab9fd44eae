"""Independent samples against textbook formulas, worked tables and measured coverage."""

import numpy as np
import pytest
from interval_coverage import independent_coverage
from scipy import stats

from propagation.experiment import intervals
from propagation.experiment.independent import (
    Spread,
    chance_of_more,
    difference_interval,
    ratio_of_means,
    spread_of_difference,
)
from propagation.experiment.intervals import Interval, mean_interval, moments


def one_draw(values):
    return np.zeros(len(values), np.int64)


def of(values, draw=None):
    return moments(values, one_draw(values) if draw is None else draw)


def generator():
    return np.random.Generator(np.random.Philox(key=7))


A = np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0])  # symmetric, so no skewness
B = np.array([0.0, 4.0, 10.0, 6.0])


def test_one_draw_each_is_welchs_interval():
    expected = stats.ttest_ind(A, B, equal_var=False).confidence_interval(0.95)
    found = difference_interval(of(A), of(B))
    assert found.mean == pytest.approx(-1.0)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_a_difference_by_draws_worked_by_hand():
    # ours: draws' means 2, 4, 6, 8 (variance of their mean 20/3/4), theirs: 1 and 3 (2/2)
    ours = np.tile([2.0, 4.0, 6.0, 8.0], 3)
    theirs = np.tile([1.0, 3.0], 5)
    found = difference_interval(
        of(ours, np.tile(np.arange(4), 3)), of(theirs, np.tile(np.arange(2), 5))
    )
    one, two = 20 / 3 / 4, 1.0
    freedom = (one + two) ** 2 / (one**2 / 3 + two**2 / 1)
    reach = stats.t.ppf(0.975, freedom) * np.sqrt(one + two)
    assert (found.low, found.mean, found.high) == pytest.approx((3 - reach, 3.0, 3 + reach))
    # the fault it guards against: counting replicates as independent
    narrow = difference_interval(of(ours), of(theirs))
    assert narrow.high - narrow.low < reach


def test_the_worse_known_sample_decides_the_units():
    found = spread_of_difference(Spread(1.0, 0.0, 10), Spread(1e-9, 0.0, 10_000))
    assert found.units == pytest.approx(10)
    assert spread_of_difference(Spread(1.0, 0.0, 10), Spread(1.0, 0.0, 10)).units == 19
    assert spread_of_difference(Spread(0.0, 0.0, 4), Spread(0.0, 0.0, 3)) == Spread(0.0, 0.0, 3)


def test_skewness_adds_up_like_third_moments():
    rng = np.random.default_rng(2)
    a, b = rng.gamma(1, 1, 500), rng.gamma(1, 3, 300)
    found = spread_of_difference(
        *(Spread(each.error, each.skewness, each.units) for each in (of(a), of(b)))
    )

    def cube(x):  # of the mean: as parts of the sum, each a mean's share
        return ((x - x.mean()) ** 3).sum() / len(x) ** 3

    assert found.skewness * found.error**3 == pytest.approx(cube(a) - cube(b))


def test_intervals_that_hold_together_are_wider():
    one, five = (difference_interval(of(A), of(B), count) for count in (1, 5))
    assert five.low < one.low < one.high < five.high


def test_a_ratio_without_noise_below_is_that_of_a_mean():
    rng = np.random.default_rng(4)
    values = rng.gamma(9, 2, 400)
    found = ratio_of_means(values, one_draw(values), np.full(50, 3.0), one_draw(range(50)), rng)
    mean = mean_interval(values, one_draw(values))
    assert found.mean == pytest.approx(mean.mean / 3)
    # percentiles of 2,000 resamples: the 2.5% ends are known to about 5% of the width
    width = (mean.high - mean.low) / 3
    assert (found.low, found.high) == pytest.approx((mean.low / 3, mean.high / 3), abs=0.1 * width)


def test_a_ratio_needs_a_baseline_surely_above_zero():
    near = np.array([0.0, 0.0, 1.0, 0.0])
    assert ratio_of_means(A, one_draw(A), near, one_draw(near), generator()) == Interval()
    nothing = np.zeros(6)
    found = ratio_of_means(nothing, one_draw(nothing), A + 9, one_draw(A), generator())
    assert found == Interval(0.0, 0.0, 0.0)
    alike = ratio_of_means(nothing + 8, one_draw(A), nothing + 4, one_draw(A), generator())
    assert alike == Interval(2.0, 2.0, 2.0)


def test_a_chance_worked_by_hand():
    # 1 beats 0; 5 beats 0 and 4 and ties with 5: (1 + 2.5) of 6 pairs
    found = chance_of_more(
        np.array([1.0, 5.0]), one_draw([0, 0]), np.array([0.0, 4.0, 5.0]), one_draw(A[:3])
    )
    assert found.mean == pytest.approx(3.5 / 6)
    turned = chance_of_more(
        np.array([0.0, 4.0, 5.0]), one_draw(A[:3]), np.array([1.0, 5.0]), one_draw([0, 0])
    )
    assert (turned.low, turned.high) == pytest.approx((1 - found.high, 1 - found.low))


def test_a_chance_has_the_error_of_delong():
    rng = np.random.default_rng(5)
    a, b = rng.normal(0.3, 1, 60), rng.normal(0, 1, 40)
    wins = (np.sign(a[:, None] - b[None, :]) + 1) / 2
    variance = wins.mean(1).var(ddof=1) / 60 + wins.mean(0).var(ddof=1) / 40
    found = chance_of_more(a, one_draw(a), b, one_draw(b))
    share = wins.mean()
    assert found.mean == pytest.approx(share)
    # Wilson's interval is nearly the plain one where chances are middling and cases many
    plain = 2 * stats.t.ppf(0.975, 80) * np.sqrt(variance)
    assert found.high - found.low == pytest.approx(plain, rel=0.05)


def test_a_chance_that_never_varies_counts_runs():
    found = chance_of_more(A + 100, one_draw(A), B, one_draw(B))
    assert found.mean == found.high == 1.0
    quantile = intervals.student_quantile(1, 4)
    assert found.low == pytest.approx(1 / (1 + quantile**2 / 4))  # Wilson's, 4 of 4


def test_undefined_runs_do_not_count():
    holes = np.insert(A, 2, np.nan)
    assert difference_interval(of(holes), of(B)) == difference_interval(of(A), of(B))
    assert chance_of_more(holes, one_draw(holes), B, one_draw(B)) == chance_of_more(
        A, one_draw(A), B, one_draw(B)
    )
    found = ratio_of_means(holes, one_draw(holes), A, one_draw(A), generator())
    assert found == ratio_of_means(A, one_draw(A), A, one_draw(A), generator())


@pytest.mark.parametrize("values", [[], [3.0]])
def test_fewer_than_two_runs_have_no_interval(values):
    few = np.array(values)
    for found in (
        difference_interval(of(few), of(A)),
        ratio_of_means(few, one_draw(few), A, one_draw(A), generator()),
        chance_of_more(few, one_draw(few), A, one_draw(A)),
    ):
        assert found.low is found.high is None


def noise(tables):
    """Return three standard deviations of a coverage of 95% found in so many tables."""
    return 3 * np.sqrt(0.95 * 0.05 / tables)


@pytest.mark.parametrize(
    ("draws", "replicates", "spread"),
    [((1, 1), (300, 100), 0.0), ((10, 20), (200, 200), 0.2)],
    ids=["one draw", "several draws"],
)
def test_coverage_is_as_claimed(monkeypatch, draws, replicates, spread):
    monkeypatch.setattr(intervals, "RESAMPLES", 300)
    held = independent_coverage((0.5, 0.5), draws, replicates, spread, 300)
    # 93 to 97% is claimed, luck may add three standard deviations
    assert (held >= 0.93 - noise(300)).all()
    assert (held <= 0.97 + noise(300)).all()


def test_the_coverage_would_show_draws_ignored(monkeypatch):
    monkeypatch.setattr(intervals, "RESAMPLES", 100)
    held = independent_coverage((0.5, 0.5), (10, 20), (1000, 1000), 0.4, 100, ignoring=True)
    assert (held < 0.93 - noise(100)).all()
