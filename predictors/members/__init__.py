"""The learners that an ensemble is made of, one a file. They see blocks of numbers and no architectures."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np

from predictors.features import BlockArrays


class Learner(Protocol):
    """Regression from blocks, each (n, d_b), to (n,) targets of mean about 0 and variance about 1."""

    def fit(self, blocks: BlockArrays, targets: np.ndarray) -> Self:
        """Learns from n rows; a new fit forgets the last."""
        ...

    def predict(self, blocks: BlockArrays) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation at m rows, (m,) each; deviations of 0 if the learner estimates none."""
        ...
