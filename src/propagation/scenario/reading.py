"""Scenario files: read with every problem named at once, and written back."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from propagation.problems import InputError, Problem, reason
from propagation.scenario import wording
from propagation.scenario.cross_checks import find_cross_problems
from propagation.scenario.fields import FROM_FILE
from propagation.scenario.findings import Finding, path_text
from propagation.scenario.spec import ConflictError, Scenario
from propagation.scenario.units import found
from propagation.scenario.writing import write_scenario
from propagation.scenario.yaml_tree import Tree, read_tree

__all__ = ["located", "parse_scenario", "read_scenario", "write_scenario"]

LARGEST = 512 * 1024
"""Largest scenario file in bytes; long lists come from tables."""


def read_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Return the resolved scenario in a YAML file.

    Paths inside are kept as written; they are relative to the folder of this file.

    Raises
    ------
    InputError
        With every problem found, each with its line.
    """
    file = Path(path)
    if _may_never_end(file):
        raise InputError(Problem("is a pipe or a device, not a file", file=str(path)))
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError(Problem("there is no such file", file=str(path))) from None
    except IsADirectoryError:
        raise InputError(Problem("is a folder, not a scenario file", file=str(path))) from None
    except (OSError, ValueError) as error:
        # Windows reports a folder as one that may not be opened
        is_folder = not isinstance(error, ValueError) and file.is_dir()
        why = reason(error) if isinstance(error, OSError) else str(error)
        message = "is a folder, not a scenario file" if is_folder else f"cannot be read: {why}"
        raise InputError(Problem(message, file=str(path))) from None
    if len(content) > LARGEST:
        raise InputError(_too_large(str(path)))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = Problem("is not UTF-8 text: save it as UTF-8", file=str(path), line=line)
        raise InputError(problem) from None
    return parse_scenario(text, str(path))


def _may_never_end(file: Path) -> bool:
    try:
        return file.exists() and not (file.is_file() or file.is_dir())
    except (OSError, ValueError):
        return False  # opening it tells what is wrong


def parse_scenario(text: str, file_name: str = "scenario") -> Scenario:
    """Return the resolved scenario in a YAML text; ``file_name`` is for messages only.

    Raises
    ------
    InputError
        With every problem found, each with its line.
    """
    if len(text.encode(errors="replace")) > LARGEST:
        raise InputError(_too_large(file_name))
    tree = read_tree(text.removeprefix("\ufeff"), file_name)
    scenario = _validate(tree) if isinstance(tree.data, dict) else None
    if tree.data is not None and not isinstance(tree.data, dict):
        tree.report((), f"must be a block of 'key: value' lines, not {found(tree.data)}")
    if scenario is None or tree.problems:
        raise InputError(sorted(set(tree.problems), key=lambda p: (p.line or 0, p.path, p.message)))
    return scenario


@contextmanager
def located(path: str | os.PathLike[str]) -> Iterator[None]:
    """Add this scenario file, and the line, to problems that name only a path in the scenario.

    What is found while a world is built (an account that is not in the graph, targets that do not
    hold together) is known by its path; the reader of the message needs the line.
    """
    try:
        yield
    except InputError as error:
        lines = _lines_by_path(Path(path))
        raise InputError(_with_line(each, str(path), lines) for each in error.problems) from error


def _with_line(problem: Problem, file: str, lines: Mapping[str, int]) -> Problem:
    if problem.file:
        return problem
    place = problem.path
    while place and place not in lines:
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return replace(problem, file=file, line=lines.get(place))


def _lines_by_path(path: Path) -> dict[str, int]:
    if path.suffix == ".json":  # a provenance, which holds a scenario as one text
        return {}
    try:
        tree = read_tree(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError, InputError):
        return {}
    return {
        path_text(place): line for place, line in {**tree.value_lines, **tree.key_lines}.items()
    }


def _too_large(file: str) -> Problem:
    return Problem(f"is larger than {LARGEST // 1024} kB: long lists belong in tables", file=file)


def _validate(tree: Tree) -> Scenario | None:
    """Return the scenario of a tree, or report in the tree what is wrong with it."""
    _report(tree, find_cross_problems(tree.data))
    try:
        return Scenario.model_validate(tree.data, context=FROM_FILE, by_alias=True, by_name=False)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    _report(tree, wording.findings(errors, tree))
    if not tree.problems:
        raised = [error.get("ctx", {}).get("error") for error in errors]
        _report(tree, [f for e in raised if isinstance(e, ConflictError) for f in e.findings])
    return None


def _report(tree: Tree, findings: Iterable[Finding]) -> None:
    for finding in findings:
        tree.report(finding.path, finding.message, finding.key)
