"""Drawn follower graphs: every target is measured on the drawn graph, by networkx where it can."""

import math
import random
import re

import networkx as nx
import numpy as np
import pytest
from numba.core import config
from scipy.optimize import minimize_scalar
from scipy.stats import chi2

from propagation.audience import circles, degrees, follow_lists, networkx_graphs
from propagation.audience.clustering import circle_size, expected_clustering
from propagation.audience.generators import (
    SegmentTargets,
    check_targets,
    draw_graph,
    graph_follows,
    networkx_follows,
)
from propagation.audience.popularity import drawn_counts, expected_scale, mean_count, shortest_cap
from propagation.audience.targets import DOUBT, Plan, inside_classes
from propagation.luck import Purpose, stem
from propagation.problems import InputError

compiled_only = pytest.mark.skipif(config.DISABLE_JIT, reason="minutes without compilation")


# What is measured, and how -------------------------------------------------------------------


class Drawn:
    """A drawn graph and what an outsider measures on it."""

    def __init__(self, segments, follower, followee):
        self.segments, self.follower, self.followee = segments, follower, followee
        self.names = sorted(segments)
        self.bounds = np.concatenate(([0], np.cumsum([segments[n].accounts for n in self.names])))

    def segment_of(self, accounts):
        return np.searchsorted(self.bounds, accounts, side="right") - 1

    def blocks(self):
        counts = np.zeros((len(self.names), len(self.names)), int)
        np.add.at(counts, (self.segment_of(self.follower), self.segment_of(self.followee)), 1)
        return counts

    def followers(self, name):
        at = self.names.index(name)
        counts = np.bincount(self.followee, minlength=self.bounds[-1])
        return counts[self.bounds[at] : self.bounds[at + 1]]

    def inside(self, name):
        """The follows inside a segment as a networkx graph, follower -> followee."""
        at = self.names.index(name)
        both = (self.segment_of(self.follower) == at) & (self.segment_of(self.followee) == at)
        graph = nx.DiGraph()
        graph.add_nodes_from(range(self.bounds[at], self.bounds[at + 1]))
        pairs = zip(self.follower[both].tolist(), self.followee[both].tolist(), strict=True)
        graph.add_edges_from(pairs)
        return graph


def draw_follows(segments, seed):
    """Return (follower, followee), one entry per follow."""
    graph = draw_graph(segments, seed)
    counts = np.diff(graph.list_starts)
    followee = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    made = np.bincount(graph.followers, minlength=len(counts))
    assert np.array_equal(made, graph.followee_counts)
    return graph.followers, followee


def draw(segments, seed=1):
    return Drawn(segments, *draw_follows(segments, seed))


def tail_and_error(counts, cap):
    """Discrete maximum likelihood of the tail exponent (Clauset, Shalizi & Newman 2009, 3.5).

    The sum of k**-tail runs to the cap only, where the law ends. Returns (tail, standard error).
    """
    # Rounded counts follow the discrete law from about 6 on (ibid., appendix D).
    fewest = max(6, 2 * int(counts.min()))
    tail = counts[counts >= fewest]
    k = np.arange(fewest, cap + 1)

    def minus_likelihood(exponent):
        return exponent * np.log(tail).mean() + math.log(np.sum(k ** (-float(exponent))))

    found = minimize_scalar(minus_likelihood, bounds=(1.01, 8), method="bounded")
    weights = k ** (-float(found.x))
    weights /= weights.sum()
    information = weights @ np.log(k) ** 2 - (weights @ np.log(k)) ** 2
    return found.x, 1 / math.sqrt(information * len(tail))


def assert_simple(drawn):
    assert np.all(drawn.follower != drawn.followee)
    pairs = drawn.follower.astype(np.int64) * drawn.bounds[-1] + drawn.followee
    assert len(np.unique(pairs)) == len(pairs)


def assert_shares(drawn):
    """Follows between segments are those asked for, but for rounding to whole follows."""
    blocks = drawn.blocks()
    for at, name in enumerate(drawn.names):
        asked = drawn.segments[name]
        assert abs(blocks[at].sum() - asked.accounts * asked.followees) <= 0.5
        exact = [blocks[at].sum() * asked.shares.get(other, 0) for other in drawn.names]
        assert np.all(np.abs(blocks[at] - exact) < 1)


