"""Outputs of a network as probabilities of classes."""

from __future__ import annotations

import numpy as np


def probabilities(outputs: np.ndarray) -> np.ndarray:
    """Rows that are probabilities already as they are; others through softmax. float64 `(n, classes)`."""
    values = np.asarray(outputs, np.float64)
    if (values >= 0).all() and np.allclose(values.sum(axis=1), 1.0, atol=1e-4):
        return values
    values = np.exp(values - values.max(axis=1, keepdims=True))
    return values / values.sum(axis=1, keepdims=True)
