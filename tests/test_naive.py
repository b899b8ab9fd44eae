"""The textbook twin against numbers worked out by hand on tiny graphs."""

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from naive import Account, Message, Outcome, Post, World, cascade, metrics, spread

INDEPENDENT = [1.0]
SINGLE = [1.0, 0.0]
REINFORCED = [1.0, 2.0, 2.7]


@dataclass
class Script:
    """Throws written down: all notice, all uniforms are 0 and all delays 0 unless told."""

    missed: set[tuple[Account, Account]] = field(default_factory=set)
    missed_places: set[tuple[Account, int, int]] = field(default_factory=set)
    uniforms: dict[tuple[Account, int], float] = field(default_factory=dict)
    will: dict[Account, float] = field(default_factory=dict)
    delays: dict[Account, float] = field(default_factory=dict)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def notices(self, followee: Account, list_index: int, place: int, follower: Account) -> bool:
        self.asked.append(("notices", followee, list_index, place, follower))
        place_missed = (followee, list_index, place) in self.missed_places
        return not place_missed and (followee, follower) not in self.missed

    def decides(self, account: Account, k: int, probability: float) -> bool:
        self.asked.append(("decides", account, k, probability))
        return self.uniforms.get((account, k), 0.0) < probability

    def willing(self, account: Account, probability: float) -> bool:
        self.asked.append(("willing", account, probability))
        return self.will.get(account, 0.0) < probability

    def delay(self, account: Account) -> float:
        self.asked.append(("delay", account))
        return self.delays.get(account, 0.0)

    def about(self, purpose: str) -> list[tuple[Any, ...]]:
        return [asked[1:] for asked in self.asked if asked[0] == purpose]


def world(
    followers: Mapping[Any, Sequence[Any]], ours: str | set[Any] = "a", relevance: float = 1.0
) -> World:
    """Number the accounts alphabetically and count followees from the lists of followers."""
    flat = [
        follower
        for lists in followers.values()
        for entry in lists
        for follower in (entry if isinstance(entry, list) else [entry])
        if follower is not None
    ]
    accounts = sorted({*followers, *flat})
    counts = Counter(flat)
    return World(
        followers=followers,
        followees={account: counts[account] for account in accounts},
        relevance=dict.fromkeys(accounts, relevance),
        ours=set(ours),
        order={account: number for number, account in enumerate(accounts)},
    )


def run(
    where: World,
    message: Message | None = None,
    script: Script | None = None,
    posts: Sequence[tuple[float, Account]] = ((0.0, "a"),),
    horizon: float | None = None,
) -> Outcome:
    return spread(
        where,
        message or Message(1.0),
        [Post(time, account) for time, account in posts],
        horizon,
        script or Script(),
    )


def measured(where: World, *outcomes: Outcome, relevant: float = 0.5) -> dict[str, Any]:
    value = dict.fromkeys(where.order, 1.0)
    return metrics([(o, where.relevance) for o in outcomes], value, relevant, where.ours)


DIAMOND = {"a": ["b", "c"], "b": ["d"], "c": ["d"]}
TRIANGLE = {"a": ["b", "c"], "b": ["c"], "c": ["b"]}
PATH = {"a": ["b"], "b": ["c"], "c": ["d"]}


# Rule 1 and the whole record of a run.


def test_diamond_everything_recorded():
    outcome = run(world(DIAMOND), script=Script(delays={"b": 2.0, "c": 1.0, "d": 0.5}))
    # c shares at 1, so d notices at 1 and shares at 1.5; b's share at 2 is d's second notice.
    assert outcome.first_notice == {"b": 0.0, "c": 0.0, "d": 1.0}
    assert outcome.notices == {"b": 1, "c": 1, "d": 2}
    assert outcome.share_time == {"a": 0.0, "b": 2.0, "c": 1.0, "d": 1.5}
    assert outcome.parent == {"a": None, "b": "a", "c": "a", "d": "c"}
    assert outcome.generation == {"a": 0, "b": 1, "c": 1, "d": 2}


