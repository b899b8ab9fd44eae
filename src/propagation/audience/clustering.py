"""How clustered a segment with circles is expected to be.

A mean-field account of what `circles.place_circles` does: accounts are put into classes by their
numbers of followers and followees, and accounts of two classes are linked by chance in proportion
to what the circles leave. It guides the drawing, which then measures, and it answers `check`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.audience.popularity import fill_level

Reals = npt.NDArray[np.float64]

FOLLOWEE_CLASSES = 6


class Inside(NamedTuple):
    """The follows inside a segment: classes of accounts by follower count, and what is returned."""

    accounts: int
    followers: Reals  # (classes) inside the segment
    parts: Reals  # (classes) of the accounts, sum 1
    reciprocity: float


class _Classes(NamedTuple):
    parts: Reals
    mutual: Reals  # who follow each other
    fans: Reals  # followers that are not followed
    idols: Reals  # followees that do not follow


def circle_size(neighbours: float) -> int:
    """Return how many accounts a circle has where the median account has these neighbours."""
    return 1 + max(2, round(neighbours))


def expected_clustering(inside: Inside, density: float) -> float:
    """Return the expected mean local clustering when circles have this density (0 to 1)."""
    classes = _classes(inside)
    parts, mutual, fans, idols = classes
    size = circle_size(_median(mutual + fans + idols, parts))
    circle = _circle_links(classes, density * (size - 1), inside.reciprocity)
    mutual, fans, idols = (mutual - circle[0], fans - circle[1], idols - circle[2])
    degrees = np.array([circle.sum(axis=0), mutual, fans, idols])
    totals = np.maximum(degrees @ parts, 1e-12)
    chance = (np.outer(idols, fans) + np.outer(fans, idols)) / totals[3]
    chance += np.outer(mutual, mutual) / totals[1]
    chance = np.minimum(chance / inside.accounts, 1.0)
    # Those who follow an account are met in proportion to their idols, its idols to their fans.
    met_by = parts * degrees[[0, 1, 3, 2]] / totals[[0, 1, 3, 2], None]
    linked = met_by @ chance @ met_by.T
    linked[0, 0] = max(linked[0, 0], degrees[0] ** 2 @ parts / totals[0] / (size - 1))
    pairs = np.einsum("iv,ij,jv->v", degrees, linked, degrees)
    return float(parts @ (pairs / np.maximum(degrees.sum(axis=0), 1.0) ** 2))


def _classes(inside: Inside) -> _Classes:
    """Combine the classes by followers with classes by followees (Poisson)."""
    mean = float(inside.parts @ inside.followers)
    mutual = _filled(inside.parts, inside.followers, inside.reciprocity * mean)
    idols = poisson_classes((1 - inside.reciprocity) * mean, FOLLOWEE_CLASSES)
    ones = np.ones(FOLLOWEE_CLASSES)
    return _Classes(
        np.outer(inside.parts, ones / FOLLOWEE_CLASSES).ravel(),
        np.outer(mutual, ones).ravel(),
        np.outer(inside.followers - mutual, ones).ravel(),
        np.outer(np.ones(len(mutual)), idols).ravel(),
    )


def poisson_classes(mean: float, classes: int) -> Reals:
    """Return equally frequent values that stand for a Poisson number of this mean."""
    from scipy.special import pdtrik  # slow to load, and graphs from files do not need it

    middles = (np.arange(classes) + 0.5) / classes
    values = np.maximum(pdtrik(middles, max(mean, 1e-9)), 0.0)
    total = values.sum()
    return values * (mean * classes / total) if total > 0 else np.full(classes, mean)


def _circle_links(classes: _Classes, tries: float, reciprocity: float) -> Reals:
    """Return (3, classes) mutual links, fans and idols in the circle after that many tries each."""
    parts, mutual, fans, idols = classes
    single = tries * (1 - reciprocity / (2 - reciprocity))
    both = np.minimum(mutual, tries - single)
    into = _filled(parts, np.minimum(fans, single), min(single / 2, float(parts @ idols)))
    made = float(parts @ into)
    out = _filled(parts, np.minimum(idols, single - into), made)
    return np.array([both, into, out])


def _filled(parts: Reals, room: Reals, mean: float) -> Reals:
    return np.minimum(room, fill_level(parts, room, mean))


def _median(values: Reals, parts: Reals) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(parts[order]), 0.5)])
