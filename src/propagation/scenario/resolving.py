"""Defaults that depend on other blocks: where follows go, and interest in the topics used."""

import math
from collections.abc import Collection, Mapping
from typing import TypeVar

from propagation.scenario.accounts import Accounts, Segment

Interest = TypeVar("Interest")

OTHER = "other"
"""The key of an interest block that stands for all topics not listed."""


def complete_segments(
    segments: Mapping[str, Segment], topics: Collection[str], *, grown: bool = False
) -> dict[str, Segment]:
    """Return the segments with an interest in every topic; drawn ones with shares of follows."""
    everybody = math.fsum(segment.accounts for segment in segments.values())
    by_size = {name: segment.accounts / everybody for name, segment in segments.items()}
    return {
        name: segment.model_copy(
            update={
                "interest": complete_interest(segment.interest, {}, topics),
                **({} if grown else _drawn(segment, by_size)),
            }
        )
        for name, segment in segments.items()
    }


def _drawn(segment: Segment, by_size: Mapping[str, float]) -> dict[str, object]:
    follows = segment.drawn_follows
    return {
        "follows": follows.model_copy(update={"to": follows.to or by_size}),
        "clustering": segment.clustering or 0.0,
    }


def complete_accounts(accounts: Accounts, topics: Collection[str]) -> Accounts:
    """Return the accounts of a graph with an interest in every topic, in every segment named."""
    everybody = complete_interest(accounts.interest, {}, topics)
    by_segment = {
        name: traits.model_copy(
            update={"interest": complete_interest(traits.interest, everybody, topics)}
        )
        for name, traits in accounts.by_segment.items()
    }
    return accounts.model_copy(update={"interest": everybody, "by_segment": by_segment})


def complete_interest(
    own: Mapping[str, Interest], inherited: Mapping[str, Interest], topics: Collection[str]
) -> dict[str, Interest]:
    """Return the interest in each topic used: the own, else the own ``other``, else inherited."""
    rest = {**inherited, **(dict.fromkeys(topics, own[OTHER]) if OTHER in own else {})}
    known = {**rest, **own}
    return {topic: known[topic] for topic in sorted(topics)}
