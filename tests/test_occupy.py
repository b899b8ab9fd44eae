"""The replay of Occupy's summer: what is counted, by hand, and a small replay from end to end."""

import json
import re
from datetime import date
from functools import cache

import networkx as nx
import numpy as np
import pytest
from matplotlib.figure import Figure
from worlds import make_world

from argument import occupy, occupy_figures, occupy_words
from argument import occupy_measures as measures
from argument.occupy_measures import Tweets
from argument.occupy_targets import TARGETS, Compared, Target, compared
from propagation.scenario.reading import parse_scenario, read_scenario
from propagation.scenario.spec import OurAccount, Scenario
from propagation.spread.cascade import Cascade


def cascade(*rows: tuple[int, float, int]) -> Cascade:
    """Return a cascade of (account, time of its share or NaN, row of its parent)."""
    account, time, parent = (np.array(column) for column in zip(*rows, strict=True))
    shares = np.flatnonzero(~np.isnan(time))
    return Cascade(
        account=account.astype(np.int32),
        notices=np.ones(len(rows), np.int32),
        first_notice=np.zeros(len(rows)),
        share_time=time.astype(np.float64),
        parent=parent.astype(np.int32),
        generation=np.zeros(len(rows), np.int32),
        share_order=shares[np.argsort(time[shares])].astype(np.int32),
    )


NOBODY = float("nan")
TWO = (
    # 7 posts, 8 and 9 retweet it, 4 retweets 9, and 5 only notices
    cascade((7, 1.0, -1), (5, NOBODY, -1), (9, 30.0, 0), (8, 2.0, 0), (4, 31.0, 2)),
    # 8 posts and 9 too, and 7 retweets 9
    cascade((8, 3.0, -1), (9, 26.0, -1), (7, 27.0, 1)),
)


def test_shares_become_tweets_and_retweets_of_the_root() -> None:
    tweets = measures.tweets_in(TWO)
    assert tweets.account.tolist() == [7, 9, 8, 4, 8, 9, 7]
    assert tweets.time.tolist() == [1.0, 30.0, 2.0, 31.0, 3.0, 26.0, 27.0]
    assert tweets.parent.tolist() == [-1, 0, 0, 1, -1, -1, 5]
    assert tweets.root.tolist() == [0, 0, 0, 0, 4, 5, 5]
    assert tweets.author().tolist() == [7, 7, 7, 7, 8, 9, 9]


def test_a_long_chain_has_one_root() -> None:
    chain = [(number, float(number), number - 1) for number in range(100)]
    assert set(measures.tweets_in([cascade(*chain)]).root.tolist()) == {0}


def test_no_cascades_are_no_tweets() -> None:
    tweets = measures.tweets_in([])
    assert len(tweets) == 0
    assert measures.per_day(tweets, 3).tolist() == [0, 0, 0]
    assert np.isnan(measures.largest_message(tweets, 0))


def test_days_and_shares_counted_by_hand() -> None:
    tweets = measures.tweets_in(TWO)
    assert measures.per_day(tweets, 2).tolist() == [3, 4]
    assert measures.per_day(tweets, 1).tolist() == [3]  # what comes after is of no day asked
    assert measures.retweets_per_day(tweets, 2).tolist() == [1, 3]
    assert measures.retweet_share(tweets, 0) == pytest.approx(1 / 3)
    assert measures.retweet_share(tweets, 1) == pytest.approx(3 / 4)
    assert measures.largest_message(tweets, 0) == pytest.approx(3 / 4)
    assert measures.largest_message(tweets, 1) == pytest.approx(2 / 3)
    assert measures.top_tweeters(tweets, 1, 1) == pytest.approx(2 / 4)
    assert measures.top_tweeters(tweets, 1, 2) == pytest.approx(3 / 4)
    assert measures.tweets_per_account(tweets, 1) == pytest.approx(4 / 3)
    assert measures.retweets_per_author(tweets, 1) == pytest.approx(3 / 2)


def test_an_author_of_two_messages_counts_for_both() -> None:
    both = cascade((7, 0.0, -1), (1, 1.0, 0)), cascade((7, 0.0, -1), (2, 1.0, 0), (3, 1.0, 0))
    tweets = measures.tweets_in(both)
    assert measures.top_author(tweets, 0) == 1.0
    assert measures.largest_message(tweets, 0) == pytest.approx(2 / 3)


def test_what_passes_on_a_retweet_counts_for_the_first_author() -> None:
    tweets = measures.tweets_in(TWO)
    wrong = Tweets(tweets.account, tweets.time, tweets.parent, tweets.parent)
    assert measures.top_author(tweets, 0) == pytest.approx(3 / 4)
    assert measures.top_author(wrong, 0) != measures.top_author(tweets, 0)  # the parent's: a fault
    assert set(measures.retweet_network(tweets).edges) == {(7, 9), (7, 8), (4, 7)}


