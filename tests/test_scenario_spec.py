import math
import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from propagation.scenario.comparing import ALL_METRICS
from propagation.scenario.reading import parse_scenario, read_scenario, write_scenario
from propagation.scenario.spec import (
    MEASURED_DELAY,
    METRIC_MEANINGS,
    METRICS,
    Column,
    Compare,
    Follows,
    FollowsFile,
    Message,
    OurAccount,
    Popularity,
    Post,
    Precision,
    Scenario,
    Segment,
    Spread,
)

VALID = Path(__file__).parent / "scenarios" / "valid"
STARTER = Path(__file__).parents[1] / "src" / "propagation" / "scenario" / "starter.yaml"


def small(**changes: object) -> Scenario:
    segment = Segment(accounts=30, attention=0.2, interest={"news": 0.5}, follows=Follows(mean=3))
    blocks: dict[str, object] = {
        "name": "small",
        "segments": {"near": segment, "far": segment.model_copy(update={"accounts": 10})},
        "ours": {"us": OurAccount(followers={"near": 5})},
        "messages": {"hello": Message(topic="news", resonance=0.1)},
        "strategies": {"only": (Post(post="hello", by="us", at=(0.0,)),)},
        "compare": Compare(on="reach", baseline="only"),
    }
    return Scenario.model_validate({**blocks, **changes})


def test_the_example_of_the_design_is_resolved() -> None:
    scenario = read_scenario(VALID / "occupy.yaml")
    assert scenario.seed == 2011
    assert scenario.replicates == Precision(within=0.05, at_most=20_000)
    assert (scenario.horizon, scenario.relevant, scenario.draws) == (168.0, 0.5, 10)
    assert scenario.graph is None
    assert scenario.segments is not None
    assert scenario.segments["activists"] == Segment(
        accounts=3000,
        attention=0.2,
        value=1,
        interest={"protest": 0.8},
        follows=Follows(mean=40, to={"activists": 0.6, "public": 0.4}),
        popularity=Popularity(tail=2.3, at_most=5000),
        reciprocity=0.22,
        clustering=0.1,
    )
    public = scenario.segments["public"]
    assert public.follows.to == {"activists": 3000 / 63_000, "public": 60_000 / 63_000}
    assert (public.reciprocity, public.clustering, public.threshold) == (None, 0, None)
    assert scenario.messages["call"].delay == MEASURED_DELAY
    assert MEASURED_DELAY.flat * 3600 == 300
    assert scenario.strategies["small and relevant"] == (Post(post="call", by="ceo", at=(0.0,)),)
    assert scenario.compare == Compare(
        on="relevant_reach", baseline="large and random", matters=0.05
    )


def test_defaults_are_those_the_design_gives() -> None:
    scenario = small()
    assert (scenario.seed, scenario.horizon, scenario.relevant, scenario.draws) == (1, 168, 0.5, 10)
    assert scenario.replicates == Precision(within=0.05, at_most=20_000)
    assert scenario.compare.matters == 0.05
    assert scenario.messages["hello"].response == "independent"
    assert scenario.messages["hello"].delay == MEASURED_DELAY


def test_a_real_graph_has_one_draw_unless_more_are_asked_for() -> None:
    text = (VALID / "every-key-real.yaml").read_text(encoding="utf-8")
    assert parse_scenario(text).draws == 1
    assert parse_scenario(text + "draws: 4\n").draws == 4
    assert read_scenario(VALID / "networkx.yaml").draws == 10


def test_other_sets_the_topics_not_listed() -> None:
    scenario = read_scenario(VALID / "every-key-drawn.yaml")
    assert scenario.segments is not None
    news = Spread(mean=0.5, spread=0.2)
    near = scenario.segments["near"].interest
    assert near == {"art": 0.01, "news": news, "sports": 0.1}
    assert scenario.segments["far"].interest == {"art": 0.02, "news": 0.02, "sports": 0.02}


def test_a_segment_of_a_real_graph_inherits_the_interests_it_does_not_set() -> None:
    accounts = read_scenario(VALID / "every-key-real.yaml").accounts
    assert accounts is not None
    assert accounts.interest == {"art": 0.1, "news": Column(column="interest")}
    assert accounts.by_segment["rowing"].interest == {"art": 0.1, "news": 0.9}
    assert accounts.by_segment["14"].interest == {"art": 0.5, "news": 0.5}
    assert accounts.by_segment["14"].attention is None


def test_ids_keep_their_leading_zeros() -> None:
    ours = read_scenario(VALID / "every-key-real.yaml").ours
    assert (ours["star"].account, ours["padded"].account) == ("455", "0455")


def test_times_are_sorted_and_in_hours() -> None:
    posts = read_scenario(VALID / "every-key-drawn.yaml").strategies["all at once"]
    assert posts[0].at == (0.0, 48.0, 252.0)
    assert read_scenario(VALID / "every-key-drawn.yaml").horizon == math.inf


def test_durations_in_python_are_hours_or_text() -> None:
    post = {"post": "hello", "by": "us"}
    assert Post.model_validate({**post, "at": 2}).at == (2.0,)
    assert Post.model_validate({**post, "at": ["40 min", 0]}).at == (0.0, 40 / 60)
    assert small(horizon=math.inf).horizon == math.inf
    assert parse_scenario(write_scenario(small(horizon=math.inf))) == small(horizon=math.inf)


def test_a_scenario_is_frozen_and_can_be_sent_to_another_process() -> None:
    scenario = small()
    with pytest.raises(ValidationError, match="frozen"):
        scenario.seed = 2  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_checks_between_blocks_hold_in_python_too() -> None:
    with pytest.raises(ValidationError, match=r"compare.baseline: 'onyl' is not one of: only"):
        small(compare=Compare(on="reach", baseline="onyl"))
    with pytest.raises(ValidationError, match=r"ours.us.followers.far: 11 followers are more"):
        small(ours={"us": OurAccount(followers={"far": 11})})
    with pytest.raises(ValidationError, match="give either 'segments' or 'graph'"):
        small(graph=FollowsFile(follows="f.csv", follower="a", followee="b"))


def test_resolving_again_changes_nothing() -> None:
    scenario = small()
    assert Scenario.model_validate(scenario.model_dump()) == scenario


def test_shares_in_proportion_sum_to_one_however_many_segments() -> None:
    segment = Segment(accounts=7, attention=0.2, interest={"news": 0.5}, follows=Follows(mean=3))
    names = [f"s{i}" for i in range(29)]
    segments = {n: segment.model_copy(update={"accounts": i + 1}) for i, n in enumerate(names)}
    scenario = small(segments=segments, ours={"us": OurAccount(followers={"s20": 5})})
    assert parse_scenario(write_scenario(scenario)) == scenario


def test_every_metric_is_explained() -> None:
    assert tuple(METRIC_MEANINGS) == ALL_METRICS
    assert len(METRICS) == 12


def test_the_starter_is_small_and_explains_itself() -> None:
    text = STARTER.read_text(encoding="utf-8")
    scenario = parse_scenario(text)
    assert scenario.segments is not None
    assert sum(segment.accounts for segment in scenario.segments.values()) < 10_000
    assert text.count("#") >= 15
    assert scenario.replicates == 400
