"""The verdict's sentences, from numbers chosen for them."""

import dataclasses

import numpy as np
import pytest

from propagation.experiment.comparison import summarise
from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import (
    PHRASES,
    counted,
    decimals,
    factor_with_interval,
    number,
    phrase,
    plural,
    roughly,
    share,
    with_interval,
)
from propagation.experiment.summary import Difference, Outcome, Standing
from propagation.experiment.verdict import verdict
from propagation.scenario.comparing import ALL_METRICS, COST_PER

SMALL, LARGE = "small and relevant", "large and random"
SETTINGS = {"matters": 0.05, "draws": 10, "real_graph": False, "decision": ""}


def outcome(mean, low, high, p10=0.0, p90=1.0):
    return Outcome(mean, low, high, (p10 + p90) / 2, p10, p90, 2000)


def difference(standing=Standing.BETTER, metric="relevant_reach", **changes):
    given = Difference(
        strategy=SMALL,
        baseline=LARGE,
        metric=metric,
        difference=Interval(1322.0, 1270.0, 1374.0),
        ratio=Interval(3.16, 3.05, 3.27),
        probability_better=Interval(0.97, 0.96, 0.98),
        probability_better_unpaired=0.9,
        variance_ratio=0.8,
        replicates=2000,
        of=2000,
        ours=Interval(1934.4, 1890.2, 1978.1),
        theirs=Interval(612.0, 598.0, 626.0),
        standing=standing,
        matters=True,
        ties=0.0,
        settling="",
    )
    return dataclasses.replace(given, **changes)


OUTCOMES = {
    SMALL: {"relevant_reach": outcome(1934.4, 1890.2, 1978.1, 911.0, 3104.0)},
    LARGE: {"relevant_reach": outcome(612.0, 598.0, 626.0, 498.0, 722.0)},
}


def said(*differences, outcomes=OUTCOMES, **changes):
    return verdict("relevant_reach", LARGE, outcomes, differences, **SETTINGS | changes)


def test_the_headline():
    assert said(difference(), decision="independent chances.") == (
        "small and relevant reaches 1,934 relevant accounts (1,890 to 1,978), "
        "large and random 612 (598 to 626): 3.16 times as many (3.05 to 3.27).",
        "In 97% (96% to 98%) of paired campaigns small and relevant did better.",
        "8 of 10 campaigns of small and relevant land between 911 and 3,104, "
        "of large and random between 498 and 722.",
        "This holds on average over 10 drawn graphs of this scenario.",
        "Decision rule in force: independent chances; under another the answer may differ.",
        "Ranges in brackets are 95% intervals of means, ratios and chances.",
    )


def test_means_are_those_of_the_runs_compared():
    headline = said(
        difference(
            replicates=47,
            ours=Interval(4.0, 3.5, 4.5),
            theirs=Interval(8.0, 7.0, 9.0),
            ratio=Interval(0.5, 0.4, 0.6),
        )
    )[0]
    assert headline == (
        "in the 47 of 2,000 runs in which both have one, small and relevant reaches "
        "4.00 relevant accounts (3.50 to 4.50), large and random 8.0 (7.0 to 9.0): "
        "50% as many (40% to 60%)."
    )


def test_chances_next_to_certainty_are_said_once():
    nearly = difference(probability_better=Interval(0.9991, 0.998, 0.9999))
    assert "In over 99% of paired campaigns small and relevant did better." in said(nearly)
    certain = difference(probability_better=Interval(1.0, 0.999, 1.0))
    assert any("In 100% (over 99% to 100%) of paired" in sentence for sentence in said(certain))


def test_campaigns_that_all_tie_are_called_that():
    assert any("are ties" in sentence for sentence in said(difference(ties=1.0)))
    assert not any("are ties" in sentence for sentence in said(difference(ties=0.5)))


def test_a_failed_claim_is_called_that():
    assert (
        "The claim that small and relevant does better than large and random fails here: "
        "it does worse." in said(difference(Standing.WORSE))
    )
    assert not any("fails" in sentence for sentence in said(difference()))


def test_no_practical_difference():
    assert (
        "No practical difference (all within 5% of the mean of large and random): the claim that "
        "small and relevant does better than large and random finds no support here."
        in said(difference(Standing.SAME))
    )


def test_a_real_difference_that_may_not_matter():
    sentence = "The difference may be smaller than the 5% that would matter."
    assert sentence in said(difference(matters=False))
    assert sentence not in said(difference(matters=True))


def test_an_unsettled_difference_says_what_would_settle_it():
    open_ended = difference(
        Standing.UNSETTLED,
        difference=Interval(4.0, -12.3, 20.4),
        settling="about 3,200 replicates",
    )
    assert (
        "Whether small and relevant does better than large and random is not settled: "
        "the difference may be anything from -12 to 20. About 3,200 replicates would settle it."
        in said(open_ended)
    )
    single = difference(Standing.UNSETTLED, difference=Interval(4.0), ratio=Interval())
    assert any("a single replicate shows no variation" in sentence for sentence in said(single))


