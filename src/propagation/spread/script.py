"""A campaign as the compiled loop sees it: the agenda and the world in arrays."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World, starting_followers
from propagation.compiling import inlined
from propagation.instructions import whole
from propagation.luck import descend, text_id
from propagation.scenario.spec import Message, Original
from propagation.spread.campaign_dynamics import (
    PURPOSES,
    Moving,
    PitchRates,
    rates_of,
    resonance,
    resonance_numbers,
)
from propagation.spread.dynamics import Rules, factors_of, rules_of
from propagation.spread.scene import FOLLOWS, IN_LISTS
from propagation.strategy.centrality import once
from propagation.strategy.plan import Plan

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
Records = npt.NDArray[np.void]

INSTANCE = np.dtype(
    [
        ("id", np.uint64),
        ("message", np.int32),
        ("topic", np.int32),
        ("original", np.int32),  # number of its topic among those with originals, or NOT_WRITTEN
        ("first_credit", np.int32),
        ("credits", np.int32),
    ]
)
"""What the loop asks about a scheduled message instance."""
ORIGINAL = np.dtype(
    [
        ("id", np.uint64),  # of which those of all originals on the topic are made
        ("topic_id", np.uint64),
        ("chance", np.float64),
        ("message", np.int32),
        ("topic", np.int32),
    ]
)
"""How originals on a topic come about, and by which message's rules they spread."""
MESSAGE = np.dtype(
    [
        ("resonance", np.float64),  # or the scale of its law
        ("resonance_shape", np.float64),
        ("threshold", np.float64),
        ("delay_scale", np.float64),
        ("delay_shape", np.float64),
        ("resonance_law", np.int32),
        ("response", np.int32),
        ("threshold_source", np.int32),
        ("delay_law", np.int32),
    ]
)
"""The rules of a message, and the law of its resonance."""
RATES = np.dtype([(name, np.float64) for name in PitchRates._fields])
"""What comes of a pitch."""

NOT_OURS = -1
NOT_WRITTEN = -1


class Script(NamedTuple):
    """What does not change from run to run: the agenda and the world in numbers."""

    instances: Records  # those scheduled
    originals: Records  # by topic, topics in alphabetical order
    messages: Records
    factors: Float64  # by message; shape (messages, longest)
    credits: Int64
    entries: Records
    reposts: Records
    pools: Int32
    rates: Records
    ours: Int64  # account numbers
    relevance: Float64  # by topic; shape (topics, accounts)
    capacity: Float64  # NaN where attention is a number; empty if it is everywhere
    background: Float64
    starting: UInt8  # bonds at the start


class Limits(NamedTuple):
    """Numbers that hold for the whole campaign."""

    moving: Moving
    relevant: float
    horizon: float


class Instance(NamedTuple):
    """What there is to know about a message instance, scheduled or an original."""

    id: np.uint64
    message: int
    topic: int
    original: int  # number of its topic among those with originals, or NOT_WRITTEN
    first_credit: int
    credits: int


@inlined
def number_of_original(script: Script, original: int, author: int) -> int:
    """Return the number of an original: it follows those scheduled, by topic and author.

    So originals need no list, and their numbers are in the order of instances.
    """
    return int(len(script.instances) + original * script.relevance.shape[1] + author)


@inlined
def instance_at(script: Script, people: Records, number: int) -> Instance:
    """Return a message instance by its number."""
    scheduled, accounts = len(script.instances), script.relevance.shape[1]
    if number < scheduled:
        one = script.instances[number]
        return Instance(
            one["id"],
            whole(one["message"]),
            whole(one["topic"]),
            whole(one["original"]),
            whole(one["first_credit"]),
            whole(one["credits"]),
        )
    original = (number - scheduled) // accounts
    author = number - scheduled - original * accounts
    of = script.originals[original]
    return Instance(
        descend(of["id"], people[author]["key"]),
        whole(of["message"]),
        whole(of["topic"]),
        original,
        whole(0),
        whole(0),
    )


@inlined
def rules_in_run(script: Script, seed: np.uint64, one: Instance) -> Rules:
    """Return the rules of an instance in this run."""
    of = script.messages[one.message]
    stem = stem_of(seed, PURPOSES.resonance, one.id)
    drawn = resonance(of["resonance_law"], of["resonance"], of["resonance_shape"], stem)
    return Rules(
        drawn,
        whole(of["response"]),
        of["threshold"],
        whole(of["threshold_source"]),
        whole(of["delay_law"]),
        of["delay_scale"],
        of["delay_shape"],
    )


