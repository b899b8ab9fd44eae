"""A run over time: how many shares and how many accounts reached by which hour."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from propagation.spread.cascade import Cascade, times_of_shares
from propagation.strategy.agenda import Agenda

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]

POINTS = 49
"""Points in equal steps, and as many in steps of equal ratio from a minute on."""
MINUTE = 1 / 60
LONGEST = 1e5
"""Hours (11 years) after which a run without a horizon is not followed any further."""


def curve_hours(agendas: Iterable[Agenda], horizon: float) -> Float64:
    """Return the hours at which runs are looked at, common to all strategies; shape (points,).

    They start at the first post. Steps of equal ratio show the first minutes of a fast cascade,
    equal steps the days of a schedule.
    """
    first = min(agenda.start for agenda in agendas)
    length = min(horizon, first + LONGEST) - first
    early = np.geomspace(min(MINUTE, length), length, POINTS)
    hours: Float64 = np.unique(
        np.concatenate((first + early, np.linspace(first, first + length, POINTS)))
    )
    return hours


def curves_of(
    cascades: Sequence[Cascade], is_ours: npt.NDArray[np.bool_], hours: Float64
) -> tuple[Int32, Int32]:
    """Return the shares by others and the accounts reached by each hour; shape (hours,) both.

    An account counts as reached from its first notice of any instance on; our own never do.
    """
    shares = times_of_shares(cascades, is_ours)
    return _by(hours, shares), _by(hours, _first_notices(cascades, is_ours))


def _first_notices(cascades: Sequence[Cascade], is_ours: npt.NDArray[np.bool_]) -> Float64:
    account = np.concatenate([np.empty(0, np.int32), *(one.account for one in cascades)])
    time: Float64 = np.concatenate([np.empty(0), *(one.first_notice for one in cascades)])
    others = np.isfinite(time) & ~is_ours[account]
    account, time = account[others], time[others]
    if len(cascades) == 1:
        return time
    _, place = np.unique(account, return_inverse=True)
    first: Float64 = np.full(place.max(initial=-1) + 1, np.inf)
    np.minimum.at(first, place, time)
    return first


def _by(hours: Float64, times: Float64) -> Int32:
    return np.searchsorted(np.sort(times), hours, side="right").astype(np.int32)
