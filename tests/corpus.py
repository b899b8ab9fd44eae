"""All invalid input: the files under ``tests/scenarios/invalid`` and what no repository can hold.

``python -m tests.corpus`` runs every case in a process of its own and prints what it took.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.scenarios import ROOT

INVALID = ROOT / "tests" / "scenarios" / "invalid"
VALID = ROOT / "tests" / "scenarios" / "valid"
EXPECT = b"# expect: "
OPEN_END = " ..."
"""How an expected line ends whose rest is in the words of Python or of a library."""
SCENARIO = "scenario.yaml"

DRAWN = (VALID / "byte-order-mark.yaml").read_text(encoding="utf-8-sig")
REAL = (VALID / "table-with-bom" / SCENARIO).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Case:
    """Lays its files into an empty folder; running ``file`` there must print ``lines``."""

    name: str
    file: str
    lay_out: Callable[[Path], object]
    lines: tuple[str, ...]

    def is_told_by(self, lines: list[str]) -> bool:
        """Whether these are the lines expected, no more and no less."""
        return len(lines) == len(self.lines) and all(
            line.startswith(expected.removesuffix(OPEN_END))
            if expected.endswith(OPEN_END)
            else line == expected
            for line, expected in zip(lines, self.lines, strict=True)
        )


def expected(file: Path) -> tuple[str, ...]:
    """Return the lines that a file's comments expect, as they stand there."""
    lines = file.read_bytes().splitlines()
    return tuple(line.removeprefix(EXPECT).decode() for line in lines if line.startswith(EXPECT))


def cases() -> Iterator[Case]:
    """Yield every invalid input there is."""
    for path in sorted(INVALID.iterdir()):
        if path.is_file():
            lines = tuple(told_of(path.name, line) for line in expected(path))
            yield Case(path.stem, path.name, copier(path, path.name), lines)
        else:
            yield Case(path.name, SCENARIO, copier(path, ""), expected(path / SCENARIO))
    yield from MADE


def told_of(file: str, line: str) -> str:
    """Write the place in front of a message that begins with its line, if it has one."""
    return f"{file}:{line}" if line.split(":")[0].isdecimal() else f"{file}: {line}"


def copier(path: Path, name: str) -> Callable[[Path], object]:
    def copy(folder: Path) -> None:
        if path.is_dir():
            shutil.copytree(path, folder, dirs_exist_ok=True)
        else:
            shutil.copyfile(path, folder / name)

    return copy


def written(content: bytes | str, *further: Callable[[Path], object]) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        data = content.encode() if isinstance(content, str) else content
        (folder / SCENARIO).write_bytes(data)
        for each in further:
            each(folder)

    return write


def made(name: str, lay_out: Callable[[Path], object], *lines: str, file: str = SCENARIO) -> Case:
    return Case(name, file, lay_out, lines)


def follows(file: str) -> str:
    return REAL.replace("follows.csv", file)


def bomb() -> str:
    """Aliases of aliases: 9 to the power of 13 values."""
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for i in range(12):
        before, here = chr(97 + i), chr(98 + i)
        lines.append(f"{here}: &{here} [{','.join([f'*{before}'] * 9)}]")
    return "\n".join([*lines, DRAWN])


def provenance(content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / "provenance.json").write_bytes(content)


