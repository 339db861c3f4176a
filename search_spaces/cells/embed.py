"""From tokens, table columns or patches to vectors at positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.column_codes import embedded
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Whole, Word


class TokenEmbedding(nn.Module):
    """(batch, length) whole numbers below `vocabulary`, as floats or integers -> (batch, width, length)."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.width = width
        self.table = nn.Embedding(vocabulary, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.table(x.long()).transpose(1, 2)


class ColumnEmbedding(nn.Module):
    """(batch, columns) -> (batch, width, columns): each column times a vector of its own, plus another.

    The feature tokenizer of FT-Transformer (https://arxiv.org/abs/2106.11959).
    """

    def __init__(self, columns: int, width: int) -> None:
        super().__init__()
        self.columns = columns
        self.width = width
        self.scale = nn.Parameter(torch.randn(width, columns) * width**-0.5)
        self.shift = nn.Parameter(torch.randn(width, columns) * width**-0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.unsqueeze(1) * self.scale + self.shift


@dataclass(frozen=True)
class Embed:
    """A vector for each token or table column: `(length,)` -> `(width, length)`. Elsewhere a 1x1 convolution.

    Args:
        width: channels out, at least 1.
        vocabulary: number of distinct tokens, set from the task when the network is built; 0 for real numbers.
        columns: of a table, how many features each column became, set from the task when the network is built. A
            column of several is a code, such as that of a category, and has one vector. Empty: one feature each.
    """

    takes_tokens: ClassVar[bool] = True  # it may stand first where the inputs are tokens
    takes_columns: ClassVar[bool] = True  # it may stand first where features are codes of columns

    width: Whole = 32
    vocabulary: Whole = 0
    columns: tuple[int, ...] = ()

    def build(self, shape: Shape) -> nn.Module:
        width = layers.whole("width", self.width)
        if layers.positions(shape):
            return layers.conv(shape, width, kernel=1, bias=True)
        if layers.whole("vocabulary", self.vocabulary, least=0):
            return TokenEmbedding(self.vocabulary, width)
        return embedded(self.columns, width, shape, lambda numbers: ColumnEmbedding(numbers, width))


@dataclass(frozen=True)
class Patchify:
    """One vector for each patch (https://arxiv.org/abs/2010.11929); the border is padded with zeros to whole patches.

    A vector is cut into pieces: `(features,)` -> `(width, features / patch)`.

    Args:
        width: channels out, at least 1.
        patch: size of a patch along each axis.
        norm: batch, group, layer or none.
    """

    width: Whole = 64
    patch: Whole = 4
    norm: Word = "none"

    def build(self, shape: Shape) -> nn.Module:
        width, patch = layers.whole("width", self.width), layers.whole("patch", self.patch)
        parts: list[nn.Module] = [] if layers.positions(shape) else [nn.Unflatten(1, (1, shape[0]))]
        shape = shape if layers.positions(shape) else (1, shape[0])
        missing = [-size % patch for size in shape[1:]]
        if any(missing):
            pad: Any = nn.ConstantPad1d if layers.positions(shape) == 1 else nn.ConstantPad2d
            parts.append(pad(tuple(side for size in reversed(missing) for side in (0, size)), 0.0))
        parts.append(layers.CONV[layers.positions(shape)](shape[0], width, patch, stride=patch))
        return layers.chain(*parts, layers.norm(shape, width, self.norm))
