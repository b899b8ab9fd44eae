"""A finite community: meetings bound what a branching process leaves unbounded."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from verification.graphs import Runs, generator, message, random_audiences, world_of
from verification.oracles import COMMUNITY, COMMUNITY_RUNS
from verification.verdicts import Case, Plan, Result, by_groups

EXPOSED, SHARE_PROBABILITY = 500, 0.03
GRAPHS = 20
ATTENTION = 0.2
"""For independent chances only, where noticing and deciding can share the work; with one decision
per person everybody notices everything."""
RESPONSES = ("independent", "single")


def community_shares(
    accounts: int, followers: int, response: str, graph: int, runs: int
) -> npt.NDArray[np.int64]:
    """Return the number of sharers in runs on one random community.

    Everybody has Poisson(``followers``) followers, uniform among the others; an account from
    outside shows the message to 500 at the start.
    """
    rng = generator(19, accounts, followers, graph)
    world = world_of(
        random_audiences(rng.poisson(followers, accounts), accounts, rng),
        accounts,
        (),
        attention=ATTENTION if response == "independent" else 1.0,
        audiences={"us": EXPOSED},
        seed=graph,
    )
    resonance = SHARE_PROBABILITY / (ATTENTION if response == "independent" else 1.0)
    one = Runs(world, message(response, resonance), graph)
    return np.array([one.shares(number, ["us"]) for number in range(runs)])


def communities(plan: Plan) -> Result:
    """Compare mean numbers of sharers with published means of 2,000 runs.

    The error joins ours, from the differences between graphs, and that of the published means,
    from our variance over their number of runs and their rounding. With the fault the responses
    are exchanged.
    """
    checks, drawn = [], []
    runs = plan.count(100, 20)
    for (accounts, followers), means in COMMUNITY.items():
        if plan.quick and (accounts, followers) not in ((1_000, 24), (5_000, 30)):
            continue
        for response, mean in zip(RESPONSES, means, strict=True):
            used = RESPONSES[1 - RESPONSES.index(response)] if plan.fault else response
            found = np.array(
                [community_shares(accounts, followers, used, g, runs) for g in range(GRAPHS)]
            )
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
    ),
)
