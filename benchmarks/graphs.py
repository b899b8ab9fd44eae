"""The graphs measured on, as plain arrays that every system's own graph is built from."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.drawing import Law, Lists, configuration
from propagation.audience.follower_graph import graph_from_follows, label_keys
from propagation.audience.importing import read_follows

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

EGO_FILE = Path(__file__).parents[2] / "shared/data/ego_twitter/twitter_combined_rebuilt.txt.gz"
KEPT = Path(__file__).parents[1] / "build/benchmarks"
ACCOUNTS = 456_626
FOLLOWERS = Law(mean=34.15, tail=2.1, least=0, most=68_000)
FOLLOWEES = Law(mean=34.15, tail=2.5, least=1, most=1_500)
SEED = 1


class Graph(NamedTuple):
    """Follower lists one after the other: account v's are ``starts[v]`` to ``starts[v + 1]``."""

    name: str
    starts: Int64
    followers: Int32

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return len(self.starts) - 1

    @property
    def follows(self) -> int:
        """Number of follows."""
        return len(self.followers)

    @property
    def root(self) -> int:
        """The account with the most followers, the first of them; every cascade starts there."""
        return int(np.diff(self.starts).argmax())

    def ends(self) -> tuple[Int32, Int32]:
        """Return each follow's followee and follower: the way a message goes."""
        followees = np.repeat(np.arange(self.accounts, dtype=np.int32), np.diff(self.starts))
        return followees, self.followers

    def reachable(self) -> int:
        """Return how many accounts a message reaches that everybody passes on."""
        seen = np.zeros(self.accounts, np.bool_)
        seen[self.root] = True
        fresh = np.array([self.root])
        while len(fresh):
            before = seen.copy()
            for account in fresh:
                seen[self.followers[self.starts[account] : self.starts[account + 1]]] = True
            fresh = np.flatnonzero(seen & ~before)
        return int(seen.sum()) - 1


def tiny(name: str, follows: list[tuple[int, int]], accounts: int) -> Graph:
    """Return a graph given as (followee, follower)."""
    followees, followers = np.array(sorted(follows), np.int32).T
    starts = np.concatenate(([0], np.cumsum(np.bincount(followees, minlength=accounts))))
    return Graph(name, starts.astype(np.int64), followers.astype(np.int32))


def _ego() -> Lists:
    read = read_follows(EGO_FILE, 1, 2)
    graph = graph_from_follows(read.follower, read.followee, label_keys(read.labels), read.labels)
    return graph.list_starts, graph.followers


def _higgs_size() -> Lists:
    return configuration(ACCOUNTS, FOLLOWERS, FOLLOWEES, SEED)


def _small() -> Lists:
    law = Law(mean=20, tail=2.1, least=0, most=500)
    return configuration(5_000, law, law._replace(least=1, most=200), SEED)


MADE: dict[str, Callable[[], Lists]] = {"ego": _ego, "higgs": _higgs_size, "small": _small}
"""How each is made: read, drawn in the size of the Higgs network, and drawn small for tests."""


def has_data(name: str) -> bool:
    """Say whether a graph can be had here."""
    return name != "ego" or EGO_FILE.is_file()


def graph(name: str) -> Graph:
    """Return a graph by name; it is made once and kept under ``build/``."""
    kept = KEPT / f"{name}.npz"
    if not kept.is_file():
        starts, followers = MADE[name]()
        KEPT.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part.npz")
        np.savez(part, starts=starts, followers=followers)
        part.replace(kept)
    with np.load(kept) as arrays:
        return Graph(name, arrays["starts"], arrays["followers"])
