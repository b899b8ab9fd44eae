"""What a case is, and how a comparison becomes a verdict.

All statistical limits come from one promise: were the model right, a whole run of the suite would
raise a false alarm with probability 1% at most. The promise is shared out evenly (Bonferroni) over
``COMPARISONS``, an upper bound on the number of comparisons, so that each is made at ``LEVEL``,
two-sided where it has two sides. Comparisons that must hold exactly have a limit of their own.

A published number that the model is known not to reproduce keeps its limit and gets the verdict
"misses", with the reason. It is no failure, and it is counted and shown.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy import stats

Float64 = npt.NDArray[np.float64]

FALSE_ALARM = 0.01
COMPARISONS = 400
LEVEL = FALSE_ALARM / COMPARISONS

FEWEST_EXPECTED = 5.0
"""Cells of a chi-square test with a smaller expectation are pooled."""


@dataclass(frozen=True)
class Check:
    """One comparison: it holds if the statistic is at most the limit.

    ``reason`` says why a published number is missed, if the model is known to miss it; the verdict
    is then "misses" instead of "FAILS".
    """

    name: str
    expected: str
    found: str
    statistic: float
    limit: float
    scale: str
    reason: str = ""

    @property
    def misses(self) -> bool:
        """Whether it does not hold, and it is known why."""
        return bool(self.reason) and not self.holds

    @property
    def verdict(self) -> str:
        """The verdict in one word."""
        return "holds" if self.holds else "misses" if self.misses else "FAILS"

    @property
    def holds(self) -> bool:
        """Whether the statistic is within the limit; NaN never is."""
        return bool(self.statistic <= self.limit)


@dataclass(frozen=True)
class Result:
    """What a case found: its checks, and a function that draws them into axes."""

    checks: tuple[Check, ...]
    draw: Callable[[Axes], object]

    @property
    def holds(self) -> bool:
        """Whether there are checks and none fails; some may miss a number for a known reason."""
        return bool(self.checks) and all(check.holds or check.misses for check in self.checks)

    @property
    def missed(self) -> int:
        """How many published numbers are missed."""
        return sum(check.misses for check in self.checks)


@dataclass(frozen=True)
class Plan:
    """How a case is to be run: in full or quickly, rightly or with its planted fault."""

    quick: bool = False
    fault: bool = False

    def count(self, full: int, quick: int) -> int:
        """Return a number of runs, graphs or accounts."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Case:
    """One comparison of the model with something outside it.

    Attributes
    ----------
    name
        Short and unique.
    meaning
        One sentence: what it means that the case holds.
    source
        The paper, formula or software compared with.
    fault
        What the planted fault does; the checks must reject it.
    run
        Runs the case by a plan.
    data
        The folder of real data it needs, which does not come with the project.
    rows
        Rows of the collection of published numbers (``verification.rows``) that it covers.
    """

    name: str
    meaning: str
    source: str
    fault: str
    run: Callable[[Plan], Result]
    data: Path | None = None
    rows: tuple[str, ...] = ()


def exactly(name: str, differences: float, of: str) -> Check:
    """Demand that nothing differs."""
    return Check(name, "0", f"{differences:g}", float(differences), 0.0, of)


def within(name: str, found: float, expected: float, relative: float) -> Check:
    """Demand a relative difference of at most ``relative``."""
    return Check(
        name,
        f"{expected:.6g}",
        f"{found:.6g}",
        abs(found / expected - 1.0),
        relative,
        "relative difference",
    )


def in_band(name: str, found: float, low: float, high: float, unit: str = "") -> Check:
    """Demand a number between two published ones: the distance from their middle is limited."""
    scale = f"distance from the middle of the band{unit and ', '}{unit}"
    expected = f"{low:g} to {high:g}"
    return Check(
        name, expected, f"{found:.4g}", abs(found - (low + high) / 2), (high - low) / 2, scale
    )


def at_most(name: str, found: float, limit: float, scale: str) -> Check:
    """Demand a number that is not larger than another."""
    return Check(name, f"at most {limit:g}", f"{found:.4g}", found, limit, scale)


def at_least(name: str, found: float, limit: float, scale: str) -> Check:
    """Demand a number that is not smaller than another; how much is missing is the statistic."""
    return Check(
        name, f"at least {limit:g}", f"{found:.4g}", limit - found, 0.0, f"missing, {scale}"
    )


def known_to_miss(check: Check, reason: str) -> Check:
    """Return a comparison with a published number that the model misses, with the reason."""
    return replace(check, reason=reason)


def above(name: str, differences: npt.ArrayLike, what: str) -> Check:
    """Demand that the mean of paired differences is above 0, by Student's law, one-sided.

    The statistic is how many standard errors are missing, so that the limit is 0.
    """
    each = np.asarray(differences, np.float64)
    mean, error = float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))
    wanted = float(stats.t.isf(LEVEL, len(each) - 1))
    surely = -math.inf if mean > 0 else math.inf
    missing = wanted - mean / error if error != 0 else surely
    scale = f"standard errors short of {wanted:.2f}, {what}"
    return Check(name, "above 0", f"{mean:.5g}", missing, 0.0, scale)


