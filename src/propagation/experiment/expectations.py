"""What theory expects of the strategies of a scenario, found once in its first world."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from propagation.audience.world import World
from propagation.experiment.replicates import Laboratory
from propagation.scenario.metrics import is_limited, moves
from propagation.scenario.spec import Scenario
from propagation.spread.expected import Expected
from propagation.spread.theory import MOST_FOLLOWS, Theory, is_branching

Worth = tuple[tuple[str, float], ...]
"""What the value of accounts is multiplied by: (segment, factor)."""


class Expectations:
    """Theory's expectations, made when first asked for and kept."""

    def __init__(self, laboratory: Laboratory) -> None:
        self._laboratory = laboratory
        self._theories: dict[tuple[bool, Worth], Theory] = {}
        self._found: dict[tuple[str, Worth], dict[str, Expected] | None] = {}

    def __call__(
        self, strategies: Iterable[str], worth: Mapping[str, float] | None = None
    ) -> dict[str, dict[str, Expected]]:
        """Return what is expected: strategy, then metric.

        Strategies of which nothing is expected are left out (``why_nothing``), as are all on graphs
        of more than ``MOST_FOLLOWS`` follows.

        Parameters
        ----------
        worth
            What the value of accounts is multiplied by, by segment.
        """
        found = {name: self._of(name, tuple((worth or {}).items())) for name in strategies}
        return {name: each for name, each in found.items() if each is not None}

    def _of(self, strategy: str, worth: Worth) -> dict[str, Expected] | None:
        key = strategy, worth
        if key not in self._found:
            self._found[key] = self._outcomes(strategy, worth)
        return self._found[key]

    def _outcomes(self, strategy: str, worth: Worth) -> dict[str, Expected] | None:
        scenario = self._laboratory.scenario
        agenda, shuffled = self._laboratory.agendas[strategy], strategy in scenario.shuffled
        if not speaks_of(self._laboratory, strategy):
            return None
        return self._theory(shuffled, worth).outcomes(agenda)

    def _theory(self, shuffled: bool, worth: Worth) -> Theory:
        key = shuffled, worth
        if key not in self._theories:
            world = worth_more(self._laboratory.world(0, shuffled=shuffled), dict(worth))
            self._theories[key] = theory_of(self._laboratory.scenario, world)
        return self._theories[key]


def theory_in(laboratory: Laboratory, strategy: str, draw: int = 0) -> Theory | None:
    """Return the theory of the world that a strategy runs in; None where it says nothing."""
    if not speaks_of(laboratory, strategy):
        return None
    shuffled = strategy in laboratory.scenario.shuffled
    return theory_of(laboratory.scenario, laboratory.world(draw, shuffled=shuffled))


def why_nothing(laboratory: Laboratory, strategy: str) -> str | None:
    """Return why theory says nothing of a strategy, to follow a colon; None where it does."""
    scenario, agenda = laboratory.scenario, laboratory.agendas[strategy]
    if scenario.agents is not None:
        return "agents of the scenario's own decide"
    if scenario.originals is not None:
        return "accounts write messages of their own, which set off others"
    if is_limited(scenario):
        return "attention is limited, so that messages compete for it"
    if moves(scenario):
        return "followers come and go, so that later posts reach others than the first ones"
    if not agenda.instances:
        return "it posts nothing"
    if not agenda.posts_only:
        return "it does more than post"
    for name in sorted({instance.message for instance in agenda}):
        if not is_branching(scenario.messages[name]):
            if isinstance(scenario.messages[name].resonance, float):
                return f"'{name}' may need several notices by the same account"
            return f"the resonance of '{name}' varies, so that its trees have luck in common"
    return None


def theory_of(scenario: Scenario, world: World) -> Theory:
    """Return the theory of one world of a scenario."""
    audiences = {name: our.followers or {} for name, our in scenario.ours.items()}
    return Theory(world, scenario.messages, scenario.relevant, scenario.horizon, audiences)


def speaks_of(laboratory: Laboratory, strategy: str) -> bool:
    """Whether theory speaks of a strategy, and its world is not too large to go through."""
    if why_nothing(laboratory, strategy) is not None:
        return False
    shuffled = strategy in laboratory.scenario.shuffled
    return laboratory.world(0, shuffled=shuffled).graph.follows <= MOST_FOLLOWS


def worth_more(world: World, worth: Mapping[str, float]) -> World:
    """Return the world with the value of its accounts multiplied, by segment."""
    if not worth:
        return world
    factor = np.ones(world.graph.accounts)
    for segment, by in worth.items():
        if segment in world.segments:
            factor[world.segment_of == world.segments.index(segment)] = by
    return replace(world, traits=replace(world.traits, value=world.traits.value * factor))
