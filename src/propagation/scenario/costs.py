"""What an action costs."""

from typing import Annotated

from pydantic import Field

from propagation.scenario.fields import Amount, Money, Part, example


class Cost(Part):
    """What an action costs, in any unit of money, the same for all costs of a scenario."""

    model_config = example({"fixed": 500, "each time": 20, "per hour": 80, "hours": 1.5})

    fixed: Money = Field(default=0.0, description="Due once, if the action is in the strategy.")
    each: Money = Field(
        default=0.0, alias="each time", description="Due each time the action happens."
    )
    per_contact: Money = Field(
        default=0.0,
        alias="per contact",
        description="Due for each pitch sent, account seeded or account followed.",
    )
    per_thousand_impressions: Money = Field(
        default=0.0,
        alias="per thousand impressions",
        description="Due for a thousand impressions of a boost.",
    )
    per_hour: Money = Field(
        default=0.0, alias="per hour", description="Due for an hour of staff; needs `hours`."
    )
    hours: Amount = Field(
        default=0.0,
        description="Hours of staff that the action takes each time it happens, a plain number.",
    )


ActionCost = Annotated[Cost | None, Field(description="What it costs. Default: nothing.")]
