"""The compiled loop, the Mesa agents and the naive twin do the same, number for number."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from worlds import Case, as_outcome, cases, naive_outcome, same_arrays

from propagation.spread.agents import Account
from propagation.spread.simulate import CompiledEngine, MesaEngine, outcome_of


def compiled_run(case: Case):
    return CompiledEngine(case.world, case.messages, case.horizon).run(case.agenda, case.seed)


def mesa_run(case: Case, account_class: type[Account] = Account):
    engine = MesaEngine(case.world, case.messages, case.horizon, account_class)
    return engine.run(case.agenda, case.seed)


def assert_same(first, second) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert same_arrays(one, other)


@settings(max_examples=400)
@given(cases())
def test_engines_agree_on_whole_arrays(case: Case) -> None:
    assert_same(compiled_run(case), mesa_run(case))


@settings(max_examples=300)
@given(cases())
def test_engine_agrees_with_the_naive_twin(case: Case) -> None:
    for instance, cascade in zip(case.agenda, compiled_run(case), strict=True):
        assert as_outcome(cascade) == naive_outcome(case, instance)


@settings(max_examples=150)
@given(cases())
def test_metrics_agree_with_the_naive_twin(case: Case) -> None:
    cascades = compiled_run(case)
    mine = outcome_of(case.world, case.messages, case.agenda, cascades, 0.5)
    interest = [case.world.traits.interest[case.messages[one.message].topic] for one in case.agenda]
    theirs = naive.metrics(
        [
            (naive_outcome(case, one), dict(enumerate(relevance.tolist())))
            for one, relevance in zip(case.agenda, interest, strict=True)
        ],
        dict(enumerate(case.world.traits.value.tolist())),
        0.5,
        set(case.world.ours.values()),
    )
    trees = theirs.pop("instances")
    # sums of up to 2000 terms in another order: relative error below 2000 * 2**-53
    expected = {name: np.nan if one is None else one for name, one in theirs.items()}
    assert mine.metrics == pytest.approx(expected, rel=1e-12, nan_ok=True)
    for tree, own in zip(trees, mine.trees, strict=True):
        for name, number in tree.items():
            wanted = np.nan if number is None else number
            assert own[name] == pytest.approx(wanted, rel=1e-12, nan_ok=True), name


class DecidesOnce(Account):
    """A planted wrong rule: the second notice counts for nothing."""

    def decides(self, spreading, k):
        return k == 1 and super().decides(spreading, k)


class NoticesTwice(Account):
    """A planted wrong rule: attention is not what was asked for."""

    def notices(self, feed, place):
        return super().notices(feed, place) or super().notices(feed, place + 1)


class SharesAtOnce(Account):
    """A planted wrong rule: nobody takes time."""

    def delay(self, spreading):
        return 0.0


@pytest.mark.parametrize("wrong", [DecidesOnce, NoticesTwice, SharesAtOnce])
def test_a_wrong_rule_is_caught(wrong: type[Account]) -> None:
    found = []

    @settings(max_examples=200, database=None)
    @given(cases())
    def compare(case: Case) -> None:
        pairs = zip(compiled_run(case), mesa_run(case, wrong), strict=True)
        found.append(not all(same_arrays(one, other) for one, other in pairs))

    compare()
    assert sum(found) >= 5  # of 200 worlds: the test over 400 cannot miss it


def test_the_naive_twin_sees_swapped_direction() -> None:
    seen = []

    @settings(max_examples=50, database=None)
    @given(cases())
    def compare(case: Case) -> None:
        graph = case.world.graph
        followers, counts = graph.followers.copy(), graph.list_starts
        swapped = followers.copy()
        for one in range(len(counts) - 1):
            swapped[counts[one] : counts[one + 1]] = followers[counts[one] : counts[one + 1]][::-1]
        other = dataclasses.replace(
            case,
            world=dataclasses.replace(
                case.world, graph=dataclasses.replace(graph, followers=swapped)
            ),
        )
        outcomes = [
            as_outcome(cascade) == naive_outcome(other, instance)
            for instance, cascade in zip(case.agenda, compiled_run(case), strict=True)
        ]
        seen.append(not all(outcomes))

    compare()
    assert any(seen)


RUN_UNCOMPILED = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numba
from hypothesis import given, settings, seed
from worlds import cases, same_arrays, as_outcome
from propagation.spread.simulate import CompiledEngine, MesaEngine
seen = []
@seed(20110917)
@settings(max_examples=int(sys.argv[2]), database=None, deadline=None)
@given(cases())
def run(case):
    one = CompiledEngine(case.world, case.messages, case.horizon).run(case.agenda, case.seed)
    two = MesaEngine(case.world, case.messages, case.horizon).run(case.agenda, case.seed)
    assert all(same_arrays(a, b) for a, b in zip(one, two, strict=True))
    for cascade in one:
        seen.append([cascade.account.tolist(), cascade.notices.tolist(),
                     [time.hex() for time in cascade.share_time.tolist()], cascade.parent.tolist()])
run()
print(json.dumps([numba.config.DISABLE_JIT, seen]))
"""


def uncompiled(flag: str) -> list:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": flag}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN_UNCOMPILED, str(Path(__file__).parent), "300"],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return json.loads(done.stdout)


def test_compiled_and_interpreted_rules_agree() -> None:
    (off, compiled), (on, interpreted) = uncompiled("0"), uncompiled("1")
    assert (bool(off), bool(on)) == (False, True)
    assert len(compiled) >= 300
    assert compiled == interpreted
