"""Choosing accounts: orders, shuffles and acquaintances against versions written from the rules."""

import dataclasses
import hashlib
import itertools
from collections.abc import Callable, Sequence

import networkx as nx
import numpy as np
import pytest
from scipy import special
from worlds import make_world

from propagation.audience.follower_graph import DEAD_PLACE, FollowerGraph
from propagation.audience.networkx_world import world_from_networkx
from propagation.audience.world import World, build_world
from propagation.luck import Purpose, stem, text_id
from propagation.problems import InputError
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import OurAccount
from propagation.strategy.centrality import core_numbers, followee_lists, once, pagerank
from propagation.strategy.choosing import (
    acquaintances,
    named_accounts,
    order_of,
    pool_of,
    shuffle_chosen,
)

Follows = set[tuple[int, int]]
ADDED = {"us": OurAccount(followers={"east": 3})}


def random_follows(accounts: int, count: int, number: int) -> Follows:
    """Follows of accounts some of whom follow nobody, are followed by nobody, or follow back."""
    lots = np.random.Generator(np.random.Philox(key=number))
    pairs = {(int(a), int(b)) for a, b in lots.integers(0, accounts, (count, 2)) if a != b}
    return pairs | {(b, a) for a, b in list(pairs)[: count // 4]}


def network(follows: Follows, accounts: int) -> nx.DiGraph:
    """The same follows as networkx's graph of links from follower to followee."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(accounts))
    graph.add_edges_from(follows)
    return graph


GRAPHS = {
    f"{accounts} accounts, {count} follows, {number}": (
        accounts,
        random_follows(accounts, count, number),
    )
    for accounts, count in ((4, 0), (4, 3), (8, 12), (40, 60), (60, 500))
    for number in range(6)
} | {
    "a path of accounts": (5, {(i, i + 1) for i in range(4)}),
    "all follow each other": (4, set(itertools.permutations(range(4), 2))),
    "a hub": (9, {(i, 0) for i in range(1, 9)}),
}


# --- how central accounts are -------------------------------------------------------------------


def cores_agree(graph: FollowerGraph, expected: nx.DiGraph) -> bool:
    cores = nx.core_number(expected.to_undirected())
    return core_numbers(graph).tolist() == [*map(cores.get, range(len(expected))), 0]


def ranks_agree(graph: FollowerGraph, expected: nx.DiGraph) -> bool:
    """Both iterate until a round changes less than 1e-14, so both are within 1e-13 of the truth."""
    ranks = nx.pagerank(expected, 0.85, tol=1e-14 / len(expected), max_iter=1000)
    return np.allclose(pagerank(graph), [*map(ranks.get, range(len(expected))), 0], 0, 2e-13)


@pytest.mark.parametrize("name", GRAPHS)
def test_core_numbers_and_pageranks_are_those_of_networkx(name: str) -> None:
    """The audience of the account that was added is left out: its members keep their numbers."""
    accounts, follows = GRAPHS[name]
    world = make_world(sorted(follows), accounts, ours=ADDED)
    assert world.graph.accounts == accounts + 1
    assert world.graph.follows == len(follows) + 3
    assert cores_agree(world.graph, network(follows, accounts))
    assert ranks_agree(world.graph, network(follows, accounts))


def test_other_follows_would_be_noticed() -> None:
    accounts, follows = 40, random_follows(40, 100, 1)
    graph = make_world(sorted(follows), accounts, ours=ADDED).graph
    turned = {(b, a) for a, b in follows}
    assert cores_agree(graph, network(turned, accounts))  # the direction is left out
    assert not ranks_agree(graph, network(turned, accounts))
    one_more = follows | {next(iter(nx.complement(network(follows, accounts)).edges))}
    assert not ranks_agree(graph, network(one_more, accounts))
    dense = follows | set(itertools.permutations(range(12), 2))
    assert not cores_agree(graph, network(dense, accounts))


def test_who_left_is_no_neighbour() -> None:
    accounts, follows = 30, random_follows(30, 90, 2)
    world = make_world(sorted(follows), accounts, ours=ADDED)
    graph = world.graph
    followers = graph.followers.copy()
    gone = int(followers[4])
    followers[4] = DEAD_PLACE
    star = int(np.searchsorted(graph.list_starts, 4, side="right")) - 1
    left = dataclasses.replace(graph, followers=followers)
    remaining = network(follows - {(gone, star)}, accounts)
    assert cores_agree(left, remaining)
    assert ranks_agree(left, remaining)
    starts, followees = followee_lists(dataclasses.replace(world, graph=left))
    assert star not in followees[starts[gone] : starts[gone + 1]]


def test_what_is_known_of_a_graph_is_worked_out_once() -> None:
    one, other = (make_world([(0, 1)], 4 + more, ours=ADDED).graph for more in (0, 1))
    assert once(pagerank, one) is once(pagerank, one)
    assert len(once(pagerank, other)) == len(once(pagerank, one)) + 1
    assert np.array_equal(once(core_numbers, one), core_numbers(one))


def test_followees_are_listed_by_number_without_ours() -> None:
    accounts, follows = 40, random_follows(40, 200, 3)
    ours = {"found": OurAccount(account=7), **ADDED}
    world = make_world(sorted(follows), accounts, ours=ours)
    starts, followees = followee_lists(world)
    assert (len(starts), starts[-1]) == (accounts + 2, len(followees))
    for account in range(accounts):
        expected = sorted(b for a, b in follows if a == account and b != 7)
        assert followees[starts[account] : starts[account + 1]].tolist() == expected
    assert any(b == 7 for _, b in follows)


# --- fixed orders -------------------------------------------------------------------------------

RULES = ("most followers", "k-core", "pagerank", "most interested")


def ordered(rule: str, pool: Sequence[int], world: World, follows: Follows) -> list[int]:
    """The order of a rule by its definition, in plain Python and with networkx."""
    graph = network(follows, world.graph.ordinary)
    ranks = nx.pagerank(graph, 0.85, tol=1e-15, max_iter=1000)
    cores = nx.core_number(graph.to_undirected())
    score: Callable[[int], float] = {
        "most followers": lambda v: graph.in_degree(v),
        "k-core": lambda v: cores[v],
        "pagerank": lambda v: round(ranks[v] * len(graph), 9),
        "most interested": lambda v: world.traits.interest["bread"][v],
    }[rule]
    return sorted(pool, key=lambda v: (-score(v), int(world.graph.account_keys[v])))


@pytest.mark.parametrize("rule", RULES)
def test_orders_are_those_defined(rule: str) -> None:
    seen = set()
    for number in range(5):
        accounts, follows = 40, random_follows(40, 120, 50 + number)
        world = make_world(
            sorted(follows),
            accounts,
            interest=np.resize([0.2, 0.9, 0.5, 0.2, 0.7, 0.1, 0.3], accounts),
            ours={"found": OurAccount(account=0), **ADDED},
            segment_of=[int(v % 3 == 0) for v in range(accounts)],
        )
        for segment in (None, "west"):
            pool = pool_of(world, segment)
            order = order_of(rule, pool, world, "bread")
            assert order.dtype == np.int32
            assert order.tolist() == ordered(rule, pool.tolist(), world, follows)
            seen.add(tuple(order.tolist()))
            for other in set(RULES) - {rule}:
                assert order.tolist() != ordered(other, pool.tolist(), world, follows)
    assert len(seen) == (2 if rule == "most interested" else 10)


def test_equal_pageranks_are_equal_however_they_are_added_up() -> None:
    """Two stars of followers with many followees each, which are summed in unlike orders."""
    lots = np.random.Generator(np.random.Philox(key=4))
    fans, twins = 400, 2
    for_one = {(twins + fan, 0) for fan in range(0, fans, 2)}
    of_fans = {
        (twins + fan, twins + fans + int(star))
        for fan in range(0, fans, 2)
        for star in lots.choice(60, 1 + fan % 17, replace=False)
    }
    mirror = dict(enumerate(lots.permutation(fans // 2)))
    follows = for_one | {(twins + 2 * int(mirror[(a - twins) // 2]) + 1, 1) for a, _ in for_one}
    follows |= of_fans | {(twins + 2 * int(mirror[(a - twins) // 2]) + 1, b) for a, b in of_fans}
    world = make_world(sorted(follows), twins + fans + 60, ours=ADDED)
    ranks = pagerank(world.graph)
    assert abs(ranks[0] - ranks[1]) < 1e-12
    order = order_of("pagerank", np.array([0, 1], np.int32), world, "art")
    keys = world.graph.account_keys
    assert order.tolist() == sorted([0, 1], key=lambda v: int(keys[v]))


def test_chance_is_no_fixed_order() -> None:
    world = make_world([(1, 0)], 4, ours=ADDED)
    for rule, topic in (("random", "art"), ("acquaintance", "art"), ("most interested", None)):
        with pytest.raises(ValueError, match="no fixed order"):
            order_of(rule, pool_of(world, None), world, topic)


def test_pools_leave_ours_out() -> None:
    world = make_world(
        [(1, 0), (2, 0)],
        6,
        ours={"found": OurAccount(account=4), **ADDED},
        segment_of=[0, 1, 0, 1, 1, 0],
    )
    assert pool_of(world, None).tolist() == [0, 1, 2, 3, 5]
    assert pool_of(world, "west", wanted=2).tolist() == [1, 3]
    assert pool_of(world, "east").tolist() == [0, 2, 5]


@pytest.mark.parametrize(
    ("segment", "wanted", "expected"),
    [
        ("wets", 1, "strategies.one[0].to.of: 'wets' is not one of: east, west."),
        ("west", 3, "strategies.one[0].to.choose: 3 is more than the 2 accounts of 'west' that"),
        (None, 6, "strategies.one[0].to.choose: 6 is more than the 5 accounts that are not ours"),
    ],
)
def test_pools_that_are_not_there(segment: str | None, wanted: int, expected: str) -> None:
    world = make_world([], 6, ours={"us": OurAccount(account=4)}, segment_of=[0, 1, 0, 1, 1, 0])
    with pytest.raises(InputError) as caught:
        pool_of(world, segment, wanted, "strategies.one[0].to")
    (problem,) = caught.value.problems
    assert str(problem).startswith(expected)


# --- names --------------------------------------------------------------------------------------

SEGMENTS = """\
name: names
segments:
  fans: {accounts: 5, attention: 1, interest: {news: 1}, follows: {mean: 0}}
  the 3 wise: {accounts: 3, attention: 1, interest: {news: 1}, follows: {mean: 0}}
ours: {us: {followers: {fans: 2}}}
messages: {call: {topic: news, resonance: 1}}
strategies: {one: [{post: call, by: us, at: 0 h}]}
compare: {on: reach, baseline: one}
"""


def test_accounts_by_name() -> None:
    drawn = build_world(parse_scenario(SEGMENTS))
    assert named_accounts(drawn, ["the 3 wise 2", "fans 0", "fans 4"]).tolist() == [7, 0, 4]
    given = make_world([], 12, ours=ADDED)
    assert named_accounts(given, ["11", "2"]).tolist() == [11, 2]
    assert named_accounts(given, []).dtype == np.int32


def test_accounts_of_text_labels_by_name() -> None:
    graph = nx.gnm_random_graph(30, 60, seed=1, directed=True)
    people = nx.relabel_nodes(graph, lambda v: f"person {v}")
    given = world_from_networkx(people, ["person 2"], arrows="follower to followee")
    (account,) = named_accounts(given, [" person 7"])
    assert given.graph.labels[account] == "person 7"
    with pytest.raises(InputError, match="Did you mean 'person 7'"):
        named_accounts(given, ["persona 7"])


def test_names_that_are_none() -> None:
    drawn = build_world(parse_scenario(SEGMENTS))
    names = ["fans 5", "fans 01", "fan 1", "fans 1", "fans -1", "us", " fans 1", "fans ²"]
    with pytest.raises(InputError) as caught:
        named_accounts(drawn, names, "to")
    found = [str(problem) for problem in caught.value.problems]
    assert [one.split(":")[0] for one in found] == [f"to.named[{i}]" for i in (0, 1, 2, 4, 5, 6, 7)]
    assert "there are 'fans 0' to 'fans 4', 'the 3 wise 0' to 'the 3 wise 2'" in found[0]
    assert "named already, as 'fans 1'" in found[5]
    with pytest.raises(InputError, match=r"^named\[0\]: 'fan 1' is no account"):
        named_accounts(drawn, ["fan 1"])
    given = make_world([], 12, ours={"ceo": OurAccount(account=3)})
    with pytest.raises(InputError, match=r"to\.named\[0\]: '3' is our account 'ceo'"):
        named_accounts(given, ["3", "4"], "to")
    with pytest.raises(InputError) as caught:
        named_accounts(given, [str(number) for number in range(5, 200)], "to")
    assert [problem.path for problem in caught.value.problems] == [
        f"to.named[{i}]" for i in range(7, 17)
    ]
    with pytest.raises(InputError, match=r"to\.named\[1\]: '12' is not among the 12 accounts"):
        named_accounts(given, ["4", "12"], "to")


# --- chance, from the addresses -----------------------------------------------------------------

WORD, GOLDEN = 2**64, 0x9E3779B97F4A7C15


def scrambled(word: int) -> int:
    """SplitMix64's finalizer, the thirteenth of Stafford's."""
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) % WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) % WORD
    return word ^ (word >> 31)


def below(key: int, *words: int) -> int:
    for word in words:
        key = scrambled(scrambled((key + GOLDEN) % WORD) ^ word)
    return key


def thrown(key: int, place: int) -> int:
    return scrambled((key + (place + 1) * GOLDEN) % WORD) >> 1


def name_id(*parts: str) -> int:
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def textbook_shuffle(pool: Sequence[int], seed: int, *segment: str) -> list[int]:
    """The whole order in which the accounts of a pool are chosen at random."""
    pool, n = list(pool), len(pool)
    key = below(seed, Purpose.CHOICE, name_id("segment", *segment))
    for i in range(n):
        j = i + ((thrown(key, i) >> 31) * (n - i) >> 32)
        pool[i], pool[j] = pool[j], pool[i]
    return pool


def textbook_acquaintances(
    pool: Sequence[int], seed: int, world: World, follows: Follows, *segment: str
) -> list[int]:
    """All who are named, in order."""
    named: list[int] = []
    for asked in textbook_shuffle(pool, seed, *segment):
        known = sorted(b for a, b in follows if a == asked and not world.is_ours[b])
        key = below(seed, Purpose.ACQUAINTANCE, name_id("segment", *segment))
        luck = thrown(below(key, int(world.graph.account_keys[asked])), 0)
        if known:
            one = known[(luck >> 31) * len(known) >> 32]
            named += [one] if one not in named else []
    return named


def choice_key(seed: int, *segment: str) -> np.uint64:
    return stem(seed, Purpose.CHOICE, text_id("segment", *segment))


def shuffled(pool: np.ndarray, count: int, key: np.uint64) -> list[int]:
    before, out = pool.copy(), np.full(count + 3, -7, np.int32)
    chosen = shuffle_chosen(pool, count, key, out, 2)
    assert np.array_equal(pool, before)
    assert out[:2].tolist() == [-7, -7]
    assert set(out[2 + chosen :].tolist()) == {-7}
    return out[2 : 2 + chosen].tolist()


@pytest.mark.parametrize("segment", [(), ("west",)])
def test_a_shuffle_is_the_textbooks(segment: tuple[str, ...]) -> None:
    orders = set()
    for seed in (0, 5, 2**63 - 1):
        for accounts in (1, 2, 3, 50):
            pool = np.arange(3, 3 + 2 * accounts, 2, dtype=np.int32)
            order = textbook_shuffle(pool.tolist(), seed, *segment)
            key = choice_key(seed, *segment)
            for count in {0, 1, accounts // 2, accounts}:
                assert shuffled(pool, count, key) == order[:count]
            assert shuffled(pool, accounts + 1, key) == order
        orders.add(tuple(order))
    assert len(orders) == 3


def test_a_shuffle_of_another_segment_or_seed_would_be_noticed() -> None:
    pool = np.arange(50, dtype=np.int32)
    order = textbook_shuffle(pool.tolist(), 5, "west")
    for key in (choice_key(5), choice_key(5, "east"), choice_key(6, "west"), np.uint64(5)):
        assert shuffled(pool, 50, key) != order


def unlikely(counts: np.ndarray) -> bool:
    """Whether counts that should be equal would come about by chance once in a million times."""
    expected = counts.sum() / counts.size
    statistic = float(((counts - expected) ** 2).sum() / expected)
    return bool(special.chdtrc(counts.size - 1, statistic) < 1e-6)


def orders_of_three(step: Callable[[np.ndarray, int], list[int]]) -> np.ndarray:
    """How often each of the 60 ordered choices of three among five accounts came out."""
    places = {order: i for i, order in enumerate(itertools.permutations(range(5), 3))}
    counts = np.zeros(60)
    for seed in range(12_000):
        counts[places[tuple(step(np.arange(5, dtype=np.int32), seed))]] += 1
    return counts


def test_every_order_is_equally_likely() -> None:
    assert not unlikely(orders_of_three(lambda pool, seed: shuffled(pool, 3, choice_key(seed))))


def test_a_biased_shuffle_would_be_noticed() -> None:
    def biased(pool: np.ndarray, seed: int) -> list[int]:
        """Trade with any place, not only with those from one's own on."""
        lots = np.random.Generator(np.random.Philox(key=seed)).integers(0, 5, 5)
        for i in range(5):
            pool[[i, lots[i]]] = pool[[lots[i], i]]
        return pool[:3].tolist()

    assert unlikely(orders_of_three(biased))


def asked(world: World, pool: np.ndarray, count: int, seed: int, *segment: str) -> list[int]:
    before, out = pool.copy(), np.full(count + 3, -7, np.int32)
    marks = np.zeros(world.graph.accounts, np.uint8)
    starts, followees = followee_lists(world)
    named = acquaintances(
        pool,
        count,
        choice_key(seed, *segment),
        stem(seed, Purpose.ACQUAINTANCE, text_id("segment", *segment)),
        starts,
        followees,
        world.graph.account_keys,
        marks,
        out,
        2,
    )
    assert np.array_equal(pool, before)
    assert not marks.any()
    assert out[:2].tolist() == [-7, -7]
    assert set(out[2 + named :].tolist()) == {-7}
    return out[2 : 2 + named].tolist()


@pytest.mark.parametrize("segment", [(), ("west",)])
def test_acquaintances_are_the_textbooks(segment: tuple[str, ...]) -> None:
    accounts, follows = 40, random_follows(40, 70, 9)
    ours = {"found": OurAccount(account=2), **ADDED}
    sides = [int(v % 2) for v in range(accounts)]
    world = make_world(sorted(follows), accounts, ours=ours, segment_of=sides)
    pool, all_named = pool_of(world, *segment or (None,)), set()
    for seed in range(20):
        named = textbook_acquaintances(pool.tolist(), seed, world, follows, *segment)
        for count in (0, 1, 5, len(pool)):
            assert asked(world, pool, count, seed, *segment) == named[:count]
        assert 5 < len(named) < len(pool)  # some know nobody, some name the same one
        all_named.add(tuple(named))
    assert len(all_named) == 20
    others = random_follows(40, 70, 10)
    assert (
        asked(world, pool, 9, 0, *segment)
        != textbook_acquaintances(pool.tolist(), 0, world, others, *segment)[:9]
    )


def test_each_followee_is_named_equally_often() -> None:
    """One account is asked which of five it follows; ours, which it follows too, never is named."""
    follows = {(0, star) for star in (2, 3, 5, 6, 7, 8)}
    world = make_world(sorted(follows), 9, ours={"found": OurAccount(account=5)})
    pool, counts = np.array([0], np.int32), np.zeros(9)
    for seed in range(5_000):
        (named,) = asked(world, pool, 1, seed)
        counts[named] += 1
    assert np.flatnonzero(counts).tolist() == [2, 3, 6, 7, 8]
    assert not unlikely(counts[counts > 0])
    assert unlikely(counts + np.eye(9)[2] * 150)
