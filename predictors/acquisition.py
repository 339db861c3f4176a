"""From predictions to the order in which candidates are tried: by their upper confidence bound.

The bound is the expected score plus a share of its deviation (Srinivas et al. 2010, https://arxiv.org/abs/0912.3995).
"""

from __future__ import annotations

import numpy as np

from predictors.features import BlockArrays, Standard
from predictors.predictor import Prediction

CONFIDENCE = 0.5  # deviations added to the mean; of 0, .5 and 1 the best on nasbench201, see results/search_quality
CONSIDERED, CHOSEN = 200, 32  # a ranking is used for far fewer trials before the next fit
NOISE = 0.25  # variance of a training's noise, as a share of the mean predicted variance


def upper_bound(prediction: Prediction) -> np.ndarray:
    """The upper confidence bound of each of n architectures: (n,), in the unit of the scores."""
    return prediction.mean + CONFIDENCE * prediction.std


def rank(prediction: Prediction, rng: np.random.Generator) -> np.ndarray:
    """Indices of n architectures by their upper bound, best first: (n,). `rng` breaks ties."""
    worth = upper_bound(prediction)
    return np.lexsort((rng.random(len(worth)), -worth))


def spread_out(prediction: Prediction, order: np.ndarray, blocks: BlockArrays) -> np.ndarray:
    """`order` rearranged for trainings that run at once, so that its first places are not near-copies: (n,).

    GP-BUCB (Desautels et al. 2014, https://arxiv.org/abs/1206.6402). After each choice the deviations of the others
    shrink as if the chosen one had been trained and had scored as expected. The more alike two architectures are, the
    more they shrink. Means stay, so of two near-copies only the first keeps its bonus for being uncertain.
    Searches that train one network at a time are better off without it, see results/search_quality.

    Args:
        prediction: of n architectures.
        order: (n,) indices, best first by the upper bound.
        blocks: of features, each (n, d_b) and of equal weight. Architectures that are close in them are expected to
            score alike.
    """
    front = order[:CONSIDERED]
    if len(front) < 3:
        return order
    mean, std = prediction.mean[front], prediction.std[front]
    covariance = _correlations(_standardised(blocks)[front]) * np.outer(std, std)
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


def _standardised(blocks: BlockArrays) -> np.ndarray:
    """All columns side by side, standardised, each block divided by the root of its width: (n, d)."""
    scaled = Standard.of(blocks)(blocks).values()
    return np.hstack([block / np.sqrt(max(1, block.shape[1])) for block in scaled])


def _correlations(features: np.ndarray) -> np.ndarray:
    """Matérn-5/2 correlations between (m, d) rows, with the median distance as length scale: (m, m)."""
    squares = (features * features).sum(1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * features @ features.T, 0.0))
    scaled = np.sqrt(5) * distances / max(float(np.median(distances)), 1e-9)
    return (1 + scaled + scaled**2 / 3) * np.exp(-scaled)
