"""The form of what a results folder holds: what is damaged is told apart before it is used.

Somebody may have edited, cut or exchanged a file since it was written. Files are checked for their
form when they are read; whatever a figure or a sentence asks of them later is then there.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from propagation.problems import MachineError
from propagation.scenario.comparing import ALL_METRICS, METRICS

Number = float | None


class _Form(BaseModel):
    """What is not named here may be there too: later versions write more."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Interval(_Form):
    mean: Number
    low: Number
    high: Number


class _Outcome(_Interval):
    median: Number
    p10: Number
    p90: Number
    defined: Annotated[int, Field(ge=0)]
    heavy: bool

    @model_validator(mode="after")
    def _says_what_is_defined(self) -> Self:
        if self.defined and None in (self.median, self.p10, self.p90):
            raise ValueError("no values")
        return self


class _Difference(_Form):
    strategy: str
    baseline: str
    metric: str
    difference: _Interval
    ratio: _Interval | None
    probability_better: _Interval
    probability_better_unpaired: Number
    variance_ratio: Number
    replicates: int


class _Step(_Form):
    title: str
    text: str | None
    metric: str
    worth: dict[str, float] | None
    strategies: dict[str, _Outcome]
    differences: list[_Difference]
    sentences: list[str]


class _Level(_Form):
    level: float
    strategies: dict[str, _Interval]


class _Summary(_Form):
    metric: str
    baseline: str
    strategies: dict[str, dict[str, _Outcome]]
    differences: list[_Difference]
    at_least: list[_Level]
    verdict: Annotated[list[str], Field(min_length=1)]
    warnings: list[str]
    steps: list[_Step] = []
    replicates: Annotated[int, Field(ge=1)]
    draws: int
    stopped: str

    @model_validator(mode="after")
    def _names_only_what_is_there(self) -> Self:
        differences = [*self.differences, *(d for step in self.steps for d in step.differences)]
        named = {self.baseline, *(name for step in self.steps for name in step.strategies)}
        named |= {name for each in differences for name in (each.strategy, each.baseline)}
        named |= {name for level in self.at_least for name in level.strategies}
        metrics = {self.metric, *(each.metric for each in differences)}
        metrics |= {step.metric for step in self.steps}
        if not named <= set(self.strategies) or not metrics <= set(ALL_METRICS):
            raise ValueError("unknown names")
        if any(not set(METRICS) <= set(found) for found in self.strategies.values()):
            raise ValueError("missing metrics")
        if any(not metrics <= set(found) for found in self.strategies.values()):
            raise ValueError("metrics that not every strategy has")
        return self


class _Commit(_Form):
    commit: str
    changed: bool


class _Git(_Form):
    program: _Commit | None = None
    scenario: _Commit | None = None


class _Provenance(_Form):
    command: list[str] = []
    packages: dict[str, str] = {}
    git: _Git | None = None


def is_summary(content: object) -> bool:
    """Whether this is what ``summary.json`` may hold."""
    return _has_form(_Summary, content)


def is_provenance(content: object) -> bool:
    """Whether this is what ``provenance.json`` may hold."""
    return _has_form(_Provenance, content)


def _has_form(form: type[_Form], content: object) -> bool:
    try:
        form.model_validate(content)
    except ValidationError:
        return False
    return True


def _is_text(kind: pa.DataType) -> bool:
    return kind in (pa.string(), pa.large_string())


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_numbers(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind)) and _is_number(kind.value_type)


TEXT, WHOLE, NUMBER, NUMBERS = _is_text, pa.types.is_integer, _is_number, _is_numbers
_IDENTITY = {"strategy": TEXT, "replicate": WHOLE}
_OF_STRATEGY = ("mean", "low", "high", "p10", "p90", "expected")
COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "runs": {**_IDENTITY, "draw": WHOLE, **dict.fromkeys(METRICS, NUMBER)},
    "cascades": {**_IDENTITY, "message": TEXT, "nominal_time": NUMBER, "size": WHOLE},
    "curves": {
        **_IDENTITY,
        **dict.fromkeys(("hours", "shares_by_hour", "reach_by_hour"), NUMBERS),
    },
    "trees": {
        **_IDENTITY,
        **dict.fromkeys(("account", "parent", "generation"), WHOLE),
        **dict.fromkeys(("segment", "message"), TEXT),
        "share_time": NUMBER,
    },
    "follows": {"follower": WHOLE, "followee": WHOLE},
    "accounts": {"segment": TEXT, "ours": TEXT},
    "attention": {
        "ours": TEXT,
        **dict.fromkeys(("low", "high", "accounts"), WHOLE),
        "attention": NUMBER,
    },
    "sizes": {"segment": TEXT, "accounts": WHOLE},
    "sweep": {
        "axis_0": NUMBER,
        **{f"{name}_{i}": NUMBER for i in (0, 1) for name in _OF_STRATEGY},
        **dict.fromkeys(("difference", "difference_low", "difference_high"), NUMBER),
        **dict.fromkeys(("ratio", "ratio_low", "ratio_high", "better"), NUMBER),
    },
    "uncertain": {"input_0": NUMBER, "matrix": TEXT},
}
"""The columns that are read of each table, and the kind of each; only a number may be undefined."""


def checked(table: pa.Table, kind: str, file: object) -> pa.Table:
    """Return a stored table if it has what is read of it.

    Raises
    ------
    MachineError
        If a column is missing, of another kind, or has gaps.
    """
    columns = COLUMNS[kind]
    if kind == "runs":  # the reach of each segment besides the metrics
        columns = {**dict.fromkeys(table.column_names, NUMBER), **columns}
    for name, is_kind in columns.items():
        if table.column_names.count(name) != 1 or not is_kind(table[name].type):
            raise damaged(file, f"no column '{name}' of the right kind")
        if columns[name] is not NUMBER and table[name].null_count:
            raise damaged(file, f"gaps in column '{name}'")
    return table


def damaged(file: object, why: str) -> MachineError:
    """Return the error for a file that is not what was written."""
    return MachineError(f"{file}: is damaged ({why}): run the scenario again with --force")
