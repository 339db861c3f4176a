"""Scores and losses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import r2_score
from small import digits, regression

from nas.training.score import Criterion, score
from search_spaces import Task

CPU = torch.device("cpu")


def test_accuracy_and_r2() -> None:
    outputs = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    assert score(Task((3,), 2), outputs, np.array([1, 0, 0])) == pytest.approx(2 / 3)
    rng = np.random.default_rng(0)
    values, targets = rng.normal(size=(20, 3)), rng.normal(size=(20, 3))
    assert score(Task((3,), 3, "regression"), values, targets) == pytest.approx(r2_score(targets, values))


def test_constant_targets_do_not_divide_by_zero() -> None:
    assert score(Task((3,), 1, "regression"), np.ones((4, 1)), np.ones(4)) == 1.0


def test_mixed_labels_share_the_loss() -> None:
    criterion, outputs = Criterion(digits().search, 0.1, CPU), torch.randn(5, 10)
    one, other, share = torch.zeros(5).long(), torch.ones(5).long(), torch.tensor(0.3)
    losses = [F.cross_entropy(outputs, labels, label_smoothing=0.1) for labels in (one, other)]
    torch.testing.assert_close(criterion(outputs, one, other, share), 0.3 * losses[0] + 0.7 * losses[1])
    torch.testing.assert_close(criterion(outputs, one), losses[0])
    torch.testing.assert_close(criterion.plain(outputs, one), F.cross_entropy(outputs, one))


def test_real_targets_are_standardised_and_outputs_rescaled() -> None:
    data = regression()
    criterion, targets = Criterion(data, 0.0, CPU), torch.from_numpy(data.train.targets)
    standardised = criterion.standardised(targets)
    assert float(standardised.mean()) == pytest.approx(0, abs=1e-3)
    assert float(standardised.std(correction=0)) == pytest.approx(1, abs=1e-3)
    torch.testing.assert_close(criterion.rescaled(standardised), targets)
