"""Networks for token sequences."""

from __future__ import annotations

from search_spaces.cells import (
    CausalTransformer,
    Conv,
    Dropout,
    Embed,
    Head,
    Ngrams,
    Recurrent,
    Residual,
    SeparableConv,
    TokenMixer,
    Transformer,
    Windows,
)
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

KNOWN = [
    Known("text_cnn", "https://arxiv.org/abs/1408.5882", Embed(96), Windows(100), Head("average", 0.5)),
    Known("fast_text", "https://arxiv.org/abs/1607.01759", Ngrams(32), Head("average")),
    Known(
        "bidirectional_lstm",
        "https://arxiv.org/abs/1705.02364",
        Embed(96),
        Recurrent(kind="lstm", bidirectional=True),
        Head("max"),
    ),
    # The setting of nanoGPT for a CPU, without its last norm.
    Known(
        "nanogpt_like",
        "https://github.com/karpathy/nanoGPT",
        Embed(128),
        CausalTransformer(positions="learned"),
        *[CausalTransformer()] * 3,
        Head("last"),
    ),
]


def text() -> Space:
    """An embedding, then convolutional, recurrent and transformer blocks of its width; the vocabulary is the task's."""
    block = Choice(
        Conv(kernel=Choice(3, 5)),
        SeparableConv(kernel=Choice(3, 5, 7)),
        Residual(kernel=3),
        Recurrent(kind=Choice("lstm", "gru"), bidirectional=Choice(False, True)),
        Transformer(heads=Choice(2, 4), mlp_ratio=Choice(1, 2), positions=Choice("none", "learned")),
        Windows(Choice(32, 64, 100), Choice((3, 4, 5), (2, 3, 4))),
        Dropout(Choice(0.2, 0.5), Choice("positions", "channels")),
        TokenMixer(kind=Choice("recurrence", "convolution")),
        CausalTransformer(heads=Choice(2, 4), mlp_ratio=Choice(2, 4), positions=Choice("none", "learned")),
    )
    return Space(
        "text",
        Choice(Embed(Choice(16, 32, 64, 96, 128)), Ngrams(Choice(16, 32, 64), Choice(2, 3))),
        Repeat(block, times=Choice(1, 2, 3, 0, 4)),
        Head(pooling=Choice("average", "max", "last"), dropout=Choice(0.0, 0.2, 0.5)),
        known=KNOWN,
    )
