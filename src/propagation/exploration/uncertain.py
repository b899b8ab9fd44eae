"""How the answer varies over inputs that nobody knows: the design, and what is found at its points.

Saltelli's design (Comput. Phys. Commun. 145:280, 2002) on a scrambled Sobol sequence: ``A`` and
``B`` are points that fill the ranges of the inputs evenly, ``AB_k`` is A with input k taken from B.
The range of the answer is told from A and B; all of them tell what it hangs on (sensitivity.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from propagation.experiment.intervals import (
    Floats,
    Integers,
    Moments,
    moments,
    normal_quantile,
    student_quantile,
)
from propagation.experiment.tails import is_heavy
from propagation.exploration.sensitivity import Index

NINE_OF_TEN = 0.05, 0.95


@dataclass(frozen=True)
class Design:
    """Points of a design: ``parts`` (points, inputs) of each input's range, from 0 to 1.

    ``matrix`` says of each point whether it is one of ``A``, of ``B`` or of ``AB_0``, ``AB_1``, ...
    """

    parts: Floats
    matrix: tuple[str, ...]

    @property
    def fills(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Whether each point (points,) is one of those that fill the ranges."""
        return np.array([name in ("A", "B") for name in self.matrix])


def design_of(inputs: int, points: int, seed: int) -> Design:
    """Return Saltelli's design of points x (inputs + 2) points; ``points`` is a power of 2."""
    from SALib.sample import sobol

    problem = {
        "num_vars": inputs,
        "names": [str(k) for k in range(inputs)],
        "bounds": [[0.0, 1.0]] * inputs,
    }
    parts = sobol.sample(problem, points, calc_second_order=False, seed=seed)
    matrix = ["A", *(f"AB_{k}" for k in range(inputs)), "B"]
    return Design(np.asarray(parts, np.float64), tuple(matrix * points))


@dataclass(frozen=True)
class Effects:
    """How much better or worse one strategy does than another at every point of a design.

    Attributes
    ----------
    values
        (points,): the logarithm of the ratio of means, or the difference where a mean may be 0.
    noise
        (points,): the standard error of each that simulation leaves.
    is_ratio
        Which of the two it is.
    noise_apart
        (points,): the part of the noise that points do not share. Luck is common to all points, so
        that much of it moves all of them alike.
    heavy
        (points,): whether the tails of either are heavy there.
    reach
        Standard errors to each side of a 95% interval: Student's, by draws if there are several.
    """

    values: Floats
    noise: Floats
    is_ratio: bool
    noise_apart: Floats
    heavy: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    reach: float


def effects_of(one: Floats, other: Floats, draw: Integers) -> Effects:
    """Return the effects of one strategy against another.

    Parameters
    ----------
    one, other
        The metric at every point in the same replicates: (points, replicates); NaN where undefined.
    draw
        The draw of each replicate; (replicates,).
    """
    both = np.isfinite(one) & np.isfinite(other)
    one, other = np.where(both, one, np.nan), np.where(both, other, np.nan)
    found = [
        (moments(mine, draw), moments(theirs, draw))
        for mine, theirs in zip(one, other, strict=True)
    ]
    is_ratio = all(_is_positive(each) for pair in found for each in pair)
    mean_one, mean_other = (np.array([[each.mean for each in pair] for pair in found]).T)[
        :, :, None
    ]
    apart = one / mean_one - other / mean_other if is_ratio else one - other
    with np.errstate(invalid="ignore"):  # points at which nothing is defined
        values = np.log(mean_one / mean_other) if is_ratio else mean_one - mean_other
        shared = np.nan_to_num(np.where(both, apart, 0.0).sum(axis=0) / both.sum(axis=0))
    heavy = [
        is_heavy(mine, draw) or is_heavy(theirs, draw)
        for mine, theirs in zip(one, other, strict=True)
    ]
    return Effects(
        values=values[:, 0],
        noise=_errors(apart, draw),
        is_ratio=is_ratio,
        noise_apart=_errors(apart - shared, draw),
        heavy=np.array(heavy),
        reach=student_quantile(1, _units(draw)),
    )


