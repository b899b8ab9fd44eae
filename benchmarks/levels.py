"""How far the cascades measured go, and with which probability per follow they go that far.

``python -m benchmarks.calibrate`` finds these numbers; a run checks that they still hold.
"""

LEVELS = {"0.1%": 0.001, "15%": 0.15, "90%": 0.9}
"""Mean reach as a share of all accounts."""
NEAR = 0.15
"""How far from its level, as a share of it, the mean reach of a run may be."""

PROBABILITY = {
    "ego": {"0.1%": 0.0083, "15%": 0.0276, "90%": 0.443},
    "higgs": {"0.1%": 0.00714, "15%": 0.0463, "90%": 0.421},
    "small": {"0.1%": 0.00935, "15%": 0.0657, "90%": 0.554},
}
"""Of an independent cascade, by graph and level."""
RATE = {
    "ego": {"0.1%": 0.00854, "15%": 0.0317, "90%": 0.836},
    "higgs": {"0.1%": 0.00732, "15%": 0.05, "90%": 0.723},
    "small": {"0.1%": 0.00973, "15%": 0.0774, "90%": 1.25},
}
"""Of infection in EoN's ``fast_SIR``, whose epidemics reach as many with these."""


def wanted(level: str, reachable: float) -> float:
    """Return the share of the accounts to reach, where the root leads to the share ``reachable``.

    Where a level is out of reach, it is that share of the accounts that can be reached.
    """
    share = LEVELS[level]
    return share if share <= reachable else share * reachable
