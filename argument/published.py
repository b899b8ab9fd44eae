"""Published numbers that the document sets beside its own, from ``published.csv``."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("published.csv")


@dataclass(frozen=True)
class Published:
    """A published number: its row in docs/evidence.md, and where it was read."""

    value: float
    row: str
    source: str


@cache
def published() -> Mapping[str, Published]:
    """Return the published numbers by their keys."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return {
            each["key"]: Published(float(each["value"]), each["row"], each["source"])
            for each in csv.DictReader(lines)
        }
