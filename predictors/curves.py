"""Scores at few epochs -> the score at the end, so that trainings that were stopped early teach as well.

A stopped training's end is estimated from what complete ones scored at the same epoch and at their end: a line, shrunk
towards "everybody gains the same" (slope 1), since few complete ones say little about it. Ridge regression towards a
prior slope; compare the linear freeze-thaw baselines of https://arxiv.org/abs/1406.3896.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SLOPE, STRENGTH = 1.0, 4.0  # prior slope, and how many complete trainings it is worth
FEWEST = 3


def ends(curves: Sequence[Sequence[float]], complete: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    """Scores at the end, and the standard deviation of their error: (n,), (n,); zero for complete trainings.

    Args:
        curves: for each training its finite scores by epoch, at least one.
        complete: whether its last score is its end.

    An end is never below the best score seen of it. With fewer than three complete trainings that came by an epoch, a
    stopped one keeps its last score, and the deviation of all last scores.
    """
    last = np.array([curve[-1] for curve in curves], dtype=float)
    found, error = last.copy(), np.zeros(len(curves))
    done = [curve for curve, whole in zip(curves, complete, strict=True) if whole]
    lines: dict[int, tuple[float, float, float] | None] = {}
    for place, (curve, whole) in enumerate(zip(curves, complete, strict=True)):
        if whole:
            continue
        epoch = len(curve)
        if epoch not in lines:
            lines[epoch] = _line([(other[epoch - 1], other[-1]) for other in done if len(other) > epoch])
        line = lines[epoch]
        if line is None:
            error[place] = float(last.std())
            continue
        slope, offset, spread = line
        found[place] = max(slope * curve[-1] + offset, max(curve))
        error[place] = spread
    return found, error


def early(curves: Sequence[Sequence[float]], complete: Sequence[bool]) -> np.ndarray:
    """What each training was estimated to end with while it was short: (n,), the same kind of number for all.

    For one that was stopped by its last score; for complete ones, as if they had been stopped where the longest of the
    stopped ones was. At least three are complete and one is not.
    """
    done = [curve for curve, whole in zip(curves, complete, strict=True) if whole]
    cut = max(len(curve) for curve, whole in zip(curves, complete, strict=True) if not whole)
    found = np.zeros(len(curves))
    lines: dict[int, tuple[float, float, float] | None] = {}
    for place, curve in enumerate(curves):
        epoch = min(cut, len(curve))
        if epoch not in lines:
            lines[epoch] = _line([(other[epoch - 1], other[-1]) for other in done if len(other) > epoch])
        slope, offset, _ = lines[epoch] or (1.0, 0.0, 0.0)
        found[place] = slope * curve[epoch - 1] + offset
    return found


def _line(pairs: Sequence[tuple[float, float]]) -> tuple[float, float, float] | None:
    """Slope, offset and spread of the ends over early scores; the slope is never negative."""
    if len(pairs) < FEWEST:
        return None
    early, end = np.array(pairs, dtype=float).T
    centre, level = float(np.median(early)), float(np.median(end))
    x, y = early - centre, end - level
    scale = max(float(np.mean(x * x)), 1e-12)
    slope = max(0.0, float((x @ y + STRENGTH * scale * SLOPE) / (x @ x + STRENGTH * scale)))
    rest = y - slope * x
    return slope, level - slope * centre, float(rest.std())
