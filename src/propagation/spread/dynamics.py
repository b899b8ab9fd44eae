"""The rules by which a message spreads.

The rules are small scalar functions. The compiled loop (``loop``) calls them, and so do the Mesa
agents (``agents``); no rule is written anywhere else. One message instance spreads like this:

1. A share by u at time t appears in the feed of every follower of u.
2. A follower notices it with probability ``attention``: one throw per follow and instance.
3. On the k-th notice an account that has not yet decided to share may decide so.
4. A decided share happens after a delay and at most once, in the order (time, generation, account).
5. Our own accounts notice but decide nothing; they share by posts only.

References: Kempe, Kleinberg & Tardos (2003) for the independent cascade and the linear threshold
model; Granovetter (1978) and Watts (2002) for thresholds; Zhao et al. (2015) for the power law of
delays.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined
from propagation.luck import (
    BLOCK_EXPONENTS,
    CERTAIN,
    Purpose,
    descend,
    place_below,
    threshold,
    throw,
    unit,
)
from propagation.scenario.spec import (
    Delay,
    ExponentialDelay,
    FixedDelay,
    FractionThreshold,
    LognormalDelay,
    Message,
    PowerDelay,
    Reinforced,
    Threshold,
)

Float64 = npt.NDArray[np.float64]

BY_CHANCE, BY_NOTICES, BY_FRACTION = 0, 1, 2
"""How an account decides: a throw at each notice, or a threshold on their number or fraction."""
CONSTANT, OWN, UNIFORM = 0, 1, 2
"""Where a threshold comes from: the message, the account's trait, or a throw per run."""
NO_DELAY, FIXED, EXPONENTIAL, LOGNORMAL, POWER = 0, 1, 2, 3, 4
"""Laws of the delay between the decision to share and the share."""


class Rules(NamedTuple):
    """How those who notice a message respond to it, as numbers.

    Numbers only: an array in it would be counted as in use at each call of a rule, which takes
    longer than the rule.
    """

    resonance: float
    response: int
    threshold: float
    threshold_source: int
    delay_law: int
    delay_scale: float  # fixed: hours; exponential: mean; lognormal: median; power: flat part
    delay_shape: float  # lognormal: sigma of the logarithm; power: exponent theta


def rules_of(message: Message) -> Rules:
    """Return a message's rules as numbers."""
    response = message.response
    kind, limit, source = BY_CHANCE, 1.0, CONSTANT
    if isinstance(response, Threshold):
        by_fraction = isinstance(response.threshold, FractionThreshold)
        given = (
            response.threshold.fraction
            if isinstance(response.threshold, FractionThreshold)
            else response.threshold.notices
        )
        kind = BY_FRACTION if by_fraction else BY_NOTICES
        if isinstance(given, str):
            source = OWN if given == "own" else UNIFORM
        else:
            limit = float(given)
    resonance = message.resonance if isinstance(message.resonance, float) else math.nan
    return Rules(resonance, kind, limit, source, *delay_numbers(message.delay))


def delay_numbers(law: Delay) -> tuple[int, float, float]:
    """Return a law of delays as numbers: which law, its scale in hours, its shape."""
    if isinstance(law, FixedDelay):
        return FIXED, law.time, 0.0
    if isinstance(law, ExponentialDelay):
        return EXPONENTIAL, law.mean, 0.0
    if isinstance(law, LognormalDelay):
        return LOGNORMAL, law.median, law.sigma
    if isinstance(law, PowerDelay):
        return POWER, law.flat, law.exponent
    return NO_DELAY, 0.0, 0.0


def factors_of(message: Message) -> Float64:
    """Return what multiplies the share probability at the k-th notice; the last value holds."""
    if message.response == "single":
        return np.array([1.0, 0.0])
    if isinstance(message.response, Reinforced):
        return np.array(message.response.reinforced, np.float64)
    return np.array([1.0])


class Stems(NamedTuple):
    """Keys shared by all throws of one purpose in one message instance of one run."""

    skip: np.uint64
    thin: np.uint64
    decide: np.uint64
    willing: np.uint64
    delay: np.uint64
    threshold: np.uint64


@compiled
def _stem(seed: np.uint64, purpose: int, instance: np.uint64) -> np.uint64:
    return descend(descend(seed, np.uint64(purpose)), instance)


SKIP, THIN, DECIDE = int(Purpose.SKIP), int(Purpose.THIN), int(Purpose.DECIDE)
WILLING, DELAY, THRESHOLD = int(Purpose.WILLING), int(Purpose.DELAY), int(Purpose.THRESHOLD)


