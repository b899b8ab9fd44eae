"""The oracles themselves, against the numbers as published, and the machinery of verdicts."""

import math
from dataclasses import replace

import numpy as np
import pytest

from verification import graphs, oracles
from verification.__main__ import main
from verification.cases import CASES
from verification.page import markdown
from verification.progeny import FollowerProgeny
from verification.rows import ELSEWHERE, NOT_EXPRESSIBLE, ROWS
from verification.verdicts import (
    Case,
    Check,
    Plan,
    Result,
    above,
    at_least,
    at_most,
    by_chi_square,
    by_groups,
    by_proportion,
    exactly,
    in_band,
    known_to_miss,
    within,
)


@pytest.mark.parametrize(
    ("R", "n", "tail"),
    [
        (0.3, 10, 5.75e-4),
        (0.5, 10, 0.013616),
        (0.7, 10, 0.071341),
        (0.9, 10, 0.186271),
        (1.0, 10, 0.258025),
        (0.9, 100, 0.0174197),
        (1.0, 100, 0.0799661),
    ],
)
def test_borel_tails(R, n, tail):
    assert 1 - oracles.borel(R, n - 1).sum() == pytest.approx(tail, rel=1e-3)


@pytest.mark.parametrize("R", [0.25, 0.5, 0.9])
def test_moments_are_those_of_the_borel_law(R):
    n = np.arange(1, 5001)
    law = oracles.borel(R, 5000)
    mean = (n * law).sum()
    assert mean == pytest.approx(oracles.branching_mean(R), rel=1e-6)
    assert ((n - mean) ** 2 * law).sum() == pytest.approx(oracles.branching_variance(R), rel=1e-6)


@pytest.mark.parametrize(
    ("m", "published"),
    [(1.1, 0.176134), (1.2, 0.313698), (1.5, 0.582812), (2.0, 0.796812), (3.0, 0.940480)],
)
def test_survival(m, published):
    assert oracles.survival(m) == pytest.approx(published, abs=1e-6)


@pytest.mark.parametrize(
    ("T", "probability", "size"),
    [
        (0.15, 0.0, 0.0),
        (0.25, 0.037780, 0.371370),
        (0.3, 0.059145, 0.582812),
        (0.5, 0.089995, 0.892645),
    ],
)
def test_directed_percolation(T, probability, size):
    assert oracles.hub_followers(T) == pytest.approx((probability, size), abs=1e-6)


@pytest.mark.parametrize(
    ("phi", "window"),
    [
        (0.10, (1.0000, 13.6593)),
        (0.15, (1.0037, 7.4771)),
        (0.18, (1.0207, 5.7647)),
        (0.20, (1.0207, 5.7647)),
        (0.25, (1.1141, 3.8631)),
        (0.30, ()),
    ],
)
def test_watts_window(phi, window):
    assert tuple(oracles.watts_window(phi)) == pytest.approx(window, abs=1e-4)


@pytest.mark.parametrize("phi", [0.15, 0.18, 0.25])
def test_a_trigger_exists_inside_the_window_only(phi):
    low, high = oracles.watts_window(phi)
    inside = [oracles.watts_trigger(z, phi) for z in (low + 0.1, (low + high) / 2, high - 0.1)]
    outside = [oracles.watts_trigger(z, phi) for z in (low - 0.1, high + 0.1)]
    assert min(inside) > 0.01
    assert max(outside) < 1e-6


@pytest.mark.parametrize(
    ("z", "seeds", "published"),
    [
        (1.5, 1e-4, 0.580275),
        (2.0, 1e-4, 0.796641),
        (4.0, 1e-4, 0.980175),
        (5.0, 1e-4, 0.993024),
        (5.5, 1e-4, 0.995819),
        (6.0, 1e-4, 0.002377),
        (7.0, 1e-4, 0.000387),
    ],
)
def test_gleeson_cahalane(z, seeds, published):
    assert oracles.gleeson_cahalane(z, 0.18, seeds) == pytest.approx(published, abs=1e-6)


def test_threshold_closure_by_hand():
    # 0 - 1 - 2 - 3 and 2 - 4: account 2 has three links, so one of them is not half
    links = np.array([(0, 1), (1, 2), (2, 3), (2, 4)]).T
    both = np.concatenate((links[0], links[1])), np.concatenate((links[1], links[0]))
    assert oracles.threshold_closure(5, both, 0.5, 0).tolist() == [True, True, False, False, False]
    assert oracles.threshold_closure(5, both, 0.33, 0).all()


@pytest.mark.parametrize(
    ("hours", "published"), [(300 / 3600, 0.188), (1, 0.543), (24, 0.781), (168, 0.860)]
)
def test_seismic_kernel(hours, published):
    assert float(oracles.seismic_cdf(hours)) == pytest.approx(published, abs=5e-4)


