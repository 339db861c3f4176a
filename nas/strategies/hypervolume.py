"""The order in which points would add most to the volume of objectives that others dominate.

Greedy on draws from a predictor, as in Thompson sampling for several objectives (TSEMO, Bradford et al. 2018,
https://doi.org/10.1007/s10898-018-0609-2), with volumes counted on random points: any number of objectives, a whole
batch at once.
"""

from __future__ import annotations

import numpy as np

POINTS = 100_000  # of which a few thousand lie between the front that there is and the one that is drawn


def by_improvement(drawn: np.ndarray, known: np.ndarray, rng: np.random.Generator) -> list[int]:
    """Indices of drawn points: first the one that adds most to the volume of the known, then most to both, and so on.

    Ends where nothing more is added. The reference is the worst of all points in each objective.

    Args:
        drawn: (n, objectives), all to be small.
        known: (m, objectives).
    """
    both = np.vstack([drawn, known])
    best, worst = both.min(0), both.max(0)
    candidates = _front(drawn)
    free = rng.uniform(best, worst, (POINTS, drawn.shape[1]))
    for point in known[_front(known)]:
        free = free[(free < point).any(1)]
    covers = np.array([(free >= drawn[index]).all(1) for index in candidates])
    found: list[int] = []
    while covers.size and covers.any():
        place = int(covers.sum(1).argmax())
        found.append(int(candidates[place]))
        covers = covers[:, ~covers[place]]
    return found


def _front(points: np.ndarray) -> np.ndarray:
    """Indices of the points that no other dominates."""
    left = np.lexsort(points.T[::-1])
    found = []
    while len(left):
        found.append(left[0])
        left = left[(points[left] < points[left[0]]).any(1)]
    return np.array(found, dtype=int)
