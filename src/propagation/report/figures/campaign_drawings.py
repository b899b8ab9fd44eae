"""The figures of campaigns, each where a scenario has what it shows."""

from collections.abc import Iterator
from typing import Any

from matplotlib.axes import Axes

from propagation.experiment.cost_effect import Weighed, weighed
from propagation.experiment.phrases import decimals, number, phrase
from propagation.report.figures import campaigns, time
from propagation.report.figures.drawing import Drawing, Figure, of_all
from propagation.report.stored import Stored
from propagation.scenario.comparing import FUNNEL
from propagation.scenario.metrics import has_cost, moves, pitches
from propagation.scenario.spec import Repost, Scenario

FOLLOWERS, VALUED = "followers-over-time", "valued-reach-over-time"
FUNNEL_FIGURE, PLANE, EXCHANGE = "coverage-funnel", "cost-and-effect", "gain-and-loss"
CAMPAIGN_FIGURES = (FOLLOWERS, VALUED, FUNNEL_FIGURE, PLANE, EXCHANGE)
STAGES = dict(
    zip(FUNNEL, ("sent", "opened", "answered", "covered", "reached through coverage"), strict=True)
)
COUNTED = (
    *("reach", "relevant_reach", "valued_reach", "impressions", "shares", "originals"),
    *(
        "followers_gained",
        "pitches_opened",
        "pitches_answered",
        "pitches_covered",
        "coverage_reach",
    ),
)
"""Metrics of which more is better, so that they can stand for the effect."""
MOST_WEIGHED = 6


def effect_of(scenario: Scenario) -> str:
    """Return the metric that stands for the effect: the compared one, or valued reach."""
    metric = str(scenario.compare.on)
    return metric if metric in COUNTED else "valued_reach"


def reposts(scenario: Scenario, strategies: list[str]) -> bool:
    """Whether any of the strategies reposts while followers may leave."""
    actions = [action for name in strategies for action in scenario.strategies[name]]
    return moves(scenario) and any(isinstance(action, Repost) for action in actions)


def campaign_drawings(stored: Stored, strategies: list[str], few: list[str]) -> Iterator[Drawing]:
    """Yield the figures of a campaign; ``strategies`` are those told, the baseline last."""
    scenario = stored.scenario
    if stored.curves is not None and stored.curves.followers:
        yield _over_time(stored, few, "followers")
    if stored.curves is not None and stored.curves.valued:
        yield _over_time(stored, few, "valued")
    sending = [name for name in few if pitches(scenario) and _sends(stored, name)]
    if sending:
        yield _funnel(stored, sending)
    if has_cost(scenario) and len(strategies) > 1:
        yield _plane(stored, strategies)
    if reposts(scenario, strategies) and len(strategies) > 1:
        yield _exchange(stored, strategies)


def _over_time(stored: Stored, strategies: list[str], counts: str) -> Drawing:
    assert stored.curves is not None
    curves: Any = getattr(stored.curves, counts)
    ends = {name: curves[name][:, -1].astype(float) for name in strategies}
    words = "; ".join(
        f"{name} ends at a median of {number(float(sorted(end)[len(end) // 2]), 0)}"
        for name, end in ends.items()
    )
    runs = next(iter(curves.values())).shape[0]
    title, more = {
        "followers": (
            "Followers gained less followers lost",
            "All our accounts together; at zero as many have left as have come. ",
        ),
        "valued": ("Valued reach over time", ""),
    }[counts]

    def draw(ax: Axes) -> None:
        time.over_time(ax, stored, strategies, counts)

    figure = Figure(
        FOLLOWERS if counts == "followers" else VALUED,
        title,
        f"{more}Thick lines are medians, thin lines of the same pattern means; bands hold 8 of 10 "
        f"campaigns. {of_all(stored, runs)}",
        f"{title}, over time: {words}.",
    )
    return Drawing(figure, 3.5, (draw,))


def _sends(stored: Stored, name: str) -> bool:
    return bool(stored.runs[name]["pitches_sent"].any())


