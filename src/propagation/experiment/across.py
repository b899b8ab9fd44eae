"""Finished runs of several scenarios compared.

Two questions. What did it do to a strategy: each one that a folder shares by name with the first
folder is compared with itself there. And does the answer survive: each folder's own comparisons
with its baseline are laid side by side.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from propagation.experiment.contrasts import Contrast, Sample, contrast, sample_of, why_not_paired
from propagation.experiment.finished import Finished, read_finished
from propagation.experiment.intervals import chance_interval
from propagation.experiment.pair_answers import Answer, answers
from propagation.experiment.scenario_differences import Change, changes, doubts
from propagation.experiment.tails import Level, round_levels
from propagation.problems import InputError, Problem, not_one_of
from propagation.scenario.comparing import ALL_METRICS

Outcomes = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Folder, then strategy, to the numbers of the metric as in ``summary.json``."""


@dataclass(frozen=True)
class Across:
    """What a comparison of folders finds.

    Attributes
    ----------
    folders
        Short name to finished run; the first is the baseline.
    matters
        That of the first folder's scenario.
    contrasts
        Strategies of later folders less the same ones of the first; their intervals hold together.
    apart
        Why a folder's runs cannot be paired with the first folder's; "" where they are.
    levels
        Under heavy tails, chances to reach round levels, by "folder: strategy"; else none.
    changes
        What each later folder's scenario has otherwise than the first one's.
    """

    metric: str
    matters: float
    folders: Mapping[str, Finished]
    outcomes: Outcomes
    contrasts: tuple[Contrast, ...]
    apart: Mapping[str, str]
    answers: tuple[Answer, ...]
    levels: tuple[Level, ...]
    changes: Mapping[str, Sequence[Change]]
    warnings: tuple[str, ...]

    @property
    def first(self) -> str:
        """The folder that the others are compared with."""
        return next(iter(self.folders))


def compare_folders(
    paths: Sequence[Path], on: str | None = None, strategies: Sequence[str] = ()
) -> Across:
    """Compare finished results folders.

    Parameters
    ----------
    paths
        At least two; the first is the one the others are compared with.
    on
        The metric, written with blanks or underscores; by default the first folder's.
    strategies
        Those told; by default the ones that each folder's own verdict compares.

    Raises
    ------
    InputError
        With everything wrong with the folders, the metric and the strategies.
    MachineError
        If a table cannot be read.
    """
    folders = _read(paths, on, strategies)
    first = next(iter(folders.values()))
    metric = on.replace(" ", "_") if on is not None else str(first.scenario.compare.on)
    told = {name: _told(each, strategies) for name, each in folders.items()}
    outcomes = {
        name: {strategy: _outcome(each, strategy, metric) for strategy in told[name]}
        for name, each in folders.items()
    }
    matters = first.scenario.compare.matters
    found = answers(folders, told, metric, matters)
    return Across(
        metric=metric,
        matters=matters,
        folders=folders,
        outcomes=outcomes,
        contrasts=tuple(_contrasts(folders, outcomes, metric, matters)),
        apart={
            name: why_not_paired(each, first) for name, each in folders.items() if each is not first
        },
        answers=found,
        levels=tuple(_levels(folders, outcomes, metric)),
        changes={name: changes(first, each) for name, each in folders.items() if each is not first},
        warnings=tuple(doubts(folders, told, metric)),
    )


def _read(paths: Sequence[Path], on: str | None, strategies: Sequence[str]) -> dict[str, Finished]:
    """Return the folders by short name, in the order given."""
    problems: list[Problem] = []
    found: dict[Path, Finished] = {}
    seen: set[Path] = set()
    for path in paths:
        place = path.resolve()
        if place in seen:
            problems.append(Problem("stands here twice", file=str(path)))
            continue
        seen.add(place)
        try:
            found[place] = read_finished(path)
        except InputError as error:
            problems += error.problems
    if len(paths) < 2:
        problems.append(Problem("needs two results folders or more", "compare"))
    if on is not None and on.replace(" ", "_") not in ALL_METRICS:
        problems.append(
            Problem(not_one_of(on, [each.replace("_", " ") for each in ALL_METRICS]), "--on")
        )
    known = dict.fromkeys(name for each in found.values() for name in each.runs)
    if len(found) == len(seen):  # a folder that cannot be read may have any strategy
        problems += [
            Problem(not_one_of(name, known), "--strategy")
            for name in dict.fromkeys(strategies)
            if name not in known
        ]
    if problems:
        raise InputError(problems)
    return dict(zip(short_names(list(found)), found.values(), strict=True))


