"""How good predictions are: as a ranking, and in their deviations. All arrays are (n,), higher scores are better."""

from __future__ import annotations

import numpy as np
from scipy.stats import kendalltau, norm


def kendall_tau(predicted: np.ndarray, scores: np.ndarray) -> float:
    """Agreement of two orders, -1 to 1; 0 if one of them is constant. Tau-b: ties count for neither side.

    Kendall 1938, https://doi.org/10.1093/biomet/30.1-2.81.
    """
    tau = kendalltau(predicted, scores).statistic if len(scores) > 1 else 0.0
    return float(tau) if np.isfinite(tau) else 0.0


def top_k_recall(predicted: np.ndarray, scores: np.ndarray, k: int) -> float:
    """Share of the k best scores that are among the k best predicted, 0 to 1."""
    k = min(k, len(scores))
    if k < 1:
        return 0.0
    best, guessed = (set(np.argsort(-values, kind="stable")[:k].tolist()) for values in (scores, predicted))
    return len(best & guessed) / k


def calibration(mean: np.ndarray, std: np.ndarray, scores: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The share of scores inside the central interval of each probability in `levels`, (levels,) from 0 to 1.

    Calibrated predictions give back the levels (Kuleshov et al. 2018, https://arxiv.org/abs/1807.00263).
    """
    distance = np.abs(scores - mean) / np.maximum(std, 1e-12)
    return np.array([(distance <= norm.ppf(0.5 + level / 2)).mean() for level in levels])


def calibration_error(mean: np.ndarray, std: np.ndarray, scores: np.ndarray) -> float:
    """Mean distance between level and share over the levels .05 to .95: 0 is perfect, .5 the worst."""
    levels = np.linspace(0.05, 0.95, 19)
    return float(np.abs(calibration(mean, std, scores, levels) - levels).mean())
