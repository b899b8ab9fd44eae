"""Ties of scenarios: real runs, what is uncertain, followers on both sides, and the sentences."""

from pathlib import Path

import numpy as np
import pytest
from tie_coverage import ALIKE, APART, OF_STARS, binomial_limits, engine_coverage, stars
from varied import small

from propagation.experiment.intervals import Interval
from propagation.exploration.break_even import Tie
from propagation.exploration.explorer import Explorer
from propagation.exploration.looks import By, Evaluated
from propagation.exploration.searching import Crossing, Kind
from propagation.exploration.tie_sentences import of_break_even
from propagation.exploration.ties import Accounts, BreakEvenFound, TieRange, break_even_of, range_of

AUDIENCE = "ours.broadcaster.followers.public"


def found_in(scenario, draws=2):
    return break_even_of(Explorer(scenario, Path(), draws=draws), scenario.break_even)


@pytest.fixture(scope="module")
def uncertain():
    """Return the small scenario's tie over two uncertain inputs."""
    scenario = small(
        f"""
break even: {{vary: {AUDIENCE}, from: 20, to: 900, at most: 200}}
uncertain: {{messages.call.resonance: [0.05, 0.2], segments.public.attention: [0.1, 0.5]}}
exploring: {{points: 2, replicates: 20}}
"""
    )
    return scenario, found_in(scenario)


# --- real runs ---------------------------------------------------------------------------------


def test_the_engines_tie_is_where_the_closed_form_says():
    found = found_in(stars(1, 1, ALIKE), draws=1)
    assert found.whole
    assert found.tie.low < OF_STARS < found.tie.high
    assert found.theory == pytest.approx(OF_STARS)
    assert found.accounts.for_each == pytest.approx(found.tie.value / 60)


@pytest.mark.slow
def test_the_interval_holds_the_engines_tie():
    assert engine_coverage(12, 1, ALIKE) >= binomial_limits(0.93, 12)[0]
    # the planted fault: one world in place of all, whose accounts are a sample themselves
    assert engine_coverage(12, 1, APART) < binomial_limits(0.93, 12)[0]


def test_the_small_strategy_is_run_once_and_not_at_every_value(monkeypatch):
    scenario = stars(1, 2, ALIKE)
    explorer = Explorer(scenario, Path(), draws=2)
    asked = []
    original = Explorer.runs

    def runs(self, changes, replicates, strategies, metrics):
        asked.append((tuple(changes), strategies))
        return original(self, changes, replicates, strategies, metrics)

    monkeypatch.setattr(Explorer, "runs", runs)
    break_even_of(explorer, scenario.break_even)
    vary = "ours.other.followers.many"
    assert set(asked) == {((), ("small",)), ((vary,), ("large",))}


def test_an_input_of_both_strategies_moves_both():
    scenario = small(
        "break even: {vary: messages.call.resonance, from: 0.01, to: 0.1, at most: 20}"
    )
    explorer = Explorer(scenario, Path(), draws=2)
    found = break_even_of(explorer, scenario.break_even)
    assert not found.whole
    assert found.accounts is None
    ones = [each.one.mean for each in found.tie.evaluated]
    assert ones[0] < ones[-1]


def test_uncertain_inputs_move_the_tie(uncertain):
    _, found = uncertain
    over, tie = found.over, found.tie
    assert over.combinations == 4
    # less and more attention of the public than as written: the tie moves against it
    assert over.low < tie.value < over.high
    assert over.high > 1.5 * over.low
    text = " ".join(of_break_even(found))
    assert "over what is uncertain; " in text
    assert text.index("over what is uncertain") < text.index("by simulation error alone")
    assert "The 60 followers of organiser equal" in text


def test_what_is_stored_is_whole_and_plain(uncertain):
    _, found = uncertain
    stored = found.as_dict()
    assert stored["value"] == found.tie.value
    assert set(stored["range"]) >= {"low", "high", "median", "beyond"}
    assert set(stored["evaluated"][0]) >= {"value", "one", "other", "difference"}
    assert stored["per_follower"] == pytest.approx(found.tie.value / 60)
    values = [each["value"] for each in stored["evaluated"]]
    assert values == sorted(values)


def test_the_same_luck_gives_the_same_tie(uncertain):
    scenario, found = uncertain
    again = found_in(scenario)
    assert again.as_dict() == found.as_dict()


# --- ranges ------------------------------------------------------------------------------------


def test_ties_beyond_the_range_count_as_what_they_are():
    ties = np.array([-np.inf] * 2 + list(range(10, 27)) + [np.inf])
    over = range_of(ties)
    assert (over.low, over.high) == (None, 26.0)
    assert over.median == 17.0
    assert (over.below, over.above, over.combinations) == (0.1, 0.05, 20)
    # the planted fault: leaving those beyond out would narrow the range
    assert range_of(ties[np.isfinite(ties)]).low == 10.0
    assert range_of(np.full(3, np.inf)).median is None


def test_undefined_ties_do_not_count():
    assert range_of(np.array([np.nan, 3.0])).combinations == 1
    assert range_of(np.array([np.nan])) is None


# --- sentences ---------------------------------------------------------------------------------


