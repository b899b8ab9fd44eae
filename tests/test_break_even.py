"""Where two strategies tie: known ties found, intervals that hold them, and no tie at all."""

import numpy as np
import pytest
from tie_coverage import (
    HIGH,
    LOW,
    SMALL,
    Cascades,
    Few,
    Giants,
    binomial_limits,
    by_each_replicate,
    cascades,
    coverage,
    ignoring_draws,
    search,
)

from propagation.exploration.break_even import Kind, find_tie
from propagation.exploration.looks import By
from propagation.exploration.roots import Axis, root_between, root_from

# --- roots -------------------------------------------------------------------------------------


@pytest.mark.parametrize("log", [True, False])
def test_roots_are_found_and_in_few_looks(log):
    axis, looked = Axis(1, 1000, log, whole=False), []

    def lead(value):
        looked.append(value)
        return 40 - value**1.1

    found = root_between(lead, axis, 1, 1000, 1e-6)
    assert found == pytest.approx(40 ** (1 / 1.1), rel=1e-5)
    assert len(looked) < 20  # bisection alone would need 30


def test_whole_numbers_are_told_apart_to_neighbours_and_interpolated_between():
    axis, looked = Axis(1, 1000, log=True, whole=True), []

    def lead(value):
        looked.append(value)
        return 7.3 - value

    assert root_between(lead, axis, 1, 1000, 1e-9) == pytest.approx(7.3)
    assert all(value == int(value) for value in looked)


@pytest.mark.parametrize("start", [3.0, 50.0, 900.0])
def test_a_root_is_sought_from_anywhere_and_not_beyond_limits(start):
    axis = Axis(1, 1000, log=True, whole=True)
    assert root_from(lambda x: 40.5 - x, axis, start, 0.1, (1, 1000), 1e-9) == pytest.approx(40.5)
    assert root_from(lambda x: 40.5 - x, axis, start, 0.1, (1, 1000), 1e-9) is not None
    assert root_from(lambda x: -1.0 - x, axis, start, 0.1, (1, 1000), 1e-9) is None
    assert root_from(lambda x: 2000.0 - x, axis, start, 0.1, (1, 1000), 1e-9) is None


# --- known ties --------------------------------------------------------------------------------


def steady(lead, noise=1.0, draws=1, between=0.0, seed=5):
    """Return a pair whose other strategy has ``lead(x)`` less than the one, in the mean."""
    rng = np.random.default_rng(seed)
    luck, worlds = rng.standard_normal((2, 100_000)), between * rng.standard_normal(draws)

    def pair(value, replicates):
        one = 100 + noise * luck[0, replicates.start : replicates.stop]
        one = one + worlds[np.asarray(replicates) % draws]
        other = one - lead(value) + noise * luck[1, replicates.start : replicates.stop]
        return one, other

    return pair, lambda replicates: np.asarray(replicates) % draws


def tie_of(lead, *, low=1.0, high=1000.0, **how):
    noise = {each: how.pop(each) for each in ("noise", "draws", "between") if each in how}
    asked = {"whole": False, "log": True, "within": 0.05, "at_most": 2000, **how}
    return find_tie(*steady(lead, **noise), low, high, **asked)


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_tie_and_its_interval_are_where_the_paired_test_says(log, whole, sign):
    # the mean luck m and its interval are the same at all values, so the tie is at 300 - 20 m
    # and the ends are where the interval's ends say
    tie = tie_of(lambda x: sign * (300 - x) / 20, log=log, whole=whole)
    pair, _ = steady(lambda x: sign * (300 - x) / 20)
    ends = [pair(300, range(tie.replicates))[i] for i in (0, 1)]
    m, error = np.mean(ends[1] - ends[0]), np.std(ends[1] - ends[0], ddof=1)
    half = 1.97 * error / np.sqrt(tie.replicates) * 20
    assert tie.kind is Kind.TIE
    assert tie.value == pytest.approx(300 - sign * 20 * m, abs=0.1)
    assert tie.high - tie.low == pytest.approx(2 * half, rel=0.03)
    assert tie.crossings[0].falls == (sign > 0)
    assert tie.precise


