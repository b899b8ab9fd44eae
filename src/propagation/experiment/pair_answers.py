"""Each folder's own comparisons with its baseline, laid side by side, to see what survives."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from propagation.experiment.comparison import pair_of
from propagation.experiment.finished import Finished
from propagation.experiment.intervals import Interval, moments
from propagation.experiment.phrases import phrase
from propagation.experiment.standings import standing_by_chance, standing_by_difference
from propagation.experiment.summary import Standing


@dataclass(frozen=True)
class Found:
    """What one folder's summary says of a strategy against the folder's baseline."""

    folder: str
    strategy: str
    baseline: str
    difference: Interval
    ratio: Interval
    probability_better: Interval
    standing: Standing

    def as_dict(self) -> dict[str, object]:
        """Return what ``compare --json`` prints."""
        return {
            "folder": self.folder,
            "strategy": self.strategy,
            "baseline": self.baseline,
            "difference": self.difference.as_dict(),
            "ratio": None if self.ratio.low is None else self.ratio.as_dict(),
            "probability_better": self.probability_better.as_dict(),
            "standing": self.standing.value,
        }


@dataclass(frozen=True)
class Answer:
    """One comparison, by folder; of several strategies and baselines where no names are shared."""

    found: tuple[Found, ...]

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that make this comparison."""
        return tuple(dict.fromkeys(each.folder for each in self.found))

    @property
    def same(self) -> bool | None:
        """Whether every folder gives the same answer; None where only one gives any."""
        standings = {each.standing for each in self.found}
        return len(standings) == 1 if len(self.folders) > 1 else None

    def as_dict(self) -> dict[str, object]:
        """Return what ``compare --json`` prints."""
        return {"same": self.same, "folders": [each.as_dict() for each in self.found]}


def answers(
    folders: Mapping[str, Finished],
    told: Mapping[str, Sequence[str]],
    metric: str,
    matters: float,
) -> tuple[Answer, ...]:
    """Return the comparisons of the folders' summaries in a metric.

    Parameters
    ----------
    told
        The strategies of each folder that are asked about.
    matters
        The share of the baseline's mean below which a difference is of no practical interest.
    """
    found = [
        each
        for name, finished in folders.items()
        for each in _found(name, finished, metric, matters)
        if each.strategy in told[name]
    ]
    names = [set(strategies) for strategies in told.values()]
    if found and not any(one & other for i, one in enumerate(names) for other in names[:i]):
        return (Answer(tuple(found)),)
    pairs = dict.fromkeys((each.strategy, each.baseline) for each in found)
    return tuple(
        Answer(tuple(each for each in found if (each.strategy, each.baseline) == pair))
        for pair in pairs
    )


def _found(name: str, finished: Finished, metric: str, matters: float) -> Iterator[Found]:
    for each in finished.summary["differences"]:
        if each["metric"] != metric:
            continue
        difference = interval_of(each["difference"])
        chance = interval_of(each["probability_better"])
        yield Found(
            folder=name,
            strategy=each["strategy"],
            baseline=each["baseline"],
            difference=difference,
            ratio=interval_of(each["ratio"]),
            probability_better=chance,
            standing=_standing(finished, each, difference, chance, matters),
        )


def _standing(
    finished: Finished,
    each: Mapping[str, Any],
    difference: Interval,
    chance: Interval,
    matters: float,
) -> Standing:
    """Judge what the summary holds as the folder's own verdict does."""
    strategy, baseline, metric = each["strategy"], each["baseline"], each["metric"]
    stored = finished.summary["strategies"]
    if stored[strategy][metric]["heavy"] or stored[baseline][metric]["heavy"]:
        return standing_by_chance(chance)
    runs = finished.runs
    ours, theirs = runs[strategy][metric], runs[baseline][metric]
    pair = pair_of(strategy, metric, ours, theirs, finished.draw, heavy=False)
    base = moments(pair.theirs, pair.draw)
    margin = matters * abs(base.mean) if base.count else 0.0
    return standing_by_difference(difference, margin, -1 if phrase(metric).lower_is_better else 1)


def interval_of(found: Mapping[str, Any] | None) -> Interval:
    """Return an interval from what ``summary.json`` holds."""
    return Interval() if found is None else Interval(found["mean"], found["low"], found["high"])
