"""The parts of a report that tell of campaigns: each stands there where a scenario has it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from propagation.experiment.cost_effect import Quarter, Weighed
from propagation.experiment.equal_cost import in_full
from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import (
    apart,
    decimals,
    does,
    number,
    phrase,
    share,
    with_interval,
)
from propagation.report.actions import action_in_words
from propagation.report.figures.campaign_drawings import (
    EXCHANGE,
    FOLLOWERS,
    FUNNEL_FIGURE,
    PLANE,
    STAGES,
    VALUED,
    effect_of,
    weighed_of,
)
from propagation.report.figures.drawing import Figure
from propagation.report.stored import Stored
from propagation.report.tables import Table
from propagation.scenario.comparing import COST_PER
from propagation.scenario.metrics import has_cost, is_limited, moves, pitches
from propagation.scenario.spec import Scenario, as_written
from propagation.strategy.budget import EqualCost, at_equal_cost


@dataclass(frozen=True)
class Part:
    """A part of the campaign's section: a title, sentences, figures and tables."""

    title: str
    sentences: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    note: str = ""


def campaign_parts(
    stored: Stored, strategies: Sequence[str], figures: Mapping[str, Figure]
) -> list[Part]:
    """Return the parts of a campaign, in reading order; ``strategies`` with the baseline last."""

    def drawn(*names: str) -> list[Figure]:
        return [figures[name] for name in names if name in figures]

    parts = []
    if over_weeks := drawn(FOLLOWERS, VALUED):
        sentences = list(_followers(stored, strategies)) if moves(stored.scenario) else []
        title = "Followers and reach over time" if moves(stored.scenario) else "Reach over time"
        parts.append(Part(title, sentences, over_weeks))
    if any(_sends(stored, name) for name in strategies):
        parts.append(
            Part("From pitch to coverage", (), drawn(FUNNEL_FIGURE), [_funnel(stored, strategies)])
        )
    if has_cost(stored.scenario):
        parts.append(_cost(stored, strategies, drawn(PLANE)))
    if exchange := drawn(EXCHANGE):
        parts.append(
            Part("Reposting: gain against loss", list(_exchange(stored, strategies)), exchange)
        )
    if is_limited(stored.scenario) and stored.attention:
        parts.append(_attention(stored))
    return parts


def _mean(stored: Stored, strategy: str, metric: str) -> Interval:
    found = stored.summary["strategies"][strategy][metric]
    return Interval(found["mean"], found["low"], found["high"])


def _followers(stored: Stored, strategies: Sequence[str]) -> Iterator[str]:
    for name in strategies:
        gains = does("followers_gained", _mean(stored, name, "followers_gained"))
        loses = does("followers_lost", _mean(stored, name, "followers_lost"))
        yield f"{name} {gains} and {loses}."


def _sends(stored: Stored, name: str) -> bool:
    return pitches(stored.scenario) and bool(stored.runs[name]["pitches_sent"].any())


def _funnel(stored: Stored, strategies: Sequence[str]) -> Table:
    rows = [
        (name, *(with_interval(_mean(stored, name, metric)) for metric in STAGES))
        for name in strategies
        if _sends(stored, name)
    ]
    heading = ("Strategy", *(words.capitalize() for words in STAGES.values()))
    return Table("What becomes of pitches, in the mean of a campaign", heading, rows)


def _cost(stored: Stored, strategies: Sequence[str], figures: Sequence[Figure]) -> Part:
    tables, sentences = [_cost_table(stored, strategies)], list[str]()
    scaled = equal_cost_of(stored)
    if scaled is not None:
        sentences += in_full(scaled)
        tables.append(scaling_table(scaled, stored))
    if len(strategies) > 1:
        metrics = [effect_of(stored.scenario)]
        if "relevant_reach" not in metrics and _reaches_relevant(stored, strategies):
            metrics.append("relevant_reach")
        found = {metric: weighed_of(stored, list(strategies), metric, "cost") for metric in metrics}
        first, *_ = found.values()
        sentences += [_weighed_in_words(each, stored, next(iter(found))) for each in first]
        tables.append(_weighed_table(found, stored, strategies[-1]))
    if any(stored.runs[name]["cost"].std() > 0 for name in strategies):
        sentences.append(
            "Reposts, and accounts found by asking, cost what was made of them: so the cost "
            "differs between campaigns."
        )
    return Part("Cost against effect", sentences, figures, tables)


