"""Closed forms and published numbers; nothing here knows the package.

Direction: "out" is the way a message travels, from an account to its followers.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import brentq
from scipy.stats import binom, poisson

Float64 = npt.NDArray[np.float64]

_BELOW_ONE = 1.0 - 1e-9


def borel(R: float, largest: int) -> Float64:
    """Return P(N = 1), ..., P(N = largest) of a Poisson(R) branching process's size N.

    Borel: ``exp(-R n) (R n)**(n - 1) / n!``, the root counted.
    """
    n = np.arange(1, largest + 1)
    log_factorial = np.array([math.lgamma(i + 1.0) for i in range(1, largest + 1)])
    return np.exp(-R * n + (n - 1) * np.log(R * n) - log_factorial)


def branching_mean(R: float) -> float:
    """Return the mean size of a subcritical branching process with mean offspring R < 1."""
    return 1.0 / (1.0 - R)


def branching_variance(R: float) -> float:
    """Return the variance of the size when offspring is Poisson(R), R < 1."""
    return R / (1.0 - R) ** 3


def branching_fourth_moment(R: float) -> float:
    """Return the fourth central moment of the size, by summing the Borel law to 20,000."""
    n = np.arange(1, 20_001)
    return float((borel(R, 20_000) * (n - branching_mean(R)) ** 4).sum())


def survival(m: float) -> float:
    """Return the probability that a Poisson(m) branching process never ends, m > 1."""
    return 1.0 - _root(lambda q: math.exp(m * (q - 1.0)) - q)


def _root(equation: Callable[[float], float]) -> float:
    """Return the root below 1 of an equation that also holds at 1; 1 if there is none."""
    if equation(0.0) * equation(_BELOW_ONE) > 0:
        return 1.0
    return float(brentq(equation, 0.0, _BELOW_ONE))


HUB_SHARE, HUB_FOLLOWERS, MEAN_FOLLOWEES = 0.1, 50, 5.0
"""Every tenth account has 50 followers, the others none; followees are Poisson(5)."""


def hub_followers(T: float) -> tuple[float, float]:
    """Return (probability, size) of an outbreak when followers are few hubs' only.

    ``j`` (followers) is 0 or 50, ``k`` (followees) is Poisson(5), independent; each follow passes
    the message with probability T. Newman, Strogatz & Watts (2001): with u the chance that a
    passed follow leads to no outbreak, ``u = E[(1 - T + T u)**j]``, P = 1 - E[(1 - T + T u)**j];
    going against the follows the size S solves the same with k for j. Swapping the roles of j
    and k swaps P and S.
    """

    def missing(u: float) -> float:
        return 1.0 - HUB_SHARE + HUB_SHARE * (1.0 - T + T * u) ** HUB_FOLLOWERS

    def unreached(v: float) -> float:
        return math.exp(MEAN_FOLLOWEES * T * (v - 1.0))

    u = _root(lambda x: missing(x) - x)
    v = _root(lambda x: unreached(x) - x)
    return 1.0 - missing(u), 1.0 - unreached(v)


def watts_window(phi: float) -> list[float]:
    """Return the mean degrees between which cascades are global on a Poisson graph.

    Watts (2002): ``sum over k <= 1 / phi of k (k - 1) p_k > z``.
    """
    k = np.arange(1, math.floor(1.0 / phi + 1e-9) + 1)

    def excess(z: float) -> float:
        return float((k * (k - 1) * poisson.pmf(k, z)).sum() - z)

    grid = np.linspace(0.5, 25.0, 4901)
    signs = np.sign([excess(z) for z in grid])
    return [float(brentq(excess, grid[i], grid[i + 1])) for i in np.flatnonzero(np.diff(signs))]


def watts_trigger(z: float, phi: float) -> float:
    """Return the probability that one random seed on a Poisson graph starts a global cascade.

    The seed must touch the giant cluster of vulnerable accounts (degree <= 1 / phi). With
    ``g(u) = sum over vulnerable k of k p_k u**(k - 1) / z``, following a link fails with
    probability ``u = 1 - g(1) + g(u)``, and the seed with ``sum of p_k u**k`` (Watts 2002, from
    the generating functions of Newman, Strogatz & Watts 2001).
    """
    k = np.arange(1, math.floor(1.0 / phi + 1e-9) + 1)
    weights = k * poisson.pmf(k, z) / z

    def failing(u: float) -> float:
        return float(1.0 - weights.sum() + (weights * u ** (k - 1)).sum())

    u = _root(lambda x: failing(x) - x)
    return 1.0 - math.exp(z * (u - 1.0))


def threshold_closure(
    accounts: int, links: tuple[npt.ArrayLike, npt.ArrayLike], phi: float, seed: int
) -> npt.NDArray[np.bool_]:
    """Return who is active in the end when ``seed`` is, by rounds over the whole graph.

    In every round those become active of whose links a fraction phi or more leads to active
    accounts; ``links`` holds both ends of each link, both ways (Watts 2002).
    """
    matrix = sparse.csr_matrix((np.ones(len(links[0])), links), shape=(accounts, accounts))
    needed = phi * np.asarray(matrix.sum(axis=1)).ravel() - 1e-9
    active = np.zeros(accounts, bool)
    active[seed] = True
    while True:
        neighbours = matrix @ active.astype(float)
        after = active | ((neighbours > 0) & (neighbours >= needed))
        if (after == active).all():
            return active
        active = after


def gleeson_cahalane(z: float, phi: float, seeds: float, largest_degree: int = 80) -> float:
    """Return the final active fraction of Watts' model from a fraction ``seeds`` of accounts.

    Gleeson & Cahalane (2007), Poisson graph with mean degree z, uniform threshold phi.
    """
    k = np.arange(1, largest_degree)
    degree_law, needed = poisson.pmf(k, z), np.ceil(phi * k - 1e-12)
    q = seeds
    for _ in range(20_000):
        before = q
        q = seeds + (1 - seeds) * float((k / z * degree_law * binom.sf(needed - 1, k - 1, q)).sum())
        if abs(q - before) < 1e-12:
            break
    return seeds + (1 - seeds) * float((degree_law * binom.sf(needed - 1, k, q)).sum())


SEISMIC_EXPONENT = 0.2314843
SEISMIC_DENSITY = 0.0006265725
"""Per second, up to ``SEISMIC_FLAT``."""
SEISMIC_FLAT = 300.0
"""Seconds."""


def seismic_cdf(
    hours: Float64, exponent: float = SEISMIC_EXPONENT, density: float = SEISMIC_DENSITY
) -> Float64:
    """Return the probability of a delay up to ``hours`` under the SEISMIC kernel.

    Zhao et al. (2015) and their R package: density flat to 300 s, then falling with
    ``(t / 300 s)**-(1 + exponent)``.
    """
    seconds = np.asarray(hours, np.float64) * 3600.0
    late = np.maximum(seconds, SEISMIC_FLAT)
    tail = (1.0 - (SEISMIC_FLAT / late) ** exponent) / exponent
    return density * np.where(seconds <= SEISMIC_FLAT, seconds, SEISMIC_FLAT * (1.0 + tail))


def star_virality(n: int) -> float:
    """Return the mean distance over pairs of a star of n accounts."""
    return 2.0 * (n - 1) / n


def path_virality(n: int) -> float:
    """Return the mean distance over pairs of a path of n accounts."""
    return (n + 1) / 3.0


COMMUNITY = {
    (1_000, 24): (48.5, 20.8),
    (1_000, 30): (92.2, 22.1),
    (1_000, 60): (738.0, 27.0),
    (5_000, 24): (51.8, 36.3),
    (5_000, 30): (125.0, 49.0),
    (5_000, 60): (3_668.0, 116.0),
    (20_000, 24): (51.9, 47.1),
    (20_000, 30): (136.7, 80.8),
    (20_000, 60): (14_657.0, 446.0),
}
"""Mean sharers in a community by (accounts, mean followers): (each exposure a new chance, one
decision per person); 500 exposed at the start, share probability 0.03, means of 2,000 runs."""
COMMUNITY_RUNS = 2_000


def occupied(draws: int, boxes: int, chance: float) -> npt.NDArray[np.float64]:
    """Return the law of the number of boxes hit, if each draw hits one of them with a chance."""
    law = np.zeros(boxes + 1)
    law[0] = 1.0
    for _ in range(draws):
        hit = law * chance * (1 - np.arange(boxes + 1) / boxes)
        law = law - hit
        law[1:] += hit[:-1]
    return law


def offspring_law(followers: Float64, law: Float64, sharing: float, largest: int) -> Float64:
    """Return P(0), ..., P(largest) of the number of followers who share, each by chance.

    ``law`` holds the probabilities of so many ``followers``.
    """
    # more followers than these leave less than exp(-100) for so few who share
    few = followers * sharing <= 2 * largest + 400
    numbers = np.arange(largest + 1)
    return np.array([float(binom.pmf(k, followers[few], sharing) @ law[few]) for k in numbers])


def progeny_law(offspring: Float64) -> Float64:
    """Return P(N = 1), ..., P(N = n) of a branching process's size, from P(0), ..., P(n - 1).

    Otter (1949), Dwass (1969): P(N = n) = P(S_n = n - 1) / n with S_n the offspring of n.
    """
    n = len(offspring)
    transformed = np.fft.rfft(offspring, 2 * n)
    together, law = np.zeros(n), np.empty(n)
    together[0] = 1.0
    for one in range(1, n + 1):
        together = np.fft.irfft(np.fft.rfft(together, 2 * n) * transformed, 2 * n)[:n]
        law[one - 1] = max(0.0, together[one - 1]) / one
    return law


def poisson_rate_of_giants(chance: float, size: int = 100) -> float:
    """Return the mean offspring with which a Poisson process reaches a size with this chance."""
    return float(brentq(lambda R: 1.0 - borel(R, size - 1).sum() - chance, 0.1, 1.0))


def power_law_with_cutoff(power: float, cutoff: float, largest: int = 2_000) -> Float64:
    """Return the law of degrees proportional to ``k**-power exp(-k / cutoff)``, k = 0, 1, ..."""
    k = np.arange(1.0, largest + 1)
    weights = np.append(0.0, k**-power * np.exp(-k / cutoff))
    return np.asarray(weights / weights.sum())


@dataclass(frozen=True)
class Percolation:
    """Bond percolation on a directed configuration graph with a joint law of degrees.

    ``out`` are numbers of followers, ``into`` numbers of followees (Newman, Strogatz & Watts 2001).
    Where links go both ways, the follower that a message came from cannot be reached anew: ``back``
    is 1 then, and 0 otherwise (Newman 2002).
    """

    out: Float64
    into: Float64
    law: Float64
    back: int = 0

    @staticmethod
    def mutual(law: Float64) -> "Percolation":
        """Return percolation on links that go both ways, by the law of degrees 0, 1, ..."""
        k = np.flatnonzero(law).astype(float)
        return Percolation(k, k, law[law > 0], back=1)

    @staticmethod
    def directed(followers: Float64, followees: Float64, law: Float64) -> "Percolation":
        """Return percolation on follows, by the joint law of followers and followees."""
        return Percolation(followers, followees, law)

    @property
    def _mean(self) -> float:
        return float(self.law @ self.out)

    def reproduction(self, T: float) -> float:
        """Return the mean number of further accounts reached by one who was reached."""
        reached = self.law * self.into / self._mean
        return float(T * (reached @ (self.out - self.back)))

    @property
    def critical(self) -> float:
        """The chance to pass a message on from which outbreaks are possible."""
        return 1.0 / self.reproduction(1.0)

    def mean(self, T: float) -> float:
        """Return the mean size of a cascade from a random account, below criticality."""
        return 1.0 + T * self._mean / (1.0 - self.reproduction(T))

    def outbreak(self, T: float) -> tuple[float, float]:
        """Return the probability and the size of an outbreak."""
        if self.reproduction(T) <= 1.0:
            return 0.0, 0.0
        return self._reached(T, self.out, self.into), self._reached(T, self.into, self.out)

    def _reached(self, T: float, along: Float64, against: Float64) -> float:
        """Return the chance to be connected to very many, going along the follows."""
        weights = self.law * against / self._mean

        def failing(u: float) -> float:
            powers = np.maximum(along - self.back, 0.0)
            return float(weights @ (1.0 - T + T * u) ** powers)

        u = _root(lambda x: failing(x) - x)
        return 1.0 - float(self.law @ (1.0 - T + T * u) ** along)
