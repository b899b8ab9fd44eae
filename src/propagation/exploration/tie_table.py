"""The values at which strategies were compared on the way to a tie, as rows of a table."""

from propagation.experiment.intervals import Interval
from propagation.experiment.phrases import with_interval
from propagation.exploration.ties import BreakEvenFound


def looked_at(found: BreakEvenFound) -> list[tuple[str, ...]]:
    """Return a heading and a row for each value looked at, in order."""
    one, other = found.between
    heading = (found.label, one, other, f"{one} less {other} (95% interval)")
    rows = [
        (
            f"{each.value:,.0f}" if found.whole else f"{each.value:.4g}",
            _shown(each.one),
            _shown(each.other),
            _shown(each.difference),
        )
        for each in sorted(found.tie.evaluated, key=lambda each: each.value)
    ]
    return [heading, *rows]


def _shown(found: Interval) -> str:
    return "undefined" if found.mean is None else with_interval(found)
