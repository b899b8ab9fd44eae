"""The addresses of the throws that draw a graph: segments' names, drawing and step."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from propagation.luck import Purpose, stem, text_id


class Step(IntEnum):
    """What a throw decides in the drawing of a graph; part of its address."""

    POPULARITY = 1
    SOURCES = 2
    FOLLOWERS = 4
    MUTUAL = 5
    FOLLOWEES = 6
    CIRCLES = 7
    PAIRS = 8
    SINGLES = 9
    LISTS = 10


class DrawingLuck(NamedTuple):
    """The keys of all throws of one drawing of the follows to a segment."""

    seed: int
    drawing: int

    def __call__(self, step: Step, *names: str) -> np.uint64:
        """Return the key of a step that concerns the segments named."""
        words = text_id(*names), np.uint64(self.drawing), np.uint64(step)
        return stem(self.seed, Purpose.FOLLOWS, *words)
