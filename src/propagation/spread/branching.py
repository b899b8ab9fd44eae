"""A message on a follower graph as a branching process: what shares bring, and how it breaks out.

Arrays over accounts; ``sharing`` (accounts,) is the probability that a notice leads to a share.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.compiling import compiled

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

NOTICES, RELEVANT, VALUED, SHARES = range(4)
KINDS = 4
GENERATIONS = 400
SETTLED = 0.01
"""Share of a sum that further generations may still add when it is taken as found."""
FEW_GENERATIONS = 25
"""From here on, means that grow by ever larger steps are taken to have no end."""
CERTAINLY = 1 - 1e-12
"""The largest chance of a follow to pass a message on; its logarithm is needed."""


@dataclass(frozen=True, eq=False)
class Brought:
    """Cumulants 1 to 3 of all that a message brings; shapes (accounts, 4, 3).

    ``through`` each account that follows a sharer, and ``by`` a share of each account. What is
    counted is notices, relevant notices, value times relevance noticed, and shares.
    """

    through: Float64
    by: Float64


def counted_at_notice(world: World, topic: str, relevant: float) -> Float64:
    """Return what a notice by each account adds to what is counted; (accounts, 4)."""
    traits, counted = world.traits, np.where(world.is_ours, 0.0, 1.0)
    relevance = traits.interest[topic]
    adds = np.zeros((world.graph.accounts, KINDS))
    adds[:, NOTICES] = counted
    adds[:, RELEVANT] = counted * (relevance >= relevant)
    adds[:, VALUED] = counted * relevance * traits.value
    return adds


def cumulants_brought(world: World, sharing: Float64, at_notice: Float64) -> Brought | None:
    """Return the cumulants of what shares bring; None where the generations do not die out.

    ``sharing`` (accounts,) is the probability that a notice leads to a share, ``at_notice``
    (accounts, 4) what a notice adds.
    """
    graph, attention = world.graph, world.traits.attention
    at_share = np.array([float(kind == SHARES) for kind in range(KINDS)])
    starts, followers = graph.places()
    by = np.zeros((graph.accounts, KINDS, 3))
    before, step_before = np.zeros((KINDS, 3)), np.full((KINDS, 3), np.inf)
    for generation in range(GENERATIONS):
        with np.errstate(over="ignore", invalid="ignore"):  # beyond criticality, where it ends
            through = _through_follower(attention, sharing, at_notice, at_share, by)
            by = _summed(starts, followers, through)
            now = by.sum(axis=0)
            step = np.abs(now - before)
            pace = np.divide(step, step_before, out=np.zeros((KINDS, 3)), where=step_before > 0)
        if not np.isfinite(now).all():
            return None
        if _is_settled(step, pace, now):
            return Brought(through, by)
        if generation >= FEW_GENERATIONS and (pace[:, 0] >= 1).any():
            return None
        before, step_before = now, step
    return None


def _is_settled(step: Float64, pace: Float64, now: Float64) -> bool:
    """Whether steps that shrink at such a pace add little more to the sums."""
    shrinking = np.where(pace < 1, pace, np.nan)
    rest = step * np.maximum(shrinking, 0.5) / (1 - shrinking)
    small = step <= 1e-9 * np.abs(now)
    return bool((small | (rest <= SETTLED * np.abs(now))).all())


def overlap(world: World, sharing: Float64, authors: Int64) -> float:
    """Return the share of the notices expected of posts that are not the first of an account."""
    graph, attention = world.graph, world.traits.attention
    starts, followers = graph.places()
    sharers, total = np.zeros(graph.accounts), np.zeros(graph.accounts)
    missed = np.zeros(graph.accounts)  # logarithm of the chance to notice none
    np.add.at(sharers, authors, 1.0)
    for _ in range(GENERATIONS):
        notices = _noticed(starts, followers, attention, sharers, missed)
        total += notices
        if notices.sum() <= SETTLED * total.sum():
            break
        sharers = sharing * notices
    return 1 - float(-np.expm1(missed).sum() / total.sum()) if total.any() else 0.0


def outbreak(world: World, sharing: Float64) -> tuple[Float64, Float64]:
    """Return chances in a supercritical world; both (accounts,).

    Returns
    -------
    spreads
        That a share by the account sets off an outbreak.
    shares
        That the account shares in an outbreak: the same, walking against the follows.

    Notes
    -----
    Roots of ``1 - x_u = prod_w (1 - p_w x_w)`` over followers w and ``1 - y_w = prod_u (1 - p_w
    y_u)`` over followees u, with ``p_w`` the chance to notice and share, by iteration from 1
    (Newman, Strogatz & Watts 2001, on the graph itself).
    """
    graph = world.graph
    passing = np.minimum(world.traits.attention * sharing, CERTAINLY)
    starts, followers = graph.places()
    spreads, shares = np.ones(graph.accounts), np.ones(graph.accounts)
    for _ in range(GENERATIONS):
        more = _spreads(starts, followers, passing, spreads)
        reached = _reached(starts, followers, passing, shares)
        change = np.abs(more - spreads).max() + abs(reached.sum() / max(1e-300, shares.sum()) - 1)
        spreads, shares = more, reached
        if change <= 1e-4:
            break
    return spreads, shares


@compiled
def _through_follower(
    attention: Float64, sharing: Float64, at_notice: Float64, at_share: Float64, by: Float64
) -> Float64:
    """Return the cumulants of what a share brings through one follower: (accounts, 4, 3)."""
    found = np.empty_like(by)
    for w in range(len(attention)):
        a, p = attention[w], sharing[w]
        for kind in range(len(at_share)):
            n, s = at_notice[w, kind], at_share[kind]
            c1, c2, c3 = by[w, kind]
            v1 = s + c1  # raw moments of a share and all that it brings
            v2 = c2 + v1 * v1
            v3 = c3 + 3 * c2 * v1 + v1**3
            e1 = a * (n + p * v1)
            e2 = a * (n * n + p * (2 * n * v1 + v2))
            e3 = a * (n**3 + p * (3 * n * n * v1 + 3 * n * v2 + v3))
            found[w, kind, 0] = e1
            found[w, kind, 1] = e2 - e1 * e1
            found[w, kind, 2] = e3 - 3 * e2 * e1 + 2 * e1**3
    return found


@compiled
def _summed(starts: Int64, followers: Int32, through: Float64) -> Float64:
    """Add up each account's followers; ``starts`` is (accounts + 1,)."""
    total = np.zeros_like(through)
    for u in range(len(starts) - 1):
        for place in range(starts[u], starts[u + 1]):
            w = followers[place]
            if w >= 0:
                for kind in range(through.shape[1]):
                    for power in range(3):
                        total[u, kind, power] += through[w, kind, power]
    return total


