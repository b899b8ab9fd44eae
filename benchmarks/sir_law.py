"""How many an SIR epidemic reaches in the end, where the time ill varies from account to account.

EoN's ``fast_SIR`` is such an epidemic, and no independent cascade: the follows of one account share
its luck. So its reach is not compared with ours but with this, the same law in a few lines.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from benchmarks.graphs import Graph

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@njit
def _reach(
    starts: Int64,
    followers: Int32,
    root: int,
    rate: float,
    generator: np.random.Generator,
    seen: npt.NDArray[np.bool_],
    ill: Int32,
) -> int:
    """Infect each follower of each of the ill with 1 - exp(-rate * time ill); return how many."""
    seen[root], ill[0], count, at = True, root, 1, 0
    while at < count:
        account = ill[at]
        at += 1
        chance = 1 - np.exp(-rate * generator.exponential())
        for place in range(starts[account], starts[account + 1]):
            follower = followers[place]
            if not seen[follower] and generator.random() < chance:
                seen[follower] = True
                ill[count] = follower
                count += 1
    for i in range(count):
        seen[ill[i]] = False
    return count - 1


class SIRLaw:
    """The law as a side; it takes the rate of infection, where recovery has the rate 1."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._seen = np.zeros(graph.accounts, np.bool_)
        self._ill = np.empty(graph.accounts, np.int32)

    def at(self, rate: float) -> "SIRLaw":
        """Note the rate."""
        self._rate = rate
        return self

    def __call__(self, first: int, count: int) -> Int64:
        """Return the reach of each run."""
        generator = np.random.default_rng(first)
        starts, followers, root = self._graph.starts, self._graph.followers, self._graph.root
        found = [
            _reach(starts, followers, root, self._rate, generator, self._seen, self._ill)
            for _ in range(count)
        ]
        return np.array(found, np.int64)
