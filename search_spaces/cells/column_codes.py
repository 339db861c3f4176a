"""Vectors for the columns of a table of which some are codes: a category is several numbers, and one column."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from search_spaces.cells.layers import Shape
from search_spaces.errors import SpaceError


class CodeEmbedding(nn.Module):
    """(batch, features) -> (batch, width, codes): each code times a matrix of its own, plus a vector.

    Of a category, whose code is a single 1, that is a vector for each word: the categorical embedding of
    https://arxiv.org/abs/2106.11959.

    Args:
        sizes: how many features each code has.
        width: of the vectors.
    """

    def __init__(self, sizes: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.width = width
        self.weight = nn.Parameter(torch.randn(sum(sizes), width) * width**-0.5)
        self.bias = nn.Parameter(torch.randn(width, len(sizes)) * width**-0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        sizes = list(self.sizes)
        codes = [code @ weight for code, weight in zip(x.split(sizes, 1), self.weight.split(sizes), strict=True)]
        return torch.stack(codes, dim=2) + self.bias


class NumbersAndCodes(nn.Module):
    """(batch, features) -> (batch, width, columns): a column of one feature is a number, one of several is a code.

    Numbers come first, each kind in the order of the table.

    Args:
        columns: how many features each column has.
        numbers: (batch, numbers) -> (batch, width, numbers); the identity where there are none.
        codes: (batch, features of all codes) -> (batch, width, codes).
    """

    of_numbers: torch.Tensor
    of_codes: torch.Tensor

    def __init__(self, columns: tuple[int, ...], numbers: nn.Module, codes: nn.Module) -> None:
        super().__init__()
        self.columns = columns
        self.numbers = numbers
        self.codes = codes
        sizes = [size for size in columns for _ in range(size)]  # of each feature's column
        of_numbers = [place for place, size in enumerate(sizes) if size == 1]
        of_codes = [place for place, size in enumerate(sizes) if size > 1]
        self.register_buffer("of_numbers", torch.tensor(of_numbers, dtype=torch.long), persistent=False)
        self.register_buffer("of_codes", torch.tensor(of_codes, dtype=torch.long), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        codes = self.codes(x.index_select(1, self.of_codes))
        if 1 not in self.columns:
            return codes
        return torch.cat([self.numbers(x.index_select(1, self.of_numbers)), codes], dim=2)


def embedded(columns: tuple[int, ...], width: int, shape: Shape, numbers: Callable[[int], nn.Module]) -> nn.Module:
    """A vector for each column of a table, see `NumbersAndCodes`.

    Args:
        columns: how many features each column has; empty where each has one.
        shape: of the input, `(features,)`.
        numbers: makes the module for so many numbers.

    Raises:
        SpaceError: the columns have more or fewer features than the input.
    """
    if not columns:
        return numbers(shape[0])
    if sum(columns) != shape[0] or min(columns) < 1:
        raise SpaceError(
            f"`columns` must have the {shape[0]} features of the input together, at least one each, got {columns}."
        )
    codes = tuple(size for size in columns if size > 1)
    if not codes:
        return numbers(shape[0])
    count = len(columns) - len(codes)
    return NumbersAndCodes(columns, numbers(count) if count else nn.Identity(), CodeEmbedding(codes, width))
