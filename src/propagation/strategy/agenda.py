"""A strategy as an agenda: what happens when, through which of our accounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from propagation.luck import text_id
from propagation.scenario.spec import Post


@dataclass(frozen=True)
class PostAction:
    """One of our accounts posts at a time, in hours from the scenario's start.

    Attributes
    ----------
    place
        Number of the action in the strategy.
    low, high
        The part of the mix's throw at which this message is the one posted; 0 to 1 without a mix.
    """

    time: float
    by: str
    place: int = 0
    low: float = 0.0
    high: float = 1.0

    @property
    def mix_id(self) -> np.uint64:
        """Return the address of the throw that chooses among a mix of messages."""
        return text_id("mix", self.by, self.time.hex())


@dataclass(frozen=True)
class MessageInstance:
    """One scheduled occurrence of a message: its name, its nominal time and who posts it.

    An account posts an instance once; a second post of the same instance by it is ignored.
    ``credited`` names those of our accounts that people follow who want more of it.
    """

    message: str
    nominal_time: float
    posts: tuple[PostAction, ...]
    credited: tuple[str, ...] = ()

    @property
    def id(self) -> np.uint64:
        """Return the address of the instance's throws: a hash of message and nominal time."""
        return text_id("instance", self.message, self.nominal_time.hex())


@dataclass(frozen=True)
class Occasion:
    """One time at which something other than a post happens.

    Attributes
    ----------
    time
        Hours from the scenario's start.
    place
        Number of the action in the strategy.
    action
        The scenario's pitch, blast, seed, boost or follow.
    instance
        Number of the message instance in the agenda; -1 if the action has no message.
    """

    time: float
    place: int
    action: object
    instance: int


@dataclass(frozen=True)
class RepostRule:
    """One of our accounts reposts what another one posts."""

    place: int
    action: object


@dataclass(frozen=True)
class Agenda(Sequence[MessageInstance]):
    """What a strategy does: instances in order of (nominal time, message), the rest by time.

    As a sequence it is that of its instances.
    """

    instances: tuple[MessageInstance, ...]
    occasions: tuple[Occasion, ...] = ()
    reposts: tuple[RepostRule, ...] = ()

    def __len__(self) -> int:
        return len(self.instances)

    def __getitem__(self, number: int) -> MessageInstance:  # type: ignore[override]
        return self.instances[number]

    @property
    def posts_only(self) -> bool:
        """Whether nothing happens but posts, each of which is made for certain."""
        mixed = any(post.high - post.low < 1 for one in self.instances for post in one.posts)
        return not (self.occasions or self.reposts or mixed)

    @property
    def start(self) -> float:
        """Hours at which the first thing happens; 0 if nothing ever does."""
        times = [post.time for one in self.instances for post in one.posts]
        return min([*times, *(occasion.time for occasion in self.occasions)], default=0.0)


def agenda_of(strategy: Iterable[Post]) -> Agenda:
    """Return the agenda of a strategy.

    Posts of one message at one time by several accounts are posts of one instance.
    """
    authors: dict[tuple[float, str], dict[str, int]] = {}
    for place, post in enumerate(strategy):
        for time in post.at:
            authors.setdefault((time, post.post), {}).setdefault(post.by, place)
    return Agenda(
        tuple(
            MessageInstance(
                message,
                time,
                tuple(PostAction(time, by, places[by]) for by in sorted(places)),
                tuple(sorted(places)),
            )
            for (time, message), places in sorted(authors.items())
        )
    )
