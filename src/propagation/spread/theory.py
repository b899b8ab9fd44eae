"""What a branching process expects of a campaign: means, variances and skewness without a run.

As long as few accounts are reached twice, a post sets off a branching process with as many types as
there are accounts: a share by u is noticed by each follower w with probability ``attention``, and a
notice by w leads to a share with the message's share probability. The first three moments of all
that a share brings then follow from those of its followers, generation by generation (Harris, The
theory of branching processes, 1963, ch. II). On a forest they are exact.
Giants that a few hundred runs have not happened to bring are in them all the same, because the
follower counts that bring them are known.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.compiling import compiled
from propagation.scenario.spec import Message
from propagation.spread.dynamics import (
    EXPONENTIAL,
    FIXED,
    LOGNORMAL,
    NO_DELAY,
    Rules,
    rules_of,
)
from propagation.strategy.agenda import Agenda

Float64 = npt.NDArray[np.float64]

NOTICES, RELEVANT, VALUED, SHARES = range(4)
KINDS = 4
COUNTED_IN: Mapping[str, int] = {
    "reach": NOTICES,
    "impressions": NOTICES,
    "wasted": NOTICES,
    "relevant_reach": RELEVANT,
    "valued_reach": VALUED,
    "shares": SHARES,
}
"""Metrics that add up over notices and shares, and what is added."""
GENERATIONS = 100
SETTLED = 3e-3
"""Relative change of the third moments, summed over accounts, at which generations are enough."""
MOST_OVERLAP = 1 / 3
"""Share of the expected notices by accounts that have noticed before; beyond it, trees overlap too
much to be called independent."""


@dataclass(frozen=True)
class Cumulants:
    """Mean, variance and third central moment of one campaign's outcome."""

    mean: float
    variance: float
    third: float

    @property
    def skewness(self) -> float:
        """Third central moment over the standard deviation cubed; 0 where nothing varies."""
        return float(self.third / self.variance**1.5) if self.variance > 0 else 0.0


def is_branching(message: Message) -> bool:
    """Whether a first notice decides as a later one may, so that trees do not need each other."""
    return message.response in ("independent", "single")


class Theory:
    """What theory expects of campaigns in one world; what a message brings is found once.

    Parameters
    ----------
    world, messages
        The world of a draw, and the scenario's messages by name.
    relevant
        An account is relevant at or above this interest.
    horizon
        Hours; shares whose own delay exceeds it are left out, and those that are late because
        earlier ones were are kept: means are somewhat too high.
    """

    def __init__(
        self, world: World, messages: Mapping[str, Message], relevant: float, horizon: float
    ) -> None:
        self._world, self._messages, self._relevant = world, messages, relevant
        self._horizon = horizon
        self._brought: dict[str, Float64 | None] = {}

    def outcomes(self, agenda: Agenda) -> dict[str, Cumulants] | None:
        """Return what is expected of each additive metric in one campaign.

        None where theory has nothing to say: under responses that need several notices, at or
        above criticality, and where followers overlap much (`MOST_OVERLAP`).
        """
        used = {instance.message for instance in agenda}
        if not all(is_branching(self._messages[name]) for name in used):
            return None
        noticed = np.zeros(self._world.graph.accounts)
        total = np.zeros((KINDS, 3))
        for instance in agenda:
            brought = self._brought_by(instance.message)
            if brought is None:
                return None
            authors = np.array([self._world.ours[post.by] for post in instance.posts], np.int64)
            total += cumulants_of(brought[authors]).sum(axis=0)
            noticed += expected_notices(self._world, self._sharing(instance.message), authors)
        reached = -np.expm1(-noticed).sum()
        if reached < (1 - MOST_OVERLAP) * noticed.sum():
            return None
        return {name: Cumulants(*map(float, total[kind])) for name, kind in COUNTED_IN.items()}

    def _brought_by(self, name: str) -> Float64 | None:
        if name not in self._brought:
            topic, sharing = self._messages[name].topic, self._sharing(name)
            self._brought[name] = moments_brought(self._world, topic, sharing, self._relevant)
        return self._brought[name]

    def _sharing(self, name: str) -> Float64:
        """Return the probability that a first notice leads to a share in time; (accounts,)."""
        message, world = self._messages[name], self._world
        chance = np.minimum(1.0, message.resonance * world.traits.interest[message.topic])
        in_time = share_within(rules_of(message), self._horizon)
        return np.where(world.is_ours, 0.0, chance * in_time)


