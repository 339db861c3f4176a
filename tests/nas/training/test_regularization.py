"""Dropout, stochastic depth, mixup and cutmix."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nas.training.regularization import mix, regularize
from search_spaces.cells.residual import StochasticDepth

SHAPES = {1: (6,), 2: (3, 20), 3: (3, 12, 10)}


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_mixing_keeps_the_mean_share(kind: str, rank: int) -> None:
    """Inputs that are their own label, blended: the batch's mean must say the share that is returned."""
    y = torch.arange(64).float() % 2
    x = y.view(-1, *(1,) * rank).expand(64, *SHAPES[rank]).contiguous()
    mixed, other, share = mix(x, y, rng(3), mixup=1.0 * (kind == "mixup"), cutmix=1.0 * (kind == "cutmix"))
    assert share is not None and 0 <= float(share) <= 1
    expected = share * y + (1 - share) * other
    torch.testing.assert_close(mixed.flatten(1).mean(dim=1), expected, atol=1e-5, rtol=0)


def test_no_mixing_when_both_are_off() -> None:
    x = torch.rand(16, 3, 12, 10)
    mixed, _, share = mix(x, torch.zeros(16), rng(), mixup=0.0, cutmix=0.0)
    assert mixed is x and share is None


def test_a_single_example_is_not_mixed() -> None:
    x = torch.rand(1, 3, 12, 10)
    assert mix(x, torch.zeros(1), rng(), mixup=0.5, cutmix=0.0)[2] is None


def test_rates_of_dropout_and_stochastic_depth() -> None:
    network = nn.Sequential(StochasticDepth(0.0), nn.Dropout(0.5), StochasticDepth(0.0))
    regularize(network, dropout=None, stochastic_depth=0.4)
    assert (network[0].rate, network[1].p, network[2].rate) == (0.2, 0.5, 0.4)
    regularize(network, dropout=0.1, stochastic_depth=0.0)
    assert (network[0].rate, network[1].p, network[2].rate) == (0.0, 0.1, 0.0)