def assert_tail(drawn, name, cap):
    """Three standard errors: one check in 370 fails by chance, and seeds are fixed."""
    counts = drawn.followers(name)
    assert counts.max() <= cap
    found, error = tail_and_error(counts, cap)
    assert abs(found - drawn.segments[name].tail) < 3 * error


def assert_reciprocity(drawn, name):
    graph = drawn.inside(name)
    asked = drawn.segments[name].reciprocity
    # Returned follows come in twos, so the nearest number is at most one follow off.
    assert abs(nx.overall_reciprocity(graph) - asked) <= 1 / graph.number_of_edges() + 1e-12


def average_clustering(graph):
    """The textbook formula on the adjacency matrix; networkx takes long where there are hubs."""
    links = nx.to_numpy_array(graph.to_undirected(), dtype=np.float32)
    neighbours = links.sum(axis=1)
    closed = ((links @ links) * links).sum(axis=1)
    return np.mean(closed / np.maximum(neighbours * (neighbours - 1), 1))


def assert_clustering(drawn, name):
    found = average_clustering(drawn.inside(name))
    assert abs(found - drawn.segments[name].clustering) <= 0.02


def test_matrix_formula_is_networkx_average_clustering():
    graph = draw(TWO).inside("small")
    assert average_clustering(graph) == pytest.approx(
        nx.average_clustering(graph.to_undirected()), abs=1e-6
    )


# Targets are hit -----------------------------------------------------------------------------

ONE = {
    "a": SegmentTargets(300, 8, {"a": 1}, tail=2.5, most_followers=100, reciprocity=0.3),
}
TWO = {
    "small": SegmentTargets(
        150, 9.3, {"small": 0.7, "large": 0.3}, 2.6, 100, reciprocity=0.5, clustering=0.3
    ),
    "large": SegmentTargets(700, 4, {"large": 0.9, "small": 0.1}, 2.3, 200, reciprocity=0.1),
}
THREE = {
    "press": SegmentTargets(40, 15, {"press": 0.5, "public": 0.2, "board": 0.3}, reciprocity=0.8),
    "board": SegmentTargets(15, 8, {"board": 1}, reciprocity=0.9),
    "public": SegmentTargets(
        500, 6.6, {"public": 0.6, "press": 0.39, "board": 0.01}, 3.0, 150, 0, clustering=0.2
    ),
}
EVEN = {"a": SegmentTargets(400, 9, {"a": 1}, reciprocity=0.22, clustering=0.25)}
FRIENDS = {"a": SegmentTargets(300, 6, {"a": 1}, tail=2.6, most_followers=120, reciprocity=1)}
COMPLETE = {
    "a": SegmentTargets(9, 8, {"a": 1}, reciprocity=1),
    "b": SegmentTargets(5, 9, {"a": 1}),
}
SOLITARY = {
    "a": SegmentTargets(1, 0, {"a": 1}),
    "b": SegmentTargets(4, 1, {"a": 1}),
}
SMALL = {
    "one": ONE,
    "two": TWO,
    "three": THREE,
    "even": EVEN,
    "friends": FRIENDS,
    "complete": COMPLETE,
    "solitary": SOLITARY,
}


@pytest.mark.parametrize("name", SMALL)
def test_small_graphs_hit_all_targets(name):
    drawn = draw(SMALL[name])
    assert_simple(drawn)
    assert_shares(drawn)
    for segment, asked in SMALL[name].items():
        if asked.tail is not None:
            assert_tail(drawn, segment, asked.most_followers)
        if asked.shares.get(segment) and asked.followees:
            assert_reciprocity(drawn, segment)
        if asked.clustering:
            assert_clustering(drawn, segment)


OCCUPY = {
    "activists": SegmentTargets(
        3000, 40, {"activists": 0.6, "public": 0.4}, 2.3, 5000, reciprocity=0.22, clustering=0.2
    ),
    "public": SegmentTargets(60_000, 35, {"activists": 3 / 63, "public": 60 / 63}, 2.3, 5000),
}


@pytest.fixture(scope="module")
def occupy():
    return draw(OCCUPY, seed=2011)


@compiled_only
@pytest.mark.parametrize(("accounts", "followees", "reciprocity"), [(15, 8, 0.9), (6, 1.5, 0.4)])
def test_a_handful_of_accounts_is_drawn_whatever_the_seed(accounts, followees, reciprocity):
    segments = {"a": SegmentTargets(accounts, followees, {"a": 1}, reciprocity=reciprocity)}
    for seed in range(50):
        drawn = draw(segments, seed)
        assert_simple(drawn)
        assert_shares(drawn)
        assert_reciprocity(drawn, "a")


