"""Half of a movement's retweet trees fitted, the other half predicted."""

import gzip
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy import optimize, stats

from verification.graphs import generator, message, random_audiences, world_of
from verification.posts import GENERATIONS, poster
from verification.verdicts import Case, Check, Plan, Result, by_error, known_to_miss

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

DATA = Path(__file__).parents[3] / "shared" / "data" / "marref_cascades"
FILE = DATA / "young_data_Marref_github.csv.gz"

SHARING = 0.02
"""Chance that a follower shares; only its product with numbers of followers is fitted."""
LEVELS = (np.arange(2_000) + 0.5) / 2_000


@dataclass(frozen=True)
class Shapes:
    """Trees as shares by generation (trees, ``GENERATIONS`` + 1), the post counted, and depths."""

    shares: Int64
    depth: Int64

    @property
    def size(self) -> Int64:
        """Accounts in each tree."""
        return np.asarray(self.shares.sum(axis=1))


@dataclass(frozen=True)
class Half:
    """Every other tree: shapes, and how many shares each post and each share led to."""

    shapes: Shapes
    of_posts: Int64
    of_shares: Int64


@lru_cache(maxsize=1)
def halves() -> tuple[Half, Half]:
    """Read the trees and divide them by odd and even numbers."""
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        rows = np.loadtxt(lines, delimiter=",", dtype=np.int64, skiprows=_header())
    return _half(rows[rows[:, 2] % 2 == 1]), _half(rows[rows[:, 2] % 2 == 0])


def _header() -> int:
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return int(not lines.readline()[0].isdigit())


def _half(rows: Int64) -> Half:
    child, parent, tree, generation = rows.T
    _, number = np.unique(tree, return_inverse=True)
    trees = int(number.max()) + 1
    shares = np.zeros((trees, GENERATIONS + 1), np.int64)
    shares[:, 0] = 1
    np.add.at(shares, (number, np.minimum(generation, GENERATIONS)), 1)
    depth = np.zeros(trees, np.int64)
    np.maximum.at(depth, number, generation)
    label = int(child.max()) + 1
    children = np.bincount(number * label + parent, minlength=trees * label)
    return Half(
        Shapes(shares, depth),
        children[np.arange(trees) * label + 1],
        children[number * label + child],
    )


@dataclass(frozen=True)
class Popularity:
    """Numbers of followers by a Pareto law: the smallest, the tail's exponent and the largest."""

    least: float
    tail: float
    most: float

    def at(self, levels: Float64) -> Float64:
        """Return the numbers at levels between 0 and 1, from the top down."""
        return np.minimum(self.least * levels ** (-1.0 / self.tail), self.most)

    def offspring(self, numbers: Int64) -> Float64:
        """Return the probabilities of so many sharers among the followers of one account."""
        means = SHARING * self.at(LEVELS)
        return np.asarray(stats.poisson.pmf(numbers[:, None], means).mean(axis=1))


def fitted(offspring: Int64, shared: bool) -> Popularity:
    """Return the popularity that has the mean and, of all such, the most likelihood.

    Nobody is more popular than whose followers shared most. ``shared`` says that those without a
    share are missing.
    """
    numbers, counts = np.unique(offspring, return_counts=True)
    most, mean = float(numbers[-1]) / SHARING, float(offspring.mean())

    def with_mean(tail: float) -> Popularity:
        def excess(log_least: float) -> float:
            law = Popularity(np.exp(log_least), tail, most)
            seen = 1.0 - _none(law) if shared else 1.0
            return SHARING * float(law.at(LEVELS).mean()) / seen - mean

        low = np.log(1e-9)
        return Popularity(float(np.exp(optimize.brentq(excess, low, np.log(most)))), tail, most)

    def loss(tail: float) -> float:
        law = with_mean(tail)
        seen = float(np.log(law.offspring(numbers)) @ counts)
        return len(offspring) * float(np.log1p(-_none(law))) * shared - seen

    tail = optimize.minimize_scalar(loss, (0.3, 3.0), bounds=(0.3, 3.0), method="bounded").x
    return with_mean(float(tail))


def _none(law: Popularity) -> float:
    """Return the probability that no follower shares."""
    return float(law.offspring(np.zeros(1, np.int64))[0])