def short_names(paths: Sequence[Path]) -> list[str]:
    """Return the ends of absolute paths, each as short as it can be and still its own."""
    names = []
    for path in paths:
        parts = path.parts
        for length in range(1, len(parts) + 1):
            alike = [other for other in paths if other.parts[-length:] == parts[-length:]]
            if len(alike) == 1 or length == len(parts):
                names.append(Path(*parts[-length:]).as_posix())
                break
    return names


def _told(finished: Finished, strategies: Sequence[str]) -> list[str]:
    """Return the strategies asked for, or those that the folder's verdict compares."""
    if strategies:
        return [name for name in finished.runs if name in strategies]
    compare = finished.scenario.compare
    return [
        name
        for name in finished.runs
        if compare.strategies is None or name in (compare.baseline, *compare.strategies)
    ]


def _outcome(finished: Finished, strategy: str, metric: str) -> Mapping[str, Any]:
    if metric not in finished.runs[strategy]:
        message = f"its runs have no {metric.replace('_', ' ')}: nothing in the scenario brings it"
        raise InputError(Problem(message, file=str(finished.path)))
    try:
        found: Mapping[str, Any] = finished.summary["strategies"][strategy][metric]
        wanted = ("mean", "low", "high", "median", "p10", "p90", "defined", "heavy")
        return {key: found[key] for key in wanted}
    except (KeyError, TypeError) as error:
        message = f"its summary has no {metric} of '{strategy}': run the scenario again"
        raise InputError(Problem(message, file=str(finished.path))) from error


def _contrasts(
    folders: Mapping[str, Finished], outcomes: Outcomes, metric: str, matters: float
) -> Iterator[Contrast]:
    """Compare what later folders share with the first, all intervals together."""
    (name_of_first, first), *others = folders.items()
    shared = [
        (strategy, name, each)
        for strategy in outcomes[name_of_first]
        for name, each in others
        if strategy in outcomes[name]
    ]

    def sample(name: str, finished: Finished, strategy: str) -> Sample:
        heavy = bool(outcomes[name][strategy]["heavy"])
        return sample_of(name, metric, finished.runs[strategy], finished.draw, heavy=heavy)

    for strategy, name, each in shared:
        yield contrast(
            strategy,
            metric,
            sample(name, each, strategy),
            sample(name_of_first, first, strategy),
            paired=not why_not_paired(each, first),
            matters=matters,
            seed=first.scenario.seed,
            comparisons=len(shared),
        )


def _levels(folders: Mapping[str, Finished], outcomes: Outcomes, metric: str) -> Iterator[Level]:
    """Return the chances to reach levels, where the tails of any outcome told are heavy."""
    told = {
        f"{name}: {strategy}": (folders[name].runs[strategy][metric], folders[name].draw)
        for name, each in outcomes.items()
        for strategy in each
    }
    if not any(one["heavy"] for each in outcomes.values() for one in each.values()):
        return
    for level in round_levels([values for values, _ in told.values()]):
        yield Level(
            level,
            {
                name: chance_interval(np.where(np.isfinite(x), x >= level, np.nan), draw)
                for name, (x, draw) in told.items()
            },
        )


def as_dict(found: Across, verdict: Sequence[str]) -> dict[str, object]:
    """Return what ``compare --json`` prints: null where a value is missing."""
    return {
        "metric": found.metric,
        "baseline": found.first,
        "matters": found.matters,
        "folders": {
            name: {
                "path": str(each.path),
                "scenario": each.scenario.name,
                "seed": each.scenario.seed,
                "draws": each.scenario.draws,
                "replicates": each.replicates,
                "baseline": each.scenario.compare.baseline,
                "strategies": dict(found.outcomes[name]),
            }
            for name, each in found.folders.items()
        },
        "differences": [each.as_dict() for each in found.contrasts],
        "at_least": [each.as_dict() for each in found.levels],
        "answers": [each.as_dict() for each in found.answers],
        "changes": {
            name: [each.as_dict() for each in listed] for name, listed in found.changes.items()
        },
        "verdict": list(verdict),
        "warnings": list(found.warnings),
    }
