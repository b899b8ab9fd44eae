"""Identical messages compete for limited attention: some become very popular all the same."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy import optimize, special, stats

from propagation.luck import run_seed
from propagation.scenario.actions import Seed
from propagation.scenario.choices import NamedAccounts
from propagation.spread.simulate import CompiledEngine
from propagation.strategy.agenda import agenda_of
from verification.graphs import MESSAGE, generator, message, random_audiences, world_of
from verification.verdicts import LEVEL, Case, Check, Plan, Result, exactly, within

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

FOLLOWERS = 20
SHARES_A_DAY = 0.075
"""By each account, once messages take attention from each other as fast as they spread."""
SEEDED_A_DAY = 0.0015
"""Messages, by each account: one in fifty shares is a new message."""
DELAY = 2.0
FILLING, EMPTYING = 15.0, 20.0
"""Days at the start and at the end whose messages do not count: feeds fill, and empty again."""
ALONE = (2.0, 4.0, 8.0)
"""Reproduction numbers of a message that is alone."""
EXAMPLE = 4.0
FITTED = (10, 300)
"""Popularities between which an exponent is fitted: far above one, far below the cutoff."""
WEAK = 0.5
"""The reproduction number of messages that do not compete and are made as popular on average by
starting each with many accounts. With one start that would take the very number that competition
leads to, and the same heavy tail: what competition explains is why it should be near one."""
TOP = 0.01
CRITICAL_EXPONENT, TOLERATED = 1.5, 0.1
"""Relative: the graph is finite, and so are those a message can be new to."""
QUICK_TOLERATED = 0.25
"""The same for some 200 messages within the limits of the fit, a standard error of 5% more."""


@dataclass(frozen=True)
class Place:
    """How many accounts there are, for how many days messages are seeded, and on which graph."""

    accounts: int
    days: float
    graph: int


def popularity(
    place: Place,
    alone: float,
    *,
    attention: float | None = None,
    seeded: int = 1,
    messages: int | None = None,
) -> Int64:
    """Return how often each of many identical messages is shared, by one run.

    Each is seeded at a random time by one random account, or by ``seeded`` of them. Attention is
    limited: with L posts a day in the feed and a capacity of C it is C / (C + L). Where all share
    s times a day, L is FOLLOWERS x s, so that a message leads to alone x C / (C + L) further ones;
    C is such that this is one at s = SHARES_A_DAY. An ``attention`` that is given does not change.
    """
    rng = generator(29, place.graph)
    accounts = place.accounts
    follows = random_audiences(rng.poisson(FOLLOWERS, accounts), accounts, rng)
    capacity = FOLLOWERS * SHARES_A_DAY / (alone - 1.0)
    world = world_of(
        follows,
        accounts,
        attention=attention or 1.0,
        limits=(capacity, 0.0) if attention is None else None,
        seed=place.graph,
    )
    count = messages or int(SEEDED_A_DAY * accounts * place.days)
    days = np.sort(rng.uniform(0.0, place.days, count))
    strategy = [
        Seed(seed=MESSAGE, to=NamedAccounts(named=names), at=float(24.0 * day))
        for day in days
        for names in [tuple(map(str, 1 + rng.choice(accounts - 1, seeded, replace=False)))]
    ]
    delay = {"law": "exponential", "mean": DELAY}
    what = message("independent", alone / FOLLOWERS, delay)
    engine = CompiledEngine(world, {MESSAGE: what}, math.inf)
    cascades = engine.run(agenda_of(strategy), run_seed(29, place.graph))
    shares = np.array([len(one.share_order) for one in cascades])
    return shares[(days >= FILLING) & (days < place.days - EMPTYING)]


def exponent(sizes: Int64) -> tuple[float, float]:
    """Return the exponent of most likelihood of a power law within ``FITTED``, and its error."""
    low, high = FITTED
    inside = sizes[(sizes >= low) & (sizes <= high)]
    logs = np.log(np.arange(low, high + 1))

    def law(power: float) -> Float64:
        weights = np.exp(-power * (logs - logs[0]))
        return np.asarray(weights / weights.sum())

    def excess(power: float) -> float:
        return float(law(power) @ logs - np.log(inside).mean())

    if not len(inside) or excess(-5.0) * excess(20.0) > 0:
        return math.nan, math.nan
    fitted = float(optimize.brentq(excess, -5.0, 20.0))
    variance = law(fitted) @ logs**2 - (law(fitted) @ logs) ** 2
    return fitted, 1.0 / math.sqrt(len(inside) * variance)


def top_share(sizes: Int64) -> float:
    """Return the part of all shares that the most popular messages have."""
    return float(np.sort(sizes)[-max(1, int(TOP * len(sizes))) :].sum() / sizes.sum())


def null_model(plan: Plan) -> Result:
    """Compare the popularity of messages that compete with that of messages that do not.

    With the fault attention does not fall with what is in the feed.
    """
    graphs, accounts, days = plan.count(3, 3), plan.count(10_000, 4_000), plan.count(110, 90)
    tolerated = QUICK_TOLERATED if plan.quick else TOLERATED
    alones = ALONE if not plan.quick else (EXAMPLE,)
    places = [Place(accounts, days, graph) for graph in range(graphs)]
    rest, few = (1.0, 12) if plan.fault else (None, None)
    found = {
        alone: [popularity(place, alone, attention=rest, messages=few) for place in places]
        for alone in alones
    }
    mean = float(np.concatenate(found[EXAMPLE]).mean())
    seeded = min(round(mean * (1.0 - WEAK)), 40)
    weak = [popularity(place, EXAMPLE, attention=WEAK / EXAMPLE, seeded=seeded) for place in places]
    lonely = popularity(places[0], EXAMPLE, attention=1.0, messages=plan.count(60, 20))
    fitted, error = exponent(np.concatenate([one for ones in found.values() for one in ones]))
    checks = [_reproduction(alone, np.concatenate(found[alone])) for alone in alones]
    checks += [
        within("exponent of popularity", fitted, CRITICAL_EXPONENT, tolerated),
        _below_two(fitted, error),
        _rest("competing, not in the top 1%", found[EXAMPLE], 0.9),
        within(
            "mean popularity without competition", float(np.mean(np.concatenate(weak))), mean, 0.1
        ),
        _top("without competition, in the top 1%", weak, 0.03),
        exactly(
            "alone, neither forgotten nor everywhere",
            int(np.count_nonzero((lonely > 100) & (lonely < accounts / 2))),
            "messages",
        ),
    ]

    def draw(ax: Axes) -> None:
        _draw_tail(ax, np.concatenate(found[EXAMPLE]), "competing", "-")
        _draw_tail(ax, np.concatenate(weak), "no competition, as popular on average", "--")
        _draw_tail(ax, lonely, "no competition, the same messages", ":")
        numbers = np.arange(1, 3_000)
        tail = 1.0 - np.concatenate(([0.0], np.cumsum(_borel(1.0 - 1.0 / mean, numbers))[:-1]))
        ax.plot(numbers, tail, color="gray", label="branching process of that mean", zorder=0)
        ax.set(
            xscale="log",
            yscale="log",
            ylim=(3e-4, 1.5),
            xlabel="popularity: shares of a message",
            ylabel="part of messages at least as popular",
        )
        ax.legend(fontsize=8)

    return Result(tuple(checks), draw)


def _reproduction(alone: float, sizes: Int64) -> Check:
    """Demand that competition holds the reproduction number just below one."""
    held = 1.0 - 1.0 / float(sizes.mean())
    name = f"reproduction number, {alone:g} when alone"
    return Check(name, "0.95 to 1", f"{held:.4f}", 1.0 - held, 0.05, "below one")


def _below_two(fitted: float, error: float) -> Check:
    """Demand that the upper end of the exponent's interval is below two."""
    upper = fitted + float(stats.norm.isf(LEVEL / 2)) * error
    name = "exponent of popularity, upper end of its interval"
    return Check(name, "below 2", f"{upper:.3f}", upper, 2.0, "exponent")