@compiled
def stems(seed: np.uint64, instance: np.uint64) -> Stems:
    """Return the stems of a message instance; a drawn threshold belongs to the run alone."""
    return Stems(
        _stem(seed, SKIP, instance),
        _stem(seed, THIN, instance),
        _stem(seed, DECIDE, instance),
        _stem(seed, WILLING, instance),
        _stem(seed, DELAY, instance),
        descend(seed, np.uint64(THRESHOLD)),
    )


@inlined
def notices(
    skip_key: np.uint64, thin_key: np.uint64, place: int, attention: np.uint64, envelope: int
) -> bool:
    """Say whether the candidate at ``place`` notices (rule 2); attention is a threshold on throws.

    A candidate came through with probability ``2**-envelope``. In a list thrown in blocks its throw
    is known to be below that, and is looked at further; in a list passed through by jumps another
    throw keeps it with probability ``attention / 2**-envelope``.
    """
    if envelope <= BLOCK_EXPONENTS:
        return place_below(skip_key, place, attention, envelope)
    return bool(np.uint64(throw(thin_key, place)) < np.uint64(attention) << np.uint64(envelope))


@inlined
def share_probability(rules: Rules, factors: Float64, relevance: float, k: int) -> float:
    """Return the probability to share on the k-th notice (k = 1, 2, ...) or to be willing."""
    factor = factors[min(k, len(factors)) - 1]
    return float(min(1.0, rules.resonance * relevance * factor))


@compiled
def has_enough(rules: Rules, k: int, own: float, followees: int, threshold_key: np.uint64) -> bool:
    """Say whether k notices reach an account's threshold; a threshold of NaN is never reached.

    Where a fraction counts, k counts the notices in the feed.
    """
    if k < 1:
        return False
    limit = rules.threshold
    if rules.threshold_source == OWN:
        limit = own
    elif rules.threshold_source == UNIFORM:
        limit = unit(throw(threshold_key, 0))
    if rules.response == BY_FRACTION:
        limit *= followees
    # the allowance keeps 0.2 of 5 followees at one notice whatever the rounding of the product
    return bool(k >= limit - 1e-9)


@inlined
def decides(
    rules: Rules,
    factors: Float64,
    throws: Stems,
    key: np.uint64,
    relevance: float,
    own_threshold: float,
    followees: int,
    k: int,
) -> bool:
    """Say whether an undecided account decides to share on its k-th notice (rule 3)."""
    if rules.response == BY_CHANCE:
        chance = threshold(share_probability(rules, factors, relevance, k))
        if chance == 0 or chance >= CERTAIN:
            return bool(chance)  # whatever is thrown
        return bool(np.uint64(throw(descend(throws.decide, key), k - 1)) < np.uint64(chance))
    if not has_enough(rules, k, own_threshold, followees, descend(throws.threshold, key)):
        return False
    chance = threshold(share_probability(rules, factors, relevance, 1))
    return bool(np.uint64(throw(descend(throws.willing, key), 0)) < np.uint64(chance))


@inlined
def counted(rules: Rules, notices: int, outside_feed: int) -> int:
    """Return the k of a decision; a fraction of followees counts only what is in the feed."""
    return notices - outside_feed if rules.response == BY_FRACTION else notices


@inlined
def delay(rules: Rules, throws: Stems, account_key: np.uint64) -> float:
    """Return the hours from decision to share (rule 4).

    Functions of ``math``, whose last digit is the same compiled and interpreted; NumPy has its own.
    """
    key = descend(throws.delay, account_key)
    return delay_of(rules.delay_law, rules.delay_scale, rules.delay_shape, key)


@inlined
def delay_of(law: int, scale: float, shape: float, key: np.uint64) -> float:
    """Return a delay in hours by inversion of its law."""
    if law == NO_DELAY:
        return 0.0
    if law == FIXED:
        return scale
    u = unit(throw(key, 0))
    if law == EXPONENTIAL:
        return float(-scale * math.log(u))
    if law == LOGNORMAL:
        # Box and Muller (1958)
        normal = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * unit(throw(key, 1)))
        return float(scale * math.exp(shape * normal))
    # flat up to ``scale``, then a density that falls with exponent 1 + ``shape``
    if u * (1.0 + shape) < shape:
        return u * scale * (1.0 + shape) / shape
    return float(scale * math.pow((1.0 - u) * (1.0 + shape), -1.0 / shape))
