"""A sweep: its points, what stands in its rows, and the parts of a study around it."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats
from varied import SMALL, small

from propagation.experiment.replicates import Laboratory
from propagation.experiment.runner import Interrupted, Run
from propagation.experiment.storage import EXPLORED, SUMMARY, SWEEP
from propagation.exploration.explorer import Explorer
from propagation.exploration.points import design_of, spread_over
from propagation.exploration.study import OF_THE_RUNS, Study
from propagation.exploration.sweep import Swept, sweep_of
from propagation.scenario.exploring import Span, Sweep
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import Scenario
from propagation.scenario.varying import Inputs

AUDIENCE = "ours.broadcaster.followers.public"
GRID = {
    AUDIENCE: {"from": 10, "to": 900, "points": 4, "scale": "log"},
    "messages.call.resonance": [0.1, 0.3],
}
QUIET = "messages.call.resonance"


def _design(over: dict[str, object], **more: object) -> tuple[Scenario, Sweep]:
    return small(), Sweep.model_validate({"over": over, **more})


def test_a_grid_has_all_combinations() -> None:
    scenario, sweep = _design(GRID)
    design = design_of(sweep, Inputs(scenario), 1)
    assert [axis.values for axis in design.axes] == [(10, 45, 201, 900), (0.1, 0.3)]
    assert design.points.tolist() == [
        [n, resonance] for n in (10, 45, 201, 900) for resonance in (0.1, 0.3)
    ]
    assert design.changes[1] == {AUDIENCE: 10, QUIET: 0.3}


def test_what_goes_along_keeps_its_factor() -> None:
    span = {"from": 0.2, "to": 0.4, "points": 2, "also": {"messages.echo.resonance": 0.5}}
    scenario, sweep = _design({QUIET: span})
    changes = design_of(sweep, Inputs(scenario), 1).changes
    assert changes[1] == {QUIET: 0.4, "messages.echo.resonance": 0.2}


def test_a_sobol_sequence_fills_the_ranges_evenly() -> None:
    spans = [
        Span.model_validate({"from": 1, "to": 100, "scale": "log"}),
        Span.model_validate({"from": 2, "to": 4}),
    ]
    points = spread_over(spans, 64, 5)
    # each of 64 intervals of equal chance holds one point: what makes it a Sobol sequence
    for unit in (np.log(points[:, 0]) / np.log(100), (points[:, 1] - 2) / 2):
        assert sorted(np.floor(unit * 64).astype(int)) == list(range(64))
    assert (points == spread_over(spans, 64, 5)).all()
    assert (points != spread_over(spans, 64, 6)).any()


def _swept(
    over: dict[str, object], scenario: Scenario | None = None, draws: int = 2, **more: object
) -> Swept:
    sweep = Sweep.model_validate({"over": over, **more})
    explorer = Explorer(scenario or small(), Path(), draws=draws)
    return sweep_of(explorer, sweep, lambda done, total: None)


def test_a_row_has_the_numbers_of_its_point() -> None:
    found = _swept(GRID, replicates=30)
    explorer = Explorer(small(), Path(), draws=2)
    for place in (0, 3, 6):
        values = explorer.runs(
            found.design.changes[place], range(30), ("small", "large"), ("reach",)
        )
        row = found.rows[place]
        assert row["mean_0"] == pytest.approx(values[0].mean())
        assert row["mean_1"] == pytest.approx(values[1].mean())
        assert row["difference"] == pytest.approx(values[0].mean() - values[1].mean())
        assert row["ratio"] == pytest.approx(values[0].mean() / values[1].mean())
        assert row["difference_low"] <= row["difference"] <= row["difference_high"]


def test_without_shares_reach_is_binomial_and_the_tie_is_at_equal_audiences() -> None:
    """60 and n followers who notice with 1/4 each: the map's sign changes at n = 60."""
    scenario = small(**{"resonance: 0.3": "resonance: 0"})
    found = _swept({AUDIENCE: [20, 40, 90, 200]}, scenario, 20, replicates=200)
    level = stats.norm.isf(1e-4 / 2)
    for row, size in zip(found.rows, (20, 40, 90, 200), strict=True):
        error = np.sqrt((60 + size) * 0.25 * 0.75 / 200)
        assert abs(row["difference"] - (60 - size) / 4) < level * error
    assert [row["difference_low"] > 0 for row in found.rows] == [True, True, False, False]
    assert [row["difference_high"] < 0 for row in found.rows] == [False, False, True, True]
    assert "At 2 of 4 points" in found.sentences()[0]
    other = _swept(
        {AUDIENCE: [20, 40, 90, 200]}, scenario, 20, replicates=200, strategies=["large", "small"]
    )
    assert [row["difference"] for row in other.rows] == [-row["difference"] for row in found.rows]