def _rest(name: str, runs: list[Int64], limit: float) -> Check:
    share = 1.0 - float(np.mean([top_share(one) for one in runs]))
    return Check(name, f"at most {limit:g}", f"{share:.3f}", share, limit, "part of all shares")


def _top(name: str, runs: list[Int64], limit: float) -> Check:
    share = float(np.mean([top_share(one) for one in runs]))
    return Check(name, f"at most {limit:g}", f"{share:.3f}", share, limit, "part of all shares")


def _borel(mean: float, numbers: Int64) -> Float64:
    """Return the law of the total progeny of a branching process with Poisson offspring."""
    n = numbers.astype(float)
    logs = (n - 1) * np.log(mean * n) - mean * n - special.gammaln(n + 1)
    return np.asarray(np.exp(logs))


def _draw_tail(ax: Axes, sizes: Int64, label: str, style: str) -> None:
    ordered = np.sort(sizes)
    ax.step(ordered, 1.0 - np.arange(len(ordered)) / len(ordered), style, where="pre", label=label)


COMPETITION = (
    Case(
        "competition",
        "Identical messages that take attention from each other are held just below the critical "
        "point, however infectious each is alone, so chance makes some of them very popular. "
        "Without competition that takes a reproduction number tuned to 2% below one: the same "
        "messages reach everybody or nobody, and messages that are as popular on average because "
        "many accounts start them, not because they spread, hardly differ.",
        "Gleeson, Ward, O'Sullivan & Lee (2014): competition-induced criticality, exponents below "
        "2; a critical branching process, exponent 3/2",
        "attention does not fall with what is in the feed",
        null_model,
        rows=("2.19",),
    ),
)
