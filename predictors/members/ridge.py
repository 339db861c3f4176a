"""Ridge regression: linear, with a penalty on the squared weights.

Hoerl & Kennard 1970, https://doi.org/10.1080/00401706.1970.10488634. The penalty is the one with the least
leave-one-out error, which has a closed form (Golub, Heath & Wahba 1979,
https://doi.org/10.1080/00401706.1979.10489751). On one-hot decisions the model adds up what each option is worth. If
the choices of a space act independently, that ranks as well as trees do (nasbench_macro in results/predictor).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from predictors.features import BlockArrays, side_by_side

PENALTIES = np.logspace(-1, 4, 16)


class Ridge:
    """Linear in the columns of the named blocks."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def fit(self, blocks: BlockArrays, targets: np.ndarray) -> Self:
        """Learns from n rows."""
        values = side_by_side(blocks, self.names)
        self.centre, self.level = values.mean(0), targets.mean()
        left, singular, right = np.linalg.svd(values - self.centre, full_matrices=False)
        along = left.T @ (targets - self.level)
        best = (np.inf, PENALTIES[-1])
        for penalty in PENALTIES:
            kept = singular**2 / (singular**2 + penalty)
            residual = (targets - self.level) - left @ (kept * along)
            leverage = (left**2 @ kept) + 1 / len(targets)
            error = float(np.mean((residual / np.maximum(1 - leverage, 1e-3)) ** 2))
            best = min(best, (error, float(penalty)))
        self.error = float(np.sqrt(best[0]))
        self.weights = right.T @ (singular / (singular**2 + best[1]) * along)
        return self

    def predict(self, blocks: BlockArrays) -> tuple[np.ndarray, np.ndarray]:
        """Means, and for every row the same deviation, the root mean squared leave-one-out error: (m,), (m,)."""
        mean = (side_by_side(blocks, self.names) - self.centre) @ self.weights + self.level
        return mean, np.full_like(mean, self.error)
