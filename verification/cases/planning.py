"""How many replicates the tool takes, what common luck saves, and where two accounts tie."""

import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy import stats

from propagation.experiment.stopping import next_total
from propagation.spread.theory import Expected, Spread
from verification.graphs import Follows, Runs, generator, message, random_audiences, world_of
from verification.oracles import branching_mean
from verification.progeny import PoissonProgeny
from verification.verdicts import (
    LEVEL,
    Case,
    Check,
    Plan,
    Result,
    by_error,
    in_band,
    within,
)

Float64 = npt.NDArray[np.float64]

# ------------------------------------------------------------------------ replicates

WITHIN, QUANTILE = 0.05, 1.96
PLANNED = {0.25: 512, 0.5: 1_537, 0.72: 3_951, 0.9: 13_830, 0.95: 29_196, 0.99: 152_127}
AT_MOST = 80_000


def planned(R: float) -> float:
    """Return the replicates that a half width of 5% takes: variance over squared mean."""
    return float((QUANTILE / WITHIN) ** 2 * R / (1.0 - R))


def taken(R: float, experiments: int, wanted: float) -> Float64:
    """Return after how many replicates the tool stops by itself, in so many experiments."""
    law, totals = PoissonProgeny(R), []
    expected = {"x": Expected(law.mean, Spread(1.0, law.skewness))}
    for experiment in range(experiments):
        rng, sizes = generator(110, int(100 * R), experiment), np.empty(0)
        while True:
            draws = np.zeros(len(sizes), np.int64)
            more = next_total({"x": sizes}, draws, wanted, AT_MOST, "shares", expected).total
            if more is None:
                break
            sizes = np.append(sizes, law(rng, more - len(sizes)))
        totals.append(len(sizes))
    return np.array(totals, np.float64)


def replicates(plan: Plan) -> Result:
    """Compare the tool's own stopping with the planner's formula.

    It looks after 400, 800, 1,600, ... replicates, so it should stop at the first of these that is
    enough: the median between the formula's number and little more than twice that. With the fault
    it aims at 10% instead of 5%.
    """
    checks, drawn = [], []
    for R, collected in PLANNED.items():
        checks.append(within(f"R = {R}: formula", planned(R), collected, 1e-3))
        if planned(R) > AT_MOST / 2.2 or (plan.quick and R > 0.8):
            continue
        totals = taken(R, plan.count(60, 15), 2 * WITHIN if plan.fault else WITHIN)
        ratio = float(np.median(totals)) / planned(R)
        checks.append(in_band(f"R = {R}: taken over formula, median", ratio, 0.95, 2.2))
        drawn.append((R, np.quantile(totals, (0.05, 0.5, 0.95))))

    def draw(ax: Axes) -> None:
        R = np.linspace(0.2, 0.97, 80)
        ax.semilogy(R, [planned(one) for one in R], color="gray", label="formula")
        for one, (low, middle, high) in drawn:
            ax.errorbar(one, middle, [[middle - low], [high - middle]], fmt="o", color="C0")
        ax.set(xlabel="reproduction number R", ylabel="replicates for 5%")
        ax.legend()

    return Result(tuple(checks), draw)


# ------------------------------------------------------------------------ common luck

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


def variance_ratios(fault: bool) -> dict[str, tuple[float, int]]:
    """Return by comparison what common luck leaves of the variance of a difference, and the runs.

    From the summaries of the shipped scenarios, each strategy against the baseline in the compared
    metric. With the fault the ratios are turned over.
    """
    found = {}
    for file in sorted(REFERENCE.glob("*/summary.json")):
        summary = json.loads(file.read_text(encoding="utf-8"))
        for each in summary["differences"]:
            ratio = each["variance_ratio"]
            if each["metric"] == summary["metric"] and ratio is not None:
                name = f"{summary['scenario']}: {each['strategy']}"
                found[name] = (1.0 / ratio if fault else ratio), each["replicates"]
    return found


def common_luck(plan: Plan) -> Result:
    """Demand that common random numbers lose nothing in any shipped scenario.

    Where little is common the ratio is near 1, with an error of at most one over the root of the
    runs: that of a correlation.
    """
    found = variance_ratios(plan.fault)
    limit = float(stats.norm.isf(LEVEL))
    checks = [
        Check(
            name,
            "at most 1",
            f"{ratio:.4f}",
            (ratio - 1.0) * math.sqrt(count),
            limit,
            "standard errors above",
        )
        for name, (ratio, count) in found.items()
    ]

    def draw(ax: Axes) -> None:
        ax.barh(
            [name.replace(": ", "\n") for name in found], [ratio for ratio, _ in found.values()]
        )
        ax.axvline(1.0, color="gray")
        ax.tick_params(axis="y", labelsize=6)
        ax.set(xlabel="variance of the difference, of that with separate luck")

    return Result(tuple(checks), draw)


