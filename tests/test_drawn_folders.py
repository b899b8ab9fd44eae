"""Large drawn graphs in folders: the same as in memory, drawn once, kept, mapped and not copied."""

import dataclasses
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numba.core import config
from test_layout import SOURCES, imported
from typer.testing import CliRunner

from propagation.audience import drawn_folders, memory
from propagation.audience.drawn_folders import (
    CACHE_VARIABLE,
    DRAWN_BY,
    Asked,
    draw_into_folder,
    drawing_bytes,
    drawing_key,
    drawn_graph,
    empty_graph_cache,
    folder_bytes,
    graph_cache,
    kept_graph,
    kept_graphs,
)
from propagation.audience.generators import SegmentTargets, draw_graph
from propagation.audience.graph_folder import check_in_full
from propagation.audience.population import populate
from propagation.audience.targets import Plan
from propagation.cli import app
from propagation.problems import InputError, MachineError
from propagation.scenario.reading import read_scenario

TARGETS = {
    "press": SegmentTargets(300, 8, {"press": 0.5, "public": 0.5}, reciprocity=0.2),
    "public": SegmentTargets(900, 10, {"press": 0.1, "public": 0.9}, 2.4, 300),
}
ASKED = Asked("news", 0, 5, TARGETS)
STARTER = Path("src/propagation/scenario/starter.yaml")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep drawn graphs in a folder of the test's own, from the first follow on."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "kept"))
    monkeypatch.setattr(drawn_folders, "KEPT_FROM", 1)


def same(one, two):
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def arrays(folder):
    return folder.list_starts, folder.followers, folder.followee_counts


# Folders --------------------------------------------------------------------------------------


def test_a_folder_holds_what_is_drawn_in_memory(tmp_path):
    told = []
    folder = draw_into_folder(
        ASKED, tmp_path / "graph", workers=2, progress=lambda *at: told.append(at)
    )
    check_in_full(folder, lambda done, total: None)
    assert same(arrays(folder), draw_graph(TARGETS, 5))
    assert not same(arrays(folder), draw_graph(TARGETS, 6))
    assert told[-1] == (11_400, 11_400)
    assert folder.manifest["made_from"]["segments"] == {"press": 300, "public": 900}
    headers = 3 * 128
    assert folder.size == folder_bytes(Plan(TARGETS)) + 8 + headers  # one start more


def test_what_cannot_hold_or_is_there_is_refused_before_anything_is_written(tmp_path):
    impossible = {"a": SegmentTargets(10, 20, {"a": 1})}
    with pytest.raises(InputError, match="can follow 9"):
        draw_into_folder(ASKED._replace(targets=impossible), tmp_path / "graph")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "graph").write_text("mine")
    with pytest.raises(InputError, match="no graph folder"):
        draw_into_folder(ASKED, tmp_path / "graph", replace=True)
    assert (tmp_path / "graph").read_text() == "mine"


