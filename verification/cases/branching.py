"""Cascades without meetings: sizes and survival of Poisson branching processes."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from propagation.spread.cascade import Cascade
from verification.graphs import (
    Runs,
    branching_forest,
    generator,
    message,
    random_audiences,
    shares_of,
    world_of,
)
from verification.oracles import (
    borel,
    branching_fourth_moment,
    branching_mean,
    branching_variance,
    survival,
)
from verification.verdicts import (
    Case,
    Check,
    Plan,
    Result,
    by_chi_square,
    by_error,
    by_groups,
)

FOREST_MEAN = 0.95
"""Followers by account in the forest; below 1, so that every tree of it ends by itself."""
ATTENTION = 0.96
"""Noticing and deciding share the work: attention times resonance is R / ``FOREST_MEAN``."""
LARGEST_CELL = 30


def tree_sizes(cascade: Cascade) -> npt.NDArray[np.int64]:
    """Return the sizes of the trees below each account that shared in generation 1."""
    root = np.arange(len(cascade.account))
    for one in range(2, int(cascade.generation.max()) + 1):
        rows = np.flatnonzero(cascade.generation == one)
        root[rows] = root[cascade.parent[rows]]
    sizes = np.bincount(root[cascade.generation > 0], minlength=len(root))
    return sizes[cascade.generation == 1]


def sizes_on_forest(R: float, roots: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the sizes of cascades with Poisson(R) offspring, one from each root of a forest."""
    follows, accounts = branching_forest(roots, FOREST_MEAN, generator(13, seed))
    people = np.full(accounts, ATTENTION)
    people[: roots + 1] = 1.0
    interest = np.full(accounts, R / FOREST_MEAN / ATTENTION)
    interest[: roots + 1] = 1.0
    world = world_of(follows, accounts, attention=people, interest=interest)
    return tree_sizes(Runs(world, message(), seed).run(0, [0]))


def _size_checks(R: float, sizes: npt.NDArray[np.int64]) -> list[Check]:
    law = borel(R, LARGEST_CELL)
    counts = np.bincount(np.minimum(sizes, LARGEST_CELL + 1), minlength=LARGEST_CELL + 2)[1:]
    variance, n = branching_variance(R), len(sizes)
    variance_error = np.sqrt((branching_fourth_moment(R) - variance**2) / n)
    return [
        by_chi_square(f"R = {R}: law of sizes", counts, np.append(law, 1.0 - law.sum())),
        by_error(f"R = {R}: mean", sizes.mean(), branching_mean(R), np.sqrt(variance / n)),
        by_error(f"R = {R}: variance", sizes.var(), variance, float(variance_error)),
    ]


def sizes(plan: Plan) -> Result:
    """Compare cascade sizes on forests with the Borel law, its mean and its variance."""
    checks, found = [], {}
    for seed, R in enumerate((0.5, 0.9)):
        true_R = R + 0.02 if plan.fault else R
        found[R] = sizes_on_forest(true_R, plan.count(200_000, 20_000), seed)
        checks += _size_checks(R, found[R])

    def draw(ax: Axes) -> None:
        for R, sample in found.items():
            n = np.arange(1, 101)
            tail = 1.0 - np.concatenate(([0.0], np.cumsum(borel(R, 99))))
            seen = [(sample >= one).mean() for one in n]
            ax.loglog(n, tail, color="gray")
            ax.loglog(n, seen, ".", label=f"R = {R}")
        ax.set(xlabel="size", ylabel="share of cascades at least as large", ylim=(1e-5, 1.5))
        ax.legend()

    return Result(tuple(checks), draw)


FOLLOWERS = 20
SURVIVAL = {1.1: 30_000, 1.2: 6_000, 1.5: 1_500, 2.0: 800, 3.0: 600}
"""Accounts by mean offspring: fewer where outbreaks are large and stand apart anyway."""
GRAPHS = 20


def outbreaks(m: float, graph: int, roots: int, excess: float = 1.0) -> float:
    """Return the share of cascades on a random directed graph that become large.

    Everybody has Poisson(20) followers; each run starts from an account of its own, outside the
    graph, and each follow passes the message with probability m / 20 (times ``excess``). A cascade
    is large if it is more than a third as large as the expected outbreak, which is five standard
    deviations below it and which small ones exceed with a chance below 1e-5.
    """
    accounts, rng = SURVIVAL[m], generator(14, int(10 * m), graph)
    audiences = rng.poisson(FOLLOWERS, accounts + roots)
    starts = range(accounts, accounts + roots)
    world = world_of(
        random_audiences(audiences, accounts, rng),
        accounts + roots,
        starts,
        attention=excess * m / FOLLOWERS,
    )
    runs = Runs(world, message(), graph)
    large = survival(m) * accounts / 3.0
    return float(np.mean([shares_of(runs.run(i, [one])) > large for i, one in enumerate(starts)]))


def survivals(plan: Plan) -> Result:
    """Compare the share of large cascades with the survival probability.

    Runs on one graph share it, so the error comes from the differences between graphs.
    """
    checks, drawn = [], []
    for m in SURVIVAL if not plan.quick else (1.5,):
        excess = 1.1 if plan.fault else 1.0
        roots = plan.count(1000, 150)
        shares = [outbreaks(m, graph, roots, excess) for graph in range(GRAPHS)]
        checks.append(by_groups(f"m = {m}: large cascades", shares, survival(m)))
        drawn.append((m, float(np.mean(shares))))

    def draw(ax: Axes) -> None:
        m = np.linspace(1.02, 3.2, 60)
        ax.plot(m, [survival(one) for one in m], color="gray")
        ax.plot(*np.array(drawn).T, "o")
        ax.set(xlabel="mean offspring m", ylabel="probability of a large cascade")

    return Result(tuple(checks), draw)


BRANCHING = (
    Case(
        "cascade sizes",
        "On a forest, where nobody is reached twice, sizes follow the Borel law with its mean "
        "1/(1-R) and variance R/(1-R)^3.",
        "Borel; Harris (1963), total progeny of a branching process with Poisson(R) offspring",
        "R is too large by 0.02",
        sizes,
        rows=("1.1", "1.2", "1.3"),
    ),
    Case(
        "survival",
        "Above one further sharer per sharer a cascade becomes large with the survival "
        "probability of a branching process, 20,000 runs for each m.",
        "smallest root of q = exp(m (q - 1)), Harris (1963)",
        "attention is 10% too high",
        survivals,
        rows=("1.4",),
    ),
)