def test_less_is_better_changes_who_is_ahead_and_not_where_the_tie_is():
    more = tie_of(lambda x: (300 - x) / 20)
    less = tie_of(lambda x: (300 - x) / 20, lower_is_better=True)
    assert less.value == pytest.approx(more.value, rel=1e-3)
    assert [more.ahead(more.evaluated[i]) for i in (0, -1)] == [1, -1]
    assert [less.ahead(less.evaluated[i]) for i in (0, -1)] == [-1, 1]
    assert less.crossings[0].falls is not more.crossings[0].falls


def test_the_smallest_whole_number_may_tie():
    tie = tie_of(lambda x: 1.4 - x, noise=0.01, whole=True, high=10.0)
    assert tie.value == pytest.approx(1.4, abs=0.01)


def test_replicates_are_as_many_as_the_width_needs():
    # error 1 at slope 1/20: within 5% of 300 needs (1.96 * 20 / 15)**2 = 7, a pilot is plenty
    assert tie_of(lambda x: (300 - x) / 20).replicates == 200
    # noise of 20 at 300: half width 15 needs (1.96 * 20 * 20 / 15)**2 = 2,732
    found = tie_of(lambda x: (300 - x) / 20, noise=20.0, at_most=20_000)
    assert 2_300 < found.replicates < 3_900
    assert found.precise
    short = tie_of(lambda x: (300 - x) / 20, noise=20.0, at_most=500)
    assert (short.replicates, short.precise, short.limited) == (500, False, False)


def test_draws_that_differ_stop_it_early():
    lead = [(300 - 100 * z) / 20 for z in (1, -1, 2, -2)]  # by draw, at x = 0

    def pair(value, replicates):
        draw = np.asarray(replicates) % 4
        rng = np.random.default_rng(replicates.start)
        return np.array(lead)[draw] - value / 20 + rng.standard_normal(len(draw)), np.zeros(
            len(draw)
        )

    tie = find_tie(
        pair,
        lambda replicates: np.asarray(replicates) % 4,
        *(1, 10_000),
        whole=False,
        log=False,
        within=0.05,
        at_most=20_000,
    )
    assert tie.limited
    assert not tie.precise
    assert tie.replicates < 1000
    assert tie.draws == 4


# --- what is beyond, and what is not one tie ----------------------------------------------------


def test_one_may_be_ahead_throughout():
    tie = tie_of(lambda x: 5 + x / 100)
    assert tie.kind is Kind.NEVER
    assert (tie.value, tie.low, tie.high) == (None, None, None)
    assert {tie.ahead(each) for each in tie.evaluated} == {1}
    assert {tie.ahead(each) for each in tie_of(lambda x: -5 - x / 100).evaluated} == {-1}


def test_a_tie_beyond_the_range_is_bounded_by_what_was_seen():
    # 0.3 errors from a tie at the high end: where the lower limit is 0 it begins
    tie = tie_of(lambda x: (1010 - x) / 400, noise=1.0, at_most=200)
    assert tie.kind is Kind.BEYOND
    assert tie.value is None
    assert tie.high is None
    assert 850 < tie.low < 1000
    luck = np.subtract(*steady(lambda x: 0.0, noise=0.1)[0](1, range(200))).mean()
    tie = tie_of(lambda x: (0.5 - x) / 100 - luck, noise=0.1, at_most=200)
    assert (tie.kind, tie.value, tie.low) == (Kind.BEYOND, None, None)
    assert 1 < tie.high < 3


def test_a_tie_near_the_end_of_the_range_has_one_open_end():
    tie = tie_of(lambda x: (980 - x) / 400, at_most=200)
    assert tie.kind is Kind.TIE
    assert tie.high is None
    assert 700 < tie.low < tie.value < 1000


def test_strategies_that_differ_nowhere_are_not_settled():
    assert tie_of(lambda x: 0.0, at_most=400).kind is Kind.UNSETTLED
    pair = lambda x, r: (np.ones(len(r)), np.ones(len(r)))  # noqa: E731
    same = find_tie(
        *(pair, lambda r: np.zeros(len(r), np.int64), 1, 10),
        whole=True,
        log=False,
        within=0.05,
        at_most=400,
    )
    assert same.kind is Kind.UNSETTLED
    assert same.value is None


