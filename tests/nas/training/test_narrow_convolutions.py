"""What a CPU computes in bfloat16 is what it computes in float32, but for rounding, however narrow the maps are."""

from __future__ import annotations

import random

import pytest
import torch
from torch import nn

from nas.training.forward import Forward
from nas.training.narrow_convolutions import InFloat32
from nas.training.precision import Precision

OFF = 0.08  # of the largest value; what was never computed is off by far more


def computed(network: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """Output and gradients of the weights."""
    network.zero_grad()
    output = network(x)
    generator = torch.Generator().manual_seed(0)
    output.backward(torch.randn(output.shape, generator=generator))
    return [output.detach(), *(weight.grad.clone() for weight in network.parameters() if weight.grad is not None)]


def test_random_convolutions_of_narrow_maps() -> None:
    rng = random.Random(0)
    torch.manual_seed(0)
    narrow = 0
    for _ in range(200):
        rank, kernel, stride = rng.choice((1, 2)), rng.choice((1, 3, 5)), rng.choice((1, 2, 3, 4))
        layer: type[nn.Conv1d | nn.Conv2d] = nn.Conv1d if rank == 1 else nn.Conv2d
        network = layer(rng.choice((3, 16)), rng.choice((16, 32)), kernel, stride, kernel // 2, bias=False)
        size = (rng.choice((1, 2, 9, 18)), rng.choice((1, 2, 3, 4, 7)))[-rank:]
        x = torch.randn(8, network.in_channels, *size)
        true = computed(network, x)
        said = computed(Forward(network, Precision(torch.bfloat16)), x)
        narrow += size[-1] <= stride and stride > 1
        for one, other in zip(said, true, strict=True):
            assert (one - other).abs().max() <= OFF * other.abs().max(), (network, size)
    assert narrow > 30


def test_only_narrow_maps_leave_bfloat16_and_autocast_is_as_it_was_behind_them() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 2, 1))
    InFloat32().around(network)
    seen: list[torch.dtype] = []
    for layer in network:
        layer.register_forward_hook(lambda module, given, output: seen.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        network(torch.randn(2, 3, 4, 4))
        assert torch.is_autocast_enabled("cpu")
    assert seen == [torch.bfloat16, torch.float32] and not torch.is_autocast_enabled("cpu")
    network(torch.randn(2, 3, 4, 4))
    assert seen[2:] == [torch.float32, torch.float32] and not torch.is_autocast_enabled("cpu")


def test_a_convolution_that_fails_leaves_autocast_as_it_was() -> None:
    network = nn.Conv2d(3, 4, 3, 2, 1)
    InFloat32().around(network)
    with torch.autocast("cpu", torch.bfloat16):
        with pytest.raises(RuntimeError):
            network(torch.randn(2, 5, 1, 1))
        assert torch.is_autocast_enabled("cpu")
        assert network(torch.randn(2, 3, 1, 1)).dtype == torch.float32
        assert network(torch.randn(2, 3, 8, 8)).dtype == torch.bfloat16


def test_a_convolution_is_watched_once_however_often_it_is_validated() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1))
    for _ in range(3):
        Forward(network, Precision(torch.bfloat16))
    assert len(network[0]._forward_pre_hooks) == len(network[0]._forward_hooks) == 1
