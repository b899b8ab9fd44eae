"""Intervals against textbook formulas and, where no formula holds, against measured coverage."""

import numpy as np
import pytest
from interval_coverage import (
    chance_coverage,
    ignoring_draws,
    mean_coverage,
    ours,
    plain_t,
    ratio_coverage,
)
from scipy import stats

from propagation.experiment import intervals
from propagation.experiment.intervals import (
    Interval,
    chance_interval,
    mean_interval,
    moments,
    ratio_interval,
    resampled_sums,
    student_quantile,
    unskewed,
    wilson,
)

ONE_DRAW = np.zeros(6, np.int64)


def ends(found):
    return found.low, found.high


def binomial_noise(share, tables, sigmas=3):
    """Return how far the coverage found in so many tables may stray by luck."""
    return sigmas * np.sqrt(share * (1 - share) / tables)


def test_symmetric_runs_give_students_interval():
    values = np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0])
    expected = stats.t.interval(0.95, 5, loc=4.0, scale=stats.sem(values))
    assert ends(mean_interval(values, ONE_DRAW)) == pytest.approx(expected, rel=1e-12)


def test_skewed_runs_give_an_interval_that_reaches_further_up():
    values = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 7.0])
    found = mean_interval(values, ONE_DRAW)
    assert found.high - found.mean > found.mean - found.low
    mirrored = mean_interval(-values, ONE_DRAW)
    assert (-mirrored.high, -mirrored.low) == pytest.approx(ends(found), rel=1e-12)


@pytest.mark.parametrize("skewness", [-0.9, -0.1, 1e-9, 0.3, 1.5])
@pytest.mark.parametrize("reach", [-12.7, -2.0, 0.0, 2.0, 12.7])
def test_unskewed_inverts_halls_transformation(skewness, reach):
    t = unskewed(reach, skewness)
    hall = t + skewness * t**2 / 3 + skewness**2 * t**3 / 27 + skewness / 6
    # a skewness below 1e-6 is left alone, which moves the end by less than what it leaves out
    assert hall == pytest.approx(reach, rel=1e-9, abs=1e-6 * (t**2 / 3 + 1 / 6))


def test_with_draws_the_draws_means_are_the_sample():
    # four draws of three replicates: means 2, 4, 6, 8, and replicates that hardly differ
    means, draw = np.array([2.0, 4.0, 6.0, 8.0]), np.tile(np.arange(4), 3)
    values = means[draw] + np.repeat([-0.1, 0.0, 0.1], 4)
    found = moments(values, draw)
    assert found.units == found.draws == 4
    assert found.error == pytest.approx(stats.sem(means))
    assert found.within_error == pytest.approx(np.sqrt(0.01 / 12))
    assert found.between_variance == pytest.approx(found.error**2 - found.within_error**2)
    expected = stats.t.interval(0.95, 3, loc=5.0, scale=stats.sem(means))
    assert ends(mean_interval(values, draw)) == pytest.approx(expected, rel=1e-9)
    narrow = mean_interval(values, np.zeros_like(draw))
    assert narrow.high - narrow.low < (expected[1] - expected[0]) / 2  # the fault it guards against


def test_draws_alike_by_luck_do_not_beat_the_replicates_own_noise():
    values = np.array([0.0, 1.0, 10.0, 9.0, 5.0, 5.0])  # each draw's mean is 5
    found = moments(values, np.array([0, 1, 0, 1, 2, 2]))
    assert found.error == pytest.approx(found.within_error)
    assert found.between_variance == 0


def test_neither_the_order_of_runs_nor_the_names_of_draws_matter():
    rng = np.random.default_rng(3)
    values, draw = rng.gamma(1, 10, 300), np.arange(300) % 7
    order = rng.permutation(300)
    expected = ends(mean_interval(values, draw))
    assert ends(mean_interval(values[order], draw[order])) == pytest.approx(expected, rel=1e-12)
    assert ends(mean_interval(values, 1000 - 5 * draw)) == pytest.approx(expected, rel=1e-12)
    scaled = ends(mean_interval(3 * values + 2, draw))
    assert scaled == pytest.approx([3 * end + 2 for end in expected], rel=1e-12)


