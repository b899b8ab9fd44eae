"""The scenario: one frozen object that holds everything a run depends on, defaults filled in."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from propagation.scenario.accounts import (
    Accounts,
    FolderGraph,
    Follows,
    FollowsFile,
    GraphFile,
    NetworkxGraph,
    OurAccount,
    Popularity,
    Segment,
    SegmentTraits,
    graph_format,
)
from propagation.scenario.action_checks import DEFAULT_HORIZON
from propagation.scenario.actions import (
    Action,
    Blast,
    Boost,
    ByChance,
    Choice,
    Cost,
    Follow,
    FollowBack,
    NamedAccounts,
    Pitch,
    Post,
    Repost,
    Seed,
    WhenRelevant,
    messages_of,
    times_of,
)
from propagation.scenario.comparing import METRIC_MEANINGS, METRICS, Compare, Metric, Step
from propagation.scenario.cross_checks import find_cross_problems
from propagation.scenario.exploring import BreakEven, Exploring, Sweep, Uncertain
from propagation.scenario.exploring_checks import explores, exploring_problems
from propagation.scenario.fields import (
    AgentClass,
    FolderName,
    Horizon,
    Name,
    Part,
    PositivePercent,
    SeedNumber,
    Share,
    SmallCount,
    Text,
    check_block,
    example,
    kind_of,
)
from propagation.scenario.findings import Finding
from propagation.scenario.grown import GrownGraph, Growth
from propagation.scenario.messages import (
    MEASURED_DELAY,
    Delay,
    ExponentialDelay,
    FixedDelay,
    Following,
    FractionThreshold,
    LognormalDelay,
    LognormalResonance,
    Message,
    NoticesThreshold,
    ParetoResonance,
    PowerDelay,
    Reinforced,
    Response,
    Threshold,
)
from propagation.scenario.originals import Original
from propagation.scenario.resolving import complete_accounts, complete_segments
from propagation.scenario.schedules import Starts
from propagation.scenario.traits import Capacity, Column, Spread
from propagation.scenario.units import found

__all__ = [
    "MEASURED_DELAY",
    "METRICS",
    "METRIC_MEANINGS",
    "Accounts",
    "Action",
    "Blast",
    "Boost",
    "ByChance",
    "Capacity",
    "Choice",
    "Column",
    "Compare",
    "Cost",
    "Delay",
    "ExponentialDelay",
    "FixedDelay",
    "FolderGraph",
    "Follow",
    "FollowBack",
    "Following",
    "Follows",
    "FollowsFile",
    "FractionThreshold",
    "GraphFile",
    "GrownGraph",
    "Growth",
    "LognormalDelay",
    "LognormalResonance",
    "Message",
    "Metric",
    "NamedAccounts",
    "NetworkxGraph",
    "NoticesThreshold",
    "Original",
    "OurAccount",
    "ParetoResonance",
    "Pitch",
    "Popularity",
    "Post",
    "PowerDelay",
    "Precision",
    "Reinforced",
    "Repost",
    "Response",
    "Scenario",
    "Seed",
    "Segment",
    "SegmentTraits",
    "Spread",
    "Step",
    "Threshold",
    "WhenRelevant",
    "messages_of",
    "times_of",
]

DRAWS = 10


class Precision(Part):
    """Run until the compared metric's mean is known well enough in every strategy."""

    model_config = example({"within": "5%", "at most": 20000})

    within: PositivePercent = Field(
        default=0.05,
        description="Half-width of the mean's 95% interval, as a share of the mean; above 0 and "
        "up to 100%.",
    )
    at_most: SmallCount = Field(
        default=20_000, alias="at most", description="Largest number of replicates."
    )


def _check_graph(graph: object) -> object:
    check_block(graph)
    if not isinstance(graph, Mapping):
        return graph
    if not {"follows", "folder", "networkx", "grown"} & set(graph):
        raise ValueError(
            "must have 'follows' (a file), 'folder' (a graph folder), 'networkx' (a generator) or "
            "'grown' (by agents)"
        )
    if "folder" in graph or "grown" in graph:
        return graph
    columns = [key for key in ("follower", "followee") if key in graph]
    kind = _format_of(graph)
    if "networkx" not in graph and kind is not None and columns:
        raise ValueError(
            f"{found(graph['follows'])} is a graph file ({kind}), which has no columns: give "
            f"'arrows' in place of {' and '.join(map(repr, columns))} "
            "('follower to followee' or 'followee to follower'; nothing if it is undirected)"
        )
    if "networkx" not in graph and kind is None and "arrows" in graph:
        raise ValueError(
            f"{found(graph['follows'])} is read as a table of follows, which needs 'follower' and "
            "'followee', its two columns; 'arrows' is for .graphml, .gexf and .gml"
        )
    return graph


def _format_of(graph: Mapping[str, object]) -> str | None:
    follows = graph.get("follows")
    return graph_format(follows) if isinstance(follows, str) else None


def _kind_of_graph(graph: object) -> str:
    kind = kind_of(
        GrownGraph="grown", NetworkxGraph="networkx", FolderGraph="folder", FollowsFile="follows"
    )(graph)
    if kind == "[FollowsFile]" and isinstance(graph, Mapping) and _format_of(graph):
        return "[GraphFile]"
    return kind


