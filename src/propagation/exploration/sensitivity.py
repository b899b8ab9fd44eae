"""What the answer hangs on: Sobol indices of first and of total order, from Saltelli's design.

The index of first order of an input is the share of the variance that fixing the input would take
away; that of total order is the share that would be left if all others were fixed. What the two
differ by are interactions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from propagation.experiment.intervals import CONFIDENCE, Floats

RESAMPLES = 1000


@dataclass(frozen=True)
class Index:
    """The indices of one input, each with its 95% interval from resampled points."""

    path: str
    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds."""
        return {
            "path": self.path,
            "first": self.first,
            "first_low": self.first_low,
            "first_high": self.first_high,
            "total": self.total,
            "total_low": self.total_low,
            "total_high": self.total_high,
        }


def indices_of(values: Floats, paths: Sequence[str], seed: int) -> tuple[Index, ...]:
    """Return the indices of the inputs named by ``paths``, in that order.

    Parameters
    ----------
    values
        The answer at every point of `uncertain.design_of`, in order; (points x (inputs + 2),).

    Notes
    -----
    None where the answer is the same at all points, or undefined at one: then nothing can be told
    apart.
    """
    if not np.isfinite(values).all() or float(np.ptp(values)) <= 1e-12 * np.abs(values).max():
        return ()
    from SALib.analyze import sobol

    problem = {"num_vars": len(paths), "names": list(paths), "bounds": [[0.0, 1.0]] * len(paths)}
    found = sobol.analyze(
        problem,
        values,
        calc_second_order=False,
        num_resamples=RESAMPLES,
        conf_level=CONFIDENCE,
        seed=seed,
    )
    parts = zip(paths, found["S1"], found["S1_conf"], found["ST"], found["ST_conf"], strict=True)
    return tuple(
        Index(
            path,
            *(float(part) for part in (first, first - half, first + half)),
            *(float(part) for part in (total, total - most, total + most)),
        )
        for path, first, half, total, most in parts
    )
