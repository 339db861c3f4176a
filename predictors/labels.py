"""Scores as Gaussian ranks and back.

Only the order of scores matters to a search, and their distribution is anything but normal (failures far below, a crowd
at the top). Learning the normal quantile of each rank instead is what the best entries of the
CVPR 2022 NAS contest's second track did, and helps every learner we tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

EDGE = 0.15


def gaussian_ranks(scores: np.ndarray) -> np.ndarray:
    """(n,) scores -> normal quantiles of their ranks; equal scores share the mean of their ranks."""
    return norm.ppf((rankdata(scores) - 0.5) / len(scores))


@dataclass(frozen=True)
class GaussianRanks:
    """The way between the scores learned from and their Gaussian ranks.

    Between known scores it is a straight line, beyond the greatest and the least it goes on with the mean slope of the
    outer 15 percent.
    """

    known: np.ndarray
    ranks: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray) -> GaussianRanks:
        """The map of these (n,) finite scores."""
        return cls.through(scores, gaussian_ranks(scores))

    @classmethod
    def through(cls, scores: np.ndarray, ranks: np.ndarray) -> GaussianRanks:
        """The map that takes (n,) ranks to scores of the same order."""
        known, where = np.unique(scores, return_index=True)
        return cls(known, ranks[where])

    def scores(self, ranks: np.ndarray) -> np.ndarray:
        """Gaussian ranks -> scores; increasing."""
        if len(self.known) < 2:
            return np.full(np.shape(ranks), self.known[0])
        inside = np.interp(ranks, self.ranks, self.known)
        width = max(2, int(np.ceil(EDGE * len(self.known))))
        low = _slope(self.ranks[:width], self.known[:width]) * np.minimum(ranks - self.ranks[0], 0)
        high = _slope(self.ranks[-width:], self.known[-width:]) * np.maximum(ranks - self.ranks[-1], 0)
        return inside + low + high

    def deviations(self, ranks: np.ndarray, std: np.ndarray) -> np.ndarray:
        """Standard deviations of ranks -> of scores: half the way between one below and one above."""
        return (self.scores(ranks + std) - self.scores(ranks - std)) / 2


def _slope(ranks: np.ndarray, known: np.ndarray) -> float:
    return float((known[-1] - known[0]) / (ranks[-1] - ranks[0]))
