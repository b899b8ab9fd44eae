"""What theory expects of the strategies of a scenario, found once in its first world."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from propagation.audience.world import World
from propagation.experiment.replicates import Laboratory
from propagation.scenario.metrics import moves
from propagation.spread.theory import MOST_FOLLOWS, Expected, Theory

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

        Strategies of which nothing is expected are left out, as are all with agents of one's own,
        all on graphs of more than ``MOST_FOLLOWS`` follows, and all where followers come and go.

        Parameters
        ----------
        worth
            What the value of accounts is multiplied by, by segment.
        """
        asked = strategies if self._laboratory.scenario.agents is None else ()
        found = {name: self._of(name, tuple((worth or {}).items())) for name in asked}
        return {name: each for name, each in found.items() if each is not None}

    def _of(self, strategy: str, worth: Worth) -> dict[str, Expected] | None:
        key = strategy, worth
        if key not in self._found:
            self._found[key] = self._outcomes(strategy, worth)
        return self._found[key]

    def _outcomes(self, strategy: str, worth: Worth) -> dict[str, Expected] | None:
        scenario = self._laboratory.scenario
        agenda = self._laboratory.agendas[strategy]
        if moves(scenario) or not agenda.instances:  # later posts reach others than the first ones
            return None
        shuffled = strategy in scenario.shuffled
        if self._laboratory.world(0, shuffled=shuffled).graph.follows > MOST_FOLLOWS:
            return None
        return self._theory(shuffled, worth).outcomes(agenda)

    def _theory(self, shuffled: bool, worth: Worth) -> Theory:
        scenario, key = self._laboratory.scenario, (shuffled, worth)
        if key not in self._theories:
            self._theories[key] = Theory(
                worth_more(self._laboratory.world(0, shuffled=shuffled), dict(worth)),
                scenario.messages,
                scenario.relevant,
                scenario.horizon,
                {name: our.followers or {} for name, our in scenario.ours.items()},
            )
        return self._theories[key]


def worth_more(world: World, worth: Mapping[str, float]) -> World:
    """Return the world with the value of its accounts multiplied, by segment."""
    if not worth:
        return world
    factor = np.ones(world.graph.accounts)
    for segment, by in worth.items():
        if segment in world.segments:
            factor[world.segment_of == world.segments.index(segment)] = by
    return replace(world, traits=replace(world.traits, value=world.traits.value * factor))
