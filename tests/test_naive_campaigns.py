"""The textbook twin of campaigns against numbers worked out by hand on tiny graphs."""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from naive import Account
from naive_campaigns import campaign
from naive_terms import (
    Boost,
    Capacity,
    Choice,
    Follow,
    Following,
    Instance,
    Lognormal,
    Message,
    Original,
    Originals,
    Pareto,
    Pitch,
    Post,
    Repost,
    Results,
    Seed,
    World,
)

CALL = Instance(0.0, "call")


@dataclass
class Script:
    """Luck written down: every uniform is 0.5 and every delay 0 unless told.

    What is asked is (purpose, its arguments but the probability); a message comes before them if
    the throw belongs to an instance.
    """

    uniforms: dict[tuple[Any, ...], float] = field(default_factory=dict)
    numbers: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    asked: dict[tuple[Any, ...], float] = field(default_factory=dict)
    instance: tuple[Any, ...] = ()

    def of(self, instance: Instance | Original) -> "Script":
        return Script(self.uniforms, self.numbers, self.asked, instance)

    def __getattr__(self, purpose: str) -> Any:
        if purpose.startswith("_"):
            raise AttributeError(purpose)
        numbers = {"delay": 0.0, "coverage_delay": 0.0, "swap": 0, "names": 0, "impression_to": 0}
        if purpose in numbers:
            return lambda *address: self.numbers.get((purpose, *address), numbers[purpose])
        if purpose == "resonance":
            return lambda place: self.uniforms.get((purpose, place), 0.5)
        if purpose == "posts":
            return lambda *address: self.in_part(*address)
        return lambda *address: self.happens((purpose, *address[:-1]), address[-1])

    def happens(self, address: tuple[Any, ...], probability: float) -> bool:
        self.asked[(*self.instance, *address)] = probability
        return self.uniforms.get(address, 0.5) < probability

    def in_part(self, by: str, time: float, low: float, high: float) -> bool:
        return low <= self.uniforms.get(("posts", by, time), 0.5) < high


def world(
    followers: Mapping[str, Sequence[str]],
    ours: str = "a",
    interest: float | Mapping[str, float] = 1.0,
    **more: Any,
) -> World:
    """Return a world of accounts named by letters; `ours` are called by their letters."""
    flat = [v for fans in followers.values() for v in fans]
    accounts = sorted({*followers, *flat, *ours})
    counts = Counter(flat)
    cares = interest if isinstance(interest, Mapping) else dict.fromkeys(accounts, interest)
    given: dict[str, Any] = {
        "followers": {u: [list(fans)] for u, fans in followers.items()},
        "followees": {v: counts[v] for v in accounts},
        "follows": {v: [u for u in accounts if v in followers.get(u, "")] for v in accounts},
        "interest": {"news": cares},
        "attention": dict.fromkeys(accounts, 1.0),
        "members": {"all": accounts},
        "ours": {name: name for name in ours},
        "order": {account: number for number, account in enumerate(accounts)},
        "hashes": {account: number for number, account in enumerate(accounts)},
    }
    return World(**given | more)


def post(by: str = "a", time: float = 0.0, message: str = "call", place: int = 0, **more) -> Post:
    return Post(time, place, message, by, more.pop("credit", by), **more)


def pitch(to: Any, time: float = 0.0, place: int = 0, by: str = "a", **rates: Any) -> Pitch:
    return Pitch(time, place, "call", by, to, **{"opens": 1, "answers": 1, "covers": 1} | rates)


def run(
    where: World,
    actions: Sequence[Any],
    reposts: Sequence[Repost] = (),
    script: Script | None = None,
    horizon: float | None = None,
    messages: Mapping[str, Message] | None = None,
) -> Results:
    messages = messages or {name: Message("news", 1.0) for name in ("call", "essay", "joke")}
    return campaign(where, messages, actions, reposts, horizon, luck=script or Script())


# Reposts.


