"""What we do: posts, reposts, pitches, blasts, seeds, boosts and follows, and what they cost."""

import difflib
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from propagation.problems import not_one_of
from propagation.scenario.choices import Choice, NamedAccounts, To
from propagation.scenario.costs import ActionCost, Cost
from propagation.scenario.fields import (
    Amount,
    Name,
    Part,
    Percent,
    PositiveAmount,
    PositiveCount,
    Times,
    check_block,
    example,
    kind_of,
)
from propagation.scenario.messages import Delay
from propagation.scenario.reposts import ByChance, Repost, WhenRelevant
from propagation.scenario.schedules import (
    At,
    Every,
    Lasting,
    Since,
    occurrences,
    read_every,
    read_starts,
)
from propagation.scenario.units import shown

__all__ = [
    "ACTIONS",
    "Action",
    "Blast",
    "Boost",
    "ByChance",
    "Choice",
    "Cost",
    "Follow",
    "FollowBack",
    "NamedAccounts",
    "Pitch",
    "Post",
    "Repost",
    "Seed",
    "Timed",
    "WhenRelevant",
    "messages_of",
    "times_of",
]


class FollowBack(Part):
    """Chances to be followed back that depend on whether the account has noticed us."""

    model_config = example({"noticed": "30%", "otherwise": "5%"})

    noticed: Percent = Field(
        description="Chance if it has noticed anything that is credited to our account and cares "
        "fully; it is multiplied by the interest."
    )
    otherwise: Percent = Field(description="The same if it has noticed nothing of ours.")


def _by_name(mix: dict[str, float]) -> dict[str, float]:
    """Put a mix in the order of its names, so that the order of lines changes no result."""
    return dict(sorted(mix.items()))


Back = Annotated[
    Annotated[Percent, Tag("[plain]")] | Annotated[FollowBack, Tag("[FollowBack]")],
    Discriminator(kind_of(FollowBack="noticed")),
]
MessageOrMix = Annotated[
    Annotated[Name, Tag("[plain]")]
    | Annotated[
        dict[Name, PositiveAmount],
        Field(min_length=1, max_length=1000),
        AfterValidator(_by_name),
        Tag("[mix]"),
    ],
    Discriminator(kind_of(mix="")),
]
Opens = Annotated[Percent, Field(description="Chance that a willing recipient opens it.")]
Answers = Annotated[
    Percent,
    Field(
        description="Chance that one who opened it and cares fully answers; it is multiplied by "
        "the interest."
    ),
]
Covers = Annotated[
    Percent,
    Field(
        description="Chance that one who answered covers it: a share to the recipient's followers."
    ),
]
Wears = Annotated[
    Percent,
    Field(
        description="Share of the willingness to open what the same account sends next that an "
        "irrelevant one costs."
    ),
]
After = Annotated[
    Delay,
    Field(description="Time until it is covered: `none`, or a law as for a message's delay."),
]


class Post(Part):
    """One of our accounts posts a message, once, several times or on a schedule."""

    model_config = example(
        {"post": "call", "by": "ceo", "every": "weekday at 9:00", "for": "6 weeks"}
    )

    post: MessageOrMix = Field(
        description="The message, by its name under `messages`; or a mix of several with their "
        "weights, such as `{essay: 3, joke: 1}`, of which one is posted each time."
    )
    by: Name = Field(description="The account that posts it, by its name under `ours`.")
    credit: Name | None = Field(
        default=None,
        description="For a guest post, the account of `ours` that is followed by those who want "
        "more of it. Default: the account that posts.",
    )
    at: At = None
    every: Every = None
    lasting: Lasting = None
    since: Since = None
    cost: ActionCost = None


class Pitch(Part):
    """One of our accounts offers a message to chosen accounts, who may cover it."""

    model_config = example(
        {
            "pitch": "study",
            "by": "brand",
            "to": {"choose": 20, "of": "journalists", "by": "most interested"},
            "at": "1 day",
            "opens": "45%",
            "answers": "8%",
            "covers": "50%",
            "personal": 2,
            "wears": "10%",
            "after": {"law": "exponential", "mean": "2 days"},
            "cost": {"per contact": 40},
        }
    )

    pitch: Name = Field(description="The message, by its name under `messages`.")
    by: Name = Field(description="The account that pitches it, by its name under `ours`.")
    to: To = Field(description="The accounts it is pitched to, one pitch to each of them.")
    at: At = None
    every: Every = None
    lasting: Lasting = None
    since: Since = None
    opens: Opens
    answers: Answers
    covers: Covers
    personal: Amount = Field(
        default=1.0, description="Factor on the chance of an answer if the pitch is personal."
    )
    wears: Wears = 0.0
    after: After = "none"
    cost: ActionCost = None


class Blast(Part):
    """One of our accounts sends a message to many, none of them addressed in person."""

    model_config = example(
        {
            "blast": "study",
            "by": "brand",
            "to": {"choose": 5000, "of": "journalists"},
            "at": "1 day",
            "opens": "20%",
            "answers": "3%",
            "covers": "50%",
            "wears": "10%",
            "cost": {"fixed": 300, "per contact": 0.05},
        }
    )

    blast: Name = Field(description="The message, by its name under `messages`.")
    by: Name = Field(description="The account that sends it, by its name under `ours`.")
    to: To = Field(description="The accounts it is sent to.")
    at: At = None
    every: Every = None
    lasting: Lasting = None
    since: Since = None
    opens: Opens
    answers: Answers
    covers: Covers
    wears: Wears = 0.0
    after: After = "none"
    cost: ActionCost = None


