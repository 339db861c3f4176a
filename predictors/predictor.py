"""The contract of every predictor: it learns from trained architectures how good others will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np

from search_spaces.architecture import Architecture


@dataclass(frozen=True)
class Prediction:
    """What is expected of n architectures.

    Args:
        mean: (n,) expected scores, finite; higher is better, in the unit of the scores learned from.
        std: (n,) standard deviations of the error, finite and not negative.

    Raises:
        ValueError: arrays of other shapes, or values that are not finite.
    """

    mean: np.ndarray
    std: np.ndarray

    def __post_init__(self) -> None:
        for name in ("mean", "std"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float))
        if self.mean.ndim != 1 or self.std.shape != self.mean.shape:
            raise ValueError(f"`mean` and `std` must both be (n,), got {self.mean.shape} and {self.std.shape}.")
        if not np.isfinite(self.mean).all() or not np.isfinite(self.std).all() or (self.std < 0).any():
            raise ValueError("`mean` must be finite, and `std` finite and at least 0, for every architecture.")

    def __len__(self) -> int:
        return len(self.mean)


@runtime_checkable
class Predictor(Protocol):
    """Learns scores of architectures. `predict` before `fit` raises RuntimeError; a new fit forgets the last."""

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        """Learns from at least two architectures and their (n,) finite scores, higher is better."""
        ...

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        """What is expected of architectures of the same space."""
        ...
