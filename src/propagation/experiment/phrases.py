"""Metrics and numbers in plain words, for verdicts and reports."""

import math
from dataclasses import dataclass

from propagation.experiment.intervals import Interval


@dataclass(frozen=True)
class Phrase:
    """How to speak of a metric.

    ``label`` follows "in"; ``does`` holds {} for the number and (s) for a plural; ``times`` follows
    "3.2 times"; ``more`` and ``less`` follow the size of a difference. ``higher`` and ``lower``
    say of what costs or loses more, or less, just that, where "better" would not be plain.
    """

    label: str
    does: str
    times: str = "as many"
    more: str = "more"
    less: str = "fewer"
    lower_is_better: bool = False
    higher: str = ""
    lower: str = ""


PHRASES = {
    "reach": Phrase("raw reach", "reaches {} account(s)"),
    "relevant_reach": Phrase("relevant reach", "reaches {} relevant account(s)"),
    "valued_reach": Phrase("valued reach", "has a valued reach of {}", "as much", less="less"),
    "impressions": Phrase("impressions", "is noticed {} time(s)", "as often", less="less"),
    "wasted": Phrase("wasted impressions", "wastes {} impression(s)", lower_is_better=True),
    "shares": Phrase("shares", "gets {} share(s)"),
    "time_to_half": Phrase(
        "time to half of the shares",
        "takes {} hour(s) to half of its shares",
        *("as long", "hours longer", "hours shorter"),
        lower_is_better=True,
    ),
    "peak_hourly_shares": Phrase("peak rate", "peaks at {} share(s) an hour"),
    "doubling_time": Phrase(
        "doubling time",
        "takes {} hour(s) to double its shares",
        *("as long", "hours longer", "hours shorter"),
        lower_is_better=True,
    ),
    "largest_cascade": Phrase(
        "largest cascade",
        "has a largest cascade of {} post(s) and shares",
        *("as large", "larger", "smaller"),
    ),
    "depth": Phrase("depth", "goes {} share(s) deep", "as deep", "deeper", "shallower"),
    "structural_virality": Phrase(
        "structural virality",
        "has a structural virality of {}",
        *("as high", "higher", "lower"),
    ),
    "originals": Phrase("originals", "sets off {} original message(s)"),
    "followers_gained": Phrase("followers gained", "gains {} follower(s)"),
    "followers_lost": Phrase(
        "followers lost",
        "loses {} follower(s)",
        lower_is_better=True,
        higher="loses more followers",
        lower="loses fewer followers",
    ),
    "pitches_sent": Phrase("pitches sent", "sends out {} time(s)", "as many"),
    "pitches_opened": Phrase("pitches opened", "is opened {} time(s)", "as often", less="less"),
    "pitches_answered": Phrase("pitches answered", "gets {} answer(s)"),
    "pitches_covered": Phrase("coverage", "is covered {} time(s)", "as often", less="less"),
    "coverage_reach": Phrase("reach through coverage", "reaches {} account(s) through coverage"),
    "cost": Phrase(
        "cost",
        "costs {}",
        *("as much", "more", "less"),
        lower_is_better=True,
        higher="costs more",
        lower="costs less",
    ),
    "cost_per_reach": Phrase(
        "cost per account reached",
        "pays {} for an account reached",
        *("as much", "more", "less"),
        lower_is_better=True,
        higher="pays more for an account reached",
        lower="pays less for an account reached",
    ),
    "cost_per_relevant_reach": Phrase(
        "cost per relevant account",
        "pays {} for a relevant account reached",
        *("as much", "more", "less"),
        lower_is_better=True,
        higher="pays more for a relevant account reached",
        lower="pays less for a relevant account reached",
    ),
    "cost_per_valued_reach": Phrase(
        "cost per valued reach",
        "pays {} for a unit of valued reach",
        *("as much", "more", "less"),
        lower_is_better=True,
        higher="pays more for a unit of valued reach",
        lower="pays less for a unit of valued reach",
    ),
}


def phrase(metric: str) -> Phrase:
    """Return how to speak of a metric; ``reach_<segment>`` and unknown ones get a plain phrase."""
    if metric in PHRASES:
        return PHRASES[metric]
    if metric.startswith("reach_"):
        segment = metric.removeprefix("reach_")
        return Phrase(f"reach among {segment}", f"reaches {{}} account(s) of {segment}")
    label = metric.replace("_", " ")
    return Phrase(label, f"has a {label} of {{}}", "as much", less="less")


def decimals(spread: float, value: float = 0.0) -> int:
    """Return how many decimals a spread supports: those of its two leading digits.

    Negative counts digits left of the decimal point. A value without spread keeps four digits,
    a whole number all of its own.
    """
    if spread > 1e-9 * abs(value):  # less is what adding up numbers leaves
        return 1 - math.floor(math.log10(spread))
    if value == round(value):
        return 0
    return max(0, 3 - math.floor(math.log10(abs(value))))


