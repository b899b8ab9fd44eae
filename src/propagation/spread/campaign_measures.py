"""The same metrics of whole campaigns as ``campaign_tally``, from what was recorded of each run.

For runs of Mesa agents, which leave no rows of the compiled loop behind.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.scenario.spec import Message
from propagation.spread.campaign_record import Campaign
from propagation.spread.campaign_tally import (
    COVERAGE_REACH,
    ORIGINALS,
    CampaignTallies,
    count_outreach,
    empty_tallies,
)
from propagation.spread.cascade import Cascade, Outcome, measure
from propagation.spread.coverage import reached_through_coverage
from propagation.spread.curves import curves_of
from propagation.spread.simulate import audience_of
from propagation.strategy.agenda import Agenda

Float64 = npt.NDArray[np.float64]


def measured(
    campaigns: Sequence[Campaign],
    world: World,
    messages: Mapping[str, Message],
    agenda: Agenda,
    relevant: float,
    hours: Float64,
    curves: int,
) -> CampaignTallies:
    """Return the metrics of runs of an agenda; parameters as for ``tally_campaigns``."""
    shape = len(campaigns), len(agenda), len(agenda.reposts), len(world.segments), curves
    found = empty_tallies(*shape, len(hours))
    for run, campaign in enumerate(campaigns):
        cascades, interest = _instances(campaign, world, messages, agenda)
        segments = len(world.segments)
        outcome = measure(cascades, interest, audience_of(world), segments, relevant, agenda.start)
        _count(campaign, outcome, found, run)
        count_outreach(campaign.moves, campaign.pitches, campaign.reposts, hours, found, run)
        found.counts[run, COVERAGE_REACH] = _coverage_reach(campaign, world)
        found.counts[run, ORIGINALS] = len(campaign.originals)
        if run < curves:
            shares, reach = curves_of(cascades, world.is_ours, hours)
            found.shares_by_hour[run], found.reach_by_hour[run] = shares, reach
            found.valued_reach_by_hour[run] = _valued_reach(cascades, interest, world, hours)
    return found


def _instances(
    campaign: Campaign, world: World, messages: Mapping[str, Message], agenda: Agenda
) -> tuple[tuple[Cascade, ...], list[Float64]]:
    """Return the cascades of all instances, originals last, and interest in the topic of each."""
    originals, interest = campaign.originals, world.traits.interest
    topics = [messages[one.message].topic for one in agenda]
    topics += [originals.topics[number] for number in originals.topic.tolist()]
    written = map(originals.cascade, range(len(originals)))
    return (*campaign.cascades, *written), [interest[topic] for topic in topics]


def _count(campaign: Campaign, outcome: Outcome, found: CampaignTallies, run: int) -> None:
    found.metrics[run] = list(outcome.metrics.values())
    trees = [list(tree.values()) for tree in outcome.trees[: len(campaign.cascades)]]
    found.trees[run] = np.array(trees).reshape(-1, 5)
    found.touched[run] = [len(one.account) > 0 for one in campaign.cascades]
    found.reach[run], found.valued[run] = outcome.reach, outcome.valued


def _coverage_reach(campaign: Campaign, world: World) -> int:
    """Return the accounts reached through coverage, from the rows of all instances as one."""
    cascades = [one for one in campaign.cascades if len(one.account)]
    if not cascades:
        return 0
    sizes = [len(one.account) for one in campaign.cascades]
    starts = np.cumsum([0, *map(len, (one.account for one in cascades))])
    moved = [
        (np.where(one.parent < 0, -1, one.parent + start), one.share_order + start)
        for one, start in zip(cascades, starts.tolist(), strict=False)
    ]
    return reached_through_coverage(
        np.repeat(np.arange(len(sizes)), sizes).astype(np.int32),
        np.concatenate([one.account for one in cascades]),
        np.concatenate([one.first_notice for one in cascades]),
        np.concatenate([one.share_time for one in cascades]),
        np.concatenate([parents for parents, _ in moved]),
        np.concatenate([orders for _, orders in moved]),
        campaign.pitches,
        world.is_ours,
    )


def _valued_reach(
    cascades: Sequence[Cascade], interest: Sequence[Float64], world: World, hours: Float64
) -> Float64:
    """Return valued reach by hour: value times the largest relevance among those noticed so far."""
    steps: list[tuple[float, int, float]] = []
    for one, of in zip(cascades, interest, strict=True):
        rows = (one.notices > 0) & ~world.is_ours[one.account]
        account = one.account[rows]
        steps += zip(one.first_notice[rows], account.tolist(), of[account].tolist(), strict=True)
    best: dict[int, float] = {}
    times, totals, total = list[float](), [0.0], 0.0
    for time, account_number, relevance in sorted(steps, key=lambda step: step[0]):
        before = best.get(account_number, 0.0)
        total += float(world.traits.value[account_number]) * max(0.0, relevance - before)
        best[account_number] = max(before, relevance)
        times.append(time)
        totals.append(total)
    return np.array(totals)[np.searchsorted(times, hours, side="right")]
