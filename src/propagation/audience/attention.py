"""Limited attention: how likely a share is noticed where a feed holds more than can be taken in.

The rule is defined in words in ``docs/campaigns.md``, under *Limited attention*.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.compiling import compiled, inlined
from propagation.scenario.spec import Capacity

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Limits:
    """How much accounts take in and what their feeds hold; arrays have shape (accounts,).

    Attributes
    ----------
    capacity
        Posts a day that an account can take in; NaN where attention is a plain number.
    per_followee
        Posts a day that each followee puts into its feed; 0 where attention is a plain number.
    """

    capacity: Float64
    per_followee: Float64

    def of(self, accounts: Int64) -> "Limits":
        """Return the limits of these accounts."""
        return Limits(self.capacity[accounts], self.per_followee[accounts])


def same_limits(source: object, accounts: int) -> Limits | None:
    """Return the limits of accounts that are given the same; None where that is no capacity."""
    if not isinstance(source, Capacity):
        return None
    return Limits(np.full(accounts, source.capacity), np.full(accounts, source.per_followee))


def joined(parts: Sequence[tuple[Limits | None, int]]) -> Limits | None:
    """Return the limits of groups of accounts one after the other, each given with its size."""
    if all(limits is None for limits, _ in parts):
        return None
    own = [no_limits(accounts) if limits is None else limits for limits, accounts in parts]
    return Limits(
        np.concatenate([one.capacity for one in own]),
        np.concatenate([one.per_followee for one in own]),
    )


def placed(
    limits: Limits | None, own: Limits | None, members: Int64, accounts: int
) -> Limits | None:
    """Return limits with those of some members replaced by their own."""
    if limits is None and own is None:
        return None
    changed = no_limits(accounts) if limits is None else limits.of(np.arange(accounts))
    theirs = no_limits(len(members)) if own is None else own
    changed.capacity[members] = theirs.capacity
    changed.per_followee[members] = theirs.per_followee
    return changed


def no_limits(accounts: int) -> Limits:
    """Return the limits of accounts that have none."""
    return Limits(np.full(accounts, np.nan), np.zeros(accounts))


@inlined
def attention_at(capacity: float, background: float, load: float) -> float:
    """Return the probability that a share is noticed.

    All in posts a day: what can be taken in (above 0), what others put into the feed, and what the
    scenario's own messages have put there of late.
    """
    return capacity / (capacity + background + load)


@compiled
def attention_at_rest(attention: Float64, capacity: Float64, background: Float64) -> Float64:
    """Return each account's attention while no message of the scenario is in its feed.

    That is ``attention`` itself where it is a plain number, with a capacity of NaN.
    """
    at_rest = attention.copy()
    for account in range(len(at_rest)):
        if not np.isnan(capacity[account]):
            at_rest[account] = attention_at(capacity[account], background[account], 0.0)
    return at_rest
