"""Strategies as agendas: which instances there are, who is credited, what happens when."""

import pytest

from propagation.scenario.spec import Pitch, Post, Repost, Scenario
from propagation.strategy.agenda import Agenda, MessageInstance, PostAction, agenda_of

RATES = {"opens": 0.5, "answers": 0.5, "covers": 0.5}
TO = {"choose": 1}
ACTIONS = {
    "post": {"post": "call", "by": "ceo", "at": ["2 h", "1 h"]},
    "guest": {"post": "call", "by": "brand", "credit": "ceo", "at": "1 h"},
    "mix": {"post": {"joke": 1, "essay": 3}, "by": "brand", "every": "2 h", "for": "5 h"},
    "pitch": {"pitch": "call", "by": "brand", "to": TO, "at": "2 h", **RATES},
    "blast": {"blast": "essay", "by": "ceo", "to": TO, "at": "0 h", **RATES},
    "seed": {"seed": "joke", "to": TO, "at": "7 h"},
    "boost": {
        **{"boost": "call", "by": "brand", "to": "all", "impressions": 5},
        **{"per hour": 1, "at": "1 h"},
    },
    "follow": {
        **{"follow": TO, "by": "ceo", "topic": "news"},
        **{"per day": 1, "back": 0.5, "at": "1 h"},
    },
    "repost": {"repost": "ceo", "by": "brand", "when": {"chance": 0.5}},
    "never": {"repost": "brand", "by": "ceo", "when": "never"},
}


def agenda(*names: str) -> Agenda:
    message = {"topic": "news", "resonance": 0.1}
    scenario = Scenario.model_validate(
        {
            "name": "small",
            "segments": {
                "all": {
                    **{"accounts": 9, "attention": 1, "interest": {"news": 1}},
                    "follows": {"mean": 2},
                }
            },
            "ours": {name: {"followers": {"all": 1}} for name in ("ceo", "brand")},
            "messages": dict.fromkeys(("call", "essay", "joke"), message),
            "strategies": {"one": [ACTIONS[name] for name in names], "two": [ACTIONS["post"]]},
            "compare": {"on": "reach", "baseline": "one"},
        }
    )
    return agenda_of(scenario.strategies["one"], scenario.starts)


def test_actions_on_one_message_at_one_time_are_one_instance() -> None:
    found = agenda("post", "pitch", "guest", "boost")
    assert found.instances == (
        MessageInstance(
            "call",
            1.0,
            (PostAction(1.0, "brand", 2, credit="ceo"), PostAction(1.0, "ceo", 0, credit="ceo")),
            ("brand", "ceo"),
        ),
        MessageInstance("call", 2.0, (PostAction(2.0, "ceo", 0, credit="ceo"),), ("brand", "ceo")),
    )
    assert [(o.time, o.place, o.instance) for o in found.occasions] == [(1.0, 3, 0), (2.0, 1, 1)]
    assert isinstance(found.occasions[1].action, Pitch)


def test_a_guest_post_is_credited_to_the_account_named() -> None:
    (instance,) = agenda("guest").instances
    assert instance.posts == (PostAction(1.0, "brand", 0, credit="ceo"),)
    assert instance.credited == ("ceo",)


def test_one_message_of_a_mix_is_posted_by_weight_whatever_the_order_of_lines() -> None:
    found = agenda("mix")
    assert [(one.message, one.nominal_time) for one in found.instances] == [
        (message, time) for time in (0.0, 2.0, 4.0) for message in ("essay", "joke")
    ]
    parts = {one.message: (one.posts[0].low, one.posts[0].high) for one in found.instances}
    assert parts == {"essay": (0.0, 0.75), "joke": (0.75, 1.0)}
    (essay, joke) = (one.posts[0].mix_id for one in found.instances[:2])
    assert essay == joke


def test_the_parts_of_a_mix_leave_no_gap() -> None:
    weights = {f"m{i:02}": 0.1 for i in range(30)}
    posts = agenda_of([Post(post=weights, by="ceo", at=(0.0,))])
    ends = [(one.posts[0].low, one.posts[0].high) for one in posts]
    assert [end for _, end in ends] == [*(start for start, _ in ends[1:]), 1.0]
    assert ends[0][0] == 0.0
    assert all(high - low == pytest.approx(1 / 30) for low, high in ends)


def test_what_is_only_seeded_is_credited_to_nobody_and_a_follow_has_no_instance() -> None:
    found = agenda("seed", "follow", "blast")
    assert [(one.message, one.posts, one.credited) for one in found.instances] == [
        ("essay", (), ("ceo",)),
        ("joke", (), ()),
    ]
    assert [(o.time, o.place, o.instance) for o in found.occasions] == [
        (0.0, 2, 0),
        (1.0, 1, -1),
        (7.0, 0, 1),
    ]


def test_a_repost_that_never_happens_is_as_if_it_were_not_there() -> None:
    assert agenda("post", "never") == agenda("post")
    (rule,) = agenda("never", "post", "repost").reposts
    assert (rule.place, rule.action) == (2, Repost.model_validate(ACTIONS["repost"]))
    assert agenda() == Agenda(())
