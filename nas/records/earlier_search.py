"""What an earlier search can teach this one."""

from __future__ import annotations

from collections.abc import Mapping

from nas.config.earlier_search import EarlierSearch
from nas.records.joint_space import JointSpace, recipe_of
from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.profile import profile


def trainings(earlier: EarlierSearch, joint: JointSpace) -> tuple[list[Architecture], list[float]]:
    """What was trained, of those that can be built for this search's data, and the scores."""
    architectures, scores = [], []
    for decisions, score in zip(earlier.decisions, earlier.scores, strict=True):
        try:
            architecture = joint.space.replay(decisions)
            profile(architecture, joint.task)
        except SpaceError:
            continue
        architectures.append(architecture)
        scores.append(score)
    return architectures, scores


def without_recipe(decisions: Mapping[str, int]) -> dict[str, int]:
    """The decisions about the architecture alone."""
    recipe = recipe_of(decisions)
    return {path: index for path, index in decisions.items() if path not in recipe}
