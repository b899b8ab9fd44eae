"""Peak private memory of ``propagation run``, as ``check`` predicts it and as it is measured.

``python -m benchmarks.memory`` prints the table and writes ``results/benchmarks/memory.md``; names
of cases after it measure these alone and write nothing.

Method: the command runs in a process of its own; every 10 ms the anonymous memory that is resident
(``RssAnon`` in Linux' ``/proc``) of it and of all its processes is added up, and the largest sum
counts, or the process's own peak less the most that files had of it, so that no short peak is
missed. Pages of files, shared libraries and memory-mapped graphs among them, are not private and
not in it. A prediction holds if it is off by at most a fifth or 150 MB, whichever is more. A run
that had to compile is measured again, since that happens once and takes up to 200 MB.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from propagation.compiling import COMPILING
from propagation.experiment.estimates import drawn_estimate, given_estimate
from propagation.experiment.replicates import Laboratory
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import Scenario

OUT = Path("results/benchmarks/memory.md")
DATA = Path(__file__).parents[2] / "shared/data"
SHIPPED = Path(__file__).parents[1] / "scenarios"
EVERY_SECONDS = 0.01
WITHIN, WITHIN_BYTES = 0.20, 150_000_000

HEADING = (
    "| case | predicted, MB | measured, MB | off | within |",
    "| --- | --- | --- | --- | --- |",
)

DRAWN = """\
name: memory
seed: 1
replicates: {replicates}
horizon: 7 days
draws: {draws}
segments:
  fans:
    accounts: {fans}
    attention: 0.2
    interest: {{{interest}}}
    follows: {{mean: {mean}, to: {{fans: 40%, the public: 60%}}}}
    popularity: {{tail: 2.3, at most: {cap}}}
{inside}
  the public:
    accounts: {public}
    attention: 0.2
    interest: {{{interest}}}
    follows: {{mean: {mean}, to: {{fans: 4%, the public: 96%}}}}
    popularity: {{tail: 2.3, at most: {cap}}}
{inside}
ours:
  ceo: {{followers: {{fans: 500}}}}
  brand: {{followers: {{the public: 4000}}}}
messages:
{messages}
strategies:
  small: [{small}]
  large: [{large}]
{shuffled}
compare: {{on: reach, baseline: large}}
"""
REAL = """\
name: memory-real
seed: 1
replicates: 40
horizon: 7 days
graph: {follows: FOLLOWS, follower: 1, followee: 2}
accounts: {attention: 0.2, interest: {news: 0.1}}
ours:
  many: {account: "25521487"}
messages: {item: {topic: news, resonance: 0.165}}
strategies: {one: [{post: item, by: many, at: 0 h}]}
compare: {on: reach, baseline: one}
"""


@dataclass(frozen=True)
class Case:
    """A scenario, as text or as a file, and the options it is run with."""

    name: str
    text: str
    workers: int = 1
    engine: str = "compiled"


def drawn(
    accounts: int,
    mean: int,
    *,
    draws: int = 1,
    replicates: int = 40,
    topics: int = 1,
    inside: str = "",
    shuffled: bool = False,
    resonance: float = 0.3,
) -> str:
    """Return a scenario with a tenth of its accounts in one segment and the rest in another."""
    names = [f"m{i}" for i in range(topics)]
    posts = [f"{{post: {name}, by: BY, at: {i} h}}" for i, name in enumerate(names)]
    return DRAWN.format(
        replicates=replicates,
        draws=draws,
        fans=accounts // 10,
        public=accounts - accounts // 10,
        mean=mean,
        cap=min(50_000, accounts // 50),
        interest=", ".join(f"t{i}: 0.1" for i in range(topics)),
        inside=inside,
        messages="\n".join(
            f"  {name}: {{topic: t{i}, resonance: {resonance}}}" for i, name in enumerate(names)
        ),
        small=", ".join(posts).replace("BY", "ceo"),
        large=", ".join(posts).replace("BY", "brand"),
        shuffled="shuffled: [small]" if shuffled else "",
    )


CAMPAIGN = """\
name: memory-campaign
seed: 1
replicates: 8
draws: 2
horizon: 7 days
following: {{follows: 2%, irrelevant: 0.1%}}
segments:
  public:
    accounts: {accounts}
    attention: {attention}
    interest: {{news: 0.1}}
    follows: {{mean: 20}}
    popularity: {{tail: 2.3, at most: 1000}}
ours:
  brand: {{followers: {{public: {followers}}}}}
messages: {{offer: {{topic: news, resonance: 0.5}}}}
strategies:
  posts: [{{post: offer, by: brand, every: 1 h, for: {hours} h}}]
  more:
  - {{post: offer, by: brand, every: 1 h, for: {hours} h}}
  - {{pitch: offer, by: brand, to: {{choose: 1000, by: random}}, at: 1 h, opens: 0.5, answers: 0.5,
     covers: 0.5}}
  - {{boost: offer, by: brand, to: public, impressions: 10000, per hour: 1000, at: 2 h}}
compare: {{on: reach, baseline: posts}}
"""


def campaign(accounts: int, hours: int, attention: str = "0.2") -> str:
    """Return a scenario in which a post an hour reaches half of all accounts' feeds."""
    return CAMPAIGN.format(
        accounts=accounts, followers=accounts // 2, hours=hours, attention=attention
    )


MUTUAL = "    reciprocity: 22%\n    clustering: 0.1"


