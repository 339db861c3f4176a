"""Augmentation keeps shape, type and inputs, and follows its generator."""

from __future__ import annotations

import pytest
import torch

from nas.training.augmentation import AUGMENTATIONS, LOWEST_RANK, augment_for

SHAPES = {1: (6,), 2: (3, 20), 3: (3, 12, 10)}


def batch(rank: int, dtype: torch.dtype, n: int = 16) -> torch.Tensor:
    values = torch.rand((n, *SHAPES[rank]), generator=torch.Generator().manual_seed(1)) * 255
    return values.to(dtype)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_shape_type_inputs_and_seed(name: str, dtype: torch.dtype, rank: int) -> None:
    if rank < LOWEST_RANK[name]:
        assert augment_for(name, SHAPES[rank]) is None
        return
    x = batch(rank, dtype)
    before = x.clone()
    augment = augment_for(name, SHAPES[rank])
    assert augment is not None
    first, second, other = augment(x, rng()), augment(x, rng()), augment(x, rng(1))
    assert (first.shape, first.dtype) == (x.shape, x.dtype)
    assert torch.equal(x, before)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert not torch.equal(first, x)


def test_examples_are_changed_one_by_one() -> None:
    x = batch(3, torch.float32)[:1].repeat(64, 1, 1, 1)
    augment = augment_for("crop+flip", (3, 12, 10))
    assert augment is not None
    assert len({row.numpy().tobytes() for row in augment(x, rng())}) > 10


def test_crop_moves_by_at_most_an_eighth() -> None:
    x = torch.zeros(64, 1, 16, 16)
    x[:, :, 8, 8] = 1.0
    moved = AUGMENTATIONS["crop"](x, rng()).nonzero()[:, 2:] - 8
    assert moved.abs().max() == 2


def test_auto_does_not_mirror_grey_pictures() -> None:
    x = torch.zeros(64, 1, 8, 8)
    x[..., 0] = 1.0
    augment = augment_for("auto", (1, 8, 8))
    assert augment is not None
    assert augment(x, rng())[..., -1].sum() == 0
