"""The tie of two strategies of a scenario: as it is written, and over what is uncertain."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from propagation.experiment.expectations import Expectations
from propagation.experiment.intervals import Floats, Integers
from propagation.experiment.phrases import phrase
from propagation.experiment.tails import is_heavy, shows_giants
from propagation.exploration.break_even import Tie, find_tie, tie_near
from propagation.exploration.explorer import Explorer
from propagation.exploration.looks import Pair, UndefinedError
from propagation.exploration.points import changes_at, scaled
from propagation.exploration.roots import Axis, root_from
from propagation.exploration.uncertain import NINE_OF_TEN, design_of
from propagation.scenario.exploring import BreakEven, Exploring
from propagation.scenario.exploring_checks import compared_pair
from propagation.scenario.metrics import is_limited
from propagation.scenario.spec import FractionThreshold, Scenario, Threshold
from propagation.scenario.varying import Changes, label_of

Progress = Callable[[int, int], None]

_FOLLOWERS = re.compile(r"ours\.([^.\[\]]+)\.followers(?:\.([^.\[\]]+))?")
FINENESS = 0.005
"""How near theory's tie is looked for, as a part of it."""


@dataclass(frozen=True)
class TieRange:
    """Where ties lie over what is uncertain.

    Nine of ten combinations lie between ``low`` and ``high``, half of them below ``median``; each
    is None where it lies beyond the range that was searched. ``below`` and ``above`` are the shares
    of ``combinations`` whose tie lies below that range and above it.
    """

    low: float | None
    median: float | None
    high: float | None
    below: float
    above: float
    combinations: int

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds; ``beyond`` counts both sides."""
        return {
            "low": self.low,
            "median": self.median,
            "high": self.high,
            "below": self.below,
            "above": self.above,
            "beyond": self.below + self.above,
            "combinations": self.combinations,
        }


@dataclass(frozen=True)
class Accounts:
    """Followers at a tie: those ``ours`` that the one speaks to, and those that equal them."""

    ours: int
    by: tuple[str, ...]
    theirs: float
    varied: str

    @property
    def for_each(self) -> float:
        """How many of theirs equal one of ours."""
        return self.theirs / self.ours


@dataclass(frozen=True)
class BreakEvenFound:
    """Where two strategies tie in an input, by its path and in words (``label``).

    ``over`` is None where nothing is uncertain, ``accounts`` where the input is no number of
    followers, ``theory`` where theory says nothing or knows no tie in the range.
    """

    path: str
    label: str
    between: tuple[str, str]
    metric: str
    within: float
    scale: str
    whole: bool
    tie: Tie
    over: TieRange | None
    accounts: Accounts | None
    theory: float | None

    def as_dict(self) -> dict[str, object]:
        """Return what ``summary.json`` holds, but for the sentences."""
        tie = self.tie
        return {
            "path": self.path,
            "label": self.label,
            "from": tie.range[0],
            "to": tie.range[1],
            "scale": self.scale,
            "between": list(self.between),
            "metric": self.metric,
            "value": tie.value,
            "low": tie.low,
            "high": tie.high,
            "kind": tie.kind.value,
            "by": tie.by.value,
            "crossings": [
                {"value": each.value, "low": each.low, "high": each.high} for each in tie.crossings
            ],
            "replicates": tie.replicates,
            "draws": tie.draws,
            "range": None if self.over is None else self.over.as_dict(),
            "per_follower": None if self.accounts is None else self.accounts.for_each,
            "evaluated": [each.as_dict() for each in tie.evaluated],
            "theory": self.theory,
        }


def break_even_of(
    explorer: Explorer, asked: BreakEven, progress: Progress = lambda done, total: None
) -> BreakEvenFound:
    """Find where two strategies of the explorer's scenario tie.

    Raises
    ------
    InputError
        If a value cannot be run.
    KeyboardInterrupt
        If the user stopped it; what was finished is kept.
    """
    search = _TieSearch(explorer, asked)
    tie = search.tie()
    over = search.over(tie, progress) if explorer.scenario.uncertain else None
    return BreakEvenFound(
        path=asked.vary,
        label=label_of(asked.vary),
        between=search.strategies,
        metric=search.metric,
        within=asked.within,
        scale="log" if asked.is_log else "linear",
        whole=search.whole,
        tie=tie,
        over=over,
        accounts=_accounts(explorer.scenario, asked.vary, search.strategies, tie.value),
        theory=search.of_theory(tie),
    )


class _TieSearch:
    """Two strategies, an input, and how it is varied."""

    def __init__(self, explorer: Explorer, asked: BreakEven) -> None:
        self.explorer, self.asked = explorer, asked
        pair = next(iter((asked.between or {}).items()), None)
        self.strategies = pair or compared_pair(explorer.scenario)
        self.metric: str = explorer.scenario.compare.on
        self.whole = explorer.inputs(self.strategies).is_whole(asked.vary)
        self.lower_is_better = phrase(self.metric).lower_is_better

    def tie(self) -> Tie:
        """Return the tie of the scenario as written."""
        return find_tie(
            self.pair({}),
            self.explorer.draw,
            *(self.asked.low, self.asked.high),
            whole=self.whole,
            log=self.asked.is_log,
            within=self.asked.within,
            at_most=self.asked.at_most,
            lower_is_better=self.lower_is_better,
            heavy=self._is_heavy,
        )

    def pair(self, changes: Changes) -> Pair:
        """Return what plays both strategies at a value, other inputs changed."""
        unmoved = [name for name in self.strategies if self._is_unmoved(name)]

        def play(value: float, replicates: range) -> tuple[Floats, Floats]:
            one, other = (
                self.explorer.runs(
                    changes if name in unmoved else {**changes, self.asked.vary: value},
                    *(replicates, (name,), (self.metric,)),
                )[0, 0]
                for name in self.strategies
            )
            return one, other

        return play

    def _is_unmoved(self, strategy: str) -> bool:
        """Whether the input is a follower count of an account that a strategy does not use.

        Its runs are then the same at all values: audiences change nobody else's luck.
        """
        found, scenario = _FOLLOWERS.fullmatch(self.asked.vary), self.explorer.scenario
        if not found or scenario.compare.at_equal is not None or _counts_followees(scenario):
            return False
        actions = [action.model_dump() for action in scenario.strategies[strategy]]
        return found[1] not in set(_texts(actions))

    def _is_heavy(self, value: float, one: Floats, other: Floats, draw: Integers) -> bool:
        """Whether the runs show heavy tails, or theory expects such as they may lack."""
        if shows_giants(one) or shows_giants(other):
            return True
        laboratory = self.explorer.laboratory({self.asked.vary: value}, self.strategies)
        expected = Expectations(laboratory)(self.strategies)
        return any(
            is_heavy(runs, draw, expected.get(name, {}).get(self.metric))
            for name, runs in zip(self.strategies, (one, other), strict=True)
        )

    def over(self, tie: Tie, progress: Progress) -> TieRange | None:
        """Return where ties lie over what is uncertain; None where one tie does not say it all."""
        falls = tie.falls
        if falls is None:
            return None
        scenario, explorer = self.explorer.scenario, self.explorer
        spans, how = scenario.uncertain or {}, scenario.exploring or Exploring()
        design = design_of(len(spans), how.points, scenario.seed)
        points = scaled(design.parts[design.fills], list(spans.values()))
        axis, start, sign = self._axis(tie), self._start(tie), self._sign(falls)
        ties: dict[int, float] = {}

        def at(place: int) -> float:
            pair = self.pair(changes_at(points[place], spans))
            return tie_near(pair, explorer.draw, axis, start, how.replicates, tie.by, sign)

        def keep(place: int, value: float) -> None:
            ties[place] = value
            progress(len(ties), len(points))

        progress(0, len(points))
        explorer.over(at, len(points), keep)
        found = np.array([ties[place] for place in range(len(points))])
        as_written = tie_near(
            self.pair({}), explorer.draw, axis, start, how.replicates, tie.by, sign
        )
        return range_of(anchored(found, as_written, tie.value, log=axis.log))

    def of_theory(self, tie: Tie) -> float | None:
        """Return where the means that theory expects in the first world tie."""
        falls = tie.falls
        if falls is None:
            return None
        axis, start, sign = self._axis(tie), self._start(tie), self._sign(falls)

        def lead(value: float) -> float:
            changes = {self.asked.vary: value}
            one, other = self.explorer.expected(changes, self.strategies, self.metric)
            if not math.isfinite(one - other) or one == other == 0:  # two nothings are no tie
                raise UndefinedError
            return sign * (one - other)

        tolerance = FINENESS * (1.0 if axis.log else abs(start))
        try:
            return root_from(lead, axis, start, 10 * tolerance, tie.range, tolerance)
        except UndefinedError:
            return None

    def _axis(self, tie: Tie) -> Axis:
        return Axis(*tie.range, self.asked.is_log, self.whole)

    def _start(self, tie: Tie) -> float:
        """Return a value near the tie or, where there is none, in the middle."""
        axis = self._axis(tie)
        if tie.value is not None:
            return axis.value(axis.place(tie.value))
        return axis.value((axis.place(axis.low) + axis.place(axis.high)) / 2)

    def _sign(self, falls: bool) -> int:
        """Return 1 where the one has more of the metric below a tie, -1 where it has less."""
        return 1 if falls != self.lower_is_better else -1


def _counts_followees(scenario: Scenario) -> bool:
    """Whether it matters to anybody how many accounts they follow: a follower of ours follows one.

    So under thresholds that are a share of all followees, and where attention is limited.
    """
    thresholds = [
        message.response.threshold
        for message in scenario.messages.values()
        if isinstance(message.response, Threshold)
    ]
    return is_limited(scenario) or any(isinstance(one, FractionThreshold) for one in thresholds)


def anchored(ties: Floats, as_written: float, known: float | None, *, log: bool) -> Floats:
    """Return ties moved by what few replicates are off where many have found the tie.

    All combinations share their luck, which moves all ties alike: on a log axis by a factor.

    Parameters
    ----------
    ties, as_written
        Ties over what is uncertain (combinations,), and that of the inputs as written, all by the
        same few replicates; infinite where beyond the range.
    known
        The tie of the inputs as written by all replicates, if there is one.
    """
    if known is None or not math.isfinite(as_written):
        return ties
    return ties * (known / as_written) if log else ties + (known - as_written)


def range_of(ties: Floats) -> TieRange | None:
    """Return the range of ties (combinations,), infinite where beyond; None where none is defined.

    Those beyond count as what they are, smaller or larger than all others; those not defined do
    not count.
    """
    ties = ties[~np.isnan(ties)]
    if not len(ties):
        return None
    levels = (NINE_OF_TEN[0], 0.5, NINE_OF_TEN[1])
    # between a tie and one beyond nothing can be interpolated
    found = [float(np.quantile(ties, level, method="inverted_cdf")) for level in levels]
    low, median, high = (each if math.isfinite(each) else None for each in found)
    below, above = float(np.isneginf(ties).mean()), float(np.isposinf(ties).mean())
    return TieRange(low, median, high, below, above, len(ties))


def _accounts(
    scenario: Scenario, path: str, strategies: tuple[str, str], value: float | None
) -> Accounts | None:
    """Return the followers on both sides of a tie, where the input is a number of followers."""
    found = _FOLLOWERS.fullmatch(path)
    if not found or value is None:
        return None
    speakers = [_speakers(scenario, name) for name in strategies]
    sides = [k for k in (0, 1) if speakers[k] == (found[1],) and found[1] not in speakers[1 - k]]
    if len(sides) != 1:
        return None
    counts = [scenario.ours[name].followers for name in speakers[1 - sides[0]]]
    varied = scenario.ours[found[1]].followers or {}
    rest = sum(count for segment, count in varied.items() if segment != found[2])
    ours = [sum(each.values()) for each in counts if each is not None]
    if len(ours) < len(counts) or not sum(ours):
        return None
    return Accounts(sum(ours), speakers[1 - sides[0]], value + rest, found[1])


def _speakers(scenario: Scenario, strategy: str) -> tuple[str, ...]:
    """Return the accounts of ours that act in a strategy, each once."""
    acting = {getattr(action, "by", None) for action in scenario.strategies[strategy]}
    return tuple(name for name in scenario.ours if name in acting)


def _texts(found: object) -> Iterator[str]:
    """Yield all texts in what an action is written as."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, Mapping):
        for key, each in found.items():
            yield from (str(key), *_texts(each))
    elif isinstance(found, list | tuple):
        for each in found:
            yield from _texts(each)