def test_seismic_kernel_is_a_law_and_has_its_median():
    assert float(oracles.seismic_cdf(1e60)) == pytest.approx(1.0, abs=1e-6)
    assert float(oracles.seismic_cdf(40.6 / 60)) == pytest.approx(0.5, abs=5e-4)
    misquoted = oracles.seismic_cdf(1e60, exponent=0.242, density=6.27e-4)
    assert float(misquoted) == pytest.approx(0.96537, abs=1e-5)


@pytest.mark.parametrize(("n", "star", "path"), [(10, 1.8, 3.667), (1000, 1.998, 333.667)])
def test_virality_of_star_and_path(n, star, path):
    assert oracles.star_virality(n) == pytest.approx(star)
    assert oracles.path_virality(n) == pytest.approx(path, abs=1e-3)


def test_progeny_law_is_that_of_borel_and_of_a_binary_tree():
    n = np.arange(60)
    poisson = np.exp(-0.8 + n * math.log(0.8) - [math.lgamma(i + 1) for i in n])
    assert oracles.progeny_law(poisson) == pytest.approx(oracles.borel(0.8, 60), rel=1e-9)
    # two children or none: only odd sizes, Catalan numbers
    law = oracles.progeny_law(np.array([0.6, 0.0, 0.4, 0.0, 0.0]))
    assert law == pytest.approx([0.6, 0, 0.6 * 0.4 * 0.6, 0, 2 * 0.6**3 * 0.4**2])


def test_offspring_law_by_hand():
    law = oracles.offspring_law(np.array([1.0, 2.0]), np.array([0.5, 0.5]), 0.1, 2)
    assert law == pytest.approx([0.5 * 0.9 + 0.5 * 0.81, 0.5 * 0.1 + 0.5 * 0.18, 0.5 * 0.01])


@pytest.mark.parametrize(("R", "one_in"), [(0.23, 8_600), (0.29, 5_480)])
def test_heavy_tails_bring_giants(R, one_in):
    followers, law = FollowerProgeny(R, 1.3, 1_000_000).law()
    sharing = R / float(followers @ law)
    chance = 1 - oracles.progeny_law(oracles.offspring_law(followers, law, sharing, 98)).sum()
    assert chance == pytest.approx(1 / one_in, rel=0.05)


def test_percolation_on_mutual_links():
    four = oracles.Percolation.mutual(np.array([0.0, 0, 0, 0, 1]))
    assert four.critical == pytest.approx(1 / 3)
    assert four.mean(0.25) == pytest.approx(5.0)
    k = np.arange(60)
    poisson = np.exp(-5.0 + k * math.log(5.0) - [math.lgamma(i + 1) for i in k])
    fives = oracles.Percolation.mutual(poisson)
    assert fives.reproduction(0.3) == pytest.approx(1.5)
    assert fives.outbreak(0.3) == pytest.approx((0.582812, 0.582812), abs=1e-5)


def test_percolation_on_follows_knows_the_direction():
    k = np.arange(60)
    poisson = np.exp(-5.0 + k * math.log(5.0) - [math.lgamma(i + 1) for i in k])
    followers = np.repeat([0.0, 50.0], len(k))
    followees = np.tile(k.astype(float), 2)
    law = np.concatenate((0.9 * poisson, 0.1 * poisson))
    one = oracles.Percolation.directed(followers, followees, law)
    assert one.outbreak(0.3) == pytest.approx(oracles.hub_followers(0.3), abs=1e-6)
    other = oracles.Percolation.directed(followees, followers, law)
    assert other.outbreak(0.3) == pytest.approx(oracles.hub_followers(0.3)[::-1], abs=1e-6)


@pytest.mark.parametrize(("power", "cutoff", "critical"), [(2.0, 10, 0.3287), (2.5, 5, 1.0699)])
def test_critical_chance_of_power_laws_with_a_cutoff(power, cutoff, critical):
    law = oracles.power_law_with_cutoff(power, cutoff)
    assert oracles.Percolation.mutual(law).critical == pytest.approx(critical, abs=1e-4)


def test_graphs_have_the_degrees_asked_for():
    rng = graphs.generator(1)
    degrees = rng.integers(0, 12, 500)
    follower, followee = graphs.mutual_configuration(degrees, rng)
    off = np.bincount(follower, minlength=500) - degrees
    assert off.sum() == -(degrees.sum() % 2)
    assert len({*zip(follower.tolist(), followee.tolist(), strict=True)}) == len(follower)
    followees = rng.permutation(degrees)
    follower, followee = graphs.directed_configuration(degrees, followees, rng)
    assert (np.bincount(followee, minlength=500) == degrees).all()
    assert (np.bincount(follower, minlength=500) == followees).all()
    assert (follower != followee).all()


def test_rings_and_squares():
    follower, _ = graphs.rewired_ring(100, 3, 0.2, graphs.generator(2))
    assert len(follower) == 600
    assert (np.bincount(graphs.rewired_ring(100, 3, 0.0, graphs.generator(2))[0]) == 6).all()
    assert (np.bincount(graphs.torus(12)[0]) == 8).all()


