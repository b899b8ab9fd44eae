"""Exact statements: cascades as reachability, and the shape of trees."""

import networkx as nx
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from propagation.audience.world import World
from propagation.luck import BLOCK_EXPONENTS, GOLDEN, Purpose, descend, run_seed, stem
from propagation.spread.cascade import Cascade, trees_of
from verification.graphs import Runs, instance, message, world_of
from verification.oracles import path_virality, star_virality
from verification.verdicts import Case, Check, Plan, Result, exactly, within

UInt64 = npt.NDArray[np.uint64]

ATTENTION = (0.5, 0.3, 0.9, 0.12, 0.04, 0.25, 1.0)
"""Dealt out in turn, so that lists hold members of unequal attention."""


def random_graphs(accounts: int) -> dict[str, nx.DiGraph]:
    """Return random graphs of several kinds; an arrow leads from follower to followee."""
    return {
        "Erdos-Renyi, 3 followees": nx.gnp_random_graph(
            accounts, 3.0 / accounts, seed=1, directed=True
        ),
        "Erdos-Renyi, 12 followees": nx.gnp_random_graph(
            accounts, 12.0 / accounts, seed=2, directed=True
        ),
        "scale-free": nx.DiGraph(nx.scale_free_graph(accounts, seed=3)),
        "small world": nx.watts_strogatz_graph(accounts, 6, 0.1, seed=4).to_directed(),
        "preferential attachment": nx.barabasi_albert_graph(accounts, 4, seed=5).to_directed(),
        "blocks": nx.stochastic_block_model(
            [accounts // 2, accounts // 2], [[0.04, 0.01], [0.01, 0.02]], seed=6, directed=True
        ),
    }


def world_on(graph: nx.DiGraph) -> World:
    """Return the world of a graph whose account 0 is ours, with unequal attention."""
    follows = np.array([(v, u) for v, u in graph.edges if v != u], np.int32)
    attention = np.resize(ATTENTION, len(graph))
    return world_of((follows[:, 0], follows[:, 1]), len(graph), attention=attention)


def live_edges(world: World, seed: int, backwards: bool = False) -> nx.DiGraph:
    """Throw once for each follow; return the live ones as arrows from followee to follower.

    A follow is live if its follower notices: if the throw of its place in the followee's list,
    which has one bit from each of 63 words, is below the follower's attention.
    """
    graph = world.graph
    live = nx.DiGraph()
    live.add_nodes_from(range(graph.accounts))
    skip = stem(seed, Purpose.SKIP, instance([0]).id)
    for followee in range(graph.accounts):
        followers = graph.followers_of(followee)
        assert world.envelopes[followee] <= BLOCK_EXPONENTS or not len(followers)
        key = np.uint64(descend(skip, graph.account_keys[followee]))
        thrown = _throws_of_places(key, len(followers))
        limits = np.floor(world.traits.attention[followers] * 2.0**63).astype(np.uint64)
        live.add_edges_from((followee, int(one)) for one in followers[thrown < limits])
    return live.reverse() if backwards else live


@np.errstate(over="ignore")  # modulo 2**64
def _mixed(words: UInt64) -> UInt64:
    """Return SplitMix64's finalizer of each word, as published."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _throws_of_places(key: np.uint64, places: int) -> npt.NDArray[np.uint64]:
    """Return the throw of each place in a list, put together bit by bit."""
    blocks = np.arange(-(-places // 64), dtype=np.uint64)[:, None]
    levels = np.arange(63, dtype=np.uint64)
    words = _mixed(key + (np.uint64(64) * blocks + levels + np.uint64(1)) * GOLDEN)
    bits = words[:, None, :] >> np.arange(64, dtype=np.uint64)[:, None] & np.uint64(1)
    thrown = (bits << np.uint64(62) - levels).sum(axis=2, dtype=np.uint64)
    return np.asarray(thrown.ravel()[:places])


def _differences(cascade: Cascade, live: nx.DiGraph) -> int:
    """Return how many accounts differ in whether, or in which generation, they share."""
    rows = cascade.generation >= 0
    ours = dict(zip(cascade.account[rows].tolist(), cascade.generation[rows].tolist(), strict=True))
    theirs = {0} | nx.descendants(live, 0)
    away = nx.single_source_shortest_path_length(live, 0)
    return len(ours.keys() ^ theirs) + sum(
        ours[account] != away[account] for account in ours.keys() & theirs
    )


def reachability(plan: Plan) -> Result:
    """Compare shares with networkx's descendants, and generations with its distances."""
    checks, sizes = [], []
    for name, graph in random_graphs(plan.count(400, 150)).items():
        world = world_on(graph)
        runs, wrong = Runs(world, message(), 7), 0
        for number in range(plan.count(40, 8)):
            cascade = runs.run(number, [0])
            live = live_edges(world, run_seed(7, number), backwards=plan.fault)
            wrong += _differences(cascade, live)
            sizes.append((len(nx.descendants(live, 0)), int((cascade.generation > 0).sum())))
        checks.append(exactly(name, wrong, "accounts that differ"))

    def draw(ax: Axes) -> None:
        ax.plot(*np.array(sizes).T, "o", alpha=0.4)
        ax.plot([0, ax.get_xlim()[1]], [0, ax.get_xlim()[1]], color="gray")
        ax.set(xlabel="descendants in the live-edge graph (networkx)", ylabel="shares")

    return Result(tuple(checks), draw)


def _chain(accounts: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(1, accounts, dtype=np.int32), np.arange(accounts - 1, dtype=np.int32)


def _hub(accounts: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(1, accounts, dtype=np.int32), np.zeros(accounts - 1, np.int32)


def _virality(follows: tuple[np.ndarray, np.ndarray], accounts: int) -> float:
    runs = Runs(world_of(follows, accounts), message(), 1)
    return trees_of(runs.run(0, [0])).structural_virality


def _tree_of(cascade: Cascade) -> nx.Graph:
    rows = np.flatnonzero(cascade.generation >= 0)
    tree = nx.Graph()
    tree.add_nodes_from(rows.tolist())
    tree.add_edges_from((row, int(cascade.parent[row])) for row in rows if cascade.parent[row] >= 0)
    return tree


def virality(plan: Plan) -> Result:
    """Compare structural virality with the star's, the path's and networkx's mean distance."""
    checks: list[Check] = []
    for n in (10, 100, 1000):
        star, path = _virality(_hub(n), n), _virality(_chain(n), n)
        expected = star_virality(n), path_virality(n)
        if plan.fault:
            expected = expected[1], expected[0]
        checks.append(within(f"star of {n}", star, expected[0], 1e-12))
        checks.append(within(f"path of {n}", path, expected[1], 1e-12))
    drawn = []
    for name, graph in random_graphs(plan.count(200, 60)).items():
        cascade = Runs(world_on(graph), message(resonance=1.0), 3).run(1, [0])
        tree = _tree_of(cascade)
        if len(tree) > 2:
            ours = trees_of(cascade).structural_virality
            theirs = float(nx.average_shortest_path_length(tree))
            checks.append(within(f"tree on {name}", ours, theirs, 1e-12))
            drawn.append((theirs, ours))

    def draw(ax: Axes) -> None:
        ax.plot(*np.array(drawn).T, "o")
        ax.plot([0, 10], [0, 10], color="gray")
        ax.set(xlabel="mean distance over pairs (networkx)", ylabel="structural virality")

    return Result(tuple(checks), draw)


REACHABILITY = (
    Case(
        "live-edge reachability",
        "An independent cascade reaches exactly the accounts that live follows lead to, each in "
        "the round of its distance.",
        "Kempe, Kleinberg & Tardos (2003); networkx descendants and shortest paths",
        "the live follows are walked backwards",
        reachability,
        rows=("1.14",),
    ),
    Case(
        "structural virality",
        "The shape of a tree is measured as the mean distance over its pairs of accounts.",
        "Goel, Anderson, Hofman & Watts (2016): star 2(n-1)/n, path (n+1)/3; networkx",
        "star and path are exchanged",
        virality,
        rows=("1.22",),
    ),
)
