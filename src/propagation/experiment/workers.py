"""Workers that run batches of replicates: threads for the compiled loop, processes for agents."""

import os
import queue
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from types import FrameType, TracebackType

from propagation.experiment.batches import Batch
from propagation.experiment.replicates import Laboratory
from propagation.problems import MachineError

Task = tuple[int, list[int]]
"""A draw, and the replicates to run in it."""

_laboratory: Laboratory | None = None


def _start_process(laboratory: Laboratory) -> None:
    """Give a new process its laboratory; an interrupt is the parent's to handle."""
    global _laboratory
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _laboratory = laboratory


def _run_in_process(draw: int, replicates: list[int]) -> Batch:
    if _laboratory is None:
        raise RuntimeError("a worker process was started without its laboratory")
    return _laboratory.run(draw, replicates)


BATCH_SECONDS = 1.0
"""After so long a thread hands over what it has, so that nothing finished waits to be written."""
MOST_PROCESSES = 61
"""More than this Windows cannot wait for."""


@contextmanager
def noted_interrupts() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event that is looked at between two steps.

    An exception could arrive while the pool holds a lock, and the lock would never be given back. A
    second Ctrl-C interrupts at once.
    """
    interrupted = threading.Event()
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield interrupted
        return

    def note(number: int, frame: FrameType | None) -> None:
        if interrupted.is_set():
            signal.default_int_handler(number, frame)
        interrupted.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _process_pool(laboratory: Laboratory, workers: int) -> ProcessPoolExecutor:
    """Return a pool whose processes have all been started, and ignore Ctrl-C from the first."""
    count = min(workers, MOST_PROCESSES)
    pool = ProcessPoolExecutor(count, get_context("spawn"), _start_process, (laboratory,))
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if main else None
    if before is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in range(count):
            pool.submit(os.getpid)
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)
    return pool


class Workers:
    """A pool for one run; use it in a ``with`` statement.

    Threads share the worlds of the laboratory (the compiled loop holds no lock); processes build
    their own.
    """

    def __init__(self, laboratory: Laboratory, workers: int) -> None:
        self._laboratory = laboratory
        self._stop = threading.Event()
        self._finished: queue.SimpleQueue[Future[Batch]] = queue.SimpleQueue()
        self._tasks: dict[Future[Batch], Task] = {}
        self._error: BaseException | None = None
        self._pool: Executor = (
            _process_pool(laboratory, workers)
            if laboratory.in_processes
            else ThreadPoolExecutor(workers)
        )

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def busy(self) -> bool:
        """Whether tasks are still to be done."""
        return bool(self._tasks) or self._error is not None

    def submit(self, tasks: Iterable[Task]) -> None:
        """Put tasks in the queue."""
        for task in tasks:
            work = _run_in_process if self._laboratory.in_processes else self._run_in_thread
            future = self._pool.submit(work, *task)
            self._tasks[future] = task
            future.add_done_callback(self._finished.put)

    def _run_in_thread(self, draw: int, replicates: list[int]) -> Batch:
        """Run replicates until they are done, or for as long as a batch may take."""
        until = time.monotonic() + BATCH_SECONDS

        def stopped() -> bool:
            return self._stop.is_set() or time.monotonic() > until

        return self._laboratory.run(draw, replicates, stopped)

    def done(self, seconds: float) -> list[Batch]:
        """Wait up to ``seconds`` for results; return the batches finished since the last call.

        Raises
        ------
        MachineError
            If a worker process has died.
        InputError
            If agents of the scenario's own have failed.
        """
        if self._error is not None:
            raise self._error
        batches = self._drain(seconds)
        if self._error is not None and not batches:
            raise self._error
        return batches

    def _drain(self, seconds: float) -> list[Batch]:
        """Return what is finished; an error waits until all that was finished is returned."""
        batches = []
        with suppress(queue.Empty):
            future = self._finished.get(timeout=seconds)
            while True:
                draw, replicates = self._tasks.pop(future)
                if not future.cancelled():
                    try:
                        batches.append(future.result())
                        self._go_on(draw, replicates[len(batches[-1].replicates) :])
                    except BrokenProcessPool as error:
                        self._error = self._error or _died(error)
                    except Exception as error:
                        self._error = self._error or error
                future = self._finished.get_nowait()
        return batches

    def _go_on(self, draw: int, rest: list[int]) -> None:
        """Put what a batch had no time for in the queue again."""
        if rest and not self._stop.is_set():
            self.submit([(draw, rest)])

    def stop(self) -> list[Batch]:
        """Stop soon; return what has been finished until then."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        batches = self._drain(0.0)
        self._tasks.clear()
        return batches


def _died(error: BrokenProcessPool) -> MachineError:
    problem = MachineError(
        "a worker process ended unexpectedly (too little memory?); what was finished is kept, "
        "--resume goes on, --workers 1 takes less memory"
    )
    problem.__cause__ = error
    return problem
