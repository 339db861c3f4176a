"""Metrics that are not ours: how they are named, what they are given, which direction counts, what is refused."""

from __future__ import annotations

import functools
import math
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, log_loss, mean_absolute_error

import nas
from nas.config.data_options import DataOptions
from nas.config.metric import inside, is_bounded, is_error, shown, words
from nas.config.own_metric import Metric
from nas.config.scorer_names import scorer_names
from nas.config.search_config import SearchConfig
from nas.data.load import load
from nas.data.metrics import metric_for, metric_of, score_or_nan
from nas.data.own_metrics import MetricFailed
from nas.errors import InputError
from search_spaces.task import Task

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(3, size=200)
LOGITS = RNG.normal(size=(200, 3)).astype(np.float32) + 2 * np.eye(3, dtype=np.float32)[CLASSES]
BY_KIND = {  # scorers of scikit-learn that fit each kind of targets
    "classification": (
        "accuracy", "balanced_accuracy", "f1_macro", "f1_micro", "f1_weighted", "jaccard_macro", "matthews_corrcoef",
        "neg_log_loss", "precision_macro", "recall_macro", "roc_auc_ovo", "roc_auc_ovr", "top_k_accuracy",
    ),
    "multilabel": ("f1_micro", "f1_samples", "jaccard_samples", "precision_samples"),
    "regression": (
        "explained_variance", "neg_mean_absolute_error", "neg_mean_squared_error", "neg_median_absolute_error", "r2",
        "neg_root_mean_squared_error",
    ),
}  # fmt: skip


def gain(y_true: np.ndarray, prediction: np.ndarray) -> float:
    return float((y_true == prediction).sum())


def cost(y_true: np.ndarray, prediction: np.ndarray, each: float = 2.0) -> float:
    return each * float((y_true != prediction).sum())


def surprise(y_true: np.ndarray, likely: np.ndarray) -> float:
    return float(log_loss(y_true, likely, labels=range(likely.shape[1])))


def nothing(y_true: np.ndarray, prediction: np.ndarray) -> float:
    return math.nan


def each(y_true: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return y_true == prediction


def text(y_true: np.ndarray, prediction: np.ndarray) -> str:
    return "good"


def raises(y_true: np.ndarray, prediction: np.ndarray) -> float:
    raise KeyError("no such class")


def chosen(metric: object, **said: object) -> str:
    """How a task names it."""
    found = DataOptions(metric=metric, **said).metric
    return found if isinstance(found, str) else found.text


def task_by(metric: object, **said: object) -> Task:
    return Task((4,), 3, metric=chosen(metric, **said))


def test_a_function_gets_true_values_and_predictions_and_counts_in_its_direction() -> None:
    right = int((LOGITS.argmax(axis=1) == CLASSES).sum())
    assert metric_for(task_by(gain, greater_is_better=True))(LOGITS, CLASSES) == right
    task = task_by(cost, greater_is_better=False)
    score = metric_for(task)(LOGITS, CLASSES)
    assert score == -2.0 * (200 - right)
    assert shown(task.metric, score) == f"{-score:.4f}" and words(task.metric) == "cost"
    assert is_error(task.metric) and not is_bounded(task.metric) and inside(task.metric, 3.0) == -3.0


def test_a_function_of_probabilities_gets_them() -> None:
    task = task_by(Metric(surprise, greater_is_better=False, takes="probabilities"))
    assert metric_for(task)(LOGITS, CLASSES) == pytest.approx(metric_of("log_loss")(LOGITS, CLASSES), abs=1e-6)


def test_a_partial_is_shown_with_its_arguments() -> None:
    task = task_by(functools.partial(cost, each=5.0), greater_is_better=False)
    assert words(task.metric) == "cost(each=5.0)"
    assert metric_for(task)(LOGITS, CLASSES) == 2.5 * metric_for(task_by(cost, greater_is_better=False))(
        LOGITS, CLASSES
    )


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in BY_KIND.items() for name in names])
def test_scorers_of_scikit_learn_say_what_scikit_learn_says(kind: str, name: str) -> None:
    """Each against scikit-learn's own function, called by hand."""
    assert name in scorer_names()
    outputs, targets = LOGITS, CLASSES
    if kind == "multilabel":
        targets = (RNG.random((200, 3)) < 0.4).astype(np.float32)
        outputs = (RNG.normal(size=(200, 3)) + targets).astype(np.float32)
    elif kind == "regression":
        targets = RNG.normal(size=(200, 3)).astype(np.float32)
        outputs = (targets + 0.1 * RNG.normal(size=(200, 3))).astype(np.float32)
    task = Task((4,), 3, kind, metric=chosen(name))
    said = {"classification": outputs.argmax(axis=1), "multilabel": outputs > 0, "regression": outputs}[kind]
    likely = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    by_hand = {
        "neg_log_loss": lambda: -log_loss(targets, likely),
        "top_k_accuracy": lambda: sklearn.metrics.top_k_accuracy_score(targets, likely),
        "roc_auc_ovr": lambda: sklearn.metrics.roc_auc_score(targets, likely, multi_class="ovr"),
        "roc_auc_ovo": lambda: sklearn.metrics.roc_auc_score(targets, likely, multi_class="ovo"),
        "matthews_corrcoef": lambda: sklearn.metrics.matthews_corrcoef(targets, said),
        "explained_variance": lambda: sklearn.metrics.explained_variance_score(targets, said),
    }
    stem, _, average = name.rpartition("_")
    if stem in ("f1", "jaccard", "precision", "recall"):
        expected = getattr(sklearn.metrics, f"{stem}_score")(targets, said, average=average)
    elif name in by_hand:
        expected = by_hand[name]()
    elif name.startswith("neg_"):
        expected = -getattr(sklearn.metrics, name.removeprefix("neg_"))(targets, said)
    else:
        expected = getattr(sklearn.metrics, f"{name}_score")(targets, said)
    assert metric_for(task)(outputs, targets) == pytest.approx(expected, abs=1e-6)


