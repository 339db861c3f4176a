"""Several kernel sizes side by side: the block of InceptionTime (https://arxiv.org/abs/1909.04939)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.cells.residual import ResidualSum, StochasticDepth, shortcut_to
from search_spaces.dsl import Flag, Whole, Word


class InceptionBlock(nn.Module):
    """Convolutions of several sizes on the bottleneck's output, and one on pooled input, joined along the channels."""

    def __init__(
        self,
        bottleneck: nn.Module,
        branches: nn.ModuleList,
        pooled: nn.Module,
        norm: nn.Module,
        activation: nn.Module,
    ) -> None:
        super().__init__()
        self.bottleneck = bottleneck
        self.branches = branches
        self.pooled = pooled
        self.norm = norm
        self.activation = activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        narrow = self.bottleneck(x)
        joined = torch.cat([*(branch(narrow) for branch in self.branches), self.pooled(x)], dim=1)
        return self.activation(self.norm(joined))


@dataclass(frozen=True)
class Inception:
    """`depth` Inception blocks, with their input added at the end; InceptionTime is two of these with depth 3.

    A block is a 1x1 bottleneck, convolutions of three sizes and a pooled branch; each gives a fourth of the width.
    On a vector all convolutions are linear layers.

    Args:
        width: channels out; 0 keeps the channels of the input. The paper has 128.
        kernel: odd size of the longest convolution; the others are a half and a fourth of it, made odd. It is cut to
            2n - 1 on a map of n positions along its longer side, since taps beyond that only ever see the border.
        depth: blocks.
        residual: add the input of the first block to the output of the last one.
    """

    width: Whole = 64
    kernel: Whole = 39
    depth: Whole = 1
    residual: Flag = True
    activation: Word = "relu"
    norm: Word = "batch"

    def build(self, shape: Shape) -> nn.Module:
        width = layers.width_of(self.width, shape)
        blocks: list[nn.Module] = []
        inner = shape
        for place in range(layers.whole("depth", self.depth)):
            last = place + 1 == self.depth and bool(self.residual)  # the sum is activated instead
            blocks.append(self._block(inner, width, nn.Identity() if last else layers.activation(self.activation)))
            inner = (width, *shape[1:])
        if not self.residual:
            return layers.chain(*blocks)
        shortcut = shortcut_to(shape, width, 1, self.norm)
        return ResidualSum(layers.chain(*blocks), shortcut, layers.activation(self.activation), StochasticDepth())

    def _block(self, shape: Shape, width: int, activation: nn.Module) -> nn.Module:
        pooled, *shares = [share for share in ((width + place) // 4 for place in (3, 2, 1, 0)) if share]
        narrow = max(1, width // 4)
        bottleneck = layers.conv(shape, narrow, 1) if shape[0] > 1 and shares else nn.Identity()
        inner = (narrow if shape[0] > 1 else 1, *shape[1:])
        branches = [layers.conv(inner, share, size) for share, size in zip(shares, self._kernels(shape), strict=False)]
        return InceptionBlock(
            bottleneck,
            nn.ModuleList(branches),
            layers.chain(layers.pool(shape, "max", 3, 1), layers.conv(shape, pooled, 1)),
            layers.norm(shape, width, self.norm),
            activation,
        )

    def _kernels(self, shape: Shape) -> list[int]:
        longest = layers.whole("kernel", self.kernel)
        if layers.positions(shape):
            layers.conv(shape, 1, longest if longest % 2 == 0 else 1)  # an even kernel is refused, with its reason
            longest = min(longest, 2 * max(shape[1:]) - 1)
        return [longest, longest // 2 | 1, longest // 4 | 1]
