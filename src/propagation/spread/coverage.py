"""Who was reached through coverage: the last stage of a pitch."""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Records = npt.NDArray[np.void]


def reached_through_coverage(
    instance: Int32,
    account: Int32,
    first_notice: Float64,
    share_time: Float64,
    parent: Int32,
    share_order: Int32,
    pitches: Records,
    is_ours: Bools,
) -> int:
    """Return how many accounts first noticed a message through a share that goes back to coverage.

    Parameters
    ----------
    instance, account, first_notice, share_time, parent
        Of each account and message instance touched; shape (rows,), parents as rows.
    share_order
        Rows that shared, each after its parent.
    pitches
        Records ``campaign_record.PITCH``.

    Notes
    -----
    A share lands at once, so the share that led to a first notice is one of the same instance at
    the same time; where several are, one that goes back to coverage counts.
    """
    covering = pitches[pitches["shared"]]
    if len(covering) == 0:
        return 0
    reporters = set(zip(covering["instance"].tolist(), covering["account"].tolist(), strict=True))
    goes_back = np.zeros(len(account), np.bool_)
    for row in share_order.tolist():
        above = parent[row]
        is_coverage = above < 0 and (int(instance[row]), int(account[row])) in reporters
        goes_back[row] = is_coverage or (above >= 0 and goes_back[above])
    landed = set(zip(instance[goes_back].tolist(), share_time[goes_back].tolist(), strict=True))
    opened = pitches[pitches["opened"]]
    told = set(
        zip(*(opened[name].tolist() for name in ("instance", "account", "time")), strict=True)
    )
    candidates = np.isin(first_notice, share_time[goes_back]) & ~is_ours[account]
    columns = (instance[candidates], account[candidates], first_notice[candidates])
    reached = {
        who
        for which, who, when in zip(*(each.tolist() for each in columns), strict=True)
        if (which, when) in landed and (which, who, when) not in told
    }
    return len(reached)
