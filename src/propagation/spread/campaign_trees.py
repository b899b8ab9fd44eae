"""The shape of the trees of a whole campaign, measured where the loop has left its rows."""

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled
from propagation.spread.campaign_runs import by_instance
from propagation.spread.tally import (
    DEPTH,
    LARGEST_CASCADE,
    LARGEST_GENERATION,
    LARGEST_TREE,
    SIZE,
    STRUCTURAL_VIRALITY,
    TREE_DEPTH,
    TREE_VIRALITY,
)

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]


@compiled
def measure_all_trees(
    rows: Records, share_order: Int32, instances: int, trees: Float64, metrics: Float64
) -> int:
    """Measure the shape of each instance's trees, and of all together; see ``cascade.Trees``.

    Originals, each of which is one tree, are measured together. Returns how many they are.
    """
    of = np.empty(len(share_order), np.int32)
    originals = 0
    for i in range(len(share_order)):
        row = rows[share_order[i]]
        of[i] = min(row["instance"], instances)
        originals += row["instance"] >= instances and row["generation"] == 0
    starts, order = by_instance(of, len(of), instances + 1)
    below = np.zeros(len(rows), np.int64)
    tree = np.zeros(len(rows), np.int64)
    breadth = np.zeros(len(share_order) + 2, np.int64)
    all_distance = all_pairs = 0.0
    of_originals = np.zeros(5)
    for one in range(instances + 1):
        shares = share_order[order[starts[one] : starts[one + 1]]]
        measures = trees[one] if one < instances else of_originals
        distance, pairs = _measure_trees(rows, shares, below, tree, breadth, measures)
        all_distance += distance
        all_pairs += pairs
        metrics[LARGEST_CASCADE] = max(metrics[LARGEST_CASCADE], measures[LARGEST_TREE])
        metrics[DEPTH] = max(metrics[DEPTH], measures[TREE_DEPTH])
    metrics[STRUCTURAL_VIRALITY] = all_distance / all_pairs if all_pairs > 0 else np.nan
    return originals


@compiled
def _measure_trees(
    rows: Records, shares: Int32, below: Int64, tree: Int64, breadth: Int64, measures: Float64
) -> tuple[float, float]:
    """Measure one instance's trees, given the rows that shared it in order of time.

    ``below`` and ``tree`` are by row, ``breadth`` by generation; it is left all 0.
    """
    largest = depth = widest = 0
    for i in range(len(shares) - 1, -1, -1):
        at = shares[i]
        generation, parent = rows[at]["generation"], rows[at]["parent"]
        below[at] += 1
        breadth[generation] += 1
        depth = max(depth, generation)
        if generation > 0:
            widest = max(widest, breadth[generation])
        if parent >= 0:
            below[parent] += below[at]
    breadth[: depth + 1] = 0
    distance = pairs = 0.0
    for at in shares:
        parent = rows[at]["parent"]
        if parent < 0:
            tree[at] = below[at]
            largest = max(largest, below[at])
            pairs += 0.5 * below[at] * (below[at] - 1)
        else:
            tree[at] = tree[parent]
            distance += float(below[at]) * float(tree[at] - below[at])
    measures[SIZE], measures[LARGEST_TREE], measures[TREE_DEPTH] = len(shares), largest, depth
    measures[LARGEST_GENERATION] = widest
    measures[TREE_VIRALITY] = distance / pairs if pairs > 0 else np.nan
    return distance, pairs
