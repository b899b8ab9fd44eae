"""Replicates of every strategy in one world: the piece of work a thread or process is given."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from propagation.audience.drawn_folders import Asked, drawn_graph
from propagation.audience.generators import DrawnGraph
from propagation.audience.sources import RealGraph, read_real_graph, read_table
from propagation.audience.world import World, Worlds, build_worlds
from propagation.experiment.batches import (
    MOST_CURVES,
    TREE_COLUMNS,
    Batch,
    Columns,
    append,
    empty_batch,
    extend,
    reach_columns,
    value_columns,
)
from propagation.experiment.campaign_rows import Prices, add_campaigns
from propagation.experiment.own_agents import fault_in_agents, load_account_class
from propagation.luck import run_seed
from propagation.problems import InputError
from propagation.scenario.actions import Action
from propagation.scenario.metrics import is_campaign
from propagation.scenario.spec import METRICS, NetworkxGraph, Scenario
from propagation.spread.campaign_measures import measured
from propagation.spread.campaign_runs import Room
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
from propagation.strategy.budget import EqualCost, at_equal_cost, choosable, choosable_in
from propagation.strategy.recipients import check_recipients

if TYPE_CHECKING:
    from propagation.spread.agents import Account

Float64 = npt.NDArray[np.float64]
Found = TypeVar("Found")
AT_ONCE = 10
"""Replicates run between two looks at whether to stop."""


@dataclass(frozen=True)
class Arm:
    """A strategy on the world it runs in."""

    strategy: str
    agenda: Agenda
    world: World
    engine: Engine


@dataclass
class Shared:
    """What several laboratories may share: graphs drawn or read, and the arrays of a thread.

    Scenarios that differ only in what is not needed to draw a graph draw the same one.
    """

    draw: Callable[[Asked], DrawnGraph] = drawn_graph
    read: Callable[[Scenario, Path], RealGraph | None] = read_real_graph
    own: threading.local = field(default_factory=threading.local, repr=False)


@dataclass
class Laboratory:
    """A scenario made ready to run; its worlds are built when first asked for, and kept.

    Attributes
    ----------
    scenario, folder
        What is asked, and the folder its file names are relative to.
    engine
        ``compiled`` or ``mesa``; agents of the scenario's own always run as Mesa agents.
    shared
        What laboratories of scenarios that differ in some numbers have in common.
    most_curves
        Curves over time are made of so many replicates, the first ones.
    """

    scenario: Scenario
    folder: Path
    engine: str = "compiled"
    shared: Shared = field(default_factory=Shared, repr=False)
    most_curves: int = MOST_CURVES
    _worlds: dict[int, Worlds] = field(default_factory=dict, repr=False)
    _prepared: dict[tuple[int, bool], Prepared] = field(default_factory=dict, repr=False)
    _room: Room = field(default_factory=Room, repr=False)
    _locks: dict[int, threading.Lock] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __reduce__(self) -> tuple[type["Laboratory"], tuple[Scenario, Path, str]]:
        return type(self), (self.scenario, self.folder, self.engine)

    @cached_property
    def real(self) -> RealGraph | None:
        """The real graph, read once, if the scenario names one."""
        return self.shared.read(self.scenario, self.folder)

    @cached_property
    def agendas(self) -> dict[str, Agenda]:
        """What each strategy does when."""
        return {
            name: agenda_of(actions, self.scenario.starts)
            for name, actions in self.strategies.items()
        }

    @property
    def strategies(self) -> Mapping[str, tuple[Action, ...]]:
        """The strategies as they run: as written, or scaled to one budget."""
        return self.equal_cost.strategies if self.equal_cost else self.scenario.strategies

    @cached_property
    def equal_cost(self) -> EqualCost | None:
        """The strategies scaled to one budget, if the scenario asks for that."""
        if self.scenario.compare.at_equal is None:
            return None
        sizes = choosable(self.scenario)
        return at_equal_cost(self.scenario, choosable_in(self.world(0)) if sizes is None else sizes)

    @cached_property
    def is_campaign(self) -> bool:
        """Whether anything is done or happens besides plain posts."""
        return is_campaign(self.scenario)

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
        _ = self.real, self.account_class, self.agendas
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
        return build_worlds(self.scenario, draw, self.real, table, self.shared.draw)

    def arm(self, strategy: str, draw: int) -> Arm:
        """Return a strategy on its world of a draw; its engine is not to be shared by threads."""
        shuffled = strategy in self.scenario.shuffled
        world = self.world(draw, shuffled=shuffled)
        return Arm(strategy, self.agendas[strategy], world, self._engine(world, draw, shuffled))

    def _engine(self, world: World, draw: int, shuffled: bool) -> Engine:
        scenario = self.scenario
        if self.in_processes:
            return MesaEngine(
                *(world, scenario.messages, scenario.horizon, self.account_class),
                *(scenario.following, scenario.relevant, scenario.originals),
            )
        prepared = self._prepared_world(draw, shuffled)
        touched = self._arrays(world.graph.accounts)
        return CompiledEngine(
            *(world, scenario.messages, scenario.horizon, prepared, touched),
            *(scenario.following, scenario.relevant, self._room, scenario.originals),
        )

    def _prepared_world(self, draw: int, shuffled: bool) -> Prepared:
        """Return a world made ready for the compiled loop, once for all threads."""
        world = self.world(draw, shuffled=shuffled)
        with self._locks[draw]:
            if (draw, shuffled) not in self._prepared:
                self._prepared[draw, shuffled] = prepare(world, self.scenario.messages)
            return self._prepared[draw, shuffled]

    def _arrays(self, accounts: int) -> Touched:
        """Return this thread's arrays for accounts touched, which serve one run after another."""
        arrays: Touched | None = getattr(self.shared.own, "arrays", None)
        if arrays is None or len(arrays.row_of) != accounts:
            arrays = self.shared.own.arrays = touched_arrays(accounts)
        return arrays

    def run(
        self, draw: int, replicates: Iterable[int], stopped: Callable[[], bool] = lambda: False
    ) -> Batch:
        """Run every strategy in the given replicates of a draw, until ``stopped`` says so."""
        arms = [self.arm(strategy, draw) for strategy in self.agendas]
        done: list[int] = []
        batch = empty_batch(self.scenario, arms[0].world.segments)
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
        return self._with_agents(lambda: arm.engine.run(arm.agenda, seed))

    def _with_agents(self, call: Callable[[], Found]) -> Found:
        """Return what a call into agents does; what fails in the scenario's own is said."""
        if self.scenario.agents is None:
            return call()
        try:
            return call()
        except Exception as error:  # whatever somebody's own code may raise
            raise InputError(fault_in_agents(error, self.scenario.agents)) from error

    def _run_some(self, arm: Arm, draw: int, replicates: tuple[int, ...], batch: Batch) -> None:
        """Run a strategy some times; all at once in machine code where it has one instance only."""
        if self.is_campaign:
            self._run_campaigns(arm, draw, replicates, batch)
        elif isinstance(arm.engine, CompiledEngine) and len(arm.agenda.instances) == 1:
            self._run_together(arm, arm.engine, draw, replicates, batch)
        else:
            for replicate in replicates:
                self._run_one(arm, draw, replicate, batch)

    def _run_campaigns(
        self, arm: Arm, draw: int, replicates: tuple[int, ...], batch: Batch
    ) -> None:
        """Run a strategy that does more than post some times, and add what it did to the batch."""
        scenario, count = self.scenario, len(replicates)
        seeds = [run_seed(scenario.seed, replicate) for replicate in replicates]
        curves = sum(replicate < self.most_curves for replicate in replicates)  # the first ones
        if isinstance(arm.engine, CompiledEngine):
            found = arm.engine.campaign_tallies(
                arm.agenda, seeds, scenario.relevant, self.hours, curves
            )
        else:
            found = measured(
                [
                    self._with_agents(partial(arm.engine.campaign, arm.agenda, seed))
                    for seed in seeds
                ],
                *(arm.world, scenario.messages, arm.agenda, scenario.relevant, self.hours, curves),
            )
        prices = Prices(scenario, self.strategies[arm.strategy], arm.agenda, arm.world)
        costs = [prices.of(*run) for run in zip(seeds, found.reposts.tolist(), strict=True)]
        identity: Columns = {
            "strategy": [arm.strategy] * count,
            "replicate": list[object](replicates),
            "draw": [draw] * count,
        }
        add_campaigns(
            *(batch, identity, seeds, found, arm.agenda, arm.world.segments, self.hours, costs)
        )

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
        curves = sum(replicate < self.most_curves for replicate in replicates)  # the first ones
        found = engine.tallies(instance, seeds, self.scenario.relevant, self.hours, curves)
        identity: Columns = {
            "strategy": [arm.strategy] * count,
            "replicate": list[object](replicates),
            "draw": [draw] * count,
        }
        metrics = dict(zip(METRICS, found.metrics.T.tolist(), strict=True))
        reach = dict(zip(reach_columns(segments), found.reach.T.tolist(), strict=True))
        valued = dict(zip(value_columns(segments), found.valued.T.tolist(), strict=True))
        extend(batch.runs, {**identity, "seed": list[object](seeds), **metrics, **reach, **valued})
        named: Columns = {
            "message": [instance.message] * count,
            "nominal_time": [instance.nominal_time] * count,
        }
        *sizes, virality = found.trees.T
        columns = *(size.astype(np.int64).tolist() for size in sizes), virality.tolist()
        trees = dict(zip(TREE_COLUMNS, columns, strict=True))
        extend(batch.cascades, {**identity, **named, **trees})
        times: Columns = {
            "hours": [self.hours] * curves,
            "shares_by_hour": list(found.shares_by_hour),
            "reach_by_hour": list(found.reach_by_hour),
        }
        first = {name: values[:curves] for name, values in identity.items()}
        extend(batch.curves, {**first, **times})

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
        append(batch.runs, {**identity, "seed": seed, **outcome.metrics, **by_segment})
        for instance, tree in zip(arm.agenda.instances, outcome.trees, strict=True):
            named = {"message": instance.message, "nominal_time": instance.nominal_time}
            append(batch.cascades, {**identity, **named, **tree})
        if replicate < self.most_curves:
            shares, reach = curves_of(cascades, world.is_ours, self.hours)
            curves = {"hours": self.hours, "shares_by_hour": shares, "reach_by_hour": reach}
            append(batch.curves, {**identity, **curves})


def batched(numbers: Iterable[int], most: int) -> Iterator[tuple[int, ...]]:
    """Yield the numbers in tuples of at most ``most`` (as ``itertools`` does from Python 3.12)."""
    left = iter(numbers)
    while some := tuple(islice(left, most)):
        yield some
