"""A gate on the channels, behind any cell (https://arxiv.org/abs/1709.01507)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.cells.residual import SqueezeExcitation
from search_spaces.dsl import Real, Word
from search_spaces.errors import SpaceError


@dataclass(frozen=True)
class SqueezeExcite:
    """Scales each channel by a number between 0 and 1, computed from the means of all channels over the positions.

    `InvertedBottleneck` has such a gate inside; this is the same one by itself.

    Args:
        share: hidden units of the gate as a share of the channels, above 0 and at most 1; the paper has 1/16.
        gate: sigmoid, or another activation for the scale.
    """

    share: Real = 0.25
    activation: Word = "relu"
    gate: Word = "sigmoid"

    def build(self, shape: Shape) -> nn.Module:
        if isinstance(self.share, bool) or not isinstance(self.share, int | float) or not 0 < self.share <= 1:
            raise SpaceError(f"`share` must be above 0 and at most 1, got {self.share!r}. Use e.g. 0.25.")
        hidden = max(1, round(shape[0] * self.share))
        return SqueezeExcitation(
            nn.Sequential(
                nn.Linear(shape[0], hidden),
                layers.activation(self.activation),
                nn.Linear(hidden, shape[0]),
                layers.activation(self.gate),
            )
        )
