"""What exploring a scenario found, in plain sentences: the range over what is uncertain first."""

import math
from collections.abc import Iterator

from propagation.experiment.phrases import (
    counted,
    decimals,
    listed,
    number,
    phrase,
    plainly,
    range_decimals,
    share,
)
from propagation.exploration.decomposition import Why
from propagation.exploration.sensitivity import Index
from propagation.exploration.uncertain import Over
from propagation.exploration.uncertainty import Uncertainty

MUCH_NOISE = 0.1
"""Share of the variance over combinations that is simulation noise from which on it is said."""
FEWEST_FOR_TENTHS = 20
"""Of fewer combinations the extremes are told: the outer tenth is hardly one of them."""
NOTABLE_SHIFT = 1.05
"""Factor from which on it is told how far the whole range may have been moved by luck."""
OPEN = 1e-9
LITTLE_OF_ALL = 0.1
"""Share of the variance that interactions make up from which on they are named."""


def times(value: float) -> str:
    """Write ``3.2`` or ``0.45``: a factor with two digits, or a whole number."""
    return number(value, max(0, decimals(abs(value)) if value else 1))


def of_uncertainty(found: Uncertainty) -> Iterator[str]:
    """Say how the answer varies over what is uncertain, and what it hangs on most."""
    labels = found.labels
    asked = int(found.design.fills.sum())
    for each in found.pairs:
        yield _range(each, list(labels.values()))
        if each.combinations < asked:
            yield (
                f"In {asked - each.combinations:,} more of the {asked:,} combinations tried it is "
                "undefined."
            )
        yield _ahead(each)
        yield from _shift(each)
        if each.noise > MUCH_NOISE:
            yield (
                f"Of the variance over the combinations {share(each.noise)} is simulation noise, "
                "which widens this range: more replicates at each would reduce it."
            )
        if each.heavy:
            yield (
                f"In {share(each.heavy)} of the combinations a few campaigns hold much of the "
                "total: means of so few runs are rough there, and so is the range."
            )
        yield from _hangs_on(each, labels)
    yield (
        "The intervals from here on are of another kind: they hold for the inputs as written, and "
        "say only how well the simulation knows its own means."
    )


def _range(each: Over, labels: list[str]) -> str:
    words, metric = phrase(each.metric), phrase(each.metric).label
    over = f"Over what is uncertain ({listed(labels)}; {counted(each.combinations, 'combination')})"
    few = each.combinations < FEWEST_FOR_TENTHS
    ends = (each.least, each.most) if few else (each.low, each.high)
    where = "in all of them" if few else "in nine of ten combinations"
    if each.is_ratio:
        low, high = _apart(*ends)
        extremes = "" if few else f"; at the extremes {' and '.join(_apart(each.least, each.most))}"
        return (
            f"{over}, {each.strategy} has between {low} and {high} times {words.times} as "
            f"{each.baseline} in {metric} {where}, in half of them over "
            f"{times(each.median)}{extremes}."
        )
    places = range_decimals(*ends)
    low, high, median = (number(value, places) for value in (*ends, each.median))
    return (
        f"{over}, the difference in {metric} between {each.strategy} and {each.baseline} is from "
        f"{low} to {high} {where}, in half of them over {median}."
    )


def _apart(low: float, high: float) -> tuple[str, str]:
    """Write two factors with as many digits as it takes to tell them apart, four at most."""
    shown = times(low), times(high)
    if shown[0] != shown[1] or not low:
        return shown
    places = 3 - math.floor(math.log10(abs(low)))
    return number(low, places), number(high, places)


def _ahead(each: Over) -> str:
    better = plainly(each.metric, better=True)
    one, other = each.strategy, each.baseline
    if each.surely_ahead == 1:
        return f"In all of them {one} {better} than {other}, by more than simulation error."
    if each.surely_behind == 1:
        return f"In all of them {other} {better} than {one}, by more than simulation error."
    if not each.surely_ahead and not each.surely_behind:
        return f"In none of them is it beyond simulation error which of {one} and {other} {better}."
    told = [
        f"{who} {better} in {share(part)}"
        for who, part in ((one, each.surely_ahead), (other, each.surely_behind))
        if part
    ]
    open_ = 1 - each.surely_ahead - each.surely_behind
    rest = f"; in {share(open_)} neither does" if open_ > OPEN else ""
    return f"Taken one by one, and by more than simulation error, {' and '.join(told)}{rest}."


def _shift(each: Over) -> Iterator[str]:
    """Say how far luck that is common to all combinations may move the range."""
    if each.is_ratio and each.shift > NOTABLE_SHIFT:
        yield (
            "Luck that all combinations share may have moved the whole range, by a factor of "
            f"up to {times(each.shift)} either way (95%)."
        )
    elif not each.is_ratio and each.shift > 0:
        places = range_decimals(0.0, each.shift)
        yield (
            "Luck that all combinations share may have moved the whole range, by "
            f"up to {number(each.shift, places)} either way (95%)."
        )


def _hangs_on(each: Over, labels: dict[str, str]) -> Iterator[str]:
    """Say what the answer hangs on, most first."""
    if not each.indices:
        return
    if len(each.indices) == 1:
        return  # all there is
    ordered = sorted(each.indices, key=lambda index: -index.total)
    first, *rest = ordered
    told = [f"{labels[index.path]} ({_percent(index.total)})" for index in rest]
    yield (
        f"It hangs most on {labels[first.path]}: with all else known, "
        f"{_percent(first.total)} of the variance of {'its logarithm' if each.is_ratio else 'it'} "
        f"would be left ({_percent(first.total_low)} to {_percent(first.total_high)}); "
        f"then on {listed(told)}."
    )
    alone = sum(index.first for index in each.indices)
    if 1 - alone > LITTLE_OF_ALL and _surely_interact(each.indices):
        yield (
            f"One by one the inputs account for {_percent(alone)} of the variance; the rest comes "
            "from how they act together."
        )


def _surely_interact(indices: tuple[Index, ...]) -> bool:
    """Whether the intervals leave no doubt that first orders do not add up to all."""
    return sum(index.first_high for index in indices) < 1 or any(
        index.total_low > index.first_high for index in indices
    )


def _percent(value: float) -> str:
    return share(min(1.0, max(0.0, value)))


def of_why(found: Why) -> Iterator[str]:
    """Say of which factors a ratio is the product."""
    ratio = times(found.ratio.mean or 0.0)
    told = [f"{each.name} {times(each.value)}" for each in found.factors]
    yield (
        f"Why {found.strategy} has {ratio} times {phrase(found.metric).times} as "
        f"{found.baseline} in {phrase(found.metric).label}: {' x '.join(told)}."
    )
    if found.note:
        yield found.note
