"""A message among segments as a branching process: whom a share sets off, how large it all gets.

A sharer's type is its segment, and within it the class of accounts that it is in, by the shares
that one by it sets off in each segment. Where a cascade has spread, accounts are met in proportion
to how many they follow, so classes that follow many count for more; who is told by our accounts
themselves is a matter of whom these have (Newman, Strogatz & Watts, PRE 64:026118, 2001, for one
segment; Harris, 1963, ch. II, for several). Arrays over segments (segments,), over classes of all
segments together (classes,).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Complex128 = npt.NDArray[np.complex128]
Int64 = npt.NDArray[np.int64]

ITERATIONS = 10_000
SETTLED = 1e-12
ALIAS = 1e-9
"""What the chances of sizes that are not told apart from smaller ones are multiplied by."""


@dataclass(frozen=True, eq=False)
class BySegment:
    """How one message spreads among segments.

    Attributes
    ----------
    segments
        Their names.
    segment_of
        The segment of each class; (classes,).
    parts, reached
        The class's part of all accounts of its segment, and of those that others make share.
    sets_off, shown
        Shares and notices that a share by an account of a class brings in each segment at once;
        (classes, segments).
    passing
        The chance that a follower makes a share of it, by its segment; (segments,).
    counted
        What a notice in each segment adds to reach, relevant and valued reach; (segments, 3).
    """

    segments: tuple[str, ...]
    segment_of: Int64
    parts: Float64
    reached: Float64
    sets_off: Float64
    shown: Float64
    passing: Float64
    counted: Float64

    @cached_property
    def matrix(self) -> Float64:
        """Shares in each segment (column) that one in a segment (row) sets off at once."""
        return self._by_segment(self.reached[:, None] * self.sets_off)

    @cached_property
    def notices(self) -> Float64:
        """Notices in each segment (column) of a share in a segment (row)."""
        return self._by_segment(self.reached[:, None] * self.shown)

    @property
    def reproduction(self) -> float:
        """Shares that a share sets off once a cascade has found its places: below 1 it dies out."""
        return float(np.abs(np.linalg.eigvals(self.matrix)).max(initial=0.0))

    @property
    def within(self) -> dict[str, float]:
        """Shares in the same segment that one sets off."""
        return dict(zip(self.segments, np.diag(self.matrix).tolist(), strict=True))

    @property
    def amplification(self) -> dict[str, float]:
        """Shares that one in a segment leads to in all, itself included; infinite from R = 1."""
        if self.reproduction >= 1:
            return dict.fromkeys(self.segments, math.inf)
        size = np.linalg.inv(np.eye(len(self.segments)) - self.matrix).sum(axis=1)
        return dict(zip(self.segments, size.tolist(), strict=True))

    @cached_property
    def survival(self) -> Float64:
        """The chance that what a share in a segment sets off never ends; (segments,)."""
        chance = np.ones(len(self.segments))
        for _ in range(ITERATIONS):
            further = 1 - self._offspring((1 - chance)[None, :]).real[0]
            settled = np.abs(further - chance).max(initial=0.0) <= SETTLED
            chance = further
            if settled:
                break
        return chance if self.reproduction > 1 else np.zeros_like(chance)

    def size_tail(self, least: int) -> Float64:
        """Return the chance that a share leads to so many shares or more, itself included.

        By the segment it is in; (segments,).
        """
        z = _circle(least)
        return _tails(z, self.size_transform(z), least)

    def thinned(self, kept: float) -> "BySegment":
        """Return the same with only a part of the shares made."""
        return replace(self, sets_off=self.sets_off * kept, passing=self.passing * kept)

    def size_transform(self, z: Complex128) -> Complex128:
        """Return the generating functions of those sizes; (numbers, segments).

        H = z F(H), where F is that of what a share sets off at once, from z on.
        """
        found = np.repeat(z[:, None], len(self.segments), axis=1)
        left = np.arange(len(z))
        for _ in range(ITERATIONS):
            further = z[left, None] * self._offspring(found[left])
            moved = np.abs(further - found[left]).max(axis=1, initial=0.0)
            found[left] = further
            left = left[moved > SETTLED]
            if not len(left):
                break
        return found

    def set_off(self, x: Complex128) -> Complex128:
        """Return the generating function of what a share by each class sets off at once.

        ``x`` (numbers, segments) stands for a share in a segment; (numbers, classes).
        """
        passing = np.maximum(self.passing, 1e-300)
        followers = self.sets_off / passing
        return np.exp(np.log(1 - passing + passing * x) @ followers.T)

    def _offspring(self, x: npt.NDArray[np.complex128] | Float64) -> Complex128:
        brought = self.set_off(x.astype(np.complex128)) * self.reached
        return np.stack([brought[:, self.segment_of == s].sum(axis=1) for s in self._all], axis=1)

    def _by_segment(self, values: Float64) -> Float64:
        return np.stack([values[self.segment_of == s].sum(axis=0) for s in self._all])

    @property
    def _all(self) -> range:
        return range(len(self.segments))


@dataclass(frozen=True, eq=False)
class Told:
    """Whom posts of a message are shown to.

    Attributes
    ----------
    by
        How the message spreads.
    followers
        How many there are in a group; (groups,).
    chance
        The chance that one of a group shares; (groups,).
    parts
        The part of a group in each class; (groups, classes).
    noticed
        What their notices add to reach, relevant and valued reach, all together; (3,).
    in_time
        By generation, the share of its shares that are in time; (generations,).
    """

    by: BySegment
    followers: Float64
    chance: Float64
    parts: Float64
    noticed: Float64
    in_time: Float64

    @property
    def first_shares(self) -> float:
        """Shares expected of them."""
        return float(self.followers @ self.chance)

    @cached_property
    def unlimited(self) -> Float64:
        """Means of reach, relevant reach, valued reach and shares in unlimited time; (4,)."""
        return self._without_end(self.by)

    @cached_property
    def means(self) -> Float64:
        """The same up to the horizon, exactly; (4,)."""
        if self.in_time[-1] == 1:
            return self.unlimited
        by, made = self.by, self._sharers()
        found = np.append(self.noticed * self.in_time[0], made.sum() * self.in_time[1])
        notices, shares = made @ by.shown, made @ by.sets_off
        for now, then in zip(self.in_time[1:-1], self.in_time[2:], strict=True):
            found += np.append(notices @ by.counted * now, shares.sum() * then)
            notices, shares = shares @ by.notices, shares @ by.matrix
            if then == 0:
                break
        return found

    @cached_property
    def kept(self) -> float:
        """The part of the shares that would have to be made for the mean up to the horizon."""
        low, high, wanted = 0.0, 1.0, float(self.means[-1])
        if self._without_end(self.by)[-1] <= wanted:
            return 1.0
        for _ in range(50):
            middle = (low + high) / 2
            more = self._without_end(self.by.thinned(middle), middle)[-1] > wanted
            low, high = (low, middle) if more else (middle, high)
        return low

    def transform(self, z: Complex128) -> Complex128:
        """Return the generating function of all their shares up to the horizon; (numbers,).

        So few are late that it is as if that part were never made.
        """
        by = self.by.thinned(self.kept)
        sizes = z[:, None] * by.set_off(by.size_transform(z))
        chance = self.chance * self.kept
        shares = 1 - chance + chance * (sizes @ self.parts.T)
        return np.exp(np.log(shares) @ self.followers)

    def _sharers(self, kept: float = 1.0) -> Float64:
        return np.asarray((self.followers * self.chance * kept) @ self.parts)

    def _without_end(self, by: BySegment, kept: float = 1.0) -> Float64:
        made = self._sharers(kept)
        if by.reproduction >= 1 and made.any():
            return np.full(4, np.inf)
        later = np.linalg.solve(np.eye(len(by.segments)) - by.matrix.T, made @ by.sets_off)
        notices = (made @ by.shown + later @ by.notices) @ by.counted
        return np.append(self.noticed + notices, made.sum() + later.sum())


def chance_of(told: Sequence[Told], least: int) -> float:
    """Return the chance that posts bring so many shares or more, all together."""
    z = _circle(least)
    product = np.ones_like(z)
    for one in told:
        product *= one.transform(z)
    return float(_tails(z, product[:, None], least)[0])


def _circle(least: int) -> Complex128:
    """Return the points at which a generating function tells the chances of sizes below that."""
    count = 1 << max(6, (2 * least).bit_length())
    radius = ALIAS ** (1 / count)
    angles = 2j * math.pi * np.arange(count // 2 + 1) / count
    return np.asarray(radius * np.exp(angles))


def _tails(z: Complex128, transform: Complex128, least: int) -> Float64:
    """Return one minus the chances below a size, of each column of a generating function."""
    # the sum over the circle of F(z) z**-n is that of the coefficients, n modulo their number
    below = np.fft.irfft(np.conj(transform), axis=0)[:least]
    below *= np.abs(z[0]) ** -np.arange(float(least))[:, None]
    return np.asarray(np.clip(1 - below.sum(axis=0), 0.0, 1.0))


def means_of(told: Sequence[Told]) -> Mapping[str, float]:
    """Return the means of posts all together, up to the horizon."""
    total = np.sum([one.means for one in told], axis=0) if told else np.zeros(4)
    names = ("reach", "relevant_reach", "valued_reach", "shares")
    return dict(zip(names, total.tolist(), strict=True))
