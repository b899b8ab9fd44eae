"""What one more thread holds in memory of its own."""

import re
import threading
from pathlib import Path
from typing import NamedTuple

from benchmarks.ours import FullRuns

PER_ACCOUNT, PER_TOUCHED = 5, 40
"""Bytes that a thread may hold."""


class Held(NamedTuple):
    """Bytes that came with a thread: kept after its run, and at most during the run."""

    accounts: int
    touched: int
    kept: int
    peak: int

    @property
    def allowed(self) -> int:
        """Bytes that the thread may hold."""
        return PER_ACCOUNT * self.accounts + PER_TOUCHED * self.touched


def private() -> int:
    """Return the bytes that this process holds and shares with nobody (Linux only)."""
    text = Path("/proc/self/smaps_rollup").read_text(encoding="utf-8")
    return 1024 * sum(int(size) for size in re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.M))


def _status(field: str) -> int:
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(rf"^{field}:\s+(\d+) kB", text, re.M)
    assert found
    return 1024 * int(found[1])


def extra_thread(runs: FullRuns, name: str, accounts: int) -> Held:
    """Return what one run in a thread of its own takes, beside runs that are there already."""
    runs.metrics(0, 1)
    found: list[Held] = []

    def work() -> None:
        before, resident = private(), _status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak starts here
        own = runs.another(name)
        touched = int(own.metrics(1, 1)["reach"][0])
        peak = _status("VmHWM") - resident
        found.append(Held(accounts, touched, private() - before, peak))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]
