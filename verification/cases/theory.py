"""What `propagation check` expects, against closed forms, outside draws and runs of the model."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from propagation.experiment.expectations import theory_of
from propagation.experiment.foresight import Foresight, Foresights
from propagation.experiment.replicates import Laboratory
from propagation.scenario.spec import Scenario
from propagation.spread.by_segment import BySegment, Told, chance_of
from propagation.spread.theory import Theory
from verification.graphs import (
    MESSAGE,
    TOPIC,
    Follows,
    Runs,
    generator,
    message,
    random_audiences,
    shares_of,
    world_of,
)
from verification.oracles import borel, survival
from verification.progeny import FollowerProgeny
from verification.verdicts import (
    Case,
    Check,
    Plan,
    Result,
    by_groups,
    by_proportion,
    within,
)

Float64 = npt.NDArray[np.float64]

FEW_SHARE = 1e-9
"""The chance that a follower shares where offspring are to be Poisson: of many, hardly any do."""


def among(
    matrix: npt.ArrayLike, parts: npt.ArrayLike = (1.0,), fans: Float64 | None = None
) -> BySegment:
    """Return how a message spreads: shares set off by matrix, or by numbers of followers.

    ``fans`` (classes,) are the followers of classes of one segment that are ``parts`` of it.
    """
    means = np.atleast_2d(np.asarray(matrix, np.float64))
    count = len(means)
    passing = np.full(count, FEW_SHARE)
    sets_off, shown = means, means / FEW_SHARE
    weights, segment_of = np.ones(count), np.arange(count)
    if fans is not None:
        weights, segment_of = np.asarray(parts, np.float64), np.zeros(len(fans), np.int64)
        passing = means[0] / float(fans @ weights)
        shown = fans[:, None]
        sets_off = shown * passing
    return BySegment(
        segments=tuple(f"{one}" for one in range(count)),
        accounts=np.full(count, np.inf),
        segment_of=segment_of,
        parts=weights,
        reached=weights,
        sets_off=sets_off,
        shown=shown,
        passing=passing,
        counted=np.ones((count, 3)),
        willing=np.full(count, np.inf),
    )


LARGE, TAIL, MOST_FOLLOWERS = 100, 1.3, 1_000_000
HEAVY = {0.23: 1 / 8_600, 0.29: 1 / 5_480}
"""Chance of 100 or more in published parameters, from 3,000,000 drawn trees each."""


def binned(law: FollowerProgeny) -> tuple[Float64, Float64]:
    """Return numbers of followers and their parts, single ones up to a thousand."""
    followers, chances = law.law()
    starts = np.unique(
        np.concatenate((np.arange(1000), np.geomspace(1000, len(followers) - 1, 300).astype(int)))
    )
    parts = np.add.reduceat(chances, starts)
    return np.add.reduceat(chances * followers, starts) / parts, parts


def _closed_forms(fault: bool) -> list[Check]:
    checks, more = [], 0.02 if fault else 0.0
    for R in (0.5, 0.9):
        by = among([[R + more]])
        for least in (10, LARGE):
            expected = 1.0 - float(borel(R, least - 1).sum())
            found = float(by.size_tail(least)[0])
            if expected > 1e-6:
                checks.append(within(f"R = {R}: P(N >= {least})", found, expected, 1e-4))
    m = 1.5
    found = float(among([[m + more]]).survival[0])
    checks.append(within(f"m = {m}: survival", found, survival(m), 1e-6))
    a, b, c, d = 0.5, 0.3, 0.1, 0.4
    matrix = np.array([[a, b], [c, d]])
    by = among(matrix.T if fault else matrix)
    size = (1 - d + b) / ((1 - a) * (1 - d) - b * c)
    checks.append(within("two types: mean size", by.amplification["0"], size, 1e-9))
    alone = np.exp(-a - b), np.exp(-c - d)
    two = alone[0] * (a * alone[0] + b * alone[1])
    tail = float(by.size_tail(3)[0])
    checks.append(within("two types: P(N >= 3)", tail, float(1 - alone[0] - two), 1e-6))
    return checks


def sizes(plan: Plan) -> Result:
    """Compare the sizes that theory tells with closed forms and with trees drawn without it."""
    checks, tails = _closed_forms(plan.fault), {}
    trees = plan.count(3_000_000, 300_000)
    for seed, R in enumerate(HEAVY):
        law = FollowerProgeny(R, TAIL, MOST_FOLLOWERS)
        fans, parts = binned(law)
        if plan.fault:  # everybody has as many followers as the mean
            fans, parts = np.array([fans @ parts]), np.ones(1)
        by = among([[R]], parts, fans)
        rng, hits = generator(71, seed), 0
        for _ in range(trees // 100_000):
            hits += int((law(rng, 100_000) >= LARGE).sum())
        label, found = f"heavy tail, R = {R}", float(by.size_tail(LARGE)[0])
        checks += [
            by_proportion(f"{label}: P(N >= {LARGE})", hits, trees, found),
            within(f"{label}: as published", found, HEAVY[R], 0.5),
        ]
        tails[R] = by

    def draw(ax: Axes) -> None:
        least = np.unique(np.geomspace(1, 1000, 25).astype(int))
        for R, by in tails.items():
            ax.loglog(least, [by.size_tail(int(n))[0] for n in least], label=f"heavy tail, R = {R}")
            homogeneous = among([[R]])
            ax.loglog(least, [homogeneous.size_tail(int(n))[0] for n in least], "--", color="gray")
        ax.set(xlabel="size", ylabel="chance of at least that", ylim=(1e-7, 1.5))
        ax.legend()

    return Result(tuple(checks), draw)


ACCOUNTS, GRAPHS, AUDIENCE = 20_000, 20, 20
BUSY, QUIET, BUSY_PART = 16, 4, 0.2
"""Followers and followees of each account; all alike, busy or quiet, so the two go together."""
PASSING = 0.07


def correlated(rng: np.random.Generator, permuted: bool) -> Follows:
    """Return a random directed graph in which accounts have as many followers as followees.

    ``permuted`` gives each account the followees of another one.
    """
    each = np.where(np.arange(ACCOUNTS) < BUSY_PART * ACCOUNTS, BUSY, QUIET)
    followee = np.repeat(np.arange(ACCOUNTS), each)
    follower = rng.permutation(np.repeat(np.arange(ACCOUNTS), each))
    if permuted:
        follower = rng.permutation(ACCOUNTS)[follower]
    while True:
        key = followee * ACCOUNTS + follower
        order = np.argsort(key, kind="stable")
        repeated = np.zeros(len(key), bool)
        repeated[order[1:]] = key[order[1:]] == key[order[:-1]]
        wrong = np.flatnonzero(repeated | (follower == followee))
        if not len(wrong):
            return follower.astype(np.int32), followee.astype(np.int32)
        others = rng.integers(len(key), size=len(wrong))
        for one, other in zip(wrong, others, strict=True):
            follower[one], follower[other] = follower[other], follower[one]


def directed(plan: Plan) -> Result:
    """Compare runs on graphs where the popular follow many with theory, by <jk> / <k>."""
    j = np.array([BUSY, QUIET], np.float64)
    part = np.array([BUSY_PART, 1 - BUSY_PART])
    R = PASSING * float(part @ j**2) / float(part @ j)
    first = AUDIENCE * PASSING
    mean = first * (1 + PASSING * float(part @ j) / (1 - R))
    roots, least = plan.count(600, 100), 10
    shares, larger, expected, chances, checks = [], [], [], [], []
    for graph in range(GRAPHS):
        rng = generator(72, graph)
        follows = correlated(rng, permuted=False)
        outside = random_audiences(np.full(roots, AUDIENCE), ACCOUNTS, rng, ACCOUNTS)
        starts = range(ACCOUNTS, ACCOUNTS + roots)
        both = tuple(np.concatenate(pair) for pair in zip(follows, outside, strict=True))
        world = world_of((both[0], both[1]), ACCOUNTS + roots, starts, attention=0.5)
        what = message(resonance=PASSING / 0.5)
        runs = Runs(world, what, graph)
        sizes = np.array([shares_of(runs.run(i, [one])) for i, one in enumerate(starts)])
        shares.append(float(sizes.mean()))
        larger.append(float((sizes >= least).mean()))
        if plan.fault:
            world = world_of(correlated(rng, permuted=True), ACCOUNTS, (), attention=0.5)
        theory = theory_on(world, what)
        by = theory.by_segment(MESSAGE)
        posts = audience_of(by, AUDIENCE, PASSING)
        expected.append(float(posts.unlimited[3]))
        chances.append(chance_of([posts], least))
        if graph == 0:
            checks += [
                within("R by segment", by.reproduction, R, 0.01),
                within("R by account", theory.reproduction(MESSAGE), R, 0.03),
            ]
    checks += [
        by_groups("shares: runs against theory", np.subtract(shares, expected) + mean, mean),
        by_groups("shares: runs against <jk> / <k>", shares, mean if not plan.fault else first),
        by_groups(f"{least} shares or more", np.subtract(larger, chances), 0.0),
    ]

    def draw(ax: Axes) -> None:
        ax.plot(expected, shares, "o")
        ax.axline((mean, mean), slope=1, color="gray")
        ax.set(xlabel="shares expected on a graph", ylabel="mean of runs")

    return Result(tuple(checks), draw)


def theory_on(world: object, what: object) -> Theory:
    """Return the theory of one message in a world, without a horizon."""
    scenario = Scenario.model_construct(
        ours={}, messages={MESSAGE: what}, relevant=0.5, horizon=np.inf
    )
    return theory_of(scenario, world)  # type: ignore[arg-type]


def audience_of(by: BySegment, followers: float, chance: float) -> Told:
    """Return posts to so many accounts of the one segment, drawn at random."""
    return Told(
        by=by,
        followers=np.array([followers], np.float64),
        chance=np.array([chance]),
        parts=by.parts[None, :],
        noticed=np.full((1, 3), followers * 0.5),
        in_time=np.ones(400),
    )


METRICS = ("reach", "relevant_reach", "valued_reach", "shares")
DRAWS = 20


def drawn_scenario(swapped: bool = False) -> Scenario:
    """Return two segments, one of them popular and mutual, whom two strategies speak to."""
    inside = {"core": "70%", "fringe": "30%"}
    tree: Mapping[str, object] = {
        "name": "from parameters",
        "horizon": "24 h",
        "draws": DRAWS,
        "replicates": 1000,
        "segments": {
            "core": {
                **{"accounts": 6_000, "attention": 0.3, "value": 2},
                "interest": {TOPIC: {"mean": 0.5, "spread": 0.2}},
                "follows": {"mean": 20, "to": inside},
                **{"popularity": {"tail": 2.6, "at_most": 600}, "reciprocity": 0.2},
            },
            "fringe": {
                **{"accounts": 20_000, "attention": 0.2, "interest": {TOPIC: 0.1}},
                "follows": {"mean": 12, "to": {"core": "20%", "fringe": "80%"}},
            },
        },
        "ours": {"ceo": {"followers": {"core": 100}}, "brand": {"followers": {"fringe": 600}}},
        "messages": {
            MESSAGE: {
                **{"topic": TOPIC, "resonance": 0.16},
                "delay": {"law": "exponential", "mean": "4 h"},
            }
        },
        "strategies": {
            "small": [{"post": MESSAGE, "by": "ceo", "at": "0 h"}],
            "large": [{"post": MESSAGE, "by": "brand", "at": "0 h"}],
        },
        "compare": {"on": "relevant reach", "baseline": "large"},
    }
    scenario = Scenario.model_validate(tree)
    if not swapped:
        return scenario
    follows = scenario.segments["core"].follows  # type: ignore[index]
    other = follows.model_copy(update={"to": {"core": 0.3, "fringe": 0.7}})  # type: ignore[union-attr]
    core = scenario.segments["core"].model_copy(update={"follows": other})  # type: ignore[index]
    segments = {**(scenario.segments or {}), "core": core}
    return scenario.model_copy(update={"segments": segments})


def from_parameters(plan: Plan) -> Result:
    """Compare runs in drawn worlds with what was expected before they were drawn."""
    laboratory = Laboratory(drawn_scenario(), Path())
    foreseen = Foresights(Laboratory(drawn_scenario(swapped=plan.fault), Path()))
    each = plan.count(150, 30)
    means: dict[tuple[str, str], list[float]] = {}
    for draw in range(DRAWS):
        columns = laboratory.run(draw, [draw + DRAWS * i for i in range(each)]).runs
        names = np.array(columns["strategy"], object)
        for strategy in laboratory.scenario.strategies:
            for metric in METRICS:
                values = np.array(columns[metric], np.float64)[names == strategy]
                means.setdefault((strategy, metric), []).append(float(values.mean()))
    checks, points = [], []
    for (strategy, metric), found in means.items():
        one = foreseen(strategy)
        assert isinstance(one, Foresight)
        points.append((one.means[metric], float(np.mean(found))))
        checks.append(by_groups(f"{strategy}: {metric}", found, one.means[metric]))

    def draw_points(ax: Axes) -> None:
        x, y = np.array(points).T
        ax.loglog(x, y, "o")
        ax.axline((1, 1), (10, 10), color="gray")
        ax.set(xlabel="expected from parameters", ylabel="mean of runs")

    return Result(tuple(checks), draw_points)


CASES = (
    Case(
        "theory: sizes of cascades",
        "What check says of cascade sizes is the Borel law, that of two types, and under heavy "
        "tails what trees drawn without the package show.",
        "Borel; Harris (1963); Goel, Anderson, Hofman & Watts (2016) for the tail of 2.3",
        "R is too large by 0.02, types are exchanged, everybody has the mean number of followers",
        sizes,
        rows=("1.3", "2.12"),
    ),
    Case(
        "theory: directed graphs",
        "Where the popular follow many, runs bring what theory expects of the graph: <jk> / <k>.",
        "Newman, Strogatz & Watts (2001), on directed graphs",
        "theory is told of a graph in which followees are permuted among accounts",
        directed,
        rows=("1.9",),
    ),
    Case(
        "theory: from parameters",
        "What check expects of segments before they are drawn is the mean of runs over drawn "
        "worlds, up to a horizon that cuts off a good part.",
        "Branching process by segment; Harris (1963), ch. II",
        "theory takes 70% of the core's follows to go to the fringe, and 30% to the core",
        from_parameters,
        rows=("1.1",),
    ),
)
