"""A strategy as an agenda: which message instance is posted when, and through which account."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from propagation.luck import text_id
from propagation.scenario.spec import Post


@dataclass(frozen=True)
class PostAction:
    """One of our accounts posts at a time, in hours from the scenario's start."""

    time: float
    by: str


@dataclass(frozen=True)
class MessageInstance:
    """One scheduled occurrence of a message: its name, its nominal time and who posts it.

    An account posts an instance once; a second post of the same instance by it is ignored.
    """

    message: str
    nominal_time: float
    posts: tuple[PostAction, ...]

    @property
    def id(self) -> np.uint64:
        """Return the address of the instance's throws: a hash of message and nominal time."""
        return text_id("instance", self.message, self.nominal_time.hex())


Agenda = tuple[MessageInstance, ...]


def agenda_of(strategy: Iterable[Post]) -> Agenda:
    """Return the message instances of a strategy, in order of nominal time and message.

    Posts of one message at one time by several accounts are posts of one instance.
    """
    authors: dict[tuple[float, str], set[str]] = {}
    for post in strategy:
        for time in post.at:
            authors.setdefault((time, post.post), set()).add(post.by)
    return tuple(
        MessageInstance(message, time, tuple(PostAction(time, by) for by in sorted(names)))
        for (time, message), names in sorted(authors.items())
    )
