"""Plain convolutional networks."""

from __future__ import annotations

from search_spaces.cells import Conv, ConvStage, Downsample, Head, SeparableConv, SqueezeExcite, Stem
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

# Half as wide as the original, and a quarter at the end; its second layer strides where the original pools.
# `Downsample` to the same width by max is a max pooling.
RESNET9 = Known(
    "resnet9",
    "https://github.com/davidcpage/cifar10-fast",
    Stem(32),
    ConvStage(64, depth=2),
    Downsample(128),
    ConvStage(depth=2),
    Downsample(128, "max"),
    Head("max"),
)


def cnn() -> Space:
    """Plain, separable and residual convolutions in three stages; about 5k to 2M parameters."""
    block = Choice(
        Conv(kernel=Choice(3, 5)),
        SeparableConv(kernel=Choice(3, 5)),
        ConvStage(Choice(0, 64), depth=Choice(1, 2), init=Choice("default", "dirac")),
        SqueezeExcite(Choice(0.0625, 0.25)),
    )
    return Space(
        "cnn",
        Stem(Choice(16, 24, 32), stride=Choice(1, 2)),
        Repeat(block, times=Choice(0, 1, 2)),
        Downsample(Choice(32, 48, 64, 128), kind=Choice("conv", "max", "average")),
        Repeat(block, times=Choice(1, 2, 3)),
        Downsample(Choice(64, 96, 128), kind=Choice("conv", "max", "average")),
        Repeat(block, times=Choice(0, 1, 2)),
        Head(pooling=Choice("average", "max"), dropout=Choice(0.0, 0.2)),
        known=[RESNET9],
    )
