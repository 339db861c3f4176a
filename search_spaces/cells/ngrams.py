"""Vectors for tokens and for hashed pairs of them: the features of fastText (https://arxiv.org/abs/1607.01759)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.embed import Embed
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Whole


class NgramEmbedding(nn.Module):
    """(batch, length) whole numbers below `vocabulary` -> (batch, width, n-grams).

    Tokens come first, each with a vector of its own, then all pairs, then all triples. Each of the latter has one of
    `buckets` vectors, by a fixed hash of its tokens.
    """

    def __init__(self, vocabulary: int, width: int, longest: int, buckets: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.width = width
        self.longest = longest
        self.buckets = buckets
        self.table = nn.Embedding(vocabulary + buckets, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = x.long()
        found, hashed = [tokens], tokens
        for size in range(2, min(self.longest, tokens.shape[1]) + 1):
            hashed = (hashed[:, :-1] * 1_000_003 + tokens[:, size - 1 :] + size) % 2_147_483_647
            found.append(self.vocabulary + hashed % self.buckets)
        return self.table(torch.cat(found, dim=1)).transpose(1, 2)


@dataclass(frozen=True)
class Ngrams:
    """A vector for each token and each n-gram of tokens: `(length,)` -> `(width, length + (length - 1) + …)`.

    `Head(pooling="average")` behind it is the linear classifier of fastText. It stands first in a network, in the
    place of `Embed`, and is told the vocabulary when the network is built. On real numbers it is an `Embed`.

    Args:
        width: channels out, at least 1.
        longest: tokens of the longest n-gram, at least 1.
        buckets: vectors that all pairs and longer n-grams share, at least 1.
        vocabulary: number of distinct tokens, set from the task when the network is built; 0 for real numbers.
    """

    takes_tokens: ClassVar[bool] = True

    width: Whole = 32
    longest: Whole = 2
    buckets: Whole = 10_000
    vocabulary: Whole = 0

    def build(self, shape: Shape) -> nn.Module:
        width, longest = layers.whole("width", self.width), layers.whole("longest", self.longest)
        buckets = layers.whole("buckets", self.buckets)
        if layers.positions(shape) or not layers.whole("vocabulary", self.vocabulary, least=0):
            return Embed(width).build(shape)
        return NgramEmbedding(self.vocabulary, width, longest, buckets)
