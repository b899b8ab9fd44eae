"""The independent cascade of two other programs, on a real graph."""

import array
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import networkx as nx
import numpy as np
import numpy.typing as npt
from cynetdiff.models import IndependentCascadeModel
from matplotlib.axes import Axes

from propagation.audience.importing import read_follows
from verification.graphs import Follows, Runs, generator, message, world_of
from verification.verdicts import Case, Plan, Result, by_means, by_variances, exactly

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # EoN asks scipy in an old way
    import EoN

DATA = Path(__file__).parents[3] / "shared" / "data" / "ego_twitter"
FOLLOWS_FILE = DATA / "twitter_combined_rebuilt.txt.gz"

Counts = npt.NDArray[np.float64]

PROBABILITY = 0.01
"""Near the critical value of the graph: reach varies over three orders of magnitude."""
QUICK_ACCOUNTS, QUICK_PROBABILITY = 10_000, 0.015


@lru_cache(maxsize=2)
def ego_graph(quick: bool) -> tuple[Follows, int, tuple[int, ...]]:
    """Return the follows of the ego graph, its accounts, and ten accounts to be ours.

    Ours are drawn from those with 100 to 1,000 followers. Quickly, only the accounts with the
    lowest ids are kept, with the follows among them.
    """
    read = read_follows(FOLLOWS_FILE, follower=1, followee=2)
    follower, followee, accounts = read.follower, read.followee, len(read.labels)
    if quick:
        accounts = QUICK_ACCOUNTS
        kept = (follower < accounts) & (followee < accounts)
        follower, followee = follower[kept], followee[kept]
    followers = np.bincount(followee, minlength=accounts)
    middling = np.flatnonzero((followers >= 100) & (followers <= 1000))
    ours = generator(21).choice(middling, 10, replace=False)
    return (follower, followee), accounts, tuple(sorted(ours.tolist()))


def our_shares(plan: Plan, probability: float, runs: int) -> Counts:
    """Return shares in runs of the engine; noticing and deciding share the work."""
    follows, accounts, ours = ego_graph(plan.quick)
    world = world_of(follows, accounts, ours, attention=2.0 * probability)
    one = Runs(world, message(resonance=0.5), 22)
    return np.array([one.shares(number, ours) for number in range(runs)], np.float64)


def messages_along(plan: Plan) -> Follows:
    """Return (from, to) of each follow as messages travel; wrong way round with the fault."""
    (follower, followee), _, _ = ego_graph(plan.quick)
    return (follower, followee) if plan.fault else (followee, follower)


def cynetdiff_shares(plan: Plan, probability: float, runs: int) -> Counts:
    """Return activations beyond the seeds in runs of cynetdiff's independent cascade."""
    _, accounts, ours = ego_graph(plan.quick)
    sender, receiver = messages_along(plan)
    starts = np.searchsorted(np.sort(sender), np.arange(accounts))
    edges = receiver[np.argsort(sender, kind="stable")]
    model = IndependentCascadeModel(
        array.array("I", starts.tolist()),
        array.array("I", edges.tolist()),
        activation_prob=probability,
        rng=np.random.default_rng(23),
    )
    model.set_seeds(ours)
    counts = np.empty(runs)
    for number in range(runs):
        model.reset_model()
        model.advance_until_completion()
        counts[number] = model.get_num_activated_nodes() - len(ours)
    return counts


def eon_shares(plan: Plan, probability: float, runs: int) -> Counts:
    """Return infections beyond the first in runs of EoN's basic_discrete_SIR on a DiGraph.

    An account infects for one round each of the accounts its arrows lead to, which is the
    independent cascade.
    """
    _, accounts, ours = ego_graph(plan.quick)
    sender, receiver = messages_along(plan)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(accounts))
    graph.add_edges_from(zip(sender.tolist(), receiver.tolist(), strict=True))
    rng = np.random.default_rng(24)
    ends = [
        EoN.basic_discrete_SIR(graph, probability, initial_infecteds=list(ours), rng=rng)[3][-1]
        for _ in range(runs)
    ]
    return np.array(ends, np.float64) - len(ours)


def eon_goes_against_arrows() -> int:
    """Return whether EoN carries an infection from the head of an arrow to its tail."""
    arrow = nx.DiGraph([("tail", "head")])
    rng = np.random.default_rng(0)
    return int(EoN.basic_discrete_SIR(arrow, 1.0, initial_infecteds="head", rng=rng)[3][-1]) - 1


def _compare(
    name: str, plan: Plan, others: Callable[[Plan, float, int], Counts], runs: int
) -> Result:
    probability = QUICK_PROBABILITY if plan.quick else PROBABILITY
    found = our_shares(plan, probability, plan.count(4_000, 1_000))
    theirs = others(plan, probability, runs)
    checks = [
        by_means(f"{name}: mean shares", found, theirs),
        by_variances(f"{name}: variance of shares", found, theirs, generator(25)),
    ]

    def draw(ax: Axes) -> None:
        for sample, label in ((found, "propagation"), (theirs, name)):
            ax.semilogx(np.sort(sample) + 1, np.linspace(0, 1, len(sample)), label=label)
        ax.set(xlabel="shares + 1", ylabel="share of runs with at most as many")
        ax.legend()

    return Result(tuple(checks), draw)


def cynetdiff(plan: Plan) -> Result:
    """Compare mean and variance of the shares with cynetdiff's."""
    return _compare("cynetdiff", plan, cynetdiff_shares, plan.count(4_000, 1_000))


def eon(plan: Plan) -> Result:
    """Compare mean and variance of the shares with EoN's, which must respect arrows itself."""
    result = _compare("EoN", plan, eon_shares, plan.count(400, 100))
    arrows = exactly("EoN respects arrows", eon_goes_against_arrows(), "infections against arrows")
    return Result((arrows, *result.checks), result.draw)


OUTSIDE = (
    Case(
        "cynetdiff",
        "Shares on a real Twitter graph have the mean and the variance that cynetdiff's "
        "independent cascade gives.",
        "cynetdiff; ego networks of McAuley & Leskovec (2012), 81,306 accounts",
        "cynetdiff's arrows are turned round",
        cynetdiff,
        DATA,
    ),
    Case(
        "EoN",
        "The same, against an epidemic program's discrete SIR model.",
        "EoN basic_discrete_SIR on a networkx DiGraph (Kiss, Miller & Simon 2017)",
        "EoN's arrows are turned round",
        eon,
        DATA,
    ),
)