# ------------------------------------------------------------------------ break-even

SMALL, BRAND_RATE, BRAND_R = 500, 3e-4, 0.23
TABLE = {
    (0.0006, 0.23): 1_000,
    (0.003, 0.50): 7_700,
    (0.01, 0.72): 45_833,
    (0.03, 0.50): 77_000,
    (0.01, 0.90): 128_333,
}
"""Followers of a brand that ties with 500 of whom a part shares: by that part and R."""
BEHIND, EACH = 120_000, 5
"""Accounts behind each of the two audiences, and followers of every one: as many for each, so that
the mean is the formula's on every graph."""


def break_even(rate: float, R: float) -> float:
    """Return how many followers of a brand tie with 500: head count, engagement, amplification."""
    return SMALL * rate / BRAND_RATE * (1.0 - BRAND_R) / (1.0 - R)


def _tying(large: int, rate: float, R: float, seed: int) -> tuple[Follows, Float64]:
    """Return follows and attention of a world in which account 0 has 500 and account 1 ``large``.

    Both audiences are followed by accounts of their own, among whom a share leads to R, or
    BRAND_R, further ones.
    """
    rng = generator(111, seed)
    first = 2
    follower, followee, attention = [], [], [np.zeros(2)]
    for ours, (size, part, again) in enumerate(((SMALL, rate, R), (large, BRAND_RATE, BRAND_R))):
        audience, behind = np.arange(first, first + size), first + size
        follower.append(audience)
        followee.append(np.full(size, ours))
        lists = random_audiences(np.full(size + BEHIND, EACH), BEHIND, rng, BEHIND)
        # numbered from BEHIND on are the audience, then those behind it
        follower.append(lists[0].astype(np.int64) + behind)
        followee.append(lists[1].astype(np.int64) - BEHIND + first)
        attention += [np.full(size, part), np.full(BEHIND, again / EACH)]
        first = behind + BEHIND
    joined = (np.concatenate(follower).astype(np.int32), np.concatenate(followee).astype(np.int32))
    return joined, np.concatenate(attention)


def ties(plan: Plan) -> Result:
    """Compare mean shares of both accounts where the formula says that they tie.

    With the fault the brand has a fifth more followers.
    """
    checks, drawn = [], []
    for number, ((rate, R), collected) in enumerate(TABLE.items()):
        checks.append(within(f"formula: {rate:g}, R = {R}", break_even(rate, R), collected, 1e-3))
        if plan.quick and number != 1:
            continue
        large = round(1.2 * collected) if plan.fault else collected
        follows, attention = _tying(large, rate, R, number)
        world = world_of(follows, len(attention), (0, 1), attention=attention)
        runs, count = Runs(world, message(), 112), plan.count(6_000, 6_000)
        found = np.array([[runs.shares(run, [one]) for run in range(count)] for one in (0, 1)])
        mean = SMALL * rate * branching_mean(R)
        errors = found.std(axis=1, ddof=1) / np.sqrt(count)
        for who, average, error in zip(
            ("500", f"{collected:,}"), found.mean(axis=1), errors, strict=True
        ):
            name = f"{rate:g}, R = {R}: shares of {who}"
            checks.append(by_error(name, float(average), mean, float(error)))
        drawn.append((mean, *found.mean(axis=1)))

    def draw(ax: Axes) -> None:
        x, small, large = np.array(drawn).T
        ax.loglog([0.2, 80], [0.2, 80], color="gray")
        ax.loglog(x, small, "o", label="500 followers")
        ax.loglog(x, large, "x", label="as many as tie with them")
        ax.set(xlabel="shares by the formula", ylabel="mean shares, simulated")
        ax.legend()

    return Result(tuple(checks), draw)


PLANNING = (
    Case(
        "replicates",
        "The tool stops by itself after as many replicates as the formula says a half width of 5% "
        "takes, or the next of its looks after that.",
        "n = (1.96 / e)^2 R / (1 - R), Poisson offspring",
        "the tool aims at 10%",
        replicates,
        rows=("5.1",),
    ),
    Case(
        "common luck",
        "In no shipped scenario do common random numbers make a comparison less precise than "
        "separate ones.",
        "Var(A - B) = Var A + Var B - 2 Cov; the results of the shipped scenarios",
        "the ratios are turned over",
        common_luck,
        rows=("5.2",),
    ),
    Case(
        "break-even",
        "Where nobody is met twice, a large and indifferent audience ties with 500 who care at the "
        "number that engagement and amplification give.",
        "N_b = N_c (p_c / p_b) (1 - R_b) / (1 - R_c); p_b = 0.0003, R_b = 0.23",
        "the brand has a fifth more followers",
        ties,
        rows=("6.1", "6.2"),
    ),
)
