"""What one run of a campaign yields: cascades, who came and left, what became of pitches."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.spread.cascade import Cascade

Records = npt.NDArray[np.void]

MOVE = np.dtype(
    [("time", np.float64), ("ours", np.int32), ("account", np.int32), ("joined", np.bool_)]
)
"""An account follows one of ours from this time on, or leaves it."""
PITCH = np.dtype(
    [
        ("time", np.float64),
        ("instance", np.int32),
        ("ours", np.int32),
        ("account", np.int32),
        ("opened", np.bool_),
        ("answered", np.bool_),
        ("covered", np.bool_),
        ("shared", np.bool_),  # it led to the share, which comes unless that is after the horizon
    ]
)
"""A pitch that was sent, and what became of it."""


@dataclass(frozen=True, eq=False)
class Campaign:
    """One run of a strategy.

    Attributes
    ----------
    cascades
        One for each message instance of the agenda; without rows where nobody was touched.
    moves, pitches
        Records ``MOVE`` and ``PITCH``, in the order in which they happened.
    reposts
        How many reposts each rule of the agenda made; shape (rules,).
    """

    cascades: tuple[Cascade, ...]
    moves: Records
    pitches: Records
    reposts: npt.NDArray[np.int64]
