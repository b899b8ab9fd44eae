"""Small campaigns of every kind for property tests, and the naive twin's view of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import naive_campaigns
import naive_terms as terms
import numpy as np
from hypothesis import strategies as st
from worlds import DELAYS, PROBABILITIES, RESPONSES, SEGMENTS, TOPICS, as_outcome, make_world

from propagation.audience.attention import Limits
from propagation.audience.world import World
from propagation.luck import (
    CERTAIN,
    GOLDEN,
    Purpose,
    candidates,
    descend,
    mix,
    stem,
    text_id,
    threshold,
    throw,
    unit,
)
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
    Original,
    OurAccount,
    ParetoResonance,
    Pitch,
    Post,
    Reinforced,
    Repost,
    Seed,
    WhenRelevant,
    messages_of,
    times_of,
)
from propagation.spread.campaign_record import Campaign
from propagation.spread.cascade import Cascade
from propagation.spread.dynamics import Stems, delay, rules_of, stems
from propagation.strategy.agenda import agenda_of
from propagation.strategy.choosing import order_of, pool_of

OURS = ("found", "made", "quiet")
TIMES = (0.0, 0.5, 1.0, 1.5, 3.0, 25.0)
KINDS = ("post", "mix", "repost", "pitch", "blast", "seed", "boost", "follow")


@dataclass(frozen=True)
class CampaignCase:
    """One run to make.

    ``per_followee`` is by account, and None if nobody's attention is limited; ``originals`` are by
    topic.
    """

    world: World
    per_followee: tuple[float, ...] | None
    messages: dict[str, Message]
    strategy: tuple[Action, ...]
    following: Following | None
    relevant: float
    seed: int
    horizon: float
    originals: dict[str, Original] = field(default_factory=dict)

    def run(self, engine: Any, **more: Any) -> Campaign:
        """Return an engine's run."""
        made = engine(
            self.world,
            self.messages,
            self.horizon,
            following=self.following,
            relevant=self.relevant,
            originals=self.originals,
            **more,
        )
        campaign: Campaign = made.campaign(agenda_of(self.strategy), self.seed)
        return campaign


# The package's throws, as the twin asks for them.


def below(place: int, key: np.uint64, limit: int) -> bool:
    """Say whether the throw of a place is below a limit; places share words in blocks of 64."""
    thrown = 0
    for level in range(63):
        number = 64 * (place >> 6) + level + 1
        word = int(mix(np.uint64((int(key) + number * int(GOLDEN)) % 2**64)))
        thrown |= ((word >> (place & 63)) & 1) << (62 - level)
        if thrown >= limit:
            return False
        if thrown + (1 << (62 - level)) <= limit:
            return True
    return thrown < limit


