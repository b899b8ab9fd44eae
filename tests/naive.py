"""The propagation model written once more from its definition alone: slow, and meant to be obvious.

It shares no code with the package, so that the two can be compared. Numbers such as "rule 3" are
those of the model's definition. Times are in hours.
"""

import math
from collections import Counter, deque
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any, Protocol

Account = Hashable


@dataclass
class Post:
    """One of our accounts posts the instance at a time."""

    time: float
    account: Account


@dataclass
class Message:
    """How one message instance is decided upon.

    kind "factors": `factors` are response(1), response(2), ..., the last value holding.
    kind "notices": a willing account shares once its notices reach `needed`.
    kind "fraction": a willing account shares once notices / followees reaches `needed`.
    """

    resonance: float
    kind: str = "factors"
    factors: list[float] = field(default_factory=lambda: [1.0])
    needed: Mapping[Account, float] | float = 1.0


@dataclass
class World:
    """Who follows whom and who cares.

    `followers[u]` is the list of u's followers in order, or a list of such lists; None is a dead
    place. `followees[v]` counts the accounts v follows. `order` holds the account numbers.
    """

    followers: Mapping[Account, Sequence[Any]]
    followees: Mapping[Account, int]
    relevance: Mapping[Account, float]
    ours: Container[Account]
    order: Mapping[Account, int]


class Throws(Protocol):
    """The luck of one instance: every answer is fixed by its arguments, whenever it is asked."""

    def notices(self, followee: Account, list_index: int, place: int, follower: Account) -> bool:
        """Tell whether the follower at this place notices a share by the followee."""
        ...

    def decides(self, account: Account, k: int, probability: float) -> bool:
        """Tell whether the account decides to share on its k-th notice."""
        ...

    def willing(self, account: Account, probability: float) -> bool:
        """Tell whether the account is willing (threshold kinds)."""
        ...

    def delay(self, account: Account) -> float:
        """Return the hours between the account's decision and its share."""
        ...


@dataclass
class Outcome:
    """What one instance did; posts are shares without parent, of generation 0."""

    first_notice: dict[Account, float] = field(default_factory=dict)
    notices: dict[Account, int] = field(default_factory=dict)
    share_time: dict[Account, float] = field(default_factory=dict)
    parent: dict[Account, Account | None] = field(default_factory=dict)
    generation: dict[Account, int] = field(default_factory=dict)


def spread(
    world: World,
    message: Message,
    posts: Sequence[Post],
    horizon: float | None,
    throws: Throws,
) -> Outcome:
    """Run one message instance from its posts to the horizon (None: to the end)."""
    outcome = Outcome()
    decided: set[Account] = set()
    will: dict[Account, bool] = {}
    # Rule 5: the order (time, generation, account number); a post has generation 0.
    queue: list[Any] = [(p.time, 0, world.order[p.account], p.account, None) for p in posts]
    heapify(queue)
    while queue:
        time, generation, _, account, parent = heappop(queue)
        if horizon is not None and time > horizon:  # Rule 6: events at t <= horizon count.
            break
        if account in outcome.share_time:  # Rule 5: at most once; such a post is ignored.
            continue
        outcome.share_time[account] = time
        outcome.parent[account] = parent
        outcome.generation[account] = generation
        # Rule 1: the share appears now in the feed of every follower.
        for list_index, place, follower in places(world, account):
            # Rule 2: one throw per follow.
            if not throws.notices(account, list_index, place, follower):
                continue
            outcome.first_notice.setdefault(follower, time)
            outcome.notices[follower] = outcome.notices.get(follower, 0) + 1
            # Our accounts share by posts alone; a decision, like a share, is made once (rule 5).
            if follower in world.ours or follower in decided or follower in outcome.share_time:
                continue
            # Rule 3: the k-th notice is the moment to decide.
            if wants(world, message, follower, outcome.notices[follower], will, throws):
                decided.add(follower)
                then = time + throws.delay(follower)  # Rule 4: the share comes after a delay.
                # Rule 5: a share's generation is its parent's plus 1.
                share = (then, generation + 1, world.order[follower], follower, account)
                heappush(queue, share)
    return outcome


def places(world: World, account: Account) -> Iterator[tuple[int, int, Account]]:
    """Yield (list index, place, follower) in list order, without the dead places."""
    lists = world.followers.get(account, [])
    if not all(isinstance(entry, list) for entry in lists):
        lists = [lists]
    for list_index, followers in enumerate(lists):
        for place, follower in enumerate(followers):
            if follower is not None:
                yield list_index, place, follower


def wants(
    world: World,
    message: Message,
    account: Account,
    k: int,
    will: dict[Account, bool],
    throws: Throws,
) -> bool:
    """Rule 3: tell whether the k-th notice makes the account decide to share."""
    pull = message.resonance * world.relevance[account]
    if message.kind == "factors":
        response = message.factors[min(k, len(message.factors)) - 1]  # The last value holds.
        return throws.decides(account, k, min(1.0, pull * response))
    if k < needed_notices(world, message, account):
        return False
    if account not in will:  # One throw per account, however many notices follow.
        will[account] = throws.willing(account, min(1.0, pull))
    return will[account]


