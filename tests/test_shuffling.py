"""The shuffled world: everybody keeps segment, traits and number of followers, not the company."""

import numpy as np
import pytest

from propagation.audience.population import Population, populate, shuffled
from propagation.audience.shuffling import FEWEST, shuffled_places
from propagation.audience.world import Worlds, build_worlds
from propagation.luck import draw_seed
from propagation.scenario.reading import parse_scenario
from propagation.scenario.spec import Scenario
from propagation.spread.simulate import CompiledEngine, MesaEngine
from propagation.strategy.agenda import agenda_of

SCENARIO = """
name: shuffled
seed: 5
draws: 3
segments:
  club:
    accounts: 400
    attention: {mean: 0.4, spread: 0.2}
    value: {mean: 3, spread: 1}
    interest: {news: {mean: 0.7, spread: 0.1}}
    follows: {mean: 20, to: {club: 70%, public: 30%}}
    popularity: {tail: 2.3, at most: 100}
    clustering: 0.2
    reciprocity: 30%
  public:
    accounts: 3600
    attention: 0.3
    interest: {news: 0.1}
    follows: {mean: 12, to: {club: 3%, public: 97%}}
    popularity: {tail: 2.3, at most: 300}
ours:
  ceo: {followers: {club: 60}}
  ceo to more: {followers: {club: 90}}
messages:
  call: {topic: news, resonance: 0.9}
strategies:
  together: [{post: call, by: ceo, at: 0 h}]
  scattered: [{post: call, by: ceo, at: 0 h}]
shuffled: [scattered]
compare: {on: reach, baseline: together}
"""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return parse_scenario(SCENARIO)


@pytest.fixture(scope="module")
def before(scenario: Scenario) -> Population:
    return populate(scenario)


@pytest.fixture(scope="module")
def after(scenario: Scenario, before: Population) -> Population:
    nobody = np.zeros(before.graph.accounts, np.bool_)
    return shuffled(before, nobody, draw_seed(scenario.seed, 0))


@pytest.fixture(scope="module")
def worlds(scenario: Scenario) -> Worlds:
    return build_worlds(scenario)


def club_ties(population: Population) -> tuple[int, int]:
    """Return the follows of the club's members by club members, and all follows of them."""
    graph, club = population.graph, population.segments.index("club")
    followee = np.repeat(np.arange(graph.accounts), graph.follower_counts())
    of_club = population.segment_of[followee] == club
    by_club = population.segment_of[graph.followers] == club
    return int(np.count_nonzero(of_club & by_club)), int(np.count_nonzero(of_club))


def test_the_graph_stays_and_everybody_keeps_segment_and_traits(
    before: Population, after: Population
) -> None:
    assert after.graph is before.graph
    for population in (before, after):
        people = np.stack(
            [
                population.segment_of,
                population.traits.attention,
                population.traits.value,
                population.traits.interest["news"],
            ]
        )
        population_sorted = people[:, np.lexsort(people)]
        if population is before:
            expected = population_sorted
    np.testing.assert_array_equal(population_sorted, expected)
    assert not np.array_equal(before.segment_of, after.segment_of)


def test_follower_counts_are_kept_or_next_to_it(before: Population) -> None:
    counts = before.graph.follower_counts()
    nobody = np.zeros(len(counts), np.bool_)
    source = shuffled_places(counts, nobody, before.graph.account_keys, 7)
    np.testing.assert_array_equal(np.sort(source), np.arange(len(counts)))
    values, sizes = np.unique(counts, return_counts=True)
    frequent = np.isin(counts, values[sizes >= 2 * FEWEST])
    same = counts[source] == counts
    assert same[frequent].mean() > 0.95  # the rest merged with a rarer neighbour
    assert np.corrcoef(counts[source], counts)[0, 1] > 0.95
    assert abs(counts[source].mean() - counts.mean()) == 0


