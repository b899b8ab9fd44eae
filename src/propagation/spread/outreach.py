"""Our accounts' side of the Mesa model: what a strategy does, step by step.

The plan says what happens when; here each entry of it is done to the agents, who decide for
themselves (``Account``). Every rule is called from ``campaign_dynamics``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from propagation.luck import Purpose, descend, stem
from propagation.scenario.spec import Message
from propagation.spread.agents import Account, Spreading
from propagation.spread.campaign_dynamics import (
    PitchRates,
    below,
    credits_in,
    happens,
    interest_units,
    is_posted,
    is_relevant_to_followers,
    place_among,
    rates_of,
    resonance,
    resonance_numbers,
    worn,
)
from propagation.spread.dynamics import Stems, factors_of, rules_of, stems
from propagation.spread.events import Repost, Share, Step
from propagation.spread.timeline import NOBODY
from propagation.strategy.plan import (
    BOOST,
    BY_CHANCE,
    FOLLOW,
    PITCH,
    POST,
    SEED,
    WHEN_RELEVANT,
    Plan,
)

if TYPE_CHECKING:
    from propagation.spread.model import PropagationModel

Records = npt.NDArray[np.void]


@dataclass
class Standing:
    """How one of our accounts stands with the others.

    Attributes
    ----------
    followers
        Who follows it now.
    listed, gained
        Who has a place in its follower lists, and who came to follow it besides, in order.
    known_to
        Who has noticed anything that is credited to it.
    followed
        Whom it has followed.
    willingness
        How willing others are to open its pitches, where that is not 1.
    share_times
        When it has shared, in order.
    """

    followers: set[Account]
    listed: frozenset[Account]
    gained: dict[Account, None] = field(default_factory=dict)
    known_to: set[Account] = field(default_factory=set)
    followed: set[Account] = field(default_factory=set)
    willingness: dict[Account, float] = field(default_factory=dict)
    share_times: list[float] = field(default_factory=list)

    def willingness_of(self, account: Account) -> float:
        """Return how willing an account is to open what ours sends."""
        return self.willingness.get(account, 1.0)

    def shares_since(self, hours: float) -> int:
        """Return how many shares came after a time."""
        return sum(time > hours for time in self.share_times)

    def join(self, account: Account) -> None:
        """Let an account follow."""
        self.followers.add(account)
        if account not in self.listed:
            self.gained.setdefault(account)


def spreadings_of(
    plan: Plan, messages: Mapping[str, Message], seed: int, accounts: list[Account]
) -> list[Spreading]:
    """Return the message instances of a plan with their rules and luck in a run."""
    credited = [
        tuple(accounts[plan.ours[one]] for one in credits) for credits in credits_in(plan, seed)
    ]
    return [
        spreading_of(number, instance.id, messages[instance.message], seed, credits)
        for number, (instance, credits) in enumerate(
            zip(plan.agenda.instances, credited, strict=True)
        )
    ]


def spreading_of(
    number: int,
    id: np.uint64,
    message: Message,
    seed: int,
    credited: tuple[Account, ...] = (),
) -> Spreading:
    """Return a message instance with its rules and luck in a run."""
    key = stem(seed, Purpose.RESONANCE, id)
    drawn = float(resonance(*resonance_numbers(message.resonance), key))
    return Spreading(
        number,
        id,
        seed,
        message,
        rules_of(message)._replace(resonance=drawn),
        factors_of(message),
        Stems(*map(np.uint64, stems(np.uint64(seed), id))),
        credited,
    )


class Outreach:
    """A plan at work in a model.

    Attributes
    ----------
    pitches
        Records ``PITCH`` of those sent so far, as tuples.
    reposts
        How many reposts each rule has made.
    """

    def __init__(self, model: "PropagationModel", plan: Plan) -> None:
        self.model, self.plan = model, plan
        self.ours = [model.accounts[number] for number in plan.ours]
        self._rates = [rates_of(one) for one in plan.pitches]
        chosen, self._counts = plan.chosen(model.seed)
        self._chosen = chosen.tolist()
        self.pitches: list[tuple[float, int, int, int, bool, bool, bool, bool]] = []
        self.reposts = [0] * len(plan.reposts)
        for number, entry in enumerate(plan.entries):
            if entry["time"] <= model.horizon:
                model.plan(Step(float(entry["time"]), number, int(entry["place"])))

    def take(self, step: Step) -> None:
        """Do what is due, and plan the next step of what goes on."""
        entry = self.plan.entries[step.entry]
        kind, first = int(entry["kind"]), int(entry["first"])
        numbers = self._chosen[first : first + int(self._counts[step.entry])]
        chosen = [self.model.accounts[number] for number in numbers]
        if kind == SEED:
            self._seed(entry, chosen)
            return
        by = self.ours[entry["ours"]]
        if kind == POST:
            self._post(entry, by)
        elif kind == PITCH:
            for account in chosen:
                self._pitch(entry, by, account)
        elif kind == BOOST:
            self._impression(entry, by, step.step)
            self._go_on(entry, step, int(entry["impressions"]))
        elif kind == FOLLOW and chosen:
            self._follow(entry, by, chosen[step.step])
            self._go_on(entry, step, len(chosen))

    def _go_on(self, entry: np.void, step: Step, steps: int) -> None:
        number = step.step + 1
        time = float(entry["time"] + number / entry["pace"])
        if number < steps and time <= self.model.horizon:
            self.model.plan(Step(time, step.entry, step.place, number))

    def _post(self, entry: np.void, by: Account) -> None:
        """Post an instance, if it is the one of its mix, and plan who may repost it."""
        model, spreading = self.model, self.model.spreadings[entry["instance"]]
        key = np.uint64(descend(stem(model.seed, Purpose.MIX), entry["mix"]))
        if not is_posted(key, float(entry["low"]), float(entry["high"])):
            return
        memory = spreading.memory_of(by)
        if memory.generation != NOBODY:
            return  # it has shared this instance already
        by.will_share(spreading, 0.0, NOBODY, 0)
        for number, rule in enumerate(self.plan.reposts):
            time = float(model.hours + rule["after"])
            if rule["of"] == entry["ours"] and time <= model.horizon:
                model.plan(Repost(time, number, self.ours[rule["by"]], by, spreading))

    def repost(self, turn: Repost) -> None:
        """Let one of our accounts repost what another has posted, if its rule says so."""
        spreading, by = turn.spreading, turn.by
        known = spreading.memories.get(by)
        if known is not None and known.generation != NOBODY:
            return
        if not self._reposts(turn):
            return
        memory = spreading.memory_of(by)
        memory.share_time, memory.generation = turn.time, 1
        memory.parent = spreading.memory_of(turn.of).row
        self.reposts[turn.rule] += 1
        self.model.share(Share(turn.time, 1, by, spreading))

    def _reposts(self, turn: Repost) -> bool:
        """Say whether a rule lets one of our accounts repost."""
        rule, spreading = self.plan.reposts[turn.rule], turn.spreading
        if rule["when"] == BY_CHANCE:
            parent = stem(self.model.seed, Purpose.REPOST, spreading.id)
            return bool(happens(np.uint64(descend(parent, turn.by.key)), 0, float(rule["limit"])))
        if rule["when"] == WHEN_RELEVANT:
            followers = self.model.standings[turn.by].followers
            topic = spreading.message.topic
            units = sum(int(interest_units(one.interest[topic])) for one in followers)
            return bool(is_relevant_to_followers(units, len(followers), float(rule["limit"])))
        return True

    def _seed(self, entry: np.void, chosen: list[Account]) -> None:
        """Let chosen accounts share an instance."""
        spreading = self.model.spreadings[entry["instance"]]
        for account in chosen:
            if not spreading.memory_of(account).decided:
                account.will_share(spreading, 0.0, NOBODY, 0)

    def _pitch(self, entry: np.void, by: Account, account: Account) -> None:
        """Send a pitch, and let an irrelevant one wear the willingness to open the next."""
        spreading = self.model.spreadings[entry["instance"]]
        rates: PitchRates = self._rates[entry["spec"]]
        came_of_it = account.receive_pitch(spreading, by, rates)
        standing = self.model.standings[by]
        relevance = account.interest[spreading.message.topic]
        willingness = standing.willingness_of(account)
        standing.willingness[account] = float(
            worn(rates, willingness, relevance, self.model.relevant)
        )
        self.pitches.append(
            (self.model.hours, spreading.number, by.number, account.number, *came_of_it)
        )

    def _impression(self, entry: np.void, by: Account, step: int) -> None:
        """Show a paid impression to an account of the pool."""
        spreading = self.model.spreadings[entry["instance"]]

        def key(purpose: Purpose) -> np.uint64:
            parent = stem(self.model.seed, purpose, spreading.id)
            return np.uint64(below(parent, by.key, entry["pool_id"]))

        place = int(place_among(key(Purpose.IMPRESSION_TO), step, int(entry["count"])))
        account = self.model.accounts[self.plan.pools[int(entry["first"]) + place]]
        if happens(key(Purpose.IMPRESSION), step, account.attention):
            account.notice(spreading, None)

    def _follow(self, entry: np.void, by: Account, account: Account) -> None:
        """Let one of ours follow an account, which may follow back; the first time only."""
        standing = self.model.standings[by]
        known, back = account in standing.followed, entry["otherwise"]
        standing.followed.add(account)
        if known or account in standing.followers:
            return
        if account in standing.known_to:
            back = entry["noticed"]
        if account.follows_back(by, self.plan.topics[entry["spec"]], float(back)):
            self.model.move(account, by, joined=True)
