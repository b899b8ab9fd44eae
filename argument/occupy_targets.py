"""What was published of Occupy Wall Street's summer on Twitter, and how a replay is held to it.

Every number stands with its row of docs/evidence.md. Trackers of 2011 differ by a factor of three
or four [3.5], so a ratio is always one tracker's.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Float64: TypeAlias = npt.NDArray[np.float64]
Kind: TypeAlias = Literal["fitted", "input", "predicted"]
Verdict: TypeAlias = Literal["met", "too low", "too high"]

RANGE = (5, 95)
"""Percentiles over runs between which nine runs of ten lie."""


@dataclass(frozen=True)
class Target:
    """A published number, and what the replay does with it.

    Attributes
    ----------
    key
        Name of the measure that is held to it.
    low, high
        The number as published; two of them where sources or definitions give a range.
    kind
        ``fitted``: an input was set by it; ``input``: it went in as it is; ``predicted``: neither.
    by
        The input that was set by it, as its path in the scenario; or what fixes it.
    source
        Who counted, and the row of docs/evidence.md.
    note
        What should be known before the two are compared.
    tolerant
        Whether ``low`` and ``high`` are a tolerance around what was published.
    blind
        False for a prediction that was seen to fail before the scenario got the shape it has, so
        that it had its part in that, though no number was set by it.
    """

    key: str
    words: str
    low: float
    high: float
    kind: Kind
    source: str
    by: str = ""
    note: str = ""
    tolerant: bool = False
    blind: bool = True

    @property
    def label(self) -> str:
        """What the table says of it: a prediction that was looked at says so."""
        return self.kind if self.blind else f"{self.kind}, not blind"


@dataclass(frozen=True)
class Compared:
    """A target and the runs: their median, and where nine of ten lie."""

    target: Target
    median: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """Whether what was published lies among nine runs of ten, or the runs beside it.

        Where a tolerance was allowed beforehand, the median must lie within it.
        """
        tolerant = self.target.tolerant
        low, high = (self.median, self.median) if tolerant else (self.low, self.high)
        if high < self.target.low:
            return "too low"
        return "too high" if low > self.target.high else "met"

    def as_dict(self) -> dict[str, Any]:
        """Return it as a row of a table."""
        return vars(self.target) | {
            "label": self.target.label,
            "published": [self.target.low, self.target.high],
            "simulated": {"median": self.median, "low": self.low, "high": self.high},
            "verdict": self.verdict,
        }


def compared(target: Target, values: Float64) -> Compared:
    """Hold the runs' values, shape (runs,), to a target."""
    low, high = np.percentile(values, RANGE).tolist()
    return Compared(target, float(np.median(values)), low, high)


ICROSSING = "iCrossing, told by Adweek, October 2011 [3.1]"
SOCIALFLOW = "SocialFlow for Reuters, October 2011 [3.2]"
WALLOE = "F. Walloe, 17 September 2011, counted until 14:28 [3.3]"
KLOUT = "Klout, 16 December 2011 [3.4]"
BARBERA = "Barbera and others, PLoS ONE 10:e0143611, 2015, figure 5 [3.8]"
R_SHIEF = "R-shief archive, 6 and 7 October 2011 [data/ows_retweets]"
SEISMIC = "Zhao and others, SEISMIC, 2015 [2.17]"

TARGETS = (
    Target(
        *("call_day", "tweets on 13 July, the day of the call", 21, 21, "fitted", ICROSSING),
        by="ours.adbusters.followers.activists",
        note="published as people who took notice right away",
    ),
    Target(
        *("sparks", "retweets of the four known posts of July and August", 16, 16, "fitted"),
        SOCIALFLOW,
        by="ours.spark 1.followers.activists, and alike of 2 to 4",
        note="1, 0, 8 and 7",
    ),
    Target(
        *("eve", "tweets on 11 September", 128, 128, "fitted", ICROSSING),
        by="ours.organisers.followers.activists",
    ),
    Target(
        *("summer_growth", "growth from 13 July to 11 September", 6.1, 6.1, "fitted", ICROSSING),
        by="follows from the numbers of both days",
    ),
    Target(
        *("launch", "tweets on 17 September", 18817, 18817, "fitted", ICROSSING),
        by="strategies.as it was[6].to.choose",
    ),
    Target(
        *("week_growth", "growth from 11 to 17 September", 147, 147, "fitted", ICROSSING),
        by="follows from the numbers of both days",
    ),
    Target(
        *("retweet_share", "retweets among the tweets of 17 September", 0.69, 0.72, "fitted"),
        WALLOE,
        by="messages.own words.resonance, while below 1 further retweet for each",
        note="17,700 of 25,800; .72 without replies, which the model has not",
    ),
    Target(
        *("top_tweeters", "share of the launch day's tweets by 50 accounts", 0.09, 0.09),
        *("fitted", WALLOE),
        by="strategies.as it was[6].every",
    ),
    Target(
        *("per_account", "tweets of an account on the launch day", 2.69, 2.78, "fitted", R_SHIEF),
        by="segments.*.attention.spread, up to 0.3",
        note="49,638 by 18,487 and 65,238 by 23,460, on ordinary days",
    ),
    Target(
        *("within_hour", "of a week's retweets, within an hour", 0.631, 0.631, "input", SEISMIC),
        by="messages.own words.delay",
        note="the law's .543 in an hour over its .860 in a week",
    ),
    Target(
        *("within_day", "of a week's retweets, within a day", 0.908, 0.908, "input", SEISMIC),
        by="messages.own words.delay",
        note="the law's .781 in a day over its .860 in a week",
    ),
    Target(
        *("small_sparks", "of the four known posts, retweeted 8 times at most", 1, 1, "predicted"),
        SOCIALFLOW,
    ),
    Target(
        *("largest_message", "share of all retweets that are of one message", 0.002, 0.0025),
        *("predicted", KLOUT),
        note="5.8K+ of 2.8M+ in 75 days from the launch; here in 8 days and of a hundredth as many "
        "retweets, of which one message is easily a larger share",
    ),
    Target(
        *("top_author", "share of all retweets that are of one account", 0.045, 0.045),
        *("predicted", KLOUT),
        note="125K+ of 2.8M+ in 75 days from the launch",
        blind=False,
    ),
    Target(
        *("per_author", "retweets of an author retweeted on the launch day", 6.05, 6.21),
        *("predicted", R_SHIEF),
        note="30,841 of 4,969 and 39,318 of 6,493, on ordinary days",
        blind=False,
    ),
    Target(
        *("peeled", "audience left without the three outer k-cores", 0.4, 0.6, "predicted"),
        BARBERA,
        note="cut by about 50%; 10 points either way are allowed",
        tolerant=True,
        blind=False,
    ),
    Target(
        *("week_later", "retweets on 24 September, for each on 17 September", 0.84, 0.84),
        *("predicted", KLOUT),
        note="59,084 for 70,307; nothing new is done after the 17th in the replay",
    ),
)
