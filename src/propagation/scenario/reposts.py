"""When one of our accounts reposts what another one posts."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from propagation.problems import not_one_of
from propagation.scenario.costs import ActionCost
from propagation.scenario.fields import Hours, Name, Part, Percent, Share, example, kind_of
from propagation.scenario.units import found, shown


class ByChance(Part):
    """Repost with a probability: one throw for each message instance."""

    model_config = example({"chance": "30%"})

    chance: Percent = Field(description="Probability to repost.")


class WhenRelevant(Part):
    """Repost only what is relevant to those who follow the reposting account just then."""

    model_config = example({"relevant": 0.5})

    relevant: Share = Field(
        description="Lowest mean interest of its followers in the topic at which it does; 0 to 1."
    )


def _check_when(when: object) -> object:
    if isinstance(when, Mapping) and len({"chance", "relevant"} & set(when)) != 1:
        raise ValueError("a block must have exactly one of: chance, relevant")
    if isinstance(when, str) and when not in WHENS[:2]:
        raise ValueError(not_one_of(shown(when), WHENS))
    if not isinstance(when, str | Mapping | Part):
        raise ValueError(f"must be one of: {', '.join(WHENS)}; not {found(when)}")
    return when


WHENS = ("always", "never", "{chance: ...}", "{relevant: ...}")
When = Annotated[
    Annotated[Literal["always", "never"], Tag("[plain]")]
    | Annotated[ByChance, Tag("[ByChance]")]
    | Annotated[WhenRelevant, Tag("[WhenRelevant]")],
    Discriminator(kind_of(ByChance="chance", WhenRelevant="relevant")),
    BeforeValidator(_check_when),
]


class Repost(Part):
    """One of our accounts reposts what another one posts (posts, not reposts)."""

    model_config = example({"repost": "ceo", "by": "brand", "when": {"relevant": 0.5}})

    repost: Name = Field(
        description="The account whose posts are reposted, by its name under `ours`."
    )
    by: Name = Field(description="The account that reposts them, by its name under `ours`.")
    when: When = Field(
        default="always",
        description="`always`, `never`, with a chance, or when relevant to its own followers.",
    )
    after: Hours = Field(
        default=0.0, description="Time from post to repost, a duration with its unit."
    )
    cost: ActionCost = None
