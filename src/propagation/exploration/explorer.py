"""Runs strategies at points of a scenario's inputs: the same worlds and luck everywhere."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from propagation.audience.drawn_folders import Asked, drawing_key, drawn_graph
from propagation.audience.generators import DrawnGraph
from propagation.audience.sources import RealGraph, read_real_graph
from propagation.experiment.estimates import worker_count
from propagation.experiment.expectations import theory_in
from propagation.experiment.replicates import Laboratory, Shared
from propagation.experiment.workers import noted_interrupts
from propagation.exploration.kept import KeptRuns, Point, metrics_kept, point_of
from propagation.scenario.spec import Scenario
from propagation.scenario.varying import Changes, Inputs

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Found = TypeVar("Found")

NOTHING: Changes = {}
MOST_GRAPHS = 40
"""Graphs kept in memory; those longest not asked for are drawn again when needed."""
MOST_LABORATORIES = 8
POLL_SECONDS = 0.2


class Once(Generic[Found]):
    """What was made lately, by key; made once even if several threads ask at the same time."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._made: OrderedDict[object, Future[Found]] = OrderedDict()

    def get(self, key: object, make: Callable[[], Found]) -> Found:
        """Return what belongs to a key, making it if it is not there."""
        with self._lock:
            future, is_mine = self._made.get(key), key not in self._made
            if future is None:
                future = self._made[key] = Future()
            self._made.move_to_end(key)
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        if is_mine:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)
        return future.result()


