"""Cost against effect: what more a strategy costs than the baseline, and what more it brings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from propagation.experiment.intervals import (
    Floats,
    Integers,
    Interval,
    moments,
    resampled_ratio,
    resampled_sums,
)
from propagation.luck import Purpose, stem


class Quarter(Enum):
    """Where a strategy stands against the baseline, in plain words."""

    CHEAPER_AND_BETTER = "cheaper and better"
    DEARER_AND_BETTER = "dearer and better"
    CHEAPER_AND_WORSE = "cheaper and worse"
    DEARER_AND_WORSE = "dearer and worse"


@dataclass(frozen=True, eq=False)
class Weighed:
    """A strategy weighed against the baseline.

    Attributes
    ----------
    effect, cost
        Means of the differences, with their intervals.
    cloud
        The two differences in resampled worlds; shape (RESAMPLES, 2).
    shares
        In how many of these worlds the strategy stands in each quarter.
    price
        What one more unit of effect costs: difference in cost over difference in effect. Defined
        where the strategy is dearer and better, or cheaper and worse; then there is something to
        weigh. With an interval where hardly a resampled world says otherwise.
    """

    strategy: str
    effect: Interval
    cost: Interval
    cloud: Floats
    shares: Mapping[Quarter, float]
    price: Interval

    @property
    def quarter(self) -> Quarter | None:
        """The quarter that the means lie in; None on a line between two."""
        return _quarter(self.effect.mean or 0.0, self.cost.mean or 0.0)


def _quarter(effect: float, cost: float) -> Quarter | None:
    if effect == 0 or cost == 0:
        return None
    if effect > 0:
        return Quarter.DEARER_AND_BETTER if cost > 0 else Quarter.CHEAPER_AND_BETTER
    return Quarter.DEARER_AND_WORSE if cost > 0 else Quarter.CHEAPER_AND_WORSE


def weighed(
    runs: Mapping[str, Mapping[str, Floats]],
    draw: Integers,
    metric: str,
    strategies: Iterable[str],
    baseline: str,
    seed: int,
    worse: str = "cost",
) -> list[Weighed]:
    """Weigh strategies against the baseline, over the same resampled replicates.

    Parameters
    ----------
    runs
        Strategy, then column, to values (replicates,), all defined.
    metric
        The effect, of which more is better.
    worse
        What it is set against: the cost, or another column of which less is better.
    """
    found = []
    for name in strategies:
        effect = runs[name][metric] - runs[baseline][metric]
        cost = runs[name][worse] - runs[baseline][worse]
        found.append(_weighed(name, effect, cost, draw, seed))
    return found


def _weighed(name: str, effect: Floats, cost: Floats, draw: Integers, seed: int) -> Weighed:
    rng = np.random.Generator(np.random.Philox(key=int(stem(seed, Purpose.BOOTSTRAP))))
    sums = resampled_sums(np.stack([effect, cost, np.ones(len(draw))], axis=1), draw, rng)
    both = moments(effect, draw), moments(cost, draw)
    means = np.array([each.mean for each in both])
    off = sums[:, :2] / sums[:, 2:] - means
    # resampled draws vary less than draws do: stretched to the errors used everywhere else
    errors = np.array([each.error for each in both])
    spreads = off.std(axis=0)
    cloud = means + off * np.where(spreads > 0, errors / np.where(spreads > 0, spreads, 1.0), 0.0)
    quarters = [_quarter(*point) for point in cloud.tolist()]
    shares = {each: quarters.count(each) / len(quarters) for each in Quarter}
    price = _price(effect, cost, draw, cloud)
    return Weighed(name, both[0].interval(), both[1].interval(), cloud, shares, price)


def _price(effect: Floats, cost: Floats, draw: Integers, cloud: Floats) -> Interval:
    """Return difference in cost over difference in effect, if both have the same sign."""
    more, dearer = float(effect.mean()), float(cost.mean())
    if more * dearer <= 0:
        return Interval()
    ratio = dearer / more
    if np.any(cloud[:, 0] * more <= 0) or np.any(cloud[:, 1] * dearer <= 0):
        return Interval(ratio)
    factor = cloud[:, 1] / cloud[:, 0] / ratio
    linear = moments(cost / dearer - effect / more, draw)
    if linear.units < 2 or factor.std() == 0:
        return Interval(ratio)
    # the cloud is stretched already
    return resampled_ratio(ratio, factor, 1.0, linear.skewness, linear.units)


def ellipse(cloud: Floats, points: int = 100) -> Floats:
    """Return the ellipse that holds 95% of a cloud, were it normal; shape (points, 2).

    A cloud without width in one direction gives a line.
    """
    turn = np.linspace(0, 2 * np.pi, points)
    values, axes = np.linalg.eigh(np.cov(cloud.T))
    radii = np.sqrt(np.maximum(values, 0.0) * CHI_SQUARE)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.asarray(cloud.mean(axis=0) + (circle * radii) @ axes.T)


CHI_SQUARE = -2 * float(np.log(0.05))
"""The 95% quantile of chi-square with two degrees of freedom."""
