"""A follower graph grown by agents: accounts arrive one by one and choose whom to follow.

What happens, in order, each time an account arrives:

1. The newcomer makes its follows: ``Member.arrive``.
2. Accounts that are there, drawn with equal odds, make follows too: ``Member.follow_somebody``.
3. Each follow takes one of four ways to choose whom: ``Member.choose``.
4. Who is newly followed may follow back: ``Member.follows_back``.

By popularity: in proportion to followers plus a head start (Price, JASIS 27:292, 1976; Barabasi &
Albert, Science 286:509, 1999). By interest: with odds exp(-distance / tolerance) (homophily:
McPherson, Smith-Lovin & Cook, Annu. Rev. Sociol. 27:415, 2001). By friends of friends: somebody
whom a followed account follows (Holme & Kim, PRE 65:026107, 2002; Jackson & Rogers, AER 97:890,
2007). At random: anybody. ``docs/drawn-graphs.md`` says what comes of it.

Order of arrival and every choice are throws addressed by the graph's seed and the account.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

import mesa
import numpy as np
import numpy.typing as npt

from propagation.audience.grown_members import Luck, Member
from propagation.audience.members import members_of
from propagation.audience.traits import segment_traits
from propagation.luck import Purpose, descend, draw_seed, member_keys, stem, text_id
from propagation.problems import InputError, Problem
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import GrownGraph, Growth

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
UInt64 = npt.NDArray[np.uint64]

WAYS = {
    "popularity": "by_popularity",
    "interest": "by_interest",
    "friends_of_friends": "by_friends",
    "random": "at_random",
}
"""The method of ``Member`` for each weight of a scenario."""


class GrowthModel(mesa.Model):  # type: ignore[misc]
    """A follower graph that grows, as a Mesa model.

    Parameters
    ----------
    growth
        The weights, as in a scenario under ``graph: {grown: ...}``.
    interest
        Interest of each account, 0 to 1, by topic; shapes (accounts,).
    keys
        Hashes of the accounts' names; shape (accounts,).
    seed
        The same seed gives the same graph.
    arrivals
        Accounts that arrive in one ``step()``.
    member_class
        The agents' class.

    ``datacollector`` holds a row for each step: ``accounts``, ``follows`` and ``most_followers``.
    ``there`` lists who has arrived, in order; ``targets`` who was followed, once for each follow.
    """

    def __init__(
        self,
        growth: Growth,
        interest: Mapping[str, Float64],
        keys: UInt64,
        seed: int,
        arrivals: int = 1,
        member_class: type[Member] = Member,
    ) -> None:
        super().__init__(rng=seed)
        above = stem(seed, Purpose.GROWTH)
        self.interests = np.column_stack([interest[topic] for topic in sorted(interest)])
        self.keys = member_keys(np.uint64(descend(above, text_id("member"))), keys)
        self.luck = Luck(np.uint64(descend(above, text_id("everybody"))))
        order = member_keys(np.uint64(descend(above, text_id("arrival"))), keys)
        self.waiting: list[int] = np.argsort(order, kind="stable")[::-1].tolist()
        self.arrivals, self.member_class = arrivals, member_class
        self.there: list[Member] = []
        self.targets: list[Member] = []
        self.tolerance, self.head_start = growth.tolerance, growth.head_start
        back = growth.back
        alike, otherwise = (back, back) if isinstance(back, float) else (back.alike, back.otherwise)
        self.back_alike, self.back_otherwise = alike, otherwise
        self._on_arrival = poisson_table(growth.follows * (1 - growth.later))
        self._later = poisson_table(growth.follows * growth.later)
        self._ways, self._up_to = _ways(growth)
        self._interests_there = np.empty(self.interests.shape[::-1])
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "accounts": lambda model: len(model.there),
                "follows": lambda model: len(model.targets),
                "most_followers": lambda model: max(one.followers for one in model.there),
            }
        )

    @classmethod
    def from_scenario(
        cls,
        path: str | Path,
        draw: int = 0,
        arrivals: int = 1,
        member_class: type[Member] = Member,
    ) -> "GrowthModel":
        """Return the model of a draw of a scenario, before anybody has arrived.

        Raises
        ------
        InputError
            If the scenario is wrong or its graph is not grown.
        """
        scenario = read_scenario(path)
        if scenario.segments is None or not isinstance(scenario.graph, GrownGraph):
            raise InputError(Problem("is not grown", "graph", str(path)))
        seed = draw_seed(scenario.seed, draw)
        keys = members_of(scenario.segments).keys
        interest = segment_traits(scenario.segments, keys, seed).interest
        return cls(scenario.graph.grown, interest, keys, seed, arrivals, member_class)

    def step(self) -> None:
        """Let ``arrivals`` accounts arrive, then collect data; ``running`` ends with the last."""
        for _ in range(min(self.arrivals, len(self.waiting))):
            self.let_one_arrive()
        self.datacollector.collect(self)

    def grow(self) -> None:
        """Let everybody arrive who is still waiting."""
        while self.waiting:
            self.let_one_arrive()

    def let_one_arrive(self) -> None:
        """Let the next account arrive and follow, and some who were there before follow too."""
        member = self.member_class(self, self.waiting.pop())
        member.arrive()
        self._interests_there[:, member.place] = member.interests
        self.there.append(member)
        for _ in range(bisect_right(self._later, self.luck.unit())):
            self.luck.one_of(self.there).follow_somebody()
        self.running = bool(self.waiting)

    def number_on_arrival(self, luck: Luck) -> int:
        """Return how many follows a newcomer wants to make."""
        return bisect_right(self._on_arrival, luck.unit())

    def way(self, thrown: float) -> str:
        """Return the method that chooses, at a number between 0 and 1 on the scale of weights."""
        return self._ways[min(bisect_right(self._up_to, thrown), len(self._ways) - 1)]

    def somebody_popular(self, luck: Luck) -> Member:
        """Return somebody drawn in proportion to followers and the head start."""
        ahead = self.head_start * len(self.there)
        if luck.unit() * (len(self.targets) + ahead) < ahead:
            return luck.one_of(self.there)
        return luck.one_of(self.targets)

    def somebody_alike(self, member: Member) -> Member | None:
        """Return somebody not followed yet, drawn by likeness among all who are there."""
        own = np.array(member.interests)[:, None]
        apart = np.sqrt(((self._interests_there[:, : len(self.there)] - own) ** 2).sum(axis=0))
        # a newcomer is not there yet, but whoever follows back is
        taken = [one.place for one in (*member.followees, member) if one.place < len(apart)]
        apart[taken] = np.inf
        if len(taken) == len(apart):
            return None
        up_to = np.cumsum(np.exp((apart.min() - apart) / self.tolerance))
        place = int(np.searchsorted(up_to, member.luck.unit() * up_to[-1], side="right"))
        return self.there[min(place, len(apart) - 1)]

    def follows(self) -> tuple[Int32, Int32]:
        """Return (follower, followee) of all follows so far, by account number."""
        counts = [len(member.followees) for member in self.there]
        numbers = np.array([member.number for member in self.there], np.int32)
        followee = [other.number for member in self.there for other in member.followees]
        return np.repeat(numbers, counts), np.array(followee, np.int32)


def _ways(growth: Growth) -> tuple[list[str], list[float]]:
    """Return the ways to choose that have a weight, and where each ends between 0 and 1."""
    weights = {way: getattr(growth.choose, name) for name, way in WAYS.items()}
    taken = {way: weight for way, weight in weights.items() if weight > 0}
    return list(taken), np.cumsum(list(taken.values())).tolist()


def poisson_table(mean: float) -> list[float]:
    """Return P(number <= k) for k = 0, 1, ... of a Poisson number, up to where it is 1."""
    most = int(mean + 12 * math.sqrt(mean) + 40)
    counts = np.arange(most)
    logarithms = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, most)))))
    if mean == 0:
        return [1.0]
    table = np.cumsum(np.exp(counts * math.log(mean) - mean - logarithms))
    return [float(at_most) for at_most in table if at_most < 1.0]
