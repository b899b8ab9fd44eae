"""Large drawn graphs, drawn straight into a folder; those that runs draw are kept in a cache.

A kept graph is found again by a hash of everything that draws it: the targets of its segments, the
seed of the draw, and the sources of the modules that draw.
"""

import dataclasses
import functools
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs
from filelock import FileLock

from propagation.audience.generators import DrawnGraph, Progress, draw_graph
from propagation.audience.graph_folder import GraphFolder, open_graph_folder
from propagation.audience.memory import check_fits
from propagation.audience.new_graph_folder import (
    check_target,
    new_graph_folder,
    remove_unfinished,
)
from propagation.audience.targets import Plan, SegmentTargets, check_targets
from propagation.problems import InputError, MachineError, Problem

MOST_WORKERS = 4
"""Threads that draw unless more are asked for: each counts followees in memory of its own."""
KEPT_FROM = 20_000_000
"""Follows from which a drawn graph is kept; smaller ones are drawn faster than they are read."""
CACHE_VARIABLE = "PROPAGATION_GRAPHS"
"""Names the folder in which drawn graphs are kept, in place of the user's cache."""
SPARE_ROOM = 100_000_000
"""Bytes that a drawing leaves free on the disk."""
BYTES_PER_FOLLOW = 4
BYTES_PER_ACCOUNT = 12
"""On the disk: where a list starts takes 8 bytes, the number of followees 4."""
COUNTING_ACCOUNT = 12
"""Bytes in memory while numbers of followers are drawn: a place in the law and its rank."""
TOGETHER_FOLLOW = 30
"""Bytes in memory of a follow inside a segment with reciprocity or clustering, as it is drawn."""
BUFFERS = 60_000_000
ADVICE = "leave reciprocity and clustering out of large segments, or use fewer workers"
DRAWN_BY = (
    "luck",
    "audience.circles",
    "audience.clustering",
    "audience.degrees",
    "audience.follow_lists",
    "audience.generators",
    "audience.inside",
    "audience.list_drawing",
    "audience.popularity",
    "audience.steps",
    "audience.targets",
)
"""The modules that decide what a drawn graph is like."""

KEY = re.compile(r"\.?([0-9a-f]{20})(\.|$)")
"""What is in the cache is named by the hash of what drew it."""

Targets = Mapping[str, SegmentTargets]


class KeptGraph(NamedTuple):
    """A graph in the cache."""

    path: Path
    scenario: str
    draw: int
    accounts: int
    follows: int
    size: int
    usable: bool  # False if this version would draw it another way


class Asked(NamedTuple):
    """The graph of one draw of a scenario."""

    scenario: str
    draw: int
    seed: int
    targets: Targets


