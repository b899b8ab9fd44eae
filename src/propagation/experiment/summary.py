"""What a comparison finds: the contents of ``summary.json`` and what its sentences need besides."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum

from propagation.experiment.intervals import Interval


@dataclass(frozen=True)
class Outcome:
    """One metric over the runs of one strategy.

    ``low`` to ``high`` is the interval of the mean, ``p10`` to ``p90`` the range of 8 runs of 10;
    all are over the ``defined`` runs and None where there is nothing to say. Under ``heavy`` tails
    no interval of the mean is claimed.
    """

    mean: float | None
    low: float | None
    high: float | None
    median: float | None
    p10: float | None
    p90: float | None
    defined: int
    heavy: bool = False


class Standing(Enum):
    """How a strategy stands to the baseline in a metric."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "no practical difference"
    UNSETTLED = "not settled"


@dataclass(frozen=True)
class Difference:
    """One metric of a strategy less that of the baseline, over replicates where both are defined.

    The intervals of a metric's differences (ratios, chances) hold together over all strategies.
    ``of`` counts all replicates; ``ours`` and ``theirs`` are the means over those compared. These,
    ``standing``, ``matters`` (the whole interval lies beyond the margin), ``ties`` (share of
    replicates) and ``settling`` (what would settle it) are for the sentences only.
    """

    strategy: str
    baseline: str
    metric: str
    difference: Interval
    ratio: Interval
    probability_better: Interval
    probability_better_unpaired: float | None
    variance_ratio: float | None
    replicates: int
    of: int
    ours: Interval
    theirs: Interval
    standing: Standing
    matters: bool
    ties: float
    settling: str

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds; the ratio is null where it has no interval."""
        return {
            "strategy": self.strategy,
            "baseline": self.baseline,
            "metric": self.metric,
            "difference": self.difference.as_dict(),
            "ratio": None if self.ratio.low is None else self.ratio.as_dict(),
            "probability_better": self.probability_better.as_dict(),
            "probability_better_unpaired": self.probability_better_unpaired,
            "variance_ratio": self.variance_ratio,
            "replicates": self.replicates,
        }


@dataclass(frozen=True)
class Summary:
    """The comparison of all strategies, with the verdict in words."""

    metric: str
    baseline: str
    strategies: Mapping[str, Mapping[str, Outcome]]
    differences: tuple[Difference, ...]
    at_least: tuple[Mapping[str, object], ...]
    verdict: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return ``summary.json``: null where a value is missing, never NaN or Infinity."""
        return {
            "metric": self.metric,
            "baseline": self.baseline,
            "strategies": {
                strategy: {metric: asdict(outcome) for metric, outcome in outcomes.items()}
                for strategy, outcomes in self.strategies.items()
            },
            "differences": [difference.as_dict() for difference in self.differences],
            "at_least": list(self.at_least),
            "verdict": list(self.verdict),
            "warnings": list(self.warnings),
        }
