"""Which metrics the runs of a scenario have: all have some, others come with what is done."""

from propagation.scenario.actions import Blast, Follow, Pitch
from propagation.scenario.comparing import COST_PER, FUNNEL, METRICS, MOVING, Metric
from propagation.scenario.spec import Scenario


def metrics_of(scenario: Scenario) -> tuple[Metric, ...]:
    """Return the metrics that the runs of a scenario have, in the order of tables."""
    return (
        *METRICS,
        *(MOVING if moves(scenario) else ()),
        *(FUNNEL if pitches(scenario) else ()),
        *(("cost", *COST_PER) if has_cost(scenario) else ()),
    )


def moves(scenario: Scenario) -> bool:
    """Whether the followers of our accounts may change during a run."""
    return scenario.following is not None or _has(scenario, Follow)


def pitches(scenario: Scenario) -> bool:
    """Whether any strategy pitches."""
    return _has(scenario, Pitch, Blast)


def has_cost(scenario: Scenario) -> bool:
    """Whether any action costs anything."""
    return any(
        action.cost is not None and any(amount > 0 for _, amount in action.cost)
        for actions in scenario.strategies.values()
        for action in actions
    )


def _has(scenario: Scenario, *kinds: type) -> bool:
    return any(
        isinstance(action, kinds) for actions in scenario.strategies.values() for action in actions
    )
