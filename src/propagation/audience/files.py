"""The bytes of a file that a user named, or one clear line on why they cannot be had."""

import difflib
import gzip
import hashlib
import io
import stat
import zlib
from pathlib import Path

from propagation.audience.memory import check_fits
from propagation.problems import InputError, Problem, reason

TIMES_IN_MEMORY = 3
"""How much more than its bytes a file of follows takes while it is read, at the least."""
GZIP = b"\x1f\x8b"


def content_of(path: Path, at_most: int | None = None) -> bytes:
    """Return what a file holds as it is, all of it or ``at_most`` bytes."""
    if at_most is None:
        check_size(path)
    check_file(path)
    try:
        with path.open("rb") as stream:
            return stream.read(-1 if at_most is None else at_most)
    except OSError as error:
        message = f"cannot be read: {reason(error)}"
        raise InputError(Problem(message, file=str(path))) from None


def check_size(path: Path) -> None:
    """Refuse a file that memory cannot hold.

    Raises
    ------
    MachineError
        If it cannot.
    """
    check_fits(TIMES_IN_MEMORY * check_file(path), str(path), "take a part of the file")


def check_file(path: Path) -> int:
    """Return the size of a file; refuse a pipe or a device, which may never end.

    Raises
    ------
    InputError
        If it is no file that can be read to its end.
    """
    file = str(path)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise InputError(Problem(f"there is no such file{near(path)}", file=file)) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {reason(error)}", file=file)) from None
    if stat.S_ISDIR(status.st_mode):
        raise InputError(Problem("is a folder, not a file", file=file))
    if not stat.S_ISREG(status.st_mode):
        raise InputError(Problem("is a pipe or a device, not a file", file=file))
    return status.st_size


def unpacked(content: bytes, file: str, at_most: int | None = None) -> bytes:
    """Return gzipped content unpacked, all of it or ``at_most`` bytes; other content as it is."""
    if not content.startswith(GZIP):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            return packed.read(-1 if at_most is None else at_most)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        message = f"is a damaged gzip file, copy or download it again ({error})"
        raise InputError(Problem(message, file=file)) from None


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    check_file(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def near(path: Path) -> str:
    """Say which name beside it was probably meant, or that its folder is not there either."""
    folder = path.parent
    if not folder.is_dir():
        return f": nor is there a folder '{folder}'"
    names = sorted(entry.name for entry in folder.iterdir())
    close = difflib.get_close_matches(path.name, names, n=1)
    return f". Did you mean '{close[0]}'?" if close else ""
