"""Language models: causal transformer blocks, recurrent layers and gated mixers between an embedding and its rows."""

from __future__ import annotations

from search_spaces.cells import CausalTransformer, NextToken, Recurrent, TokenMixer
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

KNOWN = [
    # The setting of nanoGPT for a CPU: 4 layers of 4 heads, 128 channels, no dropout.
    Known(
        "nanogpt_small",
        "https://github.com/karpathy/nanoGPT",
        NextToken((CausalTransformer(positions="learned"), (CausalTransformer(),) * 3), 128),
    ),
    Known(
        "lstm",
        "https://arxiv.org/abs/1409.2329",
        NextToken((Recurrent(kind="lstm"), (Recurrent(kind="lstm"),)), 128),
    ),
    Known("gru", "https://arxiv.org/abs/1406.1078", NextToken((Recurrent(kind="gru"), ()), 192)),
]


def language() -> Space:
    """An embedding, one to six blocks that see no later token, and the next token at every position."""
    block = Choice(
        CausalTransformer(heads=Choice(4, 2, 8), mlp_ratio=Choice(4, 2)),
        Recurrent(kind=Choice("lstm", "gru")),
        TokenMixer(kind="recurrence"),
        TokenMixer(kind="convolution", kernel=Choice(3, 5), causal=True),
    )
    first = Choice(
        CausalTransformer(heads=Choice(4, 2, 8), mlp_ratio=Choice(4, 2), positions="learned"),
        Recurrent(kind=Choice("lstm", "gru")),
        TokenMixer(kind="recurrence"),
    )
    return Space(
        "language",
        NextToken(
            (first, Repeat(block, times=Choice(1, 0, 2, 3, 5))),
            Choice(128, 64, 192),
            Choice(True, False),
            Choice(0.0, 0.1),
        ),
        known=KNOWN,
    )
