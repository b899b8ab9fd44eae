"""Why: the factors of a ratio, their product, their intervals, and where there are none."""

from pathlib import Path

import numpy as np
import pytest
from tie_coverage import binomial_limits
from varied import small

from propagation.experiment import intervals
from propagation.experiment.replicates import Laboratory
from propagation.experiment.tails import is_heavy
from propagation.exploration.decomposition import (
    ALL_ELSE,
    AMPLIFICATION,
    ENDLESS,
    ENGAGEMENT,
    HEAD_COUNT,
    OVERLAP,
    VALUE,
    columns_of,
    why,
    why_of,
)
from propagation.spread.theory import Parts


def parts(followers, first, shares, reach):
    return Parts(followers, first, shares, {"reach": reach}, {})


def both(draws=4, replicates=400, seed=1, spread=0.2, overlap=(0.9, 0.8), noise=0.5):
    """Return columns of two strategies whose true factors are 1/40, 20, 2.5, 1 and 9/8."""
    rng = np.random.default_rng(seed)
    draw = np.arange(replicates) % draws
    found = []
    for share, (n, p, more, each) in zip(
        overlap, ((500, 0.02, 2.5, 50), (20_000, 0.001, 1.0, 50)), strict=True
    ):
        worlds = np.exp(spread * rng.standard_normal(draws) - spread**2 / 2)
        drawn = [
            parts(n, n * p, n * p * more * w, n * p * more * w * each) for w in worlds.tolist()
        ]
        means = share * np.array([each.expected["reach"] for each in drawn])[draw]
        luck = rng.gamma(noise**-2, noise**2, replicates)
        found.append(columns_of(drawn, "reach", means * luck, draw))
    return (*found, draw)


def factors(found):
    return {each.name: each for each in found.factors}


def told(ours, theirs, draw, *, heavy=False):
    return why(ours, theirs, draw, ("a", "b"), "reach", seed=7, heavy=heavy)


def test_the_product_of_the_factors_is_the_simulated_ratio_exactly():
    ours, theirs, draw = both()
    found = told(ours, theirs, draw)
    assert [each.name for each in found.factors] == [
        *(HEAD_COUNT, ENGAGEMENT, AMPLIFICATION, VALUE, OVERLAP)
    ]
    product = np.prod([each.value for each in found.factors])
    assert product == pytest.approx(ours[:, -1].mean() / theirs[:, -1].mean(), rel=1e-12)
    assert found.ratio.mean == pytest.approx(product, rel=1e-12)
    assert factors(found)[HEAD_COUNT].value == pytest.approx(500 / 20_000)
    assert factors(found)[ENGAGEMENT].value == pytest.approx(20)


def test_what_does_not_vary_has_no_interval_and_the_rest_has():
    found = factors(told(*both()))
    assert found[HEAD_COUNT].low is None
    assert found[ENGAGEMENT].low is None
    for name in (AMPLIFICATION, OVERLAP):
        assert found[name].low < found[name].value < found[name].high
    one_world = factors(told(*both(draws=1)))
    assert one_world[AMPLIFICATION].low is None
    assert one_world[OVERLAP].low is not None


def test_the_interval_of_overlap_holds_the_truth(monkeypatch):
    monkeypatch.setattr(intervals, "RESAMPLES", 300)
    held = 0
    for seed in range(100):
        found = factors(told(*both(draws=5, replicates=100, seed=seed)))[OVERLAP]
        held += found.low <= 9 / 8 <= found.high
    # the draws move M and M_b alike, so the ratio's error is that of the replicates
    assert held / 100 >= binomial_limits(0.93, 100)[0]


def test_what_varies_with_the_draws_is_paired_with_the_runs_in_them():
    ours, theirs, draw = both(draws=5, replicates=400)
    order = np.random.default_rng(1).permutation(len(draw))
    mixed = np.column_stack([ours[:, :4], ours[order, 4]])
    right, wrong = (factors(told(each, theirs, draw))[OVERLAP] for each in (ours, mixed))
    assert np.log(right.high / right.low) < 0.8 * np.log(wrong.high / wrong.low)


def test_without_an_end_of_generations_there_are_three_factors():
    ours, theirs, draw = both()
    ours[draw == 1, 2:4] = np.inf
    found = told(ours, theirs, draw)
    assert [each.name for each in found.factors] == [HEAD_COUNT, ENGAGEMENT, ALL_ELSE]
    assert np.prod([each.value for each in found.factors]) == pytest.approx(found.ratio.mean)
    assert found.note == ENDLESS


def test_heavy_tails_leave_what_was_simulated_without_interval():
    found = told(*both(), heavy=True)
    assert (found.ratio.low, factors(found)[OVERLAP].low) == (None, None)
    assert factors(found)[AMPLIFICATION].low is not None
    assert "heavy" in found.note


@pytest.mark.parametrize("column", range(5))
def test_nothing_is_told_of_nothing(column):
    ours, theirs, draw = both()
    theirs[:, column] = 0.0
    assert told(ours, theirs, draw) is None


def test_undefined_runs_do_not_count():
    ours, theirs, draw = both()
    ours[3, -1] = np.nan
    found = told(ours, theirs, draw)
    rest = np.arange(len(draw)) != 3
    assert found.ratio.mean == pytest.approx(ours[rest, -1].mean() / theirs[rest, -1].mean())


# --- of real runs ------------------------------------------------------------------------------


def runs_of(scenario, replicates):
    laboratory = Laboratory(scenario, Path())
    draw = np.arange(replicates) % scenario.draws
    runs = {name: {scenario.compare.on: np.empty(replicates)} for name in scenario.strategies}
    for each in range(scenario.draws):
        columns = laboratory.run(each, np.flatnonzero(draw == each).tolist()).runs
        for name, place, value in zip(
            *(columns["strategy"], columns["replicate"], columns[scenario.compare.on]), strict=True
        ):
            runs[name][scenario.compare.on][place] = value
    heavy = {name: is_heavy(each[scenario.compare.on], draw) for name, each in runs.items()}
    return laboratory, runs, draw, heavy


def test_on_real_runs_the_factors_are_what_the_scenario_says():
    scenario = small(**{"resonance: 0.3": "resonance: 0.2"})
    laboratory, runs, draw, heavy = runs_of(scenario, 200)
    (found,) = why_of(laboratory, runs, draw, heavy)
    assert (found.strategy, found.baseline, found.metric) == ("small", "large", "reach")
    by_name = factors(found)
    assert by_name[HEAD_COUNT].value == pytest.approx(60 / 500)
    assert by_name[ENGAGEMENT].value == pytest.approx(0.8 / 0.1)  # attention and resonance alike
    assert 0 < by_name[OVERLAP].value < 1.2  # a crowd of 300 is met twice sooner
    product = np.prod([each.value for each in found.factors])
    assert product == pytest.approx(runs["small"]["reach"].mean() / runs["large"]["reach"].mean())


@pytest.mark.parametrize(
    "replaced", [{"{on: reach": "{on: depth"}, {"0.3}": "0.3, response: {reinforced: [1, 2]}}"}]
)
def test_where_theory_says_nothing_there_is_no_decomposition(replaced):
    laboratory, runs, draw, heavy = runs_of(small(**replaced), 4)
    assert list(why_of(laboratory, runs, draw, heavy)) == []
