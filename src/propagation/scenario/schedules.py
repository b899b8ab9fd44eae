"""When an action happens: at given times, or every so often for a while, by the calendar or not.

`starts` says which moment time 0 is. What is scheduled by the clock keeps its time of day when the
clocks change; a time that the clocks skip is taken an hour later, one that comes twice the first
time. Times are hours from the start.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from fractions import Fraction
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from propagation.problems import not_one_of
from propagation.scenario import units
from propagation.scenario.fields import (
    DURATION_SCHEMA,
    FROM_FILE,
    LONGEST_DURATION,
    Hours,
    PositiveHours,
    Times,
)

MOST_TIMES = 10_000
"""Of one action."""
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
GROUPS = {"day": frozenset(range(7)), "weekday": frozenset(range(5))}
FIRST_YEAR, LAST_YEAR = 1970, 2200
MADE_BY_THE_MACHINE = {"localtime", "Factory"}
"""Names of time zones that mean another one on each machine."""

_DAYS = "|".join((*GROUPS, *WEEK))
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
CLOCK_PATTERN = rf"^({_DAYS})((, ?| and )({_DAYS}))* at {_CLOCK}$"
STARTS_PATTERN = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK} [A-Za-z][A-Za-z0-9_+/-]*$"


@dataclass(frozen=True)
class Period:
    """Again and again after so many hours, exactly."""

    hours: Fraction


@dataclass(frozen=True)
class Clock:
    """On certain days of the week (Monday is 0), so many minutes after midnight."""

    days: frozenset[int]
    minutes: int


def read_every(text: object) -> Period | Clock:
    """Return what ``2 days``, ``weekday at 9:00`` or ``Monday, Thursday at 9:00`` mean."""
    days, at, clock = text.partition(" at ") if isinstance(text, str) else ("", "", "")
    first = days.split(",")[0].split(" and ")[0].strip()
    if not at and first not in (*GROUPS, *WEEK):
        return Period(_period(text))
    if not re.fullmatch(_CLOCK, clock.strip()):
        raise ValueError(
            f"{units.found(text)} needs a time of day, from 0:00 to 23:59, as in "
            f"'{units.shown(first)} at 9:00'"
        )
    hour, minute = map(int, clock.split(":"))
    return Clock(_days(days), 60 * hour + minute)


def _period(text: object) -> Fraction:
    try:
        hours = units.exactly(units.read_duration(text))
    except ValueError:
        if isinstance(text, str) and re.match(r"\s*[-+.0-9]", text):
            raise
        raise ValueError(
            "must be a duration such as '2 days', or days with a time such as 'weekday at 9:00' "
            f"or 'Monday, Thursday at 9:00', not {units.found(text)}"
        ) from None
    if not hours > 0:
        raise ValueError(f"must be above 0 h, not {units.found(text)}")
    if hours > LONGEST_DURATION:
        raise ValueError(f"must be at most 5000 weeks, not {units.found(text)}")
    return hours


def _days(text: str) -> frozenset[int]:
    days: frozenset[int] = frozenset()
    for name in map(str.strip, re.split(r",| and ", text)):
        if name not in GROUPS and name not in WEEK:
            raise ValueError(not_one_of(units.shown(name), (*GROUPS, *WEEK)))
        days |= GROUPS[name] if name in GROUPS else {WEEK.index(name)}
    return days


def write_every(every: Period | Clock) -> str:
    """Write a rhythm so that it reads back as the same."""
    if isinstance(every, Period):
        return units.write_duration(float(every.hours))
    names = [name for name, days in GROUPS.items() if days == every.days]
    names = names or [WEEK[day] for day in sorted(every.days)]
    return f"{', '.join(names)} at {every.minutes // 60}:{every.minutes % 60:02}"


@cache
def read_starts(text: str) -> datetime:
    """Return the moment that ``2026-01-05 09:00 Europe/Zurich`` names, in its time zone."""
    parts = re.fullmatch(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}) ({_CLOCK})(?: (\S+))?", text.strip())
    if not parts:
        raise ValueError(
            "must be a date, a time of day and a time zone such as "
            f"'2026-01-05 9:00 Europe/Zurich', not {units.found(text)}"
        )
    date, clock, zone = parts.groups()
    try:
        moment = datetime.strptime(f"{date} {clock}", "%Y-%m-%d %H:%M")
    except ValueError:
        raise ValueError(f"there is no {date} in the calendar") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"must lie between {FIRST_YEAR} and {LAST_YEAR}, not in {moment.year}")
    if zone is None:
        raise ValueError(f"{units.found(text)} needs a time zone, such as Europe/Zurich or UTC")
    known = available_timezones() - MADE_BY_THE_MACHINE
    if zone not in known:
        close = not_one_of(zone, sorted(known)).partition(" Did you mean ")[2]
        hint = f" Did you mean {close}" if close else ""
        raise ValueError(f"there is no time zone '{units.shown(zone)}'.{hint}")
    aware = moment.replace(tzinfo=ZoneInfo(zone))
    if aware.astimezone(UTC).astimezone(aware.tzinfo).replace(tzinfo=None) != moment:
        raise ValueError(f"the clocks of {zone} skip {clock} on {date}")
    return aware


def _check_every(value: object, info: ValidationInfo) -> str:
    if units.is_number(value) and info.context is not FROM_FILE:
        value = units.write_duration(units.read_number(value))
    return write_every(read_every(value))


def _check_starts(value: object) -> str:
    if not isinstance(value, str):
        value = units.found(value)
    starts = read_starts(value)
    return f"{starts:%Y-%m-%d} {starts.hour}:{starts.minute:02} {starts.tzinfo}"


Starts = Annotated[
    str,
    BeforeValidator(_check_starts),
    WithJsonSchema({"type": "string", "pattern": STARTS_PATTERN}),
]
_Rhythm = Annotated[
    str,
    BeforeValidator(_check_every),
    WithJsonSchema(
        {"anyOf": [DURATION_SCHEMA, {"type": "string", "pattern": CLOCK_PATTERN}]},
    ),
]
At = Annotated[
    Times | None,
    Field(
        description="When, counted from the start: a duration with its unit or a list of them, "
        "before the horizon. Each time is an occasion of its own. Default: none; then `every`."
    ),
]
Every = Annotated[
    _Rhythm | None,
    Field(
        description="In place of `at`, how often: a duration with its unit (`2 days`), or days "
        "with a time of day (`day at 9:00`, `weekday at 9:00`, `Monday, Thursday at 9:00`), which "
        "needs `starts`. Default: none; then `at`."
    ),
]
Lasting = Annotated[
    PositiveHours | None,
    Field(
        alias="for",
        description="With `every`, for how long: a duration with its unit. What would happen at "
        "its very end is left out: every day for a week is seven times. Default: none; needed "
        "with `every`.",
    ),
]
Since = Annotated[
    Hours | None,
    Field(
        alias="from",
        description="With `every`, from when on: a duration with its unit. Default: the start.",
    ),
]


def how_many(every: Period | Clock, lasting: float) -> int:
    """Return a number that the occurrences of a schedule do not exceed."""
    if isinstance(every, Clock):
        return (math.ceil(lasting / 168) + 1) * len(every.days)
    return math.ceil(units.exactly(lasting) / every.hours)


def occurrences(
    every: Period | Clock, lasting: float, since: float, starts: datetime | None
) -> Iterator[float]:
    """Yield the times of a schedule, from ``since`` to before ``since + lasting``."""
    if isinstance(every, Period):
        first = units.exactly(since)
        times = range(math.ceil(units.exactly(lasting) / every.hours))
        yield from (float(first + n * every.hours) for n in times)
        return
    if starts is None:
        raise ValueError("a schedule by the clock needs 'starts'")
    # By the clock on the wall, so that 26 weeks of weekdays are 130 whatever the clocks do.
    begin = starts.replace(tzinfo=None) + timedelta(hours=since)
    end = begin + timedelta(hours=lasting)
    clock, zero = time_of_day(*divmod(every.minutes, 60)), starts.astimezone(UTC)
    for day in range((end.date() - begin.date()).days + 1):
        moment = datetime.combine(begin.date() + timedelta(days=day), clock)
        if moment.weekday() in every.days and begin <= moment < end:
            passed = moment.replace(tzinfo=starts.tzinfo).astimezone(UTC) - zero
            yield passed / timedelta(hours=1)


def before(times: Sequence[float], end: float) -> int:
    """Return how many of some times in order come before an end."""
    return bisect_left(times, end)
