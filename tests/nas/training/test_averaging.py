"""The moving average of the weights."""

from __future__ import annotations

import torch
from torch import nn

from nas.training.averaging import AveragedWeights


def test_the_average_follows_its_formula_and_copies_counters() -> None:
    network = nn.BatchNorm1d(1)
    average = AveragedWeights(network, decay=0.5)
    expected, value = 1.0, 1.0
    for step in range(1, 13):
        value += 1.0
        with torch.no_grad():
            network.weight.fill_(value)
            network.num_batches_tracked.add_(1)
        average.update()
        decay = min(0.5, step / (step + 9))
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(average.network.weight.detach(), torch.tensor([expected]))
    assert int(average.network.num_batches_tracked) == 12


class Masked(nn.Module):
    """Keeps the mask of a causal attention, as many modules do."""

    mask: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))
        self.register_buffer("mask", torch.full((3, 3), float("-inf")).triu(1))


def test_infinities_of_a_buffer_stay() -> None:
    network = Masked()
    average = AveragedWeights(network, decay=0.9)
    average.update()
    averaged = average.network
    assert isinstance(averaged, Masked)
    assert torch.equal(averaged.mask, network.mask)
