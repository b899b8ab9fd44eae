"""What went wrong, said in one line each: the two errors every stage may raise."""

import difflib
import errno
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input, and where: ``file:line: path: message``."""

    message: str
    path: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return in_one_line(": ".join(part for part in (place, self.path, self.message) if part))


class InputError(ValueError):
    """The input is wrong; ``problems`` lists everything found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type["InputError"], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class MachineError(RuntimeError):
    """The input is fine but this machine cannot do it now (disk, memory, a folder in use)."""


def reason(error: OSError) -> str:
    """Say why the system will not give a file."""
    if error.errno == errno.ELOOP:
        return "it is a link that leads back to itself"
    named = re.search(r"\[errno (\d+)\]", str(error))  # pyarrow's way to tell what the system said
    return os.strerror(int(named[1])) if named else error.strerror or str(error)


LONGEST_LINE = 1500


def in_one_line(text: str) -> str:
    """Escape what would break the line of a message or what a terminal would obey; cut it short."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}..."


MOST_NAMES = 30
"""So that a message stays readable where hundreds of names are allowed."""


def not_one_of(value: object, allowed: Iterable[object]) -> str:
    """Say that ``value`` is not allowed, what is, and which one was probably meant."""
    names = [str(name) for name in allowed]
    close = difflib.get_close_matches(str(value), names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return f"'{value}' is not one of: {', '.join(names[:MOST_NAMES])}{more}.{hint}"
