"""The figures of campaigns: what they draw is what was found."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from propagation.experiment.cost_effect import ellipse, weighed
from propagation.report.actions import action_in_words, cost_in_words, done_in_words
from propagation.report.campaign_assumptions import (
    campaign_tables,
    resonance_in_words,
    trait_in_words,
)
from propagation.report.figures.campaigns import funnel, plane
from propagation.report.figures.style import house_style


@pytest.fixture
def ax() -> Iterator[Axes]:
    with house_style():
        figure = Figure(figsize=(6.3, 4), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure.add_subplot()


def stage(**means: float) -> dict[str, dict[str, float]]:
    return {name: {"mean": m, "low": 0.9 * m, "high": 1.1 * m} for name, m in means.items()}


def test_the_funnel_draws_every_stage_and_zero_at_the_edge(ax: Axes) -> None:
    funnel(ax, {"sent": stage(pitch=20, blast=500), "covered": stage(pitch=0.5, blast=0)})
    drawn = {line.get_label(): line.get_xdata() for line in ax.get_lines()}
    edge = ax.get_xlim()[0]
    np.testing.assert_allclose(drawn["pitch"], [20, 0.5])
    np.testing.assert_allclose(drawn["blast"], [500, edge])
    assert edge < 0.5 * 0.9
    assert {text.get_text() for text in ax.texts} == {"20.0", "500", "0.500", "0"}
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["sent", "covered"]


def test_the_plane_marks_means_and_shows_both_zero_lines(ax: Axes) -> None:
    rng = np.random.default_rng(1)
    runs = {
        "a": {"reach": rng.normal(50, 5, 100), "cost": rng.normal(300, 9, 100)},
        "b": {"reach": rng.normal(30, 5, 100), "cost": np.full(100, 100.0)},
    }
    found = weighed(runs, np.zeros(100, np.int64), "reach", ["a"], "b", 1)
    corners = ("left up", "right up", "left down", "right down")
    plane(ax, found, ("more reach", "more cost"), corners, (1.0, 1.0), claimed=True)
    lines = {line.get_label(): line for line in ax.get_lines()}
    mean = [(runs["a"][name] - runs["b"][name]).mean() for name in ("reach", "cost")]
    np.testing.assert_allclose(np.ravel(lines["a"].get_data()), mean)
    edges = [line.get_xydata() for line in ax.get_lines() if len(line.get_xdata()) == 100]
    np.testing.assert_allclose(edges[0], ellipse(found[0].cloud))
    for low, high in (ax.get_xlim(), ax.get_ylim()):
        assert low < 0 < high
    assert [text.get_text() for text in ax.texts] == list(corners)


def test_equal_costs_do_not_fill_the_plane_with_rounding(ax: Axes) -> None:
    runs = {name: {"reach": np.arange(9.0), "cost": np.full(9, 0.1 * 3)} for name in "ab"}
    runs["a"]["cost"] = np.full(9, 0.3)
    found = weighed(runs, np.zeros(9, np.int64), "reach", ["a"], "b", 1)
    plane(ax, found, ("", ""), ("", "", "", ""), (2.0, 0.03), claimed=False)
    assert np.ptp(ax.get_ylim()) > 0.01


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (
            {
                "post": {"essay": 3, "joke": 1},
                "by": "ceo",
                "every": "weekday at 9:00",
                "for": "2 d",
            },
            "ceo posts essay (75%) or joke (25%) every weekday at 9:00 for 2 d",
        ),
        (
            {"post": "essay", "by": "brand", "credit": "ceo", "at": ["0 h", "1 d"]},
            "brand posts essay (a guest post of ceo) at 0 h, 1 d",
        ),
        (
            {"repost": "ceo", "by": "brand", "when": {"relevant": 0.5}, "after": "2 h"},
            "brand reposts ceo when relevant to its own followers (mean interest of 0.5 or more), "
            "2 h later",
        ),
        (
            {"seed": "call", "to": {"choose": 1000, "by": "acquaintance"}, "at": "0 h"},
            "1,000 accounts (named by others) share call for us at 0 h",
        ),
        (
            {"pitch": "call", "by": "ceo", "to": {"named": ["a 0", "a 1"]}, "at": "0 h"},
            "ceo pitches call to a 0, a 1 at 0 h",
        ),
    ],
)
def test_actions_are_told_in_words(action: dict[str, object], words: str) -> None:
    assert action_in_words(action) == words


def test_what_is_done_alike_with_several_messages_is_told_once() -> None:
    one = {"by": "ceo", "to": {"choose": 5, "by": "random"}, "at": "0 h"}
    actions = [{"blast": name, **one} for name in ("jobs", "field", "jobs")]
    actions.append({"blast": "events", **one, "at": "1 h"})
    assert done_in_words(actions) == (
        "ceo sends jobs and field to 5 accounts (at random) at 0 h; "
        "ceo sends events to 5 accounts (at random) at 1 h"
    )
    assert done_in_words([]) == "nothing"
    every = {"every": "4 weeks", "for": "24 weeks"}
    turns = [{"post": name, "by": "ceo", **every} for name in ("jobs", "field")]
    turns[1]["from"] = "2 weeks"
    assert done_in_words(turns) == (
        "ceo posts jobs (from the start) and field (from 2 weeks on) every 4 weeks for 24 weeks"
    )
    assert done_in_words(turns[1:]) == (
        "ceo posts field every 4 weeks for 24 weeks, from 2 weeks on"
    )


def test_costs_attention_and_resonance_are_told_in_words() -> None:
    cost = {"fixed": 500, "each time": 0, "per contact": 2.5, "per hour": 80, "hours": 1.5}
    assert cost_in_words(cost) == "500 once, 2.5 a contact, 1.5 hours of staff each time at 80"
    assert cost_in_words({"fixed": 0}) == ""
    assert trait_in_words({"capacity": 50, "per followee": 2}).startswith("takes in 50 posts a day")
    assert trait_in_words(0.2) == resonance_in_words(0.1) == ""
    assert "half are below 0.02" in resonance_in_words({"median": 0.02, "sigma": 1})


def test_equal_words_with_other_rates_are_told_apart() -> None:
    whom = {"by": "ceo", "to": {"choose": 5, "by": "random"}, "at": "0 h"}
    pitch: dict[str, object] = {
        "pitch": "call",
        **whom,
        "opens": "40%",
        "answers": "10%",
        "covers": "30%",
    }
    pitch["after"] = {"law": "exponential", "mean": "6.1 days"}
    follow = {"follow": {"choose": 5, "by": "random"}, "by": "ceo", "per day": 5, "at": "0 h"}
    written = {
        "strategies": {
            "good": [pitch, {**follow, "back": "20%", "cost": {"fixed": 10}}],
            "good too": [pitch, pitch],
            "poor": [{**pitch, "opens": "8%"}, {**follow, "back": "4%", "cost": {"fixed": 20}}],
        }
    }
    chances, back, costs = (table.rows for table in campaign_tables(written))
    sent = "ceo pitches call to 5 accounts (at random) at 0 h"
    assert [row[:2] for row in chances] == [
        (f"{sent} (in 'good' and 'good too')", "40%"),
        (f"{sent} (in 'poor')", "8%"),
    ]
    assert [row[1] for row in back] == ["20%", "4%"]
    assert [row[1] for row in costs] == ["nothing", "10 once", "20 once"]
    assert costs[0][0] == sent
    assert chances[0][3] == "30%, after a delay: 6.1 days on average (exponential)"
