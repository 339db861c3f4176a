"""A trained network as a folder that needs nothing of ours: plain PyTorch code, weights, data and a card."""

from __future__ import annotations

from nas.export.export import export, export_winner
from nas.export.load import load
from nas.export.load_predictor import load_predictor

__all__ = ["export", "export_winner", "load", "load_predictor"]
