"""What theory expects of strategies, in sentences, for ``propagation check``."""

import math
from collections.abc import Iterator, Mapping

from propagation.experiment.foresight import METRICS, Foresight, Foresights, factors
from propagation.experiment.phrases import listed, phrase, share
from propagation.scenario.comparing import Metric
from propagation.scenario.spec import Scenario
from propagation.spread.by_segment import BySegment

LEAST = 100
"""The number of shares whose chance is told."""
REPEATED = 0.05
"""Part of the notices that are not an account's first from which means are called too high."""
MOST_SEGMENTS = 4
"""Segments that are spoken of one by one at most, those with most shares within."""


def sentences(found: Foresights) -> Iterator[str]:
    """Yield what theory expects: of messages, of strategies, of the comparison."""
    scenario = found.laboratory.scenario
    spoken = {name: found(name) for name in scenario.strategies}
    expected = {name: one for name, one in spoken.items() if isinstance(one, Foresight)}
    if expected:
        yield f"theory: {_basis(found)}; docs/theory.md says when it holds"
    yield from _messages(expected, scenario.shuffled)
    for name, one in expected.items():
        yield f"theory: '{name}' {_strategy(one, scenario)}{_repeated(one, scenario)}"
    yield from _comparison(found, expected)
    yield from _silent({name: one for name, one in spoken.items() if isinstance(one, str)})


def _basis(found: Foresights) -> str:
    every = "every notice is taken to be an account's first"
    if found.from_parameters:
        return f"{every}, in segments as they are asked for (--exact: as they are drawn)"
    if any(isinstance(one, Foresight) and one.theory for one in map(found, _names(found))):
        drawn = "of draw 0" if found.laboratory.scenario.draws > 1 else "of the graph"
        return f"{every}, among the accounts {drawn}"
    return f"{every}, in segments as connected as in the graph (--exact: by account)"


def _names(found: Foresights) -> list[str]:
    return list(found.laboratory.scenario.strategies)


def _messages(expected: Mapping[str, Foresight], shuffled: tuple[str, ...]) -> Iterator[str]:
    """Say how each message spreads, once for each world it spreads in."""
    said: set[tuple[str, bool]] = set()
    for name, one in expected.items():
        for message, by in one.by_message.items():
            key = message, name in shuffled
            if key in said:
                continue
            said.add(key)
            place = " in the shuffled world" if key[1] else ""
            by_account = None if one.theory is None else one.theory.reproduction(message)
            yield f"theory: '{message}'{place} {_spreads(by, by_account)}"


def _spreads(by: BySegment, by_account: float | None) -> str:
    R = by.reproduction if by_account is None else by_account
    text = f"has a reproduction number of {R:.3g} further shares for a share"
    if by_account is not None:
        text += f" (by segment {by.reproduction:.3g})"
    names = sorted(by.segments, key=lambda name: -by.within[name])[:MOST_SEGMENTS]
    if len(by.segments) > 1:
        text += f"; {listed([f'{by.within[one]:.3g} within {one}' for one in names])}"
    if R >= 1:
        never = dict(zip(by.segments, by.survival.tolist(), strict=True))
        chances = [f"{_share(never[one])} from {one}" for one in names]
        return f"{text}; it may go on without end, with a chance of {listed(chances)}"
    if len(by.segments) == 1:
        return f"{text}: a share leads to {1 / (1 - R):.3g} in all"
    if by.reproduction >= 1:
        return text
    sizes = [f"{_number(by.amplification[one])} in all from {one}" for one in names]
    return f"{text}; a share leads to {listed(sizes)}"


def _strategy(one: Foresight, scenario: Scenario) -> str:
    """Say what one strategy brings."""
    first, total = one.first_shares, one.unlimited["shares"]
    text = (
        f"speaks to {_count(one.followers, 'follower')}, who share {_number(first)} times at once"
    )
    if math.isfinite(total):
        each = f", {_number(total / first)} for each of these" if first > 0 else ""
        text += f", which makes {_count(total, 'share')} in all{each}"
    else:
        text += ", which makes shares without end"
    means = [
        f"{_label(metric)} {_number(one.means[metric])}"
        for metric in METRICS
        if math.isfinite(one.means[metric])
    ]
    if means:
        ends = math.isfinite(scenario.horizon)
        text += f"; {'up to the horizon' if ends else 'in all'} {listed(means)}"
        text += f", with {LEAST} shares or more in {_share(one.chance(LEAST))} of the runs"
    return text


def _comparison(found: Foresights, expected: Mapping[str, Foresight]) -> Iterator[str]:
    """Say how compared strategies fare, why, and with how many followers they would tie."""
    scenario = found.laboratory.scenario
    metric, baseline = scenario.compare.on, scenario.compare.baseline
    if metric not in METRICS or baseline not in expected:
        return
    other = expected[baseline]
    for name in scenario.compare.strategies or scenario.strategies:
        why = factors(expected[name], other, metric) if name in expected else None
        if name == baseline or why is None:
            continue
        tie, there = other.followers * why.ratio, other.available
        beyond = f", more than the {there:,.0f} there are" if there and tie > there else ""
        yield (
            f"theory: '{name}' does {_number(why.ratio)} times what '{baseline}' does in "
            f"{_label(metric)} = {_number(why.head_count)} (head count) x "
            f"{_number(why.engagement)} (first shares for each follower) x "
            f"{_number(why.later)} (shares in all for each of these) x "
            f"{_number(why.worth)} ({_label(metric)} for each share)"
        )
        yield (
            f"theory: they tie if '{baseline}' speaks to {_count(tie, 'such follower')}{beyond}, "
            f"{_number(tie / expected[name].followers)} for each of '{name}'"
        )


def _repeated(one: Foresight, scenario: Scenario) -> str:
    """Say where the same accounts are told so often that means are too high."""
    if one.repeated <= REPEATED:
        return ""
    text = (
        f"; too high, as {_share(one.repeated)} of its notices would fall on accounts told before"
    )
    responses = {name: scenario.messages[name].response for name in one.by_message}
    if "single" in responses.values():
        most = one.most_deciding_once({name for name in responses if responses[name] == "single"})
        text += f", who decide once: at most {_number(most)} would share on average"
    return text


def _silent(reasons: Mapping[str, str]) -> Iterator[str]:
    """Say of which strategies nothing is expected, and why."""
    for reason in dict.fromkeys(reasons.values()):
        names = [f"'{name}'" for name, own in reasons.items() if own == reason]
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        shown = ", ".join(names[:3]) if more else listed(names)
        yield f"theory says nothing of {shown}{more}: {reason}"


def _label(metric: Metric | str) -> str:
    return phrase(metric).label.replace("raw ", "")


def _count(value: float, noun: str) -> str:
    shown = _number(value)
    return f"{shown} {noun}" if shown == "1" else f"{shown} {noun}s"


def _share(value: float) -> str:
    return share(value) if value == 0 or value >= 0.005 else "under 1%"


def _number(value: float) -> str:
    """Write three digits, or all those of a whole number."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "without end"
    if abs(value) >= 1000 or value == round(value):
        digits = 3 - math.ceil(math.log10(abs(value)))
        return f"{value if value == round(value) else round(value, digits):,.0f}"
    return f"{value:.3g}"
