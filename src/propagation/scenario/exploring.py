"""What of a scenario is varied: a sweep, the search for a tie, and the inputs nobody knows."""

import math
import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    WithJsonSchema,
    model_validator,
)

from propagation.scenario import units
from propagation.scenario.fields import (
    DURATION_SCHEMA,
    MOST,
    Name,
    Part,
    PositiveAmount,
    PositivePercent,
    SmallCount,
    check_block,
    example,
)

Scale = Literal["linear", "log"]
MOST_POINTS = 100_000
POINTS, REPLICATES, EXPLORED_DRAWS = 64, 100, 10


def _value(value: object) -> float:
    """Read a number, a percentage, or a duration as its hours."""
    if isinstance(value, str) and not value.rstrip().endswith("%"):
        return units.read_duration(value)
    return units.read_share(value)


def _no_nesting(path: str) -> str:
    if re.split(r"[.\[]", path)[0] in (*EXPLORING, *NO_INPUTS):
        raise ValueError(f"'{units.shown(path)}' is not an input of the model")
    return path


EXPLORING = ("sweep", "break even", "uncertain", "exploring")
"""The blocks that say how inputs are varied; they are none themselves."""
NO_INPUTS = ("name", "question", "seed", "replicates", "draws", "compare", "steps", "sources")
"""Blocks that say how the model is used; what it computes at a point does not depend on them."""
InputPath = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_no_nesting)]
Value = Annotated[
    float,
    BeforeValidator(_value),
    Field(ge=0, le=MOST),
    PlainSerializer(units.write_number, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": MOST},
                {"type": "string", "pattern": units.PERCENT_PATTERN},
                DURATION_SCHEMA,
            ]
        }
    ),
]


def _power_of_two(count: int) -> int:
    if count & (count - 1):
        raise ValueError(f"must be a power of 2 (such as 64, 128 or 256), not {count}")
    return count


Sobol = Annotated[
    int,
    BeforeValidator(units.read_whole),
    Field(ge=2, le=2**16),
    AfterValidator(_power_of_two),
]


def _check_range(low: float, high: float, scale: Scale | None) -> None:
    if not low < high:
        raise ValueError(f"'from' ({low:g}) must be below 'to' ({high:g})")
    if scale == "log" and low <= 0:
        raise ValueError("a log scale needs 'from' above 0")