def test_two_who_repost_each_other_stop_there():
    where = world({"a": "x", "b": "y"}, "ab", interest=0.0)
    rules = [Repost("a", "b", "always"), Repost("b", "a", "always", after=2.0)]
    results = run(where, [post("a")], rules)
    outcome = results.outcomes[CALL]
    assert outcome.share_time == {"a": 0.0, "b": 2.0}
    assert (outcome.parent, outcome.generation) == ({"a": None, "b": "a"}, {"a": 0, "b": 1})
    assert outcome.first_notice == {"x": 0.0, "y": 2.0}
    assert results.reposts == [0, 1]


def test_who_has_posted_does_not_repost():
    rules = [Repost("a", "b", "always"), Repost("b", "a", "always")]
    results = run(world({}, "ab"), [post("b", place=1), post("a")], rules)
    assert results.outcomes[CALL].generation == {"a": 0, "b": 0}
    assert results.reposts == [0, 0]


def test_of_two_reposts_at_once_the_first_rule_is_followed():
    rules = [Repost("c", "b", "always", after=1.0), Repost("c", "a", "always", after=1.0)]
    results = run(world({}, "abc"), [post("a"), post("b")], rules)
    assert results.outcomes[CALL].parent == {"a": None, "b": None, "c": "b"}
    assert results.reposts == [1, 0]


def test_a_repost_by_chance_and_never():
    rules = [Repost("b", "a", "chance", 0.4), Repost("c", "a", "never")]
    where = world({}, "abc")
    assert run(where, [post()], rules).reposts == [0, 0]
    lucky = Script({("reposts", "b"): 0.39})
    assert run(where, [post()], rules, lucky).reposts == [1, 0]


@pytest.mark.parametrize(("cut", "made"), [(0.5, 1), (0.5 + 1e-9, 0)])
def test_a_repost_asks_the_followers_of_its_time(cut, made):
    # x (interest 1) and y (interest 0) follow b; y has left before the second repost
    interest = {"a": 1.0, "b": 1.0, "x": 1.0, "y": 0.0}
    where = world({"a": "x", "b": "xy"}, "ab", interest=interest, following=Following(0, 1.0))
    rules = [Repost("b", "a", "relevant", cut)]
    results = run(where, [post(), post(time=1.0)], rules, script=Script())
    if made:  # the first notice by y was that of the repost
        assert [one[2] for one in results.moves] == ["y"]
        assert results.reposts == [2]
    else:
        assert results.reposts == [0]


def test_nobody_to_ask_is_no_repost():
    assert run(world({}, "ab"), [post()], [Repost("b", "a", "relevant", 0.0)]).reposts == [0]


# Mixes, credit and seeds.


@pytest.mark.parametrize(("luck", "posted"), [(0.7499, "essay"), (0.75, "joke")])
def test_a_mix_posts_one_message_and_credits_it_alone(luck, posted):
    parts = [post(message="essay", high=0.75), post(message="joke", low=0.75)]
    where = world({"a": "", "b": "x"}, "ab", following=Following(1.0))
    guests = [post("b", message=name, credit="b", place=1) for name in ("essay", "joke")]
    results = run(where, parts + guests, script=Script({("posts", "a", 0.0): luck}))
    shared = [one.message for one, own in results.outcomes.items() if "a" in own.share_time]
    assert shared == [posted]
    assert results.moves == [(0.0, "a", "x", True)]  # credited to a by the one it posted only


def test_a_guest_post_is_credited_to_the_guest():
    where = world({"b": "x"}, "ab", following=Following(1.0))
    assert run(where, [post("b", credit="a")]).moves == [(0.0, "a", "x", True)]


def test_gains_go_by_name_and_by_relevance():
    script = Script({("follows", "b", "x"): 0.19})
    where = world({"c": "x"}, "abc", interest=0.5, following=Following(0.4))
    results = run(where, [post("c", credit=name) for name in "ba"], script=script)
    assert results.moves == [(0.0, "b", "x", True)]
    thrown = [(key[2:], p) for key, p in script.asked.items() if key[2] == "follows"]
    assert thrown == [(("follows", "a", "x"), 0.2), (("follows", "b", "x"), 0.2)]


