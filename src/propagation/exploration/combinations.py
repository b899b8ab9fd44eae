"""Strategies run at combinations of the inputs that nobody knows, and compared over them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from propagation.experiment.intervals import Floats, Integers, moments
from propagation.experiment.phrases import phrase
from propagation.exploration.explorer import Explorer
from propagation.exploration.points import changes_at, rounded, scaled
from propagation.exploration.sensitivity import indices_of
from propagation.exploration.uncertain import Design, Effects, Over, design_of, effects_of, over
from propagation.scenario.exploring import Exploring, Span
from propagation.scenario.spec import Scenario
from propagation.scenario.varying import label_of

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Combined:
    """What was found at the combinations: ``points`` (combinations, inputs) in the inputs' values.

    ``means`` and ``errors`` are by strategy, ``effects`` and ``over`` by strategy compared with the
    baseline; those whose metric is undefined everywhere are in the former only.
    """

    uncertain: Mapping[str, Span]
    design: Design
    points: Floats
    replicates: int
    draws: int
    means: Mapping[str, Floats]
    errors: Mapping[str, Floats]
    effects: Mapping[str, Effects]
    over: Mapping[str, Over]

    def columns(self) -> dict[str, list[object]]:
        """Return the columns of ``uncertain.parquet``."""
        found: dict[str, list[object]] = {
            f"input_{place}": self.points[:, place].tolist() for place in range(len(self.uncertain))
        }
        found["matrix"] = list(self.design.matrix)
        for place, name in enumerate(self.means):
            found[f"mean_{place}"] = self.means[name].tolist()
            found[f"error_{place}"] = self.errors[name].tolist()
        for place, name in enumerate(self.over):
            found[f"log_ratio_{place}"] = self.effects[name].values.tolist()
            found[f"noise_{place}"] = self.effects[name].noise.tolist()
        return found

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds, but for the sentences."""
        inputs = [
            {
                "path": path,
                "label": label_of(path),
                "low": span.low,
                "high": span.high,
                "scale": span.scale,
            }
            for path, span in self.uncertain.items()
        ]
        return {
            "inputs": inputs,
            "strategies": list(self.means),
            "points": int(self.design.fills.sum()),
            "evaluations": len(self.points),
            "replicates": self.replicates,
            "draws": self.draws,
            "pairs": [each.as_dict() for each in self.over.values()],
        }


def compared_with_baseline(scenario: Scenario) -> list[str]:
    """Return the strategies that the verdict compares with the baseline."""
    compare = scenario.compare
    named = compare.strategies or tuple(scenario.strategies)
    return [name for name in named if name != compare.baseline]


def combinations_of(explorer: Explorer, progress: Progress) -> Combined:
    """Run the strategies that the verdict compares at combinations of what is uncertain.

    Raises
    ------
    InputError
        If a combination cannot be run.
    KeyboardInterrupt
        If the user stopped it; what was finished is kept.
    """
    scenario = explorer.scenario
    exploring, uncertain = scenario.exploring or Exploring(), scenario.uncertain or {}
    baseline, metric = scenario.compare.baseline, scenario.compare.on
    strategies = [*compared_with_baseline(scenario), baseline]
    design = design_of(len(uncertain), exploring.points, scenario.seed)
    inputs = explorer.inputs(strategies)
    points = rounded(scaled(design.parts, list(uncertain.values())), list(uncertain), inputs)
    changes = [changes_at(point, uncertain) for point in points]
    replicates = range(exploring.replicates)
    values = np.full((len(points), len(strategies), len(replicates)), np.nan)
    told: list[int] = []

    def at(place: int) -> Floats:
        return explorer.runs(changes[place], replicates, strategies, (metric,))[:, 0]

    def done(place: int, found: Floats) -> None:
        values[place] = found
        told.append(place)
        progress(len(told), len(points))

    progress(0, len(points))
    explorer.over(at, len(points), done)
    return _compared(values, explorer.draw(replicates), strategies, scenario, design, points)


def _compared(
    values: Floats,
    draw: Integers,
    strategies: Sequence[str],
    scenario: Scenario,
    design: Design,
    points: Floats,
) -> Combined:
    """Compare strategies from ``values`` (combinations, strategies, replicates)."""
    *others, baseline = strategies
    uncertain, metric = scenario.uncertain or {}, scenario.compare.on
    lower = phrase(metric).lower_is_better
    found = [[moments(each, draw) for each in values[:, place]] for place in range(len(strategies))]
    effects = {
        name: effects_of(values[:, place], values[:, -1], draw) for place, name in enumerate(others)
    }
    compared = {}
    for name, effect in effects.items():
        indices = indices_of(effect.values, list(uncertain), scenario.seed)
        one = over(effect, design, indices, (name, baseline), metric, lower_is_better=lower)
        if one is not None:
            compared[name] = one
    by_strategy = list(zip(strategies, found, strict=True))
    return Combined(
        uncertain=uncertain,
        design=design,
        points=points,
        replicates=values.shape[2],
        draws=len(np.unique(draw)),
        means={name: np.array([each.mean for each in one]) for name, one in by_strategy},
        errors={name: np.array([each.error for each in one]) for name, one in by_strategy},
        effects=effects,
        over=compared,
    )
