"""What a campaign's actions come to, compared with what probability theory says they must.

Nothing here is compared with the program's own arithmetic: each expectation is a closed form or a
finite Markov chain, derived from docs/campaigns.md. A test ends in an exact p-value or in one by
the usual limit law on large counts, and `judge` refuses the most extreme ones on either side at
`LEVEL`, so that over all seeds that could stand in this file at most one right program in a
thousand is refused (Bonferroni). Beside each comparison a planted fault must be refused.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import campaigns
import numpy as np
import numpy.typing as npt
import pytest
from numba.core import config
from scipy import integrate, optimize, stats
from worlds import make_world

from propagation.audience.attention import Limits
from propagation.audience.world import World
from propagation.luck import run_seed
from propagation.scenario.spec import (
    Action,
    Blast,
    Boost,
    ByChance,
    Choice,
    Follow,
    FollowBack,
    Following,
    FractionThreshold,
    LognormalResonance,
    Message,
    NamedAccounts,
    NoticesThreshold,
    OurAccount,
    ParetoResonance,
    Pitch,
    Post,
    Repost,
    Threshold,
    WhenRelevant,
)
from propagation.spread.campaign_record import Campaign
from propagation.spread.simulate import CompiledEngine
from propagation.strategy.agenda import agenda_of
from verification.oracles import occupied

pytestmark = pytest.mark.skipif(config.DISABLE_JIT, reason="minutes without machine code")

FAMILY = 0.001
CHECKS = 60
"""At most so many p-values are judged in this file."""
LEVEL = FAMILY / CHECKS
judged: list[float] = []


@pytest.fixture(autouse=True, scope="module")
def _bounded_family() -> Iterator[None]:
    judged.clear()
    yield
    assert len(judged) <= CHECKS


def fair(p: float) -> bool:
    return p >= LEVEL


def judge(p: float) -> None:
    judged.append(p)
    assert fair(p), f"p = {p:.3g} is below {LEVEL:.2g}"


def hits(found: int, tries: int, chance: float) -> float:
    """Return the p-value of a number of hits, exact and two-sided."""
    return float(stats.binomtest(int(found), int(tries), chance).pvalue)


def cells(counts: npt.ArrayLike, chances: npt.ArrayLike) -> float:
    """Return the p-value of counts in cells of known probability, rare ones pooled."""
    seen, law = np.asarray(counts, float).ravel(), np.asarray(chances, float).ravel()
    assert math.isclose(law.sum(), 1.0, rel_tol=1e-6)
    expected = seen.sum() * law
    rare = expected < 10
    if rare.any():
        expected = np.append(expected[~rare], expected[rare].sum())
        seen = np.append(seen[~rare], seen[rare].sum())
    if expected[-1] == 0:
        if seen[-1]:
            return 0.0
        expected, seen = expected[:-1], seen[:-1]
    if len(expected) == 1:
        return 1.0
    return float(stats.chi2.sf(((seen - expected) ** 2 / expected).sum(), len(expected) - 1))


def normal(found: float, mean: float, variance: float) -> float:
    """Return the p-value of a sum of very many independent terms."""
    return float(2 * stats.norm.sf(abs(found - mean) / math.sqrt(variance)))


# ------------------------------------------------------------------------------- what is run

CALL = Message(topic="art", resonance=1.0, response="single", delay="none")
BRAND = {"brand": OurAccount(account="0")}
NEVER_SHARED = Message(
    topic="art", resonance=1.0, response=Threshold(threshold=NoticesThreshold(notices=1000))
)


def runs(
    world: World,
    strategy: Sequence[Action],
    count: int,
    message: Message = CALL,
    horizon: float = math.inf,
    following: Following | None = None,
    relevant: float = 0.5,
) -> list[Campaign]:
    """Return runs of one strategy, each with luck of its own."""
    engine = CompiledEngine(
        world, {"call": message, "echo": message}, horizon, following=following, relevant=relevant
    )
    agenda = agenda_of(strategy)
    return [engine.campaign(agenda, run_seed(12, number)) for number in range(count)]


def loners(count: int, **traits: Any) -> World:
    """Return a world in which nobody follows anybody: our account 0 and so many others."""
    return make_world([], count + 1, ours=BRAND, **traits)


def star(leaves: int, **traits: Any) -> World:
    """Return a world in which all others follow our account 0 and nobody else."""
    follows = [(leaf, 0) for leaf in range(1, leaves + 1)]
    return make_world(follows, leaves + 1, ours=BRAND, **traits)


def post(at: float | tuple[float, ...] = 0.0, **keys: Any) -> Post:
    return Post(**({"post": "call", "by": "brand", "at": at} | keys))


# ----------------------------------------------------------------------- pitches and blasts

OPENS, ANSWERS = 0.4914, 0.0299
"""Of all pitches (evidence 4.9)."""
BYLINED, OVERALL, OPENED = 0.265, 0.0335, 0.4028
"""Answers to bylined pieces and to all, and opens in the same quarter (evidence 4.11, 4.9)."""


def test_a_blast_gets_149_answers_where_one_excellent_pitch_gets_a_quarter() -> None:
    rates = {"by": "brand", "at": 0.0, "covers": 0.4}
    blast = Blast(
        blast="call", to=Choice(choose=5000), opens=OPENS, answers=ANSWERS / OPENS, **rates
    )
    sent = [one.pitches for one in runs(loners(5000), [blast], 40)]
    assert [len(one) for one in sent] == [5000] * 40
    answered = sum(np.count_nonzero(one["answered"]) for one in sent)
    assert math.isclose(5000 * ANSWERS, 149.5)
    judge(hits(answered, 40 * 5000, ANSWERS))
    judge(hits(sum(np.count_nonzero(one["opened"]) for one in sent), 40 * 5000, OPENS))
    judge(hits(sum(np.count_nonzero(one["covered"]) for one in sent), answered, 0.4))
    assert not fair(hits(answered, 40 * 5000, ANSWERS * OPENS))  # opens counted twice

    pitch = Pitch(
        pitch="call",
        to=NamedAccounts(named=("1",)),
        opens=OPENED,
        answers=OVERALL / OPENED,
        personal=BYLINED / OVERALL,
        **rates,
    )
    sent = [one.pitches for one in runs(loners(1), [pitch], 4000)]
    replies = sum(int(one["answered"][0]) for one in sent)
    judge(hits(replies, 4000, BYLINED))
    assert not fair(hits(replies, 4000, OVERALL))  # personal forgotten
    assert not fair(hits(replies, 4000, BYLINED / OPENED))  # or the open


def test_answers_depend_on_relevance_and_are_certain_at_most() -> None:
    interest = np.resize([1.0, 0.0, 0.05, 0.2, 0.6], 5001)
    pitch = Pitch(
        pitch="call",
        by="brand",
        at=0.0,
        to=Choice(choose=5000),
        opens=0.5,
        answers=0.4,
        personal=8.0,
        covers=1.0,
    )
    (run,) = runs(loners(5000, interest=interest), [pitch], 1)
    account, answered = run.pitches["account"], run.pitches["answered"]
    for group, chance in zip((1.0, 0.05, 0.2), (1.0, 0.16, 0.64), strict=True):
        of_it = interest[account] == group
        found = np.count_nonzero(answered[of_it])
        judge(hits(found, np.count_nonzero(of_it), 0.5 * chance))
        assert not fair(hits(found, np.count_nonzero(of_it), 0.5 * 0.4 * group))
    assert not answered[interest[account] == 0.0].any()
    opened = run.pitches["opened"]
    assert answered[(interest[account] == 0.6) & opened].all()  # 0.4 x 8 x 0.6 is more than 1
    assert not (answered & ~opened).any()
    assert np.array_equal(run.pitches["covered"], answered)


def test_coverage_comes_after_its_delay_and_reaches_the_journalists_followers() -> None:
    # journalist 1 has 300 followers; covered with 0.5 x 0.6 x 0.7, before the horizon with 1 - 1/e
    follows = [(reader, 1) for reader in range(2, 302)]
    world = make_world(follows, 302, ours=BRAND, attention=0.3)
    pitch = Pitch(
        pitch="call",
        by="brand",
        at=1.0,
        to=NamedAccounts(named=("1",)),
        opens=0.5,
        answers=0.6,
        covers=0.7,
        after={"law": "exponential", "mean": 24.0},
    )
    made = runs(world, [pitch], 2000, NEVER_SHARED, horizon=25.0)
    covered = [one for one in made if one.pitches["covered"][0]]
    shared = [one.cascades[0] for one in covered if len(one.cascades[0].share_order)]
    judge(hits(len(covered), 2000, 0.21))
    judge(hits(len(shared), len(covered), 1 - math.exp(-1)))
    assert not fair(hits(len(shared), 2000, 0.21))  # a delay that does not delay
    readers = [np.count_nonzero(one.account > 1) for one in shared]
    judge(hits(sum(readers), 300 * len(shared), 0.3))
    assert all(one.generation[one.account == 1] == 1 for one in shared)
    assert all(one.parent[one.account == 1] == -1 for one in shared)


def worn_series(days: int, wears: float) -> npt.NDArray[np.float64]:
    """Return the willingness at each pitch to somebody to whom none of them is relevant."""
    return (1.0 - wears) ** np.arange(days)


def test_irrelevant_pitches_wear_the_willingness_to_open_the_next() -> None:
    days = 40
    interest = np.where(np.arange(201) <= 50, 0.8, 0.2)  # a quarter of the list is relevant
    blast = Blast(
        blast="call",
        by="brand",
        to=Choice(choose=200),
        at=tuple(24.0 * day for day in range(days)),
        opens=0.5,
        answers=0.0,
        covers=0.0,
        wears=0.1,
    )
    made = runs(loners(200, interest=interest), [blast], 20)
    opened = np.zeros((2, days))
    for run in made:
        which = (interest[run.pitches["account"]] < 0.5).astype(int)
        day = np.rint(run.pitches["time"] / 24.0).astype(int)
        np.add.at(opened, (which, day), run.pitches["opened"])
    judge(hits(opened[0].sum(), 20 * 50 * days, 0.5))
    tries = 20 * 150
    chances = 0.5 * worn_series(days, 0.1)
    total = 150 * 0.5 * (1 - 0.9**days) / 0.1  # the geometric series
    judge(normal(opened[1].sum() / 20, total, tries * (chances * (1 - chances)).sum() / 400))
    scores = (opened[1] - tries * chances) / np.sqrt(tries * chances * (1 - chances))
    judge(float(stats.chi2.sf((scores**2).sum(), days)))
    # only what is opened wears, or the first pitch is worn already: both are noticed
    for fault in (0.5 * worn_series(days, 0.05), 0.9 * chances):
        wrong = (opened[1] - tries * fault) / np.sqrt(tries * fault * (1 - fault))
        assert not fair(float(stats.chi2.sf((wrong**2).sum(), days)))


def test_where_a_worn_blast_and_a_lasting_pitch_break_even() -> None:
    # a blast to 100 who do not care gets 2.99 answers the first day and 2.99 / 0.1 in all;
    # one pitch a day to somebody who cares gets 0.265 every day. Equal after T days where
    # 29.9 (1 - 0.9^T) = 0.265 T
    wears, contacts, days, count = 0.1, 100, 240, 20
    even = optimize.brentq(
        lambda t: contacts * ANSWERS * (1 - (1 - wears) ** t) / wears - BYLINED * t, 1, 1000
    )
    assert 112 < even < 114
    interest = np.full(contacts + 2, 0.2)
    interest[1] = 1.0
    daily = tuple(24.0 * day for day in range(days))
    rates = {"by": "brand", "at": daily, "covers": 0.0, "wears": wears}
    blast = Blast(
        blast="call",
        to=NamedAccounts(named=tuple(str(one) for one in range(2, contacts + 2))),
        opens=OPENS,
        answers=ANSWERS / OPENS / 0.2,
        **rates,
    )
    pitch = Pitch(
        pitch="call",
        to=NamedAccounts(named=("1",)),
        opens=OPENED,
        answers=OVERALL / OPENED,
        personal=BYLINED / OVERALL,
        **rates,
    )
    world = loners(contacts + 1, interest=interest)
    answers = np.zeros((2, days))
    for which, action in enumerate((blast, pitch)):
        for run in runs(world, [action], count):
            day = np.rint(run.pitches["time"] / 24.0).astype(int)
            np.add.at(answers[which], day, run.pitches["answered"])
    lead = np.cumsum(answers[0] - answers[1]) / count
    chances = np.stack((ANSWERS * worn_series(days, wears), np.full(days, BYLINED)))
    variance = np.cumsum(np.array([[contacts], [1]]) * chances * (1 - chances), axis=1).sum(axis=0)
    at = round(even) - 1
    expected = contacts * chances[0, : at + 1].sum() - chances[1, : at + 1].sum()
    assert abs(expected) < BYLINED  # the series' sum, to the day
    judge(normal(lead[at], expected, variance[at] / count))
    assert lead[0] > 0 > lead[-1]
    assert lead[at // 2] > 0 > lead[2 * at]
    unworn = contacts * ANSWERS * (at + 1) - BYLINED * (at + 1)
    assert not fair(normal(lead[at], unworn, variance[at] / count))


# ------------------------------------------------------------------------- a moving audience

MOVING = Following(
    **{"follows": 0.5, "irrelevant": 0.3, "too often": 0.15, "beyond": 1, "within": 2.0}
)
POSTS = (0.0, 1.0, 2.0, 3.0, 6.0, 8.0, 8.5)
OPENINGS = (0.5, 2.5, 7.0, 9.0)


def chain(
    relevance: float, attention: float, opens: float, begins: bool, closed: bool = False
) -> npt.NDArray[np.float64]:
    """Return the chances to follow the hub, or not, after all posts and pitches of a star.

    ``closed``, the planted fault: a post exactly ``within`` ago counts as well.
    """
    state = np.array([1.0 - begins, float(begins)])
    events = sorted([(t, "post") for t in POSTS] + [(t, "pitch") for t in OPENINGS])
    for time, kind in events:
        if kind == "post":
            recent = sum(time - 2.0 < t <= time or (closed and t == time - 2.0) for t in POSTS)
            stays = (1 - 0.3 * (1 - relevance)) * (1 - min(1.0, 0.15 * max(0, recent - 1)))
            left = state[1] * attention * (1 - stays)
            state += (left, -left)
        else:
            joined = state[0] * opens * 0.5 * relevance
            state += (-joined, joined)
    return state


def test_followers_of_a_star_come_and_go_as_a_markov_chain() -> None:
    # leaves notice posts only if they follow; pitches, which everybody may open, bring some (back)
    relevance, attention, opens, leaves = 0.6, 0.7, 0.5, 400
    follows = [(leaf, 0) for leaf in range(1, leaves // 2 + 1)]
    world = make_world(follows, leaves + 1, ours=BRAND, attention=attention, interest=relevance)
    pitch = Pitch(
        pitch="echo",
        by="brand",
        to=Choice(choose=leaves),
        at=OPENINGS,
        opens=opens,
        answers=0.0,
        covers=0.0,
    )
    made = runs(world, [post(POSTS), pitch], 20, NEVER_SHARED, following=MOVING, relevant=0.0)
    ends = np.zeros((2, 2))
    gains = losses = 0
    for run in made:
        follower = np.arange(1, leaves + 1) <= leaves // 2
        begins = follower.copy()
        for _, _, account, joined in run.moves.tolist():
            assert follower[account - 1] != joined
            follower[account - 1] = joined
            gains, losses = gains + joined, losses + (not joined)
        np.add.at(ends, (begins.astype(int), follower.astype(int)), 1)
    for begins in (False, True):
        judge(cells(ends[int(begins)], chain(relevance, attention, opens, begins)))
    assert not fair(cells(ends[1], chain(relevance, attention, opens, True, closed=True)))
    assert not fair(cells(ends[1], chain(relevance, 1.0, opens, True)))
    assert gains > losses / 4 > 0
    for run in made[:3]:  # posts too close together cost followers only at the times of posts
        left = ~run.moves["joined"]
        assert np.isin(run.moves["time"][left], POSTS).all()
        assert np.isin(run.moves["time"][~left], OPENINGS).all()


def test_a_guest_post_brings_followers_to_the_account_it_is_credited_to() -> None:
    relevance, attention, times = 0.4, 0.6, tuple(float(t) for t in range(6))
    ours = BRAND | {"ceo": OurAccount(account="1")}
    follows = [(leaf, 0) for leaf in range(2, 602)]
    world = make_world(follows, 602, ours=ours, attention=attention, interest=relevance)
    guest = post(times, credit="ceo")
    following = Following(follows=0.5)
    made = runs(world, [guest], 10, NEVER_SHARED, following=following)
    gained = np.zeros(len(times) + 1)
    for run in made:
        assert set(run.moves["ours"].tolist()) <= {1}
        assert run.moves["joined"].all()
        gained[:-1] += [np.count_nonzero(run.moves["time"] == t) for t in times]
    gained[-1] = 6000 - gained.sum()
    chance = attention * 0.5 * relevance
    law = chance * (1 - chance) ** np.arange(len(times))
    judge(cells(gained, [*law, 1 - law.sum()]))
    assert not fair(cells(gained, [*law * attention, 1 - (law * attention).sum()]))
    # and nobody follows the brand more for it, which all of them follow
    plain = runs(world, [post(times)], 1, NEVER_SHARED, following=following)
    assert not len(plain[0].moves)


def test_who_has_noticed_us_follows_back_more_readily() -> None:
    interest = 0.8
    follows = [(leaf, 0) for leaf in range(1, 1001)]
    world = make_world(follows, 2001, ours=BRAND, attention=0.5, interest=interest)
    back = Follow(
        follow=Choice(choose=2000),
        by="brand",
        topic="art",
        per_day=24 * 2000,
        back=FollowBack(noticed=0.6, otherwise=0.1),
        at=(10.0, 20.0),  # the second time does nothing more
    )
    leaving = Following(irrelevant=1.0)  # who notices leaves with 1 - interest
    pitch = Pitch(
        pitch="echo",
        by="brand",
        to=Choice(choose=2000),
        at=1.0,
        opens=0.3,
        answers=0.0,
        covers=0.0,
    )
    made = runs(world, [post(), pitch, back], 10, NEVER_SHARED, following=leaving)
    left = [one.moves["account"][~one.moves["joined"]] for one in made]
    came = [one.moves["account"][one.moves["joined"]] for one in made]
    judge(hits(sum(map(len, left)), 10_000, 0.5 * (1 - interest)))
    # all who left had noticed; others were never followers and have noticed if they opened
    returned = sum(len(set(a.tolist()) & set(b.tolist())) for a, b in zip(left, came, strict=True))
    judge(hits(returned, sum(map(len, left)), 0.6 * interest))
    new = sum(int((one > 1000).sum()) for one in came)
    chance = (0.3 * 0.6 + 0.7 * 0.1) * interest
    judge(hits(new, 10_000, chance))
    assert not fair(hits(new, 10_000, 0.1 * interest))  # nobody counts as having noticed
    assert not fair(hits(new, 10_000, 0.6 * interest))  # everybody does
    assert not fair(hits(new, 10_000, 1 - (1 - chance) ** 2))  # a second chance the second time
    assert all(
        len(one.moves["account"]) == len(a) + len(b)
        for one, a, b in zip(made, left, came, strict=True)
    )
    first = np.concatenate([one.moves["time"][one.moves["joined"]] for one in made])
    assert 10.0 <= first.min() < first.max() < 11.0


# -------------------------------------------------------------------------------- boosts


def test_paid_impressions_are_binomial_and_drawn_with_replacement() -> None:
    impressions, attention, pool, count = 40, 0.3, 25, 2000
    boost = Boost(
        boost="call", by="brand", to="east", impressions=impressions, per_hour=20.0, at=0.0
    )
    made = runs(loners(pool, attention=attention), [boost], count, NEVER_SHARED)
    noticed = np.array([one.cascades[0].notices.sum() for one in made])
    accounts = np.array([np.count_nonzero(one.cascades[0].notices) for one in made])
    found = np.bincount(noticed, minlength=impressions + 1)
    law = stats.binom(impressions, attention).pmf(np.arange(impressions + 1))
    judge(cells(found, law))
    poisson = stats.poisson(impressions * attention).pmf(np.arange(impressions + 1))
    assert not fair(cells(found, poisson / poisson.sum()))
    distinct = np.bincount(accounts, minlength=pool + 1)
    judge(cells(distinct, occupied(impressions, pool, attention)))
    apart = np.append(law[:pool], law[pool:].sum())  # drawn without replacement
    assert not fair(cells(distinct, apart))
    each = np.zeros(pool)
    for one in made:
        np.add.at(each, one.cascades[0].account - 1, one.cascades[0].notices)
    judge(cells(each, np.full(pool, 1 / pool)))
    # impression j at j / rate: those up to the horizon are shown, that at the horizon included
    shown = runs(loners(pool), [boost], 50, NEVER_SHARED, horizon=1.0)
    assert {int(one.cascades[0].notices.sum()) for one in shown} == {21}


@pytest.mark.parametrize(
    ("response", "paid", "feed", "shares"),
    [
        (Threshold(threshold=NoticesThreshold(notices=3)), 2, 1, True),
        (Threshold(threshold=NoticesThreshold(notices=3)), 1, 1, False),
        (Threshold(threshold=NoticesThreshold(notices=3)), 3, 0, True),
        (Threshold(threshold=FractionThreshold(fraction=1.0)), 5, 1, False),
        (Threshold(threshold=FractionThreshold(fraction=1.0)), 0, 2, True),
        (Threshold(threshold=FractionThreshold(fraction=0.5)), 5, 0, False),
        (Threshold(threshold=FractionThreshold(fraction=0.5)), 5, 1, True),
        (Threshold(threshold=FractionThreshold(fraction="own")), 5, 0, False),
        (Threshold(threshold=FractionThreshold(fraction="own")), 0, 1, True),
        ({"reinforced": (0.0, 0.0, 1.0)}, 2, 1, True),
        ({"reinforced": (0.0, 0.0, 1.0)}, 1, 1, False),
        ("single", 1, 0, True),
    ],
    ids=str,
)
@pytest.mark.parametrize("per_hour", [1e6, 1.0], ids=["at once", "over hours"])
def test_paid_impressions_count_in_k_but_not_in_the_fraction(
    response: Any, paid: int, feed: int, shares: bool, per_hour: float
) -> None:
    # account 1 follows our accounts 0 and 2, is all there is besides them, and has a threshold of 0
    # of its own, which takes one notice in the feed all the same
    ours = {"a": OurAccount(account="0"), "b": OurAccount(account="2")}
    world = make_world([(1, 0), (1, 2)], 3, ours=ours, thresholds=0.0)
    message = Message(topic="art", resonance=1.0, response=response, delay="none")
    strategy: list[Action] = [Post(post="call", by=name, at=0.0) for name in ("a", "b")[:feed]]
    if paid:
        boost = Boost(boost="call", by="a", to="east", impressions=paid, per_hour=per_hour, at=0.0)
        strategy.append(boost)
    (run,) = runs(world, strategy, 1, message)
    (cascade,) = run.cascades
    row = cascade.account.tolist().index(1)
    assert cascade.notices[row] == paid + feed
    assert (cascade.generation[row] >= 0) == shares


# --------------------------------------------------------------------- reposts and mixes


ONE_CALL = """\
name: one call
seed: 3
replicates: 6
horizon: 2 days
draws: 2
segments: {fans: {accounts: 200, attention: 0.5, interest: {news: 0.6}, follows: {mean: 6}}}
ours: {ceo: {followers: {fans: 20}}, brand: {followers: {fans: 60}}}
messages: {call: {topic: news, resonance: 0.5}}
strategies: {both: [{post: call, by: ceo, at: [0 h, 5 h]}MORE]}
compare: {on: reach, baseline: both}
"""


def test_a_repost_that_never_happens_is_no_repost(tmp_path: Any) -> None:
    written = [
        campaigns.write_campaign(tmp_path / name, ONE_CALL.replace("MORE", more))
        for name, more in (
            ("without", ""),
            ("never", ", {repost: ceo, by: brand, when: never}"),
            ("always", ", {repost: ceo, by: brand, when: always}"),
        )
    ]
    without, never, always = written
    for file in written:
        campaigns.run(file, file.parent / "out")
    for name in ("runs.parquet", "cascades.parquet"):
        one, other = ((file.parent / "out" / name).read_bytes() for file in (without, never))
        assert one == other
        assert one != (always.parent / "out" / name).read_bytes()


def test_reposts_by_chance_are_binomial() -> None:
    ours = BRAND | {"ceo": OurAccount(account="1")}
    world = make_world([(2, 0), (2, 1)], 3, ours=ours)
    repost = Repost(repost="ceo", by="brand", when=ByChance(chance=0.3), after=2.0)
    times = tuple(float(10 * t) for t in range(12))
    made = runs(world, [post(times, by="ceo"), repost], 1000, NEVER_SHARED)
    found = [int(one.reposts[0]) for one in made]
    counts = np.bincount(found, minlength=13)
    judge(cells(counts, stats.binom(12, 0.3).pmf(np.arange(13))))
    assert not fair(cells(counts, stats.binom(12, 0.35).pmf(np.arange(13))))
    for one, number in zip(made[:100], found, strict=False):
        reposted = [
            c.share_time[c.account == 0] - t for c, t in zip(one.cascades, times, strict=True)
        ]
        reposted = np.concatenate(reposted)
        assert np.count_nonzero(reposted == 2.0) == number == len(reposted[~np.isnan(reposted)])


def test_reposts_when_relevant_ask_those_who_follow_just_then() -> None:
    # the brand's followers care 0 and 1: on average 0.5 until its post drives the one away
    ours = BRAND | {"ceo": OurAccount(account="1")}
    interest = [0.0, 0.0, 0.0, 1.0]
    world = make_world([(2, 0), (3, 0)], 4, ours=ours, interest=interest)
    strategy = [post((0.0, 9.0), by="ceo"), post(5.0, post="echo")]
    leaving = Following(irrelevant=1.0)
    for cut, after, reposted in (
        (0.5, 0.0, [0.0, 9.0]),
        (0.5000001, 0.0, [9.0]),
        (0.5000001, 4.999, [13.999]),
        (0.5000001, 5.0, [5.0, 14.0]),  # the post, of generation 0, comes first
        (0.5000001, 5.001, [5.001, 14.001]),
    ):
        repost = Repost(repost="ceo", by="brand", when=WhenRelevant(relevant=cut), after=after)
        (run,) = runs(world, [*strategy, repost], 1, NEVER_SHARED, following=leaving)
        calls = run.cascades[0], run.cascades[2]
        times = np.concatenate([one.share_time[one.account == 0] for one in calls])
        assert times[~np.isnan(times)].tolist() == pytest.approx(reposted)
        assert run.reposts.tolist() == [len(reposted)]
    # with no followers at all there is nobody to whom it could be relevant
    lonely = make_world([], 4, ours=ours, interest=1.0)
    (run,) = runs(
        lonely, [strategy[0], Repost(repost="ceo", by="brand", when=WhenRelevant(relevant=0.0))], 1
    )
    assert run.reposts.tolist() == [0]


def test_accounts_that_repost_each_other_end_there() -> None:
    ours = BRAND | {"ceo": OurAccount(account="1")}
    world = make_world([(2, 0), (2, 1)], 3, ours=ours)
    both = [Repost(repost=a, by=b, after=1.0) for a, b in (("ceo", "brand"), ("brand", "ceo"))]
    (run,) = runs(world, [post((0.0, 10.0), by="ceo"), post(20.0), *both], 1, NEVER_SHARED)
    assert run.reposts.tolist() == [2, 1]
    assert [one.notices.sum() for one in run.cascades] == [2, 2, 2]


def test_a_mix_is_multinomial_and_accounts_mix_independently() -> None:
    ours = BRAND | {"ceo": OurAccount(account="1")}
    world = make_world([(2, 0)], 3, ours=ours)
    mix = {"call": 3.0, "echo": 1.0}
    times = tuple(float(t) for t in range(50))
    made = runs(world, [post(times, post=mix, by=name) for name in ours], 60, NEVER_SHARED)
    table = np.zeros((2, 2))
    for run in made:
        calls = {by: np.zeros(50, int) for by in (0, 1)}
        posts = {by: np.zeros(50, int) for by in (0, 1)}
        agenda = agenda_of([post(times, post=mix)])
        for instance, cascade in zip(agenda, run.cascades, strict=True):
            for by in (0, 1):
                made_it = int(np.any((cascade.account == by) & (cascade.generation == 0)))
                posts[by][int(instance.nominal_time)] += made_it
                calls[by][int(instance.nominal_time)] += made_it * (instance.message == "call")
        assert (posts[0] == 1).all()
        assert (posts[1] == 1).all()
        np.add.at(table, (calls[0], calls[1]), 1)
    chances = np.array([0.25, 0.75])
    judge(cells(table, np.outer(chances, chances)))
    assert not fair(cells(table, np.diag(chances) * 0.98 + 0.005))  # one throw for both
    assert not fair(cells(table, np.full((2, 2), 0.25)))


# ------------------------------------------------------------------- content that varies

RESONANCES = [
    (
        LognormalResonance(median=0.1, sigma=1.5),
        stats.lognorm(1.5, scale=0.1),
        stats.lognorm(1.3, scale=0.1),
    ),
    (
        ParetoResonance(least=0.05, tail=1.2),
        stats.pareto(1.2, scale=0.05),
        stats.pareto(1.4, scale=0.05),
    ),
]


def mixed_binomial(tries: int, law: Any, interest: float) -> npt.NDArray[np.float64]:
    """Return the law of the number of sharers among so many who decide at one drawn resonance."""
    quantiles = (np.arange(5_000) + 0.5) / 5_000
    chances = np.minimum(1.0, law.ppf(quantiles) * interest)
    numbers = np.arange(tries + 1)
    return np.asarray(stats.binom.pmf(numbers[:, None], tries, chances).mean(axis=1))


@pytest.mark.parametrize(("resonance", "law", "wrong"), RESONANCES, ids=["lognormal", "pareto"])
def test_resonance_varies_from_post_to_post_by_its_law(
    resonance: Any, law: Any, wrong: Any
) -> None:
    leaves, interest, times = 60, 0.8, tuple(float(t) for t in range(100))
    message = Message(topic="art", resonance=resonance, response="single", delay="none")
    made = runs(star(leaves, interest=interest), [post(times)], 30, message)
    shares = [np.count_nonzero(one.generation > 0) for run in made for one in run.cascades]
    counts = np.bincount(shares, minlength=leaves + 1)
    judge(cells(counts, mixed_binomial(leaves, law, interest)))
    assert not fair(cells(counts, mixed_binomial(leaves, wrong, interest)))
    mean, _ = integrate.quad(lambda q: min(1.0, law.ppf(q) * interest), 0, 1, limit=400)
    one_resonance = stats.binom(leaves, mean).pmf(np.arange(leaves + 1))
    assert not fair(cells(counts, one_resonance))
    # successive posts have nothing to do with each other
    pairs = np.corrcoef(shares[:-1], shares[1:])[0, 1]
    judge(float(2 * stats.norm.sf(abs(pairs) * math.sqrt(len(shares) - 1))))


# --------------------------------------------------------------------- limited attention


def test_limited_attention_is_exact_on_a_star() -> None:
    # leaves of three kinds follow us and 0, 3 or 12 others who never post; the second post comes
    # a gap later, when the first weighs exp(-gap / 24)
    capacity, rate, leaves, gap = 4.0, 0.5, 300, 12.0
    follows, kinds = [], (0, 3, 12)
    for leaf in range(leaves):
        account = 13 + leaf
        follows.append((account, 0))
        follows += [(account, other) for other in range(1, 1 + kinds[leaf % 3])]
    accounts = 13 + leaves
    limits = Limits(np.full(accounts, capacity), np.full(accounts, rate))
    world = make_world(follows, accounts, ours=BRAND, attention=math.nan, limits=limits)
    strategy = [post(0.0), post(gap)]
    tables = np.zeros((3, 2, 2))
    for run in runs(world, strategy, 40, NEVER_SHARED):
        noticed = np.zeros((2, accounts), int)
        for number, cascade in enumerate(run.cascades):
            noticed[number, cascade.account] = cascade.notices
        for leaf in range(leaves):
            tables[leaf % 3, noticed[0, 13 + leaf], noticed[1, 13 + leaf]] += 1

    def compared(gap: float, ours: int = 1) -> list[float]:
        laws = [two_posts(capacity, rate * (others + ours), gap) for others in kinds]
        return [cells(table, law) for table, law in zip(tables, laws, strict=True)]

    for p in compared(gap):
        judge(p)
    assert not all(map(fair, compared(0.0)))  # a load that does not fade
    assert not all(map(fair, compared(1e9)))  # or is none
    assert not all(map(fair, compared(gap, ours=0)))  # our account is no followee


def two_posts(capacity: float, background: float, gap: float) -> npt.NDArray[np.float64]:
    """Return the chances to notice neither, the second, the first or both of two posts."""
    first = capacity / (capacity + background)
    second = capacity / (capacity + background + math.exp(-gap / 24.0))
    return np.outer([1 - first, first], [1 - second, second])


def test_paid_impressions_meet_the_load_and_do_not_add_to_it() -> None:
    # a boost of another message, two posts at one time, of which the second meets the first, and
    # the boost again
    capacity, rate, count = 2.0, 1.0, 400
    limits = Limits(np.full(2, capacity), np.full(2, rate))
    world = make_world([(1, 0)], 2, ours=BRAND, attention=math.nan, limits=limits)
    boost = {"boost": "echo", "by": "brand", "to": "east", "per_hour": 1e6}
    strategy = [
        Boost(impressions=30, at=0.0, **boost),
        post(1.0),
        post(1.0, post="echo"),
        Boost(impressions=30, at=2.0, **boost),
    ]
    found = np.zeros(4, int)
    for run in runs(world, strategy, count, NEVER_SHARED):
        order = [run.cascades[number] for number in (0, 1, 2, 3)]
        found += [int(one.notices[one.account == 1].sum()) for one in order]
    load = 2 * math.exp(-1 / 24)
    chances = [capacity / (capacity + rate + extra) for extra in (0.0, 0.0, 1.0, load)]
    for seen, tries, chance in zip(found, (30, 1, 1, 30), chances, strict=True):
        judge(hits(seen, tries * count, chance))
    assert not fair(hits(found[3], 30 * count, chances[0]))
    assert not fair(hits(found[3], 30 * count, capacity / (capacity + rate + load + 15)))
