"""Run the fuzz tests at length: ``python -m tests.fuzz --scenarios 200000 --edge-lists 200000``."""

import argparse
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.edge_lists import check_edge_list, edge_lists
from tests.fuzz.scenarios import check_scenario, scenario_files

CHUNK = 5000
"""Examples in one go: Hypothesis remembers what it has tried, and memory is not endless."""

Check = Callable[[Any, Path], str]


def fuzz(
    cases: st.SearchStrategy[Any], check: Check, count: int, first_seed: int, folder: Path
) -> tuple[Counter[str], dict[str, tuple[int, Any]]]:
    """Return how many cases ended how, and the findings by the place they were raised at."""
    ended: Counter[str] = Counter()
    findings: dict[str, tuple[int, Any]] = {}

    def one(case: Any) -> None:
        try:
            ended[check(case, folder)] += 1
        except Exception as error:  # every one of them is a finding
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
            times, shortest = findings.get(place, (0, case))
            findings[place] = times + 1, min(shortest, case, key=lambda each: len(repr(each)))
            ended["FAILED"] += 1

    done = 0
    while done < count:
        some = min(CHUNK, count - done)
        rule = settings(
            max_examples=some,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(first_seed + done)(rule(given(cases)(one)))()
        done += some
    return ended, findings


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scenarios", type=int, default=1000)
    options.add_argument("--edge-lists", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    failed = False
    for name, cases, check, count in (
        ("edge lists", edge_lists(), check_edge_list, asked.edge_lists),
        ("scenarios", scenario_files(), check_scenario, asked.scenarios),
    ):
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            ended, findings = fuzz(cases, check, count, asked.seed, Path(folder))
        seconds = time.perf_counter() - start
        print(f"{ended.total():,} {name} in {seconds:,.0f} s: {dict(ended)}", flush=True)
        for place, (times, case) in findings.items():
            print(f"  {times:,} times {place}: {case!r}", flush=True)
        failed = failed or bool(findings)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
