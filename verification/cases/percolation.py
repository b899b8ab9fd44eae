"""Outbreaks on a directed graph: how likely and how large are different questions."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from verification.graphs import (
    Follows,
    Runs,
    generator,
    message,
    random_audiences,
    shares_of,
    world_of,
)
from verification.oracles import HUB_FOLLOWERS, HUB_SHARE, MEAN_FOLLOWEES, hub_followers
from verification.verdicts import Case, Check, Plan, Result, by_groups, exactly

ATTENTION = 0.8
ACCOUNTS = {0.15: 20_000, 0.25: 20_000, 0.3: 10_000, 0.5: 5_000}
"""By probability that a follow passes the message: fewer where outbreaks stand apart anyway."""
GRAPHS = 20
HUBS, REVERSED = "few are followed", "few follow"


def hub_graph(
    accounts: int, roots: int, kind: str, rng: np.random.Generator
) -> tuple[Follows, Follows]:
    """Return the follows of a graph and those of accounts outside it that start the runs.

    Few are followed: one account in ten has 50 followers, the others have none, so followees are
    Poisson(5). Few follow: the same with every follow turned round. The outside accounts, numbered
    after the others, are followed like accounts of the graph and follow nobody.
    """
    hubs = np.zeros(accounts, np.int64)
    hubs[rng.permutation(accounts)[: round(HUB_SHARE * accounts)]] = HUB_FOLLOWERS
    follower, followee = random_audiences(hubs, accounts, rng)
    if kind == HUBS:
        audiences = np.where(rng.random(roots) < HUB_SHARE, HUB_FOLLOWERS, 0)
        return (follower, followee), random_audiences(audiences, accounts, rng, accounts)
    # only hubs follow, and all of them equally often
    audiences = rng.poisson(MEAN_FOLLOWEES, roots)
    place, starts = random_audiences(audiences, round(HUB_SHARE * accounts), rng, accounts)
    return (followee, follower), (np.flatnonzero(hubs)[place].astype(np.int32), starts)


@dataclass(frozen=True)
class Outbreaks:
    """Of one graph: the share of runs that became large, the size of those, and the largest."""

    share: float
    size: float
    largest: float


def outbreaks(T: float, kind: str, graph: int, roots: int, backwards: bool) -> Outbreaks:
    """Run from each outside account of a graph; sizes are shares of all accounts.

    Large is more than half the expected size, or a tenth of all where no outbreak is expected.
    ``backwards`` sends messages from followers to followees.
    """
    accounts = ACCOUNTS[T]
    inside, outside = hub_graph(accounts, roots, kind, generator(15, int(100 * T), graph))
    if backwards:
        inside = inside[1], inside[0]
    follows = np.concatenate((inside[0], outside[0])), np.concatenate((inside[1], outside[1]))
    starts = range(accounts, accounts + roots)
    world = world_of(follows, accounts + roots, starts, attention=ATTENTION)
    runs = Runs(world, message(resonance=T / ATTENTION), graph)
    sizes = np.array([shares_of(runs.run(i, [one])) for i, one in enumerate(starts)]) / accounts
    large = sizes[sizes > (expected(T, kind)[1] / 2.0 or 0.1)]
    return Outbreaks(len(large) / roots, float(large.mean()) if len(large) else 0.0, sizes.max())


def expected(T: float, kind: str) -> tuple[float, float]:
    """Return (probability, size): they change places with the direction of the follows."""
    probability, size = hub_followers(T)
    return (probability, size) if kind == HUBS else (size, probability)


def _checks(T: float, kind: str, found: list[Outbreaks]) -> list[Check]:
    probability, size = expected(T, kind)
    label = f"{kind}, T = {T}"
    if not probability:
        large = sum(one.largest > 0.1 for one in found)
        return [exactly(f"{label}: outbreaks below the threshold", large, "graphs with outbreaks")]
    sizes = [one.size for one in found if one.share]
    return [
        by_groups(f"{label}: probability", [one.share for one in found], probability),
        by_groups(f"{label}: size", sizes, size),
    ]


def percolation(plan: Plan) -> Result:
    """Compare the probability and the size of outbreaks with directed percolation."""
    checks, drawn = [], []
    roots = plan.count(1000, 200)
    for kind in (HUBS, REVERSED):
        for T in ACCOUNTS if not plan.quick else (0.5,):
            found = [outbreaks(T, kind, graph, roots, plan.fault) for graph in range(GRAPHS)]
            checks += _checks(T, kind, found)
            drawn.append((kind, T, np.mean([(one.share, one.size) for one in found], axis=0)))

    def draw(ax: Axes) -> None:
        T = np.linspace(0.12, 0.55, 80)
        curves = np.array([hub_followers(one) for one in T])
        ax.plot(T, curves[:, 0], color="gray")
        ax.plot(T, curves[:, 1], color="gray", linestyle="--")
        for kind, marker in ((HUBS, "o"), (REVERSED, "x")):
            points = [(one, *found) for this, one, found in drawn if this == kind]
            x, probability, size = np.array(points).T
            ax.plot(x, probability, marker, color="C0", label=f"{kind}: probability")
            ax.plot(x, size, marker, color="C1", label=f"{kind}: size")
        ax.set(xlabel="probability T that a follow passes the message", ylabel="share")
        ax.legend(fontsize="small")

    return Result(tuple(checks), draw)


PERCOLATION = (
    Case(
        "direction",
        "Messages travel from followee to follower: where few accounts are followed, outbreaks are "
        "rare and large; with all follows turned round they are frequent and small.",
        "Newman, Strogatz & Watts (2001): directed percolation, followers 0 or 50, followees "
        "Poisson(5)",
        "messages travel from follower to followee",
        percolation,
        rows=("1.10",),
    ),
)
