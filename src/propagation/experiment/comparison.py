"""Strategies compared over paired replicates; docs/statistics.md says why by these methods."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from propagation.experiment.cautions import cautions
from propagation.experiment.intervals import (
    Floats,
    Integers,
    Interval,
    Moments,
    chance_interval,
    moments,
    ratio_interval,
    resampled_sums,
)
from propagation.experiment.phrases import phrase
from propagation.experiment.quotients import (
    Quotient,
    quotient_of,
    quotient_outcome,
    quotients_difference,
    quotients_ratio,
)
from propagation.experiment.standings import (
    lies_beyond,
    standing_by_chance,
    standing_by_difference,
)
from propagation.experiment.stopping import settling
from propagation.experiment.summary import Difference, Outcome, Standing, Summary
from propagation.experiment.tails import Level, is_heavy, levels, round_levels
from propagation.experiment.verdict import verdict
from propagation.luck import Purpose, stem
from propagation.problems import InputError, Problem, not_one_of
from propagation.spread.expected import Expected

Runs = Mapping[str, Mapping[str, Floats]]
Expectations = Mapping[str, Mapping[str, Expected]]
NOTHING_EXPECTED: Expectations = {}


@dataclass(frozen=True)
class Pair:
    """One metric of a strategy and of the baseline (replicates,), NaN unless both are defined.

    ``heavy``: the tails of either are, so that no interval of a mean is claimed. Of a cost per
    reach these values serve the mean only; ``quotients`` has the runs, and ``seed`` is that of the
    worlds resampled from them.
    """

    strategy: str
    metric: str
    ours: Floats
    theirs: Floats
    draw: Integers
    heavy: bool
    quotients: tuple[Quotient, Quotient] | None = None
    seed: int = 0

    def difference(self, comparisons: int) -> Interval:
        """Return ours less theirs in the mean."""
        if self.quotients is None:
            return moments(self.ours - self.theirs, self.draw).interval(comparisons)
        draws = (self.draw, self.draw)
        return quotients_difference(*self.quotients, draws, self.seed, comparisons)


def summarise(
    runs: Runs,
    draw: Integers,
    *,
    metric: str,
    baseline: str,
    matters: float,
    seed: int,
    real_graph: bool,
    decision: str = "",
    strategies: Sequence[str] | None = None,
    at_least: Sequence[float] | None = None,
    expected: Expectations = NOTHING_EXPECTED,
    idle: Collection[str] = (),
) -> Summary:
    """Compare strategies with the baseline.

    Parameters
    ----------
    runs
        Strategy, then metric, to values (replicates,); NaN where a run leaves it undefined.
        Replicate r of every strategy lives in the same world.
    draw
        The draw each replicate used (replicates,).
    matters
        The share of the baseline's mean below which a difference is of no practical interest.
    decision
        What the report says of the decision rule in force.
    strategies
        Those compared with the baseline; by default all. The others are summarised only.
    at_least
        Levels of the metric whose chances are told; by default two round ones, told only where
        tails are heavy.
    expected
        Strategy, then metric, to what theory expects, where it expects anything.
    idle
        The strategies that do nothing.

    Raises
    ------
    InputError
        If the metric or the baseline is not among the runs, or lengths differ.
    """
    _check(runs, draw, metric, baseline)
    outcomes = {
        strategy: outcomes_of(metrics, draw, seed, expected.get(strategy, {}))
        for strategy, metrics in runs.items()
    }
    told = {
        name: metrics
        for name, metrics in runs.items()
        if strategies is None or name in (baseline, *strategies)
    }
    comparisons = max(1, len(told) - 1)
    pairs = list(_pairs(told, draw, baseline, outcomes, seed))
    differences = tuple(
        difference(pair, ratio, baseline, matters, comparisons)
        for pair, ratio in zip(pairs, ratios(pairs, draw, seed, comparisons), strict=True)
    )
    found = _levels(told, draw, metric, at_least)
    sentences = verdict(
        metric,
        baseline,
        {name: outcomes[name] for name in told},
        differences,
        matters=matters,
        draws=len(np.unique(draw)),
        real_graph=real_graph,
        decision=decision,
        levels=found,
        levels_asked=at_least is not None,
        idle=idle,
    )
    return Summary(
        metric=metric,
        baseline=baseline,
        strategies=outcomes,
        differences=differences,
        at_least=tuple(each.as_dict() for each in found),
        verdict=sentences,
        warnings=tuple(cautions(told, draw, metric, expected)),
    )


def _levels(
    told: Runs, draw: Integers, metric: str, asked: Sequence[float] | None
) -> tuple[Level, ...]:
    """Return chances to reach levels; a run that reaches nobody is dearer than any."""
    values = {name: metrics[metric] for name, metrics in told.items()}
    asked = round_levels(list(values.values())) if asked is None else asked
    for name, metrics in told.items():
        if quotient := quotient_of(metric, metrics):
            values[name] = quotient.ranked()
    return levels(values, draw, asked)


def outcomes_of(
    metrics: Mapping[str, Floats],
    draw: Integers,
    seed: int,
    expected: Mapping[str, Expected],
) -> dict[str, Outcome]:
    """Summarise metrics over the runs of one strategy; a cost per reach needs its two parts."""
    found: dict[str, Outcome] = {}
    for name, values in metrics.items():
        quotient = quotient_of(name, metrics)
        if quotient is None:
            found[name] = outcome(values, draw, expected.get(name))
        else:
            parts = (("cost", quotient.cost), (quotient.divisor, quotient.reach))
            heavy = any(is_heavy(part, draw, expected.get(each)) for each, part in parts)
            found[name] = quotient_outcome(quotient, draw, seed, heavy=heavy)
    return found


def outcome(values: Floats, draw: Integers, expected: Expected | None = None) -> Outcome:
    """Summarise one metric over the runs (replicates,) of one strategy.

    ``expected`` is what theory expects of them, if it expects anything.
    """
    found = moments(values, draw)
    if found.count == 0:
        return Outcome(None, None, None, None, None, None, 0)
    interval, defined = found.interval(), values[np.isfinite(values)]
    low = interval.low
    if low is not None and low < 0 <= defined.min():
        low = 0.0  # no mean of what cannot be negative is
    p10, median, p90 = map(float, np.quantile(defined, [0.1, 0.5, 0.9]))
    if is_heavy(values, draw, expected):
        return Outcome(found.mean, None, None, median, p10, p90, found.count, heavy=True)
    return Outcome(found.mean, low, interval.high, median, p10, p90, found.count)


def difference(
    pair: Pair, ratio: Interval, baseline: str, matters: float, comparisons: int
) -> Difference:
    """Compare a strategy with the baseline in one metric."""
    gain = pair.ours - pair.theirs
    sign = -1 if phrase(pair.metric).lower_is_better else 1
    mine, other = pair.ours, pair.theirs
    if pair.quotients and np.isfinite(gain).any():
        mine, other = (each.ranked() for each in pair.quotients)
    apart = mine - other
    better = (np.sign(sign * apart) + 1) / 2
    found = moments(gain, pair.draw)
    margin = matters * abs(moments(pair.theirs, pair.draw).mean)
    interval = pair.difference(comparisons)
    standing = standing_by_difference(interval, margin, sign)
    chance = chance_interval(better, pair.draw, comparisons)
    if pair.heavy:
        interval, ratio = Interval(interval.mean), Interval()
        standing = standing_by_chance(chance)
    return Difference(
        strategy=pair.strategy,
        baseline=baseline,
        metric=pair.metric,
        difference=interval,
        ratio=ratio,
        probability_better=chance,
        probability_better_unpaired=unpaired_chance(sign * mine, sign * other),
        variance_ratio=variance_ratio(pair.ours, pair.theirs),
        replicates=found.count,
        of=len(pair.draw),
        ours=moments(pair.ours, pair.draw).interval(),
        theirs=moments(pair.theirs, pair.draw).interval(),
        standing=standing,
        matters=lies_beyond(interval, margin),
        ties=float(np.mean(apart[np.isfinite(apart)] == 0)) if found.count else 0.0,
        settling=_settling(found, margin, comparisons)
        if standing is Standing.UNSETTLED and interval.low is not None
        else "",
    )


def ratios(pairs: list[Pair], draw: Integers, seed: int, comparisons: int) -> list[Interval]:
    """Return the interval of each pair's ratio of means, over the same resampled replicates.

    Without one where the interval of the baseline's mean touches 0.
    """
    found = [Interval()] * len(pairs)
    wanted = []
    for i, pair in enumerate(pairs):
        if pair.quotients:
            found[i] = quotients_ratio(*pair.quotients, draw, seed, comparisons)
        elif _surely_positive(pair, comparisons):
            wanted.append(i)
    if not wanted:
        return found
    rng = np.random.Generator(np.random.Philox(key=int(stem(seed, Purpose.BOOTSTRAP))))
    columns = np.nan_to_num(np.stack([[pairs[i].ours, pairs[i].theirs] for i in wanted]))
    sums = resampled_sums(columns.reshape(-1, len(draw)).T, draw, rng)
    for place, i in enumerate(wanted):
        own = sums[:, 2 * place : 2 * place + 2]
        found[i] = ratio_interval(columns[place, 0], columns[place, 1], draw, own, comparisons)
    return found


def unpaired_chance(ours: Floats, theirs: Floats) -> float | None:
    """Return the chance that ours is larger (ties half) over all pairs of different replicates."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    ours, theirs = ours[both], theirs[both]
    count = len(ours)
    if count < 2:
        return None
    ordered, asked = np.sort(theirs), np.sort(ours)  # in order, a search stays in the cache
    beaten = np.searchsorted(ordered, asked, "left") + np.searchsorted(ordered, asked, "right")
    same_replicate = np.sign(ours - theirs) + 1
    return float((beaten.sum() - same_replicate.sum()) / 2 / (count * (count - 1)))


