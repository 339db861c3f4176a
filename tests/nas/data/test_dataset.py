"""What a search may read, and the statistics of its training inputs."""

from __future__ import annotations

import pickle

import numpy as np

from nas.data import SealedTest, load

RNG = np.random.default_rng(0)
LABELS = np.arange(40) % 4


def test_training_data_survives_pickling_without_the_test_part() -> None:
    data = load("digits")
    sent = pickle.dumps(data.search, protocol=5)
    assert SealedTest.__name__.encode() not in sent
    np.testing.assert_array_equal(pickle.loads(sent).train.inputs, data.search.train.inputs)


def test_statistics_are_in_the_data_s_own_scale() -> None:
    data = load((RNG.integers(0, 256, (40, 3, 9, 9), dtype=np.uint8), LABELS))
    pixels = data.search.train.inputs.astype(np.float64)
    np.testing.assert_allclose(data.search.mean, pixels.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(data.search.std, pixels.std(axis=(0, 2, 3)))


def test_a_constant_channel_is_not_divided_by_zero() -> None:
    x = np.zeros((40, 2, 9, 8), np.float32)
    x[:, 1] = RNG.random((40, 9, 8))
    assert load((x, LABELS)).search.std[0] == 1.0
