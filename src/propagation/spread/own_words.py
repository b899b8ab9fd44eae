"""What accounts of the Mesa model write of their own accord: the originals of a run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from propagation.luck import descend, text_id
from propagation.scenario.spec import Message, Original
from propagation.spread.agents import Account, Spreading
from propagation.spread.campaign_record import Originals, originals_of
from propagation.spread.outreach import spreading_of
from propagation.spread.timeline import NOBODY

if TYPE_CHECKING:
    from propagation.spread.model import PropagationModel


class OwnWords:
    """Who has noticed which topic, and what was written about it.

    Attributes
    ----------
    spreadings
        The originals, by number of the topic x accounts + author.
    """

    def __init__(
        self,
        model: "PropagationModel",
        originals: Mapping[str, Original],
        messages: Mapping[str, Message],
    ) -> None:
        self.model, self._originals, self._messages = model, originals, messages
        self.topics = sorted(originals)
        self._heard: dict[str, set[Account]] = {topic: set() for topic in self.topics}
        self.spreadings: dict[int, Spreading] = {}

    def hear(self, account: Account, topic: str) -> None:
        """Let an account that notices a topic for the first time write about it, or not."""
        if topic not in self._heard or account.is_ours or account in self._heard[topic]:
            return
        self._heard[topic].add(account)
        original = self._originals[topic]
        if account.writes(topic, original.chance):
            self._plan(account, topic, self._messages[original.message])

    def _plan(self, account: Account, topic: str, message: Message) -> None:
        """Put an original on the agenda, unless it would come after the horizon."""
        model = self.model
        number = self.topics.index(topic) * len(model.accounts) + account.number
        id = np.uint64(descend(text_id("original", topic), account.key))
        spreading = spreading_of(len(model.spreadings) + number, id, message, model.seed)
        after = account.delay(spreading)
        if model.hours + after <= model.horizon:
            self.spreadings[number] = spreading
            account.will_share(spreading, after, NOBODY, 0)

    def record(self) -> Originals:
        """Return the originals written so far, and what has happened to them."""
        cascades = {number: one.cascade() for number, one in self.spreadings.items()}
        return originals_of(self.topics, len(self.model.accounts), cascades)
