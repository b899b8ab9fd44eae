"""A comparison of folders in plain sentences, and as tables for a terminal."""

from collections.abc import Iterator, Sequence

from propagation.experiment.across import Across
from propagation.experiment.contrasts import Contrast
from propagation.experiment.decisions import rule_in_force
from propagation.experiment.intervals import Interval
from propagation.experiment.pair_answers import Answer, Found, interval_of
from propagation.experiment.phrases import (
    apart,
    counted,
    decimals,
    does,
    factor_with_interval,
    listed,
    number,
    phrase,
    plural,
    quoted,
    share,
    share_with_interval,
    span,
    with_interval,
)
from propagation.experiment.summary import Standing
from propagation.experiment.table import middle_and_range
from propagation.experiment.tails import level_sentences

MOST_CHANGES = 12
"""Differences between two scenarios that are told; the rest is counted."""

Rows = list[tuple[str, ...]]


def verdict(found: Across) -> tuple[str, ...]:
    """Say whether the answer survives, and what became of each strategy."""
    sentences = [_survival(found)]
    sentences += [_contrast(found, each) for each in found.contrasts]
    if not found.contrasts:
        sentences.append(
            f"No other folder has a strategy by the name of one in {found.first}: none is compared "
            "with itself."
        )
    names = [f"{folder}: {one}" for folder, each in found.outcomes.items() for one in each]
    sentences.extend(level_sentences(found.metric, found.levels, names))
    sentences.extend(_pairing(found))
    single = [name for name, each in found.folders.items() if each.scenario.draws == 1]
    if single:
        sentences.append(f"What is said of {listed(single)} holds on one world each.")
    rules = {rule_in_force(each.scenario) for each in found.folders.values()}
    if len(rules) == 1:
        sentences.append(f"Decision rule in force: {rules.pop().rstrip('.')}.")
    together = "; those of differences between folders hold together"
    sentences.append(
        f"Ranges in brackets are 95% intervals{together if len(found.contrasts) > 1 else ''}."
    )
    return tuple(sentences)


def _survival(found: Across) -> str:
    """Say in one sentence whether the folders give the same answers."""
    label = phrase(found.metric).label
    told = [each for each in found.answers if each.same is not None]
    if not told:
        return f"In {label} no strategy is compared with the same baseline in two folders."
    changed = [each for each in told if not each.same]
    kept = [each for each in told if each.same]
    parts = [*map(_by_folder, changed), *_kept(kept, len(found.folders))]
    count = len(found.folders)
    if changed:
        return f"In {label} the answer is not the same in all folders: {'; '.join(parts)}."
    where = "both folders" if count == 2 else f"all {count} folders"
    if any(len(each.folders) < count for each in told):
        where = "all folders that give one"
    return f"In {label} the answer is the same in {where}: {'; '.join(parts)}."


def _by_folder(answer: Answer) -> str:
    """Write ``a against b: better in starter, not settled in sober``."""
    pairs = {(each.strategy, each.baseline) for each in answer.found}
    if len(pairs) > 1:
        return ", ".join(
            f"{each.folder}: {each.strategy} against {each.baseline}: {each.standing.value}"
            for each in answer.found
        )
    ((strategy, baseline),) = pairs
    places = {
        standing: [each.folder for each in answer.found if each.standing is standing]
        for standing in Standing
    }
    said = [f"{one.value} in {listed(names)}" for one, names in places.items() if names]
    return f"{strategy} against {baseline}: {', '.join(said)}"


def _kept(answers: Sequence[Answer], count: int) -> Iterator[str]:
    """Write ``'a' and 'b' do better than c``, for answers that are the same everywhere."""
    groups: dict[tuple[str, Standing, tuple[str, ...]], list[str]] = {}
    for answer in answers:
        for each in answer.found:
            folders = answer.folders if len(answer.folders) < count else ()
            names = groups.setdefault((each.baseline, each.standing, folders), [])
            if each.strategy not in names:
                names.append(each.strategy)
    for (baseline, standing, folders), names in groups.items():
        where = f" in {listed(list(folders))}" if folders else ""
        yield f"{_claim(names, baseline, standing)}{where}"


def _claim(names: list[str], baseline: str, standing: Standing) -> str:
    who, verb = (names[0], "does") if len(names) == 1 else (quoted(names), "do")
    if standing is Standing.SAME:
        return f"{who} against {baseline}: no practical difference"
    if standing is Standing.UNSETTLED:
        return f"whether {who} {verb} better than {baseline} is not settled"
    return f"{who} {verb} {standing.value} than {baseline}"


def _contrast(found: Across, each: Contrast) -> str:
    """Say what became of a strategy, against itself in the first folder."""
    if each.ours.mean is None or each.theirs.mean is None:
        pairs = "a pair of runs" if each.paired else "runs"
        return f"{each.strategy} has no {pairs} to compare in {each.folder} and {each.baseline}."
    if each.heavy:
        return _by_chance(found, each)
    ours, theirs = _shown(found, each)
    said = f"{each.strategy} {does(each.metric, ours)} in {each.folder}"
    said += f" and {with_interval(theirs)} in {each.baseline}"
    if each.paired and (each.replicates or 0) < _most(found, each):
        said = f"Over the {counted(each.replicates or 0, 'pair')} of runs, {said}"
    if each.ratio.low is None:
        said += f": {apart(each.metric, each.difference)}."
    else:
        times, interval = factor_with_interval(each.ratio)
        if times == "1 times" and not interval:
            times = "just"
        said += f": {times} {phrase(each.metric).times} {interval}".rstrip() + "."
    return f"{said}{_settled(found, each)}"


