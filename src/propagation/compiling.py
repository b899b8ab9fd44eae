"""How functions are compiled, and where the machine code is kept.

numba's disk cache looks only at the file of the function it compiles: edit a rule in another file
and the old machine code comes back. Here the cache folder is named by a hash of every source of
the package and of what compiles it, so any edit or update compiles afresh and no other package's
cache is touched. Another processor is numba's own matter: it keeps machine code by processor.
"""

import functools
import gc
import hashlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import llvmlite
import numba
import numpy as np
import platformdirs
from filelock import FileLock
from numba.core import config, event

Function = TypeVar("Function", bound=Callable[..., object])

STALE_AFTER_DAYS = 30
ROOM = 100_000_000
"""Bytes that must be free for the cache, several times what it takes."""

settings: Any = config
njit: Any = numba.njit  # its types leave out the option used below
register: Any = event.register
if settings.DISABLE_JIT:
    # Hashes are arithmetic modulo 2**64; machine code wraps silently, NumPy scalars would warn.
    np.seterr(over="ignore")


def source_hash(package: Path) -> str:
    """Hash of the names and contents of all Python sources below ``package``."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def compilers() -> tuple[str, ...]:
    """Return what the machine code depends on besides the sources and the processor."""
    python = platform.python_implementation(), platform.python_version()
    return (*python, numba.__version__, llvmlite.__version__, np.__version__)


def cache_name(package: Path, made_by: tuple[str, ...]) -> str:
    """Return the name of the cache folder of these sources, compiled by these versions."""
    versions = hashlib.blake2b(" ".join(made_by).encode(), digest_size=4).hexdigest()
    return f"{source_hash(package)}-{versions}"


@functools.cache
def cache_folder() -> Path:
    """Return the folder for this version of the sources; stale neighbours are removed."""
    root = Path(os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_dir("propagation"))
    folder = root / "compiled" / cache_name(Path(__file__).parent, compilers())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        _remove_stale(folder.parent)
    except OSError:
        pass  # then nothing can be kept there
    return folder


@functools.cache
def can_be_kept() -> bool:
    """Whether there is room for machine code; a read-only or full home only costs time."""
    try:
        with tempfile.TemporaryFile(dir=cache_folder()):
            return shutil.disk_usage(cache_folder()).free > ROOM
    except OSError:
        return False


def _remove_stale(parent: Path) -> None:
    oldest = time.time() - STALE_AFTER_DAYS * 86_400
    for folder in parent.iterdir():
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def compiled(function: Function) -> Function:
    """Compile ``function`` on first call, without holding Python's global lock, cached on disk."""
    return _compile(function)


def lean(function: Function) -> Function:
    """Compile ``function`` so that it does not count who uses which array; it must make none.

    Counting takes two locked instructions for each array that is passed on, more than most rules
    take: a cascade of 57,000 shares and 485,000 notices took 33 ms with it and 18 ms without.
    """
    return _compile(function, _nrt=False)


def inlined(function: Function) -> Function:
    """Compile ``function`` into its callers: for what is called once a notice; it is lean too."""
    return _compile(function, _nrt=False, forceinline=True)


def _compile(function: Function, **options: bool) -> Function:
    previous = settings.CACHE_DIR
    settings.CACHE_DIR = str(cache_folder())
    kept = can_be_kept()
    try:
        # nobody calls these functions from C, and a wrapper for that costs a tenth of the time
        compiler = njit(cache=kept, nogil=True, no_cfunc_wrapper=True, **options)
        machine_code: Function = compiler(function)
    finally:
        settings.CACHE_DIR = previous
    if kept and not settings.DISABLE_JIT:
        _keep_one_at_a_time(machine_code)
    return machine_code


LOCK = "lock"
LOCK_SECONDS = 5.0


def _keep_one_at_a_time(machine_code: Any) -> None:
    """Let only one process at a time add machine code to the cache.

    numba numbers the files of a function's signatures by what its index holds: of two processes
    that add to it at once, one would later be given machine code made for other types. What cannot
    be kept, because the disk is full or the lock is not to be had, costs time and nothing else.
    """
    cache = machine_code._cache
    save = cache.save_overload

    def save_alone(signature: object, made: object) -> None:
        with suppress(OSError), FileLock(cache_folder() / LOCK, timeout=LOCK_SECONDS):
            save(signature, made)

    cache.save_overload = save_alone


class _Compiling(event.Listener):
    """Is told when numba compiles; what is loaded from the cache is not compiled."""

    def __init__(self) -> None:
        self.tell: Callable[[str], None] | None = None
        self._depth = 0
        self._collects = False

    def on_start(self, event: object) -> None:
        """Let no garbage be collected meanwhile: nearly all that is made stays, a fifth faster."""
        self._depth += 1
        if self._depth > 1:
            return
        self._collects = gc.isenabled()
        gc.disable()
        tell, self.tell = self.tell, None
        if tell is not None:
            tell(COMPILING)

    def on_end(self, event: object) -> None:
        """Collect garbage again."""
        self._depth -= 1
        if self._depth == 0 and self._collects:
            gc.enable()


COMPILING = "Compiling the rules for this machine, once; it takes up to a minute ..."
_listener = _Compiling()
register("numba:compile", _listener)


def say_when_compiling(tell: Callable[[str], None]) -> None:
    """Have it told, once, when something has to be compiled that was not compiled before."""
    _listener.tell = tell
