"""How people decide, in words: it matters more than any number, so every verdict says it."""

from collections.abc import Mapping

from propagation.scenario.spec import (
    FractionThreshold,
    Message,
    Reinforced,
    Scenario,
    messages_of,
)


def rule_in_force(scenario: Scenario) -> str:
    """Say how people decide in the strategies that the verdict compares."""
    compare = scenario.compare
    told = {compare.baseline, *(compare.strategies or scenario.strategies)}
    actions = [action for name in told for action in scenario.strategies[name]]
    used = {message for action in actions for message in messages_of(action)}
    messages = {name: each for name, each in scenario.messages.items() if name in used}
    return response_in_words(messages, scenario.agents)


def response_in_words(messages: Mapping[str, Message], agents: str | None = None) -> str:
    """Say how people decide in these messages, or that ``agents`` of the scenario's own do."""
    if agents is not None:
        name = agents.rpartition(":")[2]
        return f"Agents of the scenario's own decide ({name}), not the shipped rules."
    found: dict[str, list[str]] = {}
    for name, message in messages.items():
        found.setdefault(_response_sentence(message), []).append(f"'{name}'")
    if len(found) == 1:
        return next(iter(found))
    return " ".join(f"{', '.join(names)}: {sentence}" for sentence, names in found.items())


def _response_sentence(message: Message) -> str:
    response = message.response
    if response == "independent":
        return "Each notice is a new chance to share (independent cascade)."
    if response == "single":
        return "Each account decides once, at its first notice (single decision)."
    if isinstance(response, Reinforced):
        factors = ", ".join(f"{factor:g}" for factor in response.reinforced)
        return f"Each notice is a new chance to share, times {factors} (reinforced)."
    limit = response.threshold
    if isinstance(limit, FractionThreshold):
        given = f"{limit.fraction:.0%}" if isinstance(limit.fraction, float) else limit.fraction
        return f"The willing share once a fraction of those they follow has ({given}; threshold)."
    return f"The willing share at a number of notices ({limit.notices}; threshold)."