@given(st.integers(0, 1), st.integers(0, 2**31))
def test_scorers_of_two_classes_look_for_the_positive_one(positive: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets, outputs = rng.integers(2, size=50), rng.normal(size=(50, 2)).astype(np.float32)
    task = Task((4,), 2, metric="f1", positive=positive)
    expected = f1_score(targets, outputs.argmax(axis=1), pos_label=positive, zero_division=0)
    assert metric_for(task)(outputs, targets) == pytest.approx(expected)


def test_functions_of_scikit_learn_have_the_direction_that_it_states() -> None:
    assert DataOptions(metric=functools.partial(f1_score, average="macro")).metric.greater_is_better
    assert not DataOptions(metric=mean_absolute_error).metric.greater_is_better
    assert not DataOptions(metric="sklearn.metrics.mean_absolute_error").metric.greater_is_better
    assert words(chosen("neg_mean_absolute_error")) == "mean absolute error"
    assert shown(chosen("neg_mean_absolute_error"), -0.25) == "0.2500"


def test_values_of_one_output_come_without_an_axis() -> None:
    task = Task((4,), 1, "regression", metric=chosen(mean_absolute_error))
    outputs, targets = np.array([[1.0], [3.0]], np.float32), np.array([[2.0], [5.0]], np.float32)
    assert metric_for(task)(outputs, targets) == -1.5


def test_it_is_stored_with_the_question_and_travels_to_workers() -> None:
    metric = Metric(cost, greater_is_better=False)
    config = SearchConfig(options=DataOptions(metric=metric))
    again = SearchConfig.from_json(config.to_json())
    assert again == config and again.options.metric == metric
    assert pickle.loads(pickle.dumps(metric)) == metric
    assert DataOptions(metric=metric.text).metric == metric


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"metric": "f1_makro"}, "Did you mean 'f1_macro'"),
        ({"metric": "nowhere:cost"}, "No module named 'nowhere'"),
        (
            {"metric": gain},
            "Of the metric gain it is not known whether greater is better. Say `greater_is_better=True`",
        ),
        ({"metric": 3}, "`metric` must be a function"),
        ({"metric": lambda y, p: 0.0, "greater_is_better": True}, "must have a name by which it is found again"),
        ({"metric": "f1_macro", "greater_is_better": False}, "`greater_is_better` is for a function of your own"),
        ({"metric": "gone:cost (less is better)"}, "is code of your own that is not loaded here"),
    ],
)
def test_what_cannot_be_a_metric_is_refused(said: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(").replace(")", r"\)")):
        DataOptions(**said)