def test_message_travels_from_followee_to_follower_only():
    outcome = run(world(PATH), posts=[(0.0, "c")])
    assert set(outcome.share_time) == {"c", "d"}
    assert outcome.notices == {"d": 1}


def test_no_post_nothing_happens():
    where = world(PATH)
    outcome = run(where, posts=[])
    assert outcome == Outcome()
    assert measured(where, outcome) == {
        "reach": 0,
        "relevant_reach": 0,
        "valued_reach": 0.0,
        "impressions": 0,
        "shares": 0,
        "wasted": 0,
        "time_to_half": None,
        "peak_hourly_shares": 0,
        "doubling_time": None,
        "largest_cascade": 0,
        "depth": 0,
        "structural_virality": None,
        "instances": [
            {"size": 0, "depth": 0, "largest_generation": 0, "structural_virality": None}
        ],
    }


# Rule 2.


def test_missed_notice_leaves_no_trace():
    outcome = run(world(DIAMOND), script=Script(missed={("a", "b")}))
    assert outcome.notices == {"c": 1, "d": 1}
    assert set(outcome.share_time) == {"a", "c", "d"}
    assert "b" not in outcome.first_notice


def test_one_throw_per_follow_addressed_by_list_and_place():
    lists = {"a": [["b", None, "c"], [None, "d"], ["e"]]}
    script = Script(missed_places={("a", 0, 2), ("a", 2, 0)})
    outcome = run(world(lists), script=script)
    # The dead places keep their numbers, and nobody is asked for them.
    assert script.about("notices") == [
        ("a", 0, 0, "b"),
        ("a", 0, 2, "c"),
        ("a", 1, 1, "d"),
        ("a", 2, 0, "e"),
    ]
    assert set(outcome.notices) == {"b", "d"}


def test_a_flat_list_is_list_0():
    nested, flat = Script(), Script()
    assert run(world({"a": [["b", None, "c"]]}), script=nested) == run(
        world({"a": ["b", None, "c"]}), script=flat
    )
    assert nested.asked == flat.asked


def test_each_follow_in_two_lists_is_a_follow():
    outcome = run(world({"a": [["b"], ["b"]]}), script=Script(missed_places={("a", 0, 0)}))
    assert outcome.notices == {"b": 1}


def test_every_throw_is_asked_once():
    script = Script(uniforms={("c", 1): 0.9, ("d", 1): 0.9})
    run(world(DIAMOND), Message(0.5, factors=REINFORCED), script)
    assert len(script.asked) == len(set(script.asked))


# Rule 3.


def test_probability_is_resonance_times_relevance_times_response_capped():
    where = world({"a": ["e"], "b": ["e"], "c": ["e"], "d": ["e"]}, ours="abcd")
    where.relevance = {"e": 0.25}
    script = Script(uniforms={("e", k): 2.0 for k in range(1, 5)})
    posts = [(0.0, account) for account in "abcd"]
    run(where, Message(1.6, factors=[1.0, 2.0, 4.0]), script, posts)
    # 1.6 * 0.25 = 0.4, doubled 0.8, then 1.6 capped at 1, and the last value holds.
    assert script.about("decides") == [
        ("e", 1, pytest.approx(0.4)),
        ("e", 2, pytest.approx(0.8)),
        ("e", 3, 1.0),
        ("e", 4, 1.0),
    ]


@pytest.mark.parametrize(
    ("factors", "sharing"), [(INDEPENDENT, False), (SINGLE, False), (REINFORCED, True)]
)
def test_second_notice_of_the_triangle(factors, sharing):
    # c declines a's post (0.5 >= 0.3); on b's share 0.5 < 0.6 wins with reinforcement alone.
    script = Script(uniforms={("c", 1): 0.5, ("c", 2): 0.5})
    outcome = run(world(TRIANGLE), Message(0.3, factors=factors), script)
    assert outcome.notices == {"b": 1 + sharing, "c": 2}
    assert outcome.parent.get("c") == ("b" if sharing else None)


