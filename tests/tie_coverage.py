"""How often the interval of a tie holds the true one, on models whose tie is known.

`python -m tests.tie_coverage` prints the table of docs/statistics.md (some minutes);
test_break_even.py asks for shorter ones. Audiences nest and replicates have their luck in common at
all values, as in the engine: a model is grown replicate by replicate, and asked at one value after
another.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from propagation.experiment.phrases import counted
from propagation.exploration.break_even import Tie, find_tie
from propagation.exploration.explorer import Explorer
from propagation.exploration.looks import By
from propagation.exploration.ties import break_even_of
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import Scenario
from tests.interval_coverage import factors
from verification.progeny import PoissonProgeny

LOW, HIGH = 500.0, 60_000.0


class Cascades:
    """A small audience of a fixed size against one of x followers; both set off cascades.

    Whoever of ``followers`` shares (``chance``) sets off a Galton-Watson process of reproduction
    number R; so does whoever shares of the x followers (``their_chance``, R = 0.23). The tie is
    where the means are equal: x = followers chance / (1 - R) x (1 - 0.23) / their_chance. Each draw
    multiplies each strategy by a lognormal factor of its own, of mean 1.
    """

    by = By.MEANS

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        chance: float = 0.03,
        R: float = 0.72,
        their_chance: float = 0.0015,
        draws: int = 1,
        spread: float = 0.0,
        followers: int = 500,
        most: float = HIGH,
    ) -> None:
        self.rng, self.draws, self.followers, self.chance = rng, draws, followers, chance
        self.progeny, self.theirs = PoissonProgeny(R), PoissonProgeny(0.23)
        self.their_chance, self.most = their_chance, most
        self.truth = followers * chance * self.progeny.mean / self.theirs.mean / their_chance
        self.factors = factors(rng, draws, spread), factors(rng, draws, spread)
        self.one = np.empty(0)
        self.who, self.place, self.size = np.empty(0, np.int64), np.empty(0), np.empty(0)

    def grow(self, replicates: int) -> None:
        have, rng = len(self.one), self.rng
        new = replicates - have
        if new <= 0:
            return
        seeds = rng.binomial(self.followers, self.chance, new)
        of = np.repeat(np.arange(new), seeds)
        self.one = np.append(self.one, np.bincount(of, self.progeny(rng, len(of)), new))
        sharers = rng.poisson(self.their_chance * self.most, new)
        who = np.repeat(np.arange(have, replicates), sharers)
        self.who = np.append(self.who, who)
        self.place = np.append(self.place, self.most * rng.random(len(who)))
        self.size = np.append(self.size, self.theirs(rng, len(who)))

    def pair(self, value: float, replicates: range) -> tuple[np.ndarray, np.ndarray]:
        """Return both strategies: of the x followers those share whose place is at most x."""
        self.grow(replicates.stop)
        share = (self.place <= value) & (self.who >= replicates.start)
        share &= self.who < replicates.stop
        who = self.who[share] - replicates.start
        other = np.bincount(who, self.size[share], len(replicates))
        draw = self.draw(replicates)
        one = self.one[replicates.start : replicates.stop]
        return one * self.factors[0][draw], other * self.factors[1][draw]

    def draw(self, replicates: range) -> np.ndarray:
        return np.asarray(replicates) % self.draws


class Giants:
    """Two audiences whose every account brings as much, with a Pareto law of infinite variance.

    By chance they tie where the large one, of x accounts at 1/10 each, is 10 times the small one of
    500. ``theirs`` and ``ours`` are the two strategies' luck.
    """

    truth, by = 5000.0, By.CHANCES

    def __init__(self, rng: np.random.Generator, draws: int = 1, exponent: float = 1.2) -> None:
        self.rng, self.draws, self.exponent = rng, draws, exponent
        self.luck = np.empty((0, 2))

    def pair(self, value: float, replicates: range) -> tuple[np.ndarray, np.ndarray]:
        new = replicates.stop - len(self.luck)
        if new > 0:
            drawn = self.rng.pareto(self.exponent, (new, 2)) + 1
            self.luck = np.concatenate([self.luck, drawn])
        ours, theirs = self.luck[replicates.start : replicates.stop].T
        return 500 * ours, value / 10 * theirs

    def draw(self, replicates: range) -> np.ndarray:
        return np.asarray(replicates) % self.draws


class Few:
    """3 of 10 notice on average; of x accounts each notices with chance 0.41: a tie at 7.3."""

    truth, by = 3.0 / 0.41, By.MEANS

    def __init__(self, rng: np.random.Generator, draws: int = 1) -> None:
        self.rng, self.draws = rng, draws
        self.luck = np.empty((0, 110))

    def pair(self, value: float, replicates: range) -> tuple[np.ndarray, np.ndarray]:
        new = replicates.stop - len(self.luck)
        if new > 0:
            self.luck = np.concatenate([self.luck, self.rng.random((new, 110))])
        luck = self.luck[replicates.start : replicates.stop]
        one, other = luck[:, :10] < 0.3, luck[:, 10 : 10 + int(value)] < 0.41
        return one.sum(axis=1).astype(float), other.sum(axis=1).astype(float)

    def draw(self, replicates: range) -> np.ndarray:
        return np.asarray(replicates) % self.draws


STARS = """
name: stars
seed: {seed}
replicates: 10
draws: {draws}
horizon: none
segments:
  few: {{accounts: 60, attention: 0.5, interest: {{x: 1}}, follows: {{mean: 0, to: {{few: 100%}}}}}}
  many:
    accounts: 800
    attention: {attention}
    interest: {{x: 1}}
    follows: {{mean: 0, to: {{many: 100%}}}}
