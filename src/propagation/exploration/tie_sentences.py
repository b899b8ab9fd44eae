"""Where two strategies tie, in plain sentences."""

import math
from collections.abc import Iterator

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import (
    apart,
    counted,
    decimals,
    number,
    phrase,
    plainly,
    share,
)
from propagation.exploration.looks import By
from propagation.exploration.searching import Crossing, Kind
from propagation.exploration.ties import BreakEvenFound, TieRange

FEW_DRAWS = 5


def of_break_even(found: BreakEvenFound) -> tuple[str, ...]:
    """Say where two strategies tie, how surely, and who is ahead where."""
    return tuple(_sentences(found))


def _sentences(found: BreakEvenFound) -> Iterator[str]:
    tie, (one, other) = found.tie, found.between
    what = f"{one} and {other} tie in {phrase(found.metric).label}"
    if tie.kind is Kind.UNDEFINED:
        yield f"Where {what} cannot be said: there is none in any run."
        return
    if tie.kind is Kind.TIE:
        (crossing,) = tie.crossings
        yield from _tie(found, crossing)
    elif tie.kind is Kind.SEVERAL:
        places = "; ".join(_with_limits(found, each) for each in tie.crossings)
        yield f"{what} at several values of {found.label}: {places}."
    elif tie.kind is Kind.NEVER:
        yield _never(found)
    elif tie.kind is Kind.BEYOND:
        yield _beyond(found)
    else:
        yield (
            f"Where {what} is not settled: from {_ends(found)} in {found.label} no value is known "
            f"at which either is ahead, by {counted(tie.replicates, 'replicate')}."
        )
    if found.over is not None and tie.kind is not Kind.TIE:
        yield f"Over what is uncertain it is {_over(found, found.over)}."
    yield from _beyond_range(found)
    yield from _how(found)


def _tie(found: BreakEvenFound, crossing: Crossing) -> Iterator[str]:
    (one, other), accounts = found.between, found.accounts
    below, above = (one, other) if crossing.falls else (other, one)
    ranges = [] if found.over is None else [f"{_over(found, found.over)} over what is uncertain"]
    ranges.append(f"{_limits(found, crossing.low, crossing.high)} by simulation error alone")
    places = _places(found, crossing)
    value = number(crossing.value, places)
    better = plainly(found.metric, better=True)
    if accounts is not None:
        ours = f"{counted(accounts.ours, 'follower')} of {' and '.join(accounts.by)}"
        each = f"{_digits(accounts.for_each)} for each"
        metric, theirs = phrase(found.metric).label, number(accounts.theirs, places)
        if accounts.theirs == crossing.value:
            equal = f"equal {theirs} of {accounts.varied} in {metric}"
            yield f"The {ours} {equal} ({'; '.join(ranges)}): {each}."
        else:  # the ranges are those of the followers that were varied, not of all
            tie = f"{one} and {other} tie in {metric} at {value} {found.label}"
            yield f"{tie} ({'; '.join(ranges)})."
            yield f"The {ours} then equal {theirs} of {accounts.varied} in all: {each}."
        yield f"With fewer followers of {accounts.varied} {below} {better}, with more {above}."
        return
    yield (
        f"{one} and {other} tie in {phrase(found.metric).label} where {found.label} is {value} "
        f"({'; '.join(ranges)})."
    )
    yield f"Below it {below} {better}, above it {above}."


def _never(found: BreakEvenFound) -> str:
    """Say who is ahead throughout, and by how much where it is least."""
    tie, (one, other) = found.tie, found.between
    ends = (tie.evaluated[0], tie.evaluated[-1])
    is_one = tie.ahead(ends[0]) > 0
    ahead, behind = (one, other) if is_one else (other, one)
    better = plainly(found.metric, better=True)
    said = (
        f"{ahead} {better} than {behind} in {phrase(found.metric).label} throughout, from "
        f"{_ends(found)} in {found.label}"
    )
    if tie.by is By.CHANCES:
        return f"{said}: nowhere in half of the paired campaigns."
    nearest = min(ends, key=lambda each: abs(each.difference.mean or 0.0))
    difference = nearest.difference
    if not is_one:
        mean, low, high = difference.mean, difference.low, difference.high
        assert mean is not None
        difference = Interval(-mean, None if high is None else -high, None if low is None else -low)
    return (
        f"{said}: nearest to a tie, at {_plain(nearest.value)}, {ahead} has "
        f"{apart(found.metric, difference)}."
    )


