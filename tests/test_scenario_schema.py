"""The JSON Schema and the reference say what the reader does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from propagation.problems import InputError
from propagation.scenario import schema as schema_module
from propagation.scenario.comparing import ALL_METRICS
from propagation.scenario.fields import Part
from propagation.scenario.reading import parse_scenario
from propagation.scenario.reference import reference
from propagation.scenario.schema import json_schema, parts
from propagation.scenario.spec import Scenario
from propagation.scenario.writing import dump
from propagation.scenario.yaml_tree import read_tree

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / "scenarios"
VALID = [*(FOLDER / "valid").glob("*.yaml"), ROOT / "src/propagation/scenario/starter.yaml"]
REFERENCE = ROOT / "docs" / "scenario-reference.md"
SCHEMA = json_schema()
BLOCKS = {"Scenario": SCHEMA, **SCHEMA["$defs"]}
KINDS: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def conforms(value: Any, schema: Any) -> bool:
    """Validate the part of JSON Schema that the scenario's schema uses."""
    if isinstance(schema, bool):
        return schema
    unknown = set(schema) - set(CHECKS) - NOTES
    assert not unknown, f"the test does not know {unknown}"
    return all(
        check(value, schema[key], schema)
        for key, (kind, check) in CHECKS.items()
        if key in schema and isinstance(value, kind)
    )


def of_kind(value: Any, kind: str) -> bool:
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    is_bool = isinstance(value, bool)
    return isinstance(value, KINDS[kind]) and (kind == "boolean" if is_bool else True)


def additional(value: Any, inner: Any, schema: Any) -> bool:
    rest = value.keys() - schema.get("properties", {}).keys()
    return all(conforms(value[key], inner) for key in rest)


NUMBER = (int, float)
CHECKS: dict[str, Any] = {  # keyword: what it applies to, and what it demands
    "$ref": (object, lambda v, ref, _: conforms(v, SCHEMA["$defs"][ref.rsplit("/")[-1]])),
    "type": (object, lambda v, kinds, _: any(of_kind(v, k) for k in listed(kinds))),
    "anyOf": (object, lambda v, schemas, _: any(conforms(v, inner) for inner in schemas)),
    "oneOf": (object, lambda v, schemas, _: sum(conforms(v, inner) for inner in schemas) == 1),
    "const": (object, lambda v, wanted, _: v == wanted),
    "enum": (object, lambda v, wanted, _: v in wanted),
    "properties": (dict, lambda v, ps, _: all(conforms(v[k], ps[k]) for k in ps.keys() & v.keys())),
    "required": (dict, lambda v, names, _: set(names) <= v.keys()),
    "additionalProperties": (dict, additional),
    "propertyNames": (dict, lambda v, inner, _: all(conforms(name, inner) for name in v)),
    "minProperties": (dict, lambda v, least, _: len(v) >= least),
    "maxProperties": (dict, lambda v, most, _: len(v) <= most),
    "items": (list, lambda v, inner, _: all(conforms(item, inner) for item in v)),
    "minItems": (list, lambda v, least, _: len(v) >= least),
    "maxItems": (list, lambda v, most, _: len(v) <= most),
    "pattern": (str, lambda v, pattern, _: bool(re.search(pattern, v))),
    "minLength": (str, lambda v, least, _: len(v) >= least),
    "maxLength": (str, lambda v, most, _: len(v) <= most),
    "minimum": (NUMBER, lambda v, least, _: v >= least),
    "maximum": (NUMBER, lambda v, most, _: v <= most),
    "exclusiveMinimum": (NUMBER, lambda v, least, _: v > least),
}
NOTES = {"$schema", "$defs", "title", "description", "examples", "default"}
IN_ONE_PLACE = re.compile(
    r"; needed: |Did you mean '(attention|follows|at most|value|power|independent|segments)'|"
    r"must be (text|a list|a block|a whole number|a number[ ,]|\d+ of the digits|one of: indep)|"
    r"must be (at least|above|at most) [\d,]+, not -?[\d.]+$|must have at least one|has too many|"
    r"is too long: at most|must not be empty|needs a unit|has the unit|must be a duration"
)
"""Messages about single values, which a schema can check (but not percentages, which are text)."""


def listed(kinds: Any) -> list[str]:
    return kinds if isinstance(kinds, list) else [kinds]


