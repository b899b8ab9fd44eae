"""Which metrics the runs of a scenario have: all have some, others come with what is done."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from propagation.scenario.actions import Action, Post, Repost
from propagation.scenario.comparing import (
    ALL_METRICS,
    COST_PER,
    FUNNEL,
    METRICS,
    MOVING,
    ORIGINALS,
    Metric,
)
from propagation.scenario.findings import Finding, Path, block
from propagation.scenario.traits import Capacity

if TYPE_CHECKING:
    from propagation.scenario.spec import Scenario

NEEDS = {
    ORIGINALS: "'originals'",
    MOVING: "'following', or an action that follows",
    FUNNEL: "an action that pitches or blasts",
    ("cost", *COST_PER): "an action with a 'cost'",
}
"""Metrics that not all runs have, and what of a scenario gives them."""


def metrics_of(scenario: "Scenario") -> tuple[Metric, ...]:
    """Return the metrics that the runs of a scenario have, in the order of tables."""
    used = {"strategies", "following", "originals"}
    return metrics_in(scenario.model_dump(include=used, by_alias=True))


def metrics_in(tree: Mapping[str, object]) -> tuple[Metric, ...]:
    """Return the same of a scenario as written, which need not be right."""
    actions = list(_actions(tree))
    used = {
        ORIGINALS: isinstance(tree.get("originals"), Mapping),
        MOVING: isinstance(tree.get("following"), Mapping) or _any(actions, "follow"),
        FUNNEL: _any(actions, "pitch", "blast"),
        ("cost", *COST_PER): any(map(_costs, actions)),
    }
    further = [metric for metrics, is_used in used.items() if is_used for metric in metrics]
    return (*METRICS, *further)


def moves(scenario: "Scenario") -> bool:
    """Whether the followers of our accounts may change during a run."""
    return set(MOVING) <= set(metrics_of(scenario))


def pitches(scenario: "Scenario") -> bool:
    """Whether any strategy pitches."""
    return set(FUNNEL) <= set(metrics_of(scenario))


def has_cost(scenario: "Scenario") -> bool:
    """Whether any action costs anything."""
    return "cost" in metrics_of(scenario)


def is_campaign(scenario: "Scenario") -> bool:
    """Whether anything is done or happens besides plain posts at given times.

    The runs of such a scenario have further columns.
    """
    if scenario.following is not None or metrics_of(scenario) != METRICS:
        return True
    if any(not isinstance(each.resonance, float) for each in scenario.messages.values()):
        return True
    if is_limited(scenario):
        return True
    done = [[one for one in each if not _is_never(one)] for each in scenario.strategies.values()]
    return any(not actions or any(map(_is_more, actions)) for actions in done)


def is_limited(scenario: "Scenario") -> bool:
    """Whether anybody's attention is a capacity."""
    traits: list[object] = [each.attention for each in (scenario.segments or {}).values()]
    if scenario.accounts is not None:
        by_segment = scenario.accounts.by_segment or {}
        traits += [scenario.accounts.attention, *(each.attention for each in by_segment.values())]
    return any(isinstance(each, Capacity) for each in traits)


def _is_never(action: Action) -> bool:
    """Whether an action is a repost that is never made: as if it were not there."""
    return isinstance(action, Repost) and action.when == "never"


def _is_more(action: Action) -> bool:
    """Whether an action is more than a plain post at given times."""
    if not isinstance(action, Post) or not isinstance(action.post, str):
        return True
    return action.at is None or action.credit is not None


def _actions(tree: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    for actions in block(tree, "strategies").values():
        for action in actions if isinstance(actions, list | tuple) else ():
            yield block(action)


def _any(actions: list[Mapping[str, object]], *keys: str) -> bool:
    return any(key in action for action in actions for key in keys)


def _costs(action: Mapping[str, object]) -> bool:
    return any(amount not in (0, None) for amount in block(action, "cost").values())


def metric_problems(path: Path, metric: object, tree: Mapping[str, object]) -> Iterator[Finding]:
    """Report a metric that the runs of a scenario do not have."""
    name = metric.replace(" ", "_") if isinstance(metric, str) else None
    if name in ALL_METRICS and name not in metrics_in(tree):
        needed = next(words for metrics, words in NEEDS.items() if name in metrics)
        yield Finding(path, f"{name.replace('_', ' ')} needs {needed}")
