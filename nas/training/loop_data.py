"""What a person's own loop trains on: batches as the network takes them, and the tensors that they are cut from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from nas.config.recipe import TrainingConfig
from search_spaces.task import Task

Pair = tuple[torch.Tensor, torch.Tensor]
Prepare = Callable[[torch.Tensor, torch.Tensor], Pair]


class LoopPart:
    """Training or validation examples. Iterating gives batches of inputs and targets, prepared, on the device.

    Those of the training are shuffled anew each time and augmented as the recipe says; the few that make no whole batch
    are left out, others each time. Those of the validation come in their order.

    Args:
        whole: all inputs and targets in the data's own scale, on the device.
        cut: gives them batch by batch. count: of batches. ready: prepares a batch.
    """

    def __init__(self, whole: Pair, cut: Callable[[], Iterator[Pair]], count: int, ready: Prepare) -> None:
        self._whole, self._cut, self._count, self._ready = whole, cut, count, ready

    @property
    def inputs(self) -> torch.Tensor:
        """All of them in the data's own scale, a copy."""
        return self._whole[0].clone()

    @property
    def targets(self) -> torch.Tensor:
        """All of them in the data's own scale, a copy."""
        return self._whole[1].clone()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Pair]:
        return (self._ready(inputs, targets) for inputs, targets in self._cut())


@dataclass(frozen=True)
class LoopData:
    """The data of an own loop.

    Args:
        training, validation: see `LoopPart`.
        task: what the network has to do. device: where it is. recipe: of this candidate, every setting decided.
        prepare: inputs and targets in the data's own scale to what the network takes and learns: inputs normalised,
            targets that are values with mean 0 and standard deviation 1, in a forecast less the value that is known.
        loss: the recipe's, of outputs and prepared targets; one number.
    """

    training: LoopPart
    validation: LoopPart
    task: Task
    device: torch.device
    recipe: TrainingConfig
    prepare: Prepare
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def in_order(whole: Pair, size: int) -> Iterator[Pair]:
    """Batches of so many examples one after another, copies."""
    for inputs, targets in zip(*(part.split(size) for part in whole), strict=True):
        yield inputs.clone(), targets.clone()