def test_theory_stands_beside_what_was_simulated() -> None:
    found = _swept({AUDIENCE: [100, 300]}, replicates=400)
    for row in found.rows:
        assert row["expected_1"] == pytest.approx(row["mean_1"], rel=0.1)


SWEEP_BLOCK = f"sweep:\n  over: {{{AUDIENCE}: [50, 200]}}\n  replicates: 20\n"


def _run(folder: Path, more: str) -> dict[str, object]:
    scenario = parse_scenario(SMALL + more)
    Run(scenario, folder, folder / "out")()
    return dict(Study(scenario, folder, folder / "out")())


def test_a_study_adds_to_the_summary_and_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = _run(tmp_path, SWEEP_BLOCK)
    out = tmp_path / "out"
    assert json.loads((out / SUMMARY).read_text())["sweep"] == summary["sweep"]
    table = pq.read_table(out / SWEEP)
    assert table["axis_0"].to_pylist() == [50, 200]
    assert (out / EXPLORED).is_file()
    verdict = summary["verdict"]
    assert isinstance(verdict, list)
    assert len(verdict) == len(summary[OF_THE_RUNS]) + 1  # type: ignore[arg-type]
    monkeypatch.setattr(Laboratory, "run", None)  # nothing is run again
    assert _run(tmp_path, SWEEP_BLOCK) == summary


def test_another_sweep_of_the_same_scenario_keeps_its_runs(tmp_path: Path) -> None:
    _run(tmp_path, SWEEP_BLOCK)
    runs = (tmp_path / "out" / "runs.parquet").read_bytes()
    summary = _run(tmp_path, SWEEP_BLOCK.replace("[50, 200]", "[50, 200, 400]"))
    assert summary["sweep"]["points"] == 3  # type: ignore[index]
    assert (tmp_path / "out" / "runs.parquet").read_bytes() == runs
    again = _run(tmp_path, "")
    assert "sweep" not in again
    assert again["verdict"] == again[OF_THE_RUNS]


def test_an_interrupted_study_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = _run(tmp_path / "whole", SWEEP_BLOCK)
    scenario = parse_scenario(SMALL + SWEEP_BLOCK)
    Run(scenario, tmp_path / "cut", tmp_path / "cut" / "out")()
    run, made = Laboratory.run, []

    def once(self: Laboratory, draw: int, mine: object) -> object:
        if len(made) == 2:  # both draws of the first point
            raise KeyboardInterrupt
        made.append(draw)
        return run(self, draw, mine)  # type: ignore[arg-type]

    monkeypatch.setattr(Laboratory, "run", once)
    study = Study(scenario, tmp_path / "cut", tmp_path / "cut" / "out", workers=1)
    with pytest.raises(Interrupted):
        study()
    made.clear()
    monkeypatch.setattr(Laboratory, "run", lambda *a: made.append(0) or run(*a))
    found = Study(scenario, tmp_path / "cut", tmp_path / "cut" / "out")()
    assert len(made) == 2  # the other point only
    assert found["sweep"] == whole["sweep"]
