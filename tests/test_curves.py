"""Curves over time, typical cascades and small graphs: what the figures are drawn from."""

import math
from pathlib import Path

import numpy as np
import pytest
from campaigns import run, write_campaign

from propagation.experiment.exemplars import segment_names, small_graph, typical_replicate
from propagation.experiment.replicates import Laboratory
from propagation.experiment.storage import escaped, unescaped
from propagation.report.stored import Stored, read_stored
from propagation.scenario.reading import read_scenario
from propagation.spread.curves import curve_hours, curves_of
from propagation.strategy.agenda import Agenda, MessageInstance, PostAction


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    home = tmp_path_factory.mktemp("curves")
    run(write_campaign(home), home / "out", 12)
    return read_stored(home / "out")


@pytest.fixture(scope="module")
def laboratory(stored: Stored) -> Laboratory:
    return Laboratory(read_scenario(stored.path / "scenario.yaml"), stored.path)


def test_the_last_point_of_a_curve_is_the_metric(stored: Stored) -> None:
    assert stored.curves is not None
    for strategy, runs in stored.runs.items():
        np.testing.assert_array_equal(stored.curves.shares[strategy][:, -1], runs["shares"])
        np.testing.assert_array_equal(stored.curves.reach[strategy][:, -1], runs["reach"])


def test_curves_count_what_has_happened_by_each_hour(
    stored: Stored, laboratory: Laboratory
) -> None:
    """Counted here one account at a time, from the cascades themselves."""
    assert stored.curves is not None
    for strategy in stored.runs:
        arm = laboratory.arm(strategy, int(stored.draw[3]))
        first: dict[int, float] = {}
        shares: list[float] = []
        for cascade in laboratory.cascades(arm, 3):
            for account, notice, share, generation in zip(
                cascade.account,
                cascade.first_notice,
                cascade.share_time,
                cascade.generation,
                strict=True,
            ):
                if not arm.world.is_ours[account] and not math.isnan(notice):
                    first[account] = min(notice, first.get(account, math.inf))
                if generation > 0:
                    shares.append(share)
        for place, hour in enumerate(stored.curves.hours):
            reached = sum(time <= hour for time in first.values())
            assert stored.curves.reach[strategy][3, place] == reached
            assert stored.curves.shares[strategy][3, place] == sum(t <= hour for t in shares)
        assert len(first) == stored.runs[strategy]["reach"][3] > 0


def test_an_account_that_notices_two_instances_is_reached_once(laboratory: Laboratory) -> None:
    arm = laboratory.arm(next(iter(laboratory.agendas)), 0)
    cascades = laboratory.cascades(arm, 0)
    once = curves_of(cascades, arm.world.is_ours, laboratory.hours)
    twice = curves_of(cascades * 2, arm.world.is_ours, laboratory.hours)
    np.testing.assert_array_equal(twice[1], once[1])
    np.testing.assert_array_equal(twice[0], 2 * once[0])


@pytest.mark.parametrize(("horizon", "last"), [(168.0, 168.0), (math.inf, 100_003.0)])
def test_hours_run_from_a_minute_after_the_first_post_to_the_end(
    horizon: float, last: float
) -> None:
    agendas = [
        Agenda((MessageInstance("call", time, (PostAction(time, "us"),)),)) for time in (5.0, 3.0)
    ]
    hours = curve_hours(agendas, horizon)
    assert hours[0] == 3.0
    assert hours[1] == pytest.approx(3.0 + 1 / 60)
    assert hours[-1] == pytest.approx(last)
    assert (np.diff(hours) > 0).all()


def test_a_horizon_of_seconds_has_hours_too() -> None:
    hours = curve_hours([Agenda((MessageInstance("call", 0.0, ()),))], 1e-3)
    assert hours[0] == 0.0
    assert hours[-1] == pytest.approx(1e-3)


def test_the_typical_replicate_is_the_first_of_median_shares() -> None:
    assert typical_replicate(np.array([9.0, 2.0, 2.0, 7.0])) == 2
    assert typical_replicate(np.array([4.0, 1.0, 1.0, 1.0, 8.0])) == 3
    assert typical_replicate(np.array([3.0])) == 0


def test_the_typical_cascade_is_that_of_its_replicate(stored: Stored) -> None:
    for strategy, tree in stored.trees.items():
        shares = stored.runs[strategy]["shares"]
        assert shares[tree.replicate] == np.sort(shares)[(len(shares) - 1) // 2]
        posts = tree.parent < 0
        assert np.count_nonzero(~posts) == shares[tree.replicate]
        assert (tree.generation[posts] == 0).all()
        assert (tree.segment[posts] == "").all()
        assert (tree.segment[~posts] != "").all()
        parents = tree.parent[~posts]
        np.testing.assert_array_equal(tree.generation[~posts], tree.generation[parents] + 1)
        assert (tree.share_time[~posts] >= tree.share_time[parents]).all()
        np.testing.assert_array_equal(tree.message[~posts], tree.message[parents])


def test_a_small_graph_is_kept_whole(stored: Stored, laboratory: Laboratory) -> None:
    assert stored.graph is not None
    graph = laboratory.world(0).graph
    counts = np.bincount(stored.graph.follower, minlength=graph.accounts)
    np.testing.assert_array_equal(counts, graph.followee_counts)
    assert set(stored.graph.ours) == {"", *laboratory.world(0).ours}
    np.testing.assert_array_equal(stored.graph.segment, segment_names(laboratory.world(0)))
    for follower, followee in list(zip(stored.graph.follower, stored.graph.followee, strict=True)):
        lists = range(graph.first_list[followee], graph.first_list[followee + 1])
        places = [graph.members(i) for i in lists]
        assert follower in np.concatenate(places)
    follows, accounts = small_graph(laboratory.world(0))
    assert len(follows["follower"]) == len(stored.graph.follower)
    assert len(accounts["label"]) == graph.accounts


@pytest.mark.parametrize("text", ["=1+1", "+4", "-x", "@me", "\tx", "'quoted", "plain", "", "a=b"])
def test_no_text_in_a_table_is_a_formula_and_each_comes_back(text: str) -> None:
    assert not escaped(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert unescaped(escaped(text)) == text


def test_a_strategy_named_like_a_formula_runs_and_reads_back(tmp_path: Path) -> None:
    file = write_campaign(tmp_path)
    file.write_text(file.read_text().replace("small", "=cmd|' /C calc'!A0"))
    result = run(file, tmp_path / "out", 4)
    assert "=cmd|' /C calc'!A0" in str(result.summary["strategies"])
    stored = read_stored(tmp_path / "out")
    assert "=cmd|' /C calc'!A0" in stored.runs
    assert "=cmd|' /C calc'!A0" in stored.trees
