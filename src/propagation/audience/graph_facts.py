"""What there is to say about a graph folder."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from propagation.audience.graph_folder import GraphFolder
from propagation.compiling import compiled
from propagation.problems import in_one_line

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999)
IDS = ("labels", "label_starts", "label_texts")


def facts_of(folder: GraphFolder) -> list[str]:
    """Return in lines how large a graph is, how its followers are spread, and whence it comes."""
    return [in_one_line(line) for line in _facts(folder)]


def _facts(folder: GraphFolder) -> Iterator[str]:
    manifest, accounts, follows = folder.manifest, folder.accounts, folder.follows
    yield f"accounts: {accounts:,}"
    yield f"follows: {follows:,}, {follows / max(accounts, 1):,.1f} an account"
    yield f"most followers: {manifest['most_followers']:,}"
    yield f"most accounts followed: {manifest['most_followees']:,}"
    counts = np.diff(folder.list_starts)
    if accounts:
        levels = np.quantile(counts, QUANTILES, method="inverted_cdf").tolist()
        shown = [f"{100 * q:g}%: {level:,}" for q, level in zip(QUANTILES, levels, strict=True)]
        yield f"followers of an account, at most, of {'; '.join(shown)}"
    followees = folder.followees
    if followees is not None and follows:
        share = returned(folder.list_starts, folder.followers, folder.followee_starts, followees)
        yield f"follows that are returned: {share / follows:.1%}"
    yield from _sizes(folder)
    yield from _origin(manifest)


def _sizes(folder: GraphFolder) -> Iterator[str]:
    sizes = {name: entry["bytes"] for name, entry in folder.manifest["arrays"].items()}
    ids = sum(sizes.get(name, 0) for name in IDS)
    both = " in both directions" if "followees" in sizes else ""
    each = (folder.size - ids) / max(folder.follows, 1)
    yield f"on disk: {folder.size:,} bytes, {each:.2f} a follow{both}, and {ids:,} for the ids"


def _origin(manifest: Any) -> Iterator[str]:
    made_from = dict(manifest["made_from"])
    report = made_from.pop("report", ())
    given = ", ".join(f"{name}: {value}" for name, value in made_from.items())
    yield f"made from {given}; by propagation {manifest['propagation']}"
    yield f"checksum: {manifest['checksum']}"
    yield from map(str, report)


@compiled
def returned(starts: Int64, followers: Int32, other_starts: Int64, followees: Int32) -> int:
    """Return how many follows go both ways: who is among the followers and the followees."""
    found = 0
    for account in range(len(starts) - 1):
        one, other = starts[account], other_starts[account]
        while one < starts[account + 1] and other < other_starts[account + 1]:
            if followers[one] == followees[other]:
                found += 1
                one += 1
                other += 1
            elif followers[one] < followees[other]:
                one += 1
            else:
                other += 1
    return found
