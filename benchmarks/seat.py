"""A process of its own for each side, which runs cascades when it is told to.

The parent asks in lines of JSON and gets one line back for each. Nothing else runs meanwhile, so
neither side's memory, garbage or allocator is in the other's way.
"""

import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np

from benchmarks.graphs import graph, tiny
from benchmarks.systems import OURS, PEERS, SIR_LAW, side_of

if sys.platform != "win32":
    import resource

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
SYSTEMS = {**OURS, **PEERS, "SIR law": SIR_LAW}
Answer = dict[str, Any]


class SideFailed(Exception):  # noqa: N818  # what a row of the table says in place of a time
    """A side that cannot be measured, and why."""


class Seat:
    """The parent's end: one side on one graph.

    Parameters
    ----------
    system, on
        Names of the side and of the graph.
    memory
        Bytes of address space that the process may take; what needs more fails.
    patience
        Seconds that one answer may take.
    """

    def __init__(self, system: str, on: str, memory: int, patience: float) -> None:
        self._patience, self.memory = patience, memory
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.seat", system, on, str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, **ONE_THREAD},
        )

    def ask(self, **question: float) -> Answer:
        """Return the answer to a question.

        Raises
        ------
        SideFailed
            If the side cannot, takes too long, or its process is gone.
        """
        assert self._process.stdin
        assert self._process.stdout
        too_long = threading.Event()

        def give_up() -> None:
            too_long.set()
            self._process.kill()

        timer = threading.Timer(self._patience, give_up)
        timer.start()
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        timer.cancel()
        if not line:
            late = f"took more than {self._patience:,.0f} s"
            gone = late if too_long.is_set() else "its process died"
            raise SideFailed(gone)
        answer: Answer = json.loads(line)
        if "failed" in answer:
            raise SideFailed(answer["failed"])
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _seconds(thread: float, process: float) -> Answer:
    """Return the time since then, of this thread and of all threads together."""
    return {"seconds": time.thread_time() - thread, "all": time.process_time() - process}


def _peak() -> int:
    """Return the most memory that this process has held, in bytes; 0 on Windows."""
    if sys.platform == "win32":
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def serve(system: str, on: str, memory: int) -> None:
    """Answer questions until there are no more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    side = runs = None
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if side is None:
                # on a graph of one follow first, to import and compile
                side_of(SYSTEMS[system])(tiny("warm", [(0, 1)], 2)).at(0.5)(1, 2)
                measured = graph(on)
            thread, process = time.thread_time(), time.process_time()
            if side is None:
                side = side_of(SYSTEMS[system])(measured)
                answer = _seconds(thread, process)
            elif "probability" in question:
                runs = None
                runs = side.at(question["probability"])
                answer = _seconds(thread, process)
            else:
                reach = runs(question["first"], question["count"])
                answer = {**_seconds(thread, process), "reach": np.asarray(reach).tolist()}
            answer["peak"] = _peak()
        except ModuleNotFoundError as error:
            answer = {"failed": f"not installed: {error.name}"}
        except MemoryError:
            side = runs = None
            answer = {"failed": f"does not fit into {memory / 1e9:.0f} GB of memory"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
