"""Workers that run batches of replicates: threads for the compiled loop, processes for agents."""

import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from types import TracebackType

from propagation.experiment.replicates import Batch, Laboratory
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


@contextmanager
def _interrupts_left_to_us() -> Iterator[None]:
    """Let processes that start meanwhile ignore Ctrl-C from their first moment on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


MOST_PROCESSES = 61
"""More than this Windows cannot wait for."""


class Workers:
    """A pool for one run; use it in a ``with`` statement.

    Threads share the worlds of the laboratory (the compiled loop holds no lock); processes build
    their own.
    """

    def __init__(self, laboratory: Laboratory, workers: int) -> None:
        self._laboratory = laboratory
        self._stop = threading.Event()
        self._waiting: set[Future[Batch]] = set()
        self._pool: Executor = (
            ProcessPoolExecutor(
                min(workers, MOST_PROCESSES), get_context("spawn"), _start_process, (laboratory,)
            )
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
        return bool(self._waiting)

    def submit(self, tasks: Iterable[Task]) -> None:
        """Put tasks in the queue."""
        with _interrupts_left_to_us():
            self._submit(tasks)

    def _submit(self, tasks: Iterable[Task]) -> None:
        for draw, replicates in tasks:
            if self._laboratory.in_processes:
                future = self._pool.submit(_run_in_process, draw, replicates)
            else:
                stopped = self._stop.is_set
                future = self._pool.submit(self._laboratory.run, draw, replicates, stopped)
            self._waiting.add(future)

    def done(self, seconds: float) -> list[Batch]:
        """Wait up to ``seconds`` for results; return the batches finished since the last call.

        Raises
        ------
        MachineError
            If a worker process has died.
        """
        finished, self._waiting = wait(self._waiting, seconds, FIRST_COMPLETED)
        try:
            return [future.result() for future in finished]
        except BrokenProcessPool as error:
            raise MachineError(
                "a worker process ended unexpectedly (too little memory?); what was finished is "
                "kept, --resume goes on, --workers 1 takes less memory"
            ) from error

    def stop(self) -> list[Batch]:
        """Stop soon; return what has been finished until then."""
        self._stop.set()
        running = {future for future in self._waiting if not future.cancel()}
        finished, _ = wait(running)
        self._waiting = set()
        return [future.result() for future in finished if future.exception() is None]
