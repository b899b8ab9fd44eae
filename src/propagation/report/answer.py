"""The answer in a line: which strategy does better in what, from the runs of a finished folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from propagation.experiment.comparison import difference, pair_in
from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import listed, phrase, plainly, quoted, share
from propagation.experiment.summary import Difference, Standing
from propagation.report.stored import Stored
from propagation.report.tables import metrics_told

SURE = 0.95
"""Share of the combinations from which on the answer is said without a "depends"."""
OPEN = 1e-9
"""Less than this is what adding up shares leaves."""
MOST_NAMED = 4
"""Strategies named in the answer; of more, only the number is given."""
AGAINST_ONE = {
    Standing.BETTER: "{ours} does better than {theirs}",
    Standing.WORSE: "{ours} does worse than {theirs}",
    Standing.SAME: "there is no practical difference between {ours} and {theirs}",
    Standing.UNSETTLED: "it is not settled whether {ours} does better than {theirs}",
}
OPPOSITE = {Standing.BETTER: Standing.WORSE, Standing.WORSE: Standing.BETTER}
ELSEWHERE = {
    Standing.BETTER: "it does better in {}",
    Standing.WORSE: "it does worse in {}",
    Standing.SAME: "there is no practical difference in {}",
    Standing.UNSETTLED: "it is not settled for {}",
}


@dataclass(frozen=True)
class Answer:
    """The answer in the compared metric and in the other headline metrics, and what turns it round.

    Each is "" if there is nothing to tell.
    """

    first: str
    elsewhere: str
    turned: str = ""


def answer_of(stored: Stored, strategies: Sequence[str]) -> Answer | None:
    """Return the answer, or None where a single strategy has nothing to be compared with.

    Parameters
    ----------
    strategies
        Those that the verdict compares, the baseline last.
    """
    *others, baseline = strategies
    if not others:
        return None
    found = _as_written(stored, others, baseline)
    uncertain = stored.summary.get("uncertain")
    if uncertain is None or not uncertain["pairs"]:
        return found
    over = " ".join(_over(pair) for pair in uncertain["pairs"])
    return replace(found, first=f"{over} As the scenario is written: {_small(found.first)}")


def _over(pair: Mapping[str, Any]) -> str:
    """Say in how many combinations of what is uncertain a strategy does better for sure."""
    metric, ahead = phrase(pair["metric"]).label, pair["surely_ahead"]
    behind = pair["surely_behind"]
    ours, theirs = quoted([pair["strategy"]]), quoted([pair["baseline"]])
    if 1 in (ahead, behind):
        better, worse = (ours, theirs) if ahead else (theirs, ours)
        return (
            f"In {metric}, {better} does better than {worse} in every combination tried of what is "
            "uncertain."
        )
    depends = "" if max(ahead, behind) >= SURE else "It depends on what nobody knows. "
    rest = 1 - ahead - behind
    left = f", and in {share(rest)} neither by more than simulation error" if rest > OPEN else ""
    return (
        f"{depends}In {metric}, {ours} does better than {theirs} in {share(ahead)} of the "
        f"combinations of what is uncertain, worse in {share(behind)}{left}."
    )


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _as_written(stored: Stored, others: list[str], baseline: str) -> Answer:
    """Return the answer of the scenario as written."""
    metric, *further = metrics_told(stored)
    found = {name: _difference(stored, name, baseline, metric, len(others)) for name in others}
    if len(others) > 1:
        return Answer(_order(metric, baseline, found), "", _turned(stored, found))
    compared = found[others[0]]
    sentence = AGAINST_ONE[compared.standing].format(ours=quoted(others), theirs=quoted([baseline]))
    often = ", more often than not" if _by_chance(stored, compared) else ""
    first = f"In {phrase(metric).label}, {sentence}{often}."
    elsewhere = {name: _difference(stored, others[0], baseline, name, 1) for name in further}
    if any(_contradicts(each, compared) for each in elsewhere.values()):
        first = f"It depends on what counts. {first}"
    return Answer(first, _told(elsewhere), _turned(stored, found))


def _difference(
    stored: Stored, strategy: str, baseline: str, metric: str, comparisons: int
) -> Difference:
    runs = stored.runs
    pair = pair_in(
        metric,
        strategy,
        runs[strategy],
        runs[baseline],
        stored.draw,
        heavy=stored.is_heavy(metric, strategy, baseline),
        seed=stored.scenario.seed,
    )
    matters = stored.scenario.compare.matters
    return difference(pair, Interval(), baseline, matters, comparisons)


def _by_chance(stored: Stored, found: Difference) -> bool:
    """Whether tails are heavy, so that the chance of doing better decided and not the mean."""
    heavy = stored.is_heavy(found.metric, found.strategy, found.baseline)
    return heavy and found.standing in (Standing.BETTER, Standing.WORSE)


def _order(metric: str, baseline: str, found: Mapping[str, Difference]) -> str:
    """Say which strategies do better than the baseline and which do not."""
    parts = []
    for standing in Standing:
        names = [name for name, each in found.items() if each.standing is standing]
        if names:
            few = len(names) <= MOST_NAMED
            shown = quoted(names) if few else f"{len(names):,} strategies"
            parts.append(f"{standing.value}: {shown}")
    return f"In {phrase(metric).label}, compared with '{baseline}': {'; '.join(parts)}."


def _turned(stored: Stored, found: Mapping[str, Difference]) -> str:
    """Name the steps in which a strategy that does not do worse does worse than some other.

    Only steps on the compared metric count, without other values of accounts.
    """
    holding = [name for name, each in found.items() if each.standing is not Standing.WORSE]
    parts = []
    for place, step in enumerate(stored.summary.get("steps", []), 1):
        if step["metric"] != stored.summary["metric"] or step["worth"]:
            continue
        beaten = [
            f"{quoted([winner])} does better than {quoted([loser])}"
            for winner, loser in _won(stored, step)
            if loser in holding and winner not in found and winner != stored.summary["baseline"]
        ]
        if beaten:
            parts.append(f"{listed(beaten)} (step {place}: {step['title'].rstrip('?.!')})")
    return f"But {'; '.join(parts)}." if parts else ""


def _won(stored: Stored, step: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (winner, loser) of the comparisons of a step that are settled."""
    won = []
    for each in step["differences"]:
        one, other = each["strategy"], each["baseline"]
        count = len(step["differences"])
        standing = _difference(stored, one, other, step["metric"], count).standing
        if standing is Standing.BETTER:
            won.append((one, other))
        elif standing is Standing.WORSE:
            won.append((other, one))
    return won


def _contradicts(each: Difference, compared: Difference) -> bool:
    """Whether the answer is the opposite; more shares take longer, so time does not count here."""
    opposite = OPPOSITE.get(compared.standing)
    return each.standing is opposite and not phrase(each.metric).lower_is_better


def _told(found: Mapping[str, Difference]) -> str:
    """Say how the strategy does in other metrics."""
    defined = [each for each in found.values() if each.replicates]
    parts = []
    for standing, words in ELSEWHERE.items():
        alike = [each.metric for each in defined if each.standing is standing]
        settled = standing in OPPOSITE
        plain = [metric for metric in alike if settled and phrase(metric).higher]
        labels = [phrase(metric).label for metric in alike if metric not in plain]
        if labels:
            parts.append(words.format(listed(labels)))
        better = standing is Standing.BETTER
        parts += [f"it {plainly(metric, better=better)}" for metric in plain]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""
