"""A scenario with some of its numbers exchanged by their paths."""

import pytest
from varied import small

from propagation.problems import InputError
from propagation.scenario.reading import parse_scenario, write_scenario
from propagation.scenario.varying import Inputs, PathError, label_of, number_at, steps_of


def test_a_path_has_the_steps_of_messages_about_errors() -> None:
    assert steps_of("strategies.large and random[0].at") == (
        *("strategies", "large and random", 0),
        "at",
    )
    for wrong in ("", ".", "a..b", "a[x]", "[0]", "a.", "a[0"):
        with pytest.raises(PathError):
            steps_of(wrong)


def test_one_number_changes_and_nothing_else() -> None:
    scenario = small()
    varied = Inputs(scenario).varied({"messages.call.resonance": 0.5})
    assert varied.messages["call"].resonance == 0.5
    back = Inputs(varied).varied({"messages.call.resonance": 0.3})
    assert write_scenario(back) == write_scenario(scenario)


def test_whole_numbers_are_rounded_and_others_are_not() -> None:
    inputs = Inputs(small())
    path = "ours.broadcaster.followers.public"
    assert inputs.is_whole(path)
    assert not inputs.is_whole("messages.call.resonance")
    assert inputs.varied({path: 123.6}).ours["broadcaster"].followers == {"public": 124}


def test_a_share_of_follows_leaves_the_rest_in_proportion() -> None:
    third = "{accounts: 50, attention: 0.2, interest: {protest: 0.1}, follows: {mean: 5}}"
    replaced = {
        "{activists: 40%, public: 60%}": "{activists: 40%, public: 30%, third: 30%}",
        "ours:\n": f"  third: {third}\nours:\n",
    }
    scenario = small(**replaced)
    varied = Inputs(scenario).varied({"segments.activists.follows.to.activists": 0.1})
    assert varied.segments is not None
    assert varied.segments["activists"].drawn_follows.to == pytest.approx(
        {"activists": 0.1, "public": 0.45, "third": 0.45}
    )


def test_durations_are_hours() -> None:
    scenario = small(**{"horizon: none": "horizon: 2 days"})
    inputs = Inputs(scenario)
    assert inputs.number("horizon") == 48
    assert inputs.varied({"horizon": 12}).horizon == 12


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("messages.cal.resonance", "Did you mean 'call'"),
        ("messages.call.topic", "no number"),
        ("messages.call.resonance.x", "is not a block"),
        ("strategies.large[3].at", r"has no \[3\]"),
        ("no such[", "is not a path"),
    ],
)
def test_a_path_that_leads_to_no_number_is_told(path: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Inputs(small()).number(path)


def test_a_value_that_is_not_allowed_is_told_with_its_path() -> None:
    with pytest.raises(InputError, match=r"followers\.public = 901.*900 accounts"):
        Inputs(small()).varied({"ours.broadcaster.followers.public": 901})


def test_strategies_not_asked_for_are_left_out() -> None:
    varied = Inputs(small(), ("small", "large")).varied({})
    assert list(varied.strategies) == ["small", "large"]
    assert list(Inputs(small(), ("small",)).varied({}).strategies) == ["small"]


def test_inputs_have_names_in_words() -> None:
    assert label_of("ours.ceo.followers.journalists") == "followers of ceo from journalists"
    assert label_of("segments.public.interest.protest") == "interest of public in protest"
    assert label_of("strategies.a[0].at") == "strategies · a[0] · at"


GOOD = """
sweep:
  over:
    messages.call.resonance: {from: 0.1, to: 0.4, points: 4, also: {messages.echo.resonance: 0.5}}
    ours.broadcaster.followers.public: [100, 900]
break even: {vary: ours.broadcaster.followers.public, from: 10, to: 900}
uncertain:
  messages.call.resonance: [10%, 0.4]
  segments.public.attention: {from: 0.1, to: 0.5, scale: log}
exploring: {points: 8}
"""


def test_blocks_are_written_and_read_back_equal() -> None:
    scenario = small(GOOD)
    assert parse_scenario(write_scenario(scenario)) == scenario
    assert scenario.uncertain is not None
    assert scenario.uncertain["messages.call.resonance"].low == 0.1
    assert number_at({"a": ["5%"]}, "a[0]") == 0.05


SHARES = """segments.activists.follows.to.activists: [0.2, 0.5]
  segments.activists.follows.to.public: [0.2, 0.5]"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("points: 4", "points: 1", "at least 2"),
        ("from: 0.1, to: 0.4", "from: 0.4, to: 0.1", "must be below"),
        ("[100, 900]", "[100, 901]", "900 accounts"),
        ("messages.echo.resonance: 0.5", "messages.ech.resonance: 0.5", "Did you mean 'echo'"),
        ("from: 10, to: 900", "from: 10, to: 900, between: {small: larg}", "Did you mean 'large'"),
        ("points: 8", "points: 9", "power of 2"),
        ("from: 0.1, to: 0.5, scale: log", "from: 0, to: 0.5, scale: log", "above 0"),
        (", points: 4", "", "needs 'points'"),
        ("from: 10, to: 900", "from: 10, to: 900, between: {small: small}", "with itself"),
        ("exploring:", "  segments.public.accounts: [900.2, 900.8]\nexploring:", "two whole"),
        ("segments.public.attention: {from: 0.1, to: 0.5, scale: log}", SHARES, "only one can be"),
        ("segments.public.attention", "seed", "not an input of the model"),
        ("segments.public.attention", "messages.call.topic", "no number"),
        ("messages.echo.resonance: 0.5", "messages.call.resonance: 0.5", "varied twice"),
        (
            "vary: ours.broadcaster.followers.public",
            "vary: messages.call.resonance",
            "as well",
        ),
    ],
)
def test_what_cannot_be_varied_is_told_with_its_line(old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=words) as caught:
        small(GOOD.replace(old, new))
    assert all(problem.line for problem in caught.value.problems)