def _settled(found: Across, each: Contrast) -> str:
    margin, low, high = share(found.matters), each.difference.low, each.difference.high
    if low is None or high is None:
        return " A single run shows no variation, so nothing is settled."
    if each.standing is Standing.SAME:
        within = f" (within {margin} of the mean in {each.baseline})" if found.matters else ""
        return f" That is no practical difference{within}."
    if each.standing is Standing.UNSETTLED:
        limits = span(low, high, decimals((high - low) / 2))
        return f" Whether that differs is not settled: by anything from {limits}."
    if not each.matters:
        return f" The difference may be smaller than the {margin} that would matter."
    return ""


def _by_chance(found: Across, each: Contrast) -> str:
    """Say medians and the chance, where a few runs hold much of the total."""
    medians = []
    for folder in (each.folder, each.baseline):
        known = found.outcomes[folder][each.strategy]
        places = decimals((known["p90"] - known["p10"]) / 2, known["median"])
        medians.append(number(known["median"], places))
    does_so = plural(phrase(each.metric).does, medians[0])
    said = (
        f"In the median campaign {each.strategy} {does_so} in {each.folder} and {medians[1]} in "
        f"{each.baseline}; tails are heavy, so means are not compared."
    )
    if each.chance.mean is None:
        return said
    settled = " That settles nothing." if each.standing is Standing.UNSETTLED else ""
    return f"{said} It did better in {each.folder} in {_chance(each)}.{settled}"


def _shown(found: Across, each: Contrast) -> tuple[Interval, Interval]:
    """Return the means as the summaries have them, or over the runs compared if these are fewer."""
    if each.paired and (each.replicates or 0) < _most(found, each):
        return each.ours, each.theirs
    ours, theirs = (found.outcomes[name][each.strategy] for name in (each.folder, each.baseline))
    return interval_of(ours), interval_of(theirs)


def _most(found: Across, each: Contrast) -> int:
    """Return in how many runs either folder has the metric."""
    both = (found.outcomes[name][each.strategy] for name in (each.folder, each.baseline))
    return max(int(one["defined"]) for one in both)


def _chance(each: Contrast) -> str:
    kind = "pairs of campaigns" if each.paired else "all pairs of campaigns, not matched"
    return f"{share_with_interval(each.chance)} of {kind}"


def _pairing(found: Across) -> Iterator[str]:
    compared = {each.folder for each in found.contrasts}
    paired = [name for name, why in found.apart.items() if not why and name in compared]
    if paired:
        yield (
            f"{listed(paired)} and {found.first} have the same seed and draws: run r of each has "
            "the same luck, and runs are compared pair by pair."
        )
    for name, why in found.apart.items():
        if why and name in compared:
            yield (
                f"{name} and {found.first} are compared as independent samples, because {why}: "
                "chances to do better are over all pairs of their runs."
            )


def change_lines(found: Across) -> Iterator[str]:
    """Say what each later scenario has otherwise than the first, in at most 12 lines each."""
    for name, listed_changes in found.changes.items():
        if not listed_changes:
            yield f"The scenarios of {found.first} and {name} do not differ."
            continue
        yield f"What differs, {found.first} -> {name}:"
        yield from (f"  {each}" for each in listed_changes[:MOST_CHANGES])
        rest = len(listed_changes) - MOST_CHANGES
        if rest > 0:
            yield f"  ... and {counted(rest, 'more difference')}"


def outcome_rows(found: Across) -> Rows:
    """Return each folder's strategies with mean, median and range."""
    rows: Rows = [("folder", "strategy", "mean (95% interval)", "median", "8 of 10 runs")]
    for name, outcomes in found.outcomes.items():
        for strategy, each in outcomes.items():
            cells = middle_and_range(each, found.folders[name].replicates)
            rows.append((name, strategy, *cells))
    return rows


def contrast_rows(found: Across) -> Rows:
    """Return each strategy against itself in the first folder."""
    rows: Rows = [
        ("strategy", "folder", f"less {found.first}", "ratio", "did better in", "standing")
    ]
    for each in found.contrasts:
        rows.append(
            (
                each.strategy,
                each.folder,
                _cell(each.difference, heavy=each.heavy),
                _cell(each.ratio),
                "" if each.chance.mean is None else share_with_interval(each.chance),
                each.standing.value,
            )
        )
    return rows


def answer_rows(found: Across) -> Rows:
    """Return each folder's own comparisons with its baseline, side by side."""
    rows: Rows = [("strategy against baseline", "folder", "ratio", "did better in", "standing")]
    for answer in found.answers:
        label = ""
        for each in answer.found:
            pair = f"{each.strategy} against {each.baseline}"
            rows.append(("" if pair == label else pair, each.folder, *_answer_cells(each)))
            label = pair
    return rows


def _answer_cells(each: Found) -> tuple[str, str, str]:
    chance = each.probability_better
    better = "" if chance.mean is None else share_with_interval(chance)
    return _cell(each.ratio), better, each.standing.value


def _cell(found: Interval, heavy: bool = False) -> str:
    return "" if heavy or found.mean is None or found.low is None else with_interval(found)
