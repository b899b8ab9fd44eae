"""Sizes on a follower graph whose popularity is equal or heavy-tailed, at and below criticality."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy import stats

from propagation.audience.world import World
from propagation.scenario.messages import MEASURED_DELAY
from verification.cases.competition import exponent
from verification.graphs import generator, message, random_audiences, world_of
from verification.oracles import (
    borel,
    branching_mean,
    offspring_law,
    poisson_rate_of_giants,
    progeny_law,
)
from verification.posts import Trees, poster
from verification.progeny import FollowerProgeny
from verification.verdicts import (
    LEVEL,
    Case,
    Check,
    Plan,
    Result,
    at_least,
    at_most,
    by_chi_square,
    by_error,
    by_proportion,
    exactly,
    in_band,
    known_to_miss,
    within,
)

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

# ------------------------------------------------------------------------ at criticality

MARKS = (2, 3, 4, 6, 10, 15, 25, 40, 60, 100, 160, 250)
"""Sizes at which the cells of a chi-square test begin."""
AUDIENCE, TAIL = 5, 2.5
"""Mean followers where all are equally popular, and the exponent where they are not."""


def popular(accounts: int, tail: float, most: int, rng: np.random.Generator) -> Int64:
    """Return numbers of followers by a discrete Pareto law of density exponent ``tail``."""
    return np.minimum(rng.random(accounts) ** (-1.0 / (tail - 1.0)), most).astype(np.int64)


def world_with(followers: Int64, R: float, rng: np.random.Generator) -> World:
    """Return a world of these numbers of followers in which a share leads to R further ones."""
    accounts = len(followers)
    follows = random_audiences(followers, accounts, rng)
    return world_of(follows, accounts, (), attention=R / followers.mean())


def sizes_law(followers: Int64, R: float, largest: int) -> Float64:
    """Return the law of sizes up to ``largest`` if nobody is met twice."""
    law = np.bincount(followers) / len(followers)
    numbers = np.flatnonzero(law)
    sharing = R / float(followers.mean())
    return progeny_law(offspring_law(numbers.astype(float), law[numbers], sharing, largest - 1))


def posts(world: World, count: int, seed: int, *, delayed: bool = False) -> Trees:
    """Let so many random accounts post, each in a run of its own."""
    roots = generator(40, seed).integers(world.graph.accounts, size=count)
    what = message(delay=MEASURED_DELAY) if delayed else message()
    return poster(world, what, seed, (1.0, 24.0) if delayed else ())(roots)


def _by_sizes(name: str, sizes: Int64, law: Float64) -> Check:
    cells = np.append(np.add.reduceat(law, np.array((1, *MARKS)) - 1)[:-1], 0.0)
    cells[-1] = 1.0 - cells.sum()
    counts = np.bincount(np.searchsorted(MARKS, sizes, side="right"), minlength=len(cells))
    return by_chi_square(name, counts, cells)


def slope(at_least_so_large: Float64) -> float:
    """Return the slope of the tail on logarithmic axes between sizes of 10 and 250."""
    return float(np.log(at_least_so_large[249] / at_least_so_large[9]) / np.log(25.0))


def tail_of(law: Float64) -> Float64:
    """Return P(N >= 1), P(N >= 2), ..."""
    return np.asarray(1.0 - np.concatenate(([0.0], np.cumsum(law)[:-1])))


def critical(plan: Plan) -> Result:
    """Compare sizes at R = 1 with Otter and Dwass's law and its power of -1/2.

    With the fault a share leads to 0.96 further ones.
    """
    accounts, count = plan.count(400_000, 100_000), plan.count(60_000, 15_000)
    R = 0.96 if plan.fault else 1.0
    equal, unequal = (
        generator(41).poisson(AUDIENCE, accounts),
        popular(accounts, TAIL, accounts // 100, generator(42)),
    )
    laws = {"equal": borel(1.0, 250), "unequal": sizes_law(unequal, 1.0, 250)}
    found = {
        name: posts(world_with(followers, R, generator(43)), count, 44).size
        for name, followers in (("equal", equal), ("unequal", unequal))
    }
    seen = {
        name: np.array([(sizes >= one).mean() for one in range(1, 251)])
        for name, sizes in found.items()
    }
    slopes = {name: slope(each) for name, each in seen.items()}
    # the two shares are nearly independent: of those with 10 few have 250
    error = np.sqrt(1.0 / (seen["equal"][249] * count)) / np.log(25.0)
    checks = [
        _by_sizes("Poisson followers: law of sizes", found["equal"], laws["equal"]),
        by_error("Poisson followers: slope", slopes["equal"], slope(tail_of(laws["equal"])), error),
        within(
            "the law at 100 against sqrt(2 / (pi n))",
            float(tail_of(laws["equal"])[99]),
            float(np.sqrt(2.0 / (np.pi * 100.0))),
            0.005,
        ),
    ]
    # with heavy tails more accounts are met twice, and the largest cells lose: not a chi-square
    if not plan.quick:
        fitted, its_error = exponent(found["unequal"])
        doubt = float(stats.norm.isf(LEVEL / 2)) * its_error
        name = "followers of exponent 2.5"
        checks += [
            at_most(f"{name}: upper end of the exponent", fitted + doubt, 2.0, "exponent"),
            at_least(f"{name}: its lower end", fitted - doubt, 1.5, "exponent"),
        ]

    def draw(ax: Axes) -> None:
        for name, label in (("equal", "Poisson followers"), ("unequal", "exponent 2.5")):
            ax.loglog(np.arange(1, 251), tail_of(laws[name]), color="gray")
            ax.loglog(np.array(MARKS), seen[name][np.array(MARKS) - 1], ".", label=label)
        ax.set(xlabel="size", ylabel="part of cascades at least as large")
        ax.legend(title="gray: branching process")

    return Result(tuple(checks), draw)


# ------------------------------------------------------------------------ a billion events

SMALL_R, MOST_FOLLOWERS = 0.28, 100_000
MEAN_SIZE = (1.3, 1.4)
GIANTS = (1.0 / 4_000, 1.0 / 2_830)
COMPUTED = {0.23: 8_600, 0.29: 5_480, 0.5: 1_280}
"""One cascade in so many has 100 or more, by 3 million branching processes each."""
COMPUTED_REASON = (
    "the collection's one in 1,280 at R = 0.5 does not follow from its own recipe: the exact law "
    "gives one in 1,452, and 3 million such processes, drawn anew without the package, one in "
    "1,446."
)
COMPUTED_RUNS = 3_000_000
DIRECT_REASON = (
    "whoever posts is here an account like any other, so each share leads to as many further ones "
    "as the post did and the direct ones are 1 - R of all. 96% would need re-shares to be "
    "re-shared seven times less readily than posts. A movement's trees have 57% (half of "
    "the trees, below)."
)
HOUR_REASON = (
    "the delay law alone gives 54% within an hour of each share; a quarter of the shares here come "
    "later than the first generation and wait twice. With 96% direct shares it would be met."
)


@dataclass(frozen=True)
class Billion:
    """Many posts in a world of heavy-tailed popularity, and in one of equal popularity."""

    followers: Int64
    heavy: Trees
    equal: Trees


def billion(plan: Plan) -> Billion:
    """Let a million accounts post; with the fault all are equally popular."""
    accounts, count = plan.count(1_000_000, 200_000), plan.count(1_000_000, 150_000)
    followers = popular(accounts, 2.3, MOST_FOLLOWERS, generator(45))
    equal = generator(46).poisson(followers.mean(), accounts)
    used = equal if plan.fault else followers
    heavy = world_with(used, SMALL_R, generator(47))
    plain = world_with(equal, SMALL_R, generator(48))
    return Billion(
        followers,
        posts(heavy, count, 49, delayed=True),
        posts(plain, plan.count(300_000, 30_000), 50),
    )


def _computed() -> list[Check]:
    """Compare the collection's simulated chances with the exact law."""
    checks = []
    for R, one_in in COMPUTED.items():
        pareto = FollowerProgeny(R, 1.3, 1_000_000)
        offspring = offspring_law(*pareto.law(), pareto.sharing, 98)
        chance = 1.0 - float(progeny_law(offspring).sum())
        error = np.sqrt(chance / COMPUTED_RUNS)
        check = by_error(f"R = {R}: computed chance of 100", 1 / one_in, chance, error)
        checks.append(known_to_miss(check, COMPUTED_REASON) if R == 0.5 else check)
    return checks


