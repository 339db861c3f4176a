"""Dropout by itself (https://jmlr.org/papers/v15/srivastava14a.html), of single numbers, channels or positions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Real, Word

OF_CHANNELS = {1: nn.Dropout1d, 2: nn.Dropout2d}


class PositionDropout(nn.Dropout):
    """In training, sets all channels of a position to zero with chance `p`, and scales up the others."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0.0:
            return x
        kept = torch.rand((x.shape[0], 1, *x.shape[2:]), device=x.device, dtype=x.dtype) >= self.p
        return x * kept / (1.0 - self.p)


@dataclass(frozen=True)
class Dropout:
    """Sets a share of what comes in to zero during training. Behind `Embed` it is embedding dropout.

    Args:
        rate: chance of each to be dropped, at least 0 and below 1.
        of: elements (each number), channels (whole channels, https://arxiv.org/abs/1411.4280) or positions (whole
            tokens, https://arxiv.org/abs/1512.05287). On a vector all three mean elements.
    """

    rate: Real = 0.1
    of: Word = "elements"

    def build(self, shape: Shape) -> nn.Module:
        layers.one_of("of", self.of, ("elements", "channels", "positions"))
        rank = layers.positions(shape)
        if not layers.share("rate", self.rate):
            return nn.Identity()
        if self.of == "elements" or not rank:
            return nn.Dropout(self.rate)
        return PositionDropout(self.rate) if self.of == "positions" else OF_CHANNELS[rank](self.rate)
