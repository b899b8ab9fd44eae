"""The verdict in plain sentences, for a reader who gives advice and does not read tables."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, permutations

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import (
    apart,
    counted,
    decimals,
    does,
    factor_with_interval,
    number,
    phrase,
    plainly,
    quoted,
    range_decimals,
    share,
    share_with_interval,
    span,
    with_interval,
)
from propagation.experiment.summary import Difference, Outcome, Standing
from propagation.experiment.tails import Level, level_sentences, medians_first
from propagation.scenario.comparing import COST_PER

Outcomes = Mapping[str, Mapping[str, Outcome]]

HEADLINES = (
    *("reach", "relevant_reach", "valued_reach", "shares", "time_to_half"),
    *("originals", "followers_gained", "followers_lost", "pitches_covered"),
    *("cost", "cost_per_relevant_reach", "cost_per_valued_reach"),
)
"""Metrics named in the verdict when they disagree with the compared one, where runs have them."""


def verdict(
    metric: str,
    baseline: str,
    outcomes: Outcomes,
    differences: Sequence[Difference],
    *,
    matters: float,
    draws: int,
    real_graph: bool,
    decision: str,
    levels: Sequence[Level] = (),
    levels_asked: bool = False,
    idle: Collection[str] = (),
) -> tuple[str, ...]:
    """Say which strategy does better in ``metric``, by how much, how surely, and where not.

    ``idle`` names the strategies that do nothing.
    """
    compared = [each for each in differences if each.metric == metric]
    sentences: list[str] = []
    heavy = any(each[metric].heavy for each in outcomes.values())
    if heavy:
        found = {name: each[metric] for name, each in outcomes.items()}
        sentences += medians_first(metric, baseline, found, compared)
    elif not compared:
        sentences += [f"{name} {_does(metric, each[metric])}." for name, each in outcomes.items()]
    elif len(compared) > 1:
        sentences.append(_order(metric, baseline, outcomes))
        sentences.append(f"The baseline, {baseline}, {_does(metric, outcomes[baseline][metric])}.")
    for each in compared if not heavy else ():
        sentences.append(_headline(each, outcomes, name_baseline=len(compared) > 1))
        sentences.extend(_standing(each, matters, idle))
        sentences.extend(_chance(each))
    if heavy or levels_asked:
        sentences.extend(level_sentences(metric, levels, list(outcomes)))
    runs = max((each.of for each in compared), default=0)
    sentences.extend(_range(metric, outcomes, runs))
    sentences.extend(_elsewhere(compared, differences, outcomes, idle))
    scope = _scope(draws, real_graph)
    if any(each.standing is Standing.UNSETTLED for each in compared):
        scope = scope.replace("This holds", "This was tried", 1)  # nothing to hold is settled
    sentences.append(scope)
    if decision:
        rule = decision.rstrip(".")
        sentences.append(f"Decision rule in force: {rule}; under another the answer may differ.")
    sentences.append(_legend(len(compared)))
    return tuple(sentences)


def of_pair(
    each: Difference, outcomes: Outcomes, matters: float, idle: Collection[str] = ()
) -> tuple[str, ...]:
    """Say how one strategy compares with the other, as a step of an argument."""
    found = {name: outcomes[name][each.metric] for name in (each.strategy, each.baseline)}
    if any(one.heavy for one in found.values()):
        return tuple(medians_first(each.metric, each.baseline, found, [each]))
    sentences = [_headline(each, outcomes, name_baseline=False)]
    sentences += [*_standing(each, matters, idle, claimed=False), *_chance(each)]
    return tuple(sentence[0].upper() + sentence[1:] for sentence in sentences)


def _does(metric: str, outcome: Outcome) -> str:
    """Write ``reaches 1,934 relevant accounts (1,890 to 1,978)``."""
    if outcome.mean is None:
        return f"has no {phrase(metric).label}: it is undefined in every run"
    return does(metric, Interval(outcome.mean, outcome.low, outcome.high))


def _mean(outcome: Outcome) -> str:
    return with_interval(Interval(outcome.mean, outcome.low, outcome.high))


def _headline(each: Difference, outcomes: Outcomes, *, name_baseline: bool) -> str:
    ours, theirs = (outcomes[name][each.metric] for name in (each.strategy, each.baseline))
    some = 0 < each.replicates < each.of
    if some:  # a ratio of means over other runs than those shown would contradict them
        ours, theirs = _with_mean(ours, each.ours), _with_mean(theirs, each.theirs)
    where = f"in the {each.replicates:,} of {counted(each.of, 'run')} in which both have one, "
    text = f"{where if some else ''}{each.strategy} {_does(each.metric, ours)}"
    if not name_baseline:
        text += f", {each.baseline} {'none' if theirs.mean is None else _mean(theirs)}"
    if not each.replicates:
        return f"{text}: there is nothing to compare."
    beside = f" as {each.baseline}" if name_baseline else ""
    if each.ratio.low is None:
        than = f" than {each.baseline}" if name_baseline else ""
        return f"{text}: {apart(each.metric, each.difference)}{than}."
    times, interval = factor_with_interval(each.ratio)
    if times == "1 times" and not interval:
        times = "just"
    return f"{text}: {times} {phrase(each.metric).times}{beside} {interval}".rstrip() + "."


def _with_mean(outcome: Outcome, mean: Interval) -> Outcome:
    return replace(outcome, mean=mean.mean, low=mean.low, high=mean.high)


def _standing(
    each: Difference, matters: float, idle: Collection[str], *, claimed: bool = True
) -> Iterator[str]:
    """Say whether the claim to do better holds or, if none is made, whether it does worse.

    Where the better one, or one that is as good, does nothing, say so.
    """
    if not each.replicates:
        return  # the headline has said that there is nothing to compare
    pair, margin = f"{each.strategy} does better than {each.baseline}", share(matters)
    if each.standing is Standing.WORSE:
        worse = plainly(each.metric, better=False)
        yield (
            f"The claim that {pair} fails here: it {worse}."
            if claimed
            else f"{each.strategy} {worse} than {each.baseline}."
        )
    if each.standing is Standing.SAME:
        within = f" (all within {margin} of the mean of {each.baseline})" if matters else ""
        support = f": the claim that {pair} finds no support here" if claimed else ""
        yield f"No practical difference{within}{support}."
    yield from _of_idle(each, idle)
    if each.standing is Standing.UNSETTLED:
        yield _unsettled(each)
    elif each.standing is not Standing.SAME and not each.matters:
        yield f"The difference may be smaller than the {margin} that would matter."


def _of_idle(each: Difference, idle: Collection[str]) -> Iterator[str]:
    """Say that doing nothing does as well, or better."""
    if each.standing is Standing.SAME and not {each.strategy, each.baseline} <= set(idle):
        for name, other in permutations((each.strategy, each.baseline)):
            if name in idle:
                yield f"Doing nothing does as well as {other}."
    if each.standing is Standing.BETTER and each.strategy in idle:
        yield f"Doing nothing {plainly(each.metric, better=True)} than {each.baseline}."
    if each.standing is Standing.WORSE and each.baseline in idle:
        yield f"Doing nothing {plainly(each.metric, better=True)} than {each.strategy}."


def _unsettled(each: Difference) -> str:
    found, settling = each.difference, each.settling
    text = f"Whether {each.strategy} does better than {each.baseline} is not settled"
    if each.metric in COST_PER and found.low is None and each.of > 1:
        return f"{text}: too few campaigns reach anybody."
    if found.low is None or found.high is None:
        return f"{text}: a single replicate shows no variation."
    limits = span(found.low, found.high, decimals((found.high - found.low) / 2))
    advice = f" {settling.capitalize()} would settle it." if settling else ""
    return f"{text}: the difference may be anything from {limits}.{advice}"


def _chance(each: Difference) -> Iterator[str]:
    if each.probability_better.mean is not None:
        if each.ties > 0.995:
            yield f"Nearly all paired campaigns of {each.strategy} and {each.baseline} are ties."
            return
        ties = " (ties count half)" if each.ties >= 0.005 else ""
        chance = share_with_interval(each.probability_better)
        yield f"In {chance} of paired campaigns {each.strategy} did better{ties}."


def _range(metric: str, outcomes: Outcomes, runs: int) -> Iterator[str]:
    """Say where 8 of 10 campaigns land, by strategy; the range of outcomes, not of the mean.

    Where the metric is undefined in some of the runs, it says of how many that is said.
    """
    lands: list[str] = []
    for name, each in outcomes.items():
        found = each[metric]
        if found.p10 is None or found.p90 is None:
            continue
        places = range_decimals(found.p10, found.p90)
        low, high = number(found.p10, places), number(found.p90, places)
        where = f"on {low}" if found.p10 == found.p90 else f"between {low} and {high}"
        some = f" ({found.defined:,} of {runs:,} runs)" if 0 < found.defined < runs else ""
        lands.append(f"of {name}{some} {'' if lands else 'land '}{where}")
    if lands:
        yield f"8 of 10 campaigns {', '.join(lands)}."


def _order(metric: str, baseline: str, outcomes: Outcomes) -> str:
    means = {name: each[metric].mean for name, each in outcomes.items()}
    known = {name: mean for name, mean in means.items() if mean is not None}
    best_first = sorted(known, key=lambda name: known[name])
    if not phrase(metric).lower_is_better:
        best_first.reverse()
    return (
        f"By mean {phrase(metric).label}, best first: {quoted(best_first)}. "
        f"Only differences from {baseline} are tested."
    )


def _elsewhere(
    compared: Sequence[Difference],
    differences: Sequence[Difference],
    outcomes: Outcomes,
    idle: Collection[str],
) -> Iterator[str]:
    """Name the headline metrics in which it is settled and other than in the compared one."""
    main = {each.strategy: each for each in compared}
    others = [
        each
        for each in differences
        if each.metric in HEADLINES
        and each.metric != main[each.strategy].metric
        and each.difference.low is not None
        and each.standing not in (Standing.UNSETTLED, main[each.strategy].standing)
    ]

    def said(each: Difference) -> tuple[int, str]:
        return HEADLINES.index(each.metric), _contrast(each, main[each.strategy])

    for (place, contrast), group in groupby(sorted(others, key=said), key=said):
        alike, start = list(group), f"In {phrase(HEADLINES[place]).label} {contrast}"
        if not contrast:
            yield from _who_pays(alike, outcomes, idle)
        elif len(alike) == 1:
            yield f"{start}: {_headline(alike[0], outcomes, name_baseline=len(compared) > 1)}"
        else:
            yield f"{start} for {quoted([each.strategy for each in alike])}."


def _who_pays(
    alike: Sequence[Difference], outcomes: Outcomes, idle: Collection[str]
) -> Iterator[str]:
    """Say who costs or loses more, or less, with the numbers of both."""
    for each in alike:
        better = each.standing is Standing.BETTER
        ours, theirs = (outcomes[name][each.metric] for name in (each.strategy, each.baseline))
        if 0 < each.replicates < each.of:
            ours, theirs = _with_mean(ours, each.ours), _with_mean(theirs, each.theirs)
        who = "Doing nothing" if each.strategy in idle else each.strategy
        does_so = plainly(each.metric, better=better)
        yield f"{who} {does_so} than {each.baseline}: {_mean(ours)} against {_mean(theirs)}."


def _contrast(each: Difference, main: Difference) -> str:
    if each.standing is Standing.SAME:
        return "there is no practical difference"
    if phrase(each.metric).higher:  # neither praise nor blame: it is said who costs or loses more
        return ""
    if {each.standing, main.standing} == {Standing.BETTER, Standing.WORSE}:
        return "it is the other way round"
    direction = "better" if each.standing is Standing.BETTER else "worse"
    return f"the result is clear, and {direction} than {each.baseline}"


def _scope(draws: int, real_graph: bool) -> str:
    if real_graph and draws > 1:
        return f"This holds on this graph, over {counted(draws, 'draw')} of its traits."
    if real_graph:
        return "This holds on this graph; on another it may differ."
    if draws == 1:
        return "This holds on this graph: one was drawn, so raise draws to speak of others like it."
    return f"This holds on average over {counted(draws, 'drawn graph')} of this scenario."


def _legend(comparisons: int) -> str:
    if not comparisons:
        return "The range in brackets is the 95% interval of the mean."
    together = ", those of differences together" if comparisons > 1 else ""
    return f"Ranges in brackets are 95% intervals of means, ratios and chances{together}."
