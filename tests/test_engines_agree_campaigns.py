"""The compiled loop and the Mesa agents run whole campaigns alike, number for number."""

import numpy as np
import pytest
from campaign_worlds import CampaignCase, campaign_cases
from hypothesis import Phase, given, seed, settings
from worlds import same_arrays

from propagation.spread.agents import Account
from propagation.spread.campaign_record import Campaign
from propagation.spread.simulate import CompiledEngine, MesaEngine
from propagation.strategy.agenda import agenda_of


def run(
    case: CampaignCase,
    engine: type[CompiledEngine] | type[MesaEngine],
    **more: object,
) -> Campaign:
    made = engine(
        case.world,
        case.messages,
        case.horizon,
        following=case.following,
        relevant=case.relevant,
        **more,  # type: ignore[arg-type]
    )
    return made.campaign(agenda_of(case.strategy), case.seed)


def differences(first: Campaign, second: Campaign) -> list[str]:
    """Return what two runs differ in."""
    found = [
        f"cascade {number}"
        for number, (one, other) in enumerate(zip(first.cascades, second.cascades, strict=True))
        if not same_arrays(one, other)
    ]
    return found + [
        name
        for name in ("moves", "pitches", "reposts")
        if not np.array_equal(getattr(first, name), getattr(second, name))
    ]


@settings(max_examples=100)
@given(campaign_cases())
def test_engines_agree_on_whole_campaigns(case: CampaignCase) -> None:
    assert differences(run(case, CompiledEngine), run(case, MesaEngine)) == []


class OpensEverything(Account):
    """A planted wrong rule: pitches meet no doubt."""

    def opens(self, spreading, sender, rates):
        return True


class AnswersEverything(Account):
    """A planted wrong rule: whatever is opened is answered."""

    def answers(self, spreading, sender, rates):
        return True


class CoversEverything(Account):
    """A planted wrong rule: whoever answers covers."""

    def covers(self, spreading, sender, rates):
        return True


class CoversAtOnce(Account):
    """A planted wrong rule: coverage takes no time."""

    def coverage_delay(self, spreading, sender, rates):
        return 0.0


class NeverFollows(Account):
    """A planted wrong rule: nobody is gained by a notice."""

    def follows(self, spreading, ours):
        return False


class AlwaysFollowsBack(Account):
    """A planted wrong rule: interest counts for nothing."""

    def follows_back(self, ours, topic, back):
        return True


class NeverLeaves(Account):
    """A planted wrong rule: nobody is lost."""

    def leaves(self, spreading, ours):
        return False


class NeverFull(Account):
    """A planted wrong rule: what landed in a feed takes no attention."""

    def land(self):
        pass


@pytest.mark.parametrize(
    ("wrong", "kinds"),
    [
        (OpensEverything, ["pitch", "blast"]),
        (AnswersEverything, ["pitch", "blast"]),
        (CoversEverything, ["pitch", "blast"]),
        (CoversAtOnce, ["pitch", "blast"]),
        (NeverFollows, ["boost"]),
        (AlwaysFollowsBack, ["follow"]),
        (NeverLeaves, ["post"]),
        (NeverFull, ["post"]),
    ],
)
def test_a_wrong_rule_is_caught(wrong: type[Account], kinds: list[str]) -> None:
    @seed(20110917)
    @settings(max_examples=300, database=None, phases=(Phase.generate,), report_multiple_bugs=False)
    @given(campaign_cases(kinds))
    def compare(case: CampaignCase) -> None:
        own = run(case, MesaEngine, account_class=wrong)
        assert differences(run(case, MesaEngine), own) == []

    with pytest.raises(AssertionError):
        compare()
