"""Cascades of independent offspring, drawn without the package: sizes, and how skewed they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verification.oracles import borel, branching_mean

Float64 = npt.NDArray[np.float64]


class PoissonProgeny:
    """Sizes of branching processes with Poisson(R) offspring, by inversion of Borel's law."""

    def __init__(self, R: float) -> None:
        law = borel(R, 20_000)  # beyond, R = 0.9 leaves less than exp(-100)
        self.mean, self._at_most = branching_mean(R), np.cumsum(law)
        # total progeny: variance R / (1-R)^3, third cumulant R (1 + 2R) / (1-R)^5
        self.skewness = (1 + 2 * R) / np.sqrt(R * (1 - R))

    def __call__(self, rng: np.random.Generator, size: int) -> Float64:
        """Return so many sizes, the root counted."""
        return 1.0 + np.searchsorted(self._at_most[:-1], rng.random(size))


@dataclass(frozen=True)
class FollowerProgeny:
    """Sizes where everybody has followers by a discrete Pareto law, each sharing by chance.

    Followers are ``floor(U**(-1 / exponent))``, at most ``most``; a follower shares with the
    probability that makes the mean offspring R.
    """

    R: float
    exponent: float
    most: int

    @property
    def mean(self) -> float:
        """The mean size."""
        return branching_mean(self.R)

    def law(self) -> tuple[Float64, Float64]:
        """Return numbers of followers and their probabilities."""
        followers = np.arange(1.0, self.most + 1)
        tail = followers**-self.exponent
        return followers, tail - np.append(tail[1:], 0.0)

    @property
    def sharing(self) -> float:
        """The probability that a follower shares."""
        followers, law = self.law()
        return float(self.R / (followers @ law))

    @property
    def skewness(self) -> float:
        """That of a size: from the offspring's cumulants k2 and k3, with k the size's.

        k2 / (1-R)^3 is its variance, k3 / (1-R)^4 + 3 k2^2 / (1-R)^5 its third cumulant.
        """
        j, law = self.law()
        # factorial moments of binomial offspring
        first, second, third = (
            float(falling @ law) * self.sharing**power
            for power, falling in enumerate((j, j * (j - 1), j * (j - 1) * (j - 2)), start=1)
        )
        k2 = second + first - first**2
        k3 = third + 3 * second + first - 3 * (second + first) * first + 2 * first**3
        variance = k2 / (1 - self.R) ** 3
        return (k3 / (1 - self.R) ** 4 + 3 * k2**2 / (1 - self.R) ** 5) / variance**1.5

    def __call__(self, rng: np.random.Generator, size: int) -> Float64:
        """Return so many sizes, the root counted, generation by generation."""
        sizes, tree = np.ones(size), np.arange(size)
        sharing = self.sharing
        while len(tree):
            followers = np.minimum(rng.random(len(tree)) ** (-1 / self.exponent), self.most)
            offspring = rng.binomial(followers.astype(np.int64), sharing)
            tree = np.repeat(tree, offspring)
            sizes += np.bincount(tree, minlength=size)
        return sizes


Progeny = PoissonProgeny | FollowerProgeny


def experiments(
    law: Progeny, rng: np.random.Generator, count: int, at_once: int
) -> Iterator[Float64]:
    """Yield tables of ``at_once`` sizes, ``count`` of them, drawn a hundred at a time."""
    for first in range(0, count, 100):
        some = min(100, count - first)
        yield from law(rng, some * at_once).reshape(some, at_once)
