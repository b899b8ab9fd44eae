import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propagation.scenario import units

DURATIONS = {
    "7 days": 168.0,
    "1 day": 24.0,
    "2d": 48.0,
    "300 s": 300 / 3600,
    "90 seconds": 0.025,
    "40 min": 40 / 60,
    "0 h": 0.0,
    "1.5 hours": 1.5,
    "2 weeks": 336.0,
    " .5  h ": 0.5,
    "1e-3 h": 0.001,
    "-1 h": -1.0,
    "1e999 h": 1e300,
    "1e-999 h": 0.0,
}
SHARES = {"5%": 0.05, "2.3%": 0.023, "12.5 %": 0.125, "100%": 1.0, "1e-3%": 1e-5, "-5%": -0.05}


@pytest.mark.parametrize(("text", "hours"), DURATIONS.items())
def test_durations_are_read_in_hours(text: str, hours: float) -> None:
    assert units.read_duration(text) == hours


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0.0, "0 h"),
        (24.0, "1 day"),
        (36.0, "36 h"),
        (168.0, "7 days"),
        (672.0, "4 weeks"),
        (240.0, "10 days"),
        (146.4, "6.1 days"),
        (750 / 60, "750 min"),
        (300 / 3600, "5 min"),
        (90 / 3600, "90 s"),
        (0.5, "30 min"),
        (0.001, "3.6 s"),
    ],
)
def test_durations_are_written_in_the_unit_that_reads_best(hours: float, text: str) -> None:
    assert units.write_duration(hours) == text


@pytest.mark.parametrize(("text", "share"), SHARES.items())
def test_percentages_are_the_numbers_they_stand_for(text: str, share: float) -> None:
    assert units.read_share(text) == share


@given(st.floats(0, 840_000))
def test_a_duration_written_reads_back_exactly(hours: float) -> None:
    text = units.write_duration(hours)
    assert units.read_duration(text) == hours
    assert re.search(units.DURATION_PATTERN, text)


@given(st.floats(0, 1))
def test_a_share_written_reads_back_exactly(share: float) -> None:
    text = units.write_share(share)
    assert units.read_share(text) == share
    assert re.search(units.PERCENT_PATTERN, text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_is_the_same_number(number: float) -> None:
    assert units.write_number(number) == number


@pytest.mark.parametrize(
    "text", ["", "h", "7", "7 months", "1e9999 h", "1,5 h", "٣ h", "7 d ays", "h 7"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unit|must be a duration"):
        units.read_duration(text)


@pytest.mark.parametrize("value", ["", "5", "%", "five%", "5%%", "1e9999%", True, None, [5]])
def test_what_is_no_share_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"must be a number such as 0\.05 or a percentage"):
        units.read_share(value)


def test_numbers_are_not_text_and_not_true() -> None:
    assert units.read_number(3) == 3.0
    assert units.read_whole(1e5) == 100_000
    assert math.isfinite(units.read_number(10**400))
    for value in ("3", True, None):
        with pytest.raises(ValueError, match="must be a number"):
            units.read_number(value)
        with pytest.raises(ValueError, match="must be a whole number"):
            units.read_whole(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("text", "'text'"),
        (2.0, "2"),
        (0.25, "0.25"),
        (True, "true"),
        (None, "nothing"),
        ([], "an empty list"),
        ([1, 2], "a list of 2"),
        ({}, "an empty block"),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "a block with 'a', 'b', 'c', ..."),
        ("a\x07\n", "'a\\x07\\n'"),
        ("x" * 70, f"'{'x' * 60}...'"),
        (10**70, "a number of more than 60 digits"),
    ],
)
def test_values_are_shown_in_one_line(value: object, words: str) -> None:
    assert units.found(value) == words
