"""Agents of one's own: the same runner, the same luck, any number of processes."""

import os
from pathlib import Path

import pytest
from campaigns import (
    AGENTS,
    REAL,
    rows,
    run,
    strict_json,
    tables,
    without_processes,
    write_campaign,
)
from typer.testing import CliRunner

from propagation import cli
from propagation.experiment.batches import Batch
from propagation.experiment.own_agents import load_account_class
from propagation.experiment.replicates import Laboratory
from propagation.problems import InputError, MachineError
from propagation.scenario.reading import read_scenario
from propagation.spread.agents import Account

OWN = (
    AGENTS
    + '''

class Deaf(Account):
    """Notices nothing."""

    def notices(self, feed, place):
        return False


class Instant(Account):
    """Takes no time."""

    def delay(self, spreading):
        return 0.0


class Loyal(Account):
    """Only those of the first segment ever share; remembers what it was asked."""

    asked = 0

    def decides(self, spreading, k):
        self.asked += 1
        return self.segment == "fans" and super().decides(spreading, k)


class Dying(Account):
    """Takes its process with it."""

    def decides(self, spreading, k):
        import os

        os._exit(3)
'''
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with scenarios, and the compiled engine's run in ``compiled``."""
    folder = tmp_path_factory.mktemp("agents")
    write_campaign(folder, replicates="5")
    (folder / "own.py").write_text(OWN)
    run(folder / "campaign.yaml", folder / "compiled")
    return folder


def laboratory(home: Path, agents: str | None = None, engine: str = "compiled") -> Laboratory:
    scenario = read_scenario(home / "campaign.yaml")
    return Laboratory(scenario.model_copy(update={"agents": agents}), home, engine)


def batch(home: Path, agents: str | None = None, engine: str = "compiled") -> Batch:
    """Run replicates 0 and 3, which share draw 0, in this process."""
    return laboratory(home, agents, engine).run(0, [0, 3])


def same(one: Batch, other: Batch) -> bool:
    """Compare as text: NaN equals NaN, 1 is not 1.0."""
    return repr(one) == repr(other)


# --- the same luck -----------------------------------------------------------------------------


def test_a_subclass_that_changes_nothing_gives_the_same_numbers(home: Path) -> None:
    assert same(batch(home), batch(home, "own.py:Same"))
    assert same(batch(home), batch(home, engine="mesa"))


@pytest.mark.parametrize("name", ["Eager", "Deaf", "Instant", "Loyal"])
def test_a_subclass_that_changes_something_shows(home: Path, name: str) -> None:
    assert not same(batch(home), batch(home, f"own.py:{name}"))
    assert same(batch(home, f"own.py:{name}"), batch(home, f"own.py:{name}"))


def test_behaviour_reaches_the_numbers(home: Path) -> None:
    deaf = batch(home, "own.py:Deaf").runs
    assert set(deaf["reach"]) == set(deaf["shares"]) == {0.0}
    instant = batch(home, "own.py:Instant").runs
    small = [name == "small" for name in instant["strategy"]]
    shared = [shares > 0 for shares in instant["shares"]]
    for one, any_shares, time in zip(small, shared, instant["time_to_half"], strict=True):
        assert not (one and any_shares) or time == 0.0
    eager, plain = batch(home, "own.py:Eager").runs, batch(home).runs
    assert all(more >= less for more, less in zip(eager["reach"], plain["reach"], strict=True))
    assert eager["seed"] == plain["seed"]


def test_agents_start_afresh_in_every_run(home: Path) -> None:
    """What an agent remembers of one replicate must not reach the next."""
    lab = laboratory(home, "own.py:Loyal")
    both, second = lab.run(0, [0, 3]), lab.run(0, [3])
    later = [i for i, replicate in enumerate(both.runs["replicate"]) if replicate == 3]
    for name, values in second.runs.items():
        assert repr([both.runs[name][i] for i in later]) == repr(values), name


# --- in processes ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "workers"), [("Same", 1), ("Loyal", 2)])
def test_processes_give_what_one_process_gives(home: Path, name: str, workers: int) -> None:
    """Through the whole runner; without change, the tables are those of the compiled engine."""
    file = home / f"{name}.yaml"
    file.write_text((home / "campaign.yaml").read_text() + f"agents: own.py:{name}\n")
    out = home / "processes" / name
    run(file, out, workers=workers)
    if name == "Same":
        for mine, compiled in zip(tables(out), tables(home / "compiled"), strict=True):
            assert mine.equals(compiled)
    here = batch(home, f"own.py:{name}").runs
    there = [row for row in rows(out) if row["replicate"] in (0, 3)]
    for metric in ("strategy", "replicate", "seed", "reach", "impressions", "shares", "depth"):
        expected = sorted(zip(here["strategy"], here["replicate"], here[metric], strict=True))
        assert [(row["strategy"], row["replicate"], row[metric]) for row in there] == expected
    found = strict_json(out / "provenance.json")
    assert (found["engine"], found["workers"]) == ("mesa", workers)
    assert len(found["agents_sha256"]) == 64
    assert read_scenario(out / "scenario.yaml").agents == f"../../own.py:{name}"


def test_the_option_and_the_key_are_the_same(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_processes(monkeypatch)
    monkeypatch.chdir(home)
    (home / "deep").mkdir()
    (home / "deep" / "key.yaml").write_text(
        (home / "campaign.yaml").read_text() + "agents: ../own.py:Loyal\n"
    )
    option = ["campaign.yaml", "--agents", "own.py:Loyal", "--out", "option"]
    for arguments in (option, ["deep/key.yaml", "--out", "key"]):
        result = CliRunner().invoke(cli.app, ["run", *arguments, "--workers", "1"])
        assert result.exit_code == 0, result.output
    for mine, theirs in zip(tables(home / "option"), tables(home / "key"), strict=True):
        assert mine.equals(theirs)
    assert read_scenario(home / "option" / "scenario.yaml") == read_scenario(
        home / "key" / "scenario.yaml"
    )
    result = CliRunner().invoke(cli.app, ["run", "option/provenance.json", "--out", "again"])
    assert result.exit_code == 0, result.output
    for mine, theirs in zip(tables(home / "option"), tables(home / "again"), strict=True):
        assert mine.equals(theirs)


def test_a_process_that_dies_is_the_machines_fault(home: Path) -> None:
    file = home / "dying.yaml"
    file.write_text((home / "campaign.yaml").read_text() + "agents: own.py:Dying\n")
    with pytest.raises(MachineError, match="worker process") as caught:
        run(file, home / "dying", workers=1)
    assert "\n" not in str(caught.value)
    assert not (home / "dying" / "summary.json").exists()


# --- on real graphs ----------------------------------------------------------------------------


def test_agents_on_a_real_graph(tmp_path: Path) -> None:
    file = write_campaign(tmp_path, REAL)
    scenario = read_scenario(file)
    some = range(10)
    plain = Laboratory(scenario, tmp_path).run(0, some)
    own = scenario.model_copy(update={"agents": "agents.py:Same"})
    assert same(plain, Laboratory(own, tmp_path).run(0, some))
    eager = scenario.model_copy(update={"agents": "agents.py:Eager"})
    assert not same(plain, Laboratory(eager, tmp_path).run(0, some))


# --- loading -----------------------------------------------------------------------------------


def test_a_class_is_loaded_from_its_file(home: Path) -> None:
    found = load_account_class("own.py:Eager", home)
    assert issubclass(found, Account)
    assert found.__name__ == "Eager"
    assert load_account_class(f"{home / 'own.py'}:Eager", Path("/")).__name__ == "Eager"


def test_files_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    for folder, answer in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        text = f"from propagation import Account\nclass Mine(Account):\n    answer = {answer}\n"
        (tmp_path / folder / "mine.py").write_text(text)
    first = load_account_class("mine.py:Mine", tmp_path / "one")
    second = load_account_class("mine.py:Mine", tmp_path / "two")
    assert (first.answer, second.answer) == (1, 2)


def test_dataclasses_and_annotations_work_in_agents(tmp_path: Path) -> None:
    """The module must be known by its name while it is loaded."""
    (tmp_path / "typed.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from propagation import Account\n"
        "@dataclass\n"
        "class Mood:\n"
        "    level: float = 0.5\n"
        "class Moody(Account):\n"
        "    mood = Mood()\n"
    )
    assert load_account_class("typed.py:Moody", tmp_path).mood.level == 0.5


def test_a_file_in_an_odd_place(tmp_path: Path) -> None:
    """Blanks, colons and letters of any script in the path come back from the stored scenario."""
    folder = tmp_path / "my agents" / ("größe" if os.name == "nt" else "größe: 1")
    folder.mkdir(parents=True)
    (folder / "own agents.py").write_text(OWN)
    file = write_campaign(tmp_path)
    reference = f"{folder.relative_to(tmp_path).as_posix()}/own agents.py:Same"
    file.write_text(file.read_text() + f'agents: "{reference}"\n')
    scenario = read_scenario(file)
    assert scenario.agents == reference
    assert same(
        Laboratory(scenario, tmp_path).run(0, [0]),
        Laboratory(scenario.model_copy(update={"agents": None}), tmp_path).run(0, [0]),
    )


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("nosuch.py:Same", ("nosuch.py", "no such file")),
        ("own.py:Smae", ("own.py", "Smae", "Same")),
        ("own.py:Stranger", ("own.py", "Stranger")),
        ("own.py:OWN", ("own.py", "OWN")),
        ("campaign.yaml:Same", ("campaign.yaml",)),
    ],
)
def test_what_is_no_class_of_agents_is_refused(
    home: Path, reference: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(InputError) as caught:
        load_account_class(reference, home)
    (problem,) = caught.value.problems
    assert all(word in str(problem) for word in words)
    assert "\n" not in str(problem)


def test_a_fault_in_an_agent_names_its_line(home: Path) -> None:
    line = OWN.splitlines().index('        raise ZeroDivisionError("no reason")') + 1
    with pytest.raises(InputError) as caught:
        batch(home, "own.py:Failing")
    for word in ("own.py", f"line {line}", "decides", "ZeroDivisionError: no reason"):
        assert word in str(caught.value)
