"""How a follower graph grows: accounts arrive one by one and choose whom to follow."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Discriminator, Field, Tag, model_validator

from propagation.problems import not_one_of
from propagation.scenario import units
from propagation.scenario.accounts import ROUNDING, Segment
from propagation.scenario.fields import (
    Part,
    Percent,
    PositiveAmount,
    PositiveQuantity,
    example,
    kind_of,
)
from propagation.scenario.findings import Finding, block

DECIDED_BY_GROWTH = ("follows", "popularity", "reciprocity", "clustering")
"""Keys of a segment that growing decides."""


class Choosing(Part):
    """How often each way to choose whom to follow is taken; the shares sum to 100%."""

    model_config = example(
        {"popularity": "40%", "interest": "30%", "friends of friends": "25%", "random": "5%"}
    )

    popularity: Percent = Field(
        default=0.0,
        description="Somebody in proportion to followers (and the `head start`): preferential "
        "attachment.",
    )
    interest: Percent = Field(
        default=0.0,
        description="Somebody alike: with odds that fall to 1/e for each `tolerance` by which the "
        "interests lie apart.",
    )
    friends_of_friends: Percent = Field(
        default=0.0,
        alias="friends of friends",
        description="Somebody whom a followed account follows; anybody, while there is no such.",
    )
    random: Percent = Field(default=0.0, description="Anybody, all with equal odds.")

    @model_validator(mode="after")
    def _check_sum(self) -> "Choosing":
        total = self.popularity + self.interest + self.friends_of_friends + self.random
        if abs(total - 1) > ROUNDING:
            raise ValueError(f"the shares sum to {100 * total:.6g}%, not to 100%")
        return self


class BackByInterest(Part):
    """A probability to follow back that depends on how alike the interests are."""

    model_config = example({"alike": "30%", "otherwise": "5%"})

    alike: Percent = Field(description="Probability if the interests are the same.")
    otherwise: Percent = Field(
        description="Probability if they are far apart. In between, it comes nearer to this by "
        "the factor e for each `tolerance`."
    )


class Growth(Part):
    """The weights by which accounts, one by one, arrive and follow others."""

    model_config = example(
        {
            "follows": 16,
            "later": "50%",
            "choose": {
                "popularity": "40%",
                "interest": "30%",
                "friends of friends": "25%",
                "random": "5%",
            },
            "back": "12%",
        }
    )

    follows: PositiveAmount = Field(
        description="Mean number of follows that an account makes of its own accord; what it "
        "follows back comes on top. On arrival the number is Poisson."
    )
    later: Percent = Field(
        default=0.0,
        description="Share of these follows that are made after arrival: as others arrive, by "
        "accounts that are there already, all with equal odds.",
    )
    choose: Choosing = Field(description="How it is chosen whom to follow.")
    head_start: PositiveAmount = Field(
        default=1.0,
        alias="head start",
        description="Followers that everybody counts as having in advance where the choice is by "
        "popularity, so that one without followers can be found. The larger, the more equal.",
    )
    tolerance: PositiveQuantity = Field(
        default=0.2,
        description="Distance between interests (0 to 1 for one topic) at which the odds to be "
        "chosen for them fall to 1/e.",
    )
    back: Annotated[
        Annotated[Percent, Tag("[plain]")] | Annotated[BackByInterest, Tag("[BackByInterest]")],
        Discriminator(kind_of(BackByInterest="alike")),
    ] = Field(
        default=0.0,
        description="Probability that somebody newly followed follows back at once: a share, or "
        "one that depends on interest.",
    )


class GrownGraph(Part):
    """A follower graph that is grown by agents out of the accounts of `segments`."""

    model_config = example(
        {"grown": {"follows": 16, "choose": {"popularity": "60%", "random": "40%"}, "back": "12%"}}
    )

    grown: Growth = Field(description="How it grows.")


def is_grown(tree: Mapping[str, object]) -> bool:
    """Say whether the graph of a written scenario is grown."""
    return "grown" in block(tree, "graph")


def grown_problems(tree: Mapping[str, object]) -> Iterator[Finding]:
    """Find what does not fit together in a scenario with a grown graph, or in one without."""
    segments = block(tree, "segments")
    for name in segments:
        segment, path = block(segments, name), ("segments", name)
        if not is_grown(tree):
            if segment and "follows" not in segment and not _misspelt(segment):
                needed = "how many accounts the members follow, and where"
                yield Finding(path, f"'follows' is missing: {needed}")
            continue
        for key in DECIDED_BY_GROWTH:
            if key in segment:
                message = "a grown graph decides this: take it out, or take out 'graph'"
                yield Finding((*path, key), message)
    if not is_grown(tree):
        return
    if "segments" not in tree:
        yield Finding((), "'segments' is missing: a grown graph needs to know who arrives")
    if "accounts" in tree:
        message = "'accounts' is for a given graph; with a grown one segments hold the traits"
        yield Finding((), message, key="accounts")
    yield from _too_many(tree)


def _misspelt(segment: Mapping[str, object]) -> bool:
    """Say whether 'follows' stands in a segment under a similar name, which is told anyway."""
    others = [key for key in segment if key not in Segment.model_fields]
    return any("Did you mean" in not_one_of(key, ["follows"]) for key in others)


def _too_many(tree: Mapping[str, object]) -> Iterator[Finding]:
    """Refuse more follows than there are others to follow on arrival."""
    segments = block(tree, "segments")
    try:
        accounts = sum(units.read_whole(block(segments, name)["accounts"]) for name in segments)
        follows = units.read_number(block(tree, "graph", "grown")["follows"])
    except (KeyError, ValueError):
        return
    most = (accounts - 1) / 2
    if segments and follows > most:
        yield Finding(
            ("graph", "grown", "follows"),
            f"must be at most {most:g} with {accounts:,} accounts, not {follows:g}: on arrival "
            "half of the others are there, on average",
        )
