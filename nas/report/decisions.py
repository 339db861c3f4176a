"""Decisions in words: the option taken at each place, short enough for a column."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

from nas.config.recipe import TrainingConfig
from nas.records.joint_space import is_of_recipe
from nas.records.trial import Trial
from search_spaces.cells.arguments import Listed, Made, Mapped, Named
from search_spaces.errors import SpaceError
from search_spaces.space import Space


def readable(space: Space, candidate: Trial) -> dict[str, str]:
    """The option that each decision of a candidate stands for, by path; its index where that cannot be found out."""
    taken: dict[str, str] = {path: str(index) for path, index in candidate.decisions.items()}

    def decide(path: str, options: Sequence[Any]) -> int:
        index = candidate.decisions[path]
        taken[path] = word(options[index])
        return index

    with contextlib.suppress(KeyError, SpaceError):
        space.resolve(decide)
    for path in taken:
        if is_of_recipe(path):
            names = path.split(".")[1:]  # none where one of several recipes was taken
            taken[path] = str(functools.reduce(getattr, names, candidate.recipe))
    return taken


def word(option: Any) -> str:
    """An option in a word: a cell's name, or the number itself."""
    if isinstance(option, tuple | list):
        return " + ".join(map(word, option)) or "nothing"
    if isinstance(option, Named | Listed | Mapped | Made):
        return repr(option)
    if isinstance(option, TrainingConfig):
        return str(option)
    if dataclasses.is_dataclass(option) and not isinstance(option, type):
        return type(option).__name__
    return "nothing" if option is None else str(option)
