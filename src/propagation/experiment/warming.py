"""The first run on a machine compiles in two processes: one draws, the other readies the rest.

numba compiles one function at a time in a process. So while the run itself reads or draws its
graph, and compiles what that takes, a helper lets a message spread over a small graph, which
compiles the loop, the metrics and theory into the cache that both share. Campaigns have a loop of
their own, which takes twice as long and is compiled only where a scenario needs it.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from propagation.compiling import cache_folder, can_be_kept, settings

SCENARIO = """\
name: warm
seed: 1
replicates: 1
horizon: 2 days
graph: {networkx: path_graph, arguments: {n: 30}}
accounts: {attention: 0.5, interest: {news: 0.5}}
ours: {us: {followers: {everybody: 10}}}
messages: {call: {topic: news, resonance: 0.5}}
strategies: {one: [{post: call, by: us, at: 0 h}]}
compare: {on: reach, baseline: one}
"""
"""Small and unlike nothing: the same functions are compiled whatever the numbers are."""
CAMPAIGN = SCENARIO.replace(
    "strategies: {", "strategies: {more: [{seed: call, to: {named: ['7']}, at: 0 h}], "
)
"""The loop over a campaign is one function, with all that anybody can do."""
LOOP = "**/*.nbc", "**/campaign.run_campaign*.nbc"
"""Machine code that is there after a run, and after one of a campaign."""


MOST_SECONDS = 120.0
"""How long a run waits for the helper at most, on however busy a machine."""


def warm(campaign: bool = False) -> None:
    """Compile what every run needs once its world is there, or every run of a campaign."""
    from propagation.experiment.expectations import Expectations
    from propagation.experiment.replicates import Laboratory
    from propagation.scenario.reading import parse_scenario

    laboratory = Laboratory(parse_scenario(CAMPAIGN if campaign else SCENARIO), Path())
    laboratory.run(0, [0])
    Expectations(laboratory)(laboratory.agendas)


def nothing_is_kept(campaign: bool = False) -> bool:
    """Whether no machine code has been kept for this version yet, and some could be."""
    kept = any(cache_folder().glob(LOOP[campaign]))
    return can_be_kept() and not settings.DISABLE_JIT and not kept


@contextmanager
def helper(campaign: bool = False) -> Iterator[Callable[[], None]]:
    """Start the helper if this is the first run here and there is a second processor for it.

    The first run of a campaign counts as such.

    Yields what waits for it; if it fails or takes too long, the run compiles that all the same.
    """
    if (os.cpu_count() or 1) < 2 or not sys.executable or not nothing_is_kept(campaign):
        yield lambda: None
        return
    code = "from propagation.experiment.warming import warm; "
    code += f"warm(campaign={campaign})"
    quiet = subprocess.DEVNULL
    process = None
    with suppress(OSError):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=quiet, stderr=quiet)

    def wait() -> None:
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(MOST_SECONDS)

    try:
        yield wait
    finally:
        if process is not None:
            process.kill()
            process.wait()