TOO_DEEP = f"{SCENARIO}:15: nested too deeply: at most 20 levels"
NO_PROVENANCE = "provenance.json: is not a provenance.json written by 'propagation run'"
PIPE = "is a pipe or a device, not a file"
MADE = [
    made(
        "a YAML bomb",
        written(bomb()),
        f"{SCENARIO}:1: aliases expand the file to more than 100,000 values",
    ),
    *(
        made(f"half a million of {text!r}", written(f"{DRAWN}question: {text * times}"), line)
        for text, times, line in (
            ("[", 500_000, TOO_DEEP),
            ("{a: ", 125_000, TOO_DEEP),
            ("[[],", 125_000, TOO_DEEP),
        )
    ),
    made(
        "600 kB",
        written(f"{DRAWN}# {'x' * 600_000}"),
        f"{SCENARIO}: is larger than 512 kB: long lists belong in tables",
    ),
    made(
        "a thousand and one strategies",
        written(
            DRAWN.replace(
                "compare:",
                "".join(f"  s{i}: [{{post: hello, by: ceo, at: 0 h}}]\n" for i in range(999))
                + "compare:",
            )
        ),
        f"{SCENARIO}:11: strategies: has too many entries: at most 1000",
    ),
    made(
        "a question of 10 kB",
        written(f"{DRAWN}question: {'x' * 10_240}\n"),
        f"{SCENARIO}:15: question: is too long: at most 10000 characters",
    ),
    made(
        "UTF-16",
        written(DRAWN.encode("utf-16")),
        f"{SCENARIO}:1: is not UTF-8 text: save it as UTF-8",
    ),
    made(
        "a scenario that is a folder",
        lambda folder: (folder / SCENARIO).mkdir(),
        f"{SCENARIO}: is a folder, not a scenario file",
    ),
    made("no scenario", lambda folder: None, f"{SCENARIO}: there is no such file"),
    made(
        "a provenance of other JSON",
        provenance(b"[1, 2]"),
        NO_PROVENANCE,
        file="provenance.json",
    ),
    made(
        "a provenance that is cut",
        provenance(b'{"propagation": "1.0", "scenario": "name: te'),
        NO_PROVENANCE,
        file="provenance.json",
    ),
    made(
        "a provenance nested 100,000 deep",
        provenance(b'{"propagation": ' + b"[" * 100_000),
        NO_PROVENANCE,
        file="provenance.json",
    ),
    made(
        "a provenance without a scenario",
        provenance(b'{"propagation": "1.0", "scenario": null}'),
        NO_PROVENANCE,
        file="provenance.json",
    ),
    made(
        "a provenance with a wrong scenario",
        lambda folder: (folder / "provenance.json").write_text(
            json.dumps({"propagation": "1.0", "scenario": DRAWN.replace("hello:", "hallo:")})
        ),
        "provenance.json: scenario, line 12: strategies.small[0].post: 'hello' is not one of: "
        "hallo. Did you mean 'hallo'?",
        "provenance.json: scenario, line 13: strategies.large[0].post: 'hello' is not one of: "
        "hallo. Did you mean 'hallo'?",
        file="provenance.json",
    ),
    made(
        "no provenance", lambda folder: None, "none.json: there is no such file", file="none.json"
    ),
]
if hasattr(os, "mkfifo"):
    MADE += [
        made(
            "a scenario that is a pipe",
            lambda folder: os.mkfifo(folder / SCENARIO),
            f"{SCENARIO}: {PIPE}",
        ),
        made(
            "a scenario without an end",
            lambda folder: (folder / SCENARIO).symlink_to("/dev/zero"),
            f"{SCENARIO}: {PIPE}",
        ),
        made(
            "a provenance that is a pipe",
            lambda folder: os.mkfifo(folder / "provenance.json"),
            f"provenance.json: {PIPE}",
            file="provenance.json",
        ),
        made(
            "follows from a pipe",
            written(follows("pipe.csv"), lambda folder: os.mkfifo(folder / "pipe.csv")),
            f"pipe.csv: {PIPE}",
        ),
        made(
            "follows without an end",
            written(
                follows("zero.csv"), lambda folder: (folder / "zero.csv").symlink_to("/dev/zero")
            ),
            f"zero.csv: {PIPE}",
        ),
        made(
            "a link to itself",
            written(
                follows("loop.csv"), lambda folder: (folder / "loop.csv").symlink_to("loop.csv")
            ),
            "loop.csv: cannot be read: it is a link that leads back to itself",
        ),
        made(
            "a scenario that is a link to itself",
            lambda folder: (folder / SCENARIO).symlink_to(SCENARIO),
            f"{SCENARIO}: cannot be read: it is a link that leads back to itself",
        ),
        made(
            "a file in a file",
            written(
                follows("follows.csv/inner.csv"),
                lambda folder: (folder / "follows.csv").write_text("src,dst\n1,2\n"),
            ),
            "follows.csv/inner.csv: cannot be read: Not a directory",
        ),
    ]


def measure(case: Case, command: str) -> tuple[int, float, float]:
    """Run a case in a process of its own; return its exit code, seconds and megabytes.

    Seconds are of the processor, so that a busy machine raises no false alarm.
    """
    measured = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run([sys.executable, '-m', 'propagation', *sys.argv[1:]],"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        case.lay_out(Path(folder))
        done = subprocess.run(
            [sys.executable, "-c", measured, command, case.file],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    code, seconds, megabytes = map(float, done.stdout.split())
    return int(code), seconds, megabytes if sys.platform == "linux" else megabytes / 1e3


def main() -> int:
    worst: list[tuple[float, float, str]] = []
    wrong = []
    for case in cases():
        for command in ("check", "run"):
            start = time.perf_counter()
            code, seconds, megabytes = measure(case, command)
            name = f"{command} {case.name} ({time.perf_counter() - start:.1f} s on the clock)"
            worst.append((seconds, megabytes, name))
            if code != 2:
                wrong.append(f"{name}: exit code {code}")
    largest = max(worst, key=lambda each: each[1])
    print(f"{len(worst)} runs, each in a process of its own", *wrong, sep="\n")
    for word, (seconds, megabytes, name) in (("longest", max(worst)), ("largest", largest)):
        print(f"{word}: {seconds:.2f} s, {megabytes:.0f} MB: {name}")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
