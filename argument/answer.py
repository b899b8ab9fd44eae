"""What the document says of the small and the large audience, from the results of one scenario."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from argument.published import published
from argument.ties import VARIANTS, Told, told
from argument.words import few, interval_of, spelled
from propagation.experiment.phrases import listed, range_decimals, share, span
from propagation.report.stored import Stored
from propagation.scenario.exploring_checks import compared_pair
from propagation.scenario.messages import Message
from propagation.scenario.spec import Scenario

METRICS = ("shares", "relevant_reach", "valued_reach", "reach")
NAMES = {
    "shares": "shares",
    "relevant_reach": "people who care",
    "valued_reach": "people, by how much they care",
    "reach": "people",
}
COUNTED = {
    "shares": "shares",
    "relevant_reach": "people who care (relevant reach)",
    "valued_reach": "people, each by how much they care (valued reach)",
    "reach": "people (raw reach)",
}
TOLD_INPUTS = 2
LITTLE_NOISE = 0.1


@dataclass(frozen=True)
class Outcome:
    """A metric of both audiences; ``side`` is where the small one stands: ahead, behind, level."""

    small: str
    large: str
    side: str


@dataclass(frozen=True)
class Audience:
    """One of the two audiences: its strategy, its followers, and the segment they are in."""

    name: str
    count: int
    segment: str

    @property
    def followers(self) -> str:
        """The number of followers."""
        return f"{self.count:,}"


def audiences(scenario: Scenario) -> tuple[Audience, Audience]:
    """Return the small audience and the large one."""
    small, large = (_audience(scenario, name) for name in compared_pair(scenario))
    return small, large


def _audience(scenario: Scenario, strategy: str) -> Audience:
    (action,) = scenario.strategies[strategy]
    followers = scenario.ours[action.model_dump()["by"]].followers or {}
    main = max(followers, key=lambda name: followers[name])
    return Audience(strategy, sum(followers.values()), main)


def outcomes(summary: Mapping[str, Any]) -> dict[str, Outcome]:
    """Return what both audiences bring, by metric."""
    found = {}
    for each in summary["differences"]:
        if each["metric"] in METRICS:
            small, large = (
                summary["strategies"][each[key]][each["metric"]] for key in ("strategy", "baseline")
            )
            found[each["metric"]] = Outcome(
                interval_of(small),
                interval_of(large),
                side_of(each["difference"]),
            )
    return found


def single_campaigns(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return what eight of ten single campaigns bring, and how often the small one does better."""
    metric = summary["metric"]
    (pair,) = (each for each in summary["differences"] if each["metric"] == metric)
    small, large = (summary["strategies"][pair[key]][metric] for key in ("strategy", "baseline"))
    return {
        "small": _eight_of_ten(small),
        "large": _eight_of_ten(large),
        "better": share(pair["probability_better"]["mean"]),
    }


def _eight_of_ten(found: Mapping[str, Any]) -> str:
    return span(found["p10"], found["p90"], range_decimals(found["p10"], found["p90"]))


def side_of(difference: Mapping[str, float | None]) -> str:
    """Return where the first stands by the interval of its lead."""
    low, high = difference["low"], difference["high"]
    if low is not None and low > 0:
        return "ahead"
    return "behind" if high is not None and high < 0 else "level"


def ties_of(summary: Mapping[str, Any], ties: Mapping[str, Any], followers: int) -> dict[str, Told]:
    """Return the ties by metric."""
    found = {metric: told(each, followers) for metric, each in ties["by metric"].items()}
    return {summary["metric"]: told(summary["break_even"], followers), **found}


def variant_rows(
    ties: Mapping[str, Any], written: Told, followers: int
) -> tuple[list[dict[str, str]], list[tuple[str, ...]]]:
    """Return what each changed assumption does, for a sentence and as rows of a table."""
    said: list[dict[str, str]] = []
    rows: list[tuple[str, ...]] = [("As written", written.place, written.for_each)]
    for variant in VARIANTS:
        found = told(ties["variants"][variant.name], followers)
        place = found.value if found.found else found.place
        said.append({"when": variant.when, "place": place, "for_each": found.for_each})
        rows.append((variant.when, found.place, found.for_each))
    return said, rows


# --- what is uncertain ---


@dataclass(frozen=True)
class Input:
    """Something nobody knows, and how much of the variance is its alone or with others."""

    label: str
    total: str


