"""Several window widths with the maximum over time: TextCNN (https://arxiv.org/abs/1408.5882)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Whole, Word
from search_spaces.errors import SpaceError


class MaxOverPositions(nn.Module):
    """(batch, channels, …positions) -> (batch, features): the greatest answer of each filter of each branch."""

    def __init__(self, branches: nn.ModuleList) -> None:
        super().__init__()
        self.branches = branches

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answers = [branch(x) for branch in self.branches]
        return torch.cat([answer.reshape(answer.shape[0], answer.shape[1], -1).amax(-1) for answer in answers], dim=1)


@dataclass(frozen=True)
class Windows:
    """Filters of each window width, activation, maximum over positions: `(c, …)` -> `(width * widths,)`.

    Windows may reach over the border, so that no series is too short; on a vector each is a linear layer.

    Args:
        width: filters of each window width; at least 1. The paper has 100.
        sizes: a tuple of window widths, each at least 1; on a picture the windows are square.
    """

    width: Whole = 64
    sizes: Any = (3, 4, 5)
    activation: Word = "relu"

    def build(self, shape: Shape) -> nn.Module:
        width, rank = layers.whole("width", self.width), layers.positions(shape)
        if not isinstance(self.sizes, tuple) or not self.sizes:
            raise SpaceError(f"`sizes` must be a tuple of window widths, got {self.sizes!r}. Write e.g. (3, 4, 5).")
        branches = []
        for size in self.sizes:
            layers.whole("sizes", size)
            conv = layers.CONV[rank](shape[0], width, size, padding=size - 1) if rank else nn.Linear(shape[0], width)
            branches.append(layers.chain(conv, layers.activation(self.activation)))
        return MaxOverPositions(nn.ModuleList(branches))
