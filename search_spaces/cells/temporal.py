"""Dilated, causal convolutions: the temporal convolutional network (https://arxiv.org/abs/1803.01271)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.cells.residual import ResidualSum, StochasticDepth, shortcut_to
from search_spaces.dsl import Flag, Real, Whole, Word


class InRasterOrder(nn.Module):
    """Runs `network` on (batch, channels, positions), the positions of any shape in raster order."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs = self.network(x.reshape(x.shape[0], x.shape[1], -1))
        return outputs.reshape(outputs.shape[:2] + x.shape[2:])


@dataclass(frozen=True)
class Temporal:
    """`depth` residual pairs of convolutions, each pair with twice the dilation of the one before.

    With kernel k and depth d an output sees 1 + 2 (k - 1)(2^d - 1) positions. On a vector all are linear layers.

    Args:
        width: channels out; 0 keeps the channels of the input.
        kernel: its size along each position axis, at least 1; odd unless causal.
        depth: residual pairs; the first has dilation 1.
        causal: an output sees its own position and earlier ones only; a picture is then read row by row. The norms
            batch and none keep that; group and layer mix all positions.
        dropout: behind each activation, at least 0 and below 1.
    """

    width: Whole = 0
    kernel: Whole = 3
    depth: Whole = 3
    causal: Flag = True
    activation: Word = "relu"
    norm: Word = "batch"
    dropout: Real = 0.0

    def build(self, shape: Shape) -> nn.Module:
        width = layers.width_of(self.width, shape)
        flat = bool(self.causal) and layers.positions(shape) == 2
        inner = (shape[0], shape[1] * shape[2]) if flat else shape
        pairs: list[nn.Module] = []
        for place in range(layers.whole("depth", self.depth)):
            branch = [*self._layer(inner, width, 2**place), *self._layer((width, *inner[1:]), width, 2**place)]
            shortcut = shortcut_to(inner, width, 1, self.norm)
            pairs.append(
                ResidualSum(nn.Sequential(*branch), shortcut, layers.activation(self.activation), StochasticDepth())
            )
            inner = (width, *inner[1:])
        network = layers.chain(*pairs)
        return InRasterOrder(network) if flat else network

    def _layer(self, shape: Shape, width: int, dilation: int) -> list[nn.Module]:
        bias = self.norm == "none"
        parts: list[nn.Module] = []
        if self.causal and layers.positions(shape):
            reach = dilation * (layers.whole("kernel", self.kernel) - 1)
            parts += [nn.ConstantPad1d((reach, 0), 0.0)] if reach else []
            parts.append(nn.Conv1d(shape[0], width, self.kernel, dilation=dilation, bias=bias))
        else:
            parts.append(layers.conv(shape, width, self.kernel, dilation=dilation, bias=bias))
        parts += [layers.norm((width, *shape[1:]), width, self.norm), layers.activation(self.activation)]
        return [*parts, nn.Dropout(self.dropout)] if layers.share("dropout", self.dropout) else parts
