"""What a strategy costs, and strategies scaled so that each costs the same.

Only what is bought by number is scaled: accounts chosen and impressions. What is due once or each
time, posts and accounts that are named stay as they are.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from propagation.audience.world import World
from propagation.problems import InputError, Problem
from propagation.scenario.actions import (
    Action,
    Blast,
    Boost,
    Choice,
    Cost,
    Follow,
    Pitch,
    Repost,
    Seed,
    recipients_of,
)
from propagation.scenario.spec import Scenario
from propagation.strategy.agenda import Agenda, agenda_of
from propagation.strategy.choosing import pool_of

Actions = tuple[Action, ...]
HALVINGS = 100
"""Steps of the search for a factor, after which a double has no bits left to halve."""
LARGEST_FACTOR = 1e9
MOST_IMPRESSIONS = 2_000_000_000


@dataclass(frozen=True)
class Quantities:
    """What is bought of one action in a run: how often, how many contacts, how many impressions."""

    times: int
    contacts: int = 0
    impressions: int = 0


def due(cost: Cost | None, bought: Quantities) -> Fraction:
    """Return what one action costs, exactly."""
    if cost is None:
        return Fraction(0)
    each = _exact(cost.each) + _exact(cost.per_hour) * _exact(cost.hours)
    return (
        _exact(cost.fixed)
        + each * bought.times
        + _exact(cost.per_contact) * bought.contacts
        + _exact(cost.per_thousand_impressions) * bought.impressions / 1000
    )


def _exact(amount: float) -> Fraction:
    """Return the decimal number that was written: 0.1 is a tenth."""
    return Fraction(repr(float(amount)))


def cost_of(
    actions: Sequence[Action],
    agenda: Agenda,
    horizon: float,
    reposts: Sequence[int] | None = None,
    chosen: Mapping[int, int] | None = None,
) -> float:
    """Return what a strategy costs in a run.

    Parameters
    ----------
    reposts
        How many each repost rule of the agenda made; by default all it could, which is the most
        they can cost.
    chosen
        By place in the strategy, how many accounts were found where it may be fewer than asked
        for.
    """
    bought = dict(enumerate(bought_of(actions, agenda, horizon, chosen)))
    for i, rule in enumerate(agenda.reposts if reposts is not None else ()):
        bought[rule.place] = Quantities(int((reposts or ())[i]))
    costs = (due(action.cost, bought[i]) for i, action in enumerate(actions) if _is_made(action))
    return float(sum(costs, Fraction(0)))


def _is_made(action: Action) -> bool:
    """Whether an action is not left out: a repost that never happens is not in the strategy."""
    return not (isinstance(action, Repost) and action.when == "never")


def bought_of(
    actions: Sequence[Action],
    agenda: Agenda,
    horizon: float,
    chosen: Mapping[int, int] | None = None,
) -> list[Quantities]:
    """Return what is bought of each action, every repost that could be made among them."""
    posted = {
        (post.place, post.time, post.by) for one in agenda.instances for post in one.posts
    }  # of a mix exactly one message is posted, so that its posts count once
    happens: dict[int, list[float]] = {}
    for place, time, _ in posted:
        happens.setdefault(place, []).append(time)
    for occasion in agenda.occasions:
        happens.setdefault(occasion.place, []).append(occasion.time)
    found = []
    for place, action in enumerate(actions):
        times = sorted(happens.get(place, ()))
        if isinstance(action, Repost):
            times = [time for _, time, by in posted if by == action.repost]
            made = sum(time + action.after <= horizon for time in times)  # as both engines ask
            found.append(Quantities(made))
        else:
            found.append(_bought(action, times, horizon, (chosen or {}).get(place)))
    return found


def _bought(
    action: Action, times: Sequence[float], horizon: float, chosen: int | None
) -> Quantities:
    to = recipients_of(action)
    count = to.count if to is not None and chosen is None else chosen or 0
    match action:
        case Pitch() | Blast() | Seed():
            return Quantities(len(times), len(times) * count)
        case Boost():
            shown = [begun_by(horizon, time, action.per_hour, action.impressions) for time in times]
            return Quantities(len(times), impressions=sum(shown))
        case Follow():
            # those followed already are not followed again
            pace = action.per_day / 24.0
            return Quantities(
                len(times), max((begun_by(horizon, time, pace, count) for time in times), default=0)
            )
    return Quantities(len(times))


def begun_by(horizon: float, start: float, pace: float, steps: int) -> int:
    """Return how many of ``steps``, the j-th at ``start + j / pace``, come up to the horizon."""
    return bisect_right(range(steps), horizon, key=lambda step: start + step / pace)


@dataclass(frozen=True)
class Scaling:
    """How one strategy was scaled; ``quantities`` lists (place, what, before, after)."""

    strategy: str
    factor: float
    quantities: tuple[tuple[int, str, int, int], ...]
    before: float
    after: float


@dataclass(frozen=True)
class EqualCost:
    """Strategies at one budget; those that cost nothing at all are ``free`` and as written."""

    budget: float
    strategies: Mapping[str, Actions]
    scalings: tuple[Scaling, ...]
    free: tuple[str, ...]


def at_equal_cost(scenario: Scenario, sizes: Mapping[str | None, int]) -> EqualCost | None:
    """Return the strategies scaled to one budget; None if the scenario does not ask for that.

    Strategies that the verdict does not compare stay as written.

    Parameters
    ----------
    sizes
        How many accounts there are to choose from in each segment, and in all (None).

    Raises
    ------
    InputError
        With every strategy that cannot meet the budget, and why.
    """
    compare = scenario.compare
    if compare.at_equal is None:
        return None
    named = {compare.baseline, *(compare.strategies or scenario.strategies)}
    told = {name: each for name, each in scenario.strategies.items() if name in named}
    costs = {
        name: _price(each, agenda_of(each, scenario.starts), scenario.horizon)
        for name, each in told.items()
    }
    priced = {name: cost for name, cost in costs.items() if cost > 0}
    if not priced:
        message = "needs a strategy that costs something: give an action a 'cost'"
        raise InputError(Problem(message, "compare.at equal"))
    budget = min(priced.values()) if compare.budget is None else _exact(compare.budget)
    strategies, scalings, problems = dict(scenario.strategies), list[Scaling](), list[Problem]()
    for name in priced:
        try:
            strategies[name], scaling = scaled(name, told[name], scenario, budget, sizes)
            scalings.append(scaling)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    free = tuple(name for name in told if name not in priced)
    return EqualCost(float(budget), strategies, tuple(scalings), free)


def choosable(scenario: Scenario) -> dict[str | None, int] | None:
    """Return how many accounts a drawn world has to choose from, or None for a given graph."""
    if scenario.segments is None:
        return None
    sizes: dict[str | None, int] = {
        name: segment.accounts for name, segment in scenario.segments.items()
    }
    return {**sizes, None: sum(sizes.values())}


def choosable_in(world: World) -> dict[str | None, int]:
    """Return how many accounts a world has to choose from."""
    return {each: len(pool_of(world, each)) for each in (*world.segments, None)}


def scaled(
    name: str,
    actions: Actions,
    scenario: Scenario,
    budget: Fraction,
    sizes: Mapping[str | None, int],
) -> tuple[Actions, Scaling]:
    """Return a strategy with what it buys by number multiplied by the largest factor it can pay.

    Raises
    ------
    InputError
        If no factor comes to the budget but for what one more contact costs.
    """
    agenda, limit = agenda_of(actions, scenario.starts), f"the budget of {_shown(budget)}"

    def price(some: Actions) -> Fraction:
        return _price(some, agenda, scenario.horizon)

    def times(factor: float) -> Actions:
        return tuple(_times(action, factor, sizes) for action in actions)

    least, most = price(times(0.0)), price(times(LARGEST_FACTOR))
    if least > budget:
        raise _cannot(
            name,
            f"cannot be had for {limit}: what cannot be scaled in it costs {_shown(least)} already",
        )
    if most < budget:
        raise _cannot(
            name, f"cannot spend {limit}: all that there is to buy in it costs {_shown(most)}"
        )
    found = times(_largest(lambda factor: price(times(factor)) <= budget))
    counts = [
        (place, what, was, now)
        for place, (one, other) in enumerate(zip(actions, found, strict=True))
        for (what, was), (_, now) in zip(_counts(one), _counts(other), strict=True)
    ]
    if counts and not any(now for *_, now in counts):
        raise _cannot(name, f"has no contact and no impression left within {limit}")
    factor = max((now / was for *_, was, now in counts), default=1.0)
    before, after = float(price(actions)), float(price(found))
    return found, Scaling(name, factor, tuple(counts), before, after)


def _cannot(name: str, message: str) -> InputError:
    advice = "give another budget, or leave it out of 'compare: strategies'"
    return InputError(Problem(f"'{name}' {message}; {advice}", "compare.budget"))


def _shown(cost: Fraction) -> str:
    return f"{float(cost):,.10g}"


def _largest(fits: Callable[[float], bool]) -> float:
    """Return a factor on the last step that fits; the cost is a rising step function of it."""
    if fits(LARGEST_FACTOR):
        return LARGEST_FACTOR
    low, high = (1.0, LARGEST_FACTOR) if fits(1.0) else (0.0, 1.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _counts(action: Action) -> tuple[tuple[str, int], ...]:
    """Return what is bought by number in an action and has a price: what it is, and how many."""
    if action.cost is None:
        return ()
    if isinstance(action, Boost):
        priced = action.cost.per_thousand_impressions > 0
        return (("impressions", action.impressions),) if priced else ()
    to = recipients_of(action)
    priced = isinstance(to, Choice) and action.cost.per_contact > 0
    return (("accounts", to.count),) if priced and to is not None else ()


def _times(action: Action, factor: float, sizes: Mapping[str | None, int]) -> Action:
    """Return an action with what is bought by number multiplied, rounded down to whole ones."""
    for what, count in _counts(action):
        wanted = math.floor(Fraction(factor) * count)
        if what == "impressions":
            return action.model_copy(update={"impressions": min(wanted, MOST_IMPRESSIONS)})
        to = recipients_of(action)
        assert isinstance(to, Choice)
        chosen = to.model_copy(update={"choose": min(wanted, max(count, sizes.get(to.of, wanted)))})
        return action.model_copy(update={"follow" if isinstance(action, Follow) else "to": chosen})
    return action


def _price(actions: Actions, agenda: Agenda, horizon: float) -> Fraction:
    bought = bought_of(actions, agenda, horizon)
    costs = (
        due(action.cost, each)
        for action, each in zip(actions, bought, strict=True)
        if _is_made(action)
    )
    return sum(costs, Fraction(0))
