"""An earlier search as plain data: what was trained in it, and how it scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from nas.config.checked import checked
from nas.errors import InputError


@checked("part of an earlier search")
class EarlierSearch:
    """One earlier search of the same space.

    Args:
        directory: where it was read; it need not be there any more.
        data: name of the data set that it was for.
        decisions: of each training's architecture, without the recipe.
        scores: of each training after all epochs, an estimate where it was stopped early; higher is better.

    Raises:
        InputError: a value of another type, or not one score for each training.
    """

    directory: str
    data: str
    decisions: Annotated[tuple[Mapping[str, int], ...], Field(strict=False, description="mappings of paths to indices")]
    scores: Annotated[tuple[int | float, ...], Field(strict=False, description="finite numbers")]

    def __post_init__(self) -> None:
        if len(self.decisions) != len(self.scores):
            raise InputError(
                f"An EarlierSearch must have one score for each training, got {len(self.scores)} scores for "
                f"{len(self.decisions)} trainings. Read it again by `nas.setup.learn_from`."
            )
