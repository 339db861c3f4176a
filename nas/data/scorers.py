"""Scores by the scorers of scikit-learn: https://scikit-learn.org/stable/modules/model_evaluation.html"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np


def score_by(name: str, true: np.ndarray, classes: np.ndarray | None, said: np.ndarray, likely: np.ndarray) -> float:
    """What the scorer of this name gives; higher is better.

    Args:
        true: see `nas.config.own_metric.Metric`. classes: their numbers; None where the targets are no classes.
        said: classes, labels or values. likely: probabilities `(n, classes)`.
    """
    from sklearn.metrics import get_scorer  # only now: it takes a second to load

    answers = _answers()(said, likely, classes)
    return float(get_scorer(name)(answers, np.zeros((len(true), 1)), true))


@functools.cache
def _answers() -> Any:
    """A class of estimators that give what they were made with, which is what a scorer asks for."""
    from sklearn.base import BaseEstimator

    class Answers(BaseEstimator):
        def __init__(self, said: Any = None, likely: Any = None, classes: Any = None) -> None:
            self.said, self.likely, self.classes = said, likely, classes
            if classes is not None:
                self.classes_ = classes

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def __sklearn_tags__(self) -> Any:
            tags = super().__sklearn_tags__()
            tags.estimator_type = "regressor" if self.classes is None else "classifier"
            return tags

        def predict(self, rows: Any) -> Any:
            return self.said

        def predict_proba(self, rows: Any) -> Any:
            return self.likely

    return Answers
