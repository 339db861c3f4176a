"""From what a person points at to a split data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.data import load
from nas.errors import InputError

RNG = np.random.default_rng(0)


def test_same_seed_same_split_and_fingerprint() -> None:
    assert load("iris", seed=3).fingerprint == load("iris", seed=3).fingerprint
    assert load("iris", seed=3).fingerprint != load("iris", seed=4).fingerprint


def test_a_data_set_is_read_once() -> None:
    data = load("iris")
    assert load(data) is data
    with pytest.raises(InputError, match=r"read already\. Give this to nas.data.load: kind"):
        load(data, kind="regression")


def test_real_targets_are_a_regression_with_their_scale() -> None:
    data = load((RNG.random((60, 3)), RNG.normal(50.0, 7.0, 60)))
    assert data.task.kind == "regression"
    assert data.search.train.targets.shape == (36 + 2, 1)
    assert data.search.target_mean[0] == pytest.approx(50, abs=5)


@pytest.mark.parametrize(
    ("file", "shape", "kind"),
    [
        ("images/cifar10_10k.npz", (3, 32, 32), "classification"),
        ("images/fashion_mnist_10k.npz", (1, 28, 28), "classification"),
        ("series/JapaneseVowels.npz", (12, 25), "classification"),
        ("series/GunPoint.npz", (1, 150), "classification"),
        ("tables/adult-train.csv", (298,), "classification"),
        ("tables/abalone.csv", (11,), "regression"),
    ],
)
def test_data_of_the_wild(shared: Path, file: str, shape: tuple[int, ...], kind: str) -> None:
    data = load(shared / "data" / file)
    assert (data.task.input_shape, data.task.kind) == (shape, kind)


@pytest.mark.parametrize("options", [{"validation_share": 0}, {"test_share": 1.0}], ids=str)
def test_shares_lie_between_0_and_1(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        load("digits", **options)
