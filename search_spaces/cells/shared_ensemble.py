"""Many networks in one that share almost all weights: TabM (https://arxiv.org/abs/2410.24210)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Real, Whole, Word


class SplitMembers(nn.Module):
    """(batch, features) -> (batch, members, features): the input scaled as each member learns, at first by 1 or -1."""

    def __init__(self, members: int, features: int) -> None:
        super().__init__()
        self.members = members
        self.features = features
        self.scale = nn.Parameter(torch.where(torch.rand(members, features) < 0.5, -1.0, 1.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.unsqueeze(1) * self.scale


class MemberLinear(nn.Module):
    """(batch, members, features) -> (batch, members, width): shared weights; scales and biases of each member's own.

    The layer of BatchEnsemble (https://arxiv.org/abs/2002.06715): `(x * scale_in) W * scale_out + bias`.
    """

    def __init__(self, members: int, features: int, width: int) -> None:
        super().__init__()
        self.members = members
        self.features = features
        self.width = width
        self.linear = nn.Linear(features, width, bias=False)
        self.scale_in = nn.Parameter(torch.ones(members, features))
        self.scale_out = nn.Parameter(torch.ones(members, width))
        self.bias = nn.Parameter(torch.empty(1, width).uniform_(-(features**-0.5), features**-0.5).repeat(members, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x * self.scale_in) * self.scale_out + self.bias


class JoinMembers(nn.Module):
    """(batch, members, width) -> (batch, width, members)."""

    def __init__(self) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.transpose(1, 2)


@dataclass(frozen=True)
class SharedEnsemble:
    """`members` MLPs at once, one a position: `(features,)` -> `(width, members)`. Positions are flattened first.

    `Head(pooling="average")` behind it gives the mean of the members' logits. Cells between the two work on each
    member alone if they mix no positions (`MLP`, 1x1 `Conv`).

    The paper gives each member a head and a loss of its own. Here the head is shared and the loss is that of the
    mean, since a network gives one output for an example; so members differ less than in the paper.

    Args:
        width: units of each layer; 0 keeps the number of features.
        depth: layers, at least 1.
        members: networks in the ensemble; 32 in the paper.
        kind: full (each layer has scales and biases for each member: TabM) or mini (only the input has: TabM-mini).
        dropout: behind each layer, at least 0 and below 1.
    """

    width: Whole = 128
    depth: Whole = 2
    members: Whole = 16
    kind: Word = "full"
    activation: Word = "relu"
    dropout: Real = 0.0

    def build(self, shape: Shape) -> nn.Module:
        features = 1
        for size in shape:
            features *= size
        width = layers.whole("width", self.width, least=0) or features
        members = layers.whole("members", self.members)
        layers.one_of("kind", self.kind, ("full", "mini"))
        parts: list[nn.Module] = [nn.Flatten()] if layers.positions(shape) else []
        parts.append(SplitMembers(members, features))
        for _ in range(layers.whole("depth", self.depth)):
            full = self.kind == "full"
            parts.append(MemberLinear(members, features, width) if full else nn.Linear(features, width))
            parts.append(layers.activation(self.activation))
            parts += [nn.Dropout(self.dropout)] if layers.share("dropout", self.dropout) else []
            features = width
        return layers.chain(*parts, JoinMembers())
