"""Short and whole trainings together: what is true of short ones is learned from all, what whole ones add from those.

Short trainings order networks in their own way (those that learn fast come first), so that estimates of their ends
must not be learned from as if they were ends: 200 of them beside 100 whole trainings of NAS-Bench-201 took .12 from
Kendall's tau (results/predictor/stopped_trainings). Here two ways stand side by side, each weighted by how well it
ranks whole trainings that it has not seen, as in `ensemble`:

- co-kriging of first order (Kennedy & O'Hagan 2000, https://doi.org/10.1093/biomet/87.1.1): the expected early score,
  times a slope, plus a difference that is shrunk by how well it is predicted;
- a predictor of whole trainings alone, which is the better one where early scores say little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from scipy.stats import norm, rankdata

from predictors.ensemble import trusted_by
from predictors.labels import GaussianRanks, gaussian_ranks
from predictors.metrics import kendall_tau
from predictors.predictor import Prediction, Predictor
from predictors.probation import out_of_fold
from search_spaces.architecture import Architecture

FEWEST_WHOLE = 40  # with fewer, estimated ends as labels were as good on real networks, see stopped_trainings
STRENGTH = 4.0  # whole trainings that "the order stays what it was" is worth
SHRINK = 5.0  # whole trainings at which a difference counts half of what its fit says
NOISE = 0.1  # least deviation, in Gaussian ranks
Values = tuple[np.ndarray, np.ndarray]  # means and deviations, in Gaussian ranks


class TwoFidelities:
    """A predictor of ends for trainings of which some were stopped early.

    Args:
        make: makes an untrained predictor; called three times.
        early: (n,) what each training was estimated to end with while it was short, see `curves.early`.
        whole: (n,) whether it was trained to its end.
        rng: for the folds of a predictor that does not know its own `out_of_fold`.

    `fit` takes the n architectures in that order. Afterwards `out_of_fold` says what is expected of each by parts that
    have not seen it, and `weights` how much co-kriging and whole trainings alone count.
    """

    def __init__(
        self, make: Callable[[], Predictor], early: np.ndarray, whole: np.ndarray, rng: np.random.Generator
    ) -> None:
        self.make, self.rng = make, rng
        self.early, self.whole = np.asarray(early, dtype=float), np.asarray(whole, dtype=bool)

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        """Learns from n architectures and their (n,) scores; only those of whole trainings are looked at."""
        rows = np.flatnonzero(self.whole)
        some, scores = [architectures[row] for row in rows.tolist()], np.asarray(scores, dtype=float)[rows]
        places = norm.ppf((np.sort(rankdata(self.early, "ordinal")[rows]) - 0.5) / len(self.early))  # all different
        ends = places[rankdata(scores, "ordinal") - 1]
        self.labels = GaussianRanks.through(scores, ends)

        self.short, base = self._held_out(architectures, gaussian_ranks(self.early))
        self._fit_line(base[0][rows], ends)
        rest = ends - self._line(base[0][rows])
        self.difference, known = self._held_out(some, rest)
        self.shrink = _explained(known[0], rest) * len(rows) / (len(rows) + SHRINK)
        self.direct, alone = self._held_out(some, ends)

        beside, directly = (self._elsewhere(part, architectures) for part in (self.difference, self.direct))
        for part, seen in ((beside, known), (directly, alone)):
            part[0][rows], part[1][rows] = seen
        kriged = self._line(base[0][rows]) + self.shrink * known[0]
        self.weights = trusted_by(np.array([kendall_tau(one, ends) for one in (kriged, alone[0])]), len(rows))
        mean, std = self._together(base, beside, directly)
        self.inflation = float(np.clip(np.quantile(np.abs(ends - mean[rows]) / std[rows], 0.683), 0.2, 20.0))
        self.out_of_fold = self._in_scores(mean, std)
        return self

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        """What is expected of other architectures after a whole training, in the unit of the scores."""
        if not len(architectures):
            return Prediction(np.zeros(0), np.zeros(0))
        parts = (self.short, self.difference, self.direct)
        return self._in_scores(*self._together(*(self._elsewhere(part, architectures) for part in parts)))

    def _held_out(self, architectures: Sequence[Architecture], values: np.ndarray) -> tuple[Predictor, Values]:
        """A fitted part, and what it expects of each architecture without having seen it."""
        part: Any = self.make().fit(architectures, values)
        known = getattr(part, "out_of_fold", None)
        if known is not None:
            return part, (known.mean, known.std)
        mean = out_of_fold(self.make, architectures, values, self.rng, part)
        return part, (mean, part.predict(architectures).std)

    def _elsewhere(self, part: Predictor, architectures: Sequence[Architecture]) -> Values:
        found = part.predict(architectures)
        return found.mean, found.std

    def _fit_line(self, base: np.ndarray, ends: np.ndarray) -> None:
        """Ends over early scores: a slope shrunk towards 1, "the order stays what it was", and never negative."""
        self.centre, self.level = float(base.mean()), float(ends.mean())
        x, y = base - self.centre, ends - self.level
        pull = STRENGTH * max(float(x.var()), 1e-6)
        self.slope = max(0.0, float((x @ y + pull) / (x @ x + pull)))

    def _line(self, base: np.ndarray) -> np.ndarray:
        return self.level + self.slope * (base - self.centre)

    def _together(self, base: Values, beside: Values, directly: Values) -> Values:
        """Both ways by their weights; the deviation before calibration."""
        kriged = self._line(base[0]) + self.shrink * beside[0]
        first, second = self.weights
        mean = first * kriged + second * directly[0]
        variance = first * ((self.slope * base[1]) ** 2 + (self.shrink * beside[1]) ** 2) + second * directly[1] ** 2
        spread = first * (kriged - mean) ** 2 + second * (directly[0] - mean) ** 2
        return mean, np.sqrt(variance + spread + NOISE**2)

    def _in_scores(self, mean: np.ndarray, std: np.ndarray) -> Prediction:
        deviations = self.labels.deviations(mean, self.inflation * std)
        return Prediction(self.labels.scores(mean), np.maximum(deviations, 0.0))


def _explained(predicted: np.ndarray, values: np.ndarray) -> float:
    """Slope, 0 to 1, of the values over what was predicted of them."""
    away: Any = predicted - predicted.mean()
    spread = float(away @ away)
    return float(np.clip(away @ (values - values.mean()) / spread, 0.0, 1.0)) if spread > 1e-9 else 0.0
