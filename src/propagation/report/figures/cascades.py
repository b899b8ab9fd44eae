"""Cascades: how large they become, and what a typical one looks like."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import LogLocator, NullFormatter

from propagation.report.figures.style import (
    FAINT,
    INK,
    MARKERS,
    looks,
    segment_colour,
    thousands,
    wrapped,
)
from propagation.report.stored import SmallGraph, Stored, Tree

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]

ROUND = tuple(marker for marker in MARKERS if marker != "s")
"""Markers of segments; the square is ours."""
MOST_SEGMENTS = 6
"""Segments told apart by shape; the others share one."""
HEADROOM = 1.3
"""Room above a drawing without axes, for its words."""
MOST_SHARES = 1500
"""Shares drawn of one cascade; the first in time, and the figure says so."""


def size_distribution(ax: Axes, stored: Stored, strategies: list[str]) -> None:
    """Draw the share of cascades that become at least so large, both axes logarithmic."""
    for name, look in looks(strategies).items():
        shared = stored.sizes[name]
        sizes, counts = np.unique(shared[shared > 0], return_counts=True)
        if not len(sizes):
            continue
        at_least = counts[::-1].cumsum()[::-1] / counts.sum()
        ax.step(
            sizes,
            at_least,
            where="pre",
            color=look.colour,
            ls=look.line,
            label=wrapped(name, 34),
        )
        ax.plot(sizes[-1:], at_least[-1:], look.marker, color=look.colour, ms=4)
    ax.set(xscale="log", yscale="log")
    ax.set_xlabel("size of a cascade (posts and shares)")
    ax.set_ylabel("share of cascades at least this large")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=_steps(axis.get_view_interval())))
        axis.set_minor_formatter(NullFormatter())
    thousands(ax, x=True, y=True)


def _steps(interval: Sequence[float]) -> tuple[float, ...]:
    """Return where a logarithmic axis is labelled in each decade: more often if it has few."""
    decades = math.log10(max(interval) / max(min(interval), 1e-12))
    return (1.0,) if decades > 2 else (1.0, 2.0, 5.0)


def tree(ax: Axes, found: Tree, segments: list[str]) -> str:
    """Draw a cascade as rings around the post: one ring a generation, lines from share to share.

    Our accounts are the black square; segments differ in shape and colour. Return its size in
    words, and how much of it is drawn.
    """
    kept = min(len(found.parent), MOST_SHARES)
    parent, generation = found.parent[:kept], found.generation[:kept]
    at = _ring_layout(parent, generation)
    ends = np.flatnonzero(parent >= 0)
    lines = [(at[parent[row]], at[row]) for row in ends]
    ax.add_collection(LineCollection(lines, colors=FAINT, linewidths=0.5, alpha=0.6, zorder=1))
    size = float(np.clip(1800 / max(kept, 1), 5, 42))
    ours = found.segment[:kept] == ""
    posts = ours if ours.any() else parent < 0  # as in folders written before accounts were seeded
    for place, (label, members) in enumerate(_groups(found.segment[:kept], segments)):
        rows = members & ~posts
        if rows.any():
            ax.scatter(
                at[rows, 0],
                at[rows, 1],
                s=size,
                marker=ROUND[place % len(ROUND)],
                facecolor=segment_colour(place),
                edgecolor="white",
                linewidth=0.3,
                zorder=2,
                label=label,
            )
    ax.scatter(at[posts, 0], at[posts, 1], s=60, marker="s", color=INK, zorder=3, label="our post")
    _square(ax, at)
    cut = len(found.parent) - kept
    shares = shares_in(found)
    note = f"{shares:,} {'share' if shares == 1 else 'shares'}, {int(found.generation.max())} deep"
    return f"{note}{f' (the first {kept:,} drawn)' if cut else ''}"


def shares_in(found: Tree) -> int:
    """Return how many shares by others a cascade has: posts, reposts and seeds are none."""
    ours = found.segment == ""
    by_others = found.generation > 0
    return int((by_others & ~ours if ours.any() else by_others).sum())


def _groups(segment: Texts, segments: list[str]) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Return labels and members of the segments told apart: the largest, and all others as one."""
    largest = sorted(segments, key=lambda name: -np.count_nonzero(segment == name))
    told = [name for name in segments if name in largest[:MOST_SEGMENTS]]
    groups = [(wrapped(name), segment == name) for name in told]
    if len(segments) > len(told):
        rest = np.isin(segment, largest[MOST_SEGMENTS:])
        groups.append((f"{len(segments) - len(told)} other segments", rest))
    return groups


