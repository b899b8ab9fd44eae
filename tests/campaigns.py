"""A small campaign on disk, for the tests of running, storing and replaying."""

import json
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from propagation.experiment import workers
from propagation.experiment.replicates import Laboratory
from propagation.experiment.runner import Result, Run
from propagation.scenario.reading import read_scenario

DRAWN = """\
name: tiny
seed: 3
replicates: 13
horizon: 2 days
draws: 3
segments:
  fans: {accounts: 60, attention: 0.5, interest: {news: 0.6}, follows: {mean: 6}}
  the public: {accounts: 180, attention: 0.3, value: 2, interest: {news: 0.1}, follows: {mean: 5}}
ours:
  ceo: {followers: {fans: 20}}
  brand: {followers: {the public: 100, fans: 5}}
messages:
  call: {topic: news, resonance: 0.5}
  echo: {topic: news, resonance: 0.2, response: single}
strategies:
  small: [{post: call, by: ceo, at: 0 h}]
  large: [{post: call, by: brand, at: [0 h, 5 h]}, {post: echo, by: ceo, at: 1 h}]
compare: {on: reach, baseline: large}
"""

REAL = """\
name: given
seed: 5
replicates: 6
horizon: 2 days
graph: {follows: follows.csv, follower: src, followee: dst}
accounts:
  table: accounts.csv
  id: node
  segment: sport
  attention: {column: attention}
  interest: {news: 0.3}
  by segment: {rowing: {interest: {news: 0.9}}}
ours:
  star: {account: "0"}
  brand: {followers: {rowing: 5, diving: 10}}
messages: {call: {topic: news, resonance: 1}}
strategies:
  star: [{post: call, by: star, at: 0 h}]
  brand: [{post: call, by: brand, at: 0 h}]
compare: {on: relevant reach, baseline: brand}
"""

AGENTS = """\
from propagation import Account


class Same(Account):
    pass


class Eager(Account):
    def decides(self, spreading, k):
        return k >= 2 or super().decides(spreading, k)


class Failing(Account):
    def decides(self, spreading, k):
        raise ZeroDivisionError("no reason")


class Stranger:
    pass
"""


def write_campaign(folder: Path, text: str = DRAWN, **lines: str) -> Path:
    """Write a scenario and all it may name; ``lines`` replace top-level lines of the same key."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, value in lines.items():
        kept = [line for line in text.splitlines() if not line.startswith(f"{key}:")]
        text = "\n".join([*kept, f"{key}: {value}", ""])
    (folder / "agents.py").write_text(AGENTS)
    follows = sorted({(i, (i * k + k) % 40) for i in range(40) for k in (1, 3, 5, 7)})
    rows = "".join(f"{one},{other}\n" for one, other in follows if one != other)
    (folder / "follows.csv").write_text("src,dst\n" + rows)
    accounts = (f"{i},{'rowing' if i < 12 else 'diving'},{(i % 5) / 5}\n" for i in range(40))
    (folder / "accounts.csv").write_text("node,sport,attention\n" + "".join(accounts))
    path = folder / "campaign.yaml"
    path.write_text(text)
    return path


def run(file: Path, out: Path, replicates: int | None = None, **options: object) -> Result:
    """Run a scenario file into a folder."""
    scenario = read_scenario(file)
    if replicates is not None:
        scenario = scenario.model_copy(update={"replicates": replicates})
    return Run(scenario, file.parent, out, **options)()  # type: ignore[arg-type]


def tables(out: Path) -> tuple[pa.Table, pa.Table]:
    """Return the runs and the cascades of a results folder."""
    return pq.read_table(out / "runs.parquet"), pq.read_table(out / "cascades.parquet")


def rows(out: Path, kind: str = "runs") -> list[dict[str, object]]:
    """Return a table as dictionaries."""
    return pq.read_table(out / f"{kind}.parquet").to_pylist()


def strict_json(path: Path) -> dict[str, object]:
    """Read JSON that holds neither NaN nor Infinity, which the standard does not know."""

    def refuse(word: str) -> object:
        raise AssertionError(f"{path.name} holds {word}")

    content: dict[str, object] = json.loads(path.read_text(), parse_constant=refuse)
    return content


def interrupt_at(count: int) -> Callable[[int, int], None]:
    """Return a progress that interrupts once so many replicates are done."""

    def progress(done: int, total: int) -> None:
        if done >= count:
            raise KeyboardInterrupt

    return progress


def without_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run agents in threads: where processes are not what is tested, they only take time."""

    def pool(
        count: int, context: object, start: object, arguments: tuple[Laboratory, ...]
    ) -> Executor:
        monkeypatch.setattr(workers, "_laboratory", arguments[0])
        return ThreadPoolExecutor(count)

    monkeypatch.setattr(workers, "ProcessPoolExecutor", pool)
