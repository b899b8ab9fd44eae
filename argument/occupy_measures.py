"""What trackers of Twitter counted in 2011, counted in a simulated run.

A post, a seed's share and an original are tweets; every further share is a retweet. A retweet is
of the message at the root of its tree, and so of that message's author, however it was passed on:
so Twitter shows it and so trackers count it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import networkx as nx
import numpy as np
import numpy.typing as npt

from propagation.audience.follower_graph import FollowerGraph
from propagation.audience.world import World
from propagation.spread.campaign_record import Campaign
from propagation.spread.cascade import Cascade

Float64: TypeAlias = npt.NDArray[np.float64]
Int64: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

DAY = 24.0
WEEK = 7 * DAY


@dataclass(frozen=True, eq=False)
class Tweets:
    """All tweets of one run, one row for each, in no particular order.

    Attributes
    ----------
    account, time
        Who tweeted, and when, in hours from the start.
    parent, root
        Rows of the tweet that was passed on and of the first of its tree; of a tweet that is no
        retweet, parent is -1 and root its own row.
    """

    account: Int64
    time: Float64
    parent: Int64
    root: Int64

    def __len__(self) -> int:
        return len(self.account)

    @property
    def is_retweet(self) -> Bools:
        """Whether each is a retweet."""
        return self.parent >= 0

    def author(self) -> Int64:
        """Return who wrote what each tweet says."""
        return self.account[self.root]

    def on(self, day: int) -> Bools:
        """Say which were made on a day, counted from 0."""
        on: Bools = np.floor(self.time / DAY) == day
        return on


def tweets_of(campaign: Campaign) -> Tweets:
    """Return the tweets of a run."""
    return tweets_in([*campaign.cascades, campaign.originals.rows])


def tweets_in(cascades: Iterable[Cascade]) -> Tweets:
    """Return the shares of cascades, one cascade's after another's."""
    accounts, times, parents, before = [], [], [], 0
    for cascade in cascades:
        shares = np.sort(cascade.share_order)
        row = np.full(len(cascade.account), -1, np.int64)
        row[shares] = np.arange(len(shares)) + before
        above = cascade.parent[shares]
        accounts.append(cascade.account[shares].astype(np.int64))
        times.append(cascade.share_time[shares])
        parents.append(np.where(above < 0, -1, row[above]))
        before += len(shares)
    parent = np.concatenate([np.empty(0, np.int64), *parents])
    return Tweets(
        account=np.concatenate([np.empty(0, np.int64), *accounts]),
        time=np.concatenate([np.empty(0), *times]),
        parent=parent,
        root=_roots(parent),
    )


def _roots(parent: Int64) -> Int64:
    """Return the first ancestor of each row, by doubling the steps upwards."""
    root = np.where(parent < 0, np.arange(len(parent)), parent)
    while not np.array_equal(root, above := root[root]):
        root = above
    return root


def per_day(tweets: Tweets, days: int) -> Int64:
    """Return the number of tweets on each day; shape (days,)."""
    day = np.floor(tweets.time / DAY).astype(np.int64)
    return np.bincount(day[day < days], minlength=days)


def retweets_per_day(tweets: Tweets, days: int) -> Int64:
    """Return the number of retweets on each day; shape (days,)."""
    day = np.floor(tweets.time[tweets.is_retweet] / DAY).astype(np.int64)
    return np.bincount(day[day < days], minlength=days)


def retweet_share(tweets: Tweets, day: int) -> float:
    """Return the share of a day's tweets that are retweets."""
    return float(np.mean(tweets.is_retweet[tweets.on(day)]))


def largest_message(tweets: Tweets, since: int) -> float:
    """Return the share of retweets from a day on that are of the message retweeted most."""
    return largest_share(tweets.root[tweets.is_retweet & (tweets.time >= since * DAY)])


