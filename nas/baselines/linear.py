"""A linear map of scaled inputs: logistic regression for classes, ridge regression for values."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.baselines import ridge
from nas.baselines.examples import Scaling, and_notes, at_most, flat, for_all_classes, joined, signs
from nas.baselines.fitted import Fitted
from nas.data.dataset import Split, TrainingData
from nas.training.score import score
from search_spaces.task import Task

STRENGTHS = (
    1e-5,
    1e-4,
    1e-3,
    1e-2,
    1e-1,
    1.0,
    10.0,
)  # scikit-learn's C: weak weights first, each goes on from the last
STEPS = 20  # of L-BFGS between two looks at the clock
MOST_STEPS = 200
PER_STEP = 2e-10  # seconds for one example, feature and class
MOST_NUMBERS = 400_000_000


@dataclass(frozen=True)
class Linear:
    """Every input number has one weight for each output."""

    name: str = "linear"
    label: str = "a linear model"

    def fits(self, task: Task) -> bool:
        """Real inputs."""
        return not task.vocabulary

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """The penalty on the validation split, or by leaving one out; fewer examples where the time is short."""
        return (_logistic if data.task.kind == "classification" else _least_squares)(self, data, seconds, seed, refit)


def _logistic(pick: Linear, data: TrainingData, seconds: float, seed: int, refit: bool) -> Fitted:
    from sklearn.linear_model import LogisticRegression

    began = time.monotonic()
    features = int(np.prod(data.task.input_shape))
    steps = 3 * STEPS * len(STRENGTHS)
    most = min(seconds / (steps * PER_STEP * features * data.task.outputs), MOST_NUMBERS / features)
    train, note = at_most(data.train, data.task, most, seed)
    scaling = Scaling.of(flat(train.inputs))
    x, held = scaling(flat(train.inputs)), scaling(flat(data.validation.inputs))
    model = LogisticRegression(C=STRENGTHS[0], warm_start=True, tol=1e-3)
    best, strength, worse, cut = -np.inf, STRENGTHS[0], 0, False
    predict = LogisticPrediction(scaling, np.empty(0), np.empty(0), np.empty(0), data.task.outputs)
    for tried in STRENGTHS:
        model.C = tried
        cut = not _converged(model, x, train.targets, began + (0.6 if refit else 1.0) * seconds)
        now = LogisticPrediction.of(scaling, model, data.task.outputs)
        value = score(data.task, now.of_rows(held), data.validation.targets)
        if value > best:
            best, strength, predict, worse = value, tried, now, 0
        else:
            worse += 1
        if worse == 2 or cut:
            break
    spent = time.monotonic() - began
    again = refit and spent < 0.8 * seconds
    if again:
        both = at_most(joined(data), data.task, most, seed)[0]
        scaling = Scaling.of(flat(both.inputs))
        model = LogisticRegression(C=strength, warm_start=True, tol=1e-3)
        again = _converged(model, scaling(flat(both.inputs)), both.targets, began + seconds)
        predict = LogisticPrediction.of(scaling, model, data.task.outputs) if again else predict
    stopped = "stopped before the best penalty was found" if cut else ""
    spent = time.monotonic() - began
    return Fitted(pick.name, pick.label, predict, best, again, spent, and_notes(note, stopped))


def _converged(model: Any, x: np.ndarray, y: np.ndarray, deadline: float) -> bool:
    """Trains on until nothing changes or enough steps are done; False when the deadline came first."""
    from sklearn.exceptions import ConvergenceWarning

    model.max_iter = STEPS
    for _ in range(MOST_STEPS // STEPS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, y)
        if int(np.max(model.n_iter_)) < STEPS:
            return True
        if time.monotonic() > deadline:
            return False
    return True


@dataclass(frozen=True, eq=False)
class LogisticPrediction:
    """Probabilities of the classes.

    Args:
        weights: `(seen classes, features)`. offset, classes: `(seen classes,)`.
    """

    scaling: Scaling
    weights: np.ndarray
    offset: np.ndarray
    classes: np.ndarray
    outputs: int

    @classmethod
    def of(cls, scaling: Scaling, model: Any, outputs: int) -> LogisticPrediction:
        """From a trained `LogisticRegression`; two classes share one row there."""
        weights, offset = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
        if len(weights) == 1:
            weights, offset = np.concatenate([0 * weights, weights]), np.concatenate([0 * offset, offset])
        return cls(scaling, weights, offset, model.classes_, outputs)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, …)` to `(n, outputs)`."""
        return self.of_rows(self.scaling(flat(inputs)))

    def of_rows(self, rows: np.ndarray) -> np.ndarray:
        """Scaled rows `(n, features)` to `(n, outputs)`."""
        logits = rows @ self.weights.T + self.offset
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return for_all_classes(raised / raised.sum(axis=1, keepdims=True), self.classes, self.outputs)


def _least_squares(pick: Linear, data: TrainingData, seconds: float, seed: int, refit: bool) -> Fitted:
    began = time.monotonic()
    features = int(np.prod(data.task.input_shape))
    most: float = min(len(data.train), MOST_NUMBERS // features)
    while most > 100 and ridge.seconds_needed(int(most), features, len(data.validation), refit) > 0.8 * seconds:
        most /= 2
    train, note = at_most(data.train, data.task, most, seed)
    x, y = flat(train.inputs), signs(train.targets, data.task)
    held = flat(data.validation.inputs)
    if min(x.shape) <= ridge.MOST_DECOMPOSED:
        model = ridge.fitted_by_leaving_one_out(x, y)
    else:
        deadline = began + 0.6 * seconds
        model = ridge.fitted_by_validation(x, y, held, signs(data.validation.targets, data.task), deadline)
    value = score(data.task, model(held), data.validation.targets)
    again = refit and time.monotonic() - began < 0.7 * seconds
    if again:
        both: Split = at_most(joined(data), data.task, most + len(data.validation) if not note else most, seed)[0]
        model = ridge.fitted(flat(both.inputs), signs(both.targets, data.task), model.penalty)
    predict = LinearPrediction(model)
    return Fitted(pick.name, pick.label, predict, value, again, time.monotonic() - began, note)


@dataclass(frozen=True, eq=False)
class LinearPrediction:
    """Values in the targets' own scale."""

    model: ridge.Ridge

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, …)` to `(n, outputs)`."""
        return self.model(flat(inputs))
