"""The rules of a campaign beyond spreading: pitches, reposts, gains, losses, content that varies.

Small scalar functions like those of ``dynamics``, called by the compiled loop (``campaign``) and by
the Mesa agents. They are defined in words in ``docs/campaigns.md``. A key is the address of a throw
below a stem: ``below(stem, ours, other)`` for what happens between one of our accounts and another.
"""

import math
from typing import NamedTuple

import numpy as np

from propagation.compiling import compiled, inlined
from propagation.luck import Purpose, descend, stem, threshold, throw, unit
from propagation.scenario.actions import Blast, Pitch
from propagation.scenario.messages import Following, LognormalResonance, ParetoResonance
from propagation.spread.dynamics import delay_numbers
from propagation.strategy.plan import Plan

CONSTANT_RESONANCE, LOGNORMAL_RESONANCE, PARETO_RESONANCE = 0, 1, 2
"""Laws of the resonance of a message's instances."""

INTEREST_UNITS = 2.0**32
"""Interest is counted in units of 2**-32 where it is averaged, so that sums are exact."""
FADING = 24.0
"""Hours in which what lands in a feed fades to 1/e of its weight."""


class Purposes(NamedTuple):
    """Purposes of the throws of a campaign, as numbers."""

    resonance: int = int(Purpose.RESONANCE)
    repost: int = int(Purpose.REPOST)
    open: int = int(Purpose.OPEN)
    answer: int = int(Purpose.ANSWER)
    cover: int = int(Purpose.COVER)
    cover_delay: int = int(Purpose.COVER_DELAY)
    impression_to: int = int(Purpose.IMPRESSION_TO)
    impression: int = int(Purpose.IMPRESSION)
    follow: int = int(Purpose.FOLLOW)
    follow_back: int = int(Purpose.FOLLOW_BACK)
    leave: int = int(Purpose.LEAVE)
    gained: int = int(Purpose.GAINED)
    mix: int = int(Purpose.MIX)
    original: int = int(Purpose.ORIGINAL)


PURPOSES = Purposes()


class Moving(NamedTuple):
    """How followers of our accounts come and go, as numbers; see ``scenario.spec.Following``."""

    follows: float
    irrelevant: float
    too_often: float
    beyond: float
    within: float  # hours


def moving_of(following: Following | None) -> Moving:
    """Return how followers come and go as numbers; nobody does if nothing is given."""
    if following is None:
        return Moving(0.0, 0.0, 0.0, 0.0, 24.0)
    return Moving(
        following.follows,
        following.irrelevant,
        following.too_often,
        float(following.beyond),
        following.within,
    )


class PitchRates(NamedTuple):
    """What comes of a pitch, as numbers; ``answers`` includes the factor for being personal."""

    opens: float
    answers: float
    covers: float
    wears: float
    delay_law: int
    delay_scale: float
    delay_shape: float


def rates_of(pitch: Pitch | Blast) -> PitchRates:
    """Return what comes of a pitch as numbers."""
    personal = pitch.personal if isinstance(pitch, Pitch) else 1.0
    return PitchRates(
        pitch.opens,
        pitch.answers * personal,
        pitch.covers,
        pitch.wears,
        *delay_numbers(pitch.after),
    )


def resonance_numbers(
    given: float | LognormalResonance | ParetoResonance,
) -> tuple[int, float, float]:
    """Return a law of resonance as numbers: which law, its scale, its shape."""
    if isinstance(given, LognormalResonance):
        return LOGNORMAL_RESONANCE, given.median, given.sigma
    if isinstance(given, ParetoResonance):
        return PARETO_RESONANCE, given.least, given.tail
    return CONSTANT_RESONANCE, given, 0.0


@inlined
def below(stem: np.uint64, ours: np.uint64, other: np.uint64) -> np.uint64:
    """Return the key of what happens between one of our accounts and another one."""
    return descend(descend(stem, ours), other)


