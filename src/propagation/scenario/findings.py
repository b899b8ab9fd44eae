"""What is wrong where in a scenario as written: nested dictionaries, not yet checked for kind."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from propagation.problems import not_one_of
from propagation.scenario.units import shown

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """What is wrong at a path; ``key`` is the offending key if the path is the block around it."""

    path: Path
    message: str
    key: str | None = None

    def __str__(self) -> str:
        return ": ".join(part for part in (path_text(self.path), self.message) if part)


def path_text(path: Path) -> str:
    """Write a path as in ``strategies.small[0].by``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{shown(step)}" for step in path)
    return "".join(steps).removeprefix(".")


def block(tree: object, *path: str) -> Mapping[str, object]:
    """Return the block at a path, empty if there is none."""
    for key in path:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, Mapping) else {}


def as_name(value: object) -> str | None:
    """Return a name as it is compared; None for what cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def reference(path: Path, value: object, allowed: Collection[str]) -> Iterator[Finding]:
    """Report a name that is not among those allowed."""
    name = as_name(value)
    if name is not None and allowed and name not in allowed:
        yield Finding(path, not_one_of(shown(name), sorted(allowed)))


def unknown_keys(
    path: Path, written: Mapping[str, object], allowed: Collection[str]
) -> Iterator[Finding]:
    """Report the keys of a block that are not among those allowed."""
    for name in written if allowed else ():
        if name not in allowed:
            yield Finding(path, not_one_of(shown(name), sorted(allowed)), key=name)