def evaluated(value, difference, half=1.0, better=0.9):
    around = Interval(difference, difference - half, difference + half)
    return Evaluated(
        value, Interval(10.0, 9.0, 11.0), Interval(9.0, 8.0, 10.0), around,
        Interval(better, better - 0.05, better + 0.05), heavy=False, replicates=400,
    )  # fmt: skip


def told(kind, value=None, low=None, high=None, **how):
    falls, metric = how.pop("falls", True), how.pop("metric", "relevant_reach")
    crossings = () if value is None else (Crossing(value, low, high, falls),)
    ends = how.pop("ends", (50.0, -50.0))
    tie = Tie(
        kind,
        how.pop("by", By.MEANS),
        *(value, low, high),
        how.pop("crossings", crossings),
        (evaluated(500.0, ends[0]), evaluated(60_000.0, ends[1])),
        range=(500.0, 60_000.0),
        replicates=400,
        draws=how.pop("draws", 10),
        precise=how.pop("precise", True),
        limited=how.pop("limited", False),
        lower_is_better=how.pop("lower_is_better", False),
    )
    asked = {"over": None, "accounts": None, "theory": None, **how}
    found = BreakEvenFound(
        AUDIENCE, "followers of brand", ("small", "large"), metric, 0.05, "log", True, tie, **asked
    )
    return " ".join(of_break_even(found))


def test_the_headline():
    text = told(
        *(Kind.TIE, 13_412.3, 12_111.0, 15_020.0),
        over=TieRange(6_012.0, 13_000.0, 41_100.0, 0.0, 0.0, 128),
        accounts=Accounts(500, ("ceo",), 13_412.3, "brand"),
        theory=13_870.0,
    )
    assert text == (
        "The 500 followers of ceo equal 13,400 of brand in relevant reach (6,000 to 41,000 over "
        "what is uncertain; 12,100 to 15,000 by simulation error alone): 26.8 for each. With fewer "
        "followers of brand small does better, with more large. A branching process on the same "
        "followers ties at 13,900."
    )


def test_a_tie_in_another_input_names_it():
    text = told(Kind.TIE, 13_412.3, 12_111.0, None, falls=False)
    assert "small and large tie in relevant reach where followers of brand is 13,400" in text
    assert "at least 12,111 by simulation error alone" in text
    assert "Below it large does better, above it small." in text


def test_ranges_beyond_what_was_searched_are_said():
    over = TieRange(6_012.0, 50_000.0, None, 0.0, 0.25, 128)
    text = told(Kind.TIE, 13_412.3, 12_111.0, 15_020.0, over=over)
    assert "6,012 to beyond 60,000 over what is uncertain" in text
    assert "Of 128 combinations of what is uncertain the tie lies beyond 60,000 in 25%." in text


def test_who_is_ahead_throughout_and_by_how_much_at_the_nearest_end():
    text = told(Kind.NEVER, ends=(50.0, 7.0))
    assert text == (
        "small does better than large in relevant reach throughout, from 500 to 60,000 in "
        "followers of brand: nearest to a tie, at 60,000, small has 7.0 more (6.0 to 8.0)."
    )
    assert "large has 7.0 more (6.0 to 8.0)" in told(Kind.NEVER, ends=(-50.0, -7.0))
    less = told(Kind.NEVER, ends=(-50.0, -7.0), metric="wasted", lower_is_better=True)
    assert less.startswith("small does better than large in wasted impressions")
    assert "small has 7.0 fewer (6.0 to 8.0)" in less
    assert "large has" in told(Kind.NEVER, ends=(50.0, 7.0), metric="wasted", lower_is_better=True)


def test_a_tie_beyond_is_bounded():
    text = told(Kind.BEYOND, low=51_234.0, ends=(50.0, 0.4))
    assert "do not tie in relevant reach up to 60,000" in text
    assert "up to 51,234 small does better than large" in text
    assert text.endswith("If they tie, it is there or at more.")
    assert "down to 700 large does better" in told(Kind.BEYOND, high=700.0, ends=(0.4, -50.0))


def test_several_ties_none_and_undefined():
    crossings = (Crossing(600.0, 590.0, 610.0, True), Crossing(9_000.0, 8_000.0, None, False))
    assert "several values of followers of brand: 600 (590 to 610); 9,000 (at least 8,000)" in told(
        Kind.SEVERAL, crossings=crossings
    )
    assert "is not settled: from 500 to 60,000" in told(Kind.UNSETTLED)
    assert "there is none in any run" in told(Kind.UNDEFINED)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"precise": False, "limited": True}, "the 10 worlds differ, and more replicates"),
        ({"precise": False}, "after 400 replicates, the most allowed"),
        ({"draws": 3}, "rests on 3 worlds and is wide for that reason"),
        ({"by": By.CHANCES}, "each does better in half of the paired campaigns"),
    ],
)
def test_what_keeps_a_tie_from_being_known(how, said):
    assert said in told(Kind.TIE, 13_412.3, 12_111.0, 15_020.0, **how)
    assert said not in told(Kind.TIE, 13_412.3, 12_111.0, 15_020.0)
