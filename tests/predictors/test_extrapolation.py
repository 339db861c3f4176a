"""Estimated ends of trainings that were stopped."""

from __future__ import annotations

import numpy as np
import pytest

from predictors.extrapolation import ends


def test_complete_trainings_keep_their_score() -> None:
    found, error = ends([[0.1, 0.5], [0.2, 0.6]], [True, True])
    assert found.tolist() == [0.5, 0.6]
    assert error.tolist() == [0.0, 0.0]


def test_a_stopped_one_gains_what_others_gained() -> None:
    complete = [[0.1 * i, 0.1 * i + 0.3] for i in range(1, 6)]
    found, _ = ends([*complete, [0.25]], [True] * 5 + [False])
    assert found[-1] == pytest.approx(0.55, abs=0.01)


def test_with_many_complete_ones_the_slope_is_learnt() -> None:
    complete = [[x, 0.5 + 0.2 * x] for x in np.linspace(0, 1, 60)]
    found, error = ends([*complete, [0.8]], [True] * 60 + [False])
    assert found[-1] == pytest.approx(0.8, abs=0.02)  # never below what was seen, though the line says .66
    found, error = ends([*complete, [0.1]], [True] * 60 + [False])
    assert found[-1] == pytest.approx(0.52, abs=0.04)
    assert error[-1] < 0.05


def test_order_of_the_stopped_is_kept_and_nothing_is_below_what_was_seen() -> None:
    rng = np.random.default_rng(0)
    complete = [[x, x + 0.1 + 0.01 * rng.normal()] for x in rng.random(10)]
    stopped = [[x] for x in sorted(rng.random(5))]
    found, _ = ends([*complete, *stopped], [True] * 10 + [False] * 5)
    assert (np.diff(found[10:]) >= 0).all()
    assert (found[10:] >= [one[0] for one in stopped]).all()


def test_without_complete_ones_the_last_score_stands_with_doubt() -> None:
    found, error = ends([[0.1], [0.3]], [False, False])
    assert found.tolist() == [0.1, 0.3]
    assert (error > 0).all()
