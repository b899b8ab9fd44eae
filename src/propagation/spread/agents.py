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

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import mesa
import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.luck import candidates, descend
from propagation.scenario.spec import Message
from propagation.spread.cascade import Cascade
from propagation.spread.dynamics import Rules, Stems, decides, delay, notices, rules_of, stems
from propagation.spread.timeline import NOBODY, earlier
from propagation.strategy.agenda import Agenda


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
        return bool(
            earlier(
                self.time,
                self.generation,
                self.account.number,
                other.time,
                other.generation,
                other.account.number,
            )
        )


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
        self.attention = float(world.traits.attention[number])
        self.value = float(world.traits.value[number])
        self.threshold = float(world.traits.threshold[number])
        self.interest = {
            topic: float(values[number]) for topic, values in world.traits.interest.items()
        }
        self.followees = int(world.graph.followee_counts[number])
        self.is_ours = bool(world.is_ours[number])
        self._key = world.graph.account_keys[number]
        self._attention_threshold = world.attention_thresholds[number]

    def share(self, spreading: Spreading) -> None:
        """Show a message to the followers; those who notice it take it in."""
        for follower, feed, place in self.model.candidates(self, spreading):
            if follower.notices(feed, place):
                follower.notice(spreading, self)

    def notices(self, feed: Feed, place: int) -> bool:
        """Say whether this account, at its place in the list, notices what appears in its feed."""
        return bool(notices(feed.thin_key, place, self._attention_threshold, feed.envelope))

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


class PropagationModel(mesa.Model):  # type: ignore[misc]
    """One strategy's run on one world, as a Mesa model.

    Parameters
    ----------
    world, messages, agenda
        The accounts, the messages by name, and what is posted when.
    seed
        Run seed; the same seed gives the same run as on the compiled engine.
    horizon
        Hours after which nothing happens; ``math.inf`` for as long as anybody shares.
    tick
        Hours that one ``step()`` covers.
    account_class
        The agents' class.

    ``datacollector`` holds a row for each step: ``hours``, ``reach`` (accounts that noticed
    anything), ``impressions`` (notices) and ``shares``, those of our own accounts left out.
    """

    def __init__(
        self,
        world: World,
        messages: Mapping[str, Message],
        agenda: Agenda,
        seed: int,
        horizon: float = math.inf,
        tick: float = 1.0,
        account_class: type[Account] = Account,
    ) -> None:
        super().__init__(rng=seed)
        self.world, self.horizon, self.tick = world, horizon, tick
        self.hours = 0.0
        self.reached: set[Account] = set()
        self.impressions = self.shares = 0
        self.accounts = [account_class(self, number) for number in range(world.graph.accounts)]
        self._found = np.empty(1024, np.int32)
        self._agenda: list[Share] = []
        self.spreadings = [
            Spreading(
                messages[instance.message],
                rules_of(messages[instance.message]),
                Stems(*map(np.uint64, stems(np.uint64(seed), instance.id))),
            )
            for instance in agenda
        ]
        for spreading, instance in zip(self.spreadings, agenda, strict=True):
            for post in instance.posts:
                if post.time <= horizon:
                    self._post(spreading, self.accounts[world.ours[post.by]], post.time)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "hours": "hours",
                "reach": lambda model: len(model.reached),
                "impressions": "impressions",
                "shares": "shares",
            }
        )

    def _post(self, spreading: Spreading, author: Account, time: float) -> None:
        memory = spreading.memory_of(author)
        memory.share_time, memory.generation = time, 0
        self.plan(Share(time, 0, author, spreading))

    def plan(self, share: Share) -> None:
        """Put a share on the agenda."""
        heapq.heappush(self._agenda, share)

    def count_notice(self, account: Account) -> None:
        """Count a notice for the data collector."""
        if not account.is_ours:
            self.reached.add(account)
            self.impressions += 1

    def candidates(
        self, sharer: Account, spreading: Spreading
    ) -> Iterator[tuple[Account, Feed, int]]:
        """Yield the followers who may notice a share: (follower, its feed, its place)."""
        graph, found = self.world.graph, self._found
        for one in graph.lists_of(sharer.number):
            start = int(graph.list_starts[one])
            length = int(graph.list_starts[one + 1]) - start
            envelope, key = int(self.world.envelopes[one]), graph.list_keys[one]
            skip_key = np.uint64(descend(spreading.throws.skip, key))
            feed = Feed(np.uint64(descend(spreading.throws.thin, key)), envelope)
            place = 0
            while place < length:
                count, place = candidates(skip_key, place, length, envelope, found)
                for here in found[:count].tolist():
                    follower = int(graph.followers[start + here])
                    if follower >= 0:
                        yield self.accounts[follower], feed, here

    def step(self) -> None:
        """Let ``tick`` hours pass, then collect data; ``running`` ends with the agenda."""
        self.advance(min(self.hours + self.tick, self.horizon))
        self.datacollector.collect(self)

    def advance(self, until: float) -> None:
        """Let everything happen that is due up to ``until`` hours."""
        while self._agenda and self._agenda[0].time <= until:
            share = heapq.heappop(self._agenda)
            self.hours = share.time
            share.spreading.shared.append(share.spreading.memory_of(share.account).row)
            self.shares += not share.account.is_ours
            share.account.share(share.spreading)
        self.hours = until if math.isfinite(until) else self.hours
        self.running = bool(self._agenda) and until < self.horizon

    def run(self) -> tuple[Cascade, ...]:
        """Run to the end; return one cascade for each message instance of the agenda."""
        self.advance(self.horizon)
        return tuple(cascade_of(spreading) for spreading in self.spreadings)


def cascade_of(spreading: Spreading) -> Cascade:
    """Return what has happened to a message instance so far, as arrays."""
    accounts, memories = list(spreading.memories), list(spreading.memories.values())

    def column(name: str, dtype: type) -> npt.NDArray[Any]:
        return np.array([getattr(memory, name) for memory in memories], dtype)

    return Cascade(
        account=np.array([account.number for account in accounts], np.int32),
        notices=column("notices", np.int32),
        first_notice=column("first_notice", np.float64),
        share_time=column("share_time", np.float64),
        parent=column("parent", np.int32),
        generation=column("generation", np.int32),
        share_order=np.array(spreading.shared, np.int32),
    )
