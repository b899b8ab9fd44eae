"""The world of a scenario: who is there, what they care about, and who follows whom."""

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from propagation.scenario.fields import (
    Amount,
    Count,
    GraphChecksum,
    Hours,
    Label,
    Name,
    Part,
    Percent,
    PositiveAmount,
    PositiveCount,
    Sha256,
    Share,
    Text,
    example,
)
from propagation.scenario.traits import (
    AmountSource,
    AmountTrait,
    AttentionSource,
    AttentionTrait,
    ShareSource,
    ShareTrait,
    ThresholdSource,
    ThresholdTrait,
)
from propagation.scenario.units import found

ROUNDING = 1e-6
"""Shares written with rounded digits may miss 100% by this much."""


_ATTENTION = (
    "Probability that an account notices a message that appears in its feed, once for each "
    "account it follows that shares it"
)
_VALUE = "What it is worth to the communicator to be noticed by such an account, in any unit"
_INTEREST = (
    "Interest in each topic, 0 to 1: how relevant a message on the topic is to such an account. "
    "A topic left out is an error; `other` sets all topics not listed"
)
_THRESHOLD = (
    "The account's own threshold, needed where a message responds to `own` thresholds: a number "
    "of notices (1 or more), or a fraction of the followed accounts (up to 1)"
)


def _check_sum(shares: dict[str, float]) -> dict[str, float]:
    total = math.fsum(shares.values())
    if abs(total - 1) > ROUNDING:
        raise ValueError(f"the shares sum to {100 * total:.6g}%, not to 100%")
    return shares


class Follows(Part):
    """How many accounts the members of a segment follow, and in which segments."""

    model_config = example({"mean": 40, "to": {"activists": "60%", "public": "40%"}})

    mean: Amount = Field(description="Mean number of accounts that a member follows.")
    to: Annotated[dict[Name, Percent], AfterValidator(_check_sum)] = Field(
        default_factory=dict,
        description="Share of these follows that goes to each segment; the shares sum to 100%. "
        "Default: in proportion to the numbers of accounts in the segments.",
    )


class Popularity(Part):
    """Few accounts are followed by many: a heavy tail of follower counts."""

    model_config = example({"tail": 2.3, "at most": 5000})

    tail: Annotated[PositiveAmount, Field(gt=2, le=100)] = Field(
        description="Exponent of the tail, above 2: the number of accounts with k followers falls "
        "as k to the power of minus this. Smaller means more unequal; 2.3 is typical."
    )
    at_most: PositiveCount = Field(
        alias="at most", description="Largest number of followers an account can have."
    )


class Segment(Part):
    """A group of accounts alike in what they care about and whom they follow."""

    model_config = example(
        {
            "accounts": 3000,
            "attention": 0.2,
            "interest": {"protest": 0.8},
            "follows": {"mean": 40, "to": {"activists": "60%", "public": "40%"}},
            "popularity": {"tail": 2.3, "at most": 5000},
            "reciprocity": "22%",
            "clustering": 0.1,
        }
    )

    accounts: PositiveCount = Field(description="Number of accounts in the segment.")
    attention: AttentionTrait = Field(
        description=f"{_ATTENTION}; 0 to 1, a mean and spread, or a capacity."
    )
    value: AmountTrait = Field(default=1.0, description=f"{_VALUE}; 0 or more.")
    threshold: ThresholdTrait | None = Field(default=None, description=f"{_THRESHOLD}.")
    interest: dict[Name, ShareTrait] = Field(description=f"{_INTEREST}.")
    follows: Follows | None = Field(
        default=None,
        description="How many accounts its members follow, and where. Needed, unless the graph is "
        "grown. Default: as it grows.",
    )
    popularity: Popularity | None = Field(
        default=None,
        description="How unequally the follows that reach this segment are spread over its "
        "members. Default: every member is equally likely to be followed.",
    )
    reciprocity: Percent | None = Field(
        default=None,
        description="Share of the follows inside the segment that are returned. "
        "Default: as chance makes it.",
    )
    clustering: Share | None = Field(
        default=None,
        description="How often two accounts connected to the same member are connected "
        "themselves, 0 to 1 (exactly: `docs/drawn-graphs.md`). Default: 0, as chance makes it; in "
        "a grown graph as it grows.",
    )

    @property
    def drawn_follows(self) -> Follows:
        """How its members follow in a graph that is drawn, not grown."""
        if self.follows is None:
            raise ValueError("the follows of a grown graph are not drawn")
        return self.follows


