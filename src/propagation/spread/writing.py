"""Who writes about a topic of its own accord: an original comes to be."""

import numpy as np
import numpy.typing as npt

from propagation.compiling import lean
from propagation.luck import descend
from propagation.spread.campaign_dynamics import PURPOSES, happens, write_probability
from propagation.spread.dynamics import DELAY, delay_of
from propagation.spread.scene import Scene, plan_share, touch
from propagation.spread.script import (
    Instance,
    Limits,
    Script,
    number_of_original,
    stem_of,
)
from propagation.spread.timeline import NOBODY

Records = npt.NDArray[np.void]


@lean
def write(
    scene: Scene,
    script: Script,
    people: Records,
    limits: Limits,
    seed: np.uint64,
    one: Instance,
    account: int,
    now: float,
) -> None:
    """Let an account that notices an instance write about its topic, at the first notice of it.

    The topic must be one with originals.
    """
    number = number_of_original(script, one.original, account)
    heard = number - len(script.instances)
    if scene.heard[heard]:
        return
    scene.heard[heard] = 1
    of, key = script.originals[one.original], people[account]["key"]
    chance = write_probability(of["chance"], script.relevance[of["topic"], account])
    if not happens(descend(stem_of(seed, PURPOSES.original, of["topic_id"]), key), 0, chance):
        return
    message = script.messages[of["message"]]
    delay_key = descend(stem_of(seed, DELAY, descend(of["id"], key)), key)
    law, scale = message["delay_law"], message["delay_scale"]
    time = now + delay_of(law, scale, message["delay_shape"], delay_key)
    if time <= limits.horizon:
        at = touch(scene, number, account)
        scene.rows[at]["decided"] = 1
        plan_share(scene, at, time, NOBODY, 0)
