"""The replay in words: a table of what was published beside the runs, and what follows."""

from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

from argument.occupy import EVE, LAUNCH, Replay, replay
from argument.occupy_measures import Int64


def table(found: Replay) -> Table:
    """Return the comparison as it is printed."""
    shown = Table("what", "published", "simulated", "nine runs of ten", "label", "verdict")
    for one in found.compared:
        published = dict.fromkeys((one.target.low, one.target.high))
        shown.add_row(
            one.target.words,
            " to ".join(map(number, published)),
            number(one.median),
            f"{number(one.low)} to {number(one.high)}",
            one.target.label,
            one.verdict,
        )
    return shown


def number(value: float) -> str:
    """Return a number with three digits, and whole above a hundred."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def sentences(found: Replay) -> Iterator[str]:
    """Yield what the runs say, misses included."""
    for label in dict.fromkeys(one.target.label for one in found.compared):
        yield _score(found, label)
    (low, high), (least, most) = (
        (values.min(), values.max()) for values in (found.message, found.topic)
    )
    yield (
        f"While few have noticed the topic, a tweet leads to {low:.2f} to {high:.2f} further "
        f"retweets, depending on the world drawn, and to {least:.2f} to {most:.2f} further tweets "
        "if those are counted that people then write themselves."
    )
    for of, day in (("11 September", EVE), ("17 September", LAUNCH)):
        place = (day - found.starts).days
        silent, whole = (_median(values, place) for values in (found.silent, found.tweets))
        yield (
            f"Did nobody write of their own accord, there would be {silent} tweets on {of} "
            f"where there are {whole} (medians)."
        )
    place = (LAUNCH - found.starts).days
    yield (
        f"Had nobody gone into the street, there would be {_median(found.without, place)} tweets "
        "on 17 September."
    )


def _median(values: Int64, day: int) -> str:
    return number(float(np.median(values[:, day])))


def _score(found: Replay, label: str) -> str:
    """Say how many targets with a label are met, and which are not."""
    held = [one for one in found.compared if one.target.label == label]
    missed = [f"{one.target.words} ({one.verdict})" for one in held if one.verdict != "met"]
    met = f"{len(held) - len(missed)} of {len(held)} are met"
    begin = f"Published numbers labelled '{label}': {met}"
    return f"{begin}; missed: {', '.join(missed)}." if missed else f"{begin}."


def main() -> None:
    """Run the replay and print the comparison."""
    console = Console()
    with console.status("running the replay"):
        found = replay()
    console.print(table(found))
    for sentence in sentences(found):
        console.print(sentence)
