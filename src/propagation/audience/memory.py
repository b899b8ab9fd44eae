"""How much memory is free, so that what cannot fit is told before it is begun."""

import os
from contextlib import suppress
from pathlib import Path

from propagation.problems import MachineError

RESERVED = 2_000_000_000
"""Bytes that libraries reserve and never touch (stacks, arenas): they count against a limit."""
MEMINFO = Path("/proc/meminfo")
STATUS = Path("/proc/self/status")


def free_memory() -> int | None:
    """Return the bytes that a program can still have; None where the system does not tell."""
    with suppress(OSError, ValueError, KeyError):
        lines = (line.split() for line in MEMINFO.read_text(encoding="ascii").splitlines())
        kilobytes = {words[0]: int(words[1]) for words in lines}
        return 1024 * (kilobytes["MemAvailable:"] + kilobytes["SwapFree:"])
    with suppress(OSError, ValueError, AttributeError):  # other systems tell what there is at all
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def private_memory() -> int | None:
    """Return the bytes this process has for itself; None where the system does not tell."""
    with suppress(OSError, ValueError):
        for line in STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
    return None


def limit_memory() -> None:
    """Make too large a request fail in this process, instead of the system ending it.

    Only where the system can do so (Linux), and never above a limit that is set already.
    """
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        free = free_memory()
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if free is not None and MEMINFO.exists() and soft == resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_DATA, (free + RESERVED, hard))


def check_fits(needed: float, what: str, advice: str) -> None:
    """Refuse what needs more memory than is free.

    Raises
    ------
    MachineError
        If it does.
    """
    free = free_memory()
    if free is not None and needed > free:
        message = f"needs about {needed / 1e9:,.1f} GB of memory, {free / 1e9:,.1f} GB are free"
        raise MachineError(f"{what}: {message}; {advice}")
