"""Follower lists drawn one by one: uniform subsets, independent of each other, whatever the way."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from numba.core import config
from scipy.stats import chi2, hypergeom

from propagation.audience import degrees, generators, list_drawing
from propagation.audience.generators import DrawnGraph, SegmentTargets, draw_graph
from propagation.audience.list_drawing import Sources, draw_list, draw_lists, scratch_for
from propagation.luck import Purpose, descend, stem

compiled_only = pytest.mark.skipif(config.DISABLE_JIT, reason="minutes without compilation")
KEY = stem(1, Purpose.FOLLOWS)
SIGNIFICANT = 0.999
"""Seeds are fixed; of checks at this level one in a thousand would have failed by chance."""


def key_of(number):
    return np.uint64(descend(KEY, np.uint64(number)))


def drawn_list(key, able, count):
    followers = np.full(count + 2, -7, np.int32)
    scratch = scratch_for(able)
    draw_list(key, able, followers, 1, 1 + count, scratch)
    assert followers[0] == followers[-1] == -7
    assert not scratch.bits.any()
    assert not scratch.ends.any()
    return followers[1:-1].tolist()


# The law written again, in Python's whole numbers ---------------------------------------------


def mixed(word):
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % 2**64
    return word ^ (word >> 31)


def numbers_thrown(key, able):
    for place in itertools.count(1):
        yield mixed((int(key) + place * 0x9E3779B97F4A7C15) % 2**64) * able >> 64


def first_distinct(key, able, count):
    found = set()
    for number in numbers_thrown(key, able):
        if len(found) == count:
            return found
        found.add(number)
    return found


def expected_list(key, able, count):
    if 2 * count > able:
        return sorted(set(range(able)) - first_distinct(key, able, able - count))
    return sorted(first_distinct(key, able, count))


SIZES = [
    *((able, count) for able in (1, 2, 3, 63, 64, 65, 128) for count in (0, 1, able // 2, able)),
    *((10_000, count) for count in (1, 2, 15, 16, 17, 18, 33, 38, 39, 40, 41, 5000, 5001, 9999)),
    *((2**31 - 1, count) for count in (1, 16, 17, 1000)),
    *((3_000_000, count) for count in (11_718, 11_719)),
]
"""Around every size at which another way begins."""


@pytest.mark.parametrize(("able", "count"), SIZES)
def test_a_list_is_what_its_definition_says(able, count):
    if able > 10_000 and config.DISABLE_JIT:
        pytest.skip("minutes without compilation")
    assert drawn_list(key_of(able), able, count) == expected_list(key_of(able), able, count)


@pytest.mark.parametrize("wrong", ["another key", "no complement"])
def test_another_law_is_noticed(wrong):
    able, count = 100, 70
    key = key_of(2) if wrong == "another key" else key_of(1)
    other = expected_list(key, able, count)
    if wrong == "no complement":
        other = sorted(first_distinct(key, able, count))
    assert drawn_list(key_of(1), able, count) != other


# Every subset is equally likely ---------------------------------------------------------------


def uneven(subsets, able, count):
    """Whether subsets are unevenly frequent, by chi-square over all there are."""
    cells = math.comb(able, count)
    seen = Counter(map(tuple, subsets))
    assert all(len(one) == count for one in seen)
    expected = len(subsets) / cells
    assert expected >= 5
    statistic = sum((found - expected) ** 2 / expected for found in seen.values())
    statistic += (cells - len(seen)) * expected
    return statistic > chi2.ppf(SIGNIFICANT, cells - 1)


def sorted_list(key, able, count):
    """The way of sparse lists, which such short lists would not take."""
    followers = np.empty(count, np.int32)
    scratch = list_drawing.Scratch(
        np.empty(64, np.uint64), np.zeros(65, np.int32), np.zeros(1, np.uint64)
    )
    list_drawing._throw_and_sort(key, able, followers, 0, count, scratch)
    assert not scratch.ends.any()
    return followers.tolist()


@compiled_only
@pytest.mark.parametrize("way", [drawn_list, sorted_list])
@pytest.mark.parametrize(
    ("able", "count"), [(6, 1), (6, 2), (6, 3), (6, 4), (6, 5), (9, 4), (20, 18)]
)
def test_all_subsets_are_equally_likely(way, able, count):
    """By sorting, by buckets (18 of 20), on a bitmap and by what is left out."""
    subsets = [way(key_of(number), able, count) for number in range(4000)]
    assert not uneven(subsets, able, count)


def next_free_one(key, able, count):
    """Take the next number in place of one that is taken: wrong."""
    found = set()
    for number in itertools.islice(numbers_thrown(key, able), count):
        while number in found:
            number = (number + 1) % able
        found.add(number)
    return sorted(found)


def test_subsets_that_are_not_equally_likely_are_noticed():
    assert uneven([next_free_one(key_of(n), 6, 3) for n in range(4000)], 6, 3)


def lists_of(lengths, able, keys):
    """Draw lists of these lengths, each with a key of its own."""
    starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    followers = np.empty(starts[-1], np.int32)
    scratch = scratch_for(able)
    for key, start, end in zip(keys, starts, starts[1:], strict=False):
        draw_list(np.uint64(key), able, followers, start, end, scratch)
    return [set(followers[a:b].tolist()) for a, b in itertools.pairwise(starts)]


def spread_of_overlaps(lists, able):
    """Mean and variance of how many members neighbours share, standardised by their exact law."""
    scores = []
    for one, two in zip(lists[::2], lists[1::2], strict=True):
        law = hypergeom(able, len(one), len(two))
        scores.append((len(one & two) - law.mean()) / law.std())
    return np.mean(scores), np.var(scores), len(scores)


def depend(lists, able):
    mean, variance, pairs = spread_of_overlaps(lists, able)
    # The variance of a variance: at most 3 - 1 plus what the skewness of small overlaps adds.
    return abs(mean) > 4 / math.sqrt(pairs) or abs(variance - 1) > 4 * math.sqrt(3 / pairs)


@compiled_only
@pytest.mark.parametrize(("able", "length"), [(600, 60), (20_000, 70)])
def test_lists_are_independent(able, length):
    lengths = np.full(2000, length)
    assert not depend(lists_of(lengths, able, [key_of(n) for n in range(2000)]), able)


@compiled_only
@pytest.mark.parametrize("wrong", ["same key for two", "keys one throw apart"])
def test_lists_that_depend_are_noticed(wrong):
    keys = [int(key_of(n // 2)) for n in range(2000)]
    if wrong == "keys one throw apart":
        keys = [(key + n % 2 * 0x9E3779B97F4A7C15) % 2**64 for n, key in enumerate(keys)]
    assert depend(lists_of(np.full(2000, 60), 600, keys), 600)


# The graph ------------------------------------------------------------------------------------

TAILED = {"a": SegmentTargets(2000, 20, {"a": 1}, 2.3, 700)}


def law_of_followees(lengths, account):
    """Exact law of how many lists an account is in: a sum of independent throws."""
    law = np.zeros(200)
    law[0] = 1.0
    for length in np.delete(lengths, account):
        chance = length / (len(lengths) - 1)
        law[1:] = law[1:] * (1 - chance) + law[:-1] * chance
        law[0] *= 1 - chance
    return law


def off_the_law(lengths, followee_counts):
    """Whether followee counts are not those of their law: mean, variance or chi-square."""
    # Accounts differ by their own list only; that of a middling one stands for all.
    law = law_of_followees(lengths, int(np.argsort(lengths)[len(lengths) // 2]))
    k, n = np.arange(len(law)), len(lengths)
    mean = law @ k
    variance = law @ (k - mean) ** 2
    if abs(followee_counts.mean() - mean) > 4 * math.sqrt(variance / n):
        return "mean"
    if abs(followee_counts.var() / variance - 1) > 4 * math.sqrt(2 / n):
        return "variance"
    seen = np.bincount(followee_counts, minlength=len(law))
    edges = np.unique(np.searchsorted(np.cumsum(law), np.linspace(0, 1, 21)[1:-1]))
    expected = n * np.add.reduceat(law, np.concatenate(([0], edges + 1)))
    found = np.add.reduceat(seen, np.concatenate(([0], edges + 1)))
    statistic = np.sum((found - expected) ** 2 / expected)
    return "chi-square" if statistic > chi2.ppf(SIGNIFICANT, len(expected) - 1) else None


@compiled_only
@pytest.mark.parametrize("seed", range(5))
def test_followee_counts_follow_their_exact_law(seed):
    graph = draw_graph(TAILED, seed)
    assert off_the_law(np.diff(graph.list_starts), graph.followee_counts) is None


@compiled_only
def test_other_followee_counts_are_noticed():
    graph = draw_graph(TAILED, 1)
    lengths = np.diff(graph.list_starts)
    generator = np.random.Generator(np.random.Philox(3))
    level = np.full(2000, 20, np.int32)
    heavy = np.concatenate((graph.followee_counts[:1000] + 3, graph.followee_counts[1000:] - 3))
    poisson = generator.poisson(20, 2000)
    lopsided = np.where(generator.random(2000) < 0.5, 20 - 4.4, 20 + 4.4).astype(int)
    assert off_the_law(lengths, level) == "variance"
    assert off_the_law(lengths, heavy) == "variance"
    assert off_the_law(lengths, graph.followee_counts + 1) == "mean"
    assert off_the_law(lengths, lopsided) is not None
    assert off_the_law(lengths, poisson) is None  # it is nearly one


@compiled_only
@pytest.mark.parametrize("reciprocity", [None, 0.0])
def test_every_graph_of_a_few_accounts_is_equally_likely(reciprocity):
    """All 495 ways to place 4 follows on 12 pairs; not so where none may be returned."""
    segments = {"a": SegmentTargets(4, 1, {"a": 1}, reciprocity=reciprocity)}
    graphs = []
    for seed in range(5000):
        graph = draw_graph(segments, seed)
        followees = np.repeat(np.arange(4), np.diff(graph.list_starts))
        graphs.append(4 * followees + graph.followers)
    assert uneven(graphs, 12, 4) == (reciprocity is not None)


@compiled_only
def test_any_number_of_threads_draws_the_same(monkeypatch):
    segments = {
        "a": SegmentTargets(400, 12, {"a": 0.5, "b": 0.5}, 2.3, 150),
        "b": SegmentTargets(300, 9, {"a": 0.2, "b": 0.8}, reciprocity=0.3),
    }
    whole = draw_graph(segments, 3)
    monkeypatch.setattr(generators, "FOLLOWS_AT_ONCE", 50)
    for workers in (1, 2, 5):
        told = [(0, 7500)]

        def tell(done, total, told=told):
            told.append((done, total))

        other = draw_graph(segments, 3, workers=workers, progress=tell)
        assert all(np.array_equal(one, two) for one, two in zip(whole, other, strict=True))
        assert told == sorted(told)
        assert told[-1] == (7500, 7500)
    assert not np.array_equal(whole.followers, draw_graph(segments, 4).followers)


def test_lists_are_in_order_and_nobody_follows_themselves():
    segments = {
        "a": SegmentTargets(40, 12, {"a": 0.5, "b": 0.5}, 2.5, 39, reciprocity=0.4),
        "b": SegmentTargets(30, 29, {"b": 1}),
        "c": SegmentTargets(20, 15, {"a": 0.2, "c": 0.8}),
    }
    graph = draw_graph(segments, 3)
    for account, (start, end) in enumerate(itertools.pairwise(graph.list_starts)):
        members = graph.followers[start:end]
        assert np.all(np.diff(members) > 0)
        assert account not in members
    assert np.array_equal(np.bincount(graph.followers, minlength=90), graph.followee_counts)


@compiled_only
def test_an_interrupted_drawing_stops():
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_graph({"a": SegmentTargets(50, 5, {"a": 1})}, 1, workers=2, progress=interrupt)


# How many --------------------------------------------------------------------------------------


def multivariate_hypergeometric(counts, rooms):
    ways = math.prod(math.comb(room, count) for room, count in zip(rooms, counts, strict=True))
    return ways / math.comb(sum(rooms), sum(counts))


def off_hypergeometric(found, rooms):
    cells = [
        cell
        for cell in itertools.product(*(range(room + 1) for room in rooms))
        if sum(cell) == sum(found[0])
    ]
    expected = np.array([len(found) * multivariate_hypergeometric(cell, rooms) for cell in cells])
    assert expected.min() >= 5
    seen = Counter(found)
    statistic = np.sum((np.array([seen[cell] for cell in cells]) - expected) ** 2 / expected)
    return statistic > chi2.ppf(SIGNIFICANT, len(cells) - 1)


@compiled_only
@pytest.mark.parametrize("total", [1, 3, 4, 7])
def test_scattered_follows_are_hypergeometric(total):
    found = [tuple(degrees.scatter_evenly(total, 3, 3, key_of(n)).tolist()) for n in range(6000)]
    assert not off_hypergeometric(found, (3, 3, 3))
    if total == 4:
        generator = np.random.Generator(np.random.Philox(2))
        while_room = []
        while len(while_room) < 6000:  # each account as likely whatever it has: wrong
            counts = np.bincount(generator.integers(0, 3, total), minlength=3)
            if counts.max() <= 3:
                while_room.append(tuple(counts.tolist()))
        assert off_hypergeometric(while_room, (3, 3, 3))


@compiled_only
def test_blocks_of_accounts_are_scattered_over_evenly():
    """Counts over 200 blocks have the variance of their law; so have those within a block."""
    size = degrees.BLOCK
    blocks = 200
    counts = degrees.scatter_evenly(10 * size * blocks // 64, size * blocks, 40, KEY)
    sums = counts.reshape(blocks, size).sum(axis=1)
    for found in (sums, counts[:size]):
        room = 40 * size if found is sums else 40
        mean = found.mean()
        ratio = np.var(found) / (mean * (1 - mean / room))
        assert abs(ratio - 1) < 4 * math.sqrt(2 / len(found) + 1 / (mean * len(found)))
    assert counts.sum() == 10 * size * blocks // 64


@compiled_only
def test_dealt_followers_are_hypergeometric():
    received, sizes = np.array([2, 3, 1], np.int32), np.array([4, 2])
    found = []
    for n in range(6000):
        counts = degrees.deal(received, sizes, np.array([9, 9]), key_of(n))
        assert counts.sum(axis=0).tolist() == received.tolist()
        found.append(tuple(counts[1].tolist()))
    assert not off_hypergeometric(found, (2, 3, 1))
    assert off_hypergeometric([one[::-1] for one in found], (2, 3, 1))


def test_a_deal_that_cannot_be_is_given_up():
    received, sizes = np.array([3, 1], np.int32), np.array([2, 2])
    assert degrees.deal(received, sizes, np.array([1, 1]), KEY).size == 0
    counts = degrees.deal(received, sizes, np.array([2, 1]), KEY)
    assert counts.tolist() == [[2, 0], [1, 1]]


def test_lists_of_some_accounts_alone_are_the_same():
    """Which is what lets threads share them out."""
    counts = np.array([[3, 0, 5, 9], [2, 2, 0, 1]], np.int32)
    starts = np.zeros(5, np.int64)
    degrees.add_up(counts, 0, starts)
    assert starts.tolist() == [0, 5, 7, 12, 22]
    yes = np.ones(2, np.bool_)
    sources = Sources(np.array([0, 10]), np.array([10, 7]), np.array([5, 6], np.uint64), ~yes, yes)

    def drawn(*pieces):
        graph = DrawnGraph(starts, np.full(22, -1, np.int32), np.zeros(17, np.int32))
        for piece in pieces:
            draw_lists(piece, counts, sources, *graph, scratch_for(10))
        return graph

    whole, parts = drawn((0, 4)), drawn((2, 4), (0, 1), (1, 2))
    assert np.array_equal(whole.followers, parts.followers)
    assert np.array_equal(whole.followee_counts, parts.followee_counts)
    assert not np.array_equal(whole.followers, drawn((0, 3)).followers)
