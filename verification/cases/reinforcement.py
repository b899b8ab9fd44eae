"""Complex contagion: what takes several notices, on ordered and on random links."""

import math

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy.optimize import brentq

from propagation.luck import run_seed
from propagation.scenario.actions import Seed
from propagation.scenario.choices import NamedAccounts
from propagation.scenario.spec import Message
from propagation.spread.cascade import Cascade
from propagation.spread.simulate import CompiledEngine
from propagation.strategy.agenda import agenda_of
from verification.graphs import (
    MESSAGE,
    Follows,
    generator,
    message,
    mutual_configuration,
    rewired_ring,
    torus,
    world_of,
)
from verification.posts import poster
from verification.verdicts import Case, Plan, Result, above, at_least, at_most, in_band

Float64 = npt.NDArray[np.float64]

HALF, HOUR = 3, {"law": "fixed", "time": 1.0}
REWIRED = (0.0, 0.01, 0.05, 0.1, 0.2)
NOISE = 0.1
"""Chance to share at the first notice already."""
TOGETHER = tuple(range(HALF + 1))


def second_notice(noise: float) -> Message:
    """Return a message shared for certain at the second notice, and by chance at the first."""
    return message({"reinforced": [noise, 1]}, 1.0, HOUR)


def from_seeds(links: Follows, accounts: int, what: Message, seeds: tuple[int, ...]) -> Cascade:
    """Return the cascade of accounts that are asked to share at the start."""
    engine = CompiledEngine(world_of(links, accounts, ()), {MESSAGE: what}, math.inf)
    named = NamedAccounts(named=tuple(str(one) for one in seeds))
    agenda = agenda_of([Seed(seed=MESSAGE, to=named, at=0.0)])
    return engine.run(agenda, run_seed(90, 0))[0]


def spreads(
    rewired: float, noise: float, accounts: int, graphs: int, seeds: tuple[int, ...] = TOGETHER
) -> Float64:
    """Return final share and hours until half of all have shared, by graph; shape (2, graphs)."""
    found = np.full((2, graphs), np.nan)
    for graph in range(graphs):
        links = rewired_ring(accounts, HALF, rewired, generator(91, graph))
        cascade = from_seeds(links, accounts, second_notice(noise), seeds)
        order = cascade.share_order
        found[0, graph] = len(order) / accounts
        if len(order) > accounts // 2:
            found[1, graph] = cascade.share_time[order[accounts // 2]]
    return found


def bridges(plan: Plan) -> Result:
    """Compare how far and how fast a message spreads when links are moved.

    With the fault one notice is enough for everybody.
    """
    accounts, graphs = 4_000, plan.count(15, 8)
    quiet, noise = (1.0, 1.0) if plan.fault else (0.0, NOISE)
    steps = REWIRED if not plan.quick else (REWIRED[0], REWIRED[-1])
    without = {p: spreads(p, quiet, accounts, graphs) for p in steps}
    noisy = {p: spreads(p, noise, accounts, graphs) for p in steps}
    apart = spreads(0.0, quiet, accounts, 1, (0, accounts // 2))
    ordered, moved = REWIRED[0], REWIRED[-1]
    ends = {p: found[0].mean() for p, found in without.items()}
    saved = noisy[ordered][1] - noisy[moved][1]
    checks = [
        at_least("ordered: final share", float(ends[ordered]), 1.0, "of all"),
        at_most("a fifth moved: final share", float(ends[moved]), 0.1, "of all"),
        at_least("noise, a fifth moved: final share", noisy[moved][0].mean(), 0.8, "of all"),
        above("noise: hours saved by moving a fifth", saved[~np.isnan(saved)], "graphs"),
        at_most("ordered, two seeds apart: final share", float(apart[0, 0]), 0.01, "of all"),
    ]

    def draw(ax: Axes) -> None:
        for found, label in ((without, "two notices"), (noisy, "two, or one in ten at the first")):
            ax.plot(list(found), [each[0].mean() for each in found.values()], "o-", label=label)
        ax.set(xlabel="part of links moved at random", ylabel="mean final share of all accounts")
        ax.legend(title="shared after")

    return Result(tuple(checks), draw)


SIDE, NEIGHBOURS = 12, 8
FACTORS = [1.0, 2.0, 2.7]
"""Of those who joined, under 15%, over 30% and 40% came back after one, two and three signals."""
CLUSTERED, RANDOM = 0.5377, 0.3826
TOLERATED = 0.03


def adopting(clustered: bool, chance: float, factors: list[float], graphs: int) -> Float64:
    """Return the mean share that adopts by graph, each of many accounts once the first."""
    accounts, found = SIDE * SIDE, []
    for graph in range(graphs):
        degrees = np.full(accounts, NEIGHBOURS)
        links = torus(SIDE) if clustered else mutual_configuration(degrees, generator(92, graph))
        post = poster(
            world_of(links, accounts, ()), message({"reinforced": factors}, chance), graph
        )
        roots = generator(93, graph).integers(accounts, size=100)
        found.append(post(roots).size.mean() / accounts)
    return np.array(found)


def experiment(plan: Plan) -> Result:
    """Predict adoption on random links from that on clustered ones.

    Input: the ratio of the hazards, and that 53.77% adopt on clustered links, which fixes the first
    hazard. Predicted: that hazard's size, and adoption on random links of as many neighbours. With
    the fault every signal counts the same.
    """
    graphs, factors = plan.count(60, 25), [1.0] if plan.fault else FACTORS

    def excess(chance: float) -> float:
        return float(adopting(True, chance, factors, graphs).mean()) - CLUSTERED

    chance = float(brentq(excess, 0.05, 0.6, xtol=1e-4))
    random = adopting(False, chance, factors, graphs)
    clustered = adopting(True, chance, factors, graphs)
    gap = float(clustered.mean() - random.mean())
    published = CLUSTERED - RANDOM
    checks = [
        in_band(
            "random links: adopt", float(random.mean()), RANDOM - TOLERATED, RANDOM + TOLERATED
        ),
        in_band("clustered less random", gap, published - TOLERATED, published + TOLERATED),
        in_band("hazard after one signal", chance, 0.12, 0.17),
    ]

    def draw(ax: Axes) -> None:
        bins = np.linspace(0, 1, 30)
        for sample, label in ((clustered, "clustered"), (random, "random")):
            ax.hist(sample, bins, alpha=0.6, label=label)
        for value in (CLUSTERED, RANDOM):
            ax.axvline(value, color="black", linestyle="--")
        ax.set(xlabel="share that adopts, mean of 100 starts (dashed: published)", ylabel="graphs")
        ax.legend()

    return Result(tuple(checks), draw)


REINFORCEMENT = (
    Case(
        "wide bridges",
        "What takes two notices goes round an ordered ring and stops where a fifth of the links "
        "are moved at random; if some share at the first notice, moved links make it faster "
        "instead. Two seeds in one neighbourhood start it, two apart do not.",
        "Centola & Macy (2007); Eckles, Mossel, Rahimian & Sen (2018); Beaman, BenYishay, Magruder "
        "& Mobarak (2021), directions only",
        "one notice is enough",
        bridges,
        rows=("1.18", "1.19", "4.6"),
    ),
    Case(
        "clustered and random links",
        "From the published hazards and adoption on clustered links follows how much less is "
        "adopted on random ones. Assumed: 144 accounts with 8 neighbours.",
        "Centola (2010): 53.77% against 38.26%",
        "every signal counts the same",
        experiment,
        rows=("1.20",),
    ),
)