def test_undefined_runs_do_not_count():
    values = np.array([1.0, np.nan, 2.0, np.inf, 4.0, 5.0])
    kept = np.isfinite(values)
    assert mean_interval(values, ONE_DRAW) == mean_interval(values[kept], ONE_DRAW[kept])
    assert moments(values, ONE_DRAW).count == 4


@pytest.mark.parametrize("values", [[], [3.0]])
def test_fewer_than_two_runs_have_no_interval(values):
    draw = np.zeros(len(values), np.int64)
    mean = values[0] if values else None
    assert mean_interval(np.array(values), draw) == Interval(mean)
    assert chance_interval(np.array(values), draw) == Interval(mean)


@pytest.mark.parametrize("value", [7.0, 0.1, 0.0])
def test_constant_runs_have_an_interval_without_width(value):
    for draw in (np.zeros(11, np.int64), np.arange(11) % 2):
        assert mean_interval(np.full(11, value), draw) == Interval(value, value, value)


def test_several_comparisons_share_the_error():
    assert student_quantile(1, 10) == pytest.approx(stats.t.ppf(0.975, 9))
    assert student_quantile(5, 10) == pytest.approx(stats.t.ppf(0.995, 9))


def test_wilson_is_scipys():
    expected = stats.binomtest(13, 40).proportion_ci(method="wilson")
    found = wilson(13 / 40, 40, stats.norm.ppf(0.975))
    assert ends(found) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_a_chance_never_leaves_0_to_1_and_all_wins_are_no_proof():
    sure = chance_interval(np.ones(400), np.arange(400) % 10)
    assert sure.mean == sure.high == 1.0
    assert 0.97 < sure.low < 1.0
    ties = chance_interval(np.full(400, 0.5), np.zeros(400, np.int64))
    assert ties.low < ties.mean == 0.5 < ties.high


# Coverage. Limits: 93% to 97% where runs are independent; with few draws the interval may be wider
# than it must be, never by much narrower. Tables are counted so that three standard deviations of
# luck fit between the coverage in docs/statistics.md and the limit.


@pytest.mark.parametrize("R", [0.5, 0.9])
def test_skewed_cascades_are_covered(R):
    [held] = mean_coverage(R, 1, 400, 0, 4000, ours)
    assert 0.93 <= held <= 0.97


def test_the_plain_t_interval_fails_the_same_check():
    [held] = mean_coverage(0.9, 1, 400, 0, 4000, plain_t)
    assert held < 0.93


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_ten_draws_are_covered(spread):
    held, without_draws = mean_coverage(0.5, 10, 400, spread, 1500, ours, ignoring_draws)
    assert held >= 0.94 - binomial_noise(0.94, 1500)
    if spread:
        assert without_draws < 0.85  # the fault: the check sees draws that are ignored


def test_chances_over_ten_draws_are_covered():
    truth, held, without_draws = chance_coverage(1.5, 0.3, 10, 400, 1500)
    assert truth == pytest.approx(0.925, abs=0.001)
    assert held >= 0.94 - binomial_noise(0.94, 1500)
    assert without_draws < 0.9


def test_ratios_are_covered(monkeypatch):
    monkeypatch.setattr(intervals, "RESAMPLES", 500)
    held = ratio_coverage((0.5, 0.5), 10, 200, 0.2, 200)
    assert held >= 0.94 - binomial_noise(0.94, 200)


# The paired bootstrap.


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_resampling_takes_whole_draws_and_replicates_within(rng):
    draw = np.array([0] * 30 + [1] * 30 + [2] * 30)
    columns = np.column_stack([draw == 0, np.arange(90) == 4]).astype(float)
    sums = resampled_sums(columns, draw, rng)
    assert set(sums[:, 0]) == {0.0, 30.0, 60.0, 90.0}  # draws come whole,
    assert set(sums[:, 1]) > {0.0, 1.0, 2.0}  # replicates within them do not
    without_draws = resampled_sums(columns, np.zeros_like(draw), rng)
    assert set(without_draws[:, 0]) > {29.0, 30.0, 31.0}  # the fault would show


