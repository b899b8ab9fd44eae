"""From an interval to a judgement: better, worse, no practical difference, or not settled."""

from propagation.experiment.intervals import Interval
from propagation.experiment.summary import Standing


def standing_by_difference(interval: Interval, margin: float, sign: int) -> Standing:
    """Judge by a difference that matters from ``margin`` on; ``sign`` is -1 if lower is better."""
    if interval.low is None or interval.high is None:
        return Standing.UNSETTLED
    if -margin <= interval.low and interval.high <= margin:
        return Standing.SAME
    if interval.low <= 0 <= interval.high:
        return Standing.UNSETTLED
    return Standing.BETTER if sign * interval.low > 0 else Standing.WORSE


def standing_by_chance(chance: Interval) -> Standing:
    """Judge by the chance to do better, where no mean is claimed."""
    if chance.low is None or chance.high is None or chance.low <= 0.5 <= chance.high:
        return Standing.UNSETTLED
    return Standing.BETTER if chance.low > 0.5 else Standing.WORSE


def lies_beyond(interval: Interval, margin: float) -> bool:
    """Whether the whole interval lies beyond the margin, on either side."""
    if interval.low is None or interval.high is None:
        return False
    return interval.low > margin or interval.high < -margin
