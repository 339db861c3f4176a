"""Networks for tables: linear and residual layers, ensembles, or attention over columns."""

from __future__ import annotations

from search_spaces.cells import (
    MLP,
    ClassToken,
    Embed,
    Flatten,
    Head,
    NumberEmbedding,
    Residual,
    SharedEnsemble,
    Transformer,
)
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

KNOWN = [
    Known(
        "mlp_plr",
        "https://arxiv.org/abs/2203.05556",
        NumberEmbedding(16, "periodic", 16),
        Flatten(),
        *[MLP(256, norm="none", dropout=0.1)] * 3,
        Head(),
    ),
    Known("mlp", "https://arxiv.org/abs/2106.11959", Flatten(), *[MLP(256, dropout=0.1)] * 3, Head()),
    Known("tabm", "https://arxiv.org/abs/2410.24210", SharedEnsemble(256, 3, 32, dropout=0.1), Head()),
    Known(
        "tabm_mini_piecewise",
        "https://arxiv.org/abs/2410.24210",
        NumberEmbedding(16, "piecewise", 16),
        SharedEnsemble(256, 3, 32, "mini", dropout=0.1),
        Head(),
    ),
    Known(
        "ft_transformer",
        "https://arxiv.org/abs/2106.11959",
        Embed(64),
        ClassToken(),
        *[Transformer(heads=8, mlp_ratio=2, dropout=0.1)] * 3,
        Head("last"),
    ),
]


def tabular() -> Space:
    """Layers on the columns as one vector, attention among a vector for each column, or an ensemble.

    The numbers may be expanded first (https://arxiv.org/abs/2203.05556), in front of layers, ensemble and attention.
    Columns have no order, so no positions are learned, and a class token may gather the answer.
    """
    dropout = Choice(0.0, 0.1, 0.3)
    width = Choice(32, 64, 128, 256)
    layers = (
        Flatten(),
        MLP(width, activation=Choice("relu", "gelu"), norm=Choice("batch", "layer", "none"), dropout=dropout),
        Repeat(Choice(MLP(width, dropout=dropout), Residual(norm=Choice("batch", "layer"))), times=Choice(0, 1, 2, 3)),
        Head(dropout=dropout),
    )
    attention = (
        Embed(Choice(16, 32, 64)),
        Repeat(Transformer(heads=Choice(2, 4), mlp_ratio=Choice(1, 2), dropout=dropout), times=Choice(1, 2, 3)),
        Head(pooling=Choice("average", "max", "flatten"), dropout=dropout),
    )
    numbers = NumberEmbedding(
        Choice(8, 16, 32), Choice("piecewise", "periodic"), Choice(8, 16, 32), sigma=Choice(0.1, 0.01, 1.0)
    )
    plain = MLP(width, norm=Choice("none", "batch"), dropout=dropout)
    expanded = (numbers, Flatten(), Repeat(plain, times=Choice(1, 2, 3)), Head(dropout=dropout))
    members = SharedEnsemble(
        Choice(64, 128, 256), Choice(1, 2, 3), Choice(16, 32), Choice("full", "mini"), dropout=dropout
    )
    ensemble = (Choice(members, (numbers, members)), Head())
    tokens = (
        Choice(Embed(Choice(32, 64)), numbers),
        ClassToken(),
        Repeat(Transformer(heads=Choice(4, 8), mlp_ratio=Choice(1, 2), dropout=dropout), times=Choice(1, 2, 3)),
        Head("last"),
    )
    return Space("tabular", Choice(layers, attention, expanded, ensemble, tokens), known=KNOWN)
