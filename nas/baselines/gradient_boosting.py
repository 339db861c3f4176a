"""Gradient boosting of trees on binned columns, scikit-learn's: the usual first pick for tables.

Friedman (2001), https://doi.org/10.1214/aos/1013203451; histograms as in LightGBM (Ke et al. 2017).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.baselines.examples import and_notes, at_most, flat, for_all_classes, joined
from nas.baselines.fitted import Fitted
from nas.data.dataset import Split, TrainingData
from nas.training.score import score
from search_spaces.task import Task

RATE = 0.06
FIRST = 10  # rounds before the first look at the validation split
GROWTH = 1.35  # each look comes after so many times as many rounds
MOST_ROUNDS = 1_000
PATIENCE = 3  # looks without a better score
MOST_OUTPUTS = 100  # classes: each round grows a tree for each
MOST_VALUES = 16  # of a regression: each has trees of its own
MANY_FEATURES = 200  # from here on every split looks at a part of them
PER_ROUND = 3e-9  # seconds for one number and tree, about
ROUNDS_WANTED = 40


@dataclass(frozen=True)
class GradientBoosting:
    """As many rounds as are best on the validation split; fewer examples where 40 rounds would not fit the time."""

    name: str = "gradient_boosting"
    label: str = "gradient boosting"

    def fits(self, task: Task) -> bool:
        """Real inputs; up to 100 classes or 16 values."""
        return boosts(task)

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """Grows the model step by step, and looks at the validation split and the clock in between."""
        began = time.monotonic()
        task = data.task
        train, note = at_most(data.train, task, most_examples(task, seconds), seed)
        x, held = flat(train.inputs), flat(data.validation.inputs)
        models = [_model(task, seed, x.shape[1]) for _ in range(_count(task))]
        deadline = began + (0.5 if refit else 0.9) * seconds
        best, best_rounds, worse, rounds, previous, last = -np.inf, FIRST, 0, FIRST, 0, 0.0
        predict: Callable[[np.ndarray], np.ndarray] | None = None
        while True:
            step = time.monotonic()
            for place, model in enumerate(models):
                model.set_params(max_iter=rounds).fit(x, _column(train, task, place))
            value, least = _judged(models, held, data.validation, task)
            if -least > best:
                best, best_rounds, worse, best_value = -least, rounds, 0, value
            else:
                worse += 1
            last, previous = time.monotonic() - step, rounds
            rounds = min(MOST_ROUNDS, int(rounds * GROWTH) + 1)
            if worse >= PATIENCE or previous == MOST_ROUNDS or time.monotonic() + GROWTH * last > deadline:
                break
        cut = worse == 0 and previous < MOST_ROUNDS
        spent = time.monotonic() - began
        del predict
        return _finished(self, data, train, note, seed, refit, seconds, began, best_rounds, best_value, cut, spent)


def boosts(task: Task) -> bool:
    """Whether trees can do the task at all."""
    most = MOST_OUTPUTS if task.kind == "classification" else MOST_VALUES
    return not task.vocabulary and task.outputs <= most


def most_examples(task: Task, seconds: float) -> float:
    """So many that `ROUNDS_WANTED` rounds take less than half the time."""
    features = min(int(np.prod(task.input_shape)), 10 * MANY_FEATURES)
    trees = 1 if task.kind == "classification" and task.outputs == 2 else task.outputs
    return 0.5 * seconds / (ROUNDS_WANTED * PER_ROUND * features * trees)
