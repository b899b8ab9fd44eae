"""How a message spreads among segments that are still to be drawn, from what is asked of them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from propagation.audience.popularity import classes, curve, expected_scale
from propagation.audience.population import segment_targets
from propagation.audience.targets import Plan
from propagation.audience.traits import BETWEEN_0_AND_1, quantiles
from propagation.scenario.spec import Message, Segment, Spread
from propagation.spread.by_segment import BySegment, Told, parts_of

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

UNITS = 1000
"""A trait that varies is foreseen as so many equally likely values."""
SINGLE = 30
"""Up to so many followers accounts trade places with those of just as many."""


class Foreseen:
    """A message among drawn segments, before they are drawn.

    Followers and followees are taken to be independent, and whom an account is followed by to be
    mixed alike whatever their number, as they are in drawn graphs but for reciprocity that leaves
    no other choice.

    Parameters
    ----------
    segments, message
        Both as the scenario gives them; attention and resonance are plain numbers.
    relevant
        An account is relevant at or above this interest.
    shuffled
        Whether accounts trade places with others of as many followers.
    """

    def __init__(
        self,
        segments: Mapping[str, Segment],
        message: Message,
        relevant: float,
        *,
        shuffled: bool = False,
    ) -> None:
        plan = Plan(segment_targets(segments))
        members = [segments[name] for name in plan.names]
        interest = [_values(one.interest[message.topic]) for one in members]
        resonance = float(message.resonance)  # type: ignore[arg-type]
        sharing = np.array([np.minimum(1.0, resonance * one).mean() for one in interest])
        self._attention = np.array([_mean(one.attention) for one in members])
        passing = self._attention * sharing
        follower_counts = [_follower_counts(plan, at) for at in range(len(members))]
        segment_of = np.repeat(
            np.arange(len(members)), [len(parts) for _, parts in follower_counts]
        )
        parts = np.concatenate([parts for _, parts in follower_counts])
        mixed = plan.follows / np.maximum(1, plan.follows.sum(axis=0))  # of a column's followers
        followers = np.concatenate([count for count, _ in follower_counts])
        of, reached = mixed.T[segment_of], parts
        if shuffled:
            of, followees = _traded(plan, mixed, followers)
            reached = parts_of(parts * followees, segment_of)
        by_segment = followers[:, None] * of
        value = np.array([_mean(one.value) for one in members])
        cares = np.array([(one >= relevant).mean() for one in interest])
        worth = np.array([one.mean() for one in interest]) * value
        self.by = BySegment(
            segments=tuple(plan.names),
            accounts=plan.sizes.astype(np.float64),
            segment_of=segment_of,
            parts=parts,
            reached=reached,
            sets_off=by_segment * passing,
            shown=by_segment * self._attention,
            passing=passing,
            counted=np.stack((np.ones(len(members)), cares, worth), axis=1),
            willing=plan.sizes * sharing,
        )

    def told(self, followers: Mapping[str, float], in_time: Float64) -> Told:
        """Return whom posts are shown to, by the number of followers in each segment."""
        by = self.by
        counts = np.array([float(followers.get(name, 0.0)) for name in by.segments])
        inside = by.segment_of == np.arange(len(counts))[:, None]
        return Told(
            by=by,
            followers=counts,
            chance=by.passing,
            parts=inside * by.parts,
            noticed=(counts * self._attention)[:, None] * by.counted,
            in_time=in_time,
        )


def _traded(plan: Plan, mixed: Float64, followers: Float64) -> tuple[Float64, Float64]:
    """Return the parts of their followers in each segment, and how many they follow.

    An account with so many ``followers`` (classes,) has the place of any with as many, and so does
    each of those who hold its followers' places. ``mixed`` (segments, segments) are the parts of
    the followers of the places of a segment (column) by the segment of theirs; (classes, segments)
    and (classes,).
    """
    laws = [_follower_counts(plan, at, UNITS) for at in range(len(plan.names))]
    largest = np.array([*(counts.max() for counts, _ in laws), followers.max()])
    bins = int(_bins(largest).max()) + 1
    here = np.stack([np.bincount(_bins(counts), parts, bins) for counts, parts in laws])
    of = here * plan.sizes[:, None]
    used = np.flatnonzero(of.sum(axis=0))
    nearest = used[np.abs(np.arange(bins)[:, None] - used).argmin(axis=1)]
    of = of[:, nearest] / of[:, nearest].sum(axis=0)
    held = here @ of.T  # by whom the places of a segment (row) are held
    places = of[:, _bins(followers)].T
    return places @ (mixed.T @ held), places @ (plan.follows.sum(axis=1) / plan.sizes)


def _bins(counts: Float64) -> Int64:
    """Return numbers of followers by bins, single ones up to `SINGLE`."""
    large = np.maximum(counts, SINGLE) / SINGLE
    single = np.rint(np.minimum(counts, SINGLE))
    return np.asarray(single + np.floor(np.log(large) / np.log(1.1)), np.int64)


def _follower_counts(plan: Plan, at: int, units: int = 0) -> tuple[Float64, Float64]:
    """Return numbers of followers of a segment's accounts and their parts.

    Finer towards the top, or in so many ``units`` of equal size.
    """
    asked, received = plan.segments[plan.names[at]], float(plan.follows[:, at].sum())
    mean = received / asked.accounts
    if asked.tail is None:
        return _even_counts(mean, int((plan.sources[:, at] * (plan.follows[:, at] > 0)).sum()))
    cap = asked.most_followers or plan.cap(at)
    if units:
        missed = (np.arange(units) + 0.5) / units
        scale = expected_scale(mean, cap, asked.tail)
        return curve(missed, scale, cap, asked.tail), np.full(units, 1 / units)
    counts, parts = classes(asked.accounts, mean, cap, asked.tail)
    return counts * (mean / float(parts @ counts)), parts


def _even_counts(mean: float, able: int) -> tuple[Float64, Float64]:
    """Return the numbers where everybody is equally popular: binomial, of so many who can."""
    from scipy.special import bdtr  # slow to load, and graphs from files do not need it

    if mean <= 0:
        return np.zeros(1), np.ones(1)
    most = int(min(able, mean + 10 * np.sqrt(mean) + 10))
    counts = np.arange(most + 1.0)
    parts = np.diff(bdtr(counts, able, mean / able), prepend=0.0)
    parts = np.asarray(parts / parts.sum())
    used = parts > 1e-12
    return counts[used] * (mean / float(parts @ counts)), parts[used]


def _values(trait: float | Spread) -> Float64:
    """Return equally likely values of a share."""
    if not isinstance(trait, Spread):
        return np.array([float(trait)])
    return quantiles(trait, (np.arange(UNITS) + 0.5) / UNITS, BETWEEN_0_AND_1)


def _mean(trait: object) -> float:
    return float(getattr(trait, "mean", trait))  # type: ignore[arg-type]
