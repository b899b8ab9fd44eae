"""How attention falls with the number of accounts followed, where it is a capacity."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.experiment.batches import Columns

Int32 = npt.NDArray[np.int32]

CLASSES = (0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Each class goes from above one of these to the next; the last one has no end."""


@dataclass(frozen=True)
class AttentionClass:
    """Followers of an account of ours ("" for everybody) who follow ``low`` to ``high`` accounts.

    ``high`` is None in the last class.
    """

    whose: str
    low: int
    high: int | None
    accounts: int
    attention: float


def attention_classes(world: World) -> Columns:
    """Return the mean attention of followers by how many accounts they follow, as columns."""
    columns: Columns = {name: [] for name in ("ours", "low", "high", "accounts", "attention")}
    everybody = np.flatnonzero(~world.is_ours).astype(np.int32)
    for name, followers in {
        "": everybody,
        **{name: world.graph.followers_of(account) for name, account in world.ours.items()},
    }.items():
        _add(columns, name, followers[~world.is_ours[followers]], world)
    return columns


def _add(columns: Columns, name: str, followers: Int32, world: World) -> None:
    followees = world.graph.followee_counts[followers]
    place = np.searchsorted(CLASSES, followees, side="left") - 1
    for at in np.unique(np.maximum(place, 0)).tolist():
        members = followers[np.maximum(place, 0) == at]
        last = at + 1 == len(CLASSES)
        columns["ours"].append(name)
        columns["low"].append(CLASSES[at] + 1 if at else 0)
        columns["high"].append(-1 if last else CLASSES[at + 1])
        columns["accounts"].append(len(members))
        columns["attention"].append(float(world.traits.attention[members].mean()))
