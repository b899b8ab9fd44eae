"""How a trait of accounts is given: a number, a mean and spread, or a column of a table."""

import math
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag

from propagation.scenario.fields import (
    Amount,
    Part,
    PositiveAmount,
    PositiveQuantity,
    Share,
    Text,
    example,
    kind_of,
)


class Spread(Part):
    """A trait that differs between accounts: drawn by its mean and its standard deviation.

    Traits between 0 and 1 follow a Beta distribution, values and thresholds a lognormal one.
    """

    model_config = example({"mean": 0.2, "spread": 0.1})

    mean: PositiveQuantity = Field(description="Mean over the accounts of the segment.")
    spread: PositiveQuantity = Field(
        description="Standard deviation over the accounts. For a trait between 0 and 1 its square "
        "must lie below mean x (1 - mean). For no spread write the plain number instead."
    )


class Column(Part):
    """A trait taken from a column of the table of accounts, or from a graph file's nodes."""

    model_config = example({"column": "attention"})

    column: Text = Field(
        description="Name of the column in the table of accounts; without a table, of the "
        "attribute of the nodes of a graph file (GraphML, GEXF, GML)."
    )


class Capacity(Part):
    """Attention that is limited: the more lands in an account's feed, the less each is noticed.

    One share is noticed with probability capacity / (capacity + per followee x followees + what
    the scenario's own messages put into the feed of late); exactly: `docs/campaigns.md`.
    """

    model_config = example({"capacity": 50, "per followee": 2})

    capacity: PositiveAmount = Field(
        description="How many posts a day the account can take in: with as many in its feed half "
        "of them are noticed."
    )
    per_followee: Amount = Field(
        alias="per followee",
        description="How many posts a day each account that it follows puts into its feed.",
    )


def _check_spread(
    trait: float | Spread | Column | Capacity,
) -> float | Spread | Column | Capacity:
    if isinstance(trait, Spread) and not trait.spread**2 < trait.mean * (1 - trait.mean):
        highest = math.sqrt(max(0.0, trait.mean * (1 - trait.mean)))
        limit = f"the spread must be below {highest:.4g}" if highest else "the mean must be below 1"
        raise ValueError(
            f"a trait between 0 and 1 cannot have mean {trait.mean:g} and spread "
            f"{trait.spread:g}: {limit}"
        )
    return trait


_PlainShare = Annotated[Share, Tag("[plain]")]
_PlainAmount = Annotated[Amount, Tag("[plain]")]
_PlainPositive = Annotated[PositiveAmount, Tag("[plain]")]
_Spread = Annotated[Spread, Tag("[Spread]")]
_Column = Annotated[Column, Tag("[Column]")]
_SPREAD = Discriminator(kind_of(Spread="mean"))
_Capacity = Annotated[Capacity, Tag("[Capacity]")]
_CAPACITY_OR_SPREAD = Discriminator(kind_of(Capacity="capacity", Spread="mean"))
_ANY = Discriminator(kind_of(Capacity="capacity", Column="column", Spread="mean"))
_COLUMN_OR_SPREAD = Discriminator(kind_of(Column="column", Spread="mean"))

ShareTrait = Annotated[_PlainShare | _Spread, _SPREAD, AfterValidator(_check_spread)]
AttentionTrait = Annotated[
    _PlainShare | _Spread | _Capacity, _CAPACITY_OR_SPREAD, AfterValidator(_check_spread)
]
AmountTrait = Annotated[_PlainAmount | _Spread, _SPREAD]
ThresholdTrait = Annotated[_PlainPositive | _Spread, _SPREAD]
ShareSource = Annotated[
    _PlainShare | _Spread | _Column, _COLUMN_OR_SPREAD, AfterValidator(_check_spread)
]
AttentionSource = Annotated[
    _PlainShare | _Spread | _Column | _Capacity, _ANY, AfterValidator(_check_spread)
]
AmountSource = Annotated[_PlainAmount | _Spread | _Column, _COLUMN_OR_SPREAD]
ThresholdSource = Annotated[_PlainPositive | _Spread | _Column, _COLUMN_OR_SPREAD]
