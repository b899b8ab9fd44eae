"""With what each message instance of a scenario begins: who shares it, who is shown it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from propagation.scenario.actions import Blast, Boost, Choice, Pitch, Repost, Seed
from propagation.scenario.spec import Scenario
from propagation.strategy.agenda import Agenda, Occasion, agenda_of


@dataclass(frozen=True)
class Beginning:
    """What an instance of a message begins with; all pairs are in order.

    Attributes
    ----------
    ours
        Our accounts that post or repost it, each with how often that is.
    sharers
        By segment (None for all accounts), how many others share it because they were asked to.
    shown
        By segment, how many impressions are bought.
    """

    message: str
    ours: tuple[tuple[str, float], ...]
    sharers: tuple[tuple[str | None, float], ...]
    shown: tuple[tuple[str, float], ...]


def beginnings(scenario: Scenario) -> Iterator[Beginning]:
    """Yield what every message instance of every strategy begins with, at most."""
    for actions in scenario.strategies.values():
        agenda = agenda_of(actions, scenario.starts)
        occasions: dict[int, list[Occasion]] = {}
        for occasion in agenda.occasions:
            occasions.setdefault(occasion.instance, []).append(occasion)
        for number in range(len(agenda)):
            yield _beginning(agenda, number, occasions.get(number, []))


def _beginning(agenda: Agenda, number: int, occasions: list[Occasion]) -> Beginning:
    instance = agenda.instances[number]
    ours: Counter[str] = Counter()
    for post in instance.posts:
        ours[post.by] += post.high - post.low  # type: ignore[assignment]
    for rule in agenda.reposts:
        assert isinstance(rule.action, Repost)
        ours[rule.action.by] += ours[rule.action.repost]
    sharers: Counter[str | None] = Counter()
    shown: Counter[str] = Counter()
    for occasion in occasions:
        action = occasion.action
        if isinstance(action, Boost):
            shown[action.to] += action.impressions
        elif isinstance(action, Seed):
            sharers[_segment(action)] += action.to.count
        elif isinstance(action, Pitch | Blast):
            covered = action.opens * action.answers * action.covers
            sharers[_segment(action)] += covered * action.to.count  # type: ignore[assignment]
    return Beginning(
        instance.message,
        tuple(sorted(ours.items())),
        tuple(sorted(sharers.items(), key=lambda each: each[0] or "")),
        tuple(sorted(shown.items())),
    )


def _segment(action: Seed | Pitch | Blast) -> str | None:
    return action.to.of if isinstance(action.to, Choice) else None
