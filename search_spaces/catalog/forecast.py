"""Networks for the next values of a series: linear maps of a window, and blocks that read it in order."""

from __future__ import annotations

from search_spaces.cells import (
    MLP,
    Conv,
    Flatten,
    Head,
    Inception,
    Patchify,
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

KNOWN = [
    # A window is seen as differences from its end in every network, so the linear one is NLinear.
    Known("nlinear", "https://arxiv.org/abs/2205.13504", Flatten(), Head("flatten")),
    Known(
        "patch_transformer",
        "https://arxiv.org/abs/2211.14730",
        Patchify(64, 4),
        Transformer(positions="learned"),
        Transformer(),
        Head("flatten"),
    ),
    # One block of the generic architecture, without its backcast.
    Known("n_beats_block", "https://arxiv.org/abs/1905.10437", Flatten(), MLP(128, 4, norm="none"), Head("flatten")),
    Known("lstm", "https://doi.org/10.1162/neco.1997.9.8.1735", Recurrent(64, "lstm"), Head("last")),
    Known("temporal_convolutions", "https://arxiv.org/abs/1803.01271", Stem(32), Temporal(depth=5), Head("last")),
]


def forecast() -> Space:
    """A flat window or one of tokens, then up to two blocks; about 100 to 1M parameters."""
    block = Choice(
        Conv(kernel=Choice(3, 5)),
        SeparableConv(kernel=Choice(3, 5, 7)),
        Residual(kernel=Choice(3, 5)),
        Recurrent(kind=Choice("lstm", "gru")),
        Transformer(heads=Choice(2, 4), mlp_ratio=Choice(1, 2), positions=Choice("none", "learned")),
        Inception(0, Choice(9, 19), depth=Choice(1, 3)),
        Temporal(depth=Choice(3, 5)),
        TokenMixer(kind=Choice("recurrence", "convolution")),
    )
    return Space(
        "forecast",
        Choice(
            Flatten(),
            (Flatten(), MLP(Choice(32, 64, 128), Choice(1, 2, 4), norm="none", dropout=Choice(0.0, 0.2))),
            (Patchify(Choice(32, 64), Choice(2, 4, 8)), Repeat(block, times=Choice(1, 2, 0))),
            (Stem(Choice(16, 32, 64), kernel=Choice(3, 5)), Repeat(block, times=Choice(1, 2, 0))),
            (Recurrent(Choice(32, 64), Choice("lstm", "gru")), Repeat(block, times=Choice(0, 1))),
        ),
        Head(pooling=Choice("flatten", "last", "average"), dropout=Choice(0.0, 0.2)),
        known=KNOWN,
    )
