"""The reference results are those of this model: a reduced run gives the same first replicates."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from propagation.experiment.intervals import mean_interval
from propagation.experiment.runner import Run
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import Scenario
from tests.reference import COUNTS, FIRST, KEPT, NAMES, REFERENCE, ROOT, first_replicates


def loaded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reduced(name: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("reference") / name
    scenario = read_scenario(ROOT / "scenarios" / f"{name}.yaml")
    few = scenario.model_copy(update={"replicates": FIRST})
    Run(few, ROOT / "scenarios", out)()
    return first_replicates(out / "runs.parquet")


def test_the_reference_is_of_the_scenario_that_ships(name: str) -> None:
    shipped = read_scenario(ROOT / "scenarios" / f"{name}.yaml")
    kept: Scenario = read_scenario(REFERENCE / name / "scenario.yaml")
    assert kept == shipped


def test_the_first_replicates_are_the_same_to_the_last_account(
    name: str, reduced: dict[str, Any]
) -> None:
    assert reduced == loaded(REFERENCE / name / KEPT)


def test_means_of_the_reduced_run_fit_those_of_the_reference(
    name: str, reduced: dict[str, Any]
) -> None:
    """Each mean lies in the interval that the few replicates give, all comparisons together.

    Left out are means whose tail is heavy: a few replicates without a giant say nothing of them.
    """
    means = loaded(REFERENCE / name / "summary.json")["strategies"]
    comparisons = len(reduced) * len(COUNTS)
    for strategy, found in reduced.items():
        for metric, counts in found.items():
            if means[strategy][metric]["heavy"]:
                continue
            values = np.array(counts, np.float64)
            interval = mean_interval(values, np.arange(FIRST), comparisons)
            assert interval.low is not None
            assert interval.high is not None
            assert interval.low <= means[strategy][metric]["mean"] <= interval.high


def test_a_reference_of_another_model_is_noticed(name: str, reduced: dict[str, Any]) -> None:
    other = loaded(REFERENCE / name / KEPT)
    next(iter(other.values()))["reach"][3] += 1
    assert reduced != other


def test_the_reference_is_small_and_names_no_machine(name: str) -> None:
    for path in (REFERENCE / name).glob("*.json"):
        assert path.stat().st_size < 200_000
        assert str(ROOT) not in path.read_text(encoding="utf-8")
