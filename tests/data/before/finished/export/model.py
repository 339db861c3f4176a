"""A network found by architecture search in the space `mlp`, as plain PyTorch.

    from model import load
    network = load()      # (batch, 1, 8, 8) -> (batch, 10)

4,618 parameters, 4,416 multiply-adds for one example. See card.md for data and scores.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn


class Normalize(nn.Module):
    """`(x - mean) / std` per channel; takes uint8 or floats `(batch, channels, …)`, gives float32.

    Args:
        mean, std: one number per channel, in the data's own scale.
    """

    shift: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.mean = tuple(mean)
        self.std = tuple(std)
        self.register_buffer("shift", torch.tensor(self.mean, dtype=torch.float32), persistent=False)
        self.register_buffer("scale", 1.0 / torch.tensor(self.std, dtype=torch.float32), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shape = (1, -1) + (1,) * (x.dim() - 2)
        return (x.to(self.shift.dtype) - self.shift.view(shape)) * self.scale.view(shape)


class ResidualSum(nn.Module):
    """activation(branch(x) + shortcut(x))."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module, activation: nn.Module, depth: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut
        self.activation = activation
        self.depth = depth

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.activation(self.depth(self.branch(x)) + self.shortcut(x))


class StochasticDepth(nn.Module):
    """Drops the whole branch for a share `rate` of the examples in training (https://arxiv.org/abs/1603.09382)."""

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.rate == 0.0:
            return x
        kept = torch.rand((x.shape[0],) + (1,) * (x.dim() - 1), device=x.device, dtype=x.dtype) >= self.rate
        return x * kept / (1.0 - self.rate)


class Model(nn.Module):
    """(batch, 1, 8, 8) in the data's own scale -> (batch, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.normalize = Normalize(mean=(4.879058970460469,), std=(6.012116639446874,))
        self.cells = nn.Sequential(
            # Flatten: out (64)
            nn.Flatten(),
            # MLP: out (32)
            nn.Sequential(nn.Linear(64, 32, bias=False), nn.BatchNorm1d(32), nn.GELU(), nn.Dropout(p=0.2)),
            # Residual: out (32)
            ResidualSum(
                branch=nn.Sequential(
                    nn.Linear(32, 32, bias=False),
                    nn.BatchNorm1d(32),
                    nn.ReLU(),
                    nn.Linear(32, 32, bias=False),
                    nn.BatchNorm1d(32),
                ),
                shortcut=nn.Identity(),
                activation=nn.ReLU(),
                depth=StochasticDepth(),
            ),
            # Head: out (10)
            nn.Sequential(nn.Dropout(p=0.2), nn.Linear(32, 10)),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.cells(self.normalize(x))


def load(weights: str = "weights.pt", device: str = "cpu") -> Model:
    """The trained network, ready to use. A relative path starts from this file's folder."""
    model = Model()
    state = torch.load(Path(__file__).parent / weights, map_location=device, weights_only=True)
    model.load_state_dict(state)
    return model.to(device).eval()
