"""The strategies of a scenario at all points of the design over its uncertain inputs."""

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
from propagation.scenario.exploring_checks import compared_with_baseline
from propagation.scenario.varying import label_of

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What was found over the uncertain inputs.

    Attributes
    ----------
    spans
        The inputs by their paths.
    values
        Where the points lie: (points, inputs).
    runs
        The compared metric: (points, strategies, replicates); the baseline is the last of them.
    effects, pairs
        Of every other strategy against the baseline; a pair is missing where nothing is defined.
    """

    spans: Mapping[str, Span]
    design: Design
    values: Floats
    strategies: tuple[str, ...]
    metric: str
    runs: Floats
    draw: Integers
    effects: tuple[Effects, ...]
    pairs: tuple[Over, ...]

    @property
    def labels(self) -> dict[str, str]:
        """The inputs in words, by path."""
        return {path: label_of(path) for path in self.spans}

    def columns(self) -> dict[str, list[object]]:
        """Return the columns of ``uncertain.parquet``."""
        columns: dict[str, list[object]] = {
            f"input_{k}": self.values[:, k].tolist() for k in range(len(self.spans))
        }
        columns["matrix"] = list(self.design.matrix)
        for i in range(len(self.strategies)):
            found = [moments(each, self.draw) for each in self.runs[:, i]]
            columns[f"mean_{i}"] = [each.mean for each in found]
            columns[f"error_{i}"] = [each.error for each in found]
        for j, pair in enumerate(self.pairs):  # the log ratio of means, or their difference
            each = self.effects[self.strategies.index(pair.strategy)]
            columns[f"effect_{j}"] = each.values.tolist()
            columns[f"noise_{j}"] = each.noise.tolist()
        return columns

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
            for path, span in self.spans.items()
        ]
        return {
            "inputs": inputs,
            "strategies": list(self.strategies),
            "points": int(self.design.fills.sum()) // 2,
            "evaluations": len(self.design.matrix),
            "replicates": self.runs.shape[-1],
            "draws": len(np.unique(self.draw)),
            "pairs": [each.as_dict() for each in self.pairs],
        }


def uncertainty_of(
    explorer: Explorer, progress: Progress = lambda done, total: None
) -> Uncertainty:
    """Run the compared strategies of the explorer's scenario over its uncertain inputs.

    Raises
    ------
    InputError
        If a point cannot be run.
    KeyboardInterrupt
        If the user stopped it; what was finished is kept.
    """
    scenario = explorer.scenario
    spans, how, compare = (
        scenario.uncertain or {},
        scenario.exploring or Exploring(),
        scenario.compare,
    )
    strategies = (*compared_with_baseline(scenario), compare.baseline)
    design = design_of(len(spans), how.points, scenario.seed)
    inputs, replicates = explorer.inputs(strategies), range(how.replicates)
    values = rounded(scaled(design.parts, list(spans.values())), list(spans), inputs)
    found: dict[int, Floats] = {}

    def at(place: int) -> Floats:
        changes = changes_at(values[place], spans)
        return explorer.runs(changes, replicates, strategies, (compare.on,))[:, 0]

    def keep(place: int, runs: Floats) -> None:
        found[place] = runs
        progress(len(found), len(values))

    progress(0, len(values))
    explorer.over(at, len(values), keep)
    runs, draw = np.array([found[k] for k in range(len(values))]), explorer.draw(replicates)
    effects = [effects_of(runs[:, i], runs[:, -1], draw) for i in range(len(strategies) - 1)]
    return Uncertainty(
        *(spans, design, values, strategies, compare.on, runs, draw, tuple(effects)),
        pairs=tuple(_pairs(effects, design, list(spans), strategies, compare.on, scenario.seed)),
    )


def _pairs(
    effects: Sequence[Effects],
    design: Design,
    paths: Sequence[str],
    strategies: Sequence[str],
    metric: str,
    seed: int,
) -> list[Over]:
    """Return what is told of every strategy against the last one."""
    lower_is_better = phrase(metric).lower_is_better
    told = []
    for found, name in zip(effects, strategies, strict=False):
        indices, names = indices_of(found.values, paths, seed), (name, strategies[-1])
        told.append(over(found, design, indices, names, metric, lower_is_better=lower_is_better))
    return [each for each in told if each is not None]
