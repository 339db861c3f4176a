"""Encoder-only transformers on patches (https://arxiv.org/abs/2010.11929), with a convolutional stem (https://arxiv.org/abs/2106.14881)."""

from __future__ import annotations

from search_spaces.cells import Head, Stem, Transformer
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

# Half as wide and half as deep as ViT-tiny, which has patches of 16 instead of a stem.
VIT = Known(
    "vit_tiny_like",
    "https://arxiv.org/abs/2010.11929",
    Stem(96, stride=4, activation="gelu"),
    Transformer(heads=4, mlp_ratio=4, positions="learned"),
    *[Transformer(heads=4, mlp_ratio=4)] * 5,
    Head(),
)


def transformer() -> Space:
    """A stem of stride 2 or 4, then pre-norm blocks of one width; the first block learns positions."""
    heads, ratio = Choice(2, 4, 8), Choice(1, 2, 4)
    return Space(
        "transformer",
        Stem(Choice(32, 48, 64, 96), kernel=Choice(3, 5), stride=Choice(2, 4), activation="gelu"),
        Transformer(heads=heads, mlp_ratio=ratio, positions=Choice("none", "learned")),
        Repeat(Transformer(heads=heads, mlp_ratio=ratio), times=Choice(0, 1, 2, 3, 4, 5)),
        Head(dropout=Choice(0.0, 0.1)),
        known=[VIT],
    )
