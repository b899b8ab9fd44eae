"""The compiled loop and the Mesa agents run whole campaigns alike, number for number."""

import numpy as np
from campaign_worlds import CampaignCase, campaign_cases
from hypothesis import given, settings
from worlds import same_arrays

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


@settings(max_examples=300)
@given(campaign_cases())
def test_engines_agree_on_whole_campaigns(case: CampaignCase) -> None:
    assert differences(run(case, CompiledEngine), run(case, MesaEngine)) == []
