"""Modules as a user would write them, in a file of their own."""

from __future__ import annotations

import math

import torch
from torch import nn

SLOPE = 0.3


def squash(x: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x) * math.sqrt(2) + SLOPE * x


class Inner(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return squash(self.mix(x))


class Gated(nn.Module):
    """Keeps none of its arguments: for a module of the user's own the cell remembers them."""

    def __init__(self, in_channels: int, width: int = 8) -> None:
        super().__init__()
        self.inner = Inner(in_channels)
        self.out = nn.Conv2d(in_channels, width, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.inner(x)) * torch.sigmoid(self.out(x))


class OtherwiseWhenTraced(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 if torch.compiler.is_exporting() else x


class KnowsTheBatch(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat(list(x.split(1)))


class ReadsBothWays(nn.Module):
    """A recurrence by hand over (batch, channels, positions), forwards and backwards."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.step = nn.GRUCell(in_channels, in_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = []
        for line in (x.unbind(-1), x.unbind(-1)[::-1]):
            state = torch.zeros_like(line[0])
            for one in line:
                state = self.step(one, state)
            found.append(state)
        return torch.stack(found, -1)
