"""Networks for series: convolutional, recurrent and transformer blocks mixed."""

from __future__ import annotations

from search_spaces.cells import (
    MLP,
    Conv,
    Downsample,
    Head,
    Inception,
    Patchify,
    RandomConvolutions,
    Recurrent,
    Residual,
    SeparableConv,
    Stem,
    Temporal,
    TokenMixer,
    Transformer,
)
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

HALVED = Downsample(0, "average")  # in front of an average over all positions it changes nothing, nor on a vector

KNOWN = [
    # Half as wide as the original.
    Known(
        "inception_time",
        "https://arxiv.org/abs/1909.04939",
        Inception(64, 39, depth=3),
        Inception(kernel=39, depth=3, width=0),
        HALVED,
        Head(),
    ),
    # The original has widths of 128, 256 and 128, and first windows of 8.
    Known(
        "fcn", "https://arxiv.org/abs/1611.06455", Stem(64, kernel=7), Conv(kernel=5), Conv(kernel=3), HALVED, Head()
    ),
    # The linear layer in the middle keeps what may follow in a search small; with the head it is one linear map.
    Known(
        "mini_rocket",
        "https://arxiv.org/abs/2012.08791",
        RandomConvolutions(4_956),
        MLP(64, activation="none", norm="none"),
        HALVED,
        Head(),
    ),
    Known(
        "lstm",
        "https://doi.org/10.1162/neco.1997.9.8.1735",
        Recurrent(64, "lstm"),
        Recurrent(kind="lstm", bidirectional=False),
        HALVED,
        Head(),
    ),
    Known(
        "temporal_convolutions",
        "https://arxiv.org/abs/1803.01271",
        Stem(32),
        Temporal(depth=5),
        HALVED,
        Head(),
    ),
]


def sequence() -> Space:
    """A stem, patches or fixed convolutions, then two groups of blocks, the second on half as many positions.

    About 2k to 1M parameters.
    """
    kernel = Choice(3, 5, 7)
    block = Choice(
        Conv(kernel=kernel),
        SeparableConv(kernel=kernel),
        Residual(kernel=Choice(3, 5)),
        Recurrent(kind=Choice("lstm", "gru"), bidirectional=Choice(False, True)),
        Transformer(heads=Choice(2, 4), mlp_ratio=Choice(1, 2), positions=Choice("none", "learned")),
        Inception(0, Choice(9, 19, 39), depth=Choice(1, 3)),
        Temporal(depth=Choice(3, 5), causal=Choice(True, False)),
        TokenMixer(kind=Choice("recurrence", "convolution")),
    )
    return Space(
        "sequence",
        Choice(
            Stem(Choice(16, 32, 64), kernel=kernel, stride=Choice(1, 2)),
            Patchify(Choice(32, 64), Choice(2, 4)),
            Inception(Choice(32, 64), Choice(9, 19, 39), depth=Choice(1, 3)),
            (RandomConvolutions(Choice(1_008, 4_956)), MLP(Choice(32, 64), 1, Choice("none", "relu"), "none")),
            Recurrent(Choice(32, 64), Choice("lstm", "gru"), Choice(False, True)),
        ),
        Repeat(block, times=Choice(1, 2, 0)),
        Downsample(Choice(32, 64, 96, 0), kind=Choice("conv", "max", "average")),
        Repeat(block, times=Choice(0, 1, 2)),
        Head(pooling=Choice("average", "max", "last"), dropout=Choice(0.0, 0.2)),
        known=KNOWN,
    )