class Explorer:
    """A scenario that is run at many values of its inputs.

    Parameters
    ----------
    scenario, folder
        What is asked, and the folder its file names are relative to.
    draws
        How many worlds: replicate r lives in draw ``r % draws``.
    workers
        Threads; 0 for one a processor.
    kept
        Where runs are kept, so that none is made twice.
    engine
        ``compiled`` or ``mesa``; agents of the scenario's own always run as Mesa agents.
    """

    def __init__(
        self,
        scenario: Scenario,
        folder: Path,
        *,
        draws: int,
        workers: int = 0,
        kept: KeptRuns | None = None,
        engine: str = "compiled",
    ) -> None:
        self.scenario, self.folder, self.draws = scenario, folder, draws
        self.workers = worker_count(workers)
        self.metrics = metrics_kept(scenario)
        self.kept = kept or KeptRuns(None, "", self.metrics)
        self._engine, self._lock = engine, threading.Lock()
        self._graphs: Once[DrawnGraph] = Once(MOST_GRAPHS)
        self._laboratories: Once[Laboratory] = Once(MOST_LABORATORIES)
        self._inputs: dict[tuple[str, ...], Inputs] = {}
        self._shared = Shared(self._draw, self._read)

    @cached_property
    def _real(self) -> RealGraph | None:
        return read_real_graph(self.scenario, self.folder)

    def _read(self, scenario: Scenario, folder: Path) -> RealGraph | None:
        """Return the real graph: numbers that vary do not change what is read."""
        with self._lock:
            return self._real

    def _draw(self, asked: Asked) -> DrawnGraph:
        key = drawing_key(asked.targets, asked.seed)
        return self._graphs.get(key, lambda: drawn_graph(asked))

    def inputs(self, strategies: Sequence[str] = ()) -> Inputs:
        """Return the numbers of the scenario, reduced to some of its strategies."""
        key = tuple(strategies)
        with self._lock:
            if key not in self._inputs:
                self._inputs[key] = Inputs(self.scenario, key)
            return self._inputs[key]

    def laboratory(self, changes: Changes = NOTHING, strategies: Sequence[str] = ()) -> Laboratory:
        """Return the laboratory of the scenario with some numbers exchanged.

        Raises
        ------
        InputError
            If a path leads to no number, or a value is not allowed there.
        """
        inputs = self.inputs(strategies)
        key = (tuple(strategies), point_of(changes))

        def make() -> Laboratory:
            scenario = inputs.varied(changes).model_copy(update={"draws": self.draws})
            return Laboratory(scenario, self.folder, self._engine, self._shared, most_curves=0)

        return self._laboratories.get(key, make)

    def draw(self, replicates: range) -> Integers:
        """Return each replicate's draw; shape (replicates,)."""
        return np.array(replicates, np.int64) % self.draws

    def runs(
        self,
        changes: Changes,
        replicates: range,
        strategies: Sequence[str],
        metrics: Sequence[str],
    ) -> Floats:
        """Return metrics at a point: (strategies, metrics, replicates), NaN where undefined.

        Raises
        ------
        InputError
            If the point is none, or it cannot be run.
        """
        point = point_of(changes)
        chosen = [self.metrics.index(metric) for metric in metrics]
        missing = [
            name
            for name in strategies
            if self.kept.count(self.draws, point, name) < replicates.stop
        ]
        if missing:
            self._run(changes, point, replicates.stop, missing)
        kept = [
            self.kept.values(self.draws, point, name)[chosen, replicates.start : replicates.stop]
            for name in strategies
        ]
        return np.stack(kept)

    def _run(self, changes: Changes, point: Point, stop: int, strategies: list[str]) -> None:
        """Run strategies up to a number of replicates, and keep what they did."""
        start = min(self.kept.count(self.draws, point, name) for name in strategies)
        laboratory = self.laboratory(changes, strategies)
        values = np.full((len(strategies), len(self.metrics), stop - start), np.nan)
        for draw in range(min(self.draws, stop)):
            mine = [one for one in range(start, stop) if one % self.draws == draw]
            if not mine:
                continue
            columns = laboratory.run(draw, mine).runs
            names = np.array(columns["strategy"], dtype=object)
            places = np.array(columns["replicate"], np.int64) - start
            for row, name in enumerate(strategies):
                here = names == name
                for place, metric in enumerate(self.metrics):
                    numbers = np.array(columns[metric], np.float64)
                    values[row, place, places[here]] = numbers[here]
        for row, name in enumerate(strategies):
            self.kept.add(self.draws, point, name, start, values[row])

    def expected(
        self, changes: Changes, strategies: Sequence[str], metric: str
    ) -> tuple[float, ...]:
        """Return the mean of a metric that theory expects of each strategy at a point.

        NaN where it says nothing; infinite where the spread has no end.
        """
        laboratory = self.laboratory(changes, strategies)
        return tuple(_mean(laboratory, name, metric) for name in strategies)

    def over(
        self,
        at: Callable[[int], Found],
        points: int,
        done: Callable[[int, Found], None],
    ) -> None:
        """Do the same at so many points, several at a time; ``done`` is told of each.

        Raises
        ------
        InputError
            If a point is none, or cannot be run.
        KeyboardInterrupt
            If the user stopped it; what was finished is kept.
        """
        try:
            in_threads(at, range(points), self.workers, done)
        finally:
            self.kept.write()


def _mean(laboratory: Laboratory, strategy: str, metric: str) -> float:
    """Return the mean that theory expects in the first world, NaN if it says nothing."""
    theory = theory_in(laboratory, strategy)
    found = None if theory is None else theory.means(laboratory.agendas[strategy])
    return math.nan if found is None else found.get(metric, math.nan)


def in_threads(
    work: Callable[[int], Found],
    numbers: Iterable[int],
    workers: int,
    done: Callable[[int, Found], None],
) -> None:
    """Do pieces of work in threads; ``done`` is called here, as they come.

    Raises
    ------
    KeyboardInterrupt
        After the pieces under way are finished, if the user asked for it.
    """
    with noted_interrupts() as interrupted, ThreadPoolExecutor(workers) as pool:
        waiting: Mapping[Future[Found], int] = {pool.submit(work, one): one for one in numbers}
        left = set(waiting)
        try:
            while left:
                if interrupted.is_set():
                    raise KeyboardInterrupt
                finished, left = wait(left, POLL_SECONDS, FIRST_COMPLETED)
                for future in finished:
                    done(waiting[future], future.result())
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
