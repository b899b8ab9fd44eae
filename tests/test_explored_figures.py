"""Figures of an exploration: they draw what was stored, and nothing is on the wrong side."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import explored
import numpy as np
import pytest
from campaigns import run, write_campaign
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from test_figures import cut, overlapping

from propagation.report.explored import Sweep, sweep_from
from propagation.report.figures import rendering
from propagation.report.figures.exploring import (
    FIRST,
    SECOND,
    crossings,
    ratio_limits,
    ratio_ticks,
)
from propagation.report.figures.exploring_answers import break_even, uncertain
from propagation.report.figures.exploring_drawings import exploring_drawings, is_explored
from propagation.report.figures.exploring_map import ratio_map, relative, tie_lines
from propagation.report.figures.exploring_reasons import by_total, sensitivity, times, why
from propagation.report.figures.exploring_sweep import sweep_lines, sweep_scatter
from propagation.report.figures.style import PHONE_WIDTH, WIDTH, house_style
from propagation.report.stored import Stored, read_stored

BOTH = (explored.FOLLOWERS, explored.RESONANCE)
EVERY = (*BOTH, explored.ATTENTION)
Columns = dict[str, Any]


def swept(axes: tuple[explored.Found, ...] = BOTH, points: int = 0) -> Sweep:
    return sweep_from(*explored.sweep(axes, points))


def changed(sweep: Sweep, **columns: Any) -> Sweep:
    return dataclasses.replace(sweep, columns={**sweep.columns, **columns})


def turned(sweep: Sweep) -> Sweep:
    """Return a sweep in which all is the other way round."""
    gap = {
        "difference": -sweep.columns["difference"],
        "difference_low": -sweep.columns["difference_high"],
        "difference_high": -sweep.columns["difference_low"],
    }
    return changed(sweep, **gap)


@pytest.fixture
def ax() -> Iterator[Axes]:
    with house_style():
        figure = Figure(figsize=(WIDTH, 4), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure.add_subplot()


def axes_on(width: float) -> Axes:
    figure = Figure(figsize=(width, 4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def named(ax: Axes, name: str) -> list[Any]:
    """Return the lines that were drawn under a name."""
    return [line for line in ax.get_lines() if line.get_gid() == name]


# the map


def misplaced_cells(ax: Axes, sweep: Sweep) -> int:
    """Return how many points have another ratio than the cell they lie in."""
    mesh = ax.collections[0]
    corners, ratios = mesh.get_coordinates(), mesh.get_array()
    across, up = corners[0, :, 0], corners[:, 0, 1]
    wrong = 0
    for point, ratio in zip(sweep.points, sweep.columns["ratio"], strict=True):
        row = np.searchsorted(up, point[1]) - 1
        column = np.searchsorted(across, point[0]) - 1
        inside = 0 <= row < ratios.shape[0] and 0 <= column < ratios.shape[1]
        wrong += not inside or not np.isclose(ratios[row, column], ratio)
    return wrong


def is_off(ax: Axes) -> float:
    """Return by which factor the drawn tie is off 30,000 followers times the resonance, at most."""
    (line,) = named(ax, "tie")
    followers, resonance = line.get_data()
    return float(np.exp(np.abs(np.log(followers / (30_000 * resonance))).max()))


def sides_named(ax: Axes) -> dict[str, bool]:
    """Return by the words on the map whether the small strategy is ahead where they stand."""
    found = {}
    for text in ax.texts:
        followers, resonance = ax.transData.inverted().transform(
            ax.transAxes.transform(text.get_position())
        )
        one, other = explored.means(followers, resonance)
        found[text.get_text()] = bool(one > other)
    return found


RIGHT_SIDES = {"small\nahead": True, "large\nahead": False}


def test_every_cell_of_the_map_has_the_ratio_of_its_point(ax: Axes) -> None:
    sweep = swept()
    ratio_map(ax, sweep)
    assert misplaced_cells(ax, sweep) == 0
    assert (ax.get_xlabel(), ax.get_ylabel()) == tuple(axis.label for axis in sweep.axes)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")


def test_a_map_with_its_axes_swapped_is_noticed(ax: Axes, monkeypatch: pytest.MonkeyPatch) -> None:
    square = tuple({**axis, "values": axis["values"][:6]} for axis in BOTH)
    sweep, right = swept(square), Sweep.grid
    monkeypatch.setattr(Sweep, "grid", lambda *given: right(*given).T)
    ratio_map(ax, sweep)
    assert misplaced_cells(ax, sweep) > 0


def test_the_tie_of_the_map_is_where_the_means_are_equal_and_its_sides_are_named(ax: Axes) -> None:
    sweep = swept()
    ratio_map(ax, sweep)
    assert is_off(ax) < 1.03  # followers rise by 1.37 from point to point
    assert sides_named(ax) == RIGHT_SIDES
    assert len(named(ax, "band")) == 2
    low, high = (np.interp(0.3, *line.get_data()[::-1]) for line in named(ax, "band"))
    (tie,) = named(ax, "tie")
    assert low < np.interp(0.3, *tie.get_data()[::-1]) < high


def test_a_tie_of_the_wrong_sign_is_noticed(ax: Axes) -> None:
    ratio_map(ax, turned(swept()))
    assert sides_named(ax) != RIGHT_SIDES


def test_a_tie_at_another_value_is_noticed(ax: Axes) -> None:
    sweep = swept()
    ratio_map(ax, changed(sweep, difference=sweep.columns["difference_low"]))
    assert is_off(ax) > 1.03


def test_blue_is_where_the_first_does_better_whether_more_or_less_is_better(ax: Axes) -> None:
    for metric, is_more in (("reach", True), ("cost", False)):
        sweep = dataclasses.replace(swept(), metric=metric)
        ax = axes_on(WIDTH)
        ratio_map(ax, sweep)
        red, _, blue = ax.collections[0].to_rgba(3.0)[:3]
        assert (blue > red) == is_more
        words = {text: is_ahead == is_more for text, is_ahead in sides_named(ax).items()}
        assert words == RIGHT_SIDES


def test_the_tie_of_theory_is_dashed_and_only_there_where_theory_knows(ax: Axes) -> None:
    sweep = swept()
    ratio_map(ax, sweep)
    (theory,) = named(ax, "theory")
    followers, resonance = theory.get_data()
    np.testing.assert_allclose(followers, 0.95 * 30_000 * resonance, rtol=0.03)
    assert theory.is_dashed()
    for silent in (np.nan, np.inf):
        other = axes_on(WIDTH)
        ratio_map(other, changed(sweep, expected_1=np.full(len(sweep.points), silent)))
        assert not named(other, "theory")


def test_a_map_without_a_tie_names_the_only_side(ax: Axes) -> None:
    sweep = swept()
    ahead = np.full(len(sweep.points), 50.0)
    gap = {"difference": ahead, "difference_low": ahead - 20, "difference_high": ahead + 20}
    ratio_map(ax, changed(sweep, **gap, ratio=np.full(len(sweep.points), 2.0)))
    assert not named(ax, "tie")
    assert [text.get_text() for text in ax.texts] == ["small\nahead"]


def test_what_has_no_ratio_is_hatched_and_the_rest_drawn(ax: Axes) -> None:
    sweep = swept()
    gone = sweep.points[:, 0] > 30_000
    nothing = {name: np.where(gone, np.nan, each) for name, each in sweep.columns.items()}
    ratio_map(ax, changed(sweep, **nothing))
    ratios = ax.collections[0].get_array()
    assert np.ma.count_masked(ratios) == gone.sum()
    assert ax.patch.get_hatch()
    assert is_off(ax) < 1.03


def test_lines_of_equal_means_lie_where_heights_are_zero() -> None:
    sweep = swept()
    values = sweep.values(0), sweep.values(1)
    (line,) = tie_lines(sweep.axes, values, relative(sweep, "difference"))
    assert line[:, 0].min() >= values[0][0]
    assert line[:, 1].max() <= values[1][-1]


# along one input


def test_lines_are_the_means_with_their_bands_and_theory_runs_under_them(ax: Axes) -> None:
    sweep = swept(BOTH[:1])
    sweep_lines(ax, sweep)
    lines = ax.get_lines()
    for i, colour in enumerate((FIRST, SECOND)):
        mean, theory = (
            line for line in lines if len(line.get_xdata()) == 14 and _is_of(line, sweep, i)
        )
        assert mean.get_color() == colour
        np.testing.assert_allclose(mean.get_ydata(), sweep.columns[f"mean_{i}"])
        np.testing.assert_allclose(theory.get_ydata(), sweep.columns[f"expected_{i}"])
        assert theory.is_dashed()
        heights = ax.collections[i].get_paths()[0].vertices[:, 1]
        assert heights.min() == pytest.approx(sweep.columns[f"low_{i}"].min())
        assert heights.max() == pytest.approx(sweep.columns[f"high_{i}"].max())
    (tie,) = named(ax, "tie")
    assert tie.get_xdata()[0] == pytest.approx(12_000, rel=0.02)
    assert {text.get_text() for text in ax.texts} == {"small", "large", "tie at 12,000"}


def _is_of(line: Any, sweep: Sweep, i: int) -> bool:
    heights = np.array(line.get_ydata())
    return any(np.allclose(heights, sweep.columns[f"{kind}_{i}"]) for kind in ("mean", "expected"))


def test_names_stand_at_the_ends_of_their_own_lines(ax: Axes) -> None:
    sweep_lines(ax, swept(BOTH[:1]))
    heights = {text.get_text(): text.xy[1] for text in ax.texts if "tie" not in text.get_text()}
    assert heights["large"] > heights["small"]


def test_gaps_stay_gaps_and_a_sweep_without_a_tie_has_no_mark(ax: Axes) -> None:
    sweep = swept(BOTH[:1])
    gap = np.where(np.arange(14) == 5, np.nan, sweep.columns["mean_1"])
    above = np.full(14, 3.0)
    sweep = changed(sweep, mean_1=gap, difference=above, expected_0=above * np.nan)
    sweep_lines(ax, changed(sweep, expected_1=above * np.inf))
    drawn = [np.isnan(line.get_ydata()).sum() for line in ax.get_lines()]
    assert sorted(drawn) == [0, 1]
    assert not named(ax, "tie")


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_line_crosses_zero_where_it_does(scale: str) -> None:
    axis = dataclasses.replace(swept().axes[0], scale=scale)
    values = np.array([1.0, 10.0, 100.0, 1000.0])
    heights = axis.scaled(values) - axis.scaled(np.array([40.0]))
    assert crossings(axis, values, heights) == [pytest.approx(40.0)]
    assert crossings(axis, values, np.array([1.0, np.nan, -1.0, 0.0]))[-1] == pytest.approx(1000)
    assert crossings(axis, values, np.ones(4)) == []


def test_a_sweep_over_many_inputs_shows_each_point_on_its_own_side(ax: Axes) -> None:
    sweep = swept(EVERY, points=128)
    sweep_scatter(ax, sweep, 0)
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert np.min(lines["small ahead"].get_ydata()) > 1 > np.max(lines["large ahead"].get_ydata())
    settled = sweep.settled()
    for label, side in (("small ahead", 1), ("large ahead", -1), ("not settled", 0)):
        assert sorted(lines[label].get_xdata()) == sorted(sweep.points[settled == side, 0])
    middles, medians = lines["median"].get_data()
    assert medians[0] > 1 > medians[-1]
    assert len(middles) == 6


def test_what_a_scatter_does_not_show_is_said() -> None:
    sweep = swept(EVERY, points=64)
    ratio = sweep.columns["ratio"].copy()
    ratio[:3], ratio[3] = np.nan, 1e9
    odd = Stored.__new__(Stored)
    for name, value in (("sweep", changed(sweep, ratio=ratio)), ("summary", {})):
        object.__setattr__(odd, name, value)
    (drawing,) = exploring_drawings(odd)
    assert drawing.figure.caption.endswith(
        "Ratios beyond 1,000 to 1 lie at the edge. 3 points without a ratio left out."
    )


# break-even


def ends_of(line: Any) -> tuple[float, float]:
    first, last = line.get_xdata()
    return float(first), float(last)


def test_the_tie_has_its_narrow_and_its_wide_interval(ax: Axes) -> None:
    found = explored.break_even()
    break_even(ax, found)
    (tie,), (narrow,) = named(ax, "tie"), named(ax, "simulation error alone")
    (wide,), (theory,) = named(ax, "over what is uncertain"), named(ax, "theory")
    assert tie.get_xdata()[0] == found["value"]
    assert theory.get_xdata()[0] == found["theory"]
    assert ends_of(narrow) == (found["low"], found["high"])
    assert ends_of(wide) == (found["range"]["low"], found["range"]["high"])
    assert narrow.get_linewidth() > 2 * wide.get_linewidth()
    words = [text.get_text() for text in ax.texts]
    assert "simulation error alone: 11,100 to 12,900" in words
    assert "over what is uncertain: 6,000 to 41,000" in words


def test_the_lines_of_a_break_even_are_in_the_order_of_the_values(ax: Axes) -> None:
    found = explored.break_even()
    break_even(ax, {**found, "evaluated": found["evaluated"][::-1]})
    lines = [line for line in ax.get_lines() if len(line.get_xdata()) == len(found["evaluated"])]
    assert [line.get_color() for line in lines] == [FIRST, SECOND]
    for line, key in zip(lines, ("one", "other"), strict=True):
        assert list(line.get_xdata()) == [each["value"] for each in found["evaluated"]]
        assert list(line.get_ydata()) == [each[key]["mean"] for each in found["evaluated"]]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (None, 12900.0, "at most 12,900"),
        (11100.0, None, "at least 11,100"),
    ],
)
def test_an_end_beyond_the_range_is_an_arrow_and_said(
    ax: Axes, low: float | None, high: float | None, words: str
) -> None:
    break_even(ax, explored.break_even(low=low, high=high, range=None))
    arrows = [line for line in ax.get_lines() if line.get_marker() in ("<", ">")]
    assert len(arrows) == (low is None) + (high is None)
    (line,) = named(ax, "simulation error alone")
    assert ends_of(line) == (low or 500, high or 60_000)
    assert any(text.get_text().endswith(words) for text in ax.texts)


@pytest.mark.parametrize(
    ("low", "high", "below", "above", "words", "drawn"),
    [
        (None, 4000.0, 0.3, 0.0, "at most 4,000", (500, 4000)),
        (900.0, None, 0.0, 0.2, "at least 900", (900, 60_000)),
        (None, None, 0.2, 0.1, "anywhere from below 500 to beyond 60,000", (500, 60_000)),
        (None, None, 0.0, 1.0, "beyond 60,000", (60_000, 60_000)),
        (None, None, 1.0, 0.0, "below 500", (500, 500)),
    ],
)
def test_ties_beyond_the_range_over_what_is_uncertain_are_said(
    ax: Axes,
    low: float | None,
    high: float | None,
    below: float,
    above: float,
    words: str,
    drawn: tuple[float, float],
) -> None:
    range_ = {"low": low, "high": high, "median": None, "below": below, "above": above}
    break_even(ax, explored.break_even(range=range_))
    (line,) = named(ax, "over what is uncertain")
    assert ends_of(line) == drawn
    assert f"over what is uncertain: {words}" in [text.get_text() for text in ax.texts]


def test_several_ties_are_all_marked_and_a_tie_may_have_no_interval(ax: Axes) -> None:
    crossings = [{"value": value, "low": None, "high": None} for value in (2000.0, 30_000.0)]
    none = {"value": None, "low": None, "high": None, "range": None, "crossings": crossings}
    break_even(ax, explored.break_even(**none))
    assert [line.get_xdata()[0] for line in named(ax, "tie")] == [2000, 30_000]
    assert not named(ax, "simulation error alone")
    alone = axes_on(WIDTH)
    break_even(alone, explored.break_even(low=None, high=None))
    assert len(named(alone, "tie")) == 1
    assert not named(alone, "simulation error alone")


def test_without_a_tie_there_is_no_mark(ax: Axes) -> None:
    nothing = {"value": None, "low": None, "high": None, "theory": None, "range": None}
    break_even(ax, explored.break_even(**nothing))
    assert not named(ax, "tie")
    assert {text.get_text() for text in ax.texts} == {"small", "large"}


# what is uncertain, and what the answer hangs on


def combinations() -> tuple[np.ndarray[Any, Any], explored.Found]:
    table, told = explored.uncertain()
    is_base = np.isin(table["matrix"].to_pylist(), ["A", "B"])
    return np.exp(table["effect_0"].to_numpy()[is_base]), told["pairs"][0]


def test_bars_count_the_combinations_on_either_side_of_one(ax: Axes) -> None:
    ratios, pair = combinations()
    uncertain(ax, ratios, pair, 1.4)
    counted = {FIRST: 0.0, SECOND: 0.0}
    for bar in ax.patches:
        left, right = bar.get_x(), bar.get_x() + bar.get_width()
        assert right <= 1 + 1e-9 or left >= 1 - 1e-9
        (colour,) = (each for each in counted if to_rgb(each) == bar.get_facecolor()[:3])
        counted[colour] += bar.get_height()
        assert (colour == FIRST) == (left >= 1 - 1e-9)
    assert counted == {FIRST: (ratios > 1).sum(), SECOND: (ratios < 1).sum()}
    (range_,), (one,) = named(ax, "range"), named(ax, "even")
    assert ends_of(range_) == (pair["range"]["low"], pair["range"]["high"])
    assert one.get_xdata()[0] == 1
    words = {text.get_text() for text in ax.texts}
    ahead = round(100 * pair["ahead"])
    assert words == {f"small ahead: {ahead}%", f"large ahead: {100 - ahead}%"}


def test_differences_are_drawn_where_means_may_be_zero(ax: Axes) -> None:
    ratios, pair = combinations()
    gaps = np.log(ratios) * 100
    range_ = dict(zip(("low", "median", "high"), np.quantile(gaps, [0.05, 0.5, 0.95]), strict=True))
    uncertain(ax, gaps, {**pair, "of": "difference", "range": range_, "metric": "cost"})
    (even,) = named(ax, "even")
    assert even.get_xdata()[0] == 0
    assert ax.get_xscale() == "linear"
    blue = sum(b.get_height() for b in ax.patches if b.get_facecolor()[:3] == to_rgb(FIRST))
    assert blue == (gaps < 0).sum()  # less of a cost is better


@pytest.mark.parametrize("ratios", [np.full(9, 2.0), np.array([0.0, 1.0, 1e9]), np.array([1.0])])
def test_ratios_of_any_kind_can_be_drawn(ax: Axes, ratios: np.ndarray[Any, Any]) -> None:
    pair = combinations()[1]
    uncertain(ax, ratios, {**pair, "range": dict.fromkeys(pair["range"])})
    assert sum(bar.get_height() for bar in ax.patches) == len(ratios)
    ax.figure.canvas.draw()


def indices_drawn(ax: Axes) -> dict[str, dict[str, float]]:
    """Return the mark of each input by its label."""
    labels = {round(y): text.get_text() for y, text in zip(
        ax.get_yticks(), ax.get_yticklabels(), strict=True)}  # fmt: skip
    found: dict[str, dict[str, float]] = {label: {} for label in labels.values()}
    for key in ("first", "total"):
        for line in named(ax, key):
            if len(line.get_xdata()) == 1:
                found[labels[round(line.get_ydata()[0])]][key] = float(line.get_xdata()[0])
    return found


LABELS = {each["path"]: each["label"] for each in EVERY}


def test_each_input_has_its_own_indices_the_largest_first(ax: Axes) -> None:
    indices = combinations()[1]["indices"]
    sensitivity(ax, indices, LABELS)
    expected = {LABELS[each["path"]]: {k: each[k] for k in ("first", "total")} for each in indices}
    assert indices_drawn(ax) == expected
    assert ax.get_yticklabels()[0].get_text() == "resonance of call"
    assert by_total(indices)[0]["path"] == "messages.call.resonance"
    swapped = axes_on(WIDTH)
    sensitivity(swapped, indices, dict(zip(LABELS, reversed(LABELS.values()), strict=True)))
    assert indices_drawn(swapped) != expected


def test_an_undefined_index_leaves_its_row_empty(ax: Axes) -> None:
    indices = combinations()[1]["indices"]
    nothing = dict.fromkeys(indices[0]) | {"path": indices[0]["path"]}
    sensitivity(ax, [nothing, indices[1]], LABELS)
    assert indices_drawn(ax)["attention of fans"] == {}


def steps(ax: Axes) -> list[tuple[float, float]]:
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]


def test_factors_lead_from_one_to_the_simulated_ratio(ax: Axes) -> None:
    found = explored.why()
    why(ax, found)
    *factors, whole = steps(ax)
    assert factors[0][0] == 1
    for (_, end), (start, _) in itertools.pairwise(factors):
        assert end == pytest.approx(start)
    for (start, end), factor in zip(factors, found["factors"], strict=True):
        assert end / start == pytest.approx(factor["value"])
    assert whole == (1, found["ratio"]["mean"])
    assert factors[-1][1] == pytest.approx(whole[1])
    drawn = [tuple(line.get_xdata()) for line in named(ax, "interval")]
    assert drawn[-1] == (found["ratio"]["low"], found["ratio"]["high"])
    assert len(drawn) == 5  # a head count has none
    in_favour = [to_rgb(FIRST) == bar.get_facecolor()[:3] for bar in ax.patches[:-1]]
    assert in_favour == [each["value"] > 1 for each in found["factors"]]


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (0.025, None, None, "0.025"),
        (0.025, 0.025, 0.025, "0.025"),
        (24.0, 22.5, 25.5, "24.0"),
        (1234.5, 1200.0, 1300.0, "1,230"),
        (0.9, 0.85, 0.95, "0.900"),
    ],
)
def test_factors_have_the_digits_they_support(
    value: float, low: float | None, high: float | None, words: str
) -> None:
    assert times({"value": value, "low": low, "high": high}) == f"\u00d7 {words}"


# axes of ratios


@pytest.mark.parametrize(
    ("low", "high"), [(0.9, 1.1), (0.5, 2.2), (0.02, 1.5), (1e-3, 1e3), (1e-9, 1e9), (0.99, 1.01)]
)
def test_ticks_of_ratios_are_few_and_round_with_one_among_them(low: float, high: float) -> None:
    ticks = ratio_ticks(low, high)
    assert any(tick == pytest.approx(1) for tick in ticks)
    assert 3 <= len(ticks) <= 8
    assert all(low * 0.999 <= tick <= high * 1.001 for tick in ticks)


def test_limits_of_ratios_hold_one_and_end_at_a_thousand() -> None:
    assert ratio_limits([2.0, 3.0])[0] < 1
    assert ratio_limits([0.0, np.nan, np.inf, 1e7])[1] == 1000
    assert ratio_limits([])[0] < 1 < ratio_limits([])[1]


# all of them, at both widths


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    home = tmp_path_factory.mktemp("explored")
    run(write_campaign(home), home / "out", 12)
    return read_stored(home / "out")


def explored_in(base: Stored, *shape: Any) -> Stored:
    """Return a folder's results with all parts of an exploration."""
    explored.add_explored(base.path, *shape)
    return read_stored(base.path)


