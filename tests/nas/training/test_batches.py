"""Batches of equal size in a new order."""

from __future__ import annotations

import numpy as np
import torch

from nas.data import Split
from nas.training.batches import Batches

CPU = torch.device("cpu")


def batches(seed: int, examples: int = 50, size: int = 16, augment=None) -> list[np.ndarray]:  # type: ignore[no-untyped-def]
    x = np.arange(examples, dtype=np.float32)[:, None]
    found = Batches(Split(x, np.arange(examples)), size, CPU, augment)
    both = list(found.epoch(torch.Generator().manual_seed(seed)))
    if augment is None:
        assert all(torch.equal(inputs[:, 0].long(), targets) for inputs, targets in both)
    return [targets.numpy() for _, targets in both]


def test_all_batches_have_one_size_and_no_example_comes_twice() -> None:
    found = batches(0)
    assert [len(batch) for batch in found] == [12, 12, 12, 12]
    assert len(set(np.concatenate(found))) == 48


def test_the_order_follows_the_generator() -> None:
    assert np.array_equal(np.concatenate(batches(0)), np.concatenate(batches(0)))
    assert not np.array_equal(np.concatenate(batches(0)), np.concatenate(batches(1)))


def test_small_chunks_give_the_same_batches(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    whole = batches(0)
    monkeypatch.setitem(__import__("nas.training.batches", fromlist=["x"]).CHUNK_BYTES, "cpu", 1)
    assert all(np.array_equal(one, other) for one, other in zip(whole, batches(0), strict=True))