ours: {{one: {{followers: {{few: 60}}}}, other: {{followers: {{many: 100}}}}}}
messages: {{m: {{topic: x, resonance: 0}}}}
strategies:
  small: [{{post: m, by: one, at: 0 h}}]
  large: [{{post: m, by: other, at: 0 h}}]
compare: {{on: reach, baseline: large}}
break even: {{vary: ours.other.followers.many, from: 50, to: 800, at most: 200, within: 20%}}
"""
"""Followers whom nobody follows: 60 who notice with chance 1/2, and some with 0.1 on average."""
OF_STARS = 60 * 0.5 / 0.1
ALIKE, APART = "0.1", "{mean: 0.1, spread: 0.1}"
"""Attention of the many: that of everybody, or that of worlds on average."""


def stars(seed: int, draws: int, attention: str) -> Scenario:
    """Return the scenario whose strategies tie at OF_STARS followers."""
    return parse_scenario(STARS.format(seed=seed, draws=draws, attention=attention))


def engine_coverage(repetitions: int, draws: int, attention: str) -> float:
    """Return how often the interval holds the tie of `stars`, whose worlds and runs are real."""
    held = 0
    for seed in range(1, repetitions + 1):
        scenario = stars(seed, draws, attention)
        assert scenario.break_even is not None
        explorer = Explorer(scenario, Path(), draws=draws)
        low, high = limits_of(break_even_of(explorer, scenario.break_even).tie)
        held += low <= OF_STARS <= high
    return held / repetitions


Found = Tie | tuple[float | None, float | None]


def search(model: Cascades | Giants | Few, **how: float) -> Tie:
    """Return the tie of a model, within 5% unless told otherwise."""
    low, high = (1, 100) if isinstance(model, Few) else (LOW, HIGH)
    asked = {"within": 0.05, "at_most": 4000, **how}
    return find_tie(model.pair, model.draw, low, high, whole=True, log=True, **asked)


def by_each_replicate(model: Cascades, replicates: int = 800) -> tuple[float, float]:
    """Return a wrong interval: 95% of the values at which single replicates tie."""
    ties = [
        _root_of(lambda value, r=r: np.subtract(*model.pair(value, range(r, r + 1)))[0])
        for r in range(replicates)
    ]
    low, high = np.quantile(ties, [0.025, 0.975])
    return float(low), float(high)


def ignoring_draws(model: Cascades, replicates: int = 800) -> Tie:
    """Return the tie as if all runs were of one draw."""
    return find_tie(
        model.pair,
        lambda runs: np.zeros(len(runs), np.int64),
        *(LOW, HIGH),
        whole=True,
        log=True,
        within=0.001,
        at_most=replicates,
    )


def _root_of(lead: Callable[[float], float]) -> float:
    low, high = LOW, HIGH
    while high - low > 500:
        middle = (low + high) / 2
        low, high = (middle, high) if lead(middle) > 0 else (low, middle)
    return low


def limits_of(found: Found) -> tuple[float, float]:
    low, high = (found.low, found.high) if isinstance(found, Tie) else found
    return -np.inf if low is None else low, np.inf if high is None else high


def coverage(
    make: Callable[[np.random.Generator], Cascades | Giants | Few],
    repetitions: int,
    method: Callable[..., Found] = search,
    seed: int = 20_110_917,
    **how: float,
) -> tuple[float, float, float]:
    """Return how often the interval holds the truth, replicates used, and half width over tie.

    Of the ties of means or of chances, as the model's truth is one; where the other was found
    nothing is claimed of it, and at least half must be claimed.
    """
    rng, held, used, widths = np.random.default_rng(seed), 0, [], []
    for _ in range(repetitions):
        model = make(rng)
        found = method(model, **how)
        if isinstance(found, Tie) and found.by is not model.by:
            continue
        low, high = limits_of(found)
        held += low <= model.truth <= high
        widths.append((high - low) / 2 / model.truth)
        used.append(found.replicates if isinstance(found, Tie) else np.nan)
    assert 2 * len(widths) > repetitions
    return held / len(widths), float(np.mean(used)), float(np.median(widths))


SMALL = {"chance": 0.01, "their_chance": 0.0005}
"""Fewer who share, at the same tie: quicker to draw."""


def cascades(**of: float) -> Callable[[np.random.Generator], Cascades]:
    """Return what makes a model of cascades."""
    return lambda rng: Cascades(rng, **of)


def table(first: int = 0) -> Iterator[str]:
    """Yield the lines of the table of docs/statistics.md, from a case on."""
    cases: list[tuple[str, Callable[[np.random.Generator], Cascades | Giants | Few], dict]] = [
        ("R = 0.72, tie at 27,500", Cascades, {}),
        ("the same, within 2%", Cascades, {"within": 0.02}),
        ("R = 0.72, tie at 2,750", cascades(chance=0.003), {}),
        (
            "R = 0.9, tie at 23,100",
            cascades(chance=0.006, their_chance=0.001, R=0.9),
            {"at_most": 1000},
        ),
        ("a handful: tie at 7.3", Few, {}),
        ("heavy tails: a tie of chances", Giants, {"at_most": 1000}),
        ("4 draws that do not differ", cascades(**SMALL, draws=4), {"at_most": 1000}),
        ("2 draws, spread 0.2", cascades(**SMALL, draws=2, spread=0.2), {"at_most": 1000}),
        ("4 draws, spread 0.2", cascades(**SMALL, draws=4, spread=0.2), {"at_most": 1000}),
        ("10 draws, spread 0.2", cascades(**SMALL, draws=10, spread=0.2), {"at_most": 1000}),
        ("10 draws, spread 0.5", cascades(**SMALL, draws=10, spread=0.5), {"at_most": 1000}),
    ]
    yield "| model | repetitions | covered | replicates | half width |"
    yield "| --- | --- | --- | --- | --- |"
    for name, make, how in cases[first:]:
        times = 2000 if make is Cascades or "2,750" in name else 500
        held, used, width = coverage(make, times, **how)
        half = f"{width:.1%}" if np.isfinite(width) else "open"
        yield f"| {name} | {times:,} | {held:.1%} | {used:,.0f} | {half} |"
    for draws, attention in ((1, ALIKE), (4, APART)):
        held = engine_coverage(300, draws, attention)
        yield f"| the engine, {counted(draws, 'draw')} | 300 | {held:.1%} | 200 | |"
    apart = cascades(**SMALL, draws=10, spread=0.2)
    ignored, _, _ = coverage(apart, 300, ignoring_draws, replicates=1000)
    yield f"draws ignored, 10 draws, spread 0.2: {ignored:.1%}"
    held, _, width = coverage(cascades(**SMALL), 200, by_each_replicate, replicates=40)
    yield f"95% of the values at which single replicates tie: {held:.1%}, half width {width:.1%}"


def binomial_limits(share: float, repetitions: int, level: float = 0.001) -> tuple[float, float]:
    """Return what a count of successes over repetitions stays within, but for such a chance."""
    law = stats.binom(repetitions, share)
    return law.ppf(level / 2) / repetitions, law.ppf(1 - level / 2) / repetitions


if __name__ == "__main__":
    for line in table():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
