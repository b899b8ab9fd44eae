"""Single rules at their edges, and what happens when the same account is named twice."""

import math

import networkx as nx
import numpy as np
import pytest
from worlds import make_world, post

from propagation.problems import InputError
from propagation.scenario.spec import Message, NoticesThreshold, OurAccount, Threshold
from propagation.spread.agents import Account
from propagation.spread.dynamics import has_enough, rules_of
from propagation.spread.model import PropagationModel
from propagation.spread.simulate import CompiledEngine, MesaEngine
from propagation.strategy.agenda import Agenda, MessageInstance, PostAction

OWN_NOTICES = Threshold(threshold=NoticesThreshold(notices="own"))


@pytest.mark.parametrize(
    ("threshold", "first"), [(1.0, 1), (2.0, 2), (2.5, 3), (1e19, None), (math.inf, None)]
)
def test_a_threshold_is_reached_at_its_number_of_notices(
    threshold: float, first: int | None
) -> None:
    rules = rules_of(Message(topic="art", resonance=1.0, response=OWN_NOTICES, delay="none"))
    reached = [k for k in range(1, 9) if has_enough(rules, k, threshold, 5, np.uint64(1))]
    assert reached == ([] if first is None else list(range(first, 9)))


def test_a_threshold_that_is_missing_is_never_reached() -> None:
    rules = rules_of(Message(topic="art", resonance=1.0, response=OWN_NOTICES, delay="none"))
    assert not any(has_enough(rules, k, math.nan, 5, np.uint64(1)) for k in range(1, 9))


def test_thresholds_out_of_range_are_refused() -> None:
    graph = nx.star_graph(5)
    for threshold in (math.nan, 0.0, 0.5, 1e19):
        with pytest.raises(InputError, match="threshold"):
            PropagationModel.from_networkx(
                graph,
                [0],
                resonance=0.5,
                threshold=threshold,
                response={"threshold": {"notices": "own"}},
            )


def test_one_account_has_one_name() -> None:
    ours = {"ceo": OurAccount(account="0"), "boss": OurAccount(account="00")}
    with pytest.raises(
        InputError, match=r"ours\.boss\.account: '00' is the account that ours\.ceo"
    ):
        make_world([(1, 0), (2, 1)], 3, ours=ours)
    with pytest.raises(InputError, match="twice"):
        PropagationModel.from_networkx(nx.path_graph(3), [0, 0], resonance=0.5)


@pytest.mark.parametrize("engine", [CompiledEngine, MesaEngine])
def test_a_second_post_of_an_instance_is_ignored(engine: type) -> None:
    world = make_world([(1, 0), (2, 1), (3, 2)], 4)
    messages = {"call": Message(topic="art", resonance=1.0, delay="none")}
    twice = MessageInstance("call", 0.0, (PostAction(0.0, "us"), PostAction(0.0, "us")))
    (cascade,) = engine(world, messages, math.inf).run(Agenda((twice,)), 1)
    (once,) = engine(world, messages, math.inf).run(Agenda((post("call"),)), 1)
    assert cascade.account[cascade.share_order].tolist() == [0, 1, 2, 3]
    assert cascade.notices.tolist() == once.notices.tolist() == [0, 1, 1, 1]


class Deaf(Account):
    def __init__(self, model: PropagationModel, number: int) -> None:
        super().__init__(model, number)
        self.attention = 0.0


class Alert(Account):
    def __init__(self, model: PropagationModel, number: int) -> None:
        super().__init__(model, number)
        self.attention = 0.6


def test_attention_that_an_agent_sets_counts() -> None:
    world = make_world([(follower, 0) for follower in range(1, 50)], 50, attention=0.5)
    messages = {"call": Message(topic="art", resonance=0.0)}

    def reached(agents: type[Account]) -> int:
        engine = MesaEngine(world, messages, math.inf, agents)
        return int((engine.run(Agenda((post("call"),)), 1)[0].notices > 0).sum())

    assert reached(Account) > 10
    assert reached(Deaf) == 0
    with pytest.raises(ValueError, match=r"0\.6 is above the envelope 0\.5"):
        reached(Alert)
