"""Architectures as the blocks that learners see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from search_spaces.architecture import Architecture
from search_spaces.encoding import encode
from search_spaces.space import Space
from search_spaces.task import Task

DECISIONS, STRUCTURE, COST = "decisions", "structure", "cost"
PROXIES, HISTORY, RECIPE = "proxies", "history", "recipe"  # blocks that are there only where they are given
Block = Callable[[Sequence[Architecture]], np.ndarray]
NONE: Mapping[str, Block] = MappingProxyType({})


class Features:
    """The blocks of architectures of one space.

    Args:
        extra: further blocks by name: from n architectures to (n, d), finite, d always the same. `proxies` are
            training-free scores (`proxies.as_quantiles`), `history` what past searches say (`history.past_searches`),
            `recipe` how it is trained (`recipe.recipe`).
    """

    def __init__(self, space: Space, task: Task, extra: Mapping[str, Block] = NONE) -> None:
        self.space, self.task, self.extra = space, task, extra

    def blocks(self, architectures: Sequence[Architecture]) -> dict[str, np.ndarray]:
        """Blocks by name, each (n, d_b), finite."""
        encoding = encode(architectures, self.space, self.task)
        known = {DECISIONS: encoding.decisions, STRUCTURE: encoding.structure, COST: encoding.cost}
        return {**known, **{name: block(architectures) for name, block in self.extra.items()}}
