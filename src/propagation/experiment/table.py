"""A summary as a table: one row for each strategy and metric that an adviser asks for first."""

from collections.abc import Mapping
from typing import Any

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import (
    counted,
    number,
    phrase,
    range_decimals,
    span,
    with_interval,
)

HEADLINES = (
    *("relevant_reach", "reach", "valued_reach", "shares", "time_to_half", "doubling_time"),
    *("originals", "followers_gained", "followers_lost", "pitches_covered", "coverage_reach"),
    *("cost", "cost_per_relevant_reach", "cost_per_valued_reach"),
)
"""Those of them that the runs of a scenario have are told."""
HEADING = ("", "strategy", "mean (95% interval)", "8 of 10 runs")


def table_rows(summary: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the heading and the rows of a table; the compared metric comes first.

    Only strategies that the verdict compares have rows.

    Parameters
    ----------
    summary
        The contents of ``summary.json``.
    """
    compared = summary["metric"]
    there = next(iter(summary["strategies"].values()))
    metrics = [compared, *(name for name in HEADLINES if name != compared and name in there)]
    rows: list[tuple[str, ...]] = [HEADING]
    told = {summary["baseline"], *(each["strategy"] for each in summary["differences"])}
    strategies = [name for name in summary["strategies"] if name in told]
    for metric in metrics:
        unit = " (hours)" if phrase(metric).times == "as long" else ""
        label = f"{phrase(metric).label}{unit}"
        for name in strategies:
            found = summary["strategies"][name][metric]
            rows.append((label, name, *_cells(found, summary["replicates"])))
            label = ""
    return rows


def _cells(outcome: Mapping[str, Any], replicates: int) -> tuple[str, str]:
    """Return the mean with its interval, and the outcome range."""
    if not outcome["defined"]:
        return "never defined", ""
    low, high = outcome["p10"], outcome["p90"]
    places = range_decimals(low, high)
    spread = span(low, high, places) if high > low else number(low, places)
    if outcome["heavy"]:
        return f"median {number(outcome['median'], places)}", spread
    mean = with_interval(Interval(outcome["mean"], outcome["low"], outcome["high"]))
    if outcome["defined"] < replicates:
        mean += f" in {counted(outcome['defined'], 'run')}"
    return mean, spread


def middle_and_range(outcome: Mapping[str, Any], replicates: int) -> tuple[str, str, str]:
    """Return the mean with its interval, the median, and the outcome range."""
    mean, spread = _cells(outcome, replicates)
    if outcome["median"] is None:
        return mean, "", spread
    median = number(outcome["median"], range_decimals(outcome["p10"], outcome["p90"]))
    return ("not given" if outcome["heavy"] else mean), median, spread
