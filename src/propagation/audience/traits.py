"""What each account is like: numbers, draws from a distribution, or columns of a table.

A trait with a spread is a quantile of its distribution at a throw addressed by draw, trait and
account, so one more account changes nobody else's traits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from propagation.audience.attention import Limits, joined, placed, same_limits
from propagation.audience.importing import AccountTable
from propagation.luck import Purpose, first_units, member_keys, stem, text_id
from propagation.problems import InputError, Problem
from propagation.scenario.spec import (
    Accounts,
    Capacity,
    Column,
    FractionThreshold,
    Message,
    Segment,
    SegmentTraits,
    Spread,
    Threshold,
)

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
Source = float | Spread | Column | Capacity

BETWEEN_0_AND_1 = (0.0, 1.0)
NOT_NEGATIVE = (0.0, np.inf)
MOST_NOTICES = 1_000_000


@dataclass(frozen=True, eq=False)
class Traits:
    """Traits by account; every array has shape (accounts,).

    ``interest`` holds one array for each topic; ``threshold`` is NaN where none is given. Where
    attention is limited (``limits``, None if nobody's is) ``attention`` is NaN: it depends on how
    many others an account follows, and is known once our accounts are in their place.
    """

    attention: Float64
    value: Float64
    threshold: Float64
    interest: Mapping[str, Float64]
    limits: Limits | None = None

    def of(self, accounts: Int64) -> "Traits":
        """Return the traits of these accounts."""
        return Traits(
            attention=self.attention[accounts],
            value=self.value[accounts],
            threshold=self.threshold[accounts],
            interest={topic: values[accounts] for topic, values in self.interest.items()},
            limits=None if self.limits is None else self.limits.of(accounts),
        )


@dataclass(frozen=True, eq=False)
class TraitTable:
    """A table of accounts together with the row of each account of the graph."""

    table: AccountTable
    rows: Int64

    def column(self, name: str, path: str, limits: tuple[float, float]) -> Float64:
        """Return a column by account; every cell must be a number within the limits."""
        cells = self.table.numbers(name)
        low, high = limits
        wrong = np.flatnonzero((cells < low) | (cells > high))
        if len(wrong):
            row = int(wrong[0])
            allowed = f"between {low:g} and {high:g}" if high < np.inf else f"{low:g} or more"
            message = f"{cells[row]:g} is not {allowed} (as {path})"
            raise InputError(self.table.problem(name, row, message))
        return np.asarray(cells[self.rows], np.float64)


def quantiles(spread: Spread, units: Float64, limits: tuple[float, float]) -> Float64:
    """Return Beta quantiles for a trait in [0, 1], lognormal ones for an amount."""
    from scipy import special  # slow to load, and graphs from files do not need it

    mean, variance = spread.mean, spread.spread**2
    if limits == BETWEEN_0_AND_1:
        total = mean * (1 - mean) / variance - 1
        return np.asarray(special.betaincinv(mean * total, (1 - mean) * total, units))
    sigma_squared = np.log1p(variance / mean**2)
    logarithm = np.log(mean) - sigma_squared / 2 + np.sqrt(sigma_squared) * special.ndtri(units)
    return np.asarray(np.exp(logarithm))


def _values(
    source: Source | None,
    name: str,
    keys: UInt64,
    draw_seed: int,
    limits: tuple[float, float],
    table: TraitTable | None,
) -> Float64:
    """Return one trait of the accounts with the given keys, NaN where it is no number yet."""
    if source is None or isinstance(source, Capacity):
        return np.full(len(keys), np.nan)
    if isinstance(source, Spread):
        parent = stem(draw_seed, Purpose.TRAIT, text_id(name))
        return quantiles(source, first_units(member_keys(parent, keys)), limits)
    if isinstance(source, Column):
        if table is None:
            raise InputError(Problem(f"column '{source.column}' needs a table", "accounts.table"))
        return table.column(source.column, name, limits)
    return np.full(len(keys), source)


def thresholds_from_table(accounts: Accounts) -> bool:
    """Say whether any account's threshold is read from the table."""
    sources = [accounts.threshold, *(one.threshold for one in accounts.by_segment.values())]
    return any(isinstance(source, Column) for source in sources)


def check_thresholds(thresholds: Float64, messages: Iterable[Message]) -> None:
    """Refuse own thresholds at which nobody could ever share, such as 40 for 40%.

    Raises
    ------
    InputError
        If a message asks for own thresholds and one is missing or out of range.
    """
    for by_fraction in {_by_fraction(message) for message in messages} - {None}:
        low, high = (0.0, 1.0) if by_fraction else (1.0, float(MOST_NOTICES))
        wrong = ~((thresholds >= low) & (thresholds <= high) & (thresholds > 0))
        if wrong.any():
            what = (
                "a fraction above 0 and at most 1" if by_fraction else "a number of notices from 1"
            )
            example = float(thresholds[wrong][0])
            raise InputError(
                Problem(
                    f"{np.count_nonzero(wrong):,} accounts have a threshold that is not {what}, "
                    f"such as {example:g}",
                    "threshold",
                )
            )


def _by_fraction(message: Message) -> bool | None:
    """Say whether own thresholds are fractions or numbers; None if a message asks for none."""
    if not isinstance(message.response, Threshold):
        return None
    limit = message.response.threshold
    if isinstance(limit, FractionThreshold):
        return True if limit.fraction == "own" else None
    return False if limit.notices == "own" else None


def segment_traits(segments: Mapping[str, Segment], keys: UInt64, draw_seed: int) -> Traits:
    """Return the traits of drawn accounts, numbered by segment in order of name."""
    ends = np.cumsum([segments[name].accounts for name in sorted(segments)])
    parts = np.split(keys, ends[:-1])
    traits = [
        _traits_of(segments[name], own, draw_seed, None)
        for name, own in zip(sorted(segments), parts, strict=True)
    ]
    return Traits(
        attention=np.concatenate([one.attention for one in traits]),
        value=np.concatenate([one.value for one in traits]),
        threshold=np.concatenate([one.threshold for one in traits]),
        interest={
            topic: np.concatenate([one.interest[topic] for one in traits])
            for topic in traits[0].interest
        },
        limits=joined([(one.limits, len(one.attention)) for one in traits]),
    )


def graph_traits(
    accounts: Accounts,
    keys: UInt64,
    segment_of: npt.NDArray[np.int16],
    segments: tuple[str, ...],
    draw_seed: int,
    table: TraitTable | None,
) -> Traits:
    """Return the traits of a given graph's accounts, those of single segments in their place."""
    traits = _traits_of(accounts, keys, draw_seed, table)
    for name, override in accounts.by_segment.items():
        members = np.flatnonzero(segment_of == segments.index(name))
        part = None if table is None else TraitTable(table.table, table.rows[members])
        own = _traits_of(override, keys[members], draw_seed, part)
        for trait in ("attention", "value", "threshold"):
            if getattr(override, trait) is not None:
                getattr(traits, trait)[members] = getattr(own, trait)
        if override.attention is not None:
            traits = replace(traits, limits=placed(traits.limits, own.limits, members, len(keys)))
        for topic, interest in own.interest.items():
            traits.interest[topic][members] = interest
    return traits


def _traits_of(
    source: Segment | Accounts | SegmentTraits,
    keys: UInt64,
    draw_seed: int,
    table: TraitTable | None,
) -> Traits:
    def values(one: Source | None, name: str, limits: tuple[float, float]) -> Float64:
        return _values(one, name, keys, draw_seed, limits, table)

    return Traits(
        attention=values(source.attention, "attention", BETWEEN_0_AND_1),
        value=values(source.value, "value", NOT_NEGATIVE),
        threshold=values(source.threshold, "threshold", NOT_NEGATIVE),
        interest={
            topic: values(one, f"interest in {topic}", BETWEEN_0_AND_1)
            for topic, one in source.interest.items()
        },
        limits=same_limits(source.attention, len(keys)),
    )
