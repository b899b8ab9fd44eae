"""Checks of strategies: names that must exist, times before the horizon, nothing done twice.

Like all checks between blocks they work on the scenario as written; see ``cross_checks``.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from propagation.scenario import units
from propagation.scenario.actions import ACTIONS
from propagation.scenario.choice_checks import choice_problems, segment_problems
from propagation.scenario.findings import Finding, Path, as_name, block, reference, unknown_keys
from propagation.scenario.schedule_checks import calendar_of, happenings
from propagation.scenario.units import shown

DEFAULT_HORIZON = 168.0
"""One week in hours."""
MOST_HAPPENINGS = 100_000
"""Of all actions of all strategies."""
DOES = {"post": "posts", "pitch": "pitches", "blast": "blasts", "boost": "boosts"}
HAVE_CONTACTS = ("pitch", "blast", "seed", "follow")
HAVE_IMPRESSIONS = ("boost",)

Block = Mapping[str, object]


@dataclass(frozen=True)
class _Done:
    """An item of a strategy: where it stands, what it does, and when."""

    path: Path
    kind: str
    item: Block
    times: list[tuple[float, Path]]

    @property
    def by(self) -> str | None:
        return as_name(self.item.get("by"))

    @property
    def messages(self) -> list[str]:
        message = self.item.get(self.kind)
        names = message if isinstance(message, Mapping) else [message]
        return [name for name in map(as_name, names) if name is not None]


def action_problems(tree: Block) -> Iterator[Finding]:
    """Report what is wrong with the actions of the strategies."""
    strategies = block(tree, "strategies")
    if strategies and all(items in ([], ()) for items in strategies.values()):
        yield Finding(("strategies",), "nothing is done: at least one strategy needs an action")
    calendar = calendar_of(horizon_of(tree), tree.get("starts"))
    happened = 0
    for strategy, items in strategies.items():
        done: list[_Done] = []
        for i, item in enumerate(items if isinstance(items, list | tuple) else ()):
            kinds = [key for key in ACTIONS if key in block(item)]
            if len(kinds) == 1:
                path = ("strategies", strategy, i)
                times = yield from happenings(path, kinds[0], block(item), calendar)
                done.append(_Done(path, kinds[0], block(item), times))
                happened += len(times) * max(1, len(done[-1].messages))
        if happened > MOST_HAPPENINGS:
            message = f"actions happen more than {MOST_HAPPENINGS:,} times in all strategies"
            yield Finding(("strategies", strategy), message)
            return
        for one in done:
            yield from _names(one, tree)
            yield from _cost(one)
            yield from _too_early(one, done, tree)
            yield from _never_made(one, done, tree)
        yield from _twice(done)


def horizon_of(tree: Block) -> float:
    """Return the horizon in hours, infinite if there is none that can be read."""
    try:
        hours = units.read_duration(tree["horizon"]) if "horizon" in tree else DEFAULT_HORIZON
    except ValueError:
        return math.inf
    return hours if hours > 0 else math.inf


def _names(one: _Done, tree: Block) -> Iterator[Finding]:
    ours, messages, path = block(tree, "ours"), block(tree, "messages"), one.path
    for key in ("by", "credit", *(["repost"] if one.kind == "repost" else [])):
        yield from reference((*path, key), one.item.get(key), ours)
    if one.kind not in ("repost", "follow"):
        message = one.item.get(one.kind)
        if isinstance(message, Mapping):
            yield from unknown_keys((*path, one.kind), message, messages)
        yield from reference((*path, one.kind), message, messages)
    if one.kind == "follow":
        topics = {as_name(block(messages, name).get("topic")) for name in messages}
        known = [topic for topic in topics if topic is not None]
        yield from reference((*path, "topic"), one.item.get("topic"), known)
    if one.kind == "boost":
        yield from segment_problems((*path, "to"), one.item.get("to"), tree)
    elif one.kind in HAVE_CONTACTS:
        key = "follow" if one.kind == "follow" else "to"
        yield from choice_problems((*path, key), block(one.item, key), tree)
    if one.kind == "repost" and one.by is not None and one.by == as_name(one.item["repost"]):
        yield Finding((*path, "by"), f"'{shown(one.by)}' cannot repost itself")


def _cost(one: _Done) -> Iterator[Finding]:
    cost, path = block(one.item, "cost"), (*one.path, "cost")
    given = {key for key, value in cost.items() if units.is_number(value) and value > 0}
    for key, kinds, what in (
        ("per contact", HAVE_CONTACTS, "contacts"),
        ("per thousand impressions", HAVE_IMPRESSIONS, "bought impressions"),
    ):
        if key in given and one.kind not in kinds:
            message = f"a {one.kind} has no {what}: this is for {', '.join(kinds)}"
            yield Finding((*path, key), message)
    if len(given & {"per hour", "hours"}) == 1:
        key = next(iter(given & {"per hour", "hours"}))
        other = "hours" if key == "per hour" else "per hour"
        yield Finding((*path, key), f"costs nothing without '{other}'")


def _too_early(one: _Done, done: list[_Done], tree: Block) -> Iterator[Finding]:
    """Report an account that acts, or is credited, before it exists."""
    times = one.times
    if one.kind == "repost":
        after = _hours(one.item.get("after", "0 h"))
        posts = [each for each in done if each.kind == "post"]
        of = as_name(one.item["repost"])
        times = [(t + after, one.path) for each in posts if each.by == of for t, _ in each.times]
    if not times:
        return
    first, path = min(times, key=lambda each: each[0])
    for key in ("by", "credit"):
        name = as_name(one.item.get(key))
        since = _hours(block(tree, "ours", name).get("from")) if name is not None else 0.0
        if name is not None and 0 <= first < since:
            yield Finding(
                path,
                f"'{shown(name)}' exists only from {units.write_duration(since)} on; this happens "
                f"at {units.write_duration(first)} already",
            )


def _never_made(one: _Done, done: list[_Done], tree: Block) -> Iterator[Finding]:
    """Report a repost that cannot be made: of nothing, or after the horizon only."""
    if one.kind != "repost" or one.item.get("when") == "never":
        return
    of = as_name(one.item["repost"])
    posts = [each for each in done if each.kind == "post" and each.by == of]
    if not posts and of is not None and of in block(tree, "ours"):
        message = f"'{shown(of)}' posts nothing in this strategy, and only posts are reposted"
        yield Finding((*one.path, "repost"), message)
    times = [time for each in posts for time, _ in each.times]
    horizon = horizon_of(tree)
    if times and min(times) < horizon < min(times) + _hours(one.item.get("after", "0 h")):
        end = units.write_duration(horizon)
        message = f"the first repost would come after the horizon of {end} already"
        yield Finding((*one.path, "after"), message)


def _hours(text: object) -> float:
    try:
        return units.read_duration(text)
    except ValueError:
        return 0.0


def _twice(done: list[_Done]) -> Iterator[Finding]:
    seen: set[tuple[object, ...]] = set()
    for one in done:
        if one.kind == "repost":
            rule = (one.item["repost"], one.by, one.item.get("when", "always"))
            key = json.dumps([*rule, _hours(one.item.get("after", "0 h"))], default=str)
            if (key,) in seen:
                message = f"'{one.by}' already reposts '{one.item['repost']}' by the same rule"
                yield Finding(one.path, f"{message} in this strategy")
            seen.add((key,))
            continue
        is_told = False
        to = json.dumps(one.item.get("follow" if one.kind == "follow" else "to"), default=str)
        for message in one.messages if one.kind != "follow" else [""]:
            for time, path in one.times:
                act = (one.kind, message, one.by, to, time)
                if act in seen and not (is_told and path == one.path):
                    is_told = True
                    yield Finding(path, f"{_sentence(one, message, time)} in this strategy")
                seen.add(act)


def _sentence(one: _Done, message: str, time: float) -> str:
    """Say what is done twice."""
    at = f"at {units.write_duration(time)}"
    if one.kind == "post":
        return f"'{one.by}' already posts '{message}' {at}"
    if one.kind == "seed":
        return f"'{message}' is already seeded with the same accounts {at}"
    if one.kind == "follow":
        return f"'{one.by}' already follows the same accounts {at}"
    return f"'{one.by}' already {DOES[one.kind]} '{message}' to the same accounts {at}"