class InstanceThrows:
    """The package's throws for one instance of a case, by its message and id."""

    def __init__(self, case: CampaignCase, message: str, id: np.uint64) -> None:
        self.case, self.keys = case, case.world.graph.account_keys
        self.message, self.id = case.messages[message], id

    def key(self, purpose: Purpose, *words: np.uint64) -> np.uint64:
        return stem(self.case.seed, purpose, self.id, *words)

    def happens(self, purpose: Purpose, accounts: Sequence[int], probability: float) -> bool:
        key = self.key(purpose, *(self.keys[account] for account in accounts))
        return bool(throw(key, 0) < threshold(probability))

    def resonance(self, place: int) -> float:
        return float(unit(np.uint64(throw(self.key(Purpose.RESONANCE), place))))

    def notices(
        self, followee: int, list_index: int, place: int, follower: int, probability: float
    ) -> bool:
        graph = self.case.world.graph
        one = graph.lists_of(followee)[list_index]
        envelope, limit = int(self.case.world.envelopes[one]), int(threshold(probability))
        key = self.key(Purpose.SKIP, graph.list_keys[one])
        if envelope <= 5:
            return below(place, key, limit)
        length, found, after, places = len(graph.members(one)), np.empty(64, np.int32), 0, set()
        while after < length:
            count, after = candidates(key, after, length, envelope, found, 0, len(found))
            places |= set(found[:count].tolist())
        thinned = throw(self.key(Purpose.THIN, graph.list_keys[one]), place)
        return place in places and int(thinned) < limit << envelope

    def notices_gained(self, followee: int, follower: int, probability: float) -> bool:
        return self.happens(Purpose.GAINED, (followee, follower), probability)

    def decides(self, account: int, k: int, probability: float) -> bool:
        key = self.key(Purpose.DECIDE, self.keys[account])
        return bool(throw(key, k - 1) < threshold(probability))

    def willing(self, account: int, probability: float) -> bool:
        return self.happens(Purpose.WILLING, (account,), probability)

    def delay(self, account: int) -> float:
        throws = Stems(*map(np.uint64, stems(np.uint64(self.case.seed), self.id)))
        return float(delay(self.rules(self.message.delay), throws, self.keys[account]))

    def coverage_delay(self, ours: int, account: int, law: Any) -> float:
        throws = Stems(*map(np.uint64, stems(np.uint64(self.case.seed), self.id)))
        other = throws._replace(delay=self.key(Purpose.COVER_DELAY, self.keys[ours]))
        return float(delay(self.rules(law), other, self.keys[account]))

    def rules(self, law: Any) -> Any:
        return rules_of(Message(topic=self.message.topic, resonance=1.0, delay=law))

    def reposts(self, by: int, probability: float) -> bool:
        return self.happens(Purpose.REPOST, (by,), probability)

    def opens(self, ours: int, account: int, probability: float) -> bool:
        return self.happens(Purpose.OPEN, (ours, account), probability)

    def answers(self, ours: int, account: int, probability: float) -> bool:
        return self.happens(Purpose.ANSWER, (ours, account), probability)

    def covers(self, ours: int, account: int, probability: float) -> bool:
        return self.happens(Purpose.COVER, (ours, account), probability)

    def follows(self, ours: int, account: int, probability: float) -> bool:
        return self.happens(Purpose.FOLLOW, (ours, account), probability)

    def leaves(self, ours: int, account: int, probability: float) -> bool:
        return self.happens(Purpose.LEAVE, (ours, account), probability)

    def impression_to(self, ours: int, segment: str, number: int, count: int) -> int:
        key = self.key(Purpose.IMPRESSION_TO, self.keys[ours], text_id("segment", segment))
        return among(key, number, count)

    def notices_paid(self, ours: int, segment: str, number: int, probability: float) -> bool:
        key = self.key(Purpose.IMPRESSION, self.keys[ours], text_id("segment", segment))
        return bool(throw(key, number) < threshold(probability))


class PackageLuck:
    """The package's throws for a case."""

    def __init__(self, case: CampaignCase) -> None:
        self.case, self.keys = case, case.world.graph.account_keys

    def of(self, instance: terms.Instance | terms.Original) -> InstanceThrows:
        if isinstance(instance, terms.Original):
            topic, author = instance
            id = np.uint64(descend(text_id("original", topic), self.keys[author]))
            return InstanceThrows(self.case, self.case.originals[topic].message, id)
        id = text_id("instance", instance.message, instance.time.hex())
        return InstanceThrows(self.case, instance.message, id)

    def writes(self, topic: str, account: int, probability: float) -> bool:
        """Say whether an account writes about a topic."""
        key = stem(self.case.seed, Purpose.ORIGINAL, text_id("topic", topic), self.keys[account])
        return bool(throw(key, 0) < threshold(probability))

    def posts(self, by: str, time: float, low: float, high: float) -> bool:
        thrown = int(throw(stem(self.case.seed, Purpose.MIX, text_id("mix", by, time.hex())), 0))
        return low * int(CERTAIN) <= thrown < high * int(CERTAIN)

    def swap(self, segment: str | None, step: int, count: int) -> int:
        return among(stem(self.case.seed, Purpose.CHOICE, segment_id(segment)), step, count)

    def names(self, segment: str | None, asked: int, count: int) -> int:
        where = segment_id(segment)
        key = stem(self.case.seed, Purpose.ACQUAINTANCE, where, self.keys[asked])
        return among(key, 0, count)

    def follows_back(self, ours: int, account: int, probability: float) -> bool:
        key = stem(self.case.seed, Purpose.FOLLOW_BACK, self.keys[ours], self.keys[account])
        return bool(throw(key, 0) < threshold(probability))

    def uniform(self, account: int) -> float:
        key = stem(self.case.seed, Purpose.THRESHOLD, self.keys[account])
        return float(unit(np.uint64(throw(key, 0))))


def among(key: np.uint64, place: int, count: int) -> int:
    """Return which of ``count`` things a throw chooses."""
    return ((int(throw(key, place)) >> 31) * count) >> 32