def _text_or_number(value: object) -> str:
    return "[text]" if isinstance(value, str) else "[number]"


ColumnPlace = Annotated[
    Annotated[PositiveCount, Tag("[number]")] | Annotated[Text, Tag("[text]")],
    Discriminator(_text_or_number),
]


Ids = Annotated[
    Literal["text", "integer"] | None,
    Field(description="Whether account ids are text or integers. Default: integers if all are."),
]
FileChecksum = Annotated[
    Sha256 | None,
    Field(
        description="Checksum of the file; if given, a file with another content is refused. "
        "Default: not checked."
    ),
]
GRAPH_FORMATS = {".graphml": "GraphML", ".gexf": "GEXF", ".gml": "GML"}
"""Endings of files that hold a graph, not a table of follows; each may be followed by ``.gz``."""
Arrows = Literal["follower to followee", "followee to follower"]


def graph_format(path: str) -> str | None:
    """Return which kind of graph file this is by its name; None for a table of follows."""
    name = path.lower().removesuffix(".gz")
    return next((kind for ending, kind in GRAPH_FORMATS.items() if name.endswith(ending)), None)


class FollowsFile(Part):
    """A real follower graph, read from a table of follows (CSV, TSV, blanks, gzip, Parquet)."""

    model_config = example({"follows": "follows.csv.gz", "follower": "src", "followee": "dst"})

    follows: Text = Field(description="Path of the file, relative to the scenario file.")
    follower: ColumnPlace = Field(
        description="Column of the account that follows: its name, or its number from 1 in a file "
        "without header.",
    )
    followee: ColumnPlace = Field(
        description="Column of the account that is followed: its name, or its number from 1. "
        "A message travels from followee to follower.",
    )
    ids: Ids = None
    sha256: FileChecksum = None


class GraphFile(Part):
    """A real follower graph, read from a graph file: GraphML, GEXF or GML, gzip or not.

    Without a table, `accounts` may name attributes of its nodes as columns.
    """

    model_config = example({"follows": "net.graphml", "arrows": "follower to followee"})

    follows: Annotated[
        Text,
        WithJsonSchema(
            {
                "type": "string",
                "maxLength": 1000,
                "pattern": r"\.([Gg][Rr][Aa][Pp][Hh][Mm][Ll]|[Gg][Ee][Xx][Ff]|[Gg][Mm][Ll])"
                r"(\.[Gg][Zz])?$",
            }
        ),
    ] = Field(
        description="Path of the file, relative to the scenario file: `.graphml`, `.gexf` or "
        "`.gml`, or one of these with `.gz`. Accounts are called by their node's id, in GML by its "
        "label."
    )
    arrows: Arrows | None = Field(
        default=None,
        description="What an arrow of a directed graph means; must be given for a directed graph "
        "and left out for an undirected one, where every edge is a follow both ways. A message "
        "travels from followee to follower.",
    )
    ids: Ids = None
    sha256: FileChecksum = None


class FolderGraph(Part):
    """A real follower graph, imported once by `propagation graph import`.

    It is the graph of the file that it was imported from, and gives the same results.
    """

    model_config = example({"folder": "graphs/follows"})

    folder: Text = Field(
        description="Path of the graph folder, relative to the scenario file. Accounts are called "
        "by the ids they have in the file, or by their numbers from 0 if the graph has no ids."
    )
    checksum: GraphChecksum | None = Field(
        default=None,
        description="Checksum of the folder, as `propagation graph show` prints it; if given, a "
        "folder with another content is refused. Default: not checked.",
    )


_Scalar = bool | int | float | str
_List = tuple[_Scalar, ...]


def _check_argument(value: object, depth: int = 0) -> object:
    if isinstance(value, list | tuple) and depth < 2:
        return tuple(_check_argument(item, depth + 1) for item in value)
    if not isinstance(value, _Scalar) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(
            "must be a number, text, true, false, or a list (of lists) of these, "
            f"not {found(value)}"
        )
    return value


