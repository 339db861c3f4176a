"""A language model: tokens embedded, blocks that see no later token, and the next token at every position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import nn

from search_spaces.architecture import canonical
from search_spaces.cells import layers
from search_spaces.cells.embed import Embed, TokenEmbedding
from search_spaces.cells.facts import facts
from search_spaces.cells.graph import Parts
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Flag, Real, Whole
from search_spaces.errors import SpaceError
from search_spaces.tree import in_a_row

SMALL = 0.02  # deviation of fresh embeddings, as in GPT-2: they are rows of the last layer too


class NextTokenLayer(nn.Module):
    """(batch, length) tokens -> (batch, vocabulary, length): at every position the logits of the token that follows.

    Args:
        last: the linear layer to the vocabulary; the identity where the embedding's own rows are it
            (https://arxiv.org/abs/1608.05859).
    """

    def __init__(
        self, tokens: TokenEmbedding, dropout: nn.Module, body: nn.Module, norm: nn.Module, last: nn.Module
    ) -> None:
        super().__init__()
        self.tokens = tokens
        self.dropout = dropout
        self.body = body
        self.norm = norm
        self.last = last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(self.dropout(self.tokens(x)))
        x = self.norm(x.transpose(1, 2))
        x = F.linear(x, self.tokens.table.weight) if isinstance(self.last, nn.Identity) else self.last(x)
        return x.transpose(1, 2)


class TokenFeatures(nn.Module):
    """(batch, length) -> (batch, width, length): what a head may read."""

    def __init__(self, tokens: nn.Module, dropout: nn.Module, body: nn.Module) -> None:
        super().__init__()
        self.tokens = tokens
        self.dropout = dropout
        self.body = body

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(self.dropout(self.tokens(x)))


class LogitsLayer(nn.Module):
    """The last layer by itself, to be measured: (batch, width, length) -> (batch, vocabulary, length)."""

    rows: torch.Tensor

    def __init__(self, width: int, vocabulary: int, tied: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        if tied:
            self.register_buffer("rows", torch.zeros(vocabulary, width))
        else:
            self.rows = nn.Parameter(torch.zeros(vocabulary, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(self.norm(x.transpose(1, 2)), self.rows).transpose(1, 2)


@dataclass(frozen=True)
class _Logits:
    """What the last layer is measured by."""

    vocabulary: int
    tied: bool

    def build(self, shape: Shape) -> nn.Module:
        return LogitsLayer(shape[0], self.vocabulary, self.tied)


@dataclass(frozen=True)
class NextToken:
    """Embedding, blocks, norm, and the logits of the next token at every position: a whole language model.

    Its cells must see no later position than the one they are at: `CausalTransformer`, `Recurrent` in one direction,
    `TokenMixer` with a recurrence or a causal convolution, `Temporal`. Elsewhere than in a language model it is the
    embedding and the blocks alone.

    Args:
        cells: blocks that keep the number of positions, and the width too where the embedding is tied.
        width: of the embedding.
        tied: whether the embedding's rows are the last layer as well.
        dropout: behind the embedding, at least 0 and below 1.
        vocabulary, outputs: number of tokens, set from the task when the network is built.
    """

    takes_tokens: ClassVar[bool] = True  # it may stand first where the inputs are tokens
    gives_tokens: ClassVar[bool] = True  # it is all of a language model

    cells: Any
    width: Whole = 128
    tied: Flag = True
    dropout: Real = 0.0
    vocabulary: Whole = 0
    outputs: Whole = 0

    def build(self, shape: Shape) -> nn.Module:
        (embed, _), *blocks = self._placed(shape)
        tokens = embed.build(shape)
        dropout = nn.Dropout(self.dropout) if layers.share("dropout", self.dropout) else nn.Identity()
        body = layers.chain(*(cell.build(here) for cell, here in blocks))
        if not self.outputs:
            return TokenFeatures(tokens, dropout, body)
        if not isinstance(tokens, TokenEmbedding):
            raise SpaceError(f"its input must be tokens (length,), got the shape {shape}.")
        nn.init.normal_(tokens.table.weight, std=SMALL)
        width = self._after(shape)[0]
        last = nn.Identity() if self.tied else nn.Linear(width, self.outputs, bias=False)
        return NextTokenLayer(tokens, dropout, body, nn.LayerNorm(width), last)

    def parts(self, shape: Shape) -> Parts:
        """The embedding, the blocks and the last layer with their input shapes."""
        placed, after = tuple(self._placed(shape)), self._after(shape)
        if not self.outputs:
            return Parts(placed, after, 0)
        logits = (_Logits(self.outputs, bool(self.tied)), after)
        return Parts((*placed, logits), (self.outputs, after[1]), 0)

    def canonical(self) -> Any:
        """Without blocks that compute nothing."""
        return ("NextToken", canonical(tuple(in_a_row(self.cells))), self.width, self.tied, self.dropout)

    def _placed(self, shape: Shape) -> Iterator[tuple[Any, Shape]]:
        """The embedding and the blocks with their input shapes."""
        cells = (Embed(self.width, self.vocabulary), *in_a_row(self.cells))
        for place, cell in enumerate(cells):
            yield cell, shape
            try:
                shape = facts(cell, shape).shape
            except SpaceError as error:
                raise SpaceError(f"its block {place}, {cell!r}, cannot take the shape {shape}: {error}") from None

    def _after(self, shape: Shape) -> Shape:
        """The shape behind the blocks."""
        cell, here = list(self._placed(shape))[-1]
        after = facts(cell, here).shape
        if not self.outputs:
            return after
        if len(after) != 2 or after[1] != shape[0]:
            raise SpaceError(f"its blocks must keep all {shape[0]} positions, got {after}: no strides, no pooling.")
        if self.tied and after[0] != layers.whole("width", self.width):
            raise SpaceError(
                f"its blocks end with {after[0]} channels, but the embedding whose rows are the last layer has "
                f"{self.width}. Use tied=False, or blocks of that width."
            )
        return after
