"""Which metrics the runs of a scenario have: all have some, others come with what is done."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from propagation.scenario.comparing import ALL_METRICS, COST_PER, FUNNEL, METRICS, MOVING, Metric
from propagation.scenario.findings import Finding, Path, block

if TYPE_CHECKING:
    from propagation.scenario.spec import Scenario

NEEDS = {
    MOVING: "'following', or an action that follows",
    FUNNEL: "an action that pitches or blasts",
    ("cost", *COST_PER): "an action with a 'cost'",
}
"""Metrics that not all runs have, and what of a scenario gives them."""


def metrics_of(scenario: "Scenario") -> tuple[Metric, ...]:
    """Return the metrics that the runs of a scenario have, in the order of tables."""
    used = {"strategies", "following"}
    return metrics_in(scenario.model_dump(include=used, by_alias=True))


def metrics_in(tree: Mapping[str, object]) -> tuple[Metric, ...]:
    """Return the same of a scenario as written, which need not be right."""
    actions = list(_actions(tree))
    used = {
        MOVING: isinstance(tree.get("following"), Mapping) or _any(actions, "follow"),
        FUNNEL: _any(actions, "pitch", "blast"),
        ("cost", *COST_PER): any(map(_costs, actions)),
    }
    further = [metric for metrics, is_used in used.items() if is_used for metric in metrics]
    return (*METRICS, *further)


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
        yield Finding(path, f"{name.replace('_', ' ')} needs {needed} in the scenario")