def variance_ratio(ours: Floats, theirs: Floats) -> float | None:
    """Return Var(difference) / (Var(ours) + Var(theirs)): below 1, pairing helped."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    if np.count_nonzero(both) < 2:
        return None
    apart = float(ours[both].var() + theirs[both].var())
    return float((ours - theirs)[both].var()) / apart if apart > 0 else None


def pair_in(
    metric: str,
    strategy: str,
    ours: Mapping[str, Floats],
    theirs: Mapping[str, Floats],
    draw: Integers,
    *,
    heavy: bool,
    seed: int,
) -> Pair:
    """Return one metric of the runs of two strategies as a pair; a cost per reach by its parts."""
    one, other = quotient_of(metric, ours), quotient_of(metric, theirs)
    if one is None or other is None:
        return pair_of(strategy, metric, ours[metric], theirs[metric], draw, heavy=heavy)
    found = pair_of(strategy, metric, one.linear(), other.linear(), draw, heavy=heavy)
    return replace(found, quotients=(one, other), seed=seed)


def pair_of(
    strategy: str, metric: str, ours: Floats, theirs: Floats, draw: Integers, *, heavy: bool
) -> Pair:
    """Return the runs of two strategies (replicates,) as a pair, where both are defined."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    return Pair(
        strategy, metric, np.where(both, ours, np.nan), np.where(both, theirs, np.nan), draw, heavy
    )