def test_the_community_is_scattered_as_chance_has_it(before: Population, after: Population) -> None:
    """Of a shuffled member's followers, as many are members as of all accounts' followees.

    The expected share is that of a random follow whose follower is a member: followers are drawn
    by how many they follow within their class of follower counts. Members follow 20 accounts, the
    public 12, and their classes differ little: the share must lie near 400 / 4000, far from 60%.
    """
    inside, all_of_them = club_ties(before)
    assert inside / all_of_them > 0.5
    inside, all_of_them = club_ties(after)
    club = after.segments.index("club")
    graph = after.graph
    by_club = np.count_nonzero(after.segment_of[graph.followers] == club) / len(graph.followers)
    error = np.sqrt(by_club * (1 - by_club) / all_of_them)
    # members' places are drawn without regard to who follows whom, hubs make the error larger
    assert abs(inside / all_of_them - by_club) < 10 * error
    assert inside / all_of_them < 0.2


def test_a_shuffle_that_does_nothing_is_noticed(before: Population) -> None:
    inside, all_of_them = club_ties(before)
    assert inside / all_of_them > 0.2


def test_accounts_of_ours_that_are_in_the_graph_stay(before: Population) -> None:
    counts = before.graph.follower_counts()
    fixed = np.zeros(len(counts), np.bool_)
    fixed[[3, 77, int(counts.argmax())]] = True
    source = shuffled_places(counts, fixed, before.graph.account_keys, 7)
    np.testing.assert_array_equal(source[fixed], np.flatnonzero(fixed))
    np.testing.assert_array_equal(np.sort(source), np.arange(len(counts)))


def test_few_hubs_trade_with_the_next(before: Population) -> None:
    counts = np.array([1] * 30 + [2] * 30 + [90, 95, 100])
    keys = np.arange(63, dtype=np.uint64)
    seen = [shuffled_places(counts, np.zeros(63, np.bool_), keys, seed) for seed in range(200)]
    partners = {int(counts[source[-1]]) for source in seen}
    assert partners == {2, 90, 95, 100}
    moved = np.mean([source[0] != 0 for source in seen])
    assert moved > 0.9  # stays by chance in 1 of 30


def test_places_are_uniform_within_a_class() -> None:
    keys = np.arange(20, dtype=np.uint64)
    nobody = np.zeros(20, np.bool_)
    first = [shuffled_places(np.full(20, 5), nobody, keys, seed)[0] for seed in range(4000)]
    counts = np.bincount(first, minlength=20)
    statistic = ((counts - 200) ** 2 / 200).sum()
    assert statistic < 43.8  # chi-square with 19 degrees of freedom, 0.1%


def test_the_same_seed_gives_the_same_places_and_another_draw_others(scenario: Scenario) -> None:
    first, again, other = (build_worlds(scenario, draw).shuffled for draw in (0, 0, 1))
    assert first is not None
    assert again is not None
    assert other is not None
    np.testing.assert_array_equal(first.segment_of, again.segment_of)
    assert not np.array_equal(first.segment_of, other.segment_of)


def test_audiences_are_members_in_their_new_places_and_still_nest(worlds: Worlds) -> None:
    world = worlds.shuffled
    assert world is not None
    small = world.graph.followers_of(world.ours["ceo"])
    large = world.graph.followers_of(world.ours["ceo to more"])
    club = world.segments.index("club")
    assert len(small) == 60
    assert len(large) == 90
    assert (world.segment_of[small] == club).all()
    assert not np.array_equal(small, worlds.plain.graph.followers_of(worlds.plain.ours["ceo"]))


def test_both_engines_agree_in_a_shuffled_world(worlds: Worlds, scenario: Scenario) -> None:
    assert worlds.shuffled is not None
    agenda = agenda_of(scenario.strategies["scattered"])
    for seed in range(3):
        (fast,), (slow,) = (
            engine(worlds.shuffled, scenario.messages, scenario.horizon).run(agenda, seed)
            for engine in (CompiledEngine, MesaEngine)
        )
        np.testing.assert_array_equal(fast.account, slow.account)
        np.testing.assert_array_equal(fast.share_time, slow.share_time)


def test_without_a_shuffled_strategy_no_second_world_is_built(scenario: Scenario) -> None:
    plain = scenario.model_copy(update={"shuffled": ()})
    assert build_worlds(plain).shuffled is None