def predicted(posts: Popularity, readers: Popularity, plan: Plan) -> Shapes:
    """Simulate posts with the fitted popularity on a drawn graph of readers with theirs.

    Those without a share are left out, as in the data.
    """
    accounts, roots = plan.count(150_000, 40_000), plan.count(20_000, 6_000)
    rng = generator(70)
    stratified = (rng.permutation(accounts) + rng.random(accounts)) / accounts
    wanted = np.concatenate((readers.at(stratified), posts.at(rng.random(roots))))
    sizes = np.floor(wanted + rng.random(len(wanted))).astype(np.int64)
    follows = random_audiences(np.minimum(sizes, accounts // 4), accounts, rng)
    world = world_of(follows, accounts + roots, ())
    trees = poster(world, message(resonance=SHARING), 71)(np.arange(accounts, accounts + roots))
    shared = trees.size > 1
    return Shapes(trees.shares[shared], trees.depth[shared])


def _ratio(shapes: Shapes, generation: int) -> tuple[float, float]:
    """Return shares of a generation for each one of the last, and the error by trees."""
    later, before = shapes.shares[:, generation], shapes.shares[:, generation - 1]
    ratio = later.sum() / before.sum()
    spread = (later - ratio * before).std(ddof=1) * np.sqrt(len(later))
    return float(ratio), float(spread / before.sum())


def _mean(values: npt.ArrayLike) -> tuple[float, float]:
    each = np.asarray(values, np.float64)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))


def measures(shapes: Shapes) -> dict[str, tuple[float, float]]:
    """Return what is predicted, each with its standard error."""
    return {
        "direct shares": _mean(shapes.shares[:, 1]),
        "mean size": _mean(shapes.size),
        "median size": (float(np.median(shapes.size)), 0.5),
        "size 10 or more": _mean(shapes.size >= 10),
        "size 30 or more": _mean(shapes.size >= 30),
        "size 100 or more": _mean(shapes.size >= 100),
        "depth 2 or more": _mean(shapes.depth >= 2),
        "depth 3 or more": _mean(shapes.depth >= 3),
        "depth 5 or more": _mean(shapes.depth >= 5),
        "second generation to first": _ratio(shapes, 2),
        "third to second": _ratio(shapes, 3),
        "fourth to third": _ratio(shapes, 4),
    }


ALIKE = (
    "the model lets each share lead on with the same chance, 21%, however many shares the post "
    "had. In the trees a direct share leads on in 26% of cases if it is the only one, in 20% if it "
    "is one of 4 to 9, and in 16% if it is one of ten or more, so more small trees go on than "
    "predicted."
)
MISSED = {"depth 2 or more": ALIKE, "depth 3 or more": ALIKE}
"""Predictions that fail, with the reason."""


def trees(plan: Plan) -> Result:
    """Predict the second half; with the fault everybody is as popular as the mean.

    The error joins that of the second half, as much again for the fit to the first, and that of
    the simulation.
    """
    first, second = halves()
    posts, readers = fitted(first.of_posts, True), fitted(first.of_shares, False)
    if plan.fault:
        posts, readers = (
            Popularity(float(one.at(LEVELS).mean()), 1e6, one.most) for one in (posts, readers)
        )
    found = predicted(posts, readers, plan)
    ours, theirs = measures(found), measures(second.shapes)
    checks: list[Check] = []
    for name, (value, error) in ours.items():
        target, its_error = theirs[name]
        check = by_error(name, value, target, float(np.hypot(error, np.sqrt(2.0) * its_error)))
        checks.append(known_to_miss(check, MISSED[name]) if name in MISSED else check)

    def draw(ax: Axes) -> None:
        for shapes, label, mark in (
            (second.shapes, "the other half", "."),
            (found, "predicted", "-"),
        ):
            ordered = np.sort(shapes.size)[::-1]
            ax.loglog(ordered, np.arange(1, len(ordered) + 1) / len(ordered), mark, label=label)
        ax.set(xlabel="size of the tree", ylabel="part of trees at least as large")
        ax.legend()

    return Result(tuple(checks), draw)


MOVEMENT = (
    Case(
        "half of the trees",
        "Fitted to how many shares posts and shares lead to in half of a movement's trees, the "
        "model predicts sizes, depths and generations of the other half.",
        "7,736 retweet trees of one movement's hashtag: Gleeson et al. (2020)",
        "everybody is as popular as the mean",
        trees,
        DATA,
        rows=("8",),
    ),
)
