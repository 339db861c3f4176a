"""Data sets that come with scikit-learn, so that a search runs without any file and without a network.

Source: https://scikit-learn.org/stable/datasets/toy_dataset.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nas.data.sources.raw import Raw


def digits() -> Raw:
    """1,797 handwritten digits of 8 x 8 pixels, grey values 0..16 (UCI, https://archive.ics.uci.edu/dataset/80)."""
    from sklearn.datasets import load_digits

    bunch: Any = load_digits()
    return Raw("digits", bunch.images.astype(np.uint8), bunch.target, layout="pictures")


def _table(name: str, loader: str) -> Callable[[], Raw]:
    def read() -> Raw:
        from sklearn import datasets

        bunch: Any = getattr(datasets, loader)()
        classes = tuple(map(str, getattr(bunch, "target_names", ())))
        kind = "classification" if classes else "regression"
        columns = tuple(map(str, bunch.feature_names))
        return Raw(name, bunch.data, bunch.target, layout="table", kind=kind, classes=classes, columns=columns)

    return read


NAMES: dict[str, Callable[[], Raw]] = {
    "digits": digits,
    "iris": _table("iris", "load_iris"),
    "wine": _table("wine", "load_wine"),
    "breast_cancer": _table("breast_cancer", "load_breast_cancer"),
    "diabetes": _table("diabetes", "load_diabetes"),
}
