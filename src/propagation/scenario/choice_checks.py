"""Checks of the accounts that an action is for: segments and accounts that must be there."""

from collections.abc import Iterator, Mapping

from propagation.scenario import units
from propagation.scenario.findings import Finding, Path, as_name, block, reference
from propagation.scenario.units import shown

EVERYBODY = "everybody"
"""The one segment of a graph whose accounts are not told apart."""
MOST_SPANS = 5
"""Segments whose accounts a message lists."""


def whole(value: object) -> int:
    """Return a whole number, 0 if it is none."""
    try:
        return units.read_whole(value)
    except ValueError:
        return 0


def segments_of(tree: Mapping[str, object]) -> dict[str, int | None]:
    """Return the segments that are known without reading a graph, and their sizes if known."""
    segments = block(tree, "segments")
    if segments:
        return {name: whole(block(segments, name).get("accounts")) or None for name in segments}
    is_one = "graph" in tree and "segment" not in block(tree, "accounts")
    return {EVERYBODY: None} if is_one else {}


def segment_problems(path: Path, name: object, tree: Mapping[str, object]) -> Iterator[Finding]:
    """Report a segment that is not there."""
    yield from reference(path, name, segments_of(tree))


def choice_problems(
    path: Path, choice: Mapping[str, object], tree: Mapping[str, object]
) -> Iterator[Finding]:
    """Report a segment that is not there or too small, and names that are no accounts."""
    yield from segment_problems((*path, "of"), choice.get("of"), tree)
    segments, of = segments_of(tree), as_name(choice.get("of"))
    sizes = [size for name, size in segments.items() if of in (None, name)]
    known = [size for size in sizes if size is not None]
    if known and len(known) == len(sizes) and whole(choice.get("choose")) > sum(known):
        whose = "that are not ours" if of is None else f"of '{shown(of)}' that are not ours"
        message = f"{whole(choice['choose']):,} is more than the {sum(known):,} accounts {whose}"
        yield Finding((*path, "choose"), message)
    named = choice.get("named")
    seen: set[str] = set()
    for i, value in enumerate(named if isinstance(named, list | tuple) else ()):
        label = as_name(value)
        if label is None:
            continue
        if label in seen:
            yield Finding((*path, "named", i), f"'{shown(label)}' stands here twice")
        seen.add(label)
        if "segments" in tree and None not in segments.values() and not _exists(label, segments):
            spans = [
                f"'{name} 0' to '{name} {size - 1}'" for name, size in segments.items() if size
            ]
            more = f" and {len(spans) - MOST_SPANS:,} segments more"
            there = ", ".join(spans[:MOST_SPANS]) + (more if len(spans) > MOST_SPANS else "")
            message = f"'{shown(label)}' is no account; there are {there}"
            yield Finding((*path, "named", i), message)


def _exists(label: str, segments: Mapping[str, int | None]) -> bool:
    name, _, digits = label.strip().rpartition(" ")
    size = segments.get(name) or 0
    return digits.isascii() and digits.isdecimal() and len(digits) < 11 and int(digits) < size
