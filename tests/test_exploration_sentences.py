"""What is said of uncertain inputs and of factors; and the runs and tables behind it."""

from pathlib import Path

import numpy as np
import pytest
from varied import small

from propagation.experiment.intervals import Interval, moments
from propagation.exploration.decomposition import ENDLESS, Factor, Why
from propagation.exploration.explorer import Explorer
from propagation.exploration.sensitivity import Index
from propagation.exploration.sentences import of_uncertainty, of_why
from propagation.exploration.uncertain import Design, Over
from propagation.exploration.uncertainty import Uncertainty, uncertainty_of

PATHS = ("messages.call.resonance", "segments.public.attention")


def index(path, first, total, half=0.05):
    return Index(path, first, first - half, first + half, total, total - half, total + half)


def told(**how):
    asked = {
        "strategy": "small", "baseline": "large", "metric": "relevant_reach", "is_ratio": True,
        "low": 0.412, "high": 5.23, "median": 1.84, "least": 0.2, "most": 9.13, "ahead": 0.74,
        "surely_ahead": 0.6, "surely_behind": 0.2, "shift": 1.04,
        "noise": 0.02, "heavy": 0.0, "combinations": 128,
        "indices": (index(PATHS[0], 0.2, 0.3), index(PATHS[1], 0.6, 0.7)),
    }  # fmt: skip
    scenario = small(f"uncertain: {{{PATHS[0]}: [0.1, 0.2], {PATHS[1]}: [0.1, 0.5]}}")
    design = Design(np.zeros((128, 2)), ("A", "B") * 64)
    found = Uncertainty(
        *(scenario.uncertain, design, None, ("small", "large"), "relevant_reach", None, None, ()),
        pairs=(Over(**asked | how),),
    )
    return list(of_uncertainty(found))


def test_the_range_comes_first_and_intervals_are_named_for_what_they_are():
    assert told() == [
        "Over what is uncertain (resonance of call and attention of public; 128 combinations), "
        "small has between 0.41 and 5.2 times as many as large in relevant reach in nine of ten "
        "combinations, in half of them over 1.8; at the extremes 0.20 and 9.1.",
        "Taken one by one, and by more than simulation error, small does better in 60% and large "
        "does better in 20%; in 20% neither does.",
        "It hangs most on attention of public: with all else known, 70% of the variance of its "
        "logarithm would be left (65% to 75%); then on resonance of call (30%).",
        "One by one the inputs account for 80% of the variance; the rest comes from how they act "
        "together.",
        "The intervals from here on are of another kind: they hold for the inputs as written, and "
        "say only how well the simulation knows its own means.",
    ]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            {"surely_ahead": 1.0, "surely_behind": 0.0},
            "In all of them small does better than large",
        ),
        (
            {"surely_ahead": 0.0, "surely_behind": 1.0},
            "In all of them large does better than small",
        ),
        (
            {"surely_ahead": 0.0, "surely_behind": 0.0},
            "In none of them is it beyond",
        ),
        (
            {"surely_ahead": 0.3, "surely_behind": 0.0},
            "in 30%; in 70% neither does",
        ),
        ({"shift": 1.31}, "moved the whole range, by a factor of up to 1.3 either way"),
        ({"combinations": 120}, "In 8 more of the 128 combinations tried it is undefined"),
        (
            {"combinations": 12},
            "between 0.20 and 9.1 times as many",
        ),
        ({"noise": 0.23}, "23% is simulation noise"),
        ({"heavy": 0.04}, "In 4% of the combinations a few campaigns hold much of the total"),
        ({"is_ratio": False, "low": -30.4, "high": 410.2}, "is from -30 to 410 in nine of ten"),
    ],
)
def test_what_else_is_said(how, said):
    assert said in " ".join(told(**how))
    assert said not in " ".join(told())


def test_interactions_are_claimed_only_where_intervals_leave_no_doubt():
    unsure = (index(PATHS[0], 0.2, 0.3, half=0.3), index(PATHS[1], 0.6, 0.7, half=0.3))
    assert "act together" not in " ".join(told(indices=unsure))
    assert "hangs" not in " ".join(told(indices=()))
    assert "hangs" not in " ".join(told(indices=(index(PATHS[0], 1.0, 1.0),)))


def test_factors_are_told_with_what_limits_them():
    factors = (Factor("head count", 0.025, None, None), Factor("overlap", 38.0, 36.0, 40.0))
    why = Why("small", "large", "reach", Interval(0.95, 0.9, 1.0), factors, ENDLESS)
    said = list(of_why(why))
    assert said == [
        "Why small has 0.95 times as many as large in raw reach: head count 0.025 x overlap 38.",
        ENDLESS,
    ]


@pytest.fixture(scope="module")
def found():
    scenario = small(
        """
uncertain: {ours.organiser.followers.activists: [20, 80], segments.public.attention: [0.1, 0.5]}
exploring: {points: 2, replicates: 10}
"""
    )
    return uncertainty_of(Explorer(scenario, Path(), draws=2))


def test_runs_over_what_is_uncertain(found):
    columns = found.columns()
    assert {len(each) for each in columns.values()} == {8}
    assert columns["matrix"] == ["A", "AB_0", "AB_1", "B"] * 2
    assert all(value == int(value) and 20 <= value <= 80 for value in columns["input_0"])
    assert [each.strategy for each in found.pairs] == ["small"]
    (pair,) = found.pairs
    assert pair.combinations == 4
    stored = found.as_dict()
    assert (stored["points"], stored["evaluations"], stored["replicates"]) == (2, 8, 10)


def test_a_point_of_the_table_is_what_the_explorer_gives(found):
    columns, row = found.columns(), 5
    changes = {path: columns[f"input_{k}"][row] for k, path in enumerate(found.spans)}
    again = Explorer(small(), Path(), draws=2)
    values = again.runs(changes, range(10), ("small", "large"), ("reach",))[:, 0]
    draw = np.arange(10) % 2
    for i in range(2):
        expected = moments(values[i], draw)
        assert columns[f"mean_{i}"][row] == pytest.approx(expected.mean)
        assert columns[f"error_{i}"][row] == pytest.approx(expected.error)
    ratio = values[0].mean() / values[1].mean()
    assert columns["effect_0"][row] == pytest.approx(np.log(ratio))
