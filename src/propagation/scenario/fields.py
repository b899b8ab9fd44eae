"""The kinds of value a scenario is made of: names, shares, durations, whole numbers.

Each kind says three things: what is accepted, how it is written back, and what the JSON Schema
tells an editor.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)

from propagation.scenario import units

FROM_FILE = {"from file": True}
"""Validation context for values written in a file: durations must carry a unit there."""

LONGEST_NAME = 100
LONGEST_FOLDER_NAME = 200
LONGEST_DURATION = 5000 * 168.0
"""5000 weeks in hours."""
MOST = 1_000_000
MOST_MONEY = 10**12

DURATION_SCHEMA: dict[str, Any] = {"type": "string", "pattern": units.DURATION_PATTERN}
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)


class Part(BaseModel):
    """A block of a scenario: frozen, and a key that is not known is an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )


def example(block: dict[str, Any]) -> ConfigDict:
    """Return the configuration of a part whose schema shows ``block`` as an example."""
    return ConfigDict(json_schema_extra={"examples": [block]})


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _check_name(name: str) -> str:
    if not name or name != name.strip() or not name.isprintable():
        raise ValueError(
            f"{units.found(name)} is not a name: it needs visible characters, "
            "and no blanks at its ends, line breaks or control characters"
        )
    if len(name) > LONGEST_NAME:
        raise ValueError(f"{units.found(name)} is too long: at most {LONGEST_NAME} characters")
    if forbidden := sorted(set(name) & set(".[]")):
        raise ValueError(f"'{name}' must not contain '{forbidden[0]}': names exclude . [ ]")
    return name


def _check_folder_name(name: str) -> str:
    if forbidden := sorted(set(name) & set('/\\<>:"|?*')):
        raise ValueError(
            f"'{name}' must not contain '{forbidden[0]}': it becomes the name of a folder"
        )
    if _RESERVED.fullmatch(name):
        raise ValueError(f"'{name}' cannot be the name of a folder on Windows")
    if len(name.encode()) > LONGEST_FOLDER_NAME:
        raise ValueError(f"{units.found(name)} is too long for the name of a folder")
    return name


def _check_sha256(digits: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise ValueError(f"must be 64 of the digits 0-9 and a-f, not {units.found(digits)}")
    return digits


def _check_graph_checksum(digits: str) -> str:
    if not re.fullmatch("[0-9a-f]{32}", digits):
        raise ValueError(f"must be 32 of the digits 0-9 and a-f, not {units.found(digits)}")
    return digits


def _check_agent_class(place: str) -> str:
    if not re.fullmatch(r".+\.py:[^\W\d]\w*", place):
        raise ValueError(f"must be written as file.py:Class, not {units.found(place)}")
    return place


def _duration(value: object, info: ValidationInfo) -> float:
    is_hours = units.is_number(value) and info.context is not FROM_FILE
    hours = units.read_number(value) if is_hours else units.read_duration(value)
    if hours > LONGEST_DURATION:
        raise ValueError(f"must be at most 5000 weeks, not {units.found(value)}")
    return hours


def _horizon(value: object, info: ValidationInfo) -> float:
    if value == "none" or value == math.inf:
        return math.inf
    hours = _duration(value, info)
    if not hours > 0:
        raise ValueError(f"must be 'none' or a duration above 0 h, not {units.found(value)}")
    return hours


def _write_horizon(hours: float) -> str:
    return "none" if hours == math.inf else units.write_duration(hours)


def _times(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


def _write_times(times: tuple[float, ...]) -> str | list[str]:
    written = [units.write_duration(time) for time in times]
    return written[0] if len(written) == 1 else written


def _in_order(times: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(times))


def _share_schema(lowest: str, highest: int = 1) -> dict[str, Any]:
    number = {"type": "number", lowest: 0, "maximum": highest}
    return {"anyOf": [number, {"type": "string", "pattern": units.PERCENT_PATTERN}]}


def _written(write: Callable[[Any], object]) -> PlainSerializer:
    return PlainSerializer(write, when_used="json")


Name = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_check_name),
    WithJsonSchema(
        {"type": ["string", "integer"], "pattern": r"^[^.\[\]]+$", "maxLength": LONGEST_NAME}
    ),
]
FolderName = Annotated[
    Name,
    AfterValidator(_check_folder_name),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "pattern": r'^[^.\[\]/\\<>:"|?*]+$',
            "maxLength": LONGEST_NAME,
        }
    ),
]
Label = Annotated[
    str,
    BeforeValidator(_text),
    Field(min_length=1, max_length=1000),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "maxLength": 1000}),
]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Sha256 = Annotated[
    str,
    AfterValidator(_check_sha256),
    WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
]
GraphChecksum = Annotated[
    str,
    AfterValidator(_check_graph_checksum),
    WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{32}$"}),
]
AgentClass = Annotated[
    str,
    AfterValidator(_check_agent_class),
    WithJsonSchema({"type": "string", "pattern": r"^.+\.py:[A-Za-z_][A-Za-z0-9_]*$"}),
]

