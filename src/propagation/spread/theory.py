"""What a branching process expects of a campaign: means, variances and skewness without a run.

As long as few accounts are reached twice, a post sets off a branching process with as many types as
there are accounts: a share by u is noticed by each follower w with probability ``attention``, and a
notice by w leads to a share with the message's share probability. The first three cumulants of all
that a share brings then follow from those of its followers, generation by generation (Harris, The
theory of branching processes, 1963, ch. II). On a forest they are exact. Where the generations do
not die out, the chance of an outbreak and its size follow from two fixed points on the same graph.

Giants that a few hundred runs have not happened to bring are in all this, because the follower
counts and the communities that bring them are known.
"""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.scenario.spec import Message
from propagation.spread.branching import (
    CERTAINLY,
    KINDS,
    SHARES,
    Brought,
    counted_at_notice,
    cumulants_brought,
    outbreak,
    overlap,
)
from propagation.spread.by_segment import BySegment, Told
from propagation.spread.delay_sums import in_time, mean_in_time, share_within
from propagation.spread.dynamics import rules_of
from propagation.spread.expected import COUNTED_IN, Expected, Parts, Spread, added
from propagation.spread.generations import brought_by, reproduction
from propagation.spread.segments_measured import Measured
from propagation.strategy.agenda import Agenda, MessageInstance

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

MOST_FOLLOWS = 100_000_000
"""Every generation goes over all follows: in graphs with more that would take hours."""
MOST_OVERLAP = 1 / 3
"""Share of an instance's notices by accounts that have noticed before; beyond it, trees overlap too
much to be called independent."""