def _units(draw: Integers) -> int:
    """Return how many were sampled independently: draws, or the replicates of a single one."""
    draws = len(np.unique(draw))
    return draws if draws > 1 else max(2, len(draw))


def _is_positive(found: Moments) -> bool:
    """Whether a mean is clear of 0, as it must be to divide by it.

    By its own error, not by Student's interval: of two worlds that would hardly ever be.
    """
    return found.count > 0 and found.mean > normal_quantile(1) * found.error


def _errors(values: Floats, draw: Integers) -> Floats:
    return np.array([moments(each, draw).error for each in values])


@dataclass(frozen=True)
class Over:
    """How a strategy does against the baseline over what is uncertain.

    Attributes
    ----------
    low, high, median, least, most
        Of the ratio of means (the difference unless ``is_ratio``): nine of ten combinations lie
        between ``low`` and ``high``.
    ahead
        Share of the combinations in which the strategy does better in the mean; ties count half.
    surely_ahead, surely_behind
        Shares of those in which it does better, or worse, by more than simulation error: the 95%
        interval of the answer, one combination at a time, does not hold a tie.
    noise
        Share of the variance over the combinations that is simulation noise.
    shift
        How far luck that all combinations share may move all of the range, at 95%: a factor (a
        difference unless ``is_ratio``).
    heavy
        Share of the combinations in which tails are heavy, so that means are not to be trusted.
    combinations
        How many there are; where the metric is undefined there is none.
    indices
        What it hangs on; empty where it hangs on nothing.
    """

    strategy: str
    baseline: str
    metric: str
    is_ratio: bool
    low: float
    high: float
    median: float
    least: float
    most: float
    ahead: float
    surely_ahead: float
    surely_behind: float
    noise: float
    shift: float
    heavy: float
    combinations: int
    indices: tuple[Index, ...]

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds."""
        parts = ("low", "high", "median", "least", "most")
        return {
            "strategy": self.strategy,
            "baseline": self.baseline,
            "metric": self.metric,
            "of": "ratio" if self.is_ratio else "difference",
            "range": {part: getattr(self, part) for part in parts},
            "ahead": self.ahead,
            "surely_ahead": self.surely_ahead,
            "surely_behind": self.surely_behind,
            "noise": self.noise,
            "shift": self.shift,
            "heavy": self.heavy,
            "combinations": self.combinations,
            "indices": [each.as_dict() for each in self.indices],
        }


def over(
    found: Effects,
    design: Design,
    indices: Sequence[Index],
    names: tuple[str, str],
    metric: str,
    *,
    lower_is_better: bool,
) -> Over | None:
    """Return how a strategy does against the baseline (``names``) over the points of a design.

    None where the metric is undefined at all of them.
    """
    told = design.fills & np.isfinite(found.values)
    values = found.values[told]
    if not len(values):
        return None
    shown = np.exp(values) if found.is_ratio else values
    low, median, high = np.quantile(shown, [NINE_OF_TEN[0], 0.5, NINE_OF_TEN[1]])
    sign = -1 if lower_is_better else 1
    variance = float(values.var())
    noise = float(np.square(found.noise_apart[told]).mean())
    doubt = found.reach * found.noise[told]
    shared = max(0.0, float(np.square(found.noise[told]).mean()) - noise) ** 0.5 * found.reach
    return Over(
        *names,
        metric=metric,
        is_ratio=found.is_ratio,
        low=float(low),
        high=float(high),
        median=float(median),
        least=float(shown.min()),
        most=float(shown.max()),
        ahead=float((np.sign(sign * values) + 1).mean() / 2),
        surely_ahead=float((sign * values > doubt).mean()),
        surely_behind=float((sign * values < -doubt).mean()),
        noise=min(1.0, noise / variance) if variance > 0 else float(noise > 0),
        shift=float(np.exp(shared)) if found.is_ratio else shared,
        heavy=float(found.heavy[told].mean()),
        combinations=len(values),
        indices=tuple(indices),
    )
