"""A whole campaign written once more from its definition alone: slow, and meant to be obvious.

Like `naive`, which it builds on, it shares no code with the package. All message instances of a
strategy run in one clock, because an audience that moves, worn willingness and limited attention
tie them together. Times are in hours, accounts anything that can be a key.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import Any

import naive
from naive import Account
from naive_terms import (
    Action,
    Boost,
    Capacity,
    Choice,
    Follow,
    Instance,
    Lognormal,
    Luck,
    Message,
    Move,
    Original,
    Outcome,
    Pareto,
    Pitch,
    Post,
    Repost,
    Results,
    Seed,
    Sent,
    Throws,
    To,
    World,
)

Occurrence = Instance | Original

FADING = 24.0
"""Hours in which what a share has added to a feed's load falls to 1/e."""
FINEST = 2**32
"""Interest is rounded down to multiples of 1 / FINEST for the mean that a repost asks for."""


class Campaign:
    """One run of a strategy; `play` it once.

    The agenda is a heap of (when and in which order, number, what to do). Actions carry (time, 0,
    place in the strategy, time of the occasion, place among those chosen), shares (time, 1,
    generation, account number, instance, rule of a repost), so that all actions of a time come
    before its shares. The number keeps what is alike in the order in which it was put there.
    An original is a share of generation 0.
    """

    def __init__(
        self,
        world: World,
        messages: Mapping[str, Message],
        actions: Sequence[Action],
        reposts: Sequence[Repost],
        horizon: float | None,
        luck: Luck,
    ) -> None:
        self.world, self.messages, self.actions, self.rules = world, messages, actions, reposts
        self.horizon, self.luck = horizon, luck
        self.agenda: list[tuple[tuple[Any, ...], int, Callable[[float], None]]] = []
        self.queued = 0
        self.instances = sorted(
            {instance_of(one) for one in actions if not isinstance(one, Follow)}
        )
        self.throws: dict[Occurrence, Throws] = {}
        self.deciding: dict[Occurrence, naive.Message] = {}
        self.outcomes: dict[Occurrence, Outcome] = {}
        self.decided: dict[Occurrence, set[Account]] = {}
        self.will: dict[Occurrence, dict[Account, bool]] = {}
        self.credited: dict[Occurrence, set[str]] = {}
        for one in self.instances:
            self.begin(one)
        self.ours = set(world.ours.values())
        self.seen = {topic: self.seen_by(topic) for topic in world.interest}
        self.at_the_start = {a: {v for _, _, v in self.places(a)} for a in self.ours}
        self.present = {a: set(followers) for a, followers in self.at_the_start.items()}
        self.gained: dict[Account, list[Account]] = {a: [] for a in self.ours}
        self.followed: set[tuple[Account, Account]] = set()
        self.shared_at: dict[Account, list[float]] = {a: [] for a in self.ours}
        self.willingness: dict[tuple[Account, Account], float] = {}
        self.landed: dict[Account, list[float]] = {}
        self.moves: list[Move] = []
        self.pitches: list[Sent] = []
        self.reposted = [0 for _ in reposts]
        self.aware: dict[str, set[Account]] = {topic: set() for topic in world.interest}

    def play(self) -> Results:
        """Run everything to the horizon."""
        for action in self.actions:
            self.plan(action)
        while self.agenda:
            when, _, happens = heappop(self.agenda)
            if self.horizon is not None and when[0] > self.horizon:
                break
            happens(when[0])
        originals = sorted(filter(self.posted, self.outcomes), key=self.place)
        told = {one: self.outcomes[one] for one in [*self.instances, *originals]}
        return Results(told, self.moves, self.pitches, self.reposted, originals)

    def begin(self, one: Occurrence) -> None:
        """Make room for what an instance does."""
        self.throws[one] = self.luck.of(one)
        self.deciding[one] = self.decision(one)
        self.outcomes[one] = Outcome()
        self.decided[one], self.will[one], self.credited[one] = set(), {}, set()

    def posted(self, one: Occurrence) -> bool:
        """Tell whether this is an original that was posted before all was over."""
        return isinstance(one, Original) and one.author in self.outcomes[one].share_time

    def place(self, one: Occurrence) -> tuple[Any, ...]:
        """Return the place among instances: scheduled ones, then originals by topic and author."""
        if isinstance(one, Original):
            return (1, one.topic, self.world.order[one.author])
        return (0, one.time, one.message)

    def message(self, one: Occurrence) -> Message:
        """Return the message of an instance, that of its topic for an original."""
        if isinstance(one, Original):
            return self.messages[self.world.originals[one.topic].message]
        return self.messages[one.message]

    # Which action happens when.

    def at(self, when: tuple[Any, ...], happens: Callable[[float], None]) -> None:
        """Put something on the agenda."""
        self.queued += 1
        heappush(self.agenda, (when, self.queued, happens))

    def plan(self, action: Action) -> None:
        """Put all that an action does on the agenda, and credit whom it credits."""
        if isinstance(action, Post):
            self.plan_post(action)
        elif isinstance(action, Seed):
            for j, account in enumerate(self.chosen(action.to, self.topic(action))):
                self.turn(action, action.time, j, partial(self.seed, action, account))
        elif isinstance(action, Pitch):
            self.credited[instance_of(action)].add(action.by)
            for j, account in enumerate(self.chosen(action.to, self.topic(action))):
                self.turn(action, action.time, j, partial(self.pitch, action, account))
        elif isinstance(action, Boost):
            self.credited[instance_of(action)].add(action.by)
            for j in range(action.impressions):
                time = action.time + j / action.rate
                self.turn(action, time, j, partial(self.impress, action, j))
        else:
            for j, account in enumerate(self.chosen(action.to, action.topic)):
                time = action.time + j / action.pace
                self.turn(action, time, j, partial(self.follow, action, account))

    def turn(self, action: Action, time: float, j: int, happens: Callable[[float], None]) -> None:
        """Put a step of an action on the agenda."""
        self.at((time, 0, action.place, action.time, j), happens)

    def plan_post(self, post: Post) -> None:
        """Of a mix exactly one message is posted, and only that one is credited."""
        if self.luck.posts(post.by, post.time, post.low, post.high):
            instance = instance_of(post)
            self.credited[instance].add(post.credit)
            self.turn(post, post.time, 0, partial(self.post, instance, post.by))

    def later(
        self,
        time: float,
        generation: int,
        account: Account,
        instance: Occurrence,
        happens: Callable[[float], None],
        rule: int = 0,
    ) -> None:
        """Put a share on the agenda."""
        order = (time, 1, generation, self.world.order[account], self.place(instance), rule)
        self.at(order, happens)

    def topic(self, action: Seed | Pitch) -> str:
        """Return the topic of an action's message."""
        return self.messages[action.message].topic

    # Whom an action chooses.

    def chosen(self, to: To, topic: str) -> list[Account]:
        """Return the accounts an action turns to, in order."""
        if not isinstance(to, Choice):
            return list(to)
        members = self.world.order if to.segment is None else self.world.members[to.segment]
        pool = sorted((v for v in members if v not in self.ours), key=self.world.order.__getitem__)
        if to.rule == "random":
            return self.shuffled(to.segment, pool)[: to.count]
        if to.rule == "acquaintance":
            return self.acquaintances(to.segment, pool)[: to.count]
        if to.rule in self.world.rankings:
            among = set(pool)
            return [v for v in self.world.rankings[to.rule] if v in among][: to.count]
        interest = self.world.interest[topic]
        by = {
            "most followers": lambda v: sum(1 for _ in self.places(v)),
            "most interested": interest.__getitem__,
        }[to.rule]
        return sorted(pool, key=lambda v: (-by(v), self.world.hashes[v]))[: to.count]

    def shuffled(self, segment: str | None, pool: list[Account]) -> list[Account]:
        """Return the accounts in random order (Fisher and Yates)."""
        order = list(pool)
        for i in range(len(order)):
            j = i + self.luck.swap(segment, i, len(order) - i)
            order[i], order[j] = order[j], order[i]
        return order

    def acquaintances(self, segment: str | None, pool: list[Account]) -> list[Account]:
        """Return those whom random accounts name among their followees, each once."""
        named: dict[Account, None] = {}
        for asked in self.shuffled(segment, pool):
            followees = [v for v in self.world.follows[asked] if v not in self.ours]
            followees.sort(key=self.world.order.__getitem__)
            if followees:
                named[followees[self.luck.names(segment, asked, len(followees))]] = None
        return list(named)

    # What an action does.

    def post(self, instance: Instance, by: str, time: float) -> None:
        """Our account posts."""
        account = self.world.ours[by]
        if account not in self.outcomes[instance].share_time:
            self.outcomes[instance].touched.setdefault(account)
            self.later(time, 0, account, instance, partial(self.publish, instance, by))

    def publish(self, instance: Instance, by: str, time: float) -> None:
        """The post appears, and whoever reposts it may follow."""
        account = self.world.ours[by]
        if account in self.outcomes[instance].share_time:
            return
        self.share(instance, account, 0, None, time)
        for number, rule in enumerate(self.rules):
            if rule.of == by and rule.when != "never":
                reposter = self.world.ours[rule.by]
                repost = partial(self.repost, instance, number, account)
                self.later(time + rule.after, 1, reposter, instance, repost, number)

    def repost(self, instance: Instance, number: int, parent: Account, time: float) -> None:
        """Our account reposts another's post, unless it has shared it or its rule says no."""
        rule = self.rules[number]
        by = self.world.ours[rule.by]
        if by in self.outcomes[instance].share_time:
            return
        if rule.when == "chance" and not self.throws[instance].reposts(by, rule.limit):
            return
        if rule.when == "relevant" and not self.cares(by, instance, rule.limit):
            return
        self.reposted[number] += 1
        self.share(instance, by, 1, parent, time)

    def cares(self, ours: Account, instance: Instance, cut: float) -> bool:
        """Tell whether our present followers' mean interest is at or above the cut."""
        interest = self.world.interest[self.message(instance).topic]
        followers = self.present[ours]
        total = sum(math.floor(interest[v] * FINEST) for v in followers)
        return bool(followers) and total >= math.floor(cut * FINEST) * len(followers)

    def seed(self, action: Seed, account: Account, time: float) -> None:
        """The account shares, unless it has decided to."""
        instance = instance_of(action)
        if account not in self.decided[instance]:
            self.promise(instance, account, 0, None, time)

    def pitch(self, action: Pitch, account: Account, time: float) -> None:
        """The account opens, answers and covers a pitch, or does not."""
        instance, ours = instance_of(action), self.world.ours[action.by]
        throws = self.throws[instance]
        relevance = self.world.interest[self.topic(action)][account]
        opened = throws.opens(ours, account, action.opens * self.wish(account, ours))
        if relevance < self.world.relevant:
            self.wear(account, ours, action.wears)
        likely = min(1.0, action.answers * action.personal * relevance)
        answered = opened and throws.answers(ours, account, likely)
        covered = answered and throws.covers(ours, account, action.covers)
        self.pitches.append(Sent(time, instance, ours, account, opened, answered, covered))
        if opened:
            self.notice(instance, account, time, decides=False)
        if covered and account not in self.decided[instance]:
            then = time + throws.coverage_delay(ours, account, action.after)
            self.promise(instance, account, 1, None, then)

    def wish(self, account: Account, ours: Account) -> float:
        """Return how willing the account is to open what ours sends: w(v, a)."""
        return self.willingness.get((account, ours), 1.0)

    def wear(self, account: Account, ours: Account, wears: float) -> None:
        """An irrelevant pitch wears the willingness to open the next."""
        self.willingness[account, ours] = self.wish(account, ours) * (1 - wears)

    def impress(self, action: Boost, number: int, time: float) -> None:
        """A paid impression is shown to somebody, who notices it or does not."""
        instance, ours = instance_of(action), self.world.ours[action.by]
        pool = [v for v in self.world.members[action.segment] if v not in self.ours]
        pool.sort(key=self.world.order.__getitem__)
        throws = self.throws[instance]
        account = pool[throws.impression_to(ours, action.segment, number, len(pool))]
        likely = self.attention(account, time)
        if throws.notices_paid(ours, action.segment, number, likely):
            self.notice(instance, account, time)

    def follow(self, action: Follow, account: Account, time: float) -> None:
        """Our account follows another, who may follow back."""
        ours = self.world.ours[action.by]
        again = (ours, account) in self.followed
        self.followed.add((ours, account))
        if again or account in self.present[ours] or account in self.ours:
            return
        known = any(
            account in self.outcomes[one].first_notice
            for one in self.instances
            if action.by in self.credited[one]
        )
        back = action.noticed if known else action.otherwise
        interest = self.world.interest[action.topic][account]
        if self.luck.follows_back(ours, account, back * interest):
            self.join(ours, account, time)

    # Sharing, noticing, deciding: rules 1 to 5.

    def share(
        self,
        instance: Occurrence,
        account: Account,
        generation: int,
        parent: Account | None,
        time: float,
    ) -> None:
        """Rule 1: the share appears in the feed of all who follow now."""
        outcome = self.outcomes[instance]
        outcome.touched.setdefault(account)
        outcome.share_time[account] = time
        outcome.parent[account] = parent
        outcome.generation[account] = generation
        if account in self.ours:
            self.shared_at[account].append(time)
        for follower, notices in list(self.shown(instance, account)):
            # The load of the feed is taken before this share is added to it.
            noticed = notices(self.attention(follower, time))
            self.land(follower, time)
            if noticed:
                self.notice(instance, follower, time, account, generation)
                self.lose(instance, account, follower, time)

    def shown(
        self, instance: Occurrence, account: Account
    ) -> Iterator[tuple[Account, Callable[[float], bool]]]:
        """Yield the present followers of an account, each with the throw of rule 2."""
        throws = self.throws[instance]
        for list_index, place, follower in self.places(account):
            if account not in self.ours or follower in self.present[account]:
                yield follower, partial(throws.notices, account, list_index, place, follower)
        for follower in self.gained.get(account, []):
            if follower in self.present[account]:
                yield follower, partial(throws.notices_gained, account, follower)

    def attention(self, account: Account, time: float) -> float:
        """Return the probability to notice a share that lands now."""
        attention = self.world.attention[account]
        if not isinstance(attention, Capacity):
            return attention
        load = math.fsum(math.exp(-(time - then) / FADING) for then in self.landed.get(account, []))
        usual = attention.per_followee * self.world.followees[account]
        return attention.posts / (attention.posts + usual + load)

    def land(self, account: Account, time: float) -> None:
        """A share is in the account's feed, noticed or not."""
        self.landed.setdefault(account, []).append(time)

    def notice(
        self,
        instance: Occurrence,
        account: Account,
        time: float,
        source: Account | None = None,
        generation: int = 0,
        decides: bool = True,
    ) -> None:
        """Count a notice (without source: outside the feed); then decide, then gains."""
        outcome = self.outcomes[instance]
        outcome.touched.setdefault(account)
        first = account not in outcome.first_notice
        outcome.first_notice.setdefault(account, time)
        outcome.notices[account] = outcome.notices.get(account, 0) + 1
        if source is not None:
            outcome.feed_notices[account] = outcome.feed_notices.get(account, 0) + 1
        if account in self.ours:
            return
        if decides and account not in self.decided[instance] and self.wants(instance, account):
            then = time + self.throws[instance].delay(account)  # Rule 4.
            self.promise(instance, account, generation + 1, source, then)
        self.write(instance, account, time)
        if first:
            self.gain(instance, account, time)

    def write(self, noticed: Occurrence, account: Account, time: float) -> None:
        """At the first notice of a topic: write about it, or never."""
        topic = self.message(noticed).topic
        if topic not in self.world.originals or account in self.aware[topic]:
            return
        self.aware[topic].add(account)
        chance = self.world.originals[topic].chance * self.world.interest[topic][account]
        if self.luck.writes(topic, account, min(1.0, chance)):
            original = Original(topic, account)
            self.begin(original)
            then = time + self.throws[original].delay(account)
            self.promise(original, account, 0, None, then)

    def wants(self, instance: Occurrence, account: Account) -> bool:
        """Rule 3: tell whether this notice makes the account decide to share."""
        message, outcome = self.deciding[instance], self.outcomes[instance]
        k = self.counted(outcome, account, message.kind)
        where = self.seen[self.message(instance).topic]
        throws: Any = self.throws[instance]
        return naive.wants(where, message, account, k, self.will[instance], throws)

    def counted(self, outcome: Outcome, account: Account, kind: str) -> int:
        """Return the notices that count: only those in the feed for a fraction of followees."""
        if kind == "fraction":
            return outcome.feed_notices.get(account, 0)
        return outcome.notices[account]

    def promise(
        self,
        instance: Occurrence,
        account: Account,
        generation: int,
        parent: Account | None,
        time: float,
    ) -> None:
        """The account has decided, and shares at a time."""
        self.decided[instance].add(account)
        self.outcomes[instance].touched.setdefault(account)
        share = partial(self.share, instance, account, generation, parent)
        self.later(time, generation, account, instance, share)

    def decision(self, instance: Occurrence) -> naive.Message:
        """Return an instance as `naive` wants it, its resonance drawn if it varies."""
        message, throws = self.message(instance), self.throws[instance]
        resonance = message.resonance
        if isinstance(resonance, Lognormal):
            radius = math.sqrt(-2 * math.log(throws.resonance(0)))
            normal = radius * math.cos(2 * math.pi * throws.resonance(1))
            resonance = resonance.median * math.exp(resonance.sigma * normal)
        elif isinstance(resonance, Pareto):
            resonance = resonance.least * throws.resonance(0) ** (-1 / resonance.tail)
        return naive.Message(resonance, message.kind, message.factors, message.needed)

    def seen_by(self, topic: str) -> naive.World:
        """Return the world as `naive` wants it, for messages on a topic."""
        where, relevance = self.world, self.world.interest[topic]
        return naive.World(where.followers, where.followees, relevance, self.ours, where.order)

    def places(self, account: Account) -> Iterator[tuple[int, int, Account]]:
        """Yield (list index, place, follower) of those who followed at the start."""
        return naive.places(next(iter(self.seen.values())), account)

    # An audience that moves.

    def gain(self, instance: Occurrence, account: Account, time: float) -> None:
        """At a first notice: follow whom the instance is credited to, in order of name."""
        relevance = self.world.interest[self.message(instance).topic][account]
        likely = self.world.following.follows * relevance
        for name in sorted(self.credited[instance]):
            ours = self.world.ours[name]
            if account in self.present[ours]:
                continue
            if self.throws[instance].follows(ours, account, likely):
                self.join(ours, account, time)

    def lose(self, instance: Occurrence, ours: Account, account: Account, time: float) -> None:
        """At a notice of a share by ours itself: leave, or not."""
        if ours not in self.ours or account in self.ours:
            return
        law = self.world.following
        relevance = self.world.interest[self.message(instance).topic][account]
        lately = sum(1 for then in self.shared_at[ours] if then > time - law.within)
        bored = law.irrelevant * (1 - relevance)
        weary = min(1.0, law.too_often * max(0.0, lately - law.beyond))
        if self.throws[instance].leaves(ours, account, 1 - (1 - bored) * (1 - weary)):
            self.present[ours].remove(account)
            self.moves.append(Move(time, ours, account, False))

    def join(self, ours: Account, account: Account, time: float) -> None:
        """An account follows ours from now on; one that has been here keeps its place."""
        self.present[ours].add(account)
        if account not in self.at_the_start[ours] and account not in self.gained[ours]:
            self.gained[ours].append(account)
        self.moves.append(Move(time, ours, account, True))


def instance_of(action: Any) -> Instance:
    """Return the instance that an action acts on."""
    return Instance(action.time, action.message)


def campaign(
    world: World,
    messages: Mapping[str, Message],
    actions: Sequence[Action],
    reposts: Sequence[Repost] = (),
    horizon: float | None = None,
    *,
    luck: Luck,
) -> Results:
    """Run a strategy and return everything that came of it."""
    return Campaign(world, messages, actions, reposts, horizon, luck).play()
