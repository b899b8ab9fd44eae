"""What strategies are judged by: the metrics, the comparison, and the steps of an argument."""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from propagation.scenario.fields import (
    Name,
    Part,
    Percent,
    PositiveAmount,
    PositiveMoney,
    Text,
    example,
)

Metric = Literal[
    "reach",
    "relevant_reach",
    "valued_reach",
    "impressions",
    "wasted",
    "shares",
    "time_to_half",
    "peak_hourly_shares",
    "doubling_time",
    "largest_cascade",
    "depth",
    "structural_virality",
    "originals",
    "followers_gained",
    "followers_lost",
    "pitches_sent",
    "pitches_opened",
    "pitches_answered",
    "pitches_covered",
    "coverage_reach",
    "cost",
    "cost_per_reach",
    "cost_per_relevant_reach",
    "cost_per_valued_reach",
]
METRIC_MEANINGS: dict[Metric, str] = {
    "reach": "accounts that noticed a message, each counted once",
    "relevant_reach": "accounts among them to whom it is relevant",
    "valued_reach": "value x interest, added up over the accounts reached",
    "impressions": "notices, repeated ones included",
    "wasted": "notices that led to no share",
    "shares": "shares by others than our own accounts",
    "time_to_half": "hours from the first post to half of the shares",
    "peak_hourly_shares": "most shares in one hour",
    "doubling_time": "mean hours in which shares double, until half of them have happened",
    "largest_cascade": "posts and shares in the largest tree of shares",
    "depth": "longest chain of shares from a post",
    "structural_virality": "mean distance between two accounts of one tree of shares",
    "originals": "messages that others than our own accounts wrote and posted themselves",
    "followers_gained": "times that an account began to follow one of ours",
    "followers_lost": "times that a follower left one of our accounts",
    "pitches_sent": "pitches and blasts, one for each recipient and time",
    "pitches_opened": "pitches that their recipients opened",
    "pitches_answered": "pitches that were answered",
    "pitches_covered": "pitches whose recipients decided to cover the message",
    "coverage_reach": "accounts that first noticed a message through coverage, each counted once",
    "cost": "what the strategy costs, in the money that the scenario gives costs in",
    "cost_per_reach": "cost divided by reach, in that money for each account reached",
    "cost_per_relevant_reach": "cost divided by relevant reach, for each relevant account reached",
    "cost_per_valued_reach": "cost divided by valued reach, for each unit of it",
}
ALL_METRICS: tuple[Metric, ...] = get_args(Metric)
"""Names of the metrics, as in output files; a scenario file may write blanks for underscores."""
METRICS = ALL_METRICS[: ALL_METRICS.index("originals")]
"""Those that every run has; `scenario.metrics` says who has the others."""
ORIGINALS: tuple[Metric, ...] = ("originals",)
MOVING: tuple[Metric, ...] = ("followers_gained", "followers_lost")
FUNNEL: tuple[Metric, ...] = (
    "pitches_sent",
    "pitches_opened",
    "pitches_answered",
    "pitches_covered",
    "coverage_reach",
)
COST_PER: dict[Metric, Metric] = {
    "cost_per_reach": "reach",
    "cost_per_relevant_reach": "relevant_reach",
    "cost_per_valued_reach": "valued_reach",
}
"""Metrics that divide the cost, and what each divides it by."""

_SPELLINGS = [
    *dict.fromkeys(name for metric in ALL_METRICS for name in (metric.replace("_", " "), metric))
]


def _metric(value: object) -> object:
    return value.replace(" ", "_") if isinstance(value, str) else value


MetricName = Annotated[Metric, BeforeValidator(_metric), WithJsonSchema({"enum": _SPELLINGS})]


class Compare(Part):
    """What strategies are judged by."""

    model_config = example({"on": "relevant reach", "baseline": "large", "matters": "5%"})

    on: MetricName = Field(
        description="The metric that decides; its name may be written with blanks or underscores."
    )
    baseline: Name = Field(description="The strategy that the others are compared with.")
    matters: Percent = Field(
        default=0.05,
        description="Differences below this share of the baseline are called no practical "
        "difference; 0 to 100%.",
    )
    strategies: Annotated[tuple[Name, ...], Field(min_length=1, max_length=1000)] | None = Field(
        default=None,
        description="The strategies that the verdict compares with the baseline. Default: all. "
        "Others run as well and can stand in `steps`.",
    )
    at_least: Annotated[tuple[PositiveAmount, ...], Field(min_length=1, max_length=10)] | None = (
        Field(
            default=None,
            alias="at least",
            description="Levels of the metric for which the chance to get there is told. "
            "Default: two round ones, near the median and the best tenth of all runs.",
        )
    )
    at_equal: Literal["cost"] | None = Field(
        default=None,
        alias="at equal",
        description="`cost` scales the strategies to one budget before they run. Default: "
        "strategies run as written.",
    )
    budget: PositiveMoney | None = Field(
        default=None,
        description="With `at equal`, the budget, in the unit of the costs. Default: the smallest "
        "cost of a strategy compared.",
    )


class Step(Part):
    """One step of an argument: further comparisons, told after the verdict."""

    model_config = example(
        {
            "title": "How much is relevance?",
            "on": "reach",
            "against": {"through the large one": "through the small one"},
        }
    )

    title: Text = Field(description="What the step shows, as a heading or a question.")
    text: Text | None = Field(default=None, description="What the reader should know before.")
    on: MetricName | None = Field(
        default=None, description="The metric compared. Default: that of `compare`."
    )
    against: Annotated[dict[Name, Name], Field(min_length=1, max_length=100)] = Field(
        description="Strategies, each with the one it is compared with."
    )
    worth: Annotated[dict[Name, PositiveAmount], Field(min_length=1, max_length=100)] | None = (
        Field(
            default=None,
            description="By segment, a factor on the value of its accounts; for `valued reach`. "
            "Default: values as they are.",
        )
    )
