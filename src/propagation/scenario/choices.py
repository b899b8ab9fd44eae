"""Whom an action is for: accounts chosen by a rule, or by name."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from propagation.scenario.fields import (
    Label,
    Name,
    Part,
    PositiveCount,
    check_block,
    example,
    kind_of,
)

Order = Literal["random", "most followers", "k-core", "pagerank", "acquaintance", "most interested"]


class Choice(Part):
    """Accounts chosen by a rule: the first so many in an order of a segment's accounts."""

    model_config = example({"choose": 20, "of": "journalists", "by": "most interested"})

    choose: PositiveCount = Field(description="How many accounts; ours are never among them.")
    of: Name | None = Field(
        default=None, description="The segment to choose from. Default: all accounts."
    )
    by: Order = Field(
        default="random",
        description="The order: `random` (drawn anew in each run), `most followers`, `k-core` "
        "(core number), `pagerank`, `acquaintance` (accounts that random ones follow) or "
        "`most interested` (in the topic).",
    )

    @property
    def count(self) -> int:
        """Number of accounts."""
        return self.choose


class NamedAccounts(Part):
    """Accounts chosen by name."""

    model_config = example({"named": ["journalists 0", "journalists 7"]})

    named: Annotated[tuple[Label, ...], Field(min_length=1, max_length=10_000)] = Field(
        description="Ids of accounts of the graph; in a drawn world the name of the segment and a "
        "number from 0, such as `journalists 0`."
    )

    @property
    def count(self) -> int:
        """Number of accounts."""
        return len(self.named)


def _check_to(to: object) -> object:
    check_block(to)
    if isinstance(to, Mapping) and len({"choose", "named"} & set(to)) != 1:
        raise ValueError("must have exactly one of: choose, named")
    return to


To = Annotated[
    Annotated[Choice, Tag("[Choice]")] | Annotated[NamedAccounts, Tag("[NamedAccounts]")],
    Discriminator(kind_of(NamedAccounts="named", Choice="choose")),
    BeforeValidator(_check_to),
]
