"""Several learners as one predictor, each weighted by how well it ranks what it has not seen.

Stacking (Wolpert 1992) with weights that are a softmax of Kendall's tau out of fold: no learner is best in every space,
and this finds out which is, in this one. The deviation is the learners' own and their disagreement, scaled so that
errors out of fold fit it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from predictors.features import NONE, Block, Features
from predictors.gaussian_process import GaussianProcess
from predictors.labels import GaussianRanks, gaussian_ranks
from predictors.learner import Learner, Standard, rows_of
from predictors.metrics import kendall_tau
from predictors.predictor import Prediction
from search_spaces.architecture import Architecture
from search_spaces.space import Space
from search_spaces.task import Task

FOLDS = 5
TEMPERATURE = 0.05
NO_WEIGHTS, FULL_WEIGHTS = 10, 40  # with few labels, the best out of fold is the luckiest
Members = Mapping[str, Callable[[int], Learner]]


class Ensemble:
    """A predictor made of learners. After `fit`, `weights` says how much each counts, by name, and `out_of_fold` what
    was predicted for each architecture learned from by learners that had not seen it.

    Args:
        space, task: what the architectures are of.
        members: by name, a function from a seed to a learner.
        seed: of everything random.
        extra: further blocks of features, see `Features`.
    """

    def __init__(
        self, members: Members, *, space: Space, task: Task, seed: int = 0, extra: Mapping[str, Block] = NONE
    ) -> None:
        self.members, self.seed = members, seed
        self.features = Features(space, task, extra)
        self.out_of_fold: Prediction | None = None
        self.weights: dict[str, float] = {}

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        """Learns from at least two architectures and their (n,) finite scores."""
        scores = _checked(architectures, scores)
        self.labels = GaussianRanks.of(scores)
        targets = gaussian_ranks(scores)
        raw = self.features.blocks(architectures)
        self.standard = Standard.of(raw)
        blocks = self.standard(raw)
        folds = _folds(len(scores), self.seed)
        self.fitted: list[list[Learner]] = []
        held = [self._member(make, blocks, targets, folds) for make in self.members.values()]
        self._weigh(np.array([mean for mean, _ in held]), np.array([std for _, std in held]), targets)
        return self

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        """What is expected of other architectures, in the unit of the scores."""
        if not self.weights:
            raise RuntimeError("`predict` needs a predictor that has learned. Call `fit(architectures, scores)` first.")
        if not len(architectures):
            return Prediction(np.zeros(0), np.zeros(0))
        blocks = self.standard(self.features.blocks(architectures))
        each = [_mean_of([learner.predict(blocks) for learner in learners]) for learners in self.fitted]
        mean, std = self._combine(np.array([mean for mean, _ in each]), np.array([std for _, std in each]))
        return self._in_scores(mean, std * self.inflation)

    def _member(self, make: Any, blocks: Any, targets: np.ndarray, folds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fits one member; its predictions out of fold.

        A Gaussian process knows them in closed form. Others are fitted once per fold, and those fits together are the
        member: a bag costs no more than cross-validation, and is steadier than one fit on everything.
        """
        learner = make(self.seed)
        if isinstance(learner, GaussianProcess) and learner.fit(blocks, targets).used:
            self.fitted.append([learner])
            return learner.held_out(folds)
        mean, std = np.zeros(len(targets)), np.zeros(len(targets))
        bag: list[Learner] = []
        for fold in range(folds.max() + 1):
            inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            bag.append(make(self.seed + fold).fit(rows_of(blocks, inside), targets[inside]))
            mean[outside], std[outside] = bag[-1].predict(rows_of(blocks, outside))
        self.fitted.append(bag)
        return mean, std

    def _weigh(self, means: np.ndarray, stds: np.ndarray, targets: np.ndarray) -> None:
        """Weights, the scale of each member, and the line and factor that calibrate their sum; from (members, n)."""
        self.scale = np.maximum(means.std(1), 0.05)
        taus = np.array([kendall_tau(mean, targets) for mean in means])
        self.weights = dict(zip(self.members, trusted_by(taus, len(targets)).tolist(), strict=True))
        self.slope = 1.0
        mean, std = self._combine(means, stds)
        variance = float(mean @ mean)
        self.slope = float(np.clip(mean @ targets / variance, 0.05, 1.5)) if variance > 0 else 1.0
        mean *= self.slope
        error = np.abs(targets - mean) / np.maximum(std, 1e-6)
        self.inflation = float(np.clip(np.quantile(error, 0.683), 0.2, 20.0))
        self.out_of_fold = self._in_scores(mean, std * self.inflation)

    def _combine(self, means: np.ndarray, stds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weighted mean of members in their own scales, and a raw deviation: (members, m) -> (m,), (m,)."""
        weights = np.array(list(self.weights.values()))
        scaled = means / self.scale[:, None]
        mean = weights @ scaled
        own = weights @ stds**2
        spread = weights @ (scaled - mean) ** 2
        return self.slope * mean, np.sqrt(own + spread + 0.01)

    def _in_scores(self, mean: np.ndarray, std: np.ndarray) -> Prediction:
        return Prediction(self.labels.scores(mean), np.maximum(self.labels.deviations(mean, std), 0.0))


def trusted_by(taus: np.ndarray, labels: int) -> np.ndarray:
    """Weights of (members,) by their Kendall's tau out of fold; equal ones where labels are few."""
    trust = np.clip((labels - NO_WEIGHTS) / (FULL_WEIGHTS - NO_WEIGHTS), 0, 1)
    weights = np.exp(trust * (taus - taus.max()) / TEMPERATURE)
    return weights / weights.sum()


def _folds(count: int, seed: int) -> np.ndarray:
    """(n,) fold of each row, of even sizes, drawn from the seed."""
    folds = np.arange(count) % min(FOLDS, count)
    np.random.default_rng(seed).shuffle(folds)
    return folds


def _mean_of(each: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the means, and root of the mean variance. The spread of a bag is left out: out of fold there is none."""
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