@inlined
def stem_of(seed: np.uint64, purpose: int, instance: np.uint64) -> np.uint64:
    """Return the key that all throws of a purpose in an instance share."""
    return descend(descend(seed, np.uint64(purpose)), instance)


@inlined
def rates_at(script: Script, number: int) -> PitchRates:
    """Return what comes of a pitch, by its number."""
    of = script.rates[number]
    return PitchRates(
        of["opens"],
        of["answers"],
        of["covers"],
        of["wears"],
        whole(of["delay_law"]),
        of["delay_scale"],
        of["delay_shape"],
    )


@inlined
def our_number(script: Script, account: int) -> int:
    """Return which of our accounts this is, or NOT_OURS."""
    for number in range(len(script.ours)):
        if script.ours[number] == account:
            return number
    return NOT_OURS


def script_of(
    plan: Plan, messages: Mapping[str, Message], originals: Mapping[str, Original]
) -> Script:
    """Return a plan as the compiled loop sees it; ``originals`` are by topic."""
    world, names = plan.world, sorted(messages)
    return Script(
        instances=_instance_records(plan, messages, names, sorted(originals)),
        originals=_original_records(plan, names, originals),
        messages=_message_records([messages[name] for name in names]),
        factors=_factors([messages[name] for name in names]),
        credits=np.empty(0, np.int64),  # see with_credits
        entries=plan.entries,
        reposts=plan.reposts,
        pools=plan.pools,
        rates=np.array([tuple(rates_of(one)) for one in plan.pitches], RATES),
        ours=plan.ours.astype(np.int64),
        relevance=once(_relevance, world),
        capacity=world.capacity if world.is_limited else np.empty(0),
        background=world.background if world.is_limited else np.empty(0),
        starting=once(_bonds_at_start, world),
    )


def _relevance(world: World) -> Float64:
    """Return interest by topic, topics in alphabetical order; shape (topics, accounts)."""
    return np.array([world.traits.interest[topic] for topic in sorted(world.traits.interest)])


def _bonds_at_start(world: World) -> UInt8:
    """Return what each account is to each of ours at the start; shape (ours, accounts)."""
    return starting_followers(world) * np.uint8(FOLLOWS | IN_LISTS)


def _instance_records(
    plan: Plan, messages: Mapping[str, Message], names: list[str], written: list[str]
) -> Records:
    records = np.zeros(len(plan.agenda.instances), INSTANCE)
    for record, one in zip(records, plan.agenda.instances, strict=True):
        record["id"] = one.id
        record["message"] = names.index(one.message)
        topic = messages[one.message].topic
        record["topic"] = plan.topics.index(topic)
        record["original"] = written.index(topic) if topic in written else NOT_WRITTEN
    return records


def _original_records(plan: Plan, names: list[str], originals: Mapping[str, Original]) -> Records:
    records = np.zeros(len(originals), ORIGINAL)
    for record, (topic, original) in zip(records, sorted(originals.items()), strict=True):
        record["id"], record["topic_id"] = text_id("original", topic), text_id("topic", topic)
        record["chance"] = original.chance
        record["message"] = names.index(original.message)
        record["topic"] = plan.topics.index(topic)
    return records


def with_credits(script: Script, credits: Sequence[Sequence[int]]) -> Script:
    """Return the script in which these accounts are credited, by instance."""
    instances, counts = script.instances.copy(), [len(credited) for credited in credits]
    instances["credits"] = counts
    instances["first_credit"] = np.cumsum([0, *counts])[:-1]
    flat = np.array([one for credited in credits for one in credited], np.int64)
    return script._replace(instances=instances, credits=flat)


def _message_records(messages: list[Message]) -> Records:
    records = np.zeros(len(messages), MESSAGE)
    for record, message in zip(records, messages, strict=True):
        rules = rules_of(message)
        for name in ("response", "threshold", "threshold_source"):
            record[name] = getattr(rules, name)
        for name in ("delay_law", "delay_scale", "delay_shape"):
            record[name] = getattr(rules, name)
        law, scale, shape = resonance_numbers(message.resonance)
        record["resonance_law"], record["resonance"] = law, scale
        record["resonance_shape"] = shape
    return records


def _factors(messages: list[Message]) -> npt.NDArray[np.float64]:
    """Return the factors by notice of each message, the last one repeated."""
    factors = [factors_of(message) for message in messages]
    longest = max(map(len, factors))
    return np.array([np.pad(one, (0, longest - len(one)), mode="edge") for one in factors])
