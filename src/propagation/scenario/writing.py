"""A resolved scenario written back as a file that people can read."""

import io
from typing import Any

from ruamel.yaml import YAML

from propagation.scenario.spec import Scenario, as_written

LINE_LENGTH = 100


def write_scenario(scenario: Scenario) -> str:
    """Return the scenario as YAML 1.2; reading it gives an equal scenario."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None  # the innermost blocks and lists on one line
    yaml.allow_unicode = True
    yaml.width = LINE_LENGTH
    yaml.representer.sort_base_mapping_type_on_output = False
    yaml.representer.ignore_aliases = lambda _: True
    text = io.StringIO()
    yaml.dump(as_written(scenario), text)
    return text.getvalue()
