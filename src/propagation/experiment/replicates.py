"""Replicates of every strategy in one world: the piece of work a thread or process is given."""

import importlib.util
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from propagation.audience.sources import RealGraph, read_real_graph, read_table
from propagation.audience.world import World, build_world
from propagation.luck import run_seed
from propagation.problems import InputError, Problem
from propagation.scenario.spec import METRICS, NetworkxGraph, Scenario
from propagation.spread.cascade import Cascade
from propagation.spread.loop import Touched, touched_arrays
from propagation.spread.simulate import (
    CompiledEngine,
    Engine,
    MesaEngine,
    Prepared,
    outcome_of,
    prepare,
)
from propagation.strategy.agenda import Agenda, agenda_of

if TYPE_CHECKING:
    from propagation.spread.agents import Account

Columns = dict[str, list[object]]

TREE_COLUMNS = ("size", "largest_tree", "depth", "largest_generation", "structural_virality")


@dataclass(frozen=True)
class Batch:
    """Finished replicates, as rows by strategy and replicate; cascades also by instance."""

    replicates: tuple[int, ...]
    runs: Columns
    cascades: Columns


def joined(batches: Sequence[Batch]) -> Batch:
    """Return several batches as one."""

    def columns(parts: list[Columns]) -> Columns:
        return {name: [value for part in parts for value in part[name]] for name in parts[0]}

    return Batch(
        tuple(one for batch in batches for one in batch.replicates),
        columns([batch.runs for batch in batches]),
        columns([batch.cascades for batch in batches]),
    )


@dataclass
class Laboratory:
    """A scenario made ready to run; its worlds are built when first asked for, and kept.

    Attributes
    ----------
    scenario, folder
        What is asked, and the folder its file names are relative to.
    engine
        ``compiled`` or ``mesa``; agents of the scenario's own always run as Mesa agents.
    """

    scenario: Scenario
    folder: Path
    engine: str = "compiled"
    _worlds: dict[int, World] = field(default_factory=dict, repr=False)
    _prepared: dict[int, Prepared] = field(default_factory=dict, repr=False)
    _own: threading.local = field(default_factory=threading.local, repr=False)
    _locks: dict[int, threading.Lock] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __reduce__(self) -> tuple[type["Laboratory"], tuple[Scenario, Path, str]]:
        return type(self), (self.scenario, self.folder, self.engine)

    @cached_property
    def real(self) -> RealGraph | None:
        """The real graph, read once, if the scenario names one."""
        return read_real_graph(self.scenario, self.folder)

    @cached_property
    def agendas(self) -> dict[str, Agenda]:
        """What each strategy does when."""
        return {name: agenda_of(posts) for name, posts in self.scenario.strategies.items()}

    @cached_property
    def account_class(self) -> "type[Account] | None":
        """The class of the scenario's own agents, if it has any."""
        agents = self.scenario.agents
        return None if agents is None else load_account_class(agents, self.folder)

    @property
    def in_processes(self) -> bool:
        """Whether replicates need processes of their own, because agents hold Python's lock."""
        return self.engine == "mesa" or self.scenario.agents is not None

    def prepare(self) -> None:
        """Read all input now, so that what is wrong with it is known before anything runs."""
        _ = self.real, self.account_class
        self.world(0)

    def world(self, draw: int) -> World:
        """Return the world of a draw."""
        with self._lock:
            lock = self._locks.setdefault(draw, threading.Lock())
        with lock:
            if draw not in self._worlds:
                self._worlds[draw] = self._build(draw)
            return self._worlds[draw]

    def _build(self, draw: int) -> World:
        table = None
        if isinstance(self.scenario.graph, NetworkxGraph):
            table = read_table(self.scenario.accounts, self.folder)
        return build_world(self.scenario, draw, self.real, table)

    def _engine(self, world: World, draw: int) -> Engine:
        scenario = self.scenario
        if self.in_processes:
            return MesaEngine(world, scenario.messages, scenario.horizon, self.account_class)
        prepared, touched = self._prepared_world(draw), self._arrays(world.graph.accounts)
        return CompiledEngine(world, scenario.messages, scenario.horizon, prepared, touched)

    def _prepared_world(self, draw: int) -> Prepared:
        """Return a world made ready for the compiled loop, once for all threads."""
        world = self.world(draw)
        with self._locks[draw]:
            if draw not in self._prepared:
                self._prepared[draw] = prepare(world, self.scenario.messages)
            return self._prepared[draw]

    def _arrays(self, accounts: int) -> Touched:
        """Return this thread's arrays for accounts touched, which serve one run after another."""
        arrays: Touched | None = getattr(self._own, "arrays", None)
        if arrays is None or len(arrays.row_of) != accounts:
            arrays = self._own.arrays = touched_arrays(accounts)
        return arrays

    def run(
        self, draw: int, replicates: Iterable[int], stopped: Callable[[], bool] = lambda: False
    ) -> Batch:
        """Run every strategy in the given replicates of a draw, until ``stopped`` says so."""
        world = self.world(draw)
        engine = self._engine(world, draw)
        done: list[int] = []
        runs, cascades = self._empty_columns(world)
        for replicate in replicates:
            if stopped():
                break
            seed = run_seed(self.scenario.seed, replicate)
            for strategy in self.agendas:
                identity = {"strategy": strategy, "replicate": replicate, "draw": draw}
                self._run_one(world, engine, strategy, seed, identity, runs, cascades)
            done.append(replicate)
        return Batch(tuple(done), runs, cascades)

    def _spread(self, engine: Engine, agenda: Agenda, seed: int) -> tuple[Cascade, ...]:
        if self.scenario.agents is None:
            return engine.run(agenda, seed)
        try:
            return engine.run(agenda, seed)
        except Exception as error:  # whatever somebody's own code may raise
            raise InputError(_fault_in_agents(error, self.scenario.agents)) from error

    def _empty_columns(self, world: World) -> tuple[Columns, Columns]:
        identity = ("strategy", "replicate", "draw")
        reach = reach_columns(world.segments)
        runs: Columns = {name: [] for name in (*identity, "seed", *METRICS, *reach)}
        cascades: Columns = {
            name: [] for name in (*identity, "message", "nominal_time", *TREE_COLUMNS)
        }
        return runs, cascades

    def _run_one(
        self,
        world: World,
        engine: Engine,
        strategy: str,
        seed: int,
        identity: dict[str, object],
        runs: Columns,
        cascades: Columns,
    ) -> None:
        agenda, messages = self.agendas[strategy], self.scenario.messages
        cascades_of_run = self._spread(engine, agenda, seed)
        outcome = outcome_of(world, messages, agenda, cascades_of_run, self.scenario.relevant)
        reach = zip(reach_columns(world.segments), outcome.reach_by_segment.tolist(), strict=True)
        _append(runs, {**identity, "seed": seed, **outcome.metrics, **dict(reach)})
        for instance, tree in zip(agenda, outcome.trees, strict=True):
            named = {"message": instance.message, "nominal_time": instance.nominal_time}
            _append(cascades, {**identity, **named, **tree})


