"""An account of a graph that grows: whom it follows, and how it chooses them."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import mesa
import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled
from propagation.luck import throw, unit

if TYPE_CHECKING:
    from propagation.audience.grown import GrowthModel

Float64 = npt.NDArray[np.float64]

TRIES = 32
"""Choices that fall on somebody followed already, before the rest is looked at one by one."""
AT_ONCE = 64
"""Throws made together."""


class Luck:
    """Throws under one key, one after the other."""

    def __init__(self, key: np.uint64) -> None:
        self._key, self._thrown = key, 0
        self._left: list[float] = []

    def unit(self) -> float:
        """Return the next throw as a number between 0 and 1."""
        if not self._left:
            self._left = _units(self._key, self._thrown).tolist()
            self._thrown += AT_ONCE
        return self._left.pop()

    def one_of(self, members: "list[Member]") -> "Member":
        """Return one of them, all with equal odds."""
        return members[min(int(self.unit() * len(members)), len(members) - 1)]


@compiled
def _units(key: np.uint64, first: int) -> Float64:
    """Return so many throws from place ``first`` on, the last one first."""
    units = np.empty(AT_ONCE, np.float64)
    for i in range(AT_ONCE):
        units[AT_ONCE - 1 - i] = unit(throw(key, first + i))
    return units


class Member(mesa.Agent):  # type: ignore[misc]
    """An account that has arrived; override a method to have people choose in another way.

    Attributes
    ----------
    number, interests
        Number in the graph, and interest in each topic (0 to 1).
    followees, followers
        Whom it follows, in the order in which it came to; and how many follow it.
    place
        How many were there before it.
    luck
        Its own throws.
    """

    model: "GrowthModel"

    def __init__(self, model: "GrowthModel", number: int) -> None:
        super().__init__(model)
        self.number = number
        self.interests: tuple[float, ...] = tuple(model.interests[number].tolist())
        self.luck = Luck(model.keys[number])
        self.place = len(model.there)
        self.followees: list[Member] = []
        self.followers = 0
        self._followed: set[Member] = {self}  # nobody follows themselves

    def arrive(self) -> None:
        """Make the follows of the first day, as many as there are others at most."""
        there = len(self.model.there)
        for _ in range(min(self.model.number_on_arrival(self.luck), there)):
            self.follow_somebody()

    def follow_somebody(self) -> None:
        """Choose somebody, unless all are followed already, and follow; they may follow back."""
        other = self.choose()
        if other is None:
            return
        self.follow(other)
        if not other.is_following(self) and other.follows_back(self):
            other.follow(self)

    def choose(self) -> "Member | None":
        """Return somebody not followed yet, by a way drawn by its weight; None if all are.

        A choice that falls on somebody followed already is made anew, in the same way; where that
        is in vain, it is made among the rest: by likeness, else with equal odds.
        """
        way = self.model.way(self.luck.unit())
        choose: Callable[[], Member | None] = getattr(self, way)
        for _ in range(TRIES):
            other = choose()
            if other is not None and not self.is_following(other):
                return other
        if way == "by_interest":
            return self.model.somebody_alike(self)
        rest = [other for other in self.model.there if not self.is_following(other)]
        return self.luck.one_of(rest) if rest else None

    def by_popularity(self) -> "Member | None":
        """Choose in proportion to followers and the head start."""
        return self.model.somebody_popular(self.luck)

    def by_interest(self) -> "Member | None":
        """Choose anybody, and keep that with odds that fall with the distance of interests."""
        other = self.luck.one_of(self.model.there)
        return other if self.luck.unit() < self.likeness(other) else None

    def by_friends(self) -> "Member | None":
        """Choose somebody whom a followed account follows; anybody, if that one follows nobody."""
        friend = self.luck.one_of(self.followees) if self.followees else self
        return self.luck.one_of(friend.followees or self.model.there)

    def at_random(self) -> "Member | None":
        """Choose anybody."""
        return self.luck.one_of(self.model.there)

    def likeness(self, other: "Member") -> float:
        """Return exp(-distance / tolerance): 1 for the same interests."""
        return math.exp(-math.dist(self.interests, other.interests) / self.model.tolerance)

    def follows_back(self, other: "Member") -> bool:
        """Say whether this account, newly followed by ``other``, follows back."""
        model = self.model
        chance = model.back_otherwise
        if model.back_alike != chance:
            chance += (model.back_alike - chance) * self.likeness(other)
        return chance > 0 and self.luck.unit() < chance

    def is_following(self, other: "Member") -> bool:
        """Say whether it follows ``other`` already; itself counts too."""
        return other in self._followed

    def follow(self, other: "Member") -> None:
        """Follow an account."""
        self.followees.append(other)
        self._followed.add(other)
        other.followers += 1
        self.model.targets.append(other)