@compiled_only
def test_graph_of_design_size_hits_all_targets(occupy):
    assert_simple(occupy)
    assert_shares(occupy)
    for name in OCCUPY:
        assert_tail(occupy, name, 5000)
    assert_reciprocity(occupy, "activists")
    assert_clustering(occupy, "activists")


@compiled_only
def test_tail_is_recovered_without_bias():
    """Popularity is spread evenly over the law, so errors are smaller than a sample's."""
    errors = []
    for seed in range(20):
        drawn = draw({"a": SegmentTargets(2000, 8, {"a": 1}, 2.3, 600)}, seed)
        found, error = tail_and_error(drawn.followers("a"), 600)
        errors.append((found - 2.3) / error)
    assert abs(np.mean(errors)) < 0.5
    assert np.std(errors) < 1


def dispersion(counts, mean, room):
    """Variance of counts over that of random placing (hypergeometric); 1 if equally likely."""
    return np.mean((counts - mean) ** 2) / (mean * (1 - mean / room))


@compiled_only
@pytest.mark.parametrize("followees", [10, 300])
def test_equally_popular_accounts_differ_by_chance_only(followees):
    drawn = draw({"a": SegmentTargets(1000, followees, {"a": 1}, reciprocity=0.5)})
    # A variance ratio from 1000 counts has standard deviation sqrt(2 / 1000).
    bound = 4 * math.sqrt(2 / 1000)
    assert abs(dispersion(drawn.followers("a"), followees, 999) - 1) < bound
    tailed = draw({"a": SegmentTargets(1000, 10, {"a": 1}, tail=2.3, reciprocity=0.5)})
    assert abs(dispersion(tailed.followers("a"), 10, 999) - 1) > bound


@compiled_only
def test_followees_do_not_go_with_followers(occupy):
    """Followees are Poisson and independent of followers while reciprocity leaves room."""
    followees = np.bincount(occupy.follower, minlength=63_000)[:3000]
    # Number of followees is the sum of random placings, a little narrower than Poisson.
    assert abs(dispersion(followees, 40, math.inf) - 1) < 0.25
    correlation = np.corrcoef(followees, occupy.followers("activists"))[0, 1]
    assert abs(correlation) < 4 / math.sqrt(3000)


def test_no_follow_is_returned_where_chance_would_return_many():
    drawn = draw({"a": SegmentTargets(60, 20, {"a": 1}, reciprocity=0)})
    assert nx.overall_reciprocity(drawn.inside("a")) == 0  # chance: 20 / 59


@compiled_only
def test_clustering_rises_with_what_is_asked():
    found = []
    for asked in (0, 0.05, 0.1, 0.2, 0.3, 0.4):
        targets = SegmentTargets(2000, 15, {"a": 1}, 2.3, 600, 0.22, clustering=asked)
        drawn = draw({"a": targets})
        found.append(average_clustering(drawn.inside("a")))
        assert asked == 0 or abs(found[-1] - asked) <= 0.02
    assert found == sorted(found)


@compiled_only
def test_every_pair_is_equally_likely():
    """Neither the order of placing nor the repairs prefer anybody."""
    segments = {
        "a": SegmentTargets(6, 2.5, {"a": 0.6, "b": 0.4}, reciprocity=0.25),
        "b": SegmentTargets(4, 2, {"a": 1}),
    }
    seen = np.zeros((10, 10))
    draws = 600
    for seed in range(draws):
        np.add.at(seen, draw_follows(segments, seed), 1)
    for rows, columns in [(range(6), range(6)), (range(6), range(6, 10)), (range(6, 10), range(6))]:
        cells = np.array([seen[i, j] for i in rows for j in columns if i != j])
        share = cells.mean() / draws
        # Each cell is drawn or not; their number is fixed, which takes one degree of freedom.
        statistic = np.sum((cells - cells.mean()) ** 2) / (draws * share * (1 - share))
        assert statistic < chi2.ppf(0.999, len(cells) - 1)
    assert seen[6:, 6:].sum() == 0


# Checks that could not fail would prove nothing ----------------------------------------------


