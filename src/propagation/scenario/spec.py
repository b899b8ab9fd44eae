"""The scenario: one frozen object that holds everything a run depends on, defaults filled in."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from propagation.scenario.accounts import (
    Accounts,
    Column,
    Follows,
    FollowsFile,
    NetworkxGraph,
    OurAccount,
    Popularity,
    Segment,
    SegmentTraits,
    Spread,
)
from propagation.scenario.cross_checks import Finding, find_cross_problems
from propagation.scenario.fields import (
    AgentClass,
    FolderName,
    Horizon,
    Name,
    Part,
    Percent,
    PositivePercent,
    Seed,
    Share,
    SmallCount,
    Times,
    example,
    kind_of,
)
from propagation.scenario.messages import (
    MEASURED_DELAY,
    Delay,
    ExponentialDelay,
    FixedDelay,
    FractionThreshold,
    LognormalDelay,
    Message,
    NoticesThreshold,
    PowerDelay,
    Reinforced,
    Response,
    Threshold,
)
from propagation.scenario.resolving import complete_accounts, complete_segments

__all__ = [
    "MEASURED_DELAY",
    "METRICS",
    "Accounts",
    "Column",
    "Compare",
    "Delay",
    "ExponentialDelay",
    "FixedDelay",
    "Follows",
    "FollowsFile",
    "FractionThreshold",
    "LognormalDelay",
    "Message",
    "Metric",
    "NetworkxGraph",
    "NoticesThreshold",
    "OurAccount",
    "Popularity",
    "Post",
    "PowerDelay",
    "Precision",
    "Reinforced",
    "Response",
    "Scenario",
    "Segment",
    "SegmentTraits",
    "Spread",
    "Threshold",
]

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
]
METRICS: tuple[str, ...] = get_args(Metric)
"""Names of the metrics, as in output files; a scenario file may write blanks for underscores."""

DRAWS = 10


class Precision(Part):
    """Run until the compared metric's mean is known well enough in every strategy."""

    model_config = example({"within": "5%", "at most": 20000})

    within: Annotated[PositivePercent, Field(lt=1)] = Field(
        default=0.05,
        description="Half-width of the mean's 95% interval, as a share of the mean; above 0 and "
        "below 100%.",
    )
    at_most: SmallCount = Field(
        default=20_000, alias="at most", description="Largest number of replicates."
    )


class Post(Part):
    """One of our accounts posts a message, once or several times."""

    model_config = example({"post": "call", "by": "ceo", "at": ["0 h", "24 h"]})

    post: Name = Field(description="The message, by its name under `messages`.")
    by: Name = Field(description="The account that posts it, by its name under `ours`.")
    at: Times = Field(
        description="When, counted from the start: a duration with its unit or a list of them, "
        "before the horizon. Each time is a posting of its own."
    )


def _metric(value: object) -> object:
    return value.replace(" ", "_") if isinstance(value, str) else value


class Compare(Part):
    """What strategies are judged by."""

    model_config = example({"on": "relevant reach", "baseline": "large", "matters": "5%"})

    on: Annotated[Metric, BeforeValidator(_metric)] = Field(
        description="The metric that decides: " + ", ".join(METRICS).replace("_", " ") + "."
    )
    baseline: Name = Field(description="The strategy that the others are compared with.")
    matters: Percent = Field(
        default=0.05,
        description="Differences below this share of the baseline are called no practical "
        "difference; 0 to 100%.",
    )


Graph = Annotated[
    Annotated[NetworkxGraph, Tag("[NetworkxGraph]")] | Annotated[FollowsFile, Tag("[FollowsFile]")],
    Discriminator(kind_of(NetworkxGraph="networkx", FollowsFile="follows")),
]


class Scenario(Part):
    """A question put to the model: a world, our accounts, messages, and strategies to compare."""

    name: FolderName = Field(description="Name of the scenario and of its results folder.")
    question: Annotated[str, Field(min_length=1, max_length=10_000)] | None = Field(
        default=None, description="What the scenario is to answer; printed in the report."
    )
    seed: Seed = Field(
        default=1,
        description="All chance depends on this whole number: the same seed gives the same result.",
    )
    replicates: Annotated[
        Annotated[SmallCount, Tag("[plain]")] | Annotated[Precision, Tag("[Precision]")],
        Discriminator(kind_of(Precision="within")),
    ] = Field(
        default=Precision(),
        description="How many runs of each strategy: a number, or the precision to reach.",
    )
    horizon: Horizon = Field(
        default=168.0,
        description="How long a run lasts: a duration with its unit, or `none` for as long as "
        "anybody shares.",
    )
    relevant: Share = Field(
        default=0.5,
        description="An account counts as relevant if its interest in the topic is at least this; "
        "0 to 1.",
    )
    draws: SmallCount = Field(
        default_factory=lambda data: 1 if isinstance(data.get("graph"), FollowsFile) else DRAWS,
        description="Number of worlds drawn (graph, audiences, traits); the replicates take turns. "
        f"Default: {DRAWS}, and 1 with a file of follows.",
    )
    segments: Annotated[dict[Name, Segment], Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="The accounts of a drawn world, by segment; or give `graph`."
    )
    graph: Graph | None = Field(
        default=None,
        description="A real follower graph or a networkx generator, in place of `segments`.",
    )
    accounts: Accounts | None = Field(
        default=None, description="Segments and traits of the accounts of `graph`."
    )
    ours: Annotated[dict[Name, OurAccount], Field(min_length=1, max_length=1000)] = Field(
        description="The accounts the communicator speaks through, by name."
    )
    messages: Annotated[dict[Name, Message], Field(min_length=1, max_length=1000)] = Field(
        description="What is posted, by name."
    )
    strategies: Annotated[
        dict[Name, Annotated[tuple[Post, ...], Field(min_length=1, max_length=10_000)]],
        Field(min_length=1, max_length=1000),
    ] = Field(description="What to compare: for each strategy, by name, a list of posts.")
    compare: Compare = Field(description="What the strategies are judged by.")
    agents: AgentClass | None = Field(
        default=None,
        description="Your own behaviour: `file.py:Class`, a subclass of `Account`, relative to the "
        "scenario file. Default: the shipped rules.",
    )

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        if findings := find_cross_problems(as_written(self)):
            raise ConflictError(findings)
        topics = {message.topic for message in self.messages.values()}
        # A frozen object is completed once, here, before anybody else has seen it.
        if self.segments is not None:
            self.__dict__["segments"] = complete_segments(self.segments, topics)
        if self.accounts is not None:
            self.__dict__["accounts"] = complete_accounts(self.accounts, topics)
        return self


class ConflictError(ValueError):
    """Blocks of a scenario that do not fit together; ``findings`` lists them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(map(str, findings)))


def as_written(part: Part) -> dict[str, object]:
    """Return a part in the form it has in a file: units, keys with blanks, no empty keys."""
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)
