"""Running, resuming and replaying: whatever happens on the way, the tables are the same."""

import contextlib
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from campaigns import (
    DRAWN,
    REAL,
    interrupt_at,
    rows,
    run,
    strict_json,
    tables,
    without_processes,
    write_campaign,
)

from propagation.experiment import runner, stopping, storage
from propagation.experiment.batches import reach_columns
from propagation.experiment.provenance import anchored, scenario_of
from propagation.experiment.replicates import Laboratory
from propagation.experiment.runner import Interrupted, Run
from propagation.luck import run_seed
from propagation.problems import InputError
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import METRICS

STRATEGIES = ("large", "small")
TREE = ("size", "largest_tree", "depth", "largest_generation", "structural_virality")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished drawn run in ``whole`` and a real one in ``real``."""
    folder = tmp_path_factory.mktemp("runs")
    run(write_campaign(folder / "drawn"), folder / "whole")
    run(write_campaign(folder / "given", REAL), folder / "real")
    return folder


@pytest.fixture
def drawn(home: Path) -> Path:
    """Return the scenario file of the run in ``whole``."""
    return home / "drawn" / "campaign.yaml"


def same_tables(one: Path, other: Path) -> bool:
    """Say whether two folders hold equal runs and cascades, nulls and types included."""
    return all(a.equals(b) for a, b in zip(tables(one), tables(other), strict=True))


def replay(out: Path, again: Path, **options: object) -> None:
    """Run a provenance into another folder."""
    file = out / "provenance.json"
    Run(scenario_of(file), file.parent, again, **options)()  # type: ignore[arg-type]


# --- the tables --------------------------------------------------------------------------------


def test_runs_have_one_row_per_strategy_and_replicate(home: Path) -> None:
    runs, _ = tables(home / "whole")
    expected = [(strategy, one) for strategy in STRATEGIES for one in range(13)]
    assert list(zip(*(runs[k].to_pylist() for k in ("strategy", "replicate")), strict=True)) == (
        expected
    )
    reach = ["reach_fans", "reach_the_public", "valued_reach_fans", "valued_reach_the_public"]
    assert runs.column_names == ["strategy", "replicate", "draw", "seed", *METRICS, *reach]


def test_segments_add_up_to_everybody(home: Path) -> None:
    runs, _ = tables(home / "whole")
    for total in ("reach", "valued_reach"):
        segments = sum(runs[f"{total}_{one}"].to_numpy() for one in ("fans", "the_public"))
        np.testing.assert_allclose(runs[total].to_numpy(), segments, rtol=1e-12)


def test_draws_take_turns_and_every_strategy_has_the_same_luck(home: Path) -> None:
    for row in rows(home / "whole"):
        assert row["draw"] == row["replicate"] % 3
        assert row["seed"] == run_seed(3, row["replicate"])
    assert len({row["seed"] for row in rows(home / "whole")}) == 13


def test_metrics_hold_together(home: Path) -> None:
    for row in [*rows(home / "whole"), *rows(home / "real")]:
        assert row["reach"] == sum(v for k, v in row.items() if k.startswith("reach_"))
        assert row["impressions"] >= row["reach"] >= row["relevant_reach"]
        assert row["wasted"] == row["impressions"] - row["shares"]
        assert row["shares"] <= row["impressions"]
        assert (row["time_to_half"] is None) == (row["shares"] == 0)
        assert (row["doubling_time"] is None) == (row["shares"] < 3)
        assert (row["structural_virality"] is None) == (row["shares"] == 0)
        assert row["peak_hourly_shares"] <= row["shares"] <= (row["peak_hourly_shares"] * 48)


def test_undefined_is_null_and_occurs(home: Path) -> None:
    values = [row["doubling_time"] for row in rows(home / "whole")]
    assert None in values
    assert not all(value is None for value in values)
    for table in tables(home / "whole"):
        for name in table.column_names:
            if pa.types.is_floating(table.schema.field(name).type):
                assert not np.isnan(table[name].drop_null().to_numpy()).any()


def test_cascades_have_one_row_per_run_and_message_instance(home: Path) -> None:
    _, cascades = tables(home / "whole")
    names = ["strategy", "replicate", "draw", "message", "nominal_time", *TREE]
    assert cascades.column_names == names
    instances = Counter(
        (row["strategy"], row["message"], row["nominal_time"])
        for row in rows(home / "whole", "cascades")
    )
    assert instances == {
        ("large", "call", 0.0): 13,
        ("large", "call", 5.0): 13,
        ("large", "echo", 1.0): 13,
        ("small", "call", 0.0): 13,
    }


def test_cascades_add_up_to_runs(home: Path) -> None:
    sizes: Counter[object] = Counter()
    trees: dict[object, int] = {}
    for row in rows(home / "whole", "cascades"):
        key = row["strategy"], row["replicate"]
        sizes[key] += row["size"] - 1  # every instance has one post
        trees[key] = max(trees.get(key, 0), row["largest_tree"])
        assert row["depth"] <= row["size"] - 1
        assert row["largest_generation"] <= row["size"] - 1
    for row in rows(home / "whole"):
        key = row["strategy"], row["replicate"]
        assert row["shares"] == sizes[key]
        assert row["largest_cascade"] == trees[key]


def test_strategies_live_in_the_same_world(home: Path, tmp_path: Path) -> None:
    """What one strategy does is independent of which others are run beside it."""
    alone = DRAWN.replace(
        "  large: [{post: call, by: brand, at: [0 h, 5 h]}, {post: echo, by: ceo, at: 1 h}]\n", ""
    )
    file = write_campaign(tmp_path, alone, compare="{on: reach, baseline: small}")
    run(file, tmp_path / "alone")
    small = [row for row in rows(home / "whole") if row["strategy"] == "small"]
    assert rows(tmp_path / "alone") == small


def test_another_seed_is_another_sample(home: Path, tmp_path: Path) -> None:
    run(write_campaign(tmp_path, seed="4"), tmp_path / "other")
    assert not same_tables(home / "whole", tmp_path / "other")
    mine, theirs = (
        [row["seed"] for row in rows(out)] for out in (home / "whole", tmp_path / "other")
    )
    assert not set(mine) & set(theirs)


def test_order_of_blocks_and_lines_does_not_matter(home: Path, tmp_path: Path) -> None:
    lines = DRAWN.splitlines()
    start, end = lines.index("segments:"), lines.index("ours:")
    blocks = [lines[:start], lines[start : start + 1], lines[start + 1 : end][::-1], lines[end:]]
    text = "\n".join(line for block in blocks for line in block)
    small, large = (text.index(f"  {name}: [") for name in ("small", "large"))
    after = text.index("compare:")
    text = text[:small] + text[large:after] + text[small:large] + text[after:]
    assert text != DRAWN
    run(write_campaign(tmp_path, text), tmp_path / "turned")
    assert same_tables(home / "whole", tmp_path / "turned")


def test_columns_of_reach_stay_apart() -> None:
    assert reach_columns(("a b", "c d")) == ("reach_a_b", "reach_c_d")
    assert len(set(reach_columns(("a b", "a_b", "c")))) == 3


# --- summary, scenario, provenance -------------------------------------------------------------


def test_summary_has_the_promised_keys(home: Path) -> None:
    summary = strict_json(home / "whole" / "summary.json")
    assert summary["metric"] == "reach"
    assert summary["baseline"] == "large"
    assert summary["replicates"] == 13
    assert set(summary["strategies"]) == set(STRATEGIES)
    for metrics in summary["strategies"].values():
        assert set(metrics) == set(METRICS)
        for outcome in metrics.values():
            keys = {"mean", "low", "high", "median", "p10", "p90", "defined", "heavy"}
            assert set(outcome) == keys
    assert all(isinstance(line, str) and line for line in summary["verdict"])
    assert isinstance(summary["warnings"], list)
    for one in summary["differences"]:
        assert set(one) == {
            "strategy",
            "baseline",
            "metric",
            "difference",
            "ratio",
            "probability_better",
            "probability_better_unpaired",
            "variance_ratio",
            "replicates",
        }
        assert set(one["difference"]) == set(one["probability_better"]) == {"mean", "low", "high"}
    assert {one["metric"] for one in summary["differences"]} == set(METRICS)


def test_summary_agrees_with_the_runs(home: Path) -> None:
    summary = strict_json(home / "whole" / "summary.json")
    for strategy, metrics in summary["strategies"].items():
        own = [row for row in rows(home / "whole") if row["strategy"] == strategy]
        for metric, outcome in metrics.items():
            values = [row[metric] for row in own if row[metric] is not None]
            assert outcome["defined"] == len(values)
            assert outcome["mean"] == pytest.approx(math.fsum(values) / len(values), rel=1e-12)
            assert outcome["median"] == pytest.approx(float(np.median(values)), rel=1e-12)


SILENT = "{call: {topic: news, resonance: 0}, echo: {topic: news, resonance: 0}}"
LOUD = "{call: {topic: news, resonance: 1}, echo: {topic: news, resonance: 1}}"
NOBODY = "{ceo: {followers: {fans: 0}}, brand: {followers: {the public: 0}}}"
DEGENERATE = {
    "one run": {"replicates": "1"},
    "two runs": {"replicates": "2", "draws": "1"},
    "draws unused": {"replicates": "2", "draws": "7"},
    "no shares": {"messages": SILENT},
    "undefined": {"compare": "{on: doubling time, baseline: small, matters: 0%}"},
    "nobody": {"ours": NOBODY, "messages": LOUD},
    "alone": {
        "strategies": "{alone: [{post: call, by: ceo, at: 0 h}]}",
        "compare": "{on: depth, baseline: alone}",
    },
    "precise": {"horizon": "none", "replicates": "{within: 90%, at most: 20}"},
}


@pytest.mark.parametrize("changes", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_runs_give_strict_json(tmp_path: Path, changes: dict[str, str]) -> None:
    text = DRAWN
    for key in changes:
        text = without_block(text, key)
    run(write_campaign(tmp_path, text, **changes), tmp_path / "out")
    assert strict_json(tmp_path / "out" / "summary.json")["verdict"]


def without_block(text: str, key: str) -> str:
    """Return a scenario without a top-level block and its indented lines."""
    kept, dropping = [], False
    for line in text.splitlines():
        dropping = line.startswith(f"{key}:") or (dropping and line.startswith(" "))
        if not dropping:
            kept.append(line)
    return "\n".join(kept) + "\n"


@pytest.mark.parametrize(("out", "source"), [("whole", "drawn"), ("real", "given")])
def test_stored_scenario_is_the_anchored_one(home: Path, out: str, source: str) -> None:
    scenario = read_scenario(home / source / "campaign.yaml")
    stored = anchored(scenario, home / source, home / out)
    assert read_scenario(home / out / "scenario.yaml") == stored
    assert scenario_of(home / out / "provenance.json") == stored
    if source == "given":
        assert stored.graph.follows == "../given/follows.csv"
        assert len(stored.graph.sha256) == len(stored.accounts.sha256) == 64


def test_stored_scenario_runs_to_the_same_tables(home: Path, tmp_path: Path) -> None:
    for out in ("whole", "real"):
        run(home / out / "scenario.yaml", tmp_path / out)
        assert same_tables(home / out, tmp_path / out)


def test_provenance_says_where_it_comes_from(home: Path) -> None:
    found = strict_json(home / "whole" / "provenance.json")
    assert {
        "propagation",
        "python",
        "platform",
        "packages",
        "command",
        "git",
        "seed",
        "replicates",
        "draws",
        "engine",
        "workers",
        "started",
        "finished",
        "seconds",
        "stopped",
        "scenario",
    } <= set(found)
    assert (found["seed"], found["replicates"], found["draws"]) == (3, 13, 3)
    assert found["engine"] == "compiled"
    assert {"numpy", "numba", "mesa"} <= set(found["packages"])
    assert found["started"] <= found["finished"]


# --- engines, workers, replay ------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("out", ["whole", "real"])
def test_replay_gives_equal_tables_whatever_the_threads(
    home: Path, tmp_path: Path, out: str, workers: int
) -> None:
    replay(home / out, tmp_path / "again", workers=workers)
    assert same_tables(home / out, tmp_path / "again")


def test_replay_on_the_mesa_engine_gives_equal_tables(home: Path, tmp_path: Path) -> None:
    replay(home / "whole", tmp_path / "again", engine="mesa", workers=2)
    assert same_tables(home / "whole", tmp_path / "again")
    assert strict_json(tmp_path / "again" / "provenance.json")["engine"] == "mesa"


@pytest.mark.parametrize("out", ["whole", "real"])
def test_engines_fill_the_same_rows(home: Path, out: str) -> None:
    """Row for row, without the cost of processes."""
    scenario = read_scenario(home / out / "scenario.yaml")
    compiled, mesa = (Laboratory(scenario, home / out, engine) for engine in ("compiled", "mesa"))
    assert repr(compiled.run(0, [0, 3])) == repr(mesa.run(0, [0, 3]))


def test_replay_of_a_replay_is_the_same(home: Path, tmp_path: Path) -> None:
    replay(home / "real", tmp_path / "once")
    replay(tmp_path / "once", tmp_path / "deep" / "twice")
    assert same_tables(home / "real", tmp_path / "deep" / "twice")


def test_comparison_of_tables_can_fail(home: Path, tmp_path: Path) -> None:
    """A single throw more or less in a single run must show."""
    replay(home / "whole", tmp_path / "again")
    runs = pq.read_table(tmp_path / "again" / "runs.parquet").to_pylist()
    runs[4]["impressions"] += 1
    schema = tables(home / "whole")[0].schema
    pq.write_table(pa.Table.from_pylist(runs, schema), tmp_path / "again" / "runs.parquet")
    assert not same_tables(home / "whole", tmp_path / "again")


@pytest.mark.parametrize("file", ["follows.csv", "accounts.csv"])
def test_replay_refuses_an_input_that_has_changed(home: Path, tmp_path: Path, file: str) -> None:
    source = write_campaign(tmp_path / "given", REAL)
    run(source, tmp_path / "out", replicates=2)
    changed = source.parent / file
    changed.write_text(changed.read_text().replace("\n3,", "\n03,", 1).replace("\n03,", "\n3, ", 1))
    with pytest.raises(InputError, match=r"changed") as caught:
        replay(tmp_path / "out", tmp_path / "again")
    assert file in str(caught.value)
    assert not (tmp_path / "again").exists()


def test_replay_refuses_agents_that_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_processes(monkeypatch)
    source = write_campaign(tmp_path, agents="agents.py:Same", replicates="1")
    run(source, tmp_path / "out", workers=1)
    scenario_of(tmp_path / "out" / "provenance.json")
    with (tmp_path / "agents.py").open("a") as file:
        file.write("# another thought\n")
    with pytest.raises(InputError, match=r"changed"):
        scenario_of(tmp_path / "out" / "provenance.json")


def test_agents_that_are_gone_are_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_processes(monkeypatch)
    source = write_campaign(tmp_path, agents="agents.py:Same", replicates="1")
    run(source, tmp_path / "out", workers=1)
    (tmp_path / "agents.py").unlink()
    with pytest.raises(InputError, match=r"agents\.py"):
        scenario_of(tmp_path / "out" / "provenance.json")
    with pytest.raises(InputError, match=r"agents\.py"):
        run(source, tmp_path / "out")


# --- what is in the folder already -------------------------------------------------------------


def test_a_finished_run_is_shown_not_repeated(home: Path, drawn: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (home / "whole").iterdir()}
    result = run(drawn, home / "whole")
    assert not result.new
    assert result.summary == strict_json(home / "whole" / "summary.json")
    assert {path.name: path.stat().st_mtime_ns for path in (home / "whole").iterdir()} == before


@pytest.mark.parametrize("changes", [{"seed": "4"}, {"replicates": "14"}, {"draws": "2"}])
def test_another_run_needs_force(home: Path, tmp_path: Path, changes: dict[str, str]) -> None:
    out = tmp_path / "out"
    run(write_campaign(tmp_path / "one"), out, replicates=2)
    before = (out / "runs.parquet").read_bytes()
    other = write_campaign(tmp_path / "two", **changes)
    with pytest.raises(InputError, match=r"--force"):
        run(other, out)
    assert (out / "runs.parquet").read_bytes() == before
    assert run(other, out, force=True, replicates=1).new
    assert len(rows(out)) == 2


def test_force_removes_nothing_that_is_not_ours(home: Path, drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(drawn, out, replicates=1)
    (out / "notes.txt").write_text("mine")
    (out / "figures of mine").mkdir()
    (out / "figures of mine" / "one.png").write_bytes(b"png")
    run(drawn, out, replicates=2, force=True)
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "figures of mine" / "one.png").read_bytes() == b"png"
    assert len(rows(out)) == 4


@pytest.mark.parametrize("options", [{}, {"force": True}, {"resume": True}])
def test_a_folder_that_is_not_ours_is_left_alone(
    drawn: Path, tmp_path: Path, options: dict[str, bool]
) -> None:
    out = tmp_path / "photos"
    (out / "parts").mkdir(parents=True)
    (out / "parts" / "summer.jpg").write_text("sun")
    (out / "runs.parquet").write_text("not a table")
    with pytest.raises(InputError, match=r"--out"):
        run(drawn, out, **options)
    assert (out / "parts" / "summer.jpg").read_text() == "sun"
    assert (out / "runs.parquet").read_text() == "not a table"


@pytest.mark.parametrize("options", [{}, {"force": True}, {"resume": True}])
def test_ones_own_scenario_file_is_not_taken_for_results(
    tmp_path: Path, options: dict[str, bool]
) -> None:
    """``init`` writes scenario.yaml, and so does ``run``: its folder must not pass for results."""
    own = write_campaign(tmp_path).rename(tmp_path / "scenario.yaml")
    text = own.read_text()
    with pytest.raises(InputError):
        run(own, tmp_path, **options)
    assert own.read_text() == text


# --- resuming ----------------------------------------------------------------------------------


def test_more_replicates_reuse_the_finished_ones(home: Path, drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(drawn, out, replicates=5)
    seen: list[tuple[int, int]] = []
    run(drawn, out, resume=True, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (5, 13)
    assert same_tables(home / "whole", out)
    assert strict_json(out / "summary.json") == strict_json(home / "whole" / "summary.json")


def test_reuse_is_real(drawn: Path, tmp_path: Path) -> None:
    """What stands in the stored table comes out again: nothing was run a second time."""
    out = tmp_path / "out"
    run(drawn, out, replicates=3)
    stored = pq.read_table(out / "runs.parquet")
    told = stored.set_column(
        stored.schema.get_field_index("impressions"), "impressions", pa.array([777.0] * 6)
    )
    pq.write_table(told, out / "runs.parquet")
    run(drawn, out, replicates=4, resume=True)
    assert [row["impressions"] == 777 for row in rows(out)] == [True, True, True, False] * 2


def test_fewer_replicates_are_the_first_of_them(drawn: Path, tmp_path: Path) -> None:
    run(drawn, tmp_path / "out", replicates=9)
    run(drawn, tmp_path / "out", replicates=4, resume=True)
    run(drawn, tmp_path / "scratch", replicates=4)
    assert same_tables(tmp_path / "out", tmp_path / "scratch")


@pytest.mark.parametrize(
    "changes", [{"seed": "4"}, {"draws": "2"}, {"horizon": "1 day"}, {"relevant": "0.4"}]
)
def test_resume_refuses_another_scenario(tmp_path: Path, changes: dict[str, str]) -> None:
    run(write_campaign(tmp_path / "one"), tmp_path / "out", replicates=2)
    with pytest.raises(InputError, match=r"cannot be resumed"):
        run(write_campaign(tmp_path / "two", **changes), tmp_path / "out", resume=True)


def test_resume_refuses_changed_input(tmp_path: Path) -> None:
    file = write_campaign(tmp_path, REAL)
    with interrupted():
        run(file, tmp_path / "out", replicates=60, progress=interrupt_at(1))
    with (tmp_path / "follows.csv").open("a") as follows:
        follows.write("3,39\n")
    with pytest.raises(InputError, match=r"cannot be resumed"):
        run(file, tmp_path / "out", resume=True)


def test_resume_refuses_changed_agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replicates of the old behaviour must not be mixed with those of the new one."""
    without_processes(monkeypatch)
    file = write_campaign(tmp_path, agents="agents.py:Same", replicates="2")
    run(file, tmp_path / "out", workers=1)
    source = (tmp_path / "agents.py").read_text()
    (tmp_path / "agents.py").write_text(source + "\n\nSame.decides = lambda self, one, k: True\n")
    for options in ({}, {"resume": True}):
        with pytest.raises(InputError):
            run(file, tmp_path / "out", workers=1, **options)
    with pytest.raises(InputError):
        run(file, tmp_path / "out", replicates=3, workers=1, resume=True)


