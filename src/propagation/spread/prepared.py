"""A world made ready for the compiled code: its lists, and its people by message."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from propagation.audience.world import World
from propagation.luck import CERTAIN
from propagation.scenario.spec import Message
from propagation.spread.noticing import FOLLOWER_LIST, MIXED, PERSON, Ground, common_attention

Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A world as the compiled loop sees it: its lists, and its people by message."""

    ground: Ground
    people: Mapping[str, npt.NDArray[np.void]]


def prepare(world: World, messages: Mapping[str, Message]) -> Prepared:
    """Return a world made ready for the compiled loop; threads may share it."""
    by_topic = {
        topic: people_of(world, topic) for topic in {one.topic for one in messages.values()}
    }
    return Prepared(
        ground_of(world), {name: by_topic[message.topic] for name, message in messages.items()}
    )


def people_of(world: World, topic: str) -> npt.NDArray[np.void]:
    """Return what the loop asks of each account about a message on ``topic``."""
    graph, ordinary = world.graph, world.graph.ordinary
    people = _records(graph.accounts, PERSON)
    people["key"] = graph.account_keys
    people["threshold"] = world.traits.threshold
    people["relevance"] = world.traits.interest[topic]
    people["followees"] = graph.followee_counts
    people["ours"] = world.is_ours
    people["length"][ordinary:] = 0
    own = people[:ordinary]
    own["start"] = graph.list_starts[:ordinary]
    own["length"] = np.diff(graph.list_starts[: ordinary + 1])
    own["envelope"] = world.envelopes[:ordinary]
    own["attention"] = _attention_in_lists(world)
    return people


def _records(count: int, kind: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """Return uninitialised records, none of which lies in two lines of the processor's cache."""
    memory = np.empty((count + 1) * kind.itemsize, np.uint8)
    first = -memory.ctypes.data % kind.itemsize
    return memory[first : first + count * kind.itemsize].view(kind)


def _attention_in_lists(world: World) -> npt.NDArray[np.uint64]:
    """Return the attention that the members of each list in ``followers`` share, or `MIXED`.

    Limited attention is never shared: it changes with what lands in each feed.
    """
    graph, attention = world.graph, world.attention_thresholds
    if world.is_limited:
        return np.full(graph.ordinary, MIXED, np.uint64)
    own = attention[: graph.ordinary]
    if own.min(initial=CERTAIN) == own.max(initial=np.uint64(0)):
        return np.asarray(own)  # no need to read all follows
    starts = graph.list_starts[: graph.ordinary + 1]
    return np.asarray(common_attention(starts, read_only(graph.followers), attention))


def ground_of(world: World) -> Ground:
    """Return the follower lists as the compiled loop sees them."""
    graph, attention = world.graph, world.attention_thresholds
    ordinary = graph.ordinary
    starts = graph.list_starts[ordinary:] - len(graph.followers)
    appended = read_only(graph.appended)
    lists = np.empty(len(starts) - 1, FOLLOWER_LIST)
    lists["start"] = starts[:-1]
    lists["key"] = graph.list_keys[ordinary:]
    lists["length"] = np.diff(starts)
    lists["envelope"] = world.envelopes[ordinary:]
    lists["attention"] = MIXED
    if not world.is_limited:
        lists["attention"] = common_attention(starts, appended, attention)
    return Ground(
        followers=read_only(graph.followers),
        appended=appended,
        first_list=graph.first_list[ordinary:] - np.int32(ordinary),
        lists=lists,
        ordinary=ordinary,
        attention=attention,
    )


def read_only(values: Int32) -> Int32:
    """Return a view that cannot be written to: for the compiler the type of a file in memory."""
    view = values.view()
    view.flags.writeable = False
    return view
