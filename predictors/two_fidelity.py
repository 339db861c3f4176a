"""A predictor of final scores that learns from short and whole trainings at once.

Short trainings rank networks in an order of their own: those that learn fast come first. So estimates made from them
must not be learned from as if they were final scores. Two hundred of them beside a hundred whole trainings of
NAS-Bench-201 took .12 from Kendall's tau (results/predictor/stopped_trainings). This predictor combines two ways, each
weighted by how well it ranks whole trainings that it has not seen, as in `ensemble`:

- Co-kriging of first order (Kennedy & O'Hagan 2000, https://doi.org/10.1093/biomet/87.1.1). The final score is the
  expected early score times a slope, plus a difference learned from the whole trainings. The difference is shrunk by
  how well it is predicted.
- A predictor of the whole trainings alone. It is the better one if early scores say little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from scipy.stats import norm, rankdata

from predictors.ensemble import weights_by_tau
from predictors.features import GaussianRanks, gaussian_ranks
from predictors.metrics import kendall_tau
from predictors.predictor import Prediction, Predictor
from predictors.probation import out_of_fold
from search_spaces.architecture import Architecture

FEWEST_WHOLE = 40  # with fewer, estimated ends as labels were as good on real networks, see stopped_trainings
STRENGTH = 4.0  # whole trainings that the prior slope of 1 is worth
SHRINK = 5.0  # whole trainings at which a difference counts half of what its fit says
NOISE = 0.1  # least deviation, in Gaussian ranks
Values = tuple[np.ndarray, np.ndarray]  # means and deviations, (n,) each, in Gaussian ranks


class TwoFidelities:
    """A predictor of final scores for trainings of which some were stopped early.

    After `fit`, `out_of_fold` holds what is expected of each training by parts that have not seen it, and `weights` the
    weights of co-kriging and of the predictor of whole trainings alone.

    Args:
        make: makes an untrained predictor; called three times.
        early: (n,) what each training was estimated to end with when it was short, see `extrapolation.early`.
        whole: (n,) whether it was trained to its end.
        rng: draws the folds for a predictor without `out_of_fold`.
    """

    def __init__(
        self, make: Callable[[], Predictor], early: np.ndarray, whole: np.ndarray, rng: np.random.Generator
    ) -> None:
        self.make, self.rng = make, rng
        self.early, self.whole = np.asarray(early, dtype=float), np.asarray(whole, dtype=bool)
        self.out_of_fold: Prediction | None = None

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        """Learns from n architectures in the order of `early`, and (n,) scores, of which only the whole ones count."""
        rows = np.flatnonzero(self.whole)
        some, scores = [architectures[row] for row in rows.tolist()], np.asarray(scores, dtype=float)[rows]
        # Whole trainings keep the places that they have by their early scores among all, and change places among
        # themselves by their final scores. So both fidelities have one scale.
        places = norm.ppf((np.sort(rankdata(self.early, "ordinal")[rows]) - 0.5) / len(self.early))
        ends = places[rankdata(scores, "ordinal").astype(int) - 1]  # newer versions of scipy rank in floats
        self.labels = GaussianRanks.of(scores, ends)

        self.short, base = self._fit_part(architectures, gaussian_ranks(self.early))
        self._fit_line(base[0][rows], ends)
        residual = ends - self._line(base[0][rows])
        self.difference, known = self._fit_part(some, residual)
        self.shrink = _explained(known[0], residual) * len(rows) / (len(rows) + SHRINK)
        self.direct, alone = self._fit_part(some, ends)

        kriged = self._line(base[0][rows]) + self.shrink * known[0]
        self.weights = weights_by_tau(np.array([kendall_tau(one, ends) for one in (kriged, alone[0])]), len(rows))
        differences, directly = (_expected(part, architectures) for part in (self.difference, self.direct))
        for part, unseen in ((differences, known), (directly, alone)):
            part[0][rows], part[1][rows] = unseen
        mean, std = self._combine(base, differences, directly)
        self.inflation = float(np.clip(np.quantile(np.abs(ends - mean[rows]) / std[rows], 0.683), 0.2, 20.0))
        self.out_of_fold = self._in_scores(mean, std)
        return self

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        """What is expected of other architectures after a whole training, in the unit of the scores."""
        if self.out_of_fold is None:
            raise RuntimeError("`predict` needs a predictor that has learned. Call `fit(architectures, scores)` first.")
        if not len(architectures):
            return Prediction(np.zeros(0), np.zeros(0))
        parts = (self.short, self.difference, self.direct)
        return self._in_scores(*self._combine(*(_expected(part, architectures) for part in parts)))

    def _fit_part(self, architectures: Sequence[Architecture], values: np.ndarray) -> tuple[Predictor, Values]:
        """A fitted predictor of these values, and what it expects of each architecture without having seen it."""
        part: Any = self.make().fit(architectures, values)
        known = getattr(part, "out_of_fold", None)
        if known is not None:
            return part, (known.mean, known.std)
        mean = out_of_fold(self.make, architectures, values, self.rng, part)
        return part, (mean, part.predict(architectures).std)

    def _fit_line(self, base: np.ndarray, ends: np.ndarray) -> None:
        """Final over early scores: a slope of at least 0, shrunk towards 1 ("the order stays what it was")."""
        self.centre, self.level = float(base.mean()), float(ends.mean())
        x, y = base - self.centre, ends - self.level
        pull = STRENGTH * max(float(x.var()), 1e-6)
        self.slope = max(0.0, float((x @ y + pull) / (x @ x + pull)))

    def _line(self, base: np.ndarray) -> np.ndarray:
        return self.level + self.slope * (base - self.centre)

    def _combine(self, base: Values, differences: Values, directly: Values) -> Values:
        """Both ways by their weights; the deviation is the one before calibration."""
        kriged = self._line(base[0]) + self.shrink * differences[0]
        first, second = self.weights
        mean = first * kriged + second * directly[0]
        variance = first * ((self.slope * base[1]) ** 2 + (self.shrink * differences[1]) ** 2)
        variance = variance + second * directly[1] ** 2
        spread = first * (kriged - mean) ** 2 + second * (directly[0] - mean) ** 2
        return mean, np.sqrt(variance + spread + NOISE**2)

    def _in_scores(self, mean: np.ndarray, std: np.ndarray) -> Prediction:
        deviations = self.labels.deviations(mean, self.inflation * std)
        return Prediction(self.labels.scores(mean), np.maximum(deviations, 0.0))


def _expected(part: Predictor, architectures: Sequence[Architecture]) -> Values:
    found = part.predict(architectures)
    return found.mean, found.std


def _explained(predicted: np.ndarray, values: np.ndarray) -> float:
    """Slope of the values over what was predicted of them, 0 to 1."""
    away: Any = predicted - predicted.mean()
    spread = float(away @ away)
    return float(np.clip(away @ (values - values.mean()) / spread, 0.0, 1.0)) if spread > 1e-9 else 0.0
