"""The world of a draw: whose followers, which traits, which audience; from files and networkx."""

import dataclasses
import hashlib
import math
import random
from pathlib import Path

import numpy as np
import pytest
from campaigns import DRAWN, write_campaign
from scipy import special

from propagation.audience.follower_graph import (
    DEAD_PLACE,
    FollowerList,
    NumberedLabels,
    add_accounts,
    graph_from_follows,
    label_keys,
)
from propagation.audience.sources import checksum, read_real_graph
from propagation.audience.traits import segment_traits
from propagation.audience.world import NO_SEGMENT, World
from propagation.experiment.replicates import Laboratory
from propagation.luck import CERTAIN, member_keys, text_id
from propagation.problems import InputError
from propagation.scenario.reading import parse_scenario, read_scenario

GIVEN = """\
name: given
graph: {follows: follows.csv, follower: fan, followee: star}
accounts:
  table: accounts.csv
  id: who
  segment: sport
  attention: {column: att}
  value: {column: worth}
  threshold: {column: limit}
  interest: {rowing: {column: cares}, diving: 0.1}
  by segment:
    rowers: {attention: 0.75, interest: {rowing: 0.9}}
    divers: {value: 7, threshold: 3}
ours:
  us: {account: "ann"}
  new: {followers: {rowers: 2, divers: 1}}
messages: {call: {topic: rowing, resonance: 1}, other: {topic: diving, resonance: 1}}
strategies:
  one: [{post: call, by: us, at: 0 h}, {post: other, by: new, at: 0 h}]
compare: {on: reach, baseline: one}
"""
# fan follows star
FOLLOWS = [("bob", "ann"), ("cat", "ann"), ("ann", "bob"), ("dan", "bob"), ("cat", "dan")]
ACCOUNTS = {
    "ann": ("rowers", 0.1, 1.0, 2, 0.2),
    "bob": ("divers", 0.2, 2.0, 4, 0.3),
    "cat": ("rowers", 0.3, 3.0, 6, 0.4),
    "dan": ("swimmers", 0.4, 4.0, 8, 0.5),
}


def write_given(folder: Path, text: str = GIVEN, shuffle: int = 0) -> Path:
    """Write the given graph, its lines in any order."""
    folder.mkdir(parents=True, exist_ok=True)
    order = random.Random(shuffle)
    follows = [f"{fan},{star}" for fan, star in FOLLOWS]
    accounts = [",".join(map(str, (who, *row))) for who, row in ACCOUNTS.items()]
    if shuffle:
        order.shuffle(follows)
        order.shuffle(accounts)
    (folder / "follows.csv").write_text("\n".join(["fan,star", *follows, ""]))
    header = "who,sport,att,worth,limit,cares"
    (folder / "accounts.csv").write_text("\n".join([header, *accounts, ""]))
    path = folder / "given.yaml"
    path.write_text(text)
    return path


def world_of(path: Path, draw: int = 0) -> World:
    return Laboratory(read_scenario(path), path.parent).world(draw)


def problem_of(path: Path) -> str:
    """Return the one line with which a world is refused."""
    with pytest.raises(InputError) as caught:
        world_of(path)
    (problem,) = caught.value.problems
    assert "\n" not in str(problem)
    return str(problem)


def same_world(one: World, other: World) -> bool:
    graphs = all(
        np.array_equal(getattr(one.graph, name), getattr(other.graph, name))
        for name in ("list_starts", "followers", "first_list", "account_keys", "list_keys")
    )
    traits = [(w.traits.attention, w.traits.value, w.traits.threshold) for w in (one, other)]
    interest = [
        [w.traits.interest[topic] for topic in sorted(w.traits.interest)] for w in (one, other)
    ]
    return (
        graphs
        and np.array_equal(traits[0], traits[1], equal_nan=True)
        and np.array_equal(*interest)
        and np.array_equal(one.segment_of, other.segment_of)
        and one.segments == other.segments
        and dict(one.ours) == dict(other.ours)
        and np.array_equal(one.envelopes, other.envelopes)
    )


# --- follower graphs ---------------------------------------------------------------------------


def small_graph(follows: list[tuple[int, int]], accounts: int):
    pairs = np.array(follows, np.int32).reshape(-1, 2)
    labels = np.arange(accounts)
    return graph_from_follows(pairs[:, 0], pairs[:, 1], label_keys(labels), labels)