@inlined
def happens(key: np.uint64, place: int, probability: float) -> bool:
    """Say whether a throw comes out below a probability."""
    return bool(np.uint64(throw(key, place)) < np.uint64(threshold(probability)))


@inlined
def place_among(key: np.uint64, place: int, count: int) -> int:
    """Return a whole number below ``count`` (at most 2**31), each as likely as the others."""
    leading = np.uint64(throw(key, place)) >> np.uint64(31)
    return int(np.int64((leading * np.uint64(count)) >> np.uint64(32)))


@inlined
def is_posted(key: np.uint64, low: float, high: float) -> bool:
    """Say whether this message of a mix is the one posted."""
    thrown = np.uint64(throw(key, 0))
    return bool(np.uint64(threshold(low)) <= thrown < np.uint64(threshold(high)))


def credits_in(plan: Plan, seed: int) -> tuple[tuple[int, ...], ...]:
    """Return the accounts credited with each instance in a run, as numbers among ours.

    Of a mix only what is posted is credited.
    """
    names = sorted(plan.world.ours)
    found = []
    for one, certain in zip(plan.agenda.instances, plan.credits, strict=True):
        posted = {
            names.index(post.credit)
            for post in one.posts
            if post.credit is not None
            and post.mixed
            and is_posted(stem(seed, Purpose.MIX, post.mix_id), post.low, post.high)
        }
        found.append(tuple(sorted({*certain, *posted})))
    return tuple(found)


@compiled
def resonance(law: int, scale: float, shape: float, stem: np.uint64) -> float:
    """Return the resonance of an instance in a run, by inversion of its law."""
    if law == CONSTANT_RESONANCE:
        return scale
    u = unit(throw(stem, 0))
    if law == PARETO_RESONANCE:
        return float(scale * math.pow(u, -1.0 / shape))
    normal = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * unit(throw(stem, 1)))
    return float(scale * math.exp(shape * normal))


@inlined
def open_probability(rates: PitchRates, willingness: float) -> float:
    """Return the probability that a pitch is opened by somebody of this willingness."""
    return rates.opens * willingness


@inlined
def answer_probability(rates: PitchRates, relevance: float) -> float:
    """Return the probability that an opened pitch is answered."""
    return float(min(1.0, rates.answers * relevance))


@inlined
def worn(rates: PitchRates, willingness: float, relevance: float, relevant: float) -> float:
    """Return the willingness to open the next pitch after this one was sent."""
    return willingness * (1.0 - rates.wears) if relevance < relevant else willingness


@inlined
def follow_probability(moving: Moving, relevance: float) -> float:
    """Return the probability to follow an account after the first notice of what it is credited."""
    return moving.follows * relevance


@inlined
def write_probability(chance: float, interest: float) -> float:
    """Return the probability to write about a topic after the first notice of it."""
    return float(min(1.0, chance * interest))


@inlined
def leave_probability(moving: Moving, relevance: float, recent_shares: int) -> float:
    """Return the probability to leave an account after noticing a share by it.

    ``recent_shares`` counts its shares in the last ``moving.within`` hours, this one included.
    """
    bored = moving.irrelevant * (1.0 - relevance)
    pressed = min(1.0, moving.too_often * max(0.0, recent_shares - moving.beyond))
    return float(1.0 - (1.0 - bored) * (1.0 - pressed))


@inlined
def interest_units(interest: float) -> int:
    """Return interest as a whole number of units."""
    return int(np.int64(interest * INTEREST_UNITS))


@inlined
def is_relevant_to_followers(units: int, followers: int, cut: float) -> bool:
    """Say whether the mean interest of followers is enough; ``units`` is their sum."""
    return bool(followers > 0 and units >= interest_units(cut) * followers)


@inlined
def faded(load: float, hours: float) -> float:
    """Return what is left of what landed in a feed, after some hours."""
    return float(load * math.exp(-hours / FADING))
