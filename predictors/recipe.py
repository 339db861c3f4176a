"""How a network is trained, as features: where the recipe is searched along, its decisions are columns of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from predictors.features import Block
from search_spaces.architecture import Architecture
from search_spaces.encoding.decisions import DecisionColumns


def recipe(places: Iterable[tuple[str, tuple[Any, ...]]]) -> Block:
    """A block of the recipe's decisions, which must stand among the decisions of each architecture.

    Args:
        places: (path, options) of the recipe, e.g. `("training.learning_rate", (0.001, 0.01))`.
    """
    columns = DecisionColumns(places)

    def block(architectures: Sequence[Architecture]) -> np.ndarray:
        rows = [columns.row(architecture.decisions) for architecture in architectures]
        return np.array(rows).reshape(len(rows), len(columns.names))

    return block
