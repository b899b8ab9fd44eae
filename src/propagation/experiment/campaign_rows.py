"""What runs of a campaign add to the tables: metrics, costs, cascades and curves."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from propagation.audience.world import World
from propagation.experiment.batches import (
    TOUCHED,
    TREE_COLUMNS,
    Batch,
    Columns,
    extend,
    reach_columns,
    value_columns,
)
from propagation.experiment.quotients import quotient_of
from propagation.scenario.actions import Action, Choice, recipients_of
from propagation.scenario.comparing import COST_PER, FUNNEL, METRICS, MOVING, ORIGINALS
from propagation.scenario.spec import Scenario
from propagation.spread.campaign_tally import CampaignTallies
from propagation.strategy.agenda import Agenda
from propagation.strategy.budget import cost_of
from propagation.strategy.plan import Plan, plan_of


@dataclass
class Prices:
    """What runs of a strategy cost on one world, each case computed once."""

    scenario: Scenario
    actions: Sequence[Action]
    agenda: Agenda
    world: World
    _known: dict[tuple[tuple[int, ...], tuple[tuple[int, int], ...]], float] = field(
        default_factory=dict
    )
    _plan: Plan | None = None

    def of(self, seed: int, reposts: Sequence[int]) -> float:
        """Return the cost of a run that made so many reposts by each rule."""
        found = self._chosen(seed)
        key = tuple(reposts), tuple(found.items())
        if key not in self._known:
            self._known[key] = cost_of(
                self.actions, self.agenda, self.scenario.horizon, list(reposts), found
            )
        return self._known[key]

    def _chosen(self, seed: int) -> dict[int, int]:
        """Return by place how many accounts were found by asking for acquaintances."""
        places = [i for i, action in enumerate(self.actions) if _asks_around(action)]
        if not places:
            return {}
        if self._plan is None:
            self._plan = plan_of(self.agenda, self.world, self.scenario.messages)
        _, counts = self._plan.chosen(seed)
        entries = self._plan.entries
        return {place: int(counts[entries["place"] == place].max()) for place in places}


def _asks_around(action: Action) -> bool:
    """Whether an action that costs by contact may find fewer accounts than it asks for."""
    if action.cost is None or action.cost.per_contact == 0:
        return False
    to = recipients_of(action)
    return isinstance(to, Choice) and to.by == "acquaintance"


def add_campaigns(
    batch: Batch,
    identity: Columns,
    seeds: Sequence[int],
    found: CampaignTallies,
    agenda: Agenda,
    segments: tuple[str, ...],
    hours: object,
    costs: Sequence[float],
) -> None:
    """Add runs to a batch.

    Parameters
    ----------
    identity
        Strategy, replicate and draw of each run.
    hours
        Those at which runs were looked at.
    costs
        What each run cost; read only where the scenario has costs.
    """
    curves = len(found.shares_by_hour)
    metrics = dict(zip(METRICS, found.metrics.T, strict=True))
    counted = (*MOVING, *FUNNEL, *ORIGINALS)
    metrics |= dict(zip(counted, found.counts.T.astype(np.float64), strict=True))
    metrics["cost"] = np.array(costs, np.float64)
    for name in COST_PER:
        quotient = quotient_of(name, metrics)
        assert quotient is not None
        metrics[name] = quotient.per_run()
    by_segment = {
        **dict(zip(reach_columns(segments), found.reach.T.tolist(), strict=True)),
        **dict(zip(value_columns(segments), found.valued.T.tolist(), strict=True)),
    }
    told = {name: values.tolist() for name, values in metrics.items()}
    touched = found.touched.sum(axis=1).tolist()
    extend(batch.runs, {**identity, "seed": list(seeds), **told, TOUCHED: touched, **by_segment})
    run, number = np.nonzero(found.touched)
    instances = [agenda.instances[i] for i in number.tolist()]
    *sizes, virality = found.trees[run, number].T
    shapes = (*(size.astype(np.int64).tolist() for size in sizes), virality.tolist())
    rows: dict[str, Sequence[object]] = {
        **{name: [values[i] for i in run.tolist()] for name, values in identity.items()},
        "message": [one.message for one in instances],
        "nominal_time": [one.nominal_time for one in instances],
        **dict(zip(TREE_COLUMNS, shapes, strict=True)),
    }
    extend(batch.cascades, rows)
    extend(
        batch.curves,
        {
            **{name: values[:curves] for name, values in identity.items()},
            "hours": [hours] * curves,
            "shares_by_hour": list(found.shares_by_hour),
            "reach_by_hour": list(found.reach_by_hour),
            "valued_reach_by_hour": list(found.valued_reach_by_hour),
            "followers_by_hour": list(found.followers_by_hour),
        },
    )
