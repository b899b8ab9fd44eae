"""Messages of their own that people write once they have noticed a topic."""

from collections.abc import Iterator, Mapping

from pydantic import Field

from propagation.problems import not_one_of
from propagation.scenario.fields import Name, Part, PercentOrMore, example
from propagation.scenario.findings import Finding, as_name, block, reference
from propagation.scenario.units import shown


class Original(Part):
    """How those who notice a topic write about it themselves (exactly: `docs/campaigns.md`)."""

    model_config = example({"chance": "5%", "message": "own words"})

    chance: PercentOrMore = Field(
        description="Chance that somebody who cares fully, at the first notice of the topic, "
        "posts a message of their own; it is multiplied by the interest (at most 1)."
    )
    message: Name = Field(
        description="The message whose rules it spreads by (resonance, response, delay), by its "
        "name under `messages`; it must be on that topic."
    )


def originals_problems(tree: Mapping[str, object]) -> Iterator[Finding]:
    """Report originals on topics of no message, and by the rules of no message on their topic."""
    messages = block(tree, "messages")
    topics = {name: as_name(block(messages, name).get("topic")) for name in messages}
    known = {topic for topic in topics.values() if topic is not None}
    for topic, original in block(tree, "originals").items():
        if known and topic not in known:
            yield Finding(("originals",), not_one_of(shown(topic), sorted(known)), key=topic)
            continue
        path = ("originals", topic, "message")
        message = as_name(block(original).get("message"))
        yield from reference(path, message, messages)
        about = topics.get(message) if message is not None else None
        if about is not None and about != topic:
            text = f"message '{message}' is on '{shown(about)}': choose one on '{shown(topic)}'"
            yield Finding(path, text)
