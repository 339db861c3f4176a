"""Vectors for the numbers of a table: piecewise-linear and periodic (https://arxiv.org/abs/2203.05556)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.column_codes import embedded
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Flag, Real, Whole, Word
from search_spaces.errors import SpaceError


class PiecewiseLinear(nn.Module):
    """(batch, columns, …positions) -> (batch, columns, bins, …positions): how far each number has come in each bin.

    0 below the bin, 1 above it, and linear inside. The first bin goes on below its edge and the last one above, so
    that no two numbers look the same. The edges are evenly spaced quantiles of the standard normal distribution.
    """

    left: torch.Tensor
    size: torch.Tensor
    least: torch.Tensor
    most: torch.Tensor

    def __init__(self, bins: int) -> None:
        super().__init__()
        self.bins = bins
        edges = torch.special.ndtri(torch.linspace(0.001, 0.999, bins + 1))
        number = torch.arange(bins)
        self.register_buffer("left", edges[:-1].clone(), persistent=False)
        self.register_buffer("size", edges[1:] - edges[:-1], persistent=False)
        self.register_buffer("least", torch.where(number == 0, -math.inf, 0.0), persistent=False)
        self.register_buffer("most", torch.where(number == bins - 1, math.inf, 1.0), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bins = (self.bins,) + (1,) * (x.dim() - 2)
        share = (x.unsqueeze(2) - self.left.reshape(bins)) / self.size.reshape(bins)
        return torch.minimum(torch.maximum(share, self.least.reshape(bins)), self.most.reshape(bins))


class Periodic(nn.Module):
    """(batch, columns, …positions) -> (batch, columns, 2 * frequencies, …positions): cosines and sines.

    Each column learns its own frequencies, which start as normal draws of standard deviation `sigma`.
    """

    def __init__(self, columns: int, frequencies: int, sigma: float) -> None:
        super().__init__()
        self.columns = columns
        self.frequencies = frequencies
        self.sigma = sigma
        self.coefficients = nn.Parameter(torch.randn(columns, frequencies) * sigma)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        coefficients = self.coefficients.reshape(self.coefficients.shape + (1,) * (x.dim() - 2))
        angle = 2 * math.pi * coefficients * x.unsqueeze(2)
        return torch.cat([angle.cos(), angle.sin()], dim=2)


class ColumnLinear(nn.Module):
    """(batch, columns, features) -> (batch, width, columns): a linear layer for each column, or one for all."""

    def __init__(self, columns: int, features: int, width: int, shared: bool) -> None:
        super().__init__()
        self.columns = columns
        self.features = features
        self.width = width
        self.shared = shared
        maps = 1 if shared else columns
        bound = features**-0.5
        self.weight = nn.Parameter(torch.empty(maps, features, width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(maps, 1, width).uniform_(-bound, bound))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.transpose(0, 1)
        if self.shared:
            return (x @ self.weight[0] + self.bias).permute(1, 2, 0)
        return torch.baddbmm(self.bias, x, self.weight).permute(1, 2, 0)


@dataclass(frozen=True)
class NumberEmbedding:
    """A vector for each number of a table: `(columns,)` -> `(width, columns)`; `Embed` is its linear form.

    Of a series or picture the numbers of all channels at a position are expanded and mixed by one 1x1 convolution:
    `(channels, …)` -> `(width, …)`.

    Piecewise-linear bins should lie at quantiles of each column. A cell sees shapes and no data, so the bins lie at
    quantiles of the standard normal distribution, which fits columns that are standardised, as the training loop does.

    Args:
        width: channels out, at least 1.
        kind: piecewise (of `size` bins) or periodic (of `size` frequencies; with relu the PLR of the paper).
        size: bins or frequencies of a column, at least 1.
        sigma: of periodic, above 0: spread of the first frequencies. The paper tunes it between 0.01 and 100.
        activation: behind the linear layer; `none` is usual for piecewise.
        shared: one linear layer for all columns, as in PLR(lite); without positions only.
        columns: of a table, how many features each column became, set from the task when the network is built. A
            column of several is a code, such as that of a category: it is not expanded, and has one vector.
    """

    takes_columns: ClassVar[bool] = True  # it may stand first where features are codes of columns

    width: Whole = 16
    kind: Word = "piecewise"
    size: Whole = 16
    sigma: Real = 0.1
    activation: Word = "relu"
    shared: Flag = False
    columns: tuple[int, ...] = ()

    def build(self, shape: Shape) -> nn.Module:
        width, size = layers.whole("width", self.width), layers.whole("size", self.size)
        layers.one_of("kind", self.kind, ("piecewise", "periodic"))
        if isinstance(self.sigma, bool) or not isinstance(self.sigma, int | float) or not self.sigma > 0:
            raise SpaceError(f"`sigma` must be a number above 0, got {self.sigma!r}. Use e.g. 0.1.")
        periodic = self.kind == "periodic"
        features = 2 * size if periodic else size

        def expand(numbers: int) -> nn.Module:
            return Periodic(numbers, size, self.sigma) if periodic else PiecewiseLinear(size)

        def vectors(numbers: int) -> nn.Module:
            mix = ColumnLinear(numbers, features, width, bool(self.shared))
            return layers.chain(expand(numbers), mix, layers.activation(self.activation))

        if layers.positions(shape):
            mix = layers.conv((shape[0] * features, *shape[1:]), width, 1, bias=True)
            return layers.chain(expand(shape[0]), nn.Flatten(1, 2), mix, layers.activation(self.activation))
        return embedded(self.columns, width, shape, vectors)
