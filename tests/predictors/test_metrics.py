"""Metrics of known orders and deviations."""

from __future__ import annotations

import numpy as np
import pytest

from predictors.metrics import calibration_error, kendall_tau, top_k_recall

SCORES = np.array([1.0, 2.0, 3.0, 4.0])


def test_kendall_tau_of_known_orders() -> None:
    assert kendall_tau(SCORES, SCORES) == 1
    assert kendall_tau(-SCORES, SCORES) == -1
    assert kendall_tau(np.zeros(4), SCORES) == 0


@pytest.mark.parametrize(("k", "recall"), [(0, 0.0), (1, 0.0), (2, 0.5), (9, 1.0)])
def test_recall_of_a_known_order(k: int, recall: float) -> None:
    assert top_k_recall(np.array([4.0, 1.0, 2.0, 3.0]), SCORES, k) == recall


def test_true_deviations_are_calibrated_and_others_are_not() -> None:
    error = np.random.default_rng(0).normal(size=2000)
    assert calibration_error(np.zeros(2000), np.ones(2000), error) < 0.02
    assert calibration_error(np.zeros(2000), np.full(2000, 9.0), error) > 0.3
