"""One strategy in two folders: paired where they have luck in common, else independent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from propagation.experiment.comparison import (
    pair_of,
    ratios,
    unpaired_chance,
    variance_ratio,
)
from propagation.experiment.finished import Finished
from propagation.experiment.independent import (
    chance_of_more,
    difference_interval,
    ratio_of_means,
)
from propagation.experiment.intervals import (
    Floats,
    Integers,
    Interval,
    chance_interval,
    moments,
)
from propagation.experiment.phrases import phrase
from propagation.experiment.quotients import Quotient, quotient_of, quotients_difference
from propagation.experiment.standings import (
    lies_beyond,
    standing_by_chance,
    standing_by_difference,
)
from propagation.experiment.summary import Standing
from propagation.luck import Purpose, stem


@dataclass(frozen=True)
class Sample:
    """One metric of a strategy in a folder: values and draws (replicates,), NaN where undefined.

    ``heavy`` is what the folder's summary says of its tail. Of a cost per reach the values serve
    the mean only; ``quotient`` has the runs.
    """

    folder: str
    values: Floats
    draw: Integers
    heavy: bool
    quotient: Quotient | None = None

    @property
    def ranked(self) -> Floats:
        """The values by which single runs are compared."""
        return self.values if self.quotient is None else self.quotient.ranked()

    def first(self, count: int) -> "Sample":
        """Return the sample of the first ``count`` replicates."""
        values, draw, quotient = self.values[:count], self.draw[:count], self.quotient
        if quotient is not None:
            quotient = quotient.first(count)
            values = quotient.linear()
        return Sample(self.folder, values, draw, self.heavy, quotient)


def sample_of(
    folder: str, metric: str, runs: Mapping[str, Floats], draw: Integers, *, heavy: bool
) -> Sample:
    """Return one metric of the runs of a strategy (column, values)."""
    quotient = quotient_of(metric, runs)
    values = runs[metric] if quotient is None else quotient.linear()
    return Sample(folder, values, draw, heavy, quotient)


@dataclass(frozen=True)
class Contrast:
    """A strategy's metric in one folder less that in the baseline, the first folder.

    ``ours`` and ``theirs`` are the means over the runs compared: the ``replicates`` pairs, or, not
    ``paired``, all in which the metric is defined (then ``replicates`` is None). The chance to do
    better is ``probability_better`` over pairs or ``unpaired`` over all pairs of different
    replicates; the latter has an interval only where nothing is paired. Under ``heavy`` tails no
    interval of a mean is claimed.
    """

    strategy: str
    folder: str
    baseline: str
    metric: str
    paired: bool
    heavy: bool
    difference: Interval
    ratio: Interval
    probability_better: Interval
    unpaired: Interval
    variance_ratio: float | None
    replicates: int | None
    ours: Interval
    theirs: Interval
    standing: Standing
    matters: bool

    @property
    def chance(self) -> Interval:
        """The chance that there is an interval for."""
        return self.probability_better if self.paired else self.unpaired

    def as_dict(self) -> dict[str, object]:
        """Return what ``compare --json`` prints; the ratio is null where it has no interval."""
        return {
            "strategy": self.strategy,
            "folder": self.folder,
            "baseline": self.baseline,
            "metric": self.metric,
            "paired": self.paired,
            "heavy": self.heavy,
            "difference": self.difference.as_dict(),
            "ratio": None if self.ratio.low is None else self.ratio.as_dict(),
            "probability_better": self.probability_better.as_dict() if self.paired else None,
            "probability_better_unpaired": self.unpaired.mean,
            "probability_better_unpaired_interval": None
            if self.paired
            else self.unpaired.as_dict(),
            "variance_ratio": self.variance_ratio,
            "replicates": self.replicates,
            "standing": self.standing.value,
            "matters": self.matters,
        }


def why_not_paired(one: Finished, other: Finished) -> str:
    """Say why replicate r of one has nothing in common with replicate r of the other; "" if it has.

    The same seed gives the same luck, and the same number of draws the same clusters.
    """
    if one.scenario.seed != other.scenario.seed:
        return f"their seeds differ ({one.scenario.seed} and {other.scenario.seed})"
    if one.scenario.draws != other.scenario.draws:
        return f"their draws differ ({one.scenario.draws} and {other.scenario.draws})"
    return ""


def contrast(
    strategy: str,
    metric: str,
    ours: Sample,
    theirs: Sample,
    *,
    paired: bool,
    matters: float,
    seed: int,
    comparisons: int,
) -> Contrast:
    """Compare a strategy in a folder (``ours``) with itself in the first (``theirs``).

    Parameters
    ----------
    paired
        Whether replicate r of both has common luck; those that only one has are then left out.
    matters
        The share of the mean of theirs below which a difference is of no practical interest.
    comparisons
        How many such comparisons hold together.
    """
    if paired:
        count = min(len(ours.values), len(theirs.values))
        ours, theirs = ours.first(count), theirs.first(count)
        both = pair_of(
            *(strategy, metric, ours.values, theirs.values, ours.draw),
            heavy=ours.heavy or theirs.heavy,
        )
        ours, theirs = replace(ours, values=both.ours), replace(theirs, values=both.theirs)
        if ours.quotient is not None and theirs.quotient is not None:
            both = replace(both, quotients=(ours.quotient, theirs.quotient), seed=seed)
        difference = both.difference(comparisons)
        (ratio,) = ratios([both], both.draw, seed, comparisons)
    else:
        rng = np.random.Generator(np.random.Philox(key=int(stem(seed, Purpose.BOOTSTRAP))))
        difference = difference_interval(
            moments(ours.values, ours.draw), moments(theirs.values, theirs.draw), comparisons
        )
        if ours.quotient is not None and theirs.quotient is not None:
            draws = (ours.draw, theirs.draw)
            difference = quotients_difference(
                *(ours.quotient, theirs.quotient, draws, seed, comparisons), paired=False
            )
        ratio = ratio_of_means(ours.values, ours.draw, theirs.values, theirs.draw, rng, comparisons)
    return _judged(strategy, metric, ours, theirs, difference, ratio, paired, matters, comparisons)


def _judged(
    strategy: str,
    metric: str,
    ours: Sample,
    theirs: Sample,
    difference: Interval,
    ratio: Interval,
    paired: bool,
    matters: float,
    comparisons: int,
) -> Contrast:
    sign = -1 if phrase(metric).lower_is_better else 1
    better, unpaired = _chances(ours, theirs, paired, sign, comparisons)
    base = moments(theirs.values, theirs.draw)
    margin = matters * abs(base.mean) if base.count else 0.0
    standing = standing_by_difference(difference, margin, sign)
    heavy = ours.heavy or theirs.heavy
    if heavy:
        difference, ratio = Interval(difference.mean), Interval()
        standing = standing_by_chance(better if paired else unpaired)
    return Contrast(
        strategy=strategy,
        folder=ours.folder,
        baseline=theirs.folder,
        metric=metric,
        paired=paired,
        heavy=heavy,
        difference=difference,
        ratio=ratio,
        probability_better=better,
        unpaired=unpaired,
        variance_ratio=variance_ratio(ours.values, theirs.values) if paired else None,
        replicates=int(np.isfinite(ours.values).sum()) if paired else None,
        ours=moments(ours.values, ours.draw).interval(),
        theirs=base.interval(),
        standing=standing,
        matters=lies_beyond(difference, margin),
    )


def _chances(
    ours: Sample, theirs: Sample, paired: bool, sign: int, comparisons: int
) -> tuple[Interval, Interval]:
    """Return the chances to do better: over paired replicates, and over unpaired ones."""
    if not paired:
        chance = chance_of_more(
            sign * ours.ranked, ours.draw, sign * theirs.ranked, theirs.draw, comparisons
        )
        return Interval(), chance
    better = (np.sign(sign * (ours.ranked - theirs.ranked)) + 1) / 2
    unpaired = Interval(unpaired_chance(sign * ours.ranked, sign * theirs.ranked))
    return chance_interval(better, ours.draw, comparisons), unpaired
