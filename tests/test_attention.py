"""Limited attention: what a feed holds decides how much of it is noticed."""

import math
from pathlib import Path

import numpy as np
import pytest
from worlds import make_world, post, same_arrays

from propagation.audience.attention import Limits, attention_at
from propagation.audience.world import World, build_world, build_worlds, starting_followers
from propagation.experiment.estimates import drawn_notices
from propagation.experiment.replicates import Laboratory
from propagation.luck import threshold
from propagation.scenario.reading import parse_scenario, read_scenario
from propagation.scenario.spec import ExponentialDelay, Message, OurAccount, Scenario
from propagation.spread.simulate import CompiledEngine, MesaEngine
from propagation.strategy.agenda import Agenda

# fan follows star; the file's order of accounts is ann, bob, cat, dan
FOLLOWS = [("bob", "ann"), ("cat", "ann"), ("ann", "bob"), ("dan", "bob"), ("cat", "dan")]
SEGMENTS = {"ann": "rowers", "bob": "divers", "cat": "rowers", "dan": "divers"}
GIVEN = """\
name: given
graph: {follows: follows.csv, follower: fan, followee: star}
accounts:
  table: accounts.csv
  id: who
  segment: sport
  attention: {capacity: 6, per followee: 3}
  interest: {news: 1}
  by segment: {}
ours:
  us: {account: "ann"}
  new: {followers: {rowers: 2, divers: 1}}
messages: {call: {topic: news, resonance: 1}}
strategies: {one: [{post: call, by: us, at: 0 h}, {post: call, by: new, at: 0 h}]}
compare: {on: reach, baseline: one}
"""
OWN = "by segment: {divers: {attention: {capacity: 1, per followee: 0.25}}}"


def given_world(folder: Path, text: str = GIVEN) -> World:
    (folder / "follows.csv").write_text("fan,star\n" + "".join(f"{a},{b}\n" for a, b in FOLLOWS))
    rows = "".join(f"{who},{sport},0.5\n" for who, sport in SEGMENTS.items())
    (folder / "accounts.csv").write_text("who,sport,att\n" + rows)
    path = folder / "given.yaml"
    path.write_text(text)
    return Laboratory(read_scenario(path), folder).world(0)


def counted(names: str, world: World) -> dict[str, int]:
    """How many accounts each follows: in the file, and 'new' if it follows that."""
    theirs = world.graph.followers_of(world.ours["new"]).tolist()
    return {
        name: sum(fan == name for fan, _ in FOLLOWS) + (i in theirs)
        for i, name in enumerate(names.split())
    }


def test_attention_is_what_is_defined() -> None:
    assert attention_at(50.0, 50.0, 0.0) == 0.5  # capacity = per followee x followees
    assert attention_at(6.0, 3.0, 3.0) == 0.5
    assert attention_at(6.0, 0.0, 0.0) == 1.0
    assert attention_at(1.0, 2.0, 3.0) == 1 / 6


def test_a_given_graph(tmp_path: Path) -> None:
    world = given_world(tmp_path)
    followees = counted("ann bob cat dan", world)
    assert list(followees.values())[0::2] == [2, 3]  # all rowers follow the new account
    assert sum(followees.values()) == len(FOLLOWS) + 3
    assert world.is_limited
    assert world.capacity[:4].tolist() == [6.0] * 4
    assert world.background.tolist() == [*(3.0 * n for n in followees.values()), 0.0]
    expected = [*(6.0 / (6.0 + 3.0 * n) for n in followees.values()), 0.0]
    assert math.isnan(world.capacity[4])
    assert world.traits.attention.tolist() == expected
    assert world.attention_thresholds.tolist() == [threshold(one) for one in expected]