Amount = Annotated[
    float, BeforeValidator(units.read_number), Field(ge=0, le=MOST), _written(units.write_number)
]
PositiveAmount = Annotated[
    float, BeforeValidator(units.read_number), Field(gt=0, le=MOST), _written(units.write_number)
]
Money = Annotated[
    float,
    BeforeValidator(units.read_number),
    Field(ge=0, le=MOST_MONEY),
    _written(units.write_number),
]
PositiveMoney = Annotated[
    float,
    BeforeValidator(units.read_number),
    Field(gt=0, le=MOST_MONEY),
    _written(units.write_number),
]
PositiveQuantity = Annotated[
    float,
    BeforeValidator(units.read_share),
    Field(gt=0, le=MOST),
    _written(units.write_number),
    WithJsonSchema(_share_schema("exclusiveMinimum", MOST)),
]
Share = Annotated[
    float,
    BeforeValidator(units.read_share),
    Field(ge=0, le=1),
    _written(units.write_number),
    WithJsonSchema(_share_schema("minimum")),
]
Percent = Annotated[Share, _written(units.write_share)]
PositivePercent = Annotated[
    float,
    BeforeValidator(units.read_share),
    Field(gt=0, le=1),
    _written(units.write_share),
    WithJsonSchema(_share_schema("exclusiveMinimum")),
]
PercentOrMore = Annotated[
    float,
    BeforeValidator(units.read_share),
    Field(ge=0, le=MOST),
    _written(units.write_share),
    WithJsonSchema(_share_schema("minimum", MOST)),
]
Count = Annotated[int, BeforeValidator(units.read_whole), Field(ge=0, le=2**31 - 1)]
PositiveCount = Annotated[int, BeforeValidator(units.read_whole), Field(ge=1, le=2**31 - 1)]
SmallCount = Annotated[int, BeforeValidator(units.read_whole), Field(ge=1, le=MOST)]
SeedNumber = Annotated[int, BeforeValidator(units.read_whole), Field(ge=0, le=2**63 - 1)]
Hours = Annotated[
    float,
    BeforeValidator(_duration),
    Field(ge=0),
    _written(units.write_duration),
    WithJsonSchema(DURATION_SCHEMA),
]
PositiveHours = Annotated[
    float,
    BeforeValidator(_duration),
    Field(gt=0),
    _written(units.write_duration),
    WithJsonSchema(DURATION_SCHEMA),
]
Horizon = Annotated[
    float,
    Field(allow_inf_nan=True),
    BeforeValidator(_horizon),
    _written(_write_horizon),
    WithJsonSchema({"anyOf": [{"const": "none"}, DURATION_SCHEMA]}),
]
Times = Annotated[
    tuple[Hours, ...],
    BeforeValidator(_times),
    Field(min_length=1, max_length=10_000),
    AfterValidator(_in_order),
    _written(_write_times),
    WithJsonSchema(
        {"anyOf": [DURATION_SCHEMA, {"type": "array", "items": DURATION_SCHEMA, "minItems": 1}]}
    ),
]


def check_block(value: object) -> object:
    """Refuse what is neither a block nor a part, before a union asks for its keys."""
    if not isinstance(value, Mapping | Part):
        raise ValueError(f"must be a block of 'key: value' lines, not {units.found(value)}")
    return value


def kind_of(**kinds: str) -> Callable[[object], str]:
    """Return a function that tells the members of a union apart by a key only they have.

    ``kind_of(Column="column", Spread="mean")`` gives ``"[Column]"`` for a block with the key
    ``column``, ``"[Spread]"`` for any other block and ``"[plain]"`` for what is not a block.
    These tags become part of pydantic's error locations; names exclude brackets, so the tags
    can be told from keys.
    """
    last = list(kinds)[-1]

    def tag(value: object) -> str:
        if isinstance(value, Part):
            return f"[{type(value).__name__}]"
        if not isinstance(value, Mapping):
            return "[plain]"
        return f"[{next((kind for kind, key in kinds.items() if key in value), last)}]"

    return tag


def word_or_number(value: object) -> str:
    """Tell ``own`` from ``0.2`` and from ``20%``, as a tag like those of ``kind_of``."""
    return "[word]" if isinstance(value, str) and value[:1].isalpha() else "[number]"
