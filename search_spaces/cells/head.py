"""The last cell: from features to the outputs that the task asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Real, Whole, Word


class GlobalPool(nn.Module):
    """One number a channel out of all its positions: their average, maximum or the last."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(x.shape[0], x.shape[1], -1)
        if self.kind == "average":
            return x.mean(-1)
        return x.amax(-1) if self.kind == "max" else x[:, :, -1]


@dataclass(frozen=True)
class Head:
    """Global pooling, dropout, linear layer.

    Args:
        pooling: average, max, last (the last position, for series) or flatten (keep every position).
        dropout: at least 0 and below 1.
        hidden: units of a linear layer and ReLU before the last one; 0 for none.
        outputs: set from the task when the network is built.
    """

    pooling: Word = "average"
    dropout: Real = 0.0
    hidden: Whole = 0
    outputs: Whole = 0

    def build(self, shape: Shape) -> nn.Module:
        layers.one_of("pooling", self.pooling, ("average", "max", "last", "flatten"))
        outputs = layers.whole("outputs", self.outputs)
        parts: list[nn.Module] = []
        features = shape[0]
        if layers.positions(shape) and self.pooling == "flatten":
            parts.append(nn.Flatten())
            features = math.prod(shape)
        elif layers.positions(shape):
            parts.append(GlobalPool(self.pooling))
        if layers.whole("hidden", self.hidden, least=0):
            parts += [nn.Linear(features, self.hidden), nn.ReLU()]
        parts += [nn.Dropout(self.dropout)] if layers.share("dropout", self.dropout) else []
        return layers.chain(*parts, nn.Linear(self.hidden or features, outputs))
