"""What arrays are understood to be, and what no search could use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nas.data import load
from nas.data.targets import understood
from nas.errors import InputError

RNG = np.random.default_rng(0)
X, Y = np.random.default_rng(0).random((40, 6)).astype(np.float32), np.arange(40) % 4
LABELS = Y
HOLED = X.copy()
HOLED[3, 2] = np.nan


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((40, 6), "f4", (6,)),
        ((40, 3, 25), "f4", (3, 25)),
        ((40, 12, 12), "f4", (1, 12, 12)),
        ((40, 9, 12), "u1", (1, 9, 12)),
        ((40, 12, 12, 3), "u1", (3, 12, 12)),
        ((40, 3, 12, 12), "u1", (3, 12, 12)),
        ((40, 9, 12, 1), "f4", (1, 9, 12)),
        ((40, 16, 8, 8), "f4", (16, 8, 8)),
        ((40, 8, 8, 6), "f4", (6, 8, 8)),
    ],
)
def test_layouts_of_arrays_are_told_by_shape(shape: tuple[int, ...], dtype: str, expected: tuple[int, ...]) -> None:
    x = (RNG.random(shape) * 255).astype(dtype)
    assert load((x, LABELS)).task.input_shape == expected


def test_channels_last_pixels_land_where_they_belong() -> None:
    x = RNG.integers(0, 256, (40, 5, 7, 3), dtype=np.uint8)
    data = load((x, LABELS))
    where = {row.tobytes() for row in np.moveaxis(x, 3, 1)}
    assert {row.tobytes() for row in data.search.train.inputs} <= where


@pytest.mark.parametrize(
    ("y", "kind", "classes"),
    [
        (Y * 2.0, "classification", ("0", "2", "4", "6")),
        (Y > 1, "classification", ("False", "True")),
        (np.array(["d", "a", "c", "b"], dtype=object)[Y], "classification", ("a", "b", "c", "d")),
        (np.arange(40.0), "regression", ("value 0",)),
        (RNG.random((40, 2)), "regression", ("value 0", "value 1")),
    ],
)
def test_kinds_are_told_by_the_targets(y: np.ndarray, kind: str, classes: tuple[str, ...]) -> None:
    targets = understood("some", y)
    assert (targets.kind, targets.classes) == (kind, classes)
    encoded = targets.encoded(y)
    if kind == "classification":
        np.testing.assert_array_equal(targets.labels[encoded].astype(str), y.astype(str))
    else:
        np.testing.assert_allclose(encoded, y.reshape(40, -1), rtol=1e-6)


def test_the_vocabulary_covers_every_part() -> None:
    tokens = np.random.default_rng(0).integers(0, 300, (40, 7))
    tokens[3, 2] = 499
    task = load((tokens, LABELS), layout="tokens").task
    assert (task.input_shape, task.vocabulary) == ((7,), 500)


@pytest.mark.parametrize("tokens", [np.full((40, 7), -1), np.full((40, 7), 0.5), np.full((40, 7), 10**7)])
def test_what_cannot_be_a_token_is_refused(tokens: np.ndarray) -> None:
    with pytest.raises(InputError, match="token"):
        load((tokens, LABELS), layout="tokens")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ((HOLED, Y), "row 3"),
        ((X, np.zeros(40, int)), "at least 2 classes"),
        ((X, np.where(Y == 1, np.nan, Y)), "targets must be finite"),
        ((X[:, 0], Y), "inputs must be"),
        ((X, np.full(40, 0.5)), "nothing to learn"),
    ],
)
def test_arrays_that_no_search_could_use(data: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load(data)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"layout": "sideways"}, "layout"),
        ({"layout": "features"}, "cannot be read as `table`"),
        ({"kind": "poetry"}, "kind"),
    ],
)
def test_options(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        load("digits", **options)


@pytest.mark.parametrize("y", [np.array(["a", "b"]), np.array([[1.0, 2.0]]), np.array([np.inf])], ids=str)
def test_a_test_part_with_other_targets_is_refused(y: np.ndarray) -> None:
    with pytest.raises(InputError, match="targets"):
        understood("some", np.arange(40.0)).encoded(y)