def test_without_a_ratio_the_difference_is_given():
    assert said(difference(ratio=Interval()))[0].endswith("1,322 more (1,270 to 1,374).")
    less = difference(Standing.WORSE, ratio=Interval(), difference=Interval(-9.0, -12.0, -6.0))
    assert said(less)[0].endswith("9.0 fewer (6.0 to 12.0).")


def test_ties_are_owned_up_to():
    assert any("(ties count half)" in sentence for sentence in said(difference(ties=0.2)))
    assert not any("ties" in sentence for sentence in said(difference(ties=0.0)))


def with_metric(metric):
    raw = {SMALL: outcome(700.0, 690.0, 710.0), LARGE: outcome(5000.0, 4900.0, 5100.0)}
    return {name: {**OUTCOMES[name], metric: raw[name]} for name in OUTCOMES}


def test_other_headline_metrics_that_disagree_are_named():
    raw = difference(Standing.WORSE, "reach", ratio=Interval(0.14, 0.137, 0.143))
    assert (
        "In raw reach it is the other way round: small and relevant reaches 700 accounts "
        "(690 to 710), large and random 5,000 (4,900 to 5,100): 14.00% as many "
        "(13.70% to 14.30%)." in said(difference(), raw, outcomes=with_metric("reach"))
    )


@pytest.mark.parametrize(
    ("metric", "standing", "words"),
    [
        ("cost", Standing.BETTER, "costs less than {}: 700 (690 to 710) against 5,000"),
        ("cost", Standing.WORSE, "costs more than {}: 700 (690 to 710) against 5,000"),
        ("followers_lost", Standing.WORSE, "loses more followers than {}: 700"),
    ],
)
def test_who_costs_or_loses_more_is_said_plainly(metric, standing, words):
    main = difference(Standing.WORSE if standing is Standing.BETTER else Standing.BETTER)
    for idle, who in (((), SMALL), ((SMALL,), "Doing nothing")):
        found = said(main, difference(standing, metric), outcomes=with_metric(metric), idle=idle)
        start = f"{who} {words.format(LARGE)}"
        assert sum(each.startswith(start) for each in found) == 1
        assert not any("other way round" in each for each in found)


@pytest.mark.parametrize(
    ("standing", "idle", "words"),
    [
        (Standing.BETTER, SMALL, f"Doing nothing does better than {LARGE}."),
        (Standing.WORSE, LARGE, f"Doing nothing does better than {SMALL}."),
        (Standing.SAME, LARGE, f"Doing nothing does as well as {SMALL}."),
        (Standing.WORSE, SMALL, ""),
    ],
)
def test_doing_nothing_is_said_where_it_does_as_well(standing, idle, words):
    found = [each for each in said(difference(standing), idle=[idle]) if "oing nothing" in each]
    assert found == ([words] if words else [])
    assert not any("oing nothing" in each for each in said(difference(standing)))


@pytest.mark.parametrize(
    ("standing", "metric"),
    [(Standing.BETTER, "reach"), (Standing.UNSETTLED, "reach"), (Standing.WORSE, "depth")],
)
def test_those_that_agree_or_are_open_or_minor_are_not(standing, metric):
    other = difference(standing, metric)
    assert not any(
        sentence.startswith(f"In {phrase(metric).label}")
        for sentence in said(difference(), other, outcomes=with_metric(metric))
    )


def test_other_metrics_beside_an_open_verdict():
    main = difference(Standing.UNSETTLED)
    raw = difference(Standing.WORSE, "reach")
    assert any(
        sentence.startswith("In raw reach the result is clear, and worse than large and random: ")
        for sentence in said(main, raw, outcomes=with_metric("reach"))
    )


@pytest.mark.parametrize(
    ("draws", "real_graph", "sentence"),
    [
        (1, True, "This holds on this graph; on another it may differ."),
        (4, True, "This holds on this graph, over 4 draws of its traits."),
        (1, False, "This holds on this graph: one was drawn, so raise draws"),
        (10, False, "This holds on average over 10 drawn graphs of this scenario."),
    ],
)
def test_the_scope_is_stated(draws, real_graph, sentence):
    found = said(difference(), draws=draws, real_graph=real_graph)
    assert sum(each.startswith(sentence) for each in found) == 1


def test_one_strategy_is_described_without_a_comparison():
    found = said(outcomes={LARGE: OUTCOMES[LARGE]})
    assert found[0] == "large and random reaches 612 relevant accounts (598 to 626)."
    assert found[1] == "8 of 10 campaigns of large and random land between 498 and 722."
    assert not any("times" in sentence or "claim" in sentence for sentence in found)


