"""What was measured on, as far as the machine tells everybody."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "propagation",
    "numpy",
    "numba",
    "mesa",
    "networkx",
    "cynetdiff",
    "EoN",
    "ndlib",
)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def processor() -> str:
    """Return the name of the processor."""
    names = re.findall(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.M)
    return names[0].strip() if names else platform.processor() or platform.machine()


def caches() -> str:
    """Return the sizes of the first core's caches."""
    found = []
    for place in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind = {"Data": "d", "Instruction": "i"}.get(_read(f"{place}/type"), "")
        found.append(f"L{_read(f'{place}/level')}{kind} {_read(f'{place}/size')}")
    return ", ".join(found)


def memory() -> int:
    """Return how many bytes of memory are free for a new process, or 0 if nobody says."""
    free = re.search(r"^MemAvailable:\s+(\d+) kB", _read("/proc/meminfo"), re.M)
    return int(free[1]) * 1024 if free else 0


def versions() -> str:
    """Return the versions of what takes part."""
    found = [f"Python {platform.python_version()}"]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)


def machine() -> str:
    """Return the machine in a sentence or two."""
    total = re.search(r"^MemTotal:\s+(\d+) kB", _read("/proc/meminfo"), re.M)
    ram = f", {int(total[1]) * 1024 / 2**30:.0f} GiB of memory" if total else ""
    held = caches()
    return (
        f"{processor()} ({platform.machine()}), {os.cpu_count()} cores, "
        f"caches {held or 'unknown'}{ram}; {platform.system()}. {versions()}."
    )
