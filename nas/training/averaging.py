"""Exponential moving average of the weights: it scores well even before the learning rate has come down.

Source: Morales-Brotons et al., https://arxiv.org/abs/2411.18704.
"""

from __future__ import annotations

import copy

import torch
from torch import nn


class AveragedWeights:
    """A copy of a network that holds the moving average of its weights and running statistics.

    Args:
        decay: weight of the old average in each step, 0 to 1. In the first steps it is smaller, so that the random
            start is soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network)
        for parameter in self.network.parameters():
            parameter.detach_()  # not only `requires_grad_`: copies of TorchScript's are computed from the originals
        self.decay = decay
        self.steps = 0
        self._source = _tensors(network)
        self._average = _tensors(self.network)

    @torch.no_grad()
    def update(self) -> None:
        """Moves the average towards the network's present weights; what has no mean is copied."""
        self.steps += 1
        weight = 1.0 - min(self.decay, self.steps / (self.steps + 9.0))
        (means, copies), (weights, others) = self._average, self._source
        if means:
            torch._foreach_lerp_(means, weights, weight)
        if copies:
            torch._foreach_copy_(copies, others)


def _tensors(network: nn.Module) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """All parameters and buffers: those to average, and those to copy.

    Whole numbers count something. Infinities mean something by themselves, as in the mask of an attention, and the
    mean of two of them is not a number.
    """
    tensors = [*network.parameters(), *network.buffers()]
    averaged = [tensor.is_floating_point() and not bool(tensor.isinf().any()) for tensor in tensors]
    floats = [tensor.detach() for tensor, yes in zip(tensors, averaged, strict=True) if yes]
    return floats, [tensor.detach() for tensor, yes in zip(tensors, averaged, strict=True) if not yes]
