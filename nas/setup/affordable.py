"""Whether a budget buys one epoch of the smallest network of a space; said with numbers before anything is spent."""

from __future__ import annotations

import math
import random

from nas.config.budget import Budget, duration
from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.setup.plan import Plan, Stopwatch
from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.profile import profile

DRAWN = 64  # networks of which the smallest is timed
ROOM = 4  # epochs of the smallest network that a budget should hold: its start, a training, a final


def check_affordable(budget: Budget, joint: JointSpace, plan: Plan, watch: Stopwatch | None, examples: int) -> None:
    """Times the smallest of many networks where a middling one has no time for an epoch.

    Args:
        examples: of the training split, of which a training sees the plan's share.

    Raises:
        InputError: not even that one ends an epoch within the budget.
    """
    if watch is None or budget.seconds is None or plan.seconds / plan.epochs <= budget.seconds:
        return
    smallest = _smallest(joint, random.Random(f"{examples}/smallest"))
    seen = max(1, round(plan.subset * examples))
    seconds = watch.seconds_per_example(smallest) * seen
    if seconds > budget.seconds:
        raise InputError(too_small(budget, joint, profile(smallest, joint.task).parameters, seconds, seen))


def too_small(budget: Budget, joint: JointSpace, parameters: int, seconds: float, examples: int) -> str:
    """What to say of a budget in which the smallest network takes so many seconds for one epoch."""
    enough = math.ceil(ROOM * seconds / 60) * 60
    return (
        f"The budget `{budget}` buys not one epoch: the smallest of {DRAWN} networks of {joint.space.name!r}, with "
        f"{parameters:,} parameters, takes about {duration(seconds)} for one on {examples:,} examples. The smallest "
        f"budget that fits is about {duration(enough)}. Or take another space, or smaller networks by `--max-macs`."
    )


def _smallest(joint: JointSpace, rng: random.Random) -> Architecture:
    """By multiply-adds, of many that are drawn and of the known designs."""
    drawn = [joint.space.sample(rng, joint.task) for _ in range(DRAWN)]
    try:
        drawn += [one for one in joint.space.known.values() if joint.space.obeys(one, joint.task)]
        return min(drawn, key=lambda one: profile(one, joint.task).macs)
    except SpaceError:  # a design that cannot be built for this data
        return min(drawn[:DRAWN], key=lambda one: profile(one, joint.task).macs)
