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


def known_designs(
    joint: JointSpace,
    trainings: int | None,
    seed: int,
    in_time: Callable[[Architecture], bool] = lambda architecture: True,
) -> dict[str, dict[str, int]]:
    """Decisions of the designs that this search can train, by name, the cheapest first; the recipe is drawn.

    Left out are those that break a rule, cannot be built for the data, would not be trained in time, or would take more
    than a quarter of all trainings.

    Args:
        trainings: that the search has time for; None where that is not known.
        in_time: whether one training of a design is a small part of the search.
    """
    found: list[tuple[int, str, Architecture]] = []
    for name, architecture in joint.space.known.items():
        try:
            macs = profile(architecture, joint.task).macs
            if broken(joint.space.rules, architecture, joint.task) is None:
                found.append((macs, name, architecture))
        except SpaceError:
            continue
    most = len(found) if trainings is None else max(1, trainings // SHARE)
    kept = [(name, architecture) for _, name, architecture in sorted(found, key=lambda one: one[0])]
    kept = [(name, architecture) for name, architecture in kept if in_time(architecture)][:most]
    return {
        name: dict(joint.complete(architecture, {}, random.Random(f"{seed}/known/{name}")).decisions)
        for name, architecture in kept
    }
