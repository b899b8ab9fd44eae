"""The rules by which a message spreads, and the compiled loop that follows them.

The rules are small scalar functions. The loop in this file calls them, and so do the Mesa agents;
no rule is written anywhere else. One message instance spreads like this:

1. A share by u at time t appears in the feed of every follower of u.
2. A follower notices it with probability ``attention``: one throw per follow and instance.
3. On the k-th notice an account that has not yet decided to share may decide so.
4. A decided share happens after a delay and at most once, in the order (time, generation, account).
5. Our own accounts notice but decide nothing; they share by posts only.

References: Kempe, Kleinberg & Tardos (2003) for the independent cascade and the linear threshold
model; Granovetter (1978) and Watts (2002) for thresholds; Zhao et al. (2015) for the power law of
delays.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined
from propagation.luck import Purpose, candidates, descend, threshold, throw, unit
from propagation.scenario.spec import (
    ExponentialDelay,
    FixedDelay,
    FractionThreshold,
    LognormalDelay,
    Message,
    PowerDelay,
    Reinforced,
    Threshold,
)
from propagation.spread.timeline import NOBODY, ROW, Timeline, add, new_timeline, take

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]

BY_CHANCE, BY_NOTICES, BY_FRACTION = 0, 1, 2
"""How an account decides: a throw at each notice, or a threshold on their number or fraction."""
CONSTANT, OWN, UNIFORM = 0, 1, 2
"""Where a threshold comes from: the message, the account's trait, or a throw per run."""
NO_DELAY, FIXED, EXPONENTIAL, LOGNORMAL, POWER = 0, 1, 2, 3, 4
"""Laws of the delay between the decision to share and the share."""

UNDECIDED, DECIDED, NEVER = 0, 1, 2


class Rules(NamedTuple):
    """How those who notice a message respond to it, as numbers."""

    resonance: float
    response: int
    factors: Float64  # multiplies the share probability at the k-th notice; the last value holds
    threshold: float
    threshold_source: int
    delay_law: int
    delay_scale: float  # fixed: hours; exponential: mean; lognormal: median; power: flat part
    delay_shape: float  # lognormal: sigma of the logarithm; power: exponent theta


def rules_of(message: Message) -> Rules:
    """Return a message's rules as numbers."""
    response, delay_law = message.response, message.delay
    kind, factors, limit, source = BY_CHANCE, [1.0], 1.0, CONSTANT
    if response == "single":
        factors = [1.0, 0.0]
    elif isinstance(response, Reinforced):
        factors = list(response.reinforced)
    elif isinstance(response, Threshold):
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
    law, scale, shape = NO_DELAY, 0.0, 0.0
    if isinstance(delay_law, FixedDelay):
        law, scale = FIXED, delay_law.time
    elif isinstance(delay_law, ExponentialDelay):
        law, scale = EXPONENTIAL, delay_law.mean
    elif isinstance(delay_law, LognormalDelay):
        law, scale, shape = LOGNORMAL, delay_law.median, delay_law.sigma
    elif isinstance(delay_law, PowerDelay):
        law, scale, shape = POWER, delay_law.flat, delay_law.exponent
    return Rules(message.resonance, kind, np.array(factors), limit, source, law, scale, shape)


def response_in_words(messages: Mapping[str, Message]) -> str:
    """Say how people decide in these messages, for a verdict: it matters more than any number."""
    found: dict[str, list[str]] = {}
    for name, message in messages.items():
        found.setdefault(_response_sentence(message), []).append(f"'{name}'")
    if len(found) == 1:
        return next(iter(found))
    return " ".join(f"{', '.join(names)}: {sentence}" for sentence, names in found.items())


def _response_sentence(message: Message) -> str:
    response = message.response
    if response == "independent":
        return "Each notice is a new chance to share (independent cascade)."
    if response == "single":
        return "Each account decides once, at its first notice (single decision)."
    if isinstance(response, Reinforced):
        factors = ", ".join(f"{factor:g}" for factor in response.reinforced)
        return f"Each notice is a new chance to share, times {factors} (reinforced)."
    limit = response.threshold
    if isinstance(limit, FractionThreshold):
        given = f"{limit.fraction:.0%}" if isinstance(limit.fraction, float) else limit.fraction
        return f"The willing share once a fraction of those they follow has ({given}; threshold)."
    return f"The willing share at a number of notices ({limit.notices}; threshold)."


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
def notices(thin_key: np.uint64, place: int, attention: np.uint64, envelope: int) -> bool:
    """Say whether the candidate at ``place`` notices (rule 2); attention is a threshold on throws.

    A candidate came through with probability ``2**-envelope``; it stays with probability
    ``attention / 2**-envelope``.
    """
    return bool(np.uint64(throw(thin_key, place)) < np.uint64(attention) << np.uint64(envelope))