def _cost_table(stored: Stored, strategies: Sequence[str]) -> Table:
    def told(name: str, metric: str) -> str:
        found = _mean(stored, name, metric)
        return "reaches nobody" if found.mean is None else with_interval(found)

    rows = [(name, *(told(name, metric) for metric in ("cost", *COST_PER))) for name in strategies]
    heading = ("Strategy", *(phrase(metric).label.capitalize() for metric in ("cost", *COST_PER)))
    return Table("What it costs, in the mean of a campaign", heading, rows)


def _reaches_relevant(stored: Stored, strategies: Sequence[str]) -> bool:
    return any(stored.runs[name]["relevant_reach"].any() for name in strategies)


QUARTERS = {
    Quarter.CHEAPER_AND_BETTER: "costs less and brings more: there is nothing to weigh",
    Quarter.DEARER_AND_BETTER: "costs more and brings more",
    Quarter.CHEAPER_AND_WORSE: "costs less and brings less",
    Quarter.DEARER_AND_WORSE: "costs more and brings less: there is nothing to weigh",
}
UNITS = {
    "reach": "account",
    "relevant_reach": "relevant account",
    "shares": "share",
    "originals": "original message",
    "followers_gained": "follower gained",
    "pitches_opened": "opened pitch",
    "pitches_answered": "answer",
    "pitches_covered": "piece of coverage",
    "coverage_reach": "account reached through coverage",
}
SURE = 0.95
"""Share of resampled worlds from which on a quarter is said without its share."""


def _weighed_in_words(each: Weighed, stored: Stored, metric: str) -> str:
    baseline, label = stored.summary["baseline"], phrase(metric).label
    if each.quarter is None:
        dearer, more = each.cost.mean or 0.0, each.effect.mean or 0.0
        if dearer == 0 and more == 0:
            return f"{each.strategy} costs and brings as much as {baseline}."
        what = "costs" if dearer == 0 else "brings"
        metric_apart = apart(metric, each.effect) if dearer == 0 else apart("cost", each.cost)
        other = f"in {label}" if dearer == 0 else "in cost"
        return f"{each.strategy} {what} as much as {baseline}, and comes to {metric_apart} {other}."
    sure = each.shares[each.quarter]
    often = "" if sure >= SURE else f" (in {share(sure)} of resampled campaigns)"
    text = f"Compared with {baseline}, {each.strategy} {QUARTERS[each.quarter]} in {label}{often}"
    if each.price.mean is None or stored.is_heavy(metric, each.strategy, str(baseline)):
        return f"{text}."
    unit = UNITS.get(metric, f"unit of {label}")
    price = with_interval(each.price)
    if each.price.low is None:
        price = f"about {price}, which is not known well, for the difference may be none"
    if each.quarter is Quarter.DEARER_AND_BETTER:
        return f"{text}: one more {unit} costs {price}."
    return f"{text}: for one {unit} less it saves {price}."


def _standing(each: Weighed) -> str:
    """Say where a strategy stands; on a line between two quarters it is as dear or as good."""
    if each.quarter is not None:
        return each.quarter.value
    effect, cost = each.effect.mean or 0.0, each.cost.mean or 0.0
    if cost == 0:
        return f"as dear{', and better' if effect > 0 else ', and worse' if effect < 0 else ''}"
    return f"{'dearer' if cost > 0 else 'cheaper'}, and as good"


def _weighed_table(found: Mapping[str, Sequence[Weighed]], stored: Stored, baseline: str) -> Table:
    rows = []
    for metric, several in found.items():
        for each in several:
            heavy = stored.is_heavy(metric, each.strategy, baseline)
            effect = Interval(each.effect.mean) if heavy else each.effect
            price = Interval() if heavy else each.price
            rows.append(
                (
                    each.strategy,
                    phrase(metric).label,
                    with_interval(effect),
                    with_interval(each.cost),
                    _standing(each),
                    with_interval(price) if price.mean is not None else "nothing to weigh",
                )
            )
    heading = (
        "Strategy",
        "Effect",
        "Effect more",
        "Cost more",
        "So it is",
        "Cost of one more unit of effect",
    )
    return Table(f"Cost and effect, compared with {baseline}", heading, rows)


