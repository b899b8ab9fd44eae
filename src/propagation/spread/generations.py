"""The mean of a branching process on a follower graph, generation by generation.

Only the accounts that a message gets to are gone through, and what comes after the generations
that were gone through is taken to shrink on at their pace. Arrays over accounts; ``sharing``
(accounts,) is the probability that a notice leads to a share.
"""

import math

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.compiling import compiled
from propagation.spread.delay_sums import GENERATIONS

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

FEW_GENERATIONS = 25
"""From here on, generations that do not become smaller are taken to have no end."""
SETTLED = 1e-6
"""Change of a sum over all generations, by one more of them, below which it is taken as found."""


def brought_by(
    world: World, sharing: Float64, posts: Float64, in_time: Float64
) -> tuple[Float64, Float64] | None:
    """Return the notices and the shares expected of posts, all generations together.

    None where the generations do not die out.

    Parameters
    ----------
    sharing, posts
        The probability that a notice leads to a share, and how often each account posts; both,
        as what is returned, (accounts,).
    in_time
        By generation, the share of its shares that are in time; (generations,).
    """
    attention = world.traits.attention
    starts, followers = world.graph.places()
    noticed, shared, shares = np.zeros_like(sharing), np.zeros_like(sharing), posts
    made, found, settled = 0.0, np.zeros(2), 0
    rest: tuple[float, float] | None = None
    for generation in range(len(in_time) - 1):
        notices, before = noticed_of(starts, followers, attention, shares), made
        shares = sharing * notices
        made = float(shares.sum())
        if not math.isfinite(made):
            return None
        noticed += notices * in_time[generation]
        shared += shares * in_time[generation + 1]
        if made == 0 or in_time[generation + 1] == 0:
            return noticed, shared
        rest = _rest(made / before, in_time[generation + 1 :]) if before > 0 else None
        if rest is None:
            if generation >= FEW_GENERATIONS:
                return None
            continue
        was = found
        found = np.array((noticed.sum() + rest[0] * notices.sum(), shared.sum() + rest[1] * made))
        settled = settled + 1 if (np.abs(found - was) <= SETTLED * found).all() else 0
        if settled == 2:
            break
    return None if rest is None else (noticed + rest[0] * notices, shared + rest[1] * shares)


def _rest(pace: float, in_time: Float64) -> tuple[float, float] | None:
    """Return how many times a generation's notices and shares all later ones make, if in time.

    Each later one is ``pace`` times the one before. None if that has no end. ``in_time`` is that of
    the generation's own shares, which make the next notices, and of all later ones.
    """
    if in_time[-1] == 1:
        return (pace / (1 - pace),) * 2 if pace < 1 else None
    left = in_time[in_time > 0]
    with np.errstate(over="ignore"):
        growth = pace ** np.arange(1.0, len(left) + 1)
        return float(growth @ left), float(growth[:-1] @ left[1:])


def reproduction(
    world: World, sharing: Float64, among: npt.NDArray[np.bool_] | None = None
) -> float:
    """Return how many shares a share sets off, on average, once a cascade has found its places.

    It is the largest eigenvalue of the matrix of who makes whom share, by power iteration: below 1
    cascades die out. Sharers are met as often as messages get to them, in proportion to what they
    notice: it is the mean number of followers times followees that counts, not that of followers.

    Parameters
    ----------
    among
        The accounts within which shares are to go on, by default all; (accounts,).
    """
    inside = ~world.is_ours if among is None else among & ~world.is_ours
    passing = np.where(inside, sharing * world.traits.attention, 0.0)
    starts, followers = world.graph.places()
    shares = np.where(inside, 1.0, 0.0)
    paces: list[float] = []
    for _ in range(GENERATIONS):
        before = float(shares.sum())
        shares = noticed_of(starts, followers, passing, shares / max(before, 1e-300))
        paces.append(float(shares.sum()))
        if paces[-1] <= 1e-12:
            return 0.0
        # of two generations each, as the two sides of a graph may take turns
        both = [math.sqrt(one * two) for one, two in zip(paces[-4:-1], paces[-3:], strict=False)]
        if len(both) == 3 and max(both) - min(both) <= SETTLED * both[-1]:
            break
    return both[-1]


@compiled
def noticed_of(starts: Int64, followers: Int32, attention: Float64, shares: Float64) -> Float64:
    """Return how often each account notices shares of the accounts it follows."""
    notices = np.zeros_like(shares)
    for u in range(len(starts) - 1):
        if shares[u] > 0:
            for place in range(starts[u], starts[u + 1]):
                w = followers[place]
                if w >= 0:
                    notices[w] += attention[w] * shares[u]
    return notices
