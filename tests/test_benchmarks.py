"""What the benchmarks promise: every side computes the same thing, and who does less is caught."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.figure import Figure

from benchmarks import __main__ as command
from benchmarks import drawing, page, scaling, scaling_page, threads
from benchmarks.__main__ import too_far
from benchmarks.drawing import Law, by_list, chances, configuration
from benchmarks.graphs import MADE, Graph, tiny
from benchmarks.levels import LEVELS, PROBABILITY, RATE, wanted
from benchmarks.ours import Full
from benchmarks.page import About, Measured
from benchmarks.rounds import Cell, Plan, Turns, compare, faults, measure
from benchmarks.scaling import Point
from benchmarks.seat import SYSTEMS, Seat, SideFailed
from benchmarks.systems import OTHER_LAW, OURS, PEERS, Runs, side_of
from benchmarks.thread_memory import Held, extra_thread

ROOT = Path(__file__).parents[1]
PLAN = Plan(turn=0.002, rounds=3, fewest=3, budget=1.0)
FAN = tiny(
    "fan", [(0, v) for v in range(1, 8)] + [(v, 8) for v in range(1, 8)] + [(8, 9), (8, 10)], 11
)
"""Seven ways from 0 to 8, and one on to each of 9 and 10."""
P = 0.4


def expected_on_fan(other_law: bool) -> float:
    """Return the mean reach on the fan, where each follow carries with P.

    In an independent cascade 8 is reached with 1 - (1 - P^2)^7. Where the time ill is exponential
    and infection has the rate t = P / (1 - P), the follows of 0 carry with the same chance C, which
    is 1 - U^t for U uniform (mean P), and 8 is reached with E[1 - (1 - C P)^7].
    """
    u = (np.arange(100_000) + 0.5) / 100_000
    chance = 1 - u ** (P / (1 - P)) if other_law else np.array([P])
    reached = 1 - float(np.mean((1 - chance * P) ** 7))
    return 7 * P + reached * (1 + 2 * P)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_side_reaches_what_the_formula_says(name: str) -> None:
    pytest.importorskip(SYSTEMS[name].needs, reason=f"{SYSTEMS[name].needs} is not installed")
    other_law = name in OTHER_LAW or name == "SIR law"
    runs = side_of(SYSTEMS[name])(FAN).at(P / (1 - P) if other_law else P)
    reach = np.concatenate([runs(seed, 1000) for seed in (1, 1001, 2001, 3001)])
    error = reach.std() / np.sqrt(len(reach))  # 4 of these: a false alarm in 16,000
    assert abs(reach.mean() - expected_on_fan(other_law)) < 4 * error
    # the other law is further away than that, so neither can pass for the other
    assert abs(reach.mean() - expected_on_fan(not other_law)) > 4 * error


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_side_sends_messages_from_followee_to_follower(name: str) -> None:
    pytest.importorskip(SYSTEMS[name].needs, reason=f"{SYSTEMS[name].needs} is not installed")
    # turned round, nobody could be reached from the root
    path = tiny("path", [(0, 1), (1, 2), (2, 3)], 4)
    runs = side_of(SYSTEMS[name])(path).at(1e9 if name in OTHER_LAW or name == "SIR law" else 1.0)
    assert runs(1, 2).tolist() == [3, 3]


# --- who does less is caught ---


class Here:
    """A seat in this process."""

    def __init__(self, side: Any) -> None:
        self._side, self._runs = side, None

    def ask(self, **question: float) -> dict[str, Any]:
        if "probability" in question:
            self._runs = self._side.at(question["probability"])
            return {"seconds": 0.0}
        assert self._runs
        reach = self._runs(int(question["first"]), int(question["count"])).tolist()
        return {"seconds": 0.001, "all": 0.001, "peak": 1, "reach": reach}


class StopsEarly(Full):
    """Only the followers of the root get the message; their shares are left out."""

    def __init__(self, graph: Graph) -> None:
        counts = np.zeros(graph.accounts, np.int64)
        first, last = graph.starts[graph.root : graph.root + 2]
        counts[graph.root] = last - first
        starts = np.concatenate(([0], np.cumsum(counts)))
        super().__init__(Graph(graph.name, starts, graph.followers[first:last]))


class MissesSome(Full):
    """One account in twenty is not counted."""

    def at(self, probability: float) -> Any:
        runs = super().at(probability)
        return lambda first, count: runs(first, count) * 95 // 100


def measured(side: Callable[[Graph], Any], level: str) -> Cell:
    on = Graph("small", *MADE["small"]())
    cell = Cell("small", level, "cynetdiff", PROBABILITY["small"][level])
    seats: Any = {"full": Here(Full(on)), "cynetdiff": Here(side(on))}
    return measure(cell, seats, PLAN)


def test_the_same_side_twice_agrees() -> None:
    cell = measured(Full, "90%")
    assert faults(cell) == []
    assert {len(side.seconds) for side in cell.sides.values()} == {3}


@pytest.mark.parametrize(("side", "level"), [(StopsEarly, "15%"), (MissesSome, "90%")])
def test_a_side_that_does_less_is_caught(side: Callable[[Graph], Any], level: str) -> None:
    (fault,) = faults(measured(side, level))
    assert re.match(rf"small, {level}: cynetdiff reaches .* on average, full ", fault)


def test_a_side_with_few_runs_is_compared_by_the_spread_of_all() -> None:
    generator = np.random.default_rng(1)
    many = generator.normal(1000, 100, 500).tolist()
    three = [1000, 1001, 1002]  # their own spread would allow 2
    assert compare(three, many).limit == pytest.approx(4 * 100 / np.sqrt(3), rel=0.1)
    assert compare(three, many).agree
    assert not compare([600, 601, 602], many).agree


def test_cascades_that_go_another_way_than_meant_are_told() -> None:
    on = About(10_000, 1, 1, 1, 1.0)
    cell = Cell("small", "15%", "cynetdiff", 0.1, {"full": Turns([1.0], [1500])})
    assert too_far(cell, on) == []
    cell.sides["full"].reach = [1000]
    assert too_far(cell, on) == [
        "small, 15%: full reaches 1,000 accounts on average, 1,500 are meant"
    ]
    assert wanted("90%", 0.95) == 0.9
    assert wanted("90%", 0.8) == pytest.approx(0.72)


def test_a_side_with_threads_of_its_own_is_not_measured() -> None:
    class Busy(Here):
        def ask(self, **question: float) -> dict[str, Any]:
            return {**super().ask(**question), "all": 2.0}

    on = Graph("small", *MADE["small"]())
    cell = Cell("small", "0.1%", "cynetdiff", PROBABILITY["small"]["0.1%"])
    seats: Any = {"full": Busy(Full(on))}
    with pytest.raises(SideFailed, match="threads"):
        measure(cell, seats, PLAN)


# --- processes ---


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_a_process_answers_or_says_why_it_cannot() -> None:
    seat = Seat("full", "small", 8 * 10**9, 100)
    seat.ask()
    seat.ask(probability=0.5)
    answer = seat.ask(first=1, count=3)
    assert len(answer["reach"]) == 3
    assert answer["seconds"] > 0
    with pytest.raises(SideFailed, match=r"took more than 0 s"):
        Seat.ask(_impatient(seat), first=1, count=10**7)
    seat.close()


def _impatient(seat: Seat) -> Seat:
    seat._patience = 0.3
    return seat


def test_each_system_has_its_numbers() -> None:
    assert set(PROBABILITY) == set(RATE) == set(MADE)
    assert set(OTHER_LAW) <= set(PEERS)
    assert not set(OURS) & set(PEERS)


# --- drawn graphs ---


def follows_of(starts: npt.NDArray[np.int64], members: npt.NDArray[np.int32]) -> list[int]:
    lists = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    assert not (lists == members).any()
    keys: list[int] = (lists * (len(starts) - 1) + members).tolist()
    return keys


def test_a_law_has_the_mean_and_the_bounds_asked_for() -> None:
    law = Law(mean=20, tail=2.1, least=1, most=500)
    counts = np.arange(1, 501)
    weights = chances(law)
    assert len(weights) == 500
    assert weights @ counts == pytest.approx(20)
    assert weights[99] / weights[199] > 3.5  # a tail of 2.1 falls by 4.3, an exponential far faster
    assert weights[99] / weights[199] < 4.3


def test_a_configuration_has_each_follow_once_and_tails_both_ways() -> None:
    law = Law(mean=20, tail=2.1, least=1, most=500)
    starts, members = configuration(5000, law, law._replace(most=200), 1)
    keys = follows_of(starts, members)
    assert keys == sorted(set(keys))
    followees = np.bincount(members, minlength=5000)
    assert 0.9 * 20 < len(members) / 5000 <= 20.5
    assert 300 < np.diff(starts).max() <= 500
    assert 120 < followees.max() <= 200


def test_a_graph_drawn_in_parts_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "PLACES_AT_ONCE", 700)
    law = Law(mean=20, tail=2.1, least=0, most=300)
    starts, members = by_list(1000, law, 1)
    keys = follows_of(starts, members)
    assert keys == sorted(set(keys))
    wanted_counts = drawing.counts_of(law, 1000, np.random.default_rng(1))
    lost = wanted_counts - np.diff(starts)  # follows drawn twice, and of oneself
    assert (lost >= 0).all()
    assert lost.sum() < 0.1 * wanted_counts.sum()


# --- the command ---


@pytest.mark.slow
def test_a_part_can_be_measured_quickly() -> None:
    pytest.importorskip("cynetdiff")
    words = [sys.executable, "-m", "benchmarks", "--quick", "--peer", "cynetdiff"]
    kept = (ROOT / "results/benchmarks/peers.md").read_bytes()
    done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| ([\d.]+%) \| cynetdiff \| [\d.,]+ \|", done.stdout, re.M)
    assert rows == [*LEVELS, *LEVELS]  # the full model, and without time
    assert "nothing written to results/" in done.stderr
    assert (ROOT / "results/benchmarks/peers.md").read_bytes() == kept


def test_a_wrong_reach_ends_with_an_error_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    monkeypatch.setattr(command, "measure", lambda _: (example(), ["small, 15%: too few"]))
    monkeypatch.setattr(command, "OUT", tmp_path / "results")
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == "small, 15%: too few"  # which Python prints, and ends with 1
    assert list(tmp_path.iterdir()) == []


# --- what is shown ---


def example() -> Measured:
    sides = {
        "full": Turns([0.001, 0.002, 0.001], [10, 20, 30], 0.5, 10**8),
        "bare": Turns([0.001, 0.001, 0.001], [10, 20, 30], 0.5, 10**8),
        "cynetdiff": Turns([0.004, 0.004, 0.004], [11, 19, 30], 0.1, 10**8),
    }
    cells = [
        Cell("small", "15%", "cynetdiff", 0.1, sides),
        Cell("small", "90%", "ndlib", 0.5, failed="does not fit into 1 GB of memory"),
    ]
    about = {"small": About(5000, 90_000, 400, 100, 0.9)}
    made = {"small, full": 1.0, "small, cynetdiff": 2.0}
    return Measured("a machine.", Plan(), about, made, cells, ["graph `ego`, not here"])


def test_the_table_tells_ratios_and_what_could_not_be_measured() -> None:
    shown = page.tables(example())
    assert "| 15% | cynetdiff | 4 | 1 | 4 (3 to 4) | 2 | 3 x 1 / 1 | 20 / 20 |" in shown
    assert "| 90% | ndlib | does not fit into 1 GB of memory |" in shown
    assert "| cynetdiff | 2.00 | 0.10 | 100 |" in shown
    assert "Left out: graph `ego`, not here." in shown


def test_the_raw_rounds_are_kept() -> None:
    side = example().raw()["cells"][0]["sides"]["full"]
    assert side["seconds"] == [0.001, 0.002, 0.001]
    assert side["reach"] == [10.0, 20.0, 30.0]
    assert side["runs"] == 1
    assert side["spread of reach"] == pytest.approx(np.sqrt(200 / 3))


def test_a_part_of_the_docs_is_written_and_the_rest_left_alone(tmp_path: Path) -> None:
    doc = tmp_path / "speed.md"
    text = (
        "a\n<!-- one begins -->\nold\n<!-- one ends -->\n<!-- two begins -->\n<!-- two ends -->\n"
    )
    doc.write_text(text, encoding="utf-8")
    page.into_docs(doc, "one", "new\n")
    assert doc.read_text(encoding="utf-8") == text.replace("old\n", "\nnew\n\n")


@pytest.mark.parametrize("name", ["peers", "scaling"])
def test_the_docs_show_what_was_measured(name: str) -> None:
    docs = (ROOT / "docs/speed.md").read_text(encoding="utf-8")
    shown = {found[2]: found[0].split("\n", 1)[1] for found in page.BLOCK.finditer(docs)}
    block = shown[name].rsplit("<!--", 1)[0].strip()
    assert len(block) > 500
    assert block in (ROOT / f"results/benchmarks/{name}.md").read_text(encoding="utf-8")


POINTS = [
    Point(follows, follows // 33, audience, audience / 30, 1e-6 * audience, 1e-6, 2e-6)
    for follows in (10**4, 10**5)
    for audience in (33, 1000)
]


def test_the_figure_has_a_line_for_each_audience_and_a_mark_for_each_graph() -> None:
    left, right = Figure().subplots(1, 2)
    scaling_page.plot_by_follows(POINTS, left)
    scaling_page.plot_by_notices(POINTS, right)
    assert [line.get_xdata().tolist() for line in left.lines] == [[10**4, 10**5]] * 2
    assert left.lines[0].get_ydata() == pytest.approx([33, 33])
    assert right.lines[1].get_xdata() == pytest.approx([1.1, 1000 / 30])
    looks = {(line.get_marker(), line.get_linestyle()) for line in left.lines}
    assert len(looks) == 2  # black and white


def test_the_scaling_page_is_written(tmp_path: Path) -> None:
    held = [Held(1000, 10, 5000, 6000)]
    shown = scaling_page.write(tmp_path, POINTS, POINTS[0], held, whole=False)
    assert held[0].allowed == 5400
    assert "30,303 cascades per second" in shown
    assert "audience of 1,000: 10 times the follows, 1 times the time per cascade." in shown
    assert {path.name for path in tmp_path.iterdir()} == {
        f"scaling.{ending}" for ending in ("json", "md", "png", "svg")
    }


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_what_a_thread_holds_is_seen() -> None:
    class Hoards:
        def metrics(self, first: int, count: int) -> dict[str, npt.NDArray[np.int64]]:
            self.hoard = np.ones(100_000_000 * first, np.int8)
            return {"reach": np.array([7])}

        def another(self, name: str) -> "Hoards":
            return Hoards()

    runs: Any = Hoards()
    held = extra_thread(runs, "us", 1000)
    assert held.touched == 7
    # what else this process takes or gives back meanwhile are a few megabytes
    assert 90_000_000 < held.peak < 110_000_000


def test_time_on_a_small_graph_is_measured_with_what_it_touched() -> None:
    (timer,) = scaling.audience_timers(scaling.drawn(10_000), 0.02)
    seconds, notices = timer.turn(1)
    assert seconds > 0
    # 33 followers of p = R / 33, and each share makes R more: 1 notice on average; hundreds of runs
    assert 0.5 < notices < 1.6


def test_turns_become_the_points_of_a_graph() -> None:
    process = scaling.Process.__new__(scaling.Process)
    process.follows, process.accounts = 990, 30
    process._turns = [[(3.0, 10.0), (30.0, 100.0)], [(1.0, 20.0), (10.0, 300.0)]]
    first, second = process.points()
    assert first == Point(990, 30, 33, 15.0, 2.0, 1.5, 2.5)
    assert (second.audience, second.notices, second.seconds) == (300, 200.0, 20.0)
    roots = process.all_roots()
    assert (roots.notices, roots.seconds) == (107.5, 11.0)


def test_runs_are_what_the_sides_give() -> None:
    runs: Runs = Full(FAN).at(1.0)
    assert runs(1, 3).tolist() == [10, 10, 10]


def test_threads_are_timed_side_by_side() -> None:
    meeting = threading.Barrier(2)

    def runs(first: int, count: int) -> None:
        meeting.wait(timeout=60)  # for the other one, who must be running too

    side: Any = runs
    assert threads.seconds((side, 0, 1), (side, 1, 1)) < 60
    assert not meeting.broken
    assert len(threads.gains(0.3, 2, 2, "small")) == 2
