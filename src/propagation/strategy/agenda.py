"""A strategy as an agenda: what happens when, through which of our accounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import numpy as np

from propagation.luck import text_id
from propagation.scenario.actions import (
    Action,
    Blast,
    Boost,
    Follow,
    Pitch,
    Post,
    Repost,
    Seed,
    Timed,
    messages_of,
    times_of,
)

NO_INSTANCE = -1
"""Stands for the number of an instance where an action has no message."""


@dataclass(frozen=True)
class PostAction:
    """One of our accounts posts at a time, in hours from the scenario's start.

    Attributes
    ----------
    place
        Number of the action in the strategy.
    low, high
        The part of the mix's throw at which this message is the one posted; 0 to 1 without a mix.
    credit
        Whom it is credited to if it is posted; by default to nobody besides the instance's.
    """

    time: float
    by: str
    place: int = 0
    low: float = 0.0
    high: float = 1.0
    credit: str | None = None

    @property
    def mixed(self) -> bool:
        """Whether a throw decides if this is what is posted."""
        return self.high - self.low < 1

    @property
    def mix_id(self) -> np.uint64:
        """Return the address of the throw that chooses among a mix of messages."""
        return text_id("mix", self.by, self.time.hex())


@dataclass(frozen=True)
class MessageInstance:
    """One scheduled occurrence of a message: its name, its nominal time and who posts it.

    An account posts an instance once; a second post of the same instance by it is ignored.
    ``credited`` names those of our accounts that people follow who want more of it, but for those
    credited by a mix, which depend on what is posted.
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
    action: Pitch | Blast | Seed | Boost | Follow
    instance: int


@dataclass(frozen=True)
class RepostRule:
    """One of our accounts reposts what another one posts."""

    place: int
    action: Repost


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
        mixed = any(post.mixed for one in self.instances for post in one.posts)
        return not (self.occasions or self.reposts or mixed)

    @property
    def start(self) -> float:
        """Hours at which a message first goes out; without any, when the first thing happens."""
        posts = [post.time for one in self.instances for post in one.posts]
        others = [one.time for one in self.occasions if one.instance != NO_INSTANCE]
        return min([*posts, *others] or [one.time for one in self.occasions], default=0.0)


def agenda_of(strategy: Iterable[Action], starts: str | None = None) -> Agenda:
    """Return the agenda of a strategy; ``starts`` is the scenario's, for schedules by the clock.

    Actions on one message at one time are actions on one instance. A repost that never happens is
    left out.
    """
    actions = list(enumerate(strategy))
    timed = [(place, one) for place, one in actions if not isinstance(one, Repost)]
    times = {place: times_of(one, starts) for place, one in timed}
    drafts: dict[tuple[float, str], _Draft] = {}
    for place, one in timed:
        parts = _parts_of(one)
        for time in times[place]:
            for message, part in parts.items():
                drafts.setdefault((time, message), _Draft()).add(time, place, one, part)
    keys = sorted(drafts)
    number = {key: i for i, key in enumerate(keys)}
    occasions = [
        Occasion(
            time,
            place,
            one,
            NO_INSTANCE if isinstance(one, Follow) else number[time, messages_of(one)[0]],
        )
        for place, one in timed
        if not isinstance(one, Post)
        for time in times[place]
    ]
    return Agenda(
        tuple(drafts[time, message].instance(time, message) for time, message in keys),
        tuple(sorted(occasions, key=lambda occasion: (occasion.time, occasion.place))),
        tuple(
            RepostRule(place, one)
            for place, one in actions
            if isinstance(one, Repost) and one.when != "never"
        ),
    )


@dataclass
class _Draft:
    """What is known of an instance while a strategy is read."""

    posts: dict[tuple[str, float, float], PostAction] = field(default_factory=dict)
    credited: set[str] = field(default_factory=set)

    def add(self, time: float, place: int, action: Timed, part: tuple[float, float]) -> None:
        if isinstance(action, Post):
            credit = action.credit or action.by
            one = PostAction(time, action.by, place, *part, credit)
            self.posts.setdefault((action.by, *part), one)
            if not one.mixed:
                self.credited.add(credit)
        elif isinstance(action, Pitch | Blast | Boost):
            self.credited.add(action.by)

    def instance(self, time: float, message: str) -> MessageInstance:
        posts = sorted(self.posts.values(), key=lambda post: (post.by, post.place))
        return MessageInstance(message, time, tuple(posts), tuple(sorted(self.credited)))


def _parts_of(action: Timed) -> dict[str, tuple[float, float]]:
    """Return each message of an action with the part, between 0 and 1, of the throw for a mix."""
    if not isinstance(action, Post) or isinstance(action.post, str):
        return {message: (0.0, 1.0) for message in messages_of(action)}
    *sums, total = accumulate(action.post.values())
    ends = [0.0, *(so_far / total for so_far in sums), 1.0]
    return dict(zip(action.post, pairwise(ends), strict=True))