def segment_id(segment: str | None) -> np.uint64:
    """Return the address of a segment, or of all accounts."""
    return text_id("segment") if segment is None else text_id("segment", segment)


# The scenario's words in those of the twin.


def naive_message(case: CampaignCase, name: str) -> terms.Message:
    """Return a message as the naive twin wants it."""
    message = case.messages[name]
    resonance: Any = message.resonance
    if isinstance(resonance, LognormalResonance):
        resonance = terms.Lognormal(resonance.median, resonance.sigma)
    elif isinstance(resonance, ParetoResonance):
        resonance = terms.Pareto(resonance.least, resonance.tail)
    if isinstance(message.response, str):
        factors = {"independent": [1.0], "single": [1.0, 0.0]}[message.response]
        return terms.Message(message.topic, resonance, factors=factors)
    if isinstance(message.response, Reinforced):
        return terms.Message(message.topic, resonance, "factors", [*message.response.reinforced])
    limit = message.response.threshold
    kind = "fraction" if isinstance(limit, FractionThreshold) else "notices"
    needed: Any = getattr(limit, kind)
    if needed == "own":
        needed = dict(enumerate(case.world.traits.threshold.tolist()))
    elif needed == "uniform":
        luck = PackageLuck(case)
        needed = {account: luck.uniform(account) for account in range(case.world.graph.accounts)}
    return terms.Message(message.topic, resonance, kind, needed=needed)


def naive_actions(case: CampaignCase) -> list[terms.Action]:
    """Return what a strategy does, one for each time at which it does it."""
    return [
        one
        for place, action in enumerate(case.strategy)
        if not isinstance(action, Repost)
        for time in times_of(action)
        for one in naive_action(case.world, action, time, place)
    ]


def naive_action(world: World, action: Any, time: float, place: int) -> list[terms.Action]:
    """Return an action at a time; of a mix every part."""
    match action:
        case Post():
            parts = {action.post: 1.0} if isinstance(action.post, str) else action.post
            total, credit, low, posts = sum(parts.values()), action.credit or action.by, 0.0, []
            for name, weight in sorted(parts.items()):
                high = low + weight
                part = terms.Post(time, place, name, action.by, credit, low / total, high / total)
                posts.append(part)
                low = high
            return [*posts]
        case Pitch() | Blast():
            message = action.pitch if isinstance(action, Pitch) else action.blast
            rates = {name: getattr(action, name) for name in ("opens", "answers", "covers")}
            more = {name: getattr(action, name) for name in ("wears", "after")}
            if isinstance(action, Pitch):
                more["personal"] = action.personal
            to = naive_to(action.to)
            return [terms.Pitch(time, place, message, action.by, to, **rates, **more)]
        case Seed():
            return [terms.Seed(time, place, action.seed, naive_to(action.to))]
        case Boost():
            rest = (action.to, action.impressions, action.per_hour)
            return [terms.Boost(time, place, action.boost, action.by, *rest)]
        case Follow():
            back = action.back
            both = (back.noticed, back.otherwise) if isinstance(back, FollowBack) else (back, back)
            pace = action.per_day / 24
            to = naive_to(action.follow)
            return [terms.Follow(time, place, action.by, to, action.topic, pace, *both)]
    raise AssertionError(action)


def naive_to(to: Choice | NamedAccounts) -> terms.To:
    """Return whom an action is for; accounts are called by their numbers."""
    if isinstance(to, NamedAccounts):
        return [int(name) for name in to.named]
    return terms.Choice(to.choose, to.of, to.by)


def naive_repost(rule: Repost) -> terms.Repost:
    """Return a rule to repost."""
    if isinstance(rule.when, ByChance):
        return terms.Repost(rule.by, rule.repost, "chance", rule.when.chance, rule.after)
    if isinstance(rule.when, WhenRelevant):
        return terms.Repost(rule.by, rule.repost, "relevant", rule.when.relevant, rule.after)
    return terms.Repost(rule.by, rule.repost, rule.when, after=rule.after)


