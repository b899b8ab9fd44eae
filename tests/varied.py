"""A small scenario whose inputs tests vary; worlds are drawn in milliseconds."""

from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import Scenario

SMALL = """
name: explored
seed: 3
replicates: 12
draws: 2
horizon: none
segments:
  activists:
    accounts: 300
    attention: 0.25
    interest: {protest: 0.8}
    follows: {mean: 10, to: {activists: 40%, public: 60%}}
  public:
    accounts: 900
    attention: 0.25
    interest: {protest: 0.1}
    follows: {mean: 10, to: {activists: 5%, public: 95%}}
ours:
  organiser: {followers: {activists: 60}}
  broadcaster: {followers: {public: 500}}
messages:
  call: {topic: protest, resonance: 0.3}
  echo: {topic: protest, resonance: 0.1}
strategies:
  small: [{post: call, by: organiser, at: 0 h}]
  large: [{post: call, by: broadcaster, at: 0 h}]
compare: {on: reach, baseline: large}
"""


def small(more: str = "", **replaced: str) -> Scenario:
    """Return the small scenario with more blocks, and texts replaced in it."""
    text = SMALL
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    return parse_scenario(text + more)
