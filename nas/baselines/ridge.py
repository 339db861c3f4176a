"""Least squares with a penalty (Hoerl and Kennard 1970), the penalty chosen by leaving each example out once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from nas.baselines.examples import Scaling

PENALTIES = tuple(float(penalty) for penalty in np.logspace(-3, 5, 13))
FEW_PENALTIES = (10.0, 100.0, 1_000.0, 10_000.0)  # where each costs a solution of its own
MOST_DECOMPOSED = 4_000  # rows or columns; the decomposition takes 3 s at 3,000 on two cores and grows with the cube
# Seconds a unit of work takes at most on two cores; slower machines are seen in the transform's own time
PER_PRODUCT, PER_SOLUTION, PER_DECOMPOSITION = 2e-11, 2.5e-11, 1.5e-10


@dataclass(frozen=True, eq=False)
class Ridge:
    """A linear map of scaled rows.

    Args:
        weights: `(features, outputs)`. offset: `(outputs,)`.
    """

    scaling: Scaling
    weights: np.ndarray
    offset: np.ndarray
    penalty: float

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """`(n, features)` to `(n, outputs)` float32."""
        return self.scaling(rows) @ self.weights + self.offset


def fitted(rows: np.ndarray, targets: np.ndarray, penalty: float) -> Ridge:
    """With a given penalty.

    Args:
        rows: `(n, features)`. targets: `(n, outputs)`.
    """
    scaling, x, offset, y = _centred(rows, targets)
    gram = _gram(x)
    penalty = max(penalty, _least(gram))
    return Ridge(scaling, _solution(x, y, gram, penalty), offset, penalty)


def fitted_by_leaving_one_out(rows: np.ndarray, targets: np.ndarray, penalties: Sequence[float] = PENALTIES) -> Ridge:
    """With the penalty whose squared error is least when every example is predicted without itself, in closed form.

    For at most `MOST_DECOMPOSED` rows or columns. The mean counts as one more weight without a penalty.
    """
    scaling, x, offset, y = _centred(rows, targets)
    gram = _gram(x)
    penalties = sorted({max(penalty, _least(gram)) for penalty in penalties})
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 0.0)
    n, wide = len(x), len(x) <= x.shape[1]
    best, least, weights = penalties[0], np.inf, np.zeros((x.shape[1], y.shape[1]), dtype=np.float32)
    along = vectors if wide else x @ vectors.astype(np.float32)
    turned = along.T @ y
    constant = int(np.abs(vectors.sum(axis=0)).argmax()) if wide else -1
    for penalty in penalties:
        inverse = 1.0 / (values + penalty)
        if wide:
            inverse[constant] = 0.0  # the mean is not penalised
            dual = vectors @ (inverse[:, None] * turned)
            missed = dual / np.maximum((vectors**2) @ inverse, 1e-12)[:, None]
            found = x.T @ dual.astype(np.float32)
        else:
            solved = inverse[:, None] * turned
            leverage = (along.astype(np.float64) ** 2) @ inverse + 1.0 / n
            missed = (y - along @ solved) / np.maximum(1.0 - leverage, 1e-6)[:, None]
            found = (vectors @ solved).astype(np.float32)
        error = float((missed**2).mean())
        if error < least:
            best, least, weights = penalty, error, found
    return Ridge(scaling, weights, offset, best)


def fitted_by_validation(
    rows: np.ndarray,
    targets: np.ndarray,
    held: np.ndarray,
    held_targets: np.ndarray,
    deadline: float,
    penalties: Sequence[float] = FEW_PENALTIES,
) -> Ridge:
    """With the penalty whose squared error on held-out rows is least; nothing new begins after the deadline.

    Args:
        deadline: of `time.monotonic()`.
    """
    scaling, x, offset, y = _centred(rows, targets)
    gram = _gram(x)
    best, least = None, np.inf
    held = scaling(held)
    for penalty in sorted({max(penalty, _least(gram)) for penalty in penalties}, reverse=True):
        began = time.monotonic()
        weights = _solution(x, y, gram, penalty)
        error = float((((held @ weights + offset) - held_targets) ** 2).mean())
        if best is None or error < least:
            best, least = Ridge(scaling, weights, offset, penalty), error
        elif error > least or 2 * time.monotonic() - began > deadline:
            break  # the error has one valley
    assert best is not None  # noqa: S101 - one penalty was tried
    return best


def seconds_needed(rows: int, columns: int, held: int, refit: bool) -> float:
    """About how long choosing a penalty takes, and fitting once more with it on `rows + held` rows."""
    side = min(rows, columns)
    product = 2 * PER_PRODUCT * side * rows * columns
    if side <= MOST_DECOMPOSED:
        seconds = product + PER_DECOMPOSITION * side**3
    else:
        seconds = product + 3 * PER_SOLUTION * side**3
    if refit:
        side = min(rows + held, columns)
        seconds += 2 * PER_PRODUCT * side * (rows + held) * columns + PER_SOLUTION * side**3
    return seconds


def _centred(rows: np.ndarray, targets: np.ndarray) -> tuple[Scaling, np.ndarray, np.ndarray, np.ndarray]:
    scaling, offset = Scaling.of(rows), targets.mean(axis=0, dtype=np.float64)
    return scaling, scaling(rows), offset.astype(np.float32), targets.astype(np.float64) - offset


def _gram(x: np.ndarray) -> np.ndarray:
    """The smaller of `x xᵀ` and `xᵀ x`, float64."""
    return (x @ x.T if len(x) <= x.shape[1] else x.T @ x).astype(np.float64)


def _least(gram: np.ndarray) -> float:
    """The smallest penalty that is more than the rounding of a product in 32 bits."""
    return 1e-7 * float(np.trace(gram))


def _solution(x: np.ndarray, y: np.ndarray, gram: np.ndarray, penalty: float) -> np.ndarray:
    wide = len(x) <= x.shape[1]
    matrix = gram.copy()
    matrix[np.diag_indices(len(matrix))] += penalty
    factor = linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    right = y if wide else x.T @ y.astype(np.float32)
    solved = linalg.cho_solve(factor, right, check_finite=False).astype(np.float32)
    return x.T @ solved if wide else solved
