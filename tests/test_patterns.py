"""Which published patterns the shipped Occupy scenario shows, and which it does not (docs/odd.md).

Every account of its first world posts small talk, about which nobody cares more than others, and
the sizes, depths and times of what follows are compared with published ranges. Seeds are fixed; the
ranges are wider than four standard errors, so a right model is not refused by luck.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from numba.core import config

from propagation import build_world, parse_scenario
from propagation.luck import run_seed, text_id
from propagation.spread.dynamics import factors_of, rules_of
from propagation.spread.loop import spread, touched_arrays
from propagation.spread.prepared import prepare

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(config.DISABLE_JIT, reason="hours without machine code"),
]

OCCUPY = (Path(__file__).parents[1] / "scenarios" / "occupy.yaml").read_text(encoding="utf-8")
POPULARITY = "    popularity: {tail: 2.3, at most: 5000}\n"
POSTS = 100_000


@dataclass(frozen=True)
class Trees:
    """Trees of as many posts: accounts in each, its depth, and when all shares happened."""

    size: npt.NDArray[np.int64]
    depth: npt.NDArray[np.int64]
    hours: npt.NDArray[np.float64]


def trees(text: str) -> Trees:
    """Let random accounts post small talk, each in a run of its own and without a horizon."""
    scenario = parse_scenario(text)
    message = scenario.messages["small talk"]
    world = build_world(scenario)
    prepared = prepare(world, {"small talk": message})
    people, touched = prepared.people["small talk"], touched_arrays(world.graph.accounts)
    ordinary = np.flatnonzero(~world.is_ours)
    size, depth, hours = [], [], []
    for i, root in enumerate(np.random.default_rng(1).choice(ordinary, POSTS)):
        people[root]["ours"] = 1  # posts, and decides nothing
        _, shares = spread(
            prepared.ground,
            people,
            rules_of(message),
            factors_of(message),
            np.uint64(run_seed(scenario.seed, i)),
            text_id("small talk"),
            np.zeros(1),
            np.array([root], np.int32),
            math.inf,
            touched,
        )
        people[root]["ours"] = 0
        rows = touched.rows[touched.share_order[:shares]]
        size.append(shares)
        depth.append(int(rows["generation"].max()))
        hours.append(rows["share_time"][1:].copy())
    return Trees(np.array(size), np.array(depth), np.concatenate(hours))


@pytest.fixture(scope="module")
def shipped() -> Trees:
    return trees(OCCUPY)


@pytest.fixture(scope="module")
def without_hubs() -> Trees:
    assert POPULARITY in OCCUPY
    return trees(OCCUPY.replace(POPULARITY, ""))


def single(found: Trees) -> float:
    return float((found.size == 1).mean())


def deep(found: Trees) -> float:
    return float((found.depth > 1).mean())


def within(found: Trees, hours: float) -> float:
    return float((found.hours <= hours).mean())


def test_almost_nothing_spreads(shipped: Trees) -> None:
    """Goel, Watts & Goldstein (2012): 70-95% single nodes, 1-4% beyond one degree."""
    assert 0.70 <= single(shipped) <= 0.95
    assert 0.01 <= deep(shipped) <= 0.04


def test_where_all_are_equally_popular_too_much_goes_too_deep(without_hubs: Trees) -> None:
    assert deep(without_hubs) > 0.05


def test_the_mean_cascade_is_as_small_as_published(shipped: Trees) -> None:
    """Goel, Anderson, Hofman & Watts (2016): 1.3 to 1.4."""
    assert 1.3 <= shipped.size.mean() <= 1.4


def test_published_giants_do_not_appear(shipped: Trees) -> None:
    """They found one of 100 or more in 2,830 to 4,000; 25 to 35 would be expected here."""
    assert np.count_nonzero(shipped.size >= 100) < 3


def test_a_longer_tail_of_popularity_brings_giants() -> None:
    """With followers up to 15,000 and a tail of 2.05: one in 5,000 posts."""
    longer = OCCUPY.replace(POPULARITY, "    popularity: {tail: 2.05, at most: 15000}\n")
    assert 10 <= np.count_nonzero(trees(longer).size >= 100) <= 35


def test_shares_come_as_soon_as_published_within_a_day_but_not_within_an_hour(
    shipped: Trees,
) -> None:
    """Kwak et al. (2010): half within an hour, 75% within a day."""
    assert 0.70 <= within(shipped, 24.0) <= 0.80
    assert 0.44 <= within(shipped, 1.0) < 0.50


def test_another_delay_would_be_noticed() -> None:
    late = OCCUPY.replace("flat: 300 s", "flat: 3000 s")
    assert late != OCCUPY
    assert within(trees(late), 24.0) < 0.70
