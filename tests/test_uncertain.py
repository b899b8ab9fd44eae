"""Over what is uncertain: the design, ranges, noise, and what the answer hangs on."""

import numpy as np
import pytest

from propagation.exploration import sensitivity
from propagation.exploration.sensitivity import indices_of
from propagation.exploration.uncertain import design_of, effects_of, over

PATHS = ("a", "b", "c")


def ishigami(parts, a=7.0, b=0.1):
    x = np.pi * (2 * parts.T - 1)
    return np.sin(x[0]) + a * np.sin(x[1]) ** 2 + b * x[2] ** 4 * np.sin(x[0])


def ishigami_indices(a=7.0, b=0.1):
    """Return first and total indices in closed form (Ishigami & Homma, 1990)."""
    eighth, fourth = b**2 * np.pi**8, b * np.pi**4
    variance = a**2 / 8 + fourth / 5 + eighth / 18 + 0.5
    first = np.array([0.5 * (1 + fourth / 5) ** 2, a**2 / 8, 0.0]) / variance
    between = 8 * eighth / 225 / variance
    return first, first + np.array([between, 0, between])


def found_in(points, seed=1, order=(0, 1, 2)):
    design = design_of(3, points, seed)
    found = indices_of(ishigami(design.parts[:, order]), PATHS, seed)
    return np.array([[each.first, each.total] for each in found]).T, found


# --- the design --------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_the_design_is_saltellis(inputs):
    design = design_of(inputs, 8, seed=5)
    assert design.parts.shape == (8 * (inputs + 2), inputs)
    rows = {name: design.parts[np.array(design.matrix) == name] for name in set(design.matrix)}
    assert set(rows) == {"A", "B", *(f"AB_{k}" for k in range(inputs))}
    for k in range(inputs):
        others = [i for i in range(inputs) if i != k]
        np.testing.assert_array_equal(rows[f"AB_{k}"][:, k], rows["B"][:, k])
        np.testing.assert_array_equal(rows[f"AB_{k}"][:, others], rows["A"][:, others])
    assert design.fills.sum() == 16
    for name in "AB":  # one point in each eighth of every range: a Sobol sequence
        assert {*np.floor(8 * rows[name].T[0]).astype(int)} == set(range(8))


def test_the_seed_decides_the_points():
    assert np.array_equal(design_of(2, 8, 5).parts, design_of(2, 8, 5).parts)
    assert not np.array_equal(design_of(2, 8, 5).parts, design_of(2, 8, 6).parts)


# --- what it hangs on --------------------------------------------------------------------------


def test_indices_are_those_of_the_closed_form():
    measured, _ = found_in(1024)
    np.testing.assert_allclose(measured, ishigami_indices(), atol=0.05)
    # the planted fault: the inputs of the model in another order than those of the design
    mislabelled, _ = found_in(1024, order=(1, 2, 0))
    assert np.abs(mislabelled - ishigami_indices()).max() > 0.2


def test_their_intervals_hold_the_truth_about_as_often_as_they_say():
    truth = np.array(ishigami_indices())
    held = []
    for seed in range(20):
        _, found = found_in(64, seed)
        low = np.array([[each.first_low, each.total_low] for each in found]).T
        high = np.array([[each.first_high, each.total_high] for each in found]).T
        held.append((low <= truth) & (truth <= high))
    # Binomial: of 120 at least 100 with probability 0.999 were the chance 93%; they are not
    # independent, so this is a bound against gross error only
    assert np.mean(held) > 0.8


def test_one_input_alone_has_all():
    design = design_of(1, 64, seed=1)
    (found,) = indices_of(np.exp(design.parts[:, 0]), ("a",), 1)
    assert found.first == pytest.approx(1, abs=0.02)
    assert found.total == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("value", [0.0, 3.7])
def test_a_constant_hangs_on_nothing(value):
    assert indices_of(np.full(8 * 5, value), PATHS, 1) == ()
    assert indices_of(np.full(8 * 5, value) * (1 + 1e-15 * np.arange(40)), PATHS, 1) == ()


def test_nothing_is_told_where_the_answer_is_undefined():
    values = ishigami(design_of(3, 8, 1).parts)
    values[3] = np.nan
    assert indices_of(values, PATHS, 1) == ()


def test_indices_leave_the_global_generator_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    found_in(8)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


# --- ranges ------------------------------------------------------------------------------------


def world(points=64, replicates=200, draws=1, noise=0.3, common=True, slope=2.0, seed=3):
    """Return a design of two inputs and both strategies; the log ratio is slope x (input - 1/2)."""
    rng = np.random.default_rng(seed)
    design = design_of(2, points, seed)
    rows = len(design.matrix)
    luck = np.exp(noise * rng.standard_normal((2, 1 if common else rows, replicates)))
    effect = np.exp(slope * (design.parts[:, :1] - 0.5))
    other = 100 * luck[1] * np.ones((rows, 1))
    return design, 100 * effect * luck[0], other, np.arange(replicates) % draws


