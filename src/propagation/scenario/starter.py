"""The scenario a newcomer begins with."""

from importlib import resources


def starter_scenario() -> str:
    """Return the text of a commented scenario that runs in seconds."""
    return resources.files("propagation.scenario").joinpath("starter.yaml").read_text("utf-8")
