"""Batches of training examples, cut from tensors that stay on the device: no loader processes, no copy per example."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator

import numpy as np
import torch

from nas.data.dataset import Split
from nas.training.augmentation import Augment
from nas.training.own_augmentation import ChangeBatch

# examples gathered and augmented at once: on a CPU what its cache holds, on CUDA an epoch of most data sets
CHUNK_BYTES = {"cpu": 4 << 20, "cuda": 1 << 30}


def resident(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """The array on the device, in its own type. On the CPU it shares the array's memory: never write into it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array).to(device)


class Batches:
    """The training examples in batches of equal size, in a new order every epoch.

    An epoch has `ceil(examples / batch_size)` batches of `floor(examples / batches)` examples, so every step has the
    same shape and no batch is tiny. The few examples that remain are left out, others in every epoch.

    Args:
        batch_size: the most examples in a batch.
        augment: changes gathered inputs at random; None leaves them unchanged.
        change: then changes each batch, a person's own.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        device: torch.device,
        augment: Augment | None = None,
        change: ChangeBatch | None = None,
    ) -> None:
        self.inputs = resident(split.inputs, device)
        self.targets = resident(split.targets, device)
        self.augment, self.change = augment, change
        self.device = device
        self.steps = -(-len(split) // batch_size)
        self.batch_size = len(split) // self.steps
        example = max(1, self.inputs[0].numel() * 4)
        self.chunk = max(1, CHUNK_BYTES[device.type] // (example * self.batch_size))

    def epoch(self, rng: torch.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Inputs in the data's own scale, and their targets, batch by batch; `rng` lives on the device."""
        order = torch.randperm(len(self.inputs), generator=rng, device=self.device)
        for first in range(0, self.steps, self.chunk):
            rows = order[first * self.batch_size : min(first + self.chunk, self.steps) * self.batch_size]
            inputs, targets = self.inputs.index_select(0, rows), self.targets.index_select(0, rows)
            if self.augment is not None:
                inputs = self.augment(inputs, rng)
            batches = zip(inputs.split(self.batch_size), targets.split(self.batch_size), strict=True)
            yield from batches if self.change is None else itertools.starmap(self.change, batches)
