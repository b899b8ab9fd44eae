"""What strategies cost, exactly, and strategies scaled to one budget, never above it."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from propagation.problems import InputError
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import Scenario
from propagation.strategy.agenda import agenda_of
from propagation.strategy.budget import at_equal_cost, begun_by, cost_of

WORLD = """
name: money
horizon: 10 days
segments:
  press: {accounts: 50, attention: 0.5, interest: {news: 0.8}, follows: {mean: 5}}
  public: {accounts: 450, attention: 0.5, interest: {news: 0.1}, follows: {mean: 5}}
ours: {brand: {followers: {public: 100}}, ceo: {followers: {press: 10}}}
messages:
  call: {topic: news, resonance: 0.1}
  joke: {topic: news, resonance: 0.1}
"""
RATES = "opens: 50%, answers: 50%, covers: 50%"
ESCAPED = RATES.replace("%", "%%")


def scenario_of(strategies: dict[str, str], compare: str = "") -> Scenario:
    """Return a scenario of strategies, each a list of actions as in a file."""
    blocks = "\n".join(f"  {name}: [{actions}]" for name, actions in strategies.items())
    baseline = next(iter(strategies))
    return parse_scenario(
        f"{WORLD}strategies:\n{blocks}\n"
        f"compare: {{on: reach, baseline: {baseline}{compare and ', ' + compare}}}\n"
    )


def cost(actions: str, **found: object) -> float:
    scenario = scenario_of({"one": actions, "other": "{post: call, by: ceo, at: 0 h}"})
    (strategy, _) = scenario.strategies.values()
    return cost_of(strategy, agenda_of(strategy), scenario.horizon, **found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ("{post: call, by: ceo, at: 0 h}", 0),
        ("{post: call, by: ceo, at: [0 h, 5 h], cost: {fixed: 0.1, each time: 0.2}}", 0.5),
        ("{post: call, by: ceo, every: 1 day, for: 3 days, cost: {per hour: 80, hours: 1.5}}", 360),
        # one message of a mix is posted each time
        ("{post: {call: 3, joke: 1}, by: ceo, at: [0 h, 5 h], cost: {each time: 7}}", 14),
        (
            f"{{pitch: call, by: ceo, to: {{choose: 20, of: press}}, at: [1 h, 2 h], {RATES}, "
            "cost: {fixed: 1, each time: 10, per contact: 100}}",
            1 + 2 * 10 + 40 * 100,
        ),
        (
            f"{{blast: call, by: ceo, to: {{choose: 30}}, at: 1 h, {RATES}, "
            "cost: {per contact: 0.1}}",
            3,
        ),
        ("{seed: call, to: {named: ['press 0', 'press 1']}, at: 0 h, cost: {per contact: 9}}", 18),
        (
            "{boost: call, by: ceo, to: public, impressions: 2500, per hour: 100, at: 0 h, "
            "cost: {per thousand impressions: 8}}",
            20,
        ),
        # impressions 0 to 100 come at 230 h, 230.1 h, ... 240 h; the horizon is 240 h
        (
            "{boost: call, by: ceo, to: public, impressions: 2500, per hour: 10, at: 230 h, "
            "cost: {per thousand impressions: 1000}}",
            101,
        ),
        # the same accounts twice are followed once; two a day, the last one at 240 h
        (
            "{follow: {choose: 50}, by: ceo, topic: news, per day: 2, back: 5%, "
            "at: [0 h, 24 h], cost: {per contact: 1, each time: 1000}}",
            21 + 2000,
        ),
        # each of the three posts may be reposted, but the last one only after the horizon
        (
            "{post: call, by: ceo, at: [0 h, 9 h, 239 h]}, "
            "{repost: ceo, by: brand, after: 2 h, cost: {fixed: 5, each time: 10}}",
            25,
        ),
        (
            "{post: call, by: ceo, at: 0 h}, "
            "{repost: ceo, by: brand, when: never, cost: {fixed: 5, each time: 10}}",
            0,
        ),
    ],
)
def test_the_cost_of_each_action(actions: str, expected: float) -> None:
    assert cost(actions) == expected


def test_what_a_run_made_and_found_decides_its_cost() -> None:
    actions = (
        "{post: call, by: ceo, at: [0 h, 9 h]}, "
        "{repost: ceo, by: brand, when: {chance: 50%}, cost: {fixed: 5, each time: 10}}, "
        f"{{pitch: call, by: ceo, to: {{choose: 9, by: acquaintance}}, at: 0 h, {RATES}, "
        "cost: {per contact: 3}}"
    )
    assert cost(actions) == 5 + 20 + 27
    assert cost(actions, reposts=[0]) == 5 + 27
    assert cost(actions, reposts=[1], chosen={2: 4}) == 5 + 10 + 12


def test_steps_begun_are_those_of_the_engines() -> None:
    """The loop shows step j at start + j / pace while that is at or before the horizon."""
    for start, pace, steps, horizon in ((0.1, 3.0, 50, 7.3), (0.0, 0.1, 9, 30.0), (1.0, 7.0, 5, 1)):
        shown = [start + j / pace <= horizon for j in range(steps)]
        assert begun_by(horizon, start, pace, steps) == sum(shown)
    assert begun_by(float("inf"), 0.0, 1.0, 8) == 8


PITCH = f"{{pitch: call, by: ceo, at: 1 h, {ESCAPED}, to: {{choose: %d, of: press}}, cost: {{%s}}}}"
BLAST = (
    f"{{blast: call, by: ceo, at: 1 h, {ESCAPED}, to: {{choose: %d, of: public}}, cost: {{%s}}}}"
)
SIZES = {"press": 50, "public": 450, None: 500}


def scaled(strategies: dict[str, str], compare: str = "at equal: cost") -> dict[str, object]:
    found = at_equal_cost(scenario_of(strategies, compare), SIZES)
    assert found is not None
    return {
        one.strategy: (one.after, [now for *_, now in one.quantities]) for one in found.scalings
    } | {"budget": found.budget, "free": found.free}


def test_the_smallest_cost_is_the_budget_and_free_strategies_stay() -> None:
    found = scaled(
        {
            "pitch": PITCH % (20, "per contact: 10"),
            "blast": BLAST % (300, "fixed: 50, per contact: 0.7"),
            "nothing": "",
        }
    )
    assert found == {
        "budget": 200,
        "free": ("nothing",),
        "pitch": (200, [20]),
        "blast": (199.8, [214]),
    }


def test_strategies_that_are_not_compared_stay_as_written() -> None:
    scenario = scenario_of(
        {
            "a": PITCH % (20, "per contact: 10"),
            "b": BLAST % (300, "per contact: 1"),
            "c": PITCH % (1, "per contact: 0.1"),
        },
        "at equal: cost, strategies: [b]",
    )
    found = at_equal_cost(scenario, SIZES)
    assert found is not None
    assert found.budget == 200
    assert found.strategies["c"] == scenario.strategies["c"]
    assert at_equal_cost(scenario_of({"a": PITCH % (2, "per contact: 1")}), SIZES) is None


@pytest.mark.parametrize(
    ("strategy", "budget", "words"),
    [
        (PITCH % (2, "fixed: 500, per contact: 1"), 400, "'b' cannot be had .* costs 500 already"),
        (PITCH % (2, "fixed: 5"), 400, "'b' cannot spend the budget of 400: all .* costs 5;"),
        # there are 50 journalists only
        (PITCH % (2, "per contact: 1"), 400, "'b' cannot spend the budget of 400: .* costs 50;"),
        (PITCH % (2, "fixed: 399.5, per contact: 1"), 400, "'b' has no contact and no impression"),
    ],
)
def test_a_budget_that_a_strategy_cannot_meet(strategy: str, budget: int, words: str) -> None:
    strategies = {"a": BLAST % (300, "per contact: 1"), "b": strategy}
    with pytest.raises(InputError, match=words) as caught:
        scaled(strategies, f"at equal: cost, budget: {budget}")
    (problem,) = caught.value.problems
    assert problem.path == "compare.budget"


def test_a_strategy_meets_a_budget_that_is_its_own_cost_to_the_last_digit() -> None:
    # 1,234,567.123456789 + 80.123456789 x 1.123456789 has more digits than a double
    own = (
        "{post: call, by: ceo, at: 0 h, cost: {fixed: 1234567.123456789, per hour: 80.123456789, "
        "hours: 1.123456789}}"
    )
    found = scaled({"a": own, "b": PITCH % (50, "per contact: 30000")})
    assert found["budget"] == found["a"][0]  # type: ignore[index]
    assert found["b"] == (41 * 30000, [41])


def test_reposts_at_the_horizon_are_expected_as_the_engines_make_them() -> None:
    # in doubles 0.1 h + 239.9 h is the horizon of 240 h, but 240 h - 239.9 h is below 0.1 h
    assert 0.1 + 239.9 <= 240 < 0.1 + 239.9 + 1e-9
    assert 240 - 239.9 < 0.1
    post = "{post: call, by: ceo, at: 6 min}"
    repost = "{repost: ceo, by: brand, after: 14394 min, cost: {each time: 7}}"
    assert cost(f"{post}, {repost}") == 7


def test_without_costs_there_is_no_equal_cost() -> None:
    with pytest.raises(InputError, match="needs a strategy that costs something"):
        scaled({"a": "{post: call, by: ceo, at: 0 h}", "b": "{post: call, by: brand, at: 0 h}"})


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 50),
    st.integers(1, 400),
    st.integers(1, 20_000),
    st.integers(0, 5000),
    st.integers(1, 900),
    st.integers(1, 90_000),
)
def test_scaling_never_exceeds_the_budget_and_leaves_less_than_one_more_costs(
    press: int, public: int, impressions: int, fixed: int, cents: int, budget: int
) -> None:
    each = cents / 100
    mixed = (
        PITCH % (press, f"fixed: {fixed}, per contact: {each}")
        + ", "
        + BLAST % (public, "per contact: 0.3")
        + ", "
        + f"{{boost: call, by: ceo, to: public, impressions: {impressions}, per hour: 1e6, "
        "at: 0 h, cost: {per thousand impressions: 5}}"
    )
    compare = f"at equal: cost, budget: {budget}"
    try:
        found = at_equal_cost(scenario_of({"a": mixed}, compare), SIZES)
    except InputError as error:
        assert fixed >= budget - each or "no contact" in str(error)  # noqa: PT017
        return
    assert found is not None
    (one,) = found.scalings
    counts = [now for *_, now in one.quantities]
    price = [Fraction(str(each)), Fraction(3, 10), Fraction(5, 1000)]
    spent = fixed + sum(p * count for p, count in zip(price, counts, strict=True))
    assert one.after == float(spent) <= budget
    # the next step buys one more of something, or of all three at once
    room = (counts[0] < 50, counts[1] < 450, True)
    assert spent + sum(p for p, more in zip(price, room, strict=True) if more) > budget
    assert counts[0] <= 50
    assert counts[1] <= 450
