"""Plain convolutional networks."""

from __future__ import annotations

from search_spaces.cells import Conv, ConvStage, Downsample, Head, SeparableConv, SqueezeExcite, Stem
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

# A quarter as wide as the original, so that a few cores see the data often enough.
RESNET9 = Known(
    "resnet9",
    "https://github.com/davidcpage/cifar10-fast",
    Stem(16),
    ConvStage(32, depth=2),
    ConvStage(64, depth=0),
    ConvStage(128, depth=2),
    Head("max"),
)
# Half as wide, and a quarter at the end; its second layer strides where the original pools.
# `Downsample` to the same width by max is a max pooling.
WIDE_RESNET9 = Known(
    "wide_resnet9",
    "https://github.com/davidcpage/cifar10-fast",
    Stem(32),
    ConvStage(64, depth=2),
    Downsample(128),
    ConvStage(depth=2),
    Downsample(128, "max"),
    Head("max"),
)


def smaller(*widths: int) -> Choice:
    """Where a stage begins: the map is halved by one layer, or by a stage as ResNet-9 has them."""
    return Choice(
        Downsample(Choice(*widths), kind=Choice("conv", "max")), ConvStage(Choice(*widths), depth=Choice(0, 1, 2))
    )


def cnn() -> Space:
    """Plain, separable and residual convolutions in three stages; about 5k to 2M parameters."""
    block = Choice(
        Conv(kernel=Choice(3, 5)),
        SeparableConv(kernel=Choice(3, 5)),
        ConvStage(Choice(0, 32, 64), depth=Choice(1, 2), init=Choice("default", "dirac")),
        SqueezeExcite(Choice(0.0625, 0.25)),
    )
    return Space(
        "cnn",
        Stem(Choice(16, 24, 32), stride=Choice(1, 2)),
        Repeat(block, times=Choice(0, 1, 2)),
        smaller(32, 48, 64, 128),
        Repeat(block, times=Choice(0, 1, 2, 3)),
        smaller(64, 96, 128),
        Repeat(block, times=Choice(0, 1, 2)),
        Head(pooling=Choice("average", "max"), dropout=Choice(0.0, 0.2)),
        known=[WIDE_RESNET9, RESNET9],
    )
