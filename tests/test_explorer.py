"""Runs at points: those of the scenario with those numbers, made once, kept, resumed."""

import threading
from pathlib import Path

import numpy as np
import pytest
from varied import small

from propagation.experiment.replicates import Laboratory
from propagation.experiment.storage import EXPLORED, EXPLORED_PARTS
from propagation.exploration.explorer import Explorer, Once, in_threads
from propagation.exploration.kept import KeptRuns, metrics_kept
from propagation.scenario.varying import Inputs

HERE = Path()
STRATEGIES = ("small", "large")
AUDIENCE = "ours.broadcaster.followers.public"
POINTS = (
    {},
    {AUDIENCE: 200.0},
    {"messages.call.resonance": 0.6},
    {"segments.activists.attention": 0.4, "segments.public.interest.protest": 0.3},
    {"segments.activists.follows.to.activists": 0.8},
)


@pytest.mark.parametrize("changes", POINTS)
def test_a_point_has_the_runs_of_the_scenario_with_those_numbers(changes: dict[str, float]) -> None:
    explorer = Explorer(small(), HERE, draws=2)
    found = explorer.runs(changes, range(12), STRATEGIES, ("reach", "shares"))
    laboratory = Laboratory(Inputs(small()).varied(changes), HERE)
    for draw in range(2):
        mine = range(draw, 12, 2)
        columns = laboratory.run(draw, mine).runs
        for row, strategy in enumerate(STRATEGIES):
            here = [one == strategy for one in columns["strategy"]]
            for place, metric in enumerate(("reach", "shares")):
                expected = np.array(columns[metric], float)[here]
                assert found[row, place, list(mine)].tolist() == expected.tolist()


def test_more_replicates_are_added_to_those_there_are() -> None:
    first, whole = Explorer(small(), HERE, draws=2), Explorer(small(), HERE, draws=2)
    first.runs({}, range(3), STRATEGIES, ("reach",))
    found = first.runs({}, range(10), STRATEGIES, ("reach",))
    assert (found == whole.runs({}, range(10), STRATEGIES, ("reach",))).all()


def test_a_larger_audience_reaches_at_least_as_many_in_every_run() -> None:
    explorer = Explorer(small(), HERE, draws=2)
    sizes = (100, 300, 900)
    reach = [explorer.runs({AUDIENCE: n}, range(20), ("large",), ("reach",))[0, 0] for n in sizes]
    assert (np.diff(reach, axis=0) >= 0).all()
    assert (reach[2] > reach[0]).all()
    other = explorer.runs({AUDIENCE: 100}, range(20, 40), ("large",), ("reach",))[0, 0]
    assert (reach[0] != other).any()  # another luck would not do


def test_the_other_strategy_does_not_notice() -> None:
    explorer = Explorer(small(), HERE, draws=2)
    here, there = (
        explorer.runs({AUDIENCE: n}, range(20), ("small",), ("reach",)) for n in (100, 900)
    )
    assert (here == there).all()


def test_threads_change_nothing() -> None:
    found = []
    for workers in (1, 3):
        explorer = Explorer(small(), HERE, draws=2, workers=workers)
        values: dict[int, object] = {}

        def at(place: int, explorer: Explorer = explorer) -> object:
            return explorer.runs(POINTS[place], range(6), STRATEGIES, ("reach",)).tolist()

        explorer.over(at, len(POINTS), values.__setitem__)
        found.append([values[place] for place in range(len(POINTS))])
    assert found[0] == found[1]


def _kept(folder: Path, made_by: str = "this") -> KeptRuns:
    return KeptRuns(folder, made_by, metrics_kept(small()))


def _explore(kept: KeptRuns) -> list[object]:
    explorer = Explorer(small(), HERE, draws=2, kept=kept)
    return [explorer.runs(one, range(6), STRATEGIES, ("reach",)).tolist() for one in POINTS]


def _forbid_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> None:
        raise AssertionError("a run that is kept was made again")

    monkeypatch.setattr(Laboratory, "run", run)


@pytest.mark.parametrize("joined", [True, False])
def test_runs_kept_are_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joined: bool
) -> None:
    kept = _kept(tmp_path)
    found = _explore(kept)
    kept.join() if joined else kept.write()
    assert (tmp_path / EXPLORED).is_file() == joined
    assert (tmp_path / EXPLORED_PARTS).is_dir() != joined
    _forbid_runs(monkeypatch)
    assert _explore(_kept(tmp_path)) == found


def test_runs_by_something_else_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = _kept(tmp_path)
    _explore(kept)
    kept.join()
    _forbid_runs(monkeypatch)
    with pytest.raises(AssertionError, match="made again"):
        _explore(_kept(tmp_path, "something else"))


def test_what_is_damaged_is_made_again(tmp_path: Path) -> None:
    kept = _kept(tmp_path)
    found = _explore(kept)
    kept.join()
    path = tmp_path / EXPLORED
    path.write_bytes(path.read_bytes()[:-100])
    assert _explore(_kept(tmp_path)) == found


def test_what_many_ask_for_is_made_once() -> None:
    made: list[int] = []
    once: Once[int] = Once(2)
    ready = threading.Barrier(4)

    def ask(place: int) -> int:
        ready.wait()
        return once.get("one", lambda: made.append(place) or 7)

    found: dict[int, int] = {}
    in_threads(ask, range(4), 4, found.__setitem__)
    assert found == dict.fromkeys(range(4), 7)
    assert len(made) == 1
    for key in ("two", "three", "one"):
        once.get(key, lambda: made.append(9) or 8)
    assert len(made) == 4  # the first had to make room


def test_an_error_in_a_thread_is_told() -> None:
    def fail(place: int) -> None:
        raise ValueError(f"at {place}")

    with pytest.raises(ValueError, match="at 0"):
        in_threads(fail, range(1), 2, lambda place, found: None)
