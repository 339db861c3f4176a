"""What joins the tokens of several branches to one vector."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.head import GlobalPool
from search_spaces.cells.layers import Shape
from search_spaces.cells.transformer import Transformer
from search_spaces.dsl import Real, Whole, Word

METHODS = ("concatenate", "gate", "attention")


class GatedSum(nn.Module):
    """(batch, channels, tokens) -> (batch, channels): each token counts as much as its gate, which sees all, lets it.

    The gated multimodal unit (https://arxiv.org/abs/1702.01992), with one gate a token.
    """

    def __init__(self, channels: int, tokens: int) -> None:
        super().__init__()
        self.channels = channels
        self.tokens = tokens
        self.gate = nn.Linear(channels * tokens, tokens)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(x.shape[0], self.channels, self.tokens)
        gates = torch.sigmoid(self.gate(x.flatten(1)))
        return (torch.tanh(x) * gates.unsqueeze(1)).sum(2)


@dataclass(frozen=True)
class Fusion:
    """Joins tokens to one vector: `(channels, …)` -> `(width,)`.

    Args:
        method: concatenate (all tokens, a linear layer and ReLU), gate (a sum in which a gate weighs each token) or
            attention (each token reads all others, those of other branches too, then their mean; learned vectors tell
            the places apart).
        width: of the vector; 0 keeps the channels.
        heads: of attention; the next smaller number that divides the width is taken.
        dropout: of the vector, at least 0 and below 1.
    """

    method: Word = "concatenate"
    width: Whole = 0
    heads: Whole = 4
    dropout: Real = 0.0

    def build(self, shape: Shape) -> nn.Module:
        layers.one_of("method", self.method, METHODS)
        width, count = layers.width_of(self.width, shape), math.prod(shape[1:])
        parts: list[nn.Module] = []
        if self.method == "concatenate":
            parts += [nn.Flatten()] if layers.positions(shape) else []
            parts += [nn.Linear(shape[0] * count, width), nn.ReLU()]
        elif self.method == "gate":
            parts += [GatedSum(shape[0], count)]
            parts += [nn.Linear(shape[0], width)] if width != shape[0] else []
        else:
            heads = max(n for n in range(1, layers.whole("heads", self.heads) + 1) if width % n == 0)
            parts += [Transformer(width, heads, positions="learned").build(shape), GlobalPool("average")]
        parts += [nn.Dropout(self.dropout)] if layers.share("dropout", self.dropout) else []
        return layers.chain(*parts)

    def canonical(self) -> Fusion:
        """Without heads where nothing attends."""
        return self if self.method == "attention" else Fusion(self.method, self.width, 0, self.dropout)
