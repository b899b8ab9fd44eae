"""Run the cases: ``python -m verification [--only NAME] [--faults] [--out docs]``."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from verification.cases import CASES
from verification.page import Found, markdown, save_figure, tightest, verdict
from verification.verdicts import Case, Plan


def main(arguments: Sequence[str] | None = None, cases: Sequence[Case] = CASES) -> int:
    """Run what the command line asks for; return 1 if a case fails or a fault goes unnoticed."""
    options = _parser([case.name for case in cases]).parse_args(arguments)
    chosen = [case for case in cases if options.only in (None, case.name)]
    if options.faults:
        return _run_faults(chosen)
    return _run(chosen, options.out, whole=options.only is None)


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m verification", description=__doc__)
    parser.add_argument("--only", metavar="NAME", choices=names, help="run one case")
    parser.add_argument(
        "--faults",
        action="store_true",
        help="run the cases quickly, each with its planted fault, and demand that it is noticed",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("docs"),
        metavar="FOLDER",
        help="where verification.md goes; --only draws the figure and leaves the page alone",
    )
    return parser


def _can_run(case: Case) -> bool:
    return case.data is None or case.data.is_dir()


def _run(cases: Sequence[Case], out: Path, whole: bool) -> int:
    found: list[Found] = []
    seconds = []
    for case in cases:
        _announce(case)
        start = time.perf_counter()
        result = case.run(Plan()) if _can_run(case) else None
        found.append((case, result))
        if result is not None:
            save_figure(case, result, out / "figures" / "verification")
        seconds.append(time.perf_counter() - start)
    _print_found(found, seconds)
    if whole:
        (out / "verification.md").write_text(markdown(found), encoding="utf-8")
    return int(any(result is not None and not result.holds for _, result in found))


def _print_found(found: Sequence[Found], seconds: Sequence[float]) -> None:
    """Print what the cases found and how much of the time each took."""
    table = Table("case", "tightest check", "statistic", "limit", "verdict", "seconds", "of all")
    for (case, result), took in zip(found, seconds, strict=True):
        if result is None:
            table.add_row(case.name, "", "", "", verdict(result), "", "")
            continue
        check = tightest(result.checks)
        table.add_row(
            case.name,
            f"{check.name} ({check.scale})",
            f"{check.statistic:.3g}",
            f"{check.limit:.3g}",
            verdict(result),
            f"{took:.0f}",
            f"{took / sum(seconds):.0%}",
        )
    Console().print(table)


def _run_faults(cases: Sequence[Case]) -> int:
    table = Table("case", "planted fault", "verdict")
    unnoticed = 0
    for case in cases:
        _announce(case)
        if not _can_run(case):
            table.add_row(case.name, case.fault, "not run")
            continue
        noticed = not case.run(Plan(quick=True, fault=True)).holds
        unnoticed += not noticed
        table.add_row(case.name, case.fault, "noticed" if noticed else "UNNOTICED")
    Console().print(table)
    return int(unnoticed > 0)


def _announce(case: Case) -> None:
    print(f"{case.name} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