def test_segments_with_limits_of_their_own_or_none(tmp_path: Path) -> None:
    own = given_world(tmp_path, GIVEN.replace("by segment: {}", OWN))
    followees = counted("ann bob cat dan", own)
    assert own.capacity[:4].tolist() == [6.0, 1.0, 6.0, 1.0]
    assert own.background[:4].tolist() == [
        each * n for each, n in zip([3.0, 0.25, 3.0, 0.25], followees.values(), strict=True)
    ]
    for attention, expected in (("0.3", 0.3), ("{column: att}", 0.5)):
        plain = f"by segment: {{divers: {{attention: {attention}}}}}"
        mixed = given_world(tmp_path, GIVEN.replace("by segment: {}", plain))
        assert np.isnan(mixed.capacity[:4]).tolist() == [False, True, False, True]
        assert mixed.background[[1, 3]].tolist() == [0.0, 0.0]
        assert mixed.traits.attention[[1, 3]].tolist() == [expected, expected]
        assert mixed.traits.attention[[0, 2]].tolist() == own.traits.attention[[0, 2]].tolist()
    limits = "attention: {capacity: 6, per followee: 3}"
    only = given_world(
        tmp_path, GIVEN.replace(limits, "attention: 0.3").replace("by segment: {}", OWN)
    )
    assert only.traits.attention[[0, 2]].tolist() == [0.3, 0.3]
    assert only.traits.attention[[1, 3]].tolist() == own.traits.attention[[1, 3]].tolist()


def test_plain_attention_takes_no_memory(tmp_path: Path) -> None:
    limits = "attention: {capacity: 6, per followee: 3}"
    world = given_world(tmp_path, GIVEN.replace(limits, "attention: 0.3"))
    assert not world.is_limited
    assert np.isnan(world.capacity).tolist() == [True] * 5
    assert world.background.tolist() == [0.0] * 5
    assert (world.capacity.strides, world.background.strides) == ((0,), (0,))


# --- drawn worlds ------------------------------------------------------------------------------

DRAWN = """\
name: drawn
seed: 4
draws: 1
segments:
  fans:
    accounts: 300
    attention: {capacity: 20, per followee: 2}
    interest: {news: {mean: 0.5, spread: 0.2}}
    follows: {mean: 6, to: {fans: 50%, public: 50%}}
    popularity: {tail: 2.5, at most: 60}
  public: {accounts: 300, attention: 0.2, interest: {news: 0.1}, follows: {mean: 5}}
ours: {us: {followers: {fans: 40, public: 10}}}
messages: {call: {topic: news, resonance: 1}}
strategies: {one: [{post: call, by: us, at: 0 h}]}
compare: {on: reach, baseline: one}
"""


def drawn(before: str = "", after: str = "") -> Scenario:
    """The drawn world's scenario with one thing changed."""
    assert not before or DRAWN.count(before) == 1
    return parse_scenario(DRAWN.replace(before, after) if before else DRAWN)


def differing(one: World, other: World) -> set[str]:
    """Which arrays of two worlds differ."""
    arrays = {
        "attention": lambda w: w.traits.attention,
        "thresholds": lambda w: w.attention_thresholds,
        "interest": lambda w: w.traits.interest["news"],
        "capacity": lambda w: w.capacity,
        "background": lambda w: w.background,
        "followers": lambda w: w.graph.followers,
        "audience": lambda w: w.graph.appended,
        "envelopes": lambda w: w.envelopes,
        "keys": lambda w: w.graph.account_keys,
    }
    return {
        name
        for name, of in arrays.items()
        if not np.array_equal(of(one), of(other), equal_nan=name == "capacity")
    }


def test_a_changed_capacity_changes_nobody_else() -> None:
    before = build_world(drawn())
    after = build_world(drawn("capacity: 20", "capacity: 19"))
    assert differing(before, after) == {"attention", "thresholds", "capacity"}
    other = build_world(drawn("seed: 4", "seed: 5"))
    assert differing(before, other) >= {"attention", "background", "followers", "interest"}
    changed = before.traits.attention != after.traits.attention
    follows_somebody = before.graph.followee_counts[:300] > 0
    assert changed[:300].tolist() == follows_somebody.tolist()
    assert not changed[300:].any()
    assert (after.traits.attention <= before.traits.attention).all()


