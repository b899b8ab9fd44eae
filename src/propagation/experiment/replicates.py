"""Replicates of every strategy in one world: the piece of work a thread or process is given."""

import importlib.util
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from propagation.audience.sources import RealGraph, read_real_graph, read_table
from propagation.audience.world import World, Worlds, build_worlds
from propagation.luck import run_seed
from propagation.problems import InputError, Problem
from propagation.scenario.spec import METRICS, NetworkxGraph, Scenario
from propagation.spread.cascade import Cascade
from propagation.spread.curves import curve_hours, curves_of
from propagation.spread.loop import Touched, touched_arrays
from propagation.spread.prepared import Prepared, prepare
from propagation.spread.simulate import (
    CompiledEngine,
    Engine,
    MesaEngine,
    outcome_of,
)
from propagation.strategy.agenda import Agenda, agenda_of
from propagation.strategy.recipients import check_recipients

if TYPE_CHECKING:
    from propagation.spread.agents import Account

Float64 = npt.NDArray[np.float64]
Columns = dict[str, list[object]]

TREE_COLUMNS = ("size", "largest_tree", "depth", "largest_generation", "structural_virality")


TOUCHED = "cascades"
"""Column of runs: how many message instances touched anybody, where others are left out."""
MOST_CURVES = 1000
"""Curves over time are kept of the first replicates: enough for bands, and small on disk."""


AT_ONCE = 10
"""Replicates run between two looks at whether to stop."""


@dataclass(frozen=True)
class Batch:
    """Finished replicates, as rows by strategy and replicate; cascades also by instance."""

    replicates: tuple[int, ...]
    runs: Columns
    cascades: Columns
    curves: Columns


def joined(batches: Sequence[Batch]) -> Batch:
    """Return several batches as one."""

    def columns(parts: list[Columns]) -> Columns:
        return {name: [value for part in parts for value in part[name]] for name in parts[0]}

    return Batch(
        tuple(one for batch in batches for one in batch.replicates),
        columns([batch.runs for batch in batches]),
        columns([batch.cascades for batch in batches]),
        columns([batch.curves for batch in batches]),
    )