def _exchange(stored: Stored, strategies: Sequence[str]) -> Iterator[str]:
    baseline = strategies[-1]
    for each in weighed_of(stored, list(strategies), "valued_reach", "followers_lost"):
        gain, loss = apart("valued_reach", each.effect), apart("followers_lost", each.cost)
        yield (
            f"Compared with {baseline}, {each.strategy} brings {gain} in valued reach, and {loss} "
            "in followers lost."
        )


def equal_cost_of(stored: Stored) -> EqualCost | None:
    """Return how strategies were scaled to one budget; None where they were not."""
    if stored.scenario.compare.at_equal is None:
        return None
    return at_equal_cost(stored.scenario, stored.choosable)


def as_run(stored: Stored) -> Scenario:
    """Return the scenario with the strategies as they ran: scaled, where they were."""
    scaled = equal_cost_of(stored)
    if scaled is None:
        return stored.scenario
    return stored.scenario.model_copy(update={"strategies": scaled.strategies})


def scaling_table(scaled: EqualCost, stored: Stored) -> Table:
    """Return what was scaled by how much."""
    written: Any = as_written(stored.scenario)["strategies"]
    rows = []
    for each in scaled.scalings:
        moved = [
            f"{action_in_words(written[each.strategy][place])}: {was:,} -> {now:,} {what}"
            for place, what, was, now in each.quantities
        ]
        factor = number(each.factor, max(0, decimals(each.factor * 0.1)))
        rows.append(
            (
                each.strategy,
                factor if moved else "as written",
                "; ".join(moved) or "nothing is bought by number",
                f"{each.before:,.10g}",
                f"{each.after:,.10g}",
            )
        )
    heading = ("Strategy", "Factor", "What changed", "Cost as written", "Cost at this budget")
    return Table(f"Strategies at a budget of {scaled.budget:,.10g}", heading, rows)


def _attention(stored: Stored) -> Part:
    best = max(each.attention for each in stored.attention)
    rows = [
        (
            each.whose or "(all accounts)",
            _class(each.low, each.high),
            f"{each.accounts:,}",
            f"{100 * each.attention:.3g}%",
            f"{share(each.attention / best)}",
        )
        for each in stored.attention
    ]
    few, *_, many = [each for each in stored.attention if not each.whose] * 2
    return Part(
        "What a follower is worth under limited attention",
        [
            "Attention is limited here: the more accounts somebody follows, the more is in the "
            "feed, and the less of it is noticed.",
            f"Who follows {_class(few.low, few.high)} notices {100 * few.attention:.3g}% of what "
            f"is shared, who follows {_class(many.low, many.high)} {100 * many.attention:.3g}%: "
            f"such a follower is worth {share(many.attention / few.attention)} of the other.",
            f"The mean follower notices, of what our accounts share: {_mean_followers(stored)}.",
        ],
        (),
        [
            Table(
                "Chance to notice one share, by how many accounts a follower follows",
                ("Followers of", "Follow", "How many they are", "Chance to notice", "Worth"),
                rows,
            )
        ],
        note="In the first world, while no message of the scenario is in the feed. Worth: the "
        "chance as a share of the largest one in the table.",
    )


def _mean_followers(stored: Stored) -> str:
    """Write ``'ceo' 4.2%, 'brand' 1.1%``."""
    parts = []
    for whose in dict.fromkeys(each.whose for each in stored.attention if each.whose):
        own = [each for each in stored.attention if each.whose == whose]
        noticed = sum(each.accounts * each.attention for each in own)
        parts.append(f"'{whose}' {100 * noticed / sum(each.accounts for each in own):.3g}%")
    return ", ".join(parts)


def _class(low: int, high: int | None) -> str:
    if high is None:
        return f"more than {low - 1:,} accounts"
    return f"{low:,} to {high:,} accounts"
