"""Occupy Wall Street's summer, replayed: ``python -m argument.occupy``.

The scenario is scenarios/occupy-2011.yaml. Each of its runs is counted as trackers counted Twitter
then (`occupy_measures`) and held to what they published (`occupy_targets`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from argument import occupy_measures as measures
from argument.occupy_measures import DAY, Float64, Int64, Tweets
from argument.occupy_targets import TARGETS, Compared, Target, compared
from propagation.experiment.replicates import Arm, Laboratory
from propagation.luck import run_seed
from propagation.scenario.actions import Post, times_of
from propagation.scenario.reading import read_scenario
from propagation.scenario.schedules import read_starts
from propagation.scenario.spec import Scenario
from propagation.spread.campaign_record import Campaign

SCENARIO = Path(__file__).parents[1] / "scenarios" / "occupy-2011.yaml"
TOPIC, WRITTEN = "protest", "own words"
REPLAY, WITHOUT = "as it was", "without the day"
SPARKS = ("spark 1", "spark 2", "spark 3", "spark 4")
FEW = 8
"""Retweets that the most retweeted of the four known posts got [3.2]."""
OUTER = 3
"""Outer k-cores that are peeled [3.8]."""
TOP = 50

CALL, EVE, LAUNCH, WEEK_LATER = (
    date(2011, 7, 13),
    date(2011, 9, 11),
    date(2011, 9, 17),
    date(2011, 9, 24),
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Replay:
    """What the runs came to.

    Attributes
    ----------
    starts
        The first day.
    compared
        Each target with the runs' values, in the order of ``TARGETS``.
    tweets, without
        Tweets by run and day, and the same in the same worlds without the launch day's actions.
    peeled
        By run, the audience left without the first 0, 1, 2, ... k-cores of the retweet network.
    message, topic
        Further retweets for each tweet, and further tweets of both kinds, in generations far from
        the first while few have noticed the topic; by draw.
    """

    starts: date
    compared: tuple[Compared, ...]
    tweets: Int64
    without: Int64
    peeled: Float64
    message: Float64
    topic: Float64

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and words."""
        return {
            "starts": self.starts.isoformat(),
            "runs": len(self.tweets),
            "draws": len(self.message),
            "compared": [one.as_dict() for one in self.compared],
            "reproduction": {"message": self.message.tolist(), "topic": self.topic.tolist()},
            "tweets": self.tweets.tolist(),
            "without": self.without.tolist(),
            "peeled": self.peeled.tolist(),
        }


