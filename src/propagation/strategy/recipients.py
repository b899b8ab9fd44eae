"""Whether the accounts that strategies are for exist in a world, found out before anything runs."""

from collections.abc import Iterator, Mapping, Sequence

from propagation.audience.world import World
from propagation.problems import InputError, Problem, not_one_of
from propagation.scenario.actions import (
    Action,
    Boost,
    Choice,
    Follow,
    NamedAccounts,
    recipients_of,
)
from propagation.strategy.choosing import named_accounts, pool_of


def check_recipients(strategies: Mapping[str, Sequence[Action]], world: World) -> None:
    """Check segments, and accounts named, that only a graph that has been read can tell.

    Raises
    ------
    InputError
        With every segment that is not there or too small, and every name that is no account.
    """
    problems = [
        problem
        for name, actions in strategies.items()
        for i, action in enumerate(actions)
        for problem in _problems(f"strategies.{name}[{i}]", action, world)
    ]
    if problems:
        raise InputError(problems)


def _problems(path: str, action: Action, world: World) -> Iterator[Problem]:
    if isinstance(action, Boost):
        yield from _of_boost(f"{path}.to", action.to, world)
        return
    choice = recipients_of(action)
    if choice is not None:
        key = "follow" if isinstance(action, Follow) else "to"
        yield from _of_choice(f"{path}.{key}", choice, world)


def _of_boost(path: str, segment: str, world: World) -> Iterator[Problem]:
    if segment not in world.segments:
        yield Problem(not_one_of(segment, world.segments), path)
    elif not len(pool_of(world, segment)):
        yield Problem(f"'{segment}' has no accounts but ours", path)


def _of_choice(path: str, choice: Choice | NamedAccounts, world: World) -> Iterator[Problem]:
    try:
        if isinstance(choice, NamedAccounts):
            named_accounts(world, choice.named, path)
        else:
            pool_of(world, choice.of, choice.choose, path)
    except InputError as error:
        yield from error.problems