def test_independent_gives_a_second_chance_and_single_does_not():
    script = {"uniforms": {("d", 1): 0.9}}
    assert "d" in run(world(DIAMOND), Message(0.5), Script(**script)).share_time
    single = run(world(DIAMOND), Message(0.5, factors=SINGLE), Script(**script))
    assert "d" not in single.share_time
    assert single.notices["d"] == 2


def test_probability_0_is_no_share():
    outcome = run(world(PATH, relevance=0.0))
    assert outcome.notices == {"b": 1}
    assert set(outcome.share_time) == {"a"}


def test_missed_notice_does_not_advance_k():
    script = Script(missed={("b", "d")}, uniforms={("d", 1): 0.9})
    outcome = run(world(DIAMOND), Message(0.5), script)
    assert [asked for asked in script.about("decides") if asked[0] == "d"] == [("d", 1, 0.5)]
    assert "d" not in outcome.share_time


def test_decision_is_final_and_made_once():
    # d decides on c's share at 1 and is still waiting when b shares at 2: nothing more is thrown.
    script = Script(delays={"b": 2.0, "c": 1.0, "d": 5.0})
    outcome = run(world(DIAMOND), script=script)
    assert [asked[0] for asked in script.about("decides")] == ["b", "c", "d"]
    assert [asked[0] for asked in script.about("delay")] == ["b", "c", "d"]
    assert outcome.share_time["d"] == 6.0
    assert outcome.parent["d"] == "c"
    assert outcome.notices["d"] == 2


def test_notices_after_sharing_count_and_decide_nothing():
    script = Script()
    outcome = run(world(TRIANGLE), script=script)
    # b and c both share on a's post, and then show the message to one another.
    assert outcome.notices == {"b": 2, "c": 2}
    assert [asked[:2] for asked in script.about("decides")] == [("b", 1), ("c", 1)]


# Rule 3 under `threshold`.


@pytest.mark.parametrize(("needed", "sharing"), [(1.0, True), (2.0, True), (3.0, False)])
def test_threshold_by_count(needed, sharing):
    message = Message(1.0, "notices", needed={"b": 1.0, "c": 1.0, "d": needed})
    outcome = run(world(DIAMOND), message)
    assert ("d" in outcome.share_time) is sharing
    if sharing:
        assert outcome.parent["d"] == {1.0: "b", 2.0: "c"}[needed]


@pytest.mark.parametrize(
    ("fraction", "sharing"), [(0.0, True), (0.5, True), (0.51, True), (1.0, True), (1.01, False)]
)
def test_threshold_by_fraction_of_followees(fraction, sharing):
    message = Message(1.0, "fraction", needed={"b": 1.0, "c": 1.0, "d": fraction})
    outcome = run(world(DIAMOND), message)
    assert ("d" in outcome.share_time) is sharing
    if sharing:
        assert outcome.parent["d"] == ("b" if fraction <= 0.5 else "c")


def test_threshold_counts_followees_who_never_share():
    where = world(DIAMOND)
    where.followees = {"b": 1, "c": 1, "d": 5}
    assert "d" in run(where, Message(1.0, "fraction", needed=0.4)).share_time
    assert "d" not in run(where, Message(1.0, "fraction", needed=0.41)).share_time


@pytest.mark.parametrize(("notices", "sharing"), [(6, False), (7, True)])
def test_threshold_fraction_is_guarded_against_rounding(notices, sharing):
    assert 0.28 * 25 > 7  # The reason for the guard.
    sources = [f"source {i}" for i in range(notices)]
    where = world({source: ["v"] for source in sources}, ours=set(sources))
    where.followees = {"v": 25}
    message = Message(1.0, "fraction", needed=0.28)
    outcome = run(where, message, posts=[(0.0, source) for source in sources])
    assert ("v" in outcome.share_time) is sharing


