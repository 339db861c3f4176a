"""Designs of the field as the first trials of a search: it begins where the field stands."""

from __future__ import annotations

import random
from collections.abc import Callable

from nas.records.joint_space import JointSpace
from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.profile import profile
from search_spaces.rules import broken

SHARE = 4  # one training in so many, at most
TOGETHER = 0.4  # of the search phase, that their trainings may take
FIRST = 0.6  # of the search phase, that the first one's may take


def known_designs(
    joint: JointSpace,
    trainings: int | None,
    seed: int,
    part: Callable[[Architecture], float] = lambda architecture: 0.0,
) -> dict[str, dict[str, int]]:
    """Decisions of the designs that this search can train, by name, in the order of the space; the recipe is drawn.

    Left out are those that break a rule with any recipe that is drawn, cannot be built for the data, would take too
    much of the search phase, or more than a quarter of all trainings. The first one that is left may take more: it is
    what a person would train.

    Args:
        trainings: that the search has time for; None where that is not known.
        part: share of the search phase that one training of a design takes.
    """
    kept: dict[str, dict[str, int]] = {}
    taken = 0.0
    most = len(joint.space.known) if trainings is None else max(1, trainings // SHARE)
    for name, architecture in joint.space.known.items():
        if len(kept) == most or not _can_be_trained(joint, architecture):
            continue
        share = part(architecture)
        if taken + share <= (TOGETHER if kept else FIRST):
            proposal = joint.complete(architecture, {}, random.Random(f"{seed}/known/{name}"))
            if joint.broken(proposal) is None:
                kept[name] = dict(proposal.decisions)
                taken += share
    return kept


def _can_be_trained(joint: JointSpace, architecture: Architecture) -> bool:
    try:
        profile(architecture, joint.task)
        return broken(joint.space.rules, architecture, joint.task) is None
    except SpaceError:
        return False
