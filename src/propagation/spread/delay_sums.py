"""How many shares of a generation are in time: sums of so many delays against what time is left."""

import functools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from propagation.spread.dynamics import EXPONENTIAL, FIXED, LOGNORMAL, NO_DELAY, Rules

Float64 = npt.NDArray[np.float64]

GENERATIONS = 400
"""Generations that are followed at most."""
CELLS = 4096
"""What time is left is cut into so many cells; the error falls with their square."""
HARDLY_ANY = 1e-12
"""Share of a generation below which the later ones are taken to be late altogether."""


def share_within(rules: Rules, hours: float) -> float:
    """Return the share of delays that are at most so many hours."""
    law, scale, shape = rules.delay_law, rules.delay_scale, rules.delay_shape
    if law == NO_DELAY or math.isinf(hours):
        return 1.0
    if hours <= 0:
        return 0.0
    if law == FIXED:
        return float(scale <= hours)
    if law == EXPONENTIAL:
        return -math.expm1(-hours / scale)
    if law == LOGNORMAL:
        return 0.5 * math.erfc(-math.log(hours / scale) / (shape * math.sqrt(2)))
    if hours < scale:
        return hours / scale * shape / (1 + shape)
    return float(1 - (scale / hours) ** shape / (1 + shape))


def in_time(rules: Rules, hours: float) -> Float64:
    """Return, by generation, the share of its shares that are within so many hours of the post.

    A share of generation g comes after g delays. Posts are generation 0; shape (generations,).
    """
    delays = rules._replace(resonance=0.0, response=0, threshold=0.0, threshold_source=0)
    found: Float64 = _in_time(delays, hours)
    return found


def mean_in_time(rules: Rules, times_left: Sequence[float]) -> Float64:
    """Return the same on average over posts that have so many hours left each."""
    return np.asarray(np.mean([in_time(rules, hours) for hours in times_left], axis=0))


@functools.lru_cache(maxsize=256)
def _in_time(rules: Rules, hours: float) -> Float64:
    generation = np.arange(GENERATIONS)
    if hours < 0:
        return np.zeros(GENERATIONS)
    if rules.delay_law == NO_DELAY or math.isinf(hours):
        return np.ones(GENERATIONS)
    if rules.delay_law == FIXED:
        return np.where(generation * rules.delay_scale <= hours, 1.0, 0.0)
    if hours == 0:
        return np.where(generation == 0, 1.0, 0.0)
    return _by_convolution(rules, hours)


def _by_convolution(rules: Rules, hours: float) -> Float64:
    """Return the same for a law with a density, on a grid that ends where time is up."""
    edges = (np.arange(CELLS + 2) - 0.5) * (hours / CELLS)
    one = np.diff([share_within(rules, edge) for edge in edges.tolist()])
    transform, sums = np.fft.rfft(one, 2 * CELLS + 2), one
    found = np.zeros(GENERATIONS)
    found[:2] = 1.0, share_within(rules, hours)
    for place in range(2, GENERATIONS):
        if found[place - 1] < HARDLY_ANY:
            break
        sums = np.fft.irfft(np.fft.rfft(sums, 2 * CELLS + 2) * transform)[: CELLS + 1]
        found[place] = sums[:-1].sum() + sums[-1] / 2  # half of the last cell is late
    return np.clip(found, 0.0, 1.0)
