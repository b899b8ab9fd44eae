"""The same model as Mesa agents: to read, to watch step by step, and to extend.

Every rule is called from ``dynamics``; here stands only who asks whom, and when. What happens, in
order:

1. The earliest share on the agenda happens: ``Account.share``.
2. Each candidate in the sharer's follower list may notice it: ``Account.notices``.
3. Who notices remembers it, and may decide to share: ``Account.notice``, ``Account.decides``.
4. A decided share goes on the agenda after a delay: ``Account.delay``.
5. Who notices a topic for the first time may write about it: ``Account.writes``.
6. Who notices something of ours may follow us, and who follows us may leave: ``Account.follows``,
   ``Account.leaves``.
7. What we do besides posting reaches accounts outside their feeds (``outreach``):
   ``Account.receive_pitch`` with ``opens``, ``answers`` and ``covers``, ``Account.follows_back``.

Override these methods in a subclass of ``Account`` to change how people behave; given to
``PropagationModel`` or named in a scenario (``agents: my_agents.py:Sceptic``) it runs in place of
``Account``.
"""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
import numpy.typing as npt

from propagation.audience.attention import attention_at
from propagation.luck import Purpose, descend, stem, text_id, threshold, throw
from propagation.scenario.spec import Message
from propagation.spread.campaign_dynamics import (
    PitchRates,
    answer_probability,
    below,
    faded,
    follow_probability,
    happens,
    leave_probability,
    open_probability,
    write_probability,
)
from propagation.spread.cascade import Cascade
from propagation.spread.dynamics import Rules, Stems, counted, decides, delay, delay_of, notices
from propagation.spread.events import Share
from propagation.spread.timeline import NOBODY

if TYPE_CHECKING:
    from propagation.spread.model import PropagationModel


@dataclass
class Memory:
    """What one account remembers of one message instance; times in hours, NaN until they come."""

    row: int
    notices: int = 0
    outside_feed: int = 0
    first_notice: float = math.nan
    decided: bool = False
    share_time: float = math.nan
    parent: int = NOBODY
    generation: int = NOBODY


@dataclass
class Spreading:
    """One message instance on its way: its rules, its luck, and who knows of it."""

    number: int
    id: np.uint64
    seed: int
    message: Message
    rules: Rules
    factors: npt.NDArray[np.float64]
    throws: Stems
    credited: tuple["Account", ...] = ()
    memories: dict["Account", Memory] = field(default_factory=dict)
    shared: list[int] = field(default_factory=list)

    def memory_of(self, account: "Account") -> Memory:
        """Return what an account remembers, which begins with its first touch."""
        return self.memories.setdefault(account, Memory(len(self.memories)))

    def cascade(self) -> Cascade:
        """Return what has happened so far, as arrays."""
        memories = list(self.memories.values())

        def column(name: str, dtype: type) -> npt.NDArray[Any]:
            return np.array([getattr(memory, name) for memory in memories], dtype)

        return Cascade(
            account=np.array([account.number for account in self.memories], np.int32),
            notices=column("notices", np.int32),
            first_notice=column("first_notice", np.float64),
            share_time=column("share_time", np.float64),
            parent=column("parent", np.int32),
            generation=column("generation", np.int32),
            share_order=np.array(self.shared, np.int32),
        )

    def key(self, purpose: Purpose, ours: "Account", other: "Account") -> np.uint64:
        """Return the key of what happens between one of our accounts and another one."""
        return np.uint64(below(stem(self.seed, purpose, self.id), ours.key, other.key))


@dataclass
class Feed:
    """One follower list as a share meets it: its luck and its envelope.

    Who came to follow during the run has no place in a list but a key of its own, and ``listed`` is
    False; ``skip_key`` is that key then.
    """

    skip_key: np.uint64
    thin_key: np.uint64
    envelope: int
    listed: bool = True


