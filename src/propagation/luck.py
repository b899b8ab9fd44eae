"""The throws: what a seed, a purpose and an address decide.

Every throw is a pure function of (run seed, purpose, message instance, what it decides), never of
the order in which it is asked for. A *stem* stands for (seed, purpose, instance); a *key* adds the
account or follower list; a *throw* adds the place in the list or the number of the notice.

Throws are whole numbers below 2**63 and are compared with thresholds of the same kind, so no
decision depends on a platform's mathematics library. The hash is SplitMix64 (Steele, Lea & Flood,
OOPSLA 2014) with Stafford's thirteenth finalizer; a key starts a SplitMix64 sequence and the place
is the position in it.
"""

import hashlib
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined
from propagation.instructions import lowest_bit

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
CERTAIN = np.uint64(1 << 63)

SKIPS = 256
"""Longest run of places that one throw can pass over."""
SMALLEST_ENVELOPE = 24
"""Envelopes are powers of 1/2 down to this exponent."""


class Purpose(IntEnum):
    """What a throw is for; part of its address."""

    RUN = 1
    DRAW = 2
    AUDIENCE = 3
    TRAIT = 4
    SKIP = 5
    THIN = 6
    DECIDE = 7
    WILLING = 8
    DELAY = 9
    THRESHOLD = 10
    FOLLOWS = 11
    BOOTSTRAP = 12
    SHUFFLE = 13
    MIX = 14
    RESONANCE = 15
    REPOST = 16
    OPEN = 17
    ANSWER = 18
    COVER = 19
    COVER_DELAY = 20
    IMPRESSION_TO = 21
    IMPRESSION = 22
    FOLLOW = 23
    FOLLOW_BACK = 24
    LEAVE = 25
    GAINED = 26
    CHOICE = 27
    ACQUAINTANCE = 28
    GROWTH = 29
    ORIGINAL = 30


def text_id(*parts: str) -> np.uint64:
    """Return the 64-bit id of a name (or of several that belong together)."""
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


@compiled
def mix(word: np.uint64) -> np.uint64:
    """Scramble 64 bits, one to one, so that every bit of the input moves half of the output."""
    word = np.uint64(word)  # called from Python, 64 bits may arrive as a signed number
    word = (word ^ (word >> np.uint64(30))) * FIRST_FACTOR
    word = (word ^ (word >> np.uint64(27))) * SECOND_FACTOR
    return word ^ (word >> np.uint64(31))


@compiled
def descend(key: np.uint64, word: np.uint64) -> np.uint64:
    """Return the key of what ``word`` names below ``key``; the order of words matters."""
    return mix(mix(np.uint64(key) + GOLDEN) ^ np.uint64(word))


@compiled
def throw(key: np.uint64, place: int) -> np.uint64:
    """Return the throw at a place (0, 1, ...) under a key: uniform on 0 .. 2**63 - 1."""
    return mix(np.uint64(key) + np.uint64(place + 1) * GOLDEN) >> np.uint64(1)


@compiled
def threshold(probability: float) -> np.uint64:
    """Return how many of the 2**63 throws a probability in [0, 1] lets through."""
    if probability >= 1.0:
        return CERTAIN
    return np.uint64(probability * 9223372036854775808.0)


@compiled
def unit(thrown: np.uint64) -> float:
    """Turn a throw into a number strictly between 0 and 1, for delays and traits."""
    return (np.float64(np.uint64(thrown) >> np.uint64(10)) + 0.5) * (1.0 / 9007199254740992.0)


def stem(seed: int, purpose: Purpose, *words: np.uint64) -> np.uint64:
    """Return the key that all throws of a purpose under a seed (and further words) share."""
    key = np.uint64(seed)
    for word in (np.uint64(purpose), *words):
        key = np.uint64(descend(key, word))  # machine code hands back plain integers
    return key


def run_seed(scenario_seed: int, replicate: int) -> int:
    """Return the 63-bit seed of a replicate, the same for every strategy."""
    return int(throw(stem(scenario_seed, Purpose.RUN), replicate))


def draw_seed(scenario_seed: int, draw: int) -> int:
    """Return the 63-bit seed of a draw: of its graph, audiences and traits."""
    return int(throw(stem(scenario_seed, Purpose.DRAW), draw))


