"""The tables of results, in plain words; full numbers are in the tables for spreadsheets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import (
    number,
    phrase,
    range_decimals,
    ratio_with_interval,
    share_with_interval,
    span,
    with_interval,
)
from propagation.experiment.verdict import HEADLINES
from propagation.report.stored import Stored
from propagation.scenario.metrics import metrics_of, pitches
from propagation.scenario.spec import METRIC_MEANINGS


@dataclass(frozen=True)
class Table:
    """A table: its caption, its heading, and rows; the first cell of a row names it."""

    caption: str
    heading: Sequence[str]
    rows: Sequence[Sequence[Any]]


def metrics_told(stored: Stored) -> list[str]:
    """Return the metrics of the tables, the compared one first.

    Where mail is opened besides, reach through coverage stands beside reach.
    """
    told = metrics_of(stored.scenario)
    first, *others = HEADLINES
    names = (stored.summary["metric"], first, "coverage_reach", *others)
    return [*dict.fromkeys(name for name in names if name in told)]


def reach_in_words(stored: Stored) -> str:
    """Say what reach counts where there are pitches; "" where there are none."""
    if not pitches(stored.scenario):
        return ""
    return (
        "Reach counts everybody who notices a message, and so also a journalist who only opens the "
        "mail; reach through coverage counts those who first notice it because somebody covered it."
    )


def outcome_table(stored: Stored, strategies: Sequence[str]) -> Table:
    """Return mean, median and range of the headline metrics by strategy."""
    rows = []
    for metric in metrics_told(stored):
        for name in strategies:
            found = stored.summary["strategies"][name][metric]
            unit = " (hours)" if phrase(metric).times == "as long" else ""
            rows.append((f"{phrase(metric).label}{unit}", name, *_outcome_cells(found)))
    heading = ("Metric", "Strategy", "Mean (95% interval)", "Median", "8 of 10 campaigns")
    return Table("Results by strategy", heading, rows)


def _outcome_cells(found: Mapping[str, Any]) -> tuple[str, str, str]:
    if found["p10"] is None:
        return "never defined", "", ""
    places = range_decimals(found["p10"], found["p90"])
    mean = "not claimed"
    if found["mean"] is not None and found["low"] is not None:
        mean = with_interval(Interval(found["mean"], found["low"], found["high"]))
    median = number(found["median"], places)
    return mean, median, span(found["p10"], found["p90"], places)


def difference_table(stored: Stored) -> Table:
    """Return the differences from the baseline in the headline metrics."""
    metrics = metrics_told(stored)
    found = [each for each in stored.summary["differences"] if each["metric"] in metrics]
    found.sort(key=lambda each: metrics.index(each["metric"]))
    return _differences(found, f"Compared with {stored.summary['baseline']}")


def step_table(step: Mapping[str, Any]) -> Table:
    """Return the differences of a step."""
    return _differences(step["differences"], f"Comparisons: {step['title']}")


def _differences(found: Iterable[Mapping[str, Any]], caption: str) -> Table:
    rows = []
    for each in found:
        ratio = each["ratio"]
        rows.append(
            (
                phrase(each["metric"]).label,
                f"{each['strategy']} against {each['baseline']}",
                _interval(each["difference"]),
                _ratio(ratio),
                _chance(each["probability_better"]),
            )
        )
    heading = (
        "Metric",
        "First against second",
        "First minus second",
        "First over second",
        "Chance that the first does better",
    )
    return Table(caption, heading, rows)


def _interval(found: Mapping[str, float | None]) -> str:
    return "not given" if found["low"] is None else with_interval(Interval(**found))


def _ratio(found: Mapping[str, float | None] | None) -> str:
    if found is None or found["low"] is None:
        return "not given"
    return ratio_with_interval(Interval(**found))


def _chance(found: Mapping[str, float | None]) -> str:
    return "not given" if found["mean"] is None else share_with_interval(Interval(**found))


def level_table(stored: Stored) -> Table:
    """Return the chances to reach round levels of the compared metric."""
    found = stored.summary.get("at_least", [])
    names = list(found[0]["strategies"]) if found else []
    rows = [
        (f"at least {each['level']:,g}", *(_chance(each["strategies"][name]) for name in names))
        for each in found
    ]
    label = phrase(stored.summary["metric"]).label
    return Table(f"Chance to reach a level of {label}", ("Level", *names), rows)


def metric_table(stored: Stored) -> Table:
    """Return what each metric of the report counts."""
    told = {*metrics_told(stored), *(step["metric"] for step in stored.summary.get("steps", []))}
    rows = [(phrase(m).label, meaning) for m, meaning in METRIC_MEANINGS.items() if m in told]
    return Table("What is counted", ("Metric", "Meaning"), rows)