def test_a_seed_shares_unless_it_has_decided():
    where = world({"a": "x", "x": "y", "z": "y"}, "a")
    script = Script(numbers={("delay", "x"): 5.0, ("delay", "y"): 5.0})
    # at 0 everybody is seeded before x decides; its own decision would have been for 5
    outcome = run(where, [post(), Seed(0.0, 1, "call", ["x", "z"])], (), script).outcomes[CALL]
    assert outcome.share_time == {"a": 0.0, "x": 0.0, "z": 0.0, "y": 5.0}
    assert outcome.parent == {"a": None, "x": None, "z": None, "y": "x"}
    assert outcome.generation == {"a": 0, "x": 0, "z": 0, "y": 1}
    assert outcome.notices == {"x": 1, "y": 2}


# Pitches.


def test_a_pitch_all_the_way():
    where = world({"x": "y"}, "a", interest=0.5, following=Following(1.0))
    script = Script(
        {("opens", "a", "x"): 0.29, ("answers", "a", "x"): 0.39, ("covers", "a", "x"): 0.69},
        {("coverage_delay", "a", "x", "slow"): 3.0},
    )
    action = pitch("x", opens=0.3, answers=0.4, covers=0.7, personal=2.0, after="slow")
    results = run(where, [action], (), script)
    assert results.pitches == [(0.0, CALL, "a", "x", True, True, True)]
    outcome = results.outcomes[CALL]
    assert outcome.share_time == {"x": 3.0}
    assert (outcome.parent, outcome.generation) == ({"x": None}, {"x": 1})
    assert outcome.notices == {"x": 1, "y": 1}
    assert outcome.feed_notices == {"y": 1}
    # both first notices may lead to follows: 1.0 * 0.5 is not above the throw 0.5
    assert results.moves == []
    assert not [key for key in script.asked if key[2:] == ("decides", "x", 1)]


@pytest.mark.parametrize(
    ("rate", "log"),
    [
        ("opens", (False, False, False)),
        ("answers", (True, False, False)),
        ("covers", (True, True, False)),
    ],
)
def test_a_pitch_ends_where_it_fails(rate, log):
    results = run(world({"x": "y"}), [pitch("x", **{rate: 0.5})])
    assert results.pitches[0][4:] == log
    assert results.outcomes[CALL].share_time == {}
    assert results.outcomes[CALL].notices == ({"x": 1} if log[0] else {})


def test_irrelevant_pitches_wear_and_relevant_ones_do_not():
    interest = {"a": 1.0, "b": 1.0, "x": 0.1, "y": 0.9}
    where = world({"a": "", "x": "", "y": ""}, "ab", interest=interest, relevant=0.5)
    script = Script()
    days = [pitch("xy", time=float(day), wears=0.25, opens=0.8) for day in range(3)]
    run(where, [*days, pitch("x", time=3.0, by="b", opens=0.8)], (), script)
    opened = {
        (key[0], *key[3:]): round(p, 9) for key, p in script.asked.items() if key[2] == "opens"
    }
    assert opened == {
        (0.0, "a", "x"): 0.8,
        (0.0, "a", "y"): 0.8,
        (1.0, "a", "x"): 0.6,
        (1.0, "a", "y"): 0.8,
        (2.0, "a", "x"): 0.45,
        (2.0, "a", "y"): 0.8,
        (3.0, "b", "x"): 0.8,  # another sender
    }


def test_coverage_waits_for_nobody_who_has_decided():
    where = world({"a": "x", "x": "y"})
    script = Script(numbers={("delay", "x"): 7.0})
    # the pitch of the post's own instance comes first: x covers at once, and decides no more
    first = run(where, [post(), pitch("x", place=1)], (), script).outcomes[CALL]
    assert first.share_time == {"a": 0.0, "x": 0.0, "y": 0.0}
    assert first.generation == {"a": 0, "x": 1, "y": 2}
    assert first.parent["x"] is None


# Boosts.


def test_impressions_by_the_hour_and_outside_the_feed():
    where = world({"a": "", "x": "z", "y": ""}, "a", following=Following(1.0))
    script = Script(numbers={("impression_to", "a", "all", j, 3): j % 2 for j in range(5)})
    results = run(where, [Boost(1.0, 0, "call", "a", "all", 5, 2.0)], (), script, horizon=2.5)
    outcome = results.outcomes[Instance(1.0, "call")]
    # x, y, x, y at 1, 1.5, 2, 2.5; the fifth comes too late
    assert outcome.notices == {"x": 2, "z": 1, "y": 2}
    assert outcome.feed_notices == {"z": 1}
    assert outcome.generation == {"x": 1, "z": 2, "y": 1}
    assert outcome.parent == {"x": None, "z": "x", "y": None}
    assert [(one[0], one[2]) for one in results.moves] == [(1.0, "x"), (1.0, "z"), (1.5, "y")]


