"""Metrics of one run at their edges; the rest is compared with the naive twin."""

import math

import numpy as np
import pytest

from propagation.spread.cascade import Cascade, speed, trees_of


def hours(*times: float) -> np.ndarray:
    return np.array(times, np.float64)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], (math.nan, 0, math.nan)),
        ([2.0], (1.5, 1, math.nan)),
        ([2.0, 2.5], (1.5, 2, math.nan)),
        # three shares: the second is half of them, after one doubling
        ([2.0, 3.0, 9.0], (2.5, 1, 1.0)),
        # an hour ends before the next one begins: [0, 1) holds two
        ([0.0, 0.5, 1.0, 5.0], (0.0, 2, 0.5)),
        # heavy-tailed delays without a horizon: one hour is less than the spacing of such numbers
        ([1e20, 1e20, 3e20, 5e30], (1e20, 2, 0.0)),
    ],
)
def test_speed(times: list[float], expected: tuple[float, float, float]) -> None:
    found = speed(hours(*times), 0.5)
    assert found == pytest.approx(expected, nan_ok=True)


def test_trees_without_a_post_have_no_shape() -> None:
    none, no_times = np.empty(0, np.int32), np.empty(0, np.float64)
    trees = trees_of(Cascade(none, none, no_times, no_times, none, none, none))
    assert (trees.size, trees.largest_tree, trees.depth, trees.largest_generation) == (0, 0, 0, 0)
    assert math.isnan(trees.structural_virality)