def test_a_larger_audience_touches_those_who_join_it_and_no_envelope() -> None:
    before = build_world(drawn())
    after = build_world(drawn("fans: 40", "fans: 60"))
    joined = (after.graph.followee_counts != before.graph.followee_counts)[:600]
    assert np.count_nonzero(joined) == 20
    assert ((after.traits.attention < before.traits.attention)[:600] == joined).all()
    assert np.array_equal(after.envelopes, before.envelopes)


def test_envelopes_are_not_exceeded_and_no_larger_than_without_ours() -> None:
    world = build_world(drawn())
    graph, limits = world.graph, world.capacity
    ours = starting_followers(world).sum(axis=0)
    alone = np.where(
        np.isnan(limits),
        world.traits.attention,
        20.0 / (20.0 + 2.0 * (graph.followee_counts - ours)),
    )
    assert (alone >= world.traits.attention).all()
    for one in range(600):
        members = graph.members(one)
        if len(members):
            assert world.envelopes[one] == math.floor(-math.log2(alone[members].max()))
    ends = [graph.lists_of(world.ours["us"])[i] for i in (0, 1)]
    expected = [math.floor(-math.log2(alone[part].max())) for part in (slice(300), slice(300, 600))]
    assert world.envelopes[ends].tolist() == expected


def test_capacity_moves_with_its_account_and_followees_stay() -> None:
    plain, shuffled = build_worlds(drawn("draws: 1", "draws: 1\nshuffled: [one]"))
    assert shuffled is not None
    assert np.array_equal(plain.graph.followers, shuffled.graph.followers)
    limited = ~np.isnan(shuffled.capacity)
    assert np.array_equal(limited[:600], shuffled.segment_of[:600] == 0)
    assert not np.array_equal(limited, ~np.isnan(plain.capacity))
    assert not np.array_equal(shuffled.background, plain.background)
    counts = shuffled.graph.followee_counts
    assert np.array_equal(shuffled.background[limited], 2.0 * counts[limited])
    expected = 20.0 / (20.0 + 2.0 * counts[limited])
    assert np.array_equal(shuffled.traits.attention[limited], expected)


def test_what_check_foresees_of_notices() -> None:
    """A capacity of 12 and two posts a day from each of 6 followees are an attention of 1/2."""
    own = "attention: {capacity: 20, per followee: 2}"
    limited = drawn(own, "attention: {capacity: 12, per followee: 2}")
    plain = drawn(own, "attention: 0.5")
    assert limited.segments is not None
    assert plain.segments is not None
    foreseen = drawn_notices(limited, limited.segments)
    assert foreseen == pytest.approx(drawn_notices(plain, plain.segments), rel=1e-12)


@pytest.mark.parametrize(
    ("resonance", "plain"),
    [
        ("{median: 0.1, sigma: 0.000001}", 0.1),
        # far below 1 the mean decides: exp(sigma^2 / 2) and tail / (tail - 1)
        ("{median: 0.01, sigma: 0.5}", 0.01 * math.exp(0.125)),
        ("{least: 0.01, tail: 5}", 0.0125),
        ("{least: 5, tail: 0.000001}", 10.0),
    ],
)
def test_what_check_foresees_of_resonance_that_varies(resonance: str, plain: float) -> None:
    """Fifty levels in place of a law leave out the ends of its tails, at most 2% of the mean."""
    varied = drawn("resonance: 1}", f"resonance: {resonance}}}")
    same = drawn("resonance: 1}", f"resonance: {plain!r}}}")
    assert varied.segments is not None
    assert same.segments is not None
    foreseen = drawn_notices(varied, varied.segments)
    assert foreseen == pytest.approx(drawn_notices(same, same.segments), rel=0.02)


# --- runs ---------------------------------------------------------------------------------------

ENGINES: dict[str, type[CompiledEngine] | type[MesaEngine]] = {
    "compiled": CompiledEngine,
    "mesa": MesaEngine,
}
SEGMENTS_OF = ("east", "west")
TWO = Agenda(tuple(post(name) for name in ("call", "echo")))
QUIET = {name: Message(topic="art", resonance=0.0) for name in ("call", "echo")}


