"""How functions are compiled, and where the machine code is kept.

numba's disk cache looks only at the file of the function it compiles: edit a rule in another file
and the old machine code comes back. Here the cache folder is named by a hash of every source of
the package, so any edit compiles afresh and no other package's cache is touched.
"""

import functools
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
import platformdirs
from numba.core import config

Function = TypeVar("Function", bound=Callable[..., object])

STALE_AFTER_DAYS = 30
ROOM = 100_000_000
"""Bytes that must be free for the cache, several times what it takes."""

settings: Any = config
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


@functools.cache
def cache_folder() -> Path:
    """Return the folder for this version of the sources; stale neighbours are removed."""
    root = Path(os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_dir("propagation"))
    folder = root / "compiled" / source_hash(Path(__file__).parent)
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
    return _compile(function, numba.njit(cache=can_be_kept(), nogil=True))


def inlined(function: Function) -> Function:
    """Compile ``function`` into its callers: for what is called once a notice.

    A call passes every array of a named tuple by value, which costs more than a rule does.
    """
    return _compile(function, numba.njit(cache=can_be_kept(), nogil=True, forceinline=True))


def _compile(function: Function, compiler: Callable[[Function], Any]) -> Function:
    previous = settings.CACHE_DIR
    settings.CACHE_DIR = str(cache_folder())
    try:
        machine_code: Function = compiler(function)
    finally:
        settings.CACHE_DIR = previous
    return machine_code
