"""The figures of an exploration, each where a results folder holds what it shows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import (
    counted,
    decimals,
    listed,
    number,
    phrase,
    ratio_with_interval,
    share,
    share_with_interval,
    span,
    with_interval,
)
from propagation.report.explored import Sweep, is_ratio
from propagation.report.figures import exploring_answers, exploring_reasons, exploring_sweep
from propagation.report.figures.drawing import Drawing, Figure
from propagation.report.figures.exploring import LARGEST_RATIO, crossings
from propagation.report.figures.exploring_map import ratio_map
from propagation.report.stored import Stored

UNCERTAIN, BREAK_EVEN, SWEEP = "uncertain", "break-even", "sweep"
WHY, SENSITIVITY = "why", "sensitivity"
EXPLORED_FIGURES = (UNCERTAIN, BREAK_EVEN, SWEEP, WHY, SENSITIVITY)
MOST_PAIRS = 6
ENDS = ("mean", "low", "high")
MAP_HEIGHT = 4.6

Found = Mapping[str, Any]


def exploring_drawings(stored: Stored) -> Iterator[Drawing]:
    """Yield the figures of what was explored, in reading order."""
    summary = stored.summary
    pairs = summary.get("uncertain", {}).get("pairs", [])[:MOST_PAIRS]
    for place, pair in enumerate(pairs):
        if stored.combinations is not None and len(stored.combinations.effects(place, pair)):
            yield _uncertain(stored, pair, place)
    if "break_even" in summary:
        yield _break_even(summary["break_even"])
    if stored.sweep is not None:
        yield _sweep(stored.sweep)
    for place, found in enumerate(summary.get("why", [])[:MOST_PAIRS]):
        if can_be_drawn(found):
            yield _why(found, place)
    for place, pair in enumerate(pairs):
        if pair["indices"]:
            yield _sensitivity(summary["uncertain"], pair, place)


def name_of(kind: str, place: int) -> str:
    """Return the name of the figure of a pair of strategies."""
    return kind if place == 0 else f"{kind}-{place + 1}"


def is_explored(figure: Figure) -> bool:
    """Whether a figure is one of these."""
    return figure.name.startswith(EXPLORED_FIGURES)


def written_effect(stored: Stored, pair: Found) -> float | None:
    """Return the ratio (or difference) of a pair in the scenario as written, if there is one."""
    of = "ratio" if is_ratio(pair) else "difference"
    for each in stored.summary["differences"]:
        if all(each[key] == pair[key] for key in ("strategy", "baseline", "metric")):
            return each[of]["mean"] if each[of] else None
    return None


def _uncertain(stored: Stored, pair: Found, place: int) -> Drawing:
    assert stored.combinations is not None
    effects, written = stored.combinations.effects(place, pair), written_effect(stored, pair)
    one, other = pair["strategy"], pair["baseline"]
    label, count = phrase(pair["metric"]).label, counted(len(effects), "combination")
    what, even = (
        (
            f"ratio of the means of {label}",
            "At 1 both do equally well; each step of the axis is a factor",
        )
        if is_ratio(pair)
        else (f"difference in {label}", "At 0 both do equally well")
    )

    def draw(ax: Axes) -> None:
        exploring_answers.uncertain(ax, effects, pair, written)

    figure = Figure(
        name_of(UNCERTAIN, place),
        f"How {one} compares with {other} over what is uncertain",
        f"How often each {what} comes out over {count} of what is uncertain. {even}. The black bar "
        "holds nine of ten combinations.",
        f"Distribution of the {what}, {one} against {other}, over {count}: "
        f"{range_in_words(pair['range'])}. {one} is ahead in {share(pair['ahead'])} of them.",
    )
    return Drawing(figure, 3.3, (draw,))


def range_in_words(found: Found) -> str:
    """Return a range over combinations as nine of ten with the median."""
    low, high, median = found["low"], found["high"], found["median"]
    if low is None or high is None:
        return "no range"
    middle = "" if median is None else f", the median is {two_digits(median)}"
    return f"nine of ten lie from {two_digits(low)} to {two_digits(high)}{middle}"


def two_digits(value: float) -> str:
    """Write a number with two digits."""
    return number(value, decimals(abs(value))) if value else "0"


def _break_even(found: Found) -> Drawing:
    one, other = found["between"]
    label = phrase(found["metric"]).label

    def draw(ax: Axes) -> None:
        exploring_answers.break_even(ax, found)

    simulated, over = exploring_answers.simulation_ends(found), exploring_answers.range_ends(found)
    ties = exploring_answers.ties_of(found)
    told = [
        f"The line{'s mark the ties' if len(ties) > 1 else ' marks the tie'}"
        if ties
        else "There is no tie"
    ]
    if simulated is not None:
        told.append("the thick bar above is its 95% interval by simulation error alone")
    if over is not None:
        told.append("the thin bar holds the ties of nine of ten combinations of what is uncertain")
    figure = Figure(
        BREAK_EVEN,
        f"Where {one} ties with {other}",
        f"Means of {label} of both strategies against {found['label']}, with 95% intervals as "
        f"bands. {listed(told)}.",
        f"Lines of {label} of {one} and of {other} against {found['label']} from "
        f"{two_digits(found['from'])} to {two_digits(found['to'])}. {tie_in_words(found)}",
    )
    rows = (simulated is not None) + (over is not None)
    return Drawing(figure, 3.3 + 0.35 * rows, (draw,))


def tie_in_words(found: Found) -> str:
    """Return the tie and its intervals as sentences."""
    tried = found["from"], found["to"]
    ties = exploring_answers.ties_of(found)
    if found["value"] is not None:
        tie = with_interval(Interval(found["value"], found["low"], found["high"]))
        told = [f"They tie at {tie}."]
    elif ties:
        told = [f"They tie at {listed([two_digits(tie) for tie in ties])}."]
    else:
        told = ["They do not tie there."]
    if (ends := exploring_answers.range_ends(found)) is not None:
        words = exploring_answers.interval_in_words(ends, tried)
        told.append(f"Over what is uncertain: {words}.")
    return " ".join(told)


def _sweep(sweep: Sweep) -> Drawing:
    one, other = sweep.strategies
    label = phrase(sweep.metric).label
    side = {name: int((sweep.settled() == sign).sum()) for sign, name in ((1, one), (-1, other))}
    open_ = len(sweep.points) - sum(side.values())
    ahead = (
        f"{one} is ahead at {side[one]:,} of {counted(len(sweep.points), 'point')}, {other} at "
        f"{side[other]:,}, and at {open_:,} it is not settled."
    )
    if not sweep.is_grid or len(sweep.varying) > 2:
        return _scatter(sweep, ahead)
    varied = [f"{sweep.axes[i].label} ({_reach(sweep, i)})" for i in sweep.varying or (0,)]
    if len(sweep.varying) < 2:
        place = (sweep.varying or (0,))[0]
        order = np.argsort(sweep.points[:, place])
        values = sweep.points[order, place]
        ties = crossings(sweep.axes[place], values, sweep.columns["difference"][order])
        where = "; ".join(number(tie, decimals(tie)) for tie in ties) or "nowhere"
        figure = Figure(
            SWEEP,
            f"How {label} changes with {sweep.axes[place].label}",
            "Means of both strategies; the marks were run, bands are 95% intervals of the means. "
            f"{_theory(sweep)}The grey line marks where the means tie.",
            f"Lines of {label} of {one} and of {other} against {varied[0]}. {ahead} The means tie "
            f"at: {where}.",
        )
        return Drawing(figure, 3.6, (lambda ax: exploring_sweep.sweep_lines(ax, sweep),))
    figure = Figure(
        SWEEP,
        f"Where {one} is ahead, and where {other}",
        f"Colours say how many times as much {label} {one} has as {other}, in means, each step a "
        "factor: blue where the first is ahead, orange where the second. On the thick line they "
        "tie; within the pale strip along it the 95% interval of the difference holds 0."
        f"{_dashed(sweep)}",
        f"Map of the ratio of {label} over {varied[0]} and {varied[1]}. {ahead}",
    )
    return Drawing(figure, MAP_HEIGHT, (lambda ax: ratio_map(ax, sweep),))


def _theory(sweep: Sweep) -> str:
    known = any(np.isfinite(sweep.columns[f"expected_{i}"]).any() for i in (0, 1))
    return "Black dashes are what theory expects. " if known else ""


def _dashed(sweep: Sweep) -> str:
    gap = sweep.columns["expected_0"] - sweep.columns["expected_1"]
    return " The dashed line is the tie that theory expects." if np.isfinite(gap).any() else ""


def _reach(sweep: Sweep, place: int) -> str:
    values = sweep.points[:, place]
    low, high = float(values.min()), float(values.max())
    return span(low, high, max(decimals(high - low, high), decimals(low, low)))


def _scatter(sweep: Sweep, ahead: str) -> Drawing:
    label = phrase(sweep.metric).label
    one, other = sweep.strategies
    shown = sweep.varying or (0,)

    def panel(place: int) -> Callable[[Axes], None]:
        return lambda ax: exploring_sweep.sweep_scatter(ax, sweep, place)

    figure = Figure(
        SWEEP,
        f"The ratio of {one} to {other} against each input",
        f"Each mark is a point of the sweep: the ratio of the means of {label} there, against one "
        "input at a time while the others vary too. A median that rises or falls says that the "
        f"ratio hangs on that input.{_not_shown(sweep)}",
        f"Scatter plots of the ratio of {label} against "
        f"{'; '.join(sweep.axes[i].label for i in shown)}. {ahead}",
    )
    rows = -(-len(shown) // 2)
    return Drawing(figure, 0.6 + 2.3 * rows, tuple(panel(place) for place in shown))


def _not_shown(sweep: Sweep) -> str:
    """Say what lies at the edge of the panels, and what is left out of them."""
    ratio = sweep.columns["ratio"]
    lost = int(np.isnan(ratio).sum())
    beyond = bool(((ratio > LARGEST_RATIO) | (ratio < 1 / LARGEST_RATIO)).any())
    edge = f" Ratios beyond {LARGEST_RATIO:,.0f} to 1 lie at the edge." if beyond else ""
    return f"{edge} {counted(lost, 'point')} without a ratio left out." if lost else edge


def can_be_drawn(found: Found) -> bool:
    """Whether factors multiply up to a ratio on a log axis."""
    values = [each["value"] for each in found["factors"]]
    ratio = found["ratio"]["mean"] if found["ratio"] else None
    return bool(values) and all(value is not None and value > 0 for value in (*values, ratio))


def _why(found: Found, place: int) -> Drawing:
    one, other = found["strategy"], found["baseline"]
    told = "; ".join(f"{each['name']} {exploring_reasons.times(each)}" for each in found["factors"])
    ratio = ratio_with_interval(Interval(**{end: found["ratio"][end] for end in ENDS}))
    figure = Figure(
        name_of(WHY, place),
        f"Why {one} compares so with {other}",
        "Each bar is a factor of the ratio and begins where the one above ends; blue ones are in "
        f"favour of {one}, orange ones of {other}. The last bar is their product, the simulated "
        "ratio of the means. Thin lines are 95% intervals.",
        f"Factors of the ratio of {phrase(found['metric']).label} of {one} to that of {other}: "
        f"{told}. Together they give {ratio}.",
    )
    return Drawing(
        figure,
        1.25 + 0.42 * (len(found["factors"]) + 1),
        (lambda ax: exploring_reasons.why(ax, found),),
    )


def _sensitivity(uncertain: Found, pair: Found, place: int) -> Drawing:
    labels = {each["path"]: each["label"] for each in uncertain["inputs"]}
    told = "; ".join(
        f"{labels[each['path']]}: {index_in_words(each, 'first')} alone, "
        f"{index_in_words(each, 'total')} with the others"
        for each in exploring_reasons.by_total(pair["indices"])
    )

    def draw(ax: Axes) -> None:
        exploring_reasons.sensitivity(ax, pair["indices"], labels)

    figure = Figure(
        name_of(SENSITIVITY, place),
        f"What the comparison of {pair['strategy']} with {pair['baseline']} hangs on",
        "Which share of the variance of the answer over the combinations each uncertain input "
        "accounts for: alone, and together with the inputs it interacts with. Lines are 95% "
        "intervals. Where the two marks of an input lie apart, its effect depends on the others.",
        f"Shares of the variance by input. {told}.",
    )
    return Drawing(figure, 1.3 + 0.5 * len(pair["indices"]), (draw,))


def index_in_words(each: Found, key: str) -> str:
    """Return an index with its interval, as a percentage."""
    value, low, high = each[key], each[f"{key}_low"], each[f"{key}_high"]
    return "undefined" if value is None else share_with_interval(Interval(value, low, high))