def data_of(file: Path) -> Any:
    return read_tree(file.read_text(encoding="utf-8"), file.name).data


def keys(schema: Any) -> Iterator[tuple[str, Any]]:
    for name, block in BLOCKS.items():
        for key, inner in block["properties"].items():
            yield f"{name}.{key}", inner


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_valid_files_conform_to_the_schema(file: Path) -> None:
    assert conforms(data_of(file), SCHEMA)


def test_files_wrong_in_a_single_place_do_not_conform() -> None:
    files = []
    for file in sorted((FOLDER / "invalid").glob("*.yaml")):
        lines = file.read_bytes().decode(errors="replace").splitlines()
        if any(line.startswith("# expect:") and IN_ONE_PLACE.search(line) for line in lines):
            files.append(file)
    assert len(files) > 60
    assert [file.stem for file in files if conforms(data_of(file), SCHEMA)] == []


def test_the_schema_is_plain_json_of_the_stated_draft() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json_schema() == SCHEMA


def test_every_key_has_a_description_and_a_default_or_is_required() -> None:
    for name, block in BLOCKS.items():
        assert block["description"], name
        assert block["additionalProperties"] is False
        for key, inner in block["properties"].items():
            assert inner["description"].endswith("."), (name, key)
            is_required = key in block.get("required", [])
            assert is_required != ("Default: " in inner["description"]), (name, key)


def test_durations_say_that_they_carry_a_unit() -> None:
    durations = [key for key, inner in keys(SCHEMA) if "weeks)$" in str(inner.get("pattern"))]
    assert durations
    for key, inner in keys(SCHEMA):
        if "weeks)$" in json.dumps(inner):
            assert "with its unit" in inner["description"], key


def test_every_field_of_the_models_is_in_the_schema() -> None:
    models: dict[str, type[Part]] = {"Scenario": Scenario, **parts(Scenario.model_json_schema())}
    assert models.keys() == BLOCKS.keys()
    for name, model in models.items():
        fields = [field.alias or key for key, field in model.model_fields.items()]
        assert list(BLOCKS[name]["properties"]) == fields


def test_every_example_conforms_and_the_whole_one_is_read() -> None:
    for name, block in BLOCKS.items():
        for example in block["examples"]:
            assert conforms(example, block), name
    assert parse_scenario(dump(SCHEMA["examples"][0])).name == "first steps"


def test_defaults_in_the_schema_are_those_of_the_reader() -> None:
    scenario = parse_scenario(dump(SCHEMA["examples"][0]))
    for key, inner in SCHEMA["properties"].items():
        if "default" in inner:
            text = dump({**SCHEMA["examples"][0], key: inner["default"]})
            assert parse_scenario(text) == scenario, key


def test_the_schema_shows_no_machinery() -> None:
    text = json.dumps(SCHEMA) + reference()
    for word in ("pydantic", "validator", "None", "null", "float", "tuple", "[plain]", "\\u0000"):
        assert word not in text, word


def test_the_reference_in_the_docs_is_the_generated_one() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference(), (
        "regenerate docs/scenario-reference.md: python -c "
        "\"from propagation.scenario.reference import reference; print(reference(), end='')\""
    )


def test_a_changed_description_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = reference()
    monkeypatch.setattr(schema_module, "in_words", lambda value: "another")
    assert reference() != before


def test_the_reference_names_every_key_and_metric_and_its_links_lead_somewhere() -> None:
    text = reference()
    headings = {line[3:].lower().replace(" ", "-") for line in text.splitlines() if "## " in line}
    assert set(re.findall(r"\(#([a-z-]+)\)", text)) <= headings
    for block in BLOCKS.values():
        assert all(f"| `{key}`" in text for key in block["properties"])
    assert all(f"| {metric.replace('_', ' ')} |" in text for metric in ALL_METRICS)


def test_examples_in_the_reference_are_yaml() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", reference(), re.DOTALL)
    assert len(examples) == len(BLOCKS)
    for example in examples:
        assert isinstance(read_tree(example, "example").data, dict)


def test_a_wrong_example_would_be_noticed() -> None:
    example = {**SCHEMA["examples"][0], "seed": "7"}
    assert not conforms(example, SCHEMA)
    with pytest.raises(InputError, match="whole number"):
        parse_scenario(dump(example))
