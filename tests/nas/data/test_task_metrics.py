"""Metrics against scikit-learn's, on random outputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as reference

from nas.config.metric import ERRORS, METRICS, shown, words
from nas.data.metrics import metric_of, probabilities

N = 60


def case(classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    outputs = rng.normal(size=(N, classes)).round(1)  # rounded: equal outputs occur
    return outputs, rng.permutation(np.arange(N) % classes)


ORACLES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "accuracy": lambda o, y: reference.accuracy_score(y, o.argmax(1)),
    "balanced_accuracy": lambda o, y: reference.balanced_accuracy_score(y, o.argmax(1)),
    "macro_f1": lambda o, y: reference.f1_score(y, o.argmax(1), average="macro"),
    "log_loss": lambda o, y: -reference.log_loss(y, probabilities(o)),
    "roc_auc": lambda o, y: (
        reference.roc_auc_score(y, probabilities(o)[:, 1])
        if o.shape[1] == 2
        else reference.roc_auc_score(y, probabilities(o), multi_class="ovr")
    ),
    "average_precision": lambda o, y: (
        reference.average_precision_score(y, probabilities(o)[:, 1])
        if o.shape[1] == 2
        else np.mean([reference.average_precision_score(y == k, probabilities(o)[:, k]) for k in range(o.shape[1])])
    ),
}


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_metrics_of_classes(name: str, classes: int, seed: int) -> None:
    outputs, y = case(classes, seed)
    assert metric_of(name)(outputs, y) == pytest.approx(ORACLES[name](outputs, y))


@pytest.mark.parametrize("positive", [0, 1, 2])
def test_a_curve_may_be_of_one_class(positive: int) -> None:
    outputs, y = case(3, 0)
    expected = reference.roc_auc_score(y == positive, probabilities(outputs)[:, positive])
    assert metric_of("roc_auc", positive)(outputs, y) == pytest.approx(expected)


def test_probabilities_are_taken_as_they_are() -> None:
    outputs, y = case(3, 0)
    likely = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(probabilities(likely), likely)
    np.testing.assert_allclose(probabilities(outputs), likely)
    assert metric_of("log_loss")(likely, y) == pytest.approx(metric_of("log_loss")(outputs, y))


@pytest.mark.parametrize("outputs", [1, 3])
def test_metrics_of_real_values(outputs: int) -> None:
    rng = np.random.default_rng(0)
    said, y = rng.normal(size=(N, outputs)), rng.normal(size=(N, outputs))
    assert metric_of("r2")(said, y) == pytest.approx(reference.r2_score(y, said))
    assert metric_of("mae")(said, y) == pytest.approx(-reference.mean_absolute_error(y, said))
    assert metric_of("rmse")(said, y) == pytest.approx(-reference.root_mean_squared_error(y, said))


def test_metrics_of_labels() -> None:
    rng = np.random.default_rng(0)
    said, y = rng.normal(size=(N, 4)), rng.integers(0, 2, (N, 4))
    assert metric_of("label_accuracy")(said, y) == pytest.approx(1 - reference.hamming_loss(y, said > 0))
    assert metric_of("micro_f1")(said, y) == pytest.approx(reference.f1_score(y, said > 0, average="micro"))


def test_every_metric_is_higher_for_the_truth_and_shown_in_its_unit() -> None:
    rng = np.random.default_rng(0)
    truths = {
        "classification": (np.eye(3)[np.arange(N) % 3] * 9, np.arange(N) % 3),
        "multilabel": ((TAGS := rng.integers(0, 2, (N, 3))) * 2.0 - 1, TAGS),
        "regression": ((values := rng.normal(size=(N, 2))), values),
    }
    truths["forecasting"] = truths["regression"]
    # the score of several targets is made of theirs; outputs of a language have another shape: test_language.py
    assert {*METRICS} == {*truths, "several", "language"}
    for kind, (outputs, y) in truths.items():
        names = [name for name in METRICS[kind] if name != "mase"]  # its unit is the task's: test_forecasting.py
        for name in names:
            best, other = metric_of(name)(outputs, y), metric_of(name)(rng.normal(size=outputs.shape), y)
            assert best > other, name
            assert words(name) and (float(shown(name, other)) >= 0 or name not in ERRORS)
