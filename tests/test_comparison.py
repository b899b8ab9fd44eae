"""Comparisons on tables small enough to check by hand, and on luck that is known."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from propagation.experiment.cautions import cautions
from propagation.experiment.comparison import summarise, unpaired_chance, variance_ratio
from propagation.experiment.intervals import mean_interval
from propagation.experiment.summary import Standing
from propagation.experiment.tails import top_share
from propagation.problems import InputError

GIVEN = dict(
    metric="relevant_reach",
    baseline="broad",
    matters=0.05,
    seed=2011,
    real_graph=False,
    decision="",
)


def table(replicates=400, *, lift=2.0, draws=1, spread=0.0, strategies=("narrow", "broad"), seed=1):
    """Return runs in which all strategies share the replicate's luck, and each draw's."""
    rng = np.random.default_rng(seed)
    draw = np.arange(replicates) % draws
    world = rng.gamma(4, 25, replicates) * np.exp(spread * rng.standard_normal(draws))[draw]
    runs = {}
    for name in strategies:
        factor = 1.0 if name == "broad" else lift
        reach = factor * world * rng.gamma(100, 0.01, replicates)
        runs[name] = {"relevant_reach": reach, "reach": reach + 5, "time_to_half": reach / 50}
    return runs, draw


def only(summary, strategy="narrow", metric="relevant_reach"):
    [found] = [d for d in summary.differences if (d.strategy, d.metric) == (strategy, metric)]
    return found


def test_a_table_worked_by_hand():
    runs = {
        "narrow": {"relevant_reach": np.array([14.0, 16.0, 18.0, 12.0])},
        "broad": {"relevant_reach": np.array([11.0, 16.0, 15.0, 14.0])},
    }
    summary = summarise(runs, np.zeros(4, np.int64), **GIVEN)
    found = only(summary)
    assert found.difference.mean == pytest.approx(1.0)  # 3, 0, 3, -2
    assert found.ratio.mean == pytest.approx(60 / 56)
    assert found.probability_better.mean == pytest.approx(2.5 / 4)
    # 14 against 16, 15, 14; 16 against 11, 15, 14; 18 against 11, 16, 14; 12 against 11, 16, 15
    wins = (0 + 0 + 0.5) + (1 + 1 + 1) + (1 + 1 + 1) + (1 + 0 + 0)
    assert found.probability_better_unpaired == pytest.approx(wins / 12)
    # populations' variances: differences 4.5, narrow 5, broad 3.5
    assert found.variance_ratio == pytest.approx(4.5 / 8.5)
    assert found.ties == 1 / 4
    outcome = summary.strategies["narrow"]["relevant_reach"]
    assert (outcome.mean, outcome.median, outcome.defined) == (15.0, 15.0, 4)
    assert (outcome.p10, outcome.p90) == pytest.approx((12.6, 17.4))


def test_summary_is_the_documented_json():
    runs, draw = table(draws=10)
    runs["narrow"]["time_to_half"][:390] = np.nan
    runs["broad"]["time_to_half"][:] = np.nan
    kept = json.loads(json.dumps(summarise(runs, draw, **GIVEN).as_dict(), allow_nan=False))
    keys = ["metric", "baseline", "strategies", "differences", "at_least", "verdict"]
    keys += ["warnings"]
    assert list(kept) == keys
    outcome = kept["strategies"]["narrow"]["relevant_reach"]
    assert list(outcome) == ["mean", "low", "high", "median", "p10", "p90", "defined", "heavy"]
    assert list(kept["differences"][0]) == [
        *("strategy", "baseline", "metric", "difference", "ratio", "probability_better"),
        *("probability_better_unpaired", "variance_ratio", "replicates"),
    ]
    for name in ("difference", "ratio", "probability_better"):
        assert list(kept["differences"][0][name]) == ["mean", "low", "high"]
    undefined = kept["strategies"]["broad"]["time_to_half"]
    assert undefined.pop("defined") == 0
    assert undefined.pop("heavy") is False
    assert set(undefined.values()) == {None}
    time = kept["differences"][2]
    assert (time["metric"], time["replicates"], time["ratio"]) == ("time_to_half", 0, None)


def test_pairing_sees_what_unpaired_runs_hide():
    runs, draw = table(lift=1.05)
    paired = only(summarise(runs, draw, **GIVEN))
    assert paired.standing is Standing.BETTER
    assert paired.variance_ratio < 0.1
    assert paired.probability_better.low > 0.55
    # the planted fault: the same runs, no longer in the same worlds
    shuffled = np.random.default_rng(2).permutation(len(draw))
    runs["broad"] = {name: values[shuffled] for name, values in runs["broad"].items()}
    broken = only(summarise(runs, draw, **GIVEN))
    assert broken.standing is Standing.UNSETTLED
    assert broken.difference.mean == pytest.approx(paired.difference.mean)
    assert broken.variance_ratio == pytest.approx(1, abs=0.2)
    assert broken.probability_better.low < 0.5
    # only pairs of one replicate are left out, so the unpaired chance does not care
    assert broken.probability_better_unpaired == pytest.approx(
        paired.probability_better_unpaired, abs=1 / 400
    )


def test_ignoring_draws_would_narrow_every_interval():
    runs, draw = table(draws=10, spread=0.5)
    for name in runs["broad"]:  # the strategies react to the draws in opposite ways
        runs["broad"][name] = 1e4 / runs["broad"][name]
    right = only(summarise(runs, draw, **GIVEN))
    wrong = only(summarise(runs, np.zeros_like(draw), **GIVEN))
    for name in ("difference", "ratio", "probability_better"):
        wide, narrow = getattr(right, name), getattr(wrong, name)
        assert wide.mean == narrow.mean
        assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_lower_is_better_for_times():
    runs, draw = table(lift=2.0)
    summary = summarise(runs, draw, **GIVEN)
    reach, time = only(summary), only(summary, metric="time_to_half")
    assert (reach.standing, time.standing) == (Standing.BETTER, Standing.WORSE)
    assert time.probability_better.mean == pytest.approx(1 - reach.probability_better.mean)
    assert time.probability_better_unpaired == pytest.approx(1 - reach.probability_better_unpaired)
    assert time.difference.mean > 0


@pytest.mark.parametrize(
    ("lift", "standing"),
    [(1.3, "BETTER"), (0.8, "WORSE"), (1.01, "SAME"), (1.0, "SAME")],
)
def test_standing_follows_the_interval_and_the_margin(lift, standing):
    runs, draw = table(lift=lift, replicates=1000)
    assert only(summarise(runs, draw, **GIVEN)).standing is Standing[standing]


def test_without_a_margin_a_small_difference_counts_and_none_is_unsettled():
    runs, draw = table(lift=1.02, replicates=4000)
    strict = GIVEN | {"matters": 0.0}
    assert only(summarise(runs, draw, **strict)).standing is Standing.BETTER
    runs, draw = table(lift=1.0, replicates=4000)
    assert only(summarise(runs, draw, **strict)).standing is Standing.UNSETTLED
    runs["broad"] = runs["narrow"]
    assert only(summarise(runs, draw, **strict)).standing is Standing.SAME


def test_differences_hold_together():
    tables, names = 1000, ("a", "b", "c", "d", "e")
    together = one_by_one = 0
    for seed in range(tables):
        runs, draw = table(60, lift=1.0, strategies=(*names, "broad"), seed=seed)
        gains = [runs[name]["reach"] - runs["broad"]["reach"] for name in names]
        together += all(_holds_zero(mean_interval(gain, draw, 5)) for gain in gains)
        one_by_one += all(_holds_zero(mean_interval(gain, draw, 1)) for gain in gains)
    luck = 3 * np.sqrt(0.95 * 0.05 / tables)
    assert together / tables >= 0.95 - luck
    assert one_by_one / tables < 0.95 - luck  # the fault: each difference by itself
    found = only(summarise(runs, draw, **GIVEN), "a", "reach")
    assert found.difference == mean_interval(gains[0], draw, 5)


def _holds_zero(found):
    return found.low <= 0 <= found.high


def test_undefined_runs_are_counted_and_paired_out():
    runs, draw = table()
    runs["narrow"]["relevant_reach"][:50] = np.nan
    runs["broad"]["relevant_reach"][40:70] = np.nan
    summary = summarise(runs, draw, **GIVEN)
    assert summary.strategies["narrow"]["relevant_reach"].defined == 350
    assert only(summary).replicates == 400 - 70
    kept = slice(70, None)
    cut = {s: {m: v[kept] for m, v in metrics.items()} for s, metrics in runs.items()}
    expected = only(summarise(cut, draw[kept], **GIVEN))
    assert only(summary).difference == expected.difference
    assert only(summary).ratio.mean == pytest.approx(expected.ratio.mean)
    assert any("350 of 400" in warning for warning in summary.warnings)


def test_no_ratio_to_what_may_be_nothing():
    runs, draw = table(draws=10)
    runs["broad"]["relevant_reach"] = np.where(draw == 3, 50.0, 0.0)
    summary = summarise(runs, draw, **GIVEN)
    assert summary.strategies["broad"]["relevant_reach"].low == 0.0
    assert only(summary).as_dict()["ratio"] is None
    assert only(summary, metric="reach").as_dict()["ratio"] is not None


def test_numbers_depend_on_the_seed_only_and_on_no_other_column():
    runs, draw = table(strategies=("narrow", "other", "broad"))
    expected = summarise(runs, draw, **GIVEN)
    assert summarise(runs, draw, **GIVEN) == expected
    turned = {s: dict(reversed(runs[s].items())) for s in reversed(runs)}
    assert only(summarise(turned, draw, **GIVEN)) == only(expected)
    reseeded = only(summarise(runs, draw, **GIVEN | {"seed": 2012}))
    assert reseeded.difference == only(expected).difference
    assert reseeded.ratio != only(expected).ratio
    assert reseeded.ratio.low == pytest.approx(only(expected).ratio.low, rel=0.01)


def test_one_strategy_and_one_replicate_are_enough():
    runs, draw = table(strategies=("broad",))
    alone = summarise(runs, draw, **GIVEN)
    assert alone.differences == ()
    assert len(alone.strategies) == 1
    runs, draw = table(1)
    single = summarise(runs, draw, **GIVEN)
    assert json.dumps(single.as_dict(), allow_nan=False)
    assert single.strategies["broad"]["reach"].low is None
    assert only(single).standing is Standing.UNSETTLED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baseline": "brod"}, "compare.baseline: 'brod' is not one of: narrow, broad. Did you"),
        ({"metric": "relevant_reech"}, "compare.on: 'relevant_reech' is not one of"),
    ],
)
def test_unknown_names_are_problems(change, message):
    runs, draw = table(10)
    with pytest.raises(InputError, match=message):
        summarise(runs, draw, **GIVEN | change)


def test_ragged_runs_are_problems():
    runs, draw = table(10)
    with pytest.raises(InputError, match="one value for each replicate"):
        summarise(runs, draw[:9], **GIVEN)
    del runs["broad"]["reach"]
    with pytest.raises(InputError, match="the same metrics"):
        summarise(runs, draw, **GIVEN)


values = st.one_of(st.integers(0, 5).map(float), st.just(float("nan")))


@given(st.lists(st.tuples(values, values), max_size=12))
def test_unpaired_chance_counts_every_pair_of_different_replicates(rows):
    ours, theirs = np.array(rows).reshape(-1, 2).T
    kept = [(a, b) for a, b in rows if np.isfinite(a + b)]
    pairs = [
        (a > b) + (a == b) / 2
        for i, (a, _) in enumerate(kept)
        for j, (_, b) in enumerate(kept)
        if i != j
    ]
    expected = pytest.approx(np.mean(pairs)) if pairs else None
    assert unpaired_chance(ours, theirs) == expected


def test_variance_ratio_of_constants_is_undefined():
    assert variance_ratio(np.ones(5), np.ones(5)) is None
    assert variance_ratio(np.arange(5.0), np.arange(5.0)) == 0
    assert variance_ratio(np.arange(5.0), -np.arange(5.0)) == pytest.approx(2)


def test_top_share():
    assert top_share(np.ones(200)) == pytest.approx(0.01)
    assert top_share(np.append(np.zeros(199), 3.0)) == 1.0
    assert top_share(np.append(np.ones(199), np.nan)) == pytest.approx(1 / 199)
    assert top_share(np.zeros(200)) == 0.0


def test_warnings_say_what_keeps_the_runs_from_supporting_the_statement():
    def said(replicates, draws, tail=1.0):
        runs, draw = table(replicates, draws=draws)
        runs["narrow"]["reach"][-1] *= tail
        return list(cautions(runs, draw, "relevant_reach", {}))

    assert said(100, 1) == said(100, 5) == []
    assert said(99, 1)[0].startswith("Only 99 replicates: too few")
    assert said(100, 4)[0].startswith("Only 4 draws")
    [heavy] = said(400, 1, tail=1000.0)
    assert heavy.startswith("Heavy tails in narrow")
    assert "raw reach" in heavy
    assert "relevant reach" not in heavy