def _pairs(
    runs: Runs,
    draw: Integers,
    baseline: str,
    outcomes: Mapping[str, Mapping[str, Outcome]],
    seed: int,
) -> Iterator[Pair]:
    for strategy, metrics in runs.items():
        for metric in metrics if strategy != baseline else ():
            heavy = outcomes[strategy][metric].heavy or outcomes[baseline][metric].heavy
            yield pair_in(metric, strategy, metrics, runs[baseline], draw, heavy=heavy, seed=seed)


def _surely_positive(pair: Pair, comparisons: int) -> bool:
    low = moments(pair.theirs, pair.draw).interval(comparisons).low
    return low is not None and low > 0


def _settling(found: Moments, margin: float, comparisons: int) -> str:
    """Say what would shrink the interval clear of 0, or into the margin, whichever is sooner."""
    if not found.count:
        return ""
    return settling(found, max(abs(found.mean), margin - abs(found.mean)), comparisons)


def _check(runs: Runs, draw: Integers, metric: str, baseline: str) -> None:
    problems = []
    if baseline not in runs:
        problems.append(Problem(not_one_of(baseline, runs), "compare.baseline"))
    for metrics in runs.values():
        if metric not in metrics:
            problems.append(Problem(not_one_of(metric, metrics), "compare.on"))
            break
    ragged = {len(values) for metrics in runs.values() for values in metrics.values()}
    if len(draw) == 0 or ragged - {len(draw)}:
        problems.append(Problem("every metric needs one value for each replicate, and at least 1"))
    if len({frozenset(metrics) for metrics in runs.values()}) > 1:
        problems.append(Problem("strategies must have the same metrics"))
    if problems:
        raise InputError(problems)
