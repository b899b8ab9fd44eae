"""The steps of an argument: each pair with its own other, value as a factor by segment."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from campaigns import run, strict_json, write_campaign

from propagation.experiment.steps import step_found
from propagation.experiment.summarising import columns_of
from propagation.problems import InputError
from propagation.report.stored import Stored, read_stored
from propagation.scenario.spec import Step


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    home = tmp_path_factory.mktemp("steps")
    file = write_campaign(home)
    steps = """
steps:
  - {title: How much is reach?, on: reach, against: {small: large}}
  - {title: And value?, on: valued reach, against: {small: large, large: small}, worth: {fans: 7}}
"""
    file.write_text(file.read_text() + steps)
    run(file, home / "out", 40)
    return read_stored(home / "out")


def step(**block: object) -> Step:
    return Step.model_validate({"title": "x", "against": {"small": "large"}, **block})


def test_a_step_without_more_repeats_the_difference_of_the_verdict(stored: Stored) -> None:
    first, second = stored.summary["steps"]
    assert first["metric"] == "reach"
    same = [
        each
        for each in stored.summary["differences"]
        if (each["strategy"], each["baseline"], each["metric"]) == ("small", "large", "reach")
    ]
    if same:
        assert first["differences"] == same
    assert first["strategies"]["small"] == stored.summary["strategies"]["small"]["reach"]
    assert second["worth"] == {"fans": 7.0}
    assert strict_json(stored.path / "summary.json")["steps"] == [first, second]


def test_worth_multiplies_the_value_of_a_segment(stored: Stored) -> None:
    runs = stored.runs["small"]
    expected = np.mean(runs["valued_reach"] + 6 * runs["valued_reach_fans"])
    assert stored.summary["steps"][1]["strategies"]["small"]["mean"] == pytest.approx(expected)
    assert expected > runs["valued_reach"].mean()


def test_opposite_pairs_have_opposite_differences(stored: Stored) -> None:
    ours, theirs = stored.summary["steps"][1]["differences"]
    assert ours["difference"]["mean"] == pytest.approx(-theirs["difference"]["mean"])
    assert ours["difference"]["low"] == pytest.approx(-theirs["difference"]["high"])
    assert ours["probability_better"]["mean"] == pytest.approx(
        1 - theirs["probability_better"]["mean"]
    )


def test_intervals_of_a_step_hold_together(stored: Stored) -> None:
    alone = step_found(step(on="reach"), stored.scenario, stored.runs, stored.draw)
    both = step_found(
        step(on="reach", against={"small": "large", "large": "small"}),
        stored.scenario,
        stored.runs,
        stored.draw,
    )
    one, two = alone.differences[0].difference, both.differences[0].difference
    assert one.mean == two.mean
    assert one.low is not None
    assert two.low is not None
    assert two.low < one.low


def test_sentences_name_both_strategies(stored: Stored) -> None:
    for sentence in stored.summary["steps"][0]["sentences"][:1]:
        assert "mall" in sentence
        assert "large" in sentence


def test_worth_of_a_segment_that_is_not_there_is_refused(stored: Stored) -> None:
    wrong = step(on="valued reach", worth={"fan": 2})
    with pytest.raises(InputError, match=r"'fan' is not one of: .*Did you mean 'fans'"):
        step_found(wrong, stored.scenario, stored.runs, stored.draw)


def test_columns_come_back_by_strategy(stored: Stored) -> None:
    table = pq.read_table(stored.path / "runs.parquet")
    columns, draw = columns_of(table)
    assert len(draw) == 40
    for name in ("small", "large"):
        np.testing.assert_array_equal(columns[name]["replicate"], np.arange(40))
