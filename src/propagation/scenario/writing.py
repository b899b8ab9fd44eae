"""A resolved scenario written back as a file that people can read."""

import io
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.representer import SafeRepresenter

from propagation.scenario.spec import Scenario, as_written

LINE_LENGTH = 100
INDENT = 20
"""Room left for what stands before a collection on its line."""
UNBROKEN = 2**30


class _Representer(SafeRepresenter):
    """Writes keys in their order, every block in full, and odd characters escaped."""

    def represent_text(self, text: str) -> ScalarNode:
        style = None if text.isprintable() else '"'
        node: ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", text, style=style)
        return node

    def ignore_aliases(self, _: object) -> bool:
        return True

    def represent_sequence(self, tag: Any, sequence: Any, flow_style: Any = None) -> SequenceNode:
        node: SequenceNode = super().represent_sequence(tag, sequence, flow_style)
        return _short_or_in_block(node)

    def represent_mapping(self, tag: Any, mapping: Any, flow_style: Any = None) -> MappingNode:
        node: MappingNode = super().represent_mapping(tag, mapping, flow_style)
        return _short_or_in_block(node)


Collection = TypeVar("Collection", SequenceNode, MappingNode)


def _short_or_in_block(node: Collection) -> Collection:
    """Write a collection on one line only where it fits: a line broken in a key is not YAML."""
    if node.flow_style and len(str(_plain(node))) > LINE_LENGTH - INDENT:
        node.flow_style = False
    return node


def _plain(node: Node) -> object:
    if isinstance(node, MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.value]
    return node.value


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
    yaml.width = UNBROKEN
    yaml.representer.sort_base_mapping_type_on_output = False
    text = io.StringIO()
    yaml.dump(written, text)
    return text.getvalue()
