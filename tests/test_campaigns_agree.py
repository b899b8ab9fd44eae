"""Whole campaigns: the compiled loop, the Mesa agents and the naive twin do the same."""

from functools import partial
from typing import Any

import pytest
from campaign_worlds import KINDS, CampaignCase, campaign_cases, engine_results, naive_results
from hypothesis import given, settings
from naive_campaigns import Campaign
from naive_terms import Results

from propagation.spread.simulate import CompiledEngine, MesaEngine


def told(results: Results) -> dict[str, Any]:
    """Return everything that must be the same, the order of touch included."""
    outcomes = {
        (instance.message, instance.time): {
            "first notice": own.first_notice,
            "notices": own.notices,
            "share time": own.share_time,
            "parent": own.parent,
            "generation": own.generation,
            "touched": list(own.touched),
        }
        for instance, own in results.outcomes.items()
    }
    return {
        "outcomes": outcomes,
        "order": list(outcomes),
        "moves": results.moves,
        "pitches": results.pitches,
        "reposts": results.reposts,
    }


@pytest.mark.parametrize("kinds", [KINDS, *((kind,) for kind in KINDS)], ids="+".join)
def test_engines_agree_with_the_naive_twin(kinds: tuple[str, ...]) -> None:
    @settings(max_examples=200 if kinds == KINDS else 25)
    @given(campaign_cases(kinds))
    def compare(case: CampaignCase) -> None:
        expected = told(naive_results(case))
        for engine in (CompiledEngine, MesaEngine):
            assert told(engine_results(case, engine)) == expected

    compare()


class NeverWears(Campaign):
    """A planted wrong rule: irrelevant pitches cost nothing."""

    def wear(self, account, ours, wears):
        pass


class KeepsShowing(Campaign):
    """A planted wrong rule: who left still notices."""

    def shown(self, instance, account):
        present = self.present.copy()
        if account in self.ours:
            self.present[account] = present[account] | self.at_the_start[account]
        shown = list(super().shown(instance, account))
        self.present = present
        return shown

    def lose(self, instance, ours, account, time):
        if account in self.present.get(ours, ()):
            super().lose(instance, ours, account, time)


class CountsPaid(Campaign):
    """A planted wrong rule: notices outside the feed are in the fraction of followees."""

    def counted(self, outcome, account, kind):
        return outcome.notices[account]


class NobodyTires(Campaign):
    """A planted wrong rule: what has been shared does not load anybody's feed."""

    def land(self, account, time):
        pass


class ForgetsPlaces(Campaign):
    """A planted wrong rule: who comes back is a new follower."""

    def join(self, ours, account, time):
        self.at_the_start[ours].discard(account)
        super().join(ours, account, time)

    def shown(self, instance, account):
        present = self.present.copy()
        if account in self.ours:
            self.present[account] = present[account] & self.at_the_start[account]
        gained, self.gained = self.gained, {}
        shown = list(super().shown(instance, account))
        self.present, self.gained = present, gained
        news = [follower for follower in gained.get(account, []) if follower in present[account]]
        throws = self.throws[instance].notices_gained
        return [*shown, *((one, partial(throws, account, one)) for one in news)]


class FollowsAgain(Campaign):
    """A planted wrong rule: following twice is two attempts."""

    def follow(self, action, account, time):
        self.followed.clear()
        super().follow(action, account, time)


class RepostsTooEarly(Campaign):
    """A planted wrong rule: whether a repost is relevant is asked of those there at the start."""

    def cares(self, ours, instance, cut):
        now, self.present[ours] = self.present[ours], self.at_the_start[ours]
        cares = super().cares(ours, instance, cut)
        self.present[ours] = now
        return cares


class CreditsThePoster(Campaign):
    """A planted wrong rule: a guest post is credited to the host."""

    def plan_post(self, post):
        post.credit = post.by
        super().plan_post(post)


class SharesBeforeActions(Campaign):
    """A planted wrong rule: at equal times shares come before actions."""

    def at(self, when, happens):
        super().at((when[0], 1 - when[1], *when[2:]), happens)


FAULTS: dict[type[Campaign], tuple[str, ...]] = {
    NeverWears: ("pitch", "blast"),
    KeepsShowing: ("post",),
    CountsPaid: ("boost",),
    NobodyTires: ("post",),
    ForgetsPlaces: ("pitch", "post"),
    FollowsAgain: ("follow",),
    RepostsTooEarly: ("repost",),
    CreditsThePoster: ("post",),
    SharesBeforeActions: ("seed",),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_rule_is_caught(fault: type[Campaign]) -> None:
    found = []

    @settings(max_examples=50, database=None)
    @given(campaign_cases(FAULTS[fault]))
    def compare(case: CampaignCase) -> None:
        found.append(told(naive_results(case, fault)) != told(engine_results(case, CompiledEngine)))

    compare()
    assert any(found)
