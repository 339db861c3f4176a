"""Data sets that come with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from nas.data import NAMES, load


@pytest.mark.parametrize("name", NAMES)
def test_every_known_name_loads(name: str) -> None:
    data = load(name)
    assert data.task.outputs == len(data.classes)
    assert data.search.train.inputs.shape[1:] == data.task.input_shape
    assert len(data.search.mean) == data.task.input_shape[0]


def test_digits_are_grey_pictures_in_bytes() -> None:
    data = load("digits")
    assert data.task.input_shape == (1, 8, 8)
    assert data.search.train.inputs.dtype == np.uint8
    assert len(data.search.train) + len(data.search.validation) + len(data.test) == 1797