def test_threshold_needs_willingness_thrown_once():
    where = world({"a": ["d"], "b": ["d"], "c": ["d"]}, ours="abc")
    message = Message(0.8, "notices", needed=2.0)
    posts = [(0.0, "a"), (1.0, "b"), (2.0, "c")]
    unwilling, willing = Script(will={"d": 0.8}), Script(will={"d": 0.79})
    assert "d" not in run(where, message, unwilling, posts).share_time
    assert run(where, message, willing, posts).share_time["d"] == 1.0
    assert unwilling.about("willing") == willing.about("willing") == [("d", 0.8)]
    assert unwilling.about("decides") == []


def test_willingness_is_capped():
    script = Script()
    run(world({"a": ["b"]}), Message(3.0, "notices"), script)
    assert script.about("willing") == [("b", 1.0)]


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="rumour"):
        run(world(PATH), Message(1.0, "rumour"))


# Our accounts.


def test_our_accounts_notice_but_share_by_posts_only():
    script = Script()
    where = world(PATH, ours="ab")
    outcome = run(where, script=script)
    assert outcome.notices == {"b": 1}
    assert outcome.first_notice == {"b": 0.0}
    assert script.about("decides") == []
    result = measured(where, outcome)
    assert (result["reach"], result["impressions"], result["largest_cascade"]) == (0, 0, 1)


def test_post_after_noticing_is_a_root():
    where = world(PATH, ours="ab")
    outcome = run(where, posts=[(0.0, "a"), (3.0, "b")])
    assert outcome.parent == {"a": None, "b": None, "c": "b", "d": "c"}
    assert outcome.generation == {"a": 0, "b": 0, "c": 1, "d": 2}
    assert outcome.share_time["b"] == 3.0
    assert measured(where, outcome)["largest_cascade"] == 3


@pytest.mark.parametrize("times", [(1.0, 4.0), (4.0, 1.0), (1.0, 1.0)])
def test_second_post_of_an_account_is_ignored(times):
    outcome = run(world(PATH), posts=[(time, "a") for time in times])
    assert outcome.share_time["a"] == 1.0
    assert outcome.notices == {"b": 1, "c": 1, "d": 1}


def test_post_by_an_account_that_has_already_shared_is_ignored():
    outcome = run(world(PATH), posts=[(0.0, "a"), (1.0, "b")])
    assert outcome.parent["b"] == "a"
    assert outcome.share_time["b"] == 0.0
    assert outcome.notices == {"b": 1, "c": 1, "d": 1}


def test_post_before_a_pending_share_replaces_it():
    outcome = run(world(PATH), script=Script(delays={"b": 2.0}), posts=[(0.0, "a"), (1.0, "b")])
    assert outcome.parent["b"] is None
    assert outcome.share_time["b"] == 1.0
    assert outcome.notices["c"] == 1


def test_a_post_by_somebody_else_is_a_root_and_no_share():
    # Not foreseen by the model, where posts are ours; b, once it has posted, decides nothing.
    script = Script()
    where = world(PATH)
    outcome = run(where, script=script, posts=[(0.0, "b"), (1.0, "a")])
    assert outcome.notices == {"b": 1, "c": 1, "d": 1}
    assert [asked[0] for asked in script.about("decides")] == ["c", "d"]
    assert measured(where, outcome)["shares"] == 2


# Rules 4 and 5.


def test_share_times_are_shortest_delays():
    followers = {"a": ["b", "c"], "b": ["e"], "c": ["d"], "d": ["e"]}
    script = Script(delays={"b": 9.0, "c": 1.0, "d": 2.0, "e": 4.0})
    outcome = run(world(followers), script=script, posts=[(0.5, "a")])
    # e hears of it by the longer way a-c-d first: 0.5 + 1 + 2, and shares 4 hours later.
    assert outcome.share_time == {"a": 0.5, "b": 9.5, "c": 1.5, "d": 3.5, "e": 7.5}
    assert outcome.parent["e"] == "d"
    assert outcome.generation["e"] == 3


