"""Checks of when an action happens: a schedule that can be read and ends before the horizon."""

import difflib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from propagation.scenario import units
from propagation.scenario.fields import LONGEST_DURATION
from propagation.scenario.findings import Finding, Path
from propagation.scenario.schedules import (
    MOST_TIMES,
    Clock,
    before,
    how_many,
    occurrences,
    read_every,
    read_starts,
)

Block = Mapping[str, object]
Times = list[tuple[float, Path]]
KEYS = ("at", "every", "for", "from")


@dataclass(frozen=True)
class Calendar:
    """The horizon in hours, and the moment at which time is 0.

    The moment is None if there is none, or none that can be read; ``has_start`` tells which.
    """

    horizon: float
    moment: datetime | None
    has_start: bool


def calendar_of(horizon: float, starts: object) -> Calendar:
    """Return the calendar of a scenario as written."""
    try:
        moment = read_starts(starts) if isinstance(starts, str) else None
    except ValueError:
        moment = None  # reported by the field itself
    return Calendar(horizon, moment, starts is not None)


def happenings(
    path: Path, kind: str, item: Block, calendar: Calendar
) -> Generator[Finding, None, Times]:
    """Yield what is wrong with a schedule; return the times that can be read, with their places."""
    if kind == "repost":
        return []
    if kind != "follow":
        yield from _form(path, item)
    if "at" in item:
        times = list(_given(path, item["at"]))
        for time, place in times:
            if time >= calendar.horizon:
                end = units.write_duration(calendar.horizon)
                text = units.found(_written(item["at"], place, path))
                yield Finding(place, f"{text} is not before the horizon of {end}")
        return times
    if kind == "follow" or "every" not in item or "for" not in item:
        return []
    return (yield from _scheduled(path, item, calendar))


def _form(path: Path, item: Block) -> Iterator[Finding]:
    """Report times that are given twice, or not at all."""
    misspelt = any(
        key not in KEYS and difflib.get_close_matches(key, ("at", "every"), n=1) for key in item
    )
    if "at" in item and "every" in item:
        yield Finding(path, "give either 'at' or 'every', not both", key="every")
    elif "every" in item and "for" not in item:
        message = "'every' needs 'for': how long it goes on, such as '6 weeks'"
        yield Finding((*path, "every"), message)
    elif "every" not in item and not misspelt:
        lost = [key for key in ("for", "from") if key in item]
        for key in lost:
            yield Finding((*path, key), f"'{key}' goes with 'every': how often, such as '2 days'")
        if "at" not in item and not lost:
            yield Finding(path, "'at' is missing (or 'every' with 'for')")


def _given(path: Path, at: object) -> Iterator[tuple[float, Path]]:
    is_list = isinstance(at, list | tuple)
    for i, text in enumerate(at if isinstance(at, list | tuple) else [at]):
        try:
            yield units.read_duration(text), (*path, "at", *([i] if is_list else []))
        except ValueError:
            continue  # reported by the field itself


def _written(at: object, place: Path, path: Path) -> object:
    number = place[len(path) + 1 :]
    return at[number[0]] if number and isinstance(at, list | tuple) else at  # type: ignore[index]


def _scheduled(path: Path, item: Block, calendar: Calendar) -> Generator[Finding, None, Times]:
    try:
        every = read_every(item["every"])
        lasting = units.read_duration(item["for"])
        since = units.read_duration(item.get("from", "0 h"))
    except ValueError:
        return []
    if not 0 < lasting <= LONGEST_DURATION or not 0 <= since <= LONGEST_DURATION:
        return []
    if isinstance(every, Clock) and not calendar.has_start:
        yield Finding(
            (*path, "every"),
            f"{units.found(item['every'])} is a time by the clock: it needs 'starts', the moment "
            "at which time is 0, such as 2026-01-05 9:00 Europe/Zurich",
        )
    if isinstance(every, Clock) and calendar.moment is None:
        return []
    if how_many(every, lasting) > MOST_TIMES:
        yield Finding((*path, "every"), f"happens too often: at most {MOST_TIMES:,} times")
        return []
    times = list(occurrences(every, lasting, since, calendar.moment))
    if not times:
        message = f"{units.found(item['every'])} does not come in {units.found(item['for'])}"
        yield Finding((*path, "every"), message)
    late = len(times) - before(times, calendar.horizon)
    if late:
        end = units.write_duration(calendar.horizon)
        number = (
            "the only occurrence is"
            if len(times) == 1
            else f"{late:,} of {len(times):,} occurrences are"
        )
        yield Finding(
            (*path, "for"),
            f"{number} not before the horizon of {end}: shorten 'for' or lengthen 'horizon'",
        )
    return [(time, path) for time in times]
