"""What a scenario assumes of campaigns: rates of pitches, following, attention, costs."""

from collections.abc import Iterator, Mapping
from typing import Any

from propagation.report.actions import action_in_words, cost_in_words
from propagation.report.tables import Table


def campaign_tables(written: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the tables of what is assumed of campaigns, each where the scenario has it."""
    actions = {
        action_in_words(action): action
        for strategy in written["strategies"].values()
        for action in strategy
    }
    pitches = [(words, one) for words, one in actions.items() if "pitch" in one or "blast" in one]
    if pitches:
        yield Table(
            "Chances of a pitch",
            (
                "Pitch",
                "Opened",
                "Answered, if opened",
                "Covered, if answered",
                "Wears, if irrelevant",
            ),
            [(words, *_rates(one)) for words, one in pitches],
        )
    follows = [(words, one) for words, one in actions.items() if "follow" in one]
    if follows:
        yield Table(
            "Chances to be followed back",
            ("Following", "Chance, times interest"),
            [(words, _back(one["back"])) for words, one in follows],
        )
    if "following" in written:
        yield Table(
            "How followers of ours come and go",
            ("Setting", "Value"),
            _following(written["following"]),
        )
    costs = [(words, cost_in_words(one.get("cost", {}))) for words, one in actions.items()]
    if any(cost for _, cost in costs):
        yield Table(
            "What actions cost", ("Action", "Cost"), [(w, cost or "nothing") for w, cost in costs]
        )


def _rates(one: Mapping[str, Any]) -> tuple[str, str, str, str]:
    personal = one.get("personal", 1)
    answers = f"{one['answers']} times interest"
    if personal != 1:
        answers += f", times {personal:g} for being personal"
    after = one.get("after", "none")
    delay = "" if after == "none" else f", after {after.get('mean', after.get('time', 'a while'))}"
    wears = str(one.get("wears", "0%"))
    worn = f"{wears} of the willingness to open the next" if wears not in ("0%", "0") else "nothing"
    return str(one["opens"]), answers, f"{one['covers']}{delay}", worn


def _back(back: Any) -> str:
    if isinstance(back, Mapping):
        return f"{back['noticed']} if it has noticed us, else {back['otherwise']}"
    return str(back)


def _following(block: Mapping[str, Any]) -> list[tuple[str, str]]:
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
