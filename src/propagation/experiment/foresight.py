"""What theory expects of strategies before anything is run: in numbers.

By segment, from what is asked of segments that are still to be drawn or counted on a given graph;
or by account, on the graph of a draw.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from propagation.experiment.expectations import theory_in, why_nothing
from propagation.experiment.replicates import Laboratory
from propagation.scenario.spec import GrownGraph
from propagation.spread.by_segment import BySegment, Told, chance_of
from propagation.spread.delay_sums import mean_in_time
from propagation.spread.dynamics import rules_of
from propagation.spread.segments_foreseen import Foreseen
from propagation.spread.theory import Theory, posts_of
from propagation.strategy.agenda import Agenda

Float64 = npt.NDArray[np.float64]

METRICS = ("reach", "relevant_reach", "valued_reach", "shares")
"""What there are means of."""


@dataclass(frozen=True, eq=False)
class Foresight:
    """What theory expects of one strategy.

    Attributes
    ----------
    told
        Whom its posts are shown to, by message and by who posts.
    messages
        The message of each.
    theory
        The world by whose accounts means are found; None where they are by segment.
    parts
        Followers of the posts' accounts, once a post, and the shares that they make at once.
    unlimited, means
        Means of `METRICS` in unlimited time, and up to the horizon.
    posts
        How many there are.
    repeated_by_account
        See ``repeated``; None if it is not known by account.
    """

    told: tuple[Told, ...]
    messages: tuple[str, ...]
    theory: Theory | None
    followers: float
    first_shares: float
    unlimited: dict[str, float]
    means: dict[str, float]
    posts: int
    repeated_by_account: float | None = None

    @property
    def by_message(self) -> dict[str, BySegment]:
        """How each message spreads among segments."""
        return {name: one.by for name, one in zip(self.messages, self.told, strict=True)}

    def chance(self, least: int) -> float:
        """Return the chance of so many shares or more up to the horizon."""
        return chance_of(self.told, least)

    @property
    def available(self) -> float | None:
        """Accounts of the segments that it speaks to; None where it posts more than once."""
        if self.posts != 1:
            return None
        [one] = self.told
        return float(one.by.accounts[one.noticed[:, 0] > 0].sum())

    def most_deciding_once(self, messages: set[str]) -> float:
        """Return the most shares on average where an account decides once about a post."""
        told = [one for one, name in zip(self.told, self.messages, strict=True) if name in messages]
        reached: dict[int, Float64] = {}
        for one in told:
            reached[id(one.by)] = reached.get(id(one.by), 0.0) + one.notices
        willing = {id(one.by): one.by.willing for one in told}
        once = math.fsum(float(willing[by][seen > 0].sum()) for by, seen in reached.items())
        return once * self.posts

    @cached_property
    def repeated(self) -> float:
        """The part of all notices that fall on accounts that have noticed before, roughly.

        By segment, as if notices after the posts' own fell on its accounts at random.
        """
        if self.repeated_by_account is not None:
            return self.repeated_by_account
        accounts = np.maximum(1.0, self.told[0].by.accounts)
        missed, total = np.ones(len(accounts)), np.zeros(len(accounts))
        for one in self.told:
            first = np.minimum(one.noticed[:, 0], one.notices)
            missed *= (1 - np.minimum(1.0, first / accounts)) * np.exp(
                (first - one.notices) / accounts
            )
            total += one.notices
        if not np.isfinite(total).all():
            return 1.0
        return float(1 - ((1 - missed) * accounts).sum() / total.sum()) if total.any() else 0.0


class Foresights:
    """What theory expects of the strategies of a scenario; each is found when asked for.

    Parameters
    ----------
    laboratory
        The scenario; its worlds are built if they are given, grown, or asked for by ``exact``.
    exact
        Whether to draw the graph, and to go by its accounts.
    draw
        The draw to go by if graphs are looked at.
    """

    def __init__(self, laboratory: Laboratory, *, exact: bool = False, draw: int = 0) -> None:
        scenario = laboratory.scenario
        self.laboratory, self._exact, self._draw = laboratory, exact, draw
        drawn = scenario.segments is not None and not isinstance(scenario.graph, GrownGraph)
        self.from_parameters = drawn and not exact
        self._found: dict[str, Foresight | str] = {}
        self._foreseen: dict[tuple[str, bool], Foreseen] = {}

    def __call__(self, strategy: str) -> Foresight | str:
        """Return what is expected of a strategy, or why nothing is, to follow a colon."""
        if strategy not in self._found:
            self._found[strategy] = self._of(strategy)
        return self._found[strategy]

    def _of(self, strategy: str) -> Foresight | str:
        silent = why_nothing(self.laboratory, strategy)
        if silent is not None:
            return silent
        if self.from_parameters:
            return self._of_parameters(strategy)
        theory = theory_in(self.laboratory, strategy, self._draw)
        agenda = self.laboratory.agendas[strategy]
        told = None if theory is None else theory.told(agenda)
        if theory is None or told is None:
            return "the graph is too large to go through it"
        messages = tuple(message for message, _ in posts_of(agenda, self._horizon))
        parts = theory.parts(agenda) if self._exact else None
        if parts is None:
            return _by_segment(told, messages, _posts(agenda))
        return Foresight(
            told=tuple(told),
            messages=messages,
            theory=theory,
            followers=parts.followers,
            first_shares=parts.first_shares,
            unlimited={name: parts.expected[name] for name in METRICS},
            means={name: parts.in_time[name] for name in METRICS},
            posts=_posts(agenda),
            repeated_by_account=theory.repeated(agenda),
        )

    @property
    def _horizon(self) -> float:
        return self.laboratory.scenario.horizon

    def _of_parameters(self, strategy: str) -> Foresight | str:
        scenario = self.laboratory.scenario
        shuffled = strategy in scenario.shuffled
        told, messages, agenda = [], [], self.laboratory.agendas[strategy]
        for (message, by), times_left in posts_of(agenda, self._horizon).items():
            followers: dict[str, float] = {}
            for name in by:
                audience = scenario.ours[name].followers
                if audience is None:
                    return f"how many followers '{name}' has is only known once the graph is drawn"
                for segment, count in audience.items():
                    followers[segment] = followers.get(segment, 0.0) + count * len(times_left)
            left = mean_in_time(rules_of(scenario.messages[message]), times_left)
            told.append(self._among_segments(message, shuffled).told(followers, left))
            messages.append(message)
        return _by_segment(told, tuple(messages), _posts(agenda))

    def _among_segments(self, message: str, shuffled: bool) -> Foreseen:
        scenario, key = self.laboratory.scenario, (message, shuffled)
        if key not in self._foreseen:
            self._foreseen[key] = Foreseen(
                scenario.segments or {},
                scenario.messages[message],
                scenario.relevant,
                shuffled=shuffled,
            )
        return self._foreseen[key]


def _posts(agenda: Agenda) -> int:
    return sum(len(instance.posts) for instance in agenda)


def _by_segment(told: Sequence[Told], messages: tuple[str, ...], posts: int) -> Foresight:
    unlimited, means = (
        dict(zip(METRICS, np.sum(each, axis=0).tolist(), strict=True))
        for each in ([one.unlimited for one in told], [one.means for one in told])
    )
    followers = math.fsum(float(one.followers.sum()) for one in told)
    first_shares = math.fsum(one.first_shares for one in told)
    return Foresight(tuple(told), messages, None, followers, first_shares, unlimited, means, posts)


@dataclass(frozen=True)
class Factors:
    """Why one strategy's mean is so many times another's: factors whose product it is.

    ``later`` is amplification, 1 / (1 - R) where all are alike, and what the horizon leaves of it;
    ``worth`` what a share carries of the metric.
    """

    ratio: float
    head_count: float
    engagement: float
    later: float
    worth: float


def factors(one: Foresight, other: Foresight, metric: str) -> Factors | None:
    """Return the factors of a ratio of means; None where it is none."""
    parts = []
    for each in (one, other):
        shares = each.means["shares"]
        made = (each.followers, each.first_shares, shares, each.means[metric])
        if not all(math.isfinite(number) and number > 0 for number in made):
            return None
        parts.append(made)
    (n1, f1, s1, m1), (n2, f2, s2, m2) = parts
    return Factors(
        ratio=m1 / m2,
        head_count=n1 / n2,
        engagement=(f1 / n1) / (f2 / n2),
        later=(s1 / f1) / (s2 / f2),
        worth=(m1 / s1) / (m2 / s2),
    )
