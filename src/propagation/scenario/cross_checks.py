"""Checks between the blocks of a scenario: names that must exist, numbers that must fit together.

They work on the scenario as written (nested dictionaries) and skip whatever is not of the expected
kind, so that a wrong reference is reported together with a wrong number, not after it.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping

from propagation.problems import not_one_of
from propagation.scenario import units
from propagation.scenario.accounts import graph_format
from propagation.scenario.action_checks import action_problems
from propagation.scenario.choice_checks import EVERYBODY, whole
from propagation.scenario.compare_checks import compare_problems
from propagation.scenario.findings import Finding, Path, as_name, block, unknown_keys
from propagation.scenario.grown import grown_problems, is_grown
from propagation.scenario.originals import originals_problems
from propagation.scenario.units import shown

MOST_ACCOUNTS = 2**31 - 1
MOST_INTERESTS = 10_000
"""So that a resolved scenario, which lists them all, still is a file of readable size."""
TRAITS = ("attention", "value", "threshold")


def find_cross_problems(tree: Mapping[str, object]) -> list[Finding]:
    """Return everything in which the blocks of a written scenario do not fit together."""
    worlds = (_world, _graph, _total, _interest, _follows, grown_problems, _ours, _columns)
    checks = (*worlds, action_problems, originals_problems, compare_problems, _thresholds)
    return [finding for check in checks for finding in check(tree)]


def _share(value: object) -> float | None:
    try:
        return units.read_share(value)
    except ValueError:
        return None


def _world(tree: Mapping[str, object]) -> Iterator[Finding]:
    if is_grown(tree):
        return
    if "segments" in tree and "graph" in tree:
        yield Finding((), "give either 'segments' or 'graph', not both", key="graph")
    if "segments" not in tree and "graph" not in tree:
        yield Finding((), "'segments' is missing (or 'graph' with 'accounts')")
    if "graph" in tree and "accounts" not in tree:
        yield Finding((), "'accounts' is missing: a graph needs the traits of its accounts")
    if "accounts" in tree and "graph" not in tree:
        yield Finding((), "'accounts' needs a 'graph'; segments hold their own", key="accounts")


def _graph(tree: Mapping[str, object]) -> Iterator[Finding]:
    graph = block(tree, "graph")
    if "follows" in graph and graph.get("follower", 1) == graph.get("followee", 2):
        message = "follower and followee are the same column; name the two columns of a follow"
        yield Finding(("graph", "followee"), message)


def _total(tree: Mapping[str, object]) -> Iterator[Finding]:
    segments = block(tree, "segments")
    total = sum(whole(block(segments, name).get("accounts")) for name in segments)
    total += len(block(tree, "ours"))
    if total > MOST_ACCOUNTS:
        message = f"{total:,} accounts in all are too many: at most {MOST_ACCOUNTS:,}"
        yield Finding(("segments",), message)


def _interest(tree: Mapping[str, object]) -> Iterator[Finding]:
    topics: dict[str, None] = {}
    for name in block(tree, "messages"):
        topic = as_name(block(tree, "messages", name).get("topic"))
        if topic == "other":
            message = "'other' cannot be a topic: it stands for the topics not listed"
            yield Finding(("messages", name, "topic"), message)
        elif topic is not None:
            topics[topic] = None
    places = list(_places(tree))
    if len(topics) * len(places) > MOST_INTERESTS:
        message = f"{len(topics):,} topics for {len(places):,} segments are too many: at most "
        yield Finding(("messages",), f"{message}{MOST_INTERESTS:,} interests in all")
        return
    for path in places:
        place = block(tree, *path)
        if isinstance(place.get("interest"), Mapping):
            is_complete = path[:2] != ("accounts", "by segment")
            interest = block(place, "interest")
            yield from _topics((*path, "interest"), interest, topics, is_complete)


def _topics(
    path: Path, interest: Mapping[str, object], topics: Collection[str], is_complete: bool
) -> Iterator[Finding]:
    unknown = [name for name in interest if name not in topics and name != "other"]
    for topic in topics:
        if topic in interest:
            continue
        meant = difflib.get_close_matches(topic, unknown, n=1)
        if meant:
            yield Finding(path, not_one_of(shown(meant[0]), sorted(topics)), key=meant[0])
        elif is_complete and "other" not in interest:
            message = f"'{topic}' is missing: list every topic of a message, or set 'other'"
            yield Finding(path, message)


def _places(tree: Mapping[str, object]) -> Iterator[tuple[str, ...]]:
    """Yield the paths of all blocks that hold traits."""
    for name in block(tree, "segments"):
        yield ("segments", name)
    if "accounts" in tree:
        yield ("accounts",)
    for name in block(tree, "accounts", "by segment"):
        yield ("accounts", "by segment", name)


def _follows(tree: Mapping[str, object]) -> Iterator[Finding]:
    segments = block(tree, "segments")
    for name in segments:
        path = ("segments", name, "follows", "to")
        yield from unknown_keys(path, block(tree, *path), segments)


def _ours(tree: Mapping[str, object]) -> Iterator[Finding]:
    holders: dict[str, str] = {}
    for name, ours in block(tree, "ours").items():
        if not isinstance(ours, Mapping):
            continue
        if ("followers" in ours) == ("account" in ours):
            yield Finding(("ours", name), "must have exactly one of: followers, account")
            continue
        yield from _followers(tree, name)
        label = as_name(ours.get("account"))
        if label is None:
            continue
        path = ("ours", name, "account")
        if "segments" in tree:
            given = "'graph' that is given" if is_grown(tree) else "'graph'"
            yield Finding(path, f"needs a {given}; with segments give 'followers' instead")
        elif label in holders:
            yield Finding(path, f"'{shown(label)}' is already the account of '{holders[label]}'")
        holders.setdefault(label, name)


def _followers(tree: Mapping[str, object], name: str) -> Iterator[Finding]:
    path = ("ours", name, "followers")
    followers = block(tree, *path)
    segments = block(tree, "segments")
    if "segments" not in tree:
        if "accounts" in tree and "segment" not in block(tree, "accounts"):
            yield from unknown_keys(path, followers, (EVERYBODY,))
        return  # the segments of a table are known once it is read
    yield from unknown_keys(path, followers, segments)
    for segment, count in followers.items():
        available = whole(block(segments, segment).get("accounts"))
        if available and whole(count) > available:
            message = f"{whole(count):,} followers are more than the {available:,} accounts of "
            yield Finding((*path, segment), f"{message}segment '{segment}'")


def _columns(tree: Mapping[str, object]) -> Iterator[Finding]:
    accounts = block(tree, "accounts")
    if "table" in accounts and "id" not in accounts:
        yield Finding(("accounts",), "'id' is missing: the column of the table with account ids")
    if block(accounts, "by segment") and "segment" not in accounts:
        message = "needs accounts.segment: the column of the table with the segments"
        yield Finding(("accounts", "by segment"), message)
    if "table" in accounts:
        return
    follows = block(tree, "graph").get("follows")
    has_attributes = isinstance(follows, str) and graph_format(follows) is not None
    for key in ("id", "sha256") if has_attributes else ("id", "segment", "sha256"):
        if key in accounts:
            yield Finding(("accounts", key), "needs a table: give accounts.table")
    if has_attributes:
        return
    for path in _places(tree):
        place = block(tree, *path)
        traits: dict[Path, object] = {(key,): place.get(key) for key in TRAITS}
        traits |= {("interest", key): trait for key, trait in block(place, "interest").items()}
        for inner, trait in traits.items():
            if "column" in block(trait) and path[0] == "accounts":
                yield Finding((*path, *inner), "needs a table: give accounts.table")


def _thresholds(tree: Mapping[str, object]) -> Iterator[Finding]:
    """Check that accounts have thresholds, of the right size, where a message asks for them."""
    for message in block(tree, "messages"):
        rule = block(tree, "messages", message, "response", "threshold")
        for kind in ("notices", "fraction"):
            if rule.get(kind) != "own":
                continue
            for path in _places(tree):
                yield from _threshold(path, block(tree, *path), kind, message)


def _threshold(
    path: Path, place: Mapping[str, object], kind: str, message: str
) -> Iterator[Finding]:
    if "threshold" not in place:
        if path[:2] != ("accounts", "by segment"):
            wording = f"'threshold' is missing: message '{message}' responds to own thresholds"
            yield Finding(path, wording)
        return
    trait = place["threshold"]
    mean = _share(block(trait).get("mean") if isinstance(trait, Mapping) else trait)
    if mean is None:
        return
    if kind == "notices" and mean < 1:
        wording = f"must be 1 or more, not {mean:g}: message '{message}' counts notices"
        yield Finding((*path, "threshold"), wording)
    if kind == "fraction" and mean > 1:
        wording = f"must be at most 1, not {mean:g}: message '{message}' asks for a fraction"
        yield Finding((*path, "threshold"), wording)