def test_many_strategies_are_ordered_and_each_compared():
    third = {"b, c": {"relevant_reach": outcome(100.0, 90.0, 110.0)}}
    found = said(
        difference(),
        difference(Standing.WORSE, strategy="b, c", ratio=Interval(0.16, 0.15, 0.17)),
        outcomes={**OUTCOMES, **third},
    )
    assert found[0] == (
        "By mean relevant reach, best first: 'small and relevant', 'large and random' and 'b, c'. "
        "Only differences from large and random are tested."
    )
    assert found[1].startswith("The baseline, large and random, reaches 612 relevant accounts")
    assert found[2].endswith("3.16 times as many as large and random (3.05 to 3.27).")
    assert any("b, c does better than large and random fails" in sentence for sentence in found)
    assert found[-1].endswith("those of differences together.")


def test_a_metric_that_is_never_defined():
    none = Outcome(None, None, None, None, None, None, 0)
    outcomes = {SMALL: {"time_to_half": none}, LARGE: {"time_to_half": none}}
    empty = difference(
        Standing.UNSETTLED,
        "time_to_half",
        difference=Interval(),
        ratio=Interval(),
        probability_better=Interval(),
        replicates=0,
    )
    found = verdict("time_to_half", LARGE, outcomes, [empty], **SETTINGS)
    assert found[0] == (
        "small and relevant has no time to half of the shares: it is undefined in every run, "
        "large and random none: there is nothing to compare."
    )
    assert not any("settled" in sentence for sentence in found)


def test_every_metric_has_a_phrase_and_so_has_any_other():
    assert set(PHRASES) == set(ALL_METRICS)
    assert plural(phrase("reach_{odd} (s)").does, "2") == "reaches 2 accounts of {odd} (s)"
    assert plural(phrase("page_views").does, "2") == "has a page views of 2"


@pytest.mark.parametrize("metric", ALL_METRICS)
def test_every_metric_makes_a_verdict(metric):
    rng = np.random.default_rng(1)
    runs = {name: {metric: level * rng.gamma(9, 1, 200)} for name, level in [("a", 1), ("b", 3)]}
    if metric in COST_PER:  # which come with what they are made of
        for each in runs.values():
            each |= {"cost": each[metric], COST_PER[metric]: np.ones(200)}
    settings = {"baseline": "a", "matters": 0.05, "seed": 1, "real_graph": True}
    found = summarise(runs, np.zeros(200, np.int64), metric=metric, **settings)
    assert "times as" in found.verdict[0]
    failed = any("fails" in sentence for sentence in found.verdict)
    lower = {"wasted", "time_to_half", "doubling_time", "followers_lost", "cost", *COST_PER}
    assert failed == (metric in lower)


@pytest.mark.parametrize(
    ("mean", "low", "high", "text"),
    [
        (1934.4, 1890.2, 1978.1, "1,934 (1,890 to 1,978)"),
        (3.1604, 3.05, 3.27, "3.16 (3.05 to 3.27)"),
        (123_456.0, 103_000.0, 143_999.0, "123,000 (103,000 to 144,000)"),
        (0.01234, 0.0121, 0.0126, "0.01234 (0.01210 to 0.01260)"),
        (12.0, 12.0, 12.0, "12"),
        (-0.04, -5.0, 5.0, "0.0 (-5.0 to 5.0)"),
        (0.3, 0.3 - 1e-17, 0.3 + 6e-17, "0.3000"),
        (12.3456, None, None, "12"),
        (0.0, None, None, "0"),
    ],
)
def test_numbers_have_as_many_digits_as_their_interval_supports(mean, low, high, text):
    assert with_interval(Interval(mean, low, high)) == text


def test_a_skewed_ratio_keeps_its_low_end():
    found = factor_with_interval(Interval(55.3, 12.5, 2990.9))
    assert found == ("60 times", "(10 to 2,990)")
    assert factor_with_interval(Interval(3.16, 3.05, 3.27)) == ("3.16 times", "(3.05 to 3.27)")


def test_small_words():
    assert [share(x) for x in (0, 0.001, 0.5, 0.9951, 1)] == [
        *("0%", "under 1%", "50%", "over 99%", "100%")
    ]
    assert [counted(n, "draw") for n in (1, 2, 1200)] == ["1 draw", "2 draws", "1,200 draws"]
    assert [roughly(x) for x in (0.5, 7, 31.2, 3141, 99_500)] == [
        *("1", "7", "32", "3,200", "100,000")
    ]
    assert plural("reaches {} account(s)", "1") == "reaches 1 account"
    assert plural("reaches {} account(s)", "1.0") == "reaches 1.0 accounts"
    assert (decimals(44.0), decimals(0.11), decimals(0.0, 7.0), number(-0.001, 1)) == (
        0,
        2,
        0,
        "0.0",
    )


def test_a_range_of_some_runs_says_of_how_many() -> None:
    few = dataclasses.replace(OUTCOMES[SMALL]["relevant_reach"], defined=2)
    found = verdict(
        "relevant_reach",
        LARGE,
        {**OUTCOMES, SMALL: {"relevant_reach": few}},
        (difference(),),
        **SETTINGS,
    )
    (said,) = [one for one in found if one.startswith("8 of 10")]
    assert f"of {SMALL} (2 of 2,000 runs) land" in said
    assert f"of {LARGE} between" in said