def test_without_delay_generations_are_synchronous_rounds():
    # z is one step from a, but its number is the last; d is two steps away through b.
    followers = {"a": ["z", "b"], "b": ["d"], "d": ["e"], "z": ["e"]}
    outcome = run(world(followers))
    assert outcome.generation == {"a": 0, "b": 1, "z": 1, "d": 2, "e": 2}
    assert outcome.parent["e"] == "z"


def test_equal_times_are_ordered_by_account_number_not_by_list_order():
    followers = {"a": ["c", "b"], "b": ["d"], "c": ["d"]}
    assert run(world(followers)).parent["d"] == "b"
    swapped = world(followers)
    swapped.order = {"a": 0, "b": 2, "c": 1, "d": 3}
    assert run(swapped).parent["d"] == "c"


def test_equal_times_are_ordered_by_generation_first():
    # At time 2 c shares (generation 2) and z too (generation 1): z is before c for e.
    followers = {"a": ["b", "z"], "b": ["c"], "c": ["e"], "z": ["e"]}
    outcome = run(world(followers), script=Script(delays={"b": 1.0, "c": 1.0, "z": 2.0}))
    assert outcome.share_time["c"] == outcome.share_time["z"] == 2.0
    assert outcome.parent["e"] == "z"
    assert outcome.generation["e"] == 2


def test_a_post_comes_before_shares_of_the_same_time():
    where = world({"a": ["b"], "b": ["c"], "z": ["c"]}, ours="az")
    outcome = run(where, script=Script(delays={"b": 1.0}), posts=[(0.0, "a"), (1.0, "z")])
    assert outcome.share_time == {"a": 0.0, "z": 1.0, "b": 1.0, "c": 1.0}
    assert outcome.parent["c"] == "z"


# Rule 6.


@pytest.mark.parametrize(
    ("horizon", "shared", "noticed"),
    [
        (-0.5, "", ""),
        (0.0, "a", "b"),
        (0.99, "a", "b"),
        (1.0, "ab", "bc"),
        (2.5, "abc", "bcd"),
        (3.0, "abcd", "bcd"),
        (None, "abcd", "bcd"),
    ],
)
def test_events_at_the_horizon_count_and_later_ones_do_not(horizon, shared, noticed):
    script = Script(delays={"b": 1.0, "c": 1.0, "d": 1.0})
    outcome = run(world(PATH), script=script, horizon=horizon)
    assert set(outcome.share_time) == set(shared)
    assert set(outcome.notices) == set(noticed)


def test_posts_after_the_horizon_do_not_happen():
    where = world(PATH, ours="ad")
    outcome = run(where, posts=[(0.0, "a"), (2.0, "d")], horizon=1.0)
    assert "d" not in outcome.share_time
    assert outcome.notices == {"b": 1, "c": 1, "d": 1}


def test_a_decision_lost_to_the_horizon_is_not_made_again():
    where = world({"a": ["c"], "b": ["c"]}, ours="ab")
    script = Script(delays={"c": 5.0})
    outcome = run(where, script=script, posts=[(0.0, "a"), (1.0, "b")], horizon=4.0)
    assert outcome.notices == {"c": 2}
    assert "c" not in outcome.share_time
    assert len(script.about("decides")) == 1
    assert measured(where, outcome)["wasted"] == 2


# Metrics.