class Theory:
    """What theory expects of campaigns in one world; what a message brings is found once.

    Parameters
    ----------
    world, messages
        The world of a draw, and the scenario's messages by name.
    relevant
        An account is relevant at or above this interest.
    horizon
        Hours. Shares whose own delay exceeds what is left of it after the post are left out; those
        that are late because earlier ones were are kept, so means are too high.
    audiences
        Followers by segment of those of our accounts whose followers are drawn.
    """

    def __init__(
        self,
        world: World,
        messages: Mapping[str, Message],
        relevant: float,
        horizon: float,
        audiences: Mapping[str, Mapping[str, int]],
    ) -> None:
        self._world, self._messages, self._relevant = world, messages, relevant
        self._horizon, self._audiences = horizon, audiences
        self._found: dict[tuple[str, float], Brought | None] = {}
        self._by_segment: dict[str, Measured] = {}
        self._sums: dict[tuple[str, float, bytes], Float64] = {}

    def outcomes(self, agenda: Agenda) -> dict[str, Expected] | None:
        """Return what is expected of each metric of `COUNTED_IN` in one campaign.

        None where theory has nothing to say: of anything but posts, under responses that need
        several notices, of resonance that varies and attention that is limited, and where the
        followers of an instance overlap much (`MOST_OVERLAP`). Instances are independent but
        for the accounts that notice several, who count once in reach: its mean is too high then.
        """
        if not self.speaks_of(agenda):
            return None
        parts = [self._of_instance(instance) for instance in agenda]
        if any(part is None for part in parts):
            return None
        totals = [added([part[kind] for part in parts if part]) for kind in range(KINDS)]
        return {name: totals[kind] for name, kind in COUNTED_IN.items()}

    def speaks_of(self, agenda: Agenda) -> bool:
        """Whether a strategy is posts of messages whose trees are independent of each other."""
        used = {instance.message for instance in agenda}
        return (
            agenda.posts_only
            and not self._world.is_limited
            and all(is_branching(self._messages[name]) for name in used)
        )

    def parts(self, agenda: Agenda) -> Parts | None:
        """Return what one campaign brings by parts; None where there are no independent trees.

        But for ``in_time``, this is what would come in unlimited time. How often accounts are met
        again counts nowhere.
        """
        up_to_horizon = self.means(agenda)
        if up_to_horizon is None:
            return None
        posts: dict[str, Float64] = {}
        for instance in agenda:
            times = posts.setdefault(instance.message, np.zeros(self._world.graph.accounts))
            np.add.at(times, self._authors(instance), 1.0)
        followers = first_shares = 0.0
        sums = np.zeros(KINDS)
        for name, times in posts.items():
            shown = self._shown(times)
            followers += float(shown.sum())
            sharing = self._sharing(name, math.inf)
            first_shares += float(shown @ (self._world.traits.attention * sharing))
            sums += self._sums_of(name, math.inf, times)
        expected = {name: float(sums[kind]) for name, kind in COUNTED_IN.items()}
        return Parts(followers, first_shares, expected["shares"], expected, up_to_horizon)

    def means(self, agenda: Agenda) -> dict[str, float] | None:
        """Return the mean of each metric of `COUNTED_IN`, at little cost.

        Other than in ``outcomes`` shares are left out when they are late because earlier ones were,
        which is exact on a forest; and where followers overlap, it is as if they did not. Infinite
        where the generations do not die out before the horizon; None where there are no independent
        trees.
        """
        if not self.speaks_of(agenda):
            return None
        sums = np.zeros(KINDS)
        for instance in agenda:
            times = np.zeros(self._world.graph.accounts)
            np.add.at(times, self._authors(instance), 1.0)
            sums += self._sums_of(instance.message, self._horizon - instance.nominal_time, times)
        return {name: float(sums[kind]) for name, kind in COUNTED_IN.items()}

    def reproduction(self, message: str, segment: str | None = None) -> float:
        """Return how many shares a share of a message sets off once it has found its places.

        By the accounts there are; those of a ``segment`` alone, if one is named.
        """
        among = None
        if segment is not None:
            among = self._world.segment_of == self._world.segments.index(segment)
        return reproduction(self._world, self._sharing(message, math.inf), among)

    def repeated(self, agenda: Agenda) -> float:
        """Return the part of an instance's notices that fall on accounts that noticed it before.

        Where it is most among the instances, in unlimited time.
        """
        found = 0.0
        for message, by in posts_of(agenda, math.inf):
            authors = np.array([self._world.ours[name] for name in by], np.int64)
            with np.errstate(over="ignore", invalid="ignore"):  # beyond criticality
                part = overlap(self._world, self._sharing(message, math.inf), authors)
            found = max(found, part if math.isfinite(part) else 1.0)
        return found

    def by_segment(self, message: str) -> BySegment:
        """Return how a message spreads among segments, counted on the graph."""
        return self._measured(message).by

    def told(self, agenda: Agenda) -> list[Told] | None:
        """Return whom a strategy's posts are shown to, each message by itself, by segment.

        None where there are no independent trees.
        """
        if not self.speaks_of(agenda):
            return None
        found = []
        for (message, by), times_left in posts_of(agenda, self._horizon).items():
            posts = np.zeros(self._world.graph.accounts)
            np.add.at(posts, [self._world.ours[name] for name in by], float(len(times_left)))
            left = mean_in_time(rules_of(self._messages[message]), times_left)
            found.append(self._measured(message).told(posts, left))
        return found

    def _measured(self, message: str) -> Measured:
        if message not in self._by_segment:
            counted = counted_at_notice(self._world, self._messages[message].topic, self._relevant)
            sharing = self._sharing(message, math.inf)
            self._by_segment[message] = Measured(self._world, sharing, counted[:, :SHARES])
        return self._by_segment[message]

    def _authors(self, instance: MessageInstance) -> Int64:
        return np.array([self._world.ours[post.by] for post in instance.posts], np.int64)

    def _shown(self, times: Float64) -> Float64:
        """Return how many posts each account is shown, if each account posts so many times."""
        shown = np.zeros(self._world.graph.accounts)
        for author in np.flatnonzero(times):
            shown[self._world.graph.followers_of(int(author))] += times[author]
        return np.where(self._world.is_ours, 0.0, shown)

    def _sums_of(self, name: str, left: float, times: Float64) -> Float64:
        """Return the means of what is counted, all generations together; shape (4,)."""
        key = name, left, times.tobytes()
        if key not in self._sums:
            counted = counted_at_notice(self._world, self._messages[name].topic, self._relevant)
            sharing = self._sharing(name, math.inf)
            by_generation = in_time(rules_of(self._messages[name]), left)
            brought = brought_by(self._world, sharing, times, by_generation)
            if brought is None:
                self._sums[key] = np.full(KINDS, np.inf)
            else:
                notices, shares = brought
                self._sums[key] = notices @ counted
                self._sums[key][SHARES] = shares.sum()
        return self._sums[key]

    def _of_instance(self, instance: MessageInstance) -> list[Expected] | None:
        """Return what is expected by what is counted; None where accounts notice too often."""
        authors = self._authors(instance)
        left = self._horizon - instance.nominal_time
        sharing = self._sharing(instance.message, left)
        brought = self._brought(instance.message, left, sharing)
        if brought is None:
            return self._of_outbreak(instance.message, sharing, authors)
        if overlap(self._world, sharing, authors) > MOST_OVERLAP:
            return None
        mean, variance, third = brought.by[authors].sum(axis=0).T
        between = self._between([post.by for post in instance.posts], brought.through[:, :, 0])
        return [
            Expected(float(mean[k]), Spread(float(variance[k]), float(third[k])), between[k])
            for k in range(KINDS)
        ]

    def _brought(self, name: str, left: float, sharing: Float64) -> Brought | None:
        key = name, share_within(rules_of(self._messages[name]), left)
        if key not in self._found:
            counted = counted_at_notice(self._world, self._messages[name].topic, self._relevant)
            self._found[key] = cumulants_brought(self._world, sharing, counted)
        return self._found[key]

    def _sharing(self, name: str, left: float) -> Float64:
        """Return the probability that a first notice leads to a share in time; (accounts,)."""
        message, world = self._messages[name], self._world
        rules = rules_of(message)
        chance = np.minimum(1.0, rules.resonance * world.traits.interest[message.topic])
        in_time = share_within(rules, left)
        return np.where(world.is_ours, 0.0, chance * in_time)

    def _between(self, authors: list[str], means: Float64) -> list[Spread]:
        """Return how a world's mean varies with who follows us; ``means`` is (accounts, 4).

        An audience is a sample without replacement from its segment.
        """
        world, parts = self._world, []
        for author in authors:
            for segment, size in self._audiences.get(author, {}).items():
                members = means[world.segment_of == world.segments.index(segment)]
                all_of = len(members)
                central = members - members.mean(axis=0)
                rest = size * (all_of - size) / max(1, all_of - 1)
                variance = rest * (central**2).mean(axis=0)
                third = rest * (all_of - 2 * size) / max(1, all_of - 2) * (central**3).mean(axis=0)
                parts.append((variance, third))
        return [
            Spread(*(float(sum(part[power][k] for part in parts)) for power in (0, 1)))
            for k in range(KINDS)
        ]

    def _of_outbreak(self, name: str, sharing: Float64, authors: Int64) -> list[Expected]:
        """Return an outbreak's part alone: it comes with some chance and is always as large."""
        world = self._world
        spreads, shares = outbreak(world, sharing)
        chance = -math.expm1(float(np.log1p(-np.minimum(spreads[authors], CERTAINLY)).sum()))
        counted = counted_at_notice(world, self._messages[name].topic, self._relevant)
        noticed = np.divide(shares, sharing, out=np.zeros_like(shares), where=sharing > 0)
        noticed = np.minimum(noticed, 1.0)  # at most: several shares may have been noticed
        sizes = noticed @ counted
        sizes[SHARES] = shares.sum()
        variance, third = chance * (1 - chance), chance * (1 - chance) * (1 - 2 * chance)
        return [
            Expected(chance * size, Spread(variance * size**2, third * size**3), partial=True)
            for size in sizes.tolist()
        ]


def is_branching(message: Message) -> bool:
    """Whether trees do not need each other: a first notice decides as a later one may.

    Nor do they have anything in common, as they have if each instance has a resonance of its own.
    """
    return message.response in ("independent", "single") and isinstance(message.resonance, float)


def posts_of(agenda: Agenda, horizon: float) -> dict[tuple[str, tuple[str, ...]], list[float]]:
    """Return the hours left after each post, by message and by who posts it together."""
    found: dict[tuple[str, tuple[str, ...]], list[float]] = {}
    for instance in agenda:
        by = tuple(post.by for post in instance.posts)
        found.setdefault((instance.message, by), []).append(horizon - instance.nominal_time)
    return found