def test_waiting_is_asked_of_what_has_been_seen_for_a_week() -> None:
    week = measures.WEEK
    late = cascade((1, 0.0, -1), (2, 0.5, 0), (3, 5.0, 0), (4, week, 0), (5, week + 1, 0))
    later = cascade((1, 2.0, -1), (2, 2.1, 0))  # too near to the end
    tweets = measures.tweets_in([late, later])
    assert measures.retweeted_within(tweets, 1.0, end=week + 1.5) == pytest.approx(1 / 3)
    assert measures.retweeted_within(tweets, 5.0, end=week + 1.5) == pytest.approx(2 / 3)
    assert measures.retweeted_within(tweets, 1.0, end=week + 2.0) == pytest.approx(2 / 4)


def test_peeling_takes_the_outer_cores_and_counts_followers_once() -> None:
    # a clique of five (core 4), a tail at it (core 1); followers: 20 of everybody, 21 of the tail
    network = nx.complete_graph(5)
    network.add_edge(4, 5)
    follows = [(20, one) for one in range(6)] + [(21, 5), (22, 0), (23, 0)]
    graph = make_world(follows, 24).graph
    assert measures.union_of_followers(graph, [0, 5]).tolist() == [20, 21, 22, 23]
    peeled = measures.peel(network, graph, 4)
    assert peeled.tolist() == [1.0, 3 / 4, 3 / 4, 3 / 4, 0.0]
    for removed in range(5):
        left = list(nx.k_core(network, removed + 1))
        audience = len(measures.union_of_followers(graph, left))
        assert peeled[removed] == pytest.approx(audience / 4)


def test_followers_added_up_would_be_another_audience() -> None:
    network = nx.complete_graph(5)
    network.add_edge(4, 5)
    follows = [(20, one) for one in range(6)] + [(21, 5)]
    graph = make_world(follows, 24).graph
    added_up = [sum(len(graph.followers_of(one)) for one in nx.k_core(network, k)) for k in (1, 2)]
    assert measures.peel(network, graph, 1)[1] == pytest.approx(1 / 2)
    assert added_up[1] / added_up[0] != pytest.approx(1 / 2)


def test_spread_per_share_is_the_largest_eigenvalue() -> None:
    rng = np.random.default_rng(17)
    pairs = [(v, u) for u in range(30) for v in range(30) if u != v and rng.random() < 0.2]
    attention, interest = rng.uniform(0.1, 1.0, 30), rng.uniform(0.0, 1.0, 30)
    world = make_world(
        pairs,
        30,
        attention=attention,
        interest=interest,
        ours={"one": OurAccount(account="3")},
    )
    topic = next(iter(world.traits.interest))
    weight = world.traits.attention * world.traits.interest[topic] * ~world.is_ours
    matrix = np.zeros((30, 30))
    for follower, followee in pairs:
        matrix[followee, follower] = weight[follower]
    expected = max(abs(np.linalg.eigvals(matrix)))
    # the iteration stops when the eigenvalue moves by less than a millionth
    assert measures.spread_per_share(world, topic) == pytest.approx(expected, rel=1e-4)
    turned = max(abs(np.linalg.eigvals(np.where(matrix.T > 0, 1.0, 0.0))))
    assert turned != pytest.approx(expected, rel=1e-2)


# --- targets ---


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (np.linspace(0, 1, 101), "met"),
        (np.linspace(0, 0.5, 101), "too low"),
        (np.linspace(0.7, 1, 101), "too high"),
    ],
)
def test_a_verdict_asks_for_nine_runs_of_ten(values: np.ndarray, verdict: str) -> None:
    target = Target("x", "x", 0.5, 0.6, "predicted", "nobody")
    assert compared(target, values).verdict == verdict


def test_a_miss_by_a_little_is_a_miss() -> None:
    target = Target("x", "x", 0.5, 0.5, "fitted", "nobody")
    assert Compared(target, 0.4, 0.3, 0.499).verdict == "too low"
    assert Compared(target, 0.4, 0.3, 0.5).verdict == "met"


def test_a_tolerance_is_for_the_median() -> None:
    target = Target("x", "x", 0.4, 0.6, "predicted", "nobody", tolerant=True)
    assert Compared(target, 0.41, 0.1, 0.7).verdict == "met"
    assert Compared(target, 0.39, 0.1, 0.7).verdict == "too low"
    assert Compared(target, 0.61, 0.1, 0.7).verdict == "too high"


def test_every_target_says_what_it_is() -> None:
    assert len({target.key for target in TARGETS}) == len(TARGETS)
    for target in TARGETS:
        assert target.low <= target.high
        assert re.search(r"\[(\d\.\d+|data/\w+)\]", target.source)
        assert bool(target.by) == (target.kind != "predicted")
        assert target.blind or target.kind == "predicted"