Argument = Annotated[
    _Scalar | _List | tuple[_List, ...],
    BeforeValidator(_check_argument),
    WithJsonSchema({"type": ["number", "string", "boolean", "array"]}),
]


class NetworkxGraph(Part):
    """A follower graph from one of networkx's generators."""

    model_config = example(
        {"networkx": "watts_strogatz_graph", "arguments": {"n": 1000, "k": 10, "p": 0.1}}
    )

    networkx: Text = Field(description="Name of the generator, such as `watts_strogatz_graph`.")
    arguments: dict[Name, Argument] = Field(
        default_factory=dict,
        description="Its arguments by name: numbers, text, true or false, or lists of these. A "
        "seed is supplied unless given. Default: none.",
    )
    arrows: Arrows | None = Field(
        default=None,
        description="What an arrow of a directed graph means; must be given for a directed graph "
        "and left out for an undirected one, where every edge is a follow both ways.",
    )


class SegmentTraits(Part):
    """Traits that the accounts of one segment of a real graph have instead of everybody's."""

    model_config = example({"attention": 0.3, "interest": {"rowing": 0.8, "other": 0.05}})

    attention: AttentionSource | None = Field(
        default=None, description=f"{_ATTENTION}. Default: as for all accounts."
    )
    value: AmountSource | None = Field(
        default=None, description=f"{_VALUE}. Default: as for all accounts."
    )
    threshold: ThresholdSource | None = Field(
        default=None, description=f"{_THRESHOLD}. Default: as for all accounts."
    )
    interest: dict[Name, ShareSource] = Field(
        default_factory=dict,
        description="Interest in each topic, 0 to 1; `other` sets all topics not listed here. "
        "Default: as for all accounts, topic by topic.",
    )


class Accounts(Part):
    """The accounts of a real or networkx graph: their segments and traits."""

    model_config = example(
        {
            "table": "accounts.csv",
            "id": "node",
            "segment": "sport",
            "attention": 0.2,
            "interest": {"rowing": 0.05},
            "by segment": {"rowing": {"interest": {"rowing": 0.8}}},
        }
    )

    table: Text | None = Field(
        default=None,
        description="Path of a table (CSV or Parquet) with one row for each account, relative to "
        "the scenario file. Default: no table; then all accounts are alike, unless a graph file "
        "(GraphML, GEXF, GML) has attributes that are named here as columns.",
    )
    id: Text | None = Field(
        default=None, description="Column with the account's id; needed with a table."
    )
    segment: Text | None = Field(
        default=None,
        description="Column with the account's segment, or attribute of the nodes of a graph file. "
        "Default: no segments.",
    )
    isolated: Literal["refuse", "leave out"] = Field(
        default="refuse",
        description="What to do with rows of the table whose accounts follow nobody and are "
        "followed by nobody: `refuse`, since ids that differ between the files look just like "
        "this, or `leave out`, since no message can reach them.",
    )
    attention: AttentionSource = Field(
        description=f"{_ATTENTION}; 0 to 1, a mean and spread, a capacity, or a column of the "
        "table (without a table: an attribute of the nodes of a graph file)."
    )
    value: AmountSource = Field(default=1.0, description=f"{_VALUE}; 0 or more.")
    threshold: ThresholdSource | None = Field(default=None, description=f"{_THRESHOLD}.")
    interest: dict[Name, ShareSource] = Field(description=f"{_INTEREST}.")
    by_segment: dict[Name, SegmentTraits] = Field(
        default_factory=dict,
        alias="by segment",
        description="Traits of the accounts of single segments, in place of those above. "
        "Default: none.",
    )
    sha256: Sha256 | None = Field(
        default=None,
        description="Checksum of the table; if given, a table with another content is refused. "
        "Default: not checked.",
    )


class OurAccount(Part):
    """An account the communicator speaks through; give either `followers` or `account`."""

    model_config = example({"followers": {"activists": 500}})

    followers: dict[Name, Count] | None = Field(
        default=None,
        description="Number of followers it has in each segment, picked at random.",
    )
    account: Label | None = Field(
        default=None, description="Id of an account of a real graph, followers and all."
    )
    since: Hours | None = Field(
        default=None,
        alias="from",
        description="Time from which the account can be used, a duration with its unit: an action "
        "by it before then is an error. Default: from the start.",
    )