Graph = Annotated[
    Annotated[NetworkxGraph, Tag("[NetworkxGraph]")]
    | Annotated[FollowsFile, Tag("[FollowsFile]")]
    | Annotated[GraphFile, Tag("[GraphFile]")]
    | Annotated[FolderGraph, Tag("[FolderGraph]")]
    | Annotated[GrownGraph, Tag("[GrownGraph]")],
    Discriminator(_kind_of_graph),
    BeforeValidator(_check_graph),
]


class Scenario(Part):
    """A question put to the model: a world, our accounts, messages, and strategies to compare."""

    model_config = example(
        {
            "name": "first steps",
            "segments": {
                "customers": {
                    "accounts": 2000,
                    "attention": 0.2,
                    "interest": {"news": 0.3},
                    "follows": {"mean": 20},
                }
            },
            "ours": {
                "small": {"followers": {"customers": 100}},
                "large": {"followers": {"customers": 1000}},
            },
            "messages": {"launch": {"topic": "news", "resonance": 0.1}},
            "strategies": {
                "through the small one": [{"post": "launch", "by": "small", "at": "0 h"}],
                "through the large one": [{"post": "launch", "by": "large", "at": "0 h"}],
            },
            "compare": {"on": "reach", "baseline": "through the small one"},
        }
    )

    name: FolderName = Field(description="Name of the scenario and of its results folder.")
    question: Annotated[str, Field(min_length=1, max_length=10_000)] | None = Field(
        default=None, description="What the scenario is to answer; printed in the report."
    )
    seed: SeedNumber = Field(
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
        default=DEFAULT_HORIZON,
        description="How long a run lasts: a duration with its unit, or `none` for as long as "
        "anybody shares.",
    )
    starts: Starts | None = Field(
        default=None,
        description="The moment at which time is 0, with a time zone, such as "
        "`2026-01-05 9:00 Europe/Zurich`; needed where an action is scheduled by the clock.",
    )
    relevant: Share = Field(
        default=0.5,
        description="An account counts as relevant if its interest in the topic is at least this; "
        "0 to 1.",
    )
    draws: SmallCount = Field(
        default=DRAWS,
        description="Number of worlds drawn (graph, audiences, traits); the replicates take turns. "
        f"Default: {DRAWS}, and 1 with a file of follows.",
    )
    segments: Annotated[dict[Name, Segment], Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="The accounts of a drawn or grown world, by segment; or give `graph`.",
    )
    graph: Graph | None = Field(
        default=None,
        description="A real follower graph or a networkx generator, in place of `segments`; or how "
        "the graph of the segments' accounts grows.",
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
    following: Following | None = Field(
        default=None,
        description="How our accounts gain and lose followers during a run. Default: they keep "
        "those they have, but for who follows back.",
    )
    originals: Annotated[dict[Name, Original], Field(min_length=1, max_length=1000)] | None = Field(
        default=None,
        description="By topic, how those who notice it post messages of their own. Default: nobody "
        "does.",
    )
    strategies: Annotated[
        dict[Name, Annotated[tuple[Action, ...], Field(max_length=10_000)]],
        Field(min_length=1, max_length=1000),
    ] = Field(
        description="What to compare: for each strategy, by name, a list of actions; an empty "
        "list does nothing."
    )
    shuffled: Annotated[tuple[Name, ...], Field(max_length=1000)] = Field(
        default=(),
        description="Strategies that run in the shuffled world, as a control: every account trades "
        "places in the graph with one of as many followers, and keeps its segment and traits.",
    )
    compare: Compare = Field(description="What the strategies are judged by.")
    steps: Annotated[tuple[Step, ...], Field(max_length=50)] = Field(
        default=(), description="Further comparisons, in the order in which the report tells them."
    )
    sweep: Sweep | None = Field(
        default=None, description="Two strategies compared at many values of some inputs."
    )
    break_even: BreakEven | None = Field(
        default=None,
        alias="break even",
        description="The value of an input at which two strategies tie.",
    )
    uncertain: Uncertain | None = Field(
        default=None,
        description="The inputs that nobody knows, each by its path with the range it may lie in. "
        "Every verdict tells the range over them first. Default: the inputs are as written.",
    )
    exploring: Exploring | None = Field(
        default=None,
        description="How the uncertain inputs are spread over. Default: as its keys say.",
    )
    sources: Annotated[dict[Name, Text], Field(max_length=200)] = Field(
        default_factory=dict,
        description="Where the assumptions come from: for each, by a name, a sentence with its "
        "source; printed in the report.",
    )
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
            grown = isinstance(self.graph, GrownGraph)
            self.__dict__["segments"] = complete_segments(self.segments, topics, grown=grown)
        is_real = isinstance(self.graph, FollowsFile | GraphFile | FolderGraph)
        if "draws" not in self.model_fields_set and is_real:
            self.__dict__["draws"] = 1
        if self.accounts is not None:
            self.__dict__["accounts"] = complete_accounts(self.accounts, topics)
        if explores(self) and (findings := list(exploring_problems(self))):
            raise ConflictError(findings)
        return self


class ConflictError(ValueError):
    """Blocks of a scenario that do not fit together; ``findings`` lists them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(map(str, findings)))


def as_written(part: Part) -> dict[str, object]:
    """Return a part in the form it has in a file: units, keys with blanks, no empty keys."""
    written = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {key: value for key, value in written.items() if value not in ([], {})}
