"""An independent cascade as a plain Mesa model: one agent per account, and no more than it takes.

The agents hold their followers themselves, and only those who have just shared are activated: both
are far faster than Mesa's ``Network`` and a step of every agent. The model is built once; between
runs only those who shared are set back.
"""

import mesa
import numpy as np
import numpy.typing as npt
from mesa.agent import AgentSet

from benchmarks.graphs import Graph

Int64 = npt.NDArray[np.int64]


class Account(mesa.Agent):
    """Somebody who passes the message on once, to each follower by chance."""

    def __init__(self, model: "CascadeModel") -> None:
        super().__init__(model)
        self.followers: list[Account] = []
        self.has_shared = False

    def share(self) -> None:
        """Show the message to all followers; some of them are next to share."""
        model = self.model
        for follower in self.followers:
            if not follower.has_shared and model.random.random() < model.probability:
                follower.has_shared = True
                model.next.append(follower)


class CascadeModel(mesa.Model):
    """Rounds of sharing, until nobody is left who has just begun."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.probability = 0.0
        self.next: list[Account] = []
        accounts = list(Account.create_agents(self, graph.accounts))
        for v, account in enumerate(accounts):
            own = graph.followers[graph.starts[v] : graph.starts[v + 1]]
            account.followers = [accounts[follower] for follower in own.tolist()]
        self.root = accounts[graph.root]

    def step(self) -> None:
        """Let those share who decided to in the last round."""
        now, self.next = self.next, []
        AgentSet(now, random=self.random).do("share")
        self.shared += now
        self.running = bool(self.next)

    def cascade(self) -> int:
        """Run one cascade from the root; return how many others shared."""
        self.shared: list[Account] = []
        self.root.has_shared = True
        self.next = [self.root]
        self.run_model()
        for account in self.shared:
            account.has_shared = False
        self.running = True
        return len(self.shared) - 1


class PlainMesa:
    """The model above as a side."""

    def __init__(self, graph: Graph) -> None:
        self._model = CascadeModel(graph)

    def at(self, probability: float) -> "PlainMesa":
        """Note the probability."""
        self._model.probability = probability
        return self

    def __call__(self, first: int, count: int) -> Int64:
        """Return the reach of each run."""
        self._model.random.seed(first)
        return np.array([self._model.cascade() for _ in range(count)], np.int64)
