"""A block of one's own, with an activation as an option, searched and looked at afterwards: python own_block.py"""

from __future__ import annotations

import torch
from torch import nn

import nas
from search_spaces import Choice, Repeat, Space
from search_spaces.cells import Custom, Head, Stem


class Gated(nn.Module):
    """(batch, channels, height, width) -> (batch, width, height, width), each channel weighted by its mean."""

    def __init__(self, channels: int, width: int, act: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), act())
        self.gate = nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(x)
        return x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))


block = Custom(Gated, width=Choice(8, 16, 32), act=Choice(nn.ReLU, nn.GELU, nn.SiLU))
space = Space("gated", Stem(8), Repeat(block, times=Choice(1, 2)), Head())

if __name__ == "__main__":
    result = nas.search("digits", space, "1m")
    found = nas.open(result.directory)
    print(found.trials.sort_values("score").tail())
