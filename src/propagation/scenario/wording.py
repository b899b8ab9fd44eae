"""What pydantic found wrong, in plain words and at the place in the file."""

import re
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic_core import ErrorDetails

from propagation.problems import not_one_of
from propagation.scenario import spec
from propagation.scenario.fields import Part
from propagation.scenario.findings import Finding, Path
from propagation.scenario.units import found, shown
from propagation.scenario.yaml_tree import Tree

SENTENCES = {
    "dict_type": "must be a block of 'key: value' lines, not {found}",
    "finite_number": "must be a finite number, not {found}",
    "greater_than": "must be above {gt:,}, not {found}",
    "greater_than_equal": "must be at least {ge:,}, not {found}",
    "less_than_equal": "must be at most {le:,}, not {found}",
    "model_type": "must be a block of 'key: value' lines, not {found}",
    "string_too_long": "is too long: at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_type": "must be text, not {found}; put it in quotes if it is meant as text",
    "too_long": "has too many entries: at most {max_length}",
    "too_short": "must have at least one entry",
    "tuple_type": "must be a list, not {found}",
}
"""Sentence for each type of error that pydantic itself raises; the rest needs more than words."""


def findings(errors: list[ErrorDetails], tree: Tree) -> Iterator[Finding]:
    """Yield pydantic's errors as findings with paths into the file."""
    for error in errors:
        if isinstance(error.get("ctx", {}).get("error"), spec.ConflictError):
            continue  # found on the file already, with its lines
        path = _path(error["loc"], tree)
        if tree.holds(path) and tree.value_at(path) is None:
            continue  # an empty or unreadable value, which is reported already
        if error["type"] == "too_short" and error["ctx"]["min_length"] <= _size(error["input"]):
            continue  # only because entries that are wrong were not counted
        if error["type"] == "missing" and _is_misspelt(error, errors):
            continue
        yield _finding(error, path, tree)


def in_words(error: ErrorDetails) -> str:
    """Say what is wrong with a value that does not come from a file."""
    context = error.get("ctx", {})
    if error["type"] not in SENTENCES:
        return str(context.get("error", error["msg"]))
    return SENTENCES[error["type"]].format(**context | {"found": found(error["input"])})


def _is_misspelt(missing: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """Say whether the key is missing only because it stands there under a similar name."""
    *block, key = missing["loc"]
    unknown = [e["loc"] for e in errors if e["type"] == "extra_forbidden"]
    beside = [str(location[-1]) for location in unknown if list(location[:-1]) == block]
    return any(f"Did you mean '{key}'?" in not_one_of(name, [key]) for name in beside)


def _size(value: object) -> int:
    return len(value) if isinstance(value, Mapping | list | tuple) else 0


def _path(location: tuple[str | int, ...], tree: Tree) -> Path:
    """Leave out the tags that pydantic adds for members of unions, and places not in the file."""
    path: Path = ()
    for step in location:
        is_tag = isinstance(step, str) and step.startswith("[") and not tree.holds((*path, step))
        if not is_tag:
            path = (*path, step)
    while path and not tree.holds(path):
        path = path[:-1]
    return path


def _finding(error: ErrorDetails, path: Path, tree: Tree) -> Finding:
    kind = error["type"]
    context = error.get("ctx", {})
    last = str(error["loc"][-1])
    if kind == "missing":
        needed = _keys(_part_at(error["loc"][:-1]), is_required=True)
        return Finding(path, f"'{last}' is missing; needed: {', '.join(needed)}")
    if kind == "extra_forbidden":
        allowed = _keys(_part_at(error["loc"][:-1]))
        return Finding(path[:-1], not_one_of(shown(last), allowed), key=last)
    if kind == "value_error":
        words = str(context["error"])
        is_key = last == "[key]"
        return Finding(path[:-1], words, str(path[-1])) if is_key else Finding(path, words)
    value = tree.value_at(path)
    if kind == "literal_error":
        allowed = re.findall("'([^']*)'", context["expected"])
        allowed += ["a number"] if "[word]" in error["loc"] else []
        return Finding(path, not_one_of(shown(str(value)), allowed))
    if kind not in SENTENCES:
        return Finding(path, error["msg"])
    return Finding(path, SENTENCES[kind].format(**context | {"found": found(value)}))


def _keys(part: type[Part], is_required: bool = False) -> list[str]:
    fields = part.model_fields.items()
    return [f.alias or name for name, f in fields if f.is_required() or not is_required]


def _part_at(location: tuple[str | int, ...]) -> type[Part]:
    """Return the model whose keys stand at a location of pydantic's."""
    place: Any = spec.Scenario
    for step in location:
        place = _inside(_bare(place), step)
    part: type[Part] = _bare(place)
    return part


def _bare(place: Any) -> Any:
    """Strip what surrounds a type: its annotations and ``| None``."""
    while get_origin(place) is Annotated:
        place = get_args(place)[0]
    members = [member for member in get_args(place) if member is not NoneType]
    is_optional = get_origin(place) in (Union, UnionType) and len(members) == 1
    return _bare(members[0]) if is_optional else place


def _inside(place: Any, step: str | int) -> Any:
    if get_origin(place) in (Union, UnionType):
        return next(m for m in get_args(place) if step in [t.tag for t in m.__metadata__[-1:]])
    if get_origin(place) is dict:
        return get_args(place)[1]
    if get_origin(place) is tuple:
        return get_args(place)[0]
    fields: Mapping[str, Any] = place.model_fields
    return next(f.annotation for name, f in fields.items() if step in (f.alias, name))
