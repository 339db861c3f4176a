"""A learned token that gathers what the network finds, behind all others (https://arxiv.org/abs/1810.04805)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.cells.layers import Shape


class AppendToken(nn.Module):
    """(batch, width, …positions) -> (batch, width, positions + 1)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.token = nn.Parameter(torch.randn(1, width, 1) * width**-0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(x.shape[0], self.width, -1)
        return torch.cat([x, self.token.expand(x.shape[0], -1, -1)], dim=2)


@dataclass(frozen=True)
class ClassToken:
    """One learned position behind the others, for transformers to write their answer into: `(c, …)` -> `(c, n + 1)`.

    With `Embed` in front it is the tokenizer of FT-Transformer (https://arxiv.org/abs/2106.11959), and with `Patchify`
    that of ViT (https://arxiv.org/abs/2010.11929). `Head(pooling="last")` reads it. Positions are put in raster
    order; a vector counts as one position.
    """

    def build(self, shape: Shape) -> nn.Module:
        return AppendToken(shape[0])
