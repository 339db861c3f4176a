"""Whether targets are classes, labels or amounts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nas.data.targets import understood
from nas.errors import InputError

RNG = np.random.default_rng(0)
HOT = np.eye(4)[RNG.integers(0, 4, 80)]
TAGS = RNG.integers(0, 2, (80, 3))


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (np.arange(80) % 5, "classification"),
        (np.arange(80) % 5 + 1, "classification"),
        (np.arange(80) % 2 * 1.0, "classification"),
        (RNG.integers(0, 100_000, 80), "regression"),
        (RNG.integers(18, 70, 900), "regression"),
        (np.arange(80), "regression"),
        (np.round(RNG.normal(10, 3, 300)).astype(int), "regression"),
        (np.repeat(np.arange(100), 5), "classification"),
        (np.repeat(np.arange(1, 61), 6), "classification"),
        (RNG.normal(size=80), "regression"),
        (np.array(["a", "b"] * 40), "classification"),
        (np.array(["a", "b"] * 40, dtype=object), "classification"),
        (np.array([True, False] * 40), "classification"),
        (RNG.normal(size=(80, 2)), "regression"),
        (RNG.integers(0, 50, (80, 2)), "regression"),
        (TAGS, "multilabel"),
        (TAGS.astype(np.float32), "multilabel"),
        (TAGS.astype(bool), "multilabel"),
        (HOT, "classification"),
        (HOT.astype(int), "classification"),
        (HOT.astype(bool), "classification"),
        (RNG.integers(0, 3, (80, 1)), "classification"),
    ],
)
def test_the_kind_is_told_and_why(y: np.ndarray, kind: str) -> None:
    found = understood("some", y)
    assert found.kind == kind and found.why
    encoded = found.encoded(y)
    assert encoded.dtype == (np.int64 if kind == "classification" else np.float32)
    assert len(encoded) == len(y)


@pytest.mark.parametrize(
    ("y", "both"),
    [
        (RNG.dirichlet(np.ones(4), 80), ("--kind classification", "--kind regression")),
        (np.concatenate([np.repeat(np.arange(25), 4), [7] * 200]), ("--kind classification", "--kind regression")),
    ],
)
def test_two_readings_are_both_named(y: np.ndarray, both: tuple[str, str]) -> None:
    with pytest.raises(InputError) as refused:
        understood("some", y)
    assert all(flag in str(refused.value) for flag in both)
    for flag in both:
        assert understood("some", y, kind=flag.split()[1]).kind == flag.split()[1]


@pytest.mark.parametrize("dtype", [np.float32, np.int64, bool])
def test_one_hot_rows_are_the_classes_they_stand_for(dtype: Any) -> None:
    found = understood("some", HOT.astype(dtype))
    np.testing.assert_array_equal(found.encoded(HOT.astype(dtype)), HOT.argmax(axis=1))


@pytest.mark.parametrize(
    ("y", "kind", "says"),
    [
        (np.array(["a", "b"]), "regression", "must be numbers, got words: 'a', 'b'"),
        (TAGS, "classification", "--kind multilabel"),
        (np.arange(4), "multilabel", "several target columns"),
        (RNG.normal(size=(80, 2)), "multilabel", "0 and 1"),
        (np.zeros(9), "regression", "nothing to learn"),
        (np.zeros(9, int), "auto", "at least 2 classes"),
        (np.array([1.0, np.nan, 2.0]), "auto", "1 of 3 are NaN"),
        (np.array([["a", "b"]] * 9), "auto", "must hold numbers"),
        (np.zeros((3, 3, 3)), "auto", r"\(n,\) or \(n, outputs\)"),
        (np.array(["a", None, "b"], dtype=object), "auto", "1 of 3 targets are empty"),
    ],
)
def test_what_cannot_be_predicted(y: np.ndarray, kind: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        understood("some", y, kind=kind)