def test_paid_notices_count_in_k_and_not_in_the_fraction():
    where = world({"a": "x", "b": "x"}, "ab")
    actions = [Boost(0.0, 1, "call", "a", "all", 3, 4.0), post("b", time=0.0)]
    for kind, needed, shared in [("fraction", 1.0, False), ("notices", 3.0, True)]:
        messages = {"call": Message("news", 1.0, kind, needed=needed)}
        outcome = run(where, actions, messages=messages).outcomes[CALL]
        assert outcome.notices == {"x": 4}
        assert outcome.feed_notices == {"x": 1}
        assert ("x" in outcome.share_time) is shared


# An audience that moves.


def test_following_at_a_pace_and_back():
    where = world({"a": "w", "x": "", "y": "", "z": ""}, "ab", interest=0.8)
    where.order = {v: i for i, v in enumerate("abwxyz")}
    script = Script()
    # y has noticed the post of b, which is credited to b alone: it counts for b and not for a
    actions = [
        Seed(0.0, 0, "call", []),
        Boost(0.0, 1, "call", "b", "all", 1, 1.0),
        Follow(1.0, 2, "a", list("wxyzx"), "news", 2.0, 0.9, 0.7),
        Follow(1.0, 3, "b", list("wy"), "news", 2.0, 0.9, 0.7),
    ]
    script.numbers["impression_to", "b", "all", 0, 4] = 2
    results = run(where, actions, (), script)
    assert script.asked["follows_back", "a", "y"] == pytest.approx(0.56)
    assert script.asked["follows_back", "b", "y"] == pytest.approx(0.72)
    assert ("follows_back", "a", "w") not in script.asked  # it follows a already
    assert results.moves == [
        (1.0, "b", "w", True),
        (1.5, "a", "x", True),
        (1.5, "b", "y", True),
        (2.0, "a", "y", True),
        (2.5, "a", "z", True),
    ]


def test_following_twice_does_nothing_more():
    where = world({"a": "", "x": ""}, "a")
    unlucky = Script({("follows_back", "a", "x"): 0.5})
    again = [Follow(time, 0, "a", "x", "news", 1.0, 0.4, 0.4) for time in (0.0, 1.0)]
    again[1].otherwise = 0.9
    assert run(where, again, (), unlucky).moves == []


def test_the_load_of_a_day_makes_followers_leave():
    where = world({"a": "x"}, "a", interest=0.75)
    where.following = Following(irrelevant=0.4, too_often=0.3, beyond=1, within=24.0)
    script = Script()
    run(where, [post(time=time) for time in (0.0, 12.0, 24.0, 25.0)], (), script)
    left = {key[0]: p for key, p in script.asked.items() if key[2] == "leaves"}
    # 1 - (1 - 0.1) (1 - 0.3 (n - 1)) with n = 1, 2, 2 (0 is not in (0, 24]), 3
    assert left == pytest.approx({0.0: 0.1, 12.0: 0.37, 24.0: 0.37, 25.0: 0.64})


def test_who_left_is_not_shown_and_who_came_back_keeps_the_place():
    where = world({"a": "xy", "b": "xyz"}, "ab", interest=0.9)
    where.following = Following(follows=1.0, irrelevant=1.0)
    script = Script({("leaves", "a", "x"): 0.0, ("follows", "a", "y"): 0.95})
    days = [post(time=0.0), post("b", 1.0, credit="a", message="joke"), post(time=2.0)]
    results = run(where, days, (), script)
    assert results.moves == [
        (0.0, "a", "x", False),
        (1.0, "a", "x", True),
        (1.0, "a", "z", True),
        (2.0, "a", "x", False),
    ]
    own = results.outcomes[Instance(2.0, "call")]
    assert list(own.touched) == ["a", "x", "y", "z"]
    purposes = [key[2:4] for key in script.asked if key[0] == 2.0 and key[-1] == "z"]
    assert ("notices_gained", "a") in purposes
    assert ("notices", "a", 0, 0, "x") in [key[2:] for key in script.asked if key[0] == 2.0]


