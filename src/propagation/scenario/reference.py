"""The reference of the scenario file in Markdown, generated from its JSON Schema."""

import re
from collections.abc import Iterator
from typing import Any

from propagation.scenario.schema import Schema, json_schema
from propagation.scenario.spec import METRIC_MEANINGS
from propagation.scenario.units import UNITS
from propagation.scenario.writing import dump

INTRODUCTION = """\
# The scenario file

<!-- Generated from src/propagation/scenario; a test compares. -->

A scenario is a YAML file (YAML 1.2, at most 512 kB). `propagation init` writes one to start from,
`propagation check FILE` tells every mistake with its line and prints the file with all defaults
filled in, and `propagation schema` prints a JSON Schema with which editors complete and check keys.

- **Durations** carry a unit: {units}; for example `40 min` or `7 days`.
- **Shares** are written as numbers or percentages: `0.05` and `5%` are the same.
- **Names** are yours to choose; they must not contain `.`, `[` or `]`.
- **Paths** are relative to the folder of the scenario file.
- A key that is not listed here is an error, and so is a key without a value.
"""


def reference() -> str:
    """Return the reference: one section for each block, with an example and a table of keys."""
    schema = json_schema()
    introduction = INTRODUCTION.format(units=", ".join(f"`{unit}`" for unit in UNITS))
    places = _places(schema)
    sections = [_section("The whole file", "", schema)]
    sections += [_section(title(name), places[name], schema["$defs"][name]) for name in places]
    return "\n".join([introduction, *sections, _metrics()])


def _metrics() -> str:
    lines = ["## Metrics", "", "| metric | what it is |", "| --- | --- |"]
    meanings = METRIC_MEANINGS.items()
    lines += [f"| {name.replace('_', ' ')} | {meaning} |" for name, meaning in meanings]
    return "\n".join([*lines, ""])


def title(name: str) -> str:
    """Turn the name of a definition into a heading: ``OurAccount`` into ``Our account``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _section(heading: str, place: str, block: Schema) -> str:
    at = f" Stands at `{place}`." if place else ""
    lines = [f"## {heading}", "", f"{' '.join(block['description'].split())}{at}", ""]
    lines += ["```yaml", dump(block["examples"][0]).rstrip(), "```", ""]
    lines += ["| key | what it is | written as |", "| --- | --- | --- |"]
    for key, schema in block["properties"].items():
        needed = ", required" if key in block.get("required", []) else ""
        lines.append(f"| `{key}`{needed} | {schema['description']} | {_kind(schema)} |")
    return "\n".join([*lines, ""])


def _places(schema: Schema) -> dict[str, str]:
    """Return where each block stands, each followed by the blocks inside it."""
    places: dict[str, str] = {}

    def enter(block: Schema, place: str) -> None:
        for key, inner in block["properties"].items():
            for name, below in _blocks(inner):
                if name not in places:
                    places[name] = f"{place}.{key}{below}".removeprefix(".")
                    enter(schema["$defs"][name], places[name])

    enter(schema, "")
    return places


def _blocks(schema: Any) -> Iterator[tuple[str, str]]:
    """Yield the blocks a value can be, each with the path from the value to the block."""
    if "$ref" in schema:
        yield schema["$ref"].rsplit("/")[-1], ""
    for member in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _blocks(member)
    if isinstance(schema.get("additionalProperties"), dict):
        for name, below in _blocks(schema["additionalProperties"]):
            yield name, f".<name>{below}"
    if "items" in schema:
        for name, below in _blocks(schema["items"]):
            yield name, f"[n]{below}"


def _kind(schema: Schema) -> str:
    """Say in words how a value is written."""
    if "$ref" in schema:
        name = title(schema["$ref"].rsplit("/")[-1])
        return f"[{name}](#{name.lower().replace(' ', '-')})"
    if members := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(map(_kind, members)))
    if "const" in schema or "enum" in schema:
        words = [word.replace("_", " ") for word in schema.get("enum", [schema.get("const")])]
        return ", ".join(f"`{word}`" for word in dict.fromkeys(words))
    kind = schema["type"]
    if isinstance(kind, list):
        return "text" if "integer" in kind else "number, text, true, false or list"
    if kind == "array":
        return f"list of: {_kind(schema['items'])}"
    if kind == "object":
        return f"by name: {_kind(schema['additionalProperties'])}"
    if kind in ("number", "integer"):
        return _number(schema)
    return _text(schema)


def _number(schema: Schema) -> str:
    kind = "whole number" if schema["type"] == "integer" else "number"
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        return kind
    start = f"above {low:,}" if "exclusiveMinimum" in schema else f"from {low:,}"
    end = f"below {high:,}" if "exclusiveMaximum" in schema else f"to {high:,}"
    return f"{kind} {start} {end}"


def _text(schema: Schema) -> str:
    pattern = schema.get("pattern", "")
    if pattern.endswith("%$"):
        return "percentage"
    return "duration" if pattern.endswith("weeks)$") else "text"
