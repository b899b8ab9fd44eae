"""How the document writes numbers."""

from collections.abc import Mapping
from typing import Any

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import decimals, number, with_interval

SMALL = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def few(value: float, digits: int = 2) -> str:
    """Write a number with so many significant digits: 3,800, 7.5, 0.25."""
    if value == round(value) and abs(value) < 10**digits:
        return f"{value:.0f}"
    return number(value, decimals(abs(value)) + digits - 2)


def spelled(count: int) -> str:
    """Write a small number as a word."""
    return SMALL[count] if count < len(SMALL) else f"{count:,}"


def interval_of(found: Mapping[str, Any]) -> str:
    """Write ``30.9 (29.1 to 32.8)``; the mean alone where there is no interval."""
    return with_interval(Interval(found["mean"], found["low"], found["high"]))