def naive_world(case: CampaignCase) -> terms.World:
    """Return the world as the naive twin wants it."""
    world, graph = case.world, case.world.graph
    accounts = range(graph.accounts)
    followers = {
        u: [[None if v < 0 else int(v) for v in graph.members(one)] for one in graph.lists_of(u)]
        for u in accounts
    }
    follows: dict[int, list[int]] = {v: [] for v in accounts}
    for u, lists in followers.items():
        for v in [v for one in lists for v in one if v is not None]:
            follows[v].append(u)
    attention: dict[int, Any] = dict(enumerate(world.traits.attention.tolist()))
    if case.per_followee is not None:
        for v, per_followee in enumerate(case.per_followee):
            if not math.isnan(world.capacity[v]):
                attention[v] = terms.Capacity(float(world.capacity[v]), per_followee)
    law = case.following
    everybody = pool_of(world, None)
    return terms.World(
        followers=followers,
        followees={v: len(follows[v]) for v in accounts},
        follows=follows,
        interest={
            topic: dict(enumerate(interest.tolist()))
            for topic, interest in world.traits.interest.items()
        },
        attention=attention,
        members={
            name: np.flatnonzero(world.segment_of == number).tolist()
            for number, name in enumerate(world.segments)
        },
        ours=world.ours,
        order={v: v for v in accounts},
        hashes={v: int(graph.account_keys[v]) for v in accounts},
        relevant=case.relevant,
        following=terms.Following(
            law.follows, law.irrelevant, law.too_often, law.beyond, law.within
        )
        if law
        else terms.Following(),
        rankings={
            rule: order_of(rule, everybody, world, TOPICS[0]).tolist()
            for rule in ("k-core", "pagerank")
        },
        originals={
            topic: terms.Originals(one.chance, one.message) for topic, one in case.originals.items()
        },
    )


def naive_results(
    case: CampaignCase, twin: type[naive_campaigns.Campaign] = naive_campaigns.Campaign
) -> terms.Results:
    """Return the naive twin's run of a case."""
    return twin(
        naive_world(case),
        {name: naive_message(case, name) for name in case.messages},
        naive_actions(case),
        [naive_repost(rule) for rule in case.strategy if isinstance(rule, Repost)],
        None if math.isinf(case.horizon) else case.horizon,
        PackageLuck(case),
    ).play()


def engine_results(case: CampaignCase, engine: Any) -> terms.Results:
    """Return an engine's run of a case as the naive twin would tell it."""
    agenda, campaign = agenda_of(case.strategy), case.run(engine)
    instances = [terms.Instance(one.nominal_time, one.message) for one in agenda]
    outcomes: dict[terms.Instance | terms.Original, terms.Outcome] = {
        instance: told_by(cascade)
        for instance, cascade in zip(instances, campaign.cascades, strict=True)
    }
    originals = engine_originals(campaign)
    made_by = dict(zip((rule.place for rule in agenda.reposts), campaign.reposts, strict=True))
    rules = [place for place, one in enumerate(case.strategy) if isinstance(one, Repost)]
    return terms.Results(
        outcomes | originals,
        [terms.Move(*one) for one in campaign.moves.tolist()],
        [
            terms.Sent(time, instances[number], *rest)
            for time, number, *rest, _ in campaign.pitches.tolist()
        ],
        [int(made_by.get(place, 0)) for place in rules],
        list(originals),
    )


def engine_originals(campaign: Campaign) -> dict[terms.Original, terms.Outcome]:
    """Return the originals of an engine's run as the naive twin would tell them, in their order."""
    written = campaign.originals
    topics = [written.topics[number] for number in written.topic.tolist()]
    return {
        terms.Original(topic, author): told_by(written.cascade(number))
        for number, (topic, author) in enumerate(zip(topics, written.author.tolist(), strict=True))
    }


def told_by(cascade: Cascade) -> terms.Outcome:
    """Return what an instance did as the naive twin would tell it."""
    own = vars(as_outcome(cascade))
    return terms.Outcome(**own, touched=dict.fromkeys(cascade.account.tolist()))


# Worlds and strategies.

LIVELY = st.sampled_from([1.0, 0.9, 0.7, 0.5])