def share_within(rules: Rules, hours: float) -> float:
    """Return the share of delays that are at most so many hours."""
    law, scale, shape = rules.delay_law, rules.delay_scale, rules.delay_shape
    if law == NO_DELAY or math.isinf(hours):
        return 1.0
    if law == FIXED:
        return float(scale <= hours)
    if law == EXPONENTIAL:
        return -math.expm1(-hours / scale)
    if law == LOGNORMAL:
        return 0.5 * math.erfc(-math.log(hours / scale) / (shape * math.sqrt(2)))
    if hours < scale:
        return hours / scale * shape / (1 + shape)
    return float(1 - (scale / hours) ** shape / (1 + shape))


def moments_brought(world: World, topic: str, sharing: Float64, relevant: float) -> Float64 | None:
    """Return the raw moments of what a share by each account brings: (accounts, 4, 3).

    The second axis is what is counted (notices, relevant notices, value times relevance noticed,
    shares), the third the power 1 to 3. ``sharing`` (accounts,) is the probability that a notice
    leads to a share. None where the generations do not die out.
    """
    graph, traits = world.graph, world.traits
    relevance, counted = traits.interest[topic], np.where(world.is_ours, 0.0, 1.0)
    at_notice = np.zeros((graph.accounts, KINDS))
    at_notice[:, NOTICES] = counted
    at_notice[:, RELEVANT] = counted * (relevance >= relevant)
    at_notice[:, VALUED] = counted * relevance * traits.value
    at_share = np.array([float(kind == SHARES) for kind in range(KINDS)])
    starts = graph.list_starts[graph.first_list]
    brought = np.zeros((graph.accounts, KINDS, 3))
    before = 0.0
    for _ in range(GENERATIONS):
        through = _through_follower(traits.attention, sharing, at_notice, at_share, brought)
        brought = raw_moments_of(_summed(starts, graph.followers, through))
        now = float(brought[:, :, 2].sum())
        if not np.isfinite(now):
            return None
        if now - before <= SETTLED * now:
            return brought
        before = now
    return None


def expected_notices(world: World, sharing: Float64, authors: npt.NDArray[np.int64]) -> Float64:
    """Return how often each account is expected to notice posts by ``authors``; (accounts,).

    Summed over at most `GENERATIONS`, every share counted as if it were the account's first.
    """
    graph, attention = world.graph, world.traits.attention
    starts = graph.list_starts[graph.first_list]
    sharers, total = np.zeros(graph.accounts), np.zeros(graph.accounts)
    np.add.at(sharers, authors, 1.0)
    for _ in range(GENERATIONS):
        notices = attention * _shown(starts, graph.followers, sharers)
        total += notices
        if notices.sum() <= SETTLED * total.sum():
            break
        sharers = sharing * notices
    return total


def cumulants_of(raw: Float64) -> Float64:
    """Return cumulants 1 to 3 from raw moments 1 to 3 on the last axis."""
    first, second, third = raw[..., 0], raw[..., 1], raw[..., 2]
    return np.stack((first, second - first**2, third - 3 * second * first + 2 * first**3), axis=-1)


def raw_moments_of(cumulants: Float64) -> Float64:
    """Return raw moments 1 to 3 from cumulants 1 to 3 on the last axis."""
    first, second, third = cumulants[..., 0], cumulants[..., 1], cumulants[..., 2]
    return np.stack((first, second + first**2, third + 3 * second * first + first**3), axis=-1)


@compiled
def _through_follower(
    attention: Float64, sharing: Float64, at_notice: Float64, at_share: Float64, brought: Float64
) -> Float64:
    """Return the cumulants of what a share brings through one follower: (accounts, 4, 3)."""
    found = np.empty_like(brought)
    for w in range(len(attention)):
        a, p = attention[w], sharing[w]
        for kind in range(len(at_share)):
            n, s = at_notice[w, kind], at_share[kind]
            w1, w2, w3 = brought[w, kind]
            v1, v2, v3 = s + w1, s * s + 2 * s * w1 + w2, s**3 + 3 * s * s * w1 + 3 * s * w2 + w3
            e1 = a * (n + p * v1)
            e2 = a * (n * n + p * (2 * n * v1 + v2))
            e3 = a * (n**3 + p * (3 * n * n * v1 + 3 * n * v2 + v3))
            found[w, kind, 0] = e1
            found[w, kind, 1] = e2 - e1 * e1
            found[w, kind, 2] = e3 - 3 * e2 * e1 + 2 * e1**3
    return found


@compiled
def _summed(
    starts: npt.NDArray[np.int64], followers: npt.NDArray[np.int32], through: Float64
) -> Float64:
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
def _shown(
    starts: npt.NDArray[np.int64], followers: npt.NDArray[np.int32], sharers: Float64
) -> Float64:
    """Return how often a share appears in each account's feed."""
    shown = np.zeros_like(sharers)
    for u in range(len(starts) - 1):
        if sharers[u] > 0:
            for place in range(starts[u], starts[u + 1]):
                if followers[place] >= 0:
                    shown[followers[place]] += sharers[u]
    return shown
