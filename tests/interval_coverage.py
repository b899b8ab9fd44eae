"""How often the intervals hold what they claim to, measured on runs whose truth is known.

`python -m tests.interval_coverage` prints the tables of docs/statistics.md (some minutes);
test_intervals.py asks for shorter ones. The runs are total progenies of Galton-Watson processes
with Poisson(R) offspring (Borel's law, mean 1 / (1 - R)), as skewed as cascades are; where there
are draws, each draw multiplies its runs by a lognormal factor of mean 1.
"""

import sys
from collections.abc import Callable, Iterator

import numpy as np
from scipy import special, stats

from propagation.experiment import independent, intervals
from propagation.experiment.stopping import next_total
from verification.progeny import PoissonProgeny

Limits = tuple[float, float]
Method = Callable[[np.ndarray, np.ndarray], Limits]


def factors(rng: np.random.Generator, draws: int, spread: float) -> np.ndarray:
    """Return what each draw multiplies its runs by: lognormal, mean 1, given standard deviation."""
    sigma = np.sqrt(np.log1p(spread**2))
    return np.exp(sigma * rng.standard_normal(draws) - sigma**2 / 2)


def ours(values: np.ndarray, draw: np.ndarray) -> Limits:
    """Return the interval the package gives."""
    found = intervals.mean_interval(values, draw)
    return found.low, found.high


def plain_t(values: np.ndarray, draw: np.ndarray) -> Limits:
    """Return the textbook interval, which knows neither skewness nor draws."""
    n = len(values)
    half = values.std(ddof=1) / np.sqrt(n) * special.stdtrit(n - 1, 0.975)
    return values.mean() - half, values.mean() + half


def ignoring_draws(values: np.ndarray, draw: np.ndarray) -> Limits:
    """Return the package's interval as if all runs were of one draw."""
    return ours(values, np.zeros_like(draw))


def plain_bootstrap(values: np.ndarray, draw: np.ndarray) -> Limits:
    """Return percentiles of the two-level bootstrap, uncorrected."""
    rng = np.random.default_rng(1)
    means = intervals.resampled_sums(values[:, None], draw, rng)[:, 0] / len(values)
    low, high = np.quantile(means, [0.025, 0.975])
    return low, high


def mean_coverage(
    R: float, draws: int, replicates: int, spread: float, tables: int, *methods: Method
) -> list[float]:
    """Return how often each method's interval holds the true mean."""
    rng, progeny = np.random.default_rng(20_110_917), PoissonProgeny(R)
    draw = np.arange(replicates) % draws
    held = np.zeros(len(methods))
    for _ in range(tables):
        values = progeny(rng, replicates)
        if spread:
            values = values * factors(rng, draws, spread)[draw]
        limits = np.array([method(values, draw) for method in methods])
        held += (limits[:, 0] <= progeny.mean) & (progeny.mean <= limits[:, 1])
    return list(held / tables)


def difference_coverage(R: float, draws: int, replicates: int, together: int, tables: int) -> float:
    """Return how often all of several differences, whose truth is 0, are held.

    Each is between a strategy of its own and the same baseline.
    """
    rng, progeny = np.random.default_rng(20_110_917), PoissonProgeny(R)
    draw, held = np.arange(replicates) % draws, np.float64(0)
    for _ in range(tables):
        baseline = progeny(rng, replicates)
        gains = [progeny(rng, replicates) - baseline for _ in range(together)]
        found = [intervals.mean_interval(gain, draw, together) for gain in gains]
        held += all(each.low <= 0 <= each.high for each in found)
    return held / tables


def ratio_coverage(
    R: tuple[float, float], draws: int, replicates: int, spread: float, tables: int
) -> float:
    """Return how often the ratio's interval holds the true ratio of means."""
    rng = np.random.default_rng(20_110_917)
    above, below = map(PoissonProgeny, R)
    draw, held = np.arange(replicates) % draws, np.float64(0)
    for _ in range(tables):
        a, b = above(rng, replicates), below(rng, replicates)
        if spread:
            a, b = (x * factors(rng, draws, spread)[draw] for x in (a, b))
        sums = intervals.resampled_sums(np.column_stack([a, b]), draw, rng)
        found = intervals.ratio_interval(a, b, draw, sums)
        held += found.low <= above.mean / below.mean <= found.high
    return held / tables


def chance_coverage(
    middle: float, spread: float, draws: int, replicates: int, tables: int
) -> tuple[float, float, float]:
    """Return the true chance, how often its interval holds it, and how often ignoring draws."""
    rng = np.random.default_rng(20_110_917)
    truth = stats.norm.cdf(middle / np.hypot(1, spread))
    draw, held = np.arange(replicates) % draws, np.zeros(2)
    for _ in range(tables):
        chances = stats.norm.cdf(middle + spread * rng.standard_normal(draws))[draw]
        won = (rng.random(replicates) < chances).astype(float)
        for i, groups in enumerate((draw, np.zeros_like(draw))):
            found = intervals.chance_interval(won, groups)
            held[i] += found.low <= truth <= found.high
    return truth, *(held / tables)


