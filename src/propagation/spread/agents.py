"""The same model as Mesa agents: to read, to watch step by step, and to extend.

Every rule is called from ``dynamics``; here stands only who asks whom, and when. What happens, in
order:

1. The earliest share on the agenda happens: ``Account.share``.
2. Each candidate in the sharer's follower list may notice it: ``Account.notices``.
3. Who notices remembers it, and may decide to share: ``Account.notice``, ``Account.decides``.
4. A decided share goes on the agenda after a delay: ``Account.delay``.

Override these methods in a subclass of ``Account`` to change how people behave; given to
``PropagationModel`` or named in a scenario (``agents: my_agents.py:Sceptic``) it runs in place of
``Account``.
"""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import mesa
import numpy as np

from propagation.luck import threshold
from propagation.scenario.spec import Message
from propagation.spread.dynamics import Rules, Stems, decides, delay, notices
from propagation.spread.timeline import NOBODY, earlier, tie

if TYPE_CHECKING:
    from propagation.spread.model import PropagationModel


@dataclass
class Memory:
    """What one account remembers of one message instance; times in hours, NaN until they come."""

    row: int
    notices: int = 0
    first_notice: float = math.nan
    decided: bool = False
    share_time: float = math.nan
    parent: int = NOBODY
    generation: int = NOBODY


@dataclass
class Spreading:
    """One message instance on its way: its rules, its luck, and who knows of it."""

    message: Message
    rules: Rules
    throws: Stems
    memories: dict["Account", Memory] = field(default_factory=dict)
    shared: list[int] = field(default_factory=list)

    def memory_of(self, account: "Account") -> Memory:
        """Return what an account remembers, which begins with its first touch."""
        return self.memories.setdefault(account, Memory(len(self.memories)))


@dataclass
class Feed:
    """One follower list as a share meets it: its luck and its envelope."""

    skip_key: np.uint64
    thin_key: np.uint64
    envelope: int


@dataclass(eq=False)
class Share:
    """A post or a decided share on the model's agenda."""

    time: float
    generation: int
    account: "Account"
    spreading: Spreading

    def __lt__(self, other: "Share") -> bool:
        """Compare by rule 5, as a heap asks for it."""
        mine, theirs = (tie(one.generation, one.account.number) for one in (self, other))
        return bool(earlier(self.time, mine, other.time, theirs))


class Account(mesa.Agent):  # type: ignore[misc]
    """An account that notices what the accounts it follows share, and may share it in turn.

    Attributes
    ----------
    number, label, segment
        Number in the graph, the account's own id, and its segment's name (None for ours).
    attention, value, threshold, interest
        Traits; ``interest`` by topic, ``threshold`` NaN if none is given.
    followees
        How many accounts it follows.
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
        self._key = world.graph.account_keys[number]
        self._attention = float(world.traits.attention[number])
        self._attention_threshold = world.attention_thresholds[number]

    @property
    def attention(self) -> float:
        """Probability to notice a share; may be set, but not above the lists' envelopes."""
        return self._attention

    @attention.setter
    def attention(self, probability: float) -> None:
        self._attention = probability
        self._attention_threshold = np.uint64(threshold(probability))

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
        if self._attention > 0.5**feed.envelope:
            limit = 0.5**feed.envelope
            raise ValueError(f"attention {self._attention:g} is above the envelope {limit:g}")
        return bool(
            notices(feed.skip_key, feed.thin_key, place, self._attention_threshold, feed.envelope)
        )

    def notice(self, spreading: Spreading, sharer: "Account") -> None:
        """Remember a notice; unless that was done before, decide whether to share and when."""
        memory, source = spreading.memory_of(self), spreading.memory_of(sharer)
        memory.notices += 1
        if memory.notices == 1:
            memory.first_notice = source.share_time
        self.model.count_notice(self)
        if self.is_ours or memory.decided or not self.decides(spreading, memory.notices):
            return
        memory.decided = True
        time = source.share_time + self.delay(spreading)
        if time <= self.model.horizon:
            memory.share_time = time
            memory.parent, memory.generation = source.row, source.generation + 1
            self.model.plan(Share(time, memory.generation, self, spreading))

    def decides(self, spreading: Spreading, k: int) -> bool:
        """Say whether this account decides to share on its k-th notice."""
        return bool(
            decides(
                spreading.rules,
                spreading.throws,
                self._key,
                self.interest[spreading.message.topic],
                self.threshold,
                self.followees,
                k,
            )
        )

    def delay(self, spreading: Spreading) -> float:
        """Return the hours between deciding to share and sharing."""
        return float(delay(spreading.rules, spreading.throws, self._key))
