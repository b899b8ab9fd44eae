"""What a run leaves that is killed without warning."""

import os
import tempfile
from collections import Counter
from pathlib import Path

from matplotlib.axes import Axes

from verification.kills import NOT_ATOMIC, PHASES, kill_and_resume
from verification.verdicts import Case, Check, Plan, Result, exactly

FEWEST_PHASES = 3
"""Kills that all fall into one phase show little; drawing, parts and the end last long enough."""


def kills(plan: Plan) -> Result:
    """Kill runs at random moments, resume them, and compare every file with an undisturbed run.

    With the fault files are written in their place instead of beside it.
    """
    count = plan.count(50, 5 if plan.fault else 10)
    with tempfile.TemporaryDirectory() as folder:
        found = kill_and_resume(Path(folder), count, 8, NOT_ATOMIC if plan.fault else "")
    missed = max(0, FEWEST_PHASES - len(found.phases))
    checks: tuple[Check, ...] = (
        exactly(f"{count} kills, resumed", len(found.differences), "files that differ or miss"),
        exactly("moments", missed, f"phases too few, of {FEWEST_PHASES}"),
    )
    return Result(checks, lambda ax: _draw(ax, found.phases))


def _draw(ax: Axes, phases: Counter[str]) -> None:
    ax.bar(PHASES, [phases[name] for name in PHASES], color="gray")
    ax.set(xlabel="what a killed run had left", ylabel="kills")
    ax.tick_params(axis="x", rotation=20)


KILLS = (
    Case(
        "kills",
        "A run that is killed without warning, at any moment, and then resumed leaves the same "
        "files, byte for byte, as one that nothing happened to.",
        "an undisturbed run; SIGKILL at random moments while drawing, simulating, writing, joining "
        "and reporting, every other run killed twice",
        "files are written in their place instead of beside it and then moved",
        kills,
    ),
)
if not hasattr(os, "fork"):
    KILLS = ()  # type: ignore[assignment]