def test_a_share_goes_from_followee_to_follower() -> None:
    graph = small_graph([(1, 0), (2, 0), (0, 2)], 4)
    assert graph.followers_of(0).tolist() == [1, 2]
    assert graph.followers_of(2).tolist() == [0]
    assert [graph.followers_of(one).tolist() for one in (1, 3)] == [[], []]
    assert graph.follower_counts().tolist() == [2, 0, 1, 0]
    assert graph.followee_counts.tolist() == [1, 1, 1, 0]
    assert (graph.accounts, graph.follows) == (4, 3)


def test_follows_in_any_order_give_the_same_graph() -> None:
    rng = np.random.default_rng(5)
    follows = [(i, j) for i in range(30) for j in range(30) if i != j and rng.random() < 0.2]
    graph = small_graph(follows, 31)
    for seed in range(5):
        turned = follows.copy()
        random.Random(seed).shuffle(turned)
        other = small_graph(turned, 31)
        assert np.array_equal(other.followers, graph.followers)
        assert np.array_equal(other.list_starts, graph.list_starts)
    assert not np.array_equal(
        small_graph([(j, i) for i, j in follows], 31).followers, graph.followers
    )
    for account in range(31):
        fans = sorted(i for i, j in follows if j == account)
        assert graph.followers_of(account).tolist() == fans


def test_a_graph_without_follows() -> None:
    graph = small_graph([], 3)
    assert graph.follows == 0
    assert graph.follower_counts().tolist() == [0, 0, 0]


def test_dead_places_count_for_nothing() -> None:
    graph = small_graph([(1, 0), (2, 0), (3, 0), (0, 3)], 4)
    followers = graph.followers.copy()
    followers[1] = DEAD_PLACE
    left = dataclasses.replace(graph, followers=followers)
    assert left.followers_of(0).tolist() == [1, 3]
    assert left.follower_counts().tolist() == [2, 0, 0, 1]


def test_added_accounts_have_a_list_for_each_audience() -> None:
    graph = small_graph([(1, 0), (2, 0), (0, 2)], 4)

    def audience(*members: int) -> FollowerList:
        return FollowerList(text_id("audience", str(members)), np.array(members, np.int32))

    more = add_accounts(
        graph,
        [
            ("brand", text_id("ours", "brand"), [audience(3, 1), audience(), audience(0)]),
            ("ceo", text_id("ours", "ceo"), []),
            ("press", text_id("ours", "press"), [audience(2)]),
        ],
    )
    assert [list(more.lists_of(one)) for one in (3, 4, 5, 6)] == [[3], [4, 5, 6], [], [7]]
    assert [more.followers_of(one).tolist() for one in (0, 4, 5, 6)] == [[1, 2], [3, 1, 0], [], [2]]
    assert more.follower_counts().tolist() == [2, 0, 1, 0, 3, 0, 1]
    assert more.followee_counts.tolist() == [2, 2, 2, 1, 0, 0, 0]
    assert more.follows == 7
    assert [more.labels[one] for one in (0, 3, 4, 6)] == [0, 3, "brand", "press"]
    assert len(more.labels) == 7
    assert graph.followee_counts.tolist() == [1, 1, 1, 0]  # the graph before is as it was
    with pytest.raises(IndexError):
        more.labels[7]


def test_labels_of_drawn_accounts() -> None:
    labels = NumberedLabels([("fans", 2), ("the public", 3)])
    assert list(labels) == ["fans 0", "fans 1", "the public 0", "the public 1", "the public 2"]
    with pytest.raises(IndexError):
        labels[5]


def test_a_label_has_one_key_whatever_its_place() -> None:
    numbers = np.array([7, 2**63 - 1, 0])
    assert np.array_equal(label_keys(numbers)[::-1], label_keys(numbers[::-1].copy()))
    texts = np.array(["7", "ann", ""], np.object_)
    assert label_keys(texts)[0] != label_keys(numbers)[0]
    assert len(set(label_keys(np.array(["ann", "Ann", "ann "], np.object_)).tolist())) == 3


# --- real graphs -------------------------------------------------------------------------------


def test_a_given_graph_with_its_table(tmp_path: Path) -> None:
    world = world_of(write_given(tmp_path))
    assert world.segments == ("divers", "rowers", "swimmers")
    labels = list(world.graph.labels)
    assert labels == ["ann", "bob", "cat", "dan", "new"]
    segments = [world.segments[one] for one in world.segment_of[:4]]
    assert segments == ["rowers", "divers", "rowers", "swimmers"]
    assert world.segment_of[4] == NO_SEGMENT
    for account, name in enumerate(labels[:4]):
        fans = sorted(labels.index(fan) for fan, star in FOLLOWS if star == name)
        assert world.graph.followers_of(account).tolist() == fans
    assert dict(world.ours) == {"us": 0, "new": 4}
    assert np.flatnonzero(world.is_ours).tolist() == [0, 4]


