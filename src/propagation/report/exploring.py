"""The parts of a report that tell where an answer holds: each stands there if it was explored."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import (
    listed,
    phrase,
    ratio_with_interval,
    share,
    with_interval,
)
from propagation.report.campaign import Part
from propagation.report.explored import Sweep, is_ratio
from propagation.report.figures.drawing import Figure
from propagation.report.figures.exploring_answers import (
    bound,
    interval_in_words,
    range_ends,
    simulation_ends,
    ties_of,
)
from propagation.report.figures.exploring_drawings import (
    BREAK_EVEN,
    ENDS,
    MOST_PAIRS,
    SENSITIVITY,
    SWEEP,
    UNCERTAIN,
    WHY,
    index_in_words,
    name_of,
    two_digits,
)
from propagation.report.figures.exploring_reasons import by_total, times
from propagation.report.stored import Stored
from propagation.report.tables import Table

Found = Mapping[str, Any]
Figures = Mapping[str, Figure]

LONGEST_TABLE = 20
"""Points of a sweep along one input that stand in a table on the page."""
IN_FULL = "All points with full numbers are in tables/{}.csv."
SCALES = {"linear": "evenly", "log": "by equal factors"}


def exploring_parts(stored: Stored, figures: Figures) -> list[Part]:
    """Return what was explored, in reading order: the range over what is uncertain comes first."""
    summary = stored.summary
    parts = []
    if "uncertain" in summary:
        parts.append(_uncertain(summary["uncertain"], _of(UNCERTAIN, figures)))
    if "break_even" in summary:
        parts.append(_break_even(summary["break_even"], _of(BREAK_EVEN, figures)))
    if stored.sweep is not None:
        parts.append(_sweep(stored.sweep, summary["sweep"], _of(SWEEP, figures)))
    if summary.get("why"):
        parts.append(_why(summary["why"], _of(WHY, figures)))
    if any(pair["indices"] for pair in summary.get("uncertain", {}).get("pairs", [])):
        parts.append(_sensitivity(summary["uncertain"], _of(SENSITIVITY, figures)))
    return parts


def _of(kind: str, figures: Figures) -> list[Figure]:
    names = (name_of(kind, place) for place in range(MOST_PAIRS))
    return [figures[name] for name in names if name in figures]


def _capital(sentences: Sequence[str]) -> list[str]:
    return [sentence[:1].upper() + sentence[1:] for sentence in sentences]


def _uncertain(found: Found, figures: list[Figure]) -> Part:
    inputs = [
        (each["label"], _exact(each["low"]), _exact(each["high"]), SCALES[each["scale"]])
        for each in found["inputs"]
    ]
    heading = ("Input", "From", "To", "Spread")
    return Part(
        "Over what is uncertain",
        _capital(found["sentences"]),
        figures,
        [_ranges(found), Table("What is uncertain", heading, inputs)],
        IN_FULL.format("uncertain"),
    )


def _exact(value: float) -> str:
    return f"{value:,.6g}"


def _ranges(found: Found) -> Table:
    rows = []
    for pair in found["pairs"]:
        range_ = pair["range"]
        known = None not in (range_["low"], range_["high"], range_["least"], range_["most"])
        over = "over" if is_ratio(pair) else "minus"
        rows.append(
            (
                phrase(pair["metric"]).label,
                f"{pair['strategy']} {over} {pair['baseline']}",
                "not given" if range_["median"] is None else two_digits(range_["median"]),
                _two_ends(range_["low"], range_["high"]) if known else "not given",
                _two_ends(range_["least"], range_["most"]) if known else "not given",
                share(pair["ahead"]),
            )
        )
    heading = ("Metric", "What", "Median", "Nine of ten", "Extremes", "First ahead in")
    return Table("Comparisons over the combinations", heading, rows)


def _two_ends(low: float, high: float) -> str:
    return f"{two_digits(low)} to {two_digits(high)}"


def _break_even(found: Found, figures: list[Figure]) -> Part:
    rows = list(_ties(found))
    table = Table(f"The tie in {found['label']}", ("For", "Tie", "Range"), rows)
    title = f"Where {found['between'][0]} ties with {found['between'][1]}"
    return Part(title, _capital(found["sentences"]), figures, [table])


def _ties(found: Found) -> Iterator[tuple[str, str, str]]:
    tried, written = (found["from"], found["to"]), "the scenario as written (95% interval)"
    if found["value"] is not None:
        ends = simulation_ends(found)
        interval = "not given" if ends is None else interval_in_words(ends, tried)
        yield written, _digits(found), interval
    else:
        yield written, listed([bound(tie) for tie in ties_of(found)] or ["none"]), ""
    if (ends := range_ends(found)) is not None:
        median = found["range"]["median"]
        middle = "beyond the values tried" if median is None else bound(median)
        what = "what is uncertain (median, nine of ten combinations)"
        yield what, middle, interval_in_words(ends, tried)
    if found.get("theory") is not None:
        yield "theory", bound(found["theory"]), ""


def _digits(found: Found) -> str:
    """Return the tie with as many digits as its interval supports."""
    interval = Interval(found["value"], found["low"], found["high"])
    return with_interval(interval).split(" (")[0]


def _sweep(sweep: Sweep, told: Found, figures: list[Figure]) -> Part:
    sentences = _capital(told["sentences"])
    tables = [_points(sweep)] if sweep.is_grid and len(sweep.varying) < 2 else []
    tables = [table for table in tables if len(table.rows) <= LONGEST_TABLE]
    title = "The map" if len(sweep.varying) > 1 else f"Along {sweep.axes[0].label}"
    return Part(title, sentences, figures, tables, IN_FULL.format("sweep"))


def _points(sweep: Sweep) -> Table:
    place = (sweep.varying or (0,))[0]
    rows = []
    for point, value in enumerate(sweep.points[:, place].tolist()):
        row = {name: float(column[point]) for name, column in sweep.columns.items()}
        cells = [_interval(row, f"mean_{i}", f"low_{i}", f"high_{i}") for i in (0, 1)]
        ratio = ("ratio", "ratio_low", "ratio_high")
        rows.append((_exact(value), *cells, _interval(row, *ratio, as_ratio=True)))
    one, other = sweep.strategies
    heading = (sweep.axes[place].label, one, other, "First over second")
    return Table(f"Means of {phrase(sweep.metric).label} (95% intervals)", heading, rows)


def _interval(row: Mapping[str, float], *keys: str, as_ratio: bool = False) -> str:
    mean, low, high = (None if row[key] != row[key] else row[key] for key in keys)
    if mean is None:
        return "undefined"
    interval = Interval(mean, low, high)
    return ratio_with_interval(interval) if as_ratio else with_interval(interval)


def _why(found: Sequence[Found], figures: list[Figure]) -> Part:
    tables = [_factors(each) for each in found if each["factors"]]
    told = [sentence for each in found for sentence in each.get("sentences", ())]
    notes = [each["note"] for each in found if each.get("note")]
    notes = [note for note in dict.fromkeys(notes) if not any(note in one for one in told)]
    return Part("Why", _capital([*told, *notes]), figures, tables)


def _factors(found: Found) -> Table:
    rows = [(each["name"], each["meaning"], _factor(each)) for each in found["factors"]]
    if found["ratio"] is not None and found["ratio"]["mean"] is not None:
        ratio = ratio_with_interval(Interval(**{end: found["ratio"][end] for end in ENDS}))
        rows.append(("together", "the simulated ratio of the means", ratio))
    label, over = phrase(found["metric"]).label, f"{found['strategy']} over {found['baseline']}"
    caption = f"Factors of {label} of {over}"
    return Table(caption, ("Factor", "What it is", "Ratio (95% interval)"), rows)


def _factor(each: Found) -> str:
    if each["value"] is None:
        return "not given"
    if each["low"] is None or each["high"] is None:
        return times(each).removeprefix("× ")  # noqa: RUF001
    return ratio_with_interval(Interval(each["value"], each["low"], each["high"]))


def _sensitivity(found: Found, figures: list[Figure]) -> Part:
    labels = {each["path"]: each["label"] for each in found["inputs"]}
    tables = [
        Table(
            f"What {pair['strategy']} against {pair['baseline']} hangs on",
            ("Input", "Alone (first order)", "With the others (total)"),
            [
                (labels[each["path"]], index_in_words(each, "first"), index_in_words(each, "total"))
                for each in by_total(pair["indices"])
            ],
        )
        for pair in found["pairs"]
        if pair["indices"]
    ]
    note = (
        "Shares of the variance of the answer over the combinations, with 95% intervals. What an "
        "input accounts for together with others counts in the total of each of them, so totals "
        "may add up to more than 100%."
    )
    return Part("What the answer hangs on", (), figures, tables, note)