def top_author(tweets: Tweets, since: int) -> float:
    """Return the share of retweets from a day on that are of what one account wrote."""
    return largest_share(tweets.author()[tweets.is_retweet & (tweets.time >= since * DAY)])


def top_tweeters(tweets: Tweets, day: int, count: int) -> float:
    """Return the share of a day's tweets made by the accounts that tweeted most that day."""
    return largest_share(tweets.account[tweets.on(day)], count)


def tweets_per_account(tweets: Tweets, day: int) -> float:
    """Return how many tweets an account made that day, in the mean of those that made any."""
    return _per_name(tweets.account[tweets.on(day)])


def retweets_per_author(tweets: Tweets, day: int) -> float:
    """Return how often an author was retweeted that day, in the mean of those who were."""
    return _per_name(tweets.author()[tweets.on(day) & tweets.is_retweet])


def _per_name(names: Int64) -> float:
    return len(names) / len(np.unique(names)) if len(names) else float("nan")


def largest_share(names: Int64, count: int = 1) -> float:
    """Return the share of the ``count`` most frequent names among all; NaN of none."""
    if len(names) == 0:
        return float("nan")
    frequencies = np.unique(names, return_counts=True)[1]
    return float(np.sort(frequencies)[-count:].sum() / len(names))


def retweeted_within(tweets: Tweets, hours: float, end: float) -> float:
    """Return the share of a week's retweets that come within so many hours of what they pass on.

    Asked of what was tweeted a week or more before the end, whose retweets of a week have all been
    seen.
    """
    retweet = np.flatnonzero(tweets.is_retweet)
    passed_on = tweets.time[tweets.parent[retweet]]
    waited = (tweets.time[retweet] - passed_on)[passed_on <= end - WEEK]
    return float(np.mean(waited[waited <= WEEK] <= hours))


def retweet_network(tweets: Tweets) -> nx.Graph:
    """Return who retweeted whom, without direction, and each pair once."""
    pairs = np.column_stack([tweets.account, tweets.author()])[tweets.is_retweet]
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    network = nx.Graph()
    network.add_edges_from(pairs.tolist())
    return network


def peel(network: nx.Graph, graph: FollowerGraph, outer: int) -> Float64:
    """Return the audience left when outer k-cores are removed, as a share of the whole.

    Entry k is for the network without its first k shells, that is for its (k + 1)-core; the
    audience is the union of followers of all accounts that remain.
    """
    core = nx.core_number(network)
    audiences = [
        len(union_of_followers(graph, [one for one, number in core.items() if number > k]))
        for k in range(outer + 1)
    ]
    return np.array(audiences) / max(audiences[0], 1)


def union_of_followers(graph: FollowerGraph, accounts: Sequence[int]) -> Int64:
    """Return the accounts that follow at least one of these."""
    follows = np.zeros(graph.accounts, np.bool_)
    for account in accounts:
        follows[graph.followers_of(account)] = True
    return np.flatnonzero(follows)


def spread_per_share(world: World, topic: str) -> float:
    """Return the further shares per share at resonance 1, in generations far from the first.

    It is the largest eigenvalue of the graph of follows, each weighted by the attention and
    interest of the follower: times a resonance the reproduction number of a message, as long as
    few notice it twice. Found by power iteration.
    """
    starts, followers = world.graph.places()
    alive = followers >= 0
    followee = np.repeat(np.arange(world.graph.accounts), np.diff(starts))[alive]
    followers = followers[alive]
    weight = (world.traits.attention * world.traits.interest[topic])[followers]
    weight[world.is_ours[followers]] = 0.0  # ours share by the strategy's actions alone
    reach, found, last = np.ones(world.graph.accounts), 0.0, -1.0
    while abs(found - last) > 1e-6 * found:
        further = np.bincount(followee, weight * reach[followers], world.graph.accounts)
        last, found = found, float(np.linalg.norm(further) / np.linalg.norm(reach))
        reach = further / np.linalg.norm(further)
    return found
