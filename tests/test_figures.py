"""Figures: what they draw is what the runs hold, and nothing covers anything else."""

import dataclasses
import itertools
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from campaigns import run, write_campaign
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from propagation.report.figures import cascades, outcomes, rendering, time
from propagation.report.figures.style import (
    COLOURS,
    LINES,
    PHONE_WIDTH,
    WIDTH,
    house_style,
    wrapped,
)
from propagation.report.stored import Stored, Tree, read_stored

STEPS = """
steps:
  - {title: What of value?, on: valued reach, against: {small: large}, worth: {fans: 4}}
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    home = tmp_path_factory.mktemp("figures")
    file = write_campaign(home)
    file.write_text(file.read_text() + STEPS)
    run(file, home / "out", 60)
    return read_stored(home / "out")


@pytest.fixture
def ax() -> Axes:
    with house_style():
        figure = Figure(figsize=(6.3, 4), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure.add_subplot()


def names(stored: Stored) -> list[str]:
    return rendering.told(stored)


def test_time_curves_are_the_quantiles_and_means_of_the_runs(stored: Stored, ax: Axes) -> None:
    time.over_time(ax, stored, names(stored), "reach")
    assert stored.curves is not None
    lines = {line.get_label(): line for line in ax.get_lines()}
    for name in names(stored):
        runs = stored.curves.reach[name]
        median, mean = lines[f"{name}: median"], lines[f"{name}: mean"]
        count = len(median.get_ydata())
        np.testing.assert_allclose(median.get_ydata(), np.median(runs, axis=0)[-count:])
        np.testing.assert_allclose(mean.get_ydata(), runs.mean(axis=0)[-count:])
    for band, name in zip(ax.collections, names(stored), strict=True):
        drawn = band.get_paths()[0].vertices[:, 1]
        runs = stored.curves.reach[name]
        assert drawn.max() == np.quantile(runs, 0.9, axis=0).max()
    assert ax.get_ylabel() == "accounts reached so far"
    assert "time since the first post" in ax.get_xlabel()


def test_posts_at_once_get_a_logarithmic_time_axis_and_a_schedule_a_linear_one(
    stored: Stored, ax: Axes
) -> None:
    time.over_time(ax, stored, names(stored), "shares")
    posts = [a for p in stored.scenario.strategies.values() for one in p for a in one.at]
    assert stored.curves is not None
    early = max(posts) <= time.EARLY * stored.curves.hours[-1]
    assert (ax.get_xscale() == "log") == early


def test_intervals_and_ranges_are_those_of_the_summary_and_look_different(
    stored: Stored, ax: Axes
) -> None:
    found = {n: stored.summary["strategies"][n]["reach"] for n in names(stored)}
    outcomes.by_strategy(ax, found, "reach")
    drawn = {tuple(line.get_xdata()): line.get_linewidth() for line in ax.get_lines()}
    for each in found.values():
        assert drawn[each["p10"], each["p90"]] < drawn[each["low"], each["high"]] / 3
        assert (each["mean"],) in drawn
        assert (each["median"],) in drawn
    assert ax.get_xlabel() == "raw reach (accounts)"


def test_a_mean_without_an_interval_shows_its_median_only(stored: Stored, ax: Axes) -> None:
    each = stored.summary["strategies"]["small"]["reach"] | {"low": None, "high": None}
    outcomes.by_strategy(ax, {"small": each}, "reach")
    drawn = [tuple(line.get_xdata()) for line in ax.get_lines()]
    assert (each["mean"],) not in drawn or each["mean"] == each["median"]
    assert any("median" in text.get_text() for text in ax.texts)


def test_differences_have_their_interval_and_the_band_that_does_not_matter(
    stored: Stored, ax: Axes
) -> None:
    found = [each for each in stored.summary["differences"] if each["metric"] == "reach"]
    outcomes.differences(ax, found, 3.0)
    drawn = [tuple(line.get_xdata()) for line in ax.get_lines()]
    for each in found:
        assert (each["difference"]["low"], each["difference"]["high"]) in drawn
    (band,) = ax.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (-3.0, 3.0)


def test_the_size_distribution_is_the_share_at_least_so_large(stored: Stored, ax: Axes) -> None:
    cascades.size_distribution(ax, stored, ["small"])
    line = ax.get_lines()[0]
    for size, at_least in zip(line.get_xdata(), line.get_ydata(), strict=True):
        assert at_least == pytest.approx((stored.sizes["small"] >= size).mean())
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_sizes_of_one_decade_have_labels_that_can_be_read(stored: Stored, ax: Axes) -> None:
    narrow = dataclasses.replace(stored, sizes={"small": np.array([100, 140, 150, 300, 420])})
    cascades.size_distribution(ax, narrow, ["small"])
    ax.figure.canvas.draw()
    labels = [text.get_text() for text in ax.get_xticklabels(which="both")]
    assert not any("$" in label for label in labels)
    assert {"100", "200"} <= set(labels)
    assert overlapping(ax.figure) == []


def test_bars_are_the_mean_reach_of_each_segment(stored: Stored, ax: Axes) -> None:
    outcomes.reach_by_segment(ax, stored, ["small", "large"])
    widths = [bar.get_width() for bar in ax.patches]
    expected = [
        stored.runs[name][column].mean()
        for name in ("small", "large")
        for column in ("reach_fans", "reach_the_public")
    ]
    np.testing.assert_allclose(widths, expected)


def test_at_the_worth_that_is_told_valued_reaches_are_equal(stored: Stored) -> None:
    runs = {
        "small": {
            "valued_reach": np.array([10.0, 12.0]),
            "valued_reach_fans": np.array([8.0, 8.0]),
        },
        "large": {
            "valued_reach": np.array([20.0, 16.0]),
            "valued_reach_fans": np.array([2.0, 1.0]),
        },
    }
    told = dataclasses.replace(stored, runs=runs)
    found = outcomes.equal_worth(told, ("small", "large"), {"fans": 4.0})
    assert found == outcomes.equal_worth(told, ("large", "small"), {"fans": 4.0})
    assert found is not None
    values = {n: r["valued_reach"] + (found - 1) * r["valued_reach_fans"] for n, r in runs.items()}
    assert values["small"].mean() == pytest.approx(values["large"].mean())
    behind = dataclasses.replace(stored, runs={"small": runs["large"], "large": runs["large"]})
    assert outcomes.equal_worth(behind, ("small", "large"), {"fans": 4.0}) is None


def test_value_lines_cross_where_the_means_do(stored: Stored, ax: Axes) -> None:
    outcomes.value_lines(ax, stored, ["small"], {"fans": 4.0})
    (line,) = ax.get_lines()
    runs = stored.runs["small"]
    assert line.get_ydata()[0] == pytest.approx(runs["valued_reach"].mean())
    assert line.get_xdata()[-1] == 6.0
    expected = (runs["valued_reach"] + 5 * runs["valued_reach_fans"]).mean()
    assert line.get_ydata()[-1] == pytest.approx(expected)


def test_a_tree_has_a_line_for_each_share_and_rings_for_generations(
    stored: Stored, ax: Axes
) -> None:
    tree = stored.trees["large"]
    segments = outcomes.segments_of(stored)
    cascades.tree(ax, tree, segments)
    lines = ax.collections[0].get_segments()
    assert len(lines) == np.count_nonzero(tree.parent >= 0)
    points = np.concatenate([np.asarray(one.get_offsets()) for one in ax.collections[1:]])
    assert len(points) == len(tree.parent)
    assert len(np.unique(points.round(9), axis=0)) == len(points)  # none covers another


def test_a_tree_too_large_to_draw_says_so(stored: Stored, ax: Axes) -> None:
    count = cascades.MOST_SHARES + 500
    tree = Tree(
        replicate=0,
        account=np.arange(count),
        segment=np.array(["", *["fans"] * (count - 1)]),
        message=np.array(["call"] * count),
        parent=np.array([-1, *[0] * (count - 1)]),
        generation=np.array([0, *[1] * (count - 1)]),
        share_time=np.zeros(count),
    )
    assert "the first 1,500 drawn" in cascades.tree(ax, tree, ["fans"])
    assert len(ax.collections[0].get_segments()) == cascades.MOST_SHARES - 1


def test_a_post_that_nobody_shared_can_be_drawn(stored: Stored, tmp_path: Path, ax: Axes) -> None:
    alone = Tree(
        0, np.zeros(1, int), np.array([""]), np.array(["c"]), np.array([-1]), np.zeros(1, int),
        np.zeros(1),
    )  # fmt: skip
    assert cascades.tree(ax, alone, ["fans"]) == "0 shares, 0 deep"
    ax.figure.savefig(tmp_path / "x.png")


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Return pairs of texts whose boxes overlap by more than a hair."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    texts = [
        text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()
    ]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    inside = figure.bbox
    boxes = [(t, b) for t, b in boxes if b.x1 > 0 and b.y1 > 0 and b.x0 < inside.x1]
    found = []
    for (first, a), (second, b) in itertools.combinations(boxes, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > 2 and high > 2 and (first, a.x0) != (second, b.x0):
            found.append((first, second))
    return found


def cut(figure: Figure) -> list[str]:
    """Return the words at axes and in legends that leave the picture."""
    figure.canvas.draw()
    texts = [text for ax in figure.axes for text in (ax.xaxis.label, ax.yaxis.label)]
    for ax in figure.axes:
        low, high = sorted(ax.get_ylim())
        shown = [text for text in ax.get_yticklabels() if low <= text.get_position()[1] <= high]
        texts += shown if ax.axison else []
    texts += [text for legend in figure.legends for text in legend.get_texts()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    edge = figure.bbox.padded(2)
    return [t for t, b in boxes if not edge.contains(b.x0, b.y0) or not edge.contains(b.x1, b.y1)]


@pytest.mark.parametrize("width", [WIDTH, PHONE_WIDTH])
def test_no_text_covers_another_or_is_cut(stored: Stored, width: float) -> None:
    with house_style():
        for drawing in rendering.drawings(stored):
            canvas = rendering.canvas_of(drawing, width)
            assert overlapping(canvas) == [], drawing.figure.name
            assert cut(canvas) == [], drawing.figure.name


def test_a_label_that_is_cut_is_noticed(ax: Axes) -> None:
    ax.set_xlabel("the worth of one account " * 9)
    assert cut(ax.figure)


def test_an_overlap_is_noticed(ax: Axes) -> None:
    ax.text(0.5, 0.5, "one text")
    ax.text(0.5, 0.5, "another text")
    assert overlapping(ax.figure)


def test_axes_have_units_and_figures_have_words(stored: Stored) -> None:
    with house_style():
        for drawing in rendering.drawings(stored):
            canvas = rendering.canvas_of(drawing)
            for axes in canvas.axes:
                if axes.axison:
                    assert axes.get_xlabel(), drawing.figure.name
            assert len(drawing.figure.alt) > 20
            assert drawing.figure.caption.endswith(".")


def test_strategies_are_told_apart_without_colour() -> None:
    assert len(set(LINES)) == len(LINES) == len(COLOURS)
    grey = [float(np.dot(colors.to_rgb(c), (0.2126, 0.7152, 0.0722))) for c in COLOURS]
    assert max(grey) < 0.65  # dark enough on white paper


def test_every_figure_is_written_in_three_formats_and_the_same_again(
    stored: Stored, tmp_path: Path
) -> None:
    figures = rendering.render(stored, tmp_path / "one")
    again = rendering.render(stored, tmp_path / "two")
    assert figures == again
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    wide = [f"{each.name}.{kind}" for each in figures for kind in rendering.FORMATS]
    narrow = [f"{each.name}-narrow.svg" for each in figures]
    assert files == sorted([*wide, *narrow])
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
        if name.endswith(".svg"):
            ElementTree.fromstring((tmp_path / "one" / name).read_text(encoding="utf-8"))
    kinds = {each.name for each in figures}
    assert {"outcomes", "differences", "shares-over-time", "reach-over-time", "cascade-sizes"} <= (
        kinds
    )
    assert {"reach-by-segment", "typical-cascade", "follower-graph", "step-1"} <= kinds


def test_stale_figures_go_and_other_files_stay(stored: Stored, tmp_path: Path) -> None:
    (tmp_path / "old.png").write_text("x")
    (tmp_path / "notes.txt").write_text("mine")
    rendering.render(stored, tmp_path)
    assert not (tmp_path / "old.png").exists()
    assert (tmp_path / "notes.txt").exists()


def test_names_are_drawn_as_they_stand_never_as_formulas(tmp_path: Path) -> None:
    file = write_campaign(tmp_path)
    text = file.read_text().replace("small", '"<script>$x_1$ & \u2603 %"')
    file.write_text(text, encoding="utf-8")
    run(file, tmp_path / "out", 5)
    figures = rendering.render(read_stored(tmp_path / "out"), tmp_path / "figures")
    assert any("<script>$x_1$" in each.alt for each in figures)
    assert "$x_1$" in wrapped("<script>$x_1$ & x")


def test_many_segments_share_marks_and_the_most_reached_have_bars(stored: Stored, ax: Axes) -> None:
    names = [f"s{i}" for i in range(12)]
    runs = {
        "small": {f"reach_{name}": np.full(60, float(i)) for i, name in enumerate(names)},
    }
    scenario = stored.scenario.model_copy(update={"segments": None})
    many = dataclasses.replace(stored, runs=runs, scenario=scenario)
    assert outcomes.most_reached(many, ["small"]) == names[-outcomes.MOST_SEGMENTS :]
    segment = np.array([name for i, name in enumerate(names) for _ in range(i + 1)])
    groups = cascades._groups(segment, names)
    assert groups[-1][0] == "6 other segments"
    assert sum(members.astype(int) for _, members in groups).tolist() == [1] * len(segment)
