"""The page of verdicts, in Markdown, and its figures."""

import importlib.metadata
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from verification.verdicts import COMPARISONS, FALSE_ALARM, LEVEL, Case, Check, Result

OUTSIDE_SOFTWARE = ("numpy", "scipy", "networkx", "cynetdiff", "EoN")

Found = tuple[Case, Result | None]
"""A case and what it found, None if its data is not there."""


def verdict(result: Result | None) -> str:
    """Return a result in one word or two."""
    if result is None:
        return "not run"
    return "holds" if result.holds else "FAILS"


def tightest(checks: Sequence[Check]) -> Check:
    """Return the check that comes closest to its limit, or exceeds it most."""

    def closeness(check: Check) -> float:
        if check.limit > 0 and not math.isnan(check.statistic):
            return check.statistic / check.limit
        return 0.0 if check.holds else math.inf

    return max(checks, key=closeness)


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
    ]
    parts += [_section(case, result) for case, result in found]
    return "\n\n".join(parts) + "\n"


def _summary(case: Case, result: Result | None) -> tuple[str, ...]:
    link = f"[{case.name}](#{slug(case.name)})"
    if result is None:
        return link, case.meaning, "", "", verdict(result)
    check = tightest(result.checks)
    statistic = f"{check.statistic:.3g} ({check.scale})"
    return link, case.meaning, statistic, f"{check.limit:.3g}", verdict(result)


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
            "holds" if check.holds else "FAILS",
        )
        for check in result.checks
    )
    header = ("check", "expected", "found", "statistic", "limit", "in", "verdict")
    lines += [
        _rows(header, rows),
        f"![{case.name}](figures/verification/{slug(case.name)}.png)",
    ]
    return "\n\n".join(lines)


def _rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
