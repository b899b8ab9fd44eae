"""Two strategies looked at, at one value of an input after another, on the same replicates."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from propagation.experiment.intervals import (
    Floats,
    Integers,
    Interval,
    Moments,
    chance_interval,
    moments,
)

Pair = Callable[[float, range], tuple[Floats, Floats]]
"""From a value and replicates, always from the first on, to a metric of the one and the other
strategy, (replicates,) each."""
Draw = Callable[[range], Integers]
"""From replicates to the draw that each lives in."""


class By(Enum):
    """What a tie is one of."""

    MEANS = "means"
    CHANCES = "chances"


class UndefinedError(ArithmeticError):
    """No replicate has the metric in both strategies at a value."""


@dataclass(frozen=True)
class Evaluated:
    """Both strategies at a value, over the replicates in which both have the metric.

    ``difference`` is that of the one less the other in the mean, ``better`` the chance that the one
    does better. Under ``heavy`` tails no interval of a mean is claimed.
    """

    value: float
    one: Interval
    other: Interval
    difference: Interval
    better: Interval
    heavy: bool
    replicates: int

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds."""
        return {
            "value": self.value,
            "one": self.one.as_dict(),
            "other": self.other.as_dict(),
            "difference": self.difference.as_dict(),
            "better": self.better.as_dict(),
            "heavy": self.heavy,
            "replicates": self.replicates,
        }


@dataclass(frozen=True)
class Lead:
    """How far the one is ahead: above 0 where it does better, whatever the metric."""

    found: Moments
    middle: float
    low: float
    high: float

    def turned(self, direction: int) -> "Lead":
        """Return it as is, or with -1 the lead of the other."""
        if direction > 0:
            return self
        return Lead(self.found, -self.middle, -self.high, -self.low)


class Looks:
    """What was seen so far; at every value the replicates are the first so many.

    Parameters
    ----------
    sign
        -1 where less is better.
    """

    def __init__(self, pair: Pair, draw: Draw, sign: int) -> None:
        self._pair, self._draw, self._sign = pair, draw, sign
        self._runs: dict[float, tuple[Floats, Floats]] = {}
        self._leads: dict[tuple[float, int, By, int], Lead] = {}

    @property
    def values(self) -> list[float]:
        """The values looked at, in order."""
        return sorted(self._runs)

    def replicates(self, value: float) -> int:
        """Return how many replicates there are at a value."""
        return len(self._runs[value][0]) if value in self._runs else 0

    def runs(self, value: float, replicates: int) -> tuple[Floats, Floats]:
        """Return both strategies at a value, NaN unless both are defined; played if need be."""
        if self.replicates(value) < replicates:
            one, other = self._pair(value, range(replicates))
            both = np.isfinite(one) & np.isfinite(other)
            self._runs[value] = np.where(both, one, np.nan), np.where(both, other, np.nan)
        one, other = self._runs[value]
        return one[:replicates], other[:replicates]

    def draw(self, replicates: int) -> Integers:
        """Return the draw of each of the first so many replicates."""
        return self._draw(range(replicates))

    def lead(self, value: float, replicates: int, by: By, comparisons: int = 1) -> Lead:
        """Return the lead of the one at a value.

        Raises
        ------
        UndefinedError
            If no replicate has the metric in both.
        """
        key = value, replicates, by, comparisons
        if key not in self._leads:
            self._leads[key] = self._lead(*key)
        return self._leads[key]

    def _lead(self, value: float, replicates: int, by: By, comparisons: int) -> Lead:
        one, other = self.runs(value, replicates)
        draw, ahead = self.draw(replicates), self._sign * (one - other)
        if not np.isfinite(ahead).any():
            raise UndefinedError
        if by is By.MEANS:
            found, middle = moments(ahead, draw), 0.0
            interval = found.interval(comparisons)
        else:
            better = (np.sign(ahead) + 1) / 2
            found, middle = moments(better, draw), 0.5
            interval = chance_interval(better, draw, comparisons)
        if interval.low is None or interval.high is None:
            return Lead(found, found.mean - middle, -np.inf, np.inf)
        return Lead(found, found.mean - middle, interval.low - middle, interval.high - middle)

    def evaluated(self, value: float, *, heavy: bool) -> Evaluated:
        """Return what is told of a value, on all replicates there are."""
        replicates = self.replicates(value)
        one, other = self.runs(value, replicates)
        draw = self.draw(replicates)

        def told(values: Floats) -> Interval:
            found = moments(values, draw).interval()
            return Interval(found.mean) if heavy else found

        better = chance_interval((np.sign(self._sign * (one - other)) + 1) / 2, draw)
        return Evaluated(
            value, told(one), told(other), told(one - other), better, heavy, replicates
        )
