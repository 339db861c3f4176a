"""From scores at few epochs to the score after a whole training, so that trainings stopped early are of use too.

The final score of a stopped training is estimated from complete trainings: their scores at the same epoch, against
their final scores, give a line. Its slope is shrunk towards 1 ("every network gains the same"), since few complete
trainings say little about it. This is ridge regression towards a prior slope. Compare the linear baselines of
https://arxiv.org/abs/1406.3896 (freeze-thaw) and, for what was tried beside it, results/predictor/learning_curves.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

SLOPE, STRENGTH = 1.0, 4.0  # prior slope, and how many complete trainings it is worth
FEWEST = 3  # complete trainings that a line needs
Line = tuple[float, float, float]  # slope, offset, standard deviation of the residuals


def ends(curves: Sequence[Sequence[float]], complete: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    """Final scores of n trainings, and the standard deviations of their errors: (n,), (n,).

    A complete training keeps its score, with deviation 0. An estimate is never below the best score seen in that
    training. If fewer than three complete trainings went past its epoch, a stopped one keeps its last score, with the
    deviation of all last scores.

    Args:
        curves: for each training its finite scores by epoch, at least one.
        complete: whether its last score is its final one.
    """
    last = np.array([curve[-1] for curve in curves], dtype=float)
    found, error = last.copy(), np.zeros(len(curves))
    line_at = _lines(curves, complete)
    for place, (curve, whole) in enumerate(zip(curves, complete, strict=True)):
        if whole:
            continue
        line = line_at(len(curve))
        if line is None:
            error[place] = float(last.std())
        else:
            slope, offset, error[place] = line
            found[place] = max(slope * curve[-1] + offset, max(curve))
    return found, error


def early(curves: Sequence[Sequence[float]], complete: Sequence[bool]) -> np.ndarray:
    """What n trainings, complete ones too, were estimated to end with when they were short: (n,).

    A stopped training is judged by its last score. A complete one is judged as if it had been stopped where the longest
    of the stopped ones was, so that all estimates are of one kind. At least one training must be stopped.

    Args:
        curves, complete: as for `ends`.
    """
    cut = max(len(curve) for curve, whole in zip(curves, complete, strict=True) if not whole)
    line_at = _lines(curves, complete)
    found = np.zeros(len(curves))
    for place, curve in enumerate(curves):
        epoch = min(cut, len(curve))
        slope, offset, _ = line_at(epoch) or (1.0, 0.0, 0.0)
        found[place] = slope * curve[epoch - 1] + offset
    return found


def _lines(curves: Sequence[Sequence[float]], complete: Sequence[bool]) -> Callable[[int], Line | None]:
    """A function from a number of epochs to the line from the score then to the final score.

    It gives None if too few complete trainings went past that epoch. Slopes are at least 0.
    """
    done = [curve for curve, whole in zip(curves, complete, strict=True) if whole]

    @functools.cache
    def line(epoch: int) -> Line | None:
        pairs = [(curve[epoch - 1], curve[-1]) for curve in done if len(curve) > epoch]
        if len(pairs) < FEWEST:
            return None
        short, final = np.array(pairs, dtype=float).T
        centre, level = float(np.median(short)), float(np.median(final))
        x, y = short - centre, final - level
        scale = max(float(np.mean(x * x)), 1e-12)
        slope = max(0.0, float((x @ y + STRENGTH * scale * SLOPE) / (x @ x + STRENGTH * scale)))
        return slope, level - slope * centre, float((y - slope * x).std())

    return line
