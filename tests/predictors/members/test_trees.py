"""Boosted trees."""

from __future__ import annotations

import numpy as np

from predictors.members.trees import BoostedTrees
from predictors.metrics import kendall_tau


def test_learn_a_step_from_the_blocks_that_they_are_given() -> None:
    x = np.random.default_rng(0).normal(size=(120, 4))
    y = np.sign(x[:, 0]) + 0.5 * np.sign(x[:, 1])
    blocks = {"structure": x, "cost": y[:, None]}
    mean, std = BoostedTrees(("structure", "missing"), 1).fit(blocks, y).predict({"structure": x, "cost": -y[:, None]})
    assert kendall_tau(mean, y) > 0.8
    assert not std.any()
