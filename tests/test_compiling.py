"""Machine code is kept between processes, and never outlives the sources it was made from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import propagation
from propagation.compiling import source_hash

PACKAGE = Path(propagation.__file__).parent

# ``stems`` stands in dynamics.py; the hash it calls stands in luck.py
ASK = """
import numpy as np
from propagation.spread.dynamics import stems
print(int(stems(np.uint64(1), np.uint64(2)).skip), sum(stems.stats.cache_hits.values()))
"""


def ask(sources: Path, cache: Path, **further: str) -> tuple[int, int]:
    """Return what a new process computes, and how often it found machine code to use."""
    environment = {**os.environ, "PYTHONPATH": str(sources), "NUMBA_CACHE_DIR": str(cache)}
    environment.update(further)
    environment.pop("NUMBA_DISABLE_JIT", None)
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, env=environment, check=True
    )
    number, hits = done.stdout.split()
    return int(number), int(hits)


def test_a_rule_edited_in_another_file_is_compiled_anew(tmp_path: Path) -> None:
    sources, cache = tmp_path / "sources", tmp_path / "cache"
    shutil.copytree(PACKAGE, sources / "propagation", ignore=shutil.ignore_patterns("__pycache__"))
    first, hits = ask(sources, cache)
    assert hits == 0
    assert ask(sources, cache) == (first, 1)
    luck = sources / "propagation" / "luck.py"
    before = luck.read_text(encoding="utf-8")
    luck.write_text(before.replace("word >> np.uint64(27)", "word >> np.uint64(26)"))
    assert luck.read_text(encoding="utf-8") != before
    second, hits = ask(sources, cache)
    assert second != first
    assert hits == 0


def test_another_processor_has_machine_code_of_its_own(tmp_path: Path) -> None:
    here = ask(PACKAGE.parent, tmp_path)
    other = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert ask(PACKAGE.parent, tmp_path, **other) == (here[0], 0)
    assert ask(PACKAGE.parent, tmp_path) == (here[0], 1)
    assert ask(PACKAGE.parent, tmp_path, **other) == (here[0], 1)


def test_every_source_counts_in_the_hash(tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    (package / "a.py").write_text("x = 1\n")
    (package / "inner" / "b.py").write_text("y = 1\n")
    first = source_hash(package)
    (package / "inner" / "b.py").write_text("y = 2\n")
    second = source_hash(package)
    (package / "inner" / "b.py").rename(package / "inner" / "c.py")
    assert len({first, second, source_hash(package)}) == 3


def test_without_a_place_to_keep_it_machine_code_is_made_anew(tmp_path: Path) -> None:
    """A home that is read-only or full costs time and nothing else."""
    no_folder = tmp_path / "file"
    no_folder.touch()
    number, hits = ask(PACKAGE.parent, no_folder)
    assert (number, hits) == (ask(PACKAGE.parent, tmp_path / "cache")[0], 0)