def needed_notices(world: World, message: Message, account: Account) -> float:
    """Rule 3, threshold: return the notices at which a willing account shares."""
    needed = message.needed
    threshold = needed[account] if isinstance(needed, Mapping) else needed
    if message.kind == "notices":
        return threshold
    if message.kind == "fraction":
        # 0.28 * 25 is a little more than 7 in floating point, yet 7 notices of 25 must do.
        return max(1, math.ceil(threshold * world.followees[account] - 1e-9))
    raise ValueError(f"unknown kind {message.kind!r}")


def metrics(
    outcomes: Sequence[tuple[Outcome, Mapping[Account, float]]],
    value: Mapping[Account, float],
    relevant: float,
    ours: Container[Account],
) -> dict[str, Any]:
    """Return the metrics of a strategy's instances, each given with its message's relevances.

    The key "instances" holds the list of `cascade(outcome)`.
    """
    best: dict[Account, float] = {}  # Largest relevance among the instances noticed.
    for outcome, relevance in outcomes:
        for account in outcome.first_notice:
            if account not in ours:
                best[account] = max(best.get(account, 0.0), relevance[account])
    impressions = sum(
        count
        for outcome, _ in outcomes
        for account, count in outcome.notices.items()
        if account not in ours
    )
    times = sorted(
        time
        for outcome, _ in outcomes
        for account, time in outcome.share_time.items()
        if account not in ours and outcome.generation[account] > 0
    )
    posted = [
        time
        for outcome, _ in outcomes
        for account, time in outcome.share_time.items()
        if outcome.generation[account] == 0
    ]
    trees = [tree for outcome, _ in outcomes for tree in trees_of(outcome)]
    generations = [g for outcome, _ in outcomes for g in outcome.generation.values()]
    return {
        "reach": len(best),
        "relevant_reach": sum(1 for r in best.values() if r >= relevant),
        "valued_reach": math.fsum(value[account] * r for account, r in best.items()),
        "impressions": impressions,
        "shares": len(times),
        "wasted": impressions - len(times),
        **speed(times, posted),
        "largest_cascade": max((len(tree) for tree in trees), default=0),
        "depth": max(generations, default=0),
        "structural_virality": virality(trees),
        "instances": [cascade(outcome) for outcome, _ in outcomes],
    }


def speed(times: Sequence[float], posted: Sequence[float]) -> dict[str, Any]:
    """Return the measures of speed from the sorted times of shares and the times of posts."""
    half = (len(times) + 1) // 2  # The number of shares that are at least half of all.
    doubling = half >= 2
    return {
        "time_to_half": times[half - 1] - min(posted) if times and posted else None,
        # A fullest window [t, t + 1) can be moved to start at a share.
        "peak_hourly_shares": max((sum(t <= s < t + 1 for s in times) for t in times), default=0),
        "doubling_time": (times[half - 1] - times[0]) / math.log2(half) if doubling else None,
    }


def cascade(outcome: Outcome) -> dict[str, Any]:
    """Return size, depth, largest generation and structural virality of one instance."""
    populations = Counter(g for g in outcome.generation.values() if g >= 1)
    return {
        "size": len(outcome.share_time),
        "depth": max(outcome.generation.values(), default=0),
        "largest_generation": max(populations.values(), default=0),
        "structural_virality": virality(trees_of(outcome)),
    }


Tree = dict[Account, list[Account]]  # The neighbours (parent and children) of every node.


def trees_of(outcome: Outcome) -> list[Tree]:
    """Return one tree per post: the post with all shares that descend from it."""
    trees: dict[Account, Tree] = {}
    for account, parent in outcome.parent.items():
        root, above = account, parent
        while above is not None:
            root, above = above, outcome.parent[above]
        tree = trees.setdefault(root, {})
        tree.setdefault(account, [])
        if parent is not None:
            tree[account].append(parent)
            tree.setdefault(parent, []).append(account)
    return list(trees.values())


def virality(trees: Sequence[Tree]) -> float | None:
    """Return the mean distance over all pairs of nodes in the same tree, None without pairs."""
    distances = [
        distance
        for tree in trees
        for start in tree
        for node, distance in distances_from(tree, start).items()
        if node != start
    ]
    return sum(distances) / len(distances) if distances else None


def distances_from(tree: Tree, start: Account) -> dict[Account, int]:
    """Return the number of links from `start` to every node of its tree, breadth first."""
    distance = {start: 0}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for neighbour in tree[node]:
            if neighbour not in distance:
                distance[neighbour] = distance[node] + 1
                queue.append(neighbour)
    return distance