def by_error(name: str, found: float, expected: float, error: float) -> Check:
    """Compare with a number by the normal law, given the standard error of the difference."""
    limit = float(stats.norm.isf(LEVEL / 2))
    statistic = abs(found - expected) / error if error > 0 else math.inf
    return Check(name, f"{expected:.5g}", f"{found:.5g}", statistic, limit, "standard errors")


def by_proportion(name: str, hits: int, trials: int, probability: float) -> Check:
    """Compare a number of hits with a probability by the binomial law's own quantiles."""
    law = stats.binom(trials, probability)
    difference, mean = hits - law.mean(), law.mean()
    limit = law.isf(LEVEL / 2) - mean if difference > 0 else mean - law.ppf(LEVEL / 2)
    scale = f"hits from the mean, {trials:,} trials"
    return Check(
        name,
        f"{probability:.5g}",
        f"{hits / trials:.5g}",
        abs(float(difference)),
        float(limit),
        scale,
    )


def by_groups(
    name: str, groups: npt.ArrayLike, expected: float, further_variance: float = 0.0
) -> Check:
    """Compare a mean with a number when runs share graphs: by the means of the graphs.

    Student's law with one degree of freedom fewer than there are graphs holds whatever the
    differences between graphs are. ``further_variance`` is that of ``expected``.
    """
    means = np.asarray(groups, np.float64)
    scale = f"standard errors, {len(means)} graphs"
    if len(means) < 2:
        return Check(name, f"{expected:.5g}", "nothing", math.inf, 0.0, scale)
    error = np.sqrt(means.var(ddof=1) / len(means) + further_variance)
    limit = float(stats.t.isf(LEVEL / 2, len(means) - 1))
    found = float(means.mean())
    statistic = abs(found - expected) / float(error) if error > 0 else math.inf
    return Check(name, f"{expected:.5g}", f"{found:.5g}", statistic, limit, scale)


def by_chi_square(name: str, counts: npt.ArrayLike, probabilities: npt.ArrayLike) -> Check:
    """Compare counts with a law by Pearson's chi-square, rare cells at the end pooled."""
    seen, law = np.asarray(counts, np.float64), np.asarray(probabilities, np.float64)
    expected = seen.sum() * law
    while len(expected) > 1 and expected[-1] < FEWEST_EXPECTED:
        expected = np.append(expected[:-2], expected[-2:].sum())
        seen = np.append(seen[:-2], seen[-2:].sum())
    statistic = float(((seen - expected) ** 2 / expected).sum())
    freedom = len(expected) - 1
    limit = float(stats.chi2.isf(LEVEL, freedom))
    scale = f"chi-square, {freedom} degrees of freedom"
    return Check(
        name, f"{freedom + 1} cells", f"{int(seen.sum()):,} counts", statistic, limit, scale
    )


def by_distribution(name: str, sample: Float64, cdf: Callable[[Float64], Float64]) -> Check:
    """Compare a sample with a continuous law by Kolmogorov and Smirnov's distance."""
    statistic = float(stats.ks_1samp(sample, cdf).statistic)
    limit = float(stats.kstwo.isf(LEVEL, len(sample)))
    return Check(name, "closed form", f"{len(sample):,} draws", statistic, limit, "KS distance")


def by_two_samples(name: str, first: npt.ArrayLike, second: npt.ArrayLike) -> Check:
    """Compare two samples by Kolmogorov and Smirnov's distance; ties make it cautious."""
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    size = len(one) * len(other) / (len(one) + len(other))
    limit = float(stats.kstwobign.isf(LEVEL) / np.sqrt(size))
    statistic = float(stats.ks_2samp(one, other, method="asymp").statistic)
    return Check(
        name, f"mean {other.mean():.5g}", f"mean {one.mean():.5g}", statistic, limit, "KS distance"
    )


def by_means(name: str, first: npt.ArrayLike, second: npt.ArrayLike) -> Check:
    """Compare the means of two samples (Welch, normal limit)."""
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    error = np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    return by_error(name, float(one.mean()), float(other.mean()), float(error))


def by_variances(
    name: str, first: npt.ArrayLike, second: npt.ArrayLike, rng: np.random.Generator
) -> Check:
    """Compare the variances of two samples: the log ratio against its bootstrapped error."""
    log_variances, variances = [], []
    for sample in (np.asarray(first, np.float64), np.asarray(second, np.float64)):
        resampled = rng.choice(sample, (500, len(sample)))
        log_variances.append(np.log(resampled.var(axis=1, ddof=1)))
        variances.append(float(sample.var(ddof=1)))
    error = np.sqrt(sum(logs.var(ddof=1) for logs in log_variances))
    difference = abs(float(np.log(variances[0] / variances[1])))
    return Check(
        name,
        f"{variances[1]:.5g}",
        f"{variances[0]:.5g}",
        difference / float(error),
        float(stats.norm.isf(LEVEL / 2)),
        "standard errors of the log ratio",
    )
