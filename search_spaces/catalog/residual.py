"""Residual networks (https://arxiv.org/abs/1512.03385) and their mobile descendants (https://arxiv.org/abs/1801.04381)."""

from __future__ import annotations

from search_spaces.cells import ConvNeXt, Head, InvertedBottleneck, Residual, SqueezeExcite, Stem
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

RESNET20 = Known(
    "resnet20",
    "https://arxiv.org/abs/1512.03385",
    Stem(16),
    *[Residual()] * 3,
    Residual(32, stride=2),
    *[Residual()] * 2,
    Residual(64, stride=2),
    *[Residual()] * 2,
    Head(),
)


def residual() -> Space:
    """Residual, inverted-bottleneck and ConvNeXt blocks in three stages; the first block of a stage halves the map."""
    block = Choice(
        Residual(kind=Choice("basic", "bottleneck"), kernel=Choice(3, 5)),
        InvertedBottleneck(expansion=Choice(2, 4), kernel=Choice(3, 5), squeeze_excitation=Choice(0.0, 0.25)),
        ConvNeXt(kernel=Choice(5, 7), expansion=Choice(2, 4), layer_scale=0, response_norm=Choice(False, True)),
        SqueezeExcite(Choice(0.0625, 0.25)),
    )
    return Space(
        "residual",
        Stem(Choice(16, 24, 32), stride=Choice(1, 2)),
        Repeat(block, times=Choice(0, 1, 2, 3)),
        Residual(Choice(32, 48, 64), stride=2),
        Repeat(block, times=Choice(0, 1, 2)),
        Residual(Choice(64, 96, 128), stride=2),
        Repeat(block, times=Choice(0, 1, 2)),
        Head(dropout=Choice(0.0, 0.2)),
        known=[RESNET20],
    )
