"""Ridge regression."""

from __future__ import annotations

import numpy as np

from predictors.members.ridge import Ridge


def test_recovers_a_line() -> None:
    x = np.random.default_rng(0).normal(size=(90, 6))
    model = Ridge(("structure",)).fit({"structure": x}, x @ np.arange(6))
    np.testing.assert_allclose(model.weights, np.arange(6), atol=0.02)
