"""Published data brought here by pooch, once, and checked by what is published of them."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import filelock
import platformdirs
import pooch

from propagation.audience.edge_lists import FollowsRead, read_follows
from propagation.audience.files import checksum
from propagation.audience.public_data import DataSet
from propagation.audience.resuming import Progress, ResumingDownloader
from propagation.problems import InputError, MachineError
from propagation.scenario.writing import dump

FOLDER_VARIABLE = "PROPAGATION_DATA"
"""The environment variable that names the folder of downloads."""


@dataclass(frozen=True)
class Fetched:
    """A data set that lies here, as published."""

    path: Path
    sha256: str
    downloaded: bool
    report: tuple[str, ...]
    graph: str


def data_folder(folder: Path | None) -> Path:
    """Return the folder of downloads: the one given, the variable's, or the user's cache."""
    if folder is not None:
        return folder
    named = os.environ.get(FOLDER_VARIABLE)
    return (
        Path(named).expanduser()
        if named
        else Path(platformdirs.user_cache_dir("propagation")) / "data"
    )


def fetch(
    data: DataSet,
    folder: Path | None = None,
    progress: Progress = lambda done, total: None,
    tell: Callable[[str], object] = lambda line: None,
) -> Fetched:
    """Return a data set, downloaded unless it lies in the folder of downloads already.

    Parameters
    ----------
    data
        Which one.
    folder
        Where to; by default ``PROPAGATION_DATA`` or the user's cache.
    progress, tell
        Called while it comes, and with what there is to say before.

    Raises
    ------
    MachineError
        If it cannot be had, or is not what was published.
    """
    place = data_folder(folder).absolute()
    path = place / data.file
    try:
        place.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(place / f"{data.file}.lock", timeout=0):
            return _fetch(data, path, progress, tell)
    except filelock.Timeout:
        message = "is being downloaded by another process; wait for that one"
        raise MachineError(f"{path}: {message}") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise MachineError(f"{error.filename or path}: cannot be written: {reason}") from error


def _fetch(data: DataSet, path: Path, progress: Progress, tell: Callable[[str], object]) -> Fetched:
    is_here = path.is_file()
    if not is_here:
        downloader = ResumingDownloader(path.with_name(f"{path.name}.part"), progress)
        going_on = " (going on with what an earlier call left)" if downloader.size() else ""
        tell(f"Downloading {data.url}{going_on} ...")
        _download(data, path, downloader)
    sha256 = checksum(path)
    record = path.with_name(f"{path.name}.sha256")
    known = record.read_text(encoding="utf-8").split()[:1] if is_here and record.is_file() else []
    if known and known != [sha256]:
        message = f"has changed since it was downloaded (sha256 {sha256})"
        raise MachineError(_set_aside(path, message))
    report: tuple[str, ...] = (f"{path.name} is unchanged since it was checked",)
    if not known:
        tell(f"Counting accounts and follows of {path.name} ...")
        report = _as_published(data, path).report
        record.write_text(f"{sha256}  {path.name}\n", encoding="utf-8")
    columns = {"follower": data.follower, "followee": data.followee}
    graph = dump({"graph": {"follows": path.as_posix(), **columns}}).rstrip()
    return Fetched(path, sha256, not is_here, report, graph)


def _download(data: DataSet, path: Path, downloader: ResumingDownloader) -> None:
    pooch.get_logger().setLevel(logging.WARNING)
    store = pooch.create(
        path.parent, base_url="", registry={path.name: None}, urls={path.name: data.url}
    )
    store.fetch(path.name, downloader=downloader)


def _as_published(data: DataSet, path: Path) -> FollowsRead:
    """Read the file, and refuse it if it has other counts than those published."""
    try:
        read = read_follows(path, data.follower, data.followee)
    except InputError as error:
        reason = str(error.problems[0]).removeprefix(f"{path}").lstrip(": ")
        raise MachineError(_set_aside(path, f"is not what was published: {reason}")) from None
    found = (len(read.labels), len(read.follower) + read.selfish)
    if found != (data.accounts, data.follows):
        message = (
            f"holds {found[0]:,} accounts and {found[1]:,} follows, but {data.accounts:,} and "
            f"{data.follows:,} were published: it is cut short, or was changed"
        )
        raise MachineError(_set_aside(path, message))
    return read


def _set_aside(path: Path, message: str) -> str:
    """Give a wrong file another name, so that the next call downloads it again; say so."""
    aside = path.with_name(f"{path.name}.wrong")
    path.replace(aside)
    path.with_name(f"{path.name}.sha256").unlink(missing_ok=True)
    return f"{path}: {message}; it is kept as {aside.name}, and the same command downloads it again"