@st.composite
def campaign_worlds(draw: st.DrawFn) -> tuple[World, tuple[float, ...] | None]:
    """Worlds of a dozen accounts (now and then a star of dozens), and posts for each followee."""
    accounts = draw(st.integers(4, 12))
    account = st.integers(0, accounts - 1)
    pairs = st.tuples(account, account).filter(lambda pair: pair[0] != pair[1])
    follows = draw(st.sets(pairs, min_size=accounts, max_size=50))
    if draw(st.integers(0, 9)) == 0:
        fans = draw(st.sampled_from([70, 150]))
        follows |= {(accounts + fan, 0) for fan in range(fans)}
        accounts += fans
    cycles = st.lists(LIVELY | PROBABILITIES, min_size=2, max_size=7)
    limits = draw(st.lists(st.sampled_from([0.2, 0.34, 0.5, 1.0, 2.0]), min_size=1, max_size=5))
    split = draw(st.integers(1, accounts - 1))
    attention, interest = (np.resize(draw(cycles), accounts) for _ in range(2))
    limited, per_followee = None, None
    if draw(st.booleans()):
        sizes = st.lists(st.sampled_from([4.0, 1.0, math.nan]), min_size=1)
        rates = st.lists(st.sampled_from([0.0, 0.5, 2.0]), min_size=1)
        capacity, shares = (np.resize(draw(one), accounts) for one in (sizes, rates))
        shares = np.where(np.isnan(capacity), 0.0, shares)
        attention = np.where(np.isnan(capacity), attention, math.nan)
        limited, per_followee = Limits(capacity, shares), tuple(shares.tolist())
    ours = {
        "found": OurAccount(account=draw(account)),
        "made": OurAccount(
            followers={
                "east": draw(st.integers(0, split)),
                "west": draw(st.integers(0, min(9, accounts - split))),
            }
        ),
        "quiet": OurAccount(followers={"west": draw(st.integers(0, 1))}),
    }
    world = make_world(
        sorted(follows),
        accounts,
        attention=attention,
        interest=interest,
        value=np.resize([1.0, 0.0, 2.5], accounts),
        thresholds=np.resize(limits, accounts),
        ours=ours,
        segment_of=[int(one >= split) for one in range(accounts)],
        seed=draw(st.integers(0, 2**63 - 1)),
        limits=limited,
    )
    return world, per_followee


LIKELY = st.sampled_from([1.0, 1.0, 0.8, 0.5, 0.2])
TIME_LISTS = st.sets(st.sampled_from(TIMES), min_size=1, max_size=4).map(lambda t: tuple(sorted(t)))
OUR_NAMES = st.sampled_from(OURS)
SOME_TOPIC = st.sampled_from(TOPICS)
CHANCES = st.sampled_from([0.5, 1.0, 3.0, 0.2, 0.0])
WRITTEN = [("call",), ("crumb",), ("call", "crumb"), ("crumb", "call"), ()]
"""Messages by whose rules originals spread, on topics of their own."""
RULES = ("random", "most followers", "k-core", "pagerank", "acquaintance", "most interested")


def usual(world: World, ours: str, topic: str) -> float:
    """Return the mean interest of those who follow our account at the start; 0 if nobody does."""
    followers = world.graph.followers_of(world.ours[ours])
    interest = np.floor(world.traits.interest[topic][followers] * 2**32) / 2**32
    return float(interest.mean()) if len(followers) else 0.0


@st.composite
def choices(draw: st.DrawFn, world: World) -> Choice | NamedAccounts:
    """Choose accounts by any rule or by name."""
    segment = draw(st.sampled_from([None, *SEGMENTS]))
    pool = pool_of(world, segment).tolist()
    if not pool or draw(st.integers(0, 3)) == 0:
        names = st.sampled_from(pool_of(world, None).tolist())
        named = draw(st.lists(names, min_size=1, max_size=4, unique=True))
        return NamedAccounts(named=tuple(map(str, named)))
    count = draw(st.integers(1, min(len(pool), 6)))
    return Choice(choose=count, of=segment, by=draw(st.sampled_from(RULES)))