def test_a_gain_counts_for_the_next_share_of_the_same_time():
    # x notices b's post at 0 and follows a, whose repost of it at 0 it is shown too
    where = world({"a": "", "b": "x"}, "ab", following=Following(1.0))
    rules = [Repost("a", "b", "always")]
    outcome = run(where, [post("b", credit="a")], rules).outcomes[CALL]
    assert outcome.notices == {"x": 2}


# Limited attention and content that varies.


def test_a_feed_fills_and_fades():
    where = world({"a": "x", "b": "x"}, "ab", interest=0.0)
    where.attention = dict.fromkeys("ab", 1.0) | {"x": Capacity(4.0, 0.5)}
    script = Script()
    run(where, [post(), post("b"), post(time=24.0), post("b", 48.0)], (), script)
    asked = {key[:1] + key[3:4]: p for key, p in script.asked.items() if key[2] == "notices"}
    load = 2 / math.e
    assert asked == pytest.approx(
        {
            (0.0, "a"): 4 / 5,
            (0.0, "b"): 4 / 6,
            (24.0, "a"): 4 / (5 + load),
            (48.0, "b"): 4 / (5 + (load + 1) / math.e),
        }
    )


def test_paid_impressions_meet_the_load_and_do_not_add_to_it():
    where = world({"a": "x"}, "a", interest=0.0)
    where.attention = {"a": 1.0, "x": Capacity(1.0, 0.0)}
    script = Script()
    run(where, [post(), Boost(0.0, 1, "call", "a", "all", 3, 1e9)], (), script)
    paid = [p for key, p in script.asked.items() if key[2] == "notices_paid"]
    assert paid == pytest.approx([1.0, 0.5, 0.5])


def test_a_resonance_that_varies():
    messages = {
        "call": Message("news", Lognormal(0.1, 0.5)),
        "joke": Message("news", Pareto(0.1, 2.0)),
    }
    # Z = sqrt(4) cos(120 degrees) = -1, and 0.1 (1 / 4) ** (-1 / 2)
    for message, first, resonance in [
        ("call", math.exp(-2), 0.1 * math.exp(-0.5)),
        ("joke", 0.25, 0.2),
    ]:
        script = Script({("resonance", 0): first, ("resonance", 1): 0.25 + 1 / 12})
        run(world({"a": "x"}), [post(message=message)], (), script, None, messages)
        assert script.asked[0.0, message, "decides", "x", 1] == pytest.approx(resonance)


# Originals.


def writing(
    followers: Mapping[str, Sequence[str]], ours: str = "a", chance: float = 1.0, **more: Any
) -> World:
    """Return a world in which whoever notices may write a joke about it."""
    return world(followers, ours, originals={"news": Originals(chance, "joke")}, **more)


DULL = {"call": Message("news", 0.0), "joke": Message("news", 0.0)}
FUNNY = {"call": Message("news", 0.0), "joke": Message("news", 1.0)}


def test_originals_set_off_originals():
    # a -> x -> y -> z, and nobody shares: what x writes is all that y notices, and so on
    where = writing({"a": "x", "x": "y", "y": "z"})
    script = Script(numbers={("delay", "x"): 1.0, ("delay", "y"): 0.5})
    results = run(where, [post()], script=script, messages=DULL)
    x, y, z = (Original("news", author) for author in "xyz")
    assert results.originals == [x, y, z]
    assert list(results.outcomes) == [CALL, x, y, z]
    own = {one: results.outcomes[one] for one in (x, y, z)}
    assert [own[one].share_time for one in (x, y, z)] == [{"x": 1.0}, {"y": 1.5}, {"z": 1.5}]
    assert [own[one].parent for one in (x, y, z)] == [{"x": None}, {"y": None}, {"z": None}]
    assert [own[one].generation for one in (x, y, z)] == [{"x": 0}, {"y": 0}, {"z": 0}]
    assert [own[one].first_notice for one in (x, y, z)] == [{"y": 1.0}, {"z": 1.5}, {}]
    assert list(own[x].touched) == ["x", "y"]