def test_columns_and_traits_by_segment(tmp_path: Path) -> None:
    traits = world_of(write_given(tmp_path)).traits
    # rowers (ann, cat) and divers (bob) have some of their own; the last account is ours
    assert traits.attention.tolist() == [0.75, 0.2, 0.75, 0.4, 0.0]
    assert traits.value.tolist() == [1.0, 7.0, 3.0, 4.0, 0.0]
    assert traits.threshold.tolist() == [2.0, 3.0, 6.0, 8.0, 0.0]
    assert traits.interest["rowing"].tolist() == [0.9, 0.3, 0.9, 0.5, 0.0]
    assert traits.interest["diving"].tolist() == [0.1, 0.1, 0.1, 0.1, 0.0]


@pytest.mark.parametrize("shuffle", [1, 2, 3])
def test_the_order_of_lines_is_nothing(tmp_path: Path, shuffle: int) -> None:
    one = world_of(write_given(tmp_path / "one"))
    assert same_world(one, world_of(write_given(tmp_path / "other", shuffle=shuffle)))


def test_comparison_of_worlds_can_fail(tmp_path: Path) -> None:
    one = world_of(write_given(tmp_path / "one"))
    for name, before, after in (
        ("attention", "attention: 0.75", "attention: 0.5"),
        ("interest", "diving: 0.1", "diving: 0.2"),
        ("direction", "follower: fan, followee: star", "follower: star, followee: fan"),
        ("audience", "divers: 1", "divers: 0"),
    ):
        other = world_of(write_given(tmp_path / name, GIVEN.replace(before, after)))
        assert not same_world(one, other), name


def test_audiences_come_from_their_segments(tmp_path: Path) -> None:
    world = world_of(write_given(tmp_path))
    new = world.ours["new"]
    lists = [world.graph.members(one) for one in world.graph.lists_of(new)]
    assert [sorted(one.tolist()) for one in lists] == [[1], [0, 2]]  # divers, rowers
    assert world.graph.followee_counts.tolist() == [2, 2, 3, 1, 0]


def test_envelopes_are_the_least_powers_of_one_half(tmp_path: Path) -> None:
    world = world_of(write_given(tmp_path))
    attention = [0.75, 0.2, 0.75, 0.4]
    highest = {
        "ann": max(attention[1], attention[2]),  # bob and cat
        "bob": max(attention[0], attention[3]),
        "dan": attention[2],
        "divers": attention[1],
        "rowers": attention[0],
    }
    found = {"ann": 0, "bob": 1, "dan": 3, "divers": 4, "rowers": 5}
    for name, one in found.items():
        assert world.envelopes[one] == math.floor(-math.log2(highest[name])), name
    for account, share in enumerate(attention):
        assert int(world.attention_thresholds[account]) == int(share * float(CERTAIN))


def test_a_graph_without_a_table_is_one_segment(tmp_path: Path) -> None:
    text = (
        "name: plain\ngraph: {follows: follows.csv, follower: fan, followee: star}\n"
        "accounts: {attention: 0.2, interest: {rowing: 0.5}}\n"
        "ours: {new: {followers: {everybody: 3}}}\n"
        "messages: {call: {topic: rowing, resonance: 1}}\n"
        "strategies: {one: [{post: call, by: new, at: 0 h}]}\n"
        "compare: {on: reach, baseline: one}\n"
    )
    world = world_of(write_given(tmp_path, text))
    assert world.segments == ("everybody",)
    assert len(world.graph.followers_of(4)) == 3
    assert np.isnan(world.traits.threshold[:4]).all()


REFUSED = {
    "column out of range": ("0.3,3.0", "1.5,3.0", ("accounts.csv:4", "'att'", "1.5", "0 and 1")),
    "negative value": ("2.0,4", "-2.0,4", ("accounts.csv:3", "'worth'", "-2", "0 or more")),
    "no number": ("0.4,4.0", "x,4.0", ("accounts.csv:5", "'att'", "x")),
    "empty cell": ("0.4,4.0", ",4.0", ("accounts.csv:5", "'att'", "empty")),
    "infinite": ("0.4,4.0", "1e999,4.0", ("accounts.csv:5", "'att'")),
    "not a number": ("0.4,4.0", "nan,4.0", ("accounts.csv:5", "'att'")),
    "empty segment": ("swimmers", "", ("accounts.csv:5", "'sport'", "empty")),
}


