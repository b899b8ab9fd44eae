"""A resolved scenario written back as a file that people can read."""

import io
from typing import Any

from ruamel.yaml import YAML

from propagation.scenario.spec import Scenario, as_written

LINE_LENGTH = 100


def write_scenario(scenario: Scenario) -> str:
    """Return the scenario as YAML 1.2; reading it gives an equal scenario."""
    return dump(as_written(scenario))


def dump(written: object) -> str:
    """Return nested dictionaries and lists as YAML, the innermost ones on one line each."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.allow_unicode = True
    yaml.width = LINE_LENGTH
    yaml.representer.sort_base_mapping_type_on_output = False
    yaml.representer.ignore_aliases = lambda _: True
    text = io.StringIO()
    yaml.dump(written, text)
    return text.getvalue()