def uncertain_of(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the document says of the inputs nobody knows."""
    found = summary["uncertain"]
    (pair,) = found["pairs"]
    labels = {each["path"]: each["label"] for each in found["inputs"]}
    order = sorted(pair["indices"], key=lambda each: -float(each["total"]))
    alone = min(1.0, sum(max(0.0, each["first"]) for each in pair["indices"]))
    top = [Input(labels[each["path"]], share(max(0.0, each["total"]))) for each in order]
    return {
        "count": spelled(len(labels)).capitalize(),
        "combinations": f"{pair['combinations']:,}",
        "evaluations": f"{found['evaluations']:,}",
        "ahead": share(pair["ahead"]),
        "low": few(pair["range"]["low"]),
        "high": few(pair["range"]["high"]),
        "top": top,
        "top_words": listed([each.label for each in top[:TOLD_INPUTS]]),
        "median": few(pair["range"]["median"]),
        "is_ratio": pair["of"] == "ratio",
        "noise": share(pair["noise"]) if pair["noise"] > LITTLE_NOISE else "",
        "alone": share(alone),
        "is_all": alone == 1.0,
    }


# --- theory and the world ---


def world_of(scenario: Scenario, small: Audience, large: Audience) -> dict[str, Any]:
    """Return the numbers of the world, and the spread that the parameters alone give."""
    segments = scenario.segments or {}
    community, public = segments[small.segment], segments[large.segment]
    message = message_of(scenario, small.name)
    assert community.follows is not None
    assert public.follows is not None
    inside = community.follows.mean * (community.follows.to or {})[small.segment]
    p_small, p_large = (
        _shares_at_notice(each, message.topic, message.resonance) for each in (community, public)
    )
    r_small = inside * p_small
    r_large = public.follows.mean * (public.follows.to or {})[large.segment] * p_large
    ratio = p_small / p_large
    tie = small.count * ratio * (1 - r_large) / (1 - r_small) if r_small < 1 else math.inf
    return {
        "community": f"{community.accounts:,}",
        "public": f"{public.accounts:,}",
        "draws": scenario.draws,
        "inside": few(inside),
        "bridge": f"{few(100 * (public.follows.to or {}).get(small.segment, 0.0))}%",
        "horizon": _days(scenario.horizon),
        "ratio": ratio,
        "interest": few(_mean(public.interest[message.topic])),
        "base": _mean(public.interest[message.topic]),
        "r_small": few(r_small),
        "r_large": few(r_large),
        "rest_small": few(1 - r_small),
        "rest_large": few(1 - r_large),
        "tie": tie,
    }


def message_of(scenario: Scenario, strategy: str) -> Message:
    """Return the message that a strategy of one post posts."""
    (action,) = scenario.strategies[strategy]
    return scenario.messages[str(action.model_dump()["post"])]


def _shares_at_notice(segment: Any, topic: str, resonance: Any) -> float:
    """Return the mean chance that somebody who follows the sharer shares it as well."""
    interest = segment.interest[topic]
    return _mean(segment.attention) * min(1.0, _mean(resonance) * _mean(interest))


def _mean(trait: Any) -> float:
    return float(getattr(trait, "mean", trait))


def _days(hours: float | None) -> str:
    return "any time" if hours is None else f"{few(hours / 24)} days"


def elasticity() -> dict[str, str]:
    """Return what the published elasticity of retweets to followers says of one follower."""
    found = published()["elasticity"].value
    tenfold = 10.0**found
    return {
        "tenfold_followers": "ten",
        "tenfold": few(tenfold, 3),
        "each": few(10 / tenfold),
        "year": f"{published()['elasticity year'].value:.0f}",
    }


def interests(scenario: Scenario, world: Mapping[str, Any]) -> dict[str, str]:
    """Return how much more those who care do, as written and over its range."""
    spans = [each for path, each in (scenario.uncertain or {}).items() if ".interest." in path]
    public = world["ratio"]
    written = {"written": few(public)}
    if not spans:
        return {**written, "low": few(public), "high": few(public)}
    low, high = (end / world["base"] for end in (spans[0].low, spans[0].high))
    return {**written, "low": few(low), "high": few(high)}


def map_facts(sweep: Mapping[str, Any], stored: Stored) -> dict[str, str]:
    """Return on how much of the map either audience is ahead."""
    assert stored.sweep is not None
    settled = stored.sweep.settled()
    return {
        "points": f"{len(settled):,}",
        "ahead": share(float((settled > 0).mean())),
        "behind": share(float((settled < 0).mean())),
        "open": share(float((settled == 0).mean())),
        "runs": f"{sweep['replicates']:,}",
        "cautions": " ".join(sweep["sentences"][1:]),  # the first counts who is ahead where
    }


def as_numbers(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts as plain values, for ``numbers.json``."""
    return {key: _plain(value) for key, value in facts.items()}


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
