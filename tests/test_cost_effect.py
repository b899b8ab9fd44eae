"""Cost against effect: quarters, prices and clouds, on outcomes whose answers are known."""

import numpy as np
import pytest

from propagation.experiment.cost_effect import Quarter, ellipse, weighed

DRAW = np.zeros(400, np.int64)


def found(effect, cost, draw=DRAW):
    zero = np.zeros(len(draw))
    runs = {
        "a": {"reach": zero + effect, "cost": zero + cost},
        "b": {"reach": zero, "cost": zero},
    }
    (one,) = weighed(runs, draw, "reach", ["a"], "b", 1)
    return one


@pytest.mark.parametrize(
    ("effect", "cost", "quarter", "price"),
    [
        (10, 50, Quarter.DEARER_AND_BETTER, 5.0),
        (-10, -20, Quarter.CHEAPER_AND_WORSE, 2.0),
        (10, -50, Quarter.CHEAPER_AND_BETTER, None),
        (-10, 50, Quarter.DEARER_AND_WORSE, None),
        (10, 0, None, None),
        (0, 10, None, None),
    ],
)
def test_quarters_and_prices(effect, cost, quarter, price) -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, 400)
    noise -= noise.mean()
    one = found(effect + (noise if effect else 0), cost)
    assert one.quarter is quarter
    assert one.price.mean == (None if price is None else pytest.approx(price))
    if quarter:
        assert one.shares[quarter] == 1.0
    if price:
        # the effect is known to 1.96 * 1 / sqrt(400) = 0.098 of 10, the cost exactly
        assert one.price.low == pytest.approx(price / 1.0098, rel=0.005)
        assert one.price.high == pytest.approx(price / 0.9902, rel=0.005)


def test_a_difference_that_may_be_nothing_has_a_price_without_an_interval() -> None:
    rng = np.random.default_rng(3)
    one = found(rng.normal(0.05, 1, 400), 10.0)
    assert one.price.low is None
    assert 0.5 < sum(one.shares.values()) <= 1


def test_the_cloud_varies_as_the_means_do_also_over_draws() -> None:
    """With 10 draws the errors of the means are those of the draws, not of the replicates."""
    rng = np.random.default_rng(4)
    draw = np.arange(400) % 10
    effect = rng.normal(20, 1, 400) + rng.normal(0, 5, 10)[draw]
    cost = rng.normal(30, 1, 400)
    one = found(effect, cost, draw)
    by_draw = np.array([effect[draw == d].mean() for d in range(10)])
    assert one.cloud[:, 0].std() == pytest.approx(by_draw.std(ddof=1) / np.sqrt(10), rel=0.02)
    assert one.cloud.mean(axis=0) == pytest.approx([effect.mean(), cost.mean()], rel=0.02)


def test_the_ellipse_holds_95_of_100_points_and_a_line_stays_one() -> None:
    rng = np.random.default_rng(5)
    cloud = rng.multivariate_normal([3, -2], [[4, 1.5], [1.5, 1]], 20_000)
    edge = ellipse(cloud)
    centre, inverse = cloud.mean(axis=0), np.linalg.inv(np.cov(cloud.T))
    distance = [np.einsum("ij,jk,ik->i", x - centre, inverse, x - centre) for x in (edge, cloud)]
    assert distance[0] == pytest.approx(distance[0][0])
    # 4 standard errors of a share of 0.95 over 20,000 points
    assert np.mean(distance[1] <= distance[0][0]) == pytest.approx(0.95, abs=0.0062)
    flat = ellipse(np.stack([cloud[:, 0], np.full(20_000, 7.0)], axis=1))
    assert flat[:, 1] == pytest.approx(7.0)
    assert np.ptp(flat[:, 0]) > 9