def test_metrics_of_two_instances_by_hand():
    where = world(DIAMOND)
    value = {"b": 2.0, "c": 3.0, "d": 10.0}
    first = {"b": 0.5, "c": 0.1, "d": 0.2}
    second = {"b": 0.4, "c": 0.6, "d": 1.0}
    # First: all share, b at 1, c at 2, d on b's share at 1.5; d notices twice.
    one = run(where, script=Script(delays={"b": 1.0, "c": 2.0, "d": 0.5}))
    # Second, posted at 10: only c notices, and shares at 10.25; d misses it.
    two = run(
        where,
        script=Script(missed={("a", "b"), ("c", "d")}, delays={"c": 0.25}),
        posts=[(10.0, "a")],
    )
    result = metrics([(one, first), (two, second)], value, 0.5, {"a"})
    # Largest relevance noticed: b 0.5, c 0.6, d 0.2 (d never noticed the second message).
    # Shares at 1, 1.5, 2, 10.25: half of four by 1.5, three within [1, 2] but 2 = 1 + 1 shares
    # hour [1.5, 2.5) with 1.5 only; doubling (1.5 - 1) / log2(2).
    # Distances: a-b 1, a-c 1, a-d 2, b-c 2, b-d 1, c-d 3; then a-c 1: 11 over 7 pairs.
    assert result == {
        "reach": 3,
        "relevant_reach": 2,
        "valued_reach": pytest.approx(2 * 0.5 + 3 * 0.6 + 10 * 0.2),
        "impressions": 5,
        "shares": 4,
        "wasted": 1,
        "time_to_half": 1.5,
        "peak_hourly_shares": 2,
        "doubling_time": 0.5,
        "largest_cascade": 4,
        "depth": 2,
        "structural_virality": pytest.approx(11 / 7),
        "instances": [
            {
                "size": 4,
                "depth": 2,
                "largest_generation": 2,
                "structural_virality": pytest.approx(10 / 6),
            },
            {"size": 2, "depth": 1, "largest_generation": 1, "structural_virality": 1.0},
        ],
    }


