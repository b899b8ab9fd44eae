"""Whatever scenario there is, writing and reading it gives the same scenario, to the last bit."""

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from propagation.scenario import units
from propagation.scenario.fields import LONGEST_DURATION
from propagation.scenario.reading import parse_scenario, write_scenario
from propagation.scenario.spec import METRICS, Scenario

AWKWARD = ["yes", "no", "null", "~", "1e3", "0x1F", "007", "-", "- a", "a: b", "#", "a #b", "<<"]
AWKWARD += ["2011-01-01", "12:30:45", "'", '"', "{", "&a", "*a", "!t", "%", "@", "`", ",", "=", "é"]
LETTERS = st.characters(exclude_characters='.[]/\\<>:"|?*', exclude_categories=["C", "Z"])
names = st.sampled_from(AWKWARD) | st.text(LETTERS, min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
shares = st.floats(0, 1)
amounts = st.floats(0, 1e6)
above_0 = st.floats(0, 1e6, exclude_min=True)
hours = st.floats(0, LONGEST_DURATION)
some_hours = st.floats(1e-12, LONGEST_DURATION)
spreads = st.builds(lambda mean, spread: {"mean": mean, "spread": spread}, above_0, above_0)
share_spreads = st.builds(
    lambda mean, part: {"mean": mean, "spread": part * math.sqrt(mean * (1 - mean))},
    st.floats(1e-6, 1 - 1e-6),
    st.floats(1e-6, 0.999),
)
share_traits = shares | share_spreads
scalars = st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | texts
arguments = scalars.filter(lambda value: value not in (math.inf, -math.inf))

responses = (
    st.sampled_from(["independent", "single"])
    | st.builds(lambda factors: {"reinforced": factors}, st.lists(amounts, min_size=1, max_size=4))
    | st.builds(
        lambda rule: {"threshold": rule},
        st.builds(lambda n: {"notices": n}, st.integers(1, 10**6))
        | st.builds(lambda f: {"fraction": f}, st.floats(0, 1, exclude_min=True))
        | st.just({"fraction": "uniform"}),
    )
)
delays = (
    st.just("none")
    | st.builds(lambda time: {"law": "fixed", "time": time}, hours)
    | st.builds(lambda mean: {"law": "exponential", "mean": mean}, some_hours)
    | st.builds(
        lambda median, sigma: {"law": "lognormal", "median": median, "sigma": sigma},
        some_hours,
        st.floats(0, 20, exclude_min=True),
    )
    | st.builds(
        lambda exponent, flat: {"law": "power", "exponent": exponent, "flat": flat},
        st.floats(0, 100, exclude_min=True),
        some_hours,
    )
)


def chosen(draw: st.DrawFn, *choices: Any) -> Any:
    return draw(st.sampled_from(choices))


def block(draw: st.DrawFn, required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """Return the required keys and any of the optional ones (underscores stand for blanks)."""
    extra = {k.replace("_", " "): v for k, v in optional.items() if draw(st.booleans())}
    return {**required, **{key: draw(values) for key, values in extra.items()}}


@st.composite
def segments(draw: st.DrawFn, own: list[str], topics: list[str]) -> dict[str, Any]:
    parts = draw(st.lists(st.integers(1, 9), min_size=len(own), max_size=len(own)))
    to = {name: part / sum(parts) for name, part in zip(own, parts, strict=True)}
    return {
        name: block(
            draw,
            {
                "accounts": draw(st.integers(1, 10**6)),
                "attention": draw(share_traits | capacities),
                "interest": {topic: draw(share_traits) for topic in topics},
                "follows": block(draw, {"mean": draw(amounts)}, to=st.just(to)),
            },
            value=amounts | spreads,
            threshold=above_0 | spreads,
            popularity=st.builds(
                lambda tail, most: {"tail": tail, "at most": most},
                st.floats(2, 100, exclude_min=True),
                st.integers(1, 2**31 - 1),
            ),
            reciprocity=shares,
            clustering=shares,
        )
        for name in own
    }


@st.composite
def grown(draw: st.DrawFn, own: list[str], topics: list[str]) -> dict[str, Any]:
    decided = ("follows", "popularity", "reciprocity", "clustering")
    blocks = {
        name: {key: each for key, each in one.items() if key not in decided}
        for name, one in draw(segments(own, topics)).items()
    }
    parts = draw(st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any))
    ways = ("popularity", "interest", "friends of friends", "random")
    growth = block(
        draw,
        {
            "follows": draw(st.floats(0.1, 50)),
            "choose": {way: part / sum(parts) for way, part in zip(ways, parts, strict=True)},
        },
        later=shares,
        head_start=above_0,
        tolerance=above_0,
        back=shares | st.builds(lambda a, o: {"alike": a, "otherwise": o}, shares, shares),
    )
    for one in blocks.values():
        one["accounts"] += 100
    return {"segments": blocks, "graph": {"grown": growth}}


@st.composite
def graphs(draw: st.DrawFn, own: list[str], topics: list[str]) -> dict[str, Any]:
    column = st.builds(lambda name: {"column": name}, texts)
    follows = block(
        draw,
        {"follows": draw(texts), "follower": 1, "followee": draw(texts)},
        ids=st.sampled_from(["text", "integer"]),
        sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    )
    generated = block(
        draw,
        {"networkx": draw(texts)},
        arguments=st.dictionaries(names, arguments | st.lists(arguments, max_size=2), max_size=2),
        arrows=st.sampled_from(["follower to followee", "followee to follower"]),
    )
    traits = block(draw, {}, attention=share_traits | column, value=amounts | column)
    accounts = block(
        draw,
        {
            "table": draw(texts),
            "id": draw(texts),
            "segment": draw(texts),
            "attention": draw(share_traits | column),
            "interest": {**{topic: draw(share_traits | column) for topic in topics}, "other": 0.5},
        },
        value=amounts | spreads | column,
        by_segment=st.just({name: {**traits, "interest": {"other": 0.1}} for name in own}),
    )
    return {"graph": chosen(draw, follows, generated), "accounts": accounts}


costs = st.fixed_dictionaries(
    {},
    optional={
        **{"fixed": amounts, "each time": amounts},
    },
) | st.builds(lambda wage, time: {"per hour": wage, "hours": time}, above_0, above_0)
resonances = (
    amounts
    | st.builds(lambda median: {"median": median, "sigma": 1.5}, above_0)
    | st.builds(lambda least: {"least": least, "tail": 1.5}, above_0)
)
whens = st.sampled_from(["always", "never"]) | st.builds(
    lambda kind, share: {kind: share}, st.sampled_from(["chance", "relevant"]), shares
)
backs = shares | st.builds(lambda one, two: {"noticed": one, "otherwise": two}, shares, shares)
capacities = st.builds(lambda c, q: {"capacity": c, "per followee": q}, above_0, amounts)
followings = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("follows", "irrelevant", "too often"), shares),
        **{"beyond": st.integers(0, 100), "within": some_hours},
    },
)