@compiled_only
def test_swapped_direction_fails_shares_and_tail(occupy):
    swapped = Drawn(OCCUPY, occupy.followee, occupy.follower)
    with pytest.raises(AssertionError):
        assert_shares(swapped)
    with pytest.raises(AssertionError):
        assert_tail(swapped, "public", 5000)


@compiled_only
@pytest.mark.parametrize("tail", [2.15, 2.45])
def test_another_tail_fails(tail):
    drawn = draw({"a": SegmentTargets(3000, 10, {"a": 1}, tail, 800)})
    drawn.segments = {"a": SegmentTargets(3000, 10, {"a": 1}, 2.3, 800)}
    with pytest.raises(AssertionError):
        assert_tail(drawn, "a", 800)


def test_swapped_direction_fails_tail_in_one_segment():
    drawn = draw(ONE)
    with pytest.raises(AssertionError):
        assert_tail(Drawn(ONE, drawn.followee, drawn.follower), "a", 100)


def test_reshuffled_follows_fail_reciprocity_and_clustering():
    drawn = draw(EVEN)
    shuffled = np.random.Generator(np.random.Philox(1)).permutation(drawn.followee)
    other = Drawn(EVEN, drawn.follower, shuffled)
    for check in (assert_reciprocity, assert_clustering):
        with pytest.raises(AssertionError):
            check(other, "a")
    with pytest.raises(AssertionError):
        assert_simple(other)


# The same seed, the same graph ---------------------------------------------------------------


def test_graph_depends_on_targets_and_seed_only():
    first = draw_follows(TWO, 5)
    again = draw_follows(dict(reversed(TWO.items())), 5)
    reordered = {
        name: SegmentTargets(**{**vars(asked), "shares": dict(reversed(asked.shares.items()))})
        for name, asked in TWO.items()
    }
    for other in (again, draw_follows(reordered, 5)):
        assert all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))
    other = draw_follows(TWO, 6)
    assert not np.array_equal(first[1], other[1])
    assert first[0].dtype == first[1].dtype == np.int32


def test_segments_have_luck_of_their_own():
    """Another name is another graph; a change in one segment leaves follows elsewhere alone."""
    apart = {
        "a": SegmentTargets(60, 5, {"a": 1}),
        "b": SegmentTargets(60, 5, {"b": 1}),
    }
    follower, followee = draw_follows(apart, 1)
    assert not np.array_equal(followee[followee < 60], followee[followee >= 60] - 60)
    apart["a"] = SegmentTargets(60, 7, {"a": 1}, reciprocity=0.5)
    changed = draw_follows(apart, 1)
    assert np.array_equal(changed[1][changed[1] >= 60], followee[followee >= 60])
    assert np.array_equal(changed[0][changed[0] >= 60], follower[follower >= 60])


def test_global_generators_are_left_alone():
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = random.getstate(), str(np.random.get_state())  # noqa: NPY002
    draw_follows(ONE, 1)
    networkx_follows("barabasi_albert_graph", {"n": 30, "m": 2}, None, 1)
    assert (random.getstate(), str(np.random.get_state())) == before  # noqa: NPY002


# What cannot hold is refused -----------------------------------------------------------------


def one(**changes):
    targets = {"accounts": 100, "followees": 10, "shares": {"a": 1}} | changes
    return {"a": SegmentTargets(**targets)}