def test_a_word_for_what_it_takes_is_checked() -> None:
    with pytest.raises(InputError, match="Unknown input of a metric 'logits'"):
        Metric(gain, greater_is_better=True, takes="logits")


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (nothing, "The metric nothing gave nan, which is no number to compare by"),
        (text, "could not convert string to float: 'good'"),
        (each, r"it must give one number, not an array of shape \(\d+,\)"),
        (raises, r"(?s)KeyError: 'no such class'.*test_own_metrics.py, line \d+: raise KeyError"),
        (f1_score, "Target is multiclass but average='binary'"),
        (mean_absolute_error, ""),
    ],
)
def test_a_metric_that_cannot_work_is_refused_when_the_data_is_read(metric: object, message: str) -> None:
    options = {"metric": metric, "greater_is_better": metric is not mean_absolute_error}
    if not message:
        assert load("digits", **options).schema.metric == chosen(**options)
        return
    with pytest.raises(InputError, match=message):
        load("digits", **options)


def test_one_that_has_no_value_now_and_then_says_so_in_its_own_type() -> None:
    task = task_by(nothing, greater_is_better=True)
    with pytest.raises(MetricFailed, match="gave nan"):
        metric_for(task)(LOGITS, CLASSES)
    assert math.isnan(score_or_nan(task, LOGITS, CLASSES))


def test_several_targets_have_their_own_mean() -> None:
    frame = pd.DataFrame({"x": RNG.normal(size=60), "a": ["u", "v"] * 30, "b": RNG.normal(size=60)})
    with pytest.raises(InputError, match="The metric of several targets is one of mean_score"):
        load(frame, target=("a", "b"), kind="several", metric="f1_macro")


def test_torchmetrics_are_told_of_the_task() -> None:
    torchmetrics = pytest.importorskip("torchmetrics", reason="torchmetrics is an optional package")
    task = task_by(torchmetrics.MatthewsCorrCoef)
    expected = sklearn.metrics.matthews_corrcoef(CLASSES, LOGITS.argmax(axis=1))
    assert task.metric == chosen("torchmetrics.MatthewsCorrCoef") and not is_error(task.metric)
    assert metric_for(task)(LOGITS, CLASSES) == pytest.approx(expected, abs=1e-5)


def test_a_search_is_judged_by_it_and_says_so(tmp_path, capsys) -> None:
    metric = Metric(cost, greater_is_better=False)
    found = nas.search(
        "digits", "mlp", "2 trials", epochs=1, executor="local", tracking_uri="", directory=tmp_path / "s", known="off",
        metric=metric, baselines=("majority",),
    )  # fmt: skip
    assert all(trial.score <= 0 and trial.score % 2 == 0 for trial in found.candidates)
    assert found.final is not None and found.final.standing is not None
    card = (found.exported / "card.md").read_text()
    assert f"test cost | {-found.best.test_score:.4f}" in card
    opened = nas.open(tmp_path / "s")
    assert words(opened.stored.task.metric) == "cost"
    assert nas.resume(tmp_path / "s", budget="+1 trials").candidates[2].state == "completed"


def test_a_metric_without_a_value_costs_a_trial_and_is_said_once(tmp_path) -> None:
    class Listener(nas.Observer):
        said: tuple[str, ...] = ()

        def message(self, text: str) -> None:
            self.said += (text,)

    listener = Listener()
    moody.calls = 0
    found = nas.search(
        "digits", "mlp", "4 trials", epochs=1, executor="local", tracking_uri="", directory=tmp_path / "s", known="off",
        metric=Metric(moody, greater_is_better=True), observers=[listener], final=False,
    )  # fmt: skip
    states = [(trial.state, trial.failure) for trial in found.candidates]
    assert states.count(("failed", "metric")) == 2 and states.count(("completed", "")) == 2
    assert sum("The metric moody gave nan" in text for text in listener.said) == 1


def test_the_package_that_a_metric_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    with pytest.raises(InputError, match=r"torchmetrics, which is not installed: pip install torchmetrics"):
        DataOptions(metric="torchmetrics.CohenKappa")


def moody(y_true: np.ndarray, prediction: np.ndarray) -> float:
    """Of four trainings two have no value; the first two calls try it when the data is read."""
    moody.calls += 1
    return math.nan if moody.calls in (3, 5) else float((y_true == prediction).mean())
