"""A scenario with some of its numbers exchanged, each named by its path."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from propagation.problems import InputError, Problem, not_one_of
from propagation.scenario import units
from propagation.scenario.exploring_checks import unexplored
from propagation.scenario.spec import Scenario, as_written
from propagation.scenario.wording import in_words

Changes = Mapping[str, float]
"""Values by path, as ``ours.ceo.followers.journalists``; durations in hours."""
Step = str | int
Tree = dict[str, Any]

_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")
_PATH = re.compile(r"[^.\[\]]+((\.[^.\[\]]+)|(\[[0-9]+\]))*")
_SHARE_OF_FOLLOWS = re.compile(r"segments\.([^.\[\]]+)\.follows\.to\.([^.\[\]]+)")
BESIDE_THE_MODEL = ("steps", "sources", "question")
"""Blocks that no run depends on."""


class PathError(ValueError):
    """A path that leads to no number."""


def steps_of(path: str) -> tuple[Step, ...]:
    """Return the steps of a path: ``strategies.large[0].at`` has four.

    Raises
    ------
    PathError
        If it is not written as a path.
    """
    if not _PATH.fullmatch(path):
        raise PathError(f"'{units.shown(path)}' is not a path such as messages.launch.resonance")
    return tuple(int(number) if number else key for key, number in _STEP.findall(path))


def number_at(tree: Mapping[str, Any], path: str) -> float:
    """Return the number at a path of a written scenario; of a duration its hours.

    Raises
    ------
    PathError
        If there is none.
    """
    place: Any = tree
    walked = ""
    for step in steps_of(path):
        if isinstance(step, int):
            if not isinstance(place, list) or step >= len(place):
                raise PathError(f"leads nowhere: {walked or 'it'} has no [{step}]")
            place, walked = place[step], f"{walked}[{step}]"
        else:
            if not isinstance(place, Mapping):
                raise PathError(f"leads nowhere: {walked} is not a block")
            if step not in place:
                raise PathError(f"leads nowhere: {not_one_of(units.shown(step), place)}")
            place, walked = place[step], f"{walked}.{step}".removeprefix(".")
    try:
        return _number(place)
    except ValueError:
        message = f"leads to {units.found(place)}, which is no number and cannot be varied"
        raise PathError(message) from None


def _number(value: object) -> float:
    if isinstance(value, str) and not value.endswith("%"):
        return units.read_duration(value)
    return units.read_share(value)


class Inputs:
    """The numbers of a scenario, to be exchanged.

    Parameters
    ----------
    scenario
        As it stands; its blocks on exploring, steps and sources are left out of what is varied.
    strategies
        The strategies that are left in it, by default all.
    """

    def __init__(self, scenario: Scenario, strategies: tuple[str, ...] = ()) -> None:
        self._tree = _model_of(scenario, strategies)
        self._whole: dict[str, bool] = {}

    def number(self, path: str) -> float:
        """Return the number at a path, as it stands.

        Raises
        ------
        InputError
            If the path leads to none.
        """
        try:
            return number_at(self._tree, path)
        except PathError as error:
            raise InputError(Problem(str(error), path)) from error

    def is_whole(self, path: str) -> bool:
        """Whether an input takes whole numbers only."""
        if path not in self._whole:
            here = float(round(self.number(path)))
            self._whole[path] = not self._may_be(path, here + 0.5) and self._may_be(path, here)
        return self._whole[path]

    def _may_be(self, path: str, value: float) -> bool:
        try:
            Scenario.model_validate(self._exchanged({path: value}), by_alias=True, by_name=False)
        except ValidationError as error:
            return not any("whole number" in each["msg"] for each in error.errors())
        return True

    def varied(self, changes: Changes) -> Scenario:
        """Return the scenario with numbers exchanged; whole ones are rounded.

        Raises
        ------
        InputError
            If a path leads to no number, or a value is not allowed there.
        """
        exact = {
            path: float(round(value)) if self.is_whole(path) else value
            for path, value in changes.items()
        }
        try:
            return Scenario.model_validate(self._exchanged(exact), by_alias=True, by_name=False)
        except ValidationError as error:
            raise InputError(_problems(error, exact)) from error

    def _exchanged(self, changes: Changes) -> Tree:
        tree = self._tree
        for path, value in changes.items():
            self.number(path)
            steps = steps_of(path)
            if found := _SHARE_OF_FOLLOWS.fullmatch(path):
                to = _with_share(_at(tree, steps[:-1]), found[2], value)
                tree = _exchanged(tree, steps[:-1], to)
            else:
                tree = _exchanged(tree, steps, value)
        return tree


def _model_of(scenario: Scenario, strategies: tuple[str, ...]) -> Tree:
    written = as_written(unexplored(scenario))
    tree: Tree = {key: each for key, each in written.items() if key not in BESIDE_THE_MODEL}
    at_equal = scenario.compare.at_equal is not None  # what the others cost scales a strategy
    if not strategies or at_equal or not any(scenario.strategies[name] for name in strategies):
        return tree
    kept: Tree = {"strategies": {name: tree["strategies"][name] for name in strategies}}
    compare = {key: tree["compare"][key] for key in ("on", "matters")}
    named = scenario.compare.baseline
    kept["compare"] = {**compare, "baseline": named if named in strategies else strategies[-1]}
    if shuffled := [name for name in scenario.shuffled if name in strategies]:
        kept["shuffled"] = shuffled
    else:
        tree.pop("shuffled", None)
    return {**tree, **kept}


def _at(tree: Any, steps: tuple[Step, ...]) -> Any:
    for step in steps:
        tree = tree[step]
    return tree


def _exchanged(tree: Any, steps: tuple[Step, ...], new: object) -> Any:
    """Return a tree that differs at one place; what lies beside is shared."""
    if not steps:
        return new
    copy = tree.copy()
    copy[steps[0]] = _exchanged(tree[steps[0]], steps[1:], new)
    return copy


def _with_share(to: Mapping[str, object], segment: str, share: float) -> dict[str, float]:
    """Return where follows go if one segment gets a share; the rest keep their proportions."""
    others = {name: units.read_share(each) for name, each in to.items() if name != segment}
    rest = sum(others.values())
    if rest == 0:
        return {segment: share, **dict.fromkeys(others, 0.0)}
    return {segment: share, **{name: each * (1 - share) / rest for name, each in others.items()}}


def _problems(error: ValidationError, changes: Changes) -> list[Problem]:
    """Return one line for each thing that is wrong, with the values that were tried."""
    tried = ", ".join(f"{path} = {value:.6g}" for path, value in changes.items())
    lines = [in_words(each) for each in error.errors(include_url=False)]
    return [Problem(f"cannot be varied so ({tried}): {line}") for line in dict.fromkeys(lines)]


def label_of(path: str) -> str:
    """Return an input in words: ``followers of ceo among the journalists``."""
    for pattern, words in LABELS:
        if found := pattern.fullmatch(path):
            return words.format(*found.groups())
    return path.replace(".", " · ")


_NAME = r"([^.\[\]]+)"
LABELS = tuple(
    (re.compile(pattern.replace("NAME", _NAME)), words)
    for pattern, words in (
        (r"ours\.NAME\.followers\.NAME", "followers of {0} from {1}"),
        (r"segments\.NAME\.accounts", "accounts in {0}"),
        (r"segments\.NAME\.attention", "attention of {0}"),
        (r"segments\.NAME\.value", "value of {0}"),
        (r"segments\.NAME\.interest\.NAME", "interest of {0} in {1}"),
        (r"segments\.NAME\.follows\.mean", "accounts that {0} follow"),
        (r"segments\.NAME\.follows\.to\.NAME", "share of follows by {0} that go to {1}"),
        (r"segments\.NAME\.popularity\.tail", "tail of popularity in {0}"),
        (r"segments\.NAME\.reciprocity", "reciprocity in {0}"),
        (r"segments\.NAME\.clustering", "clustering in {0}"),
        (r"accounts\.attention", "attention"),
        (r"accounts\.interest\.NAME", "interest in {0}"),
        (r"accounts\.by segment\.NAME\.attention", "attention of {0}"),
        (r"accounts\.by segment\.NAME\.interest\.NAME", "interest of {0} in {1}"),
        (r"messages\.NAME\.resonance", "resonance of {0}"),
        (r"messages\.NAME\.delay\.NAME", "{1} of the delay of {0}"),
        (r"originals\.NAME\.chance", "chance of an original on {0}"),
        (r"horizon", "horizon (hours)"),
        (r"relevant", "interest from which an account counts as relevant"),
    )
)