def test_an_original_spreads_by_the_rules_of_its_own_message():
    # x and y follow each other, and y shares what x wrote: x notices its own words from y
    where = writing({"a": "x", "x": "y", "y": "x"})
    script = Script({("writes", "news", "y"): 1.0})
    outcome = run(where, [post()], script=script, messages=FUNNY).outcomes[Original("news", "x")]
    assert outcome.share_time == {"x": 0.0, "y": 0.0}
    assert outcome.parent == {"x": None, "y": "x"}
    assert outcome.generation == {"x": 0, "y": 1}
    assert outcome.notices == {"x": 1, "y": 1}


def test_one_throw_per_topic_at_the_first_notice():
    messages = FUNNY | {"essay": Message("news", 0.0), "other": Message("sport", 0.0)}
    interest = {name: dict.fromkeys("axy", share) for name, share in [("news", 0.5), ("sport", 1)]}
    where = writing({"a": "xy"}, chance=0.8)
    where.interest = interest
    script = Script({("writes", "news", "x"): 0.39, ("writes", "news", "y"): 0.4})
    posts = [post(message=name, time=time) for time, name in enumerate(["other", "call", "essay"])]
    results = run(where, posts, script=script, messages=messages)
    assert results.originals == [Original("news", "x")]
    assert results.outcomes[Original("news", "x")].share_time == {"x": 1.0}
    assert {key: p for key, p in script.asked.items() if "writes" in key} == {
        ("writes", "news", "x"): 0.4,
        ("writes", "news", "y"): 0.4,
    }


def test_a_chance_is_at_most_certain():
    where, script = writing({"a": "x"}, chance=7.0, interest=0.5), Script()
    run(where, [post()], script=script, messages=DULL)
    assert script.asked["writes", "news", "x"] == 1.0


def test_ours_write_nothing_and_repost_nothing_written():
    where = writing({"a": "xb", "x": "b"}, "ab")
    rules = [Repost("b", "a", "never")]
    results = run(where, [post()], rules, messages=FUNNY)
    assert results.originals == [Original("news", "x")]
    assert results.outcomes[Original("news", "x")].share_time == {"x": 0.0}
    assert results.outcomes[Original("news", "x")].notices == {"b": 1}


def test_originals_are_credited_to_nobody():
    where = writing({"a": "x", "x": "y"}, following=Following(1.0))
    known = Follow(1.0, 1, "a", "xy", "news", 100.0, 0.9, 0.4)
    script = Script({("follows", "a", "x"): 1.0})
    results = run(where, [post(), known], script=script, messages=DULL)
    assert results.moves == []  # y noticed only what x wrote: it counts as one who knows nothing
    assert [key for key in script.asked if key[2] == "follows"] == []
    assert script.asked["follows_back", "a", "y"] == 0.4


def test_an_opened_pitch_and_a_paid_impression_are_notices():
    where = writing({"a": "", "x": ""}, "a")
    opened = run(where, [pitch("x", answers=0.0)], messages=DULL)
    assert opened.originals == [Original("news", "x")]
    script = Script(numbers={("impression_to", "a", "all", 0, 1): 0})
    shown = run(where, [Boost(1.0, 0, "call", "a", "all", 1, 1.0)], (), script, messages=DULL)
    assert shown.outcomes[Original("news", "x")].share_time == {"x": 1.0}


@pytest.mark.parametrize(("horizon", "written"), [(1.0, 1), (0.99, 0)])
def test_an_original_counts_at_the_horizon_and_not_after(horizon, written):
    script = Script(numbers={("delay", "x"): 1.0})
    results = run(writing({"a": "x"}), [post()], (), script, horizon, DULL)
    assert len(results.originals) == len(results.outcomes) - 1 == written


def test_whether_to_write_is_decided_after_sharing_and_before_following():
    following = Following(follows=0.2, irrelevant=0.3)
    where, script = writing({"b": "x"}, "ab", following=following, interest=0.5), Script()
    run(where, [post("b", credit="a")], script=script)
    order = ["writes" if key[0] == "writes" else key[2] for key in script.asked]
    assert order == ["notices", "decides", "writes", "follows", "leaves"]