def _square(ax: Axes, at: Float64) -> None:
    """Show positions (points, 2) in a square around their origin, without axes."""
    edge = 1.1 * max(1.0, float(np.abs(at).max()))
    ax.set(xlim=(-edge, edge), ylim=(-edge, edge * HEADROOM))
    ax.set_aspect("equal")
    ax.set_axis_off()


def _ring_layout(parent: Int64, generation: Int64) -> Float64:
    """Return positions (rows, 2): a share lies on its generation's ring, amid what it led to.

    Each account gets a sector in proportion to the leaves below it, so no two lines cross.
    """
    rows = len(parent)
    leaves = np.zeros(rows)
    order = np.argsort(generation, kind="stable")
    children: list[list[int]] = [[] for _ in range(rows)]
    for row in range(rows):
        if parent[row] >= 0:
            children[parent[row]].append(row)
    for row in order[::-1]:
        leaves[row] = max(1.0, sum(leaves[child] for child in children[row]))
    start, width = np.zeros(rows), np.zeros(rows)
    roots = np.flatnonzero(parent < 0)
    share = 2 * math.pi / max(1.0, leaves[roots].sum())
    edge = 0.0
    for root in roots:
        start[root], width[root] = edge, leaves[root] * share
        edge += width[root]
    for row in order:
        edge = start[row]
        for child in children[row]:
            start[child], width[child] = edge, leaves[child] / leaves[row] * width[row]
            edge += width[child]
    angle = start + width / 2
    # rings closer together further out: most shares stand on the first one or two
    radius = generation**0.7 + (0.0 if len(roots) == 1 else 0.35)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def follower_graph(ax: Axes, graph: SmallGraph, segments: list[str]) -> None:
    """Draw who follows whom: a line from follower to followee that thickens towards the follower.

    Segments lie on a circle, a sector each, sorted by their number of followers.
    """
    at = _sector_layout(graph, segments)
    lines = np.stack([at[graph.followee], at[graph.follower]], axis=1)
    faint = float(np.clip(400 / max(1, len(lines)), 0.03, 0.5))
    ax.add_collection(LineCollection(list(lines), colors=FAINT, linewidths=0.4, alpha=faint))
    followers = np.bincount(graph.followee, minlength=len(at))
    size = 6 + 40 * np.sqrt(followers / max(1, followers.max()))
    for place, (label, group) in enumerate(_groups(graph.segment, segments)):
        members = group & (graph.ours == "")
        if members.any():
            ax.scatter(
                at[members, 0],
                at[members, 1],
                s=size[members],
                marker=ROUND[place % len(ROUND)],
                facecolor=segment_colour(place),
                edgecolor="white",
                linewidth=0.3,
                label=label,
                zorder=2,
            )
    ours = np.flatnonzero(graph.ours != "")
    ax.scatter(
        at[ours, 0], at[ours, 1], s=80, marker="s", color=INK, zorder=3, label="our accounts"
    )
    for account in ours:
        ax.annotate(
            wrapped(str(graph.ours[account])),
            at[account],
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85},
            zorder=4,
        )
    _square(ax, at)


def _sector_layout(graph: SmallGraph, segments: list[str]) -> Float64:
    """Return positions (accounts, 2): a sunflower for each segment, ours between them."""
    at = np.zeros((len(graph.segment), 2))
    followers = np.bincount(graph.followee, minlength=len(at))
    golden = math.pi * (3 - math.sqrt(5))
    sizes = [np.count_nonzero((graph.segment == s) & (graph.ours == "")) for s in segments]
    radii = np.sqrt(np.maximum(sizes, 1))
    ring = (
        0.0
        if len(segments) == 1
        else float(radii.max() * 1.15 / math.sin(math.pi / max(2, len(segments))))
    )
    for place, segment in enumerate(segments):
        members = np.flatnonzero((graph.segment == segment) & (graph.ours == ""))
        members = members[np.argsort(-followers[members], kind="stable")]
        turn = 2 * math.pi * place / len(segments)
        middle = ring * np.array([math.cos(turn), math.sin(turn)])
        steps = np.arange(len(members))
        spiral = np.stack([np.cos(steps * golden), np.sin(steps * golden)], axis=1)
        at[members] = middle + np.sqrt(steps + 0.5)[:, None] * spiral
    ours = np.flatnonzero(graph.ours != "")
    outside = ring + float(radii.max()) * 1.3
    for place, account in enumerate(ours):
        turn = math.pi / 2 + math.pi * (place + 0.5) / max(1, len(ours)) * 2
        at[account] = outside * np.array([math.cos(turn), math.sin(turn)])
    return at
