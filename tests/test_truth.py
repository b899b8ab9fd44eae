"""The verification cases in small: each holds, and each notices its planted fault."""

import pytest

from verification.cases import CASES
from verification.verdicts import COMPARISONS, Case, Plan

BY_NAME = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def run_quickly(case: Case, *, fault: bool) -> tuple[bool, list[str]]:
    if case.data is not None and not case.data.is_dir():
        pytest.skip(f"no real data: {case.data} is not there")
    result = case.run(Plan(quick=True, fault=fault))
    return result.holds, [str(check) for check in result.checks if not check.holds]


@BY_NAME
def test_holds(case: Case):
    holds, broken = run_quickly(case, fault=False)
    assert holds, broken


@BY_NAME
def test_notices_its_planted_fault(case: Case):
    holds, broken = run_quickly(case, fault=True)
    assert not holds
    assert broken


def test_names_are_unique():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) > 0


def test_false_alarms_are_shared_over_enough_comparisons(pytestconfig):
    page = (pytestconfig.rootpath / "docs" / "verification.md").read_text()
    checks = [line.split(" | ") for line in page.splitlines() if line.count(" | ") == 6]
    by_chance = ("standard errors", "hits", "chi-square", "KS distance")
    compared = sum(cells[5].startswith(by_chance) for cells in checks)
    assert len(CASES) < compared <= COMPARISONS