def independent_coverage(
    R: tuple[float, float],
    draws: tuple[int, int],
    replicates: tuple[int, int],
    spread: float,
    tables: int,
    ignoring: bool = False,
) -> np.ndarray:
    """Return how often intervals of difference, ratio and chance hold the truth.

    The two samples have nothing in common; ``ignoring`` counts replicates as independent.
    """
    rng, progenies = np.random.default_rng(20_110_917), tuple(map(PoissonProgeny, R))
    means = [each.mean for each in progenies]
    many = [
        progeny(rng, 4_000_000) * factors(rng, 4_000_000, spread) for progeny in progenies
    ]  # as many draws as runs: the chance is then known to 0.0003
    truths = (means[0] - means[1], means[0] / means[1], (np.sign(many[0] - many[1]) + 1).mean() / 2)
    groups = [np.arange(n) % d for n, d in zip(replicates, draws, strict=True)]
    told = [np.zeros_like(group) if ignoring else group for group in groups]
    held = np.zeros(3)
    for _ in range(tables):
        a, b = (
            progeny(rng, len(group)) * factors(rng, d, spread)[group]
            for progeny, group, d in zip(progenies, groups, draws, strict=True)
        )
        found = (
            independent.difference_interval(
                intervals.moments(a, told[0]), intervals.moments(b, told[1])
            ),
            independent.ratio_of_means(a, told[0], b, told[1], rng),
            independent.chance_of_more(a, told[0], b, told[1]),
        )
        held += [
            each.low is not None and each.low <= truth <= each.high
            for each, truth in zip(found, truths, strict=True)
        ]
    return held / tables


def stopping_coverage(
    R: float, draws: int, spread: float, within: float, tables: int
) -> tuple[float, float]:
    """Return the coverage of the mean's interval after the stopping rule, and the mean total."""
    rng, progeny = np.random.default_rng(20_110_917), PoissonProgeny(R)
    held, totals = np.float64(0), 0
    for _ in range(tables):
        factor, values, draw = factors(rng, draws, spread), np.empty(0), np.empty(0, np.int64)
        while total := next_total({"a": values}, draw, within, 20_000, "reach").total:
            draw = np.arange(total) % draws
            more = progeny(rng, total - len(values))
            values = np.concatenate([values, more * factor[draw[len(values) :]]])
        low, high = ours(values, draw)
        held += low <= progeny.mean <= high
        totals += len(values)
    return held / tables, totals / tables


INDEPENDENT = (
    ((1, 1), (400, 400), 0.0),
    ((1, 1), (400, 4000), 0.0),
    ((10, 20), (400, 400), 0.2),
    ((10, 1), (400, 400), 0.0),
    ((10, 30), (2000, 600), 0.2),
    ((10, 10), (2000, 400), 0.5),
)
"""Draws, replicates and spread of two independent samples."""


def lines(tables: int) -> Iterator[str]:
    """Yield the lines of the tables in docs/statistics.md."""
    intervals.RESAMPLES = 500  # a quarter of the package's: only the ends' own luck is larger
    methods = (ours, plain_t, ignoring_draws, plain_bootstrap)
    yield "| R | draws | replicates | spread | ours | plain t | ignoring draws | bootstrap |"
    for R in (0.5, 0.9):
        for n in (100, 400, 1000, 4000):
            yield line(R, 1, n, 0, *mean_coverage(R, 1, n, 0, tables, *methods[:2]))
    cases = [(10, n, cv) for n in (400, 2000) for cv in (0, 0.05, 0.2, 0.5)]
    cases += [(3, 399, 0.2), (5, 400, 0.2), (30, 390, 0.5), (400, 400, 0.5)]
    for R in (0.5, 0.9):
        for case in cases:
            yield line(R, *case, *mean_coverage(R, *case, tables // 4, *methods))
    yield "| R | draws | replicates | differences | all held |"
    for R in (0.5, 0.9):
        for case in ((1, 400, 1), (1, 400, 5), (1, 2000, 5), (10, 400, 1), (10, 400, 5)):
            yield line(R, *case, difference_coverage(R, *case, tables // 2))
    yield "| R of both | draws | replicates | spread | ratio |"
    for pair in ((0.5, 0.5), (0.9, 0.5), (0.5, 0.9), (0.9, 0.9)):
        for case in ((1, 400, 0), (1, 4000, 0), (10, 400, 0.2), (10, 2000, 0.2)):
            yield line(pair, *case, ratio_coverage(pair, *case, tables // 4))
    yield "| chance | draws | replicates | spread | ours | ignoring draws |"
    for middle in (0.0, 1.5, 2.5):
        for draws, n, spread in ((1, 400, 0), (10, 400, 0), (10, 400, 0.3), (10, 2000, 0.3)):
            truth, *held = chance_coverage(middle, spread, draws, n, tables)
            yield line(f"{truth:.3f}", draws, n, spread, *held)
    yield from independent_lines(tables // 4)
    yield "| R | draws | spread | replicates | coverage after stopping |"
    for R, draws, spread in ((0.5, 1, 0), (0.9, 1, 0), (0.5, 10, 0), (0.5, 10, 0.05)):
        held, total = stopping_coverage(R, draws, spread, 0.05, tables // 4)
        yield line(R, draws, spread, f"{total:,.0f}", held)


def independent_lines(tables: int) -> Iterator[str]:
    """Yield the lines of the table of independent samples."""
    yield "| R of both | draws | replicates | spread | difference | ratio | chance |"
    for pair in ((0.5, 0.5), (0.9, 0.5)):
        for case in INDEPENDENT:
            yield line(pair, *case, *independent_coverage(pair, *case, tables))


def line(*cells: object) -> str:
    """Return a row; coverages, the only ``np.float64`` among the cells, as percentages."""
    shown = (f"{c:.1%}" if isinstance(c, np.float64) else str(c) for c in cells)
    return f"| {' | '.join(shown)} |"


if __name__ == "__main__":
    for each in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 2000):
        sys.stdout.write(f"{each}\n")
        sys.stdout.flush()
