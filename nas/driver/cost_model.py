"""What a training will cost, learned from this run: seconds of an epoch as a line in the multiply-adds."""

from __future__ import annotations

import math

import numpy as np

LEAST, LATEST = 3, 200
SAFETY = 0.8


class CostModel:
    """seconds per epoch = fixed + slope x macs, scaled so that the share `SAFETY` of those measured cost no more."""

    def __init__(self) -> None:
        self._measured: list[tuple[float, float]] = []
        self._line: tuple[float, float] | None = None

    def learn(self, macs: int, seconds: float) -> None:
        """One measured epoch (or the mean of several) of a network with so many multiply-adds per example."""
        if seconds > 0 and math.isfinite(seconds):
            self._measured.append((float(macs), seconds))
            self._line = None

    def seconds_per_epoch(self, macs: float) -> float | None:
        """What an epoch should cost; what it costs at least while fewer than `LEAST` were measured, None before any."""
        if len(self._measured) < LEAST:
            bounds = [seconds * min(1.0, macs / max(known, 1.0)) for known, seconds in self._measured]
            return max(bounds, default=None)
        if self._line is None:
            self._line = _line(np.array(self._measured[-LATEST:]))
        fixed, slope = self._line
        return fixed + slope * macs


def _line(measured: np.ndarray) -> tuple[float, float]:
    """Least squares of the relative error, so that cheap networks count as much as dear ones."""
    macs, seconds = measured[:, 0], measured[:, 1]
    design = np.stack([1 / seconds, macs / seconds], axis=1)
    scale = np.abs(design).max(axis=0)
    scale[scale == 0] = 1.0
    fixed, slope = np.linalg.lstsq(design / scale, np.ones(len(seconds)), rcond=None)[0] / scale
    if slope < 0 or fixed < 0:
        ratio = float(np.median(seconds / np.maximum(macs, 1)))
        fixed, slope = (float(np.median(seconds)), 0.0) if slope < 0 else (0.0, ratio)
    expected = np.maximum(fixed + slope * macs, 1e-9)
    margin = max(1.0, float(np.quantile(seconds / expected, SAFETY)))
    return float(fixed * margin), float(slope * margin)
