"""What is to come in the Mesa model, in the order in which it happens."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from propagation.spread.timeline import tie

if TYPE_CHECKING:
    from propagation.spread.agents import Account, Spreading

ACTION, SHARE = 0, 1
"""At equal times all actions come before all shares."""


@dataclass(eq=False)
class Event:
    """Something on the model's agenda; ``order`` is its place there."""

    time: float
    order: tuple[float, int, int, int, int] = field(init=False)

    def __lt__(self, other: "Event") -> bool:
        """Compare by place, as a heap asks for it."""
        return self.order < other.order


@dataclass(eq=False)
class Share(Event):
    """A decided share."""

    generation: int
    account: "Account"
    spreading: "Spreading"

    def __post_init__(self) -> None:
        """Take the place of a share: by time, generation, account and instance."""
        tied = tie(self.generation, self.account.number)
        self.order = self.time, SHARE, tied, self.spreading.number, 0


@dataclass(eq=False)
class Repost(Event):
    """The turn of one of our accounts to repost an instance, or not to."""

    rule: int
    by: "Account"
    of: "Account"
    spreading: "Spreading"

    def __post_init__(self) -> None:
        """Take the place of a share of generation 1, before those of later rules."""
        self.order = self.time, SHARE, tie(1, self.by.number), self.spreading.number, self.rule


@dataclass(eq=False)
class Step(Event):
    """An occasion of an action, or the next step of one that goes on."""

    entry: int
    place: int
    step: int = 0

    def __post_init__(self) -> None:
        """Take the place of an action: by time, place in the strategy, and time of the occasion."""
        self.order = self.time, ACTION, self.place, self.entry, 0