@dataclass(frozen=True)
class Calendar:
    """Which days, counted from the scenario's first, the published numbers are of."""

    starts: date
    horizon: float

    @property
    def days(self) -> int:
        """Number of whole days up to the horizon."""
        return int(self.horizon // DAY)

    def day(self, of: date) -> int:
        """Return the number of a day."""
        return (of - self.starts).days


def replay(
    scenario: Scenario | None = None,
    *,
    replicates: int | None = None,
    progress: Progress = lambda _done, _total: None,
    targets: tuple[Target, ...] = TARGETS,
) -> Replay:
    """Run the replay and hold it to what was published.

    Parameters
    ----------
    scenario
        By default the one that ships.
    replicates
        By default as many as the scenario asks for, which must be a plain number.
    progress
        Told how many runs are done, and of how many.
    """
    scenario = scenario or read_scenario(SCENARIO)
    runs = scenario.replicates if replicates is None else replicates
    if not isinstance(runs, int):
        raise TypeError("the replay's scenario must say how many replicates")
    starts = read_starts(scenario.starts or "").date()
    calendar = Calendar(starts, scenario.horizon)
    found: list[tuple[int, _Counted]] = []
    spread = []
    for draw in range(min(scenario.draws, runs)):
        laboratory = Laboratory(scenario, SCENARIO.parent)  # the worlds of one draw at a time
        spread.append(measures.spread_per_share(laboratory.world(draw), TOPIC))
        for replicate in range(draw, runs, scenario.draws):
            found.append((replicate, _counted(laboratory, calendar, draw, replicate)))
            progress(len(found), runs)
    counted = [one for _, one in sorted(found, key=lambda one: one[0])]
    resonance, chance = _rates(scenario)
    values = {key: np.array([one.values[key] for one in counted]) for key in counted[0].values}
    return Replay(
        starts=starts,
        compared=tuple(compared(target, values[target.key]) for target in targets),
        tweets=np.array([one.tweets for one in counted]),
        without=np.array([one.without for one in counted]),
        peeled=np.array([one.peeled for one in counted]),
        message=np.array(spread) * resonance,
        topic=np.array(spread) * (resonance + chance),
    )


def _rates(scenario: Scenario) -> tuple[float, float]:
    """Return the chances, at full interest, to pass on what was noticed and to write oneself."""
    resonance, originals = scenario.messages[WRITTEN].resonance, scenario.originals
    if not isinstance(resonance, float) or originals is None:
        raise TypeError("the replay needs originals, and one resonance for all of them")
    return resonance, originals[TOPIC].chance


@dataclass(frozen=True, eq=False)
class _Counted:
    """One run, counted: a value for each target's key, and what is drawn."""

    values: Mapping[str, float]
    tweets: Int64
    without: Int64
    peeled: Float64


def _counted(laboratory: Laboratory, calendar: Calendar, draw: int, replicate: int) -> _Counted:
    """Run both strategies once, in one world and with the same luck, and count."""
    seed = run_seed(laboratory.scenario.seed, replicate)
    arm, other = (laboratory.arm(strategy, draw) for strategy in (REPLAY, WITHOUT))
    campaign = arm.engine.campaign(arm.agenda, seed)
    tweets = measures.tweets_of(campaign)
    without = measures.tweets_of(other.engine.campaign(other.agenda, seed))
    network = measures.retweet_network(tweets)
    peeled = measures.peel(network, arm.world.graph, OUTER + 1)
    sparks = np.array(list(_retweets_of_sparks(laboratory.scenario, arm, campaign)))
    values = _values(tweets, calendar) | {
        "sparks": float(sparks.sum()),
        "small_sparks": float(np.mean(sparks <= FEW)),
        "peeled": float(peeled[OUTER]),
    }
    per_day = measures.per_day(tweets, calendar.days)
    return _Counted(values, per_day, measures.per_day(without, calendar.days), peeled)


def _values(tweets: Tweets, calendar: Calendar) -> dict[str, float]:
    """Return what is counted in the tweets of a run, by the keys of targets."""
    call, eve, launch, later = map(calendar.day, (CALL, EVE, LAUNCH, WEEK_LATER))
    by_day = measures.per_day(tweets, calendar.days).astype(np.float64)
    retweets = measures.retweets_per_day(tweets, calendar.days)
    return {
        "call_day": by_day[call],
        "eve": by_day[eve],
        "launch": by_day[launch],
        "summer_growth": by_day[eve] / by_day[call],
        "week_growth": by_day[launch] / by_day[eve],
        "retweet_share": measures.retweet_share(tweets, launch),
        "per_account": measures.tweets_per_account(tweets, launch),
        "per_author": measures.retweets_per_author(tweets, launch),
        "largest_message": measures.largest_message(tweets, launch),
        "top_author": measures.top_author(tweets, launch),
        "top_tweeters": measures.top_tweeters(tweets, launch, TOP),
        "week_later": float(retweets[later] / retweets[launch]),
        "within_hour": measures.retweeted_within(tweets, 1.0, calendar.horizon),
        "within_day": measures.retweeted_within(tweets, DAY, calendar.horizon),
    }


def _retweets_of_sparks(scenario: Scenario, arm: Arm, campaign: Campaign) -> Iterator[int]:
    """Yield how often each of the posts by the spark accounts was retweeted."""
    times = {
        time
        for action in scenario.strategies[REPLAY]
        if isinstance(action, Post) and action.by in SPARKS
        for time in times_of(action, scenario.starts)
    }
    for instance, cascade in zip(arm.agenda, campaign.cascades, strict=True):
        if instance.nominal_time in times:
            yield int(np.count_nonzero(cascade.generation > 0))


def table(found: Replay) -> Table:
    """Return the comparison as it is printed."""
    shown = Table("what", "published", "simulated", "nine runs of ten", "label", "verdict")
    for one in found.compared:
        published = dict.fromkeys((one.target.low, one.target.high))
        shown.add_row(
            one.target.words,
            " to ".join(f"{value:,.4g}" for value in published),
            f"{one.median:,.4g}",
            f"{one.low:,.4g} to {one.high:,.4g}",
            one.target.kind,
            one.verdict,
        )
    return shown


def main() -> None:
    """Run the replay and print the comparison."""
    console = Console()
    with console.status("running the replay"):
        found = replay()
    console.print(table(found))
    for name, values in (("message", found.message), ("topic", found.topic)):
        console.print(f"reproduction number of a {name}: {values.min():.3f} to {values.max():.3f}")


if __name__ == "__main__":
    main()