class Span(Part):
    """A range of an input."""

    model_config = example({"from": 1000, "to": 60000, "points": 20, "scale": "log"})

    low: Value = Field(
        alias="from",
        description="Lowest value: a number, a percentage, or a duration with its unit.",
    )
    high: Value = Field(
        alias="to", description="Highest value: as `from`; a duration with its unit."
    )
    points: Annotated[int, BeforeValidator(units.read_whole), Field(ge=2, le=1000)] | None = Field(
        default=None, description="How many values in a grid, both ends included; for `sweep`."
    )
    scale: Scale = Field(
        default="linear", description="`linear` or `log`: equal steps, or equal factors."
    )
    also: Annotated[dict[InputPath, PositiveAmount], Field(max_length=20)] = Field(
        default_factory=dict,
        description="Other inputs that go along, each at so many times the value.",
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        _check_range(self.low, self.high, self.scale)
        return self

    def at(self, part: float) -> float:
        """Return the value at a part of the range: 0 is its low end, 1 its high end."""
        if part <= 0 or part >= 1:
            return self.low if part <= 0 else self.high
        if self.scale == "log":
            return self.low * math.exp(part * math.log(self.high / self.low))
        return self.low + part * (self.high - self.low)


def _as_span(value: object) -> object:
    """Read ``[low, high]`` as a range."""
    if isinstance(value, list | tuple) and len(value) == 2:
        return {"from": value[0], "to": value[1]}
    return check_block(value)


Range = Annotated[Span, BeforeValidator(_as_span)]
Listed = Annotated[tuple[Value, ...], Field(min_length=1, max_length=1000)]


def _kind_of_axis(value: object) -> str:
    return "[list]" if isinstance(value, list | tuple) else "[Span]"


AxisValues = Annotated[
    Annotated[Span, Tag("[Span]")] | Annotated[Listed, Tag("[list]")],
    Discriminator(_kind_of_axis),
]


class Sweep(Part):
    """Two strategies compared at many values of some inputs."""

    model_config = example(
        {
            "over": {
                "messages.launch.resonance": {"from": 0.05, "to": 0.3, "points": 10},
                "ours.large.followers.customers": [200, 500, 1000],
            },
            "replicates": 100,
        }
    )

    over: Annotated[dict[InputPath, AxisValues], Field(min_length=1, max_length=10)] = Field(
        description="The inputs by their paths, as in messages about errors, each with a range or "
        "a list of values (numbers, percentages, or each a duration with its unit). All "
        "combinations are tried."
    )
    sobol: Sobol | None = Field(
        default=None,
        description="In place of all combinations so many points of a Sobol sequence in the "
        "ranges; a power of 2.",
    )
    replicates: SmallCount = Field(
        default=REPLICATES, description="Runs of each strategy at every point."
    )
    draws: SmallCount | None = Field(
        default=None,
        description="Worlds drawn, the same at every point. "
        f"Default: those of the scenario, at most {EXPLORED_DRAWS}.",
    )
    strategies: Annotated[tuple[Name, ...], Field(min_length=2, max_length=2)] | None = Field(
        default=None,
        description="The two strategies. Default: the first that the verdict compares, and the "
        "baseline.",
    )

    @model_validator(mode="after")
    def _check_points(self) -> Self:
        spans = {path: each for path, each in self.over.items() if isinstance(each, Span)}
        if self.sobol is not None and len(spans) < len(self.over):
            raise ValueError("'sobol' needs a range ('from', 'to') for every input, not a list")
        for path, span in spans.items():
            if (self.sobol is None) != (span.points is not None):
                need = "needs 'points'" if self.sobol is None else "must have no 'points'"
                raise ValueError(f"{path} {need}: a grid has points, a Sobol sequence its own")
        if self.points > MOST_POINTS:
            raise ValueError(f"{self.points:,} points are too many: at most {MOST_POINTS:,}")
        return self

    @property
    def points(self) -> int:
        """How many points there are."""
        if self.sobol is not None:
            return self.sobol
        return math.prod(
            (each.points or 1) if isinstance(each, Span) else len(each)
            for each in self.over.values()
        )


class BreakEven(Part):
    """The value of an input at which two strategies tie."""

    model_config = example({"vary": "ours.large.followers.customers", "from": 100, "to": 2000})

    vary: InputPath = Field(description="The input by its path, as in messages about errors.")
    low: Value = Field(
        alias="from",
        description="Lowest value tried: a number, a percentage, or a duration with its unit.",
    )
    high: Value = Field(
        alias="to", description="Highest value tried: as `from`; a duration with its unit."
    )
    scale: Scale | None = Field(
        default=None, description="Default: `log` if the lowest value is above 0."
    )
    between: Annotated[dict[Name, Name], Field(min_length=1, max_length=1)] | None = Field(
        default=None,
        description="One strategy with the other. Default: the first that the verdict compares, "
        "with the baseline.",
    )
    within: PositivePercent = Field(
        default=0.05, description="Half-width of the interval that is enough, of the value found."
    )
    at_most: SmallCount = Field(
        default=2000, alias="at most", description="Largest number of replicates."
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        _check_range(self.low, self.high, self.scale)
        return self

    @property
    def is_log(self) -> bool:
        """Whether equal factors count as equal steps."""
        return self.scale == "log" or (self.scale is None and self.low > 0)


class Exploring(Part):
    """How the uncertain inputs are spread over."""

    model_config = example({"points": 64, "replicates": 100, "draws": 10})

    points: Sobol = Field(
        default=POINTS,
        description="Points of a Sobol sequence; each is tried with every input in turn taken from "
        "another, so with D inputs there are so many times (D + 2) combinations. A power of 2.",
    )
    replicates: SmallCount = Field(
        default=REPLICATES, description="Runs of each strategy at every combination."
    )
    draws: SmallCount | None = Field(
        default=None,
        description="Worlds drawn, the same at every combination. "
        f"Default: those of the scenario, at most {EXPLORED_DRAWS}.",
    )


Uncertain = Annotated[dict[InputPath, Range], Field(min_length=1, max_length=20)]