def events(plan: Plan) -> Result:
    """Compare sizes, giants, depths and times with those of large samples of tweets."""
    found = billion(plan)
    sizes, count = found.heavy.size, len(found.heavy.size)
    giants = int((sizes >= 100).sum())
    law = sizes_law(found.followers, SMALL_R, 99)
    rate = giants / count
    needed = poisson_rate_of_giants(GIANTS[1])
    checks = [
        by_proportion("giants by the exact law", giants, count, 1.0 - float(law.sum())),
        by_proportion("single posts by the exact law", int((sizes == 1).sum()), count, law[0]),
    ]
    if not plan.quick:
        off = max(rate, 1e-9) / GIANTS[0]
        shares = found.heavy.shares.sum(axis=0)
        direct, hours = shares[1] / shares[1:].sum(), found.heavy.soon.sum(axis=0)
        soon = hours / shares[1:].sum()
        checks += [
            in_band("mean size", float(sizes.mean()), *MEAN_SIZE),
            at_most(
                "giants, from the nearer published rate", max(off, 1 / off), 2.0, "factor, 1/4,000"
            ),
            in_band("single posts", float((sizes == 1).mean()), 0.70, 0.95),
            in_band("beyond one degree", float((found.heavy.depth > 1).mean()), 0.01, 0.04),
            exactly("Poisson followers: giants", int((found.equal.size >= 100).sum()), "giants"),
            within("Poisson followers would need R", needed, 0.759, 0.001),
            within("and a mean size", branching_mean(needed), 4.15, 0.005),
            known_to_miss(in_band("direct shares", float(direct), 0.90, 0.98), DIRECT_REASON),
            known_to_miss(
                in_band("shares within an hour", float(soon[0]), 0.50, 0.55), HOUR_REASON
            ),
            in_band("shares within a day", float(soon[1]), 0.70, 0.80),
            *_computed(),
        ]

    def draw(ax: Axes) -> None:
        for trees, label in ((found.heavy, "heavy-tailed"), (found.equal, "equal")):
            ordered = np.sort(trees.size)[::-1]
            ax.loglog(ordered, np.arange(1, len(ordered) + 1) / len(ordered), label=label)
        ax.vlines(100, *GIANTS, color="black", linewidth=3, label="published")
        ax.set(xlabel="size", ylabel="part of cascades at least as large")
        ax.legend(title="popularity")

    return Result(tuple(checks), draw)