def test_at_equal_times_originals_come_with_the_posts_and_after_the_scheduled():
    # at 1, w and x share the call (generation 1) and publish what they wrote (generation 0)
    where = writing({"a": "wx", "w": "z", "x": "z"}, interest={"a": 1, "w": 1, "x": 1, "z": 0})
    messages = {"call": Message("news", 1.0), "joke": Message("news", 0.0)}
    script = Script(numbers={("delay", "w"): 1.0, ("delay", "x"): 1.0})
    run(where, [post(), Seed(1.0, 1, "call", ["w"])], (), script, None, messages)
    shown = [key for key in script.asked if key[2] == "notices" and key[3] in "wx"]
    assert [(key[0], key[3]) for key in shown] == [
        (1.0, "w"),
        ("news", "w"),
        ("news", "x"),
        (0.0, "w"),
        (0.0, "x"),
    ]


def test_the_resonance_of_an_original_is_its_own():
    where = writing({"a": "x", "x": "y"})
    messages = {"call": Message("news", 0.0), "joke": Message("news", Pareto(0.1, 2.0))}
    script = Script({("resonance", 0): 0.25})
    run(where, [post()], (), script, None, messages)
    assert script.asked["news", "x", "decides", "y", 1] == pytest.approx(0.2)


# Choosing.


def chosen(where: World, rule: str, count: int, script: Script | None = None) -> list[Account]:
    action = Follow(0.0, 0, "a", Choice(count, None, rule), "news", 1.0, 1.0, 1.0)
    return [one.account for one in run(where, [action], script=script).moves]


def test_orders_with_ties_by_hash():
    where = world({"w": "xyz", "x": "yz", "y": "xz", "a": ""}, "a")
    where.interest["news"] = {"a": 1.0, "w": 0.8, "x": 0.9, "y": 0.9, "z": 0.7}
    where.hashes = {"a": 0, "w": 9, "x": 8, "y": 7, "z": 6}
    where.rankings = {"pagerank": list("azyxw")}
    assert chosen(where, "most followers", 3) == list("wyx")
    assert chosen(where, "most interested", 3) == list("yxw")
    assert chosen(where, "pagerank", 2) == list("zy")


def test_a_random_order_is_a_shuffle():
    where = world({"w": "xyz", "a": ""}, "a")
    orders = set()
    for picks in itertools.product(range(4), range(3), range(2)):
        script = Script(numbers={("swap", None, i, 4 - i): j for i, j in enumerate(picks)})
        order = chosen(where, "random", 4, script)
        assert chosen(where, "random", 2, script) == order[:2]
        orders.add(tuple(order))
    assert len(orders) == 24


def test_acquaintances_are_named_once_by_those_asked():
    # w follows nobody, x follows y and b, which is ours, y follows w, z follows w and x
    where = world({"a": "", "b": "x", "y": "x", "w": "yz", "x": "z"}, "ab")
    script = Script(numbers={("names", None, "z", 2): 1})
    assert chosen(where, "acquaintance", 4, script) == ["y", "w", "x"]
    assert chosen(where, "acquaintance", 4) == ["y", "w"]


# Order.


def test_actions_come_before_shares_and_shares_by_generation_account_and_instance():
    where = world({"a": "x", "b": "x"}, "ab", interest=0.0)
    actions = [
        post("b", message="call"),
        post("a", message="joke"),
        post("a", message="essay"),
        pitch("x", place=3),
    ]
    script = Script()
    run(where, actions, (), script)
    order = [(key[1], key[2], key[3]) for key in script.asked if key[2] in ("opens", "notices")]
    assert order == [
        ("call", "opens", "a"),
        ("essay", "notices", "a"),
        ("joke", "notices", "a"),
        ("call", "notices", "b"),
    ]


def test_everything_at_the_horizon_counts_and_nothing_after():
    where = world({"a": "x", "x": "y"})
    slow = Script(numbers={("delay", "x"): 1.0})
    for horizon, shared in [(1.0, {"a": 0.0, "x": 1.0, "y": 1.0}), (0.99, {"a": 0.0})]:
        outcome = run(where, [post()], (), slow, horizon).outcomes[CALL]
        assert outcome.share_time == shared
