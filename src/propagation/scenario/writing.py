"""A resolved scenario written back as a file that people can read."""

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from propagation.scenario.spec import Scenario, as_written

LINE_LENGTH = 100


class _Representer(SafeRepresenter):
    """Writes keys in their order, every block in full, and odd characters escaped."""

    def represent_text(self, text: str) -> ScalarNode:
        style = None if text.isprintable() else '"'
        node: ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", text, style=style)
        return node

    def ignore_aliases(self, _: object) -> bool:
        return True


_Representer.add_representer(str, _Representer.represent_text)


def write_scenario(scenario: Scenario) -> str:
    """Return the scenario as YAML 1.2; reading it gives an equal scenario."""
    return dump(as_written(scenario))


def dump(written: object) -> str:
    """Return nested dictionaries and lists as YAML, the innermost ones on one line each."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = None
    yaml.allow_unicode = True
    yaml.width = LINE_LENGTH
    yaml.representer.sort_base_mapping_type_on_output = False
    text = io.StringIO()
    yaml.dump(written, text)
    return text.getvalue()
