"""Occupy Wall Street's summer, replayed: ``python -m argument.occupy``.

The scenario is scenarios/occupy-2011.yaml. Each of its runs is counted as trackers counted Twitter
then (`occupy_measures`) and held to what they published (`occupy_targets`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

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
    tweets, without, silent
        Tweets by run and day; the same in the same worlds without the launch day's actions; and
        the same with them, did nobody write of their own accord.
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
    silent: Int64
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
            "silent": self.silent.tolist(),
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
        arms = _arms(scenario, draw)  # the worlds of one draw at a time
        spread.append(measures.spread_per_share(arms.replay.world, TOPIC))
        for replicate in range(draw, runs, scenario.draws):
            found.append((replicate, _counted(scenario, arms, calendar, replicate)))
            progress(len(found), runs)
    counted = [one for _, one in sorted(found, key=lambda one: one[0])]
    resonance, chance = _rates(scenario)
    values = {key: np.array([one.values[key] for one in counted]) for key in counted[0].values}
    return Replay(
        starts=starts,
        compared=tuple(compared(target, values[target.key]) for target in targets),
        tweets=np.array([one.tweets for one in counted]),
        without=np.array([one.without for one in counted]),
        silent=np.array([one.silent for one in counted]),
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
    silent: Int64
    peeled: Float64


class _Arms(NamedTuple):
    """The replay and what it is set beside, in the same world."""

    replay: Arm
    without: Arm
    silent: Arm


def _arms(scenario: Scenario, draw: int) -> _Arms:
    silent = scenario.model_copy(update={"originals": None})
    laboratory, other = (Laboratory(one, SCENARIO.parent) for one in (scenario, silent))
    whole, without = (laboratory.arm(strategy, draw) for strategy in (REPLAY, WITHOUT))
    return _Arms(whole, without, other.arm(REPLAY, draw))


def _counted(scenario: Scenario, arms: _Arms, calendar: Calendar, replicate: int) -> _Counted:
    """Run everything once with the same luck, and count."""
    seed = run_seed(scenario.seed, replicate)
    campaign, without, silent = (arm.engine.campaign(arm.agenda, seed) for arm in arms)
    tweets = measures.tweets_of(campaign)
    network = measures.retweet_network(tweets)
    peeled = measures.peel(network, arms.replay.world.graph, OUTER + 1)
    sparks = np.array(list(_retweets_of_sparks(scenario, arms.replay, campaign)))
    values = _values(tweets, calendar) | {
        "sparks": float(sparks.sum()),
        "small_sparks": float(np.mean(sparks <= FEW)),
        "peeled": float(peeled[OUTER]),
    }
    return _Counted(
        values,
        tweets=measures.per_day(tweets, calendar.days),
        without=measures.per_day(measures.tweets_of(without), calendar.days),
        silent=measures.per_day(measures.tweets_of(silent), calendar.days),
        peeled=peeled,
    )


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


if __name__ == "__main__":
    from argument.occupy_words import main

    main()
