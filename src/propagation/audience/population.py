"""Who there is before our accounts are added: a drawn, generated or given graph, and traits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.audience.drawn_folders import Asked, drawn_graph
from propagation.audience.follower_graph import (
    FollowerGraph,
    graph_from_follows,
    label_keys,
)
from propagation.audience.generators import DrawnGraph, SegmentTargets, networkx_follows
from propagation.audience.importing import AccountTable, match_accounts
from propagation.audience.members import members_of
from propagation.audience.shuffling import shuffled_places
from propagation.audience.sources import RealGraph
from propagation.audience.traits import (
    Traits,
    TraitTable,
    check_thresholds,
    graph_traits,
    segment_traits,
    thresholds_from_table,
)
from propagation.luck import draw_seed
from propagation.problems import InputError, Problem, not_one_of
from propagation.scenario.choice_checks import EVERYBODY
from propagation.scenario.spec import Accounts, GrownGraph, Growth, NetworkxGraph, Scenario, Segment

Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Population:
    """Who there is before our accounts are added; arrays have shape (accounts,)."""

    graph: FollowerGraph
    segments: tuple[str, ...]
    segment_of: Int16
    traits: Traits


def populate(
    scenario: Scenario,
    draw: int = 0,
    real: RealGraph | None = None,
    table: AccountTable | None = None,
    drawing: Callable[[Asked], DrawnGraph] = drawn_graph,
) -> Population:
    """Return the population of a draw; parameters and errors as for ``build_worlds``."""
    seed = draw_seed(scenario.seed, draw)
    if isinstance(scenario.graph, GrownGraph):
        population = _grown(scenario.graph.grown, scenario.segments or {}, seed)
    elif scenario.segments is not None:
        drawn = drawing(asked_of(scenario, draw))
        population = _drawn(scenario.segments, drawn, seed)
    elif isinstance(scenario.graph, NetworkxGraph):
        population = _generated(scenario.graph, _accounts(scenario), seed, table)
    elif real is not None:
        population = _given(real.graph, _accounts(scenario), seed, real.table)
    else:
        raise ValueError("a scenario on a file of follows needs what read_real_graph returns")
    if scenario.accounts is not None and thresholds_from_table(scenario.accounts):
        check_thresholds(population.traits.threshold, scenario.messages.values())
    return population


def _accounts(scenario: Scenario) -> Accounts:
    if scenario.accounts is None:
        raise InputError(Problem("a given graph needs this block", "accounts"))
    return scenario.accounts


def segment_targets(segments: Mapping[str, Segment]) -> dict[str, SegmentTargets]:
    """Return what the drawing of follows has to meet."""
    return {
        name: SegmentTargets(
            accounts=segment.accounts,
            followees=segment.drawn_follows.mean,
            shares=segment.drawn_follows.to,
            tail=segment.popularity.tail if segment.popularity else None,
            most_followers=segment.popularity.at_most if segment.popularity else None,
            reciprocity=segment.reciprocity,
            clustering=segment.clustering or 0.0,
        )
        for name, segment in segments.items()
    }


def asked_of(scenario: Scenario, draw: int) -> Asked:
    """Return what has to be drawn for a draw of a scenario with segments.

    Raises
    ------
    InputError
        If it has none.
    """
    if scenario.segments is None:
        raise InputError(Problem("has a given graph: there is nothing to draw", "graph"))
    if isinstance(scenario.graph, GrownGraph):
        raise InputError(Problem("is grown, by each run anew: there is nothing to draw", "graph"))
    seed = draw_seed(scenario.seed, draw)
    return Asked(scenario.name, draw, seed, segment_targets(scenario.segments))


def _drawn(segments: Mapping[str, Segment], drawn: DrawnGraph, seed: int) -> Population:
    members = members_of(segments)
    keys = members.keys
    graph = FollowerGraph(
        list_starts=drawn.list_starts,
        followers=drawn.followers,
        first_list=np.arange(len(keys) + 1, dtype=np.int32),
        account_keys=keys,
        list_keys=keys,
        followee_counts=drawn.followee_counts,
        labels=members.labels,
    )
    traits = segment_traits(segments, keys, seed)
    return Population(graph, members.segments, members.segment_of, traits)


def _grown(growth: Growth, segments: Mapping[str, Segment], seed: int) -> Population:
    from propagation.audience.grown import GrowthModel  # Mesa, which most scenarios do without

    members = members_of(segments)
    traits = segment_traits(segments, members.keys, seed)
    model = GrowthModel(growth, traits.interest, members.keys, seed)
    model.grow()
    graph = graph_from_follows(*model.follows(), members.keys, members.labels)
    return Population(graph, members.segments, members.segment_of, traits)


def _generated(
    source: NetworkxGraph, accounts: Accounts, seed: int, table: AccountTable | None
) -> Population:
    follower, followee, labels = networkx_follows(
        source.networkx, source.arguments, source.arrows, seed
    )
    matched = None
    if table is not None:
        rows, _ = match_accounts(labels, table, accounts.isolated)
        matched = TraitTable(table, rows)
    graph = graph_from_follows(follower, followee, label_keys(labels), labels)
    return _given(graph, accounts, seed, matched)


def _given(
    graph: FollowerGraph, accounts: Accounts, seed: int, table: TraitTable | None
) -> Population:
    segments, segment_of = _segments_of(accounts, table, graph.accounts)
    keys = graph.account_keys
    return Population(
        graph=graph,
        segments=segments,
        segment_of=segment_of,
        traits=graph_traits(accounts, keys, segment_of, segments, seed, table),
    )


def _segments_of(
    accounts: Accounts, table: TraitTable | None, count: int
) -> tuple[tuple[str, ...], Int16]:
    if accounts.segment is None or table is None:
        names, numbers = np.array([EVERYBODY]), np.zeros(count, np.int64)
    else:
        names, numbers = np.unique(
            table.table.texts(accounts.segment)[table.rows].astype(str), return_inverse=True
        )
        if len(names) > np.iinfo(np.int16).max:
            message = (
                f"column '{accounts.segment}' names {len(names):,} segments; 32,767 are allowed"
            )
            raise InputError(Problem(message, "accounts.segment", table.table.file))
    segments, segment_of = tuple(map(str, names)), numbers.astype(np.int16)
    unknown = [name for name in accounts.by_segment if name not in segments]
    if unknown:
        raise InputError(
            Problem(not_one_of(name, segments), f"accounts.by segment.{name}") for name in unknown
        )
    return segments, segment_of


def shuffled(population: Population, fixed: npt.NDArray[np.bool_], seed: int) -> Population:
    """Return the population with its places shuffled, but for accounts ``fixed`` (accounts,)."""
    graph = population.graph
    source = shuffled_places(graph.follower_counts(), fixed, graph.account_keys, seed)
    return Population(
        graph=graph,
        segments=population.segments,
        segment_of=population.segment_of[source],
        traits=population.traits.of(source),
    )
