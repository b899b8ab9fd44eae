"""What is said: messages, how people respond to them and how long they take to share them."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from propagation.problems import not_one_of
from propagation.scenario.fields import (
    Amount,
    Count,
    Hours,
    Name,
    Part,
    Percent,
    PositiveAmount,
    PositiveHours,
    PositivePercent,
    SmallCount,
    check_block,
    example,
    kind_of,
    word_or_number,
)
from propagation.scenario.units import found, shown

_WORD_OR_NUMBER = Discriminator(word_or_number)
_NoticeCount = Annotated[SmallCount, Tag("[number]")]
_OwnCount = Annotated[Literal["own"], Tag("[word]")]
_Fraction = Annotated[PositivePercent, Tag("[number]")]
_OwnFraction = Annotated[Literal["own", "uniform"], Tag("[word]")]


class Reinforced(Part):
    """Every further notice changes the pull of the message (complex contagion)."""

    model_config = example({"reinforced": [1, 2, 2.7]})

    reinforced: Annotated[tuple[Amount, ...], Field(min_length=1, max_length=100)] = Field(
        description="Factor on the probability to share at the first, second, ... notice; "
        "the last one holds from there on."
    )


class NoticesThreshold(Part):
    """A willing account shares once it has noticed the message often enough."""

    model_config = example({"notices": 2})

    notices: _NoticeCount | _OwnCount = Field(
        discriminator=_WORD_OR_NUMBER,
        description="Number of notices, 1 or more; `own` takes each account's `threshold`.",
    )


class FractionThreshold(Part):
    """A willing account shares once enough of the accounts it follows have shared."""

    model_config = example({"fraction": "18%"})

    fraction: _Fraction | _OwnFraction = Field(
        discriminator=_WORD_OR_NUMBER,
        description="Share of all accounts it follows whose share it noticed, above 0 to 100%; "
        "`own` takes each account's `threshold`, `uniform` draws it anew in each run.",
    )


def _check_threshold(threshold: object) -> object:
    check_block(threshold)
    if isinstance(threshold, Mapping) and len({"notices", "fraction"} & set(threshold)) != 1:
        raise ValueError("must have exactly one of: notices, fraction")
    return threshold


class Threshold(Part):
    """Accounts are willing or not, and the willing share at a threshold (Granovetter, Watts)."""

    model_config = example({"threshold": {"fraction": "18%"}})

    threshold: Annotated[
        Annotated[NoticesThreshold, Tag("[NoticesThreshold]")]
        | Annotated[FractionThreshold, Tag("[FractionThreshold]")],
        Discriminator(kind_of(NoticesThreshold="notices", FractionThreshold="fraction")),
        BeforeValidator(_check_threshold),
    ] = Field(description="What is counted, and from where on a willing account shares.")


class FixedDelay(Part):
    """Everybody who shares does so after the same time."""

    model_config = example({"law": "fixed", "time": "1 h"})

    law: Literal["fixed"] = Field(description="`fixed`.")
    time: Hours = Field(description="The delay, a duration with its unit.")


class ExponentialDelay(Part):
    """Delays without memory."""

    model_config = example({"law": "exponential", "mean": "2 h"})

    law: Literal["exponential"] = Field(description="`exponential`.")
    mean: PositiveHours = Field(description="Mean delay, a duration with its unit.")


class LognormalDelay(Part):
    """Delays whose logarithm is normally distributed."""

    model_config = example({"law": "lognormal", "median": "40 min", "sigma": 1.5})

    law: Literal["lognormal"] = Field(description="`lognormal`.")
    median: PositiveHours = Field(description="Median delay, a duration with its unit.")
    sigma: Annotated[PositiveAmount, Field(le=20)] = Field(
        description="Standard deviation of the delay's natural logarithm, a plain number."
    )


class PowerDelay(Part):
    """Delays with a heavy tail, as measured on Twitter (Zhao et al. 2015)."""

    model_config = example({"law": "power", "exponent": 0.2314843, "flat": "300 s"})

    law: Literal["power"] = Field(description="`power`.")
    exponent: Annotated[PositiveAmount, Field(le=100)] = Field(
        description="How fast long delays become rare: the chance of a delay beyond t falls as t "
        "to the power of minus this, a plain number."
    )
    flat: PositiveHours = Field(
        description="Up to this delay all delays are equally likely, a duration with its unit."
    )


LAWS = ("fixed", "exponential", "lognormal", "power")


def _check_law(delay: object) -> object:
    if isinstance(delay, Mapping):
        if "law" not in delay:
            raise ValueError(f"'law' is missing: one of {', '.join(LAWS)}")
        if delay["law"] not in LAWS:
            raise ValueError(f"law {not_one_of(shown(str(delay['law'])), LAWS)}")
    elif delay != "none" and not isinstance(delay, Part):
        raise ValueError(f"must be 'none' or a block with a 'law', not {found(delay)}")
    return delay


def _law(delay: object) -> str:
    law = delay.get("law") if isinstance(delay, Mapping) else getattr(delay, "law", "none")
    return f"[{law}]"


def _check_response(response: object) -> object:
    if isinstance(response, Mapping) and len({"reinforced", "threshold"} & set(response)) != 1:
        raise ValueError("a block must have exactly one of: reinforced, threshold")
    if not isinstance(response, str | Mapping | Part):
        raise ValueError(f"must be one of: {', '.join(RESPONSES)}; not {found(response)}")
    if isinstance(response, str) and response not in RESPONSES[:2]:
        raise ValueError(not_one_of(shown(response), RESPONSES))
    return response


RESPONSES = ("independent", "single", "{reinforced: ...}", "{threshold: ...}")

Delay = Annotated[
    Annotated[Literal["none"], Tag("[none]")]
    | Annotated[FixedDelay, Tag("[fixed]")]
    | Annotated[ExponentialDelay, Tag("[exponential]")]
    | Annotated[LognormalDelay, Tag("[lognormal]")]
    | Annotated[PowerDelay, Tag("[power]")],
    Discriminator(_law),
    BeforeValidator(_check_law),
]
Response = Annotated[
    Annotated[Literal["independent", "single"], Tag("[plain]")]
    | Annotated[Reinforced, Tag("[Reinforced]")]
    | Annotated[Threshold, Tag("[Threshold]")],
    Discriminator(kind_of(Reinforced="reinforced", Threshold="threshold")),
    BeforeValidator(_check_response),
]
MEASURED_DELAY = PowerDelay(law="power", exponent=0.2314843, flat=300 / 3600)
"""The delays of the SEISMIC model (Zhao et al., KDD 2015), measured on Twitter in 2011."""


class LognormalResonance(Part):
    """A pull that differs from post to post: its logarithm is normally distributed."""

    model_config = example({"median": 0.02, "sigma": 1.5})

    median: PositiveAmount = Field(description="Half of the posts have a smaller resonance.")
    sigma: Annotated[PositiveAmount, Field(le=20)] = Field(
        description="Standard deviation of the resonance's natural logarithm, a plain number."
    )


class ParetoResonance(Part):
    """A pull that differs from post to post with a heavy tail: most posts go nowhere."""

    model_config = example({"least": 0.005, "tail": 1.5})

    least: PositiveAmount = Field(description="The smallest resonance there is.")
    tail: Annotated[PositiveAmount, Field(le=100)] = Field(
        description="How fast large ones become rare: the chance of a resonance beyond x falls as "
        "x to the power of minus this, a plain number."
    )


def _check_resonance(resonance: object) -> object:
    if isinstance(resonance, Mapping) and len({"median", "least"} & set(resonance)) != 1:
        raise ValueError("a block must have exactly one of: median, least")
    return resonance


Resonance = Annotated[
    Annotated[Amount, Tag("[plain]")]
    | Annotated[LognormalResonance, Tag("[LognormalResonance]")]
    | Annotated[ParetoResonance, Tag("[ParetoResonance]")],
    Discriminator(kind_of(ParetoResonance="least", LognormalResonance="median")),
    BeforeValidator(_check_resonance),
]


class Message(Part):
    """What is posted: its topic, its pull, and how people respond to it."""

    model_config = example(
        {"topic": "protest", "resonance": 0.03, "response": "single", "delay": "none"}
    )

    topic: Name = Field(description="What it is about; accounts have an interest in each topic.")
    resonance: Resonance = Field(
        description="Pull on somebody who cares fully: the probability to share is resonance x "
        "interest (at most 1), 0 or more. A number, or how it differs from post to post."
    )
    response: Response = Field(
        default="independent",
        description="What happens at repeated notices: `independent` (each notice is a new "
        "chance), `single` (one decision, at the first notice), `reinforced` or `threshold`.",
    )
    delay: Delay = Field(
        default=MEASURED_DELAY,
        description="Time between deciding to share and sharing: `none`, or a law with its "
        "parameters.",
    )


class Following(Part):
    """How our accounts gain and lose followers during a run (exactly: `docs/campaigns.md`)."""

    model_config = example(
        {
            "follows": "2%",
            "irrelevant": "0.3%",
            "too often": "1%",
            "beyond": 2,
            "within": "24 h",
        }
    )

    follows: Percent = Field(
        default=0.0,
        description="Chance that somebody who notices a message of ours for the first time, does "
        "not follow us and cares fully follows from then on; it is multiplied by the interest.",
    )
    irrelevant: Percent = Field(
        default=0.0,
        description="Chance that a follower who notices a share by us and does not care at all "
        "leaves; it is multiplied by 1 - interest.",
    )
    too_often: Percent = Field(
        default=0.0,
        alias="too often",
        description="Chance that a follower who notices a share by us leaves, for each share by "
        "that account beyond the number tolerated.",
    )
    beyond: Count = Field(
        default=0, description="Number of shares `within` the time below that are tolerated."
    )
    within: PositiveHours = Field(
        default=24.0, description="Time in which shares are counted, a duration with its unit."
    )
