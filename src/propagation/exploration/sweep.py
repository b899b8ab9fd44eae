"""A sweep: two strategies compared at many values of some inputs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.experiment.comparison import pair_of, ratios
from propagation.experiment.intervals import Interval, chance_interval, moments
from propagation.experiment.phrases import counted, phrase
from propagation.experiment.tails import is_heavy
from propagation.exploration.explorer import Explorer
from propagation.exploration.points import Design, design_of
from propagation.scenario.exploring import Sweep
from propagation.scenario.exploring_checks import compared_pair

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

Row = Mapping[str, float]
UNDEFINED = math.nan


@dataclass(frozen=True, eq=False)
class Swept:
    """What a sweep found: a row of numbers for each point of its design."""

    design: Design
    strategies: tuple[str, str]
    metric: str
    replicates: int
    draws: int
    rows: tuple[Row, ...]
    heavy: int

    def columns(self) -> dict[str, list[object]]:
        """Return the columns of ``sweep.parquet``."""
        found: dict[str, list[object]] = {
            f"axis_{place}": self.design.points[:, place].tolist()
            for place in range(len(self.design.axes))
        }
        return found | {name: [row[name] for row in self.rows] for name in self.rows[0]}

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds."""
        return {
            "axes": [axis.as_dict() for axis in self.design.axes],
            "metric": self.metric,
            "strategies": list(self.strategies),
            "replicates": self.replicates,
            "draws": self.draws,
            "points": len(self.rows),
            "sentences": list(self.sentences()),
        }

    def sentences(self) -> tuple[str, ...]:
        """Say on how much of the map either strategy is ahead."""
        one, other = self.strategies
        low = np.array([row["difference_low"] for row in self.rows])
        high = np.array([row["difference_high"] for row in self.rows])
        better, worse = (low, high) if not phrase(self.metric).lower_is_better else (-high, -low)
        ahead, behind = int((better > 0).sum()), int((worse < 0).sum())
        total = len(self.rows)
        axes = " and ".join(axis.label for axis in self.design.axes)
        told = [
            f"At {ahead:,} of {counted(total, 'point')} of the sweep over {axes} {one} is "
            f"ahead of {other} in {phrase(self.metric).label}, at {behind:,} it is behind, "
            f"and at {total - ahead - behind:,} the 95% interval of the difference contains "
            f"0, each point taken by itself ({counted(self.replicates, 'replicate')} at each)."
        ]
        if self.heavy:
            told.append(
                f"At {counted(self.heavy, 'point')} a few giants make up so much of the mean that "
                "its interval cannot be trusted."
            )
        return tuple(told)


def sweep_of(explorer: Explorer, sweep: Sweep, progress: Progress) -> Swept:
    """Run a sweep and compare the two strategies at each of its points.

    Raises
    ------
    InputError
        If a point cannot be run.
    KeyboardInterrupt
        If the user stopped it; what was finished is kept.
    """
    scenario = explorer.scenario
    pair = sweep.strategies or compared_pair(scenario)
    strategies, metric = (pair[0], pair[1]), scenario.compare.on
    design = design_of(sweep, explorer.inputs(strategies), scenario.seed)
    replicates, total = range(sweep.replicates), len(design.changes)
    found: dict[int, tuple[Row, bool]] = {}
    draw = explorer.draw(replicates)

    def at(place: int) -> tuple[Row, bool]:
        changes = design.changes[place]
        values = explorer.runs(changes, replicates, strategies, (metric,))[:, 0]
        expected = explorer.expected(changes, strategies, metric)
        return _row(values, draw, metric, expected, scenario.seed)

    def done(place: int, row: tuple[Row, bool]) -> None:
        found[place] = row
        progress(len(found), total)

    progress(0, total)
    explorer.over(at, total, done)
    rows = [found[place] for place in range(total)]
    return Swept(
        design,
        strategies,
        metric,
        sweep.replicates,
        explorer.draws,
        tuple(row for row, _ in rows),
        sum(heavy for _, heavy in rows),
    )


def _row(
    values: Floats, draw: npt.NDArray[np.int64], metric: str, expected: Sequence[float], seed: int
) -> tuple[Row, bool]:
    """Return the numbers at one point from ``values`` (2, replicates), and whether tails rule."""
    row: dict[str, float] = {}
    for place, each in enumerate(values):
        interval = moments(each, draw).interval()
        defined = each[np.isfinite(each)]
        p10, p90 = np.quantile(defined, [0.1, 0.9]) if len(defined) else (UNDEFINED, UNDEFINED)
        row |= _named(f"{{}}_{place}", interval)
        row |= {f"p10_{place}": float(p10), f"p90_{place}": float(p90)}
        row[f"expected_{place}"] = expected[place]
    heavy = any(is_heavy(each, draw) for each in values)
    pair = pair_of("", metric, values[0], values[1], draw, heavy=heavy)
    gain = pair.ours - pair.theirs
    sign = -1.0 if phrase(metric).lower_is_better else 1.0
    difference = moments(gain, draw).interval()
    row["difference"] = _float(difference.mean)
    row |= {"difference_low": _float(difference.low), "difference_high": _float(difference.high)}
    (ratio,) = ratios([pair], draw, seed, 1)
    row["ratio"] = _ratio(pair.ours, pair.theirs)
    row |= {"ratio_low": _float(ratio.low), "ratio_high": _float(ratio.high)}
    row["better"] = _float(chance_interval((np.sign(sign * gain) + 1) / 2, draw).mean)
    return row, heavy


def _named(pattern: str, interval: Interval) -> dict[str, float]:
    numbers = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    return {pattern.format(name): _float(each) for name, each in numbers.items()}


def _ratio(ours: Floats, theirs: Floats) -> float:
    above, below = float(np.nansum(ours)), float(np.nansum(theirs))
    return above / below if below > 0 else UNDEFINED


def _float(value: float | None) -> float:
    return UNDEFINED if value is None else value