def test_several_ties_are_all_told():
    tie = tie_of(lambda x: np.cos(np.log(x)), noise=0.1)  # 1 to 1000: falls, rises at 1.5 pi
    assert tie.kind is Kind.SEVERAL
    assert tie.value is None
    ties = [each.value for each in tie.crossings]
    assert ties == pytest.approx([np.exp(np.pi / 2), np.exp(3 * np.pi / 2)], rel=0.02)
    assert [each.falls for each in tie.crossings] == [True, False]
    assert all(each.low < each.value < each.high for each in tie.crossings)


def test_a_wobble_within_the_noise_is_one_tie():
    tie = tie_of(lambda x: (300 - x) / 20 + 0.02 * np.sin(x), noise=3.0)
    assert tie.kind is Kind.TIE


def test_where_the_metric_is_undefined_it_is_said_or_left_out():
    pair, draw = steady(lambda x: (300 - x) / 20)

    def partly(value, replicates):
        one, other = pair(value, replicates)
        return one, np.where((value > 20) & (np.asarray(replicates) % 3 > 0), other, np.nan)

    how = {"whole": False, "log": True, "within": 0.05, "at_most": 2000}
    tie = find_tie(partly, draw, 1, 1000, **how)
    assert tie.value == pytest.approx(300, rel=0.05)
    nothing = find_tie(lambda x, r: (pair(x, r)[0], np.full(len(r), np.nan)), draw, 1, 1000, **how)
    assert nothing.kind is Kind.UNDEFINED


@pytest.mark.parametrize("at_most", [1, 2, 3])
def test_very_few_replicates_claim_little(at_most):
    tie = tie_of(lambda x: (300 - x) / 20, at_most=at_most)
    assert tie.replicates == at_most
    if at_most == 1:
        assert tie.kind is Kind.UNSETTLED
        assert (tie.low, tie.high) == (None, None)


def test_under_heavy_tails_the_tie_is_one_of_chances_and_means_have_no_intervals():
    tie = search(Giants(np.random.default_rng(3)), at_most=1500)
    assert tie.by is By.CHANCES
    assert tie.low < 5000 < tie.high
    assert all(each.one.low is None and each.better.low is not None for each in tie.evaluated)
    assert tie.evaluated[0].heavy


def test_tails_that_only_theory_knows_of_count_too():
    tie = find_tie(
        *steady(lambda x: (300 - x) / 20),
        *(1, 1000),
        whole=False,
        log=True,
        within=0.05,
        at_most=400,
        heavy=lambda value, one, other, draw: value > 250,
    )
    assert tie.by is By.CHANCES


# --- coverage ----------------------------------------------------------------------------------

REPETITIONS = 250


def covers(held, repetitions=REPETITIONS):
    """Whether a coverage is one that 93% to 97% leads to, but for 1 in 1,000."""
    low, _ = binomial_limits(0.93, repetitions, 0.002)
    _, high = binomial_limits(0.97, repetitions, 0.002)
    return low <= held <= high


@pytest.mark.parametrize("model", [cascades(**SMALL), Few, Giants])
def test_the_interval_holds_the_tie_as_often_as_it_says(model):
    held, _, _ = coverage(model, REPETITIONS, at_most=200)
    assert covers(held)


def test_few_draws_are_covered_at_least():
    model = cascades(**SMALL, draws=4, spread=0.2)
    held, _, _ = coverage(model, 100, at_most=200)
    assert held >= binomial_limits(0.93, 100, 0.002)[0]


def test_an_interval_that_ignores_draws_fails_the_check():
    model = cascades(**SMALL, draws=10, spread=0.5)
    held, _, _ = coverage(model, 50, ignoring_draws, replicates=200)
    assert not covers(held, 50)
    assert held < 0.85


def test_the_spread_of_single_replicates_ties_fails_the_check():
    held, _, width = coverage(cascades(**SMALL), 250, by_each_replicate, replicates=20)
    assert not covers(held, 250)  # it holds the tie always, being far too wide
    assert width > 0.5


def test_the_range_of_the_models_is_what_the_table_says():
    assert Cascades(np.random.default_rng(1)).truth == pytest.approx(27_500)
    assert LOW < Giants.truth < HIGH