@st.composite
def actions(draw: st.DrawFn, world: World, kind: str) -> Action:
    """Any action of a kind."""
    name, by, at = draw(st.sampled_from(["call", "crumb"])), draw(OUR_NAMES), draw(TIME_LISTS)
    match kind:
        case "post":
            return Post(post=name, by=by, at=at, credit=draw(st.none() | OUR_NAMES))
        case "mix":
            weights = st.sampled_from([1.0, 2.0, 3.5])
            mixed = {"crumb": draw(weights), "call": draw(weights)}
            return Post(post=mixed, by=by, at=at, credit=draw(st.none() | OUR_NAMES))
        case "repost":
            of = draw(OUR_NAMES.filter(lambda one: one != by))
            cut = draw(st.sampled_from([0.0, 0.5]) | st.just(usual(world, by, draw(SOME_TOPIC))))
            relevant = WhenRelevant(relevant=cut)
            rules = ["always", "never", ByChance(chance=draw(LIKELY)), relevant, relevant]
            when, after = draw(st.sampled_from(rules)), draw(st.sampled_from([0.0, 0.5, 1.0]))
            return Repost(repost=of, by=by, when=when, after=after)
        case "seed":
            return Seed(seed=name, to=draw(choices(world)), at=at)
        case "boost":
            segments = [one for one in SEGMENTS if len(pool_of(world, one))]
            return Boost(
                boost=name,
                by=by,
                to=draw(st.sampled_from(segments)),
                impressions=draw(st.integers(1, 8)),
                per_hour=draw(st.sampled_from([1.0, 2.0, 3.0, 1000.0])),
                at=at,
            )
        case "follow":
            both = st.builds(FollowBack, noticed=LIKELY, otherwise=st.sampled_from([0.0, 0.4]))
            back = draw(LIKELY | both)
            return Follow(
                follow=draw(choices(world)),
                by=by,
                topic=draw(SOME_TOPIC),
                per_day=draw(st.sampled_from([24.0, 48.0, 12.0, 24000.0])),
                back=back,
                at=at,
            )
    rest = {
        "by": by,
        "to": draw(choices(world)),
        "at": at,
        "opens": draw(LIKELY),
        "answers": draw(LIKELY),
        "covers": draw(LIKELY),
        "wears": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "after": DELAYS[draw(st.sampled_from(sorted(DELAYS)))],
    }
    if kind == "pitch":
        return Pitch(pitch=name, personal=draw(st.sampled_from([1.0, 3.0])), **rest)
    return Blast(blast=name, **rest)


def without_repeats(strategy: Sequence[Action]) -> tuple[Action, ...]:
    """Leave out what no scenario may have: an action that does again what one before it does."""
    done: set[Any] = set()
    kept = []
    for action in strategy:
        by = getattr(action, "by", None)
        match action:
            case Post():
                does = {("post", one, by) for one in messages_of(action)}
            case Repost():
                does = {("repost", action.repost, by, str(action.when))}
            case Follow():
                does = {("follow", str(action.follow), by)}
            case _:
                kind = "pitch" if isinstance(action, Blast) else type(action).__name__.lower()
                does = {(kind, *messages_of(action), str(action.to), by)}
        if not isinstance(action, Repost):
            does = {(time, *one) for time in times_of(action) for one in does}
        if not does & done:
            done |= does
            kept.append(action)
    return tuple(kept)


@st.composite
def campaign_cases(
    draw: st.DrawFn, kinds: Sequence[str] = KINDS, *, written: bool = False
) -> CampaignCase:
    """Everything the engines must agree on, with posts besides actions of the given kinds.

    If ``written``, people may write originals, on one topic or on both.
    """
    world, per_followee = draw(campaign_worlds())
    resonances = [1.0, 3.0, 0.5, 0.1]
    varying = [LognormalResonance(median=0.5, sigma=1.5), ParetoResonance(least=0.2, tail=1.2)]
    messages = {
        name: Message(
            topic=topic,
            resonance=draw(st.sampled_from([*resonances, *varying])),
            response=RESPONSES[draw(st.sampled_from(sorted(RESPONSES)))],
            delay=DELAYS[draw(st.sampled_from(sorted(DELAYS)))],
        )
        for name, topic in zip(("call", "crumb"), TOPICS, strict=True)
    }
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=6))
    chosen += ["post"] * draw(st.integers(1, 3))
    strategy = [draw(actions(world, kind)) for kind in chosen]
    rates = st.sampled_from([0.3, 0.0, 0.3, 0.7, 1.0])
    following = Following(
        **{
            "follows": draw(rates),
            "irrelevant": draw(rates),
            "too often": draw(rates),
            "beyond": draw(st.integers(0, 2)),
            "within": draw(st.sampled_from([0.5, 1.0, 24.0])),
        }
    )
    originals = {
        messages[name].topic: Original(chance=draw(CHANCES), message=name)
        for name in (draw(st.sampled_from(WRITTEN)) if written else ())
    }
    return CampaignCase(
        world=world,
        per_followee=per_followee,
        messages=messages,
        strategy=without_repeats(draw(st.permutations(strategy))),
        following=draw(st.sampled_from([None, following, following, following])),
        relevant=draw(st.sampled_from([0.0, 0.3, 0.6])),
        seed=draw(st.integers(0, 2**63 - 1)),
        horizon=draw(st.sampled_from([math.inf, 25.0, 3.0])),
        originals=originals,
    )