@dataclass(frozen=True)
class Arm:
    """A strategy on the world it runs in."""

    strategy: str
    agenda: Agenda
    world: World
    engine: Engine


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
    _worlds: dict[int, Worlds] = field(default_factory=dict, repr=False)
    _prepared: dict[tuple[int, bool], Prepared] = field(default_factory=dict, repr=False)
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
        return {
            name: agenda_of(actions, self.scenario.starts)
            for name, actions in self.scenario.strategies.items()
        }

    @cached_property
    def hours(self) -> Float64:
        """The hours at which runs are looked at, for curves over time; shape (points,)."""
        return curve_hours(self.agendas.values(), self.scenario.horizon)

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
        check_recipients(self.scenario.strategies, self.world(0))

    def world(self, draw: int, *, shuffled: bool = False) -> World:
        """Return the world of a draw, its places shuffled or not."""
        with self._lock:
            lock = self._locks.setdefault(draw, threading.Lock())
        with lock:
            if draw not in self._worlds:
                self._worlds[draw] = self._build(draw)
            worlds = self._worlds[draw]
        world = worlds.shuffled if shuffled else worlds.plain
        if world is None:
            raise ValueError("no strategy of this scenario runs in a shuffled world")
        return world

    def _build(self, draw: int) -> Worlds:
        table = None
        if isinstance(self.scenario.graph, NetworkxGraph):
            table = read_table(self.scenario.accounts, self.folder)
        return build_worlds(self.scenario, draw, self.real, table)

    def arm(self, strategy: str, draw: int) -> Arm:
        """Return a strategy on its world of a draw; its engine is not to be shared by threads."""
        shuffled = strategy in self.scenario.shuffled
        world = self.world(draw, shuffled=shuffled)
        return Arm(strategy, self.agendas[strategy], world, self._engine(world, draw, shuffled))

    def _engine(self, world: World, draw: int, shuffled: bool) -> Engine:
        scenario = self.scenario
        if self.in_processes:
            return MesaEngine(world, scenario.messages, scenario.horizon, self.account_class)
        prepared = self._prepared_world(draw, shuffled)
        touched = self._arrays(world.graph.accounts)
        return CompiledEngine(world, scenario.messages, scenario.horizon, prepared, touched)

    def _prepared_world(self, draw: int, shuffled: bool) -> Prepared:
        """Return a world made ready for the compiled loop, once for all threads."""
        world = self.world(draw, shuffled=shuffled)
        with self._locks[draw]:
            if (draw, shuffled) not in self._prepared:
                self._prepared[draw, shuffled] = prepare(world, self.scenario.messages)
            return self._prepared[draw, shuffled]

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
        arms = [self.arm(strategy, draw) for strategy in self.agendas]
        done: list[int] = []
        batch = self._empty_batch(arms[0].world)
        for some in batched(replicates, AT_ONCE):
            if stopped():
                break
            for arm in arms:
                self._run_some(arm, draw, some, batch)
            done.extend(some)
        return replace(batch, replicates=tuple(done))

    def cascades(self, arm: Arm, replicate: int) -> tuple[Cascade, ...]:
        """Return what one run did, one cascade for each message instance.

        Raises
        ------
        InputError
            If agents of the scenario's own fail.
        """
        seed = run_seed(self.scenario.seed, replicate)
        if self.scenario.agents is None:
            return arm.engine.run(arm.agenda, seed)
        try:
            return arm.engine.run(arm.agenda, seed)
        except Exception as error:  # whatever somebody's own code may raise
            raise InputError(_fault_in_agents(error, self.scenario.agents)) from error

    def _empty_batch(self, world: World) -> Batch:
        identity = ("strategy", "replicate", "draw")
        by_segment = (*reach_columns(world.segments), *value_columns(world.segments))
        return Batch(
            replicates=(),
            runs={name: [] for name in (*identity, "seed", *METRICS, *by_segment)},
            cascades={name: [] for name in (*identity, "message", "nominal_time", *TREE_COLUMNS)},
            curves={name: [] for name in (*identity, "hours", "shares_by_hour", "reach_by_hour")},
        )

    def _run_some(self, arm: Arm, draw: int, replicates: tuple[int, ...], batch: Batch) -> None:
        """Run a strategy some times; all at once in machine code where it has one instance only."""
        if isinstance(arm.engine, CompiledEngine) and len(arm.agenda.instances) == 1:
            self._run_together(arm, arm.engine, draw, replicates, batch)
        else:
            for replicate in replicates:
                self._run_one(arm, draw, replicate, batch)

    def _run_together(
        self,
        arm: Arm,
        engine: CompiledEngine,
        draw: int,
        replicates: tuple[int, ...],
        batch: Batch,
    ) -> None:
        """Run a strategy of one instance some times, and add what it did to the batch."""
        (instance,), count, segments = arm.agenda.instances, len(replicates), arm.world.segments
        seeds = [run_seed(self.scenario.seed, replicate) for replicate in replicates]
        curves = sum(replicate < MOST_CURVES for replicate in replicates)  # the first ones
        found = engine.tallies(instance, seeds, self.scenario.relevant, self.hours, curves)
        identity: Columns = {
            "strategy": [arm.strategy] * count,
            "replicate": list[object](replicates),
            "draw": [draw] * count,
        }
        metrics = dict(zip(METRICS, found.metrics.T.tolist(), strict=True))
        reach = dict(zip(reach_columns(segments), found.reach.T.tolist(), strict=True))
        valued = dict(zip(value_columns(segments), found.valued.T.tolist(), strict=True))
        _extend(batch.runs, {**identity, "seed": list[object](seeds), **metrics, **reach, **valued})
        named: Columns = {
            "message": [instance.message] * count,
            "nominal_time": [instance.nominal_time] * count,
        }
        *sizes, virality = found.trees.T
        columns = *(size.astype(np.int64).tolist() for size in sizes), virality.tolist()
        trees = dict(zip(TREE_COLUMNS, columns, strict=True))
        _extend(batch.cascades, {**identity, **named, **trees})
        times: Columns = {
            "hours": [self.hours] * curves,
            "shares_by_hour": list(found.shares_by_hour),
            "reach_by_hour": list(found.reach_by_hour),
        }
        first = {name: values[:curves] for name, values in identity.items()}
        _extend(batch.curves, {**first, **times})

    def _run_one(self, arm: Arm, draw: int, replicate: int, batch: Batch) -> None:
        """Run a strategy once, and add what it did to the batch."""
        world = arm.world
        cascades = self.cascades(arm, replicate)
        outcome = outcome_of(
            world, self.scenario.messages, arm.agenda, cascades, self.scenario.relevant
        )
        identity = {"strategy": arm.strategy, "replicate": replicate, "draw": draw}
        by_segment = {
            **dict(zip(reach_columns(world.segments), outcome.reach.tolist(), strict=True)),
            **dict(zip(value_columns(world.segments), outcome.valued.tolist(), strict=True)),
        }
        seed = run_seed(self.scenario.seed, replicate)
        _append(batch.runs, {**identity, "seed": seed, **outcome.metrics, **by_segment})
        for instance, tree in zip(arm.agenda.instances, outcome.trees, strict=True):
            named = {"message": instance.message, "nominal_time": instance.nominal_time}
            _append(batch.cascades, {**identity, **named, **tree})
        if replicate < MOST_CURVES:
            shares, reach = curves_of(cascades, world.is_ours, self.hours)
            curves = {"hours": self.hours, "shares_by_hour": shares, "reach_by_hour": reach}
            _append(batch.curves, {**identity, **curves})


def _append(columns: Columns, row: dict[str, object]) -> None:
    for name, values in columns.items():
        values.append(row[name])


def _extend(columns: Columns, rows: Columns) -> None:
    for name, values in columns.items():
        values.extend(rows[name])


def batched(numbers: Iterable[int], most: int) -> Iterator[tuple[int, ...]]:
    """Yield the numbers in tuples of at most ``most`` (as ``itertools`` does from Python 3.12)."""
    left = iter(numbers)
    while some := tuple(islice(left, most)):
        yield some


def _column_names(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return segments in snake case where that is unique."""
    short = [segment.replace(" ", "_") for segment in segments]
    return tuple(
        name if short.count(name) == 1 else segment
        for name, segment in zip(short, segments, strict=True)
    )


def reach_columns(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns of reach by segment."""
    return tuple(f"reach_{name}" for name in _column_names(segments))


def value_columns(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns of valued reach by segment; they add up to it."""
    return tuple(f"valued_reach_{name}" for name in _column_names(segments))


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
    path = folder / file

    def wrong(message: str) -> InputError:
        return InputError(Problem(message, "agents", str(path)))

    if not path.is_file():
        raise wrong("there is no such file; write agents as 'file.py:Class'")
    module_name = f"propagation_agents_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path.absolute())
    if spec is None or spec.loader is None:
        raise wrong("is not a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # somebody's own code, which may even ask to exit
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
