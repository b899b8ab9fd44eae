"""Where a result comes from, so that it can be run again and checked."""

import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from propagation.audience.files import check_size, checksum, content_of
from propagation.audience.graph_folder import read_manifest
from propagation.compiling import source_hash
from propagation.problems import InputError, Problem, reason
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import FolderGraph, FollowsFile, GraphFile, Scenario
from propagation.scenario.writing import write_scenario

VERSION = importlib.metadata.version("propagation")
PACKAGE = Path(__file__).parents[1]
SOURCES = source_hash(PACKAGE)
"""Hash of the program's sources: what tells two states of one version apart."""
PACKAGES = ("mesa", "networkx", "numba", "numpy", "pyarrow", "pydantic", "ruamel.yaml", "scipy")


def anchored(scenario: Scenario, source: Path, target: Path) -> Scenario:
    """Return the scenario as it is stored in ``target``: paths relative to it, with checksums.

    Parameters
    ----------
    scenario
        With file names relative to ``source``.
    """

    def moved(name: str) -> str:
        try:
            path = (source / name).resolve(strict=True)
        except FileNotFoundError:
            path = (source / name).resolve()
        except RuntimeError as error:  # before Python 3.13
            message = "cannot be read: it is a link that leads back to itself"
            raise InputError(Problem(message, file=str(source / name))) from error
        except OSError as error:
            message = f"cannot be read: {reason(error)}"
            raise InputError(Problem(message, file=str(source / name))) from error
        if path.suffixes[-2:] != Path(name).suffixes[-2:]:
            # a link: the ending of its own name says how the file is read
            path = (source / name).parent.resolve() / Path(name).name
        try:
            return Path(os.path.relpath(path, target.resolve())).as_posix()
        except ValueError:  # another drive on Windows
            return path.as_posix()

    def digits(name: str) -> str:
        check_size(source / name)  # it is to be read, and that is told sooner than its checksum
        return checksum(source / name)

    update: dict[str, object] = {}
    graph, accounts = scenario.graph, scenario.accounts
    if isinstance(graph, FollowsFile | GraphFile):
        update["graph"] = graph.model_copy(
            update={"follows": moved(graph.follows), "sha256": digits(graph.follows)}
        )
    if isinstance(graph, FolderGraph):
        manifest = read_manifest(source / graph.folder)  # its checksum stands for the whole folder
        update["graph"] = graph.model_copy(
            update={"folder": moved(graph.folder), "checksum": manifest["checksum"]}
        )
    if accounts is not None and accounts.table is not None:
        update["accounts"] = accounts.model_copy(
            update={"table": moved(accounts.table), "sha256": digits(accounts.table)}
        )
    if scenario.agents is not None:
        file, _, name = scenario.agents.rpartition(":")
        update["agents"] = f"{moved(file)}:{name}"
    return scenario.model_copy(update=update)


def agents_checksum(scenario: Scenario, folder: Path) -> str | None:
    """Return the checksum of the file with the scenario's own agents, if it has one."""
    if scenario.agents is None:
        return None
    path = folder / scenario.agents.rpartition(":")[0]
    try:
        return checksum(path)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise InputError(Problem(message, "agents", str(path))) from error


def git_state(folder: Path) -> dict[str, object] | None:
    """Return the commit of the repository around ``folder``, and whether it was changed since."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        return {"commit": commit, "changed": bool(git("status", "--porcelain", "-uno"))}
    except (OSError, subprocess.SubprocessError):
        return None


def provenance(
    stored: Scenario,
    command: Sequence[str],
    source: Path,
    folder: Path,
    facts: Mapping[str, object],
) -> dict[str, object]:
    """Return what ``provenance.json`` holds.

    Parameters
    ----------
    stored
        The scenario as ``anchored`` to the results folder.
    command
        The command line.
    source
        Where the scenario came from.
    folder
        Where the results lie; the stored scenario's paths are relative to it.
    facts
        How it was run: engine, workers, replicates, why it stopped, timings.
    """
    return {
        "propagation": VERSION,
        "sources": SOURCES,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "command": list(command),
        "git": {"program": git_state(PACKAGE), "scenario": git_state(source)},
        "seed": stored.seed,
        **facts,
        "agents_sha256": agents_checksum(stored, folder),
        "scenario": write_scenario(stored),
    }


def _stored_scenario(text: str, path: Path) -> Scenario:
    """Read the scenario inside a provenance; its lines are not those of the file."""
    try:
        return parse_scenario(text)
    except InputError as error:
        raise InputError(
            replace(one, file=str(path), line=None, path=_inside(one)) for one in error.problems
        ) from error


def _inside(problem: Problem) -> str:
    line = f", line {problem.line}" if problem.line else ""
    return f"scenario{line}{f': {problem.path}' if problem.path else ''}"


def scenario_of(path: Path) -> Scenario:
    """Return the scenario that a ``provenance.json`` holds; its paths are relative to the file.

    Raises
    ------
    InputError
        If the file is no provenance, or if an input file has changed since.
    """
    found = content_of(path)
    try:
        content = json.loads(found)
        text = content["scenario"] if content["propagation"] else None
    except (ValueError, KeyError, TypeError, RecursionError):
        text = None
    if not isinstance(text, str):
        message = "is not a provenance.json written by 'propagation run'"
        raise InputError(Problem(message, file=str(path)))
    scenario = _stored_scenario(text, path)
    expected = content.get("agents_sha256")
    if expected is not None and agents_checksum(scenario, path.parent) != expected:
        message = "the file has changed since this result was made"
        raise InputError(Problem(message, "agents", str(path)))
    return scenario
