"""The decoder block of GPT: attention to earlier positions only (https://arxiv.org/abs/2005.14165)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.cells.token_mixer import feed_forward_of, learned_positions, pre_norm_block
from search_spaces.dsl import Real, Whole, Word
from search_spaces.errors import SpaceError


class CausalAttention(nn.Module):
    """Multi-head self-attention on (batch, positions, channels); no position sees a later one."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.width = width
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Linear(width, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        query, key, value = (
            self.inputs(x).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.output(mixed.transpose(1, 2).reshape(batch, length, width))


@dataclass(frozen=True)
class CausalTransformer:
    """One pre-norm GPT block; every position is a token, a picture is read row by row, a vector is one token.

    `Head(pooling="last")` behind it predicts what follows the sequence.

    Args:
        width: channels out, reached by a 1x1 convolution in front; 0 keeps the channels of the input.
        heads: attention heads. They must divide a `width` that is given; of the input's channels (width 0) the next
            smaller number that divides them is taken.
        mlp_ratio: how many times wider the feed-forward layer is than the block; above 0.
        positions: learned (a vector for each position; the first block of a GPT has it) or none.
        dropout: behind the feed-forward layer, at least 0 and below 1.
    """

    width: Whole = 0
    heads: Whole = 4
    mlp_ratio: Real = 4
    positions: Word = "none"
    activation: Word = "gelu"
    dropout: Real = 0.0

    def build(self, shape: Shape) -> nn.Module:
        width = layers.width_of(self.width, shape)
        attention = CausalAttention(width, self._heads(width))
        feed_forward = feed_forward_of(width, self.mlp_ratio, self.activation, self.dropout)
        return pre_norm_block(shape, width, attention, feed_forward, learned_positions(self.positions, shape, width))

    def _heads(self, width: int) -> int:
        heads = layers.whole("heads", self.heads)
        if self.width == 0:  # the width came with the input, so the heads give way
            return max(n for n in range(1, heads + 1) if width % n == 0)
        if width % heads:
            fitting = [n for n in range(1, width + 1) if width % n == 0 and n <= 16]
            raise SpaceError(
                f"`heads` must divide the width, got {heads} heads for {width} channels. "
                f"Use one of {', '.join(map(str, fitting))} heads, or another width."
            )
        return heads
