"""The accounts of segments, before anybody follows anybody."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from propagation.audience.follower_graph import NumberedLabels
from propagation.luck import member_keys, text_id
from propagation.scenario.spec import Segment


class Members(NamedTuple):
    """The accounts of segments, numbered by segment in order of name; shapes (accounts,)."""

    segments: tuple[str, ...]
    segment_of: npt.NDArray[np.int16]
    keys: npt.NDArray[np.uint64]
    labels: NumberedLabels


def members_of(segments: Mapping[str, Segment]) -> Members:
    """Return the accounts of segments."""
    names = sorted(segments)
    sizes = [segments[name].accounts for name in names]
    keys = [
        member_keys(text_id("segment", name), np.arange(size, dtype=np.uint64))
        for name, size in zip(names, sizes, strict=True)
    ]
    return Members(
        segments=tuple(names),
        segment_of=np.repeat(np.arange(len(names), dtype=np.int16), sizes),
        keys=np.concatenate(keys),
        labels=NumberedLabels(zip(names, sizes, strict=True)),
    )
