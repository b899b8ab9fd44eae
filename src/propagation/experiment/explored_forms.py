"""The form of what ``summary.json`` holds of an exploration: each part is told if it is damaged."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from propagation.scenario.comparing import ALL_METRICS

Number = float | None
Share = Annotated[float, Field(ge=0, le=1)]
Scale = Literal["linear", "log"]


class _Form(BaseModel):
    """What is not named here may be there too: later versions write more."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class _Told(_Form):
    metric: str
    sentences: list[str] = []

    @model_validator(mode="after")
    def _is_a_metric(self) -> Self:
        if self.metric not in ALL_METRICS:
            raise ValueError("unknown metric")
        return self


class _Interval(_Form):
    mean: Number
    low: Number
    high: Number


class _Axis(_Form):
    path: str
    label: str
    values: Annotated[list[float], Field(min_length=1)] | None
    scale: Scale


class _Sweep(_Told):
    axes: Annotated[list[_Axis], Field(min_length=1)]
    strategies: Annotated[list[str], Field(min_length=2, max_length=2)]
    replicates: int
    draws: int
    points: Annotated[int, Field(ge=1)]


class _Evaluated(_Form):
    value: float
    one: _Interval
    other: _Interval
    difference: _Interval


class _Spread(_Form):
    low: Number
    high: Number
    median: Number


class _TieRange(_Spread):
    below: Share = 0.0
    above: Share = 0.0


class _Crossing(_Form):
    value: float


class _BreakEven(_Told):
    path: str
    label: str
    between: Annotated[list[str], Field(min_length=2, max_length=2)]
    value: Number
    low: Number
    high: Number
    kind: str
    first: float = Field(alias="from")
    last: float = Field(alias="to")
    scale: Scale
    crossings: list[_Crossing] = []
    range: _TieRange | None
    evaluated: Annotated[list[_Evaluated], Field(min_length=1)]
    theory: Number = None


class _Input(_Form):
    path: str
    label: str
    low: float
    high: float
    scale: Scale


class _Ratios(_Spread):
    least: Number
    most: Number


class _Index(_Form):
    path: str
    first: Number
    first_low: Number
    first_high: Number
    total: Number
    total_low: Number
    total_high: Number


class _OverUncertain(_Form):
    strategy: str
    baseline: str
    metric: str
    of: Literal["ratio", "difference"] = "ratio"
    range: _Ratios
    ahead: Share
    surely_ahead: Share
    surely_behind: Share
    noise: Number
    indices: list[_Index]


class _Uncertain(_Form):
    inputs: Annotated[list[_Input], Field(min_length=1)]
    points: int
    evaluations: Annotated[int, Field(ge=1)]
    replicates: int
    draws: int
    pairs: list[_OverUncertain]
    sentences: list[str] = []

    @model_validator(mode="after")
    def _names_its_inputs(self) -> Self:
        paths = {each.path for each in self.inputs}
        if any(index.path not in paths for pair in self.pairs for index in pair.indices):
            raise ValueError("unknown inputs")
        return self


class _Factor(_Form):
    name: str
    meaning: str
    value: Number
    low: Number
    high: Number


class _Why(_Form):
    strategy: str
    baseline: str
    metric: str
    ratio: _Interval | None
    factors: list[_Factor]
    note: str | None = None
    sentences: list[str] = []


PARTS: Mapping[str, TypeAdapter[Any]] = {
    "uncertain": TypeAdapter(_Uncertain),
    "break_even": TypeAdapter(_BreakEven),
    "sweep": TypeAdapter(_Sweep),
    "why": TypeAdapter(list[_Why]),
}


def part_out_of_form(summary: Mapping[str, Any]) -> str:
    """Return the name of a part that is not what is written there, or nothing if all are."""
    for name, form in PARTS.items():
        if name in summary:
            try:
                form.validate_python(summary[name])
            except ValidationError:
                return name
    return ""
