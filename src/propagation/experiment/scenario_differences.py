"""What differs between the scenarios of two runs, and what of it makes a comparison doubtful."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from propagation.experiment.cautions import FEWEST_DRAWS, FEWEST_REPLICATES
from propagation.experiment.decisions import rule_in_force
from propagation.experiment.finished import Finished
from propagation.experiment.phrases import counted, phrase, share
from propagation.scenario.spec import as_written
from propagation.scenario.units import write_duration

WITHOUT_EFFECT = ("name", "question", "sources", "steps")
"""Keys of a scenario that change no run."""
LONGEST_VALUE = 60

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Change:
    """A place at which two scenarios differ; None where one has nothing there."""

    place: Place
    before: object
    after: object

    @property
    def path(self) -> str:
        """The place as error messages write it."""
        words = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.place)
        return "".join(words).removeprefix(".")

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.before)} -> {_shown(self.after)}"

    def as_dict(self) -> dict[str, object]:
        """Return what ``compare --json`` prints."""
        return {"path": self.path, "from": self.before, "to": self.after}


def _shown(value: object) -> str:
    if value is None:
        return "(nothing)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def changes(first: Finished, other: Finished) -> tuple[Change, ...]:
    """Return where the resolved scenario of a run differs from that of the first."""
    return tuple(_changes((), _compared(first), _compared(other)))


def _compared(finished: Finished) -> dict[str, object]:
    """Return what is compared: files by what is in them and not by where they lie."""
    written = as_written(finished.scenario)
    kept = {key: value for key, value in written.items() if key not in WITHOUT_EFFECT}
    for block, key, digits in (
        ("graph", "follows", "sha256"),
        ("graph", "folder", "checksum"),
        ("accounts", "table", "sha256"),
    ):
        part = kept.get(block)
        if isinstance(part, dict) and digits in part:
            kept[block] = {name: value for name, value in part.items() if name != key}
    if finished.scenario.agents is not None:
        kept["agents"] = {
            "class": finished.scenario.agents.rpartition(":")[2],
            "sha256": finished.provenance.get("agents_sha256"),
        }
    return kept


def _changes(place: Place, before: object, after: object) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _changes((*place, key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        for i in range(max(len(before), len(after))):
            parts = (each[i] if i < len(each) else None for each in (before, after))
            yield from _changes((*place, i), *parts)
    elif before != after:
        yield Change(place, before, after)


def doubts(
    folders: Mapping[str, Finished], told: Mapping[str, Sequence[str]], metric: str
) -> Iterator[str]:
    """Say what keeps a difference between folders from being that of one assumption."""
    for name, each in folders.items():
        yield from _thin(name, each)
        yield from _undefined(name, each, told[name], metric)
    first, *others = folders
    for other in others:
        yield from _means_something_else(first, other, folders[first], folders[other], metric)
        yield from _made_otherwise(first, other, folders[first], folders[other])


def _thin(name: str, finished: Finished) -> Iterator[str]:
    if finished.replicates < FEWEST_REPLICATES:
        yield (
            f"{name} has only {counted(finished.replicates, 'replicate')}: too few to support a "
            f"statement. Run at least {FEWEST_REPLICATES}."
        )
    draws = finished.scenario.draws
    if 1 < draws < FEWEST_DRAWS:
        yield (
            f"{name} has only {draws} draws: its intervals are wide for that reason. Use at least "
            f"{FEWEST_DRAWS}, better 10."
        )


def _undefined(name: str, finished: Finished, told: Sequence[str], metric: str) -> Iterator[str]:
    for strategy in told:
        defined = finished.summary["strategies"][strategy][metric]["defined"]
        if defined < finished.replicates:
            yield (
                f"{phrase(metric).label} of {strategy} in {name} is defined in {defined:,} of "
                f"{counted(finished.replicates, 'replicate')}; the comparison says nothing of the "
                "others."
            )


def _means_something_else(
    first: str, other: str, one: Finished, two: Finished, metric: str
) -> Iterator[str]:
    """Say where the same metric counts other things, or people decide otherwise."""
    ours, theirs = one.scenario, two.scenario
    pair = f"{first} and {other}"
    if metric == "relevant_reach" and ours.relevant != theirs.relevant:
        yield (
            f"relevant is {ours.relevant:g} in {first} and {theirs.relevant:g} in {other}: "
            "relevant reach may not count the same people."
        )
    if ours.horizon != theirs.horizon:
        until = [_horizon(each.horizon) for each in (ours, theirs)]
        yield f"The horizon is {until[0]} in {first} and {until[1]} in {other}."
    if metric == "valued_reach" and any(_is_value(each.place) for each in changes(one, two)):
        yield f"Accounts have other values in {first} than in {other}: so has valued reach."
    decide = [rule_in_force(each) for each in (ours, theirs)]
    if decide[0] != decide[1]:
        yield f"People decide otherwise. {first}: {decide[0]} {other}: {decide[1]}"
    if ours.compare.baseline != theirs.compare.baseline:
        yield (
            f"The baselines of {pair} differ ({ours.compare.baseline} and "
            f"{theirs.compare.baseline}): their answers do not stand side by side."
        )
    if ours.compare.matters != theirs.compare.matters:
        yield (
            f"{pair} differ in what matters ({share(ours.compare.matters)} and "
            f"{share(theirs.compare.matters)}): the {share(ours.compare.matters)} of {first} is "
            "used for both."
        )


def _made_otherwise(first: str, other: str, one: Finished, two: Finished) -> Iterator[str]:
    """Say where the programs differ that made the runs."""
    made = [each.provenance for each in (one, two)]
    engines = [str(each.get("engine", "unknown")) for each in made]
    if engines[0] != engines[1]:
        yield f"The engine was {engines[0]} in {first} and {engines[1]} in {other}."
    versions = [str(each.get("propagation", "unknown")) for each in made]
    if versions[0] != versions[1]:
        yield (
            f"{first} was made by version {versions[0]} of the program and {other} by "
            f"{versions[1]}: run one again."
        )
    elif made[0].get("sources") != made[1].get("sources"):
        yield (
            f"{first} and {other} were made by different states of version {versions[0]} of the "
            "program: if in doubt, run one again."
        )


def _is_value(place: Place) -> bool:
    """Whether a place holds what accounts are worth, and is no name that only reads so."""
    if place[0] == "segments":
        return place[2:3] == ("value",)
    return place[:2] == ("accounts", "value") or (
        place[:2] == ("accounts", "by segment") and place[3:4] == ("value",)
    )


def _horizon(hours: float) -> str:
    return write_duration(hours) if hours < float("inf") else "none"
