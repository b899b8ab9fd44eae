"""How many replicates are enough: the rule behind ``replicates: {within: 5%, at most: 20000}``."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from propagation.experiment.intervals import (
    CONFIDENCE,
    Floats,
    Integers,
    Interval,
    Moments,
    moments,
    student_quantile,
)
from propagation.experiment.phrases import counted, phrase, roughly, share
from propagation.experiment.tails import lacks_giants
from propagation.spread.expected import Expected

PILOT = 400
DOUBT = 0.001
"""Chance of stopping early in error, at each look."""


@dataclass(frozen=True)
class Next:
    """Run until ``total`` replicates in all; None to stop. ``reason`` says why, in a sentence."""

    total: int | None
    reason: str


def precision(values: Mapping[str, Floats], draw: Integers) -> dict[str, float]:
    """Return, for each strategy, half the width of the mean's interval divided by the mean."""
    found = {strategy: moments(runs, draw) for strategy, runs in values.items()}
    return {name: relative(each.interval(), each.mean) for name, each in found.items()}


def relative(interval: Interval, mean: float) -> float:
    """Return an interval's half width divided by the mean; infinite where there is none."""
    if interval.low is None or interval.high is None:
        return float("inf")
    half = (interval.high - interval.low) / 2
    return half / abs(mean) if mean else (float("inf") if half else 0.0)


def next_total(
    values: Mapping[str, Floats],
    draw: Integers,
    within: float,
    at_most: int,
    metric: str,
    expected: Mapping[str, Expected] | None = None,
) -> Next:
    """Decide whether to go on after the replicates so far, and to which total.

    Parameters
    ----------
    values
        The compared metric in each strategy's replicates so far (replicates,); may be empty.
    within
        The relative half width wanted of every strategy's mean.
    expected
        What theory expects of the metric, by strategy, where it expects anything.

    Notes
    -----
    A pilot, then doubling, so that the rule looks at the results only a few times. It stops
    early when the difference between the draws alone keeps an interval too wide: then more
    replicates of the same draws cannot help.
    """
    runs, label = len(draw), phrase(metric).label
    if runs == 0:
        first = min(PILOT, at_most)
        return Next(first, f"The pilot is {counted(first, 'replicate')}.")
    found = {strategy: moments(each, draw) for strategy, each in values.items()}
    widths = {name: relative(each.interval(), each.mean) for name, each in found.items()}
    widest = max(widths, key=lambda name: widths[name])
    state = f"the mean {label} of {widest} is known to within {_width(widths[widest])}"
    stopped = f"Stopped after {counted(runs, 'replicate')}"
    precise = widths[widest] <= within
    lacking = _lacking(values, draw, at_most, expected or {}) if precise else []
    if lacking:
        state = f"theory expects rarer and larger campaigns of {lacking[0]} than so many may show"
    elif precise:
        others = ", that of the others that are compared at least as well" if len(found) > 1 else ""
        return Next(None, f"{stopped}: {state}{others}.")
    for name, each in found.items():
        if _surely_limited(each, within):
            limit = student_quantile(1, each.units) * each.between_variance**0.5 / each.mean
            advice = settling(each, within * each.mean)
            return Next(
                None,
                f"{stopped}: the mean {label} of {name} differs so much between the "
                f"{counted(each.draws, 'draw')} that more replicates cannot bring it within "
                f"{_width(within)}, only to about {_width(limit)}. Raise draws: {advice} would do.",
            )
    if runs >= at_most:
        missed = "" if precise else f", not {_width(within)}"
        return Next(None, f"{stopped}, the most allowed: {state}{missed}.")
    total = min(2 * runs, at_most)
    return Next(total, f"Going on to {counted(total, 'replicate')}: {state}.")


def _lacking(
    values: Mapping[str, Floats], draw: Integers, at_most: int, expected: Mapping[str, Expected]
) -> list[str]:
    """Return the strategies whose runs may lack giants that ``at_most`` runs would not."""
    return [
        name
        for name, each in values.items()
        if lacks_giants(each, draw, expected.get(name))
        and not lacks_giants(each, draw, expected.get(name), at_most)
    ]


def settling(found: Moments, target: float, comparisons: int = 1) -> str:
    """Say roughly what would bring the half width of an interval to ``target``; may be empty.

    "about 1,600 replicates"; or, where the draws' part of the variance would leave less than half
    of what the target allows to the replicates' part, "about 40 draws of 80 replicates each".
    """
    interval = found.interval(comparisons)
    if target <= 0 or interval.low is None or interval.high is None:
        return ""
    # an interval widened for skewness needs more than Student's quantile says
    plain = student_quantile(comparisons, found.units) * found.error
    target *= 2 * plain / (interval.high - interval.low) if plain else 1.0
    if found.draws < 2:
        return f"about {roughly(_units_needed(found, target, comparisons))} replicates"
    allowed = (target / student_quantile(comparisons, found.units)) ** 2
    if found.between_variance > allowed / 2:
        each, draws = found.count / found.draws, _units_needed(found, target, comparisons)
        return f"about {roughly(draws)} draws of {counted(round(each), 'replicate')} each"
    more = found.within_error**2 / (allowed - found.between_variance)
    return f"about {roughly(found.count * more)} replicates"


def _units_needed(found: Moments, target: float, comparisons: int) -> float:
    """Return how many units, more than now, bring Student's half width to ``target``."""
    units = found.units + np.ceil(np.geomspace(1, 1e12, 2000))
    quantiles = special.stdtrit(units - 1, 1 - (1 - CONFIDENCE) / 2 / comparisons)
    enough = quantiles * found.error * np.sqrt(found.units / units) <= target
    return float(units[np.argmax(enough)]) if enough.any() else float(units[-1])


def _surely_limited(found: Moments, within: float) -> bool:
    """Whether the draws' part alone exceeds ``within``, beyond doubt that replicates leave.

    Given the draws, the variance of their means found, over the replicates' part, is a noncentral
    chi-square: it must be larger than draws that just allow ``within`` make it in 99.9% of cases.
    """
    if found.draws < 2 or found.mean == 0 or found.between_variance == 0:
        return False
    freedom, noise = found.draws - 1, found.within_error**2
    allowed = (within * found.mean / student_quantile(1, found.units)) ** 2
    if noise < 1e-6 * allowed:
        return found.between_variance > allowed
    share_below = special.chndtr(
        freedom * found.error**2 / noise, freedom, freedom * allowed / noise
    )
    return bool(1 - share_below < DOUBT)


def _width(value: float) -> str:
    if not np.isfinite(value):
        return "no limit"
    return share(value) if value >= 0.0995 else f"{100 * value:.1f}%".replace(".0%", "%")