def _funnel(stored: Stored, strategies: list[str]) -> Drawing:
    summary = stored.summary["strategies"]
    stages = {
        words: {name: summary[name][metric] for name in strategies}
        for metric, words in STAGES.items()
    }

    def draw(ax: Axes) -> None:
        campaigns.funnel(ax, stages)

    words = "; ".join(
        f"{name}: {', '.join(f'{_mean(each[name])} {stage}' for stage, each in stages.items())}"
        for name in strategies
    )
    figure = Figure(
        FUNNEL_FIGURE,
        "From pitch to coverage",
        "What becomes of the pitches of a campaign, on average: sent, opened, answered, covered; "
        "and how many accounts first notice the message because somebody covered it. Each step of "
        "the axis is ten times as many; black lines are 95% intervals of the means.",
        f"The coverage funnel. {words}.",
    )
    height = 1.6 + len(stages) * max(0.5, 0.24 * len(strategies))
    return Drawing(figure, height, (draw,))


def _mean(found: dict[str, Any]) -> str:
    mean = found["mean"] or 0.0
    return number(mean, max(0, decimals(mean))) if mean else "0"


def weighed_of(stored: Stored, strategies: list[str], metric: str, worse: str) -> list[Weighed]:
    """Weigh the strategies told, the baseline last, against the baseline."""
    *others, baseline = strategies
    given = (stored.runs, stored.draw, metric, others, baseline, stored.scenario.seed)
    return weighed(*given, worse=worse)


def _plane(stored: Stored, strategies: list[str]) -> Drawing:
    baseline = strategies[-1]
    metric = effect_of(stored.scenario)
    label = phrase(metric).label
    found = weighed_of(stored, strategies[-MOST_WEIGHED - 1 :], metric, "cost")
    claimed = not stored.is_heavy(metric, *strategies)

    def draw(ax: Axes) -> None:
        campaigns.plane(
            ax,
            found,
            (f"{label} more than {baseline}", f"cost more than {baseline}"),
            ("dearer and worse", "dearer and better", "cheaper and worse", "cheaper and better"),
            (_tenth(stored, metric, baseline), _tenth(stored, "cost", *strategies)),
            claimed=claimed,
        )

    figure = Figure(
        PLANE,
        "Cost against effect",
        f"How much more each strategy costs than {baseline}, and how much more it brings in "
        f"{label}. To the right is better, downwards is cheaper. {_cloud(claimed)}",
        f"Differences from {baseline} in {label} and in cost. {_points(found, 'cost')}",
    )
    return Drawing(figure, 4.2, (draw,))


def _exchange(stored: Stored, strategies: list[str]) -> Drawing:
    baseline = strategies[-1]
    found = weighed_of(stored, strategies[-MOST_WEIGHED - 1 :], "valued_reach", "followers_lost")
    claimed = not stored.is_heavy("valued_reach", *strategies)

    def draw(ax: Axes) -> None:
        campaigns.plane(
            ax,
            found,
            (f"valued reach more than {baseline}", f"followers lost more than {baseline}"),
            (
                "less reach, more leave",
                "more reach, more leave",
                "less reach, fewer leave",
                "more reach, fewer leave",
            ),
            (_tenth(stored, "valued_reach", baseline), _tenth(stored, "followers_lost", baseline)),
            claimed=claimed,
        )

    figure = Figure(
        EXCHANGE,
        "What reposting gains and what it loses",
        f"Valued reach gained against followers lost, both compared with {baseline}. To the right "
        f"more is gained, upwards more followers leave. {_cloud(claimed)}",
        f"Differences from {baseline} in valued reach and in followers lost. "
        f"{_points(found, 'followers lost')}",
    )
    return Drawing(figure, 4.2, (draw,))


def _tenth(stored: Stored, metric: str, *strategies: str) -> float:
    """Return a tenth of the largest mean of a metric."""
    return 0.1 * max(float(stored.runs[name][metric].mean()) for name in strategies)


def _cloud(claimed: bool) -> str:
    if claimed:
        return (
            "Each cloud shows how well the mean is known: the ellipse holds 95% of it. Where it "
            "crosses a line, that side is not settled."
        )
    return "Tails are heavy, so that the clouds say how the means vary and no more is claimed."


def _points(found: list[Weighed], worse: str) -> str:
    return " ".join(
        f"{each.strategy}: {_signed(each.effect.mean)} in effect, {_signed(each.cost.mean)} in "
        f"{worse}."
        for each in found
    )


def _signed(value: float | None) -> str:
    value = value or 0.0
    return f"{'+' if value > 0 else ''}{number(value, max(0, decimals(abs(value), value)))}"
