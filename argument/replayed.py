"""Occupy Wall Street, replayed: what the document says of it, kept from one making to the next."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from argument.blocks import Table
from argument.occupy import EVE, LAUNCH, SCENARIO, Replay, replay
from argument.occupy_figures import draw_days, draw_peel
from argument.occupy_targets import Compared, Target
from argument.pieces import Piece, Workshop, code
from argument.words import few, spelled
from propagation.experiment.phrases import listed
from propagation.report.figures.drawing import Drawing, Figure
from propagation.scenario.writing import write_scenario

FIGURE = "occupy"
COUNTED = ("tweets", "without", "silent", "peeled")
MADE_OF = ("occupy", "occupy_measures", "occupy_targets")


def find_replay(workshop: Workshop) -> Piece:
    """Return the replay as plain numbers."""
    scenario = workshop.scenario(SCENARIO.stem)
    return workshop.piece(
        FIGURE, write_scenario(scenario) + code(*MADE_OF), lambda: replay(scenario).as_dict()
    )


def compared_in(found: Piece) -> tuple[Compared, ...]:
    """Return the targets and what the runs came to."""
    names = [field.name for field in fields(Target)]
    return tuple(
        Compared(
            Target(**{name: row[name] for name in names}),
            *(row["simulated"][part] for part in ("median", "low", "high")),
        )
        for row in found["compared"]
    )


def replay_facts(found: Piece) -> dict[str, Any]:
    """Return what the document says of the replay: how many predictions are met, and which miss."""
    rows = compared_in(found)
    predicted = [row for row in rows if row.target.label == "predicted"]
    seen = [row for row in rows if not row.target.blind]
    misses = [row for row in rows if row.verdict != "met"]
    return {
        "message": _between(found["reproduction"]["message"]),
        "topic": _between(found["reproduction"]["topic"]),
        "runs": spelled(found["runs"]),
        "worlds": spelled(found["draws"]),
        "targets": spelled(len(rows)),
        "fitted": spelled(sum(row.target.kind == "fitted" for row in rows)),
        "fitted_met": spelled(
            sum(row.target.kind == "fitted" and row.verdict == "met" for row in rows)
        ),
        "predicted": spelled(len(predicted)),
        "met": spelled(sum(row.verdict == "met" for row in predicted)),
        "seen": spelled(len(seen)),
        "seen_met": spelled(sum(row.verdict == "met" for row in seen)),
        "adds_eve": _added(found, EVE),
        "adds_launch": _added(found, LAUNCH),
        "all_met": all(row.verdict == "met" for row in predicted),
        "none_met": all(row.verdict != "met" for row in predicted),
        "misses": listed([f"{row.target.words} ({row.verdict})" for row in misses]),
        "is_below": max(found["reproduction"]["message"]) < 1 < min(found["reproduction"]["topic"]),
    }


def _added(found: Piece, day: date) -> str:
    """Return what people write of their own accord adds to a day's tweets, in percent."""
    place = (day - date.fromisoformat(found["starts"])).days
    silent, whole = (np.median(np.array(found[key])[:, place]) for key in ("silent", "tweets"))
    return few(100 * float(whole / silent - 1))


def _between(values: list[float]) -> str:
    low, high = few(min(values)), few(max(values))
    return low if low == high else f"{low} to {high}"


def replay_table(found: Piece) -> Table:
    """Return published values beside those of the replay."""
    rows = []
    for row in compared_in(found):
        target = row.target
        published = dict.fromkeys((_shown(target.low), _shown(target.high)))
        verdict = row.verdict if row.verdict == "met" else f"**{row.verdict}**"
        rows.append(
            (
                target.words,
                target.label,
                " to ".join(published),
                _shown(row.median),
                f"{_shown(row.low)} to {_shown(row.high)}",
                verdict,
            )
        )
    return Table(
        ("what", "label", "published", "replayed", "nine runs of ten", "verdict"),
        tuple(rows),
        words=2,
    )


def _shown(value: float) -> str:
    """Write a count in full, and anything else with up to three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def replay_drawings(found: Piece) -> Iterator[Drawing]:
    """Yield the pictures of the replay."""
    made = Replay(
        starts=date.fromisoformat(found["starts"]),
        compared=compared_in(found),
        **{name: np.array(found[name]) for name in COUNTED},
        **{name: np.array(values) for name, values in found["reproduction"].items()},
    )

    def days(ax: Axes) -> None:
        draw_days(made, ax)

    def peel(ax: Axes) -> None:
        draw_peel(made, ax)

    figure = Figure(
        FIGURE,
        "Occupy's summer",
        "Left: tweets a day, as counted and as replayed, on a logarithmic axis; bands hold nine "
        "runs of ten. Right: the audience that is left when the outer k-cores of the retweet "
        "network are removed.",
        "Two pictures. Tweets a day are few all summer and jump on the launch day, in the replay "
        "as in the counts. The audience falls as outer cores are removed.",
    )
    yield Drawing(figure, 3.0, (days, peel))
