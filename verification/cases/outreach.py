"""Pitches, blasts, paid impressions and a moving audience against their closed forms."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy import optimize, stats

from propagation.audience.world import World
from propagation.luck import run_seed
from propagation.scenario.actions import Action, Blast, Boost, Pitch, Post
from propagation.scenario.choices import Choice, NamedAccounts
from propagation.scenario.messages import Following, NoticesThreshold, Threshold
from propagation.spread.campaign_record import Campaign
from propagation.spread.simulate import CompiledEngine
from propagation.strategy.agenda import agenda_of
from verification.graphs import MESSAGE, SEGMENT, message, world_of
from verification.oracles import occupied
from verification.verdicts import Case, Plan, Result, by_chi_square, by_error, by_proportion

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]

US = "0"
NEVER = Threshold(threshold=NoticesThreshold(notices=1_000))
"""Nobody shares anything: what is looked at is who notices, answers and follows."""


def campaigns(
    world: World,
    strategy: Sequence[Action],
    count: int,
    following: Following | None = None,
    relevant: float = 0.5,
) -> list[Campaign]:
    """Return runs of one strategy, each with luck of its own."""
    engine = CompiledEngine(
        world, {MESSAGE: message(NEVER)}, math.inf, following=following, relevant=relevant
    )
    agenda = agenda_of(strategy)
    return [engine.campaign(agenda, run_seed(31, number)) for number in range(count)]


def nobody_follows(others: int, interest: npt.ArrayLike = 1.0, attention: float = 1.0) -> World:
    """Return a world of our account 0 and so many others, without follows."""
    none: Int32 = np.empty(0, np.int32)
    return world_of((none, none), others + 1, interest=interest, attention=attention)


# ------------------------------------------------------------------------ pitch and blast

OPENS, ANSWERS = 0.4914, 0.0299
BYLINED_OPENS, BYLINED = 0.4028, 0.265
LIST, WEARS, COVERS = 5_000, 0.1, 0.5
SMALL_LIST, CARES_LITTLE = 100, 0.2
DAYS = 240


def break_even() -> float:
    """Return the days after which as many answers came of one good pitch a day as of a blast.

    Those on the list care little, and each blast takes a tenth of their willingness to open the
    next one: a geometric series.
    """

    def lead(days: float) -> float:
        return SMALL_LIST * ANSWERS * (1 - (1 - WEARS) ** days) / WEARS - BYLINED * days

    return float(optimize.brentq(lead, 1.0, 1_000.0))


def answers_by_day(count: int, wears: float) -> tuple[Int64, Int64]:
    """Return the answers of each run and day: to a blast every day, and to one pitch a day."""
    interest = np.full(SMALL_LIST + 2, CARES_LITTLE)
    interest[1] = 1.0
    world = nobody_follows(SMALL_LIST + 1, interest)
    daily = tuple(24.0 * day for day in range(DAYS))
    rest = {"by": US, "at": daily, "covers": COVERS, "wears": wears}
    everybody = NamedAccounts(named=tuple(str(one) for one in range(2, SMALL_LIST + 2)))
    blast = Blast(
        blast=MESSAGE, to=everybody, opens=OPENS, answers=ANSWERS / OPENS / CARES_LITTLE, **rest
    )
    to = NamedAccounts(named=("1",))
    # half of the chance comes from being personal
    pitch = Pitch(
        pitch=MESSAGE,
        to=to,
        opens=BYLINED_OPENS,
        answers=BYLINED / BYLINED_OPENS / 2,
        personal=2.0,
        **rest,
    )
    found = np.zeros((2, count, DAYS), np.int64)
    for which, action in enumerate((blast, pitch)):
        for number, run in enumerate(campaigns(world, [action], count)):
            day = np.rint(run.pitches["time"] / 24.0).astype(np.int64)
            np.add.at(found[which, number], day, run.pitches["answered"])
    return found[0], found[1]


def outreach(plan: Plan) -> Result:
    """Compare answers and coverage with their closed forms. With the fault nothing wears."""
    rest = {"by": US, "at": 0.0, "covers": COVERS}
    blast = Blast(
        blast=MESSAGE, to=Choice(choose=LIST), opens=OPENS, answers=ANSWERS / OPENS, **rest
    )
    runs = plan.count(100, 10)
    sent = np.concatenate([one.pitches for one in campaigns(nobody_follows(LIST), [blast], runs)])
    count = plan.count(400, 10)
    blasts, pitches = answers_by_day(count, 0.0 if plan.fault else WEARS)
    willing = ANSWERS * (1 - WEARS) ** np.arange(DAYS)
    even = round(break_even())
    variance = SMALL_LIST * np.cumsum(willing * (1 - willing))
    variance += BYLINED * (1 - BYLINED) * np.arange(1, DAYS + 1)
    expected = SMALL_LIST * np.cumsum(willing) - BYLINED * np.arange(1, DAYS + 1)
    lead = np.cumsum((blasts - pitches).mean(axis=0))
    checks = [
        by_proportion("blast to 5,000: answers", int(sent["answered"].sum()), len(sent), ANSWERS),
        by_proportion(
            "blast to 5,000: coverage", int(sent["covered"].sum()), len(sent), ANSWERS * COVERS
        ),
        by_proportion("one excellent pitch: answers", int(pitches.sum()), pitches.size, BYLINED),
        by_error(
            f"worn list of 100: answers in {DAYS} days",
            float(blasts.sum(axis=1).mean()),
            float(SMALL_LIST * willing.sum()),
            math.sqrt(SMALL_LIST * float((willing * (1 - willing)).sum()) / count),
        ),
        by_error(
            f"blast ahead of pitch after {even} days, where they break even",
            float(lead[even - 1]),
            float(expected[even - 1]),
            math.sqrt(variance[even - 1] / count),
        ),
    ]

    def draw(ax: Axes) -> None:
        days = np.arange(1, DAYS + 1)
        for found, law, label in (
            (blasts, SMALL_LIST * willing, "blast to 100 who care little"),
            (pitches, np.full(DAYS, BYLINED), "one pitch to somebody who cares"),
        ):
            ax.plot(days, np.cumsum(found.mean(axis=0)), label=label)
            ax.plot(days, np.cumsum(law), ":", color="black", zorder=3)
        ax.axvline(break_even(), color="gray", linewidth=0.8)
        ax.plot([], [], ":", color="black", label="closed form")
        ax.set(xlabel="days, one sending a day", ylabel="answers so far, mean", xlim=(0, DAYS))
        ax.set_ylim(bottom=0)
        ax.legend(loc="lower right")

    return Result(tuple(checks), draw)


# ------------------------------------------------------------------------ paid impressions

IMPRESSIONS, POOL, ATTENTION = 40, 25, 0.3


def paid(plan: Plan) -> Result:
    """Compare notices of a boost with their laws. With the fault impressions are noticed more."""
    attention = ATTENTION * (1.15 if plan.fault else 1.0)
    world = nobody_follows(POOL, attention=attention)
    boost = Boost(boost=MESSAGE, by=US, to=SEGMENT, impressions=IMPRESSIONS, per_hour=100.0, at=0.0)
    runs = campaigns(world, [boost], plan.count(20_000, 2_000))
    notices = np.array([one.cascades[0].notices.sum() for one in runs], np.int64)
    reached = np.array([np.count_nonzero(one.cascades[0].notices) for one in runs], np.int64)
    numbers = np.arange(IMPRESSIONS + 1)
    laws = (
        np.asarray(stats.binom.pmf(numbers, IMPRESSIONS, ATTENTION)),
        occupied(IMPRESSIONS, POOL, ATTENTION),
    )
    counts = [
        np.bincount(found, minlength=len(law))
        for found, law in zip((notices, reached), laws, strict=True)
    ]
    names = ("notices: binomial", "accounts reached: occupancy")
    checks = [
        by_chi_square(f"{IMPRESSIONS} impressions, {name}", *_from_rare(found, law))
        for name, found, law in zip(names, counts, laws, strict=True)
    ]

    def draw(ax: Axes) -> None:
        for name, found, law, mark in zip(names, counts, laws, "ox", strict=True):
            (line,) = ax.plot(law, label=name)
            ax.plot(found / found.sum(), mark, color=line.get_color())
        ax.set(xlabel="number, of 40 impressions to 25 accounts", ylabel="part of runs")
        ax.set_xlim(0, 26)
        ax.legend(loc="upper right", title="line: law; marks: simulated")

    return Result(tuple(checks), draw)


def _from_rare(counts: Int64, law: Float64) -> tuple[Int64, Float64]:
    """Pool the rare cells at the start of a law; those at the end the check pools itself."""
    first = int(np.argmax(np.cumsum(law) * counts.sum() >= 20.0))
    cells = np.append(counts[: first + 1].sum(), counts[first + 1 :])
    return cells, np.append(law[: first + 1].sum(), law[first + 1 :])


# ------------------------------------------------------------------------ a moving audience

LEAVES, CARES, SEES, READS = 400, 0.6, 0.7, 0.5
RATES = Following(
    **{"follows": 0.5, "irrelevant": 0.3, "too often": 0.15, "beyond": 1, "within": 24.0}
)
POSTS = tuple(float(12 * half) for half in range(28))
PITCHES = tuple(42.0 + 72.0 * time for time in range(4))


def followed(begins: float) -> Float64:
    """Return the chance that a leaf follows the hub after each post.

    It sees a post only if it follows, leaves for lack of interest or because two posts came within
    a day, and may come (back) when it opens a pitch.
    """
    chance, found = begins, []
    events = sorted([(time, 1) for time in POSTS] + [(time, 0) for time in PITCHES])
    for time, is_post in events:
        if is_post:
            recent = sum(time - 24.0 < one <= time for one in POSTS)
            stays = (1 - 0.3 * (1 - CARES)) * (1 - min(1.0, 0.15 * max(0, recent - 1)))
            chance *= 1 - SEES * (1 - stays)
            found.append(chance)
        else:
            chance += (1 - chance) * READS * 0.5 * CARES
    return np.array(found)


def moving(plan: Plan) -> Result:
    """Compare who follows after each post with a Markov chain.

    With the fault nobody minds two posts a day.
    """
    half = LEAVES // 2
    leaves = np.arange(1, half + 1, dtype=np.int32)
    follows = (leaves, np.zeros(half, np.int32))
    world = world_of(follows, LEAVES + 1, attention=SEES, interest=CARES)
    pitch = Pitch(
        pitch=MESSAGE,
        by=US,
        to=Choice(choose=LEAVES),
        at=PITCHES,
        opens=READS,
        answers=0.0,
        covers=0.0,
    )
    rates = RATES.model_copy(update={"too_often": 0.0}) if plan.fault else RATES
    count = plan.count(200, 20)
    runs = campaigns(world, [Post(post=MESSAGE, by=US, at=POSTS), pitch], count, rates, 0.0)
    after = np.zeros((2, len(POSTS)), np.int64)
    after[1] = half * count
    for run in runs:
        group = (run.moves["account"] <= half).astype(np.int64)
        from_then = np.searchsorted(POSTS, run.moves["time"])
        changes = np.zeros((2, len(POSTS) + 1), np.int64)
        np.add.at(changes, (group, from_then), np.where(run.moves["joined"], 1, -1))
        after += np.cumsum(changes[:, :-1], axis=1)
    laws = [followed(0.0), followed(1.0)]
    tries = half * count
    checks = [
        by_proportion(f"{name}, after post {at + 1}", int(after[group, at]), tries, laws[group][at])
        for group, name in enumerate(("strangers at first", "followers at first"))
        for at in (3, 14, len(POSTS) - 1)
        if laws[group][at] > 0
    ]

    def draw(ax: Axes) -> None:
        days = np.array(POSTS) / 24.0
        for group, name in ((1, "followers at first"), (0, "strangers at first")):
            (line,) = ax.plot(days, laws[group], label=name)
            ax.plot(days, after[group] / tries, "o", color=line.get_color(), markersize=4)
        ax.set(xlabel="days, two posts a day, four pitches", ylabel="part who follow", ylim=(0, 1))
        ax.legend(title="line: Markov chain; marks: simulated")

    return Result(tuple(checks), draw)


OUTREACH = (
    Case(
        "outreach",
        "By count a blast beats one good pitch, unless it wears the attention it lives on; the day "
        "on which the pitch has caught up is where the geometric series says.",
        "binomial laws with the rates of Propel's barometer; a geometric series",
        "irrelevant pitches wear nothing",
        outreach,
        rows=("6.5",),
    ),
    Case(
        "paid impressions",
        "Paid impressions are noticed independently of each other and of follows, and go to "
        "accounts drawn with replacement.",
        "binomial law; occupancy law",
        "impressions are noticed 15% more often",
        paid,
    ),
    Case(
        "moving audience",
        "Followers come by what they notice, and go by what does not concern them and by too much.",
        "a Markov chain of two states",
        "nobody minds two posts a day",
        moving,
    ),
)
