"""How far a message goes on a follower graph, strategy against strategy.

>>> import propagation
>>> scenario = propagation.parse_scenario(propagation.starter_scenario())
>>> scenario.compare.on
'relevant_reach'
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from propagation.audience.grown import GrowthModel
    from propagation.audience.world import World, build_world
    from propagation.experiment.runner import Result, Run
    from propagation.problems import InputError, MachineError
    from propagation.scenario.reading import parse_scenario, read_scenario
    from propagation.scenario.spec import Scenario
    from propagation.scenario.starter import starter_scenario
    from propagation.scenario.writing import write_scenario
    from propagation.spread.agents import Account
    from propagation.spread.bare import BareCascades
    from propagation.spread.cascade import Cascade
    from propagation.spread.model import PropagationModel
    from propagation.spread.simulate import CompiledEngine, MesaEngine
    from propagation.strategy.agenda import agenda_of

__all__ = [
    "Account",
    "BareCascades",
    "Cascade",
    "CompiledEngine",
    "GrowthModel",
    "InputError",
    "MachineError",
    "MesaEngine",
    "PropagationModel",
    "Result",
    "Run",
    "Scenario",
    "World",
    "agenda_of",
    "build_world",
    "parse_scenario",
    "read_scenario",
    "starter_scenario",
    "write_scenario",
]

_HOMES = {
    "Account": "spread.agents",
    "BareCascades": "spread.bare",
    "Cascade": "spread.cascade",
    "CompiledEngine": "spread.simulate",
    "GrowthModel": "audience.grown",
    "InputError": "problems",
    "MachineError": "problems",
    "MesaEngine": "spread.simulate",
    "PropagationModel": "spread.model",
    "Result": "experiment.runner",
    "Run": "experiment.runner",
    "Scenario": "scenario.spec",
    "World": "audience.world",
    "agenda_of": "strategy.agenda",
    "build_world": "audience.world",
    "parse_scenario": "scenario.reading",
    "read_scenario": "scenario.reading",
    "starter_scenario": "scenario.starter",
    "write_scenario": "scenario.writing",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the command line must start at once."""
    if name not in _HOMES:
        raise AttributeError(f"module 'propagation' has no attribute '{name}'")
    return getattr(importlib.import_module(f"propagation.{_HOMES[name]}"), name)