def hub(capacities: dict[str, tuple[float, float]]) -> World:
    """Account 0, ours, with a thousand followers in two segments, some with a capacity."""
    sides = [0, *(fan % 2 for fan in range(1000))]
    limits = np.array([capacities.get(SEGMENTS_OF[side], (np.nan, 0.0)) for side in sides])
    return make_world(
        [(fan, 0) for fan in range(1, 1001)],
        1001,
        attention=np.where(np.isnan(limits[:, 0]), 0.5, np.nan),
        limits=Limits(limits[:, 0].copy(), limits[:, 1].copy()),
        segment_of=sides,
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("capacities", "second"),
    [
        ({"east": (2.0, 1.0), "west": (3.0, 1.0)}, {"east": 2 / 4, "west": 3 / 5}),
        ({"east": (1.0, 0.0), "west": (1.0, 0.0)}, {"east": 1 / 2, "west": 1 / 2}),
        ({"east": (1.0, 0.5)}, {"east": 1 / 2.5, "west": 0.5}),
    ],
)
def test_the_second_of_two_posts_is_noticed_less(
    engine: str, capacities: dict[str, tuple[float, float]], second: dict[str, float]
) -> None:
    """The numbers who notice, of 500 in each segment, lie within 4 standard deviations."""
    world = hub(capacities)
    noticed = [one.account for one in ENGINES[engine](world, QUIET, math.inf).run(TWO, 1)]
    for side, name in enumerate(SEGMENTS_OF):
        capacity, each = capacities.get(name, (math.nan, 0.0))
        first = 0.5 if math.isnan(capacity) else capacity / (capacity + each)
        for accounts, chance in zip(noticed, (first, second[name]), strict=True):
            found = np.count_nonzero(world.segment_of[accounts[accounts > 0]] == side)
            deviation = math.sqrt(500 * chance * (1 - chance))
            assert abs(found - 500 * chance) <= 4 * deviation, (name, chance)


def test_both_engines_agree_on_limited_worlds() -> None:
    lots = np.random.Generator(np.random.Philox(key=3))
    competes = False
    for number in range(6):
        follows = {(int(a), int(b)) for a, b in lots.integers(0, 40, (200, 2)) if a != b}
        limits = Limits(np.resize([1.0, np.nan, 3.0, 0.5], 40), np.resize([0.1, 0, 1, 0], 40))
        world = make_world(
            sorted(follows),
            40,
            attention=np.where(np.isnan(limits.capacity), 0.7, np.nan),
            limits=limits,
            ours={"us": OurAccount(account=0), "new": OurAccount(followers={"east": 15})},
        )
        loud = {
            name: Message(
                topic="art", resonance=0.6, delay=ExponentialDelay(law="exponential", mean=9.0)
            )
            for name in ("call", "echo")
        }
        both = Agenda((post("call"), post("echo", "new")))
        ours = CompiledEngine(world, loud, 48.0), MesaEngine(world, loud, 48.0)
        found = [one.run(both, number) for one in ours]
        assert all(map(same_arrays, *found))
        alone = ours[0].run(Agenda((post("call"),)), number)
        competes |= not same_arrays(alone[0], found[0][0])
    assert competes


# --- who follows ours --------------------------------------------------------------------------


def test_who_follows_ours_at_the_start() -> None:
    world = make_world(
        [(1, 0), (2, 0), (0, 3), (3, 0), (2, 4)],
        6,
        ours={
            "zoe": OurAccount(account=3),
            "ann": OurAccount(account=0),
            "new": OurAccount(followers={"east": 6}),
            "odd": OurAccount(followers={}),
        },
    )
    found = starting_followers(world)
    assert (found.dtype, found.shape) == (np.uint8, (4, 8))
    rows = [np.flatnonzero(row).tolist() for row in found]
    assert rows == [[1, 2, 3], [0, 1, 2, 3, 4, 5], [], [0]]  # ann, new, odd, zoe
