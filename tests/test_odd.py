"""The ODD page has the protocol's headings, and its throws are those of the program.

`Page` is written from the section "Throws" of docs/odd.md, with whole numbers of Python's, and
imports nothing of the package: what it says of a post has to come out of an engine.
"""

import re
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from propagation import CompiledEngine, agenda_of, build_world, parse_scenario, starter_scenario
from propagation.luck import run_seed

TEXT = (Path(__file__).parents[1] / "docs" / "odd.md").read_text(encoding="utf-8")

HEADINGS = [
    "Purpose and patterns",
    "Entities, state variables, and scales",
    "Process overview and scheduling",
    "Design concepts",
    "Initialization",
    "Input data",
    "Submodels",
]
CONCEPTS = [
    "Basic principles",
    "Emergence",
    "Adaptation",
    "Objectives",
    "Learning",
    "Prediction",
    "Sensing",
    "Interaction",
    "Stochasticity",
    "Collectives",
    "Observation",
]


def test_the_seven_headings_stand_in_order() -> None:
    assert re.findall(r"^## \d\. (.+)$", TEXT, re.M) == HEADINGS


def test_the_eleven_design_concepts_stand_in_order() -> None:
    part = TEXT.split("## 4. Design concepts\n")[1].split("\n## ")[0]
    assert re.findall(r"^\*\*([\w ]+)\.\*\*", part, re.M) == CONCEPTS


WORD = 2**64
GOLDEN = 0x9E3779B97F4A7C15


class Page:
    """The throws of one run as the page describes them."""

    def __init__(self, scenario_seed: int, replicate: int, draw: int, golden: int = GOLDEN) -> None:
        self.golden = golden
        self.seed = self.throw(self.descend(scenario_seed, 1), replicate)
        self.draw_seed = self.throw(self.descend(scenario_seed, 2), draw)

    @staticmethod
    def mix(z: int) -> int:
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
        return z ^ (z >> 31)

    def descend(self, key: int, *words: int) -> int:
        for word in words:
            key = self.mix(self.mix((key + self.golden) % WORD) ^ word)
        return key

    def throw(self, key: int, i: int) -> int:
        return self.mix((key + (i + 1) * self.golden) % WORD) >> 1

    @staticmethod
    def unit(thrown: int) -> float:
        return ((thrown >> 10) + 0.5) / 2**53

    @staticmethod
    def hash(*texts: str) -> int:
        digest = blake2b("\0".join(texts).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little")

    def account(self, segment: str, i: int) -> int:
        return self.descend(self.hash("segment", segment), i)

    def audience(self, name: str, segment: str, accounts: int, n: int) -> list[int]:
        parent = self.descend(self.draw_seed, 3, self.hash(name))
        return sorted(
            range(accounts), key=lambda i: self.descend(parent, self.account(segment, i))
        )[:n]

    def of_place(self, key: int, place: int) -> int:
        """Return the throw of a place, one bit from each of 63 words."""
        block, bit = divmod(place, 64)
        words = (self.mix((key + (64 * block + j + 1) * self.golden) % WORD) for j in range(63))
        return sum((word >> bit & 1) << (62 - j) for j, word in enumerate(words))

    def jumps(self, key: int, length: int, e: int) -> list[int]:
        found, x = [], 0
        while x < length:
            thrown, j = self.throw(key, x), 0
            while j < 256 and thrown >= 2**63 * (2 ** (e * (j + 1)) - (2**e - 1) ** (j + 1)) // (
                2 ** (e * (j + 1))
            ):
                j += 1
            x += j
            if j < 256 and x < length:
                found.append(x)
                x += 1
        return found

    def noticing(self, name: str, segment: str, length: int, attention: float) -> list[int]:
        """Return the places of those who notice the post of "news" at time 0."""
        e = next(e for e in range(24, -1, -1) if attention <= 0.5**e)
        instance, of = self.hash("instance", "news", "0x0.0p+0"), ("audience", name, segment)
        skip = self.descend(self.seed, 5, instance, self.hash(*of))
        thin = self.descend(self.seed, 6, instance, self.hash(*of))
        limit = int(2**63 * attention)
        if e <= 5:
            return [p for p in range(length) if self.of_place(skip, p) < limit]
        return [p for p in self.jumps(skip, length, e) if self.throw(thin, p) < limit << e]

    def first_share(self, segment: str, i: int, probability: float) -> float | None:
        """Return when an account shares that decides at its first notice, at time 0."""
        instance, key = self.hash("instance", "news", "0x0.0p+0"), self.account(segment, i)
        if self.throw(self.descend(self.seed, 7, instance, key), 0) >= int(2**63 * probability):
            return None
        u = self.unit(self.throw(self.descend(self.seed, 9, instance, key), 0))
        theta, flat = 0.2314843, 300 / 3600
        if u * (1 + theta) < theta:
            return u * flat * (1 + theta) / theta
        return flat * ((1 - u) * (1 + theta)) ** (-1 / theta)


SIZES = {"community": (800, 40, 0.8), "public": (4000, 1960, 0.1)}
"""Accounts, followers of the brand among them, and interest, as in the first scenario."""


def told(page: Page, attention: float) -> dict[tuple[str, int], float | None]:
    """Return who notices the brand's post, and when they share if they decide at once."""
    answer = {}
    for segment, (accounts, followers, interest) in SIZES.items():
        audience = page.audience("brand", segment, accounts, followers)
        for place in page.noticing("brand", segment, followers, attention):
            i = audience[place]
            answer[segment, i] = page.first_share(segment, i, 0.1 * interest)
    return answer


def computed(replicate: int, attention: float) -> dict[tuple[str, int], float | None]:
    """Return the same of the engine: shares of those who share at the post's notice."""
    text = starter_scenario().replace("attention: 0.2 ", f"attention: {attention} ")
    scenario = parse_scenario(text.replace("attention: 0.2\n", f"attention: {attention}\n"))
    world = build_world(scenario, replicate % scenario.draws)
    engine = CompiledEngine(world, scenario.messages, np.inf)
    seed = run_seed(scenario.seed, replicate)
    (cascade,) = engine.run(agenda_of(scenario.strategies["brand only"]), seed)
    answer = {}
    for row in np.flatnonzero(cascade.first_notice == 0.0):
        segment, i = str(world.graph.labels[cascade.account[row]]).split()
        at_once = cascade.generation[row] == 1
        answer[segment, int(i)] = float(cascade.share_time[row]) if at_once else None
    return answer


def agree(page: Page, replicate: int, attention: float) -> bool:
    ours, theirs = told(page, attention), computed(replicate, attention)
    if ours.keys() != theirs.keys() or len(ours) < 10:
        return False
    return all(
        theirs[who] is None if time is None else theirs[who] == pytest.approx(time, rel=1e-12)
        for who, time in ours.items()
    )


@pytest.mark.parametrize("attention", [0.2, 0.9, 0.012])
def test_a_post_read_from_the_page_is_the_one_that_is_run(attention: float) -> None:
    for replicate in range(3):
        assert agree(Page(1, replicate, replicate), replicate, attention)


def test_a_wrong_page_would_be_noticed() -> None:
    assert not agree(Page(1, 1, 0), 0, 0.2)
    assert not agree(Page(1, 0, 1), 0, 0.2)
    assert not agree(Page(1, 0, 0, golden=GOLDEN + 2), 0, 0.2)
