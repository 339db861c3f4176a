"""Gradient boosting of trees on binned columns, scikit-learn's: the usual first pick for tables.

Friedman (2001), https://doi.org/10.1214/aos/1013203451; histograms as in LightGBM (Ke et al. 2017).
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.baselines.examples import and_notes, at_most, flat, for_all_classes, joined
from nas.baselines.fitted import Fitted
from nas.baselines.threads import fastest
from nas.data.dataset import Split, TrainingData
from nas.training.score import score
from search_spaces.task import Task

RATE = 0.06
FIRST = 15  # rounds before the first look at the validation split
GROWTH = 1.35  # each look comes after so many times as many rounds
MOST_ROUNDS = 1_000
PATIENCE = 3  # looks without progress
MOST_OUTPUTS = 100  # classes: each round grows a tree for each
MOST_VALUES = 16  # of a regression: each has trees of its own
MANY_FEATURES = 200  # from here on every split looks at a part of them
PER_ROUND = 3e-9  # seconds for one number and tree, about
ROUNDS_WANTED = 40
TRIED = 2_000  # rows that tell how many threads are faster


@dataclass(frozen=True)
class GradientBoosting:
    """As many rounds as are best on the validation split; fewer examples where 40 rounds would not fit the time."""

    name: str = "gradient_boosting"
    label: str = "gradient boosting"

    def fits(self, task: Task) -> bool:
        """Real inputs; up to 100 classes or 16 values."""
        return boosts(task)

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """Grows step by step, with a look at the validation split and the clock in between."""
        began, task = time.monotonic(), data.task
        most = most_examples(task, seconds)
        train, note = at_most(data.train, task, most, seed)
        grown = _grown(train, data.validation, task, seed, began + (0.55 if refit else 0.9) * seconds)
        predict = grown.predict
        value = score(task, predict(data.validation.inputs), data.validation.targets)
        both, _ = at_most(joined(data), task, most, seed)
        again = refit and time.monotonic() - began + grown.seconds * len(both) / len(train) < seconds
        if again:
            predict = _trained(both, task, grown.rounds, seed, grown.predict.threads)
        stopped = f"stopped by the time after {grown.rounds} rounds" if grown.cut else ""
        spent = time.monotonic() - began
        return Fitted(self.name, self.label, predict, value, again, spent, and_notes(note, stopped))


def boosts(task: Task) -> bool:
    """Whether trees can do the task at all."""
    most = MOST_OUTPUTS if task.kind == "classification" else MOST_VALUES
    return not task.vocabulary and task.outputs <= most


def most_examples(task: Task, seconds: float) -> float:
    """So many that `ROUNDS_WANTED` rounds take less than half the time."""
    features = int(np.prod(task.input_shape))
    looked_at = features if features <= MANY_FEATURES else max(MANY_FEATURES, features * part_of(features))
    trees = 1 if task.kind == "classification" and task.outputs == 2 else task.outputs
    return 0.5 * seconds / (ROUNDS_WANTED * PER_ROUND * looked_at * trees)


def part_of(features: int) -> float:
    """Share of the columns that a split may choose from."""
    return 1.0 if features <= MANY_FEATURES else max(0.1, MANY_FEATURES / features)


@dataclass(frozen=True, eq=False)
class Boosted:
    """Models of scikit-learn: one for classes, one for each value of a regression."""

    models: tuple[Any, ...]
    task: Task
    threads: int

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, …)` to `(n, outputs)`: probabilities or values."""
        from threadpoolctl import threadpool_limits

        rows = flat(inputs)
        if not len(rows):
            return np.empty((0, self.task.outputs), dtype=np.float32)
        with threadpool_limits(self.threads, user_api="openmp"):
            if self.task.kind == "classification":
                model = self.models[0]
                return for_all_classes(model.predict_proba(rows), model.classes_, self.task.outputs)
            return np.stack([model.predict(rows) for model in self.models], axis=1).astype(np.float32)

    def train(self, split: Split, rounds: int) -> None:
        """Goes on to so many rounds in all."""
        from threadpoolctl import threadpool_limits

        columns = [split.targets]
        if self.task.kind != "classification":
            columns = list(split.targets.reshape(len(split), self.task.outputs).T)
        with threadpool_limits(self.threads, user_api="openmp"):
            for model, targets in zip(self.models, columns, strict=True):
                model.set_params(max_iter=rounds).fit(flat(split.inputs), targets)


@dataclass(frozen=True, eq=False)
class Grown:
    """A boosted model with the best number of rounds.

    Args:
        seconds: that its last step took, as an estimate of training it from the beginning.
        cut: whether the time ended it.
    """

    predict: Boosted
    rounds: int
    seconds: float
    cut: bool


def _grown(train: Split, held: Split, task: Task, seed: int, deadline: float) -> Grown:
    """Adds rounds until the held-out split has shown no progress for some looks, or until the deadline."""
    growing = _untrained(task, seed, len(train), _threads(train, task, seed))
    best: Grown | None = None
    least, worse, rounds, total = np.inf, 0, FIRST, 0.0
    while True:
        began = time.monotonic()
        growing.train(train, rounds)
        total += time.monotonic() - began
        fault = fault_of(task, growing(held.inputs), held.targets)
        took = time.monotonic() - began
        if best is None or fault < least:
            best, least, worse = Grown(copy.deepcopy(growing), rounds, total, True), fault, 0
        else:
            worse += 1
        if worse >= PATIENCE or rounds >= MOST_ROUNDS:
            return Grown(best.predict, best.rounds, best.seconds, False)
        if time.monotonic() + GROWTH * took > deadline:
            return best
        rounds = min(MOST_ROUNDS, int(rounds * GROWTH) + 1)


def fault_of(task: Task, outputs: np.ndarray, targets: np.ndarray) -> float:
    """What is least at the best number of rounds.

    Mean squared error for values, mean negative logarithm of the right class's probability for two classes. For more
    classes the share of wrong answers, the logarithm only between equal ones: on Fashion-MNIST-10k the logarithm is
    best after 50 rounds with .854 right, while after 200 it is .872 (LightGBM, rate .1).
    """
    if task.kind != "classification":
        return float(((outputs - targets.reshape(outputs.shape)) ** 2).mean())
    surprise = float(-np.log(np.maximum(outputs[np.arange(len(targets)), targets], 1e-7)).mean())
    return surprise if task.outputs == 2 else float((outputs.argmax(axis=1) != targets).mean()) + 1e-6 * surprise


def _trained(split: Split, task: Task, rounds: int, seed: int, threads: int) -> Boosted:
    model = _untrained(task, seed, len(split), threads)
    model.train(split, rounds)
    return model


def _threads(split: Split, task: Task, seed: int) -> int:
    few = at_most(split, task, TRIED, seed)[0]
    return fastest(int(split.inputs.size), lambda count: _trained(few, task, 2, seed, count))


def _untrained(task: Task, seed: int, examples: int, threads: int) -> Boosted:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    settings = {
        "learning_rate": RATE,
        "early_stopping": False,
        "warm_start": True,
        "max_features": part_of(int(np.prod(task.input_shape))),
        "min_samples_leaf": 20 if examples >= 500 else 5,
        "random_state": seed,
    }
    if task.kind == "classification":
        return Boosted((HistGradientBoostingClassifier(**settings),), task, threads)
    return Boosted(tuple(HistGradientBoostingRegressor(**settings) for _ in range(task.outputs)), task, threads)