# ------------------------------------------------------------------------ reach of a retweet

MEAN_FOLLOWEES = 35
REACH_REASON = (
    "everybody is equally likely to share, whoever follows them, so those who share have 35 "
    "followers in the mean; 1,000 further recipients need sharers with some 700. On Twitter those "
    "who retweet are active and popular; here popularity and interest are independent."
)
FLAT_REASON = (
    "with 0.28 further shares a share and 35 followers a reader shares with chance 0.008, so posts "
    "of accounts with hundreds of followers are shared several times. Flatness needs a chance far "
    "below one in a thousand, or sharers far more popular than the rest."
)


def retweeted(plan: Plan) -> Result:
    """Compare who else is reached by a post that is shared with Kwak et al.'s 1,000.

    With the fault all are equally popular, and nobody has hundreds of followers.
    """
    accounts, count = plan.count(300_000, 100_000), plan.count(300_000, 60_000)
    rng = generator(51)
    # of this law a tenth of the mean is lost to rounding; what matters is that it is about 35
    followers = popular(accounts, 2.3, 20_000, rng) * (MEAN_FOLLOWEES // 4)
    followers = np.minimum(followers, accounts // 10)
    if plan.fault:
        followers = rng.poisson(followers.mean(), accounts)
    follows = random_audiences(followers, accounts, rng)
    world = world_of(follows, accounts, ())
    sharing = SMALL_R / float(followers.mean())
    roots = generator(52).integers(accounts, size=count)
    trees = poster(world, message(resonance=sharing), 53)(roots)
    audience = followers[roots]
    # attention is 1: all followers notice, and whoever else does was reached by a share
    further = trees.reached - audience
    shared = trees.size > 1
    few = further[shared & (audience < 30)]
    many = further[shared & (audience >= 300) & (audience < 1_000)]
    ratio = float(many.mean() / few.mean()) if len(many) else float("inf")
    first = (1.0 - sharing) ** audience
    hits = int((~shared).sum())
    error = float(np.sqrt((first * (1.0 - first)).sum()))
    checks = [
        by_error("posts nobody shares", hits, float(first.sum()), error),
        at_least(
            "mean over median of further recipients",
            float(further[shared].mean() / np.median(further[shared])),
            1.5,
            "ratio",
        ),
        known_to_miss(
            within("mean further recipients", float(further[shared].mean()), 1_000, 0.5),
            REACH_REASON,
        ),
        known_to_miss(
            within("300-1,000 followers against fewer than 30", ratio, 1.0, 0.5), FLAT_REASON
        ),
    ]

    def draw(ax: Axes) -> None:
        edges = np.geomspace(8, 10_000, 16)
        place = np.digitize(audience, edges)
        points = [
            (np.sqrt(edges[i - 1] * edges[i]), further[shared & (place == i)].mean())
            for i in range(1, len(edges))
            if (shared & (place == i)).sum() > 20
        ]
        ax.loglog(*np.array(points).T, "o", label="simulated")
        ax.axhline(1_000, color="gray", label="published, below 1,000 followers")
        ax.set(xlabel="followers of the account that posts", ylabel="mean further recipients")
        ax.legend()

    return Result(tuple(checks), draw)


TAILS = (
    Case(
        "critical sizes",
        "With one further share a share, sizes fall with the power -1/2 where all are equally "
        "popular, and faster, but with an exponent below 2, where popularity is heavy-tailed.",
        "Otter (1949), Dwass (1969): law of the total progeny; Gleeson, Ward, O'Sullivan & Lee "
        "(2014) for the exponent below 2",
        "a share leads to 0.96 further ones",
        critical,
        rows=("1.5", "1.6"),
    ),
    Case(
        "a billion events",
        "Heavy-tailed popularity gives both the small mean and the rare giants of published "
        "cascades, with 0.28 further shares a share; equal popularity cannot.",
        "Goel, Anderson, Hofman & Watts (2016); Goel, Watts & Goldstein (2012); Kwak, Lee, Park & "
        "Moon (2010); Otter and Dwass's law of sizes",
        "all are equally popular",
        events,
        rows=("2.2", "2.3", "2.10", "2.11", "2.12", "5.7"),
    ),
    Case(
        "reach of a shared post",
        "Few shared posts reach many: the mean lies far above the median. But they reach far fewer "
        "than published, and the more the more followers their author has.",
        "Kwak, Lee, Park & Moon (2010): about 1,000 further recipients, whoever posts",
        "all are equally popular",
        retweeted,
        rows=("2.5",),
    ),
)
