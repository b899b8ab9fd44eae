"""Outbreaks on graphs of given degrees: where they begin, how likely and how large they are."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from verification.graphs import (
    Follows,
    directed_configuration,
    generator,
    message,
    mutual_configuration,
    world_of,
)
from verification.oracles import Percolation, power_law_with_cutoff
from verification.posts import poster
from verification.verdicts import Case, Check, Plan, Result, by_groups, within

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

GRAPHS = 20
COLLECTED = {
    (2.0, 5.0): 0.6080,
    (2.0, 10.0): 0.3287,
    (2.0, 20.0): 0.1833,
    (2.0, 100.0): 0.0486,
    (2.3, 5.0): 0.8527,
    (2.3, 10.0): 0.4925,
    (2.3, 20.0): 0.2972,
    (2.3, 100.0): 0.0989,
    (2.5, 5.0): 1.0699,
    (2.5, 10.0): 0.6471,
    (2.5, 20.0): 0.4128,
    (2.5, 100.0): 0.1624,
}
"""Critical chances to pass a message on, by exponent and cutoff of the degrees."""


def poisson_law(mean: float, largest: int = 60) -> Float64:
    """Return a Poisson law of degrees from 0 to ``largest``."""
    logs = np.arange(largest + 1) * np.log(mean) - mean
    logs[1:] -= np.cumsum(np.log(np.arange(1, largest + 1)))
    return np.asarray(np.exp(logs))


DEGREES: dict[str, tuple[Float64, tuple[float, ...]]] = {
    "Poisson, mean 5": (poisson_law(5.0), (0.15, 0.3)),
    "four each": (np.array([0.0, 0, 0, 0, 1]), (0.25, 0.4)),
    "exponent 2, cutoff 10": (power_law_with_cutoff(2.0, 10.0), (0.22, 0.6)),
    "exponent 2.5, cutoff 5": (power_law_with_cutoff(2.5, 5.0), (0.8,)),
}
"""Laws of degrees, with chances to pass a message on: below the critical one, and above."""


def degrees_by(law: Float64, accounts: int, rng: np.random.Generator) -> Int64:
    """Return degrees in the proportions of a law, as near as whole numbers are."""
    places = (np.arange(accounts) + rng.random()) / accounts
    return np.searchsorted(np.cumsum(law)[:-1], places, side="right").astype(np.int64)


def _sizes(
    links: Callable[[int], Follows], accounts: int, T: float, count: int, backwards: bool = False
) -> list[Int64]:
    """Return the sizes of cascades that random accounts of many graphs start, by graph."""
    found = []
    for graph in range(GRAPHS):
        follower, followee = links(graph)
        if backwards:
            follower, followee = followee, follower
        world = world_of((follower, followee), accounts, (), attention=T)
        roots = generator(61, graph).integers(accounts, size=count)
        found.append(poster(world, message(), graph)(roots).size)
    return found


def _checks(
    name: str, sizes: list[Int64], accounts: int, probability: float, size: float
) -> list[Check]:
    large = [each[each > size * accounts / 3.0] for each in sizes]
    shares = [len(one) / len(each) for one, each in zip(large, sizes, strict=True)]
    means = [float(one.mean()) / accounts for one in large if len(one)]
    return [
        by_groups(f"{name}: probability", shares, probability),
        by_groups(f"{name}: size", means, size),
    ]


def outbreaks(plan: Plan) -> Result:
    """Compare outbreaks on links that go both ways with Newman's formulas.

    With the fault each link passes a message one time in ten too often.
    """
    accounts, count = plan.count(10_000, 4_000), plan.count(250, 100)
    checks, drawn = [], []
    for number, (name, (law, chances)) in enumerate(DEGREES.items()):
        if plan.quick and number != 1:
            continue
        theory = Percolation.mutual(law)
        for T in chances:
            used = 1.1 * T if plan.fault else T

            def links(graph: int, law: Float64 = law, number: int = number) -> Follows:
                rng = generator(62, number, graph)
                return mutual_configuration(degrees_by(law, accounts, rng), rng)

            sizes = _sizes(links, accounts, used, count)
            if theory.critical > T:
                mean = [float(each.mean()) for each in sizes]
                checks.append(by_groups(f"{name}, T = {T}: mean size", mean, theory.mean(T)))
            else:
                probability, size = theory.outbreak(T)
                checks += _checks(f"{name}, T = {T}", sizes, accounts, probability, size)
                drawn.append((number, T, checks[-1].found))
    for (power, cutoff), collected in COLLECTED.items() if not plan.quick else ():
        critical = Percolation.mutual(power_law_with_cutoff(power, cutoff)).critical
        name = f"exponent {power:g}, cutoff {cutoff:g}: critical T"
        checks.append(within(name, critical, collected, 1e-3))

    def draw(ax: Axes) -> None:
        T = np.linspace(0.02, 1.0, 120)
        for number, (name, (law, _)) in enumerate(DEGREES.items()):
            theory = Percolation.mutual(law)
            ax.plot(T, [theory.outbreak(one)[1] for one in T], color=f"C{number}", label=name)
        for number, one, found in drawn:
            ax.plot(one, float(found), "o", color=f"C{number}")
        ax.set(xlabel="probability T that a link passes the message", ylabel="size of outbreaks")
        ax.legend(title="degrees")

    return Result(tuple(checks), draw)


KINDS = np.array([(20, 10), (2, 4), (5, 5)])
"""(followers, followees): who has many followers follows many."""
PARTS = np.array([0.1, 0.5, 0.4])
CHANCES = (0.17, 0.3)


def joint_law(permuted: bool) -> tuple[Float64, Float64, Float64]:
    """Return (followers, followees, law) of the kinds; permuted, the two are independent."""
    if not permuted:
        return KINDS[:, 0].astype(float), KINDS[:, 1].astype(float), PARTS
    j, k = np.meshgrid(KINDS[:, 0], KINDS[:, 1], indexing="ij")
    return j.ravel().astype(float), k.ravel().astype(float), np.outer(PARTS, PARTS).ravel()


def correlated(plan: Plan) -> Result:
    """Compare outbreaks where followers and followees go together, and where they do not.

    With the fault messages travel from follower to followee.
    """
    accounts, count = plan.count(10_000, 5_000), plan.count(250, 150)
    checks, drawn = [], []
    for permuted, name in ((False, "correlated"), (True, "permuted")):
        theory = Percolation.directed(*joint_law(permuted))

        def links(graph: int, permuted: bool = permuted) -> Follows:
            rng = generator(63, graph)
            kind = np.repeat(np.arange(3), np.rint(PARTS * accounts).astype(int))
            other = rng.permutation(kind) if permuted else kind
            return directed_configuration(KINDS[kind, 0], KINDS[other, 1], rng)

        for T in CHANCES if not plan.quick else CHANCES[1:]:
            sizes = _sizes(links, accounts, T, count, plan.fault)
            if theory.critical > T:
                mean = [float(each.mean()) for each in sizes]
                checks.append(by_groups(f"{name}, T = {T}: mean size", mean, theory.mean(T)))
                continue
            if theory.reproduction(T) < 1.3:
                # large and small are not apart on graphs that can be drawn here
                largest = float(np.mean([each.max() for each in sizes])) / accounts
                off = 0.0 if largest > theory.outbreak(T)[1] / 2.0 else 1.0
                found = Check(
                    f"{name}, T = {T}: outbreaks", "some", f"{largest:.3f}", off, 0.0, "missing"
                )
                checks.append(found)
                continue
            checks += _checks(f"{name}, T = {T}", sizes, accounts, *theory.outbreak(T))
            drawn.append((permuted, T, float(checks[-2].found), float(checks[-1].found)))
        expected = 5.0 / 34.0 if not permuted else 1.0 / 5.0
        checks.append(within(f"{name}: critical T", theory.critical, expected, 1e-9))

    def draw(ax: Axes) -> None:
        T = np.linspace(0.1, 0.6, 100)
        for permuted, name, color in ((False, "correlated", "C0"), (True, "permuted", "C1")):
            theory = Percolation.directed(*joint_law(permuted))
            curves = np.array([theory.outbreak(one) for one in T])
            ax.plot(T, curves[:, 0], color=color, label=f"{name}: probability")
            ax.plot(T, curves[:, 1], "--", color=color, label=f"{name}: size")
            for which, one, probability, size in drawn:
                if which == permuted:
                    ax.plot([one, one], [probability, size], "o", color=color)
        ax.set(xlabel="probability T that a follow passes the message", ylabel="share")
        ax.legend()

    return Result(tuple(checks), draw)


NETWORKS = (
    Case(
        "outbreaks by degrees",
        "On mutual follows a message becomes an outbreak from the critical chance on that the "
        "degrees give, with the probability and size of bond percolation; below, mean sizes are "
        "those of theory.",
        "Newman (2002), Molloy & Reed (1995): configuration graphs",
        "each link passes the message 10% too often",
        outbreaks,
        rows=("1.7", "1.8"),
    ),
    Case(
        "popular accounts that follow many",
        "Where those with many followers follow many, outbreaks begin earlier than where the same "
        "numbers are dealt out at random.",
        "Newman, Strogatz & Watts (2001): directed configuration graphs, critical T = <k> / <jk>",
        "messages travel from follower to followee",
        correlated,
        rows=("1.9",),
    ),
)