LONG = {
    "small": "a small community that cares about it a great deal",
    "large": "a large and broad audience that happens to be there",
}


def lengthened(stored: Stored) -> Stored:
    """Return results with long names."""

    def written(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: written(each) for key, each in part.items()}
        if isinstance(part, list):
            return [written(each) for each in part]
        return LONG.get(part, part) if isinstance(part, str) else part

    assert stored.sweep is not None
    pair = (LONG["small"], LONG["large"])
    parts = ("uncertain", "break_even", "why")
    told = {name: written(stored.summary[name]) for name in parts}
    sweep = dataclasses.replace(stored.sweep, strategies=pair)
    return dataclasses.replace(stored, summary={**stored.summary, **told}, sweep=sweep)


@pytest.mark.parametrize("width", [WIDTH, PHONE_WIDTH])
@pytest.mark.parametrize("names", [lambda stored: stored, lengthened], ids=["short", "long"])
@pytest.mark.parametrize(
    "shape", [(BOTH,), (BOTH[:1],), (EVERY[1:], 64)], ids=["map", "line", "many"]
)
def test_no_text_of_an_exploration_covers_another_or_is_cut(
    base: Stored, shape: tuple[Any, ...], names: Callable[[Stored], Stored], width: float
) -> None:
    stored = names(explored_in(base, *shape))
    drawn = list(exploring_drawings(stored))
    kinds = [each.figure.name for each in drawn]
    assert kinds == ["uncertain", "break-even", "sweep", "why", "sensitivity"]
    with house_style():
        for drawing in drawn if shape == (BOTH,) else drawn[2:3]:
            canvas = rendering.canvas_of(drawing, width)
            assert overlapping(canvas) == [], drawing.figure.name
            assert cut(canvas) == [], drawing.figure.name
            assert all(axes.get_xlabel() for axes in canvas.axes), drawing.figure.name
            assert len(drawing.figure.alt) > 60
            assert drawing.figure.caption.endswith(".")
            assert is_explored(drawing.figure)


def test_a_figure_can_be_drawn_on_a_page_of_its_own(base: Stored, tmp_path: Path) -> None:
    stored = explored_in(base)
    assert stored.sweep is not None
    assert stored.combinations is not None
    pair = stored.summary["uncertain"]["pairs"][0]
    with house_style():
        for draw in (
            lambda ax: ratio_map(ax, stored.sweep),
            lambda ax: break_even(ax, stored.summary["break_even"]),
            lambda ax: sensitivity(ax, pair["indices"], LABELS),
            lambda ax: why(ax, stored.summary["why"][0]),
            lambda ax: uncertain(ax, stored.combinations.effects(0, pair), pair),
        ):
            ax = axes_on(3.3)
            draw(ax)
            ax.figure.savefig(tmp_path / "page.pdf")
