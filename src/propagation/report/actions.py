"""What is done, in an adviser's words, from the blocks of a scenario as written."""

from collections.abc import Mapping, Sequence
from typing import Any

from propagation.experiment.phrases import listed, plural
from propagation.scenario.units import read_duration

Block = Mapping[str, Any]


def action_in_words(action: Block) -> str:
    """Say what an action does and when."""
    when = _when(action)
    if "post" in action:
        credit = action.get("credit", action["by"])
        guest = "" if credit == action["by"] else f" (a guest post of {credit})"
        return f"{action['by']} posts {_message(action['post'])}{guest} {when}"
    if "repost" in action:
        after = action.get("after", "0 h")
        later = "" if str(after).startswith("0 ") else f", {after} later"
        return f"{action['by']} reposts {action['repost']} {_condition(action['when'])}{later}"
    if "pitch" in action:
        return f"{action['by']} pitches {action['pitch']} to {_whom(action['to'])} {when}"
    if "blast" in action:
        return f"{action['by']} sends {action['blast']} to {_whom(action['to'])} {when}"
    if "seed" in action:
        return f"{_whom(action['to'])} share {action['seed']} for us {when}"
    if "boost" in action:
        return (
            f"{action['by']} buys {action['impressions']:,} impressions of {action['boost']} among "
            f"{action['to']}, {_plain(action['per hour'])} an hour, {when}"
        )
    return (
        f"{action['by']} follows {_whom(action['follow'])}, {_plain(action['per day'])} a day, "
        f"from {_listed(action['at'])} on"
    )


KINDS = ("post", "pitch", "blast", "seed", "boost")
"""Actions that have a message, by the key that it stands under."""
GAP = "\0"
Sent = tuple[str, str]
"""A message, and from when on; "" if there is none, or from the start."""


def done_in_words(actions: Sequence[Block]) -> str:
    """Say what all actions of a strategy do: what is done alike with several messages once."""
    alike: dict[str, list[Sent]] = {}
    for action in actions:
        sentence, sent = without_message(action)
        several = alike.setdefault(sentence, [])
        if sent not in several:
            several.append(sent)
    return "; ".join(with_messages(*each) for each in alike.items()) or "nothing"


def without_message(action: Block) -> tuple[str, Sent]:
    """Say what an action does with a gap where its message stands, and without its start.

    Return the message, if any, and from when on it is sent, if not from the start.
    """
    kind = next((kind for kind in KINDS if kind in action), None)
    if kind is None:
        return action_in_words(action), ("", "")
    always = {key: value for key, value in action.items() if key != "from"}
    return action_in_words({**always, kind: GAP}), (
        _message(action[kind]),
        str(action.get("from", "")),
    )


def with_messages(sentence: str, several: Sequence[Sent]) -> str:
    """Fill the gap of a sentence, and say from when on."""
    starts = dict.fromkeys(_from(since) for _, since in several)
    if len(starts) == 1:
        return sentence.replace(GAP, listed([name for name, _ in several])) + next(iter(starts))
    names = [f"{name} ({_from(since)[2:] or 'from the start'})" for name, since in several]
    return sentence.replace(GAP, listed(names))


def _from(since: str) -> str:
    return f", from {since} on" if since and not since.startswith("0 ") else ""


def _plain(number: float) -> str:
    return f"{number:,.10g}"


def _message(post: str | Block) -> str:
    if isinstance(post, str):
        return post
    total = sum(post.values())
    return " or ".join(f"{name} ({weight / total:.0%})" for name, weight in post.items())


def _whom(to: Block) -> str:
    if "named" in to:
        named = to["named"]
        return ", ".join(named) if len(named) <= 3 else f"{len(named):,} named accounts"
    of = f" of {to['of']}" if "of" in to else " accounts"
    rule = {"random": "at random", "acquaintance": "named by others"}.get(to["by"], to["by"])
    return f"{to['choose']:,}{of} ({rule})"


def _condition(when: str | Block) -> str:
    if isinstance(when, str):
        return when
    if "chance" in when:
        return f"in {when['chance']} of cases"
    return f"when relevant to its own followers (mean interest of {when['relevant']} or more)"


def _listed(times: str | list[str]) -> str:
    return times if isinstance(times, str) else ", ".join(times)


def _when(action: Block) -> str:
    if "every" not in action:
        return f"at {_listed(action.get('at', '0 h'))}"
    since = _from(str(action.get("from", "")))
    return f"every {action['every']} for {action['for']}{since}"


def speakers(actions: list[Block]) -> list[str]:
    """Return those of our accounts that speak to their followers, each once."""
    told = [one["by"] for one in actions if "post" in one or "repost" in one]
    return list(dict.fromkeys(told))


COST_WORDS = {
    "fixed": "{} once",
    "each time": "{} each time",
    "per contact": "{} a contact",
    "per thousand impressions": "{} a thousand impressions",
}


def cost_in_words(cost: Block) -> str:
    """Say what an action costs; "" if nothing."""
    parts = [
        words.format(_plain(cost[key])) for key, words in COST_WORDS.items() if cost.get(key, 0)
    ]
    if cost.get("per hour", 0) and cost.get("hours", 0):
        parts.append(
            f"{plural('{} hour(s)', _plain(cost['hours']))} of staff each time at "
            f"{_plain(cost['per hour'])}"
        )
    return ", ".join(parts)


def delay_in_words(delay: Any) -> str:
    """Say how long people wait before they share, from the block as written."""
    if delay == "none":
        return "none: at once"
    law = delay["law"]
    if law == "fixed":
        return f"always {delay['time']}"
    if law == "exponential":
        return f"{delay['mean']} on average (exponential)"
    if law == "lognormal":
        return f"half within {delay['median']} (lognormal, sigma {delay['sigma']})"
    return (
        f"half within {_power_median(delay['exponent'], read_duration(delay['flat']))}, the rest "
        f"over ever longer times (power law, exponent {delay['exponent']}, flat up to "
        f"{delay['flat']})"
    )


def _power_median(exponent: float, flat: float) -> str:
    """Return the median of the power law of delays in words; ``flat`` in hours."""
    beyond = 0.5 * (1 + exponent)  # half lie beyond t where (flat / t) ** exponent is this
    hours = flat * (beyond / exponent if exponent >= 1 else beyond ** (-1 / exponent))
    if hours < 2:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:.1f} days"
