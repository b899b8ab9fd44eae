"""Pieces of the document that take time, each kept until what it is made from changes."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from propagation.experiment.provenance import SOURCES
from propagation.experiment.runner import Run
from propagation.experiment.storage import replacing
from propagation.exploration.study import Study
from propagation.scenario.reading import read_scenario
from propagation.scenario.spec import Scenario
from propagation.scenario.writing import write_scenario

Piece = dict[str, Any]
Tell = Callable[[str], None]

HERE = Path(__file__).parent
LENGTH = 12


def checksum(*parts: str) -> str:
    """Return what tells pieces made from different things apart; the program is one of them."""
    return hashlib.sha256("\n".join((SOURCES, *parts)).encode()).hexdigest()[:LENGTH]


def code(*modules: str) -> str:
    """Return the text of modules of this package, for a checksum."""
    return "\n".join((HERE / f"{name}.py").read_text(encoding="utf-8") for name in modules)


@dataclass(frozen=True)
class Workshop:
    """Where pieces are made and kept.

    Attributes
    ----------
    scenarios, work
        The folder of the scenario files, and that of the pieces.
    workers
        Threads; 0 for one a processor.
    tell
        Told what is being made.
    """

    scenarios: Path
    work: Path
    workers: int = 0
    tell: Tell = print

    def scenario(self, name: str) -> Scenario:
        """Return a scenario by the name of its file without ending."""
        return read_scenario(self.scenarios / f"{name}.yaml")

    def run(self, name: str) -> Path:
        """Run a scenario with all it asks for, or go on with it; return the results folder."""
        file = self.scenarios / f"{name}.yaml"
        scenario = self.scenario(name)
        key = f"{name.replace('/', '-')}-{checksum(write_scenario(scenario))}"
        out = self._kept("runs", name, key)
        if not (out / "done").is_file():
            self.tell(f"running {name}")
            Run(scenario, file.parent, out, workers=self.workers, resume=True)()
            Study(scenario, file.parent, out, workers=self.workers)()
            (out / "done").touch()
        return out

    def piece(self, name: str, made_from: str, make: Callable[[], Piece]) -> Piece:
        """Return a piece, made if it is not there; ``made_from`` is all that it depends on."""
        out = self._kept("pieces", name, f"{name}-{checksum(made_from)}.json")
        if not out.is_file():
            self.tell(f"making {name}")
            found = make()
            with replacing(out) as unfinished:
                unfinished.write_text(json.dumps(found, indent=1), encoding="utf-8")
        kept: Piece = json.loads(out.read_text(encoding="utf-8"))
        return kept

    def _kept(self, kind: str, name: str, key: str) -> Path:
        """Return the place of a piece, and remove what was made of the same name before."""
        folder = self.work / kind
        folder.mkdir(parents=True, exist_ok=True)
        stem = name.replace("/", "-")
        for other in folder.glob(f"{stem}-*"):
            rest = other.stem.removeprefix(f"{stem}-")
            if other.name != key and len(rest) == LENGTH and "-" not in rest:
                shutil.rmtree(other) if other.is_dir() else other.unlink()
        return folder / key