def test_a_disk_without_room_is_one_line(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    with pytest.raises(MachineError, match=r"needs 0\.1 GB of disk, 0\.0 GB are free") as refused:
        draw_into_folder(ASKED, tmp_path / "graph")
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_more_than_memory_holds_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 50_000_000)
    with pytest.raises(MachineError, match=r"news: needs about 0\.1 GB of memory") as refused:
        draw_into_folder(ASKED, tmp_path / "graph")
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_an_interrupted_drawing(tmp_path):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_into_folder(ASKED, tmp_path / "graph", workers=1, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


# The cache ------------------------------------------------------------------------------------


def test_a_kept_graph_is_drawn_once_and_mapped(monkeypatch):
    first = drawn_graph(ASKED)
    monkeypatch.setattr(drawn_folders, "draw_graph", None)  # whoever draws now fails
    begun = time.perf_counter()
    again = drawn_graph(ASKED)
    assert time.perf_counter() - begun < 0.05
    assert same(first, again)
    assert same(first, draw_graph(TARGETS, 5))
    assert not again.followers.flags.writeable
    assert isinstance(again.followers.base, np.memmap)
    with pytest.raises(TypeError):
        drawn_graph(ASKED._replace(seed=6))


def test_small_graphs_are_drawn_in_memory(monkeypatch):
    monkeypatch.setattr(drawn_folders, "KEPT_FROM", 11_401)
    assert drawn_graph(ASKED).followers.flags.owndata
    assert not graph_cache().exists()
    monkeypatch.setattr(drawn_folders, "KEPT_FROM", 11_400)
    drawn_graph(ASKED)
    assert [one.follows for one in kept_graphs()] == [11_400]


def test_the_key_is_of_everything_that_draws(monkeypatch):
    key = drawing_key(TARGETS, 5)
    assert drawing_key(dict(reversed(TARGETS.items())), 5) == key
    keys = {key, drawing_key(TARGETS, 6)}
    other = {
        "accounts": 901,
        "followees": 10.5,
        "shares": {"press": 0.2, "public": 0.8},
        "tail": 2.5,
        "most_followers": 301,
        "reciprocity": 0.0,
        "clustering": 0.1,
    }
    assert other.keys() == {one.name for one in dataclasses.fields(SegmentTargets)}
    for name, value in other.items():
        changed = dataclasses.replace(TARGETS["public"], **{name: value})
        keys.add(drawing_key({**TARGETS, "public": changed}, 5))
    keys.add(drawing_key({"media": TARGETS["press"], "public": TARGETS["public"]}, 5))
    monkeypatch.setattr(drawn_folders, "sources_hash", lambda: "another version")
    keys.add(drawing_key(TARGETS, 5))
    assert len(keys) == 11


def modules_that_draw(without=""):
    """Every module of the stage that the drawing imports, and theirs."""
    found, new = set(), {"audience.generators"}
    while new:
        found |= new
        below = {name for one in new for name in imported(one, SOURCES[one])}
        modules = {name if name in SOURCES else name.rpartition(".")[0] for name in below}
        new = {one for one in modules if one.startswith(("audience", "luck"))} - found - {without}
    return found


def test_all_modules_that_draw_are_in_the_key():
    graphs_of_networkx = {"audience.networkx_graphs"}  # offered by the same module
    assert modules_that_draw("audience.networkx_graphs") == set(DRAWN_BY)
    assert modules_that_draw() > set(DRAWN_BY) | graphs_of_networkx


def test_a_damaged_graph_is_drawn_again(tmp_path):
    folder = kept_graph(ASKED)
    path = folder.path / "followers.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\1")
    assert kept_graphs() == []
    assert same(arrays(kept_graph(ASKED)), draw_graph(TARGETS, 5))
    (only,) = kept_graphs()
    assert (only.scenario, only.draw, only.accounts, only.follows) == ("news", 0, 1200, 11_400)
    assert only.usable


def test_the_cache_is_listed_and_emptied(tmp_path, monkeypatch):
    kept_graph(ASKED)
    monkeypatch.setattr(drawn_folders, "sources_hash", lambda: "another version")
    kept_graph(ASKED._replace(draw=1))
    assert sorted((one.draw, one.usable) for one in kept_graphs()) == [(0, False), (1, True)]
    damaged = kept_graph(ASKED._replace(seed=7)).path
    (damaged / "manifest.json").write_text("")
    left = tmp_path / "kept" / f".{damaged.name}.unfinished-0123abcd"  # by a killed process
    left.mkdir()
    (tmp_path / "kept" / "mine").mkdir()
    assert len(empty_graph_cache()) == 2
    assert kept_graphs() == []
    found = {path.name for path in (tmp_path / "kept").iterdir()}
    assert found - {"drawing.lock"} == {"mine"}  # what is no graph is nobody's to remove


def test_a_cache_that_cannot_be_written_to_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "graphs"))
    with pytest.raises(MachineError, match=f"cannot be written: .*; {CACHE_VARIABLE} names"):
        kept_graph(ASKED)


def test_a_world_on_a_kept_graph_is_the_world_in_memory(monkeypatch):
    scenario = read_scenario(STARTER)
    kept = populate(scenario, 1).graph
    assert len(kept_graphs()) == 1
    monkeypatch.setattr(drawn_folders, "KEPT_FROM", 10**9)
    drawn = populate(scenario, 1).graph
    assert isinstance(kept.followers.base, np.memmap)
    for name in ("list_starts", "followers", "followee_counts", "account_keys", "first_list"):
        assert np.array_equal(getattr(kept, name), getattr(drawn, name))
    assert [kept.labels[0], kept.labels[4799]] == ["community 0", "public 3999"]


