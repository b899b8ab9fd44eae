"""What a follower graph is like: tail, reciprocity, clustering, assortativity."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.audience.follower_graph import FollowerGraph
from propagation.compiling import compiled

Float64 = npt.NDArray[np.float64]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

TOP = 0.05
"""Share of the accounts, those with most followers, that the exponent of the tail is read from."""
MEASURED_ACCOUNTS = 5_000
"""Clustering is measured on about this many accounts, or on all if there are fewer."""


@dataclass(frozen=True)
class Measures:
    """Measures of a follower graph; NaN where one is not defined.

    Attributes
    ----------
    accounts, follows, most_followers
        How large it is.
    tail
        Exponent of the follower counts of the top twentieth (Hill's estimator, moved by half a
        follower as Clauset, Shalizi & Newman 2009 do for whole numbers): 1 plus the reciprocal of
        the mean of ln(k / (least - 1/2)).
    together
        Mean of followers times followees, over the product of their means: 1 if the two are
        independent. What it is multiplied by, so is the mean number of those whom a share of
        somebody who follows at random is shown to.
    reciprocity
        Share of the follows that are returned.
    clustering
        Mean local clustering of the undirected graph; accounts with one neighbour or none count 0.
    by_segment, by_interest
        Assortativity (Newman 2003): from -1 to 1, 0 as chance makes it; by topic for interests.
    """

    accounts: int
    follows: int
    most_followers: int
    tail: float
    together: float
    reciprocity: float
    clustering: float
    by_segment: float
    by_interest: Mapping[str, float]


def measures_of(
    graph: FollowerGraph, segment_of: Int16, interest: Mapping[str, Float64]
) -> Measures:
    """Return the measures of a graph whose accounts have these segments and interests.

    Accounts that were added to it, and follows of them, are left out.
    """
    accounts = graph.ordinary
    counts = np.diff(graph.list_starts[: accounts + 1])
    followee = np.repeat(np.arange(accounts, dtype=np.int32), counts)
    is_alive = graph.followers >= 0
    follower, followee = graph.followers[is_alive], followee[is_alive]
    received = np.bincount(followee, minlength=accounts)
    return Measures(
        accounts=accounts,
        follows=len(follower),
        most_followers=int(received.max(initial=0)),
        tail=tail_exponent(received),
        together=together(received, np.bincount(follower, minlength=accounts)),
        reciprocity=reciprocity(follower, followee, accounts),
        clustering=clustering(follower, followee, accounts),
        by_segment=segment_assortativity(segment_of[follower], segment_of[followee]),
        by_interest={
            topic: correlation(values[follower], values[followee])
            for topic, values in interest.items()
        },
    )


def tail_exponent(counts: Int64) -> float:
    """Return the exponent of the tail of follower counts; NaN if there is none."""
    top = np.sort(counts)[-max(2, round(TOP * len(counts))) :]
    if len(counts) < 2 or top[0] < 1 or top[0] == top[-1]:
        return float("nan")
    return float(1 + 1 / np.log(top / (top[0] - 0.5)).mean())


def together(followers: Int64, followees: Int64) -> float:
    """Return the mean of the products over the product of the means."""
    means = float(followers.mean() * followees.mean())
    return float((followers * followees).mean()) / means if means else float("nan")


def reciprocity(follower: Int32, followee: Int32, accounts: int) -> float:
    """Return the share of follows that are returned."""
    if len(follower) == 0:
        return float("nan")
    follows = np.sort(follower.astype(np.int64) * accounts + followee)
    returned = followee.astype(np.int64) * accounts + follower
    places = np.minimum(np.searchsorted(follows, returned), len(follows) - 1)
    return float(np.mean(follows[places] == returned))


def segment_assortativity(of_follower: Int16, of_followee: Int16) -> float:
    """Return how much more often follows stay in a segment than chance has it (Newman's r)."""
    segments = int(max(of_follower.max(initial=0), of_followee.max(initial=0))) + 1
    pairs = of_follower.astype(np.int64) * segments + of_followee
    counts = np.bincount(pairs, minlength=segments**2).reshape(segments, segments)
    mixing = counts / max(1, len(pairs))
    chance = float(mixing.sum(axis=0) @ mixing.sum(axis=1))
    return (float(np.trace(mixing)) - chance) / (1 - chance) if chance < 1 else float("nan")


def correlation(one: Float64, other: Float64) -> float:
    """Return Pearson's correlation; NaN where either does not vary."""
    if len(one) == 0 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def clustering(follower: Int32, followee: Int32, accounts: int) -> float:
    """Return the mean local clustering of the undirected graph."""
    low, high = np.minimum(follower, followee), np.maximum(follower, followee)
    low, high = np.divmod(np.unique(low.astype(np.int64) * accounts + high), accounts)
    ends, others = np.concatenate((low, high)), np.concatenate((high, low))
    neighbours = others[np.argsort(ends, kind="stable")]
    starts = np.concatenate(([0], np.cumsum(np.bincount(ends, minlength=accounts))))
    every = max(1, accounts // MEASURED_ACCOUNTS)
    return float(_mean_clustering(starts.astype(np.int64), neighbours.astype(np.int64), every))


@compiled
def _mean_clustering(starts: Int64, neighbours: Int64, every: int) -> float:
    accounts = len(starts) - 1
    mark = np.full(accounts, -1, np.int64)
    total, measured = 0.0, 0
    for v in range(0, accounts, every):
        measured += 1
        own = neighbours[starts[v] : starts[v + 1]]
        if len(own) < 2:
            continue
        for u in own:
            mark[u] = v
        closed = 0
        for u in own:
            for place in range(starts[u], starts[u + 1]):
                closed += mark[neighbours[place]] == v
        total += closed / (len(own) * (len(own) - 1))
    return total / max(1, measured)