@pytest.mark.parametrize(("before", "after", "words"), REFUSED.values(), ids=REFUSED)
def test_cells_out_of_range_are_refused_with_file_and_line(
    tmp_path: Path, before: str, after: str, words: tuple[str, ...]
) -> None:
    path = write_given(tmp_path)
    table = tmp_path / "accounts.csv"
    assert table.read_text().count(before) == 1
    table.write_text(table.read_text().replace(before, after))
    problem = problem_of(path)
    assert all(word in problem for word in words), problem


UNKNOWN = {
    "our account": ('account: "ann"', 'account: "anne"', ("ours.us.account", "anne", "ann")),
    "audience's segment": ("rowers: 2, ", "rower: 2, ", ("ours.new.followers", "'rowers'?")),
    "audience too large": ("rowers: 2, ", "rowers: 3, ", ("ours.new.followers.rowers", "3", "2")),
    "segment with traits": ("    divers:", "    diver:", ("by segment.diver", "'divers'?")),
    "column": ("{column: att}", "{column: atte}", ("accounts.csv", "atte", "att")),
    "segment column": ("segment: sport", "segment: sports", ("accounts.csv", "'sport'")),
    "id column": ("id: who", "id: whom", ("accounts.csv", "whom", "who")),
    "follower column": ("follower: fan", "follower: fam", ("follows.csv", "fam", "fan")),
}


@pytest.mark.parametrize(("before", "after", "words"), UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_names_are_refused(
    tmp_path: Path, before: str, after: str, words: tuple[str, ...]
) -> None:
    assert GIVEN.count(before) == 1
    problem = problem_of(write_given(tmp_path, GIVEN.replace(before, after)))
    assert all(word in problem for word in words), problem


def test_all_problems_with_our_accounts_at_once(tmp_path: Path) -> None:
    text = GIVEN.replace("rowers: 2, divers: 1", "rowers: 3, divers: 2, runners: 1")
    with pytest.raises(InputError) as caught:
        world_of(write_given(tmp_path, text))
    assert len(caught.value.problems) == 3


def test_an_account_of_a_drawn_world_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drawn.yaml"
    path.write_text(DRAWN.replace("ceo: {followers: {fans: 20}}", 'ceo: {account: "fans 0"}'))
    with pytest.raises(InputError, match=r"ours\.ceo"):
        world_of(path)


# --- checksums ---------------------------------------------------------------------------------


def test_checksum_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"follows\r\n" * 100_000)
    expected = hashlib.sha256(b"follows\r\n" * 100_000).hexdigest()
    assert checksum(tmp_path / "file") == expected


@pytest.mark.parametrize(
    ("line", "file", "where"),
    [
        ("followee: star", "follows.csv", "graph.follows"),
        ("id: who", "accounts.csv", "accounts.table"),
    ],
)
def test_a_checksum_is_kept_to(tmp_path: Path, line: str, file: str, where: str) -> None:
    path = write_given(tmp_path)
    digest = checksum(tmp_path / file)
    joint = ", sha256: " if where.startswith("graph") else "\n  sha256: "
    path.write_text(GIVEN.replace(line, f"{line}{joint}'{digest}'"))
    assert read_real_graph(read_scenario(path), tmp_path) is not None
    content = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(content.replace(b"\n", b"\r\n"))
    problem = problem_of(path)
    for word in (file, where, "changed"):
        assert word in problem


# --- traits with a spread ----------------------------------------------------------------------

SPREADS = """\
name: spreads
draws: 1
segments:
  a:
    accounts: 40000
    attention: {mean: 0.2, spread: 0.1}
    value: {mean: 3, spread: 2}
    threshold: {mean: 2, spread: 0.5}
    interest: {news: {mean: 0.05, spread: 0.15}}
    follows: {mean: 0}
  b:
    accounts: 100
    attention: 0.4
    interest: {news: {mean: 0.5, spread: 0.0001}}
    follows: {mean: 0}
ours: {us: {followers: {b: 10}}}
messages: {call: {topic: news, resonance: 1}}
strategies: {one: [{post: call, by: us, at: 0 h}]}
compare: {on: reach, baseline: one}
"""


