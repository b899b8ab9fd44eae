"""The Mesa model: the clock, the agenda of shares to come, and the data collector."""

import heapq
import math
from collections.abc import Collection, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import mesa
import networkx as nx
import numpy as np
from pydantic import ValidationError

from propagation.audience.networkx_world import TOPIC, world_from_networkx
from propagation.audience.sources import read_real_graph, read_table
from propagation.audience.traits import check_thresholds
from propagation.audience.world import World, build_worlds
from propagation.luck import Purpose, candidates, descend, run_seed
from propagation.problems import InputError, Problem, not_one_of
from propagation.scenario.action_checks import DEFAULT_HORIZON
from propagation.scenario.messages import Following
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import Delay, Message, Original, Response
from propagation.spread.agents import Account, Feed, Spreading
from propagation.spread.campaign_dynamics import moving_of
from propagation.spread.campaign_record import MOVE, PITCH, Campaign
from propagation.spread.cascade import Cascade
from propagation.spread.events import Event, Repost, Share, Step
from propagation.spread.outreach import Outreach, Standing, spreadings_of
from propagation.spread.own_words import OwnWords
from propagation.strategy.agenda import Agenda, MessageInstance, PostAction, agenda_of
from propagation.strategy.plan import plan_of


class PropagationModel(mesa.Model):  # type: ignore[misc]
    """One strategy's run on one world, as a Mesa model.

    Parameters
    ----------
    world, messages, agenda
        The accounts, the messages by name, and what is done when.
    seed
        Run seed; the same seed gives the same run as on the compiled engine.
    horizon
        Hours after which nothing happens; ``math.inf`` for as long as anybody shares.
    tick
        Hours that one ``step()`` covers.
    account_class
        The agents' class.
    following
        How followers of our accounts come and go; by default they do not.
    relevant
        A pitch of less relevance wears the willingness to open the next one.
    originals
        By topic, how those who notice it write about it; by default nobody does.

    ``datacollector`` holds a row for each step: ``hours``, ``reach`` (accounts that noticed
    anything), ``impressions`` (notices) and ``shares``, those of our own accounts left out; and
    ``followers_gained`` and ``followers_lost`` by all our accounts.
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
        following: Following | None = None,
        relevant: float = 0.5,
        originals: Mapping[str, Original] | None = None,
    ) -> None:
        super().__init__(rng=seed)
        self.world, self.seed, self.horizon, self.tick = world, seed, horizon, tick
        self.moving, self.relevant = moving_of(following), relevant
        self.hours = 0.0
        self.reached: set[Account] = set()
        self.impressions = self.shares = 0
        self.accounts = [account_class(self, number) for number in range(world.graph.accounts)]
        self._found = np.empty(1024, np.int32)
        self._agenda: list[Event] = []
        self.moves: list[tuple[float, int, int, bool]] = []
        self.followers_gained = self.followers_lost = 0
        plan = plan_of(agenda, world, messages)
        self.spreadings = spreadings_of(plan, messages, seed, self.accounts)
        self.standings = {
            self.accounts[number]: self._standing_of(number) for number in world.ours.values()
        }
        self.outreach = Outreach(self, plan)
        self.own_words = OwnWords(self, originals or {}, messages)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "hours": "hours",
                "reach": lambda model: len(model.reached),
                "impressions": "impressions",
                "shares": "shares",
                "followers_gained": "followers_gained",
                "followers_lost": "followers_lost",
            }
        )

    @classmethod
    def from_scenario(
        cls,
        path: str | Path,
        strategy: str | None = None,
        replicate: int = 0,
        tick: float = 1.0,
        account_class: type[Account] = Account,
    ) -> "PropagationModel":
        """Return the model of one strategy (by default the baseline) in one replicate.

        Parameters
        ----------
        path
            A scenario file.
        replicate
            Number of the replicate; it has the draw and the seed that ``propagation run`` uses.

        Raises
        ------
        InputError
            If the scenario is wrong or has no such strategy.
        """
        scenario = read_scenario(path)
        name = strategy or scenario.compare.baseline
        if name not in scenario.strategies:
            raise InputError(Problem(not_one_of(name, scenario.strategies), "strategy"))
        folder = Path(path).parent
        draw = replicate % scenario.draws
        worlds = build_worlds(
            scenario,
            draw,
            read_real_graph(scenario, folder),
            read_table(scenario.accounts, folder),
        )
        shuffled = worlds.shuffled if name in scenario.shuffled else None
        world = shuffled or worlds.plain
        return cls(
            world,
            scenario.messages,
            agenda_of(scenario.strategies[name], scenario.starts),
            run_seed(scenario.seed, replicate),
            scenario.horizon,
            tick,
            account_class,
            scenario.following,
            scenario.relevant,
            scenario.originals,
        )

    @classmethod
    def from_networkx(
        cls,
        graph: "nx.Graph[Any]",
        posts: Collection[Hashable],
        *,
        resonance: float,
        attention: float | str = 1.0,
        interest: float | str = 1.0,
        value: float | str = 1.0,
        threshold: float | str = math.nan,
        response: Response | Mapping[str, object] = "independent",
        delay: Delay | Mapping[str, object] = "none",
        arrows: str | None = None,
        seed: int = 1,
        horizon: float = DEFAULT_HORIZON,
        tick: float = 1.0,
        account_class: type[Account] = Account,
    ) -> "PropagationModel":
        """Return the model of a message posted at time 0 by some nodes of a networkx graph.

        Parameters
        ----------
        graph
            Undirected: every edge is a follow both ways. Directed: say in ``arrows`` whether an
            arrow goes ``follower to followee`` or ``followee to follower``.
        posts
            The nodes that post; they are our accounts and share nothing else.
        attention, interest, value, threshold
            One number for all nodes, or the name of a node attribute.
        response, delay
            As in a scenario's message: words, mappings, or the classes of
            ``propagation.scenario.spec``; times are hours.

        Raises
        ------
        InputError
            If a node or attribute is missing, or a number is out of range.
        """
        world = world_from_networkx(
            graph,
            posts,
            attention=attention,
            interest=interest,
            value=value,
            threshold=threshold,
            arrows=arrows,
            seed=seed,
        )
        message = _message(resonance, response, delay)
        check_thresholds(world.traits.threshold, (message,))
        by = tuple(PostAction(0.0, str(node)) for node in posts)
        agenda = Agenda((MessageInstance("message", 0.0, by),))
        return cls(world, {"message": message}, agenda, seed, horizon, tick, account_class)

    def _standing_of(self, number: int) -> Standing:
        followers = [self.accounts[one] for one in self.world.graph.followers_of(number)]
        return Standing(set(followers), frozenset(followers))

    def plan(self, event: Event) -> None:
        """Put something on the agenda."""
        heapq.heappush(self._agenda, event)

    def move(self, account: Account, ours: Account, *, joined: bool) -> None:
        """Let an account follow one of ours from now on, or leave it."""
        if joined:
            self.standings[ours].join(account)
        else:
            self.standings[ours].followers.discard(account)
        self.followers_gained += joined
        self.followers_lost += not joined
        self.moves.append((self.hours, ours.number, account.number, joined))

    def hear(self, account: Account, topic: str) -> None:
        """Let an account that notices a topic for the first time write about it, or not."""
        self.own_words.hear(account, topic)

    def count_notice(self, account: Account) -> None:
        """Count a notice for the data collector."""
        if not account.is_ours:
            self.reached.add(account)
            self.impressions += 1

    def candidates(
        self, sharer: Account, spreading: Spreading
    ) -> Iterator[tuple[Account, Feed, int]]:
        """Yield the followers who may notice a share: (follower, its feed, its place)."""
        standing = self.standings.get(sharer)
        if self.world.is_limited:
            self._land(sharer, standing)
        listed = self._listed(sharer, spreading)
        if standing is None:
            yield from listed
            return
        for follower, feed, place in listed:
            if follower in standing.followers:
                yield follower, feed, place
        for follower in standing.gained:
            if follower in standing.followers:
                key = spreading.key(Purpose.GAINED, sharer, follower)
                yield follower, Feed(key, key, 0, listed=False), 0

    def _land(self, sharer: Account, standing: Standing | None) -> None:
        """Let a share land in the feeds of all who follow the sharer now."""
        if standing is not None:
            followers = standing.followers
        else:
            numbers = self.world.graph.followers_of(sharer.number)
            followers = {self.accounts[number] for number in numbers}
        for follower in followers:
            follower.land()

    def _listed(self, sharer: Account, spreading: Spreading) -> Iterator[tuple[Account, Feed, int]]:
        """Yield those in the sharer's follower lists who may notice a share."""
        graph, found = self.world.graph, self._found
        for one in graph.lists_of(sharer.number):
            members = graph.members(one)
            length = len(members)
            envelope, key = int(self.world.envelopes[one]), graph.list_keys[one]
            skip_key = np.uint64(descend(spreading.throws.skip, key))
            feed = Feed(skip_key, np.uint64(descend(spreading.throws.thin, key)), envelope)
            place = 0
            while place < length:
                count, place = candidates(skip_key, place, length, envelope, found, 0, len(found))
                for here in found[:count].tolist():
                    follower = int(members[here])
                    if follower >= 0:
                        yield self.accounts[follower], feed, here

    def step(self) -> None:
        """Let ``tick`` hours pass, then collect data; ``running`` ends with the agenda."""
        self.advance(min(self.hours + self.tick, self.horizon))
        self.datacollector.collect(self)

    def advance(self, until: float) -> None:
        """Let everything happen that is due up to ``until`` hours."""
        while self._agenda and self._agenda[0].time <= until:
            event = heapq.heappop(self._agenda)
            self.hours = event.time
            if isinstance(event, Step):
                self.outreach.take(event)
            elif isinstance(event, Repost):
                self.outreach.repost(event)
            elif isinstance(event, Share):
                self.share(event)
        self.hours = until if math.isfinite(until) else self.hours
        self.running = bool(self._agenda) and until < self.horizon

    def share(self, share: Share) -> None:
        """Let a share happen."""
        memory = share.spreading.memory_of(share.account)
        share.spreading.shared.append(memory.row)
        if share.account.is_ours:
            self.standings[share.account].share_times.append(share.time)
        else:
            self.shares += share.generation > 0
        share.account.share(share.spreading)

    def run(self) -> tuple[Cascade, ...]:
        """Run to the end; return one cascade for each message instance of the agenda."""
        return self.campaign().cascades

    def campaign(self) -> Campaign:
        """Run to the end; return all that happened."""
        self.advance(self.horizon)
        return Campaign(
            cascades=tuple(spreading.cascade() for spreading in self.spreadings),
            originals=self.own_words.record(),
            moves=np.array(self.moves, MOVE),
            pitches=np.array(self.outreach.pitches, PITCH),
            reposts=np.array(self.outreach.reposts, np.int64),
        )


def _message(
    resonance: float,
    response: Response | Mapping[str, object],
    delay: Delay | Mapping[str, object],
) -> Message:
    """Return a message, or say in one line each what is wrong with it."""
    given = {"topic": TOPIC, "resonance": resonance, "response": response, "delay": delay}
    try:
        return Message.model_validate(given)
    except ValidationError as error:
        raise InputError(
            Problem(each["msg"], str(each["loc"][0])) for each in error.errors()
        ) from None
