"""Schedules: how often, for how long, by the clock on the wall whatever the clocks do."""

import zoneinfo
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propagation.scenario import schedules
from propagation.scenario.schedules import Clock, read_every, write_every
from propagation.scenario.spec import Follow, Post, times_of

ZURICH = "2026-01-05 9:00 Europe/Zurich"
"""A Monday; clocks go forward on 29 March, back on 25 October."""


def times(every: str, lasting: str, starts: str | None = ZURICH, **more: str) -> tuple[float, ...]:
    keys: dict[str, Any] = {"post": "a", "by": "b", "every": every, "for": lasting, **more}
    return times_of(Post.model_validate(keys), starts)


def wall(hours: float, starts: str = ZURICH) -> datetime:
    """Return what the clock on the wall shows so many hours after the start."""
    date, clock, zone = starts.split()
    zero = datetime.strptime(f"{date} {clock}", "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))
    moment = zero.astimezone(UTC) + timedelta(hours=hours)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def test_weekdays_over_26_weeks_are_130_at_the_same_time_of_day() -> None:
    found = times("weekday at 9:00", "26 weeks")
    shown = [wall(time) for time in found]
    assert len(found) == 130
    assert list(found) == sorted(set(found))
    assert {(moment.hour, moment.minute) for moment in shown} == {(9, 0)}
    assert {moment.weekday() for moment in shown} == set(range(5))
    assert (found[0], found[4], found[5]) == (0.0, 96.0, 168.0)


def test_the_clocks_take_an_hour_from_a_day_and_give_it_back() -> None:
    spring = times("day at 9:00", "3 days", "2026-03-28 9:00 Europe/Zurich")
    autumn = times("day at 9:00", "3 days", "2026-10-24 9:00 Europe/Zurich")
    assert (spring, autumn) == ((0.0, 23.0, 47.0), (0.0, 25.0, 49.0))
    assert times("day at 9:00", "3 days", "2026-03-28 9:00 UTC") == (0.0, 24.0, 48.0)


def test_a_time_that_the_clocks_skip_or_repeat() -> None:
    skipped = times("day at 2:30", "2 days", "2026-03-28 12:00 Europe/Zurich")
    assert [f"{wall(t, '2026-03-28 12:00 Europe/Zurich'):%d %H:%M}" for t in skipped] == [
        "29 03:30",
        "30 02:30",
    ]
    assert times("day at 2:30", "2 days", "2026-10-24 12:00 Europe/Zurich") == (14.5, 39.5)


def test_days_and_ends() -> None:
    assert times("Monday, Thursday at 17:30", "2 weeks") == (8.5, 80.5, 176.5, 248.5)
    assert times("Monday at 9:00", "2 weeks", **{"from": "1 week"}) == (168.0, 336.0)
    assert times("Monday at 8:59", "1 week") == (168 - 1 / 60,)
    assert times("Sunday at 9:00", "6 days") == ()
    with pytest.raises(ValueError, match="needs 'starts'"):
        times("Monday at 9:00", "2 weeks", None)


def test_periods_are_exact() -> None:
    assert times("2 days", "1 week", None, **{"from": "12 h"}) == (12.0, 60.0, 108.0, 156.0)
    assert times("40 min", "2 h", None) == (0.0, 40 / 60, 80 / 60)  # and not 2 h
    tenths = times("6 min", "10 h", None)
    assert len(tenths) == 100
    assert tenths == tuple(n / 10 for n in range(100))


def test_plain_times_are_as_they_are_and_a_schedule_without_an_end_is_refused() -> None:
    keys = {"follow": {"choose": 1}, "by": "b", "topic": "t", "per day": 1, "back": 0}
    assert times_of(Follow.model_validate({**keys, "at": ["3 h", "1 h"]})) == (1.0, 3.0)
    with pytest.raises(ValueError, match="'every' with 'for'"):
        times_of(Post(post="a", by="b", every="1 day"))


@given(
    st.builds(Clock, st.frozensets(st.integers(0, 6), min_size=1), st.integers(0, 24 * 60 - 1)),
)
def test_a_rhythm_survives_writing(clock: Clock) -> None:
    text = write_every(clock)
    assert read_every(text) == clock
    assert write_every(read_every(text)) == text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Sunday, Monday at 09:05", "Monday, Sunday at 9:05"),
        ("Monday, Tuesday and weekday at 0:00", "weekday at 0:00"),
        ("weekday, Saturday and Sunday at 23:59", "day at 23:59"),
        ("48 h", "2 days"),
    ],
)
def test_rhythms_are_kept_in_one_form(written: str, kept: str) -> None:
    assert Post.model_validate({"post": "a", "by": "b", "every": written}).every == kept


def test_time_zones_are_found_without_those_of_the_machine() -> None:
    """Python has no time zones of its own where the system has none: tzdata brings them."""
    zoneinfo.reset_tzpath([])
    try:
        assert "Europe/Zurich" in zoneinfo.available_timezones()
        assert ZoneInfo.no_cache("Europe/Zurich").utcoffset(datetime(2026, 7, 1)) == timedelta(
            hours=2
        )
    finally:
        zoneinfo.reset_tzpath()


def test_a_count_by_hours_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule that forgets the change of the clocks is found by the test above."""

    class Fixed(datetime):
        def astimezone(self, tz: Any = None) -> Any:
            return self.replace(tzinfo=timezone(timedelta(hours=1)))

    monkeypatch.setattr(schedules, "datetime", Fixed)
    shown = {wall(time).hour for time in times("weekday at 9:00", "26 weeks")}
    assert shown == {9, 10}