class Seed(Part):
    """Chosen accounts, not ours, share a message because we ask them to."""

    model_config = example(
        {
            "seed": "call",
            "to": {"choose": 10, "by": "pagerank"},
            "at": "0 h",
            "cost": {"per contact": 150},
        }
    )

    seed: Name = Field(description="The message, by its name under `messages`.")
    to: To = Field(description="The accounts that share it.")
    at: At = None
    every: Every = None
    lasting: Lasting = None
    since: Since = None
    cost: ActionCost = None


class Boost(Part):
    """Paid impressions, shown to accounts of a segment whomever they follow."""

    model_config = example(
        {
            "boost": "call",
            "by": "brand",
            "to": "public",
            "impressions": 20000,
            "per hour": 500,
            "at": "2 h",
            "cost": {"per thousand impressions": 8},
        }
    )

    boost: Name = Field(description="The message, by its name under `messages`.")
    by: Name = Field(description="The account that pays for it, by its name under `ours`.")
    to: Name = Field(
        description="The segment whose accounts it is shown to; each impression goes to one of "
        "them, drawn anew. In a graph without segments: `everybody`."
    )
    impressions: PositiveCount = Field(description="How many impressions are bought each time.")
    per_hour: PositiveAmount = Field(
        alias="per hour", description="How many of them are shown in an hour."
    )
    at: At = None
    every: Every = None
    lasting: Lasting = None
    since: Since = None
    cost: ActionCost = None


class Follow(Part):
    """One of our accounts follows chosen accounts, who may follow back."""

    model_config = example(
        {
            "follow": {"choose": 300, "of": "activists", "by": "most interested"},
            "by": "ceo",
            "topic": "protest",
            "per day": 20,
            "back": {"noticed": "30%", "otherwise": "5%"},
            "at": "0 h",
            "cost": {"per hour": 60, "hours": 5},
        }
    )

    follow: To = Field(description="The accounts that are followed, one after the other.")
    by: Name = Field(description="The account that follows them, by its name under `ours`.")
    topic: Name = Field(
        description="What our account is about: who is interested in it follows back."
    )
    per_day: PositiveAmount = Field(
        alias="per day", description="How many accounts are followed in a day."
    )
    back: Back = Field(
        description="Chance that one who cares fully follows back; it is multiplied by the "
        "interest. One number, or two that depend on having noticed us."
    )
    at: Times = Field(
        description="When the first one is followed, counted from the start: a duration with its "
        "unit, before the horizon; or a list, each time with the same accounts, of which those "
        "followed already are not followed again."
    )
    cost: ActionCost = None


ACTIONS = ("post", "repost", "pitch", "blast", "seed", "boost", "follow")
"""The keys that say what an item of a strategy is."""


def _check_action(action: object) -> object:
    check_block(action)
    if not isinstance(action, Mapping):
        return action
    named = [key for key in ACTIONS if key in action]
    if len(named) > 1:
        raise ValueError(
            f"names {len(named)} actions ({', '.join(named)}): write each as an item of its own"
        )
    if not named:
        for key in map(str, action):
            if difflib.get_close_matches(key, ACTIONS, n=1):
                raise ValueError(not_one_of(shown(key), ACTIONS))
        raise ValueError(f"does not say what is done: it needs one of {', '.join(ACTIONS)}")
    return action


Action = Annotated[
    Annotated[Post, Tag("[Post]")]
    | Annotated[Repost, Tag("[Repost]")]
    | Annotated[Pitch, Tag("[Pitch]")]
    | Annotated[Blast, Tag("[Blast]")]
    | Annotated[Seed, Tag("[Seed]")]
    | Annotated[Boost, Tag("[Boost]")]
    | Annotated[Follow, Tag("[Follow]")],
    Discriminator(
        kind_of(
            Post="post",
            Repost="repost",
            Pitch="pitch",
            Blast="blast",
            Seed="seed",
            Boost="boost",
            Follow="follow",
        )
    ),
    BeforeValidator(_check_action),
]
Timed: TypeAlias = Post | Pitch | Blast | Seed | Boost | Follow
"""Actions that happen at times; a repost happens when something is posted."""


def messages_of(action: Timed | Repost) -> tuple[str, ...]:
    """Return the names of the messages that an action is about; none of a repost or a follow."""
    match action:
        case Post():
            return (action.post,) if isinstance(action.post, str) else tuple(action.post)
        case Pitch():
            return (action.pitch,)
        case Blast():
            return (action.blast,)
        case Seed():
            return (action.seed,)
        case Boost():
            return (action.boost,)
    return ()


def recipients_of(action: Timed | Repost) -> Choice | NamedAccounts | None:
    """Return the accounts that an action is for, if it is for accounts that are chosen or named."""
    match action:
        case Pitch() | Blast() | Seed():
            return action.to
        case Follow():
            return action.follow
    return None


def times_of(action: Timed, starts: str | None = None) -> tuple[float, ...]:
    """Return the times at which an action happens, in hours and in order."""
    if isinstance(action, Follow) or action.at is not None:
        return action.at or ()
    if action.every is None or action.lasting is None:
        raise ValueError("an action needs 'at', or 'every' with 'for'")
    moment = None if starts is None else read_starts(starts)
    since = action.since or 0.0
    return tuple(occurrences(read_every(action.every), action.lasting, since, moment))
