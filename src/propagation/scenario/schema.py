"""The scenario's JSON Schema, for editors, generated from the models that check the files."""

from typing import Any

from propagation.scenario.fields import LONGEST_NAME, Part
from propagation.scenario.spec import Scenario, as_written

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KEYWORDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def json_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a scenario file."""
    raw = Scenario.model_json_schema(by_alias=True)
    definitions = {name: _block(part, raw["$defs"][name]) for name, part in parts(raw).items()}
    root = _block(Scenario, {key: raw[key] for key in raw if key != "$defs"})
    return {"$schema": DIALECT, "title": "Scenario of propagation", **root, "$defs": definitions}


def parts(schema: Schema) -> dict[str, type[Part]]:
    """Return the model behind each definition of a schema, by name."""
    models = {model.__name__: model for model in Part.__subclasses__()}
    return {name: models[name] for name in schema["$defs"]}


def _block(part: type[Part], raw: Schema) -> Schema:
    """Return the schema of one block: its keys with defaults in words, and its example."""
    defaults = as_written(part.model_construct())
    required = raw.get("required", [])
    properties = {
        key: _property(_tidy(schema), defaults.get(key), key in required)
        for key, schema in raw["properties"].items()
    }
    block = {**_tidy(raw), "properties": properties}
    extra = part.model_config.get("json_schema_extra")
    return {**block, "examples": extra["examples"]} if isinstance(extra, dict) else block


def _property(schema: Schema, default: object, is_required: bool) -> Schema:
    schema = {key: value for key, value in schema.items() if key != "default"}
    if is_required:
        return schema
    if default is not None:
        schema["default"] = default
    if "Default:" not in schema["description"]:
        schema["description"] += f" Default: {in_words(default)}."
    return schema


def in_words(value: object) -> str:
    """Write a default as it would stand in a file."""
    if value is None:
        return "none"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {in_words(item)}" for key, item in value.items()) + "}"
    return str(value)


def _tidy(schema: Any) -> Any:
    """Leave out what serves pydantic only, and use the keywords of JSON Schema."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {k: _tidy(v) for k, v in schema.items() if k != "title" or isinstance(v, dict)}
    members = [member for member in tidy.get("anyOf", []) if member != {"type": "null"}]
    if len(members) == 1:
        tidy = {**{k: v for k, v in tidy.items() if k != "anyOf"}, **members[0]}
    elif members:
        tidy["anyOf"] = members
    for pattern, values in tidy.pop("patternProperties", {}).items():
        names = {"pattern": pattern, "maxLength": LONGEST_NAME}
        tidy = {**tidy, "propertyNames": names, "additionalProperties": values}
    for ours, keyword in KEYWORDS.items():
        if ours in tidy:
            tidy[keyword] = tidy.pop(ours)
    return tidy
