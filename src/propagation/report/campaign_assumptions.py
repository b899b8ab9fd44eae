"""What a scenario assumes of campaigns: rates of pitches, following, attention, costs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from propagation.experiment.phrases import quoted
from propagation.report.actions import (
    Block,
    Sent,
    cost_in_words,
    delay_in_words,
    with_messages,
    without_message,
)
from propagation.report.tables import Table


def campaign_tables(written: Block) -> Iterator[Table]:
    """Yield the tables of what is assumed of campaigns, each where the scenario has it."""
    strategies = written["strategies"]
    if pitches := _told(strategies, ("pitch", "blast"), _rates):
        yield Table(
            "Chances of a pitch",
            (
                "Pitch",
                "Opened",
                "Answered, if opened",
                "Covered, if answered",
                "Wears, if irrelevant",
            ),
            pitches,
        )
    if follows := _told(strategies, ("follow",), lambda one: (_back(one["back"]),)):
        yield Table("Chances to be followed back", ("Following", "Chance, times interest"), follows)
    if "originals" in written:
        yield Table(
            "Who writes about a topic",
            ("Topic", "Chance to write, at the first notice of it", "Spreads as the message"),
            _originals(written["originals"]),
        )
    if "following" in written:
        yield Table(
            "How followers of ours come and go",
            ("Setting", "Value"),
            _following(written["following"]),
        )
    costs = _told(strategies, (), lambda one: (cost_in_words(one.get("cost", {})) or "nothing",))
    if any(cost != "nothing" for _, cost in costs):
        yield Table("What actions cost", ("Action", "Cost"), costs)


def _told(
    strategies: Mapping[str, Sequence[Block]],
    kinds: Sequence[str],
    tell: Callable[[Block], tuple[str, ...]],
) -> list[tuple[str, ...]]:
    """Return a row for what is done alike by actions of these kinds (none: of any kind).

    Messages of which all the same is to be told share a row. Where sentences are equal and
    something else is to be told, they are told apart by strategy.
    """
    found: dict[tuple[str, Sent, tuple[str, ...]], list[str]] = {}
    for name, actions in strategies.items():
        for one in actions:
            if not kinds or any(kind in one for kind in kinds):
                names = found.setdefault((*without_message(one), tell(one)), [])
                if name not in names:
                    names.append(name)
    several = Counter((sentence, message) for sentence, message, _ in found)
    rows: dict[tuple[str, str, tuple[str, ...]], list[Sent]] = {}
    for (sentence, message, cells), names in found.items():
        where = f" (in {quoted(names)})" if several[sentence, message] > 1 else ""
        rows.setdefault((sentence, where, cells), []).append(message)
    return [
        (f"{with_messages(sentence, messages)}{where}", *cells)
        for (sentence, where, cells), messages in rows.items()
    ]


def _rates(one: Block) -> tuple[str, str, str, str]:
    personal = one.get("personal", 1)
    answers = f"{one['answers']} times interest"
    if personal != 1:
        answers += f", times {personal:g} for being personal"
    after = one.get("after", "none")
    delay = "" if after == "none" else f", after a delay: {delay_in_words(after)}"
    wears = str(one.get("wears", "0%"))
    worn = f"{wears} of the willingness to open the next" if wears not in ("0%", "0") else "nothing"
    return str(one["opens"]), answers, f"{one['covers']}{delay}", worn


def _back(back: Any) -> str:
    if isinstance(back, Mapping):
        return f"{back['noticed']} if it has noticed us, else {back['otherwise']}"
    return str(back)


def _originals(written: Mapping[str, Block]) -> list[tuple[str, ...]]:
    return [
        (topic, f"{one['chance']} times interest", one["message"]) for topic, one in written.items()
    ]


def _following(block: Block) -> list[tuple[str, str]]:
    rows = [
        (
            "Begins to follow",
            f"{block['follows']} times interest, at the first notice of a message of ours",
        ),
        (
            "Leaves, because it was irrelevant",
            f"{block['irrelevant']} times lack of interest, at each notice of a share of ours",
        ),
        (
            "Leaves, because it was too much",
            f"{block['too often']} for each share beyond {block['beyond']} within "
            f"{block['within']}, at each notice of a share of ours",
        ),
    ]
    return [row for row in rows if not row[1].startswith(("0% ", "0 "))]


def trait_in_words(attention: Any) -> str:
    """Say what attention an account has, if it is a capacity; else ""."""
    if not isinstance(attention, Mapping) or "capacity" not in attention:
        return ""
    return (
        f"takes in {attention['capacity']:g} posts a day; each account followed puts in "
        f"{attention['per followee']:g}"
    )


def resonance_in_words(resonance: Any) -> str:
    """Say how resonance varies from post to post, if it does; else ""."""
    if not isinstance(resonance, Mapping):
        return ""
    if "median" in resonance:
        return (
            f"differs from post to post: half are below {resonance['median']:g}, a few far above "
            f"(lognormal, sigma {resonance['sigma']:g})"
        )
    return (
        f"differs from post to post: at least {resonance['least']:g}, few far above (a tail of "
        f"exponent {resonance['tail']:g})"
    )