def test_the_inputs_that_were_fitted_are_in_the_scenario() -> None:
    strategy = read_scenario(occupy.SCENARIO).strategies[occupy.REPLAY]
    assert strategy[6].to.choose == 1300  # type: ignore[union-attr]
    assert strategy[7].seed == "live"  # type: ignore[union-attr]


def test_both_strategies_differ_in_the_launch_day_alone() -> None:
    scenario = read_scenario(occupy.SCENARIO)
    whole, without = (scenario.strategies[one] for one in (occupy.REPLAY, occupy.WITHOUT))
    assert whole[: len(without)] == without


# --- a small replay ---


def small() -> Scenario:
    """Return the scenario with a fiftieth of its people, and few runs."""
    text = occupy.SCENARIO.read_text(encoding="utf-8")
    text = re.sub(r"(accounts: )(\d+)", lambda m: m[1] + str(int(m[2]) // 50), text)
    text = re.sub(r"(impressions: |choose: )(\d+)", lambda m: m[1] + str(int(m[2]) // 50), text)
    text = re.sub(r"at most: \d+", "at most: 500", text)
    text = re.sub(
        r"organisers: \{followers: \{activists: \d+",
        r"organisers: {followers: {activists: 60",
        text,
    )
    text = text.replace("clustering: 0.1", "clustering: 0")  # chance alone makes more in so few
    return parse_scenario(text.replace("draws: 6", "draws: 2"))


@cache
def small_replay() -> occupy.Replay:
    told: list[tuple[int, int]] = []
    found = occupy.replay(small(), replicates=4, progress=lambda *done: told.append(done))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    return found


def test_a_small_replay_from_end_to_end() -> None:
    found = small_replay()
    assert found.starts == date(2011, 7, 13)
    assert found.tweets.shape == found.without.shape == (4, 74)
    assert found.message.shape == found.topic.shape == (2,)
    assert (found.topic > found.message).all()
    assert [one.target for one in found.compared] == list(TARGETS)
    launch = (occupy.LAUNCH - found.starts).days
    assert (found.tweets[:, :launch] == found.without[:, :launch]).all()
    assert (found.tweets[:, launch] > found.without[:, launch]).all()
    assert (found.silent <= found.tweets).all()  # originals change no other instance
    assert found.silent.sum() < found.tweets.sum()
    median = {one.target.key: one.median for one in found.compared}
    assert median["launch"] == np.median(found.tweets[:, launch])
    assert median["peeled"] == np.median(found.peeled[:, 3])
    assert (found.peeled[:, 0] == 1).all()
    assert (np.diff(found.peeled, axis=1) <= 0).all()
    written = json.dumps(found.as_dict(), allow_nan=False)
    assert json.loads(written)["compared"][0]["published"] == [21, 21]


def test_runs_come_in_their_order_whatever_world_they_live_in() -> None:
    first = occupy.replay(small(), replicates=3)
    assert (first.tweets == small_replay().tweets[:3]).all()
    assert len({tuple(one) for one in small_replay().tweets.tolist()}) == 4


def test_the_table_has_a_line_for_each_target() -> None:
    assert occupy_words.table(small_replay()).row_count == len(TARGETS)


def test_sentences_tell_every_miss() -> None:
    found = small_replay()
    said = list(occupy_words.sentences(found))
    scores = [one for one in said if one.startswith("Published")]
    assert len(scores) == 4
    for one in found.compared:
        told = [f"{one.target.words} ({one.verdict})" in score for score in scores]
        assert sum(told) == (one.verdict != "met")
    assert len(said) == 8


def test_the_scenario_must_say_how_often() -> None:
    open_end = small().model_copy(update={"replicates": None})
    with pytest.raises(TypeError, match="how many"):
        occupy.replay(open_end)


def test_pictures_show_runs_and_what_was_published() -> None:
    found = small_replay()
    left, right = Figure().subplots(1, 2)
    occupy_figures.draw_days(found, left)
    lines = {line.get_label(): line for line in left.lines}
    assert lines["counted in 2011"].get_ydata().tolist() == [21, 128, 18817]
    medians = np.median(found.tweets, axis=0)
    assert lines["simulated, median"].get_ydata().tolist() == medians.tolist()
    counted = lines["counted in 2011"].get_xdata()
    days = lines["simulated, median"].get_xdata()
    assert np.searchsorted(days, counted).tolist() == [0, 60, 66]
    occupy_figures.draw_peel(found, right)
    lines = {line.get_label(): line for line in right.lines}
    assert lines["simulated, median"].get_ydata().tolist() == np.median(found.peeled, 0).tolist()
    assert lines["published, about"].get_xydata().tolist() == [[3, 0.5]]