class Account(mesa.Agent):  # type: ignore[misc]
    """An account that notices what the accounts it follows share, and may share it in turn.

    Attributes
    ----------
    number, label, segment
        Number in the graph, the account's own id, and its segment's name (None for ours).
    attention, value, threshold, interest
        Traits; ``interest`` by topic, ``threshold`` NaN if none is given.
    followees
        How many accounts it follows at the start.
    key
        Address of what it throws.
    is_ours
        Whether it is the communicator's: then it shares by posts only.
    """

    model: "PropagationModel"

    def __init__(self, model: "PropagationModel", number: int) -> None:
        super().__init__(model)
        world = model.world
        segment = int(world.segment_of[number])
        self.number = number
        self.label = world.graph.labels[number]
        self.segment = world.segments[segment] if segment >= 0 else None
        self.value = float(world.traits.value[number])
        self.threshold = float(world.traits.threshold[number])
        self.interest = {
            topic: float(values[number]) for topic, values in world.traits.interest.items()
        }
        self.followees = int(world.graph.followee_counts[number])
        self.is_ours = bool(world.is_ours[number])
        self.key = world.graph.account_keys[number]
        self._attention = float(world.traits.attention[number])
        self._attention_threshold = world.attention_thresholds[number]
        self._capacity = float(world.capacity[number])
        self._background = float(world.background[number])
        self._load = self._load_time = 0.0

    @property
    def attention(self) -> float:
        """Probability to notice a share; may be set, but not above the lists' envelopes.

        Limited attention depends on what lies in the feed just now; once set it does not any more.
        """
        if math.isnan(self._capacity):
            return self._attention
        return float(attention_at(self._capacity, self._background, self._left()))

    @attention.setter
    def attention(self, probability: float) -> None:
        self._capacity = math.nan
        self._settle(probability)

    def _settle(self, probability: float) -> None:
        self._attention = probability
        self._attention_threshold = np.uint64(threshold(probability))

    def _left(self) -> float:
        """Return what is left of what the scenario's own messages put into the feed."""
        return float(faded(self._load, self.model.hours - self._load_time))

    def land(self) -> None:
        """Let a share land in the feed: attention for it is settled by what landed before it."""
        if math.isnan(self._capacity):
            return
        self._settle(self.attention)
        self._load, self._load_time = self._left() + 1.0, self.model.hours

    def share(self, spreading: Spreading) -> None:
        """Show a message to the followers; those who notice it take it in."""
        for follower, feed, place in self.model.candidates(self, spreading):
            if follower.notices(feed, place):
                follower.notice(spreading, self)

    def notices(self, feed: Feed, place: int) -> bool:
        """Say whether this account, at its place in the list, notices what appears in its feed.

        Raises
        ------
        ValueError
            If attention was set above the list's envelope, at which candidates are chosen.
        """
        if not feed.listed:
            return bool(np.uint64(throw(feed.skip_key, place)) < self._attention_threshold)
        if self._attention > 0.5**feed.envelope:
            limit = 0.5**feed.envelope
            raise ValueError(f"attention {self._attention:g} is above the envelope {limit:g}")
        return bool(
            notices(feed.skip_key, feed.thin_key, place, self._attention_threshold, feed.envelope)
        )

    def notice(self, spreading: Spreading, sharer: "Account | None") -> None:
        """Remember a notice, decide whether to share and when, whether to follow us, or to leave.

        Nobody is the sharer of a paid impression.
        """
        memory = self.remember(spreading, outside_feed=sharer is None)
        if self.is_ours:
            return
        k = counted(spreading.rules, memory.notices, memory.outside_feed)
        if not memory.decided and self.decides(spreading, k):
            source = Memory(NOBODY, generation=0) if sharer is None else spreading.memory_of(sharer)
            self.will_share(spreading, self.delay(spreading), source.row, source.generation + 1)
        if memory.notices == 1:
            self.model.hear(self, spreading.message.topic)
            self.take_to(spreading)
        if sharer is not None and sharer.is_ours:
            standing = self.model.standings[sharer]
            if self in standing.followers and self.leaves(spreading, sharer):
                self.model.move(self, sharer, joined=False)

    def remember(self, spreading: Spreading, outside_feed: bool = False) -> Memory:
        """Remember a notice and return what is remembered of the message instance."""
        memory = spreading.memory_of(self)
        memory.notices += 1
        memory.outside_feed += outside_feed
        if memory.notices == 1:
            memory.first_notice = self.model.hours
        self.model.count_notice(self)
        return memory

    def will_share(self, spreading: Spreading, after: float, parent: int, generation: int) -> None:
        """Decide to share after so many hours; beyond the horizon nothing comes of it."""
        memory, time = spreading.memory_of(self), self.model.hours + after
        memory.decided = True
        if time <= self.model.horizon:
            memory.share_time, memory.parent, memory.generation = time, parent, generation
            self.model.plan(Share(time, generation, self, spreading))

    def take_to(self, spreading: Spreading) -> None:
        """After the first notice of an instance, follow those credited with it or not."""
        for ours in spreading.credited:
            standing = self.model.standings[ours]
            standing.known_to.add(self)
            if self not in standing.followers and self.follows(spreading, ours):
                self.model.move(self, ours, joined=True)

    def receive_pitch(
        self, spreading: Spreading, sender: "Account", rates: PitchRates
    ) -> tuple[bool, bool, bool, bool]:
        """Take in a pitch; return whether it was opened, answered, covered, and led to a share."""
        opened = self.opens(spreading, sender, rates)
        answered = opened and self.answers(spreading, sender, rates)
        covered = answered and self.covers(spreading, sender, rates)
        if not opened:
            return False, False, False, False
        memory = self.remember(spreading, outside_feed=True)
        if memory.notices == 1:
            self.model.hear(self, spreading.message.topic)
            self.take_to(spreading)
        shares = covered and not memory.decided
        if shares:
            self.will_share(spreading, self.coverage_delay(spreading, sender, rates), NOBODY, 1)
        return opened, answered, covered, shares

    def decides(self, spreading: Spreading, k: int) -> bool:
        """Say whether this account decides to share on its k-th notice."""
        return bool(
            decides(
                spreading.rules,
                spreading.factors,
                spreading.throws,
                self.key,
                self.interest[spreading.message.topic],
                self.threshold,
                self.followees,
                k,
            )
        )

    def delay(self, spreading: Spreading) -> float:
        """Return the hours between deciding to share and sharing."""
        return float(delay(spreading.rules, spreading.throws, self.key))

    def writes(self, topic: str, chance: float) -> bool:
        """Say whether this account, having noticed a topic for the first time, writes about it.

        ``chance`` is that if it cared fully.
        """
        parent = stem(self.model.seed, Purpose.ORIGINAL, text_id("topic", topic))
        probability = write_probability(chance, self.interest[topic])
        return bool(happens(np.uint64(descend(parent, self.key)), 0, probability))

    def opens(self, spreading: Spreading, sender: "Account", rates: PitchRates) -> bool:
        """Say whether this account opens a pitch by one of ours."""
        willingness = self.model.standings[sender].willingness_of(self)
        key = spreading.key(Purpose.OPEN, sender, self)
        return bool(happens(key, 0, open_probability(rates, willingness)))

    def answers(self, spreading: Spreading, sender: "Account", rates: PitchRates) -> bool:
        """Say whether this account answers a pitch that it opened."""
        key = spreading.key(Purpose.ANSWER, sender, self)
        relevance = self.interest[spreading.message.topic]
        return bool(happens(key, 0, answer_probability(rates, relevance)))

    def covers(self, spreading: Spreading, sender: "Account", rates: PitchRates) -> bool:
        """Say whether this account, having answered, shares what it was offered."""
        return bool(happens(spreading.key(Purpose.COVER, sender, self), 0, rates.covers))

    def coverage_delay(self, spreading: Spreading, sender: "Account", rates: PitchRates) -> float:
        """Return the hours between a pitch and its coverage."""
        key = spreading.key(Purpose.COVER_DELAY, sender, self)
        return float(delay_of(rates.delay_law, rates.delay_scale, rates.delay_shape, key))

    def follows(self, spreading: Spreading, ours: "Account") -> bool:
        """Say whether this account follows one of ours after its first notice of a message."""
        key = spreading.key(Purpose.FOLLOW, ours, self)
        relevance = self.interest[spreading.message.topic]
        return bool(happens(key, 0, follow_probability(self.model.moving, relevance)))

    def follows_back(self, ours: "Account", topic: str, back: float) -> bool:
        """Say whether this account follows back; ``back`` is the chance if it cared fully."""
        key = np.uint64(below(stem(self.model.seed, Purpose.FOLLOW_BACK), ours.key, self.key))
        return bool(happens(key, 0, back * self.interest[topic]))

    def leaves(self, spreading: Spreading, ours: "Account") -> bool:
        """Say whether this account leaves one of ours whose share it has just noticed."""
        moving = self.model.moving
        recent = self.model.standings[ours].shares_since(self.model.hours - moving.within)
        key = spreading.key(Purpose.LEAVE, ours, self)
        relevance = self.interest[spreading.message.topic]
        return bool(happens(key, 0, leave_probability(moving, relevance, recent)))
