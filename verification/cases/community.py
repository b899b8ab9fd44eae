"""A finite community: meetings bound what a branching process leaves unbounded."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from verification.graphs import Runs, generator, message, random_audiences, world_of
from verification.oracles import COMMUNITY, COMMUNITY_RUNS
from verification.verdicts import Case, Plan, Result, by_groups

EXPOSED, SHARE_PROBABILITY = 500, 0.03
GRAPHS = 20
ATTENTION = {"independent": 0.06, "single": 1.0}
"""With one decision per person everybody must notice everything; else noticing and deciding share
the work."""


def community_shares(
    accounts: int, followers: int, responses: tuple[str, ...], graph: int, runs: int
) -> list[npt.NDArray[np.int64]]:
    """Return the numbers of sharers in runs on one random community, by response.

    Everybody has Poisson(``followers``) followers, uniform among the others; an account from
    outside shows the message to 500 at the start.
    """
    rng = generator(19, accounts, followers, graph)
    follows = random_audiences(rng.poisson(followers, accounts), accounts, rng)
    found = []
    for response in responses:
        attention = ATTENTION[response]
        world = world_of(
            follows, accounts, (), attention=attention, audiences={"us": EXPOSED}, seed=graph
        )
        one = Runs(world, message(response, SHARE_PROBABILITY / attention), graph)
        found.append(np.array([one.shares(number, ["us"]) for number in range(runs)]))
    return found


def communities(plan: Plan) -> Result:
    """Compare mean numbers of sharers with published means of 2,000 runs.

    The error joins ours, from the differences between graphs, and that of the published means,
    from our variance over their number of runs and their rounding. With the fault the responses
    are exchanged.
    """
    checks, drawn = [], []
    responses = tuple(reversed(ATTENTION)) if plan.fault else tuple(ATTENTION)
    for (accounts, followers), means in COMMUNITY.items():
        if plan.quick and (accounts, followers) not in ((1_000, 24), (5_000, 30)):
            continue
        runs = plan.count(100 if accounts < 20_000 or followers < 60 else 30, 20)
        graphs = [
            community_shares(accounts, followers, responses, graph, runs) for graph in range(GRAPHS)
        ]
        for i, (response, mean) in enumerate(zip(ATTENTION, means, strict=True)):
            found = np.array([one[i] for one in graphs])
            step = 0.1 if mean < 200 else 1.0
            theirs = found.var() / COMMUNITY_RUNS + step**2 / 12.0
            name = f"{accounts:,} accounts, {followers} followers, {response}"
            checks.append(by_groups(name, found.mean(axis=1), mean, theirs))
            drawn.append((mean, float(found.mean())))

    def draw(ax: Axes) -> None:
        published, found = np.array(drawn).T
        ax.loglog([15, 20_000], [15, 20_000], color="gray")
        ax.loglog(published[0::2], found[0::2], "o", label="each exposure a new chance")
        ax.loglog(published[1::2], found[1::2], "x", label="one decision per person")
        ax.set(xlabel="mean sharers, published", ylabel="mean sharers, simulated")
        ax.legend()

    return Result(tuple(checks), draw)


COMMUNITY_SIZE = (
    Case(
        "finite community",
        "In a community that can be used up, sharers are bounded, and with one decision per person "
        "far lower.",
        "evidence table of 2,000 runs: 500 exposed, share probability 0.03, Poisson followers",
        "independent and single responses are exchanged",
        communities,
        rows=("6.4",),
    ),
)
