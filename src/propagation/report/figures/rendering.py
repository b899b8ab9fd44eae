"""Makes every figure of a run and saves it: the only place that does."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from propagation.experiment.phrases import counted, listed, phrase
from propagation.experiment.storage import replacing
from propagation.report.figures import cascades, outcomes, time
from propagation.report.figures.campaign_drawings import campaign_drawings
from propagation.report.figures.drawing import Drawing, Figure, of_all
from propagation.report.figures.exploring_drawings import exploring_drawings
from propagation.report.figures.style import (
    PHONE_WIDTH,
    WIDTH,
    add_legend,
    fit,
    house_style,
    spell,
    wrapped,
)
from propagation.report.figures.words import outcome_in_words, pair_in_words
from propagation.report.stored import Stored
from propagation.scenario.spec import FolderGraph, FollowsFile, GraphFile, Scenario

FORMATS = ("png", "svg", "pdf")
DOTS_PER_INCH = 200
LEGEND_LINE = 0.16
"""Inches that a line of the legend adds to a picture for a phone."""
LARGEST_SVG = 400_000
"""Bytes from which on a figure goes into the page as PNG: trees of thousands of marks."""
NARROW = "-narrow"
"""Ending of the name of a figure made for phones."""
MOST_STRATEGIES = 6
"""Strategies told apart in one figure over time."""


def render(stored: Stored, folder: Path) -> tuple[Figure, ...]:
    """Write every figure into ``folder`` as PNG, SVG and PDF; return them in reading order.

    Raises
    ------
    MachineError
        If a file cannot be written.
    """
    folder.mkdir(exist_ok=True)
    made = []
    with house_style():
        for drawing in drawings(stored):
            _save(drawing, folder)
            made.append(drawing.figure)
    _remove_stale(folder, {figure.name for figure in made})
    return tuple(made)


def canvas_of(drawing: Drawing, width: float = WIDTH) -> Canvas:
    """Return a drawing made, so many inches wide; call it within ``house_style``.

    One for a phone has its panels one below another and its words on shorter lines.
    """
    narrow = width < WIDTH
    columns = 1 if narrow else min(2, len(drawing.draw))
    rows = -(-len(drawing.draw) // columns)
    height = drawing.height * rows / -(-len(drawing.draw) // 2)
    canvas = Canvas(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(canvas)
    for place, draw in enumerate(drawing.draw):
        draw(canvas.add_subplot(rows, columns, place + 1))
    lines = add_legend(canvas)
    spell(canvas)
    if narrow:
        canvas.set_figheight(height + LEGEND_LINE * lines)
        for ax in canvas.axes:
            fit(ax)
    return canvas


def _save(drawing: Drawing, folder: Path) -> None:
    name = drawing.figure.name
    _write(canvas_of(drawing), folder, name, FORMATS)
    narrow = canvas_of(drawing, PHONE_WIDTH)
    _write(narrow, folder, f"{name}{NARROW}", ("svg",))
    if (folder / f"{name}{NARROW}.svg").stat().st_size > LARGEST_SVG:
        _write(narrow, folder, f"{name}{NARROW}", ("png",))


def _write(canvas: Canvas, folder: Path, name: str, formats: Sequence[str]) -> None:
    for ending in formats:
        metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(
            ending, {}
        )
        with replacing(folder / f"{name}.{ending}") as path:
            canvas.savefig(path, format=ending, dpi=DOTS_PER_INCH, metadata=metadata)


def _remove_stale(folder: Path, names: set[str]) -> None:
    """Remove figures of an earlier rendering that this one no longer has."""
    for path in folder.iterdir():
        if path.suffix[1:] in FORMATS and path.stem.removesuffix(NARROW) not in names:
            path.unlink()


def told(stored: Stored) -> list[str]:
    """Return the strategies that the verdict compares, the baseline last."""
    compare = stored.scenario.compare
    names = compare.strategies or tuple(stored.scenario.strategies)
    return [*(name for name in names if name != compare.baseline), compare.baseline]


def drawings(stored: Stored) -> Iterator[Drawing]:
    """Yield the figures of a run in reading order, not yet made."""
    strategies = told(stored)
    yield _verdict(stored, strategies)
    if len(strategies) > 1:
        yield _differences(stored)
    yield from exploring_drawings(stored)
    for place, step in enumerate(stored.summary.get("steps", []), 1):
        yield _step(stored, step, place)
        if step["worth"]:
            yield _value(stored, step, place)
    few = strategies[-MOST_STRATEGIES:]
    yield from campaign_drawings(stored, strategies, few)
    if stored.curves is not None:
        yield from (_over_time(stored, few, counts) for counts in ("shares", "reach"))
    yield _segments(stored, few)
    yield _sizes(stored, few)
    if grown := [name for name in strategies if name in stored.trees]:
        yield _trees(stored, grown[-4:])
    if stored.graph is not None:
        yield _graph(stored)


def _height(rows: int) -> float:
    return 1.35 + 0.55 * rows


def _verdict(stored: Stored, strategies: list[str]) -> Drawing:
    metric = str(stored.summary["metric"])
    found = {name: stored.summary["strategies"][name][metric] for name in strategies}
    label = phrase(metric).label
    figure = Figure(
        "outcomes",
        f"{label[0].upper()}{label[1:]} of each strategy",
        "The thick bar is the 95% interval of the mean: how well the mean is known. The thin line "
        "holds 8 of 10 campaigns: what a single one may bring.",
        outcome_in_words(found, metric),
    )
    return Drawing(
        figure,
        _height(len(found)),
        (lambda ax: outcomes.by_strategy(ax, found, metric),),
    )


def _differences(stored: Stored) -> Drawing:
    metric, baseline = str(stored.summary["metric"]), str(stored.summary["baseline"])
    found = [each for each in stored.summary["differences"] if each["metric"] == metric]
    mean = stored.summary["strategies"][baseline][metric]["mean"] or 0.0
    margin = abs(mean) * stored.scenario.compare.matters
    figure = Figure(
        "differences",
        f"Difference in {phrase(metric).label} from {baseline}",
        f"Differences of paired campaigns, in mean, with 95% intervals"
        f"{' that hold together' if len(found) > 1 else ''}. In the grey band a difference is of "
        "no practical interest; an interval across zero leaves open which is better.",
        pair_in_words(found, metric),
    )
    return Drawing(
        figure, _height(len(found)), (lambda ax: outcomes.differences(ax, found, margin),)
    )


def _step(stored: Stored, step: dict[str, Any], place: int) -> Drawing:
    metric, found = step["metric"], step["strategies"]
    found = {name: found[name] for name in stored.scenario.strategies if name in found}
    figure = Figure(
        f"step-{place}",
        step["title"],
        "The thick bar is the 95% interval of the mean, the thin line holds 8 of 10 campaigns.",
        outcome_in_words(found, metric),
    )
    return Drawing(
        figure,
        _height(len(found)),
        (lambda ax: outcomes.by_strategy(ax, found, metric),),
    )


def _value(stored: Stored, step: dict[str, Any], place: int) -> Drawing:
    pairs = [_names(difference) for difference in step["differences"]]
    compared = {name for pair in pairs for name in pair}
    names = [name for name in stored.scenario.strategies if name in compared]
    equal = [
        f" The means of {' and '.join(pair)} are equal at about {found:.2g}."
        for pair in pairs
        if (found := outcomes.equal_worth(stored, pair, step["worth"])) is not None
    ]

    def draw(ax: Axes) -> None:
        outcomes.value_lines(ax, stored, names, step["worth"])

    figure = Figure(
        f"step-{place}-value",
        "From which worth on does the answer change?",
        "Valued reach against how much more one account of the named segments is worth to you than "
        "one of the others. Bands are 95% intervals of the mean; where two lines cross, the answer "
        f"changes sides.{''.join(equal)}",
        f"Lines of valued reach for {', '.join(names)}, rising with the factor up to "
        f"{max(step['worth'].values()):g}.",
    )
    return Drawing(figure, 3.4, (draw,))


def _names(difference: dict[str, Any]) -> tuple[str, str]:
    return difference["strategy"], difference["baseline"]


def _over_time(stored: Stored, strategies: list[str], counts: str) -> Drawing:
    assert stored.curves is not None
    runs = next(iter(stored.curves.shares.values())).shape[0]

    def draw(ax: Axes) -> None:
        time.over_time(ax, stored, strategies, counts)

    ends = {name: getattr(stored.curves, counts)[name][:, -1].astype(float) for name in strategies}
    words = "; ".join(
        f"{name} ends at a median of {sorted(end)[len(end) // 2]:,.0f}"
        for name, end in ends.items()
    )
    figure = Figure(
        f"{counts}-over-time",
        "Shares over time" if counts == "shares" else "Reach over time",
        "Thick lines are medians, thin lines of the same pattern means; bands hold 8 of 10 "
        f"campaigns. {of_all(stored, runs)}",
        f"Cumulative {counts} over time: {words}.",
    )
    return Drawing(figure, 3.5, (draw,))


def _segments(stored: Stored, strategies: list[str]) -> Drawing:
    every = outcomes.segments_of(stored)
    segments = outcomes.most_reached(stored, strategies)
    part = f" Only the {len(segments)} segments reached most, of {len(every)}, are shown."
    figure = Figure(
        "reach-by-segment",
        "Who is reached",
        "Mean number of accounts reached in each segment, each account counted once; the black "
        "line is the 95% interval of the mean."
        f"{part if len(segments) < len(every) else ''}",
        f"Bars of the mean reach in {', '.join(segments)} for each strategy.",
    )
    height = 1.6 + 0.3 * len(segments) * len(strategies)
    return Drawing(figure, height, (lambda ax: outcomes.reach_by_segment(ax, stored, strategies),))


def _sizes(stored: Stored, strategies: list[str]) -> Drawing:
    def draw(ax: Axes) -> None:
        cascades.size_distribution(ax, stored, strategies)

    shared = {name: sizes[sizes > 0] for name, sizes in stored.sizes.items() if name in strategies}
    shared = {name: sizes for name, sizes in shared.items() if len(sizes)}
    words = "; ".join(f"{name} up to {sizes.max():,}" for name, sizes in shared.items())
    tenth = [f"{name} {np.quantile(sizes, 0.9):,.0f}" for name, sizes in shared.items()]
    one_in_ten = f"One cascade in ten has at least so many posts and shares: {listed(tenth)}"
    figure = Figure(
        "cascade-sizes",
        "How large cascades become",
        "The share of cascades that become at least so large. Both axes are logarithmic: each step "
        f"is a multiple. A line that falls slowly means rare, very large cascades. {one_in_ten}.",
        f"Complementary distribution of cascade sizes: {words}.",
    )
    return Drawing(figure, 3.6, (draw,))


def _trees(stored: Stored, strategies: list[str]) -> Drawing:
    segments = outcomes.segments_of(stored)

    def panel(name: str) -> Callable[[Axes], None]:
        def draw(ax: Axes) -> None:
            note = cascades.tree(ax, stored.trees[name], segments)
            words: dict[str, Any] = {"transform": ax.transAxes, "va": "top", "fontsize": 8.5}
            ax.text(0.0, 1.0, f"{wrapped(name, 34)}\n{note}", **words)

        return draw

    depth = "; ".join(
        f"{name}: {cascades.shares_in(stored.trees[name]):,} shares, "
        f"{stored.trees[name].generation.max()} deep"
        for name in strategies
    )
    figure = Figure(
        "typical-cascade",
        "A typical cascade",
        "The campaign of median shares of each strategy. Every mark is a share, the square our "
        "post; each ring is one step further from it, and lines lead from a share to those that it "
        "led to.",
        f"Trees of shares of the median campaign: {depth}.",
    )
    rows = -(-len(strategies) // 2)
    return Drawing(figure, 3.7 * rows, tuple(panel(name) for name in strategies))


def _which(scenario: Scenario) -> str:
    if isinstance(scenario.graph, FollowsFile | GraphFile | FolderGraph):
        return "The graph that was given"
    draws = counted(scenario.draws, "drawn world")
    return f"The first of {draws}" if scenario.draws > 1 else "The drawn world"


def _graph(stored: Stored) -> Drawing:
    graph = stored.graph
    assert graph is not None
    segments = outcomes.segments_of(stored)

    def draw(ax: Axes) -> None:
        cascades.follower_graph(ax, graph, segments)

    figure = Figure(
        "follower-graph",
        "Who follows whom",
        f"{_which(stored.scenario)}: marks are accounts, larger ones have more followers; lines "
        "are follows.",
        f"Follower graph of {len(graph.segment):,} accounts and {len(graph.follower):,} follows.",
    )
    return Drawing(figure, 5.2, (draw,))
