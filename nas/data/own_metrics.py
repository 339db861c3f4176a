"""Metrics that are not ours: a person's own function, a metric of torchmetrics, a scorer of scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nas.config.metric import inside, words
from nas.config.own_code import made_of
from nas.config.own_metric import Metric, is_torchmetric, registered
from nas.config.reason import reason
from nas.data.probabilities import probabilities
from nas.data.scorers import score_by
from nas.data.torchmetric import value_by
from nas.errors import InputError
from search_spaces.task import Task


class MetricFailed(Exception):
    """A metric that is not ours raised, or gave no number."""


def own_metric(task: Task) -> Callable[[np.ndarray, np.ndarray], float]:
    """The metric that a task names; higher is better.

    Raises:
        InputError: it is code that is not loaded here.
    """
    metric = registered(task.metric)
    if metric is None and task.metric.endswith(")"):
        raise InputError(f"The metric {words(task.metric)} is a person's own code, which is not here. Open its search.")

    def score(outputs: np.ndarray, targets: np.ndarray) -> float:
        try:
            value = np.asarray(_value(metric, task, outputs, targets))
            if value.ndim:
                raise TypeError(f"it must give one number, not an array of shape {value.shape}")
            found = float(value)
        except Exception as error:  # whatever a person's own code raises
            raise MetricFailed(f"The metric {words(task.metric)} raised {reason(error).rstrip('.')}.") from error
        if not math.isfinite(found):
            raise MetricFailed(f"The metric {words(task.metric)} gave {found}, which is no number to compare by.")
        return found if metric is None else inside(task.metric, found)

    return score


def _value(metric: Metric | None, task: Task, outputs: np.ndarray, targets: np.ndarray) -> Any:
    """What the metric says, a scorer with its sign."""
    true, said, likely = _read(task, outputs, targets)
    if metric is None:
        return _by_scorer(task, true, said, likely)
    function = made_of(metric.function)
    if is_torchmetric(getattr(function, "func", function)):
        return value_by(function, task, true, said if likely is None else likely)
    return function(true, likely if metric.takes == "probabilities" and likely is not None else said)


def _read(task: Task, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """True values, predictions, and probabilities of classes and labels; None of values."""
    if task.kind == "classification":
        return targets, outputs.argmax(axis=1), probabilities(outputs)
    if task.kind == "multilabel":
        likely = 1.0 / (1.0 + np.exp(-outputs.astype(np.float64)))
        return targets.astype(np.int64), (outputs > 0).astype(np.int64), likely
    true = targets.reshape(outputs.shape)
    return (true[:, 0], outputs[:, 0], None) if outputs.shape[1] == 1 else (true, outputs, None)


def _by_scorer(task: Task, true: np.ndarray, said: np.ndarray, likely: np.ndarray | None) -> float:
    classes = np.arange(task.outputs) if task.kind == "classification" else None
    if classes is not None and likely is not None and task.positive is not None and task.outputs == 2:
        chosen = task.positive  # scorers of two classes look for class 1
        true, said = (true == chosen).astype(np.int64), (said == chosen).astype(np.int64)
        likely = likely[:, [1 - chosen, chosen]]
    return score_by(task.metric, true, classes, said, likely if likely is not None else said)
