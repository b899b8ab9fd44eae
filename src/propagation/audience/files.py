"""The bytes of a file that a user named, or one clear line on why they cannot be had."""

import difflib
import gzip
import hashlib
import io
import zlib
from pathlib import Path

from propagation.problems import InputError, Problem

GZIP = b"\x1f\x8b"


def content_of(path: Path, at_most: int | None = None) -> bytes:
    """Return what a file holds as it is, all of it or ``at_most`` bytes."""
    file = str(path)
    if path.is_dir():
        raise InputError(Problem("is a folder, not a file", file=file))
    try:
        with path.open("rb") as stream:
            return stream.read(-1 if at_most is None else at_most)
    except FileNotFoundError:
        raise InputError(Problem(f"there is no such file{_near(path)}", file=file)) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", file=file)) from None


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
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _near(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f": nor is there a folder '{folder}'"
    names = sorted(entry.name for entry in folder.iterdir())
    close = difflib.get_close_matches(path.name, names, n=1)
    return f". Did you mean '{close[0]}'?" if close else ""
