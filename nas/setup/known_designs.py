"""Designs of the field as the first trials of a search: it begins where the field stands."""

from __future__ import annotations

import random

from nas.records.joint_space import JointSpace
from search_spaces.errors import SpaceError
from search_spaces.profile import profile
from search_spaces.rules import broken

SHARE = 4  # one training in so many, at most


def known_designs(joint: JointSpace, trainings: int | None, seed: int) -> dict[str, dict[str, int]]:
    """Decisions of the designs that this search can train, by name, in the space's order; the recipe is drawn.

    Left out are those that break a rule, cannot be built for the data, or would take more than a quarter of all.

    Args:
        trainings: that the search has time for; None where that is not known.
    """
    found: dict[str, dict[str, int]] = {}
    most = None if trainings is None else max(1, trainings // SHARE)
    for name, architecture in joint.space.known.items():
        try:
            profile(architecture, joint.task)
            if broken(joint.space.rules, architecture, joint.task) is not None:
                continue
        except SpaceError:
            continue
        proposal = joint.complete(architecture, {}, random.Random(f"{seed}/known/{name}"))
        found[name] = dict(proposal.decisions)
    return dict(list(found.items())[:most])