def _beyond(found: BreakEvenFound) -> str:
    tie, (one, other) = found.tie, found.between
    metric, better = phrase(found.metric).label, plainly(found.metric, better=True)
    at_low = tie.low is not None
    sure = tie.evaluated[0 if at_low else -1]
    ahead, behind = (one, other) if tie.ahead(sure) > 0 else (other, one)
    bound = tie.low if tie.low is not None else tie.high
    assert bound is not None
    end, side = (tie.range[1], "up to") if at_low else (tie.range[0], "down to")
    more = "more" if at_low else "less"
    return (
        f"{one} and {other} do not tie in {metric} {side} {_plain(end)} in {found.label} as far as "
        f"is known: {side} {_plain(bound)} {ahead} {better} than {behind}, "
        f"from there on it is not settled. If they tie, it is there or at {more}."
    )


def _how(found: BreakEvenFound) -> Iterator[str]:
    """Say what the tie rests on, and what keeps it from being known better."""
    tie = found.tie
    if tie.by is By.CHANCES:
        yield (
            "A few campaigns hold much of the total, or may: so this is no tie of means but of "
            "chances, where each does better in half of the paired campaigns."
        )
    if found.theory is not None and tie.by is By.MEANS:
        places = 2 - math.floor(math.log10(found.theory))
        yield f"A branching process on the same followers ties at {number(found.theory, places)}."
    if tie.kind in (Kind.TIE, Kind.SEVERAL) and not tie.precise:
        asked = f"half of the interval is more than the {share(found.within)} of it asked for"
        if tie.limited:
            yield (
                f"There {asked}: the {counted(tie.draws, 'world')} differ, and more replicates in "
                "them would not help; more draws would."
            )
        else:
            yield (
                f"There {asked}, after {counted(tie.replicates, 'replicate')}, the most allowed."
            )
    if 1 < tie.draws < FEW_DRAWS:
        yield (
            f"The interval rests on {tie.draws} worlds and is wide for that reason: use at least "
            f"{FEW_DRAWS} draws."
        )


def _beyond_range(found: BreakEvenFound) -> Iterator[str]:
    """Say in how many combinations there is no tie in the range."""
    over = found.over
    if over is None or not over.below + over.above:
        return
    parts = []
    if over.below:
        parts.append(f"below {_plain(found.tie.range[0])} in {share(over.below)}")
    if over.above:
        parts.append(f"beyond {_plain(found.tie.range[1])} in {share(over.above)}")
    yield (
        f"Of {counted(over.combinations, 'combination')} of what is uncertain the tie lies "
        f"{' and '.join(parts)}."
    )


def _over(found: BreakEvenFound, over: TieRange) -> str:
    low, high = found.tie.range
    if over.above == 1 or over.below == 1:
        return f"beyond {_plain(high)} in all" if over.above else f"below {_plain(low)} in all"
    if over.low is None and over.high is None:
        middle = "" if over.median is None else f", {_plain(over.median)} in the middle"
        return f"anywhere{middle}"
    if over.low is not None and over.high is not None:
        places = _of(found, over.high, decimals((over.high - over.low) / 2, over.high))
        return f"{number(over.low, places)} to {number(over.high, places)}"
    if over.low is not None:
        return f"{_plain(over.low)} to beyond {_plain(high)}"
    assert over.high is not None
    return f"below {_plain(low)} to {_plain(over.high)}"


def _limits(found: BreakEvenFound, low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        places = _of(found, high, decimals((high - low) / 2, high))
        return f"{number(low, places)} to {number(high, places)}"
    if low is not None:
        return f"at least {_plain(low)}"
    return "no limit in the range" if high is None else f"at most {_plain(high)}"


def _with_limits(found: BreakEvenFound, crossing: Crossing) -> str:
    value = number(crossing.value, _places(found, crossing))
    return f"{value} ({_limits(found, crossing.low, crossing.high)})"


def _places(found: BreakEvenFound, crossing: Crossing) -> int:
    """Return how many decimals a tie is known to."""
    known = [each for each in (crossing.low, crossing.high) if each is not None]
    spread = max((abs(each - crossing.value) for each in known), default=abs(crossing.value))
    return _of(found, crossing.value, decimals(spread, crossing.value))


def _of(found: BreakEvenFound, value: float, places: int) -> int:
    """Return so many decimals or, of whole numbers, one of small ones and none of larger ones."""
    return min(places, int(value < 20)) if found.whole else places


def _ends(found: BreakEvenFound) -> str:
    low, high = found.tie.range
    return f"{_plain(low)} to {_plain(high)}"


def _plain(value: float) -> str:
    """Write a value with three digits at least, without zeros at the end."""
    if not value:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    shown = number(value, places)
    return shown.rstrip("0").rstrip(".") if places else shown


def _digits(value: float) -> str:
    return number(value, max(0, 2 - math.floor(math.log10(abs(value)))))
