"""The page of verdicts, in Markdown, and its figures."""

import importlib.metadata
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from verification.rows import ELSEWHERE, NOT_EXPRESSIBLE, ROWS
from verification.verdicts import COMPARISONS, FALSE_ALARM, LEVEL, Case, Check, Result

OUTSIDE_SOFTWARE = ("numpy", "scipy", "networkx", "cynetdiff", "EoN")

Found = tuple[Case, Result | None]
"""A case and what it found, None if its data is not there."""


def verdict(result: Result | None) -> str:
    """Return a result in one word or two."""
    if result is None:
        return "not run"
    if not result.holds:
        return "FAILS"
    return f"misses {result.missed} of {len(result.checks)}" if result.missed else "holds"


def tightest(checks: Sequence[Check]) -> Check:
    """Return the check that comes closest to its limit, or exceeds it most; no known miss."""

    def closeness(check: Check) -> float:
        if check.limit > 0 and not math.isnan(check.statistic):
            return check.statistic / check.limit
        return 0.0 if check.holds else math.inf

    return max([check for check in checks if not check.misses] or checks, key=closeness)


def slug(name: str) -> str:
    """Return a case's name as a file name."""
    kept = "".join(letter for letter in name.lower() if letter.isalnum() or letter in " -")
    return kept.replace(" ", "-")


def save_figure(case: Case, result: Result, folder: Path) -> Path:
    """Draw a case's figure into ``folder`` and return its path."""
    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    axes = figure.subplots()
    result.draw(axes)
    axes.set_title(case.name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{slug(case.name)}.png"
    figure.savefig(path, dpi=90, metadata={"Software": None})
    return path


def markdown(found: Iterable[Found]) -> str:
    """Return the whole page; figures are expected in ``figures/verification``."""
    found = list(found)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in OUTSIDE_SOFTWARE)
    parts = [
        "# Verification",
        "The model compared with closed forms, published numbers and outside software. "
        "Written by `python -m verification`; edit the cases, not this page. "
        "`python -m verification --faults` runs every case with a planted fault, which its "
        "checks must reject.",
        f"Statistical limits: all seeds are fixed; were the model right, a whole run would raise a "
        f"false alarm with probability {FALSE_ALARM:.0%} at most, shared evenly over "
        f"{COMPARISONS} comparisons (each at level {LEVEL:g}, two-sided where it has two sides). "
        f"Where runs share a graph, the error is taken from the differences between graphs.",
        f"Outside software: {versions}.",
        _rows(
            ("case", "what it means", "tightest statistic", "limit", "verdict"),
            (_summary(case, result) for case, result in found),
        ),
        _counts([result for _, result in found if result is not None]),
    ]
    parts += [_section(case, result) for case, result in found]
    parts += _rows_covered([case for case, _ in found])
    return "\n\n".join(parts) + "\n"


def _summary(case: Case, result: Result | None) -> tuple[str, ...]:
    link = f"[{case.name}](#{slug(case.name)})"
    if result is None:
        return link, case.meaning, "", "", verdict(result)
    check = tightest(result.checks)
    statistic = f"{check.statistic:.3g} ({check.scale})"
    return link, case.meaning, statistic, f"{check.limit:.3g}", verdict(result)


def _counts(results: Sequence[Result]) -> str:
    checks = sum(len(result.checks) for result in results)
    missed = sum(result.missed for result in results)
    return (
        f"{checks} checks in {len(results)} cases; {missed} of them compare with a published "
        "number that the model is known to miss: the limit is that of a check that holds, the "
        'verdict is "misses", and the case says why.'
    )


def _rows_covered(cases: Sequence[Case]) -> list[str]:
    """Return the section that says which published numbers are covered where."""

    def where(row: str) -> str:
        links = [f"[{case.name}](#{slug(case.name)})" for case in cases if row in case.rows]
        return ", ".join(links) or ELSEWHERE.get(row, "not covered")

    numbers = [row for row in ROWS if row not in NOT_EXPRESSIBLE]
    return [
        "## Which numbers are covered",
        "Rows are those of a collection of published numbers, of which "
        "[evidence.md](evidence.md) has the part that the shipped scenarios use. Here are those on "
        "exact results (1), Twitter (2), statistics (5) and the argument (6), and two on seeding "
        "(4), but for those on the speed of other software (5.9 to 5.19).",
        _rows(
            ("row", "what it says", "covered by"), ((one, ROWS[one], where(one)) for one in numbers)
        ),
        "These cannot be put to the model:",
        _rows(
            ("row", "what it says", "why not"),
            ((one, ROWS[one], NOT_EXPRESSIBLE[one]) for one in ROWS if one in NOT_EXPRESSIBLE),
        ),
    ]


def _section(case: Case, result: Result | None) -> str:
    lines = [
        f"## {case.name}",
        case.meaning,
        f"Compared with: {case.source}.",
        f"Planted fault: {case.fault}.",
    ]
    if result is None:
        lines.append("Not run: its data does not come with the project.")
        return "\n\n".join(lines)
    rows = (
        (
            check.name,
            check.expected,
            check.found,
            f"{check.statistic:.3g}",
            f"{check.limit:.3g}",
            check.scale,
            check.verdict,
        )
        for check in result.checks
    )
    header = ("check", "expected", "found", "statistic", "limit", "in", "verdict")
    lines.append(_rows(header, rows))
    reasons = dict.fromkeys(check.reason for check in result.checks if check.misses)
    lines += [f"Missed: {reason}" for reason in reasons]
    lines += [
        f"![{case.name}](figures/verification/{slug(case.name)}.png)",
    ]
    return "\n\n".join(lines)


def _rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