# Memory ---------------------------------------------------------------------------------------

GROWTH = """
import sys, threading, time
from pathlib import Path
from propagation.audience.drawn_folders import Asked, draw_into_folder
from propagation.audience.generators import SegmentTargets, draw_graph

def private():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

def targets(accounts):
    return {
        "a": SegmentTargets(accounts, 150, {"a": 0.9, "b": 0.1}, 2.3, accounts // 2),
        "b": SegmentTargets(accounts // 10, 150, {"a": 0.9, "b": 0.1}),
    }

def draw(accounts, name):
    if sys.argv[1] == "folder":
        return draw_into_folder(Asked("x", 0, 1, targets(accounts)), Path(sys.argv[2]) / name)
    return draw_graph(targets(accounts), 1)

draw(4000, "small")
before, most, done = private(), [0], threading.Event()

def watch():
    while not done.wait(0.002):
        most[0] = max(most[0], private())

watcher = threading.Thread(target=watch)
watcher.start()
graph = draw(200_000, "large")
done.set()
watcher.join()
print(1024 * (max(most[0], private()) - before))
"""


@pytest.mark.skipif(config.DISABLE_JIT, reason="minutes without compilation")
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux")
@pytest.mark.parametrize("place", ["folder", "memory"])
def test_private_memory_grows_with_the_accounts_only(tmp_path, place):
    """33 million follows take 132 MB; what is foreseen is half of that."""
    command = [sys.executable, "-c", GROWTH, place, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    targets = {
        "a": SegmentTargets(200_000, 150, {"a": 0.9, "b": 0.1}, 2.3, 100_000),
        "b": SegmentTargets(20_000, 150, {"a": 0.9, "b": 0.1}),
    }
    is_bounded = int(run.stdout) < drawing_bytes(Plan(targets), os.cpu_count() or 1)
    assert is_bounded == (place == "folder")


# Commands -------------------------------------------------------------------------------------


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_graph_draw_writes_a_folder_once(tmp_path):
    result = call("graph", "draw", STARTER, "--to", tmp_path / "graph", "--workers", 1)
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'graph'}\n"
    assert "144,000 follows of 4,800 accounts" in result.stderr
    again = call("graph", "draw", STARTER, "--to", tmp_path / "graph")
    assert again.exit_code == 2
    assert again.stderr == f"{tmp_path / 'graph'}: is there already; --force replaces it\n"
    assert call("graph", "draw", STARTER, "--to", tmp_path / "graph", "--force").exit_code == 0


def test_graph_draw_without_a_folder_keeps_what_a_run_will_ask_for(monkeypatch):
    first = call("graph", "draw", STARTER, "--draw", 2)
    again = call("graph", "draw", STARTER, "--draw", 2)
    assert first.exit_code == again.exit_code == 0
    assert first.stdout == again.stdout
    assert "nothing was drawn" in again.stderr
    assert "nothing was drawn" not in first.stderr
    assert call("graph", "draw", STARTER, "--draw", 2, "--force").exit_code == 0
    monkeypatch.setattr(drawn_folders, "draw_graph", None)  # whoever draws now fails
    populate(read_scenario(STARTER), 2)
    listed = call("graph", "cache")
    assert listed.stdout.split()[-5:] == ["2", "4,800", "144,000", "0.00", "yes"]
    assert "1 graphs, 0.00 GB" in listed.stderr
    assert "144,000" in call("graph", "cache", "--empty").stdout
    assert call("graph", "cache").stdout == ""


def test_graph_draw_refuses_what_no_run_would_find(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn_folders, "KEPT_FROM", 144_001)
    result = call("graph", "draw", STARTER)
    assert result.exit_code == 2
    assert "144,000 follows: graphs are kept from 144,001 on" in result.stderr
    given = tmp_path / "given.yaml"
    given.write_text(Path("scenarios/ego-twitter.yaml").read_text())
    result = call("graph", "draw", given, "--to", tmp_path / "graph")
    assert result.exit_code == 2
    assert "there is nothing to draw" in result.stderr