@pytest.mark.parametrize(
    ("times", "half", "peak", "doubling"),
    [
        ([3.0], 1.0, 1, None),
        ([3.0, 4.0], 1.0, 1, None),
        ([3.0, 3.5], 1.0, 2, None),
        ([3.0, 3.5, 4.0], 1.5, 2, 0.5),
        ([3.0, 3.0, 3.0], 1.0, 3, 0.0),
        ([3.0, 4.25, 4.5, 5.0, 5.25], 2.5, 3, 1.5 / math.log2(3)),
        ([3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 4.0, 1, 3.0 / 2.0),
    ],
)
def test_speed_by_hand(times, half, peak, doubling):
    # One post at 2 to a star whose leaves share at the given times.
    leaves = [f"leaf {i}" for i in range(len(times))]
    where = world({"a": leaves})
    script = Script(delays={leaf: t - 2.0 for leaf, t in zip(leaves, times, strict=True)})
    result = measured(where, run(where, script=script, posts=[(2.0, "a")]))
    assert result["time_to_half"] == half
    assert result["peak_hourly_shares"] == peak
    assert result["doubling_time"] == (doubling if doubling is None else pytest.approx(doubling))


def test_speed_is_undefined_without_shares():
    where = world(PATH, relevance=0.0)
    result = measured(where, run(where))
    assert (result["time_to_half"], result["doubling_time"]) == (None, None)
    assert result["peak_hourly_shares"] == 0
    assert (result["reach"], result["wasted"], result["largest_cascade"]) == (1, 1, 1)


def test_time_runs_from_the_first_post_of_all_instances():
    where = world({"a": ["b"]})
    silent = run(where, script=Script(missed={("a", "b")}), posts=[(1.0, "a")])
    heard = run(where, posts=[(5.0, "a")])
    assert measured(where, silent, heard)["time_to_half"] == 4.0


def test_relevance_cut_is_inclusive():
    where = world({"a": ["b"]}, relevance=0.5)
    outcome = run(where)
    assert measured(where, outcome, relevant=0.5)["relevant_reach"] == 1
    assert measured(where, outcome, relevant=0.50001)["relevant_reach"] == 0


@pytest.mark.parametrize("relevances", [(0.2, 0.6), (0.6, 0.2)])
def test_an_account_counts_once_with_its_largest_relevance(relevances):
    where = world({"a": ["b"]})
    outcomes = [(run(where), {"b": relevance}) for relevance in relevances]
    result = metrics(outcomes, {"b": 5.0}, 0.5, {"a"})
    assert (result["reach"], result["relevant_reach"], result["impressions"]) == (1, 1, 2)
    assert result["valued_reach"] == pytest.approx(5.0 * 0.6)


def test_largest_generation_leaves_out_the_posts():
    where = world({"a": ["d"], "b": ["d"], "c": []}, ours="abc")
    outcome = run(where, posts=[(0.0, account) for account in "abc"])
    assert cascade(outcome)["largest_generation"] == 1


@pytest.mark.parametrize("n", [2, 10, 100])
def test_star(n):
    where = world({"a": [f"leaf {i}" for i in range(n - 1)]})
    outcome = run(where)
    assert cascade(outcome) == {
        "size": n,
        "depth": 1,
        "largest_generation": n - 1,
        "structural_virality": pytest.approx(2 * (n - 1) / n, rel=1e-15),
    }


@pytest.mark.parametrize("n", [2, 10, 100])
def test_path(n):
    where = world({i: [i + 1] for i in range(n - 1)}, ours={0})
    outcome = run(where, posts=[(0.0, 0)])
    assert cascade(outcome) == {
        "size": n,
        "depth": n - 1,
        "largest_generation": 1,
        "structural_virality": pytest.approx((n + 1) / 3, rel=1e-15),
    }


def test_pairs_are_within_one_tree():
    # Two roots: a with leaves b and c (distances 1, 1, 2), z with y (distance 1); x stays alone.
    where = world({"a": ["b", "c"], "z": ["y"], "x": []}, ours="axz")
    outcome = run(where, posts=[(0.0, "a"), (0.0, "x"), (0.0, "z")])
    result = measured(where, outcome)
    assert result["structural_virality"] == pytest.approx(5 / 4)
    assert result["largest_cascade"] == 3
    assert result["instances"] == [
        {"size": 6, "depth": 1, "largest_generation": 3, "structural_virality": 1.25}
    ]


# Identities by enumeration of all luck.


EDGES = [("a", "b"), ("a", "c"), ("b", "c"), ("c", "b"), ("b", "d"), ("c", "d"), ("d", "b")]


def graph(edges: Sequence[tuple[Account, Account]]) -> dict[Account, list[Account]]:
    followers: dict[Account, list[Account]] = {}
    for followee, follower in edges:
        followers.setdefault(followee, []).append(follower)
    return followers


def reachable(edges: Sequence[tuple[Account, Account]], start: Account) -> frozenset[Account]:
    found = {start}
    for _ in range(len(edges)):
        found |= {follower for followee, follower in edges if followee in found}
    return frozenset(found)


def test_independent_cascade_is_live_edge_reachability():
    for kept in itertools.product([True, False], repeat=len(EDGES)):
        live = [edge for edge, keep in zip(EDGES, kept, strict=True) if keep]
        outcome = run(world(graph(EDGES)), script=Script(missed=set(EDGES) - set(live)))
        assert frozenset(outcome.share_time) == reachable(live, "a")


def sharers_by_threshold(shift: int = 0) -> Counter[frozenset[Account]]:
    """Count the sets of sharers over all thresholds j/d, j = 1..d, plus a planted shift."""
    where = world(graph(EDGES))
    deciding = "bcd"
    counts: Counter[frozenset[Account]] = Counter()
    for js in itertools.product(*(range(1, where.followees[v] + 1) for v in deciding)):
        needed = {v: (j + shift) / where.followees[v] for v, j in zip(deciding, js, strict=True)}
        outcome = run(where, Message(1.0, "fraction", needed=needed))
        counts[frozenset(outcome.share_time)] += 1
    return counts


def test_linear_threshold_is_one_live_edge_each():
    incoming = [[edge for edge in EDGES if edge[1] == v] for v in "bcd"]
    choices = itertools.product(*incoming)
    by_edges = Counter(reachable(chosen, "a") for chosen in choices)
    assert len(by_edges) > 2
    assert sharers_by_threshold() == by_edges
    assert sharers_by_threshold(shift=1) != by_edges  # The comparison can fail.


# Monotonicity: more of anything never shrinks a cascade.


class Addressed:
    """Throws that depend on nothing but the seed and what they decide."""

    def __init__(self, seed: int):
        self.seed = seed

    def uniform(self, *address: Any) -> float:
        return random.Random(repr((self.seed, address))).random()

    def notices(self, followee: Account, list_index: int, place: int, follower: Account) -> bool:
        return self.uniform("notices", followee, list_index, place) < 0.7

    def decides(self, account: Account, k: int, probability: float) -> bool:
        return self.uniform("decides", account, k) < probability

    def willing(self, account: Account, probability: float) -> bool:
        return self.uniform("willing", account) < probability

    def delay(self, account: Account) -> float:
        return self.uniform("delay", account)


class Streamed(Addressed):
    """The planted fault: throws in the order in which they are asked for."""

    def __init__(self, seed: int):
        super().__init__(seed)
        self.stream = random.Random(seed)

    def uniform(self, *address: Any) -> float:
        return self.stream.random()


def tiny(seed: int) -> World:
    draw = random.Random(seed)
    edges = [e for e in itertools.permutations(range(7), 2) if draw.random() < 0.3]
    where = world({v: [] for v in range(7)} | graph(edges), ours={0, 1})
    where.relevance = {v: draw.random() for v in range(7)}
    return where


def contains(large: Outcome, small: Outcome) -> bool:
    """Whoever noticed or shared still does, no later, and no notice is lost."""
    return (
        all(large.share_time.get(v, math.inf) <= t for v, t in small.share_time.items())
        and all(large.first_notice.get(v, math.inf) <= t for v, t in small.first_notice.items())
        and all(large.notices.get(v, 0) >= k for v, k in small.notices.items())
    )


def message_of(response: str, resonance: float) -> Message:
    factors = {"independent": INDEPENDENT, "single": SINGLE, "reinforced": REINFORCED}
    if response in factors:
        return Message(resonance, factors=factors[response])
    return Message(resonance, response, needed={"notices": 2.0, "fraction": 0.4}[response])


def grown(
    seed: int, response: str, throws: Callable[[int], Addressed], horizon: float | None
) -> tuple[Outcome, list[Outcome]]:
    """Return a run, and it with more resonance, more interest, one more post, an earlier post."""
    where, keener = tiny(seed), tiny(seed)
    keener.relevance = {v: r + 0.5 * (1 - r) for v, r in where.relevance.items()}
    message = message_of(response, 0.8)
    start, later = Post(0.0, 0), Post(0.5, 0)
    more = [
        spread(where, message_of(response, 1.2), [later], horizon, throws(seed)),
        spread(keener, message, [later], horizon, throws(seed)),
        spread(where, message, [later, Post(0.6, 1)], horizon, throws(seed)),
        spread(where, message, [start], horizon, throws(seed)),
    ]
    return spread(where, message, [later], horizon, throws(seed)), more


RESPONSES = ["independent", "single", "reinforced", "notices", "fraction"]


@pytest.mark.parametrize("horizon", [None, 1.5])
@pytest.mark.parametrize("response", RESPONSES)
def test_more_never_shrinks_a_cascade(response, horizon):
    spreading = 0
    for seed in range(60):
        small, more = grown(seed, response, Addressed, horizon)
        assert all(contains(large, small) for large in more)
        spreading += any(len(large.share_time) > len(small.share_time) for large in more)
    assert spreading > 0  # The cascades do differ, so containment says something.


def test_the_check_of_monotonicity_can_fail():
    runs = [grown(seed, "independent", Streamed, None) for seed in range(60)]
    assert not all(contains(large, small) for small, more in runs for large in more)