def test_resume_in_an_empty_folder_just_runs(home: Path, drawn: Path, tmp_path: Path) -> None:
    run(drawn, tmp_path / "out", resume=True)
    assert same_tables(home / "whole", tmp_path / "out")


PRECISE = "{within: 1%, at most: 45}"


def test_replicates_by_precision_resume_to_the_same_tables(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule looks at the same stages, whatever had been finished before."""
    monkeypatch.setattr(stopping, "PILOT", 8)
    monkeypatch.setattr(runner, "BATCH", 1)
    file = write_campaign(tmp_path, replicates=PRECISE)
    stages = []
    run(file, tmp_path / "at once", progress=lambda done, total: stages.append(total))
    assert sorted(set(stages))[:2] == [8, 16]
    for count in (5, 12):
        with interrupted():
            run(file, tmp_path / "twice", resume=True, progress=interrupt_at(count), workers=1)
    run(file, tmp_path / "twice", resume=True)
    assert same_tables(tmp_path / "at once", tmp_path / "twice")
    run(home / "drawn" / "campaign.yaml", tmp_path / "plain", replicates=30)
    run(file, tmp_path / "plain", resume=True)
    assert same_tables(tmp_path / "at once", tmp_path / "plain")
    names = ("summary.json", "scenario.yaml")
    for name in names:
        texts = {(tmp_path / out / name).read_text() for out in ("at once", "twice", "plain")}
        assert len(texts) == 1
    replay(tmp_path / "at once", tmp_path / "again")
    assert same_tables(tmp_path / "at once", tmp_path / "again")


# --- interrupts --------------------------------------------------------------------------------


class Caught:
    """What an interrupted run said it kept."""

    kept = -1


@contextlib.contextmanager
def interrupted() -> Iterator[Caught]:
    """Demand an interrupt that says what is kept; a plain one must not end the tests."""
    caught = Caught()
    plain = False
    try:
        yield caught
    except Interrupted as error:
        caught.kept = error.kept
    except KeyboardInterrupt:
        plain = True
    assert not plain, "the interrupt does not say what is kept"
    assert caught.kept >= 0, "there was no interrupt"


@pytest.mark.parametrize("count", [0, 1, 7, 12, 13])
def test_an_interrupt_keeps_what_is_finished(
    home: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(runner, "BATCH", 1)
    out = tmp_path / "out"
    with interrupted() as caught:
        run(drawn, out, progress=interrupt_at(count), workers=2)
    assert not (out / "summary.json").exists()
    kept = len(storage.ResultsFolder(out).finished_replicates())
    assert caught.kept == kept >= count
    run(drawn, out, resume=True)
    assert same_tables(home / "whole", out)
    assert not (out / "parts").exists()


def test_many_interrupts_in_a_row(
    home: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BATCH", 1)
    out = tmp_path / "out"
    for count in (2, 5, 9):
        with interrupted():
            run(drawn, out, resume=True, progress=interrupt_at(count), workers=1)
    with pytest.raises(InputError, match=r"unfinished"):
        run(drawn, out)
    run(drawn, out, resume=True)
    assert same_tables(home / "whole", out)


def test_raising_replicates_can_be_interrupted(
    home: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finished tables and new parts side by side."""
    monkeypatch.setattr(runner, "BATCH", 1)
    out = tmp_path / "out"
    run(drawn, out, replicates=5)
    with interrupted() as caught:
        run(drawn, out, resume=True, progress=interrupt_at(8), workers=1)
    assert caught.kept >= 8
    run(drawn, out, resume=True)
    assert same_tables(home / "whole", out)


def test_an_interrupt_while_a_part_is_written_counts_nothing_twice(
    home: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part is in its place, but the program does not know it yet."""
    monkeypatch.setattr(runner, "BATCH", 1)
    monkeypatch.setattr(runner, "FLUSH_SECONDS", 0.0)
    write, calls = storage.ResultsFolder.write_part, Counter()

    def interrupted_once(self: storage.ResultsFolder, batch: object) -> None:
        write(self, batch)
        calls["parts"] += 1
        if calls["parts"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(storage.ResultsFolder, "write_part", interrupted_once)
    with interrupted():
        run(drawn, tmp_path / "out", workers=1)
    run(drawn, tmp_path / "out", resume=True)
    assert same_tables(home / "whole", tmp_path / "out")


@pytest.mark.parametrize("step", ["merge", "write_json"])
def test_an_interrupt_at_the_end_says_what_is_kept(
    home: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def stopped(self: storage.ResultsFolder, *args: object) -> None:
        if step == "merge" or args[0] == "summary.json":
            raise KeyboardInterrupt
        write(self, *args)

    write = getattr(storage.ResultsFolder, step)
    with monkeypatch.context() as patched:
        patched.setattr(storage.ResultsFolder, step, stopped)
        with interrupted() as caught:
            run(drawn, tmp_path / "out")
    assert caught.kept == 13
    run(drawn, tmp_path / "out", resume=True)
    assert same_tables(home / "whole", tmp_path / "out")


# As the command itself, but an interrupt is heard even where the tests run in the background,
# and finished replicates are written at once.
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from propagation.experiment import runner; runner.FLUSH_SECONDS = 0.0\n"
    "from propagation.cli import main; main()"
)


def start(*arguments: str | Path, first: str = "") -> subprocess.Popen[str]:
    """Start the command line in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", first + COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stop_when_something_is_kept(
    process: subprocess.Popen[str], out: Path, number: signal.Signals
) -> tuple[int, str, str]:
    """Wait for the first part on disk, send a signal, and return exit code, stdout and stderr."""
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if any((out / "parts").glob("*runs.parquet")):
            break
        time.sleep(0.02)
    process.send_signal(number)
    return finish(process)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end, which must come; return exit code, stdout and stderr."""
    try:
        stdout, stderr = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail("the process hangs after the signal")
    return process.returncode, stdout, stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.parametrize(
    ("number", "engine"),
    [
        (signal.SIGINT, "compiled"),
        (signal.SIGKILL, "compiled"),
        (signal.SIGINT, "mesa"),
    ],
)
def test_a_stopped_process_can_be_resumed(
    drawn: Path, tmp_path: Path, number: signal.Signals, engine: str
) -> None:
    out = tmp_path / "out"
    process = start(
        "run", drawn, "--out", out, "--replicates", "30000", "--engine", engine, "--workers", "2"
    )
    code, stdout, stderr = stop_when_something_is_kept(process, out, number)
    kept = len(storage.ResultsFolder(out).finished_replicates())
    assert kept > 0
    assert not stdout
    if number == signal.SIGINT:
        assert code == 130
        assert stderr.startswith("interrupted;")
        assert f"{kept:,} finished replicate" in stderr
        assert len(stderr.splitlines()) == 1
    total = kept + 20
    run(drawn, out, replicates=total, resume=True)
    run(drawn, tmp_path / "scratch", replicates=total)
    assert same_tables(out, tmp_path / "scratch")


# Interrupts while a lock of the pool is held, as chance would once in a while.
UNLUCKY = (
    "import os, signal, sys\n"
    "from concurrent.futures import _base\n"
    "enter = _base._AcquireFutures.__enter__\n"
    "def unlucky(self):\n"
    "    enter(self)\n"
    "    if os.path.isdir(os.path.join(out, 'parts')):\n"
    "        _base._AcquireFutures.__enter__ = enter\n"
    "        signal.raise_signal(signal.SIGINT)\n"
    "_base._AcquireFutures.__enter__ = unlucky\n"
    "out = sys.argv[sys.argv.index('--out') + 1]\n"
)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
def test_an_interrupt_inside_the_pool_does_not_hang(drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start("run", drawn, "--out", out, "--replicates", "600000", first=UNLUCKY)
    deadline = time.monotonic() + 120
    while not any((out / "parts").glob("*runs.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(1)
    if process.poll() is None:  # the pool is not asked in that way: an ordinary interrupt
        process.send_signal(signal.SIGINT)
    code, _, stderr = finish(process)
    assert code == 130
    assert "kept" in stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
def test_an_interrupt_while_processes_start_is_one_line(drawn: Path, tmp_path: Path) -> None:
    """A terminal interrupts the whole group: processes that are still importing hear it too."""
    out = tmp_path / "out"
    process = start("run", drawn, "--out", out, "--replicates", "3000", "--engine", "mesa")
    deadline = time.monotonic() + 120
    while not (out / "provenance.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    code, _, stderr = finish(process)
    assert code == 130
    assert len(stderr.splitlines()) == 1, stderr[-2000:]


# --- what a run needs before it starts ---------------------------------------------------------


def test_bad_input_is_found_before_anything_is_written(tmp_path: Path) -> None:
    for name, text in {
        "missing": REAL.replace("follows.csv", "nosuch.csv"),
        "column": REAL.replace("{column: attention}", "{column: atention}"),
        "account": REAL.replace('account: "0"', 'account: "999"'),
        "audience": REAL.replace("rowing: 5", "rowing: 13"),
        "segment": REAL.replace("rowing: 5", "rowin: 5"),
        "agents": DRAWN + "agents: nosuch.py:Same\n",
    }.items():
        file = write_campaign(tmp_path / name, text)
        with pytest.raises(InputError) as caught:
            run(file, tmp_path / "out" / name)
        assert len(caught.value.problems) == 1
        assert not (tmp_path / "out").exists()


def test_a_laboratory_travels_to_another_process(drawn: Path) -> None:
    here = Laboratory(read_scenario(drawn), drawn.parent)
    there = pickle.loads(pickle.dumps(here))
    batches = [one.run(1, [1, 4]) for one in (there, here)]
    for kind in ("runs", "cascades", "curves"):
        first, second = (storage.as_table(getattr(batch, kind)) for batch in batches)
        assert first.equals(second)


def test_json_of_a_run_is_its_summary(home: Path) -> None:
    text = (home / "whole" / "summary.json").read_text()
    assert json.loads(text) == strict_json(home / "whole" / "summary.json")