def spread_traits(seed: int = 1):
    segments = parse_scenario(SPREADS).segments
    keys = np.concatenate(
        [
            member_keys(text_id("segment", name), np.arange(size, dtype=np.uint64))
            for name, size in (("a", 40_000), ("b", 100))
        ]
    )
    return segment_traits(segments, keys, seed)


def assert_mean(values: np.ndarray, mean: float) -> None:
    """The mean lies within 4 standard errors: by chance once in 16,000 times."""
    assert abs(values.mean() - mean) < 4 * values.std() / math.sqrt(len(values))


def assert_spread(values: np.ndarray, spread: float) -> None:
    """So does the standard deviation; its error follows from the fourth moment."""
    moment = ((values - values.mean()) ** 4).mean()
    error = math.sqrt((moment - values.var() ** 2) / len(values)) / (2 * values.std())
    assert abs(values.std() - spread) < 4 * error


def test_spreads_have_their_mean_and_standard_deviation() -> None:
    traits = spread_traits()
    for values, mean, spread in (
        (traits.attention[:40_000], 0.2, 0.1),
        (traits.value[:40_000], 3.0, 2.0),
        (traits.threshold[:40_000], 2.0, 0.5),
        (traits.interest["news"][:40_000], 0.05, 0.15),
    ):
        assert_mean(values, mean)
        assert_spread(values, spread)
        assert (values >= 0).all()
    assert (traits.attention <= 1).all()
    assert (traits.interest["news"] <= 1).all()


def test_check_of_means_can_fail() -> None:
    values = spread_traits().attention[:40_000]
    for wrong in (values + 0.003, values * 1.02):
        with pytest.raises(AssertionError):
            assert_mean(wrong, 0.2)
    with pytest.raises(AssertionError):
        assert_spread(0.2 + (values - 0.2) * 1.05, 0.1)


def test_shares_follow_a_beta_and_amounts_a_lognormal_law() -> None:
    """Kolmogorov-Smirnov at 1.95 / sqrt(n): by chance once in 1,000 times."""
    traits = spread_traits()
    total = 0.2 * 0.8 / 0.1**2 - 1
    beta = special.betainc(0.2 * total, 0.8 * total, np.sort(traits.attention[:40_000]))
    sigma2 = math.log1p((2 / 3) ** 2)
    logs = np.log(np.sort(traits.value[:40_000]))
    normal = special.ndtr((logs - math.log(3) + sigma2 / 2) / math.sqrt(sigma2))
    ranks = (np.arange(40_000) + 0.5) / 40_000
    assert np.abs(beta - ranks).max() < 1.95 / math.sqrt(40_000)
    assert np.abs(normal - ranks).max() < 1.95 / math.sqrt(40_000)


def test_a_tiny_spread_is_nearly_the_number() -> None:
    values = spread_traits().interest["news"][40_000:]
    assert np.abs(values - 0.5).max() < 0.0005
    assert np.isfinite(values).all()


