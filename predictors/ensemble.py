"""Several learners as one predictor, each weighted by how well it ranks architectures that it has not seen.

No learner is best in every space, so the weights are found out anew in each. They are a softmax of Kendall's tau out of
fold, a form of stacking (Wolpert 1992, https://doi.org/10.1016/S0893-6080(05)80023-1). The predicted deviation comes
from the learners' own deviations and from their disagreement. It is scaled to fit the errors out of fold.

What is expected before the first label, where something is, counts beside them: less with every label, and by how well
it ranks the labels that there are, which it has not seen. `results/cold_start` says what that is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Self

import numpy as np

from predictors.features import NONE, Block, BlockArrays, Features, GaussianRanks, Standard, gaussian_ranks
from predictors.members import Learner
from predictors.members.gaussian_process import GaussianProcess
from predictors.metrics import kendall_tau
from predictors.predictor import Prediction
from search_spaces.architecture import Architecture
from search_spaces.space import Space
from search_spaces.task import Task

FOLDS = 5
TEMPERATURE = 0.05
NO_WEIGHTS, FULL_WEIGHTS = 10, 40  # labels; with few of them, the best learner out of fold is the luckiest
PRIOR, HALVED = 0.25, 10  # share of the prior at the first label, and labels after which half of it is left
USUAL_TAU, DOUBT = 0.3, 20  # of a prior, and labels that its own tau here has to outweigh
Make = Callable[[int], Learner]


class Ensemble:
    """A predictor made of learners.

    After `fit`, `weights` holds the weight of each learner by name, and `out_of_fold` what was predicted for each
    architecture by learners that had not seen it.

    Args:
        members: by name, a function from a seed to a learner.
        space, task: what the architectures are of.
        seed: of everything random.
        extra: further blocks of features, see `Features`.
        prior: the block of `extra` whose first column is the Gaussian ranks that are expected before the first label;
            empty for none.
    """

    def __init__(
        self,
        members: Mapping[str, Make],
        *,
        space: Space,
        task: Task,
        seed: int = 0,
        extra: Mapping[str, Block] = NONE,
        prior: str = "",
    ) -> None:
        self.members, self.seed, self.prior = members, seed, prior
        self.features = Features(space, task, extra)
        self.out_of_fold: Prediction | None = None
        self.weights: dict[str, float] = {}

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        """Learns from at least two architectures and their (n,) finite scores.

        Raises:
            ValueError: fewer than two, another number of scores than of architectures, or scores that are not finite.
        """
        scores = _checked(architectures, scores)
        self.labels = GaussianRanks.of(scores)
        targets = gaussian_ranks(scores)
        raw = self.features.blocks(architectures)
        self.standard = Standard.of(raw)
        blocks = self.standard(raw)
        folds = _folds(len(scores), self.seed)
        self.fitted: list[list[Learner]] = []
        held_out = [self._fit_member(make, blocks, targets, folds) for make in self.members.values()]
        expected = self._expected(raw)
        self.share = prior_share(kendall_tau(expected, targets), len(targets)) if self.prior else 0.0
        self._weigh(np.array([mean for mean, _ in held_out]), np.array([std for _, std in held_out]), expected, targets)
        return self

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        """What is expected of m other architectures, in the unit of the scores."""
        if not self.weights:
            raise RuntimeError("`predict` needs a predictor that has learned. Call `fit(architectures, scores)` first.")
        if not len(architectures):
            return Prediction(np.zeros(0), np.zeros(0))
        raw = self.features.blocks(architectures)
        blocks = self.standard(raw)
        each = [_mean_of([learner.predict(blocks) for learner in learners]) for learners in self.fitted]
        mean, std = self._combine(np.array([mean for mean, _ in each]), np.array([std for _, std in each]))
        return self._in_scores(self._with_prior(mean, self._expected(raw)), std * self.inflation)

    def _expected(self, raw: BlockArrays) -> np.ndarray:
        """(n,) Gaussian ranks by the prior; without one they count for nothing."""
        return raw[self.prior][:, 0] if self.prior else np.zeros(1)

    def _with_prior(self, mean: np.ndarray, expected: np.ndarray) -> np.ndarray:
        return (1 - self.share) * mean + self.share * expected

    def _fit_member(
        self, make: Make, blocks: BlockArrays, targets: np.ndarray, folds: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fits one member; returns its mean and deviation for each row out of fold: (n,), (n,).

        A Gaussian process computes these in closed form. Any other learner is fitted once per fold, and those fits are
        averaged to predict. That costs no more than cross-validation, and is steadier than one fit on all rows.
        """
        learner = make(self.seed)
        if isinstance(learner, GaussianProcess) and learner.fit(blocks, targets).used:
            self.fitted.append([learner])
            return learner.held_out(folds)
        mean, std = np.zeros(len(targets)), np.zeros(len(targets))
        fits: list[Learner] = []
        for fold in range(folds.max() + 1):
            inside, outside = folds != fold, folds == fold
            fits.append(make(self.seed + fold).fit(_rows(blocks, inside), targets[inside]))
            mean[outside], std[outside] = fits[-1].predict(_rows(blocks, outside))
        self.fitted.append(fits)
        return mean, std

    def _weigh(self, means: np.ndarray, stds: np.ndarray, expected: np.ndarray, targets: np.ndarray) -> None:
        """From (members, n) predictions out of fold: the scale and weight of each member, and the two numbers that
        calibrate their sum, a slope for its mean and a factor for its deviation.
        """
        self.scale = np.maximum(means.std(1), 0.05)
        taus = np.array([kendall_tau(mean, targets) for mean in means])
        self.weights = dict(zip(self.members, weights_by_tau(taus, len(targets)).tolist(), strict=True))
        self.slope = 1.0
        mean, std = self._combine(means, stds)
        variance = float(mean @ mean)
        self.slope = float(np.clip(mean @ targets / variance, 0.05, 1.5)) if variance > 0 else 1.0
        mean = self._with_prior(self.slope * mean, expected)
        error = np.abs(targets - mean) / np.maximum(std, 1e-6)
        self.inflation = float(np.clip(np.quantile(error, 0.683), 0.2, 20.0))
        self.out_of_fold = self._in_scores(mean, std * self.inflation)

    def _combine(self, means: np.ndarray, stds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weighted mean of the members, each in its own scale, and a deviation before calibration.

        (members, m), (members, m) -> (m,), (m,).
        """
        weights = np.array(list(self.weights.values()))
        scaled = means / self.scale[:, None]
        mean = weights @ scaled
        own = weights @ stds**2
        spread = weights @ (scaled - mean) ** 2
        return self.slope * mean, np.sqrt(own + spread + 0.01)

    def _in_scores(self, mean: np.ndarray, std: np.ndarray) -> Prediction:
        return Prediction(self.labels.scores(mean), np.maximum(self.labels.deviations(mean, std), 0.0))


def prior_share(tau: float, labels: int) -> float:
    """Share of the prior in a prediction, 0 to 1.

    Args:
        tau: of the prior on the labels, which it has not seen.
    """
    believed = (DOUBT + labels * tau / USUAL_TAU) / (DOUBT + labels)
    return min(1.0, PRIOR * HALVED / (HALVED + labels) * max(0.0, believed))


def weights_by_tau(taus: np.ndarray, labels: int) -> np.ndarray:
    """(members,) weights that sum to 1, by Kendall's tau of each member out of fold.

    Equal up to ten labels; from forty labels on the full softmax.
    """
    trust = np.clip((labels - NO_WEIGHTS) / (FULL_WEIGHTS - NO_WEIGHTS), 0, 1)
    weights = np.exp(trust * (taus - taus.max()) / TEMPERATURE)
    return weights / weights.sum()


def _folds(count: int, seed: int) -> np.ndarray:
    """(n,) fold of each row, of even sizes, drawn from the seed."""
    folds = np.arange(count) % min(FOLDS, count)
    np.random.default_rng(seed).shuffle(folds)
    return folds


def _rows(blocks: BlockArrays, chosen: np.ndarray) -> dict[str, np.ndarray]:
    return {name: block[chosen] for name, block in blocks.items()}


def _mean_of(each: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the means, and root of the mean variance: (m,), (m,).

    The spread between the fits is left out, since each row has only one prediction out of fold to calibrate with.
    """
    means, stds = np.array([mean for mean, _ in each]), np.array([std for _, std in each])
    return means.mean(0), np.sqrt((stds**2).mean(0))


def _checked(architectures: Sequence[Architecture], scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores, dtype=float)
    if scores.shape != (len(architectures),) or len(scores) < 2:
        raise ValueError(
            f"`fit` needs one score for each of at least 2 architectures, got {len(architectures)} and {scores.shape}."
        )
    if not np.isfinite(scores).all():
        raise ValueError("`scores` must be finite; leave out trainings that failed.")
    return scores