def originals(messages: dict[str, dict[str, Any]]) -> st.SearchStrategy[Any]:
    """Return originals on the topic of every message, by the rules of one on it."""
    of_topic = {message["topic"]: name for name, message in messages.items()}
    written = {
        topic: st.fixed_dictionaries({"chance": amounts | shares, "message": st.just(name)})
        for topic, name in of_topic.items()
    }
    return st.fixed_dictionaries(written)


clocks = st.builds(
    lambda days, hour, minute: f"{', '.join(days)} at {hour}:{minute:02}",
    st.lists(st.sampled_from(["day", "weekday", "Monday", "Friday"]), min_size=1, max_size=3),
    st.integers(0, 23),
    st.integers(0, 59),
)
schedules = st.builds(
    lambda every, lasting, since: {"every": every, "for": lasting, "from": since},
    st.floats(0.1, 50) | clocks,
    st.floats(24 * 7, 24 * 8),
    st.floats(0, 100),
)


@st.composite
def actions(
    draw: st.DrawFn, own: list[str], ours: list[str], spoken: list[str], topics: list[str]
) -> list[dict[str, Any]]:
    """Return a strategy of at most one action of each kind, so that nothing is done twice."""

    def item(kind: str, what: Any, **keys: Any) -> dict[str, Any]:
        times = st.builds(
            lambda times: {"at": times},
            st.lists(hours_early, min_size=1, max_size=3, unique=True),
        )
        schedule = draw(schedules | times) if kind != "follow" else {"at": draw(hours_early)}
        written = {kind: what, **schedule, **keys}
        return block(draw, written, cost=costs)

    by, hours_early, hours_soon = {"by": chosen(draw, *ours)}, st.floats(0, 100), st.floats(0, 5)
    to = chosen(draw, {"choose": 1}, {"choose": 1, "of": chosen(draw, *own), "by": "k-core"})
    rates = {"opens": draw(shares), "answers": draw(shares), "covers": draw(shares)}
    message = chosen(draw, *spoken)
    mix = {name: draw(above_0) for name in spoken}
    offered = block(draw, {**by, "to": to, **rates}, wears=shares, after=delays)
    boost = {**by, "to": chosen(draw, *own), "impressions": 9, "per hour": draw(above_0)}
    follow = {**by, "topic": chosen(draw, *topics), "per day": draw(above_0), "back": draw(backs)}
    every = [
        item("post", chosen(draw, message, mix), **by, credit=chosen(draw, *ours)),
        item("pitch", message, **offered, personal=draw(amounts)),
        item("blast", message, **offered),
        item("seed", message, to=to),
        item("boost", message, **boost),
        item("follow", to, **follow),
    ]
    if len(ours) > 1:
        every.append(
            {"repost": ours[0], "by": ours[1], "when": draw(whens), "after": draw(hours_soon)}
        )
    kinds = st.lists(st.sampled_from(every), max_size=4, unique_by=lambda one: next(iter(one)))
    strategy = draw(kinds)
    posts = any("post" in one and one["by"] == ours[0] for one in strategy)
    return [one for one in strategy if posts or "repost" not in one]  # only posts are reposted


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    def some_names() -> list[str]:
        return draw(st.lists(names, min_size=1, max_size=3, unique=True))

    own, ours, spoken = some_names(), some_names(), some_names()
    topics = [name for name in some_names() if name != "other"] or ["news"]
    strategies = some_names()
    times = st.lists(st.floats(0, 100), min_size=1, max_size=3, unique=True)
    required = {
        "horizon": draw(st.floats(301, LONGEST_DURATION) | st.just(math.inf)),
        "starts": chosen(draw, "2026-03-25 9:00 Europe/Zurich", "2026-01-01 00:00 UTC"),
        "name": "x" + re.sub('[<:"*]', "", draw(names)),
        "ours": {name: {"followers": dict.fromkeys(own, 1)} for name in ours},
        "messages": {
            name: block(
                draw,
                {"topic": topics[i % len(topics)], "resonance": draw(resonances)},
                response=responses,
                delay=delays,
            )
            for i, name in enumerate(spoken)
        },
        "strategies": {
            strategies[0]: [
                {"post": chosen(draw, *spoken), "by": chosen(draw, *ours), "at": draw(times)}
            ],
            **{
                name: draw(actions(own, ours, spoken, topics[: len(spoken)]))
                for name in strategies[1:]
            },
        },
        "compare": block(
            draw, {"on": chosen(draw, *METRICS), "baseline": strategies[-1]}, matters=shares
        ),
    }
    drawn = segments(own, topics).map(lambda blocks: {"segments": blocks})
    world = draw(drawn | graphs(own, topics) | grown(own, topics))
    precision = st.builds(
        lambda within, most: {"within": within, "at most": most},
        st.floats(0, 1, exclude_min=True),
        st.integers(1, 10**6),
    )
    return Scenario.model_validate(
        block(
            draw,
            {**required, **world},
            question=texts,
            seed=st.integers(0, 2**63 - 1),
            replicates=st.integers(1, 10**6) | precision,
            following=followings,
            originals=originals(required["messages"]),
            relevant=shares,
            draws=st.integers(1, 10**6),
        )
    )


