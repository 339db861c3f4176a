"""The ConvNeXt block (https://arxiv.org/abs/2201.03545), and that of its second version (https://arxiv.org/abs/2301.00808)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.embed import Patchify
from search_spaces.cells.layers import Shape
from search_spaces.cells.residual import ResidualSum, StochasticDepth
from search_spaces.dsl import Flag, Real, Whole, Word
from search_spaces.errors import SpaceError


class ChannelNorm(nn.Module):
    """Layer normalisation of the channels of each position by itself, on (batch, channels, …positions)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)


class ResponseNorm(nn.Module):
    """Global response normalisation: channels compete by their norm over all positions. It starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.scale = nn.Parameter(torch.zeros(width))
        self.shift = nn.Parameter(torch.zeros(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.reshape(x.shape[0], x.shape[1], -1)
        response = (flat.square().sum(-1, keepdim=True) + 1e-12).sqrt()  # its gradient stays finite at zero
        share = response / (response.mean(1, keepdim=True) + 1e-6)
        return (flat + self.scale.unsqueeze(-1) * (flat * share) + self.shift.unsqueeze(-1)).reshape(x.shape)


class ChannelScale(nn.Module):
    """Multiplies each channel by a learned number that starts at `start` (https://arxiv.org/abs/2103.17239)."""

    def __init__(self, width: int, start: float) -> None:
        super().__init__()
        self.width = width
        self.start = start
        self.scale = nn.Parameter(torch.full((width,), float(start)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale.reshape((-1,) + (1,) * (x.dim() - 2))


@dataclass(frozen=True)
class ConvNeXt:
    """Depthwise convolution, layer norm, two 1x1 convolutions with a wide middle, all added to the input.

    Where width or stride change the shape, a layer norm and a convolution of kernel = stride stand in front, as
    between the stages of the paper. On a vector, which has no positions, the depthwise convolution is left out.

    Args:
        width: channels out; 0 keeps the channels of the input.
        kernel: odd; size of the depthwise convolution along each position axis.
        stride: step of the layer in front; a map of n positions becomes one of n / stride, rounded up.
        expansion: how many times wider the middle is; at least 1.
        layer_scale: first value of a learned factor for each channel of the branch, at least 0; 0 for none. The paper
            has 1e-6, which suits trainings of hundreds of epochs.
        response_norm: global response normalisation in the middle, as in the second version, which has no layer scale.
    """

    width: Whole = 0
    kernel: Whole = 7
    stride: Whole = 1
    expansion: Whole = 4
    layer_scale: Real = 1e-6
    response_norm: Flag = False
    activation: Word = "gelu"

    def build(self, shape: Shape) -> nn.Module:
        width, stride = layers.width_of(self.width, shape), layers.whole("stride", self.stride)
        inner = layers.strided(shape, width, stride)
        middle = width * layers.whole("expansion", self.expansion)
        if isinstance(self.layer_scale, bool) or not isinstance(self.layer_scale, int | float) or self.layer_scale < 0:
            raise SpaceError(f"`layer_scale` must be a number of at least 0, got {self.layer_scale!r}. Use e.g. 1e-6.")
        branch = layers.chain(
            layers.depthwise(inner, self.kernel),
            norm_of(width),
            layers.conv(inner, middle, 1, bias=True),
            layers.activation(self.activation),
            ResponseNorm(middle) if self.response_norm else nn.Identity(),
            layers.conv((middle, *inner[1:]), width, 1, bias=True),
            ChannelScale(width, self.layer_scale) if self.layer_scale else nn.Identity(),
        )
        block = ResidualSum(branch, nn.Identity(), nn.Identity(), StochasticDepth())
        if inner == shape:
            return block
        fit = Patchify(width, stride).build(shape) if layers.positions(shape) else layers.conv(shape, width, bias=True)
        return layers.chain(norm_of(shape[0]), fit, block)


def norm_of(width: int) -> nn.Module:
    """Layer normalisation of `width` channels; of one channel nothing, since it would always be zero."""
    return ChannelNorm(width) if width > 1 else nn.Identity()
