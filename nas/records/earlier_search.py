"""An earlier search as plain data: what was trained in it, and how it scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas.records.joint_space import JointSpace, recipe_of
from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.profile import profile


@dataclass(frozen=True)
class Past:
    """One earlier search.

    Args:
        directory: where it was read; it need not be there any more.
        data: name of the data set that it was for.
        decisions: of each training's architecture, without the recipe.
        scores: of each training after all epochs, an estimate where it was stopped early; higher is better.
    """

    directory: str
    data: str
    decisions: tuple[Mapping[str, int], ...]
    scores: tuple[float, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Past:
        """The same from what JSON made of it."""
        return cls(data["directory"], data["data"], tuple(map(dict, data["decisions"])), tuple(data["scores"]))

    def trainings(self, joint: JointSpace) -> tuple[list[Architecture], list[float]]:
        """What was trained, of those that can be built for this search's data, and the scores."""
        architectures, scores = [], []
        for decisions, score in zip(self.decisions, self.scores, strict=True):
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