def cases() -> Iterator[Case]:
    """Yield all cases, small ones first."""
    yield Case("1e4 follows", drawn(5_000, 2))
    yield Case("3e5 follows", drawn(30_000, 10))
    yield Case("3e5, 10 draws", drawn(30_000, 10, draws=10))
    yield Case("1e6 follows", drawn(50_000, 20))
    yield Case("1e6, clustered", drawn(50_000, 20, inside=MUTUAL))
    yield Case("1e6, mutual", drawn(50_000, 20, inside="    reciprocity: 22%"))
    yield Case("1e6, 5 draws, 2 workers", drawn(50_000, 20, draws=5), workers=2)
    yield Case("1e6, shuffled", drawn(50_000, 20, shuffled=True, draws=2))
    yield Case("1e6, 4 topics", drawn(50_000, 20, topics=4))
    yield Case("1e6, giants", drawn(50_000, 20, resonance=3.0), workers=2)
    yield Case("2e6, many accounts", drawn(1_000_000, 2))
    yield Case("2e6, many accounts, 4 topics", drawn(1_000_000, 2, topics=4), workers=2)
    yield Case("1e6, 20,000 replicates", drawn(50_000, 20, replicates=20_000), workers=2)
    yield Case("5e6 follows", drawn(250_000, 20))
    yield Case("5e6, 3 draws, 5 workers", drawn(250_000, 20, draws=3), workers=5)
    yield Case("5e6, clustered, 2 draws", drawn(250_000, 20, draws=2, inside=MUTUAL), workers=2)
    yield Case("1e7 follows", drawn(500_000, 20))
    yield Case("1e7, giants, 2 workers", drawn(500_000, 20, resonance=3.0), workers=2)
    yield Case("campaigns, 2 workers", campaign(80_000, 160), workers=2)
    limited = campaign(200_000, 24, "{capacity: 10, per followee: 2}")
    yield Case("campaigns, attention limited", limited, workers=2)
    mesa = drawn(5_000, 2, replicates=6, draws=2)
    yield Case("Mesa, 1e4, 2 workers", mesa, workers=2, engine="mesa")
    mesa = drawn(20_000, 10, replicates=4, draws=2)
    yield Case("Mesa, 2e5, 2 workers", mesa, workers=2, engine="mesa")
    for name in ("occupy", "ceo-and-brand"):
        text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
        yield Case(name, text, workers=2)
    ego = DATA / "ego_twitter/twitter_combined_rebuilt.txt.gz"
    if ego.is_file():
        yield Case("ego-Twitter", REAL.replace("FOLLOWS", ego.as_posix()), workers=2)


def status(pid: int) -> dict[str, int]:
    """Return what the system says of a process's memory in bytes; nothing once it has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        words = (line.split() for line in lines if line.startswith(("Rss", "VmHWM")))
        return {one[0].rstrip(":"): 1024 * int(one[1]) for one in words}
    return {}


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that are there."""
    with suppress(OSError):
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        found = [(task / "children").read_text(encoding="ascii").split() for task in tasks]
        return [int(child) for each in found for child in each]
    return []


def private(pid: int) -> int:
    """Return the bytes of anonymous memory of a process and of all that it has started."""
    own = status(pid).get("RssAnon", 0)
    return own + sum(private(child) for child in children(pid))


def measure(case: Case, folder: Path) -> tuple[int, int]:
    """Return the bytes predicted and the bytes measured."""
    file = folder / "scenario.yaml"
    file.write_text(case.text, encoding="utf-8")
    scenario = read_scenario(file)
    predicted = predict(scenario, folder, case)
    out = str(folder / "out")
    options = ["--workers", str(case.workers), "--engine", case.engine, "--out", out, "--force"]
    command = [sys.executable, "-m", "propagation", "run", str(file), *options]
    said, most = COMPILING, 0
    while COMPILING in said:
        said, most = peak(command)
    return predicted, most


def predict(scenario: Scenario, folder: Path, case: Case) -> int:
    """Return the bytes that ``check`` would name for so many workers."""
    if scenario.segments is not None:
        return drawn_estimate(scenario, scenario.segments, case.workers, case.engine).memory
    world = Laboratory(scenario, folder).world(0)
    return given_estimate(scenario, world, case.workers, case.engine).memory


def peak(command: list[str]) -> tuple[str, int]:
    """Run a command; return what it said on stderr, and its peak private memory."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        most = of_files = highest = 0
        while process.poll() is None:
            now = status(process.pid)
            of_files = max(of_files, now.get("RssFile", 0))
            highest = max(highest, now.get("VmHWM", 0))
            most = max(most, private(process.pid))
            time.sleep(EVERY_SECONDS)
        said.seek(0)
        text = said.read()
    if process.returncode:
        sys.exit(text)
    return text, max(most, highest - of_files)


def holds(predicted: int, measured: int) -> bool:
    """Say whether a prediction is near enough."""
    return abs(predicted - measured) <= max(WITHIN * measured, WITHIN_BYTES)


def main(names: list[str]) -> int:
    """Measure and print; return 1 if a prediction is too far off."""
    if not Path("/proc/self/status").exists():
        sys.exit("needs Linux, whose /proc says what is private")
    lines = [
        "| case | predicted, MB | measured, MB | off | within |",
        "| --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines))
    good = True
    for case in cases():
        if names and case.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            predicted, measured = measure(case, Path(folder))
        good &= holds(predicted, measured)
        sizes = f"{predicted / 1e6:,.0f} | {measured / 1e6:,.0f} | {predicted / measured - 1:+.0%}"
        lines.append(f"| {case.name} | {sizes} | {'yes' if holds(predicted, measured) else 'NO'} |")
        print(lines[-1], flush=True)
    if not names:
        method = " ".join((__doc__ or "").split("\n\n")[2].split())
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text("\n".join(["# Memory", "", method, "", *lines, ""]), encoding="utf-8")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
