"""The compiled loop and the Mesa agents run whole campaigns alike, number for number."""

import numpy as np
import pytest
from campaign_worlds import CampaignCase, campaign_cases
from hypothesis import Phase, given, seed, settings
from worlds import same_arrays

from propagation.spread.agents import Account
from propagation.spread.campaign_record import Campaign, Originals
from propagation.spread.simulate import CompiledEngine, MesaEngine


def differences(first: Campaign, second: Campaign) -> list[str]:
    """Return what two runs differ in."""
    found = [
        f"cascade {number}"
        for number, (one, other) in enumerate(zip(first.cascades, second.cascades, strict=True))
        if not same_arrays(one, other)
    ]
    found += differences_in_originals(first.originals, second.originals)
    return found + [
        name
        for name in ("moves", "pitches", "reposts")
        if not np.array_equal(getattr(first, name), getattr(second, name))
    ]


def differences_in_originals(first: Originals, second: Originals) -> list[str]:
    """Return what the originals of two runs differ in."""
    columns = ("topics", "topic", "author", "time", "starts", "share_starts")
    found = [
        name for name in columns if not np.array_equal(getattr(first, name), getattr(second, name))
    ]
    return found if same_arrays(first.rows, second.rows) else [*found, "rows"]


@settings(max_examples=100)
@given(campaign_cases(written=True))
def test_engines_agree_on_whole_campaigns(case: CampaignCase) -> None:
    assert differences(case.run(CompiledEngine), case.run(MesaEngine)) == []


def test_originals_are_among_what_they_agree_on() -> None:
    written, set_off = [], []

    @settings(max_examples=50, database=None, phases=(Phase.generate,))
    @given(campaign_cases(written=True))
    def count(case: CampaignCase) -> None:
        made = case.run(CompiledEngine).originals
        written.append(len(made))
        set_off.append(np.count_nonzero(made.rows.generation > 0))

    count()
    assert np.count_nonzero(written) > 10
    assert np.count_nonzero(set_off) > 5


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


class NeverWrites(Account):
    """A planted wrong rule: nobody writes."""

    def writes(self, topic, chance):
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
        (NeverWrites, ["post"]),
    ],
)
def test_a_wrong_rule_is_caught(wrong: type[Account], kinds: list[str]) -> None:
    @seed(20110917)
    @settings(max_examples=300, database=None, phases=(Phase.generate,), report_multiple_bugs=False)
    @given(campaign_cases(kinds, written=True))
    def compare(case: CampaignCase) -> None:
        own = case.run(MesaEngine, account_class=wrong)
        assert differences(case.run(MesaEngine), own) == []

    with pytest.raises(AssertionError):
        compare()
