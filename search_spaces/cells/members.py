"""Several networks alike in one: a deep ensemble (https://arxiv.org/abs/1612.01474)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from search_spaces.architecture import canonical
from search_spaces.cells import layers
from search_spaces.cells.facts import facts
from search_spaces.cells.graph import Parts
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Whole
from search_spaces.tree import in_a_row


class MembersLayer(nn.Module):
    """Gives every member the same input, and the mean of what they say."""

    def __init__(self, members: nn.ModuleList) -> None:
        super().__init__()
        self.members = members

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([member(x) for member in self.members]).mean(dim=0)


@dataclass(frozen=True)
class Members:
    """Networks of the same cells, each with weights of its own, and the mean of their outputs (of classes: of logits).

    As the only cell of a network it holds all of it: a head is added to each member where there is none.

    Args:
        cells: of each member, in the order in which data flows through them.
        count: of members, at least 1.
    """

    cells: Any
    count: Whole = 5

    def build(self, shape: Shape) -> nn.Module:
        count, placed = layers.whole("count", self.count), list(self._placed(shape))
        members = [nn.Sequential(*(cell.build(at) for cell, at in placed)) for _ in range(count)]
        return MembersLayer(nn.ModuleList(members))

    def parts(self, shape: Shape) -> Parts:
        """The cells of all members with their input shapes."""
        count, placed = layers.whole("count", self.count), tuple(self._placed(shape))
        after = facts(*placed[-1]).shape if placed else shape
        return Parts(placed * count, after, (count + 1) * math.prod(after))

    def canonical(self) -> Any:
        """Without cells that compute nothing."""
        return ("Members", canonical(tuple(in_a_row(self.cells))), self.count)

    def _placed(self, shape: Shape) -> Iterator[tuple[Any, Shape]]:
        for cell in in_a_row(self.cells):
            yield cell, shape
            shape = facts(cell, shape).shape
