"""What the naive twin of campaigns is given and gives: strategies, worlds, luck and results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import naive
from naive import Account

# What a strategy is made of.


class Instance(NamedTuple):
    """A message at one of the times at which a strategy does something with it, in their order."""

    time: float
    message: str


@dataclass
class Choice:
    """The first accounts of an order among those of a segment (None: of all)."""

    count: int
    segment: str | None
    rule: str


class Original(NamedTuple):
    """What an account writes about a topic of its own accord, an instance of its own."""

    topic: str
    author: Account


To = Choice | Sequence[Account]


@dataclass
class Post:
    """Our account posts a message, or the part [low, high) of a mix, for `credit`."""

    time: float
    place: int
    message: str
    by: str
    credit: str
    low: float = 0.0
    high: float = 1.0


@dataclass
class Seed:
    """Chosen accounts share a message of their own accord."""

    time: float
    place: int
    message: str
    to: To


@dataclass
class Pitch:
    """A message is offered to each of the chosen accounts; a blast is this with other rates."""

    time: float
    place: int
    message: str
    by: str
    to: To
    opens: float
    answers: float
    covers: float
    personal: float = 1.0
    wears: float = 0.0
    after: Any = None


@dataclass
class Boost:
    """A message is shown, for money, to accounts of a segment."""

    time: float
    place: int
    message: str
    by: str
    segment: str
    impressions: int
    rate: float


@dataclass
class Follow:
    """Our account follows the chosen accounts, `pace` in an hour."""

    time: float
    place: int
    by: str
    to: To
    topic: str
    pace: float
    noticed: float
    otherwise: float


Action = Post | Seed | Pitch | Boost | Follow


@dataclass
class Repost:
    """A rule: `by` reposts the posts of `of`, "always", "never", by "chance" or if "relevant"."""

    by: str
    of: str
    when: str
    limit: float = 0.0
    after: float = 0.0


# What it meets.


@dataclass
class Capacity:
    """An attention that falls with what lands in the feed: two numbers of posts a day."""

    posts: float
    per_followee: float


@dataclass
class Following:
    """How the audiences of our accounts move."""

    follows: float = 0.0
    irrelevant: float = 0.0
    too_often: float = 0.0
    beyond: float = 0.0
    within: float = 24.0


@dataclass
class Originals:
    """Who notices a topic writes about it by chance (times interest), by the rules of a message."""

    chance: float
    message: str


@dataclass
class Lognormal:
    """A resonance drawn for each instance."""

    median: float
    sigma: float


@dataclass
class Pareto:
    """A resonance drawn for each instance: P(resonance > x) = (least / x) ** tail."""

    least: float
    tail: float


@dataclass
class Message:
    """A message: its topic, its resonance and, as in `naive.Message`, how it is decided upon."""

    topic: str
    resonance: float | Lognormal | Pareto
    kind: str = "factors"
    factors: list[float] = field(default_factory=lambda: [1.0])
    needed: Mapping[Account, float] | float = 1.0


@dataclass
class World:
    """Who follows whom, who cares, and who we are.

    `followers` and `followees` are as in `naive.World`; `follows[v]` are the accounts v follows.
    `rankings` holds the orders that are not computed here, by the name of their rule, and
    `originals` the topics that others write about.
    """

    followers: Mapping[Account, Sequence[Sequence[Account | None]]]
    followees: Mapping[Account, int]
    follows: Mapping[Account, Sequence[Account]]
    interest: Mapping[str, Mapping[Account, float]]
    attention: Mapping[Account, float | Capacity]
    members: Mapping[str, Sequence[Account]]
    ours: Mapping[str, Account]
    order: Mapping[Account, int]
    hashes: Mapping[Account, int]
    relevant: float = 0.0
    following: Following = field(default_factory=Following)
    rankings: Mapping[str, Sequence[Account]] = field(default_factory=dict)
    originals: Mapping[str, Originals] = field(default_factory=dict)


class Throws(Protocol):
    """The luck of one instance: every answer is fixed by its arguments, whenever it is asked."""

    def resonance(self, place: int) -> float:
        """Return one of two numbers strictly between 0 and 1."""
        ...

    def notices(
        self, followee: Account, list_index: int, place: int, follower: Account, probability: float
    ) -> bool:
        """Tell whether the follower at this place notices a share by the followee."""
        ...

    def notices_gained(self, followee: Account, follower: Account, probability: float) -> bool:
        """Tell whether a follower who came during the run notices a share by the followee."""
        ...

    def decides(self, account: Account, k: int, probability: float) -> bool:
        """Tell whether the account decides to share on its k-th notice."""
        ...

    def willing(self, account: Account, probability: float) -> bool:
        """Tell whether the account is willing (threshold kinds)."""
        ...

    def delay(self, account: Account) -> float:
        """Return the hours between the account's decision and its share."""
        ...

    def reposts(self, by: Account, probability: float) -> bool:
        """Tell whether our account reposts the instance (by chance)."""
        ...

    def opens(self, ours: Account, account: Account, probability: float) -> bool:
        """Tell whether the account opens our pitch."""
        ...

    def answers(self, ours: Account, account: Account, probability: float) -> bool:
        """Tell whether the account answers our pitch."""
        ...

    def covers(self, ours: Account, account: Account, probability: float) -> bool:
        """Tell whether the account covers what we pitched."""
        ...

    def coverage_delay(self, ours: Account, account: Account, law: Any) -> float:
        """Return the hours between a pitch and its coverage."""
        ...

    def impression_to(self, ours: Account, segment: str, number: int, count: int) -> int:
        """Return which of `count` accounts a paid impression is shown to."""
        ...

    def notices_paid(self, ours: Account, segment: str, number: int, probability: float) -> bool:
        """Tell whether a paid impression is noticed."""
        ...

    def follows(self, ours: Account, account: Account, probability: float) -> bool:
        """Tell whether the account follows ours at its first notice."""
        ...

    def leaves(self, ours: Account, account: Account, probability: float) -> bool:
        """Tell whether the account leaves ours at a notice."""
        ...