def graph_cache() -> Path:
    """Return the folder in which drawn graphs are kept."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_cache_dir("propagation")) / "graphs"


@functools.cache
def sources_hash() -> str:
    """Return a hash of the sources of the modules that draw."""
    package, digest = Path(__file__).parents[1], hashlib.blake2b(digest_size=8)
    for name in DRAWN_BY:
        digest.update(package.joinpath(*name.split(".")).with_suffix(".py").read_bytes())
    return digest.hexdigest()


def drawing_key(targets: Targets, seed: int) -> str:
    """Return the hash of everything that draws a graph."""
    asked = {
        name: {**dataclasses.asdict(one), "shares": sorted(one.shares.items())}
        for name, one in targets.items()
    }
    text = json.dumps([sources_hash(), seed, asked], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def draw_into_folder(
    asked: Asked,
    target: Path,
    *,
    replace: bool = False,
    workers: int = 0,
    progress: Progress | None = None,
) -> GraphFolder:
    """Draw a graph into a folder and open it; nothing is there before all of it is.

    ``workers`` threads draw, by default one for each processor but no more than `MOST_WORKERS`.

    Raises
    ------
    InputError
        If the targets cannot hold together, or something is there that is not to be replaced.
    MachineError
        If the disk has no room or cannot be written to.
    """
    problems = check_targets(asked.targets)
    if problems:
        raise InputError(problems)
    check_target(target, replace=replace)
    if target.parent.exists():
        remove_unfinished(target)  # before room is asked for that it may hold
    plan = Plan(asked.targets)
    threads = workers or min(os.cpu_count() or 1, MOST_WORKERS)
    _check_room(plan, target)
    check_fits(drawing_bytes(plan, threads), asked.scenario, ADVICE)
    made_from = {
        "scenario": asked.scenario,
        "draw": asked.draw,
        "seed": asked.seed,
        "segments": {name: one.accounts for name, one in sorted(asked.targets.items())},
        "drawn_by": sources_hash(),
    }
    with new_graph_folder(target, made_from, replace=replace) as new:

        def room(accounts: int, follows: int) -> DrawnGraph:
            return DrawnGraph(
                new.create("list_starts", np.int64, accounts + 1),
                new.create("followers", np.int32, follows),
                new.create("followee_counts", np.int32, accounts),
            )

        draw_graph(asked.targets, asked.seed, room, threads, progress)
    return open_graph_folder(target)


def kept_graph(asked: Asked, progress: Progress | None = None) -> GraphFolder:
    """Open a graph in the cache, drawing it first if it is not there or is damaged.

    Raises
    ------
    InputError
        If the targets cannot hold together.
    MachineError
        If the disk has no room or cannot be written to.
    """
    place = _place_of(asked)
    found = _opened(place)
    if found is not None:
        return found
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.parent / "drawing.lock"):  # one at a time: each takes all processors
            found = _opened(place)
            if found is not None:
                return found
            shutil.rmtree(place, ignore_errors=True)
            return draw_into_folder(asked, place, progress=progress)
    except OSError as error:
        message = f"{place.parent}: cannot be written: {error.strerror or error}"
        raise MachineError(f"{message}; {CACHE_VARIABLE} names another folder") from error


def place_to_keep(asked: Asked) -> Path:
    """Return where a graph is kept.

    Raises
    ------
    InputError
        If it is too small for that.
    """
    if not is_kept(asked.targets):
        follows = int(Plan(asked.targets).follows.sum())
        message = (
            f"asks for {follows:,} follows: graphs are kept from {KEPT_FROM:,} on, smaller ones "
            "are drawn by each run; --to names a folder for one"
        )
        raise InputError(Problem(message, "segments"))
    return _place_of(asked)


def _place_of(asked: Asked) -> Path:
    return graph_cache() / drawing_key(asked.targets, asked.seed)


def _opened(place: Path) -> GraphFolder | None:
    if not place.exists():
        return None
    try:
        return open_graph_folder(place)
    except InputError:
        return None  # a kept graph that is damaged is drawn again


def drawn_graph(asked: Asked) -> DrawnGraph:
    """Return a drawn graph: in memory if it is small, else mapped from the cache.

    Raises
    ------
    InputError
        If the targets cannot hold together.
    MachineError
        If the disk has no room for a large one.
    """
    if not is_kept(asked.targets):
        return draw_graph(asked.targets, asked.seed)
    folder = kept_graph(asked)
    return DrawnGraph(folder.list_starts, folder.followers, folder.followee_counts)


def is_kept(targets: Targets) -> bool:
    """Say whether a graph with these targets is so large that it is kept on the disk."""
    return sum(one.accounts * one.followees for one in targets.values()) >= KEPT_FROM


def kept_graphs() -> list[KeptGraph]:
    """Return the graphs in the cache, those that are damaged left out."""
    opened = (_opened(path) for path in _places())
    return [_kept(folder) for folder in opened if folder is not None]


def _kept(folder: GraphFolder) -> KeptGraph:
    made_from = folder.manifest["made_from"]
    return KeptGraph(
        folder.path,
        str(made_from.get("scenario")),
        int(made_from.get("draw", 0)),
        folder.accounts,
        folder.follows,
        folder.size,
        made_from.get("drawn_by") == sources_hash(),
    )


def _places() -> list[Path]:
    """Return where graphs are kept, or were being drawn by a process that was killed."""
    names = (path.name for path in graph_cache().glob("*"))
    keys = {match[1] for name in names if (match := KEY.match(name))}
    return [graph_cache() / key for key in sorted(keys)]


def empty_graph_cache() -> list[KeptGraph]:
    """Remove all that is kept, and what killed processes have left; return the graphs removed."""
    removed = kept_graphs()
    for place in _places():
        remove_unfinished(place)
        if place.is_dir():
            shutil.rmtree(place)
    return removed


def folder_bytes(plan: Plan) -> int:
    """Return what the folder of a graph takes on the disk."""
    follows, accounts = int(plan.follows.sum()), int(plan.sizes.sum())
    return BYTES_PER_FOLLOW * follows + BYTES_PER_ACCOUNT * accounts


def drawing_bytes(plan: Plan, workers: int) -> int:
    """Return the private memory that drawing takes at its peak, the graph's arrays left out."""
    segments = range(len(plan.names))
    together = [int(plan.follows[at, at]) for at in segments if not plan.drawn_by_lists(at)]
    sources = np.count_nonzero(plan.follows, axis=0)  # each has a count for each account
    counts = int((plan.sizes * np.maximum(4 * sources + 8, COUNTING_ACCOUNT)).max())
    counted = 4 * workers * int(plan.sizes.sum())
    return counted + counts + TOGETHER_FOLLOW * max(together, default=0) + BUFFERS


def room_for(plan: Plan, target: Path) -> tuple[int, int]:
    """Return the bytes of disk that a graph's folder needs, and those that are free there."""
    there = next(one for one in (target.absolute(), *target.absolute().parents) if one.exists())
    return folder_bytes(plan) + SPARE_ROOM, shutil.disk_usage(there).free


def _check_room(plan: Plan, target: Path) -> None:
    needed, free = room_for(plan, target)
    if needed > free:
        raise MachineError(
            f"{target}: needs {needed / 1e9:,.1f} GB of disk, {free / 1e9:,.1f} GB are free; "
            f"`propagation graph cache --empty` removes drawn graphs, {CACHE_VARIABLE} names "
            "another folder to keep them in"
        )
