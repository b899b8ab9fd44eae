"""Agents of a scenario's own: the class that it names, and what is said when it fails."""

import importlib.util
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from propagation.problems import InputError, Problem

if TYPE_CHECKING:
    from propagation.spread.agents import Account


def fault_in_agents(error: Exception, agents: str) -> Problem:
    """Say where in somebody's own agents an error came from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name} line {last.lineno}, in {last.name}"
    return Problem(f"fails while it runs: {_in_one_line(error)} ({where})", "agents", agents)


def _in_one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def load_account_class(reference: str, folder: Path) -> "type[Account]":
    """Return the class that ``file.py:Class`` names, the file relative to ``folder``.

    Raises
    ------
    InputError
        If there is no such file or class, if the file fails, or if it is no subclass of Account.
    """
    from propagation.spread.agents import Account

    file, _, name = reference.rpartition(":")
    path = folder / file

    def wrong(message: str) -> InputError:
        return InputError(Problem(message, "agents", str(path)))

    if not path.is_file():
        raise wrong("there is no such file; write agents as 'file.py:Class'")
    module_name = f"propagation_agents_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path.absolute())
    if spec is None or spec.loader is None:
        raise wrong("is not a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # somebody's own code, which may even ask to exit
        raise wrong(f"fails when it is loaded: {_in_one_line(error)}") from error
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, Account)):
        own = [
            each
            for each, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, Account) and value is not Account
        ]
        there = f"it has: {', '.join(own)}" if own else "it has none"
        raise wrong(f"has no subclass of propagation.Account called '{name}'; {there}")
    return found
