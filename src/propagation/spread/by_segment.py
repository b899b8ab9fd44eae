"""A message among segments as a branching process: whom a share sets off, how large it all gets.

A sharer's type is its segment, and within it the class of accounts that it is in, by the shares
that one by it sets off in each segment. Where a cascade has spread, accounts are met in proportion
to how many they follow, so classes that follow many count for more; who is told by our accounts
themselves is a matter of whom these have (Newman, Strogatz & Watts, PRE 64:026118, 2001, for one
segment; Harris, 1963, ch. II, for several). Arrays over segments (segments,), over classes of all
segments together (classes,).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Complex128 = npt.NDArray[np.complex128]
Int64 = npt.NDArray[np.int64]

ITERATIONS = 10_000
SETTLED = 1e-12
NEVER = 1e-6
"""Chances to go on without end below this are those of iterations that are not through."""
ALIAS = 1e-9
"""What the chances of sizes that are not told apart from smaller ones are multiplied by."""


@dataclass(frozen=True, eq=False)
class BySegment:
    """How one message spreads among segments.

    Attributes
    ----------
    segments, accounts
        Their names, and how many accounts each has; (segments,).
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
    willing
        Accounts of a segment who would share at a first notice; (segments,).
    """

    segments: tuple[str, ...]
    accounts: Float64
    segment_of: Int64
    parts: Float64
    reached: Float64
    sets_off: Float64
    shown: Float64
    passing: Float64
    counted: Float64
    willing: Float64

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
        return largest_eigenvalue(self.matrix)

    @property
    def within(self) -> dict[str, float]:
        """Shares in the same segment that one sets off."""
        return dict(zip(self.segments, np.diag(self.matrix).tolist(), strict=True))

    @property
    def amplification(self) -> dict[str, float]:
        """Shares that one in a segment leads to in all, itself included; may be infinite."""
        each = np.eye(len(self.segments))
        return {name: float(self.total(each[s]).sum()) for s, name in enumerate(self.segments)}

    def total(self, shares: Float64) -> Float64:
        """Return shares and all that they lead to, by segment; infinite where there is no end."""
        reached = shares > 0
        for _ in self._all:
            reached = reached | ((shares > 0) | reached) @ (self.matrix > 0)
        inside, found = np.ix_(reached, reached), np.zeros(len(shares))
        if largest_eigenvalue(self.matrix[inside]) >= 1:
            found[reached] = np.inf
            return found
        missing = np.eye(int(reached.sum())) - self.matrix[inside].T
        found[reached] = np.linalg.solve(missing, shares[reached])
        return found

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
        return np.where(chance > NEVER, chance, 0.0)

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
        exponents = np.einsum("nt,ct->nc", _log1p(passing * (x - 1)), followers)
        return np.asarray(np.exp(exponents))

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
        What their notices add to reach, relevant and valued reach, by segment; (segments, 3).
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
        made, later = self._made(self.by, 1.0)
        if not np.isfinite(later).all():
            return np.full(4, np.inf)
        notices = made @ self.by.shown + later @ self.by.notices
        seen = self.noticed.sum(axis=0) + notices @ self.by.counted
        return np.append(seen, made.sum() + later.sum())

    @cached_property
    def means(self) -> Float64:
        """The same up to the horizon, exactly; (4,)."""
        if self.in_time[-1] == 1:
            return self.unlimited
        seen, shares = self._up_to_horizon
        later = seen - self.noticed[:, 0] * self.in_time[0]
        first = self.noticed.sum(axis=0) * self.in_time[0]
        return np.append(first + later @ self.by.counted, shares)

    @cached_property
    def notices(self) -> Float64:
        """Notices by segment up to the horizon; (segments,)."""
        if self.in_time[-1] < 1:
            return self._up_to_horizon[0]
        made, later = self._made(self.by, 1.0)
        if not np.isfinite(later).all():
            return later
        return np.asarray(self.noticed[:, 0] + made @ self.by.shown + later @ self.by.notices)

    @cached_property
    def kept(self) -> float:
        """The part of the shares that would have to be made for the mean up to the horizon."""
        low, high, wanted = 0.0, 1.0, float(self.means[-1])
        if self.unlimited[-1] <= wanted:
            return 1.0
        for _ in range(50):
            middle = (low + high) / 2
            made, later = self._made(self.by.thinned(middle), middle)
            too_much = float(made.sum() + later.sum()) > wanted
            low, high = (low, middle) if too_much else (middle, high)
        return low

    def transform(self, z: Complex128) -> Complex128:
        """Return the generating function of all their shares up to the horizon; (numbers,).

        Shares that are late are left out as if that part of all, the same in every generation, were
        never made.
        """
        by = self.by.thinned(self.kept)
        sizes = z[:, None] * by.set_off(by.size_transform(z))
        chance = self.chance * self.kept
        return np.asarray(np.exp(_log1p(chance * (sizes @ self.parts.T - 1)) @ self.followers))

    def _made(self, by: BySegment, kept: float) -> tuple[Float64, Float64]:
        """Return the first shares by class, and all later ones by segment."""
        made = np.asarray((self.followers * self.chance * kept) @ self.parts)
        return made, by.total(made @ by.sets_off)

    @cached_property
    def _up_to_horizon(self) -> tuple[Float64, float]:
        """Return notices by segment and shares, from generation to generation."""
        by, made = self.by, np.asarray((self.followers * self.chance) @ self.parts)
        seen = self.noticed[:, 0] * self.in_time[0]
        total = float(made.sum()) * float(self.in_time[1])
        notices, shares = made @ by.shown, made @ by.sets_off
        for now, then in zip(self.in_time[1:-1], self.in_time[2:], strict=True):
            seen = seen + notices * now
            total += float(shares.sum()) * float(then)
            if notices.sum() * now <= SETTLED * seen.sum():
                break
            notices, shares = shares @ by.notices, shares @ by.matrix
        return seen, total


def merged(told: Sequence[Told]) -> list[Told]:
    """Return those of each message as one, with the same groups, as if all had the mean time left.

    Their mean time is weighed by first shares, so that means stay as they are where the same
    accounts post.
    """
    found = []
    for by in {id(one.by): one.by for one in told}.values():
        own = [one for one in told if one.by is by]
        followers = np.sum([one.followers for one in own], axis=0)
        shares = np.sum([one.followers * one.chance for one in own], axis=0)
        weights = [one.first_shares for one in own]
        left = np.average(
            [one.in_time for one in own], axis=0, weights=weights if any(weights) else None
        )
        found.append(
            replace(
                own[0],
                followers=followers,
                chance=np.divide(shares, followers, out=np.zeros_like(shares), where=followers > 0),
                noticed=np.sum([one.noticed for one in own], axis=0),
                in_time=left,
            )
        )
    return found


def chance_of(told: Sequence[Told], least: int) -> float:
    """Return the chance that posts bring so many shares or more, all together."""
    z = _circle(least)
    product = np.ones_like(z)
    for one in merged(told):
        product *= one.transform(z)
    return float(_tails(z, product[:, None], least)[0])


def parts_of(weights: Float64, segment_of: Int64) -> Float64:
    """Return each class's part of its segment."""
    total = np.bincount(segment_of, weights)[segment_of]
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def largest_eigenvalue(matrix: Float64) -> float:
    """Return the largest absolute eigenvalue, 0 of an empty matrix."""
    return float(np.abs(np.linalg.eigvals(matrix)).max()) if matrix.size else 0.0


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


def _log1p(w: Complex128) -> Complex128:
    """Return log(1 + w) without losing what is small; NumPy's does for complex numbers."""
    real = 0.5 * np.log1p(w.real * (2 + w.real) + w.imag**2)
    return np.asarray(real + 1j * np.arctan2(w.imag, 1 + w.real))