@inlined
def share_probability(rules: Rules, relevance: float, k: int) -> float:
    """Return the probability to share on the k-th notice (k = 1, 2, ...) or to be willing."""
    factor = rules.factors[min(k, len(rules.factors)) - 1]
    return float(min(1.0, rules.resonance * relevance * factor))


@compiled
def notices_needed(rules: Rules, own: float, followees: int, threshold_key: np.uint64) -> int:
    """Return the number of notices at which a willing account shares, at least 1."""
    limit = rules.threshold
    if rules.threshold_source == OWN:
        limit = own
    elif rules.threshold_source == UNIFORM:
        limit = unit(throw(threshold_key, 0))
    if rules.response == BY_FRACTION:
        limit *= followees
    # the allowance keeps 0.2 of 5 followees at one notice whatever the rounding of the product
    return max(1, int(np.ceil(limit - 1e-9)))


@inlined
def decides(
    rules: Rules,
    throws: Stems,
    key: np.uint64,
    relevance: float,
    own_threshold: float,
    followees: int,
    k: int,
) -> bool:
    """Say whether an undecided account decides to share on its k-th notice (rule 3)."""
    if rules.response == BY_CHANCE:
        chance = threshold(share_probability(rules, relevance, k))
        return bool(np.uint64(throw(descend(throws.decide, key), k - 1)) < np.uint64(chance))
    if k < notices_needed(rules, own_threshold, followees, descend(throws.threshold, key)):
        return False
    chance = threshold(share_probability(rules, relevance, 1))
    return bool(np.uint64(throw(descend(throws.willing, key), 0)) < np.uint64(chance))


@compiled
def delay(rules: Rules, throws: Stems, account_key: np.uint64) -> float:
    """Return the hours from decision to share (rule 4), by inversion of the delay law."""
    law, scale, shape = rules.delay_law, rules.delay_scale, rules.delay_shape
    if law == NO_DELAY:
        return 0.0
    if law == FIXED:
        return scale
    key = descend(throws.delay, account_key)
    u = unit(throw(key, 0))
    if law == EXPONENTIAL:
        return float(-scale * np.log(u))
    if law == LOGNORMAL:
        # Box and Muller (1958)
        normal = np.sqrt(-2.0 * np.log(u)) * np.cos(2.0 * np.pi * unit(throw(key, 1)))
        return float(scale * np.exp(shape * normal))
    # flat up to ``scale``, then a density that falls with exponent 1 + ``shape``
    if u * (1.0 + shape) < shape:
        return u * scale * (1.0 + shape) / shape
    return float(scale * ((1.0 - u) * (1.0 + shape)) ** (-1.0 / shape))


PERSON = np.dtype(
    [("key", np.uint64), ("threshold", np.float64), ("followees", np.int32)], align=True
)
"""What a decision asks about an account; one record, since memory costs more than the rule."""


FOLLOWER_LIST = np.dtype(
    [
        ("start", np.int64),
        ("key", np.uint64),
        ("attention", np.uint64),  # of every member, or MIXED
        ("length", np.int32),
        ("envelope", np.int32),
    ]
)
"""What a share asks about a follower list; ``length`` counts places."""

MIXED = ~np.uint64(0)
"""Stands for the attention of a list whose members differ in it."""


class Ground(NamedTuple):
    """The world as the loop sees it; arrays as in ``FollowerGraph`` and ``World``."""

    first_list: Int32
    lists: npt.NDArray[np.void]
    followers: Int32
    attention: UInt64  # as thresholds on throws
    people: npt.NDArray[np.void]
    is_ours: npt.NDArray[np.bool_]


@compiled
def common_attention(list_starts: Int64, followers: Int32, attention: UInt64) -> UInt64:
    """Return the attention that all members of a list have, or ``MIXED``; shape (lists,)."""
    common = np.full(len(list_starts) - 1, MIXED, np.uint64)
    for one in range(len(common)):
        for place in range(list_starts[one], list_starts[one + 1]):
            if followers[place] < 0:
                continue
            own = attention[followers[place]]
            if common[one] == MIXED:
                common[one] = own
            elif common[one] != own:
                common[one] = MIXED
                break
    return common


class Touched(NamedTuple):
    """What has happened so far: one row per touched account, in the order of touch."""

    row_of: Int32  # by account: its row plus 1, or 0 while untouched
    notices: Int32  # by row; apart from the rest, since most notices change nothing else
    decision: npt.NDArray[np.int8]  # by row
    rows: npt.NDArray[np.void]
    share_order: Int32  # rows in the order of their shares
    timeline: Timeline
    found: Int32  # candidate places, then the accounts that noticed
    counts: Int64  # numbers of rows and of shares


ROWS, SHARES = 0, 1


