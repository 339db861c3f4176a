"""Operations of published spaces without a convolution of their own: no connection (`Zero`) and identity (`Skip`)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Whole


class Zeros(nn.Module):
    """Zeros of `shape` for each example."""

    def __init__(self, shape: tuple) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.new_zeros((x.shape[0], *self.shape))


class FactorizedReduce(nn.Module):
    """Half as many positions, by two 1x1 convolutions of stride 2, one of them shifted by one position.

    Of the ENAS and DARTS cells (https://arxiv.org/abs/1806.09055).
    """

    def __init__(self, activation: nn.Module, even: nn.Module, odd: nn.Module, norm: nn.Module) -> None:
        super().__init__()
        self.activation = activation
        self.even = even
        self.odd = odd
        self.norm = norm

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.activation(x)
        shifted = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:] if x.dim() == 4 else F.pad(x, (0, 1))[:, :, 1:]
        return self.norm(torch.cat([self.even(x), self.odd(shifted)], dim=1))


@dataclass(frozen=True)
class Zero:
    """No connection: zeros of the shape that a cell of this width and stride would give."""

    width: Whole = 0
    stride: Whole = 1

    def build(self, shape: Shape) -> nn.Module:
        return Zeros(layers.strided(shape, layers.width_of(self.width, shape), layers.whole("stride", self.stride)))


@dataclass(frozen=True)
class Skip:
    """The input itself; as an option it lets a space leave a place empty.

    Args:
        width: channels out; 0 keeps the channels of the input. Where they change, a 1x1 convolution makes them fit.
        stride: 1, or 2 for a factorized reduction to half as many positions.
    """

    width: Whole = 0
    stride: Whole = 1

    def build(self, shape: Shape) -> nn.Module:
        width = layers.width_of(self.width, shape)
        if layers.strided(shape, width, layers.whole("stride", self.stride)) == shape:
            return nn.Identity()
        if self.stride != 2 or not layers.positions(shape) or width < 2:
            return layers.chain(nn.ReLU(), *layers.conv_norm(shape, width, 1, self.stride)[:2])
        return FactorizedReduce(
            nn.ReLU(),
            layers.conv(shape, width - width // 2, 1, stride=2),
            layers.conv(shape, width // 2, 1, stride=2),
            layers.norm(shape, width),
        )

    def canonical(self) -> Skip | None:
        """As it is, or nothing where it changes no shape: then it takes no part in the fingerprint."""
        return None if self.width == 0 and self.stride == 1 else self
