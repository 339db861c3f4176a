"""The default space: convolutional, residual, inverted-bottleneck and transformer blocks in three stages."""

from __future__ import annotations

from search_spaces.catalog.cnn import RESNET9, WIDE_RESNET9, smaller
from search_spaces.cells import (
    Conv,
    ConvNeXt,
    ConvStage,
    Downsample,
    Head,
    InvertedBottleneck,
    Residual,
    SeparableConv,
    Stem,
    Transformer,
)
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

# Each is narrower and shorter than its original, and where a stage begins, the map is halved by `Downsample`.
KNOWN = [
    WIDE_RESNET9,
    RESNET9,
    Known(
        "mobilenet_v3_like",
        "https://arxiv.org/abs/1905.02244",
        Stem(16),
        Downsample(32),
        *[InvertedBottleneck(expansion=4, kernel=3, squeeze_excitation=0.25)] * 3,
        Downsample(64),
        *[InvertedBottleneck(expansion=4, kernel=5, squeeze_excitation=0.25)] * 2,
        Head(dropout=0.2),
    ),
    Known(
        "convnext_like",
        "https://arxiv.org/abs/2201.03545",
        Stem(32, stride=2),
        Downsample(64),
        *[ConvNeXt(expansion=4, layer_scale=0)] * 3,
        Downsample(128),
        *[ConvNeXt(expansion=4, layer_scale=0)] * 2,
        Head(),
    ),
]


def hybrid() -> Space:
    """Networks of about 10k to 1M parameters that train in a few epochs on a CPU.

    The width is decided where a stage begins; blocks keep it, so that residual sums need no projection. Most of the
    time of a network goes to its first, largest maps, so that stage is short and cheap; attention, which costs the
    square of the number of positions, is offered from the second stage on.
    """
    early = (
        Conv(kernel=3),
        SeparableConv(kernel=Choice(3, 5)),
        Residual(kernel=3),
        ConvStage(Choice(0, 32, 64), depth=Choice(1, 2)),
    )
    local = (
        Conv(kernel=Choice(3, 5)),
        SeparableConv(kernel=Choice(3, 5)),
        Residual(kernel=3, kind=Choice("basic", "bottleneck")),
        InvertedBottleneck(expansion=Choice(2, 4), kernel=Choice(3, 5), squeeze_excitation=Choice(0.0, 0.25)),
    )
    mixed = (
        *local,
        Transformer(heads=Choice(2, 4), mlp_ratio=Choice(1, 2), positions=Choice("none", "learned")),
        ConvStage(depth=Choice(1, 2)),
        ConvNeXt(kernel=Choice(5, 7), expansion=Choice(2, 4), layer_scale=0),
    )
    return Space(
        "hybrid",
        Stem(Choice(16, 24, 32), stride=Choice(1, 2)),
        Repeat(Choice(*early), times=Choice(0, 1)),
        smaller(32, 48, 64, 128),
        Repeat(Choice(*mixed), times=Choice(0, 1, 2, 3)),
        smaller(64, 96, 128),
        Repeat(Choice(*mixed), times=Choice(0, 1, 2)),
        Head(pooling=Choice("average", "max"), dropout=Choice(0.0, 0.2)),
        known=KNOWN,
    )