@given(scenarios())
@settings(max_examples=50)
def test_reading_what_was_written_gives_an_equal_scenario(scenario: Scenario) -> None:
    text = write_scenario(scenario)
    again = parse_scenario(text)
    assert again == scenario
    assert write_scenario(again) == text


def test_a_rounded_duration_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = parse_scenario(SMALL)
    assert parse_scenario(write_scenario(scenario)) == scenario
    rounded = units.write_duration(round(scenario.strategies["only"][0].at[0], 6))
    text = write_scenario(scenario).replace("at: 1.000000001 h", f"at: {rounded}")
    assert parse_scenario(text) != scenario


SMALL = """
name: small
segments: {all: {accounts: 10, attention: 1, interest: {news: 0}, follows: {mean: 2}}}
ours: {us: {followers: {all: 3}}}
messages: {hello: {topic: news, resonance: 0}}
strategies: {only: [{post: hello, by: us, at: 1.000000001 h}]}
compare: {on: reach, baseline: only}
"""


def test_long_names_in_a_short_block_survive_writing() -> None:
    """No line is broken within a key, where YAML would not read it again."""
    names = [f"a strategy with a name of many words, number {i}" for i in range(4)]
    strategies = "".join(f"  {name}: [{{post: hello, by: ceo, at: 0 h}}]\n" for name in names)
    against = ", ".join(f"{name.replace(',', '')}: x" for name in names)
    text = f"""
name: long
segments: {{near: {{accounts: 100, attention: 0.2, interest: {{news: 0.5}}, follows: {{mean: 5}}}}}}
ours: {{ceo: {{followers: {{near: 10}}}}}}
messages: {{hello: {{topic: news, resonance: 0.1}}}}
strategies:
  x: [{{post: hello, by: ceo, at: 0 h}}]
{strategies.replace(",", "", 0).replace("words, number", "words number")}
compare: {{on: reach, baseline: x}}
steps: [{{title: {"many words " * 40}, against: {{{against}}}}}]
"""
    scenario = parse_scenario(text)
    written = write_scenario(scenario)
    assert parse_scenario(written) == scenario
    assert len(scenario.steps[0].against) == 4
