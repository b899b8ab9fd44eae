"""Disks that fill up, folders that may not be written to, and folders in use: one line, no loss.

What is refused is refused where files are opened and moved, below everything of this package, so
whoever runs the tests (the administrator may write everywhere) sees the same.
"""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from campaigns import run, strict_json, write_campaign
from filelock import FileLock

from propagation.experiment import runner, storage, workers
from propagation.experiment.batches import Batch
from propagation.exploration.study import Study
from propagation.problems import MachineError
from propagation.scenario.reading import read_scenario

TABLES = ("runs", "cascades", "curves", "trees", "follows", "accounts")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a scenario, and an undisturbed run in ``whole``."""
    folder = tmp_path_factory.mktemp("disks")
    run(write_campaign(folder), folder / "whole")
    return folder


def assert_equal(one: Path, other: Path) -> None:
    for name in TABLES:
        first, second = ((out / f"{name}.parquet").read_bytes() for out in (one, other))
        assert first == second, name
    assert strict_json(one / "summary.json") == strict_json(other / "summary.json")


def failing(monkeypatch: pytest.MonkeyPatch, moment: Callable[[str], bool], code: int) -> None:
    """Let the system refuse to write files whose name, and moment, is the one looked for."""
    write_table, write_text = pq.write_table, Path.write_text

    def refuse(path: object) -> None:
        if moment(Path(str(path)).name):
            raise OSError(code, os.strerror(code))

    def table(table: object, path: object, *words: object, **options: object) -> None:
        write_table(table, path, *words, **options)
        refuse(path)  # as a disk that fills up: a part of it is there

    def text(path: Path, *words: object, **options: object) -> int:
        written = write_text(path, *words, **options)  # type: ignore[arg-type]
        refuse(path)
        return written

    monkeypatch.setattr(storage.pq, "write_table", table)
    monkeypatch.setattr(Path, "write_text", text)


def nth(number: int, part: str) -> Callable[[str], bool]:
    """Return what says yes from the ``number``-th file on whose name holds ``part``."""
    seen = 0

    def moment(name: str) -> bool:
        nonlocal seen
        seen += part in name
        return part in name and seen >= number

    return moment


MOMENTS = {
    "the scenario": (".scenario.yaml.", 1, 0),
    "the first part": (".cascades.parquet.", 1, 0),
    "the last file of the first part": (".runs.parquet.", 1, 0),
    "a later part": (".runs.parquet.", 4, 3),
    "the joined tables": (".runs.parquet.", 14, 13),
    "the typical cascades": (".trees.parquet.", 1, 13),
    "the summary": (".summary.json.", 1, 13),
}
"""What stands in the name of the file refused, which of that name, and the replicates kept."""


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_what_cannot_be_written_loses_nothing_finished(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: tuple[str, int, int],
    code: int,
) -> None:
    part, number, kept = moment
    out = tmp_path / "out"
    monkeypatch.setattr(runner, "BATCH", 1)
    monkeypatch.setattr(runner, "FLUSH_SECONDS", -1.0)
    with monkeypatch.context() as patched:
        # one part for each replicate: the batches are handed over one by one
        one_by_one(patched)
        failing(patched, nth(number, part), code)
        with pytest.raises(MachineError) as caught:
            run(home / "campaign.yaml", out, workers=1)
    said = str(caught.value)
    assert said.startswith(str(out))
    assert said.endswith(f"cannot be written: {os.strerror(code)}")
    assert "\n" not in said
    assert not list(out.rglob("*.partial"))
    assert len(storage.ResultsFolder(out).finished_replicates()) == kept
    assert not (out / "summary.json").exists()
    run(home / "campaign.yaml", out, resume=True)
    assert_equal(home / "whole", out)
    assert {path.name for path in out.iterdir()} == {
        path.name for path in (home / "whole").iterdir()
    }


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let finished batches be handed over one at a time."""
    drain = workers.Workers.done

    def done(self: workers.Workers, seconds: float) -> list[Batch]:
        waiting: list[Batch] = self.__dict__.setdefault("_waiting", [])
        if not waiting:
            waiting += drain(self, seconds)
        return [waiting.pop(0)] if waiting else []

    busy = workers.Workers.busy
    monkeypatch.setattr(workers.Workers, "done", done)
    monkeypatch.setattr(
        workers.Workers,
        "busy",
        property(lambda self: bool(self.__dict__.get("_waiting")) or busy.fget(self)),
    )


def test_a_folder_in_use_is_one_line_and_stays_as_it_is(home: Path, tmp_path: Path) -> None:
    """At the beginning, with a part there, and just before the end."""
    out = tmp_path / "out"
    out.mkdir()
    with FileLock(out / storage.LOCK), pytest.raises(MachineError, match="another run is writing"):
        run(home / "campaign.yaml", out)
    assert [path.name for path in out.iterdir()] == [storage.LOCK]
    for count in (1, 13):
        seen: list[str] = []

        def meanwhile(done: int, total: int, count: int = count, seen: list[str] = seen) -> None:
            if done >= count and not seen:
                before = everything(out)
                with pytest.raises(MachineError) as caught:
                    run(home / "campaign.yaml", out, resume=True)
                seen.append(str(caught.value))
                assert everything(out) == before

        run(home / "campaign.yaml", out, resume=True, force=True, progress=meanwhile, workers=1)
        assert seen == [f"{out}: another run is writing here; wait for it or choose --out"]
        assert_equal(home / "whole", out)


def everything(out: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in out.rglob("*") if path.is_file()}


# --- on a disk of its own, where the system lets us have one -------------------------------------

SCRIPT = """\
set -eu
mount -t tmpfs -o size={size} none "{disk}"
run() {{ "{python}" -m propagation run "{file}" --out "{disk}/out" --no-report "$@"; }}
code=0; {before} 2> "{kept}/said" || code=$?
echo $code > "{kept}/code"
mount -o remount,rw,size=50m "{disk}"
run --resume
cp "{disk}"/out/*.parquet "{disk}"/out/summary.json "{kept}"
"""
BEFORE = {
    "full": "run",
    "read-only": 'run --replicates 4; mount -o remount,ro "{disk}"; run --resume',
    "read-only from the start": 'mount -o remount,ro "{disk}"; run',
}
SAYS = {"full": errno.ENOSPC, "read-only": errno.EROFS, "read-only from the start": errno.EROFS}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lends disks")
@pytest.mark.parametrize("kind", BEFORE)
def test_a_disk_of_its_own(home: Path, tmp_path: Path, kind: str) -> None:
    """As above, on a disk that really is small or read-only."""
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    script = SCRIPT.format(
        size="36k" if kind == "full" else "5m",
        disk=disk,
        python=sys.executable,
        file=home / "campaign.yaml",
        before=BEFORE[kind].format(disk=disk),
        kept=kept,
    )
    alone = ["unshare", "--map-root-user", "--mount"]
    try:
        trial = f'mount -t tmpfs none "{disk}"'
        subprocess.run([*alone, "sh", "-c", trial], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this system lends no disks")
    done = subprocess.run([*alone, "sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = (kept / "said").read_text().splitlines()
    assert (kept / "code").read_text().strip() == "1"
    assert said[-1].startswith(str(disk))
    assert said[-1].endswith(f"cannot be written: {os.strerror(SAYS[kind])}")
    whole = shutil.copytree(home / "whole", tmp_path / "whole")
    Study(read_scenario(home / "campaign.yaml"), home, whole)()  # as the command does after a run
    assert_equal(whole, kept)