REFUSED = {
    "no accounts": (one(accounts=0), "accounts", "0"),
    "negative": (one(followees=-1), "follows.mean", "-1"),
    "nan": (one(followees=math.nan), "follows.mean", "nan"),
    "shares": (one(shares={"a": 0.9}), "follows.to", "0.9"),
    "share": (one(shares={"a": 1.2}), "follows.to", "1.2"),
    "unknown": (one(shares={"a": 0.5, "A": 0.5}), "follows.to", "'A' is not one of: a"),
    "flat tail": (one(tail=2), "popularity.tail", "2"),
    "cap without tail": (one(most_followers=5), "popularity", "tail"),
    "reciprocity": (one(reciprocity=1.1), "reciprocity", "1.1"),
    "clustering": (one(clustering=-0.1), "clustering", "-0.1"),
    "more followees than accounts": (one(followees=120), "follows", "asks for 120 .* follow 99 "),
    "nearly all": (one(followees=90), "follows", "up to 79.2, or all 99,"),
    "cap below mean": (
        one(tail=2.3, most_followers=8),
        "popularity",
        "at most 8 .* 2.3 over the 10",
    ),
    "cap near mean": (one(tail=2.3, most_followers=20), "popularity", "at most 20 .* at least 44"),
    "cap above accounts": (one(tail=2.3, most_followers=500), "popularity", "up to 500 .* at most"),
    "no room for a tail": (one(tail=2.3, followees=40, reciprocity=0.3), "popularity", "with 176"),
    "too few pairs": (one(followees=60, reciprocity=0.2), "reciprocity", "0.2 .* at least 0.68"),
    "too clustered": (one(clustering=0.99, followees=2), "clustering", "0.99"),
    "chance clusters more": (
        one(clustering=0.1, followees=50, reciprocity=0.5),
        "clustering",
        "0.1",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_targets_that_cannot_hold_are_refused(name):
    segments, path, words = REFUSED[name]
    problems = check_targets(segments)
    assert any(p.path.startswith(f"segments.a.{path}") for p in problems), problems
    assert any(re.search(words, p.message) for p in problems), problems
    with pytest.raises(InputError) as refused:
        draw_follows(segments, 1)
    assert list(refused.value.problems) == problems


def test_refusals_between_segments():
    nobody = {
        "a": SegmentTargets(10, 3, {"b": 1}, tail=2.3, reciprocity=0.2, clustering=0.1),
        "b": SegmentTargets(10, 3, {"b": 1}),
    }
    paths = {p.path for p in check_targets(nobody)}
    assert paths == {"segments.a.reciprocity", "segments.a.clustering"}
    nobody["a"] = SegmentTargets(10, 3, {"b": 1}, tail=2.3)
    assert [p.path for p in check_targets(nobody)] == ["segments.a.popularity"]
    crowded = {
        "a": SegmentTargets(100, 10, {"b": 1}),
        "b": SegmentTargets(8, 3, {"b": 1}),
    }
    (problem,) = check_targets(crowded)
    assert problem.path == "segments.a.follows"
    assert "10 followees in 'b'" in problem.message
    assert "follow 8 there" in problem.message
    assert [p.path for p in check_targets({})] == ["segments"]


@pytest.mark.parametrize(
    ("segments", "target", "pattern"),
    [
        (one(followees=90, reciprocity=1), "followees", r"up to ([\d.]+),"),
        (one(followees=60, reciprocity=0.2), "reciprocity", r"at least ([\d.]+) "),
        (one(tail=2.3, most_followers=20), "most_followers", r"at least (\d+) "),
        (one(tail=2.3, most_followers=500), "most_followers", r"at most (\d+) would"),
    ],
)
def test_what_is_said_to_fit_fits(segments, target, pattern):
    (problem,) = check_targets(segments)
    fitting = float(re.search(pattern, problem.message).group(1))
    fitting = int(fitting) if target == "most_followers" else fitting
    segments = {"a": SegmentTargets(**(vars(segments["a"]) | {target: fitting}))}
    assert check_targets(segments) == []
    drawn = draw(segments)
    assert_simple(drawn)
    assert_shares(drawn)


def test_clustering_out_of_reach_is_refused_after_measuring():
    """Where the expectation leaves it open, the drawn graph decides, and never misses silently."""
    segments = one(accounts=300, followees=2.0, clustering=0.5)
    assert check_targets(segments) == []
    with pytest.raises(InputError, match=r"segments\.a\.clustering: asks for 0\.5"):
        draw_follows(segments, 1)


def test_a_cap_left_out_is_the_largest_that_holds():
    segments = one(accounts=500, tail=2.2)
    cap = Plan(segments).cap(0)
    assert 300 < cap < 500
    assert_simple(draw(segments))
    assert check_targets(one(accounts=500, tail=2.2, most_followers=cap)) == []
    assert check_targets(one(accounts=500, tail=2.2, most_followers=cap + 1)) != []


# The parts -----------------------------------------------------------------------------------

KEY = stem(1, Purpose.FOLLOWS)


def test_scatter_and_fill_evenly_use_the_room_and_no_more():
    room = np.array([0, 1, 5, 10], np.int32)
    for fill in (degrees.scatter, degrees.fill_evenly):
        assert fill(16, room, KEY).tolist() == room.tolist()
        some = fill(9, room, KEY)
        assert some.sum() == 9
        assert np.all(some <= room)
    # Filled evenly, those with room left are level but for chance.
    level = degrees.fill_evenly(3000, np.array([100, 9000, 9000], np.int32), KEY)
    assert level[0] == 100
    assert abs(level[1] - level[2]) < 4 * math.sqrt(2900)


def test_dealing_respects_each_source():
    received = np.array([6, 1, 1, 2, 2], np.int32)
    sizes, rooms = np.array([7, 5]), np.array([4, 2])
    counts = degrees.deal(received, sizes, rooms, KEY)
    assert counts.sum(axis=0).tolist() == received.tolist()
    assert counts.sum(axis=1).tolist() == [7, 5]
    assert np.all(counts <= rooms[:, None])


@pytest.mark.parametrize("tail", [2.1, 2.3, 3.0, 4.5])
def test_follower_law_has_the_mean_the_follows_give(tail):
    scale, cap = 3.0, 900.0
    x = np.geomspace(scale, cap, 200_001)
    beyond = (x ** (1 - tail) - cap ** (1 - tail)) / (scale ** (1 - tail) - cap ** (1 - tail))
    integral = scale + np.trapezoid(beyond, x)
    assert mean_count(scale, cap, tail) == pytest.approx(integral, rel=1e-6)
    assert expected_scale(integral, cap, tail) == pytest.approx(scale, rel=1e-5)
    units = np.random.Generator(np.random.Philox(2)).random(1000)
    counts = drawn_counts(units, 17_001, 900, tail)
    assert counts.sum() == 17_001
    assert counts.max() <= 900
    assert mean_count(shortest_cap(20, tail) / 10, shortest_cap(20, tail), tail) == pytest.approx(
        20
    )


def lists_of(segments, density):
    """Full lists drawn with circles of a density, and what was expected of them."""
    plan = Plan(segments)
    asked = segments["a"]
    room = np.full(asked.accounts, asked.accounts - 1, np.int32)
    received = degrees.scatter(int(plan.follows[0, 0]), room, KEY)
    returned = 2 * round(asked.reciprocity * received.sum() / 2)
    mutual = degrees.fill_evenly(returned, received, KEY)
    singles = degrees.scatter(int(received.sum()) - returned, room - received, KEY)
    lists, wanted = follow_lists.empty_lists(mutual, singles), received - mutual
    part = asked.reciprocity / (2 - asked.reciprocity)
    size = circle_size(float(np.median(received + singles)))
    circles.place_circles(lists, wanted, size, density, part, KEY)
    assert follow_lists.place_mutual(lists, degrees.repeated(mutual - lists.mutual_used), KEY) == 0
    stubs = degrees.repeated(wanted)
    assert follow_lists.place_singles(lists, stubs, KEY) == 0
    return lists, expected_clustering(inside_classes(plan, 0), density)


@pytest.mark.parametrize("density", [0.0, 0.3, 0.6])
def test_clustering_is_measured_as_networkx_does_and_about_as_expected(density):
    lists, expected = lists_of(one(accounts=400, followees=12, reciprocity=0.3), density)
    graph = nx.Graph(zip(lists.owner.tolist(), lists.followee.tolist(), strict=True))
    graph.add_nodes_from(range(400))
    found = circles.average_clustering(lists, 1)
    assert found == pytest.approx(nx.average_clustering(graph), abs=1e-12)
    third = nx.average_clustering(graph, nodes=range(0, 400, 3))
    assert circles.average_clustering(lists, 3) == pytest.approx(third, abs=1e-12)
    assert abs(found - expected) < DOUBT


# networkx ------------------------------------------------------------------------------------


def test_a_generator_is_found_by_name_and_seeded():
    first = networkx_follows("barabasi_albert_graph", {"n": 50, "m": 2}, None, 1)
    again = networkx_follows("barabasi_albert_graph", {"n": 50, "m": 2}, None, 1)
    other = networkx_follows("barabasi_albert_graph", {"n": 50, "m": 2}, None, 2)
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[1], other[1])
    follower, followee, labels = first
    assert len(follower) == 2 * 2 * 48  # m edges per new node, followed both ways
    assert follower.dtype == followee.dtype == np.int32
    assert labels.tolist() == list(range(50))
    given = nx.barabasi_albert_graph(50, 2, seed=7)
    chosen = networkx_follows("barabasi_albert_graph", {"n": 50, "m": 2, "seed": 7}, None, 1)
    assert set(zip(*map(np.ndarray.tolist, chosen[:2]), strict=True)) == set(
        given.to_directed().edges
    )


def test_a_numpy_seeded_and_a_directed_generator():
    arguments = {"n": 60, "alpha": 0.41, "beta": 0.54, "gamma": 0.05}
    out = networkx_follows("scale_free_graph", arguments, "follower to followee", 3)
    back = networkx_follows("scale_free_graph", arguments, "followee to follower", 3)
    pairs = set(zip(out[0].tolist(), out[1].tolist(), strict=True))
    assert pairs == set(zip(back[1].tolist(), back[0].tolist(), strict=True))
    assert len(pairs) == len(out[0])  # a multigraph with loops, without them
    assert all(i != j for i, j in pairs)
    ring = networkx_follows(
        "cycle_graph", {"n": 4, "create_using": "DiGraph"}, "follower to followee", 1
    )
    assert list(zip(ring[0].tolist(), ring[1].tolist(), strict=True)) == [
        (0, 1),
        (1, 2),
        (2, 3),
        (3, 0),
    ]


@pytest.mark.parametrize(
    ("generator", "arguments", "arrows", "words"),
    [
        ("barabasi_albert", {}, None, "Did you mean 'barabasi_albert_graph'"),
        ("xyz", {}, None, "Names look like"),
        ("os", {}, None, "none of networkx's"),
        ("ego_graph", {"n": 1}, None, "none of networkx's"),
        ("gnp_random_graph", {"n": 5}, None, r"missing .*'p'.*it takes: n, p, seed, directed"),
        ("gnp_random_graph", {"n": 5, "p": 0.5, "q": 1}, None, "'q'"),
        ("barabasi_albert_graph", {"n": 5, "m": 9}, None, "m = 9"),
        ("random_powerlaw_tree_sequence", {"n": 9, "tries": 10_000}, None, "returns no graph"),
        ("gnp_random_graph", {"n": 5, "p": 0.5}, "follower to followee", "undirected"),
        ("gnp_random_graph", {"n": 5, "p": 0.5, "directed": True}, None, "follower to followee or"),
        ("gnr_graph", {"n": 5, "p": 0.5}, "follower", "Did you mean|is not one of"),
        ("null_graph", {}, None, "no accounts"),
        ("grid_2d_graph", {"m": 2, "n": 2}, None, r"\(0, 0\) is neither"),
    ],
)
def test_networkx_mistakes_are_one_clear_line(generator, arguments, arrows, words):
    with pytest.raises(InputError, match=words) as refused:
        networkx_follows(generator, arguments, arrows, 1)
    assert len(refused.value.problems) == 1
    assert "\n" not in str(refused.value)
    assert refused.value.problems[0].path.startswith("graph")


def test_a_generator_on_global_luck_is_refused(monkeypatch):
    def unseeded(n):
        return nx.path_graph(n + random.randrange(2))

    monkeypatch.setattr(networkx_graphs, "graph_generators", lambda: {"unseeded": unseeded})
    state = random.getstate()
    with pytest.raises(InputError, match="global generator"):
        networkx_follows("unseeded", {"n": 5}, None, 1)
    assert random.getstate() == state


def test_labels_are_kept_and_sorted():
    graph = nx.DiGraph([("9", "10"), ("b", "B"), ("b", "b")])
    follower, followee, labels = graph_follows(graph, "follower to followee")
    assert labels.tolist() == ["10", "9", "B", "b"]
    assert follower.tolist() == [1, 3]
    assert followee.tolist() == [0, 2]
    numbers = nx.Graph([(10, 9), (np.int64(2), 10)])
    follower, followee, labels = graph_follows(numbers)
    assert labels.tolist() == [2, 9, 10]
    assert labels.dtype == np.int64
    assert list(zip(follower.tolist(), followee.tolist(), strict=True)) == [
        (0, 2),
        (1, 2),
        (2, 0),
        (2, 1),
    ]


@pytest.mark.parametrize("nodes", [[1, "1"], [1, 2.0], [True, 2], ["a", (1, 2)]])
def test_labels_of_mixed_kinds_are_refused(nodes):
    graph = nx.Graph()
    graph.add_nodes_from(nodes)
    with pytest.raises(InputError, match="integers only or by text only"):
        graph_follows(graph)


@pytest.mark.parametrize("node", [2**63, -1])
def test_integer_labels_fit_63_bits(node):
    with pytest.raises(InputError, match=rf"not {node}"):
        graph_follows(nx.Graph([(1, node)]))