@compiled
def _noticed(
    starts: Int64, followers: Int32, attention: Float64, sharers: Float64, missed: Float64
) -> Float64:
    """Return how often each account notices, and add to the chance that it has missed all."""
    notices = np.zeros_like(sharers)
    for u in range(len(starts) - 1):
        if sharers[u] > 0:
            for place in range(starts[u], starts[u + 1]):
                w = followers[place]
                if w >= 0:
                    notices[w] += attention[w] * sharers[u]
                    missed[w] += np.log1p(-attention[w] * min(1.0, sharers[u]))
    return notices


@compiled
def _spreads(starts: Int64, followers: Int32, passing: Float64, spreads: Float64) -> Float64:
    """Return the chance that a share by each account reaches on through some follower."""
    found = np.zeros_like(spreads)
    for u in range(len(starts) - 1):
        missed = 0.0
        for place in range(starts[u], starts[u + 1]):
            w = followers[place]
            if w >= 0:
                missed += np.log1p(-passing[w] * spreads[w])
        found[u] = -np.expm1(missed)
    return found


@compiled
def _reached(starts: Int64, followers: Int32, passing: Float64, shares: Float64) -> Float64:
    """Return the chance that each account is made to share by some followee."""
    missed = np.zeros_like(shares)
    for u in range(len(starts) - 1):
        if shares[u] > 0:
            for place in range(starts[u], starts[u + 1]):
                w = followers[place]
                if w >= 0:
                    missed[w] += np.log1p(-passing[w] * shares[u])
    return -np.expm1(missed)
