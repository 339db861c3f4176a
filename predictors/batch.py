"""An order in which what comes next is not what was just chosen over again: for trainings that run at once.

GP-BUCB (Desautels et al. 2014, https://arxiv.org/abs/1206.6402): after each choice the deviations of all others shrink
as if it had been trained and had scored as expected, most where they are alike. So the mean stands, and of two
near-twins only the first keeps its bonus for being uncertain. Where the first places are no twins to begin with, as
mostly in large spaces, it changes little.
"""

from __future__ import annotations

import numpy as np

from predictors.acquisition import CONFIDENCE
from predictors.learner import Blocks, Standard
from predictors.predictor import Prediction

CONSIDERED, CHOSEN = 200, 32  # a ranking is used for far fewer trials before the next fit
NOISE = 0.25  # variance of a training's noise, as a share of the mean variance expected


def spread_out(prediction: Prediction, order: np.ndarray, blocks: Blocks) -> np.ndarray:
    """`order` with its first places filled one after the other, by the upper bound under what was chosen before: (n,).

    Args:
        prediction: of n architectures.
        order: (n,) indices, best first by the upper bound.
        blocks: of features, each (n, d_b) and of equal weight; what is near in them is taken to score alike.
    """
    front = order[:CONSIDERED]
    if len(front) < 3:
        return order
    mean, std = prediction.mean[front], prediction.std[front]
    covariance = _alike(_standard(blocks)[front]) * np.outer(std, std)
    noise = NOISE * float(np.mean(std**2)) + 1e-12
    left, chosen = np.ones(len(front), dtype=bool), []
    for _ in range(min(CHOSEN, len(front))):
        worth = mean + CONFIDENCE * np.sqrt(np.maximum(np.diag(covariance), 0.0))
        best = int(np.argmax(np.where(left, worth, -np.inf)))
        chosen.append(best)
        left[best] = False
        row = covariance[best].copy()
        covariance -= np.outer(row, row) / (row[best] + noise)
    return np.concatenate([front[chosen], front[left], order[CONSIDERED:]])


def _standard(blocks: Blocks) -> np.ndarray:
    """All columns side by side, of deviation 1, and each block divided by the root of its width: (n, d)."""
    scaled = Standard.of(blocks)(blocks).values()
    return np.hstack([block / np.sqrt(max(1, block.shape[1])) for block in scaled])


def _alike(features: np.ndarray) -> np.ndarray:
    """Matérn-5/2 correlations, whose length is the median distance: (m, m)."""
    squares = (features * features).sum(1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * features @ features.T, 0.0))
    scaled = np.sqrt(5) * distances / max(float(np.median(distances)), 1e-9)
    return (1 + scaled + scaled**2 / 3) * np.exp(-scaled)