@compiled
def member_keys(parent: np.uint64, ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return ``descend(parent, id)`` for each id."""
    keys = np.empty(len(ids), np.uint64)
    for i in range(len(ids)):
        keys[i] = descend(parent, ids[i])
    return keys


@compiled
def first_units(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """Return the first throw of each key as a number strictly between 0 and 1."""
    units = np.empty(len(keys), np.float64)
    for i in range(len(keys)):
        units[i] = unit(throw(keys[i], 0))
    return units


def _skip_thresholds() -> npt.NDArray[np.uint64]:
    """Return, for each envelope exponent e, the throws below which at most j places are passed.

    Row e, column j holds 2**63 * (1 - (1 - 2**-e)**(j + 1)), rounded down, in exact arithmetic.
    """
    table = np.empty((SMALLEST_ENVELOPE + 1, SKIPS), np.uint64)
    for exponent in range(SMALLEST_ENVELOPE + 1):
        missed, all_cases = 1, 1
        for j in range(SKIPS):
            missed *= (1 << exponent) - 1
            all_cases <<= exponent
            table[exponent, j] = ((all_cases - missed) << 63) // all_cases
    return table


def _skip_starts(thresholds: npt.NDArray[np.uint64]) -> npt.NDArray[np.int16]:
    """Return, for each exponent and leading byte of a throw, the fewest places it can pass."""
    leading = np.arange(256, dtype=np.uint64) << np.uint64(55)
    starts = [np.searchsorted(row, leading, side="right") for row in thresholds]
    return np.array(starts, dtype=np.int16)


SKIP_THRESHOLDS = _skip_thresholds()
SKIP_STARTS = _skip_starts(SKIP_THRESHOLDS)


BLOCK_EXPONENTS = 5
"""Up to this envelope exponent whole blocks of 64 places are thrown at once, beyond it jumps."""
MANY_BITS_BELOW = 3
"""Envelope exponent below which more than an eighth of all bits are set."""


@inlined
def _word(key: np.uint64, block: int, level: int) -> np.uint64:
    """Return the bits number ``level`` (0 to 62, from the top) of the throws of 64 places."""
    return mix(np.uint64(key) + np.uint64(64 * block + level + 1) * GOLDEN)


@inlined
def block_below(key: np.uint64, block: int, limit: np.uint64) -> np.uint64:
    """Return which of the 64 places of a block have throws below ``limit``, as bits.

    The throws are compared bit by bit from the top, all places at once, until none is undecided:
    about seven words, whatever the limit.
    """
    if limit >= CERTAIN:
        return ~np.uint64(0)
    below, undecided = np.uint64(0), ~np.uint64(0)
    rest = np.uint64(limit) << np.uint64(1)
    level = 0
    while rest != np.uint64(0) and undecided != np.uint64(0):
        word = _word(key, block, level)
        if rest >> np.uint64(63):
            below |= undecided & ~word
            undecided &= word
        else:
            undecided &= ~word
        rest <<= np.uint64(1)
        level += 1
    return below


@compiled
def place_below(key: np.uint64, place: int, limit: np.uint64, level: int) -> bool:
    """Say whether the throw of a place in a block, whose first ``level`` bits are 0, is below."""
    if limit >= CERTAIN >> np.uint64(level):
        return True
    rest = np.uint64(limit) << np.uint64(level + 1)
    while rest != np.uint64(0):
        bit = (_word(key, place >> 6, level) >> np.uint64(place & 63)) & np.uint64(1)
        wanted = rest >> np.uint64(63)
        if bit != wanted:
            return bool(bit < wanted)
        rest <<= np.uint64(1)
        level += 1
    return False


@inlined
def _list_bits(
    bits: np.uint64,
    place: int,
    places: int,
    exponent: int,
    found: npt.NDArray[np.int32],
    count: int,
) -> int:
    """Add the places of the set bits among the first ``places`` to ``found``; return its length.

    Where many bits are set every place is written and then kept or not, without a branch; where few
    are, they are looked up one by one.
    """
    if exponent < MANY_BITS_BELOW:
        for i in range(places):
            found[count] = place + i
            count += int((bits >> np.uint64(i)) & np.uint64(1))
        return count
    bits &= first_bits(places)
    while bits != np.uint64(0):
        found[count] = place + lowest_bit(bits)
        count += 1
        bits &= bits - np.uint64(1)
    return count


@inlined
def first_bits(count: int) -> np.uint64:
    """Return a word whose first ``count`` bits (1 to 64) are set."""
    return ~np.uint64(0) >> np.uint64(64 - count)


@compiled
def _jump(key: np.uint64, place: int, exponent: int) -> int:
    """Return how many places a search that starts at ``place`` passes over, at most ``SKIPS``."""
    thrown = np.uint64(throw(key, place))
    passed = int(SKIP_STARTS[exponent, np.int64(thrown >> np.uint64(55))])
    while passed < SKIPS and thrown >= SKIP_THRESHOLDS[exponent, passed]:
        passed += 1
    return passed


@compiled
def candidates(
    key: np.uint64,
    place: int,
    length: int,
    exponent: int,
    found: npt.NDArray[np.int32],
    first: int,
    end: int,
) -> tuple[int, int]:
    """Find candidate places at or after ``place`` in a list of ``length`` places.

    Each place is a candidate independently with probability ``2**-exponent``. Writes what it finds
    to ``found[first:end]`` (room for at least 64) and returns (how many, the place to go on from);
    the list is done when that place is ``length``. Which places are candidates depends on nothing
    but the key, the place and the exponent, and not on where a call begins, provided that it begins
    at 0 or where the previous one ended.
    """
    count = first
    if exponent <= BLOCK_EXPONENTS:
        while place < length and count + 64 <= end:
            bits = block_below(key, place >> 6, CERTAIN >> np.uint64(exponent))
            count = _list_bits(bits, place, min(64, length - place), exponent, found, count)
            place = min(place + 64, length)
        return count - first, place
    while place < length and count < end:
        passed = _jump(key, place, exponent)
        place += passed
        if passed < SKIPS and place < length:
            found[count] = place
            count += 1
            place += 1
    return count - first, min(place, length)