def range_decimals(low: float, high: float) -> int:
    """Return how many decimals a range of outcomes supports: for counts none, and never fewer.

    Where it begins below 10 it keeps one, so that small outcomes within it are not rounded to 0.
    """
    whole = low == round(low) and high == round(high)
    return 0 if whole else max(int(abs(low) < 10), decimals(high - low, high))


def number(value: float, places: int) -> str:
    """Write a number rounded to ``places`` decimals, with thousands separators."""
    rounded = round(value, places)
    return f"{rounded + 0.0:,.{max(places, 0)}f}"  # adding 0.0 turns -0.0 into 0.0


def with_interval(found: Interval) -> str:
    """Write ``1,934 (1,890 to 1,978)``, or the value alone where it has no interval."""
    assert found.mean is not None
    if found.low is None or found.high is None:
        return number(found.mean, decimals(abs(found.mean)))
    places = decimals((found.high - found.low) / 2, found.mean)
    if number(found.low, places) == number(found.high, places):
        return number(found.mean, places)
    return f"{number(found.mean, places)} ({span(found.low, found.high, places)})"


def span(low: float, high: float, places: int) -> str:
    """Write ``1,890 to 1,978``."""
    return f"{number(low, places)} to {number(high, places)}"


def share(value: float) -> str:
    """Write a share as a percentage that says 0% and 100% only of none and all."""
    if 0 < value < 0.005:
        return "under 1%"
    if 0.995 <= value < 1:
        return "over 99%"
    return f"{100 * value:.0f}%"


def share_with_interval(found: Interval) -> str:
    """Write ``97% (96% to 98%)``, or ``over 99%`` where that is all there is to say."""
    assert found.mean is not None
    mean = share(found.mean)
    if found.low is None or found.high is None:
        return mean
    low, high = share(found.low), share(found.high)
    return mean if low == mean == high and not mean[0].isdigit() else f"{mean} ({low} to {high})"


def ratio_with_interval(found: Interval) -> str:
    """Write ``3.2 (2.9 to 3.5)``; a low end above 1 is not rounded to 1 or less.

    The interval of a ratio may be so skewed that the digits of its width would do so.
    """
    if found.low is None or found.high is None or found.mean is None or found.low <= 1:
        return with_interval(found)
    places = decimals((found.high - found.low) / 2, found.mean)
    if places >= 0 or round(found.low, places) > 1:
        return with_interval(found)
    while places < 0 and round(found.low, places) <= 1:
        places += 1
    return f"{number(found.mean, places)} ({span(found.low, found.high, places)})"


def factor_with_interval(found: Interval) -> tuple[str, str]:
    """Write a ratio as ``3.2 times`` or, below 1, as ``39%``; and its interval in brackets."""
    assert found.mean is not None
    if found.mean >= 1:
        factor, _, interval = ratio_with_interval(found).partition(" ")
        return f"{factor} times", interval
    parts = (found.mean, found.low, found.high)
    percent = Interval(*(None if part is None else 100 * part for part in parts))
    factor, _, interval = with_interval(percent).partition(" ")
    return f"{factor}%", interval.replace(" to ", "% to ").replace(")", "%)")


def counted(count: int, noun: str) -> str:
    """Write ``1 draw`` or ``1,200 replicates``, from the singular."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def roughly(count: float) -> str:
    """Write a number rounded up to two digits, for "about"."""
    step = 10.0 ** max(0, math.floor(math.log10(max(count, 1))) - 1)
    return f"{math.ceil(count / step) * step:,.0f}"


def plural(template: str, shown: str) -> str:
    """Fill ``{}`` with a number as shown, and ``(s)`` to agree with it."""
    one = shown == "1" or shown.startswith("1 (")
    return template.replace("(s)", "" if one else "s", 1).replace("{}", shown, 1)


def quoted(names: list[str]) -> str:
    """Write ``'small and relevant', 'b' and 'c'``: names may hold commas and "and" themselves."""
    return listed([f"'{name}'" for name in names])


def listed(names: list[str]) -> str:
    """Write ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def does(metric: str, mean: Interval) -> str:
    """Write ``reaches 1,934 relevant accounts (1,890 to 1,978)``."""
    shown, _, interval = with_interval(mean).partition(" ")
    return f"{plural(phrase(metric).does, shown)} {interval}".rstrip()


def plainly(metric: str, *, better: bool) -> str:
    """Write ``costs less``, or ``does better`` where that is plain."""
    words = phrase(metric)
    return (words.lower if better else words.higher) or f"does {'better' if better else 'worse'}"


def apart(metric: str, difference: Interval) -> str:
    """Write ``1,322 more (1,270 to 1,374)``."""
    words, found = phrase(metric), difference
    assert found.mean is not None
    direction = words.more if found.mean >= 0 else words.less
    if found.mean < 0:
        found = Interval(-found.mean, *(None if e is None else -e for e in (found.high, found.low)))
    size, _, interval = with_interval(found).partition(" ")
    return f"{size} {direction} {interval}".rstrip()
