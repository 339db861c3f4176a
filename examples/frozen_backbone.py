"""A pretrained backbone that stays as it is, and a searched network behind it: python frozen_backbone.py

The backbone's weights come from a file. The export holds them, and needs neither that file nor this script.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

import nas
from search_spaces import Choice, Repeat, Space
from search_spaces.cells import Conv, Custom, Head

WEIGHTS = Path(__file__).with_name("backbone.pt")


def pretrained(path: Path = WEIGHTS) -> Path:
    """A file of weights as one has from elsewhere; here they are edges and corners drawn at random."""
    if not path.exists():
        torch.manual_seed(0)
        torch.save(nn.Conv2d(1, 16, 3, padding=1).state_dict(), path)
    return path


class Backbone(nn.Module):
    """(batch, 1, height, width) -> (batch, 16, height, width), frozen."""

    def __init__(self, channels: int, weights: str = str(WEIGHTS)) -> None:
        super().__init__()
        self.body = nn.Conv2d(channels, 16, 3, padding=1)
        self.body.load_state_dict(torch.load(weights, weights_only=True))
        self.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x))


block = Conv(Choice(16, 32), kernel=Choice(1, 3))
space = Space("on-a-backbone", Custom(Backbone), Repeat(block, times=Choice(1, 2)), Head())


def main(budget: str = "1m", **settings: Any) -> None:
    pretrained()
    result = nas.search("digits", space, budget, **settings)
    network = nas.load(result.exported)
    trained = sum(one.numel() for one in network.parameters() if one.requires_grad)
    print(f"{result.best.parameters:,} parameters, {trained:,} of them trained")


if __name__ == "__main__":
    main()