def touched_arrays(accounts: int) -> Touched:
    """Return arrays for up to ``accounts`` rows; memory is taken only as rows are written."""
    return Touched(
        row_of=np.zeros(accounts, np.int32),
        notices=np.empty(accounts, np.int32),
        decision=np.empty(accounts, np.int8),
        rows=np.empty(accounts, ROW),
        share_order=np.empty(accounts, np.int32),
        timeline=new_timeline(accounts),
        found=np.empty(1024, np.int32),
        counts=np.zeros(2, np.int64),
    )


@inlined
def _touch(ground: Ground, touched: Touched, account: int) -> int:
    """Return an account's row, a new one at its first touch."""
    known = touched.row_of[account]
    if known > 0:
        return int(known - 1)
    at = int(touched.counts[ROWS])
    touched.counts[ROWS] += 1
    touched.row_of[account] = at + 1
    touched.notices[at] = 0
    touched.decision[at] = NEVER if ground.is_ours[account] else UNDECIDED
    row = touched.rows[at]
    row["account"] = account
    row["first_notice"] = np.nan
    row["share_time"] = np.nan
    row["parent"] = NOBODY
    row["generation"] = NOBODY
    return at


@inlined
def _consider(
    ground: Ground,
    relevance: Float64,
    rules: Rules,
    throws: Stems,
    horizon: float,
    touched: Touched,
    at: int,
    sharer_row: int,
) -> None:
    """Let an undecided account consider the notice it has just had of a share."""
    rows = touched.rows
    account = rows[at]["account"]
    person = ground.people[account]
    if not decides(
        rules,
        throws,
        person["key"],
        relevance[account],
        person["threshold"],
        person["followees"],
        touched.notices[at],
    ):
        return
    touched.decision[at] = DECIDED
    time = rows[sharer_row]["share_time"] + delay(rules, throws, person["key"])
    if time <= horizon:
        rows[at]["share_time"] = time
        rows[at]["parent"] = sharer_row
        rows[at]["generation"] = rows[sharer_row]["generation"] + 1
        add(touched.timeline, rows, at)


@inlined
def _who_notice(
    ground: Ground, throws: Stems, one: int, place: int, found: Int32
) -> tuple[int, int]:
    """Write to ``found`` who notices a share in list ``one``, from ``place`` on.

    Returns how many they are and the place to go on from, -1 at the end of the list.
    """
    this = ground.lists[one]
    start, length, envelope = this["start"], this["length"], this["envelope"]
    skip_key = descend(throws.skip, this["key"])
    thin_key = descend(throws.thin, this["key"])
    common = this["attention"]
    count, after = candidates(skip_key, place, length, envelope, found)
    noticed = 0
    for i in range(count):
        here = found[i]
        account = ground.followers[start + here]
        found[noticed] = account
        if account >= 0:
            attention = ground.attention[account] if common == MIXED else common
            noticed += notices(thin_key, here, attention, envelope)
    return noticed, after if after < length else -1


@compiled
def spread(
    ground: Ground,
    relevance: Float64,
    rules: Rules,
    seed: np.uint64,
    instance: np.uint64,
    post_times: Float64,
    post_accounts: Int32,
    horizon: float,
    touched: Touched,
) -> tuple[int, int]:
    """Let one message instance spread; return the numbers of rows and of shares written.

    The posts (one for each of our accounts at most) start the trees; events at t <= horizon count.
    ``touched`` must be fresh or forgotten.
    """
    throws = stems(seed, instance)
    rows, counts = touched.rows, touched.counts
    for i in range(len(post_times)):
        if post_times[i] <= horizon:
            at = _touch(ground, touched, post_accounts[i])
            rows[at]["share_time"] = post_times[i]
            rows[at]["generation"] = 0
            add(touched.timeline, rows, at)
    while True:
        sharer = take(touched.timeline, rows)
        if sharer == NOBODY:
            return counts[ROWS], counts[SHARES]
        sharer_row = touched.row_of[sharer] - 1
        touched.share_order[counts[SHARES]] = sharer_row
        counts[SHARES] += 1
        for one in range(ground.first_list[sharer], ground.first_list[sharer + 1]):
            place = 0
            while place >= 0:
                noticed, place = _who_notice(ground, throws, one, place, touched.found)
                for i in range(noticed):
                    at = _touch(ground, touched, touched.found[i])
                    touched.notices[at] += 1
                    if touched.notices[at] == 1:
                        rows[at]["first_notice"] = rows[sharer_row]["share_time"]
                    if touched.decision[at] == UNDECIDED:
                        _consider(
                            ground, relevance, rules, throws, horizon, touched, at, sharer_row
                        )


@compiled
def forget(touched: Touched) -> None:
    """Make ``touched`` ready for the next run, at a cost that grows with the rows only."""
    for at in range(touched.counts[ROWS]):
        touched.row_of[touched.rows[at]["account"]] = 0
    touched.counts[:] = 0
