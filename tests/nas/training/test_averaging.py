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