def told(design, one, other, draw, **how):
    found = effects_of(one, other, draw)
    indices = indices_of(found.values, ("a", "b"), 1)
    return over(
        found, design, indices, ("x", "y"), "reach", **{"lower_is_better": False, **how}
    ), found


def test_ranges_are_quantiles_over_the_points_that_fill():
    result, _ = told(*world(noise=0.0))
    # log ratios are uniform in (-1, 1): 5%, 50% and 95% at -0.9, 0 and 0.9; a Sobol sequence of
    # 128 points is within 2/128 of each quantile
    logs = np.log([result.low, result.median, result.high])
    np.testing.assert_allclose(logs, [-0.9, 0, 0.9], atol=2 * 2 / 128)
    assert result.ahead == pytest.approx(0.5, abs=2 / 128)
    assert -1 <= np.log(result.least) < np.log(result.low)
    assert np.log(result.high) < np.log(result.most) <= 1
    assert (result.noise, result.heavy, result.combinations) == (0.0, 0.0, 128)
    assert result.indices[0].first == pytest.approx(1, abs=0.05)
    assert result.indices[1].total == pytest.approx(0, abs=0.05)


def test_less_may_be_better():
    more, _ = told(*world(slope=2.0, seed=4, noise=0.0))
    design, one, other, draw = world(slope=2.0, seed=4, noise=0.0)
    less, _ = told(design, one, other, draw, lower_is_better=True)
    assert less.ahead == pytest.approx(1 - more.ahead)


@pytest.mark.parametrize("draws", [1, 4])
def test_noise_is_the_error_of_the_log_ratio(draws):
    design, one, other, draw = world(noise=0.3, draws=draws)
    _, found = told(design, one, other, draw)
    # delta method: each mean has a relative error of sqrt((exp(0.09) - 1) / 200)
    expected = np.sqrt(2 * np.expm1(0.09) / 200)
    # with one draw 5 standard errors of a standard deviation of 200; with 4 draws Student's 3
    # degrees of freedom let it be up to 3 times as large, and never below the replicates' own
    assert expected * 0.75 < found.noise[0] < expected * (1.25 if draws == 1 else 3)


def test_noise_that_all_points_share_does_not_widen_the_range():
    shared, _ = told(*world(noise=0.3, common=True))
    own, found = told(*world(noise=0.3, common=False))
    assert shared.noise < 1e-6
    # own luck at each point: 2 (exp(0.09) - 1) / 200 over the variance 4 / 12 of the log ratio
    assert own.noise == pytest.approx(2 * np.expm1(0.09) / 200 * 3, rel=0.15)
    assert found.noise_apart == pytest.approx(found.noise, rel=0.2)


def test_noise_alone_is_said_to_be_noise():
    result, _ = told(*world(noise=0.3, common=False, slope=0.0))
    assert result.noise > 0.8


def test_where_a_mean_may_be_0_differences_are_told():
    design, one, other, draw = world(noise=0.0)
    one[design.parts[:, 0] < 0.2] = 0.0
    result, found = told(design, one, other, draw)
    assert not found.is_ratio
    assert result.least == pytest.approx(-100)
    assert result.as_dict()["of"] == "difference"


def test_two_worlds_are_enough_for_a_ratio():
    # Student's interval of a mean over two worlds reaches far below 0; the mean itself does not
    _, found = told(*world(noise=0.3, draws=2))
    assert found.is_ratio


def test_undefined_runs_do_not_count_and_undefined_points_are_left_out():
    design, one, other, draw = world(noise=0.0)
    one[:, 3] = np.nan
    whole, found = told(design, one, other, draw)
    assert np.isfinite(found.values).all()
    one[np.flatnonzero(design.fills)[:5]] = np.nan
    some, found = told(design, one, other, draw)
    assert (whole.combinations, some.combinations) == (128, 123)
    assert some.indices == ()
    nothing, _ = told(design, np.full_like(one, np.nan), other, draw)
    assert nothing is None


def test_heavy_tails_are_counted():
    design, one, other, draw = world(noise=0.1)
    one[0, 0] = 1e6
    result, _ = told(design, one, other, draw)
    assert result.heavy == pytest.approx(1 / 128)


def test_salib_is_imported_where_it_is_used():
    import subprocess
    import sys

    code = (
        "import sys, propagation.exploration.uncertain, propagation.exploration.sensitivity\n"
        "assert 'SALib' not in sys.modules and 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert sensitivity.RESAMPLES == 1000
