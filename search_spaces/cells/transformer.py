"""Transformer encoder blocks over the positions of any shape (https://arxiv.org/abs/1706.03762)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.cells.residual import StochasticDepth
from search_spaces.dsl import Flag, Real, Whole, Word
from search_spaces.errors import SpaceError


class Attention(nn.Module):
    """Multi-head self-attention on (batch, positions, channels)."""

    def __init__(self, width: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.width = width
        self.heads = heads
        self.head_width = head_width
        self.inputs = nn.Linear(width, 3 * heads * head_width)
        self.output = nn.Linear(heads * head_width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, _ = x.shape
        query, key, value = self.inputs(x).reshape(batch, length, 3, self.heads, self.head_width).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.output(mixed.transpose(1, 2).reshape(batch, length, self.heads * self.head_width))


class LearnedPositions(nn.Module):
    """Adds a learned vector to each of `length` positions."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.length = length
        self.width = width
        self.vectors = nn.Parameter(torch.randn(1, length, width) * 0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.vectors


class TransformerBlock(nn.Module):
    """Attention and feed-forward layers with residual sums, on (batch, channels, …positions)."""

    def __init__(
        self,
        projection: nn.Module,
        positions: nn.Module,
        attention: nn.Module,
        feed_forward: nn.Module,
        norm1: nn.Module,
        norm2: nn.Module,
        depth: nn.Module,
        pre_norm: bool,
    ) -> None:
        super().__init__()
        self.projection = projection
        self.positions = positions
        self.attention = attention
        self.feed_forward = feed_forward
        self.norm1 = norm1
        self.norm2 = norm2
        self.depth = depth
        self.pre_norm = pre_norm

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.projection(x)
        tokens = x.reshape(x.shape[0], x.shape[1], -1).transpose(1, 2)
        tokens = self.positions(tokens)
        if self.pre_norm:
            tokens = tokens + self.depth(self.attention(self.norm1(tokens)))
            tokens = tokens + self.depth(self.feed_forward(self.norm2(tokens)))
        else:
            tokens = self.norm1(tokens + self.depth(self.attention(tokens)))
            tokens = self.norm2(tokens + self.depth(self.feed_forward(tokens)))
        return tokens.transpose(1, 2).reshape(x.shape)


@dataclass(frozen=True)
class Transformer:
    """One encoder block; every position of a series or picture is a token, a vector is one token.

    Args:
        width: channels out, reached by a 1x1 convolution in front; 0 keeps the channels of the input.
        heads: attention heads. They must divide a `width` that is given; of the input's channels (width 0) the next
            smaller number that divides them is taken. With `head_width` any number will do.
        mlp_ratio: how many times wider the feed-forward layer is than the block.
        pre_norm: normalise before each part (trains without warm-up) or behind it (the original order).
        positions: learned (a vector for each position) or none.
        head_width: channels of a head; 0 shares the width among the heads.
        dropout: in the feed-forward layer, at least 0 and below 1.
    """

    width: Whole = 0
    heads: Whole = 4
    mlp_ratio: Real = 2
    pre_norm: Flag = True
    positions: Word = "none"
    activation: Word = "gelu"
    head_width: Whole = 0
    dropout: Real = 0.0

    def build(self, shape: Shape) -> nn.Module:
        width = layers.width_of(self.width, shape)
        layers.one_of("positions", self.positions, ("none", "learned"))
        return TransformerBlock(
            projection=nn.Identity() if width == shape[0] else layers.conv(shape, width, 1, bias=True),
            positions=LearnedPositions(math.prod(shape[1:]), width) if self.positions == "learned" else nn.Identity(),
            attention=Attention(width, *self._heads(width)),
            feed_forward=self._feed_forward(width),
            norm1=nn.LayerNorm(width),
            norm2=nn.LayerNorm(width),
            depth=StochasticDepth(),
            pre_norm=bool(self.pre_norm),
        )

    def _heads(self, width: int) -> tuple[int, int]:
        heads = layers.whole("heads", self.heads)
        if self.head_width == 0 and self.width == 0:  # the width came with the input, so the heads give way
            heads = max(n for n in range(1, heads + 1) if width % n == 0)
        if self.head_width == 0 and width % heads:
            fitting = [n for n in range(1, width + 1) if width % n == 0 and n <= 16]
            raise SpaceError(
                f"`heads` must divide the width, got {heads} heads for {width} channels. "
                f"Use one of {', '.join(map(str, fitting))} heads, another width, or give `head_width`."
            )
        return heads, layers.whole("head_width", self.head_width, least=0) or width // heads

    def _feed_forward(self, width: int) -> nn.Module:
        if not isinstance(self.mlp_ratio, int | float) or not self.mlp_ratio > 0:
            raise SpaceError(f"`mlp_ratio` must be a number above 0, got {self.mlp_ratio!r}.")
        hidden = max(1, round(width * self.mlp_ratio))
        parts = [nn.Linear(width, hidden), layers.activation(self.activation), nn.Linear(hidden, width)]
        if layers.share("dropout", self.dropout):
            parts.insert(2, nn.Dropout(self.dropout))
        return nn.Sequential(*parts)
