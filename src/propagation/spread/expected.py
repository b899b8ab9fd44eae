"""What theory says: means, how they spread, and what they are made of."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from propagation.spread.branching import NOTICES, RELEVANT, SHARES, VALUED

COUNTED_IN: Mapping[str, int] = {
    "reach": NOTICES,
    "impressions": NOTICES,
    "wasted": NOTICES,
    "relevant_reach": RELEVANT,
    "valued_reach": VALUED,
    "shares": SHARES,
    "peak_hourly_shares": SHARES,
    "largest_cascade": SHARES,
}
"""Metrics that grow with what is added up over notices or shares, and what that is."""


@dataclass(frozen=True)
class Spread:
    """A variance and a third central moment; those of independent parts add up."""

    variance: float = 0.0
    third: float = 0.0


@dataclass(frozen=True)
class Expected:
    """What theory expects of one metric of a strategy.

    Attributes
    ----------
    mean
        That of one run.
    within
        How runs in one world vary.
    between
        How the means of worlds vary with the followers that our accounts happen to have in them.
    partial
        Whether ``within`` leaves out how runs vary that see no outbreak.
    """

    mean: float
    within: Spread
    between: Spread = Spread()
    partial: bool = False

    def skewness(self, runs: int, draws: int, seen: float) -> float:
        """Return the skewness of a mean over so many runs in so many worlds.

        ``seen`` is the variance of the runs in hand. One world alone is spoken of as it is.
        """
        within = self.within.variance + (seen if self.partial else 0.0)
        variance, third = within / runs, self.within.third / runs**2
        if draws > 1:
            variance += self.between.variance / draws
            third += self.between.third / draws**2
        return third / variance**1.5 if variance > 0 else 0.0


@dataclass(frozen=True)
class Parts:
    """What a strategy brings by parts, all its posts together, as if nobody were met twice.

    Attributes
    ----------
    followers
        Those of the posts' accounts, once for each post; our own accounts are left out.
    first_shares
        Shares expected of these followers, by what they notice of the posts themselves.
    shares
        Shares expected of all generations; infinite where they do not die out.
    expected
        The mean of each metric of `COUNTED_IN`; infinite where the generations do not die out.
    in_time
        The same up to the horizon, as ``means`` gives it: what is lost to it is all that it hides.
    """

    followers: float
    first_shares: float
    shares: float
    expected: Mapping[str, float]
    in_time: Mapping[str, float]


def added(parts: list[Expected]) -> Expected:
    """Return the sum of independent parts."""
    return Expected(
        math.fsum(part.mean for part in parts),
        _sum([part.within for part in parts]),
        _sum([part.between for part in parts]),
        any(part.partial for part in parts),
    )


def _sum(spreads: list[Spread]) -> Spread:
    variances, thirds = zip(*((each.variance, each.third) for each in spreads), strict=True)
    return Spread(math.fsum(variances), math.fsum(thirds))
