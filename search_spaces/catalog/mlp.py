"""Fully connected networks."""

from __future__ import annotations

from search_spaces.cells import MLP, Flatten, Head, Residual, SharedEnsemble
from search_spaces.dsl import Choice, Repeat
from search_spaces.known import Known
from search_spaces.space import Space

# One width throughout and dropout, as in the comparison; its residual network is the second.
MLP3 = Known(
    "mlp", "https://arxiv.org/abs/2106.11959", Flatten(), *[MLP(256, activation="relu", dropout=0.2)] * 3, Head()
)
RESNET = Known(
    "residual_mlp", "https://arxiv.org/abs/2106.11959", Flatten(), MLP(256), Residual(), Residual(), Head(dropout=0.2)
)


def mlp() -> Space:
    """All inputs as one vector, then linear layers, residual pairs of them, or an ensemble that shares its weights."""
    layer = MLP(Choice(32, 64, 128, 256), activation=Choice("relu", "gelu"), dropout=Choice(0.0, 0.2))
    ensemble = SharedEnsemble(Choice(64, 128), Choice(1, 2), kind=Choice("full", "mini"))
    return Space(
        "mlp",
        Flatten(),
        layer,
        Repeat(Choice(layer, Residual(activation="relu"), ensemble), times=Choice(0, 1, 2, 3)),
        Head(dropout=Choice(0.0, 0.2)),
        known=[MLP3, RESNET],
    )
