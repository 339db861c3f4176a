"""Two fidelities: what is true of short trainings, learned from all of them, and what whole trainings add to it.

A co-kriging of first order (Kennedy & O'Hagan 2000, https://doi.org/10.1093/biomet/87.1.1): the expected end is the
expected early score, times a slope, plus a difference. Short trainings order networks in their own way (those that
learn fast come first), so estimates of their ends must not be learned from as if they were ends: 200 of them beside 100
whole trainings of NAS-Bench-201 took .14 from Kendall's tau (results/predictor). Both parts are predictors; here they
are fitted to Gaussian ranks, and the difference is shrunk by how well it is predicted out of fold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from scipy.stats import norm, rankdata

from predictors.labels import GaussianRanks, gaussian_ranks
from predictors.predictor import Prediction, Predictor
from predictors.probation import out_of_fold
from search_spaces.architecture import Architecture

FEWEST_WHOLE = 8
STRENGTH = 4.0  # whole trainings that "the order stays what it was" is worth
SHRINK = 5.0  # whole trainings at which a difference counts half of what its fit says
NOISE = 0.1  # least deviation, in Gaussian ranks


class TwoFidelities:
    """A predictor of ends for trainings of which some were stopped early.

    Args:
        make: makes an untrained predictor; called twice.
        early: (n,) what each training was estimated to end with while it was short, see `curves.early`.
        whole: (n,) whether it was trained to its end; at least `FEWEST_WHOLE` are.
        rng: for the folds of a predictor that does not know its own `out_of_fold`.

    `fit` takes the n architectures in that order. Afterwards `out_of_fold` says what is expected of each by parts that
    have not seen it.
    """

    def __init__(
        self, make: Callable[[], Predictor], early: np.ndarray, whole: np.ndarray, rng: np.random.Generator
    ) -> None:
        self.make, self.rng = make, rng
        self.early, self.whole = np.asarray(early, dtype=float), np.asarray(whole, dtype=bool)

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        """Learns from n architectures and their (n,) ends; only those of whole trainings are taken at their word."""
        early, rows = gaussian_ranks(self.early), np.flatnonzero(self.whole)
        scores = np.asarray(scores, dtype=float)[rows]
        places = norm.ppf((np.sort(rankdata(self.early, "ordinal")[rows]) - 0.5) / len(early))  # all different
        ends = places[rankdata(scores, "ordinal") - 1]
        self.labels = GaussianRanks.through(scores, ends)
        some = [architectures[row] for row in rows.tolist()]
        self.first, base, base_std = self._held_out(architectures, early)
        self.centre, self.level = float(base[rows].mean()), float(ends.mean())
        x, y = base[rows] - self.centre, ends - self.level
        pull = STRENGTH * max(float(x.var()), 1e-6)
        self.slope = max(0.0, float((x @ y + pull) / (x @ x + pull)))
        rest = y - self.slope * x
        self.second, known, known_std = self._held_out(some, rest)
        self.shrink = _explained(known, rest) * len(rows) / (len(rows) + SHRINK)
        beside = self.second.predict(architectures)
        beside.mean[rows], beside.std[rows] = known, known_std
        mean, std = self._together(base, base_std, beside.mean, beside.std)
        self.inflation = float(np.clip(np.quantile(np.abs(ends - mean[rows]) / std[rows], 0.683), 0.2, 20.0))
        self.out_of_fold = self._in_scores(mean, std)
        return self

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        """What is expected of other architectures after a whole training, in the unit of the scores."""
        if not len(architectures):
            return Prediction(np.zeros(0), np.zeros(0))
        base, beside = self.first.predict(architectures), self.second.predict(architectures)
        return self._in_scores(*self._together(base.mean, base.std, beside.mean, beside.std))

    def _held_out(
        self, architectures: Sequence[Architecture], values: np.ndarray
    ) -> tuple[Any, np.ndarray, np.ndarray]:
        """A fitted part, and what it expects of each architecture, with deviations, without having seen it."""
        part = self.make().fit(architectures, values)
        known = getattr(part, "out_of_fold", None)
        if known is not None:
            return part, known.mean, known.std
        mean = out_of_fold(self.make, architectures, values, self.rng, part)
        return part, mean, part.predict(architectures).std

    def _together(
        self, base: np.ndarray, base_std: np.ndarray, beside: np.ndarray, beside_std: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of both parts together, in Gaussian ranks; the deviation before calibration."""
        mean = self.level + self.slope * (base - self.centre) + self.shrink * beside
        return mean, np.sqrt((self.slope * base_std) ** 2 + (self.shrink * beside_std) ** 2 + NOISE**2)

    def _in_scores(self, mean: np.ndarray, std: np.ndarray) -> Prediction:
        deviations = self.labels.deviations(mean, self.inflation * std)
        return Prediction(self.labels.scores(mean), np.maximum(deviations, 0.0))


def _explained(predicted: np.ndarray, values: np.ndarray) -> float:
    """Slope, 0 to 1, of the values over what was predicted of them."""
    away: Any = predicted - predicted.mean()
    spread = float(away @ away)
    return float(np.clip(away @ (values - values.mean()) / spread, 0.0, 1.0)) if spread > 1e-9 else 0.0
