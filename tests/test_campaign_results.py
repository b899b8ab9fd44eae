"""What a results folder holds of campaigns: costs, followers, pitches, curves; nothing unused."""

import itertools
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from campaigns import DRAWN, run, write_campaign

from propagation.experiment.checking import notes
from propagation.experiment.replicates import Laboratory
from propagation.experiment.storage import CASCADES, CURVES, RUNS, ResultsFolder
from propagation.luck import run_seed
from propagation.report.page import write_report
from propagation.report.stored import read_stored
from propagation.report.tables import outcome_table
from propagation.scenario.comparing import COST_PER, METRICS
from propagation.scenario.reading import parse_scenario
from propagation.spread.campaign_measures import measured
from propagation.spread.campaign_record import PITCH
from propagation.spread.coverage import reached_through_coverage

CAMPAIGN = """\
name: weeks
question: What do two weeks of work bring?
seed: 3
replicates: 12
horizon: 2 weeks
draws: 3
segments:
  press: {accounts: 60, value: 5, attention: {capacity: 50, per followee: 2},
          interest: {news: 0.7}, follows: {mean: 8}}
  public: {accounts: 400, attention: 0.4, interest: {news: 0.1}, follows: {mean: 8}}
ours:
  ceo: {followers: {press: 10, public: 20}}
  brand: {followers: {public: 150}}
following: {follows: 20%, irrelevant: 5%, too often: 5%, beyond: 1}
messages:
  essay: {topic: news, resonance: {median: 0.2, sigma: 1}}
  study: {topic: news, resonance: 0.3}
strategies:
  nothing: []
  blast:
    - {post: essay, by: ceo, every: 2 days, for: 10 days, cost: {each time: 50}}
    - {blast: study, by: brand, to: {choose: 40, of: press}, every: 4 days, for: 12 days,
       opens: 60%, answers: 50%, covers: 80%, wears: 10%, cost: {fixed: 100, per contact: 1}}
  repost:
    - {post: essay, by: ceo, every: 2 days, for: 10 days, cost: {each time: 50}}
    - {repost: ceo, by: brand, when: {chance: 50%}, after: 2 h, cost: {each time: 5}}
    - {follow: {choose: 30, of: press}, by: ceo, topic: news, per day: 5, back: 20%, at: 0 h,
       cost: {per contact: 3}}
    - {boost: study, by: brand, to: public, impressions: 300, per hour: 10, at: 1 day,
       cost: {per thousand impressions: 8}}
    - {seed: study, to: {choose: 3, by: acquaintance}, at: 2 days, cost: {per contact: 10}}
compare: {on: valued reach, baseline: repost}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("campaign")
    run(write_campaign(home, CAMPAIGN), home / "out", 12)
    return home / "out"


@pytest.fixture(scope="module")
def laboratory() -> Laboratory:
    return Laboratory(parse_scenario(CAMPAIGN), Path())


def test_costs_are_those_of_what_was_done(folder: Path) -> None:
    stored = read_stored(folder)
    blast, repost = stored.runs["blast"], stored.runs["repost"]
    assert (blast["cost"] == 5 * 50 + 100 + 3 * 40).all()
    reposts = (repost["cost"] - 5 * 50 - 30 * 3 - 0.3 * 8 - 3 * 10) / 5
    assert set(np.round(reposts, 9)) <= set(range(6))
    assert len(set(reposts)) > 1
    assert (stored.runs["nothing"]["cost"] == 0).all()
    for name, below in COST_PER.items():
        found = stored.summary["strategies"]["blast"][name]
        assert found["mean"] == pytest.approx(blast["cost"].sum() / blast[below].sum())
        assert np.isnan(stored.runs["nothing"][name]).all()
        assert stored.summary["strategies"]["nothing"][name]["mean"] is None


def test_the_funnel_narrows_and_followers_move_only_where_something_is_done(folder: Path) -> None:
    stored = read_stored(folder)
    stages = ("pitches_sent", "pitches_opened", "pitches_answered", "pitches_covered")
    blast = [stored.runs["blast"][stage] for stage in stages]
    assert (blast[0] == 120).all()
    assert all((after <= before).all() for before, after in itertools.pairwise(blast))
    assert blast[3].sum() > 0
    assert stored.runs["blast"]["coverage_reach"].sum() > 0
    for name in ("nothing", "repost"):
        assert not any(stored.runs[name][each].any() for each in (*stages, "coverage_reach"))
    assert stored.runs["repost"]["followers_gained"].sum() > 0
    assert not stored.runs["nothing"]["followers_gained"].any()


def test_only_touched_instances_have_cascades_and_runs_count_them(folder: Path) -> None:
    runs, cascades = (pq.read_table(folder / kind) for kind in (RUNS, CASCADES))
    assert sum(runs["cascades"].to_pylist()) == cascades.num_rows
    assert "nothing" not in cascades["strategy"].to_pylist()
    store = ResultsFolder(folder)
    assert store.finished_replicates() == set(range(12))
    # planted: a cascade that was lost
    whole = (folder / CASCADES).read_bytes()
    try:
        pq.write_table(cascades.slice(1), folder / CASCADES)
        lost = {cascades["replicate"][0].as_py()}
        assert store.finished_replicates() == set(range(12)) - lost
    finally:
        (folder / CASCADES).write_bytes(whole)


def test_curves_end_where_the_runs_do(folder: Path) -> None:
    stored = read_stored(folder)
    table = pq.read_table(folder / CURVES)
    for row in table.to_pylist():
        runs, r = stored.runs[row["strategy"]], row["replicate"]
        net = runs["followers_gained"][r] - runs["followers_lost"][r]
        assert row["followers_by_hour"][-1] == net
        assert row["valued_reach_by_hour"][-1] == pytest.approx(runs["valued_reach"][r])
        assert row["reach_by_hour"][-1] == runs["reach"][r]


@pytest.mark.parametrize("strategy", ["nothing", "blast", "repost"])
def test_tallies_are_what_the_records_say(laboratory: Laboratory, strategy: str) -> None:
    """The compiled counts, against the same counted from what was recorded of each run."""
    arm, scenario = laboratory.arm(strategy, 1), laboratory.scenario
    seeds = [run_seed(scenario.seed, replicate) for replicate in (1, 4, 7)]
    counted = arm.engine.campaign_tallies(arm.agenda, seeds, 0.5, laboratory.hours, 2)  # type: ignore[attr-defined]
    campaigns = [arm.engine.campaign(arm.agenda, seed) for seed in seeds]
    given = (arm.world, scenario.messages, arm.agenda, 0.5, laboratory.hours, 2)
    again = measured(campaigns, *given)
    for name, one, other in zip(counted._fields, counted, again, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, err_msg=name)


def test_who_was_reached_through_coverage() -> None:
    """Account 1 covers at 5 h and 2 shares on at 6 h; 3 was told before, 4 heard from a post.

    Accounts 5 and 6 first noticed at 5 and 6 h, 6 of another message; 7 opened a pitch at 5 h.
    """
    pitches = np.zeros(2, PITCH)
    pitches["account"], pitches["time"] = [1, 7], [4.0, 5.0]
    pitches["opened"], pitches["covered"], pitches["shared"] = True, True, [True, False]
    account = np.array([0, 1, 2, 3, 4, 5, 6, 7, 2], np.int32)
    instance = np.array([0, 0, 0, 0, 0, 0, 1, 0, 1], np.int32)
    first = np.array([np.nan, 4.0, 5.0, 1.0, 0.0, 6.0, 6.0, 5.0, 5.0])
    share = np.array([0.0, 5.0, 6.0, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan])
    parent = np.array([-1, -1, 1, -1, -1, -1, -1, -1, -1], np.int32)
    ours = np.arange(8) == 0
    columns = (instance, account, first, share, parent, np.array([0, 1, 2], np.int32))
    assert reached_through_coverage(*columns, pitches, ours) == 2  # 2 and 5
    pitches["shared"] = False  # what is covered may have been shared before, for other reasons
    assert reached_through_coverage(*columns, pitches, ours) == 0


def test_without_a_campaign_nothing_is_added(tmp_path: Path) -> None:
    run(write_campaign(tmp_path, DRAWN), tmp_path / "out", 3)
    runs = pq.read_table(tmp_path / "out" / RUNS).column_names
    assert runs[4 : 4 + len(METRICS)] == list(METRICS)
    assert all(name.startswith(("reach_", "valued_reach_")) for name in runs[4 + len(METRICS) :])
    curves = pq.read_table(tmp_path / "out" / CURVES).column_names
    assert curves[3:] == ["hours", "shares_by_hour", "reach_by_hour"]


def test_a_report_of_a_campaign(folder: Path) -> None:
    page = write_report(folder).read_text(encoding="utf-8")
    for words in ("From pitch to coverage", "Cost against effect", "gains", "Followers"):
        assert words in page
    stored = read_stored(folder)
    outcomes = outcome_table(stored, list(stored.scenario.strategies))
    labels = list(dict.fromkeys(row[0] for row in outcomes.rows))
    assert labels[:3] == ["valued reach", "raw reach", "reach through coverage"]
    assert page.count("also a journalist who only opens the mail") == 1


EQUAL = CAMPAIGN.replace("baseline: repost}", "baseline: repost, at equal: cost, budget: 380}")


def test_strategies_at_equal_cost_run_scaled_and_are_stored_as_written(tmp_path: Path) -> None:
    """Blast: 250 + 100 fixed, and 30 of 380 for three times 10 of 40 accounts.

    Repost: 275 for posts and all reposts, and 105 for what cost 90 + 2.4 + 30 as written; 25
    accounts to follow, 2 to seed and 250 impressions come to 75 + 20 + 2.
    """
    file = write_campaign(tmp_path, EQUAL)
    run(file, tmp_path / "out", 6)
    stored = read_stored(tmp_path / "out")
    assert (stored.runs["blast"]["cost"] == 380).all()
    assert (stored.runs["blast"]["pitches_sent"] == 30).all()
    assert (stored.runs["repost"]["cost"] <= 380).all()
    assert stored.runs["repost"]["cost"].max() > 380 - 25  # reposts that were not made
    assert not stored.runs["nothing"]["cost"].any()
    assert stored.scenario.strategies == parse_scenario(EQUAL).strategies
    (said,) = [one for one in stored.summary["verdict"] if "one budget of 380" in one]
    assert "0.25 in 'blast'" in said
    page = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert "40 -&gt; 10 accounts" in page
    assert "sends study to 10 of press" in page


def test_a_choice_scaled_to_nobody_stays_empty_where_acquaintances_are_few() -> None:
    """Both begin at the same place among those chosen; what was found is for one of them only."""
    laboratory = Laboratory(
        parse_scenario(
            "name: few\nseed: 1\nreplicates: 4\ndraws: 1\nsegments:\n"
            "  press: {accounts: 30, attention: 1, interest: {news: 1}, follows: {mean: 0.3}}\n"
            "ours: {ceo: {followers: {press: 3}}}\n"
            "messages: {call: {topic: news, resonance: 0}}\n"
            "strategies:\n"
            "  a:\n"
            "    - {pitch: call, by: ceo, to: {choose: 1, by: most followers}, at: 1 h, opens: 1,\n"
            "       answers: 0, covers: 0, cost: {per contact: 100}}\n"
            "    - {seed: call, to: {choose: 30, by: acquaintance}, at: 2 h, "
            "cost: {per contact: 1}}\n"
            "  b: [{post: call, by: ceo, at: 0 h, cost: {fixed: 29}}]\n"
            "compare: {on: cost, baseline: b, at equal: cost}\n"
        ),
        Path(),
    )
    runs = laboratory.run(0, range(4)).runs
    of_a = [i for i, name in enumerate(runs["strategy"]) if name == "a"]
    assert [runs["pitches_sent"][i] for i in of_a] == [0.0] * 4
    assert all(0 < float(str(runs["cost"][i])) < 29 for i in of_a)


def test_reposts_in_a_circle_are_told_and_others_are_not() -> None:
    rules = "{repost: ceo, by: brand}, {repost: brand, by: %s}"
    post = "{post: study, by: ceo, at: 0 h}, {post: study, by: brand, at: 0 h}"
    told = []
    for by in ("ceo", "press office"):
        text = re.sub(
            "(?s)strategies:.*",
            f"strategies: {{a: [{post}, {rules % by}]}}\ncompare: {{on: reach, baseline: a}}\n",
            CAMPAIGN.replace("ours:", "ours:\n  press office: {followers: {press: 5}}"),
        )
        told.append([line for line in notes(parse_scenario(text), Path()) if "circle" in line])
    assert told[1] == []
    (line,) = told[0]
    assert line.startswith("reposts: in 'a' 'brand' and 'ceo' repost each other in a circle")