def test_nothing_and_nan_hold_nowhere():
    assert not Check("", "", "", math.nan, 1.0, "").holds
    assert not Result((), lambda ax: ax).holds
    assert not by_groups("", [0.5], 0.5).holds
    assert not by_groups("", [0.0, 0.0, 0.0], 0.5).holds


def test_a_known_miss_is_no_failure_and_no_success():
    missed = known_to_miss(within("", 2.0, 1.0, 0.1), "it is too large.")
    assert missed.verdict == "misses"
    assert known_to_miss(within("", 1.0, 1.0, 0.1), "it is too large.").verdict == "holds"
    result = Result((missed, exactly("", 0, "")), lambda ax: ax)
    assert result.holds
    assert result.missed == 1
    assert not Result((missed, exactly("", 1, "")), lambda ax: ax).holds


def test_bounds_reject_what_they_must():
    assert in_band("", 0.7, 0.7, 0.95).holds
    assert not in_band("", 0.69, 0.7, 0.95).holds
    assert at_most("", 1.0, 1.0, "").holds
    assert not at_most("", 1.1, 1.0, "").holds
    assert at_least("", 1.0, 1.0, "").holds
    assert not at_least("", 0.9, 1.0, "").holds
    assert above("", np.arange(100.0), "").holds
    assert not above("", np.arange(100.0) - 50, "").holds
    assert above("", [1.0, 1.0, 1.0], "").holds
    assert not above("", [0.0, 0.0, 0.0], "").holds
    assert not above("", [math.nan, 1.0, 2.0], "").holds


def test_every_row_is_covered_or_it_is_said_why_not():
    covered = {row for case in CASES for row in case.rows}
    assert covered <= set(ROWS)
    assert set(NOT_EXPRESSIBLE) | set(ELSEWHERE) <= set(ROWS)
    assert not covered & set(NOT_EXPRESSIBLE)
    assert set(ROWS) == covered | set(NOT_EXPRESSIBLE) | set(ELSEWHERE)


def test_the_page_shows_misses_and_rows():
    check = known_to_miss(within("a number", 2.0, 1.0, 0.1), "it is too large.")
    case = replace(_case("one"), rows=("1.5",))
    page = markdown([(case, Result((check, exactly("b", 0, "c")), lambda ax: ax))])
    assert "| misses 1 of 2 |" in page
    assert "Missed: it is too large." in page
    assert "| 1.5 | critical tail: power -1/2 | [one](#one) |" in page


def test_limits_reject_what_they_must():
    assert by_proportion("", 505, 1000, 0.5).holds
    assert not by_proportion("", 570, 1000, 0.5).holds
    assert not by_proportion("", 430, 1000, 0.5).holds
    assert by_chi_square("", [250, 240, 260], [1 / 3, 1 / 3, 1 / 3]).holds
    assert not by_chi_square("", [300, 150, 300], [1 / 3, 1 / 3, 1 / 3]).holds
    assert not within("", 1.02, 1.0, 0.01).holds


def test_rare_cells_are_pooled():
    check = by_chi_square("", [90, 6, 3, 1], [0.9, 0.06, 0.03, 0.01])
    assert "1 degrees" in check.scale
    assert check.statistic == pytest.approx(0.0)


def _case(name: str, fault_is_noticed: bool = True) -> Case:
    def run(plan: Plan) -> Result:
        wrong = float(plan.fault and fault_is_noticed)
        return Result((exactly("nothing", wrong, "of them"),), lambda ax: ax.plot([0, 1]))

    return Case(name, "It means something.", "a source", "a fault", run)


def _failing() -> Case:
    result = Result((exactly("something", 1, "of them"),), lambda ax: ax.plot([0, 1]))
    return Case("fails", "It means something.", "a source", "a fault", lambda plan: result)


def test_the_runner_writes_page_and_figures(tmp_path, capsys):
    assert main(["--out", str(tmp_path)], [_case("one's case")]) == 0
    page = (tmp_path / "verification.md").read_text()
    assert "| nothing | 0 | 0 | 0 | 0 | of them | holds |" in page
    figure = tmp_path / "figures" / "verification" / "ones-case.png"
    assert figure.stat().st_size < 60_000
    assert f"figures/verification/{figure.name}" in page
    assert "holds" in capsys.readouterr().out


def test_the_runner_fails_with_a_case(tmp_path):
    assert main(["--out", str(tmp_path)], [_case("good"), _failing()]) == 1
    assert "FAILS" in (tmp_path / "verification.md").read_text()


def test_one_case_leaves_the_page_alone(tmp_path):
    assert main(["--out", str(tmp_path), "--only", "good"], [_case("good"), _failing()]) == 0
    assert not (tmp_path / "verification.md").exists()


def test_the_runner_demands_that_faults_are_noticed():
    assert main(["--faults"], [_case("good")]) == 0
    assert main(["--faults"], [_case("blind", fault_is_noticed=False)]) == 1
