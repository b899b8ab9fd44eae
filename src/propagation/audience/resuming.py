"""A downloader for pooch that goes on where it was cut off.

What has come lies beside the file as ``<file>.part``, with the server's mark of its version in
``<file>.part.version``. The rest is asked for by HTTP Range, on the condition that the version is
still the same; a server that knows no ranges sends the whole file again.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import requests
from urllib3.exceptions import HTTPError

from propagation.problems import MachineError

Progress = Callable[[int, int | None], None]
"""Called with the bytes that have come, and with how many there will be if that is known."""

TRIES = 4
WAIT = 1.0
"""Seconds before the second try; doubled each time."""
TIMEOUT = 30.0
CHUNK = 1 << 16
LARGEST = 1 << 31
"""No file of the catalogue comes near this; a server that sends on and on is stopped."""


class _BrokenOffError(Exception):
    """The connection broke or the server is in trouble: another try may help."""


@dataclass(frozen=True)
class ResumingDownloader:
    """Download a file, going on with what an earlier call has left in ``part``."""

    part: Path
    progress: Progress

    def __call__(self, url: str, output_file: str | Path, pooch: object = None) -> None:
        """Download ``url`` to ``output_file``, as pooch asks for it.

        Raises
        ------
        MachineError
            If it cannot be had; what has come is kept.
        """
        reason = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(WAIT * 2 ** (attempt - 1))
            try:
                self._fetch(url)
            except (requests.RequestException, HTTPError, _BrokenOffError) as error:
                reason = _in_words(error)
                continue
            self.part.replace(output_file)
            self._version.unlink(missing_ok=True)
            return
        raise MachineError(f"{url}: {reason}; {self._what_now()}")

    @property
    def _version(self) -> Path:
        return self.part.with_name(f"{self.part.name}.version")

    def size(self) -> int:
        """Return how many bytes an earlier try has left."""
        return self.part.stat().st_size if self.part.is_file() else 0

    def _what_now(self) -> str:
        if kept := self.size():
            return f"{in_bytes(kept)} that came are kept, and the same command goes on from there"
        return (
            "nothing came; see whether this machine has a connection to the network, or download "
            f"the file by other means, save it as {self.part.with_suffix('')}, and give the same "
            "command again"
        )

    def _fetch(self, url: str) -> None:
        """Make one request and write down what it brings."""
        kept = self.size()
        headers = {"Accept-Encoding": "identity"}  # the file as it lies there, for ranges to fit
        if kept and self._version.is_file():
            headers["Range"] = f"bytes={kept}-"
            headers["If-Range"] = self._version.read_text(encoding="utf-8")
        elif kept:
            headers["Range"] = f"bytes={kept}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            start, total = self._agreed(answer, kept)
            if start is None:
                return
            if start == 0:
                _remember(self._version, answer)
            with self.part.open("ab" if start else "wb") as target:
                self._write(answer, target, start, total)

    def _agreed(self, answer: requests.Response, kept: int) -> tuple[int | None, int | None]:
        """Return where the answer starts in the file (None: all is here) and the file's length."""
        status, headers = answer.status_code, answer.headers
        if status == requests.codes.requested_range_not_satisfiable:
            if headers.get("Content-Range", "").strip() == f"bytes */{kept}":
                return None, kept
            self.part.unlink()
            raise _BrokenOffError("what had come does not fit what the server has")
        if status >= 500 or status in (408, 429):
            raise _BrokenOffError(f"the server answers {status} {answer.reason}")
        if status not in (200, 206):
            message = (
                f"the server answers {status} {answer.reason}: the file is not to be had there"
            )
            raise MachineError(f"{answer.url}: {message}")
        if headers.get("Content-Type", "").startswith("text/html"):
            message = "the server sends a web page in place of the file"
            raise MachineError(f"{answer.url}: {message}; open the address to see what it says")
        length = headers.get("Content-Length", "")
        coming = int(length) if length.isdecimal() else None
        if status == 200:
            return 0, coming
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", "").strip())
        if found is None or int(found[1]) != kept:
            self.part.unlink(missing_ok=True)
            raise _BrokenOffError("the server sends another part of the file than asked for")
        return kept, int(found[2]) if found[2] != "*" else None

    def _write(
        self, answer: requests.Response, target: BinaryIO, start: int, total: int | None
    ) -> None:
        done = start
        raw: Any = answer.raw
        self.progress(done, total)
        for piece in raw.stream(CHUNK, decode_content=False):
            target.write(piece)
            done += len(piece)
            self.progress(done, total)
            if done > LARGEST:
                target.truncate(0)
                raise MachineError(f"{answer.url}: the server sends more than {in_bytes(LARGEST)}")
        if total is not None and done < total:
            raise _BrokenOffError(
                f"the connection broke after {in_bytes(done)} of {in_bytes(total)}"
            )


def _remember(version: Path, answer: requests.Response) -> None:
    """Keep the server's mark of this version of the file, by which the rest must be the same."""
    tag = answer.headers.get("ETag", "")
    mark = tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")
    version.unlink(missing_ok=True)
    if mark:
        version.write_text(mark, encoding="utf-8")


def _in_words(error: Exception) -> str:
    if isinstance(error, _BrokenOffError):
        return str(error)
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT:.0f} s"
    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.SSLError):
        return f"no connection could be made ({type(error).__name__})"
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached"
    if isinstance(error, HTTPError):
        return "the connection broke"
    return f"cannot be asked for ({type(error).__name__})"


def in_bytes(count: int) -> str:
    """Write a number of bytes as people do."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:,.1f} kB" if count < 1e6 else f"{count / 1e6:,.1f} MB"
