"""Metrics of outputs against targets; every one is higher when it is better, errors have a minus.

Definitions: https://scikit-learn.org/stable/modules/model_evaluation.html
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nas.config.metric import is_bounded
from nas.data.own_metrics import MetricFailed, own_metric
from nas.data.probabilities import probabilities
from search_spaces.task import LANGUAGE, Forecast, Task

SMALLEST = 1e-15  # probability that a logarithm is taken of
CHUNK = 4_000_000  # logits at a time
NOTHING_KNOWN = 0.5  # area under a curve where a class is missing


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Share of the examples whose largest output is their class."""
    return float((outputs.argmax(axis=1) == targets).mean())


def balanced_accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Mean over the classes that occur of the share of their examples that is found."""
    right = outputs.argmax(axis=1) == targets
    return float(np.mean([right[targets == label].mean() for label in np.unique(targets)]))


def log_loss(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Minus the mean negative log-probability of the true class, in nats: the mean log-probability."""
    true = probabilities(outputs)[np.arange(len(targets)), targets]
    return float(np.log(np.maximum(true, SMALLEST)).mean())


def macro_f1(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Mean over the classes of the harmonic mean of precision and recall; 0 for a class that is never found."""
    said, found = outputs.argmax(axis=1), []
    for label in np.union1d(np.unique(targets), np.unique(said)):
        both = int(((said == label) & (targets == label)).sum())
        found.append(2 * both / int((said == label).sum() + (targets == label).sum()))
    return float(np.mean(found))


def _each_class(curve: Callable[[np.ndarray, np.ndarray], float], positive: int | None) -> Callable[..., float]:
    """One class against the rest: of two classes the second, or `positive`; of more the mean."""

    def mean(outputs: np.ndarray, targets: np.ndarray) -> float:
        likely = probabilities(outputs)
        classes = [positive] if positive is not None else [1] if likely.shape[1] == 2 else range(likely.shape[1])
        values = [
            curve(likely[:, label], targets == label)
            for label in classes
            if 0 < (targets == label).sum() < len(targets)
        ]
        return float(np.mean(values)) if values else NOTHING_KNOWN

    return mean


def _area(likely: np.ndarray, true: np.ndarray) -> float:
    """Probability that an example of the class is ranked above another one."""
    from scipy.stats import rankdata  # slow to import, and every worker imports this file

    ranks, positives = rankdata(likely), int(true.sum())
    return float((ranks[true].sum() - positives * (positives + 1) / 2) / (positives * (len(true) - positives)))


def _precision(likely: np.ndarray, true: np.ndarray) -> float:
    """Precision, averaged over the recall that every threshold gains."""
    order = np.argsort(-likely, kind="stable")
    hits, ranked = np.cumsum(true[order]), likely[order]
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True))  # equal outputs have one threshold
    gained = np.diff(hits[ends], prepend=0) / hits[-1]
    return float((gained * hits[ends] / (ends + 1)).sum())


def label_accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Share of all labels of all examples that are right; an output above 0 says yes."""
    return float(((outputs > 0) == (targets > 0.5)).mean())


def micro_f1(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Harmonic mean of precision and recall over all labels of all examples."""
    said, true = outputs > 0, targets > 0.5
    total = int(said.sum() + true.sum())
    return float(2 * (said & true).sum() / total) if total else 1.0


def r2(outputs: np.ndarray, targets: np.ndarray) -> float:
    """R² averaged over the outputs: at most 1, can be negative."""
    outputs, targets = outputs.astype(np.float64), targets.reshape(outputs.shape).astype(np.float64)
    residual = ((targets - outputs) ** 2).sum(axis=0)
    spread = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
    return float(np.mean(1.0 - residual / np.where(spread > 0, spread, 1.0)))


def rmse(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Minus the root of the mean squared error, averaged over the outputs, in the targets' unit."""
    errors = outputs.astype(np.float64) - targets.reshape(outputs.shape)
    return -float(np.sqrt((errors**2).mean(axis=0)).mean())


def mae(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Minus the mean absolute error, in the targets' unit."""
    return -float(np.abs(outputs.astype(np.float64) - targets.reshape(outputs.shape)).mean())


def smape(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Minus the symmetric mean absolute percentage error, 0 to 200; two zeros are no error.

    As in the M4 competition: https://doi.org/10.1016/j.ijforecast.2019.04.014
    """
    outputs, targets = outputs.astype(np.float64), targets.reshape(outputs.shape).astype(np.float64)
    size = np.abs(outputs) + np.abs(targets)
    return -float(np.mean(200.0 * np.abs(outputs - targets) / np.where(size > 0, size, 1.0)))


def mase(forecast: Forecast) -> Callable[[np.ndarray, np.ndarray], float]:
    """Minus the mean absolute scaled error: 1 is what repeating the last season errs in the training part.

    Source: Hyndman and Koehler, https://doi.org/10.1016/j.ijforecast.2006.03.001
    """
    units = np.repeat(forecast.errors, forecast.horizon)

    def scaled(outputs: np.ndarray, targets: np.ndarray) -> float:
        missed = np.abs(outputs.astype(np.float64) - targets.reshape(outputs.shape))
        return -float((missed / units).mean())

    return scaled


def nats(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Minus the log-probability of what follows, summed over each window of a text: float64 `(n,)`.

    Args:
        outputs: logits `(n, vocabulary, length)`. targets: tokens `(n, length)`.
    """
    found = np.empty(len(outputs))
    step = max(1, CHUNK // max(1, outputs[:1].size))
    for start in range(0, len(outputs), step):
        values = outputs[start : start + step].astype(np.float64)
        top = values.max(axis=1)
        whole = top + np.log(np.exp(values - top[:, None]).sum(axis=1))
        true = np.take_along_axis(values, targets[start : start + step, None], axis=1)[:, 0]
        found[start : start + step] = (whole - true).sum(axis=1)
    return found


def characters(task: Task, targets: np.ndarray) -> np.ndarray:
    """How many characters stand in each window of a text: float64 `(n,)`."""
    each = np.array(task.characters)[targets] if task.characters else np.ones(targets.shape)
    return np.asarray(each.sum(axis=1), np.float64)


def _per_character(task: Task) -> Callable[[np.ndarray, np.ndarray], float]:
    """Minus the nats, or bits, that a character of a text costs."""
    unit = np.log(2) if task.metric == "bits_per_character" else 1.0
    return lambda outputs, targets: (
        -float(nats(outputs, targets).sum() / unit / max(1.0, characters(task, targets).sum()))
    )


def metric_for(task: Task) -> Callable[[np.ndarray, np.ndarray], float]:
    """The task's metric; of several targets the mean of their own metrics, each on its outputs and true values."""
    if task.kind == LANGUAGE:
        return _per_character(task)
    if task.metric == "mase" and task.forecast is not None:
        return mase(task.forecast)
    if not is_bounded(task.metric):
        return own_metric(task)
    if not task.targets:
        return metric_of(task.metric, task.positive)

    def mean_score(outputs: np.ndarray, targets: np.ndarray) -> float:
        return float(np.mean(list(scores_by_target(task, outputs, targets).values())))

    return mean_score


def score_or_nan(task: Task, outputs: np.ndarray, targets: np.ndarray) -> float:
    """The task's score; NaN where a person's own metric has none for these."""
    try:
        return metric_for(task)(outputs, targets)
    except MetricFailed:
        return math.nan


def scores_by_target(task: Task, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The score of each of several targets by its own metric.

    Args:
        outputs: `(n, task.outputs)`. targets: `(n, columns)`, see `Task.targets`.
    """
    said, true, found = task.output_slices(), task.target_slices(), {}
    for one in task.targets:
        values = targets[:, true[one.name]]
        values = values[:, 0].astype(np.int64) if one.kind == "classification" else values
        found[one.name] = metric_of(one.metric)(outputs[:, said[one.name]], values)
    return found


def metric_of(name: str, positive: int | None = None) -> Callable[[np.ndarray, np.ndarray], float]:
    """The metric of this name, of `nas.config.metric.METRICS`.

    Args:
        positive: number of the class that curves are drawn for.
    """
    if name == "roc_auc":
        return _each_class(_area, positive)
    if name == "average_precision":
        return _each_class(_precision, positive)
    return _PLAIN[name]


_PLAIN = {
    "accuracy": accuracy, "balanced_accuracy": balanced_accuracy, "log_loss": log_loss, "macro_f1": macro_f1,
    "label_accuracy": label_accuracy, "micro_f1": micro_f1, "r2": r2, "rmse": rmse, "mae": mae, "smape": smape,
}  # fmt: skip
