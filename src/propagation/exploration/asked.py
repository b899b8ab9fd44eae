"""A search for a tie that is asked for on the command line, in place of a block in the scenario."""

from collections.abc import Mapping

from pydantic import ValidationError

from propagation.problems import InputError, Problem
from propagation.scenario.spec import ConflictError, Scenario, as_written
from propagation.scenario.varying import Inputs
from propagation.scenario.wording import in_words

BLOCK = "break even"
OPTIONS = {"vary": "--vary", "from": "--from", "to": "--to", "between": "--between"}


def searching(scenario: Scenario, asked: Mapping[str, object]) -> Scenario:
    """Return the scenario with a search for a tie: its own, changed by what is ``asked``.

    Parameters
    ----------
    asked
        Keys of the block, as in a file.

    Raises
    ------
    InputError
        If the input is not named, or the range is neither given nor plain.
    """
    written = as_written(scenario)
    before = written.get(BLOCK, {})
    own = before if isinstance(before, dict) else {}
    if asked.get("vary", own.get("vary")) != own.get("vary"):
        own = {}  # the range of another input
    block = {**own, **asked}
    if "vary" not in block:
        message = f"is needed: the scenario has no '{BLOCK}' block of its own"
        raise InputError(Problem(message, "--vary"))
    try:
        Inputs(scenario).number(str(block["vary"]))
    except InputError as error:
        raise InputError(Problem(each.message, "--vary") for each in error.problems) from error
    block = {**_range_of(scenario, str(block["vary"])), **block}
    if missing := [key for key in ("from", "to") if key not in block]:
        message = "is needed: only a number of followers has a range of its own"
        raise InputError(Problem(message, OPTIONS[key]) for key in missing)
    try:
        return Scenario.model_validate({**written, BLOCK: block}, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InputError(_problems(error)) from error


def _range_of(scenario: Scenario, path: str) -> dict[str, object]:
    """Return from one follower to all of the segment, where the input is a number of followers."""
    steps = path.split(".")
    segment = (scenario.segments or {}).get(steps[-1])
    if len(steps) != 4 or (steps[0], steps[2]) != ("ours", "followers") or segment is None:
        return {}
    return {"from": 1, "to": segment.accounts}


def _problems(error: ValidationError) -> list[Problem]:
    """Return what is wrong, named by the options that it was asked with."""
    found = []
    for each in error.errors(include_url=False):
        raised = each.get("ctx", {}).get("error")
        if isinstance(raised, ConflictError):
            found += [Problem(one.message, _option(one.path)) for one in raised.findings]
        else:
            found.append(Problem(in_words(each), _option(each["loc"])))
    return found


def _option(path: tuple[str | int, ...]) -> str:
    key = str(path[1]) if len(path) > 1 and path[0] == BLOCK else ""
    return OPTIONS.get(key, f"--{key.replace(' ', '-')}" if key else "")