def _append(columns: Columns, row: dict[str, object]) -> None:
    for name, values in columns.items():
        values.append(row[name])


def reach_columns(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns of reach by segment, in snake case where that is unique."""
    short = [segment.replace(" ", "_") for segment in segments]
    return tuple(
        f"reach_{name if short.count(name) == 1 else segment}"
        for name, segment in zip(short, segments, strict=True)
    )


def _fault_in_agents(error: Exception, agents: str) -> Problem:
    """Say where in somebody's own agents an error came from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name} line {last.lineno}, in {last.name}"
    return Problem(f"fails while it runs: {_in_one_line(error)} ({where})", "agents", agents)


def _in_one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def load_account_class(reference: str, folder: Path) -> "type[Account]":
    """Return the class that ``file.py:Class`` names, the file relative to ``folder``.

    Raises
    ------
    InputError
        If there is no such file or class, if the file fails, or if it is no subclass of Account.
    """
    from propagation.spread.agents import Account

    file, _, name = reference.rpartition(":")
    path = (folder / file).resolve()

    def wrong(message: str) -> InputError:
        return InputError(Problem(message, "agents", str(path)))

    if not path.is_file():
        raise wrong("there is no such file; write agents as 'file.py:Class'")
    module_name = f"propagation_agents_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise wrong("is not a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise wrong(f"fails when it is loaded: {_in_one_line(error)}") from error
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, Account)):
        own = [
            each
            for each, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, Account) and value is not Account
        ]
        there = f"it has: {', '.join(own)}" if own else "it has none"
        raise wrong(f"has no subclass of propagation.Account called '{name}'; {there}")
    return found