def test_resampled_sums_vary_as_two_level_theory_says(rng):
    draw = np.arange(400) % 8
    values = rng.normal(size=400) + rng.normal(size=8)[draw]
    sums = resampled_sums(values[:, None], draw, rng)[:, 0]
    means = np.array([values[draw == d].mean() for d in range(8)])
    within = np.mean([values[draw == d].var() for d in range(8)])
    expected = np.sqrt(means.var() / 8 + within / 400)
    # the standard deviation of 2,000 resamples has a relative error of 1 / sqrt(2 * 2000)
    assert sums.std() / 400 == pytest.approx(expected, rel=3 / np.sqrt(4000))


def test_blocks_vary_as_their_replicates(rng, monkeypatch):
    draw, values = np.arange(1000) % 4, rng.gamma(1, 1, (1000, 1))
    plain = resampled_sums(values, draw, rng)
    monkeypatch.setattr(intervals, "MOST_BLOCKS", 300)
    blocks = resampled_sums(values, draw, rng)
    # 250 runs of a draw in blocks of 4 make 63 blocks, the last of 2
    assert blocks.mean() == pytest.approx(values.sum(), rel=3 * plain.std() / plain.mean() / 44)
    # besides the resamples' luck, 1/sqrt(4000) in each, 252 blocks have 1/sqrt(504) of their own
    assert blocks.std() / plain.std() == pytest.approx(1, abs=3 * np.sqrt(2 / 4000 + 1 / 504))


def test_resampled_columns_stay_paired(rng):
    values = rng.random(50)
    sums = resampled_sums(np.column_stack([values, 3 * values]), np.arange(50) % 5, rng)
    assert sums[:, 1] == pytest.approx(3 * sums[:, 0])


def ratio(a, b, draw, rng, comparisons=1):
    return ratio_interval(
        a, b, draw, resampled_sums(np.column_stack([a, b]), draw, rng), comparisons
    )


@pytest.mark.parametrize("draws", [1, 10])
def test_ratio_agrees_with_fieller_where_both_means_are_known_well(rng, draws):
    draw = np.arange(600) % draws
    a, b = rng.gamma(20, 1, 600) * 1.3, rng.gamma(20, 1, 600)
    found = ratio(a, b, draw, rng)
    fieller = [r for r in np.linspace(1.1, 1.5, 2001) if _holds_zero(a - r * b, draw)]
    # the ends are quantiles of 2,000 resamples, each off by 0.0035 / density(1.96) = 0.06 errors
    tolerance = 3 * 0.06 * (fieller[-1] - fieller[0]) / 4
    assert ends(found) == pytest.approx((fieller[0], fieller[-1]), abs=tolerance)


def _holds_zero(values, draw):
    low, high = ends(mean_interval(values, draw))
    return low <= 0 <= high


def test_unpaired_resampling_would_widen_the_ratio(rng):
    luck = rng.gamma(1, 10, 400)
    draw = np.zeros(400, np.int64)
    a, b = 2 * luck + rng.random(400), luck + rng.random(400)
    paired, unpaired = ratio(a, b, draw, rng), ratio(a, rng.permutation(b), draw, rng)
    assert (paired.high - paired.low) * 5 < unpaired.high - unpaired.low


def test_ratio_of_nothing_and_of_constants(rng):
    draw = np.zeros(50, np.int64)
    assert ratio(np.zeros(50), np.ones(50), draw, rng) == Interval(0.0, 0.0, 0.0)
    assert ratio(np.full(50, 6.0), np.full(50, 2.0), draw, rng) == Interval(3.0, 3.0, 3.0)
    assert ratio(np.array([6.0]), np.array([2.0]), draw[:1], rng) == Interval(3.0)


def test_a_ratio_that_resampling_cannot_bound_is_left_out(rng):
    a, b = np.ones(50), np.zeros(50)
    b[0] = 1.0  # a third of the resamples have nothing below the line
    assert ratio(a, b, np.zeros(50, np.int64), rng) == Interval()


def test_more_comparisons_widen_every_interval(rng):
    a, b, draw = rng.gamma(2, 1, 200), rng.gamma(2, 1, 200), np.zeros(200, np.int64)
    for interval in (
        lambda k: mean_interval(a, draw, k),
        lambda k: chance_interval((a > b).astype(float), draw, k),
        lambda k: ratio(a, b, draw, np.random.default_rng(1), k),
    ):
        one, five = interval(1), interval(5)
        assert five.low < one.low < one.high < five.high
