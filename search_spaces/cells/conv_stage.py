"""The stage of fast picture networks: convolve, pool, then convolutions at the smaller size."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.cells.residual import ResidualSum, StochasticDepth
from search_spaces.dsl import Flag, Whole, Word


@dataclass(frozen=True)
class ConvStage:
    """Convolution, max pooling, normalisation, activation; then `depth` convolutions, added to their input or not.

    Of ResNet-9 (https://github.com/davidcpage/cifar10-fast; depth 2, residual) and of airbench
    (https://arxiv.org/abs/2404.00498; depth 1, not residual, gelu, dirac). On a vector all are linear layers.

    Args:
        width: channels out; 0 keeps the channels of the input.
        kernel: odd; its size along each position axis.
        pool: how many times fewer positions along each axis, rounded up; 1 for no pooling.
        depth: convolutions behind the pooling; 0 for none.
        residual: add what comes out of the pooling to what comes out of these convolutions.
        init: default (torch's) or dirac: each convolution starts by passing its input on in its first channels, where
            it does not narrow them (https://arxiv.org/abs/1706.00388). Linear layers always start as torch's do.
    """

    width: Whole = 0
    kernel: Whole = 3
    pool: Whole = 2
    depth: Whole = 2
    residual: Flag = True
    activation: Word = "relu"
    norm: Word = "batch"
    init: Word = "default"

    def build(self, shape: Shape) -> nn.Module:
        width, factor = layers.width_of(self.width, shape), layers.whole("pool", self.pool)
        layers.one_of("init", self.init, ("default", "dirac"))
        first, norm, activation = layers.conv_norm(shape, width, self.kernel, 1, self.norm, self.activation)
        pool = layers.pool(shape, "max", factor, factor) if factor > 1 else nn.Identity()
        inner = layers.strided(shape, width, factor)
        rest: list[nn.Module] = []
        for _ in range(layers.whole("depth", self.depth, least=0)):
            rest += layers.conv_norm(inner, width, self.kernel, 1, self.norm, self.activation)
        if rest and self.residual:
            rest = [ResidualSum(nn.Sequential(*rest), nn.Identity(), nn.Identity(), StochasticDepth())]
        stage = layers.chain(first, pool, norm, activation, *rest)
        if self.init == "dirac":
            for module in stage.modules():
                pass_on(module)
        return stage


@torch.no_grad()
def pass_on(module: nn.Module) -> None:
    """Lets the first channels of a convolution that does not narrow start as a copy of its input."""
    if isinstance(module, nn.Conv1d | nn.Conv2d) and module.out_channels >= module.in_channels:
        nn.init.dirac_(module.weight[: module.in_channels])