@pytest.mark.parametrize("spread", [9e-4, 1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize("mean", [1e-6, 0.001, 0.5, 0.999])
def test_no_spread_that_is_allowed_gives_nonsense(mean: float, spread: float) -> None:
    text = SPREADS.replace("mean: 0.5, spread: 0.0001", f"mean: {mean}, spread: {spread}")
    keys = member_keys(text_id("segment", "b"), np.arange(100, dtype=np.uint64))
    segments = {"b": parse_scenario(text).segments["b"]}
    values = segment_traits(segments, keys, 1).interest["news"]
    assert ((values >= 0) & (values <= 1)).all()
    assert abs(values.mean() - mean) < 6 * spread / math.sqrt(len(values))


def test_traits_are_independent_of_each_other_and_of_the_draw() -> None:
    """Correlations of 40,000 pairs have a standard error of 0.005."""
    first, second = spread_traits(1), spread_traits(2)
    names = [first.attention, first.value, first.threshold, first.interest["news"]]
    columns = [
        special.ndtri((np.argsort(np.argsort(one[:40_000])) + 0.5) / 40_000) for one in names
    ]
    found = np.corrcoef(columns)
    assert np.abs(found[~np.eye(4, dtype=bool)]).max() < 4 * 0.005
    assert abs(np.corrcoef(first.value[:40_000], second.value[:40_000])[0, 1]) < 4 * 0.005
    assert np.array_equal(spread_traits(1).value, first.value)


# --- drawn worlds and networkx -----------------------------------------------------------------


def test_drawn_accounts_are_numbered_by_segment(tmp_path: Path) -> None:
    world = world_of(write_campaign(tmp_path))
    assert world.segments == ("fans", "the public")
    assert world.segment_of.tolist() == [0] * 60 + [1] * 180 + [NO_SEGMENT] * 2
    assert dict(world.ours) == {"ceo": 241, "brand": 240}
    assert world.graph.labels[60] == "the public 0"
    assert world.graph.labels[241] == "ceo"
    assert world.graph.follower_counts()[240:].tolist() == [105, 20]
    assert world.traits.value[[0, 60, 240]].tolist() == [1.0, 2.0, 0.0]


def test_draws_differ_and_repeat(tmp_path: Path) -> None:
    path = write_campaign(tmp_path)
    assert same_world(world_of(path, 1), world_of(path, 1))
    assert not same_world(world_of(path, 1), world_of(path, 2))


NETWORKX = """\
name: generated
draws: 2
graph: {networkx: GENERATOR}
accounts: {attention: 0.5, value: {mean: 2, spread: 1}, interest: {news: 0.5}}
ours: {us: {account: "3"}, new: {followers: {everybody: 4}}}
messages: {call: {topic: news, resonance: 1}}
strategies: {one: [{post: call, by: us, at: 0 h}, {post: call, by: new, at: 1 h}]}
compare: {on: reach, baseline: one}
"""


def generated(folder: Path, generator: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "generated.yaml"
    path.write_text(NETWORKX.replace("GENERATOR", generator))
    return path


def test_an_undirected_graph_is_followed_both_ways(tmp_path: Path) -> None:
    world = world_of(generated(tmp_path, "cycle_graph, arguments: {n: 6}"))
    for account in range(6):
        around = sorted([(account - 1) % 6, (account + 1) % 6])
        assert world.graph.followers_of(account).tolist() == around
    assert dict(world.ours) == {"us": 3, "new": 6}
    assert len(world.graph.followers_of(6)) == 4


@pytest.mark.parametrize(
    ("arrows", "fans"),
    [
        ("follower to followee", {0: [], 1: [0], 5: [4]}),
        ("followee to follower", {0: [1], 1: [2], 5: []}),
    ],
)
def test_arrows_say_who_follows(tmp_path: Path, arrows: str, fans: dict[int, list[int]]) -> None:
    """A directed path 0 -> 1 -> ... -> 5."""
    generator = f"path_graph, arguments: {{n: 6, create_using: DiGraph}}, arrows: {arrows}"
    world = world_of(generated(tmp_path, generator))
    for account, expected in fans.items():
        assert world.graph.followers_of(account).tolist() == expected


def test_arrows_belong_to_directed_graphs(tmp_path: Path) -> None:
    directed = "path_graph, arguments: {n: 6, create_using: DiGraph}"
    assert "arrows" in problem_of(generated(tmp_path, directed))
    undirected = "cycle_graph, arguments: {n: 6}, arrows: follower to followee"
    assert "arrows" in problem_of(generated(tmp_path, undirected))


def test_draws_of_a_generator(tmp_path: Path) -> None:
    path = generated(tmp_path, "gnp_random_graph, arguments: {n: 30, p: 0.2}")
    first, second = world_of(path, 0), world_of(path, 1)
    assert same_world(first, world_of(path, 0))
    assert not np.array_equal(first.graph.followers, second.graph.followers)
    assert not np.array_equal(first.traits.value, second.traits.value)


def test_a_generator_with_a_table(tmp_path: Path) -> None:
    path = generated(tmp_path, "star_graph, arguments: {n: 5}")
    text = path.read_text().replace("attention: 0.5", "table: t.csv, id: n, attention: {column: a}")
    path.write_text(text)
    rows = [f"{one},{one / 10}" for one in (4, 2, 0, 1, 3, 5)]
    (tmp_path / "t.csv").write_text("\n".join(["n,a", *rows, ""]))
    assert world_of(path).traits.attention[:6].tolist() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    (tmp_path / "t.csv").write_text("\n".join(["n,a", *rows[:-1], ""]))
    assert "t.csv" in problem_of(path)
    (tmp_path / "t.csv").unlink()
    assert "t.csv" in problem_of(path)


def test_a_generated_graph_without_follows(tmp_path: Path) -> None:
    world = world_of(generated(tmp_path, "empty_graph, arguments: {n: 5}"))
    assert world.graph.follows == 4  # those of our new account