class Luck(Protocol):
    """The luck of a run."""

    def of(self, instance: Instance | Original) -> Throws:
        """Return the luck of an instance."""
        ...

    def posts(self, by: str, time: float, low: float, high: float) -> bool:
        """Tell whether the part [low, high) of a mix is what an account posts at a time."""
        ...

    def swap(self, segment: str | None, step: int, count: int) -> int:
        """Return which of the `count` accounts not yet placed comes next in the random order."""
        ...

    def names(self, segment: str | None, asked: Account, count: int) -> int:
        """Return which of its `count` followees an account names when asked for one."""
        ...

    def writes(self, topic: str, account: Account, probability: float) -> bool:
        """Tell whether the account writes about the topic at its first notice of it."""
        ...

    def follows_back(self, ours: Account, account: Account, probability: float) -> bool:
        """Tell whether the account follows ours back."""
        ...


# What comes of it.


@dataclass
class Outcome(naive.Outcome):
    """What one instance did, with the notices in the feed and all who were touched in order."""

    feed_notices: dict[Account, int] = field(default_factory=dict)
    touched: dict[Account, None] = field(default_factory=dict)


class Move(NamedTuple):
    """An account joins or leaves the followers of ours."""

    time: float
    ours: Account
    account: Account
    joined: bool


class Sent(NamedTuple):
    """A pitch and how far it came."""

    time: float
    instance: Instance
    ours: Account
    account: Account
    opened: bool
    answered: bool
    covered: bool


@dataclass
class Results:
    """Everything a run yields; instances in order, moves and pitches as they happened.

    `originals` are in their order too; `outcomes` holds theirs after those of the scheduled ones.
    """

    outcomes: dict[Instance | Original, Outcome]
    moves: list[Move]
    pitches: list[Sent]
    reposts: list[int]
    originals: list[Original] = field(default_factory=list)
